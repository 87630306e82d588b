from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from catalog_sync.errors import SourceUnavailable, StopEverything
from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.model import Dialect, FetchedFile, Source, SourceRecord
from harvesters.registry import make
from harvesters.secrets import Secrets
from harvesters.surroundings import Surroundings
from tests.harvesters import hostile
from tests.harvesters.conformance import HarvesterConformance, World, built, last_bookmark, no_pause
from tests.harvesters.conftest import closed_port
from tests.harvesters.hostile import HostileServer, Request
from tests.harvesters.samples import GS, RS, US, local_ids, marcxml
from tests.peers import need
from tests.zebra import index, zebra

OLD = "http://www.loc.gov/zing/srw/"
NEW = "http://docs.oasis-open.org/ns/search-ws/sruResponse"


@dataclass
class SruServer:
    """`cap`: the most records it gives at once; `window`: the last position it will serve."""

    count: int = 10
    cap: int = 4
    window: int = 10**9
    faults: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, request: Request) -> list[hostile.Part]:
        self.asked.append(request.arguments)
        start = int(request.arguments.get("startRecord", "1"))
        size = min(self.cap, int(request.arguments["maximumRecords"]))
        if "repeats itself" in self.faults:
            start = 1
        total = self.count + (len(self.asked) if "grows" in self.faults else 0)
        numbers = [] if start > self.window else list(range(start, min(start + size, self.count + 1)))
        records = "".join(f"<record>{self.record(n)}</record>" for n in numbers)
        refusal = "" if numbers or not self.count else self.diagnostic("61", "First record position out of range")
        if "refuses" in self.faults:
            total, records, refusal = 0, "", self.diagnostic("11", "Unsupported query type")
        namespace = NEW if "version" not in request.arguments else OLD
        body = (
            f'<searchRetrieveResponse xmlns="{namespace}"><numberOfRecords>{total}</numberOfRecords>'
            f"<records>{records}</records>{refusal}</searchRetrieveResponse>"
        )
        return hostile.whole(body.encode(), Content_Type="text/xml")

    def record(self, number: int) -> str:
        marc = marcxml(f"RU/SCH/{number}")
        if "one is a diagnostic" in self.faults and number == 3:
            return f"<recordData>{self.diagnostic('64', 'Record temporarily unavailable')}</recordData>"
        packed = escape(marc) if "packs as string" in self.faults else marc
        return f"<recordSchema>marcxml</recordSchema><recordData>{packed}</recordData>"

    def diagnostic(self, number: str, message: str) -> str:
        return (
            '<diagnostics><diagnostic xmlns="http://www.loc.gov/zing/srw/diagnostic/">'
            f"<uri>info:srw/diagnostic/1/{number}</uri><message>{message}</message></diagnostic></diagnostics>"
        )


@pytest.fixture
def sru(server: HostileServer) -> SruServer:
    found = SruServer()
    server.behaviours["/sru"] = found
    return found


@pytest.fixture
def source(server: HostileServer, sru: SruServer) -> Source:
    return Source("school-07", "s7", harvester="sru", settings={"url": server.url("/sru")})


def ids(count: int) -> list[str]:
    return [f"RU/SCH/{n}" for n in range(1, count + 1)]


@pytest.mark.parametrize("version", ["1.1", "1.2", "2.0"])
class TestSru(HarvesterConformance):
    @pytest.fixture
    def world(self, source: Source, version: str) -> World:
        settings = {**source.settings, "version": version}
        return World(replace(source, settings=settings), ids(10), {"url": f"http://127.0.0.1:{closed_port()}/sru"})


def fetch(source: Source, home: Path, mark: str = "", **settings: str) -> list[FetchedFile]:
    return list(built(source, home, **settings).fetch(mark))


def test_records_packed_as_text_are_unpacked(source: Source, sru: SruServer, home: Path) -> None:
    sru.faults = {"packs as string"}
    assert local_ids(fetch(source, home)) == ids(10)


def test_the_arguments_are_those_of_the_version(source: Source, sru: SruServer, home: Path) -> None:
    fetch(source, home, version="1.1")
    fetch(source, home, version="2.0")
    assert (sru.asked[0]["operation"], sru.asked[0]["recordPacking"]) == ("searchRetrieve", "xml")
    assert not {"operation", "version", "recordPacking"} & sru.asked[-1].keys()
    assert sru.asked[-1]["recordXMLEscaping"] == "xml"


def test_a_record_the_server_cannot_give_deletes_nothing(source: Source, sru: SruServer, home: Path) -> None:
    sru.faults = {"one is a diagnostic"}
    files = fetch(source, home)
    assert len(local_ids(files)) == 9
    assert not all(f.complete for f in files)
    assert "записей без MARC внутри: 1" in files[0].warnings


def test_a_server_that_stops_short_is_not_believed(source: Source, sru: SruServer, home: Path) -> None:
    sru.window = 5
    with pytest.raises(SourceUnavailable, match=r"найдено 10, а отдано только 8 \(61 First record"):
        fetch(source, home)


def test_a_server_that_repeats_a_page_is_left(source: Source, sru: SruServer, home: Path) -> None:
    sru.faults = {"repeats itself"}
    with pytest.raises(SourceUnavailable, match="повторяет одну и ту же страницу"):
        fetch(source, home)


def test_a_base_that_changes_during_the_harvest_deletes_nothing(source: Source, sru: SruServer, home: Path) -> None:
    sru.count, sru.faults = 12, {"grows"}
    with pytest.raises(SourceUnavailable, match="отдано только 12"):
        fetch(source, home)


def test_a_diagnostic_is_passed_on_in_words(source: Source, sru: SruServer, home: Path) -> None:
    sru.faults = {"refuses"}
    with pytest.raises(SourceUnavailable, match="11 Unsupported query type"):
        fetch(source, home)


def test_an_empty_answer_is_an_empty_complete_export(source: Source, sru: SruServer, home: Path) -> None:
    sru.count = 0
    [file] = fetch(source, home)
    assert (local_ids([file]), file.complete) == ([], True)


def test_with_a_date_in_the_query_only_the_first_harvest_is_whole(source: Source, sru: SruServer, home: Path) -> None:
    dated = replace(source, settings={**source.settings, "query": 'dc.date >= "{since}"'})

    def on(day: int, mark: str) -> list[FetchedFile]:
        around = Surroundings(home, now=lambda: datetime(2026, 9, day, tzinfo=UTC), pause=no_pause)
        return list(make(dated, Secrets({}), home, around).fetch(mark))

    first = on(5, "")
    assert all(f.complete for f in first)
    second = on(6, last_bookmark(first))
    assert sru.asked[-1]["query"] == 'dc.date >= "2026-09-04"'
    assert not any(f.complete for f in second)


def test_more_records_than_the_limit_end_the_run(source: Source, sru: SruServer, home: Path) -> None:
    with pytest.raises(SourceUnavailable, match="больше предела 5"):
        fetch(source, home, max_records="5")


def test_a_page_of_nothing_is_refused_in_the_settings(source: Source, home: Path) -> None:
    with pytest.raises(StopEverything, match="page_records"):
        fetch(source, home, page_records="0")


def test_a_web_page_instead_of_sru_is_called_one(server: HostileServer, source: Source, home: Path) -> None:
    server.behaviours["/sru"] = hostile.serves(b"<!doctype html><html></html>")
    with pytest.raises(SourceUnavailable, match="веб-страница"):
        fetch(source, home)


def marc21(number: int) -> bytes:
    fields = [("001", f"sch{number}"), ("245", f"10{US}aАлгебра {number} класс{US}cИванов И. И.")]
    directory, body = b"", b""
    for tag, value in fields:
        data = value.encode() + RS.encode()
        directory += f"{tag}{len(data):04d}{len(body):05d}".encode()
        body += data
    base = 25 + len(directory)
    return f"{base + len(body) + 1:05d}nam a22{base:05d}7a 4500".encode() + directory + RS.encode() + body + GS.encode()


@pytest.fixture(scope="module")
def zebra_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    need("zebrasrv", "zebraidx")
    folder = tmp_path_factory.mktemp("zebra")
    index(folder, b"".join(marc21(n) for n in range(1230)))
    with zebra(folder, sru=True) as (port, _):
        yield port


@pytest.mark.peer
@pytest.mark.parametrize("version", ["1.1", "1.2", "2.0"])
def test_zebra_gives_a_thousand_cyrillic_records_over_sru(zebra_port: int, home: Path, version: str) -> None:
    source = Source(
        "zebra", "l", harvester="sru", dialect=Dialect.MARC21,
        settings={"url": f"http://127.0.0.1:{zebra_port}/Default", "version": version, "page_records": "100"},
    )  # fmt: skip
    files = fetch(source, home)
    assert local_ids(files) == [f"sch{n}" for n in range(1230)]
    assert all(f.complete for f in files)
    record = next(iter(read_export(files[5].data, source, format="marcxml")))
    assert isinstance(record, SourceRecord)
    assert to_bib(record).title == "Алгебра 500 класс"


@pytest.mark.peer
def test_zebra_finds_a_cyrillic_word_and_refuses_an_unknown_index_in_words(zebra_port: int, home: Path) -> None:
    source = Source(
        "zebra", "l", harvester="sru", dialect=Dialect.MARC21,
        settings={"url": f"http://127.0.0.1:{zebra_port}/Default", "query": 'dc.title="алгебра 77 класс"'},
    )  # fmt: skip
    assert local_ids(fetch(source, home)) == ["sch77"]
    with pytest.raises(SourceUnavailable, match="сервер SRU ответил: 15 Unsupported"):
        fetch(source, home, query="no.such=1")


def test_a_fault_in_mid_list_is_not_its_end(sru: SruServer, server: HostileServer, source: Source, home: Path) -> None:
    def behave(request: Request) -> list[hostile.Part]:
        if request.arguments.get("startRecord") == "5":
            sru.faults = {"refuses"}
        return sru(request)

    server.behaviours["/sru"] = behave
    with pytest.raises(SourceUnavailable, match="найдено 10, а отдано только 4"):
        list(built(source, home).fetch(""))


def test_records_that_went_while_the_list_was_read_delete_nothing(
    sru: SruServer, server: HostileServer, source: Source, home: Path
) -> None:
    def behave(request: Request) -> list[hostile.Part]:
        if request.arguments.get("startRecord") == "9":
            sru.count = 8
        return sru(request)

    server.behaviours["/sru"] = behave
    files = list(built(source, home).fetch(""))
    assert local_ids(files) == ids(8)
    assert not files[-1].complete
