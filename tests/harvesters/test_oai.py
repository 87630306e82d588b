from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog_sync.errors import SourceUnavailable
from catalog_sync.model import Dialect, FetchedFile, Source
from harvesters import limits, xml_pages
from harvesters.registry import make
from harvesters.secrets import Secrets
from harvesters.surroundings import Surroundings
from tests.harvesters import hostile
from tests.harvesters.conformance import HarvesterConformance, World, built, last_bookmark, no_pause
from tests.harvesters.conftest import closed_port
from tests.harvesters.hostile import HostileServer
from tests.harvesters.oai_provider import OaiItem, Provider
from tests.harvesters.samples import local_ids


def ids(*numbers: int) -> list[str]:
    return [f"RU/SCH/{n}" for n in numbers]


@pytest.fixture
def provider(server: HostileServer) -> Provider:
    found = Provider([OaiItem(n) for n in range(10)])
    server.behaviours["/oai"] = found
    return found


@pytest.fixture
def source(server: HostileServer, provider: Provider) -> Source:
    return Source(
        "school-07", "s7", harvester="oai_pmh", dialect=Dialect.MARC21, settings={"url": server.url("/oai")}
    )  # fmt: skip


class TestOai(HarvesterConformance):
    @pytest.fixture
    def world(self, source: Source) -> World:
        return World(source, ids(*range(10)), {"url": f"http://127.0.0.1:{closed_port()}/oai"})


class TestOaiByIdentifiers(HarvesterConformance):
    @pytest.fixture
    def world(self, source: Source) -> World:
        settings = {**source.settings, "verb": "ListIdentifiers"}
        return World(
            replace(source, settings=settings), ids(*range(10)), {"url": f"http://127.0.0.1:{closed_port()}/oai"}
        )  # fmt: skip


def fetch(source: Source, home: Path, mark: str = "", **settings: str) -> list[FetchedFile]:
    return list(built(source, home, **settings).fetch(mark))


def test_the_next_harvest_asks_from_the_servers_clock_and_takes_deletions(
    source: Source, provider: Provider, home: Path
) -> None:
    mark = last_bookmark(fetch(source, home))
    provider.items[3] = OaiItem(3, "2026-09-02T03:00:00Z", title="Геометрия")
    provider.items[4] = OaiItem(4, "2026-09-02T03:00:00Z", deleted=True)
    files = fetch(source, home, mark)
    assert provider.asked[-1]["from"] == "2026-09-02T00:55:00Z"  # five minutes of overlap
    assert local_ids(files) == ids(3)
    assert [f.deleted for f in files] == [tuple(ids(4))]
    assert not any(f.complete for f in files)


def test_a_day_granularity_target_is_never_sent_seconds(source: Source, provider: Provider, home: Path) -> None:
    provider.granularity = "YYYY-MM-DD"
    mark = last_bookmark(fetch(source, home))
    fetch(source, home, mark)
    assert provider.asked[-1]["from"] == "2026-09-02"
    assert "until" not in provider.asked[-1]


def test_a_target_that_promises_seconds_and_refuses_them_gets_days(
    source: Source, provider: Provider, home: Path
) -> None:
    mark = last_bookmark(fetch(source, home))
    provider.faults = {"refuses seconds"}
    provider.items[2] = OaiItem(2, "2026-09-02")
    assert local_ids(fetch(source, home, mark)) == ids(2)


def test_nothing_new_moves_the_bookmark_and_changes_nothing(source: Source, provider: Provider, home: Path) -> None:
    mark = last_bookmark(fetch(source, home))
    provider.now = "2026-09-05T01:00:00Z"
    [file] = fetch(source, home, mark)
    assert (local_ids([file]), file.deleted, file.complete) == ([], (), False)
    assert "2026-09-05" in file.bookmark


def test_a_clock_set_back_on_the_server_loses_no_change(source: Source, provider: Provider, home: Path) -> None:
    mark = last_bookmark(fetch(source, home))
    provider.now = "2026-08-01T00:00:00Z"
    provider.items[5] = OaiItem(5, "2026-08-01T00:00:00Z")
    assert ids(5)[0] in local_ids(fetch(source, home, mark))


def test_a_provider_that_forgets_deletions_is_read_whole_every_week(
    source: Source, provider: Provider, home: Path
) -> None:
    provider.deleted_record = "no"

    def on(day: int, mark: str) -> list[FetchedFile]:
        around = Surroundings(home, now=lambda: datetime(2026, 9, day, tzinfo=UTC), pause=no_pause)
        return list(make(source, Secrets({}), home, around).fetch(mark))

    mark = last_bookmark(on(1, ""))
    assert not any(f.complete for f in on(3, mark))
    del provider.items[0]
    again = on(9, mark)
    assert all(f.complete for f in again)
    assert local_ids(again) == ids(*range(1, 10))


def test_sets_are_read_one_after_another_and_a_record_in_two_comes_once(
    source: Source, provider: Provider, home: Path
) -> None:
    provider.items = [OaiItem(n, sets=("a", "b") if n == 1 else ("a",) if n < 5 else ("b",)) for n in range(9)]
    files = fetch(source, home, sets="a, b")
    assert sorted(local_ids(files)) == ids(*range(9))
    assert [bool(f.bookmark) for f in files][-1]
    assert sum(bool(f.bookmark) for f in files) == 1


def test_a_set_that_vanished_deletes_nothing(source: Source, provider: Provider, home: Path) -> None:
    provider.items = [OaiItem(n, sets=("a",)) for n in range(5)]
    files = fetch(source, home, sets="a,b")
    assert not all(f.complete for f in files)
    assert any("набор b пуст" in w for f in files for w in f.warnings)


def test_an_empty_repository_is_an_empty_complete_export(source: Source, provider: Provider, home: Path) -> None:
    provider.items = []
    [file] = fetch(source, home)
    assert (local_ids([file]), file.complete) == ([], True)


@pytest.mark.parametrize("fault", ["the same token", "endless", "repeats the first page"])
@pytest.mark.parametrize("size", [set(), {"no list size"}])
def test_a_list_without_an_end_is_left(
    source: Source, provider: Provider, home: Path, fault: str, size: set[str]
) -> None:
    provider.faults = {fault, "endless", *size}
    with pytest.raises(SourceUnavailable, match="по кругу"):
        fetch(source, home)
    assert len(provider.asked) < 20


def test_a_list_that_invents_records_ends_at_the_limit(source: Source, provider: Provider, home: Path) -> None:
    provider.faults = {"invents records", "no list size"}
    with pytest.raises(SourceUnavailable, match="не кончается"):
        fetch(source, home, max_records="200")


def test_one_token_for_all_pages_is_legal_while_records_are_new(source: Source, provider: Provider, home: Path) -> None:
    provider.faults = {"one token for all"}
    assert local_ids(fetch(source, home)) == ids(*range(10))


@pytest.mark.parametrize("fault", ["superfluous token", "superfluous empty"])
def test_a_token_after_the_last_page_does_no_harm(source: Source, provider: Provider, home: Path, fault: str) -> None:
    provider.faults = {fault}
    files = fetch(source, home)
    assert local_ids(files) == ids(*range(10))
    assert files[-1].bookmark


def test_a_token_that_expires_in_mid_list_starts_it_over_without_doubles(
    source: Source, provider: Provider, home: Path
) -> None:
    provider.faults = {"expires"}
    files = fetch(source, home)
    assert local_ids(files) == ids(*range(10))
    assert any("начат заново" in w for f in files for w in f.warnings)


def test_a_token_that_always_expires_ends_the_run(source: Source, provider: Provider, home: Path) -> None:
    provider.faults = {"always expires"}
    with pytest.raises(SourceUnavailable, match="перезапусков"):
        fetch(source, home)


def test_a_list_much_shorter_than_promised_is_not_believed(source: Source, provider: Provider, home: Path) -> None:
    provider.claimed = 20
    with pytest.raises(SourceUnavailable, match="обещано записей 20, пришло 10"):
        fetch(source, home)


def test_a_list_a_little_shorter_than_promised_deletes_nothing(source: Source, provider: Provider, home: Path) -> None:
    provider.claimed = 11
    files = fetch(source, home)
    assert not files[-1].complete
    assert any("обещано записей 11" in w for w in files[-1].warnings)


def test_a_busy_provider_is_waited_for(server: HostileServer, source: Source, provider: Provider, home: Path) -> None:
    server.behaviours["/oai"] = hostile.busy(2, provider)
    assert local_ids(fetch(source, home)) == ids(*range(10))


@pytest.mark.parametrize("fault", ["control characters", "cp1251 called utf-8", "wraps in a collection"])
def test_dirty_xml_is_understood(source: Source, provider: Provider, home: Path, fault: str) -> None:
    provider.faults = {fault}
    files = fetch(source, home)
    assert local_ids(files) == ids(*range(10))
    assert "Алг" in files[0].data.decode()


@pytest.mark.parametrize(("fault", "word"), [("cut", "оборван"), ("entities", "сущности")])
def test_xml_that_cannot_be_trusted_is_refused(
    source: Source, provider: Provider, home: Path, fault: str, word: str
) -> None:
    provider.faults = {fault}
    with pytest.raises(SourceUnavailable, match=word):
        fetch(source, home)


def test_a_web_page_instead_of_oai_is_called_one(server: HostileServer, source: Source, home: Path) -> None:
    server.behaviours["/oai"] = hostile.serves(b"<html><body>login</body></html>", Content_Type="text/html")
    with pytest.raises(SourceUnavailable, match="веб-страница"):
        fetch(source, home)


def test_a_compressed_bomb_is_stopped(
    server: HostileServer, source: Source, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_PAGE_BYTES", 1_000_000)
    server.behaviours["/oai"] = hostile.serves(hostile.bomb(64), Content_Encoding="gzip")
    with pytest.raises(SourceUnavailable, match="больше 1000000"):
        fetch(source, home)


def test_without_marc_among_the_formats_the_operator_is_told(source: Source, provider: Provider, home: Path) -> None:
    provider.prefixes = ("oai_dc",)
    with pytest.raises(SourceUnavailable, match="есть: oai_dc"):
        fetch(source, home)


def test_a_rusmarc_source_prefers_its_own_dialect(source: Source, provider: Provider, home: Path) -> None:
    fetch(replace(source, dialect=Dialect.RUSMARC), home)
    assert provider.asked[-1].get("metadataPrefix", "unimarc") == "unimarc"
    assert {a.get("metadataPrefix") for a in provider.asked} <= {None, "unimarc"}


def test_a_record_without_001_is_known_by_its_envelope(source: Source, provider: Provider, home: Path) -> None:
    provider.items = [OaiItem(1, local_id="")]
    assert local_ids(fetch(source, home)) == ["oai:school.example:RU/SCH/1"]


def test_a_deletion_is_translated_to_the_record_number_it_came_with(
    source: Source, provider: Provider, home: Path
) -> None:
    provider.items = [OaiItem(1, identifier="oai:x:77", local_id="A/1"), OaiItem(2, identifier="oai:x:78", local_id="")]
    mark = last_bookmark(fetch(source, home))
    provider.items = [replace(i, deleted=True, datestamp="2026-09-02T03:00:00Z") for i in provider.items]
    [file] = fetch(source, home, mark)
    assert file.deleted == ("A/1", "oai:x:78")


def test_a_deletion_of_an_unknown_record_is_not_guessed_where_numbers_are_irregular(
    source: Source, provider: Provider, home: Path
) -> None:
    provider.items = [OaiItem(1, identifier="oai:x:77", local_id="78")]
    mark = last_bookmark(fetch(source, home))
    provider.items = [OaiItem(2, "2026-09-02T03:00:00Z", deleted=True, identifier="oai:x:78")]
    [file] = fetch(source, home, mark)
    assert file.deleted == ("oai:x:78",)  # 78 is another record here


def test_a_record_that_vanishes_between_list_and_get_deletes_nothing(
    source: Source, provider: Provider, home: Path
) -> None:
    provider.faults = {"loses records"}
    files = fetch(source, home, verb="ListIdentifiers")
    assert local_ids(files) == []
    assert not any(f.complete for f in files)


def test_a_changed_address_starts_over(server: HostileServer, source: Source, provider: Provider, home: Path) -> None:
    mark = last_bookmark(fetch(source, home))
    server.behaviours["/oai2"] = provider
    assert local_ids(fetch(source, home, mark, url=server.url("/oai2"))) == ids(*range(10))


def test_the_harvest_ends_with_its_time(server: HostileServer, source: Source, provider: Provider, home: Path) -> None:
    server.behaviours["/oai"] = lambda r: [0.2, *provider(r)]
    with pytest.raises(SourceUnavailable, match="не уложил"):
        fetch(source, home, run_seconds="0.5")


FAULT = (
    b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault>'
    b"<faultstring>Out of memory</faultstring></soap:Fault></soap:Body></soap:Envelope>"
)


@pytest.mark.parametrize("answer", [FAULT, b"<OAI-PMH/>", b"<error>busy</error>"])
def test_an_answer_that_is_none_does_not_end_a_list(
    server: HostileServer, source: Source, provider: Provider, home: Path, answer: bytes
) -> None:
    provider.faults = {"no list size"}

    def behave(request: hostile.Request) -> Iterable[hostile.Part]:
        if "resumptionToken" in request.arguments:
            return hostile.whole(answer, Content_Type="text/xml")
        return provider(request)

    server.behaviours["/oai"] = behave
    with pytest.raises(SourceUnavailable, match="ожидался ответ OAI-PMH на ListRecords"):
        fetch(source, home)


def test_one_byte_lost_in_a_page_costs_one_letter(provider: Provider) -> None:
    whole = provider.envelope("<ListRecords>Учебник для 7 класса, Алгебра</ListRecords>")
    root = xml_pages.parse(whole.replace("б".encode(), b"\xd0", 1), "x")
    assert xml_pages.all_text(root).endswith("Уче\ufffdник для 7 класса, Алгебра")


def test_a_page_that_is_called_utf_16_and_is_none_is_understood(provider: Provider) -> None:
    told = provider.envelope("<ListRecords>Алгебра</ListRecords>").replace(b'"UTF-8"', b'"utf-16"')
    for page in (told, told + b"\n"):  # decoded as it says, an even number of bytes is nonsense and an odd one a fault
        assert "Алгебра" in xml_pages.all_text(xml_pages.parse(page, "x"))


def test_a_record_that_left_one_set_for_another_is_there(
    server: HostileServer, source: Source, provider: Provider, home: Path
) -> None:
    def behave(request: hostile.Request) -> Iterable[hostile.Part]:
        left = request.arguments.get("set") == "a"
        provider.items = [OaiItem(1, deleted=left, sets=("a", "b")), OaiItem(2, sets=("a", "b"))]
        return provider(request)

    server.behaviours["/oai"] = behave
    assert sorted(local_ids(fetch(source, home, sets="a, b"))) == ids(1, 2)
    files = fetch(source, home, sets="b, a")
    assert sorted(local_ids(files)) == ids(1, 2)
    assert not any(file.deleted for file in files)
