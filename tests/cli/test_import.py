"""import and what becomes of a run: asked, published, held, approved, rejected, rolled back."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
import zipfile
from pathlib import Path

import openpyxl
import pytest
from msgspec.structs import replace

from catalog_sync.cli.harvesting import HELD
from tests.cli.conftest import Cli, Export
from tests.exports import book, mrc, shelf


def marcxml(inside: bytes) -> bytes:
    return (
        b"<collection><record><leader>00000nam a2200000 a 4500</leader><datafield tag='245' ind1='0' ind2='0'>"
        + inside
        + b"</datafield></record></collection>"
    )


def zipped(name: str, data: bytes, **others: bytes) -> bytes:
    """An archive of `name`, and of `others`, whose names are written with two low lines for the dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for inner, content in {name: data, **{n.replace("__", "."): d for n, d in others.items()}}.items():
            archive.writestr(inner, content)
    return out.getvalue()


LIST = "Автор;Название;Год\n" + "Грин А. С.;Алые паруса;2021\n" * 30
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + marcxml(b'<subfield code="a">&b;</subfield>')


def test_an_unknown_source_is_made_after_asking(cli: Cli, export: Export) -> None:
    ended = cli("import", export(), "--source", "school-1", typed="да\n")
    assert ended.code == 0
    assert "Источника school-1 ещё нет" in ended.out
    assert "опубликован; прочитано 8, новых 8" in ended.out
    assert "school-1" in cli("source", "list").out


def test_a_no_makes_nothing(cli: Cli, export: Export) -> None:
    assert cli("import", export(), "--source", "school-1", typed="нет\n").code != 0
    assert "источников ещё нет" in cli("source", "list").out


def test_where_nobody_can_answer_the_refusal_names_yes(cli: Cli, export: Export) -> None:
    ended = cli("import", export(), "--source", "school-1")
    assert ended.code == 1
    assert "--yes" in ended.line


def test_yes_answers_questions_but_does_not_publish_a_held_run(school: Cli, export: Export) -> None:
    held = school("import", export("small.mrc", shelf(2)), "--source", "school-1", "--yes")
    assert held.code == HELD
    assert "удержан" in held.out
    assert "catalog-sync approve 2" in held.err
    assert "найдено: 1" in school("search", "Вечера на хуторе").out


def test_a_held_run_can_be_looked_at_rejected_and_approved(school: Cli, export: Export) -> None:
    school("import", export("small.mrc", shelf(2)), "--source", "school-1")
    shown = school("difference", 2)
    assert "исчезло: 6" in shown.out
    assert "R0002: Вечера на хуторе" in shown.out
    assert "отклонён" in school("reject", 2).out
    assert "нельзя опубликовать" in school("approve", 2).line
    school("import", export("small.mrc", shelf(2)), "--source", "school-1")
    assert "опубликован" in school("approve", 3).out
    assert "найдено: 0" in school("search", "Вечера на хуторе").out


def test_a_published_run_is_rolled_back(school: Cli, export: Export) -> None:
    more = [*shelf(8), book("N1", "Слово о полку Игореве")]
    assert school("import", export("more.mrc", more), "--source", "school-1").code == 0
    assert "отменён" in school("rollback", 2).out
    assert "найдено: 0" in school("search", "Слово о полку").out
    assert "найдено: 1" in school("search", "Алые паруса").out


def test_incremental_keeps_what_is_not_in_the_file(school: Cli, export: Export) -> None:
    new = export("new.mrc", [book("N1", "Слово о полку Игореве")])
    assert school("import", new, "--source", "school-1", "--incremental").code == 0
    assert "найдено: 1" in school("search", "Алые паруса").out


def test_another_dialect_of_a_known_source_is_refused_with_the_way_out(school: Cli, export: Export) -> None:
    ended = school("import", export(), "--source", "school-1", "--dialect", "marc21", "--yes")
    assert ended.code == 1
    assert "source set school-1 dialect=marc21" in ended.line


def test_the_encoding_named_is_the_encoding_kept(cli: Cli, export: Export) -> None:
    path = export("koi.mrc", shelf(3), "koi8-r")
    assert cli("import", path, "--source", "school-1", "--encoding", "koi8-r", "--yes").code == 0
    assert "koi8-r" in cli("source", "show", "school-1").out
    assert "найдено: 1" in cli("search", "Алые паруса").out


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("picture.mrc", b"\xff\xd8\xff\xe0 a photograph " * 30, "ожидался MARC, пришло другое: фотография JPEG"),
        ("act.mrc", b"%PDF-1.4 " * 300_000, "документ PDF"),
        ("letter.mrc", zipped("word/document.xml", b"<w/>"), "документ Word, Excel или OpenDocument"),
        ("setup.mrc", b"MZ\x90\x00\x03" + bytes(60), "программа Windows"),
        ("list.mrc", LIST.encode(), "похоже на список CSV"),
        ("list1251.mrc", LIST.encode("cp1251"), "похоже на список CSV"),
        ("wide.mrc", mrc(shelf(2)).decode().encode("utf-16"), "текст в UTF-16"),
        ("letter.iso", "Добрый день, шлю выгрузку".encode(), "пришло «Добрый день"),
        ("letter1251.iso", "Добрый день, шлю выгрузку".encode("cp1251"), "пришло «Добрый день, шлю выгрузк»"),
        ("random.iso", bytes(range(128, 168)), "пришло «························»"),
        ("letters.zip", zipped("readme.txt", "Добрый день".encode()), "в архиве нет выгрузки: readme.txt"),
        ("page.mrc", b"<!DOCTYPE html><html><title>Login</title></html>", "веб-страница"),
        ("empty.mrc", b"", "пуст"),
        ("blank.mrc", b" \r\n\r\n", "пуст"),
        ("nothing.zip", b"PK\x05\x06" + bytes(18), "пуст"),
        ("broken.zip", b"PK\x03\x04 not a zip at all", "повреждён"),
        ("cut.mrc", b"00714nam  2200205 i 4500001001100000", "маркер обещает 714 байт, пришло 36"),
        ("laughs.xml", LAUGHS, "объявления файла не раскрываются"),
        ("deep.xml", marcxml(b"<a>" * 100_000 + b"</a>" * 100_000), "вложенность глубже 256"),
        ("long.xml", marcxml(b'<subfield code="a">x</subfield>' * 100_000), "больше 50000 подполей (100000)"),
        ("deep.json", b"[" * 100_000 + b"]" * 100_000, "не MARC"),
        ("endless.mrc", b"00714nam  2200205 i 4500" + b"001001100000" * 100_000, "ни одного конца записи"),
        ("junk.json", b"[" + b'{"x":"y"},' * 110_000 + b"{}]", "ни одной записи"),
        ("junk.xml", b"<collection>" + b"<a>text</a>" * 100_000 + b"</collection>", "ни одного поля"),
        ("note.txt", "Уважаемые коллеги, выгрузка будет завтра.".encode(), ""),
    ],
)
def test_a_file_that_is_no_export_is_refused_in_one_line(
    name: str, data: bytes, word: str, cli: Cli, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    ended = cli("import", path, "--source", "school-1", "--yes")
    assert ended.code == 1
    assert name in ended.line
    assert word in ended.line
    assert "источников ещё нет" in cli("source", "list").out


def test_of_a_large_file_without_records_only_the_beginning_is_read(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "huge.mrc"
    with path.open("wb") as file:
        file.write(b"001001100000" * 100_000)
        file.truncate(600 << 20)  # the rest takes no room on the disk
    tracemalloc.start()
    try:
        ended = cli("import", path, "--source", "school-1", "--yes")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (ended.code, "ни одного конца записи" in ended.line) == (1, True)
    assert most < 50 << 20


def test_a_long_list_in_an_archive_is_not_taken_for_marc(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "lists.zip"
    rows = "".join(f"Пушкин А. С.;Капитанская дочка, том {n} {'и' * 3000};2019\n" for n in range(400))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("spisok.csv", "Автор;Название;Год издания\n" + rows)
    assert "новых 400" in cli("import", path, "--source", "school-9", "--yes").out


def test_what_a_known_source_sends_and_nobody_can_read_is_refused_with_the_reason(cli: Cli, export: Export) -> None:
    cli("import", export("first.mrc", shelf(3)), "--source", "school-1", "--yes")
    path = export("second.mrc", [])
    path.write_bytes(LAUGHS)
    ended = cli("import", path, "--source", "school-1")
    assert ended.code == 1
    assert "school-1: не удалось прочесть 1 из 1 записей (100 %), первую вот почему: " in ended.line
    assert "second.mrc, запись 1, с байта " in ended.line
    assert "объявления файла не раскрываются" in ended.line
    assert "сеанс № 2, school-1" in (told := cli("runs", 2).out)
    assert "не удался" in told
    assert "найдено: 3" in cli("search", "год:1900-").out
    assert len(cli("set-aside", "school-1").out.splitlines()) >= 1


def test_a_missing_file_and_a_folder_are_refused(cli: Cli, tmp_path: Path) -> None:
    assert cli("import", tmp_path / "no.mrc", "--source", "school-1").code == 2
    assert cli("import", tmp_path, "--source", "school-1").code == 2


@pytest.mark.parametrize("code", ["школа 7", "a:b", "a/b", "-x", "x" * 65])
def test_a_code_that_would_break_addresses_is_refused(code: str, cli: Cli, export: Export) -> None:
    ended = cli("import", export(), f"--source={code}", "--yes")
    assert ended.code == 1
    assert "код источника" in ended.line


def test_an_unknown_encoding_is_refused_before_anything_is_made(cli: Cli, export: Export) -> None:
    ended = cli("import", export(), "--source", "school-1", "--encoding", "latin-5000", "--yes")
    assert "нет кодировки" in ended.line
    assert "источников ещё нет" in cli("source", "list").out


def test_an_encoding_named_later_is_kept_where_it_agrees_and_refused_where_not(cli: Cli, export: Export) -> None:
    path = export("a.mrc", shelf(8), "cp866")
    cli("import", path, "--source", "school-1", "--yes")
    assert cli("import", path, "--source", "school-1", "--encoding", "ibm866").code == 0
    assert "cp866" in cli("source", "show", "school-1").out
    ended = cli("import", path, "--source", "school-1", "--encoding", "cp1251", "--yes")
    assert "source set school-1 dialect=rusmarc encoding=cp1251" in ended.line


def test_an_archive_is_opened(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.mrc", mrc(shelf(3)))
        archive.writestr("b.mrc", mrc(shelf(3, prefix="Z", start=10)))
    assert "новых 6" in cli("import", path, "--source", "school-1", "--yes").out


def test_what_lies_beside_the_export_in_an_archive_is_passed_over_and_named(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    beside = {"readme__txt": "Выгрузка за сентябрь\n".encode(), "photo__jpg": b"\xff\xd8\xff\xe0" + bytes(range(256))}
    path.write_bytes(zipped("a.mrc", mrc(shelf(3)), **beside, Thumbs__db=b"\xd0\xcf\x11\xe0"))
    ended = cli("import", path, "--source", "school-1", "--yes")
    assert "прочитано 3, новых 3" in ended.out
    assert "отложено 0" in ended.out
    remark = "export.zip: в архиве пропущены readme.txt (записей MARC нет), photo.jpg (фотография JPEG)"
    assert f"замечание: {remark}" in ended.out
    assert remark in cli("runs", "1").out


def test_nothing_is_gone_because_one_of_two_exports_is_empty(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(zipped("a.mrc", mrc(shelf(2)), b__mrc=mrc(shelf(1, prefix="Z"))))
    cli("import", path, "--source", "school-1", "--yes")
    path.write_bytes(zipped("a.mrc", mrc(shelf(2)), b__mrc=b""))
    ended = cli("import", path, "--source", "school-1", "--yes")
    assert "исчезло 0" in ended.out
    assert "b.mrc (файл пуст)" in ended.out


@pytest.mark.parametrize("data", [mrc(shelf(3)), b"", b"\xff\xd8\xff"])
def test_a_file_whose_name_is_no_utf8_is_imported_or_refused_by_a_readable_name(
    cli: Cli, tmp_path: Path, data: bytes
) -> None:
    path = tmp_path / os.fsdecode("выгрузка.mrc".encode("cp1251"))
    path.write_bytes(data)
    ended = cli("import", path, "--source", "school-1", "--yes")
    assert "новых 3" in ended.out or "выгрузка.mrc: " in ended.line
    assert ended.code or "выгрузка.mrc" in cli("runs", 1).out


def test_what_a_drop_folder_does_not_take_is_named_on_the_terminal_and_in_the_run(school: Cli, home: Path) -> None:
    school("source", "set", "school-1", "harvester=files", "settle_seconds=0")
    folder = home / "drop" / "school-1"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("выгрузка")
    ended = school("harvest", "school-1")
    assert "замечание: в папке есть a.txt: такие файлы не берутся" in ended.out
    assert "нового источник не отдал" in ended.out
    assert "в папке есть a.txt" in school("runs", 2).out
    assert "в папке есть a.txt" in school("source", "test", "school-1").line
    (folder / "a.mrc").write_bytes(b"")
    assert "school-1: a.mrc: файл пуст" in school("harvest", "school-1").line
    assert "a.mrc: файл пуст" in school("runs", 3).out


def test_the_reason_of_a_held_run_is_not_told_once_all_is_gone(school: Cli, export: Export, tmp_path: Path) -> None:
    empty = tmp_path / "empty.xml"
    empty.write_text("<collection/>")
    assert school("import", empty, "--source", "school-1").code == HELD
    ended = school("approve", 2)
    assert "исчезло 8" in ended.out
    assert "каталог прежний" not in ended.out
    assert ended.err == ""


def test_a_remark_that_is_the_reason_is_told_once(school: Cli, export: Export) -> None:
    path = export("cut.mrc")
    path.write_bytes(path.read_bytes()[:-40])
    ended = school("import", path, "--source", "school-1", "--yes")
    assert ended.code == HELD
    assert "оборван" in ended.err
    assert "оборван" not in ended.out


def test_remarks_are_counted_and_old_reasons_are_not_repeated(school: Cli, export: Export) -> None:
    nameless = [replace(r, fields=r.fields[1:]) for r in shelf(9)]
    one, two = export("one.mrc", nameless[:4]), export("two.mrc", nameless[4:])
    ended = school("import", one, two, "--source", "school-1", "--yes")
    assert "замечаний: 2, подробности: catalog-sync runs 2" in ended.out
    assert "причина" in ended.err
    for verb in ("approve", "rollback"):
        assert "причина" not in school(verb, 2).err


def test_a_list_in_excel_becomes_records_with_copies(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "spisok.xlsx"
    sheet = openpyxl.Workbook()
    rows = [
        ["Автор", "Название", "Год издания", "Издательство", "Количество"],
        ["Пушкин А. С.", "Капитанская дочка", 2019, "Детская литература", 3],
        ["Грин А. С.", "Алые паруса", 2021, "Эксмо", 2],
    ]
    for row in rows:
        sheet.active.append(row)
    sheet.save(path)
    assert "новых 2" in cli("import", path, "--source", "school-9", "--yes").out
    assert "3 экз." in cli("search", "Капитанская дочка").out
    with zipfile.ZipFile(tmp_path / "spisok.zip", "w") as archive:
        archive.write(path, path.name)
    assert "без изменений 2" in cli("import", tmp_path / "spisok.zip", "--source", "school-9").out


def test_a_barcode_typed_for_a_price_or_a_number_of_copies_costs_neither_the_list_nor_the_figures(
    cli: Cli, tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    rows = ["Название;Год;Количество;Цена", "Алгебра;2020;4607012345678;300", "Физика;2021;5;46070123456789012345"]
    path.write_text("\n".join(rows), encoding="utf-8")
    ended = cli("import", path, "--source", "school-1", "--yes")
    assert "опубликован; прочитано 2, новых 2" in ended.out
    assert cli("check").code == 0
    assert "1 экз." in cli("search", "Алгебра").out
    assert "5 экз." in cli("search", "Физика").out


def test_a_list_without_a_title_column_is_refused_with_its_headings(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "spisok.csv"
    path.write_text("Колонка один;Колонка два\nа;б\nв;г\n", encoding="cp1251")
    ended = cli("import", path, "--source", "school-9", "--yes")
    assert ended.code == 1
    assert "source mapping school-9 spisok.csv" in ended.line


def test_an_interrupted_import_says_so_and_leaves_the_catalogue(
    school: Cli, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("catalog_sync.staging.stage_files", interrupted)
    ended = school("import", export("more.mrc", shelf(9)), "--source", "school-1")
    assert ended.code == 130
    assert ended.line == "прервано"
    assert "не удался" in school("runs").out
    assert "найдено: 1" in school("search", "Алые паруса").out


def test_unknown_runs_records_clusters_and_decisions_are_refused(school: Cli) -> None:
    for words in (
        ("approve", 99), ("reject", 99), ("rollback", 99), ("difference", 99), ("undo", 99),
        ("explain", "school-1:none"), ("explain", "nonsense"),
        ("history", "c000"), ("harvest", "nobody"), ("letter", "nobody"),
        ("runs", "--source", "nobody"),
        ("decide", "same", "school-1:none", "school-1:R0001", "--why", "x"),
    ):  # fmt: skip
        ended = school(*words)
        assert ended.code == 1, words
        assert ended.line.startswith("catalog-sync: "), words


def test_a_source_loaded_by_hand_is_not_harvested(school: Cli) -> None:
    assert "import" in school("harvest", "school-1").line
    assert "собирать нечего" in school("harvest").out


def test_runs_are_listed_for_people_and_for_programs(school: Cli) -> None:
    assert "опубликован" in school("runs").out
    (run,) = json.loads(school("runs", "--json").out)
    assert (run["source"], run["state"], run["new"]) == ("school-1", "published", 8)


def test_one_run_is_shown_with_all_its_counts_and_its_log(cli: Cli, export: Export) -> None:
    cli("import", export("a.mrc", shelf(5)), "--source", "s", "--yes")
    shown = cli("runs", "1").out
    for words in ("новых 5", "кластеров затронуто  5", "длился", "a.mrc", "сбор начат", "опубликован: прочитано 5"):
        assert words in shown
    assert json.loads(cli("runs", "1", "--json").out)[0]["seconds"] > 0
    assert "нет сеанса № 9" in cli("runs", "9").line
