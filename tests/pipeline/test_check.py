"""`check` names whatever a hand or a broken disk has changed in the database, and `rebuild` mends what is derived."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from catalog_sync import explaining, indexing, pipeline, upkeep
from catalog_sync.errors import StopEverything
from catalog_sync.failures import sentence
from catalog_sync.model import FetchedFile, RecordKey
from catalog_sync.settings import Settings
from catalog_sync.store import leases, links_check, portraits
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System, open_system
from tests.exports import mrc, shelf
from tests.pipeline.conftest import Clock, District

Break = Callable[..., System]  # the template with some statements of SQL done to it
PORTRAIT = "(select portrait from feature where record ="
ALONE = f"cast(char({PORTRAIT} 4)) || x'000000' as blob)"  # a block that only this portrait is in
FIRST = "(select min(cluster) from member)"
LAST = "(select max(cluster) from member)"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two schools with the same six books, one piece of junk set aside."""
    home = tmp_path_factory.mktemp("checked")
    clock = Clock()
    system = open_system(Settings(home=home), now=clock)
    district = District(system, clock)
    for code in ("s", "t"):
        district.source(code)
        district.load_bytes(code, mrc(shelf(5)) + b"<html>500</html>" * (code == "t") + mrc(shelf(6)[5:]))
    assert upkeep.check(system) == []
    system.engine.dispose()
    return home


@pytest.fixture
def broken(template: Path, tmp_path: Path) -> Break:
    def make(*statements: str) -> System:
        home = shutil.copytree(template, tmp_path / "home")
        with sqlite3.connect(home / "catalog.sqlite") as database:
            for sql in statements:
                assert database.execute(sql).rowcount, sql
        database.close()
        return open_system(Settings(home=home), now=Clock())

    return make


DERIVED = {
    "update holding set copies = copies + 1 where record = 2": "сведения о наличии хранятся не те у записей: s:R0001, ",
    "update holding set library = 't' where record = 3": "s:R0001, s:R0002",
    "update holding set data = x'00' where record = 5": "s:R0001, s:R0002, s:R0004",
    f"delete from match_block where members = {ALONE}": "ключи сопоставления хранятся не те у записей: s:R0003",
    f"update feature set portrait = {PORTRAIT} 3) where record = 2": "признаки хранятся не те у записей: s:R0001",
    "update source_digests set data = x'00' where source = 't'": "дайджесты хранятся не те у источников: t",
    f"update union_record set year = 1700 where cluster = {LAST}": "сводные записи не те, что получаются заново",
    f"update union_record set data = x'00' where cluster = {FIRST}": "сводные записи повреждены в кластерах: c",
    f"update union_record set data = (select data from union_record where cluster = {LAST}) "
    f"where cluster not in ({LAST}, {FIRST})": "сводные записи не из тех записей, в кластерах: c",
    "update described set data = x'00' where record = 5": "описания хранятся не те у записей: s:R0004, s:R0005, t:R0",
    "update described set data = cast(substr(data, 1, 9) || zeroblob(99) as blob) where record = 6": "s:R0005",
    "update described set data = (select data from described where record = 1) where record = 7": "",
    "delete from ledger_member where record = 2": "журнал фонда считает в другом издании: 1",
    "update stock_rollup set acquired = 9 where grain = 'T' and scope = 's'": "итоги фонда (s, за всё время, ",
    "update stock_position set copies = copies + 1 where record = 2": "состоит в фонде (s, запись № 2): по журналу 1",
}


def test_what_is_derived_is_named_and_computed_anew(broken: Break) -> None:
    system = broken(*DERIVED)
    found = "\n".join(upkeep.check(system))
    for named in DERIVED.values():
        assert named in found
    upkeep.rebuild(system)
    assert upkeep.check(system) == []


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("update record set data = x'00' where id = 2", "байты повреждены у записей: s:R0001"),
        ("update record set data = (select data from record where id = 3) where id = 2", "байты повреждены у записей"),
        (
            "update record_change set digest = zeroblob(16), data = x'00' where record = 2",
            "прежние байты (их вернул бы откат) повреждены у записей: s:R0001",
        ),
        ("insert into match_block values (5, x'01000000')", "лишних мест в группах сопоставления: 1"),
        ("update match_block set members = x'01' where key < 0", "ключи сопоставления"),
        ("delete from record where id = 2", "строк без исходной записи в таблице member: 1"),
        ("delete from set_aside", "отложено записей 1, а хранится 0"),
        ("update run set read = 6 where source = 't'", "прочитано 6, а принято и отложено вместе 7"),
        (f"delete from cluster where id = {LAST}", "строк без кластера в таблице member: 2 (c"),
        ("insert into cluster values ('cold', '2026-01-01 00:00:00', 0, 'cnowhere')", "постоянных ссылок в никуда: 1"),
    ],
)
def test_what_can_t_be_computed_is_named(broken: Break, sql: str, named: str) -> None:
    assert named in "\n".join(upkeep.check(broken(sql)))


COMPARED = [
    (f"update edge set same = 0 where left = {PORTRAIT} 4)", "сравнения хранятся не те у записей: s:R0003"),
    (f"update edge set score = 9.9 where left = {PORTRAIT} 4)", "сравнения хранятся не те у записей: s:R0003"),
    (f"update edge set findings = x'00' where left = {PORTRAIT} 4)", "сравнения хранятся не те у записей: s:R0003"),
    (f"delete from edge where left = {PORTRAIT} 4)", "сравнения хранятся не те у записей: s:R0003"),
    ("insert into edge values (1, 2, 1, 9.0, x'', '')", "сравнения хранятся не те у записей: s:R"),
    ("insert into edge values (77, 77, 1, 9.0, x'', '')", "сравнений с признаками, которых нет: 1"),
    ("delete from apart", "отказы при сравнении хранятся не те у записей: s:R"),
    ("update apart set others = x'0102'", "отказы при сравнении хранятся не те у записей: s:R"),
    ("update apart set others = x'0500000001'", "отказы при сравнении хранятся не те у записей: s:R"),
    ("insert into not_compared values (5, '?crowd', 1)", "переполненные группы сопоставления хранятся не те: ?crowd"),
    ("delete from meta", "последний номер признаков потерян (таблица meta); выполните catalog-sync rebuild"),
    ("update meta set value = 'x' where key = 'portrait'", "последний номер признаков потерян (таблица meta)"),
]


@pytest.mark.parametrize(("sql", "named"), COMPARED)
def test_what_comparisons_came_to_is_judged_anew(broken: Break, sql: str, named: str) -> None:
    system = broken(sql)
    assert named in "\n".join(upkeep.check(system))
    upkeep.rebuild(system)
    assert upkeep.check(system) == []


@pytest.mark.parametrize(
    "sql",
    [
        "update apart set others = x'0102'",
        "update apart set others = cast(substr(others, 1, 4) || x'ff' as blob)",
        "update edge set findings = x'00'",
        "update edge set findings = x'ffff0000'",
    ],
)
def test_damaged_comparisons_end_explain_with_a_sentence(broken: Break, sql: str) -> None:
    system = broken(sql)
    with reading(system.engine) as connection, pytest.raises(StopEverything, match="поправит catalog-sync rebuild"):
        [list(explaining.lines(connection, RecordKey("s", f"R000{number}"))) for number in range(6)]


LEFT_OUT = "остальное не сверено: сначала исправьте названное и повторите catalog-sync check"


def test_lost_features_are_named_and_computed_anew(broken: Break) -> None:
    system = broken("delete from portrait where number % 3 = 0")
    assert upkeep.check(system)[:2] == [
        "строк без признаков в таблице feature: 4; выполните catalog-sync rebuild", LEFT_OUT
    ]  # fmt: skip
    with reading(system.engine) as connection, pytest.raises(StopEverything, match="выполните catalog-sync rebuild"):
        portraits.features_of(connection, range(1, 13))
    upkeep.rebuild(system)
    assert upkeep.check(system) == []


def test_a_lost_source_is_named_and_only_a_backup_brings_it_back(broken: Break) -> None:
    system = broken("delete from source where code = 't'")
    found = upkeep.check(system)
    assert "строк без источника в таблице record: 6 (t); восстановите копию (catalog-sync restore ФАЙЛ)" in found
    assert LEFT_OUT in found
    with pytest.raises(StopEverything, match="записи источника t, а самого его нет: восстановите копию"):
        upkeep.rebuild(system)


def test_a_lost_table_is_named(broken: Break) -> None:
    system = broken("drop table edge")
    assert upkeep.check(system)[0] == "в базе нет таблиц: edge; восстановите копию (catalog-sync restore ФАЙЛ)"
    with pytest.raises(OperationalError) as error:
        upkeep.rebuild(system)
    assert sentence(error.value) == "в базе нет таблицы edge: восстановите копию (catalog-sync restore ФАЙЛ)"


def test_one_wrong_line_of_the_ledger_is_told_in_a_few_sentences(broken: Break) -> None:
    found = upkeep.check(broken("update stock_movement set copies = copies + 1 where kind = 'initial'"))
    assert found[1].endswith("первичное отражение, экземпляров: по журналу 24, в итогах 12")
    assert len(found) <= 9


def test_a_line_of_the_ledger_that_is_damaged_is_named_after_a_rebuild_too(broken: Break) -> None:
    """The sums follow the ledger whatever it says; what the library holds does not."""
    system = broken("update stock_movement set copies = 1000 where number = 1")
    said = "в журнале фонда (catalog-sync explain) не столько экземпляров, сколько у записей: s:R0000"
    assert said in upkeep.check(system)
    upkeep.rebuild(system)
    assert upkeep.check(system) == [said]


def test_a_cluster_the_index_has_for_another_is_named(template: Path, tmp_path: Path) -> None:
    system = open_system(Settings(home=Path(shutil.copytree(template, tmp_path / "home"))), now=Clock())
    with sqlite3.connect(system.settings.home / "catalog.sqlite") as database:
        database.execute("pragma foreign_keys = off")
        for table, column in (("member", "cluster"), ("union_record", "cluster"), ("cluster", "id")):
            database.execute(f"update {table} set {column} = 'cother' where {column} = {FIRST}")
    database.close()
    assert {"индекс: нет записей, которые есть в каталоге: 1", "индекс: лишних записей: 1"} <= set(
        indexing.check(system)
    )


@pytest.mark.parametrize(("name", "where"), [("*.term", 0.5), ("cards.bin", 0.5), ("cards.bin", 0.999)])
def test_a_byte_of_the_index_that_has_changed_is_named(
    template: Path, tmp_path: Path, name: str, where: float
) -> None:
    system = open_system(Settings(home=Path(shutil.copytree(template, tmp_path / "home"))), now=Clock())
    file = next(system.settings.index_path.glob(name))
    data = bytearray(file.read_bytes())
    data[int(len(data) * where)] ^= 0xFF
    file.write_bytes(data)
    assert f"индекс: файл {file.name} повреждён; выполните catalog-sync rebuild" in indexing.check(system)


@pytest.fixture
def unindexed(template: Path, tmp_path: Path) -> System:
    """A district whose night is published and not yet in the index."""
    system = open_system(Settings(home=Path(shutil.copytree(template, tmp_path / "home"))), now=Clock())
    files = [FetchedFile("export.mrc", mrc(shelf(7)), format="")]
    pipeline.run_source(system, "s", files, index=False)
    return system


def test_an_index_that_follows_a_harvest_is_waited_for(
    unindexed: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "LOOK_AGAIN_SECONDS", 0.01)
    with writing(unindexed.engine) as connection:
        assert leases.acquire(connection, "source:t", leases.process(), unindexed.now(), 3600)
    told: list[str] = []

    def finish(said: str) -> None:
        told.append(said)
        upkeep.drain_index(unindexed)
        with writing(unindexed.engine) as connection:
            leases.release(connection, "source:t", leases.process())

    assert upkeep.check(unindexed, tell=finish) == []
    assert told == ["идёт сбор или строится индекс: жду конца, чтобы сверить индекс"]


def test_an_index_that_nobody_brings_up_to_date_is_named_at_once(unindexed: System) -> None:
    told: list[str] = []
    assert "догонит при сборе или поиске" in upkeep.check(unindexed, tell=told.append)[0]
    assert told == []
    indexing.mend(unindexed, told.append)
    assert upkeep.check(unindexed) == []


def test_a_harvest_without_end_is_not_waited_for_without_end(
    unindexed: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "WAIT_SECONDS", 0)
    with writing(unindexed.engine) as connection:
        assert leases.acquire(connection, "source:t", leases.process(), unindexed.now(), 3600)
    assert "повторите catalog-sync check после него" in upkeep.check(unindexed)[-1]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (f"update cluster set created = 'вчера' where id = {FIRST}", "cluster в столбце created негодных значений: 1"),
        ("update cluster_change set sets = '{}'", "cluster_change в столбце sets"),
        ("update cluster_change set left_sets = 'не JSON'", "cluster_change в столбце left_sets"),
        (f"update cluster_change set number = 'x' where cluster = {FIRST}", "cluster_change в столбце number"),
        ("update library set stage = 'x'", "library в столбце stage негодных значений: 2"),
        ("update library set kind = 'shcool' where code = 's'", "library в столбце kind"),
        ("update stock_movement set kind = 'new' where number = 1", "stock_movement в столбце kind"),
        ("update stock_movement set day = '2026-1-1' where number = 1", "stock_movement в столбце day"),
        ("update record set warnings = x'00' where id = 1", "record в столбце warnings"),
        ("update record set deleted = 7 where id = 1", "record в столбце deleted"),
    ],
)
def test_what_does_not_belong_into_a_column_is_named_with_its_place(broken: Break, sql: str, words: str) -> None:
    found = upkeep.check(broken(sql), index=False)
    assert found[0].startswith(f"в таблице {words}")
    assert found[0].endswith("восстановите копию (catalog-sync restore ФАЙЛ)")
    assert found[1:] == ["остальное не сверено: сначала исправьте названное и повторите catalog-sync check"]


@pytest.mark.parametrize(
    "sql",
    [
        "update edge set score = 'x'",
        "update stock_rollup set grain = 'X' where grain = 'Q'",
        "update described set data = 'x' where record = 1",
        f"update member set cluster = x'00' where cluster = {FIRST}",
    ],
)
def test_what_does_not_belong_there_and_is_computed_is_mended_by_a_rebuild(broken: Break, sql: str) -> None:
    system = broken(sql)
    assert "негодных значений" in upkeep.check(system)[0]
    assert upkeep.check(system)[0].endswith("выполните catalog-sync rebuild")
    upkeep.rebuild(system)
    assert upkeep.check(system) == []


@pytest.mark.parametrize(
    "sql",
    [
        f"update cluster set id = 'cother' where id = {FIRST}",
        f"update union_record set cluster = 'cother' where cluster = {FIRST}",
        "update holding set record = 77 where record = 2",
        "update member set record = 77 where record = 2",
        f"update member set cluster = 'cother' where cluster = {FIRST}",
    ],
)
def test_rows_of_nothing_are_gone_after_a_rebuild(template: Path, tmp_path: Path, sql: str) -> None:
    home = Path(shutil.copytree(template, tmp_path / "home"))
    with sqlite3.connect(home / "catalog.sqlite") as database:
        assert database.execute(sql).rowcount
    database.close()
    system = open_system(Settings(home=home), now=Clock())
    found = upkeep.check(system)
    assert found
    assert not [said for said in found if links_check.RESTORE in said]
    upkeep.rebuild(system)
    assert upkeep.check(system) == []


def test_a_rebuild_over_what_no_program_wrote_says_what_it_is(broken: Break) -> None:
    with pytest.raises(StopEverything, match="record в столбце dialect негодных значений: 1; восстановите копию"):
        upkeep.rebuild(broken("update record set dialect = 'xml' where id = 1"))
