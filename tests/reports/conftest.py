"""The reports' site over a district of invented records, and those who work with it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from catalog_sync.settings import Settings
from catalog_sync.store import staff
from catalog_sync.store.staff import User
from tests.api.test_api import OneBook
from tests.reports.sample import TODAY, build
from web.app import create_app

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC)
PASSWORD = "Очень длинный пароль 2026"


@pytest.fixture(scope="module")
def engine():
    engine = build(schools=8, records=36)
    with engine.begin() as connection:
        for login, role, library in (("boss", "administrator", ""), ("ivanova", "librarian", "school-02")):
            person = User(login=login, name=login, role=role, library=library, active=True, stamp="")
            staff.save_user(connection, person, PASSWORD, NOW)
    return engine


@pytest.fixture(scope="module")
def app(engine, tmp_path_factory):
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    return create_app(settings, OneBook(), engine, now=lambda: NOW, SECRET_KEY="tests")


@pytest.fixture
def client(app):
    return app.test_client()


def log_in(app, login: str):
    client = app.test_client()
    page = client.get("/staff/login").get_data(as_text=True)
    sent = {"login": login, "password": PASSWORD, "csrf_token": token(page)}
    assert client.post("/staff/login", data=sent).status_code in (302, 303)
    return client


def token(page: str) -> str:
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]


def send(client, address: str, **values):
    page = client.get(address).get_data(as_text=True)
    return client.post(address, data={"csrf_token": token(page), **values}, follow_redirects=True)
