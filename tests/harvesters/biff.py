"""Books of Excel 5–97 as bytes, enough of them for a list: no library that writes them is maintained."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

PLAIN = 15  # number of the first cell format; those of `formats` follow


def xls(rows: Iterable[Iterable[str | float]], formats: Mapping[tuple[int, int], str] | None = None) -> bytes:
    """One sheet. `formats`: row and column → how the number there is shown («00000»)."""
    shown = dict(formats or {})
    styles = _record(0x31, struct.pack("<HHHHHBBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0, 5) + b"Arial") * 4
    for key, text in enumerate(shown.values(), 164):
        styles += _record(0x41E, struct.pack("<HB", key, len(text)) + text.encode())
    styles += _format(0, style=True) * PLAIN + _format(0)
    styles += b"".join(_format(key) for key, _ in enumerate(shown, 164))
    name = "Лист1".encode("cp1251")
    head = _begin(5) + _record(0x42, struct.pack("<H", 1251)) + styles
    at = len(head) + 4 + 7 + len(name) + 4
    head += _record(0x85, struct.pack("<IHB", at, 0, len(name)) + name) + _record(0x0A)
    places = {place: PLAIN + n for n, place in enumerate(shown, 1)}
    cells = b"".join(
        _cell(r, c, value, places.get((r, c), PLAIN)) for r, row in enumerate(rows) for c, value in enumerate(row)
    )
    return head + _begin(0x10) + cells + _record(0x0A)


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _begin(kind: int) -> bytes:
    return _record(0x809, struct.pack("<HHHH", 0x500, kind, 0xDBB, 0x7CC))


def _format(key: int, *, style: bool = False) -> bytes:
    return _record(0xE0, struct.pack("<HHHHHHHH", 0, key, 0xFFF5 if style else 1, 0x20, 0x20C0, 0, 0, 0))


def _cell(row: int, column: int, value: str | float, style: int) -> bytes:
    if isinstance(value, str):
        text = value.encode("cp1251")
        return _record(0x204, struct.pack("<HHHH", row, column, style, len(text)) + text)
    return _record(0x203, struct.pack("<HHHd", row, column, style, value))
