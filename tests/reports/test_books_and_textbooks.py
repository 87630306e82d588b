"""КСУ, provision with textbooks, the exchange radar and lists imported from Excel."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from openpyxl import Workbook

from catalog_sync.distance import kilometres, point
from catalog_sync.errors import Refused
from catalog_sync.model import BibRecord, Classified, Dialect, Isbn, Library, RecordKey, UnionRecord
from catalog_sync.reports import exchange, registry, roadmap, textbooks
from catalog_sync.reports.model import Text
from catalog_sync.store import catalogue_state, provision, tabular, unions
from catalog_sync.store.acts import content_groups, level_of
from catalog_sync.store.packing import compress
from catalog_sync.store.provision import Line, Wanted, grades_of, is_same, isbn13
from catalog_sync.store.tables import record
from tests.ledger.district import District, holds, item, klass, marc, new_engine

TODAY = date(2026, 10, 10)


def bib(title: str, **more) -> BibRecord:
    return BibRecord(RecordKey("a", "1"), Dialect.MARCSQL, title=title, **more)


def union(cluster: str, book: BibRecord, classified: Classified | None = None) -> UnionRecord:
    return UnionRecord(cluster, book, (RecordKey("a", "1"),), {}, classified)


@pytest.fixture
def connection():
    with new_engine().begin() as connection:
        yield connection


def cells(report, name: str) -> list[list[object]]:
    return [[cell.value for cell in row.cells] for row in next(t for t in report.tables if t.name == name).rows]


def test_ksu_has_one_line_per_document_and_part_two_goes_on_numbering(connection):
    district = District(connection.engine)
    district.add_library(connection, "a")
    first, second = date(2026, 2, 1), date(2026, 5, 1)
    copies = [item(str(n), came=first, price="100.00", ksu_number="1/2026") for n in range(3)]
    copies += [item(str(n), came=second, price="50.00", ksu_number="2/2026") for n in range(3, 5)]
    old = [item(f"o{n}", came=date(2020, 1, 1), went=date(2025, 3, n + 1), withdrawal_act=f"{n}") for n in range(2)]
    gone = item("g", came=date(2020, 1, 1), went=date(2026, 6, 1), withdrawal_act="3", withdrawal_reason="ветхость")
    district.publish(connection, "a", TODAY, {"r": (holds(*copies, *old, gone), klass("fiction"))})
    unions.save(connection, [union("c-r", bib("Стихи", bbk=("84(2)",)))])
    report = registry.make_in(connection, "ksu", library="a", asked_period="2026", today=TODAY)
    part1 = cells(report, "part1")
    assert [(row[1], row[3], row[4]) for row in part1[:2]] == [(1, "1/2026", 3), (2, "2/2026", 2)]
    assert part1[-1][4] == 5
    assert part1[-1][-1] == 400.0
    assert part1[0][-3] == 3  # художественная литература (84)
    (line, _) = cells(report, "part2")
    assert (line[1], line[2], line[3], line[-1]) == (3, "3", 1, "ветхость")
    part3 = {row[0]: row[1] for row in cells(report, "part3")}
    assert part3["Поступило за I квартал 2026 года"] == 3
    assert part3["Поступило за период"] == 5
    assert part3["Выбыло за период"] == 1


def test_ksu_names_where_books_came_from_as_the_record_does(connection):
    district = District(connection.engine)
    district.add_library(connection, "a")
    held = {code: (holds(item(code, came=date(2026, 2, 1), ksu_number=code)), klass()) for code in ("r1", "r2")}
    district.publish(connection, "a", TODAY, held)
    known = compress(marc("r1", "Библиотечный коллектор"))
    connection.execute(record.update().where(record.c.local_id == "r1").values(data=known))
    report = registry.make_in(connection, "ksu", library="a", asked_period="2026", today=TODAY)
    assert [row[2] for row in cells(report, "part1")[:2]] == ["Библиотечный коллектор", "в записях не указан"]


@pytest.mark.parametrize(
    ("bbk", "category", "expected"),
    [("22.1", "other", {"natural"}), ("32.97", "other", {"applied"}), ("63.3(2)", "other", {"social"}),
     ("74.202", "other", {"social", "pedagogy"}), ("84(2Рос)6", "other", {"fiction"}),
     ("Ч411", "other", {"social", "pedagogy"}),
     ("", "fiction", {"fiction"}), ("", "other", set())],
)  # fmt: skip
def test_content_of_ksu_by_bbk_of_both_tables(bbk, category, expected):
    assert set(content_groups(bib("x", bbk=(bbk,)), category)) == expected


def test_levels_of_school_by_the_class_in_the_description():
    assert level_of(bib("Математика", subtitle="учебник для 3 класса")) == "1–4"
    assert level_of(bib("Физика", subtitle="учебник для 10-11 классов")) == "10–11"
    assert level_of(None) == ""


# --- Provision -------------------------------------------------------------------------------------------------------


def line(library: str, needed: int, fit: int, fpu: str = "1.1") -> Line:
    return Line(library, 2026, 5, "История", Wanted("История", fpu=fpu), "", needed, needed, fit, fit, 0, 0, True)


def test_a_surplus_of_one_book_never_hides_the_lack_of_another():
    share, missing, schools = textbooks.summary([line("a", 10, 30, "1"), line("a", 10, 0, "2")])
    assert (share, missing, schools) == (0.5, 10, 1)
    assert textbooks.summary([]) is None


def test_the_radar_gives_to_neighbours_first_and_never_more_than_there_is():
    libraries = {code: Library(code, code, settlement=where) for code, where in
                 (("a", "Село"), ("b", "Город"), ("c", "Село"), ("d", "Город"))}  # fmt: skip
    lines = [line("a", 20, 5), line("b", 10, 40), line("c", 10, 18), line("d", 10, 0)]
    found = {(t.giver, t.taker): t.copies for t in exchange.transfers(lines, libraries)}
    assert found[("c", "a")] == 8
    assert sum(copies for (_, taker), copies in found.items() if taker == "a") == 15
    assert sum(copies for (giver, _), copies in found.items() if giver == "b") <= 30
    assert found[("b", "d")] == 10


def test_the_nearest_school_gives_first_and_one_of_unknown_place_last():
    places = {"a": "53.00, 55.00", "near": "53.05, 55.05", "far": "53.50, 56.00", "where": ""}
    libraries = {code: Library(code, code, coordinates=text) for code, text in places.items()}
    lines = [line("a", 30, 0), line("far", 0, 10), line("where", 0, 50), line("near", 0, 10)]
    found = exchange.transfers(lines, libraries)
    assert [(t.giver, t.copies) for t in found] == [("near", 10), ("far", 10), ("where", 10)]
    assert [None if t.km is None else round(t.km) for t in found] == [6, 87, None]


def test_an_electronic_copy_and_a_textbook_out_of_date_are_not_handed_over():
    libraries = {code: Library(code, code) for code in "ab"}
    electronic = replace(line("b", 0, 10), electronic=8)
    assert [t.copies for t in exchange.transfers([line("a", 30, 0), electronic], libraries)] == [2]
    outdated = replace(line("b", 0, 10), fit=0)
    assert exchange.transfers([line("a", 30, 0), outdated], libraries) == []


def test_a_book_a_school_has_and_names_no_need_for_is_offered_but_not_of_a_school_that_said_nothing(connection):
    district = District(connection.engine)
    for code in ("a", "b", "silent"):
        district.add_library(connection, code)
    books = (holds(item(copies=25, came=date(2024, 8, 20))), klass("textbook"))
    for code in ("b", "silent"):
        district.publish(connection, code, TODAY, {f"{code}-1": books}, {f"{code}-1": "c-history"})
    history = bib("История", subtitle="учебник для 5 класса", isbns=(Isbn("", "9785090000008"),))
    unions.save(connection, [union("c-history", history)])
    need = {"grade": "5", "subject": "История", "title": "История", "isbn": "9785090000008", "pupils": "20"}
    tabular.import_needs(connection, "a", 2026, [need])
    other = {**need, "subject": "Алгебра", "title": "Алгебра", "isbn": "9785090000015"}
    tabular.import_needs(connection, "b", 2026, [other])
    stated = provision.lines(connection, TODAY)
    offered = provision.idle(connection, TODAY, stated)
    assert [(one.library, one.spare, one.clusters) for one in offered] == [("b", 25, ("c-history",))]
    report = registry.make_in(connection, "exchange", asked_period="2026", today=TODAY)
    assert report.facts["copies"] == 20


def needing(connection, *needs: tuple[str, int, str, str], numbered: bool = False) -> None:
    """Schools with 30 copies of one book for the classes 10–11; needs: (school, year, class, pupils)."""
    district = District(connection.engine)
    for code in dict.fromkeys(code for code, *_ in needs):
        district.add_library(connection, code)
        book = (holds(item(copies=30, came=date(2024, 8, 20))), klass("textbook"))
        district.publish(connection, code, TODAY, {f"{code}-1": book}, {f"{code}-1": "c-history"})
    unions.save(connection, [union("c-history", bib("История", isbns=(Isbn("", "9785090000008"),)))])
    need = {"subject": "История", "title": "История", "isbn": "9785090000008", "fpu": "1.1.3" if numbered else ""}
    for code, year, grade, pupils in needs:
        tabular.import_needs(connection, code, year, [{**need, "grade": grade, "pupils": pupils}])


def test_a_book_of_two_classes_is_counted_once(connection):
    needing(connection, ("a", 2026, "11", "25"), ("a", 2026, "10", "20"), ("b", 2026, "10", "50"))
    found = [(line.library, line.grade, line.have, line.missing, line.surplus)
             for line in provision.lines(connection, TODAY)]  # fmt: skip
    assert found == [("a", 10, 20, 0, 0), ("a", 11, 10, 15, 0), ("b", 10, 30, 20, 0)]
    assert registry.make_in(connection, "exchange", asked_period="2026", today=TODAY).facts["copies"] == 0
    report = registry.make_in(connection, "textbooks", asked_period="2026", today=TODAY)
    assert report.facts["share"] == 60 / 95
    assert [row[2] for row in cells(report, "schools")] == [30, 30, 60]
    assert any("посчитан один раз" in note for table in report.tables for note in table.notes)


def test_what_is_over_when_all_classes_have_their_book_is_over_once(connection):
    needing(connection, ("a", 2026, "11", "5"), ("a", 2026, "10", "10"))
    assert [(line.have, line.surplus) for line in provision.lines(connection, TODAY)] == [(25, 15), (5, 0)]


def test_what_is_over_of_a_book_of_two_classes_is_offered_to_either(connection):
    needing(connection, ("a", 2026, "11", "5"), ("a", 2026, "10", "10"), ("b", 2026, "11", "40"), numbered=True)
    report = registry.make_in(connection, "exchange", asked_period="2026", today=TODAY)
    assert report.facts["copies"] == 10


def test_a_school_that_has_not_stated_this_year_s_need_has_that_of_the_last(connection):
    needing(connection, ("a", 2026, "10", "25"), ("a", 2025, "10", "7"), ("b", 2025, "10", "20"))
    found = [(line.library, line.year, line.needed) for line in provision.lines(connection, TODAY)]
    assert found == [("a", 2026, 25), ("b", 2025, 20)]
    report = registry.make_in(connection, "textbooks", asked_period="2026", today=TODAY)
    assert report.facts["schools"] == 2
    assert any("Школа b — 2025/2026" in text for text in paragraphs(report))


def paragraphs(report) -> list[str]:
    return [section.text for section in report.sections if isinstance(section, Text)]


def test_the_price_in_an_act_of_transfer_is_the_one_it_was_mended_to(connection):
    district = District(connection.engine)
    district.add_library(connection, "a")
    for night, price in enumerate(("100", "250")):
        book = holds(item(copies=3, came=date(2026, 2, 1), price=price))
        district.publish(connection, "a", TODAY + timedelta(night), {"r": (book, klass("textbook"))})
    assert provision.prices(connection, "a", ["c-r"]) == {25_000}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("55.7558, 37.6176", (55.7558, 37.6176)), ("55,7558; 37,6176", (55.7558, 37.6176)), ("", None),
     ("55.7558 37.6176", (55.7558, 37.6176)), ("-33.9 151.2", (-33.9, 151.2))],
)  # fmt: skip
def test_coordinates_as_people_copy_them_from_a_map(text, expected):
    assert point(text) == expected


@pytest.mark.parametrize("text", ["Заречье", "137.1, 55", "55", "55, 237"])
def test_what_is_no_place_on_earth_is_refused_in_words(text):
    with pytest.raises(ValueError, match=r"широт"):
        point(text)


def test_moscow_and_saint_petersburg_are_634_kilometres_apart():
    assert round(kilometres((55.7558, 37.6176), (59.9386, 30.3141))) == 634


def test_a_need_finds_its_book_by_isbn_or_by_class_author_and_title():
    described = bib("История Древнего мира", subtitle="5 класс : учебник", responsibility="А. А. Вигасин")
    book = provision.Stocked("c", described, 10, 0, frozenset({"9785090000000"}), frozenset({5}))
    assert is_same(Wanted("История Древнего мира", "Вигасин А. А.", "5"), book)
    assert not is_same(Wanted("История Древнего мира", "Вигасин А. А.", "6"), book)
    assert not is_same(Wanted("История Древнего мира", "Уколова В. И.", "5"), book)
    assert not is_same(Wanted("История Средних веков", "Вигасин А. А.", "5"), book)
    assert not is_same(Wanted("Учебник для 5 класса", "", "5"), book)  # words that every textbook has name none
    assert grades_of("10–11 классы") == {10, 11}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("978-5-09-071721-2", "9785090717212"),
        ("5-09-006575-6", "9785090065757"),
        ("978-5-09-071721-3", ""),
        ("нет", ""),
    ],
)
def test_isbn_as_typed_in_lists(typed, expected):
    assert isbn13(typed) == expected


def sheet(*rows) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_lists_come_in_with_their_own_headings_and_are_reconciled(connection):
    district = District(connection.engine)
    district.add_library(connection, "a")
    held = {"r": (holds(item(copies=20, came=date(2024, 8, 1))), klass("textbook"))}
    district.publish(connection, "a", TODAY, held)
    book = bib("История Древнего мира", subtitle="5 класс", isbns=(Isbn("", "9785090717212"),))
    unions.save(connection, [union("c-r", book)])
    heads = ["Порядковый номер учебника", "Наименование учебника", "Автор", "Класс", "ISBN"]
    row = ["1.1.2.5.1", "История Древнего мира", "Вигасин А. А.", 5, "978-5-09-071721-2", "до 31 августа 2027 года"]
    fpu = sheet(["Федеральный перечень"], [*heads, "Предельный срок использования"], row, ["Раздел 2"])
    _, rows = tabular.read("fpu", fpu)
    assert tabular.import_fpu(connection, rows, "приказ № 858") == 1
    needs = sheet(["Класс", "Предмет", "№ ФПУ", "Обучающихся"], ["5", "История", "1.1.2.5.1", "25"])
    mapping, rows = tabular.read("needs", needs)
    tabular.save(connection, "наши", mapping)
    assert tabular.saved(connection, "наши") == mapping
    assert tabular.import_needs(connection, "a", 2026, rows) == 1
    (found,) = provision.lines(connection, TODAY)
    assert (found.needed, found.have, found.fit, found.missing) == (25, 20, 20, 5)
    (late,) = provision.lines(connection, date(2028, 9, 1))
    assert late.fit == 0  # the term of use has run out
    ais = "Наименование учебника;Класс;ISBN;Количество\nИстория Древнего мира;5;978-5-09-071721-2;22\nФизика;7;;10\n"
    _, rows = tabular.read("ais", ais.encode("cp1251"))
    assert tabular.import_ais(connection, "a", rows, datetime(2026, 1, 1, tzinfo=UTC)) == 2
    pairs = {pair.title: (pair.ais, pair.catalogue) for pair in provision.reconcile(connection, "a")}
    assert pairs == {"История Древнего мира": (22, 20), "Физика": (10, None)}


def test_books_of_one_title_are_reconciled_class_by_class(connection):
    district = District(connection.engine)
    district.add_library(connection, "a")
    isbns = {11: "9785090000015", 10: "9785090000022", 5: "9785090000039", 9: "9785090000008"}
    books = {f"r{grade}": (holds(item(copies=3, came=date(2024, 8, 1))), klass("textbook")) for grade in isbns}
    district.publish(connection, "a", TODAY, books)
    for grade, isbn in isbns.items():
        book = bib("Алгебра", subtitle=f"{grade} класс : учебник", isbns=(Isbn("", isbn),))
        unions.save(connection, [union(f"c-r{grade}", book)])
    assert [pair.grade for pair in provision.reconcile(connection, "a")] == ["5", "9", "10", "11"]


def test_a_list_with_numbers_or_texts_that_no_database_holds_is_told_so(connection):
    District(connection.engine).add_library(connection, "a")
    ais = {"title": "Алгебра", "copies": "99999999999", "fpu": "1" * 40, "grade": "5" * 40}
    with pytest.raises(Refused, match="строка 1: количество — число слишком велико"):
        tabular.import_ais(connection, "a", [ais], datetime(2026, 1, 1, tzinfo=UTC))
    assert tabular.import_ais(connection, "a", [{**ais, "copies": "9"}], datetime(2026, 1, 1, tzinfo=UTC)) == 1
    heading = {"number": f"1. {'Учебники, ' * 9}", "title": "Алгебра"}
    assert tabular.import_fpu(connection, [heading], "приказ № 858") == 0


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"PK\x03\x04junk", "не таблица"), (b"\xd0\xcf\x11\xe0", "xlsx"), ("а;б\n1;2\n".encode(), "не нашлись столбцы")],
)
def test_a_file_that_is_no_list_is_refused_in_words(data, word):
    with pytest.raises(Refused, match=word):
        tabular.read("needs", data)


# --- Dates of the roadmaps -------------------------------------------------------------------------------------------


def test_a_report_due_in_a_quarter_is_about_the_last_one_that_ended():
    due = {(day, duty.code): duty.covers(day).code for day, duty in roadmap.due(date(2025, 12, 31), date(2026, 12, 31))}
    assert due[(date(2026, 1, 10), "quarterly")] == "2025Q4"
    assert due[(date(2026, 10, 10), "quarterly")] == "2026Q3"
    assert due[(date(2026, 1, 15), "oo2")] == "2025"
    assert due[(date(2026, 4, 15), "model")] == "2025H2"
    assert due[(date(2026, 10, 15), "model")] == "2026H1"
    assert {day.month for day, code in due if code == "network"} == {6, 12}


def test_an_edition_described_twice_in_one_school_is_not_shared_with_others(connection):
    district = District(connection.engine)
    for code in ("a", "b"):
        district.add_library(connection, code)
    books = {number: (holds(item(number, came=date(2024, 9, 1))), klass()) for number in ("1", "2", "3")}
    district.publish(connection, "a", TODAY, books, {"1": "c-twice", "2": "c-twice", "3": "c-both"})
    district.publish(connection, "b", TODAY, {"3": books["3"]}, {"3": "c-both"})
    found = {one.source: (one.inner_duplicates, one.shared) for one in catalogue_state.sources(connection)}
    assert found == {"a": (2, 1), "b": (0, 1)}


def test_a_report_of_june_is_about_the_half_year_that_runs():
    (duty,) = (one for one in roadmap.duties() if one.code == "network")
    assert duty.covers(date(2026, 6, 20)).code == "2026H1"
    assert duty.covers(date(2026, 12, 20)).code == "2026H2"


@pytest.mark.parametrize(("pupils", "norm", "needed"), [(50, "1,1", 55), (90, "1.1", 99), (33, "1.1", 37), (9, "", 9)])
def test_the_norm_is_reckoned_as_it_was_typed_and_rounded_up(connection, pupils, norm, needed):
    District(connection.engine).add_library(connection, "a")
    need = {"grade": "5", "subject": "История", "pupils": str(pupils), "per_pupil": norm}
    tabular.import_needs(connection, "a", 2026, [need])
    assert [line.needed for line in provision.lines(connection, TODAY)] == [needed]


def test_one_book_in_one_place_is_the_same_with_and_without_yo():
    libraries = {code: Library(code, code, settlement=where) for code, where in (("a", "с. Орёл"), ("b", "с. Орел"))}
    lines = [replace(line(code, need, fit), wanted=Wanted(title, authors)) for code, need, fit, title, authors in (
        ("a", 10, 0, "Зелёная азбука", "Артёмов А. Б."), ("b", 0, 10, "Зеленая азбука.", "Артемов А.Б."))]  # fmt: skip
    assert [(found.copies, found.km) for found in exchange.transfers(lines, libraries)] == [(10, 0.0)]
