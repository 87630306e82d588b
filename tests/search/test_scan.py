"""Scan lists the terms of an access point in order, with as many records as a search for the term finds."""

from __future__ import annotations

import bisect
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_sync.query import Access, Everything, Relation, ScanTerm, Term
from catalog_sync.search import terms
from catalog_sync.search.engine import Engine
from catalog_sync.search.reader import Reader
from catalog_sync.search.scan import is_same
from catalog_sync.text_ru import fold
from tests.search.shelf import book, documents


def test_titles_around_a_place(reader: Reader) -> None:
    assert [t.term for t in reader.scan(Access.TITLE, "ж", 2, 2)] == [
        "Евгений Онегин", "Ёлка у Ивановых", "Занимательная физика", "Математика",
    ]  # fmt: skip


def test_counts_are_what_a_search_finds(reader: Reader) -> None:
    for access in (Access.TITLE, Access.AUTHOR, Access.SUBJECT, Access.PUBLISHER, Access.KIND, Access.GRADE,
                   Access.LIBRARY, Access.YEAR, Access.ISBN, Access.BBK, Access.BBK_DIVISION,
                   Access.LANGUAGE, Access.AGE):  # fmt: skip
        listed = reader.scan(access, "", 0, 200)
        assert listed, access
        for term in listed:
            relation = Relation.EQUAL if access in (Access.YEAR, Access.AGE) else Relation.EXACT
            assert reader.search(Term(term.term, access, relation)).total == term.count, term


def test_words_are_listed_where_values_are_no_headings(reader: Reader) -> None:
    assert reader.scan(Access.ANY, "матем", 0, 1) == [ScanTerm("математика", 2)]
    assert reader.scan(Access.ABSTRACT, "", 0, 2) == [ScanTerm("1812", 1), ScanTerm("войне", 1)]


LONG = (
    "Сборник нормативных правовых документов, регламентирующих деятельность общеобразовательных учреждений, "
    "государственных и иных учреждений дополнительного образования, библиотек, музеев и детских объединений "
    "Российской Федерации"
)


def test_a_heading_longer_than_is_kept_is_found_by_what_is_listed_of_it(tmp_path: Path) -> None:
    signs = ": ".join(f"«{word}», - " for word in LONG.split())
    books = [book("1", LONG, subjects=(LONG, "Право")), book("2", signs[:900], keywords=(LONG,)), book("3", "я" * 900)]
    engine = Engine(tmp_path)
    engine.write(documents(books))
    now = engine.reader()
    for access in (Access.TITLE, Access.SUBJECT):
        for term in now.scan(access, "", 0, 9):
            assert len(term.term) <= 300, "what the address of a search takes"
            assert now.search(Term(term.term, access, Relation.EXACT)).total == term.count, term
            if "я" * 200 not in term.term:
                assert now.search(Term(term.term, access)).total >= term.count, term
    [counted] = [v for v in now.search(Everything(), facets=["subject"]).facets["subject"] if v.value != "Право"]
    assert now.search(Term(counted.value, Access.SUBJECT, Relation.EXACT)).total == counted.count == 2


def test_what_is_no_number_begins_a_scan_of_numbers_like_nothing(reader: Reader) -> None:
    for typed in ("²", "٣", "9" * 5000, "-"):
        assert isinstance(reader.scan(Access.YEAR, typed, 1, 3), list)
    assert reader.scan(Access.YEAR, "²", 0, 1) == reader.scan(Access.YEAR, "", 0, 1)


def test_a_term_is_the_one_asked_for_however_it_was_typed() -> None:
    assert is_same("9785346000013", "978-5-346-00001-3")
    assert is_same("Ёлка у Ивановых", "елка у ивановых!")
    assert not is_same("Ёлка", "елки")


def test_past_the_end_there_is_nothing_after(reader: Reader) -> None:
    assert reader.scan(Access.TITLE, "яяя", 0, 5) == []
    assert [t.term for t in reader.scan(Access.TITLE, "яяя", 1, 5)] == ["Математика"]


def test_a_scan_for_two_billion_terms_is_capped(reader: Reader) -> None:
    assert len(reader.scan(Access.ANY, "", 2**31 - 1, 2**31 - 1)) <= 400


def test_deleted_records_are_not_listed(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    engine.write(documents())
    engine.write([], ["c2", "c5"])
    assert [t.term for t in engine.reader().scan(Access.TITLE, "", 0, 3)] == [
        "Harry Potter and the Philosopher's Stone", "Война и мир", "Занимательная физика",
    ]  # fmt: skip


def test_spellings_folded_alike_are_one_term(tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    titles = ("Еж", "ЁЖ", "Ёж", "Ёж", "еж!")
    engine.write(documents(book(str(n), title) for n, title in enumerate(titles, 1)))
    assert engine.reader().scan(Access.TITLE, "", 0, 9) == [ScanTerm("Ёж", 5)]


headings = st.lists(
    st.text("абвёzа1 -.", min_size=1, max_size=6).filter(lambda t: fold(t) != ""), min_size=1, max_size=40
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(headings, st.text("абвz1 ", max_size=4), st.integers(0, 6), st.integers(0, 6))
@pytest.mark.parametrize("at_once", [1, 400])
def test_scan_is_the_sorted_list(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch,
    at_once: int, titles: list[str], start: str, before: int, after: int,
) -> None:  # fmt: skip
    monkeypatch.setattr(terms, "LIST_AT_ONCE", at_once)  # so that small shelves take the paths of large ones
    engine = Engine(tmp_path_factory.mktemp("scan"))
    engine.write(documents(book(str(n), title) for n, title in enumerate(titles, 1)))
    expected = sorted({fold(t) for t in titles})
    place = bisect.bisect_left(expected, fold(start))
    found = engine.reader().scan(Access.TITLE, start, before, after)
    below = expected[max(0, place - before) : place] if fold(start) else []
    assert [fold(t.term) for t in found] == below + expected[place : place + after]
    assert all(t.count == sum(fold(x) == fold(t.term) for x in titles) for t in found)
