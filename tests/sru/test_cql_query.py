"""CQL → the catalogue's query tree, and the diagnostics of what can't be asked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_sync.protocol.cql import CqlError, parse
from catalog_sync.protocol.cql_context import context_sets, find_index, indexes, sort_of_parameter
from catalog_sync.protocol.cql_query import read_words, to_query
from catalog_sync.query import Access, And, Everything, Not, Or, Order, Query, Relation, Sort, Term, Truncation

T, R = Truncation, Relation


def ask(text: str) -> Query:
    return to_query(parse(text))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("алгебра", Term("алгебра")),
        ("алгебра 7 класс", Term("алгебра 7 класс")),
        ('"алгебра 7"', Term("алгебра 7", relation=R.ADJACENT)),
        ('title all "a b"', Term("a b", Access.TITLE)),
        ('title any "a b"', Term("a b", Access.TITLE, R.ANY)),
        ('title adj "a b"', Term("a b", Access.TITLE, R.ADJACENT)),
        ('title == "a b"', Term("a b", Access.TITLE, R.EXACT)),
        ('title exact "a b"', Term("a b", Access.TITLE, R.EXACT)),
        ('title == "a"', Term("a", Access.TITLE, R.EXACT)),
        ("dc.creator = Пушкин", Term("Пушкин", Access.AUTHOR)),
        ("title = алгебр*", Term("алгебр", Access.TITLE, truncation=T.RIGHT)),
        ("title = *гебра", Term("гебра", Access.TITLE, truncation=T.LEFT)),
        ("title = *гебр*", Term("гебр", Access.TITLE, truncation=T.BOTH)),
        ("title = ал*ра", Term("ал*ра", Access.TITLE, truncation=T.MASK)),
        ("title = алгебр?", Term("алгебр?", Access.TITLE, truncation=T.MASK)),
        (r"title = C\*", Term("C*", Access.TITLE)),
        ("title =/unmasked C*", Term("C*", Access.TITLE)),
        ('title = "a b*"', Term("a b*", Access.TITLE, R.ADJACENT, T.MASK)),
        ('title = "^a b"', Term("a b", Access.TITLE, R.ADJACENT, first=True)),
        ('title = "^a b^"', Term("a b", Access.TITLE, R.EXACT)),
        ("title = ^a", Term("a", Access.TITLE, first=True)),
        ('title all "^a b*"', And(Term("a", Access.TITLE, first=True), Term("b", Access.TITLE, truncation=T.RIGHT))),
        ("title <> a", Not(Everything(), Term("a", Access.TITLE, R.EXACT))),
        ("dc.date = 2015", Term("2015", Access.YEAR, R.EQUAL)),
        ("dc.date >= 2015", Term("2015", Access.YEAR, R.GREATER_EQUAL)),
        ("dc.date = 2015-09", Term("2015", Access.YEAR, R.EQUAL)),
        ("dc.date = 2015-2020", Term("2015-2020", Access.YEAR, R.EQUAL)),
        ("cs.grade = 5-7", Term("5-7", Access.GRADE, R.EQUAL)),
        ("dc.date < 2015-09", Term("2015", Access.YEAR, R.LESS)),
        ('dc.date within "2015 2020"', Term("2015 2020", Access.YEAR, R.WITHIN)),
        ('dc.date any "2015 2016"', Or(Term("2015", Access.YEAR, R.EQUAL), Term("2016", Access.YEAR, R.EQUAL))),
        ("dc.date = 201*", Term("201", Access.YEAR, R.EQUAL, T.RIGHT)),
        ("bath.isbn = 978-5-09-000000-0", Term("978-5-09-000000-0", Access.ISBN, R.EQUAL)),
        ('bath.isbn = "978 5 09"', Term("978 5 09", Access.ISBN, R.EQUAL)),
        ('dc.language any "rus eng"', Or(Term("rus", Access.LANGUAGE, R.EQUAL), Term("eng", Access.LANGUAGE, R.EQUAL))),
        ("dc.identifier =/bib.identifierAuthority=isbn 5", Term("5", Access.ISBN, R.EQUAL)),
        ("cs.library = school-01", Term("school-01", Access.LIBRARY, R.EQUAL)),
        ("cs.grade = 7", Term("7", Access.GRADE, R.EQUAL)),
        ("cs.age >= 12", Term("12", Access.AGE, R.GREATER_EQUAL)),
        ("rec.lastModificationDate > 2026-01-15", Term("2026-01-15", Access.CHANGED, R.GREATER)),
        ('rec.lastModificationDate > "2026-01-15T10:00:00+05:00"',
         Term("2026-01-15T10:00:00+05:00", Access.CHANGED, R.GREATER)),
        ("cql.allRecords = 1", Everything()),
        ("*", Everything()),
        ("a and b", And(Term("a"), Term("b"))),
        ("a or b not c", Not(Or(Term("a"), Term("b")), Term("c"))),
        ("a prox/ordered b", Term("a b", relation=R.ADJACENT)),
        ("a prox/unit=word/distance=1 b", Or(Term("a b", relation=R.ADJACENT), Term("b a", relation=R.ADJACENT))),
        ('> d = "info:srw/cql-context-set/1/dc-v1.1" d.title = a', Term("a", Access.TITLE)),
        ('> "info:srw/cql-context-set/1/bib-v1" isbn = 5', Term("5", Access.ISBN, R.EQUAL)),
        ("TITLE = a", Term("a", Access.TITLE)),
        ("title scr a", None),
    ],
)
def test_a_query_asks_the_catalogue_what_the_user_meant(text: str, expected: Query | None) -> None:
    if expected is None:  # scr is not a reserved word of the grammar: three words are looked for
        assert ask(text) == Term("title scr a")
    else:
        assert ask(text) == expected


def test_an_identifier_is_looked_for_in_every_number() -> None:
    query = ask("dc.identifier = 5")
    assert query == Or(
        Or(Term("5", Access.ISBN, R.EQUAL), Term("5", Access.ISSN, R.EQUAL)), Term("5", Access.LOCAL_ID, R.EQUAL)
    )


@pytest.mark.parametrize(
    ("text", "number", "details"),
    [
        ("nosuch.title = a", 15, "nosuch"),
        ('> d = "urn:unknown" d.title = a', 15, "urn:unknown"),
        ("dc.nosuch = a", 16, "dc.nosuch"),
        ("nosuch = a", 16, "nosuch"),
        ('> "info:srw/cql-context-set/1/dc-v1.1" isbn = 5', 16, "isbn"),
        ("title encloses a", 19, "encloses"),
        ("title =/fuzzy a", 20, "fuzzy"),
        ("title =/rel.algorithm=CORI a", 20, "rel.algorithm"),
        ("title =/respectCase a", 20, "respectCase"),
        ("title > a", 22, "dc.title >"),
        ("bath.isbn > 5", 22, "bath.isbn >"),
        ('title within "a b"', 22, "dc.title within"),
        ('title = ""', 27, "title"),
        ("title = *", 29, "*"),
        ("title = ???", 29, "???"),
        ('title = "a b^"', 31, "^ at the end of a term"),
        ('title = "a ^b"', 32, "a b"),
        ("title = a^b", 32, "a^b"),
        ("dc.date > сегодня", 36, "сегодня"),
        ("dc.date within 2015", 36, "dc.date within takes two values"),
        ("a prox/distance<5 b", 41, "<5"),
        ("a prox/distance>1 b", 40, ">1"),
        ("a prox/unit=sentence b", 42, "sentence"),
        ("title = a prox author = b", 39, "both operands must ask one index"),
        ("a prox (b or c)", 39, "operands must be search clauses"),
        ("a and/rel.SumOfScores b", 46, "rel.SumOfScores"),
        ("cql.resultSetId = x", 50, "cql.resultSetId"),
        ("a sortBy dc.publisher", 80, "dc.publisher"),
        ("a sortBy title author date rec.lastModificationDate title author date", 84, "6"),
        ("a sortBy title author title/sort.descending", 85, "title"),
        ("a sortBy title cql.serverChoice", 80, "relevance beside other keys"),
        ("a sortBy cql.serverChoice/sort.ascending", 90, "cql.serverChoice ascending"),
        ("a sortBy title/sort.missingLow", 92, "dc.title ascending, missing low"),
        ("a sortBy title/sort.respectCase", 91, "sort.respectCase"),
        ("a sortBy title/sort.missingOmit", 92, "sort.missingOmit"),
        ("a sortBy nosuch", 16, "nosuch"),
        ("title = " + "x" * 1001, 23, "1000"),
    ],
)
def test_what_cannot_be_asked_is_a_diagnostic_with_its_details(text: str, number: int, details: str) -> None:
    with pytest.raises(CqlError) as caught:
        to_query(parse(text))
    assert (caught.value.number, caught.value.details) == (number, details)


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("a", Sort.RELEVANCE),
        ("a sortBy title", Sort.TITLE),
        ("a sortBy dc.creator/sort.ascending/sort.ignoreCase", Sort.AUTHOR),
        ("a sortBy dc.date", Sort.YEAR_UP),
        ("a sortBy dc.date/sort.descending", Sort.YEAR_DOWN),
        ("a sortBy rec.lastModificationDate", Sort.CHANGED),
        ("a sortBy rec.lastModificationDate/sort.descending", Sort.CHANGED_DOWN),
        ("a sortBy title/sort.descending/sort.missingLow", Sort.TITLE_DOWN),
        ("a sortBy date/sort.descending title", (Sort.YEAR_DOWN, Sort.TITLE)),
        ("a sortBy creator/sort.missingHigh date/sort.descending title", (Sort.AUTHOR, Sort.YEAR_DOWN, Sort.TITLE)),
        ('> "info:srw/cql-context-set/1/bib-v1" isbn = 5 sortBy dateIssued', Sort.YEAR_UP),
    ],
)
def test_sort_by_chooses_the_order(text: str, sort: Order) -> None:
    assert to_query(parse(text))[1] == sort


@pytest.mark.parametrize(
    ("text", "sort"),
    [("title", Sort.TITLE), ("date,,0", Sort.YEAR_DOWN), ("date,dc,1", Sort.YEAR_UP), ("", Sort.RELEVANCE),
     ("creator,info:srw/cql-context-set/1/dc-v1.1,1,0,highValue", Sort.AUTHOR),
     ("date,,0 title", (Sort.YEAR_DOWN, Sort.TITLE))],
)
def test_the_sort_keys_of_sru_1_1_choose_the_order(text: str, sort: Order) -> None:
    assert sort_of_parameter(text) == sort


@pytest.mark.parametrize(
    ("text", "number"),
    [("title date title", 85), ("nosuch", 88), ("title,nosuch", 87), ("title,,2", 90), ("title,,1,1", 91),
     ("title,,1,0,omit", 92), ("title,,1,0,lowValue", 92), ("title,,0,0,highValue", 92)],
)
def test_sort_keys_that_cannot_be_honoured_are_diagnostics(text: str, number: int) -> None:
    with pytest.raises(CqlError) as caught:
        sort_of_parameter(text)
    assert caught.value.number == number


def test_every_line_of_the_index_table_can_be_asked() -> None:
    samples = {"words": "слово", "code": "x1", "all": "1", "order": "12"}
    for index in indexes():
        text = "2026" if {Access.CHANGED, Access.ADDED} & set(index.access) else samples[index.kind]
        assert find_index(index.qualified) == index
        assert ask(f"{index.qualified} = {text}") is not None
    assert {i.set_name for i in indexes()} <= {s.name for s in context_sets()}


def test_every_access_point_can_be_reached_by_some_index() -> None:
    assert {a for i in indexes() for a in i.access} == set(Access)


@given(st.text("ab*?^\\ \"", max_size=12))
@settings(deadline=None)
def test_any_term_is_words_or_a_diagnostic(term: str) -> None:
    number = 0
    try:
        words = read_words(term)
    except CqlError as error:
        words, number = [], error.number
    assert number in (0, 29, 32)
    assert not any(hidden in w.text for w in words for hidden in "\ue000\ue001\ue002")
