"""A district of invented records in a real store with a real index: the sample's exports and a few awkward ones."""

from __future__ import annotations

import atexit
import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from catalog_sync.marc.writing import to_iso2709
from catalog_sync.model import Dialect, MarcField, MarcRecord, RecordKey, RunState, Source, Subfield
from catalog_sync.settings import SAMPLE_CONFIG, Settings, load
from catalog_sync.store import eresources, hand, licences, lists, registry, snapshots, staff, uploads
from catalog_sync.store.database import writing
from catalog_sync.system import System, open_system
from tests.exports import import_paths
from web.app import create_app

PASSWORD = "correct horse battery"
NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
SOURCES = ("school-01-uch", "school-02", "muzei")
EVIL = "<script>alert(1)</script>{{7*7}}{% raw %}\"' onload=alert(2)"


def field(tag: str, *pairs: str, indicators: str = "  ") -> MarcField:
    return MarcField(tag, indicators, tuple(Subfield(pair[0], pair[1:]) for pair in pairs))


def rusmarc(local_id: str, *fields: MarcField, coded: str = "d2015") -> bytes:
    head = (
        MarcField("001", data=local_id),
        field("100", f"a20200101{coded}    u  y0rusy50      ca"),
        field("101", "arus"),
    )
    return to_iso2709(MarcRecord("00000nam0 2200000   450 ", head + fields))


def tale(local_id: str, *pairs: str, year: str = "d2015") -> bytes:
    """A book of tales that two libraries describe almost alike."""
    return rusmarc(
        local_id,
        field("200", "aЛесные сказки", "fИ. П. Берёзкин", *pairs, indicators="1 "),
        field("210", "aМосква", "cДетская литература", *([year] if year else [])),
        field("215", "a96 с."),
        field("700", "aБерёзкин", "bИ. П.", indicators=" 1"),
        field("899", "jБ 48", "p101"),
        coded=year or "|    ",
    )


def hostile() -> bytes:
    return rusmarc(
        "evil-1\r\nSet-Cookie: x=1",
        field("200", f"a{EVIL}", f"e{EVIL}", f"f{EVIL}", indicators="1 "),
        field("210", f"a{EVIL}", f"c{EVIL}", "d2020"),
        field("327", f"a{EVIL}"),
        field("330", f"a{EVIL}"),
        field("606", f"a{EVIL}"),
        field("700", f"a{EVIL}", "b=cmd|' /C calc'!A0"),
        field("300", f"a{EVIL}"),
        field("856", "ujavascript:alert(document.cookie)", f"z{EVIL}", indicators="4 "),
        field("856", "uJaVa\tScript:alert(3)", indicators="4 "),
        field("856", "uhttps://example.org/x", indicators="4 "),
        field("899", f"j{EVIL}", "p1"),
    )


def build(home: Path) -> System:
    """A district of one's own: a copy of the one that every module begins with, which is imported once."""
    shutil.copytree(_first(), home, dirs_exist_ok=True)
    return open_system(_settings(home), now=lambda: NOW)


def _settings(home: Path) -> Settings:
    settings = load(SAMPLE_CONFIG, {"CATALOG_SYNC_HOME": str(home)})
    return replace(settings, sources=tuple(s for s in settings.sources if s.code in SOURCES))


@cache
def _first() -> Path:
    home = Path(tempfile.mkdtemp(prefix="catalog-sync-web-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    _import(home).engine.dispose()
    return home


def _import(home: Path) -> System:
    """The district: two schools and a museum of the sample, two almost equal books, one hostile record, a held run."""
    settings = _settings(home)
    system = open_system(settings, now=lambda: NOW)
    extra = [
        Source(code, library, code, dialect=Dialect.RUSMARC)
        for code, library in (("tales-1", "school-01"), ("tales-2", "school-02"), ("odd", "school-02"))
    ]
    with writing(system.engine) as connection:
        registry.save_libraries(connection, settings.libraries)
        registry.save_sources(connection, [*settings.sources, *extra])
        people(connection)
    for source in settings.sources:
        files = sorted((SAMPLE_CONFIG.parent / "exports").glob(f"{source.code}.*"))
        assert import_paths(system, source.code, files).state is RunState.PUBLISHED
    for code, data in (("tales-1", tale("t1")), ("tales-2", tale("t2", year="")), ("odd", hostile())):
        path = home / f"{code}.mrc"
        path.write_bytes(data)
        import_paths(system, code, [path])
    return system


def people(connection: object) -> None:
    accounts = [("admin", "administrator", None), ("metod", "methodologist", None), ("bibl", "librarian", "school-01")]
    for login, role, library in accounts:
        user = staff.User(login, login.capitalize(), role, library, True, "")
        staff.save_user(connection, user, PASSWORD, NOW)  # type: ignore[arg-type]


def furnish(system: System, ids: list[str]) -> None:
    """A public list, two electronic resources, a person of the district."""
    entries = (
        *(lists.Entry(cluster=i, note="к сентябрю") for i in ids),
        lists.Entry(url="https://example.org/m", title="Музей"),
    )
    with writing(system.engine) as connection:
        lists.save(
            connection,
            lists.ReadingList("leto", "Лето с книгой", "Для пятых классов", "school-01", True, "bibl", NOW, entries),
        )
        eresources.save(
            connection,
            eresources.EResource(
                "open",
                "Открытая библиотека",
                "library",
                "https://example.org/",
                "open_licence",
                search_url="https://example.org/?q={query}",
            ),
        )
        eresources.save(
            connection,
            eresources.EResource(
                "ended",
                "Закрытая база",
                "database",
                "https://example.com/",
                "contract",
                ends=NOW.date().replace(year=2025),
            ),
        )
        lists.save_person(connection, lists.Person("berezkin", "Берёзкин, И. П.", "1901–1970", "Сказочник", [], True))


def hold(system: System, home: Path) -> int:
    """An export that lost almost everything: the guard holds it."""
    whole = next((SAMPLE_CONFIG.parent / "exports").glob("school-02.*")).read_bytes()
    part = home / "part.mrc"
    part.write_bytes(b"".join(piece + b"\x1d" for piece in whole.split(b"\x1d")[:40]))
    run = import_paths(system, "school-02", [part])
    assert run.state is RunState.HELD, run.message
    return run.number


def places(system: System, client: FlaskClient, held: int) -> dict[str, str]:
    """What stands for the parts of addresses in tests.web.routes: cards, a held run, a snapshot, an export brought."""
    book = client.get("/search.json?q=алгебра").json["hits"][0]
    data = tale("t9")
    brought = uploads.Upload("tales-1", "выгрузка.mrc", hashlib.sha256(data).digest(), len(data), False, "bibl", NOW)
    brought.path(system.settings.home).parent.mkdir(exist_ok=True)
    brought.path(system.settings.home).write_bytes(data)
    quarter = (date(2026, 7, 1), date(2026, 9, 30))
    with writing(system.engine) as connection:
        number = uploads.keep(connection, brought)
        frozen = snapshots.freeze(
            connection, "2026Q3", *quarter, now=NOW, today=NOW.date(), who="metod", key=b"k" * 32
        )  # fmt: skip
        act = hand.enter_act(
            connection, "school-01", RecordKey("tales-1", "t1"), copies=2, day=quarter[1], document="акт 7",
            today=NOW.date(), who="bibl", reason="", kopecks=None,
        )  # fmt: skip
        package = licences.Licence("school-01", "Библиошкола", *quarter, contract="№ 5", titles=100, copies=100)
        licence = licences.add(connection, package, today=NOW.date(), who="metod")
    staff.keep_error_report(system.engine, book["id"], EVIL, NOW)
    return {
        "card": book["id"],
        "isbn": book["isbn"],
        "evil": first_hit(client, "script onload"),
        "tale": first_hit(client, "лесные сказки"),
        "held": str(held),
        "snapshot": str(frozen.number),
        "upload": str(number),
        "act": str(act),
        "licence": str(licence),
    }


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> System:
    """Shared by tests that only look; those that decide build their own."""
    home = tmp_path_factory.mktemp("district")
    system = build(home)
    app = application(system)
    ids = [hit["id"] for hit in app.test_client().get("/search.json?q=сказки").json["hits"]]
    furnish(system, ids)
    return system


@pytest.fixture(scope="session")
def held(district: System) -> int:
    """The number of a held run of the district."""
    return hold(district, district.settings.home)


_opened: dict[int, tuple[System, Flask]] = {}  # compiling three hundred addresses costs as much as a dozen pages


def application(system: System, settings: Settings | None = None, **config: object) -> Flask:
    """The site over a district; the same one each time, unless it is to be set up otherwise."""
    if settings or config:
        return _application(system, settings or system.settings, **config)
    if id(system) not in _opened:
        _opened[id(system)] = system, _application(system, system.settings)
    return _opened[id(system)][1]


def _application(system: System, settings: Settings, **config: object) -> Flask:
    from catalog_sync.store.catalogue import open_catalogue

    catalogue = open_catalogue(settings, system.engine)
    return create_app(settings, catalogue, system.engine, now=system.now, TESTING=False, **config)


@pytest.fixture
def app(district: System) -> Flask:
    return application(district)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def token(response: TestResponse) -> str:
    """The form's CSRF token."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', response.text)
    assert found, "the page has no form with a token"
    return found[1]


def log_in(client: FlaskClient, login: str, password: str = PASSWORD) -> TestResponse:
    form = client.get("/staff/login")
    return client.post("/staff/login", data={"login": login, "password": password, "csrf_token": token(form)})


@pytest.fixture
def librarian(app: Flask) -> Iterator[FlaskClient]:
    client = app.test_client()
    assert log_in(client, "bibl").status_code == 303
    return client


@pytest.fixture
def methodologist(app: Flask) -> Iterator[FlaskClient]:
    client = app.test_client()
    assert log_in(client, "metod").status_code == 303
    return client


@pytest.fixture
def administrator(app: Flask) -> Iterator[FlaskClient]:
    client = app.test_client()
    assert log_in(client, "admin").status_code == 303
    return client


def first_hit(client: FlaskClient, words: str) -> str:
    hits = client.get("/search.json", query_string={"q": words}).json["hits"]
    assert hits, f"nothing found for {words!r}"
    return str(hits[0]["id"])


@pytest.fixture
def methodologist_here(own: System) -> FlaskClient:
    """The methodologist of a catalogue that the tests of one module change."""
    client = application(own).test_client()
    log_in(client, "metod")
    return client
