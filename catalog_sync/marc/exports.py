"""Cutting an export of any format into pieces with the little that identity needs: bytes and 001."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from catalog_sync.errors import BadRecord
from catalog_sync.marc import framing, jsonreading, xmlreading
from catalog_sync.marc.decoding import directory_of

FORMATS = ("iso2709", "marcxml", "json", "marcsql-rows")
_MOST_SUBFIELDS = 50_000  # ISO 2709 has no room for more in one record; the longest real one seen holds 8,241
_LONG = 2 * _MOST_SUBFIELDS  # bytes: a shorter record can't hold so many
_SUBFIELD_MARKS = {"iso2709": b"\x1f", "marcxml": b"code=", "json": b"{", "marcsql-rows": b"\\u001f"}


class Cut(NamedTuple):
    """A piece of an export. `record` is what is kept, `data` what came; `fault` says why it can't be a record."""

    number: int  # 1-based
    offset: int  # bytes from the start
    data: bytes
    record: bytes
    local_id: str
    fault: str = ""
    deleted: bool = False


def format_of(data: bytes) -> str:
    """Which format the bytes are in, by how they begin."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    if head[:1] == b"<":
        return "marcxml"
    if head[:1] in (b"{", b"["):
        return "marcsql-rows" if re.search(rb'"(item|doc_id)"\s*:', head, re.IGNORECASE) else "json"
    return "iso2709"


def cut(data: bytes, format: str, pass_over: framing.PassOver | None = None) -> Iterator[Cut]:
    """The pieces of an export in file order. Of ISO 2709 some need not be cut out: see `framing.pieces`."""
    if format == "iso2709":
        return _iso2709(data, pass_over)
    read = xmlreading.records if format == "marcxml" else jsonreading.records
    return (_within_limits(Cut(n, *rest), format) for n, rest in enumerate(read(data), 1))


def _within_limits(piece: Cut, format: str) -> Cut:
    """The piece, with a fault where it holds more subfields than a description of a book can."""
    if len(piece.record) <= _LONG:
        return piece
    subfields = piece.record.count(_SUBFIELD_MARKS[format])
    if subfields <= _MOST_SUBFIELDS:
        return piece
    return piece._replace(
        local_id="", fault=f"в записи больше {_MOST_SUBFIELDS} подполей ({subfields}): это не описание книги"
    )


def is_cut_off(tail: bytes) -> bool:
    """Whether the last piece of an ISO 2709 file begins a record and breaks off within its leader, or is what a server
    says instead of the rest. A line of words behind the last record is neither."""
    text = tail.lstrip(b"\x00 \t\r\n\x1a")
    return text[:1] == b"<" or (len(text) < framing.LEADER_LENGTH and text[:5].isdigit())


def missing_end(data: bytes, format: str) -> str:
    """What a whole file would end with and this one doesn't; "" where it is whole or nobody can tell."""
    tail = data[-4096:].rstrip(b"\x00 \t\r\n\x1a")
    if format == "marcxml":
        root = re.search(rb"<([A-Za-z_][\w:.-]*)[\s>]", data[:4096])
        closed = root is None or b"</" + root[1] + b">" in tail or tail.endswith(b"/>")
        return "" if closed or data[:2] in (b"\xff\xfe", b"\xfe\xff") else f"</{root[1].decode('ascii')}>"  # type: ignore[index]
    if format == "json" and data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[":
        return "" if tail.endswith(b"]") else "]"
    return ""


def _iso2709(data: bytes, pass_over: framing.PassOver | None) -> Iterator[Cut]:
    for piece in framing.pieces(data, pass_over):
        if piece.fault:
            yield Cut(piece.number, piece.offset, piece.data, piece.data, "", piece.fault)
        else:
            record = framing.record_bytes(piece.data)
            deleted = record[5:6] == b"d"  # leader/05: the record is deleted
            whole = Cut(piece.number, piece.offset, piece.data, record, control_number(record), "", deleted)
            yield whole if len(record) <= _LONG else _within_limits(whole, "iso2709")


def control_number(record: bytes) -> str:
    """Text of 001 as Latin-1, "" where there is none: looks only at the directory and at that field.

    МАРК-SQL types it as subfield $0 of a data field.
    """
    at = 24 if record[24:27] == b"001" else framing.entry_of(record, b"001")
    if not at:
        return ""
    try:
        start = _body_of(record) + int(record[at + 7 : at + 12])
        text = record[start : start + int(record[at + 3 : at + 7])]
    except (ValueError, BadRecord):
        return ""
    if b"\x1f" in text:
        text = text.partition(b"\x1f0")[2] or text.partition(b"\x1fa")[2]
    return text.partition(b"\x1e")[0].partition(b"\x1f")[0].decode("latin-1").strip()


def _body_of(record: bytes) -> int:
    """Where the fields begin. The leader mostly says it truly; many write zeros or blanks. Raises BadRecord."""
    base = record[12:17]
    told = int(base) if base.isdigit() else 0
    return told if record[told - 1 : told] == b"\x1e" else directory_of(record)[1]
