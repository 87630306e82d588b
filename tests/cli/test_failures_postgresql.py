"""A region's database: whatever the server refuses, the operator reads one Russian line that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from catalog_sync.failures import sentence
from tests.cli.conftest import Cli, Export
from tests.conftest import fresh_database

Settings = Callable[[str], None]


@pytest.fixture
def told_of(home: Path) -> Settings:
    """The data folder's settings name this database."""

    def write(url: str) -> None:
        home.mkdir(exist_ok=True)
        (home / "catalog-sync.toml").write_text(f'[store]\nurl = "{url}"\n', encoding="utf-8")

    return write


@contextmanager
def server(url: str) -> Iterator[Connection]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def region(request: pytest.FixtureRequest, told_of: Settings, tmp_path: Path) -> str:
    """The address of an empty database on a server, of which the settings tell."""
    url = fresh_database(request.getfixturevalue("postgres_url"), tmp_path.name)
    told_of(url)
    return url


class Refusal(Exception):
    def __init__(self, said: str, sqlstate: str | None = None) -> None:
        super().__init__(said)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('connection failed: FATAL:  password authentication failed for user "catalog"', "проверьте имя и пароль"),
        ('ВАЖНО:  пользователь "catalog" не прошёл проверку подлинности (по паролю)', "проверьте имя и пароль"),
        ('connection failed: FATAL:  database "nodb" does not exist', "нет такой базы данных: создайте её"),
        ('connection failed: FATAL:  too many connections for role "catalog"', "не даёт больше соединений"),
        ("connection failed: FATAL:  the database system is starting up", "остановлен или перезапускается"),
        ("failed to resolve host 'no.such.host': [Errno -2] Name or service not known", "не отвечает"),
        ("connection failed: Connection refused\n\tIs the server running?", "не отвечает (connection failed"),
    ],
)
def test_who_is_not_let_in_is_told_why(said: str, told: str) -> None:
    line = sentence(OperationalError("", {}, Refusal(said)))
    assert line
    assert told in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("57014", "statement_timeout мал"),
        ("25P03", "idle_in_transaction_session_timeout мал"),
        ("57P01", "остановлен или перезапускается"),
        ("40P01", "базу данных одновременно менял другой процесс: повторите"),
        ("XX002", "база данных на сервере повреждена"),
        ("58030", "не читает или не пишет свой диск"),
    ],
)
def test_what_a_server_breaks_off_is_told_with_a_way_on(state: str, told: str) -> None:
    assert told in (sentence(OperationalError("", {}, Refusal("said in English", state))) or "")


def test_what_no_operator_can_mend_stays_a_fault_of_the_program() -> None:
    assert sentence(OperationalError("", {}, Refusal("syntax error at or near", "42601"))) is None


@pytest.mark.slow
def test_a_database_in_another_encoding_is_refused_at_once(region: str, cli: Cli, told_of: Settings) -> None:
    for encoding in ("SQL_ASCII", "WIN1251"):
        name = f"t_in_{encoding.lower()}"
        with server(region) as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}"'))
            asked = f"ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
            connection.execute(text(f'CREATE DATABASE "{name}" {asked}'))
        told_of(make_url(region).set(database=name).render_as_string(hide_password=False))
        assert f"база данных {name} в кодировке {encoding}, а нужна UTF8" in cli("init").line


@pytest.mark.slow
def test_a_database_open_for_reading_only_is_said_so_and_nothing_is_lost(
    region: str, postgres_url: str, cli: Cli, export: Export
) -> None:
    name = make_url(region).database
    assert cli("import", export(), "--source", "school-1", "--yes").code == 0
    before = cli("clusters").out
    with server(postgres_url) as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    for command in (("rebuild",), ("import", export(), "--source", "school-1"), ("source", "pause", "school-1")):
        assert "база данных открыта только для чтения" in cli(*command).line
    with server(postgres_url) as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" RESET ALL'))
    assert cli("check").code == 0
    assert cli("clusters").out == before


@pytest.mark.slow
def test_a_stranger_is_told_whose_the_database_must_be(region: str, cli: Cli, told_of: Settings) -> None:
    with server(region) as connection:
        connection.execute(text("DROP ROLE IF EXISTS stranger"))
        connection.execute(text("CREATE ROLE stranger LOGIN"))
    told_of(make_url(region).set(username="stranger").render_as_string(hide_password=False))
    assert "сделайте своего пользователя её владельцем" in cli("init").line


@pytest.mark.slow
def test_numbers_and_texts_no_database_holds_name_nothing(region: str, cli: Cli) -> None:
    assert cli("init").code == 0
    for words in (("runs", 10**11), ("runs", 10**20), ("undo", 10**11), ("rollback", 10**11, "--yes")):
        assert "такого номера нет" in cli(*words).line
    assert "0x00" in cli("history", "c\0").line
    assert "UTF-8" in cli("history", "c\udcff").line


def test_numbers_and_texts_that_sqlite_does_not_hold_name_nothing(cli: Cli) -> None:
    assert cli("init").code == 0
    assert "такого номера нет" in cli("runs", 10**20).line
    assert "UTF-8" in cli("history", "c\udcff").line
