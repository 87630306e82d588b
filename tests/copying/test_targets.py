"""Copying from foreign catalogues: all asked at once, each within its time, faults told in a sentence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from catalog_sync.errors import StopEverything
from catalog_sync.model import Dialect, ExternalTarget
from catalog_sync.offers import Candidate, offers, question
from catalog_sync.protocol.cql import parse
from catalog_sync.protocol.cql_of import cql_of
from catalog_sync.protocol.cql_query import to_query
from catalog_sync.query import Access, And, Everything, Not, OneOf, Or, Query, Relation, Term, Truncation, Unsupported
from catalog_sync.settings import parse as parse_settings
from harvesters.secrets import Secrets
from harvesters.targets import ask_all, ask_one, check
from tests.copying.conftest import Start
from tests.fakes import MemoryCatalogue, sample_catalogue

SECRETS = Secrets({})


def sru(url: str, code: str = "rgb", **settings: str) -> ExternalTarget:
    return ExternalTarget(code, "РГБ", settings={"url": url, **settings})


def z3950(port: int, **settings: str) -> ExternalTarget:
    own = {"host": "127.0.0.1", "port": str(port), "databases": "Default", **settings}
    return ExternalTarget("nlr", "РНБ", "z3950", settings=own)


def asked(isbn: str = "", title: str = "", author: str = "") -> Query:
    found = question(isbn, title, author)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def catalogue() -> MemoryCatalogue:
    return sample_catalogue()


def isbn_of(catalogue: MemoryCatalogue, cluster: str) -> str:
    return catalogue.records([cluster])[0].bib.isbns[0].normal


def test_a_record_is_found_by_isbn_over_sru_and_over_z3950(
    sru_url: str, start: Start, catalogue: MemoryCatalogue
) -> None:
    targets = [sru(sru_url), z3950(start(sample_catalogue()))]
    answers = ask_all(targets, asked(isbn=isbn_of(catalogue, "c1")), SECRETS)
    assert [(a.error, a.total, len(a.candidates)) for a in answers] == [("", 1, 1), ("", 1, 1)]
    assert [a.candidates[0].bib.title for a in answers] == ["Алгебра", "Алгебра"]


def test_rusmarc_targets_and_plain_words_work_too(sru_url: str, start: Start) -> None:
    by_title = asked(title="алгебра", author="Макарычев")
    russian = ExternalTarget("a", dialect=Dialect.RUSMARC, settings={"url": sru_url, "schema": "rusmarc"})
    coded = ExternalTarget("b", protocol="z3950", dialect=Dialect.RUSMARC, settings={
        "host": "127.0.0.1", "port": str(start(sample_catalogue())), "databases": "Default", "syntax": "rusmarc",
        "negotiate": "windows-1251",
    })
    for answer in ask_all([russian, coded], by_title, SECRETS):
        assert answer.error == ""
        assert {c.bib.agents[0].name.split(",")[0] for c in answer.candidates} == {"Макарычев"}


def test_a_silent_target_costs_its_own_answer_and_no_more_time_than_allowed(
    sru_url: str, silent_port: int, catalogue: MemoryCatalogue
) -> None:
    targets = [
        sru(f"http://127.0.0.1:{silent_port}/", "dead"), z3950(silent_port), sru(sru_url, "alive"),
    ]
    began = time.monotonic()
    answers = ask_all(targets, asked(isbn=isbn_of(catalogue, "c1")), SECRETS, seconds=1.5)
    assert time.monotonic() - began < 4
    assert [bool(a.error) for a in answers] == [True, True, False]
    assert answers[2].candidates


def test_what_is_wrong_with_a_target_is_told_in_a_sentence_with_its_name(sru_url: str) -> None:
    nobody = ask_one(sru("http://127.0.0.1:9/"), asked(isbn="1"), SECRETS, seconds=2)
    assert nobody.error.startswith("РГБ: ")
    refused = ask_one(sru(sru_url, isbn_index="dc.nosuch"), asked(isbn="1"), SECRETS)
    assert "16 Unsupported index" in refused.error
    other_page = ask_one(sru(sru_url.replace("/sru", "/oai")), asked(isbn="1"), SECRETS)
    assert other_page.error
    assert not other_page.candidates
    narrow = ask_one(z3950(9, query_charset="koi8-r"), asked(title="שלום"), SECRETS, seconds=2)
    assert narrow.error


def test_a_target_that_is_switched_off_is_not_asked(sru_url: str) -> None:
    off = ExternalTarget("off", active=False, settings={"url": sru_url})
    assert ask_all([off], asked(isbn="1"), SECRETS) == []


def test_an_empty_form_asks_nothing() -> None:
    assert question("", " ", "") is None
    assert question("ISBN 978-5-09-071001-5") == Term("9785090710015", Access.ISBN, Relation.EQUAL)
    assert question("", "Алгебра", "Мордкович") == And(
        Term("Алгебра", Access.TITLE), Term("Мордкович", Access.AUTHOR)
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"url": "http://x/", "nosuch": "1"}, "nosuch"), ({}, "url"), ({"url": "http://x/", "version": "9"}, "version")],
)
def test_wrong_settings_stop_at_the_start(settings: dict[str, str], said: str) -> None:
    with pytest.raises(StopEverything, match=said):
        check([ExternalTarget("x", settings=settings)], SECRETS)


def test_targets_are_read_from_the_settings_file() -> None:
    raw = {"target": [{"code": "rgb", "name": "РГБ", "protocol": "z3950", "dialect": "rusmarc", "host": "z.example.org",
                       "port": 210}]}
    made = parse_settings(raw, sample_home(), "catalog-sync.toml").targets
    assert made == (
        ExternalTarget("rgb", "РГБ", "z3950", Dialect.RUSMARC, settings={"host": "z.example.org", "port": "210"}),
    )
    check(made, SECRETS)
    with pytest.raises(StopEverything, match="protocol"):
        parse_settings({"target": [{"code": "x", "protocol": "ftp"}]}, sample_home(), "catalog-sync.toml")


@pytest.mark.parametrize(
    ("keys", "dialect"),
    [({}, Dialect.MARC21), ({"syntax": "rusmarc"}, Dialect.RUSMARC), ({"syntax": "unimarc"}, Dialect.UNIMARC),
     ({"schema": "rusmarc"}, Dialect.RUSMARC), ({"syntax": "usmarc"}, Dialect.MARC21),
     ({"syntax": "xml", "dialect": "unimarc"}, Dialect.UNIMARC)],
)  # fmt: skip
def test_records_are_read_in_the_format_that_was_asked_for(keys: dict[str, str], dialect: Dialect) -> None:
    raw = {"target": [{"code": "rgb", "protocol": "z3950", **keys}]}
    assert parse_settings(raw, sample_home(), "test").targets[0].dialect is dialect


def sample_home() -> Path:
    return Path("/nonexistent")


# --- offers --------------------------------------------------------------------------------------------------------


def found(sru_url: str, query: Query, code: str = "rgb") -> list[Candidate]:
    answer = ask_one(sru(sru_url, code), query, SECRETS)
    assert answer.error == ""
    return list(answer.candidates)


def test_the_same_edition_from_two_catalogues_is_one_offer_and_is_marked_as_ours(
    sru_url: str, catalogue: MemoryCatalogue
) -> None:
    query = asked(isbn=isbn_of(catalogue, "c1"))
    made = offers(found(sru_url, query, "one") + found(sru_url, query, "two"), catalogue)
    assert [[c.target for c in offer.candidates] for offer in made] == [["one", "two"]]
    assert made[0].cluster == "c1"


def test_an_edition_that_nobody_in_the_district_has_is_offered_as_new(sru_url: str, catalogue: MemoryCatalogue) -> None:
    empty = MemoryCatalogue(r for r in catalogue.records(["c2", "c3"]) if r.bib.title != "Алгебра")
    made = offers(found(sru_url, asked(isbn=isbn_of(catalogue, "c1"))), empty)
    assert [(o.cluster, len(o.candidates)) for o in made] == [("", 1)]


def test_different_books_stay_different_offers(sru_url: str) -> None:
    made = offers(found(sru_url, asked(title="алгебра")))
    assert len(made) > 1
    assert len({o.best.bib.title + o.best.bib.subtitle for o in made}) == len(made)


# --- the question in CQL -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        Term("a b", Access.TITLE), Term("a b", Access.TITLE, Relation.ANY), Term("a b", Access.TITLE, Relation.EXACT),
        Term("a b", Access.TITLE, Relation.ADJACENT, first=True), Term("2015", Access.YEAR, Relation.GREATER_EQUAL),
        Term("2015 2020", Access.YEAR, Relation.WITHIN), Term("алг", Access.TITLE, truncation=Truncation.RIGHT),
        Term("а?г*а", Access.TITLE, truncation=Truncation.MASK), Term('a"b', Access.TITLE), Term("a*b", Access.TITLE),
        And(Or(Term("a"), Term("b")), Not(Term("c"), Term("d"))), Everything(),
    ],
)
def test_a_query_written_as_cql_is_read_back_as_the_same_query(query: Query) -> None:
    assert to_query(parse(cql_of(query)))[0] == query


def test_what_cql_has_no_word_for_is_refused() -> None:
    for query in (Term("x", Access.SOURCE), OneOf(("c1",))):
        with pytest.raises(Unsupported):
            cql_of(query)
