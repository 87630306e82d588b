"""source …: found, tried, changed, paused, asked for, without ever showing a secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog_sync.settings import Settings
from catalog_sync.store import jobs
from catalog_sync.store.database import reading
from catalog_sync.system import open_system
from tests.cli.conftest import Cli, Export
from tests.exports import book, mrc, shelf


def add(cli: Cli, *more: str, code: str = "school-7") -> None:
    ended = cli("source", "add", code, "--library", code, "--library-name", "Школа № 7", *more)
    assert ended.code == 0, ended.err


def test_test_shows_what_was_understood_and_changes_nothing(cli: Cli, export: Export) -> None:
    add(cli, "--dialect", "marc21")
    ended = cli("source", "test", "school-7", export("a.mrc", shelf(12), "cp866"))
    assert ended.code == 0
    assert "кодировка cp866" in ended.out
    assert "просмотрено записей: 12, не прочитано: 0; с экземплярами: 12, экземпляров: 12" in ended.out
    assert "экземпляров 1 (поле 899), инв. № R0000-0" in ended.out
    assert "dialect marc21 → rusmarc, encoding — → cp866" in ended.out
    assert "marc21" in cli("source", "show", "school-7").out
    assert "сеансов ещё не было" in cli("runs").out


def test_write_keeps_what_was_found(cli: Cli, export: Export) -> None:
    add(cli, "--dialect", "marc21")
    path = export("a.mrc", shelf(12), "cp866")
    assert "записано: dialect marc21 → rusmarc" in cli("source", "test", "school-7", path, "--write").out
    shown = cli("source", "show", "school-7").out
    assert "rusmarc" in shown
    assert "cp866" in shown
    assert "этому соответствуют" in cli("source", "test", "school-7", path).out


def test_a_source_is_tried_through_its_own_harvester(cli: Cli, home: Path) -> None:
    add(cli, "--kind", "files", "settle_seconds=0")
    drop = home / "drop" / "school-7"
    drop.mkdir(parents=True)
    (drop / "export.mrc").write_bytes(mrc(shelf(4)))
    ended = cli("source", "test", "school-7", "--cards", "2")
    assert "просмотрено записей: 4" in ended.out
    assert (drop / "export.mrc").exists()


def test_records_without_copies_are_remarked(cli: Cli, export: Export) -> None:
    add(cli)
    ended = cli("source", "test", "school-7", export("a.mrc", [book("1", copies=0)]))
    assert "экземпляров нет ни в одной записи" in ended.out


def test_a_file_that_is_no_export_is_refused(cli: Cli, tmp_path: Path) -> None:
    add(cli)
    path = tmp_path / "x.mrc"
    path.write_bytes(b"nothing of the kind")
    assert "не MARC" in cli("source", "test", "school-7", path).line


def test_settings_are_checked_when_they_are_set(cli: Cli) -> None:
    add(cli, "--kind", "http", "url=https://school.example/export.mrc")
    assert "возможно, «password»" in cli("source", "set", "school-7", "pasword=env:PASS").line
    assert "нет кодировки" in cli("source", "set", "school-7", "encoding=cp12510").line
    assert "возможны" in cli("source", "set", "school-7", "dialect=marc").line
    assert "нет библиотеки" in cli("source", "set", "school-7", "library=nowhere").line
    assert "ИМЯ=ЗНАЧЕНИЕ" in cli("source", "set", "school-7", "url").line
    assert cli("source", "set", "school-7", "password=env:PASS", "schedule=30 2 * * *").code == 0
    assert cli("source", "set", "school-7", "schedule=").code == 0
    shown = cli("source", "show", "school-7").out
    assert "env:PASS" in shown
    assert "30 2" not in shown


def test_a_secret_written_out_is_refused_and_not_repeated(cli: Cli) -> None:
    add(cli, "--kind", "http", "url=https://school.example/export.mrc")
    for value in ("password=hunter2", "url=https://me:hunter2@school.example/x.mrc"):
        ended = cli("source", "set", "school-7", value)
        assert ended.code == 1
        assert "hunter2" not in ended.out + ended.err
    assert "hunter2" not in cli("source", "show", "school-7").out


def test_an_unknown_kind_is_refused_with_those_there_are(cli: Cli) -> None:
    ended = cli("source", "add", "school-7", "--library", "school-7", "--kind", "oai-pmh")
    assert "oai_pmh" in ended.line
    for name in ("files", "table", "oai_pmh", "z3950"):
        assert name in cli("source", "kinds").out
    assert "обязательна" in cli("source", "kinds", "http").out
    assert "по умолчанию ssl; можно ssl, starttls, none" in cli("source", "kinds", "mailbox").out


def test_a_source_is_not_added_twice(cli: Cli) -> None:
    add(cli)
    assert "уже есть" in cli("source", "add", "school-7", "--library", "school-7").line


def test_what_was_never_loaded_cannot_be_read_anew(cli: Cli) -> None:
    add(cli)
    assert "нечего" in cli("source", "reread", "school-7").out
    unknown = cli("source", "reread", "school-8")
    assert unknown.code == 1
    assert "нет источника 'school-8'" in unknown.line


def test_a_paused_source_is_left_out_until_resumed(cli: Cli, home: Path) -> None:
    add(cli, "--kind", "files")
    (home / "drop" / "school-7").mkdir(parents=True)
    cli("source", "pause", "school-7")
    assert "[пауза]" in cli("source", "list").out
    assert "собирать нечего" in cli("harvest").out
    cli("source", "resume", "school-7")
    assert "[пауза]" not in cli("source", "list").out
    assert "school-7" in cli("harvest").out


def test_a_pause_survives_reading_the_settings_file_again(cli: Cli, home: Path) -> None:
    home.mkdir()
    (home / "catalog-sync.toml").write_text(
        '[[library]]\ncode = "s"\nname = "Школа"\n[[source]]\ncode = "s"\nlibrary = "s"\nharvester = "files"\n',
        encoding="utf-8",
    )
    cli("init")
    cli("source", "pause", "s")
    cli("source", "set", "s", "encoding=cp866")
    cli("init")
    assert "[пауза]" in cli("source", "list").out
    assert "cp866" in cli("source", "show", "s").out


TWO_SCHOOLS = (
    '[[library]]\ncode = "a"\nname = "Школа А"\n[[library]]\ncode = "b"\nname = "Школа Б"\n'
    '[[source]]\ncode = "s"\nlibrary = "a"\ndialect = "rusmarc"\nharvester = "files"\nsettle_seconds = "0"\n'
)


def test_a_source_put_right_in_the_settings_file_takes_its_books_along(cli: Cli, home: Path) -> None:
    (home / "drop" / "s").mkdir(parents=True)
    (home / "drop" / "s" / "books.mrc").write_bytes(mrc([book("R1", "Муму", copies=3)]))
    settings = home / "catalog-sync.toml"
    settings.write_text(TWO_SCHOOLS, encoding="utf-8")
    cli("init")
    assert cli("harvest").code == 0
    assert "Школа А: 3 экз." in cli("search", "муму").out
    settings.write_text(TWO_SCHOOLS.replace('library = "a"', 'library = "b"'), encoding="utf-8")
    said = cli("init").out
    assert "источник s: library a → b" in said
    assert "прочитаны по-новому" in said
    assert "Школа Б: 3 экз." in cli("search", "муму").out
    assert cli("check").out.strip() == "расхождений нет"
    assert "источник s" not in cli("init").out
    assert cli("source", "set", "s", "library=a").code == 0
    assert "Школа А: 3 экз." in cli("search", "муму").out


def test_a_closed_source_leaves_the_catalogue_and_can_come_back(school: Cli) -> None:
    before = school("clusters").out
    assert "Ответить некому" in school("source", "close", "school-1").line
    ended = school("source", "close", "school-1", "--yes")
    assert ended.code == 0, ended.err
    assert "опубликован" in ended.out
    assert len(school("clusters").out.splitlines()) == 1
    assert "[пауза]" in school("source", "list").out
    assert school("check").out.strip() == "расхождений нет"
    assert "записей источника school-1 в каталоге нет" in school("source", "close", "school-1", "--yes").line
    found = re.search(r"catalog-sync rollback (\d+)", ended.out)
    assert found
    assert school("rollback", found[1], "--yes").code == 0
    assert school("clusters").out == before
    assert school("check").out.strip() == "расхождений нет"


def test_run_now_leaves_a_request_for_the_jobs(cli: Cli, home: Path) -> None:
    add(cli, "--kind", "files")
    assert "просьба № 1" in cli("source", "run-now", "school-7").out
    system = open_system(Settings(home=home))
    with reading(system.engine) as connection:
        (request,) = jobs.latest(connection)
    assert (request.what, request.argument, request.taken) == ("harvest", "school-7", None)


def test_run_now_is_refused_where_nothing_can_be_fetched(school: Cli) -> None:
    assert "загружается вручную" in school("source", "run-now", "school-1").line


@pytest.fixture
def spisok(tmp_path: Path) -> Path:
    path = tmp_path / "spisok.csv"
    rows = "Фамилия;Что за книга;Когда;Сколько\nПушкин А. С.;Капитанская дочка;2019;3\nГрин А. С.;Алые паруса;2021;2\n"
    path.write_text(rows, encoding="cp1251")
    return path


COLUMNS = "Фамилия=author; Что за книга=title; Когда=year; Сколько=copies"


def test_a_mapping_is_shown_saved_used_and_forgotten(cli: Cli, spisok: Path) -> None:
    add(cli)
    shown = cli("source", "mapping", "school-7", spisok, "--columns", COLUMNS)
    assert re.search(r"Что за книга +title \(название\) +Капитанская дочка; Алые паруса", shown.out)
    assert "экземпляров 2" in shown.out
    assert "[columns]" not in cli("source", "show", "school-7").out
    assert "сохранено" in cli("source", "mapping", "school-7", spisok, "--columns", COLUMNS, "--write").out
    assert "новых 2" in cli("import", spisok, "--source", "school-7").out
    assert "3 экз." in cli("search", "Капитанская дочка").out
    assert "забыто" in cli("source", "forget-mapping", "school-7").out
    assert "нет сохранённого" in cli("source", "forget-mapping", "school-7").line


def test_a_source_that_sends_no_lists_keeps_no_mapping(cli: Cli, spisok: Path) -> None:
    add(cli)
    cli("source", "set", "school-7", "harvester=files")
    assert "harvester=table" in cli("source", "mapping", "school-7", spisok, "--columns", COLUMNS, "--write").line


def test_of_a_list_no_other_dialect_is_offered(cli: Cli, spisok: Path) -> None:
    add(cli)
    cli("source", "mapping", "school-7", spisok, "--columns", COLUMNS, "--write")
    assert "соответствуют" in cli("source", "test", "school-7", spisok).out


def test_a_mapping_without_title_is_not_saved(cli: Cli, spisok: Path) -> None:
    add(cli)
    ended = cli("source", "mapping", "school-7", spisok, "--columns", "Когда=year", "--write")
    assert ended.code == 1
    assert "не узнан" in ended.line


def test_a_mapping_of_columns_that_are_not_there_names_those_that_are(cli: Cli, spisok: Path) -> None:
    add(cli)
    ended = cli("source", "mapping", "school-7", spisok, "--columns", "Заглавие=title")
    assert "есть: Фамилия; Что за книга; Когда; Сколько" in ended.line


def test_a_wrong_encoding_and_dialect_are_corrected_afterwards(cli: Cli, export: Export) -> None:
    path = export("a.mrc", shelf(5), "cp866")
    cli("import", path, "--source", "s", "--dialect", "marc21", "--encoding", "koi8-r", "--yes")
    assert "найдено: 0" in cli("search", "Алые паруса").out
    ended = cli("source", "set", "s", "encoding=cp866", "dialect=rusmarc")
    assert "изменилось 5" in ended.out
    assert "→ Алые паруса" in ended.out
    assert "найдено: 1" in cli("search", "Алые паруса").out
    assert cli("check").code == 0
    again = cli("import", path, "--source", "s")
    assert "без изменений 5" in again.out


def test_a_code_longer_than_a_region_keeps_is_refused_in_a_district_too(cli: Cli, home: Path) -> None:
    long = "s" * 65
    assert "нужно до 64 знаков" in cli("source", "add", long, "--library", "a").line
    ended = cli("source", "add", "a", "--library", long)
    assert "код библиотеки" in ended.line
    assert "знаков 65" in cli("user", "add", long, "--role", "librarian", "--generate").err
    (home / "catalog-sync.toml").write_text(f'[[library]]\ncode = "{long}"\nname = "Школа"\n', encoding="utf-8")
    assert "код библиотеки" in cli("init").line
    assert cli("source", "list").out.count("\n") <= 1


@pytest.mark.parametrize(
    ("code", "why"), [("a:b", "без пробелов, двоеточий"), ("licence", "занят"), ("..", "нужно до")]
)
def test_a_code_that_would_be_mistaken_for_something_else_is_refused(cli: Cli, code: str, why: str) -> None:
    ended = cli("source", "add", code, "--library", "school-7")
    assert ended.code != 0
    assert why in ended.line
    assert "заведена" not in ended.out


LIBRARY = '[[library]]\ncode = "l"\nname = "Школа"\n[[source]]\ncode = "s"\nlibrary = "l"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[jobs]\nschedule = "ночью"', "[jobs] schedule: ожидалось «0 1 * * *»"),
        (LIBRARY + 'harvester = "files"\nschedule = "61 1 * * *"', "источник s: schedule: ожидалось «0 1 * * *»"),
        (LIBRARY + 'encoding = "cp9999"', "источник s: нет кодировки 'cp9999'"),
        (LIBRARY + 'holdings_profile = "x"', "holdings_profile: возможны rusmarc, "),
        (LIBRARY + 'folder = "/in"', "загружается вручную, а настройка «folder»"),
        ('[[library]]\ncode = "l l"\nname = "Школа"', "код библиотеки 'l l': нужно до 64 знаков"),
        (LIBRARY.replace('"s"', '"s:1"'), "код источника 's:1': нужно до 64 знаков"),
    ],
)
def test_what_no_night_could_work_with_is_refused_before_it_is_kept(
    cli: Cli, home: Path, text: str, words: str
) -> None:
    home.mkdir(parents=True)
    (home / "catalog-sync.toml").write_text(text, encoding="utf-8")
    ended = cli("init")
    assert ended.code == 1
    assert words in ended.line
    (home / "catalog-sync.toml").unlink()
    assert "источников ещё нет" in cli("source", "list").out


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("schedule=ночью", "schedule: ожидалось «0 1 * * *»"),
        ("holdings_profile=x", "holdings_profile: возможны"),
        ("encoding=cp9999", "нет кодировки 'cp9999'"),
    ],
)
def test_a_command_refuses_it_too(school: Cli, setting: str, words: str) -> None:
    before = school("source", "show", "school-1").out
    ended = school("source", "set", "school-1", setting)
    assert ended.code == 1
    assert words in ended.line
    assert school("source", "show", "school-1").out == before
