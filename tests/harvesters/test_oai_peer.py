"""Our OAI-PMH harvester against a provider that is not ours (oai_peer)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from catalog_sync.errors import SourceUnavailable
from catalog_sync.model import Dialect, Source
from tests.harvesters.conformance import HarvesterConformance, World, built, last_bookmark
from tests.harvesters.conftest import closed_port
from tests.harvesters.hostile import HostileServer
from tests.harvesters.oai_peer import Peer, Shelf
from tests.harvesters.oai_provider import OaiItem
from tests.harvesters.samples import local_ids

LATER = "2999-09-02T03:00:00Z"  # after any clock: their server answers with the machine's own


def ids(*numbers: int) -> list[str]:
    return [f"RU/SCH/{n}" for n in numbers]


@pytest.fixture
def peer(server: HostileServer) -> Peer:
    items = [OaiItem(n, sets=("uchebniki" if n % 2 else "knigi",), title=f"Ёлка и щенок {n}") for n in range(10)]
    found = Peer(Shelf(items, server.url("/oai")))
    server.behaviours["/oai"] = found
    return found


@pytest.fixture
def source(server: HostileServer, peer: Peer) -> Source:
    return Source("school-07", "s7", harvester="oai_pmh", dialect=Dialect.MARC21, settings={"url": server.url("/oai")})


class TestPeer(HarvesterConformance):
    @pytest.fixture
    def world(self, source: Source) -> World:
        return World(source, ids(*range(10)), {"url": f"http://127.0.0.1:{closed_port()}/oai"})


class TestPeerByIdentifiers(HarvesterConformance):
    @pytest.fixture
    def world(self, source: Source) -> World:
        by_name = replace(source, settings={**source.settings, "verb": "ListIdentifiers"})
        return World(by_name, ids(*range(10)), {"url": f"http://127.0.0.1:{closed_port()}/oai"})


def test_marc_is_chosen_before_dublin_core_and_pages_follow_their_tokens(
    source: Source, peer: Peer, home: Path
) -> None:
    files = list(built(source, home).fetch(""))
    assert local_ids(files) == ids(*range(10))
    lists = [asked for asked in peer.asked if asked["verb"] == "ListRecords"]
    assert lists[0] == {"verb": "ListRecords", "metadataPrefix": "marc21"}
    assert [sorted(asked) for asked in lists[1:]] == [["resumptionToken", "verb"]] * 2
    assert "Ёлка и щенок 9".encode() in files[-1].data


def test_a_change_and_a_deletion_come_the_next_night_and_nothing_else(source: Source, peer: Peer, home: Path) -> None:
    mark = last_bookmark(list(built(source, home).fetch("")))
    peer.shelf.items[3] = OaiItem(3, LATER, title="Геометрия")
    peer.shelf.items[4] = OaiItem(4, LATER, deleted=True)
    files = list(built(source, home).fetch(mark))
    assert local_ids(files) == ids(3)
    assert [name for file in files for name in file.deleted] == ids(4)
    assert not any(file.complete for file in files)


def test_a_quiet_night_is_their_no_records_match(source: Source, peer: Peer, home: Path) -> None:
    mark = last_bookmark(list(built(source, home).fetch("")))
    files = list(built(source, home).fetch(mark))
    assert (local_ids(files), last_bookmark(files) != "") == ([], True)
    assert not any(file.complete or file.deleted for file in files)


def test_only_the_wanted_sets_are_taken(source: Source, peer: Peer, home: Path) -> None:
    assert local_ids(list(built(source, home, sets="uchebniki").fetch(""))) == ids(1, 3, 5, 7, 9)


@pytest.mark.parametrize("granularity", ["YYYY-MM-DD", "YYYY-MM-DDThh:mm:ssZ"])
def test_dates_are_sent_as_fine_as_they_promise(source: Source, peer: Peer, home: Path, granularity: str) -> None:
    peer.shelf.granularity = granularity
    mark = last_bookmark(list(built(source, home).fetch("")))
    peer.shelf.items[3] = OaiItem(3, LATER)
    assert local_ids(list(built(source, home).fetch(mark))) == ids(3)
    [since] = [asked["from"] for asked in peer.asked if "from" in asked]
    assert len(since) == len(granularity)


def test_dublin_core_alone_is_refused_with_the_formats_there_are(
    source: Source, peer: Peer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.harvesters.oai_peer.FORMATS", (("oai_dc", "x", "y"),))
    with pytest.raises(SourceUnavailable, match=r"не предлагает MARC .*oai_dc"):
        list(built(source, home).fetch(""))


def test_a_token_their_server_does_not_understand_ends_the_run_and_not_the_process(
    source: Source, peer: Peer, home: Path
) -> None:
    def forget(asked: dict[str, str]) -> dict[str, str]:
        return {**asked, "resumptionToken": "metadataPrefix=marc21"} if "resumptionToken" in asked else asked

    peer.spoil = forget
    with pytest.raises(SourceUnavailable, match="school-07"):
        list(built(source, home).fetch(""))
