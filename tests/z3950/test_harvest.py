"""The harvester and the client: our server, a hostile target, yaz-ztest and Zebra."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pymarc
import pytest
from lxml import etree

from catalog_sync.errors import SourceUnavailable, StopEverything
from catalog_sync.marc import union_marc, writing
from catalog_sync.model import Dialect, FetchedFile
from catalog_sync.protocol.apdu import Attribute, Authentication, RpnTerm, ScanRequest
from catalog_sync.protocol.charset import codec
from catalog_sync.protocol.oids import Syntax
from catalog_sync.query import Access, And, Relation, Term
from harvesters import limits
from harvesters.secrets import Secret
from harvesters.surroundings import Surroundings
from harvesters.z3950 import Z3950Harvester, Z3950Settings
from harvesters.z3950_client import Target, TargetRefused, Z3950Client
from tests.fake_records import generated_records
from tests.fakes import sample_catalogue
from tests.peers import need
from tests.z3950 import hostile
from tests.z3950.conftest import Start
from tests.zebra import free_port, index, server, zebra
from web.z3950.settings import Charsets, ServerSettings


def surroundings() -> Surroundings:
    return Surroundings(Path("/nonexistent"), lambda: datetime(2026, 3, 5, tzinfo=UTC), pause=lambda seconds: None)


def harvest(port: int, bookmark: str = "", complete: bool = True, **settings: object) -> list[FetchedFile]:
    given = {"host": "127.0.0.1", "port": port, "page_records": 10, "answer_seconds": 5.0, **settings}
    typed = Z3950Settings(**given)  # type: ignore[arg-type]
    return list(Z3950Harvester("partner/books", typed, complete, surroundings()).fetch(bookmark))


def titles(files: list[FetchedFile], encoding: str = "utf-8") -> list[str]:
    """245$a of MARC 21 records."""
    text = b"".join(f.data for f in files).decode(encoding)
    return [t for field in text.split("\x1e") if field.startswith("10\x1fa") for t in [field[4:].split("\x1f")[0]]]


# --- our own server --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "utf-8", "windows-1251", "koi8-r"])
def test_everything_is_harvested_in_chunks_and_the_last_carries_the_bookmark(start: Start, name: str) -> None:
    files = harvest(start(sample_catalogue()), page_records=4, negotiate=name)
    assert [f.complete for f in files] == [True] * 3
    assert [json.loads(f.bookmark)["kind"] if f.bookmark else "" for f in files] == ["", "", "z3950"]
    charset = codec(name or "utf-8")
    assert len(b"".join(f.data for f in files).decode(charset).split("\x1d")) == 11
    assert {f.encoding for f in files} == {charset if name else ""}


def test_marcxml_is_handed_over_as_a_collection(start: Start) -> None:
    (file,) = harvest(start(sample_catalogue()), syntax="xml")
    assert file.format == "marcxml"
    assert len(etree.fromstring(file.data)) == 10


def test_a_query_in_the_targets_charset_finds_cyrillic_without_negotiation(start: Start) -> None:
    charsets = ServerSettings(port=0, charsets=Charsets("windows-1251", "windows-1251"))
    (file,) = harvest(start(sample_catalogue(), charsets), query="@attr 1=4 онегин", query_charset="windows-1251")
    assert "Евгений Онегин".encode("cp1251") in file.data


def test_a_harvest_by_date_asks_since_the_bookmark_and_is_never_complete(start: Start) -> None:
    port = start(sample_catalogue())
    query = "@attr 1=1012 @attr 4=5 {since}"
    first = harvest(port, query=query)
    assert (len(first), first[-1].complete, json.loads(first[-1].bookmark)["since"]) == (1, True, "20260304")
    later = harvest(port, bookmark=first[-1].bookmark, query=query)
    assert not later[-1].complete


def test_slices_walk_round_a_targets_limit(start: Start) -> None:
    files = harvest(start(sample_catalogue()), query="@attr 1=31 {slice}", slice_from=2018, slice_to=2020)
    assert len(b"".join(f.data for f in files).split(b"\x1d")) - 1 == 4
    assert [bool(f.bookmark) for f in files] == [False, False, True]


def test_a_login_is_needed_and_given(start: Start) -> None:
    settings = ServerSettings(port=0, authenticate=lambda user, password: (user, password) == ("irbis", "секрет"))
    port = start(sample_catalogue(), settings)
    assert harvest(port, login="irbis", password=Secret("секрет"))
    assert harvest(port, open_token=Secret("irbis/секрет"))
    with pytest.raises(SourceUnavailable, match="1011") as caught:
        harvest(port, login="irbis", password=Secret("wrong-секрет"))
    assert "wrong-секрет" not in str(caught.value)


def test_an_empty_answer_is_one_empty_file_with_the_bookmark(start: Start) -> None:
    (file,) = harvest(start(sample_catalogue()), query="@attr 1=4 нетникогда")
    assert (file.data, bool(file.bookmark)) == (b"", True)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"query": "@and x"}, "PQF|expected"),
        ({"query_charset": "ebcdic"}, "charset"),
        ({"query": "@attr 1=4 日本", "query_charset": "windows-1251"}, "charmap|запрос"),
        ({"page_records": 0}, "page_records"),
        ({"max_records": 5}, "предел"),
    ],
)
def test_wrong_settings_stop_the_source_and_say_why(start: Start, settings: dict[str, object], said: str) -> None:
    with pytest.raises(StopEverything, match=said):
        harvest(start(sample_catalogue()), **settings)


def test_nobody_at_the_port_is_a_source_unavailable() -> None:
    with pytest.raises(SourceUnavailable, match="соединения нет"):
        harvest(free_port())


# --- the client for copy-cataloguing ---------------------------------------------------------------------------------


def test_the_client_asks_in_the_catalogues_own_terms_and_scans(start: Start) -> None:
    target = Target("127.0.0.1", start(sample_catalogue()), syntax=Syntax.RUSMARC, negotiate="windows-1251")
    with Z3950Client(target) as client:
        title = Term("алгебра", Access.TITLE, Relation.ADJACENT)
        assert client.search(client.rpn(And(title, Term("2019", Access.YEAR, Relation.EQUAL)))) == 1
        (record,) = client.present(1, 1)
        assert record.charset == "windows-1251"
        assert "Алгебра" in record.data.decode("cp1251")
        answer = client.scan(ScanRequest(RpnTerm("ал".encode("cp1251"), (Attribute(1, 4),)), 2))
        assert [entry.term.decode("cp1251") for entry in answer.entries] == ["алгебра", "алгебре"]
        with pytest.raises(TargetRefused) as caught:
            client.present(99, 1)
        assert caught.value.diagnostic.condition == 13


def test_a_targets_password_is_not_shown_in_its_repr() -> None:
    assert "секрет" not in repr(Target("x", authentication=Authentication("u", "секрет")))


# --- a hostile target ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("way", "records", "complete"),
    [
        (hostile.plain, 25, True),
        (hostile.hangs_up_once, 25, True),
        (hostile.one_record_at_a_time, 25, True),
        (hostile.gives_more_than_asked, 25, True),
        (hostile.one_is_too_large_for_a_chunk, 25, True),
        (hostile.is_busy_once, 25, True),
        (hostile.one_is_broken, 24, False),
        (hostile.shrinks, 15, False),
    ],
)
def test_a_harvest_survives_and_says_whether_it_is_whole(way: hostile.Reply, records: int, complete: bool) -> None:
    with hostile.target(way) as port:
        files = harvest(port)
    assert len(b"".join(f.data for f in files).split(b"\x1d")) - 1 == records
    assert all(f.complete for f in files) is complete
    assert bool([w for f in files for w in f.warnings]) is not complete


@pytest.mark.parametrize(
    ("way", "said"),
    [
        (hostile.hangs_up_always, "связь прервалась"),
        (hostile.promises_two_gigabytes, "не по протоколу"),
        (hostile.talks_http, "не по протоколу|прервалась"),
        (hostile.answers_another_question, "ожидался"),
        (hostile.gives_nothing, "отдано только 10"),
        (hostile.says_goodbye, "завершил сеанс"),
        (hostile.refuses, "диагностика 114"),
        (hostile.keeps_silent, "прервалась"),
    ],
)
def test_a_harvest_ends_with_the_reason(
    way: hostile.Reply, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ATTEMPTS", 2)
    with hostile.target(way) as port, pytest.raises(SourceUnavailable, match=said):
        harvest(port, answer_seconds=0.3)


# --- real servers ----------------------------------------------------------------------------------------------------


@pytest.mark.peer
def test_yaz_ztest_is_harvested(tmp_path: Path) -> None:
    need("yaz-ztest")
    port = free_port()
    with server(["yaz-ztest", f"tcp:127.0.0.1:{port}"], port, tmp_path):
        files = harvest(port, query="computer", syntax="usmarc")
    records = b"".join(f.data for f in files)
    assert len(list(pymarc.MARCReader(records, to_unicode=False))) == records.count(b"\x1d") > 0


Make = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Make:
    need("zebrasrv", "zebraidx")
    records = [union_marc.from_union(r, Dialect.MARC21) for r in generated_records(3000)]
    made: dict[tuple[str, str], Path] = {}

    def make(queries: str, stored: str) -> Path:
        if (queries, stored) not in made:
            folder = made[queries, stored] = tmp_path_factory.mktemp("zebra")
            data = b"".join(writing.to_iso2709(record, codec(stored)) for record in records)
            index(folder, data, queries, stored)
        return made[queries, stored]

    return make


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.parametrize(
    ("queries", "stored", "negotiate", "records_in"),
    [
        ("UTF-8", "UTF-8", "", "utf-8"),
        ("UTF-8", "UTF-8", "utf-8", "utf-8"),
        ("UTF-8", "UTF-8", "windows-1251", "windows-1251"),
        ("UTF-8", "UTF-8", "koi8-r", "koi8-r"),
        ("windows-1251", "windows-1251", "", "windows-1251"),
        ("windows-1251", "UTF-8", "", "utf-8"),
        ("windows-1251", "windows-1251", "utf-8", "utf-8"),
    ],
)
def test_three_thousand_cyrillic_records_come_out_of_zebra_whole(
    indexed: Make, queries: str, stored: str, negotiate: str, records_in: str
) -> None:
    expected = [record.bib.title for record in generated_records(3000)]
    word = expected[0].split()[1]
    with zebra(indexed(queries, stored)) as (port, _):
        more = {"syntax": "usmarc", "negotiate": negotiate, "page_records": 100}
        files = harvest(port, **more)
        found = harvest(port, query=f"@attr 1=4 {word}", query_charset=queries, **more)
    assert all(f.complete for f in files)
    assert sorted(titles(files, codec(records_in))) == sorted(expected)
    assert sorted(titles(found, codec(records_in))) == sorted(t for t in expected if word in t.lower().split())
