"""One ISO 2709 record → fields and Unicode text.

The directory wins when its entries tile the body: a 0x1E inside a field is then data (real exports do this). Else the
body is split by terminators, tags are taken in the directory's order, and the caller is told.
"""

from __future__ import annotations

import unicodedata

from catalog_sync.errors import BadRecord
from catalog_sync.marc import marc8
from catalog_sync.marc.encodings import FALLBACK, MARC8
from catalog_sync.marc.framing import ENTRY_LENGTH, LEADER_LENGTH, directory_tiles
from catalog_sync.model import MarcField, MarcRecord, Subfield


def decode(data: bytes, encoding: str) -> MarcRecord:
    """Read one record. Raises BadRecord where there is no leader, no directory or no field."""
    leader = data[:LEADER_LENGTH]
    base = _base_address(data)
    tags = _tags(data, base)
    record = MarcRecord(
        leader.decode("latin-1"),
        tuple(_field(tag, text) for tag, text in zip(tags, _texts(data, base, len(tags), encoding), strict=False)),
    )
    if not record.fields:
        raise BadRecord(f"в записи нет ни одного поля: ожидался справочник, пришло {data[24:48]!r}")
    return record


def _base_address(data: bytes) -> int:
    """Where the body starts: leader/12–16 where it points behind a 0x1E, else behind the first 0x1E."""
    stated = data[12:17]
    if stated.isdigit():
        base = int(stated)
        if LEADER_LENGTH < base <= len(data) and data[base - 1] == 0x1E:
            return base
    found = data.find(b"\x1e", LEADER_LENGTH)
    if found < 0:
        raise BadRecord(f"нет справочника: ожидался 0x1E после маркера, пришло {data[:40]!r}")
    return found + 1


def _tags(data: bytes, base: int) -> list[str]:
    directory = data[LEADER_LENGTH : base - 1].decode("latin-1")
    if len(directory) % ENTRY_LENGTH:
        raise BadRecord(
            f"справочник из {len(directory)} знаков: ожидалось кратное {ENTRY_LENGTH}, пришло {directory[:40]!r}"
        )
    entries = [directory[i : i + ENTRY_LENGTH] for i in range(0, len(directory), ENTRY_LENGTH)]
    starts = [e[7:] for e in entries]
    if starts != sorted(starts):  # entries may come in any order, the body is in order of the starts
        entries.sort(key=lambda e: e[7:])
    return [e[:3] for e in entries]


def _texts(data: bytes, base: int, count: int, encoding: str) -> list[str]:
    """Texts of the fields in the body's order, without their terminators."""
    body = data[base:]
    if body[-1:] == b"\x1d":
        body = body[:-1]
    if body[-1:] == b"\x1e":
        body = body[:-1]
    if body.count(b"\x1e") + 1 == count:
        return _to_text(body, encoding).split("\x1e")
    if directory_tiles(data):
        return [_to_text(chunk, encoding) for chunk in _by_directory(data, base)]
    return _to_text(body, encoding).split("\x1e")


def _by_directory(data: bytes, base: int) -> list[bytes]:
    numbers = [data[i + 3 : i + 12] for i in range(LEADER_LENGTH, base - 1, ENTRY_LENGTH)]
    places = sorted((int(n[4:]), int(n[:4])) for n in numbers)
    return [data[base + start : base + start + length - 1] for start, length in places]


def _to_text(body: bytes, encoding: str) -> str:
    text = marc8.to_unicode(body) if encoding == MARC8 else _decoded(body, encoding)
    return text if text.isascii() or unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


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
