"""What a file is: exports to read, and what is plainly none, told by its first bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from catalog_sync.marc import framing
from harvesters import limits
from harvesters.unpack import DOCUMENT, FIELDS, Unpacked, format_of, opened

# First bytes → what it is.
SIGNATURES = (
    (b"\xff\xd8\xff", "фотография JPEG"),
    (b"\x89PNG\r\n", "картинка PNG"),
    (b"GIF8", "картинка GIF"),
    (b"%PDF-", "документ PDF"),
    (b"Rar!\x1a\x07", "архив RAR, открываются только ZIP и GZIP"),
    (b"7z\xbc\xaf\x27\x1c", "архив 7-Zip, открываются только ZIP и GZIP"),
    (b"\xd0\xcf\x11\xe0", "документ Word или Excel 97–2003"),
    (b"{\\rtf", "документ RTF"),
    (b"\x00\x05\x16\x07", "служебный файл macOS"),
)
UTF16 = (b"\xff\xfe", b"\xfe\xff")
EXPORTS = (".mrc", ".marc", ".iso", ".xml", ".json")  # whoever names a file so means an export, whole or broken
EMPTY = "файл пуст"
BLANKS = b" \t\r\n\x00\x1a"
SNIFFED_BYTES, SNIFFED_LINES = 1 << 16, 50
EVEN_SHARE = 0.8  # of a list's lines that have as many delimiters as most of them; notes of a cell break the others
NAMED = 10  # files in one remark; the others are counted

WhyNot = Callable[[str, bytes], str]  # name and bytes → why this is no export, "" where it may be one


@dataclass(frozen=True, slots=True)
class Contents:
    """What a file holds. `skipped` tells in one sentence what lies beside the exports of an archive, `why_none` why
    there is nothing to read. `lacks_some`: an export among them is empty, so what is missing may not be gone.
    """

    parts: tuple[Unpacked, ...]
    skipped: str = ""
    why_none: str = ""
    lacks_some: bool = False


def contents(name: str, data: bytes, limit: int, why_not: WhyNot) -> Contents:
    """What is in a file: itself, or of an archive all that `why_not` has nothing against.

    Raises SourceUnavailable for what can't be opened and for web pages.
    """
    inside = f"{name.removesuffix('.gz')}/"
    parts: list[Unpacked] = []
    skipped: list[tuple[str, str]] = []
    packed = False
    for inner, content in opened(name, data, limit, 0):
        packed = inner.startswith(inside)
        why = EMPTY if is_empty(content) else why_not(inner, content) if packed else foreign(content)
        if why:
            skipped.append((inner.removeprefix(inside), why))
        else:
            parts.append(Unpacked(inner, content, format_of(inner, content)))
    told = few([f"{inner} ({why})" for inner, why in skipped])
    if not packed:
        return Contents(tuple(parts), why_none=none_of(*skipped[0]) if skipped else "")
    if not parts:
        return Contents((), why_none=f"{name}: в архиве нет выгрузки: {told}")
    lacks_some = any(why == EMPTY and inner.lower().endswith(EXPORTS) for inner, why in skipped)
    return Contents(tuple(parts), f"{name}: в архиве пропущены {told}" if skipped else "", lacks_some=lacks_some)


def none_of(name: str, why: str) -> str:
    """The sentence on a file that stands alone and is no export."""
    return f"{name}: {why}" if why == EMPTY else f"{name}: ожидался MARC, пришло другое: {why}"


def not_marc(name: str, data: bytes) -> str:
    """Why a file of an archive is no MARC: what it is, or that it has neither the name of an export nor a record."""
    if why := foreign(data):
        return why
    head = data[: limits.MEGABYTE]
    if name.lower().endswith(EXPORTS) or framing.shows_records(head) or FIELDS.search(head):
        return ""
    return "записей MARC нет"


def foreign(data: bytes) -> str:
    """What kind of file this is where it can't be an export, else ""."""
    for magic, kind in SIGNATURES:
        if data.startswith(magic):
            return kind
    if DOCUMENT.match(data):
        return "документ Word, Excel или OpenDocument"
    if data.startswith(b"MZ") and b"\x00" in data[:64]:
        return "программа Windows"
    if data.startswith(UTF16) and data[:200].decode("utf-16", "ignore").lstrip()[:1] not in ("<", "{", "["):
        return "текст в UTF-16: выгрузите в UTF-8 или Windows-1251"
    if looks_like_list(data):
        return "похоже на список CSV: назовите файл .csv; как он понят, покажет catalog-sync source mapping"
    return ""


def is_empty(data: bytes) -> bool:
    return not data.removeprefix(b"\xef\xbb\xbf").strip(BLANKS)


def looks_like_list(data: bytes) -> bool:
    """Whether these are lines of text cut into as many columns each: no file of records is."""
    head = data[:SNIFFED_BYTES].removeprefix(b"\xef\xbb\xbf")
    if head.lstrip()[:1] in (b"<", b"{", b"[") or any(mark in head for mark in (b"\x1d", b"\x1e", b"\x1f", b"\x00")):
        return False
    lines = [line for line in head.splitlines() if line.strip()][:SNIFFED_LINES]
    return len(lines) > 1 and any(_is_even(lines, delimiter) for delimiter in (b";", b"\t", b",", b"|"))


def _is_even(lines: list[bytes], delimiter: bytes) -> bool:
    [(width, often)] = Counter(line.count(delimiter) for line in lines).most_common(1)
    return width > 0 and often >= EVEN_SHARE * len(lines)


def few(names: list[str], most: int = NAMED) -> str:
    """Names in one sentence: the first ones, and how many more there are."""
    return ", ".join(names[:most]) + (f" и ещё {len(names) - most}" if len(names) > most else "")
