"""Behind a proxy a reader is known by the address that the proxy names, where the settings say that there is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from catalog_sync.store import staff
from catalog_sync.system import System
from tests.web.conftest import PASSWORD, build, token
from web.app import create_app


@pytest.fixture
def own(tmp_path: Path) -> System:
    return build(tmp_path)


def client_of(system: System, proxies: int) -> FlaskClient:
    settings = replace(system.settings, web=replace(system.settings.web, proxies=proxies))
    return create_app(settings, engine=system.engine, now=system.now, TESTING=True).test_client()


def status(client: FlaskClient, login: str, password: str, forwarded: str) -> int:
    fields = {"login": login, "password": password, "csrf_token": token(client.get("/staff/login"))}
    return client.post("/staff/login", data=fields, headers={"X-Forwarded-For": forwarded}).status_code


@pytest.mark.parametrize(("proxies", "others"), [(1, 303), (0, 429)])
def test_who_guesses_passwords_shuts_out_himself_alone(own: System, proxies: int, others: int) -> None:
    client = client_of(own, proxies)
    for number in range(staff.ADDRESS_TRIES):
        # What he claims to be himself stands before the address that the proxy has seen.
        assert status(client, f"nobody-{number}", "guess", f"10.0.0.{number}, 198.51.100.66") == 403
    assert status(client, "nobody", "guess", "198.51.100.66") == 429
    assert status(client, "bibl", PASSWORD, "203.0.113.5") == others
