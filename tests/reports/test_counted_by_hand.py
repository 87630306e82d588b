"""A district small enough to be counted by hand: every figure of a report is what the fingers say."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection

from catalog_sync.reports import registry
from catalog_sync.reports.model import Table, Value
from catalog_sync.reports.period import parse
from catalog_sync.reports.render import file_name
from catalog_sync.store import drill, licences
from catalog_sync.store.figures import Selection
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
