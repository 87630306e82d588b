"""The reports' pages: open to everybody, files to take away, and the desk of the staff."""

from __future__ import annotations

import io
import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from importlib import import_module
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs
from openpyxl import Workbook

from catalog_sync.errors import Refused
from catalog_sync.model import Library
from catalog_sync.reports import registry, render, scheduled
from catalog_sync.store import kept, snapshots, unions
from catalog_sync.store import registry as registered
from catalog_sync.store.database import writing
from catalog_sync.store.ledger_check import check
from tests.reports.conftest import NOW, log_in, send, token
from tests.reports.sample import TODAY, build


def amount_of(cell: str) -> int:
    """«−1 234» of a page as a number; what is none is nought."""
    found = re.sub(r"<[^>]+>|\s", "", cell).replace("−", "-").replace("+", "")
    return int(found) if found.lstrip("-").isdigit() else 0


PUBLIC = [name for name, entry in registry.REPORTS.items() if entry.public]


@pytest.mark.parametrize("address", ["/reports/", "/reports/indicators", "/reports/snapshots",
                                     *(f"/reports/{name}?period=2026Q3" for name in PUBLIC)])  # fmt: skip
def test_public_pages_open_without_a_login(client, address):
    response = client.get(address)
    assert response.status_code == 200
    page = response.get_data(as_text=True)
    assert "<h1>" in page
    assert "style=" not in page.split("<article", 1)[-1]  # the policy forbids inline styles


@pytest.mark.parametrize("name", PUBLIC)
def test_what_scrolls_in_a_report_is_reached_by_keyboard_and_no_two_landmarks_have_one_name(client, name):
    """Tables of the memo have no titles; on a telephone a chart is wider than the page."""
    page = client.get(f"/reports/{name}?period=2026Q3").get_data(as_text=True)
    landmarks = re.findall(r'role="region" aria-label="([^"]*)"', page)
    assert len(landmarks) == len(set(landmarks))
    boxes = re.findall(r'<(?:div class="scroll|figure class="chart)[^>]*>', page)
    assert all('tabindex="0"' in box for box in boxes)


@pytest.mark.parametrize("ending", ["xlsx", "docx", "csv", "json"])
def test_a_report_is_taken_away_as_a_file(client, ending):
    response = client.get(f"/reports/oo2.{ending}?period=2025&library=school-01")
    assert response.status_code == 200
    assert f"oo2_school-01_2025-01-01_2025-12-31.{ending}" in response.headers["Content-Disposition"]


def test_a_number_opens_its_books(client):
    page = client.get("/reports/replenishment?period=2026Q3").get_data(as_text=True)
    links = re.findall(r'href="(/reports/rows\?[^"]+)"', page)
    assert links
    rows = client.get(links[-1].replace("&amp;", "&"))
    assert rows.status_code == 200
    assert "Почему так отнесено" in rows.get_data(as_text=True)
    lines = client.get("/reports/rows.csv?period=2026Q3&library=school-01").get_data(as_text=True)
    assert "Книга" in lines
    assert "2026/" not in lines  # documents are for the staff


def test_in_english_a_number_opens_its_books_and_their_file(client):
    """The language stands in the address with cookies off, so every link made from another has it already."""
    page = client.get("/reports/oo2?period=2025&lang=en").get_data(as_text=True)
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/reports/rows\?[^"]+)"', page)]
    assert links
    assert all(link.count("?") == 1 and "lang=en" in link for link in links)
    opened = client.get(links[0])
    assert opened.status_code == 200
    file = re.search(r'href="(/reports/rows[^"?]*csv\?[^"]+)"', opened.get_data(as_text=True))[1]
    assert client.get(file.replace("&amp;", "&")).status_code == 200


def test_a_period_is_asked_and_shown_in_words(client):
    page = client.get("/reports/oo2?period=III+квартал+2026").get_data(as_text=True)
    assert "за III квартал 2026 года" in page
    assert 'value="III квартал 2026 года"' in page
    assert 'value="III квартал 2026 года"' in client.get("/reports/oo2?period=2026Q3").get_data(as_text=True)
    assert "<option" in page
    assert 'value="2026Q3"' not in page


@pytest.mark.parametrize("name", [name for name, entry in registry.REPORTS.items() if entry.of_district])
def test_a_report_of_the_whole_district_offers_no_library_and_takes_none(client, engine, name):
    page = client.get(f"/reports/{name}?period=2026Q3&library=school-01")  # an old link still opens
    assert page.status_code == 200
    assert "<select" not in page.get_data(as_text=True)
    asks_for_a_period = 'name="period"' in page.get_data(as_text=True)
    assert asks_for_a_period is not registry.entry(name).of_today
    with pytest.raises(Refused, match="по всему району"):
        registry.make(engine, name, library="school-01", today=TODAY)


@pytest.mark.parametrize(
    ("period", "said"),
    [("2026", "Период ещё не закончен: показатели на "), ("2031", "Период ещё не начался"), ("2025", "")],
)
def test_a_period_that_is_not_over_is_told_before_its_figures(engine, period, said):
    for name in ("oo2", "replenishment", "quarterly", "libraries", "cataloguing", "memo"):
        first = registry.make(engine, name, period=period, today=TODAY).sections[0]
        told = getattr(first, "text", "")
        assert said in told
        assert bool(said) == told.startswith("Период ещё не")


def test_the_radar_of_a_school_that_named_no_needs_says_so():
    with build(schools=2, records=12).begin() as connection:
        registered.save_libraries(connection, [Library("school-90", "Школа без потребности")])
        lead = registry.make_in(connection, "exchange", library="school-90", today=TODAY).sections[0]
    assert "Потребность" in lead.text
    assert "не введена" in lead.text


def test_what_is_not_public_asks_for_a_login(client):
    assert client.get("/reports/e-register").status_code == 404
    assert client.get("/reports/desk").status_code == 302


def test_a_librarian_corrects_a_class_and_sees_the_figure_move(app, engine):
    client = log_in(app, "ivanova")
    before = registry.make(engine, "oo2", library="school-02", period="2026", today=TODAY).facts
    address = "/reports/desk/classification?source=school-02&local_id=e004"  # CLASSES[4]: fiction
    answer = send(client, address, category="reference", carrier="", ekind="", why="это справочник")
    assert "Исправлено" in answer.get_data(as_text=True)
    after = registry.make(engine, "oo2", library="school-02", period="2026", today=TODAY).facts
    moved = before["04.5"] - after["04.5"]
    assert moved > 0
    assert after["05.5"] - before["05.5"] == moved
    assert after["01.5"] == before["01.5"]
    with engine.connect() as connection:
        assert check(connection) == []


def test_a_librarian_does_not_touch_another_school(app):
    client = log_in(app, "ivanova")
    answer = client.get("/reports/desk/classification?source=school-01&local_id=e004")
    assert answer.status_code == 422
    assert "другой библиотеки" in answer.get_data(as_text=True)


def test_an_act_goes_into_the_ledger_with_its_number(app, engine):
    client = log_in(app, "ivanova")
    before = registry.make(engine, "oo2", library="school-02", period="2026", today=TODAY).facts["01.3"]
    values = {"library": "school-02", "record": "school-02:e004", "direction": "in", "copies": "7"}
    send(client, "/reports/desk/act", **values, day="2026-10-01", document="15")
    after = registry.make(engine, "oo2", library="school-02", period="2026", today=TODAY).facts["01.3"]
    assert after - before == 7
    refused = send(
        client, "/reports/desk/act", **{**values, "direction": "out", "copies": "999"}, day="2026-10-01", document="16"
    )
    assert "состоит" in refused.get_data(as_text=True)


def test_a_sum_is_typed_with_its_kopecks(app, engine):
    client, document = log_in(app, "ivanova"), "17-К"
    values = {"library": "school-02", "record": "school-02:e004", "direction": "in", "copies": "2", "day": "2026-10-01"}
    refused = send(client, "/reports/desk/act", **values, document=document, rubles="1234,505").get_data(as_text=True)
    assert "ожидалась сумма в рублях, например 1234,50" in refused
    send(client, "/reports/desk/act", **values, document=document, rubles="1 234,50")
    report = registry.make(engine, "ksu-textbooks", library="school-02", period="2026-10-01:2026-10-01", today=TODAY)
    main = registry.make(engine, "ksu", library="school-02", period="2026-10-01:2026-10-01", today=TODAY)
    lines = [[cell.value for cell in row.cells] for made in (report, main) for row in made.tables[0].rows]
    assert [line[-1] for line in lines if line[3] == document] == [1234.5]


def test_a_list_of_needs_comes_from_excel_with_its_own_headings(app, engine):
    book = Workbook()
    for row in (["Потребность в учебниках"], [], ["Класс", "Предмет", "Учебник", "Автор", "Кол-во обучающихся"],
                ["5", "История", "История Древнего мира", "Вигасин", 24]):  # fmt: skip
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    client = log_in(app, "ivanova")
    sent = {"kind": "needs", "library": "school-02", "year": "2026", "file": (io.BytesIO(out.getvalue()), "needs.xlsx")}
    assert "Загружено строк: 1" in send(client, "/reports/desk/import", **sent).get_data(as_text=True)
    report = registry.make(engine, "textbooks", library="school-02", today=TODAY)
    details = next(table for table in report.tables if table.name == "details")
    line = next(row for row in details.rows if row.cells[2].value == "История")
    places = {column.title: n for n, column in enumerate(details.columns)}
    wanted = ("Обуч.", "Нужно", "Есть", "Не хватает", "закупкой")
    assert [line.cells[places[name]].value for name in wanted] == [24, 24, 0, 24, 24]


def test_the_boss_freezes_a_quarter_and_a_licence_is_registered(app):
    client = log_in(app, "boss")
    assert "заморожен" in send(client, "/reports/desk/snapshot-now", period="2026Q2").get_data(as_text=True)
    running = send(client, "/reports/desk/snapshot-now", period="2026Q4").get_data(as_text=True)
    assert "замораживают законченный период" in running
    number = re.search(r'href="/reports/snapshots/(\d+)"', client.get("/reports/snapshots").get_data(as_text=True))[1]
    send(client, "/reports/desk/snapshot-now", period="2026Q1")
    page = client.get(f"/reports/snapshots/{number}?with={int(number) + 1}").get_data(as_text=True)
    assert "Изменение со среза «I квартал 2026 года»" in page
    assert "II квартал 2026 года" in page
    rows = dict(re.findall(r'<th scope="row">([^<]+)</th>(.*?)</tr>', page))
    assert "нет данных" in rows["Школа school-07"]
    assert ">0<" not in rows["Школа school-07"]  # missing is not nought
    figures = {name: [amount_of(one) for one in re.findall(r"<td[^>]*>(.*?)</td>", row)] for name, row in rows.items()}
    schools = [row for name, row in figures.items() if name.startswith("Школа") and len(row) == 7]
    for at in (0, 1, 2, 3, 4, 6):  # titles alone do not add up
        assert figures["Школы с данными"][at] == sum(row[at] for row in schools)
    assert "Данные есть у 7 из 8 школ" in page
    values = {"library": "school-03", "name": "ЭБС", "kind": "package", "starts": "2026-02-01", "ends": "2026-12-01"}
    answer = send(client, "/reports/desk/licence", **values, titles="50", copies="50", category="other")
    assert "Договор записан" in answer.get_data(as_text=True)
    held = "/reports/rows?library=school-03&period=2026-03-01:2026-03-01&ekind=licensed"
    assert "считается по договору" in client.get(held).get_data(as_text=True)
    assert ">ЭБС<" in client.get(f"{held}&unit=titles").get_data(as_text=True)


def test_due_reports_are_made_once_kept_and_name_the_missing(engine, app, monkeypatch):
    home = app.extensions["catalog-sync"].settings.home
    open_transactions = []

    @contextmanager
    def noted(of):
        with writing(of) as connection:
            open_transactions.append(connection)
            yield connection
            open_transactions.pop()

    def rendered(report, ending):
        assert not open_transactions, "a harvest waits until Word has its file"
        return render.render(report, ending)

    monkeypatch.setattr(scheduled, "writing", noted)
    monkeypatch.setattr(scheduled, "render", SimpleNamespace(render=rendered, file_name=render.file_name))
    made = scheduled.run_due(engine, NOW, ZoneInfo("Europe/Moscow"), "Отдел", home)
    assert {one.due for one in made} >= {date(2026, 10, 10)}
    quarterly = next(one for one in made if one.due == date(2026, 10, 10))
    assert quarterly.missing == ("Школа school-07",)
    assert "Школа school-07" in quarterly.letter
    assert scheduled.run_due(engine, NOW, ZoneInfo("Europe/Moscow"), "Отдел", home) == []
    with engine.connect() as connection:
        listed = kept.listed(connection)
    assert {one.format for one in listed if one.schedule == "quarterly"} == {"docx", "xlsx"}
    assert all(one.snapshot for one in listed if one.schedule == "quarterly")
    with engine.connect() as connection:
        assert snapshots.verify(connection, scheduled.signing_key(home)) == []
    client = log_in(app, "boss")
    assert client.get(f"/reports/kept/{listed[0].number}").get_data()[:2] == b"PK"


def test_the_desk_of_accounting_is_one_click_from_every_page_of_the_staff(app):
    page = log_in(app, "ivanova").get("/staff/").get_data(as_text=True)
    assert 'href="/reports/desk"' in page


def test_a_library_that_becomes_a_partner_on_its_card_leaves_the_figures(app, engine):
    client = log_in(app, "boss")
    page = client.get("/staff/libraries/school-08").get_data(as_text=True)
    values = dict(re.findall(r'name="(\w+)"[^>]*value="([^"]*)"', page))
    answer = client.post("/staff/libraries/school-08", data={**values, "kind": "partner"}, follow_redirects=True)
    assert "Сохранено" in answer.get_data(as_text=True)
    with engine.begin() as connection:
        kinds = {one.code: one.kind for one in registered.libraries(connection)}
        assert kinds["school-08"] == "partner"
        assert check(connection) == []
        registered.save_libraries(connection, [registered.find_library(connection, "school-08")])


def test_an_act_typed_wrongly_is_taken_back_by_a_correcting_line(app, engine):
    client = log_in(app, "ivanova")
    before = closing(engine, "school-02")
    values = {"library": "school-02", "record": "school-02:e004", "direction": "in", "copies": "7"}
    send(client, "/reports/desk/act", **values, day="2026-10-01", document="21-ошибка")
    assert closing(engine, "school-02") == before + 7
    desk = client.get("/reports/desk").get_data(as_text=True)
    number = re.search(r'21-ошибка</th>.*?/reports/desk/act/(\d+)"', desk, re.DOTALL)[1]
    assert "Причина: не заполнено" in send(client, f"/reports/desk/act/{number}", why="").get_data(as_text=True)
    send(client, f"/reports/desk/act/{number}", why="записан не тот учебник")
    assert closing(engine, "school-02") == before
    again = send(client, f"/reports/desk/act/{number}", why="ещё раз").get_data(as_text=True)
    assert "уже исправлен" in again
    with engine.connect() as connection:
        assert check(connection) == []


def closing(engine, library: str) -> int:
    return registry.make(engine, "oo2", library=library, period="2026", today=TODAY).facts["01.5"]


def test_a_contract_is_prolonged_or_dissolved_on_the_desk(app, engine):
    client = log_in(app, "boss")
    values = {"library": "school-03", "name": "Полка", "kind": "package", "starts": "2026-09-01", "ends": "2026-12-31"}
    send(client, "/reports/desk/licence", **values, titles="20", copies="20", category="fiction")
    desk = client.get("/reports/desk").get_data(as_text=True)
    number = re.search(r"<td>Полка</td>.*?/reports/desk/licence/(\d+)", desk, re.DOTALL)[1]
    address = f"/reports/desk/licence/{number}"
    assert "Договор продлён" in send(client, address, action="extend", day="2027-06-30").get_data(as_text=True)
    assert "раньше прежнего" in send(client, address, action="extend", day="2026-12-01").get_data(as_text=True)
    before = closing(engine, "school-03")
    send(client, address, action="close", day="2026-10-05", why="издательство отказалось")
    assert closing(engine, "school-03") == before - 20
    assert "издательство отказалось" in client.get("/reports/desk").get_data(as_text=True)


def test_needs_are_typed_one_by_one_and_taken_out(app, engine):
    client = log_in(app, "ivanova")
    address = "/reports/desk/needs"
    sent = {"library": "school-02", "year": "2026", "grade": "7", "subject": "География", "pupils": "31"}
    answer = client.post(address, data={**sent, "csrf_token": token(client.get(address).get_data(as_text=True))})
    assert answer.status_code == 302
    page = client.get(f"{address}?library=school-02&year=2026").get_data(as_text=True)
    assert "География" in page
    wrong = client.post(address, data={**sent, "grade": "12", "csrf_token": token(page)}).get_data(as_text=True)
    assert "класс — ожидалось от 1 до 11" in wrong
    wrong = client.post(address, data={**sent, "isbn": "978-5-09-1", "csrf_token": token(page)}).get_data(as_text=True)
    assert "ISBN: контрольная цифра" in wrong
    gone = {**sent, "fpu": "", "remove": "1", "csrf_token": token(page)}
    assert client.post(address, data=gone).status_code == 302
    assert "География" not in client.get(f"{address}?library=school-02&year=2026").get_data(as_text=True)
    assert client.get(f"{address}?library=school-01").status_code == 422


def test_the_desk_names_what_is_due_and_who_is_silent(app):
    page = log_in(app, "boss").get("/reports/desk").get_data(as_text=True)
    assert "Ближайшие сроки" in page
    assert "Отчёт о внедрении модели (апрель, октябрь)" in page
    assert "Школа school-07" in page.partition("Нет свежих данных у школ:")[2].partition("</p>")[0]


def test_the_page_of_rows_begins_with_the_number_they_add_up_to(app, engine, client):
    report = registry.make(engine, "oo2", period="2026", today=TODAY)
    stock = next(table for table in report.tables if table.name == "stock")
    cell = stock.rows[0].cells[3]  # выбыло, строка 01
    page = client.get(f"/reports/rows?{cell.rows}").get_data(as_text=True)
    assert f"<h1>Выбыло, экземпляры, за 2026 год: {cell.value}</h1>" in page.replace("\xa0", "")
    lines = client.get(f"/reports/rows.csv?{cell.rows}").get_data(as_text=True).splitlines()[1:]
    assert sum(int(line.split(";")[5]) for line in lines) == cell.value


def test_the_number_of_an_act_and_those_of_its_books_do_not_run_together(app):
    """«1 100, 101»: the act 1 of two books was read as three numbers."""
    page = log_in(app, "boss").get("/reports/rows?period=2000-01-01:2026-12-31&measure=left").get_data(as_text=True)
    assert re.search(r"<td>3; инв\. \d+; ветхость</td>", page)


def test_a_long_list_says_where_its_file_ends_and_a_year_is_no_formula(engine, client, monkeypatch):
    for name in ("CSV_MOST", "CSV_PAGE"):
        monkeypatch.setattr(import_module("web.reports.rows"), name, 5)
    with engine.begin() as connection:
        found = unions.load(connection, ["c-e001"])[0]
        unions.save(connection, [replace(found, bib=structs.replace(found.bib, year_text="=2+2"))])
    lines = client.get("/reports/rows.csv?period=2026&category=textbook").get_data(as_text=True).splitlines()
    assert len(lines) == 7
    assert "Это первые строки, их 5" in lines[-1]
    assert ";'=2+2;" in client.get("/reports/rows.csv?period=2026&cluster=c-e001").get_data(as_text=True)


def test_copies_that_left_are_typed_without_a_sign(app, engine):
    client = log_in(app, "ivanova")
    values = {"library": "school-02", "record": "school-02:e004", "direction": "out", "copies": "-1"}
    before = closing(engine, "school-02")
    answer = send(client, "/reports/desk/act", **values, day="2026-10-01", document="22").get_data(as_text=True)
    assert "ожидалось число от нуля" in answer
    assert closing(engine, "school-02") == before


@pytest.mark.parametrize("of", ["contract&part=1", "contracts"])
def test_what_a_contract_cost_is_told_to_those_who_may_open_its_register(app, client, of):
    for address in ("/reports/rows", "/reports/rows.csv", "/api/v1/statistics/lists"):
        assert client.get(f"{address}?of={of}&name=rubles").status_code == 404
        assert client.get(f"{address}?of={of}&name=titles").status_code == 200
    assert "34" in log_in(app, "ivanova").get(f"/reports/rows?of={of}&name=rubles").get_data(as_text=True)


