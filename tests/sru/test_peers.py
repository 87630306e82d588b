"""Real SRU clients against a live server: what they find is what the catalogue holds."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import sruthi

from tests.fakes import sample_catalogue
from tests.peers import need
from tests.sru.live import serving


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with serving(sample_catalogue()) as address:
        yield address


def run(*command: str, script: str = "") -> str:
    done = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


@pytest.mark.peer
@pytest.mark.parametrize("version", ["1.1", "1.2", "2.0"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_yaz_client_finds_shows_and_scans(base: str, version: str, method: str) -> None:
    need("yaz-client")
    port = urlsplit(base).port
    said = run("yaz-client", script=(
        f"sru {method} {version}\nopen http://127.0.0.1:{port}/sru\nquerytype cql\nfind title=алгебра\nshow 1+2\n"
        "scan title=алгебра\nfind dc.nosuch=x\nquit\n"
    ))
    assert "Number of hits: 3" in said
    assert said.count("MARC21/slim http") == 2
    assert "алгебра: 3" in said
    assert "Unsupported index" in said


@pytest.mark.peer
@pytest.mark.parametrize(("schema", "parser"), [("marcxml", "marcxml"), ("rusmarc", "marcxml"), ("dc", "raw")])
def test_catmandu_reads_every_record(base: str, schema: str, parser: str) -> None:
    need("catmandu")
    said = run("catmandu", "convert", "SRU", "--base", f"{base}/sru", "--query", "cql.allRecords=1", "--limit", "4",
               "--recordSchema", schema, "--parser", parser, "to", "JSON")
    assert len(json.loads(said)) == 10


def test_sruthi_reads_explain_and_pages_through_the_answer(base: str) -> None:
    found = sruthi.searchretrieve(f"{base}/sru", query="cql.allRecords=1", maximum_records=3)
    assert found.count == 10
    assert len(list(found)) == 10
    explained = sruthi.explain(f"{base}/sru")
    assert explained.server["host"] == "127.0.0.1"
    assert "info:srw/schema/1/marcxml-v1.1" in str(explained.schema)
