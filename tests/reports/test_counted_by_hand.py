"""A district small enough to be counted by hand: every figure of a report is what the fingers say."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pytest
from openpyxl import load_workbook
from sqlalchemy import Connection, update

from catalog_sync.reports import registry
from catalog_sync.reports.model import Column, Table, Text, Value
from catalog_sync.reports.period import parse
from catalog_sync.reports.render import file_name, render
from catalog_sync.reports.render.shared import coverage_line, shown
from catalog_sync.store import drill, licences, manual
from catalog_sync.store.figures import Selection
from catalog_sync.store.tables import record, source
from tests.ledger.district import District, holds, item, klass, new_engine

TODAY = date(2026, 10, 10)


@pytest.fixture
def connection():
    with new_engine().begin() as connection:
        yield connection


def disc(*days: date) -> tuple:
    copies = [item(str(number), came=day) for number, day in enumerate(days)]
    return holds(*copies), klass("other", "electronic", "physical")


def row_of(table: Table, name: str) -> list[Value]:
    return next([cell.value for cell in row.cells] for row in table.rows if row.cells[0].value == name)


def test_a_package_is_as_many_titles_as_its_contract_names_when_a_school_is_silent_too(connection: Connection) -> None:
    """Two schools have one disc, one of them a package of 340 titles: 341, whoever else sends nothing."""
    district = District(connection.engine)
    for code in ("a", "b", "silent"):
        district.add_library(connection, code, pupils=100)
        day = date(2025, 9, 10) if code == "silent" else date(2026, 9, 20)
        district.publish(connection, code, day, {"disc": disc(date(2025, 9, 1))})
    contract = licences.Licence("a", "Полка", date(2026, 1, 1), date(2026, 12, 31), titles=340, copies=340)
    licences.add(connection, contract, today=date(2026, 1, 15), who="методист")
    report = registry.make_in(connection, "replenishment", asked_period="2026Q3", today=TODAY)
    assert row_of(report.tables[0], "уникальных названий по району")[11] == 341
    period, electronic = parse("2026Q3", TODAY), Selection(("a", "b"), carriers=("electronic",))
    asked = drill.Question(electronic, "state", "editions", period.start, period.end)
    assert drill.total(connection, asked) == 341
    assert sorted(row.copies for row in drill.page(connection, asked).rows) == [1, 340]


def test_schools_stand_in_the_order_of_their_numbers(connection: Connection) -> None:
    district = District(connection.engine)
    for code in ("sosh10", "sosh2", "sosh1"):
        district.add_library(connection, code, stage=1)
    for name in ("replenishment", "libraries", "cataloguing", "rollout"):
        report = registry.make_in(connection, name, asked_period="2026", today=TODAY)
        cells = [str(cell.value) for row in report.tables[-1].rows for cell in row.cells[:2]]
        schools = [cell for cell in cells if cell.startswith("Школа")]
        assert schools == ["Школа sosh1", "Школа sosh2", "Школа sosh10"], name
    covered = registry.make_in(connection, "oo2", asked_period="2026", today=TODAY).coverage
    assert covered is not None
    assert covered.missing_codes == ("sosh1", "sosh2", "sosh10")


OF_TODAY = [name for name, entry in registry.REPORTS.items() if entry.of_today]


@pytest.mark.parametrize("name", OF_TODAY)
def test_a_report_of_what_is_now_does_not_mix_it_with_what_was(connection: Connection, name: str) -> None:
    """«На 10 октября 2026 г.» with the books of 2025 under the exports of 2026 is neither of them."""
    district = District(connection.engine)
    district.add_library(connection, "a", stage=1)
    district.publish(connection, "a", date(2026, 9, 20), {"disc": disc(date(2024, 9, 1), date(2026, 9, 1))})
    library = "a" if registry.entry(name).needs_library else ""
    report = registry.make_in(connection, name, library=library, asked_period="2024", today=TODAY)
    assert (report.start, report.end, report.period) == (TODAY, TODAY, "на 10\u00a0октября 2026\u00a0г.")
    assert file_name(report, "xlsx").endswith(f"{name}{'_a' if library else ''}_2026-10-10.xlsx")
    if name == "rollout":
        assert row_of(report.tables[1], "1 (п. 3.4)")[5] == 2


def test_books_of_all_are_not_shared_out_to_the_pupils_of_some(connection: Connection) -> None:
    district = District(connection.engine)
    for code, pupils in (("a", 10), ("b", 0)):
        district.add_library(connection, code, pupils=pupils)
        district.publish(connection, code, date(2026, 9, 20), {f"disc-{code}": disc(date(2025, 9, 1))})
    table = registry.make_in(connection, "replenishment", asked_period="2026Q3", today=TODAY).tables[0]
    place = [column.title for column in table.columns].index("на 1 обуч.")
    assert row_of(table, "Школа a")[place] == 0.1
    assert row_of(table, "ИТОГО по району")[place] is None  # not 2 discs for the 10 pupils of one of them


def told(connection: Connection, code: str, day: date, **values: float) -> None:
    manual.keep(connection, code, values, day=day, who="boss", when=datetime(2026, 10, 10, tzinfo=UTC))


def test_a_sum_of_what_some_schools_have_typed_says_of_whom_it_is(connection: Connection) -> None:
    district = District(connection.engine)
    for code in ("a", "b", "c"):
        district.add_library(connection, code)
        district.publish(connection, code, date(2026, 9, 20), {f"disc-{code}": disc(date(2025, 9, 1))})
    told(connection, "a", date(2026, 9, 1), seats=8, readers=100)
    told(connection, "b", date(2026, 9, 1), seats=6)
    told(connection, "c", date(2026, 9, 1), seats=7)
    table = registry.make_in(connection, "oo2", asked_period="2026", today=TODAY).tables[-1]
    assert [row.cells[2].value for row in table.rows if row.cells[1].value in ("01", "04")] == [21, 100]
    assert table.notes[1:] == ("Строку 04 ввели 1 из 3\u00a0школ: это не весь район.",)


def indicators(connection: Connection, period: str) -> dict[str, list[Value]]:
    table = registry.make_in(connection, "quarterly", asked_period=period, today=TODAY).tables[0]
    return {str(row.cells[0].value): [cell.value for cell in row.cells[1:]] for row in table.rows}


def test_the_monitoring_counts_what_schools_have_typed_and_not_their_partners(connection: Connection) -> None:
    district = District(connection.engine)
    for code in ("a", "b"):
        district.add_library(connection, code)
    district.add_library(connection, "mlb", "partner")
    told(connection, "a", date(2026, 9, 1), events=2)
    told(connection, "mlb", date(2026, 9, 1), events=50)
    assert indicators(connection, "2026Q3")["Мероприятий"] == [None, 2, "вводится вручную", "ввели 1 из 2\u00a0школ"]


def test_the_share_in_the_catalogue_is_of_the_last_ksu_which_is_told_once_a_year(connection: Connection) -> None:
    district = District(connection.engine)
    district.add_library(connection, "a")
    district.publish(connection, "a", date(2026, 9, 20), {"disc": disc(date(2025, 9, 1), date(2025, 9, 1))})
    told(connection, "a", date(2025, 12, 31), ksu_stock=4)
    fact, comment = indicators(connection, "2026Q3")["Доля фонда, отражённого в каталоге"][1::2]
    assert (fact, comment) == ("50\u00a0%", "по последней введённой КСУ: 1\u00a0школа")


def test_figures_of_the_catalogue_beside_a_past_quarter_are_told_to_be_of_today(connection: Connection) -> None:
    District(connection.engine).add_library(connection, "a")
    assert indicators(connection, "2026Q3")["Изданий без повторов"][-1] == "на день составления"
    assert indicators(connection, "2026Q4")["Изданий без повторов"][-1] == ""


def prose(connection: Connection, period: str) -> str:
    report = registry.make_in(connection, "memo", asked_period=period, today=TODAY)
    texts = [section for section in report.sections if isinstance(section, Text)]
    return "\n".join("\n".join((one.text, *one.items)) for one in texts).replace("\u00a0", " ")


def test_the_memo_compares_schools_whose_last_year_is_known_and_no_others(connection: Connection) -> None:
    """What a school connected this year, without dates, got a year before nobody knows: it was not nothing."""
    district = District(connection.engine)
    for code in ("old", "new"):
        district.add_library(connection, code)
    district.publish(connection, "old", date(2025, 9, 20), {"o": disc(date(2024, 9, 1), date(2025, 8, 1))})
    bought = disc(date(2024, 9, 1), date(2025, 8, 1), date(2026, 8, 1), date(2026, 8, 2))
    district.publish(connection, "old", date(2026, 9, 20), {"o": bought})
    district.publish(connection, "new", date(2026, 8, 10), {"n": (holds(item("1")), klass())})
    district.publish(connection, "new", date(2026, 9, 20), {"n": (holds(item("1"), *map(item, "234")), klass())})
    told = prose(connection, "2026Q3")
    assert "За III квартал 2026 года поступило 5 экземпляров" in told
    compared = "По 1 из 2 школ (о других за тот период данных нет) поступило на 1 экземпляр больше, чем за III квартал"
    assert compared in told


def test_the_memo_advises_no_closed_school(connection: Connection) -> None:
    district = District(connection.engine)
    for code in ("a", "gone"):
        district.add_library(connection, code)
        district.publish(connection, code, date(2025, 12, 20), {code: disc(date(2025, 9, 1))})
    district.publish(connection, "gone", date(2026, 5, 30), {})
    connection.execute(update(source).where(source.c.code == "gone").values(active=False))
    connection.execute(update(record).where(record.c.source == "gone").values(deleted=True))
    district.publish(connection, "a", date(2026, 9, 20), {"a": disc(date(2025, 9, 1))})
    told = prose(connection, "2026")
    assert "проверить, внесены ли поступления в программу учёта (Школа a)" in told
    assert "Школа gone" not in told


def test_many_silent_schools_are_named_once_and_not_in_every_line(connection: Connection) -> None:
    """300 names in a cell made it higher than Excel can show, and stood in the page four times."""
    district = District(connection.engine)
    for number in range(300):
        district.add_library(connection, f"s{number}")
    report = registry.make_in(connection, "quarterly", asked_period="2026Q3", today=TODAY)
    comment = indicators(connection, "2026Q3")["Школ с данными не старше 30 дней"][-1]
    assert str(comment).endswith("Школа s11 и ещё 288\u00a0школ")
    assert coverage_line(report).endswith("Школа s11 и ещё 288\u00a0школ.")
    (listed,) = (one.items for one in report.sections if isinstance(one, Text) and one.items)
    assert len(listed) == 300
    sheet = load_workbook(io.BytesIO(render(report, "xlsx"))).worksheets[0]
    assert max(size.height or 0 for size in sheet.row_dimensions.values()) <= 409


@pytest.mark.parametrize("name", ["oo2", "ksu", "ksu-textbooks", "e-register", "memo"])
def test_a_paper_that_is_signed_has_lines_to_sign_on(connection: Connection, name: str) -> None:
    District(connection.engine).add_library(connection, "a")
    library = "" if registry.entry(name).of_district else "a"
    report = registry.make_in(connection, name, library=library, asked_period="2026", today=TODAY)
    signed = [one.text for one in report.sections if isinstance(one, Text) and one.style == "sign"]
    assert [text.split()[0] for text in signed] == ["Должность", "Подпись", "10"]


def test_librarians_once_typed_stand_in_the_state_of_the_libraries(connection: Connection) -> None:
    district = District(connection.engine)
    district.add_library(connection, "a")
    district.publish(connection, "a", date(2026, 9, 20), {"a": disc(date(2025, 9, 1))})
    told(connection, "a", date(2026, 9, 1), staff=2)
    table = registry.make_in(connection, "libraries", asked_period="2026", today=TODAY).tables[0]
    assert row_of(table, "Школа a")[[column.title for column in table.columns].index("Работников")] == 2


def test_a_quarter_in_the_columns_of_the_yearly_form_is_told(connection: Connection) -> None:
    District(connection.engine).add_library(connection, "a")
    made = (registry.make_in(connection, "oo2", asked_period=period, today=TODAY) for period in ("2026Q3", "2025"))
    quarter, year = (report.tables[0].notes for report in made)
    note = "Форма сдаётся за год; здесь поступило и выбыло за III квартал 2026 года."
    assert note in quarter
    assert not any(one.startswith("Форма сдаётся") for one in year)


def test_a_sum_of_rubles_has_no_thousandths_of_a_kopeck(connection: Connection) -> None:
    """450,10 + 99,99 + 500,00 of binary fractions was 1050,0900000000001 for whoever read the JSON."""
    district = District(connection.engine)
    district.add_library(connection, "a")
    bought = [item(str(n), came=date(2026, 9, n), price=price, ksu_number=str(n))
              for n, price in enumerate(("450.10", "99.99", "500"), 1)]  # fmt: skip
    district.publish(connection, "a", date(2026, 9, 20), {"n": (holds(*bought), klass())})
    part = registry.make_in(connection, "ksu", library="a", asked_period="2026", today=TODAY).tables[0]
    assert row_of(part, "ВСЕГО поступило")[-1] == 1050.09


def test_a_library_that_is_no_school_of_the_period_is_told_so(connection: Connection) -> None:
    District(connection.engine).add_library(connection, "mlb", "partner")
    report = registry.make_in(connection, "replenishment", library="mlb", asked_period="2026", today=TODAY)
    assert report.library_name == "Школа mlb"
    assert not report.tables
    assert "библиотека-партнёр" in str(report.sections[-1])


@pytest.mark.parametrize(("value", "said"), [(0.01, "0,01"), (0.56, "0,6"), (0.0, "0,0"), (17.86, "17,9")])
def test_a_disc_for_a_hundred_pupils_is_not_nought(value: float, said: str) -> None:
    assert shown(value, Column("на 1 обуч.", "decimal")) == said


def rubles(connection: Connection, period: str) -> dict[str, Value]:
    report = registry.make_in(connection, "ksu", library="a", asked_period=period, today=TODAY)
    return {str(row.cells[0].value): row.cells[-1].value for row in report.tables[2].rows}


def test_what_a_contract_cost_leaves_the_stock_with_its_copies(connection: Connection) -> None:
    """КСУ, part 3: of 30 accesses that had ended the sum stayed for ever."""
    district = District(connection.engine)
    district.add_library(connection, "a")
    book = holds(item("1", came=date(2025, 2, 1), price="100")), klass()
    district.publish(connection, "a", date(2026, 9, 20), {"b": book})
    year = date(2025, 3, 1), date(2026, 2, 28)
    contract = licences.Licence("a", "Полка", *year, titles=10, copies=30, kopecks=1_234_567, platform="Лань")
    licences.add(connection, contract, today=date(2025, 3, 1), who="методист")
    licences.expire(connection, date(2026, 3, 1))
    came = registry.make_in(connection, "ksu", library="a", asked_period="2025", today=TODAY).tables[0]
    assert [row.cells[2].value for row in came.rows] == ["в записях не указан", "Лань", ""]
    assert rubles(connection, "2025")["Состоит на конец периода (31.12.2025)"] == 12_445.67
    found = rubles(connection, "2026Q1")
    assert (found["Выбыло за период"], found["Состоит на конец периода (31.03.2026)"]) == (12_345.67, 100)


def test_so_does_the_price_of_the_records_of_a_package(connection: Connection) -> None:
    district = District(connection.engine)
    district.add_library(connection, "a")
    copies = holds(item("1", came=date(2025, 3, 1), price="250.50"))
    district.publish(connection, "a", date(2025, 3, 10), {"e": (copies, klass("other", "electronic", "licensed"))})
    contract = licences.Licence("a", "Полка", date(2025, 3, 1), date(2026, 2, 28), source="a")
    licences.add(connection, contract, today=date(2025, 3, 11), who="методист")
    licences.expire(connection, date(2026, 3, 1))
    found = rubles(connection, "2026Q1")
    assert (found["Выбыло за период"], found["Состоит на конец периода (31.03.2026)"]) == (250.5, 0)


def test_the_forecast_of_a_database_loses_a_database_and_not_nought_titles(connection: Connection) -> None:
    District(connection.engine).add_library(connection, "a")
    base = licences.Licence("a", "Справочная система", date(2026, 1, 1), date(2026, 12, 31), kind="database")
    licences.add(connection, base, today=date(2026, 1, 1), who="методист")
    lead = registry.make_in(connection, "forecast", asked_period="2026", today=TODAY).sections[0]
    assert str(getattr(lead, "text", "")).endswith("будут потеряны: 1\u00a0база данных.")
