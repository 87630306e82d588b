"""While the database is restarted every surface says so in its own way, and the log gets a line for each, no stack."""

from __future__ import annotations

import logging
from typing import NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

REFUSED = "connection failed: Connection refused"


@pytest.fixture
def away(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A reader of the catalogue whose database has just gone."""

    def connect(_: Engine) -> NoReturn:
        raise OperationalError("", {}, Exception(REFUSED))

    assert client.get("/").status_code == 200
    monkeypatch.setattr(Engine, "connect", connect)
    return client


@pytest.mark.parametrize("path", ["/staff/login", "/feeds/new.atom", "/metrics", "/sitemap.xml"])
def test_a_page_without_its_database_is_worth_asking_for_again(
    away: FlaskClient, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = away.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Каталог сейчас недоступен" in answer.text
    assert REFUSED not in answer.text
    (line,) = caplog.records
    assert "сервер базы данных не отвечает" in line.getMessage()
    assert not line.exc_info


def test_a_harvester_is_told_before_the_list_begins(away: FlaskClient) -> None:
    assert away.get("/oai?verb=ListRecords&metadataPrefix=oai_dc").status_code == 503


def test_protocols_say_that_it_will_pass(away: FlaskClient) -> None:
    answer = away.get("/api/v1/libraries/school-02")
    assert (answer.status_code, answer.json["title"]) == (503, "Каталог сейчас недоступен")
    asked = away.get("/sru?operation=searchRetrieve&version=1.2&query=алгебра")
    assert "info:srw/diagnostic/1/2<" in asked.text


def test_an_address_no_database_has_a_place_for_names_nothing(administrator: FlaskClient) -> None:
    for path in (f"/staff/runs/{10**20}", f"/reports/snapshots/{10**20}", f"/sitemap-{10**20}.xml"):
        assert administrator.get(path).status_code == 404
