"""A backup of either database restores to either; a damaged one changes nothing."""

from __future__ import annotations

import hashlib
import json
import os
import random
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from catalog_sync import upkeep
from catalog_sync.errors import CatalogSyncError, Refused, StopEverything
from catalog_sync.model import RecordKey
from catalog_sync.settings import Settings, load
from catalog_sync.store import maintenance
from catalog_sync.store.database import reading, writing
from catalog_sync.store.tables import library, metadata, source
from catalog_sync.system import System, open_system
from tests.exports import book, shelf
from tests.pipeline.conftest import District


def filled(district: District) -> District:
    """Two schools, a decision, a changed record, a tombstone."""
    district.source("a")
    district.source("b")
    district.load("a", shelf(30))
    district.load("b", shelf(20, prefix="Q"))
    district.load("a", [*shelf(28), book("R0028", "Юность", year="1999")])
    upkeep.decide(
        district.system, RecordKey("a", "R0001"), RecordKey("b", "Q0002"), same=True, who="тест", why="сверено"
    )  # fmt: skip
    return district


def small(district: District) -> District:
    district.source("a")
    district.load("a", shelf(3))
    return district


def backed_up(district: District, folder: Path) -> Path:
    target = folder / "copy.zip"
    assert maintenance.backup(district.system.engine, district.system.settings.home, target, district.clock()) > 0
    return target


def rows(system: System) -> dict[str, int]:
    with reading(system.engine) as connection:
        count = select(func.count())
        return {t.name: connection.execute(count.select_from(t)).scalar_one() for t in metadata.sorted_tables}


def restored(home: Path, archive: Path, url: str = "") -> District:
    settings = Settings(home=home)
    settings = replace(settings, store=replace(settings.store, url=url))
    maintenance.restore(home, settings.database_url, archive)
    system = open_system(settings)
    upkeep.drain_index(system, from_scratch=True)
    return District(system)


def test_what_is_restored_is_what_was_backed_up(district: District, tmp_path: Path) -> None:
    before = filled(district)
    copy = restored(tmp_path / "other", backed_up(before, tmp_path))
    assert copy.digest() == before.digest()
    assert copy.clusters() == before.clusters()
    assert rows(copy.system) == rows(before.system)
    assert upkeep.check(copy.system) == []
    copy.system.engine.dispose()


@pytest.mark.slow
def test_a_district_moves_to_postgresql_and_goes_on(
    sqlite_district: District, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from tests.conftest import fresh_database

    before = filled(sqlite_district)
    url = fresh_database(request.getfixturevalue("postgres_url"), tmp_path.name)
    moved = restored(tmp_path / "server", backed_up(before, tmp_path), url)
    assert moved.system.engine.dialect.name == "postgresql"
    assert rows(moved.system) == rows(before.system)
    assert moved.digest() == before.digest()
    # Numbers go on from the last: new runs, records, decisions and events are not refused as repeated.
    assert moved.load("b", shelf(24, prefix="Q")).counts.new == 4
    assert before.load("b", shelf(24, prefix="Q")).counts.new == 4
    assert moved.digest() == before.digest()
    assert upkeep.check(moved.system) == []
    with pytest.raises(StopEverything, match="не пуста"):
        maintenance.restore(tmp_path / "server", url, tmp_path / "copy.zip")
    moved.system.engine.dispose()


@pytest.mark.slow
def test_codes_longer_than_are_taken_today_move_to_postgresql(
    sqlite_district: District, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from tests.conftest import fresh_database

    before, code = sqlite_district, "school-" + "9" * 70  # as versions took it that did not ask for its length
    with writing(before.system.engine) as connection:
        connection.execute(insert(library).values(code=code, name="Школа"))
        values = {"library": code, "name": "Школа", "dialect": "rusmarc"}
        connection.execute(insert(source).values(code=code, **values))
    before.load(code, shelf(3))
    url = fresh_database(request.getfixturevalue("postgres_url"), tmp_path.name)
    moved = restored(tmp_path / "server", backed_up(before, tmp_path), url)
    assert rows(moved.system) == rows(before.system)
    assert upkeep.check(moved.system) == []
    assert moved.load(code, shelf(4)).counts.new == 1
    moved.system.engine.dispose()


def test_the_former_database_is_kept_beside(sqlite_district: District, tmp_path: Path) -> None:
    archive = backed_up(filled(sqlite_district), tmp_path)
    home = sqlite_district.system.settings.home
    sqlite_district.load("a", [*shelf(28), book("NEW", "Слово")])
    sqlite_district.system.engine.dispose()
    kept = maintenance.restore(home, sqlite_district.system.settings.database_url, archive)
    with closing(sqlite3.connect(kept)) as former, closing(sqlite3.connect(home / "catalog.sqlite")) as now:
        question = "SELECT count(*) FROM record WHERE local_id = 'NEW'"
        assert former.execute(question).fetchone() == (1,)
        assert now.execute(question).fetchone() == (0,)


def test_a_catalogue_that_is_open_is_not_replaced(sqlite_district: District, tmp_path: Path) -> None:
    archive = backed_up(small(sqlite_district), tmp_path)
    with reading(sqlite_district.system.engine), pytest.raises(Refused, match="остановите catalog-sync serve"):
        maintenance.restore(
            sqlite_district.system.settings.home, sqlite_district.system.settings.database_url, archive
        )  # fmt: skip
    assert upkeep.check(sqlite_district.system) == []


def flipped(archive: Path) -> None:
    data = bytearray(archive.read_bytes())
    data[len(data) // 3] ^= 0xFF
    archive.write_bytes(data)


def cut(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])


def empty(archive: Path) -> None:
    archive.write_bytes(b"")


def other(archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("holiday.jpg", b"sea")


def exchanged(archive: Path) -> None:
    """Somebody put another database into the archive."""
    with zipfile.ZipFile(archive) as packed:
        manifest = packed.read("manifest.json")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("manifest.json", manifest)
        packed.writestr("catalog.sqlite", b"another database")


def of_tomorrow(archive: Path) -> None:
    """A backup of a program that is newer than ours."""
    with zipfile.ZipFile(archive) as packed:
        manifest, data = json.loads(packed.read("manifest.json")), packed.read("catalog.sqlite")
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("manifest.json", json.dumps(manifest | {"format": 2}))
        packed.writestr("catalog.sqlite", data)


def test_where_nothing_is_replaced_nobody_is_asked(sqlite_district: District, tmp_path: Path) -> None:
    archive, asked = backed_up(small(sqlite_district), tmp_path), list[str]()
    home = tmp_path / "new machine"
    url = Settings(home=home).database_url
    assert maintenance.restore(home, url, archive, confirm=lambda: asked.append("first")) == ""
    assert asked == []
    assert maintenance.restore(home, url, archive, confirm=lambda: asked.append("again"))
    assert asked == ["again"]


@pytest.mark.parametrize("damage", [flipped, cut, empty, other, exchanged, of_tomorrow])
def test_a_damaged_backup_is_refused_before_anything_is_touched(
    damage: object, sqlite_district: District, tmp_path: Path
) -> None:
    archive = backed_up(small(sqlite_district), tmp_path)
    damage(archive)  # type: ignore[operator]
    home = sqlite_district.system.settings.home
    sqlite_district.system.engine.dispose()
    before = {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}

    def never() -> None:
        raise AssertionError("asked about a damaged copy")

    with pytest.raises(CatalogSyncError, match=r"copy\.zip"):
        maintenance.restore(home, sqlite_district.system.settings.database_url, archive, confirm=never)
    assert {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()} == before


def scribbled(database: Path) -> None:
    """A disk that loses sectors: random bytes over twenty pages."""
    data, dice = bytearray(database.read_bytes()), random.Random(7)
    for _ in range(20):
        start = dice.randrange(4096, len(data) - 600)
        data[start : start + 600] = dice.randbytes(600)
    database.write_bytes(data)


def test_a_damaged_database_is_not_backed_up_over_a_good_copy(sqlite_district: District, tmp_path: Path) -> None:
    archive = backed_up(filled(sqlite_district), tmp_path)
    whole, home = archive.read_bytes(), sqlite_district.system.settings.home
    sqlite_district.system.engine.dispose()
    scribbled(home / "catalog.sqlite")
    with pytest.raises(Refused, match=r"copy\.zip: копия не снята, файл базы повреждён; прежняя .* не тронута"):
        backed_up(sqlite_district, tmp_path)
    assert archive.read_bytes() == whole


def test_a_link_stays_a_link_and_leads_to_what_is_new(sqlite_district: District, tmp_path: Path) -> None:
    """To the copy of last night, or of a database to a larger disk."""
    before = small(sqlite_district)
    home, disk = before.system.settings.home, tmp_path / "disk"
    disk.mkdir()
    (disk / "monday.zip").write_bytes(b"the former one")
    link = tmp_path / "copy.zip"
    link.symlink_to(disk / "monday.zip")
    assert backed_up(before, tmp_path) == link
    assert link.is_symlink()
    assert zipfile.is_zipfile(disk / "monday.zip")
    before.system.engine.dispose()
    (home / "catalog.sqlite").rename(disk / "catalog.sqlite")
    (home / "catalog.sqlite").symlink_to(disk / "catalog.sqlite")
    kept = maintenance.restore(home, before.system.settings.database_url, link)
    assert (home / "catalog.sqlite").is_symlink()
    assert kept == str(disk / "catalog.sqlite.before-restore-1")
    assert sorted(path.suffix for path in disk.glob("catalog.*")) == [".before-restore-1", ".sqlite"]


def test_a_device_is_not_replaced_by_a_copy(sqlite_district: District, tmp_path: Path) -> None:
    before = small(sqlite_district)
    os.mkfifo(tmp_path / "copy.zip")
    with pytest.raises(Refused, match="не файл"):
        backed_up(before, tmp_path)
    assert (tmp_path / "copy.zip").is_fifo()


def test_a_folder_for_backups_is_not_made(sqlite_district: District, tmp_path: Path) -> None:
    """It may be the mount point of a disk that is not there."""
    with pytest.raises(Refused, match="not mounted: нет такой папки"):
        backed_up(sqlite_district, tmp_path / "not mounted")
    assert not (tmp_path / "not mounted").exists()


def of_a_damaged_base(archive: Path) -> None:
    """As versions made it that did not look at the copy."""
    with zipfile.ZipFile(archive) as packed:
        manifest = json.loads(packed.read("manifest.json"))
        database = Path(packed.extract("catalog.sqlite", archive.parent))
    scribbled(database)
    manifest["sha256"] = hashlib.sha256(database.read_bytes()).hexdigest()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("manifest.json", json.dumps(manifest))
        packed.write(database, "catalog.sqlite")


def with_damaged_settings(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("catalog-sync.toml", b"[district]\n" * 9)
    archive.write_bytes(archive.read_bytes().replace(b"[district]\n" * 9, b"[distract]\n" * 9))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (empty, "это не архив или его конец оборван"),
        (other, "в архиве нет файла manifest.json"),
        (flipped, "архив не распаковывается; возьмите другую копию"),
        (with_damaged_settings, "архив не распаковывается; возьмите другую копию"),
        (of_a_damaged_base, "она снята с повреждённой базы; возьмите другую копию"),
    ],
)
def test_what_is_wrong_with_a_backup_is_one_russian_line(
    damage: Callable[[Path], None], said: str, sqlite_district: District, tmp_path: Path
) -> None:
    archive = backed_up(small(sqlite_district), tmp_path)
    damage(archive)
    with pytest.raises(Refused) as refused:
        maintenance.restore(tmp_path / "new", Settings(home=tmp_path / "new").database_url, archive)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_failed_backup_leaves_the_former_one(
    sqlite_district: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = backed_up(small(sqlite_district), tmp_path)
    whole = archive.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(maintenance, "_copy_database", full)
    with pytest.raises(OSError, match="No space"):
        backed_up(sqlite_district, tmp_path)
    assert archive.read_bytes() == whole
    assert [p for p in tmp_path.iterdir() if p.name.startswith("tmp")] == []


def test_settings_come_back_where_there_are_none_and_lie_beside_others(
    sqlite_district: District, tmp_path: Path
) -> None:
    home = sqlite_district.system.settings.home
    (home / "catalog-sync.toml").write_text("# ours\n")
    archive = backed_up(sqlite_district, tmp_path)
    fresh = restored(tmp_path / "fresh", archive)
    assert (tmp_path / "fresh" / "catalog-sync.toml").read_text() == "# ours\n"
    fresh.system.engine.dispose()
    (home / "catalog-sync.toml").write_text("# newer\n")
    sqlite_district.system.engine.dispose()
    maintenance.restore(home, sqlite_district.system.settings.database_url, archive)
    assert (home / "catalog-sync.toml").read_text() == "# newer\n"
    assert (home / "catalog-sync.toml.from-backup").read_text() == "# ours\n"


def test_the_key_of_the_snapshots_comes_back_with_the_backup(sqlite_district: District, tmp_path: Path) -> None:
    from catalog_sync.reports.scheduled import signing_key

    home, other = sqlite_district.system.settings.home, tmp_path / "other"
    key = signing_key(home)
    archive = backed_up(filled(sqlite_district), tmp_path)
    foreign = signing_key(other)
    restored(other, archive).system.engine.dispose()
    assert signing_key(other) == key != foreign
    assert (other / "snapshot-key").stat().st_mode & 0o777 == 0o600
    assert archive.stat().st_mode & 0o077 == 0
    assert (other / "snapshot-key.before-restore").read_bytes() == foreign


def test_what_is_tried_on_another_computer_does_not_go_on_in_the_database_it_is_a_copy_of(
    sqlite_district: District, tmp_path: Path
) -> None:
    home = sqlite_district.system.settings.home
    told = '[district]\nname = "Заречье"\n\n[store]\n# the region\'s\nurl = "postgresql://catalog@db/catalog"\n'
    (home / "catalog-sync.toml").write_text(told, encoding="utf-8")
    copy = restored(tmp_path / "tried", backed_up(filled(sqlite_district), tmp_path))
    settings = load(tmp_path / "tried" / "catalog-sync.toml")
    assert (settings.district.name, settings.store.url) == ("Заречье", "")
    copy.system.engine.dispose()


@pytest.mark.parametrize(
    "settings",
    ['store.url = "postgresql://region/база"\n', 'store = { url = "postgresql://region/база" }\n',
     '[ store ]\nurl = "postgresql://region/база"\n', '[store]\n# [прежняя]\nurl = "postgresql://region/база"\n'],
)  # fmt: skip
def test_however_the_address_is_written_in_the_settings(
    sqlite_district: District, tmp_path: Path, settings: str
) -> None:
    (sqlite_district.system.settings.home / "catalog-sync.toml").write_text(settings)
    restored(tmp_path / "laptop", backed_up(sqlite_district, tmp_path)).system.engine.dispose()
    assert load(environ={"CATALOG_SYNC_HOME": str(tmp_path / "laptop")}).store.url == ""
    assert (tmp_path / "laptop" / "catalog-sync.toml.from-backup").read_text() == settings
