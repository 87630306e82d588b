"""Facet counts are exact, over one segment or many."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from catalog_sync.model import RecordKey, UnionRecord
from catalog_sync.query import Access, And, Everything, Relation, Term
from catalog_sync.search.document import Document, make
from catalog_sync.search.engine import Engine
from catalog_sync.search.reader import Reader
from catalog_sync.search.schema import FACETS
from tests.search.shelf import book, found, shelf

PUBLISHERS = [f"Издательство {n}" for n in range(400)]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Reader, list[Document]]:
    """1,500 books written in six batches, so that there are several segments."""
    chooser = random.Random(5)
    documents = []
    for number in range(1500):
        authors = [f"Автор{min(int(chooser.paretovariate(0.5)), 700)}, Иван" for _ in range(chooser.randrange(1, 4))]
        bib = book(str(number), "Задачник" if number % 2 else "Роман", *dict.fromkeys(authors),
                   publishers=(chooser.choice(PUBLISHERS),), year_text=str(1950 + number % 70),
                   subtitle=f"{number % 11 + 1} класс : учебник")  # fmt: skip
        record = UnionRecord(f"c{number}", bib, (RecordKey("s", str(number)),))
        documents.append(make(record, [f"sch{number % 9}"], added=date(2026, 1, 1), copies=1))
    engine = Engine(tmp_path_factory.mktemp("facets"))
    for start in range(0, 1500, 250):
        engine.write(documents[start : start + 250], [], start)
    return engine.reader(), documents


@pytest.mark.parametrize("limit", [3, 20, 1000])
@pytest.mark.parametrize("title", ["", "роман"])
def test_counts_are_those_of_counting_by_hand(
    many: tuple[Reader, list[Document]], limit: int, title: str
) -> None:
    reader, documents = many
    hits = [d for d in documents if not title or d.titles[0] == "Роман"]
    query = Term(title) if title else Everything()
    facets = reader.search(query, facets=("author", "publisher", "year", "grade", "library"), facet_limit=limit).facets
    by_hand = {
        "author": Counter(a.replace("Иван", "И.") for d in hits for a in d.authors),
        "publisher": Counter(p for d in hits for p in d.publishers),
        "year": Counter(str(d.year) for d in hits),
        "grade": Counter(str(g) for d in hits for g in d.grades),
        "library": Counter(lib for d in hits for lib in d.libraries),
    }
    for name, counter in by_hand.items():
        shown = facets[name]
        assert [v.count for v in shown] == sorted(counter.values(), reverse=True)[:limit]
        assert all(counter[v.value] == v.count for v in shown)
        assert list(shown) == sorted(shown, key=lambda v: (-v.count, v.value))


def test_choosing_a_facet_value_leaves_as_many_hits_as_it_promised(many: tuple[Reader, list[Document]]) -> None:
    reader, _ = many
    facets = reader.search(Term("роман"), facets=tuple(FACETS), facet_limit=5).facets
    access = {"author": Access.AUTHOR, "publisher": Access.PUBLISHER, "year": Access.YEAR, "grade": Access.GRADE,
              "library": Access.LIBRARY, "kind": Access.KIND, "category": Access.CATEGORY, "carrier": Access.CARRIER,
              "access": Access.AVAILABILITY, "source": Access.SOURCE}  # fmt: skip
    for name, point in access.items():
        assert facets[name], name
        for value in facets[name]:
            chosen = And(Term("роман"), Term(value.value, point, Relation.EXACT))
            assert reader.search(chosen).total == value.count, (name, value)


def test_a_publishing_house_is_one_value_however_typed(tmp_path: Path) -> None:
    forms = ("АО Просвещение", "Изд-во «Просвещение»", "Просвещ.", "АСТ: Астрель", "Аст", "Неведомое изд-во")
    books = [book(str(n), "Книга", publishers=(form,)) for n, form in enumerate(forms, 1)]
    reader = shelf(tmp_path, books)
    facets = reader.search(Everything(), facets=("publisher",)).facets["publisher"]
    assert [(v.value, v.count) for v in facets] == [("Просвещение", 3), ("АСТ", 2), ("Неведомое изд-во", 1)]
    assert found(reader, Term("Просвещение", Access.PUBLISHER, Relation.EXACT)) == {"1", "2", "3"}
    assert found(reader, Term("астрель", Access.PUBLISHER)) == {"4"}


def test_every_facet_of_the_catalogue_can_be_asked(reader: Reader) -> None:
    facets = reader.search(Everything(), facets=tuple(FACETS)).facets
    assert set(facets) == set(FACETS)
    assert {v.value: v.count for v in facets["bbk"]} == {"2": 2, "22": 2, "22.1": 1, "22.3": 1, "8": 3, "84": 3}
    assert {v.value: v.count for v in facets["language"]} == {"русский": 6, "английский": 1}
    assert {v.value: v.count for v in facets["age"]} == {"12": 1, "16": 1}
