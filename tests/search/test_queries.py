"""What is found: access points, relations, truncation, and never a silent zero."""

from __future__ import annotations

import random
from functools import reduce
from itertools import product
from pathlib import Path

import pytest

from catalog_sync.query import (
    Access,
    And,
    Everything,
    Not,
    OneOf,
    Or,
    Query,
    Relation,
    Sort,
    Term,
    Truncation,
    Unsupported,
)  # fmt: skip
from catalog_sync.search.engine import Engine
from catalog_sync.search.reader import Reader
from tests.search.shelf import book, documents, found, refusal

TITLE, AUTHOR = Access.TITLE, Access.AUTHOR
RIGHT, LEFT, BOTH, MASK = Truncation.RIGHT, Truncation.LEFT, Truncation.BOTH, Truncation.MASK


@pytest.mark.parametrize(
    ("query", "books"),
    [
        (Term("математикой"), "14"),
        (Term("онегину"), "2"),
        (Term("пушкина"), "2"),
        (Term("толстого мир"), "3"),
        (Term("елка"), "5"),
        (Term("ЁЛКИ"), "5"),
        (Term("pushkin"), "2"),
        (Term("vvedensky yolka"), "5"),
        (Term("книга о войне"), ""),
        (Term("о войне"), "3"),
        (Term("мир война", relation=Relation.ADJACENT), ""),
        (Term("Война и мир", relation=Relation.ADJACENT), "3"),
        (Term("война физика", relation=Relation.ANY), "37"),
        (Term("война и мир", TITLE, Relation.EXACT), "3"),
        (Term("война", TITLE, Relation.EXACT), ""),
        (Term("математика 5 класс учебник", TITLE, Relation.EXACT), "1"),
        (Term("Толстой, Лев Николаевич", AUTHOR, Relation.EXACT), "3"),
        (Term("лев", AUTHOR, first=True), ""),
        (Term("толстой", AUTHOR, first=True), "3"),
        (Term("толст", AUTHOR, first=True), ""),
        (Term("толст", AUTHOR, first=True, truncation=RIGHT), "3"),
        (Term("матем", TITLE, truncation=RIGHT), "14"),
        (Term("тика", TITLE, truncation=LEFT), "14"),
        (Term("темат", TITLE, truncation=BOTH), "14"),
        (Term("м?тем*ка", TITLE, truncation=MASK), "14"),
        (Term("занимательная физ", TITLE, Relation.ADJACENT, RIGHT), "7"),
        (Term("занимательн физ", TITLE, Relation.ADJACENT, RIGHT), ""),
        (Term("мательная физика", TITLE, Relation.ADJACENT, LEFT), "7"),
        (Term("мательная зика", TITLE, Relation.ADJACENT, LEFT), ""),
        (Term("мательная физ", TITLE, Relation.ADJACENT, BOTH), "7"),
        (Term("война и м", TITLE, Relation.EXACT, RIGHT), "3"),
        (Term("и мир", TITLE, Relation.EXACT, LEFT), "3"),
        (Term("война*мир", TITLE, Relation.EXACT, MASK), "3"),
        (Term("пушкин", TITLE), ""),
        (Term("школьная библиотека", Access.TITLE_SERIES), "5"),
        (Term("потец", Access.CONTENTS), "5"),
        (Term("1812", Access.ABSTRACT), "3"),
        (Term("возраст", Access.NOTE), "2"),
        (Term("поэзия", Access.SUBJECT), "2"),
        (Term("мнемозина", Access.PUBLISHER), "14"),
        (Term("москва", Access.PLACE), "1"),
        (Term("978-5-346-00001-3", Access.ISBN), "1"),
        (Term("9785346", Access.ISBN, truncation=RIGHT), "1"),
        (Term("9785346000013"), "1"),
        (Term("s1:3", Access.LOCAL_ID), "3"),
        (Term("c3", Access.LOCAL_ID), "3"),
        (Term("rus", Access.LANGUAGE), "123457"),
        (Term("английский", Access.LANGUAGE), "6"),
        (Term("51", Access.UDC), "1"),
        (Term("22.1", Access.BBK), "1"),
        (Term("22", Access.BBK), "17"),
        (Term("84", Access.BBK, truncation=RIGHT), "235"),
        (Term("22.3 к", Access.CALL_NUMBER), "3"),
        (Term("22.3К", Access.CALL_NUMBER), "3"),
        (Term("22.3", Access.CALL_NUMBER), ""),
        (Term("22.3", Access.CALL_NUMBER, truncation=RIGHT), "3"),
        (Term("рабочая тетрадь", Access.KIND), "4"),
        (Term("5", Access.GRADE), "14"),
        (Term("6", Access.GRADE, Relation.GREATER_EQUAL), "4"),
        (Term("fiction", Access.CATEGORY), "235"),
        (Term("Математика", Access.SUBJECT_AREA), "14"),
        (Term("12", Access.AGE), "1"),
        (Term("12+", Access.AGE, Relation.GREATER), "3"),
        (Term("sch2", Access.LIBRARY), "1357"),
        (Term("s1", Access.SOURCE), "1234567"),
        (Term("print", Access.CARRIER), "1234567"),
        (Term("1987", Access.YEAR), "2"),
        (Term("198", Access.YEAR, truncation=RIGHT), "2"),
        (Term("199*", Access.YEAR, truncation=MASK), "6"),
        (Term("2000 2010", Access.YEAR, Relation.WITHIN), "57"),
        (Term("2010 2000", Access.YEAR, Relation.WITHIN), "57"),
        (Term("2010-2000", Access.YEAR), "57"),
        (Term("2000-2010", Access.YEAR), "57"),
        (Term("2019-", Access.YEAR), "14"),
        (Term("1987 2020", Access.YEAR, Relation.ANY), "24"),
        (Term("1987", Access.YEAR, Relation.LESS), "3"),
        (Term("математика", relation=Relation.NOT_EQUAL), "23567"),
        (And(Term("математика"), Term("тетрадь")), "4"),
        (Or(Term("физика"), Term("онегин")), "27"),
        (Not(Term("математика"), Term("тетрадь")), "1"),
        (Term("20260103", Access.ADDED, Relation.GREATER_EQUAL), "234567"),
        (Term("2026-01", Access.ADDED), "1234567"),
        (Term("a", Access.RECORD_TYPE), ""),
        (Everything(), "1234567"),
        (Not(Everything(), Term("rus", Access.LANGUAGE)), "6"),
        (OneOf(("c2", "c9", "c3")), "23"),
        (OneOf(()), ""),
    ],
    ids=str,
)
def test_a_query_finds_these_books(reader: Reader, query: Query, books: str) -> None:
    assert "".join(sorted(found(reader, query))) == books


@pytest.mark.parametrize("access", Access)
def test_every_combination_is_answered_or_refused_by_name(reader: Reader, access: Access) -> None:
    texts = ("5", "математика", "м*", "2001 2003", "«»", "", "[(.* \x00")
    answered = 0
    for relation, truncation, first in product(Relation, Truncation, (False, True)):
        for text in texts if not first else texts[1:3]:
            refused = refusal(reader, Term(text, access, relation, truncation, first))
            assert refused in {"", "relation", "truncation", "term"}
            answered += not refused
    assert answered > 20


@pytest.mark.parametrize(
    ("term", "part"),
    [
        (Term("а", TITLE, Relation.LESS), "relation"),
        (Term("а", TITLE, Relation.WITHIN), "relation"),
        (Term("!!!"), "term"),
        (Term("когда", Access.YEAR), "term"),
        (Term("2019", Access.YEAR, truncation=LEFT), "truncation"),
        (Term("**", TITLE, truncation=MASK), "term"),
        (Term("978", Access.ISBN, Relation.LESS), "relation"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_not_answered_with_nothing(reader: Reader, term: Term, part: str) -> None:
    with pytest.raises(Unsupported) as refused:
        reader.search(term)
    assert refused.value.part == part


def test_a_pattern_too_long_for_the_index_is_refused(reader: Reader) -> None:
    for access in (Access.KIND, TITLE):
        with pytest.raises(Unsupported):
            reader.search(Term("а" * 600 + "*б", access, Relation.EXACT, MASK))


def test_an_unknown_facet_is_refused(reader: Reader) -> None:
    with pytest.raises(Unsupported):
        reader.search(Everything(), facets=("цвет",))


def test_a_library_limits_hits_facets_and_scan(reader: Reader) -> None:
    hits = reader.search(Term("математика"), library="sch2", facets=("kind",))
    assert (hits.total, hits.clusters) == (1, ("c1",))
    assert [v.value for v in hits.facets["kind"]] == ["учебник"]
    terms = [t.term for t in reader.scan(TITLE, "", 0, 10, "sch2")]
    assert terms == ["Война и мир", "Ёлка у Ивановых", "Занимательная физика", "Математика"]


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        (Sort.TITLE, "6", "1"),  # of one title and class: the latest first
        (Sort.AUTHOR, "6", "4"),
        (Sort.TITLE_DOWN, "1", "6"),
        (Sort.AUTHOR_DOWN, "3", "4"),  # without an author: behind the others, whichever way they run
        (Sort.OLDEST, "1", "7"),
        (Sort.YEAR_DOWN, "4", "3"),
        (Sort.YEAR_UP, "3", "4"),
        (Sort.NEWEST, "7", "1"),
    ],
)
def test_hits_are_sorted(reader: Reader, sort: Sort, first: str, last: str) -> None:
    clusters = reader.search(Everything(), sort=sort).clusters
    assert (clusters[0], clusters[-1]) == (f"c{first}", f"c{last}")


def test_several_keys_order_what_is_alike_by_the_first_and_pages_tile_it(tmp_path: Path) -> None:
    chance = random.Random(5)
    books = [
        book(str(n), chance.choice(["Алгебра", "Физика", "Химия"]),
             *chance.choice([["Иванов, И."], ["Петров, П."], []]), year_text=str(chance.randint(2018, 2020)))
        for n in range(1, 61)
    ]  # fmt: skip
    engine = Engine.create(tmp_path / "index")
    for start in (0, 20, 40):  # three commits: the hits come from several segments
        engine.write(documents(books[start : start + 20]), [], 1)
    keys = (Sort.AUTHOR, Sort.YEAR_DOWN, Sort.TITLE)
    ordered = sorted(books, key=lambda b: (not b.agents, [a.name for a in b.agents], -int(b.year_text), b.title))
    asked = engine.reader()
    pages = [asked.search(Everything(), sort=keys, offset=i, limit=7).clusters for i in range(0, 60, 7)]
    described = {f"c{b.key.local_id}": (b.agents, b.year_text, b.title) for b in books}
    assert [described[c] for c in sum(pages, ())] == [(b.agents, b.year_text, b.title) for b in ordered]
    assert sorted(sum(pages, ())) == sorted(described)


def test_more_hits_than_can_be_ordered_by_several_keys_are_refused(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog_sync.search.reader.MAX_SORTED", 3)
    with pytest.raises(Unsupported) as caught:
        reader.search(Everything(), sort=(Sort.TITLE, Sort.YEAR_UP))
    assert (caught.value.part, caught.value.value) == ("sort size", "3")
    assert reader.search(Term("онегин"), sort=(Sort.TITLE, Sort.YEAR_UP)).clusters == ("c2",)
    assert reader.search(Term("нет такого слова"), sort=(Sort.TITLE, Sort.YEAR_UP)).total == 0


def test_pages_tile_the_answer(reader: Reader) -> None:
    whole = reader.search(Everything(), sort=Sort.YEAR_UP).clusters
    pages = [reader.search(Everything(), sort=Sort.YEAR_UP, offset=i, limit=2).clusters for i in range(0, 8, 2)]
    assert sum(pages, ()) == whole
    assert reader.search(Everything(), limit=0).total == 7


def test_the_very_title_comes_before_titles_that_contain_it(reader: Reader) -> None:
    assert reader.search(Term("математика")).clusters[0] in ("c1", "c4")
    assert reader.search(Term("математика"), prefer="sch2").clusters[0] == "c1"


def test_five_hundred_operators_do_not_exhaust_the_stack(reader: Reader) -> None:
    chain: Query = reduce(Or, [Term(f"слово{i}") for i in range(500)], Term("физика"))
    assert found(reader, chain) == {"7"}
    nested: Query = Term("физика")
    for i in range(300):
        nested = Or(Term("ничто"), And(nested, Everything())) if i % 2 else Not(nested, Term("ничто"))
    assert found(reader, nested) == {"7"}
    for _ in range(2000):
        nested = And(nested, Term("физика"))
    assert reader.search(nested, facets=("kind",)).facets["kind"][0].count == 1
    assert reader.search(And(nested, Term("ничто")), facets=("kind",)).total == 0


def test_deep_pages_are_refused(reader: Reader) -> None:
    with pytest.raises(Unsupported):
        reader.search(Everything(), offset=10**9)
