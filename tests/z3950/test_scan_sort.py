"""Scan, Sort, Delete, Close, and what is said of faults."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_sync.protocol.apdu import (
    Attribute,
    Close,
    CloseReason,
    DeleteRequest,
    DeleteResponse,
    PresentRequest,
    RpnTerm,
    ScanRequest,
    ScanResponse,
    SortKey,
    SortRequest,
    SortResponse,
)
from catalog_sync.protocol.oids import BIB1_ATTRIBUTES
from catalog_sync.query import Hits, Query
from tests.fakes import MemoryCatalogue, sample_catalogue
from tests.z3950.answers import condition, marc
from tests.z3950.conftest import RUSMARC, Talk
from web.z3950.access_log import AccessLog
from web.z3950.settings import ServerSettings

# --- Scan ------------------------------------------------------------------------------------------------------------


def scan(
    talk: Talk, text: str, count: int = 5, position: int | None = None, use: int = 4, **more: object
) -> ScanResponse:
    term = RpnTerm(text.encode(), (Attribute(1, use),))
    request = ScanRequest(term, count, position, attribute_set=BIB1_ATTRIBUTES, **more)  # type: ignore[arg-type]
    answer = talk.send(request)
    assert isinstance(answer, ScanResponse)
    return answer


def words(answer: ScanResponse) -> list[str]:
    return [entry.term.decode() for entry in answer.entries]


def test_scan_shows_terms_from_the_place_asked_for(talk: Talk) -> None:
    answer = scan(talk, "ал", 3)
    assert words(answer) == ["алгебра", "алгебре", "анализа"]
    assert answer.position == 1
    assert answer.entries[0].count == 3


def test_scan_puts_the_term_where_it_is_wanted(talk: Talk) -> None:
    answer = scan(talk, "анализа", 4, 3)
    assert words(answer) == ["алгебра", "алгебре", "анализа", "в"]
    assert answer.position == 3


def test_scan_at_the_edges_says_that_there_is_no_more(talk: Talk) -> None:
    answer = scan(talk, "а", 200, 5)
    assert answer.status == 5
    end = scan(talk, "яяя", 5)
    assert (end.status, end.entries) == (5, ())


def test_scan_after_the_term_leaves_it_out(talk: Talk) -> None:
    assert words(scan(talk, "алгебра", 2, 0)) == ["алгебре", "анализа"]


def test_scan_for_two_billion_terms_gives_two_hundred_at_most(talk: Talk) -> None:
    answer = scan(talk, "а", 2**31 - 1)
    assert 0 < len(answer.entries) <= 200
    assert answer.status == 5


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"count": 0}, 228), ({"count": -5}, 228), ({"position": 7}, 233), ({"position": -1}, 233), ({"step": 1}, 205),
        ({"use": 9999}, 114), ({"databases": ("x",)}, 235), ({"databases": ("school-01", "museum")}, 111),
    ],
)  # fmt: skip
def test_scan_refuses_what_it_cannot_do(talk: Talk, arguments: dict[str, object], expected: int) -> None:
    assert condition(scan(talk, "а", **arguments)) == expected  # type: ignore[arg-type]


def test_scan_of_one_library_counts_only_its_records(talk: Talk) -> None:
    assert scan(talk, "алгебра", 1, databases=("school-01",)).entries[0].count == 2


# --- Sort, Delete, Close ---------------------------------------------------------------------------------------------


def sort(talk: Talk, *keys: SortKey, inputs: tuple[str, ...] = ("default",), output: str = "default") -> SortResponse:
    answer = talk.send(SortRequest(inputs, output, keys))
    assert isinstance(answer, SortResponse)
    return answer


def by(use: int, relation: int = 0) -> SortKey:
    return SortKey("", (Attribute(1, use),), BIB1_ATTRIBUTES, relation)


def years(talk: Talk, count: int) -> list[str]:
    answer = talk.present(1, count, syntax=RUSMARC)
    return [marc(answer, at)["210"]["d"] for at in range(count)]


def test_sorting_by_year_goes_up_and_down(talk: Talk) -> None:
    talk.search("@attr 1=1016 а", result_set="default")
    talk.search("@attr 1=21 математика")
    assert sort(talk, by(31)).status == 0
    assert years(talk, 4) == ["2018", "2019", "2020", "2021"]
    sort(talk, by(31, 1))
    assert years(talk, 4) == ["2021", "2020", "2019", "2018"]
    sort(talk, SortKey("year"))
    assert years(talk, 4) == ["2018", "2019", "2020", "2021"]


def titles(talk: Talk, count: int, name: str = "default") -> list[str]:
    answer = talk.present(1, count, syntax=RUSMARC, result_set=name)
    return [marc(answer, at)["200"]["a"] for at in range(count)]


def test_sorting_by_title_downwards_turns_the_order_round(talk: Talk) -> None:
    talk.search("@attr 1=21 математика")
    sort(talk, by(4), output="up")
    sort(talk, by(4, 1), output="down")
    up = titles(talk, 4, "up")
    assert titles(talk, 4, "down") == up[::-1]
    assert [*titles(talk, 2, "down")] == up[:1:-1]


def test_several_keys_order_what_is_alike_by_the_first(talk: Talk) -> None:
    talk.search("@attr 1=_ALLRECORDS @attr 2=103 \"\"")
    assert sort(talk, by(1003, 1), by(31), by(4)).status == 0
    answer = talk.present(1, 10, syntax=RUSMARC)
    found = [marc(answer, at) for at in range(len(answer.records))]
    authors = [r.get("700", {}).get("a", "") for r in found]
    years_ = [r.get("210", {}).get("d", "") for r in found]
    named = [(a, y) for a, y in zip(authors, years_, strict=True) if a]
    assert [a for a, _ in named] == sorted((a for a, _ in named), reverse=True)
    assert authors == [*(a for a, _ in named), *[""] * authors.count("")]  # without an author: behind the others
    for author in set(authors):
        same = [y for a, y in zip(authors, years_, strict=True) if a == author]
        assert same == sorted(same)


def test_several_sets_are_merged_by_sorting(talk: Talk) -> None:
    talk.search("@attr 1=4 онегин", result_set="a")
    talk.search("@attr 1=4 алгебра", result_set="b", databases=("school-01",))
    answer = sort(talk, by(4), inputs=("a", "b"), output="c")
    assert answer.hits == 3
    assert titles(talk, 3, "c")[-1] == "Евгений Онегин"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ((), 207), ((by(4), by(31), by(1003), by(1011), by(1012), by(4), by(31)), 211),
        ((by(4), by(4, 1)), 212), ((by(4), SortKey("score")), 207),
        ((by(7),), 207), ((by(4, 3),), 214), ((SortKey("nosuch"),), 207),
        ((SortKey("", (Attribute(1, 4),), "1.2.3.4"),), 121), ((replace(by(4), missing=1),), 213),
    ],
)  # fmt: skip
def test_sort_refuses_what_it_cannot_do(talk: Talk, keys: tuple[SortKey, ...], expected: int) -> None:
    talk.search("@attr 1=4 алгебра")
    assert condition(sort(talk, *keys)) == expected


def test_deleting_sets_says_which_were_there(talk: Talk) -> None:
    talk.search("алгебра", result_set="a")
    talk.search("алгебра", result_set="b")
    answer = talk.send(DeleteRequest(("a", "nosuch")))
    assert isinstance(answer, DeleteResponse)
    assert answer.statuses == (("a", 0), ("nosuch", 1))
    assert condition(talk.present(result_set="a")) == 30
    assert isinstance(talk.send(DeleteRequest(None)), DeleteResponse)
    assert condition(talk.present(result_set="b")) == 30


def test_close_is_answered_with_close_and_the_same_reference(talk: Talk) -> None:
    answer = talk.send(Close(0, reference=b"ref"))
    assert isinstance(answer, Close)
    assert answer.reference == b"ref"
    assert talk.closed


def test_every_answer_carries_the_reference_of_its_request(talk: Talk) -> None:
    assert talk.search("алгебра", reference=b"1").reference == b"1"
    assert talk.search("@attr 1=9999 x", reference=b"2").reference == b"2"
    talk.search("алгебра")
    assert talk.present(reference=b"3").reference == b"3"
    assert talk.send(PresentRequest(99, 1, reference=b"4")).reference == b"4"


def test_services_we_do_not_offer_end_in_a_close(talk: Talk) -> None:
    answer = talk.raw(b"\xbf\x2e\x00")
    assert isinstance(answer, Close)
    assert answer.reason == CloseReason.PROTOCOL_ERROR


def test_garbage_ends_in_a_close_and_is_counted(talk: Talk) -> None:
    answer = talk.raw(b"\xb6\x03\x01\x01\x01")
    assert isinstance(answer, Close)
    assert talk.metrics.get("malformed_total") == 1


class Broken(MemoryCatalogue):
    def search(self, query: Query, **_: object) -> Hits:  # type: ignore[override]
        raise RuntimeError("disk full")


def test_a_fault_of_ours_is_a_temporary_error_without_our_secrets() -> None:
    opened = Talk(Broken())
    opened.init()
    answer = opened.search("x")
    assert condition(answer) == 2
    assert "disk" not in answer.diagnostics[0].info


def test_the_access_log_and_the_metrics_name_no_person_and_no_term(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "access.log"
    opened = Talk(sample_catalogue(), ServerSettings(access_log=path))
    opened.init()
    opened.search("@attr 1=1003 пушкин")
    opened.search("@attr 1=9999 пушкин")
    opened.access_log.flush()
    text = path.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["event"], line.get("hits"), line.get("diagnostic")) for line in lines] == [
        ("init", None, None), ("search", 2, None), ("search", None, 114)
    ]  # fmt: skip
    assert "пушкин" not in text
    assert 'catalog_sync_z3950_requests_total{kind="search"} 2' in opened.metrics.text()


def test_a_full_access_log_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.z3950.access_log.LARGEST_BYTES", 50)
    log = AccessLog(tmp_path / "access.log")
    for number in range(3):
        log.add(number, "search", 1.0)
        log.flush()
    assert not (tmp_path / "access.log").exists()
    assert json.loads((tmp_path / "access.log.1").read_text())["connection"] == 2
