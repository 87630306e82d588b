"""search, explain, clusters, export, review, score: what is in the catalogue, told to people and to programs."""

from __future__ import annotations

import csv
import io
import json
import os
import threading
from pathlib import Path

import pytest
from lxml import etree

from catalog_sync.marc.framing import pieces
from catalog_sync.model import MarcField, MarcRecord
from catalog_sync.search import reader
from tests.cli.conftest import Cli, Export
from tests.exports import book, field, shelf


def test_clusters_have_one_row_for_each_live_record(district: Cli, export: Export) -> None:
    rows = list(csv.DictReader(io.StringIO(district("clusters", "--format", "csv").out)))
    assert list(rows[0]) == ["source", "local_id", "cluster"]
    assert len(rows) == 17
    assert len({row["cluster"] for row in rows}) == 9
    district("import", export("b.mrc", shelf(8, prefix="Q")), "--source", "school-2")
    assert len(district("clusters").out.splitlines()) == 1 + 16


def test_a_library_without_copies_of_an_edition_is_told_in_words(district: Cli, export: Export) -> None:
    district("import", export("link.mrc", [book("L1", "Иверень", copies=0)]), "--source", "school-1", "--incremental")
    assert "school-1: экземпляров не числится" in district("search", "иверень").out


def test_search_answers_programs_in_json(district: Cli) -> None:
    answer = json.loads(district("search", "алые", "паруса", "--json").out)
    assert answer["total"] == 1
    assert [h["library"] for h in answer["records"][0]["holdings"]] == ["school-1", "school-2"]


def test_a_search_for_too_much_says_which_word_is_in_the_way(district: Cli) -> None:
    said = district("search", "алые щщщщщщ паруса").out
    assert said == "найдено: 0\nбез «щщщщщщ» нашлось бы: 1\n"
    assert district("search", "щщщщщщ").out == "найдено: 0\n"


@pytest.mark.parametrize("question", ["инв. № Q9-0", "инв:q9-0", "Q9-0"])
def test_a_copy_is_found_by_its_inventory_number(district: Cli, question: str) -> None:
    said = district("search", question).out.splitlines()
    assert said[:2] == [f"экземпляров с инв. № {question.split()[-1].split(':')[-1]}: 1",
                        "Q9-0  school-2, в фонде (school-2:Q9)"]  # fmt: skip
    assert "Слово" in said[2]
    answer = json.loads(district("search", question, "--json").out)
    assert [copy["record"] for copy in answer["copies"]] == ["school-2:Q9"]
    assert [record["title"] for record in answer["records"]] == ["Слово"]


def test_a_number_no_copy_has_is_said(district: Cli) -> None:
    assert district("search", "инв:900900").out == "экземпляров с инв. № 900900: 0\n"
    assert district("search", "900900").out == "найдено: 0\n"


def test_search_on_the_terminal_names_fields_and_orders(district: Cli) -> None:
    assert "найдено: 1\n" in district("search", "заглавие:паруса автор:грин").out
    assert "найдено: 0\n" in district("search", "заглавие:грин").out
    years = [r["year"] for r in json.loads(district("search", "год:1900-", "--sort", "year-", "--json").out)["records"]]
    assert len(set(years)) > 1
    assert years == sorted(years, reverse=True)


def test_explain_shows_the_whole_line(district: Cli) -> None:
    told = district("explain", "school-1:R0000").out
    headings = (
        "Исходная запись", "Поля", "Понято как", "Движение фонда", "Признаки", "Сравнения", "Кластер", "Сводная запись"
    )  # fmt: skip
    assert [told.index(heading) for heading in headings] == sorted(told.index(heading) for heading in headings)
    assert "первичное отражение, экз. +1: дата – день загрузки; сеанс № 1\n" in told
    assert "  отбор в поиске: вид – " in told


def test_explain_tells_what_a_record_that_is_gone_did_to_the_stock(district: Cli, export: Export) -> None:
    district("import", export("b.mrc", shelf(8, prefix="Q")[:7]), "--source", "school-2")
    told = district("explain", "school-2:Q0007").out
    assert "выбыло, экз. -1: дата – день загрузки; сеанс № 3; нет в новой выгрузке\n" in told
    assert "Запись исчезла из источника" in told


def test_explain_names_the_decision_and_not_who_took_it(district: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it prints is sent to us and among libraries; `decisions` names people."""
    monkeypatch.setenv("LOGNAME", "ivanova")
    district("decide", "different", "school-1:R0000", "school-2:Q0000", "--why", "разные книги")
    told = district("explain", "school-1:R0000").out
    assert "решение № 1: school-1:R0000 и school-2:Q0000 — разные издания: разные книги\n" in told
    assert "ivanova" in district("decisions").out
    assert "ivanova" not in told


def test_explain_tells_an_edition_by_its_card_or_by_isbn(district: Cli, export: Export) -> None:
    district("import", export("isbn.mrc", [book("I1", "Иверень", isbn="978-5-08-005000-5")]), "--source", "school-1",
             "--incremental", "--yes")  # fmt: skip
    told = district("explain", "978-5-08-005000-5").out
    cluster = told.split()[1].rstrip(":")
    assert "school-1:I1" in told
    assert "заглавие: из school-1:I1" in told
    assert district("explain", cluster).out == told
    for nobody in ("978-5-08-005001-2", "c2222222222", "пушкин"):
        refused = district("explain", nobody)
        assert refused.code == 1
        assert f"ISBN из каталога, а указано '{nobody}'" in refused.line


def test_explain_names_the_pair_that_keeps_look_alikes_apart(district: Cli, export: Export) -> None:
    books = [
        book(number, "Зимний лес", author=("Лугов", "П. П."), publisher="Дрофа", pages=pages, subtitle=genre)
        for number, pages, genre in (("E1", "311", ""), ("E2", "311", "повесть"), ("E3", "309", "рассказы"))
    ]
    district("import", export("e.mrc", [*shelf(8, prefix="Q"), *books]), "--source", "school-2")
    told = district("explain", "school-2:E1").out
    assert "объединить мешает пара school-2:E2 и school-2:E3 — разные жанры в подзаголовке" in told


@pytest.mark.parametrize(
    ("dialect", "encoding"),
    [("rusmarc", "utf-8"), ("unimarc", "koi8-r"), ("marc21", "cp866"), ("marcsql", "cp1251")],
)
def test_iso2709_can_be_written_in_every_dialect_and_encoding_and_read_again(
    dialect: str, encoding: str, district: Cli, tmp_path: Path
) -> None:
    target = tmp_path / "out.mrc"
    ended = district(
        "export", "--format", "iso2709", "--dialect", dialect, "--encoding", encoding, "--output", target
    )  # fmt: skip
    assert ended.code == 0, ended.err
    assert "выгружено записей: 9" in ended.err
    assert len(list(pieces(target.read_bytes()))) == 9
    again = district("import", target, "--source", "copy", "--dialect", dialect, "--encoding", encoding, "--yes")
    assert "новых 9" in again.out
    assert "отложено 0" in again.out


def test_xml_formats_are_well_formed(district: Cli) -> None:
    for words in (["marcxml"], ["marcxml", "--dialect", "marc21"], ["dc"]):
        tree = etree.fromstring(district("export", "--format", *words).out.encode())
        assert len(tree) == 9
        assert all(leader.endswith("4500") for leader in tree.xpath("//*[local-name()='leader']/text()"))


def test_csv_has_a_row_for_each_edition(district: Cli) -> None:
    rows = list(csv.DictReader(io.StringIO(district("export", "--format", "csv").out.removeprefix("\ufeff"))))
    assert len(rows) == 9
    assert "Слово" in {row["заглавие"] for row in rows}


def test_a_query_narrows_the_export(district: Cli) -> None:
    assert "выгружено записей: 1" in district("export", "--format", "csv", "--query", "слово").err


def test_an_export_has_all_hits_however_many(district: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "DEEPEST", 2)  # as deep as pages of hits go
    everything = district("export", "--format", "csv").out.splitlines()
    found = district("export", "--format", "csv", "--query", "год:1900-2100")
    assert sorted(found.out.splitlines()[1:]) == sorted(everything[1:])
    assert len(everything) > 5


def test_an_export_goes_into_a_pipe_or_through_a_link(district: Cli, tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link.csv"
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: taken.append(pipe.read_text("utf-8-sig")))
    taken: list[str] = []
    reader.start()
    assert "выгружено записей: 9" in district("export", "--format", "csv", "--output", pipe).err
    reader.join(20)
    (tmp_path / "real.csv").write_text("")
    link.symlink_to(tmp_path / "real.csv")
    district("export", "--format", "csv", "--output", link)
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert taken == [(tmp_path / "real.csv").read_text("utf-8-sig")]


def test_a_query_that_finds_nothing_gives_an_empty_file(district: Cli) -> None:
    ended = district("export", "--format", "marcxml", "--query", "ыыыы")
    assert ended.code == 0
    assert len(etree.fromstring(ended.out.encode())) == 0


def test_letters_that_an_encoding_lacks_are_reported(cli: Cli, export: Export, tmp_path: Path) -> None:
    cli("import", export("a.mrc", [book("1"), book("2", "Հայոց պատմություն")]), "--source", "s", "--yes")
    ended = cli("export", "--format", "iso2709", "--encoding", "cp1251", "--output", tmp_path / "out.mrc")
    assert ended.code == 0
    assert "которых нет в cp1251: 1" in ended.err
    assert "нет в" not in cli("export", "--format", "iso2709", "--output", tmp_path / "out.mrc").err


def test_a_record_that_cannot_be_written_is_named_and_the_rest_is_written(
    cli: Cli, export: Export, tmp_path: Path
) -> None:
    long = book("2", "Очень длинное оглавление", note="глава " * 1600)
    cli("import", export("a.xml", xml=[book("1"), long]), "--source", "s", "--yes")
    target = tmp_path / "out.mrc"
    ended = cli("export", "--format", "iso2709", "--output", target)
    assert ended.code == 1
    assert "пропущена: " in ended.err
    assert len(list(pieces(target.read_bytes()))) == 1


def test_a_failed_export_leaves_the_former_file(
    district: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out.csv"
    target.write_text("вчерашний")
    monkeypatch.setattr("catalog_sync.cli.catalogue._csv_line", lambda record: (_ for _ in ()).throw(OSError(28, "x")))
    ended = district("export", "--format", "csv", "--output", target)
    assert ended.code == 1
    assert "на диске кончилось место" in ended.line
    assert target.read_text() == "вчерашний"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("encoding", ["utf-16", "marc8", "nonsense"])
def test_an_encoding_that_would_break_the_records_is_refused(encoding: str, district: Cli) -> None:
    assert "кодировк" in district("export", "--format", "iso2709", "--encoding", encoding).line


def test_an_encoding_for_xml_is_refused(district: Cli) -> None:
    assert "только для iso2709" in district("export", "--format", "marcxml", "--encoding", "cp1251").line


# --- the same edition or not ------------------------------------------------------------------------------------------


def test_review_shows_both_sides_and_the_evidence_most_copies_first(doubtful: Cli) -> None:
    told = doubtful("review").out
    assert told.index("school-1:G3") < told.index("school-1:G2")
    assert "класс указан только в одной записи" in told
    (first, second) = json.loads(doubtful("review", "--json").out)["pairs"]
    assert (first["copies"], second["copies"]) == (4, 3)


def test_questions_are_answered_on_the_terminal_and_what_an_answer_settled_is_not_asked(doubtful: Cli) -> None:
    doubtful("decide", "different", "school-1:G2", "school-1:G3", "--why", "разные классы")
    told = doubtful("review", "--ask", typed="что?\nо\nсверено с книгой\nр\n\n").out
    assert "нужна одна буква" in told
    assert told.count("основание") == 1  # M1 is the book of class 3: whether it is that of class 2 is no question now
    assert "решать нечего" in told
    assert "одно издание — сверено с книгой" in doubtful("decisions").out
    assert "сомнительных пар: 0" in doubtful("review").out
    clusters = {row["local_id"]: row["cluster"] for row in csv.DictReader(io.StringIO(doubtful("clusters").out))}
    assert clusters["G3"] == clusters["M1"] != clusters["G2"]


def test_different_is_said_of_the_two_records_shown(doubtful: Cli) -> None:
    doubtful("review", "--ask", typed="р\n\nв\n")
    assert "school-1:G3 и school-2:M1: разные издания — по описаниям" in doubtful("decisions").out
    clusters = {row["local_id"]: row["cluster"] for row in csv.DictReader(io.StringIO(doubtful("clusters").out))}
    assert clusters["G3"] != clusters["M1"]


def test_an_answer_is_about_whole_editions_as_on_the_page_and_one_undo_takes_it_back(cli: Cli, export: Export) -> None:
    """A1 says no year and may be the book of 2020; its twin of 2015 would still be kept apart by a word on one pair."""
    first, second = "9785080050008", "9785080050015"
    ours = [book("A1", isbn=first, year=""), book("A2", isbn=first, year="2015")]
    theirs = [book("B1", year="2020", pages=""), book("B2", isbn=second, year="2020")]
    for code, books in (("ours", ours), ("theirs", theirs)):
        cli("import", export(f"{code}.mrc", books), "--source", code, "--yes")
    before = cli("clusters").out
    told = cli("review", "--ask", typed="о\n\n").out
    assert told.count("записано") == 1
    assert len({row["cluster"] for row in csv.DictReader(io.StringIO(cli("clusters").out))}) == 1
    cli("undo", 1)
    assert cli("clusters").out == before


def test_leaving_and_passing_decide_nothing(doubtful: Cli) -> None:
    doubtful("review", "--ask", typed="п\nв\n")
    assert "решений ещё не было" in doubtful("decisions").out
    assert "решать нечего" not in doubtful("review").out


def test_a_decision_is_taken_back(doubtful: Cli) -> None:
    ended = doubtful("decide", "same", "school-1:G3", "school-2:M1", "--why", "сверено")
    assert "catalog-sync undo 1" in ended.out
    assert "отменено" in doubtful("undo", 1).out
    assert "сомнительных пар: 2" in doubtful("review").out
    assert "отменено" in doubtful("decisions").out


def test_a_contradicting_answer_is_told_and_the_next_question_comes(doubtful: Cli) -> None:
    doubtful("decide", "same", "school-1:G2", "school-1:G3", "--why", "x")
    ended = doubtful("decide", "different", "school-1:G2", "school-1:G3", "--why", "y")
    assert ended.code == 1
    assert "противоречит прежним: № 1" in ended.line


def test_score_reads_labels_and_refuses_strange_ones(district: Cli, tmp_path: Path) -> None:
    truth = tmp_path / "truth.csv"
    rows = [f"{s},{p}{n:04d},e{n}" for n in range(8) for s, p in (("school-1", "R"), ("school-2", "Q"))]
    truth.write_text("source,local_id,edition\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert "pairwise precision 1.00000 recall 1.00000" in district("score", truth).out
    figures = json.loads(district("score", truth, "--json").out)
    assert (figures["f1"], figures["records"]) == (1.0, 16)
    truth.write_text("source,local_id,edition\nelsewhere,1,e1\n", encoding="utf-8")
    assert "сначала загрузите их" in district("score", truth).line
    truth.write_text("a,b\n1,2\n", encoding="utf-8")
    assert "нет: edition, local_id, source" in district("score", truth).line


def test_a_cluster_s_history_is_told(district: Cli) -> None:
    cluster = json.loads(district("search", "алые паруса", "--json").out)["records"][0]["cluster"]
    assert district("history", cluster).out.strip()


def test_explain_says_that_a_record_speaks_another_dialect_than_its_source(cli: Cli, export: Export) -> None:
    title = field("245", ("a", "Белый Бим :"), ("b", "повесть"), indicators="10")
    copied = MarcRecord("00000nam0 2200000   450 ", (MarcField("001", data="9"), title))
    cli("import", export("a.mrc", [*shelf(8), copied]), "--source", "s", "--yes")
    told = cli("explain", "s:9").out
    assert "замечание: запись в формате MARC 21, хотя источник в RUSMARC" in told
    assert "Белый Бим : повесть" in told


def test_what_a_record_says_moves_no_cursor_and_is_no_formula(school: Cli, export: Export, tmp_path: Path) -> None:
    evil = book("E1", "\x1b[31m=HYPERLINK(1)\x1b]0;x\x07")
    plain = book("E2", "=HYPERLINK(2)")
    ended = school("import", export("evil.mrc", [evil, plain]), "--source", "school-1", "--incremental")
    assert not ended.code, ended.line
    told = school("explain", "school-1:E1").out
    assert "=HYPERLINK(1)" in told
    assert "\x1b" not in told
    assert "\x07" not in told
    assert '"=HYPERLINK(2)' not in school("export", "--format", "csv").out
    assert "'=HYPERLINK(2)" in school("export", "--format", "csv").out


def test_a_file_that_is_no_table_of_labels_is_refused(district: Cli, tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_bytes(bytes(range(128, 256)))
    assert "это не тот файл" in district("score", tmp_path / "truth.csv").line
