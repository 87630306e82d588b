"""The nightly link check: what is due, what is called broken, and where it never goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog_sync import link_check
from catalog_sync.link_check import fault_of
from catalog_sync.settings import Settings
from catalog_sync.store import eresources
from catalog_sync.store.database import reading, writing
from catalog_sync.store.eresources import EResource
from catalog_sync.system import System, open_system
from tests.harvesters import hostile
from tests.harvesters.hostile import HostileServer

NIGHT = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # 02:30 in Moscow
DAY = datetime(2026, 11, 20, 9, tzinfo=UTC)


@contextmanager
def serving(**behaviours: hostile.Behaviour) -> Iterator[HostileServer]:
    server = HostileServer({f"/{name}": behaviour for name, behaviour in behaviours.items()})
    try:
        yield server
    finally:
        server.stop()


def anywhere(_address: str) -> bool:
    return True


def resource(code: str, url: str, **more: object) -> EResource:
    return EResource(code, code, "site", url, **{"basis": "external", **more})  # type: ignore[arg-type]


def district(home: Path, now: datetime, *found: EResource) -> System:
    system = open_system(Settings(home=home), now=lambda: now)
    with writing(system.engine) as connection:
        for one in found:
            eresources.save(connection, one)
    return system


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/", "http://localhost/", "http://[::1]/", "http://10.1.2.3/", "http://192.168.0.1/admin",
        "http://169.254.169.254/latest/meta-data/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/",
        "http://[64:ff9b::7f00:1]/", "http://2130706433/",
    ],
)  # fmt: skip
def test_addresses_inside_the_house_are_never_asked(url: str) -> None:
    assert fault_of(url) in ("адрес внутренней сети: проверьте его вручную", "имя узла не найдено")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/", "javascript:alert(1)", "http://"])
def test_only_web_addresses_are_asked(url: str) -> None:
    assert fault_of(url) == "адрес не http(s)"


def test_an_address_that_answers_is_sound_whatever_it_sends() -> None:
    with serving(page=hostile.serves(b"x" * 5_000_000)) as server:
        assert fault_of(server.url("/page?q=сад"), anywhere) == ""
        assert server.requests[0].arguments == {"q": "сад"}


@pytest.mark.parametrize(
    ("status", "sound"),
    [("204 No Content", True), ("403 Forbidden", True), ("429 Too Many", True), ("404 Not Found", False),
     ("500 Oops", False)],
)  # fmt: skip
def test_what_a_server_answers_decides(status: str, sound: bool) -> None:
    with serving(page=hostile.serves(b"", status)) as server:
        assert (fault_of(server.url("/page"), anywhere) == "") is sound


def test_a_redirect_into_the_house_is_not_followed() -> None:
    asked: list[str] = []

    def only_the_first(address: str) -> bool:
        asked.append(address)
        return len(asked) == 1

    with serving(page=hostile.redirects("http://127.0.0.1:9/secret")) as server:
        assert "внутренней сети" in fault_of(server.url("/page"), only_the_first)
    assert len(asked) == 2


def test_redirects_have_an_end_and_dripping_headers_too() -> None:
    with serving(page=hostile.redirects("/page"), slow=hostile.drips_headers(0.05)) as server:
        assert "перенаправлений" in fault_of(server.url("/page"), anywhere)
        began = time.monotonic()
        fault_of(server.url("/slow"), anywhere, seconds=0.4)
        assert time.monotonic() - began < 3


def test_new_ones_are_due_at_once_others_at_night_and_premises_never(tmp_path: Path) -> None:
    yesterday = NIGHT - timedelta(hours=24)
    found = (
        resource("new", "https://example.org/"),
        resource("old", "https://example.org/", checked=yesterday),
        resource("fresh", "https://example.org/", checked=NIGHT - timedelta(hours=1)),
        resource("hall", "http://10.0.0.5/", basis="premises"),
    )
    system = district(tmp_path, NIGHT)
    assert [r.code for r in link_check.due(found, NIGHT, system)] == ["new", "old"]
    by_day = [r for r in found if r.checked is None or r.checked > DAY - timedelta(hours=44)]
    assert [r.code for r in link_check.due(by_day, DAY, system)] == ["new"]


def test_what_was_seen_is_kept_with_the_resource(tmp_path: Path) -> None:
    system = district(tmp_path, NIGHT, resource("inside", "http://127.0.0.1:9/"))
    thread = link_check.start_due(system)
    assert thread is not None
    thread.join(20)
    with reading(system.engine) as connection:
        kept = eresources.find(connection, "inside")
    assert kept is not None
    assert kept.checked == NIGHT
    assert "внутренней сети" in kept.check_fault
    assert link_check.start_due(system) is None
