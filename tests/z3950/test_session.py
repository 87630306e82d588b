"""Init and Search of one association without sockets, and every refusal."""

from __future__ import annotations

import pytest

from catalog_sync.protocol import ber, pqf
from catalog_sync.protocol.apdu import (
    Authentication,
    CharsetChoice,
    CharsetProposal,
    Close,
    CloseReason,
    CqlQuery,
    Diagnostic,
    InitRequest,
    SearchRequest,
    SearchResponse,
    SortKey,
    SortRequest,
)
from tests.fakes import sample_catalogue
from tests.z3950.answers import condition, content, marc
from tests.z3950.conftest import ALL_OPTIONS, RUSMARC, USMARC, Talk
from web.z3950.settings import Charsets, ServerSettings

# --- Init ------------------------------------------------------------------------------------------------------------


def test_nothing_but_init_is_served_first() -> None:
    opened = Talk(sample_catalogue())
    answer = opened.send(SearchRequest(pqf.parse("x")))
    assert isinstance(answer, Close)
    assert answer.reason == CloseReason.PROTOCOL_ERROR
    assert opened.closed


def test_a_client_of_version_2_gets_its_diagnostics_in_plain_letters() -> None:
    opened = Talk(sample_catalogue())
    assert opened.init(InitRequest(frozenset({0, 1}), versions=frozenset({0, 1}))).versions == {0, 1}
    assert opened.search("@attr 1=9999 x").diagnostics == (Diagnostic(114, "9999"),)
    assert opened.search("@attr 1=4 алгебра").hits == 3


def test_a_second_init_ends_the_association(talk: Talk) -> None:
    answer = talk.send(InitRequest(ALL_OPTIONS))
    assert isinstance(answer, Close)


def test_only_options_that_both_sides_have_are_agreed() -> None:
    answer = Talk(sample_catalogue()).init(InitRequest(frozenset({0, 1, 5, 10, 14})))
    assert answer.options == {0, 1, 14}


@pytest.mark.parametrize("name", ["utf-8", "windows-1251", "koi8-r"])
def test_a_charset_is_negotiated_for_queries_and_records(name: str) -> None:
    opened = Talk(sample_catalogue())
    answer = opened.init(InitRequest(ALL_OPTIONS, charset=CharsetProposal((name,), True)))
    assert answer.charset == CharsetChoice(name, True)
    assert 17 in answer.options
    codec = {"utf-8": "utf-8", "windows-1251": "cp1251", "koi8-r": "koi8-r"}[name]
    assert opened.search("@attr 1=4 алгебра", codec).hits == 3
    data = content(opened.present(syntax=USMARC)).data
    assert "Алгебра".encode(codec) in data
    assert int(data[:5]) == len(data)
    assert data[9:10] == (b"a" if name == "utf-8" else b" ")


def test_records_keep_the_databases_charset_where_only_strings_were_negotiated() -> None:
    opened = Talk(sample_catalogue())
    opened.init(InitRequest(ALL_OPTIONS, charset=CharsetProposal(("windows-1251",), False)))
    assert opened.search("@attr 1=4 алгебра", "cp1251").hits == 3
    assert "Алгебра".encode() in content(opened.present(syntax=USMARC)).data


def test_an_unknown_charset_is_answered_with_none_in_force() -> None:
    opened = Talk(sample_catalogue())
    answer = opened.init(InitRequest(ALL_OPTIONS, charset=CharsetProposal(("x-mik",))))
    assert answer.charset == CharsetChoice("", False)
    assert opened.search("@attr 1=4 алгебра").hits == 3


def test_a_database_speaks_its_own_charsets_without_negotiation() -> None:
    settings = ServerSettings(databases={"school-02": Charsets("windows-1251", "koi8-r")})
    opened = Talk(sample_catalogue(), settings)
    opened.init()
    assert opened.search("@attr 1=4 алгебра", "cp1251", databases=("school-02",)).hits == 3
    assert "Алгебра".encode("koi8-r") in content(opened.present(syntax=RUSMARC)).data
    assert condition(opened.search("@attr 1=4 алгебра", "cp1251")) == 125
    assert opened.search("@attr 1=4 алгебра", "utf-8", databases=("school-02",)).hits == 3


def protected() -> ServerSettings:
    return ServerSettings(authenticate=lambda user, password: (user, password) == ("irbis", "секрет"))


@pytest.mark.parametrize(
    "given",
    [Authentication("irbis", "секрет"), Authentication(open="irbis/секрет"), Authentication("irbis", "секрет", "g")],
)
def test_a_partner_with_the_right_password_is_let_in(given: Authentication) -> None:
    assert Talk(sample_catalogue(), protected()).init(InitRequest(ALL_OPTIONS, authentication=given)).accepted


@pytest.mark.parametrize(
    "given", [None, Authentication("irbis", "wrong"), Authentication(open="irbis"), Authentication()]
)
def test_everyone_else_is_refused_with_a_diagnostic_and_may_not_search(given: Authentication | None) -> None:
    opened = Talk(sample_catalogue(), protected())
    answer = opened.init(InitRequest(ALL_OPTIONS, authentication=given))
    assert not answer.accepted
    assert answer.diagnostic == Diagnostic(1011, "имя или пароль не подходят")
    assert isinstance(opened.send(SearchRequest(pqf.parse("x"))), Close)


def test_guessing_passwords_ends_after_three_tries() -> None:
    opened = Talk(sample_catalogue(), protected())
    for expected in (False, False, True):
        opened.init(InitRequest(ALL_OPTIONS, authentication=Authentication("irbis", "guess")))
        assert opened.closed is expected


# --- Search ----------------------------------------------------------------------------------------------------------


def test_a_title_is_found_in_the_union_and_in_one_library(talk: Talk) -> None:
    assert talk.search("@attr 1=4 алгебра").hits == 3
    assert talk.search("@attr 1=4 алгебра", databases=("school-01",)).hits == 2
    assert talk.search("@attr 1=4 алгебра", databases=("SCHOOL-01", "museum")).hits == 2
    assert talk.search("@attr 1=1003 пушкин", databases=("school-01", "museum")).hits == 2
    assert talk.search("@attr 1=1003 пушкин", databases=("default", "museum")).hits == 2


def test_cql_is_a_query_type(talk: Talk) -> None:
    answer = talk.send(SearchRequest(CqlQuery("title=алгебра and date=2019")))
    assert isinstance(answer, SearchResponse)
    assert answer.hits == 1
    answer = talk.send(SearchRequest(CqlQuery("title=(")))
    assert isinstance(answer, SearchResponse)
    assert condition(answer) == 108
    answer = talk.send(SearchRequest(CqlQuery("nosuch.index=x")))
    assert isinstance(answer, SearchResponse)
    assert condition(answer) in (114, 121)


@pytest.mark.parametrize(
    ("query", "more", "expected"),
    [
        ("@attr 1=9999 x", {}, 114),
        ("@attr 1=4 @attr 2=1 алгебра", {}, 117),
        ("x", {"databases": ("nosuch",)}, 235),
        ("x", {"syntax": "1.2.840.10003.5.105"}, 239),
        ("x", {"small_elements": "X"}, 25),
        ("@set nosuch", {}, 30),
    ],
)
def test_a_search_that_cannot_be_answered_is_a_diagnostic_never_a_zero(
    talk: Talk, query: str, more: dict[str, object], expected: int
) -> None:
    answer = talk.search(query, **more)
    assert not answer.success
    assert condition(answer) == expected
    assert answer.result_set_status == 3


def test_other_query_types_are_refused(talk: Talk) -> None:
    ccl = ber.constructed(2, ber.primitive(ber.OCTET_STRING, b"find x"))
    pdu = ber.constructed(22, ber.write_integer(0, 13), ber.write_integer(1, 14), ber.write_integer(0, 15),
                          ber.write_boolean(True, 16), ber.primitive(17, b"1"),
                          ber.constructed(18, ber.primitive(105, b"Default")),
                          ber.constructed(21, ccl))  # fmt: skip
    answer = talk.raw(pdu)
    assert isinstance(answer, SearchResponse)
    assert condition(answer) == 107


def test_result_sets_are_operands(talk: Talk) -> None:
    talk.search("@attr 1=4 алгебра", result_set="a")
    talk.search("@attr 1=31 2019", result_set="b")
    assert talk.search("@and @set a @set b").hits == 1
    assert talk.search("@not @set a @set b", result_set="a").hits == 2
    assert talk.search("@set a").hits == 2


def test_a_set_of_one_library_stays_its_set_inside_another_query(talk: Talk) -> None:
    talk.search("@attr 1=4 алгебра", result_set="one", databases=("school-01",))
    talk.search("@attr 1=1003 пушкин", result_set="two", databases=("school-01", "museum"))
    assert talk.search("@set one").hits == 2
    assert talk.search("@or @set one @set two").hits == 4


def test_a_name_in_use_is_kept_where_replacing_is_forbidden(talk: Talk) -> None:
    talk.search("@attr 1=4 алгебра", result_set="a")
    assert condition(talk.search("@attr 1=31 2019", result_set="a", replace=False)) == 21
    assert talk.search("@set a").hits == 3


def test_a_failed_search_leaves_no_old_set_under_its_name(talk: Talk) -> None:
    talk.search("@attr 1=4 алгебра", result_set="a")
    talk.search("@attr 1=9999 x", result_set="a")
    assert condition(talk.present(result_set="a")) == 30


def test_sets_of_sets_cannot_grow_for_ever(talk: Talk) -> None:
    talk.search("@attr 1=4 алгебра", result_set="a")
    answers = [talk.search("@or @set a @set a", result_set="a") for _ in range(10)]
    assert 6 in [a.diagnostics[0].condition for a in answers if a.diagnostics]


def test_the_oldest_of_twenty_result_sets_makes_room_for_the_next(talk: Talk) -> None:
    answers = [talk.search("@attr 1=4 алгебра", result_set=str(n)) for n in range(20)]
    talk.search("@attr 1=31 2019", result_set="0")  # used again: the youngest now
    answers.append(talk.search("@attr 1=4 алгебра", result_set="20"))
    assert all(answer.success for answer in answers)
    assert condition(talk.present(result_set="1")) == 30
    for kept in ("0", "2", "20"):
        assert not talk.present(result_set=kept).diagnostics
    talk.send(SortRequest(("20",), "21", (SortKey("year"),)))
    assert condition(talk.present(result_set="2")) == 30
    assert not talk.present(result_set="21").diagnostics


@pytest.mark.parametrize(
    ("bounds", "returned", "brief"),
    [((5, 6, 0), 3, True), ((0, 10, 2), 2, False), ((0, 3, 2), 0, False), ((3, 4, 0), 3, True), ((0, 1, 0), 0, False)],
)
def test_records_ride_piggyback_by_small_medium_and_large(
    talk: Talk, bounds: tuple[int, int, int], returned: int, brief: bool
) -> None:
    answer = talk.search(
        "@attr 1=4 алгебра", small_set_upper_bound=bounds[0], large_set_lower_bound=bounds[1],
        medium_set_present_number=bounds[2], small_elements="B", medium_elements="F", syntax=USMARC,
    )  # fmt: skip
    assert (answer.hits, answer.returned, len(answer.records)) == (3, returned, returned)
    if returned:
        assert answer.next_position == (0 if returned == 3 else returned + 1)
        assert bool(marc(answer).get_fields("852")) is not brief
