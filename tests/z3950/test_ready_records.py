"""Records made when they are indexed: the same as those made on demand, and as fresh."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from catalog_sync import indexing
from catalog_sync.marc.writing import to_marcxml
from catalog_sync.model import Library
from catalog_sync.protocol.apdu import Diagnostic, Record
from catalog_sync.protocol.diagnostics import Condition
from catalog_sync.settings import Settings
from catalog_sync.store import registry
from catalog_sync.store.catalogue import StoreCatalogue, open_catalogue
from catalog_sync.store.database import writing
from catalog_sync.system import open_system
from tests.exports import book, field, shelf
from tests.pipeline.conftest import Clock, District
from tests.z3950.answers import marc
from tests.z3950.conftest import RUSMARC, UNIMARC, USMARC, Talk
from web.z3950.presenting import Presenter

FIND_ALL = '@attr 1=_ALLRECORDS @attr 2=103 ""'


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The district every test begins with, loaded once."""
    made = district_at(tmp_path_factory.mktemp("loaded") / "home", Clock())
    made.source("school-01")
    made.load("school-01", [*shelf(12), book("X1", "Онегин", copies=2)])
    made.system.engine.dispose()
    return made.system.settings.home


def district_at(home: Path, clock: Clock) -> District:
    return District(open_system(Settings(home=home), now=clock), clock)


@pytest.fixture
def district(loaded: Path, tmp_path: Path) -> District:
    return district_at(shutil.copytree(loaded, tmp_path / "home"), Clock(datetime(2026, 9, 2, tzinfo=UTC)))


@pytest.fixture
def catalogue(district: District) -> StoreCatalogue:
    return open_catalogue(district.system.settings, district.system.engine)


@pytest.fixture
def talk(catalogue: StoreCatalogue) -> Talk:
    opened = Talk(catalogue)
    opened.init()
    return opened


def diagnostic(talk: Talk) -> int:
    """Why the first record is not shown."""
    found = talk.present(syntax=USMARC).records[0].content
    assert isinstance(found, Diagnostic)
    return found.condition


def made_on_demand(talk: Talk, monkeypatch: pytest.MonkeyPatch, **asked: object) -> tuple[Record, ...]:
    with monkeypatch.context() as patch:
        patch.setattr(Presenter, "present_cards", lambda self, catalogue, cards, wanted: self.present(
            catalogue, [card.cluster for card in cards], wanted))
        return talk.present(1, 10, **asked).records


@pytest.mark.parametrize("syntax", [USMARC, RUSMARC, UNIMARC])
@pytest.mark.parametrize("elements", ["", "F", "B"])
@pytest.mark.parametrize("database", ["Default", "school-01"])
def test_they_are_what_would_be_made_on_demand(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, syntax: str, elements: str, database: str
) -> None:
    talk.search(FIND_ALL, databases=(database,))
    ready = talk.present(1, 10, syntax=syntax, elements=elements).records
    assert len(ready) == 10
    assert {record.database for record in ready} == {database}
    assert ready == made_on_demand(talk, monkeypatch, syntax=syntax, elements=elements)


def test_the_database_is_not_asked_for_them(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("records", "holdings_of", "changes"):
        monkeypatch.setattr(StoreCatalogue, name, lambda *_, **__: pytest.fail("the database was asked"))
    talk.search(FIND_ALL)
    for start, count in ((1, 10), (11, 3)):
        assert len(talk.present(start, count, syntax=USMARC, elements="F").records) == count


def test_a_set_made_before_a_publication_shows_the_record_as_it_is_now(district: District, talk: Talk) -> None:
    talk.search("@attr 1=4 онегин")
    district.load("school-01", [*shelf(12), book("X1", "Онегин", copies=2, note="Прижизненное издание")])
    assert marc(talk.present(syntax=USMARC))["500"]["a"] == "Прижизненное издание"
    talk.search("@attr 1=4 онегин")
    assert marc(talk.present(syntax=USMARC))["500"]["a"] == "Прижизненное издание"


def test_a_record_deleted_since_the_search_is_not_shown(district: District, talk: Talk) -> None:
    talk.search("@attr 1=4 онегин")
    district.load("school-01", shelf(12))
    assert diagnostic(talk) == Condition.RECORD_DELETED


def test_a_renamed_library_is_named_anew_in_its_records(district: District, talk: Talk) -> None:
    talk.search("@attr 1=4 онегин")
    assert marc(talk.present(syntax=USMARC))["852"]["a"] == "Школа school-01"
    with writing(district.system.engine) as connection:
        registry.save_libraries(connection, [Library("school-01", "Гимназия № 1")], now=district.clock())
    indexing.drain(district.system)
    talk.search("@attr 1=4 онегин")
    assert marc(talk.present(syntax=USMARC))["852"]["a"] == "Гимназия № 1"


def test_a_record_too_long_for_the_format_is_a_diagnostic(district: District, talk: Talk) -> None:
    notes = tuple(field("300", ("a", f"Лист {n}. {'а' * 3800}")) for n in range(14))
    short = book("L1", "Большая летопись")
    records = [*shelf(12), replace(short, fields=(*short.fields, *notes))]
    district.load_bytes("school-01", b"<collection>%s</collection>" % b"".join(map(to_marcxml, records)))
    talk.search("@attr 1=4 летопись")
    assert diagnostic(talk) == Condition.NOT_IN_THIS_SYNTAX
