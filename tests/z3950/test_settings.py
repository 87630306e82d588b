"""From catalog-sync.toml to the server's settings, and each worker's share of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_sync.errors import StopEverything
from catalog_sync.settings import Z3950, Settings
from web.z3950.settings import Charsets, Limits, ServerSettings, from_settings
from web.z3950.workers import share_of


def of(**given: object) -> ServerSettings:
    return from_settings(Settings(home=Path("/home"), z3950=Z3950(**given)))  # type: ignore[arg-type]


def test_databases_get_their_own_charsets() -> None:
    found = of(query_charset="windows-1251", charsets="school-02=windows-1251/koi8-r, museum=koi8-r")
    assert found.charsets == Charsets("windows-1251", "utf-8")
    assert found.databases == {"school-02": Charsets("windows-1251", "koi8-r"), "museum": Charsets("koi8-r", "koi8-r")}


@pytest.mark.parametrize("given", [{"charsets": "school-02"}, {"charsets": "x=ebcdic"}, {"query_charset": "ebcdic"}])
def test_wrong_charsets_stop_the_start(given: dict[str, str]) -> None:
    with pytest.raises(StopEverything):
        of(**given)


def test_a_password_is_read_from_the_environment_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Z_PASSWORD", "секрет")
    check = of(password="env:Z_PASSWORD").authenticate
    assert check is not None
    assert check("any", "секрет")
    assert not check("any", "wrong")
    assert of().authenticate is None


def test_workers_share_the_limits() -> None:
    settings = ServerSettings(workers=2, limits=Limits(connections=7, connections_per_address=3), cache_bytes=100,
                              metrics_file=Path("/x/z3950.prom"))  # fmt: skip
    share = share_of(settings, 1)
    assert (share.limits.connections, share.limits.connections_per_address, share.cache_bytes) == (4, 2, 50)
    assert share.metrics_file == Path("/x/z3950-1.prom")
