"""The bytes of an export: ISO 2709 in the encodings that schools use, MARCXML, MARC-in-JSON, and what spoils a file."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from io import BytesIO

from msgspec.structs import replace
from pymarc.marc8_mapping import CODESETS

from catalog_sync.marc.writing import to_iso2709, to_marcxml
from catalog_sync.model import MarcField, MarcRecord, Subfield

_XML_HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim">\n'
_BASIC, _EXTENDED, _LATIN = 0x4E, 0x51, 0x42  # sets of MARC-8 by their final byte: Cyrillic, Cyrillic, ASCII
_CODES = {chr(to[0]): (charset, code) for charset in (_EXTENDED, _BASIC) for code, to in CODESETS[charset].items()}


def marc8(text: str) -> bytes:
    """MARC-8 of a subfield: ASCII, and Cyrillic behind escape sequences; what neither set has is left out."""
    found, current = bytearray(), _LATIN
    for letter in text:
        charset, code = (_LATIN, ord(letter)) if letter.isascii() else _CODES.get(letter, (_LATIN, 0))
        if not code:
            continue
        if charset != current and letter != " ":
            found += b"\x1b(" + bytes([charset])
            current = charset
        found.append(code & 0x7F)
    return bytes(found) + (b"\x1b(B" if current != _LATIN else b"")


def _retyped(record: MarcRecord, how: Callable[[str], str]) -> MarcRecord:
    fields = (replace(f, subfields=tuple(Subfield(s.code, how(s.value)) for s in f.subfields)) for f in record.fields)
    return replace(record, fields=tuple(fields))


def _smuggled(text: str) -> str:
    """MARC-8 bytes as letters of Latin-1, so that the one writer of ISO 2709 lays them out."""
    return marc8(text).decode("latin-1")


def _straight(text: str) -> str:
    """The keyboard of DOS has one kind of quotation mark."""
    return text.translate({ord("«"): '"', ord("»"): '"'})


def iso2709(record: MarcRecord, encoding: str) -> bytes:
    """One record; «unflagged» is UTF-8 whose leader says nothing of it, as most systems write it."""
    if encoding == "marc-8":
        return to_iso2709(_retyped(record, _smuggled), "latin-1")
    if encoding in ("cp866", "koi8-r"):
        return to_iso2709(_retyped(record, _straight), encoding)
    if encoding == "unflagged":
        data = to_iso2709(record, "utf-8")
        return data[:9] + b" " + data[10:]
    return to_iso2709(record, encoding)


def exported(records: list[MarcRecord], form: str) -> tuple[str, bytes]:
    """Extension and bytes of an export; `form` is an encoding of ISO 2709, or xml, json, xml.gz, zip."""
    if form in ("xml", "xml.gz"):
        data = _XML_HEAD + b"\n".join(to_marcxml(r) for r in records) + b"\n</collection>\n"
        return form, _compressed(data) if form == "xml.gz" else data
    if form == "json":
        return "json", json.dumps([_as_json(r) for r in records], ensure_ascii=False, indent=0).encode()
    if form == "zip":
        return "zip", _zipped(b"".join(iso2709(r, "cp1251") for r in records))
    return "mrc", b"".join(iso2709(r, form) for r in records)


def _as_json(record: MarcRecord) -> dict[str, object]:
    return {"leader": record.leader, "fields": [{f.tag: _value(f)} for f in record.fields]}


def _value(field: MarcField) -> object:
    if field.data is not None:
        return field.data
    first, second = field.indicators
    return {"ind1": first, "ind2": second, "subfields": [{s.code: s.value} for s in field.subfields]}


def _compressed(data: bytes) -> bytes:
    packed = BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file:  # compress() names the system from Python to Python
        file.write(data)
    return packed.getvalue()


def _zipped(data: bytes) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("EXPORT.ISO", (2026, 9, 1, 8, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def lines_between(data: bytes) -> bytes:
    """A line end after every record: a text editor was here."""
    return data.replace(b"\x1d", b"\x1d\r\n")


def wrong_lengths(data: bytes) -> bytes:
    """Every fiftieth record claims a length that is not its own."""
    pieces = data.split(b"\x1d")
    return b"\x1d".join(b"00777" + p[5:] if n % 50 == 7 and len(p) > 24 else p for n, p in enumerate(pieces))


def hole(data: bytes) -> bytes:
    """A worn flash drive: a sector of one record came back as zeros."""
    start = data.index(b"\x1d", len(data) // 3) + 1
    return data[: start + 10] + bytes(180) + data[start + 190 :]


def page_of_an_error(data: bytes) -> bytes:
    """The program's own error between two records."""
    half = data.index(b"\x1d", len(data) // 2) + 1
    return data[:half] + "<html><body>Ошибка 500</body></html>".encode("cp1251") + data[half:]
