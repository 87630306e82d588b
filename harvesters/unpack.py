"""From what a source hands over (.mrc, .xml, .json, packed or not) to named MARC bytes, within limits."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from catalog_sync.errors import SourceUnavailable
from catalog_sync.marc import encodings, framing
from harvesters import limits

GZIP_MAGIC = b"\x1f\x8b"
ZIP_MAGIC = b"PK\x03\x04"
EMPTY_ZIP_MAGIC = b"PK\x05\x06"
MARC_EXTENSIONS = (".mrc", ".marc", ".iso", ".xml", ".json", ".gz", ".zip")
SHEETS = (".xlsx", ".xlsm", ".xls", ".ods")  # inside a ZIP themselves, but not archives of exports
# Office documents and e-books are ZIP files whose first entry has one of these names (ECMA-376, OpenDocument 1.3).
DOCUMENT = re.compile(
    rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/|docProps/|(?:word|xl|ppt)/|mimetypeapplication/)", re.DOTALL
)
NOT_EXPORTS = ("__MACOSX/", "Thumbs.db", "desktop.ini", ".DS_Store")
UTF8_NAMES = 0x800  # general purpose bit 11 of a zip entry: its name is UTF-8
HTML = re.compile(rb"(?i)^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.DOTALL)
TITLE = re.compile(rb"(?is)<title[^>]*>(.*?)</title>")
# What every record has in MARCXML, in MARC-in-JSON, and in a row of a МАРК-SQL database; UTF-16 is not looked into.
FIELDS = re.compile(rb'(?i)(?:datafield|controlfield)\b|"(?:fields|item)"\s*:|^\xff\xfe|^\xfe\xff')
SIGNS = {
    "iso2709": "одного конца записи (0x1D)", "marcxml": "одного поля (datafield)", "json": "одной записи (fields)",
}  # fmt: skip
RECORD_END = b"\x1d"
TAIL_BYTES = 24  # shorter leftovers than a leader (line breaks, the DOS end-of-file mark) are not a cut record


@dataclass(frozen=True, slots=True)
class Unpacked:
    name: str
    data: bytes
    format: str  # iso2709 | marcxml | json


def unpack(name: str, data: bytes, limit: int = limits.MAX_FILE_BYTES) -> list[Unpacked]:
    """Files inside `data`, in order. Raises SourceUnavailable for bombs, broken archives and web pages."""
    return [Unpacked(n, d, format_of(n, d)) for n, d in opened(name, data, limit, 0)]


def is_packed(data: bytes) -> bool:
    return data.startswith((GZIP_MAGIC, ZIP_MAGIC, EMPTY_ZIP_MAGIC))


def opened(name: str, data: bytes, limit: int, depth: int) -> Iterator[tuple[str, bytes]]:
    packed = is_packed(data) and not name.lower().endswith(SHEETS) and not DOCUMENT.match(data)
    if packed and depth >= limits.MAX_ARCHIVE_DEPTH:
        raise SourceUnavailable(f"{name}: архив внутри архива глубже {limits.MAX_ARCHIVE_DEPTH} уровней")
    if data.startswith(GZIP_MAGIC):
        yield from opened(name.removesuffix(".gz"), gunzip(name, data, limit), limit, depth + 1)
    elif packed:
        yield from unzip(name, data, limit, depth)
    else:
        yield name, data


def gunzip(name: str, data: bytes, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return read_bounded(name, file, len(data), limit)
    except (OSError, EOFError, zlib.error):
        raise SourceUnavailable(f"{name}: архив gzip повреждён или передан не до конца") from None


def unzip(name: str, data: bytes, limit: int, depth: int) -> Iterator[tuple[str, bytes]]:
    """Entries of a zip, read with a counter: sizes in its directory are claims, not facts."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [e for e in archive.infolist() if is_export(e)]
            if not entries:
                raise SourceUnavailable(f"{name}: архив пуст: в нём нет ни одной выгрузки")
            if len(entries) > limits.MAX_ARCHIVE_ENTRIES:
                raise SourceUnavailable(f"{name}: в архиве файлов {len(entries)}, можно {limits.MAX_ARCHIVE_ENTRIES}")
            left = limit
            for entry in entries:
                inner = f"{name}/{entry_name(entry)}"
                if climbs_out(entry_name(entry)):
                    raise SourceUnavailable(f"{inner}: имя файла в архиве ведёт из папки наружу, архив не принят")
                with archive.open(entry) as file:
                    content = read_bounded(inner, file, entry.compress_size, left)
                left -= len(content)
                yield from opened(inner, content, left, depth + 1)
    except (zipfile.BadZipFile, EOFError, zlib.error, NotImplementedError, RuntimeError, OSError) as error:
        word = "зашифрован" if isinstance(error, RuntimeError) and "password" in str(error) else "повреждён"
        raise SourceUnavailable(f"{name}: архив zip {word} или передан не до конца") from None


def is_export(entry: zipfile.ZipInfo) -> bool:
    return not entry.is_dir() and not any(part in entry.filename for part in NOT_EXPORTS)


def climbs_out(path: str) -> bool:
    """Nothing is written under an entry's name; but no honest program packs such one: «../a», «/a», «C:\\a»."""
    parts = re.split(r"[/\\]", path)
    return ".." in parts or not parts[0] or parts[0].endswith(":")


def entry_name(entry: zipfile.ZipInfo) -> str:
    """Russian Windows packs names in CP866 and macOS in UTF-8 without saying so; Python then reads them as CP437."""
    if entry.flag_bits & UTF8_NAMES:
        return entry.filename
    with suppress(UnicodeError):
        typed = entry.filename.encode("cp437")
        return typed.decode("utf-8" if encodings.is_utf8(typed) else "cp866")
    return entry.filename


def read_bounded(name: str, file: IO[bytes] | gzip.GzipFile, packed_size: int, limit: int) -> bytes:
    """Everything in `file`; raises SourceUnavailable past `limit` bytes or an impossible ratio (a bomb)."""
    content = bytearray()
    while chunk := file.read(limits.MEGABYTE):
        content += chunk
        if len(content) > limit:
            raise SourceUnavailable(f"{name}: в распакованном виде больше {limits.spelled(limit)}")
        if len(content) > limits.RATIO_GRACE_BYTES and len(content) > packed_size * limits.MAX_PACKING_RATIO:
            raise SourceUnavailable(f"{name}: сжат больше чем в {limits.MAX_PACKING_RATIO} раз – похоже на «бомбу»")
    return bytes(content)


def format_of(name: str, data: bytes) -> str:
    """iso2709, marcxml or json by content, never by extension. Raises SourceUnavailable for a web page."""
    head = data[:2048].removeprefix(b"\xef\xbb\xbf")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "ignore").encode()
    if HTML.search(head):
        title = TITLE.search(data[:65536])
        shown = " ".join(title[1].decode("utf-8", "replace").split())[:120] if title else "без заголовка"
        raise SourceUnavailable(f"{name}: ожидался MARC, пришла веб-страница («{shown}»)")
    first = head.lstrip()[:1]
    if first == b"<":
        return "marcxml"
    return "json" if first in (b"{", b"[") else "iso2709"


def check_records(name: str, data: bytes, format: str) -> None:
    """Raises SourceUnavailable for a file whose first megabyte shows no record: it is no export."""
    head = data[: limits.MEGABYTE]
    if len(head) < limits.MEGABYTE or (framing.shows_records(head) if format == "iso2709" else FIELDS.search(head)):
        return
    raise SourceUnavailable(f"{name}: ожидался MARC, но за первый мегабайт нет ни {SIGNS[format]}")


def cut_warning(name: str, data: bytes, kind: str) -> str:
    """A sentence where the bytes stop in the middle of a record, else "" (ISO 2709 ends each with 0x1D)."""
    if kind == "iso2709":
        tail = data[data.rfind(RECORD_END) + 1 :].strip(b"\r\n\t \x00\x1a")
        if len(tail) >= TAIL_BYTES or tail[:5].isdigit():  # a leader begins with the record's length
            return f"{name}: файл оборван посреди записи (после последней целой осталось {len(tail)} байт)"
        return ""
    ending = {"marcxml": b">", "json": b"]}"}[kind]
    last = data.rstrip(b"\r\n\t \x00\x1a")[-1:]
    if data.strip() and last not in [ending[i : i + 1] for i in range(len(ending))]:
        return f"{name}: файл оборван посреди записи"
    return ""
