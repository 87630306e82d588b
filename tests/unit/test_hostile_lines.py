"""What a broken export puts into a field costs in proportion to its length: the night must come to its end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import date

import pytest

from catalog_sync import citation
from catalog_sync.citation import exchange
from catalog_sync.classify import classify
from catalog_sync.marc.reading import MOST_NAMED, read_export, to_bib
from catalog_sync.marc.writing import to_marcxml
from catalog_sync.matching.compare import judge
from catalog_sync.matching.features import extract
from catalog_sync.model import BibRecord, Dialect, MarcField, MarcRecord, Source, SourceRecord
from catalog_sync.search import document
from catalog_sync.union import merging
from tests.exports import field

LENGTH = 60_000  # characters of a field; each with each these would be 3,600 million steps
ENOUGH_SECONDS = 5.0  # of the processor; in proportion it is some hundredths
TIMES = 8_000  # subfields of one kind, as many as the longest real record holds


def read(fields: Sequence[MarcField]) -> BibRecord:
    record = MarcRecord("00000nam0 2200000   450 ", (MarcField("001", data="x1"), *fields))
    [found] = list(read_export(to_marcxml(record), Source("s", "s", "s", dialect=Dialect.RUSMARC)))
    assert isinstance(found, SourceRecord)
    return to_bib(found)


def carry_through(bib: BibRecord) -> None:
    """Everything that is made of a record: how it is counted, matched, united, found, shown and taken along."""
    features = extract(bib)
    judge(features, features)
    classify(bib)
    made = merging.merge("c1", [bib, bib])
    document.make(made, ["s"], added=date(2026, 9, 1), copies=1)
    citation.gost(made.bib, today=None)
    exchange.bibtex(made.bib)
    exchange.json_ld(made.bib)


@pytest.mark.parametrize(
    ("title", "extent"),
    [
        ("Сказки", "0" * LENGTH),
        ("Иванов И. И., " * (LENGTH // 14), "128 с."),
        ("Математика. " * (LENGTH // 12), "1 " * 99),
    ],
)
def test_a_field_of_tens_of_thousands_of_signs(title: str, extent: str) -> None:
    begun = time.process_time()
    carry_through(
        read([field("200", ("a", title)), field("215", ("a", extent)), field("700", ("a", "Иванов"), ("b", "И. И."))])
    )
    assert time.process_time() - begun < ENOUGH_SECONDS


@pytest.mark.parametrize("tag", ["700", "200", "210", "461"])
def test_names_without_number_are_read_up_to_a_limit_and_it_is_told(tag: str) -> None:
    said = {
        "700": [field("200", ("a", "Сказки")), *(field("700", ("a", f"Слово{n}")) for n in range(TIMES))],
        "200": [field("200", ("a", "Сказки"), *(("h", f"Ч. {n}") for n in range(TIMES)))],
        "210": [field("200", ("a", "Сказки")), field("210", *(("c", f"Издательство {n}") for n in range(TIMES)))],
        "461": [
            field("200", ("a", "Сказки")),
            *(field("461", ("t", f"Набор {n}"), ("v", str(n))) for n in range(TIMES)),
        ],
    }
    bib = read(said[tag])
    begun = time.process_time()
    carry_through(bib)
    assert time.process_time() - begun < ENOUGH_SECONDS
    assert max(map(len, (bib.agents, bib.parts, bib.publishers, bib.hosts))) == MOST_NAMED
    assert any("остальные не читаются" in warning for warning in bib.warnings)


@pytest.mark.parametrize(
    "tag", ["<controlfield ", "<datafield ", "<record ", "<header status='deleted'>", "<controlfield tag='00' "]
)
def test_tags_of_a_record_that_nobody_closed(tag: str) -> None:
    data = f"<collection><record>{tag * (200_000 // len(tag))}</record></collection>".encode()
    begun = time.process_time()
    assert list(read_export(data, Source("s", "s", "s")))
    assert time.process_time() - begun < ENOUGH_SECONDS
