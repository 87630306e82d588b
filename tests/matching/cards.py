"""Records typed as text lines for tests: `=name dialect [level=a]`, then one field a line, `200 1 $aTitle$eRest`."""

from __future__ import annotations

from pathlib import Path

from catalog_sync.marc import marc21, marcsql, rusmarc
from catalog_sync.matching.features import Features, extract
from catalog_sync.model import BibRecord, Dialect, MarcField, MarcRecord, RecordKey, Subfield

_TO_BIB = {
    Dialect.RUSMARC: rusmarc.to_bib,
    Dialect.UNIMARC: rusmarc.to_bib,
    Dialect.MARC21: marc21.to_bib,
    Dialect.MARCSQL: marcsql.to_bib,
}


def field(line: str) -> MarcField:
    """`200 1 $aTitle$eRest` or, for control fields, `001 text`."""
    tag, rest = line[:3], line[4:]
    if tag < "010":
        return MarcField(tag, data=rest.strip())
    indicators, _, typed = rest.partition("$")
    parts = [part for part in typed.split("$") if part]
    return MarcField(tag, (indicators + "  ")[:2], tuple(Subfield(p[0], p[1:].strip()) for p in parts))


def record(name: str, lines: list[str], dialect: Dialect = Dialect.RUSMARC, level: str = "m") -> BibRecord:
    fields = tuple(field(line) for line in lines)
    marc = MarcRecord(f"00000na{level}0 2200000   450 ", (MarcField("001", data=name), *fields))
    return _TO_BIB[dialect](RecordKey("test", name), marc, "", dialect)


def read(text: str) -> dict[str, BibRecord]:
    """Every record of a text, by name."""
    found: dict[str, BibRecord] = {}
    for block in text.strip().split("\n="):
        head, *lines = block.lstrip("=").splitlines()
        name, dialect, *options = head.split()
        level = next((o.split("=")[1] for o in options if o.startswith("level=")), "m")
        found[name] = record(name, [line for line in lines if line.strip()], Dialect(dialect), level)
    return found


def features(text: str) -> dict[str, Features]:
    return {name: extract(bib) for name, bib in read(text).items()}


def load(folder: Path) -> dict[str, BibRecord]:
    return read((folder / "input.txt").read_text(encoding="utf-8"))
