"""Counters of several web and Z39.50 processes become one page for Prometheus."""

from __future__ import annotations

import json
import os
from pathlib import Path

from flask import Flask

from tests.fakes import sample_catalogue
from tests.sru.live import application
from web.protocol_log import EXTENSION, ProtocolLog, grouped


def counted(home: Path) -> tuple[Flask, ProtocolLog]:
    app = application(sample_catalogue())
    kept = app.extensions[EXTENSION] = ProtocolLog(home)
    return app, kept


def test_requests_are_counted_by_what_they_asked_and_how_it_went(tmp_path: Path) -> None:
    app, kept = counted(tmp_path)
    client = app.test_client()
    client.get("/sru", query_string={"query": "title=алгебра"}, buffered=True)
    client.get("/sru", query_string={"query": "nosuch=x"}, buffered=True)
    client.get("/sru/style.xsl", buffered=True)
    client.get("/oai", query_string={"verb": "ListRecords", "metadataPrefix": "oai_dc"}, buffered=True)
    client.get("/oai", query_string={"verb": "Nonsense"}, buffered=True)
    text = kept.text()
    me = os.getpid()
    assert f'catalog_sync_sru_requests_total{{kind="searchRetrieve",worker="{me}"}} 2\n' in text
    assert f'catalog_sync_sru_diagnostics_total{{kind="16",worker="{me}"}} 1\n' in text
    assert f'catalog_sync_oai_requests_total{{kind="ListRecords",worker="{me}"}} 1\n' in text
    assert f'catalog_sync_oai_diagnostics_total{{kind="badVerb",worker="{me}"}} 1\n' in text
    lines = [json.loads(line) for line in (tmp_path / "logs" / "oai-access.log").read_text().splitlines()]
    assert [(line["event"], line.get("records"), line.get("diagnostic")) for line in lines] == [
        ("ListRecords", 10, None), ("unknown", None, "badVerb"),
    ]  # fmt: skip
    logged = (tmp_path / "logs" / "sru-access.log").read_text()
    assert "алгебра" not in logged
    assert '"hits": 3' in logged


def test_files_of_processes_that_are_gone_are_not_counted(tmp_path: Path) -> None:
    kept = ProtocolLog(tmp_path)
    for name, value in (("web-1.prom", 1), ("web-2.prom", 2), ("z3950-0.prom", 3), ("z3950-1.prom", 4)):
        (tmp_path / name).write_text(f'x_total{{worker="{name}"}} {value}\n')
    os.utime(tmp_path / "web-2.prom", (0, 0))
    os.utime(tmp_path / "z3950-1.prom", (0, 0))
    assert kept.text() == '# TYPE x_total counter\nx_total{worker="web-1.prom"} 1\nx_total{worker="z3950-0.prom"} 3\n'
    assert not (tmp_path / "web-2.prom").exists()


def test_samples_of_one_name_stand_together_under_its_type() -> None:
    assert grouped(["b 1", 'a_total{w="0"} 1', "b 2", 'a_total{w="1"} 2']) == (
        '# TYPE a_total counter\na_total{w="0"} 1\na_total{w="1"} 2\n# TYPE b gauge\nb 1\nb 2\n'
    )
