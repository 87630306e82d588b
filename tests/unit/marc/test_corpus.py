"""The whole of the shared corpus of real records: nothing is lost, and real Russian records are understood."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from catalog_sync.errors import BadRecord
from catalog_sync.marc.framing import pieces
from catalog_sync.marc.reading import detect, read_export, to_bib
from catalog_sync.model import BibRecord, Dialect, SetAside, Source, SourceRecord

ISBN = "ndlrf-rnd+neb-catalog/src/formats/marc/__tests__/data/ISBN-978-5-901202-50-0"
# Copies equal to the byte inside one file, and pieces no reader can make a record of.
SET_ASIDE = Counter({"повтор": 3, "это не запись MARC": 2, "запись без полей MARC": 2})


def exports(shared: Path) -> list[tuple[dict[str, str], bytes]]:
    with (shared / "corpus" / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [(row, (shared / "corpus" / row["path"]).read_bytes()) for row in rows]


def source(row: dict[str, str]) -> Source:
    return Source("c", "c", dialect=Dialect.RUSMARC if int(row["unimarc"]) else Dialect.MARC21)


def test_nothing_of_the_corpus_is_lost(shared: Path) -> None:
    kept, aside, listed, tombstones = 0, Counter[str](), 0, 0
    for row, data in exports(shared):
        export = read_export(data, source(row))
        found = list(export)
        counts = export.counts
        assert counts.pieces == len(found) == counts.kept + counts.set_aside, row["path"]
        if export.format == "iso2709":
            assert b"".join(p.data for p in pieces(data)) == data, row["path"]
        kept += counts.kept
        tombstones += sum(isinstance(f, SourceRecord) and f.deleted for f in found)
        aside.update(f.reason.split(":")[0] for f in found if isinstance(f, SetAside))
        listed += int(row["records"])
    assert listed == 9117
    assert aside == SET_ASIDE
    assert kept + aside["повтор"] >= listed


def test_every_bibliographic_record_of_the_corpus_is_understood_or_refused_with_a_reason(shared: Path) -> None:
    refused: Counter[str] = Counter()
    described = 0
    for row, data in exports(shared):
        for found in read_export(data, source(row)):
            if isinstance(found, SourceRecord) and not found.deleted:
                try:
                    described += bool(to_bib(found).title)
                except BadRecord as e:
                    refused[str(e).split(": ")[1].split(",")[0]] += 1
    assert described > 6500
    assert refused.pop("ожидалась библиографическая запись") > 2000
    assert sum(refused.values()) <= 4, refused


def one(shared: Path, name: str, dialect: Dialect) -> BibRecord:
    data = (shared / "corpus" / ISBN / name).read_bytes()
    (found,) = read_export(data, Source("c", "c", dialect=dialect))
    assert isinstance(found, SourceRecord)
    return to_bib(found)


def test_one_book_in_three_encodings_says_the_same(shared: Path) -> None:
    three = (
        one(shared, "01003120729.mrc", Dialect.MARC21),
        one(shared, "01003120729.iso", Dialect.RUSMARC),
        one(shared, "NLR001087167.mrc", Dialect.RUSMARC),
    )
    assert {b.title for b in three} == {"Международный стандартный книжный номер (ISBN)"}
    assert {b.subtitle for b in three} == {"пособие для издателей"}
    assert {b.isbns[0].normal for b in three} == {"9785901202500"}
    assert {(b.publishers, b.year_text, b.extent) for b in three} == {(("РКП",), "2007", "27 с.")}
    assert {b.series[0].title for b in three} >= {"Библиотека Российской книжной палаты"}
    assert {b.key.local_id for b in three} == {"003120729", "RU\\NLR\\bibl\\1100073"}


def test_real_russian_records_have_a_title_and_no_broken_letter(shared: Path) -> None:
    checked = 0
    for row, data in exports(shared):
        if not row["path"].startswith(("ndlrf-rnd", "amironov73", "edsu+pymarc/test/1251")) or not int(row["cyrillic"]):
            continue
        for found in read_export(data, source(row)):
            assert isinstance(found, SourceRecord), row["path"]
            bib = to_bib(found)
            assert bib.title, found.key
            assert "\ufffd" not in repr(bib), found.key
            checked += 1
    assert checked > 150


def test_the_encoding_and_dialect_of_every_school_are_told_without_settings(shared: Path) -> None:
    for path in sorted((shared / "dedup" / "iso2709").glob("*.mrc")):
        _, dialect, encoding, _ = path.name.split(".")
        data = path.read_bytes()
        export = read_export(data, Source("c", "c"))
        found = list(export)
        told = detect(data)
        assert (export.encoding, export.warnings, export.counts.set_aside) == (encoding, (), 0), path.name
        assert len({f.local_id for f in found if isinstance(f, SourceRecord)}) == len(found)
        assert told.encoding == encoding
        assert told.dialect is (Dialect.MARC21 if dialect == "marc21" else Dialect.RUSMARC), path.name
