"""RPN and PQF: what each attribute asks of the catalogue, and what is refused with which diagnostic."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from catalog_sync.protocol import bib1, pqf, requests
from catalog_sync.protocol.apdu import Attribute, RpnQuery, SearchRequest
from catalog_sync.protocol.diagnostics import TEXTS, Condition, Fault
from catalog_sync.protocol.pqf import PqfError
from catalog_sync.protocol.rpn import MAX_OPERATORS, to_query
from catalog_sync.protocol.rpn_of import rpn_of
from catalog_sync.query import Access, And, Everything, Not, OneOf, Or, Query, Relation, Term, Truncation, Unsupported
from tests.protocol import strategies


def sets(name: str) -> Query:
    if name == "1":
        return OneOf(("c1",))
    raise Fault(Condition.NO_RESULT_SET, name)


def ask(text: str) -> Query:
    return to_query(pqf.parse(text), bytes.decode, sets)


def refused(text: str) -> int:
    with pytest.raises(Fault) as caught:
        ask(text)
    assert caught.value.diagnostic.info
    return caught.value.diagnostic.condition


WORD = Term("алгебра", Access.TITLE, Relation.ADJACENT)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("@attr 1=4 алгебра", WORD),
        ("алгебра", Term("алгебра", Access.ANY, Relation.ADJACENT)),
        ('@attr 1=4 @attr 4=1 "алгебра и начала"', Term("алгебра и начала", Access.TITLE, Relation.ADJACENT)),
        ('@attr 1=4 @attr 4=6 "алгебра начала"', Term("алгебра начала", Access.TITLE, Relation.ALL)),
        ('@attr 1=4 @attr 4=105 "алгебра начала"', Term("алгебра начала", Access.TITLE, Relation.ANY)),
        ('@attr 1=1003 @attr 4=101 "Иванов Иван"', Term("Иванов Иван", Access.AUTHOR, Relation.ALL)),
        ("@attr 1=4 @attr 3=1 алгебра", Term("алгебра", Access.TITLE, Relation.ADJACENT, first=True)),
        ("@attr 1=4 @attr 6=3 алгебра", Term("алгебра", Access.TITLE, Relation.EXACT)),
        ("@attr 1=4 @attr 6=3 @attr 5=1 алг", Term("алг", Access.TITLE, Relation.ADJACENT, Truncation.RIGHT, True)),
        ("@attr 1=4 @attr 5=1 алг", Term("алг", Access.TITLE, Relation.ADJACENT, Truncation.RIGHT)),
        ("@attr 1=4 @attr 5=2 бра", Term("бра", Access.TITLE, Relation.ADJACENT, Truncation.LEFT)),
        ("@attr 1=4 @attr 5=3 геб", Term("геб", Access.TITLE, Relation.ADJACENT, Truncation.BOTH)),
        ("@attr 1=4 @attr 5=101 ал#ра", Term("ал*ра", Access.TITLE, Relation.ADJACENT, Truncation.MASK)),
        ("@attr 1=4 @attr 5=102 ал.*р.", Term("ал*р?", Access.TITLE, Relation.ADJACENT, Truncation.MASK)),
        ("@attr 1=4 @attr 5=104 ал?р#", Term("ал*р?", Access.TITLE, Relation.ADJACENT, Truncation.MASK)),
        ("@attr 1=4 @attr 5=104 алгебра", WORD),
        ("@attr 1=31 2019", Term("2019", Access.YEAR, Relation.EQUAL)),
        ("@attr 1=31 @attr 2=4 @attr 4=4 2019", Term("2019", Access.YEAR, Relation.GREATER_EQUAL)),
        ("@attr 1=31 @attr 2=1 2019", Term("2019", Access.YEAR, Relation.LESS)),
        ('@attr 1=31 @attr 2=104 "2015 2020"', Term("2015 2020", Access.YEAR, Relation.WITHIN)),
        ("@attr 1=31 @attr 2=6 2019", Not(Everything(), Term("2019", Access.YEAR, Relation.EQUAL))),
        ("@attr 1=7 5-09-071001-6", Term("5-09-071001-6", Access.ISBN, Relation.EQUAL)),
        ("@attr 1=1007 12345678", Or(Term("12345678", Access.ISBN, Relation.EQUAL),
                                     Term("12345678", Access.ISSN, Relation.EQUAL))),
        ('@attr 1=_ALLRECORDS @attr 2=103 ""', Everything()),
        ('@attr 1=1016 @attr 2=103 ""', Everything()),
        ('@attr 1=4 @attr 2=103 ""', Everything()),
        ("@attr 1=4 @attr 2=101 алгеброй", Term("алгеброй", Access.TITLE, Relation.ALL)),
        ("@attr 1=title алгебра", WORD),
        ("@and @attr 1=4 алгебра @set 1", And(WORD, OneOf(("c1",)))),
        ("@not @or a b c", Not(Or(*(Term(x, Access.ANY, Relation.ADJACENT) for x in "ab")),
                               Term("c", Access.ANY, Relation.ADJACENT))),
        ("@attr 1=31 @term numeric 2019", Term("2019", Access.YEAR, Relation.EQUAL)),
    ],
)  # fmt: skip
def test_attributes_ask_what_they_say(query: str, expected: Query) -> None:
    assert ask(query) == expected


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ("@attr 1=9999 x", 114),
        ("@attr 1=nonsense x", 114),
        ("@attr 7=1 x", 113),
        ("@attr 1=4 @attr 2=100 x", 117),
        ("@attr 1=4 @attr 2=7 x", 117),
        ("@attr 1=4 @attr 3=4 x", 119),
        ("@attr 1=4 @attr 4=104 x", 118),
        ("@attr 1=4 @attr 5=103 x", 120),
        ("@attr 1=4 @attr 5=102 а[бв]", 120),
        ("@attr 1=4 @attr 5=104 а?3б", 120),
        ("@attr 1=4 @attr 6=4 x", 122),
        ("@attr 1=4 @attr 1=5 x", 123),
        ('@attr 1=21 @attr 2=103 ""', 123),
        ('@attr 1=4 ""', 125),
        ("@set nosuch", 30),
        ("@attr 1=4 @set 1", 245),
    ],
)
def test_what_cannot_be_answered_has_its_diagnostic(query: str, condition: int) -> None:
    assert refused(query) == condition
    assert condition in TEXTS


@pytest.mark.parametrize("use", [1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 21, 31, 54, 59, 1001, 1002, 1003, 1007, 1011, 1016,
                                 1018, 1019, 1021, 1032, 1034, 1035, 1044, 1076, 1080])  # fmt: skip
def test_every_use_attribute_that_koha_and_russian_systems_send_is_known(use: int) -> None:
    assert use in bib1.USES


def test_another_attribute_set_is_refused() -> None:
    query = RpnQuery("1.2.840.10003.3.2", pqf.parse("@attr 1=4 x").items)
    with pytest.raises(Fault) as caught:
        to_query(query, bytes.decode, sets)
    assert caught.value.diagnostic.condition == 121


def test_sixty_operators_are_legitimate_and_five_hundred_are_a_diagnostic() -> None:
    assert ask("@or " * 60 + "x " * 61)
    assert refused("@or " * 500 + "x " * 501) == 6
    assert MAX_OPERATORS >= 60


def test_twenty_thousand_nested_operators_are_read_without_recursion() -> None:
    count = 15_000
    nested = pqf.parse("@or " * count + "x " * (count + 1))
    pdu = requests.write(SearchRequest(nested))
    found = requests.read(pdu)
    assert isinstance(found, SearchRequest)
    assert found.query == nested


def test_a_term_in_the_wrong_charset_is_a_diagnostic_and_not_a_silent_zero() -> None:
    with pytest.raises(Fault) as caught:
        to_query(pqf.parse("@attr 1=4 алгебра", "cp1251"), bytes.decode, sets)
    assert caught.value.diagnostic.condition == 125


@settings(max_examples=200, deadline=None)
@given(strategies.postfix())
def test_any_rpn_becomes_a_query_or_a_diagnostic(items: tuple[object, ...]) -> None:
    condition = 0
    try:
        to_query(RpnQuery("1.2.840.10003.3.1", items), bytes.decode, sets)  # type: ignore[arg-type]
    except Fault as fault:
        condition = fault.diagnostic.condition
    assert not condition or condition in TEXTS


@pytest.mark.parametrize("text", ["", "@and x", "x y", "@attr 1 x", "@attr", '@attr 1=4 "x', "@prox 0 1 1 2 k 2 a b",
                                  "@attrset gils x", "@term odd x"])  # fmt: skip
def test_malformed_pqf_says_what_was_expected(text: str) -> None:
    with pytest.raises(PqfError, match="expected"):
        pqf.parse(text)


def test_quotes_and_backslashes_belong_to_pqf_not_to_the_term() -> None:
    item = pqf.parse(r'@attr bib-1 1=4 "a \"b\" @and"').items[0]
    assert item.data == b'a "b" @and'  # type: ignore[union-attr]
    assert item.attributes == (Attribute(1, 4, "1.2.840.10003.3.1"),)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "query",
    [
        WORD,
        And(WORD, Not(Term("2019", Access.YEAR, Relation.EQUAL), Term("x", Access.AUTHOR, Relation.ADJACENT))),
        Term("алгебра", Access.TITLE, Relation.ADJACENT, Truncation.RIGHT),
        Term("алгебра и начала", Access.TITLE, Relation.ALL),
        Term("9785090710015", Access.ISBN, Relation.EQUAL),
        Term("2015", Access.YEAR, Relation.LESS),
    ],
)
def test_a_catalogue_query_survives_the_way_through_rpn(query: Query) -> None:
    assert to_query(rpn_of(query), bytes.decode, sets) == query


def test_what_bib1_cannot_say_is_refused_when_asking_others() -> None:
    for query in (Term("x", Access.GRADE), Term("а*б", Access.TITLE, truncation=Truncation.MASK), Everything()):
        with pytest.raises(Unsupported):
            rpn_of(query)
