"""Форма ОО-2: two forms real schools filled are reproduced to the last figure from the stocks behind them."""

from __future__ import annotations

from datetime import date

import pytest

from catalog_sync.model import Classified, Holdings
from catalog_sync.reports import facts, registry
from catalog_sync.reports.model import NO_DATA
from catalog_sync.reports.period import parse
from catalog_sync.store import manual
from tests.ledger.district import District, holds, item, klass, new_engine

YEAR_END = date(2025, 12, 31)
LOADED = date(2026, 1, 15)
BEFORE, CAME, WENT = date(2020, 9, 1), date(2025, 8, 25), date(2025, 11, 10)

# (category, carrier) → opening, acquired, withdrawn: the only stocks that make the published forms
SCHOOL_A = {
    ("textbook", "print"): (5006, 1179, 0),
    ("study_aid", "print"): (146, 11, 147),
    ("fiction", "print"): (1599, 0, 0),
    ("reference", "print"): (235, 0, 0),
    ("other", "audiovisual"): (20, 2, 19),
    ("other", "electronic"): (143, 0, 0),
}
FORM_A = {
    "01": (1192, 166, 8175), "02": (1179, 0, 6185), "03": (11, 147, 10), "04": (0, 0, 1599), "05": (0, 0, 235),
    "06": (1190, 147, 8029), "07": (2, 19, 3), "08": (0, 0, 0), "09": (0, 0, 143),
}  # fmt: skip
SCHOOL_B = {
    ("textbook", "print"): (5176, 548, 273),
    ("study_aid", "print"): (652, 15, 99),
    ("fiction", "print"): (2093, 0, 0),
    ("reference", "print"): (968, 0, 0),
    ("other", "print"): (45, 0, 45),
}
FORM_B = {"01": (563, 417, 9080), "02": (548, 273, 5451), "03": (15, 99, 568), "04": (0, 0, 2093), "05": (0, 0, 968)}


def stocks(cells) -> dict[str, tuple[Holdings, Classified]]:
    """Records of at most 30 copies, some kept by number, with the dates of their acts."""
    found = {}
    for (category, carrier), (opening, acquired, withdrawn) in cells.items():
        old, new = min(opening, withdrawn), max(0, withdrawn - opening)  # school A wrote off one copy of the same year
        plan = [(BEFORE, None)] * (opening - old) + [(BEFORE, WENT)] * old
        plan += [(CAME, None)] * (acquired - new) + [(CAME, WENT)] * new
        for start in range(0, len(plan), 30):
            local_id = f"{category}-{carrier}-{start}"
            numbered = category != "textbook"
            copies = [
                item(f"{local_id}/{n}" if numbered else "", came=came, went=went, withdrawal_act="7" if went else "")
                for n, (came, went) in enumerate(plan[start : start + 30])
            ]
            found[local_id] = (holds(*copies), klass(category, carrier, "physical" if carrier == "electronic" else ""))
    return found


def figures(report) -> dict[str, tuple[int, ...]]:
    return {
        row.cells[1].value: tuple(cell.value for cell in row.cells[2:])
        for row in next(table for table in report.tables if table.name == "stock").rows
    }


@pytest.fixture(scope="module")
def engine():
    engine = new_engine()
    with engine.begin() as connection:
        district = District(engine)
        for code, cells in (("a", SCHOOL_A), ("b", SCHOOL_B)):
            district.add_library(connection, code)
            district.publish(connection, code, LOADED, stocks(cells))
        district.add_library(connection, "p", "partner")
        district.publish(connection, "p", LOADED, {"x": (holds(item(copies=99, came=CAME)), klass())})
    return engine


@pytest.mark.parametrize(("code", "form"), [("a", FORM_A), ("b", FORM_B)])
def test_the_filled_forms_are_reproduced_to_the_last_figure(engine, code, form):
    report = registry.make(engine, "oo2", library=code, period="2025", today=LOADED)
    assert {number: row for number, row in figures(report).items() if number in form} == form
    checks = next(table for table in report.tables if table.name == "checks")
    assert {row.cells[3].value for row in checks.rows} == {"сходится"}


def test_the_district_is_the_sum_of_its_schools_without_the_partners(engine):
    report = registry.make(engine, "oo2", period="2025", today=LOADED)
    assert figures(report)["01"] == (1192 + 563, 166 + 417, 8175 + 9080)
    assert report.coverage.covered == report.coverage.of == 2


@pytest.mark.slow
def test_exports_of_two_years_say_the_same_as_one_late_load():
    engine = new_engine()
    with engine.begin() as connection:
        district = District(engine)
        district.add_library(connection, "a")
        late = stocks(SCHOOL_A)
        early = {key: (_as_of(held, BEFORE), now) for key, (held, now) in late.items()}
        district.publish(connection, "a", date(2024, 12, 1), {k: v for k, v in early.items() if v[0].items})
        district.publish(connection, "a", LOADED, late)
    report = registry.make(engine, "oo2", library="a", period="2025", today=LOADED)
    assert {number: row for number, row in figures(report).items() if number in FORM_A} == FORM_A


def _as_of(held: Holdings, day: date) -> Holdings:
    return holds(*(item(i.inventory_number, came=i.registered) for i in held.items if i.registered <= day))


def test_a_school_without_fresh_data_is_no_data_and_not_zero(engine):
    report = registry.make(engine, "oo2", library="a", period="2027", today=date(2028, 1, 20))
    assert figures(report)["01"] == ("нет данных",) * 3


def test_the_difference_to_ksu_is_named(engine):
    with engine.begin() as connection:
        values = {"ksu_stock": 8180, "seats": 8}
        when = new_moment()
        manual.keep(connection, "a", values, day=YEAR_END, who="test", when=when)
    report = registry.make(engine, "oo2", library="a", period="2025", today=LOADED)
    (row,) = next(table for table in report.tables if table.name == "ksu").rows
    assert [cell.value for cell in row.cells[1:4]] == [8180, 8175, 5]
    assert row.cells[4].value == "5\u00a0экземпляров не отражено в каталоге"
    causes = next(table for table in report.tables if table.name == "ksu-causes")
    assert [row.cells[0].value for row in causes.rows] == ["Внесено в журнал после конца периода"]
    assert causes.rows[0].cells[1].value == 1192 - 166  # all of the year came with the export of January
    library = next(table for table in report.tables if table.name == "library")
    assert library.rows[0].cells[2].value == 8
    assert library.rows[5].cells[2].value == 1


def new_moment():
    from datetime import UTC, datetime

    return datetime(2026, 1, 1, tzinfo=UTC)


def test_a_school_connected_later_without_dates_had_no_zero_stock_before():
    """What it held at the end of last year nobody knows: «нет данных», and the district's sum says so."""
    engine = new_engine()
    with engine.begin() as connection:
        district = District(engine)
        for code in ("a", "b"):
            district.add_library(connection, code)
        dated = {"r": (holds(item("1", came=date(2024, 9, 1))), klass())}
        district.publish(connection, "a", date(2026, 10, 5), dated)
        district.publish(connection, "b", date(2026, 10, 5), {"r": (holds(item("1"), item("2")), klass())})
        last_year = facts.load(connection, parse("2025", date(2026, 10, 6)), date(2026, 10, 6))
        this_year = facts.load(connection, parse("2026", date(2026, 10, 6)), date(2026, 10, 6))
    assert [one.library.code for one in last_year.with_data] == ["a"]
    assert last_year.coverage().missing == ("Школа b",)
    assert [one.library.code for one in this_year.with_data] == ["a", "b"]


def test_the_months_before_the_first_book_are_no_zero_either():
    engine = new_engine()
    with engine.begin() as connection:
        District(engine).add_library(connection, "a")
        District(engine).publish(connection, "a", date(2026, 10, 5), {"r": (holds(item("1", came=date(2026, 3, 31))),
                                                                            klass())})  # fmt: skip
        covered = [facts.load(connection, parse(month, date(2026, 10, 6)), date(2026, 10, 6)).coverage().covered
                   for month in ("2026-01", "2026-02", "2026-03", "2026Q1")]  # fmt: skip
    assert covered == [0, 0, 1, 1]


def test_a_date_mistyped_and_mended_says_nothing_of_the_years_between():
    engine = new_engine()
    with engine.begin() as connection:
        district = District(engine)
        district.add_library(connection, "a")
        for day, came in ((date(2026, 10, 4), date(1926, 3, 1)), (date(2026, 10, 5), date(2026, 3, 1))):
            district.publish(connection, "a", day, {"r": (holds(item("1", came=came)), klass())})
        then = facts.load(connection, parse("2020", date(2026, 10, 6)), date(2026, 10, 6))
    assert then.coverage().covered == 0


@pytest.mark.parametrize("code", ["a", ""])
def test_what_nobody_has_told_of_is_no_zero_for_machines_either(code):
    engine = new_engine()
    with engine.begin() as connection:
        District(engine).add_library(connection, "a")
        for name in ("oo2", "replenishment", "memo"):
            library = "" if registry.entry(name).of_district else code
            report = registry.make_in(connection, name, library=library, asked_period="2025", today=date(2026, 10, 6))
            assert {*report.facts.values()} == {None}
            assert all(table.name != "checks" for table in report.tables)
        monitored = registry.make_in(connection, "quarterly", asked_period="2025", today=date(2026, 10, 6)).facts
    assert monitored["Экземпляров в фондах"] == monitored["Электронных изданий, экз."] == NO_DATA
