"""Real harvesters against a live provider: each brings home every record, deletions included."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest
from oaipmh_scythe import Scythe
from sickle import Sickle

from tests.fakes import MemoryCatalogue, generated_catalogue
from tests.peers import need
from tests.sru.live import serving

RECORDS = 600  # three pages of records


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    catalogue = generated_catalogue(RECORDS)
    for change in catalogue.changes(limit=7):
        catalogue.delete(change.cluster)
    with serving(catalogue) as address:
        yield address


@pytest.mark.parametrize("prefix", ["oai_dc", "marcxml", "rusmarc"])
def test_sickle_harvests_everything_once(base: str, prefix: str) -> None:
    found = list(Sickle(f"{base}/oai").ListRecords(metadataPrefix=prefix))
    assert len({r.header.identifier for r in found}) == len(found) == RECORDS
    assert sum(r.deleted for r in found) == 7


def test_scythe_harvests_a_set_and_reads_the_formats(base: str) -> None:
    with Scythe(f"{base}/oai") as harvester:
        some = [h.identifier for h in harvester.list_identifiers(metadata_prefix="marcxml", set_="library:school-01")]
        formats = [f.metadataPrefix for f in harvester.list_metadata_formats()]
        sets = [s.setSpec for s in harvester.list_sets()]
    assert 0 < len(set(some)) == len(some) < RECORDS
    assert formats == ["oai_dc", "marcxml", "rusmarc"]
    assert "library:school-01" in sets


@pytest.mark.peer
def test_catmandu_harvests_everything_once(base: str) -> None:
    need("catmandu")
    done = subprocess.run(
        ["catmandu", "convert", "OAI", "--url", f"{base}/oai", "--metadataPrefix", "oai_dc", "--listIdentifiers", "1",
         "to", "JSON"], capture_output=True, text=True, timeout=120, check=False,
    )
    assert len({r["_id"] for r in json.loads(done.stdout)}) == RECORDS, done.stderr


@pytest.mark.slow
@pytest.mark.peer
def test_the_perl_harvester_reads_every_record_of_every_page(base: str) -> None:
    need("oai_pmh")
    done = subprocess.run(
        ["oai_pmh", "-X", "ListRecords", "--metadataPrefix", "marcxml", f"{base}/oai"], capture_output=True, text=True,
        timeout=120, check=False,
    )
    assert done.stdout.count("identifier: oai:") == RECORDS, done.stderr[:500]


def test_an_incremental_harvest_brings_what_changed_and_what_went() -> None:
    catalogue: MemoryCatalogue = generated_catalogue(30)
    clusters = [c.cluster for c in catalogue.changes()]
    with serving(catalogue) as base:
        harvester = Sickle(f"{base}/oai")
        first = list(harvester.ListIdentifiers(metadataPrefix="oai_dc"))
        latest = max(h.datestamp for h in first)
        catalogue.put(catalogue.records([clusters[3]])[0])
        catalogue.delete(clusters[5])
        again = list(harvester.ListIdentifiers(metadataPrefix="oai_dc", **{"from": latest}))
    gone = {h.identifier.rsplit(":", 1)[1]: h.deleted for h in again}
    assert gone[clusters[3]] is False
    assert gone[clusters[5]] is True
    assert len(first) == 30
