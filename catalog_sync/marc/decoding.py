"""One ISO 2709 record → fields and Unicode text.

The directory wins when its entries tile the body: a 0x1E inside a field is then data (real exports do this). Else the
body is split by terminators, tags are taken in the directory's order, and the caller is told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter

from catalog_sync.errors import BadRecord, shown
from catalog_sync.marc import marc8
from catalog_sync.marc.encodings import FALLBACK, MARC8
from catalog_sync.marc.framing import ENTRY_LENGTH, LEADER_LENGTH, directory_tiles
from catalog_sync.model import MarcField, MarcRecord, Subfield

_FILLED_UP = re.compile("\0+(?=[\x1e\x1f]|$)")
_TWO_BYTES = re.compile("(?:[^\0\x1e\x1f]\0){5,}")  # five one-letter words in a row are no text
_VALUE = re.compile("(\x1f.|^)([^\x1f]*)", re.DOTALL)
_INSIDE = re.compile(rb"[\x1d\x1e]")
_SHORT, _REMEMBERED = 100, 1 << 13  # characters of a field likely to come again (language, publisher), and how many
_ENTRIES = re.compile(rb"(?:[0-9A-Za-z]{3}[0-9]{9})*")


def decode(data: bytes, encoding: str) -> MarcRecord:
    """Read one record. Raises BadRecord where there is no leader, no directory or no field."""
    directory, base = directory_of(data)
    tags, _ = tags_of(directory)
    texts = _texts(data, base, len(tags), encoding)
    leader = data[:LEADER_LENGTH].decode("latin-1")
    record = MarcRecord(leader, tuple(_fields(tags, texts)))
    if not record.fields:
        raise BadRecord(f"в записи нет ни одного поля: ожидался справочник, пришло {shown(data[24:48])}")
    return record


def read_fields(tags: Sequence[str], body: bytes, encoding: str) -> list[MarcField] | None:
    """Some fields of a record, joined by terminators; None where a letter of them can't be read."""
    text = _to_text(body, encoding)
    return _fields(tags, text.split("\x1e")) if "\ufffd" not in text else None


def _fields(tags: Sequence[str], texts: Sequence[str]) -> list[MarcField]:
    return [
        _known_field(tag, text) if tag >= "010" and len(text) <= _SHORT else _field(tag, text)
        for tag, text in zip(tags, texts, strict=False)
    ]


def faults(data: bytes, encoding: str) -> tuple[str, ...]:
    """What a readable record gets wrong, in Russian; empty where leader, directory and letters are true."""
    found = []
    if not (data.isascii() and b"\x1b" not in data) and "\ufffd" in _as_read(data, encoding):
        found.append(f"есть знаки, которых нет в {encoding}: они показаны как \ufffd")
    if data[:5] != b"%05d" % len(data):
        found.append(f"длина записи неверна: маркер обещает {data[:5].decode('latin-1')}, пришло {len(data)}")
    if b"\0" in data:
        found.append("есть нулевые байты (0x00): они прочитаны как пробелы")
    directory, base = directory_of(data)
    if data[12:17] != b"%05d" % base:
        found.append(f"начало данных неверно: маркер обещает {data[12:17].decode('latin-1')}, пришло {base}")
    elif _body(data, base).count(b"\x1e") + 1 != len(directory) // ENTRY_LENGTH and not directory_tiles(data):
        found.append("справочник не сходится с полями: они разобраны по разделителям")
    elif not tags_of(directory)[1]:
        found.append("места полей в справочнике неверны: поля взяты по порядку справочника")
    return tuple(found)


def directory_of(data: bytes) -> tuple[bytes, int]:
    """The directory's entries and where the body starts; leader/12–16 where it is true, else as the bytes show.

    Raises BadRecord where there is no directory.
    """
    stated = data[12:17]
    if stated.isdigit():
        base = int(stated)
        if data[base - 1 : base] == b"\x1e" and base > LEADER_LENGTH and (base - 25) % ENTRY_LENGTH == 0:
            return data[LEADER_LENGTH : base - 1], base
    end = _ENTRIES.match(data, LEADER_LENGTH).end()  # type: ignore[union-attr]
    if end == LEADER_LENGTH:
        raise BadRecord(f"нет справочника: ожидались записи по {ENTRY_LENGTH} знаков, пришло {shown(data[:48])}")
    if stated == b"%05d" % (end + 1):
        return data[LEADER_LENGTH:end], end + 1
    separator = data.find(b"\x1e", end, end + ENTRY_LENGTH)  # stray characters before it, or another byte instead
    return data[LEADER_LENGTH:end], (separator if separator >= 0 else end) + 1


def tags_of(directory: bytes) -> tuple[list[str], bool]:
    """Tags of the fields in the body's order, and whether the directory can be believed about it."""
    text = directory.decode("latin-1")
    places = range(0, len(text), ENTRY_LENGTH)
    tags, starts = [text[i : i + 3] for i in places], [text[i + 7 : i + 12] for i in places]
    if starts == sorted(starts):
        return tags, True
    if not _tiles(directory):
        return tags, False
    # Entries may come in any order, the body is in order of the starts.
    return [tag for _, tag in sorted(zip(starts, tags, strict=True), key=itemgetter(0))], True


def _tiles(directory: bytes) -> bool:
    """Whether the fields the entries speak of lie end to end: else their starts say nothing of the order."""
    numbers = [directory[i + 3 : i + ENTRY_LENGTH] for i in range(0, len(directory), ENTRY_LENGTH)]
    if not all(map(bytes.isdigit, numbers)):
        return False
    expected = 0
    for start, length in sorted((int(n[4:]), int(n[:4])) for n in numbers):
        if start != expected:
            return False
        expected += length
    return True


def _texts(data: bytes, base: int, count: int, encoding: str) -> list[str]:
    """Texts of the fields in the body's order, without their terminators."""
    body = _body(data, base)
    if body.count(b"\x1e") + 1 == count:
        return _to_text(body, encoding).split("\x1e")
    if directory_tiles(data):
        # A delimiter that is data means nothing as text: a blank in what is read, itself in the kept bytes.
        return [_to_text(_INSIDE.sub(b" ", chunk), encoding) for chunk in _by_directory(data, base)]
    return _to_text(body, encoding).split("\x1e")


def _body(data: bytes, base: int) -> bytes:
    """The fields, without the terminators of the last one and of the record."""
    if data[-2:] == b"\x1e\x1d":
        return data[base:-2]
    return data[base:].removesuffix(b"\x1d").removesuffix(b"\x1e")


def _by_directory(data: bytes, base: int) -> list[bytes]:
    numbers = [data[i + 3 : i + 12] for i in range(LEADER_LENGTH, base - 1, ENTRY_LENGTH)]
    places = sorted((int(n[4:]), int(n[:4])) for n in numbers)
    return [data[base + start : base + start + length - 1] for start, length in places]


def _to_text(body: bytes, encoding: str) -> str:
    text = marc8.to_unicode(body) if encoding == MARC8 else _decoded(body, encoding)
    if "\0" in text:
        text = _without_nuls(text)
    return text if text.isascii() or unicodedata.is_normalized("NFC", text) else _VALUE.sub(_composed, text)


def _composed(value: re.Match[str]) -> str:
    """A value whose accents are with their letters; the code before one that begins with an accent stays what it is."""
    return value[1] + unicodedata.normalize("NFC", value[2])


def _without_nuls(text: str) -> str:
    """NUL means nothing in MARC, and no database takes it. Programs write it for a blank, which it becomes: words stay
    apart and coded positions where they are. At the end of a field or subfield it only fills a fixed width, and behind
    every letter it is the other half of UTF-16.
    """
    letters = _TWO_BYTES.sub(lambda found: found[0].replace("\0", ""), text)
    return _FILLED_UP.sub("", letters).replace("\0", " ")


def _as_read(data: bytes, encoding: str) -> str:
    return marc8.to_unicode(data) if encoding == MARC8 else _decoded(data, encoding)


def _decoded(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding or FALLBACK, "replace")
    except LookupError as e:
        raise BadRecord(f"неизвестная кодировка: ожидалось имя кодека, пришло {encoding!r}") from e


def _field(tag: str, text: str) -> MarcField:
    if "\x1f" not in text:
        if tag < "010":
            return MarcField(tag, data=text)
        return MarcField(tag, text[:2].ljust(2), (Subfield("a", text[2:]),) if text[2:].strip() else ())
    head, *rest = text.split("\x1f")
    indicators = head if len(head) == 2 else head[:2].ljust(2)
    return MarcField(tag, indicators, tuple([Subfield(s[0], s[1:]) for s in rest if s]))


_known_field = lru_cache(maxsize=_REMEMBERED)(_field)
