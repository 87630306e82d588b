"""Small records of our own, to be spoilt in the ways exports are."""

from __future__ import annotations

from catalog_sync.marc.writing import to_iso2709
from catalog_sync.model import Dialect, MarcField, MarcRecord, Source, Subfield


def field(line: str) -> MarcField:
    """`200 1 $aЗаглавие$eподзаголовок`: tag, blank, two indicators (`_` = blank), subfields. Control: `001 X1`."""
    tag, rest = line[:3], line[4:]
    if tag < "010" and "$" not in rest:
        return MarcField(tag, data=rest)
    indicators, *subfields = rest.split("$")
    indicators = indicators.strip().replace("_", " ").ljust(2)
    return MarcField(tag, indicators[:2], tuple(Subfield(s[0], s[1:]) for s in subfields))


def record(*lines: str, leader: str = "00000nam0 2200000   450 ") -> MarcRecord:
    return MarcRecord(leader, tuple(field(line) for line in lines))


def book(number: int, title: str = "Алгебра", **more: str) -> MarcRecord:
    lines = [f"001 B{number}", f"200 1_$a{title} {number}$eучебник", "210 __$aМосква$cПросвещение$d2019"]
    return record(*lines, *more.values())


def iso(*records: MarcRecord, encoding: str = "utf-8") -> bytes:
    return b"".join(to_iso2709(r, encoding) for r in records)


def school(dialect: Dialect = Dialect.RUSMARC, encoding: str = "") -> Source:
    return Source("school", "library", dialect=dialect, encoding=encoding)
