"""Days in papers are those of the district's calendar, whatever day it still is in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from catalog_sync.reports import behind, registry
from catalog_sync.store import eresources, kept, staff
from catalog_sync.store.eresources import EResource
from tests.ledger.district import District, holds, item, klass, new_engine
from tests.reports.sample import TODAY

NIGHT = datetime(2026, 10, 9, 21, 30, tzinfo=UTC)  # in Moscow half an hour after midnight: TODAY has begun
PERIOD = (date(2026, 10, 1), date(2026, 12, 31))


@pytest.fixture
def connection():
    engine = new_engine()
    engine.update_execution_options(district_zone=ZoneInfo("Europe/Moscow"))
    with engine.begin() as connection:
        District(engine).add_library(connection, "a")
        yield connection


def entries(connection, of: str, name: str = "") -> tuple[behind.Entry, ...]:
    return behind.page(connection, behind.Asked(of, (), *PERIOD, TODAY, name=name)).entries


def test_the_last_export_of_a_night_is_of_the_day_that_all_other_reports_name(connection):
    district = District(connection.engine)
    district.publish(connection, "a", TODAY, {"1": (holds(item("1", came=date(2024, 9, 1))), klass())})
    connection.exec_driver_sql(f"update run set published = '{NIGHT:%Y-%m-%d %H:%M:%S}'")
    (table,) = registry.make_in(connection, "cataloguing", today=TODAY).tables
    assert table.rows[0].cells[3].value == TODAY


@pytest.mark.parametrize(("late", "count"), [(timedelta(0), 1), (timedelta(days=1), 0)])
def test_a_report_of_the_night_was_made_on_its_day_and_one_of_the_next_night_was_late(connection, late, count):
    kept.keep(connection, name="quarterly", period="2026Q3", format="docx", data=b"", made=NIGHT + late, due=TODAY,
              schedule="quarterly")  # fmt: skip
    found = [entry for entry in entries(connection, "reports", "due") if entry.day == TODAY]
    assert found[0].why == f"составлен {TODAY + late:%d.%m.%Y}"
    assert len(entries(connection, "reports", "on-time")) == count


def test_a_link_asked_at_night_was_asked_on_that_day(connection):
    link = EResource("neb", "НЭБ", "site", "https://x.example/", "external", checked=NIGHT)
    eresources.save(connection, link)
    assert [entry.day for entry in entries(connection, "links", "working")] == [TODAY]
    report = registry.make_in(connection, "quarterly", asked_period="2026Q4", today=TODAY)
    assert "проверено 10.10.2026" in str([row.cells[4].value for row in report.tables[0].rows])


def test_a_record_taken_after_midnight_belongs_to_the_new_quarter(connection):
    staff.note_borrowed(connection, "a", "c-1", "marcsql", "ivanova", datetime(2026, 9, 30, 21, 30, tzinfo=UTC))
    assert [entry.day for entry in entries(connection, "borrowed")] == [date(2026, 10, 1)]
    for period, count in (("2026Q3", 0), ("2026Q4", 1)):
        assert registry.make_in(connection, "cataloguing", asked_period=period, today=TODAY).facts["borrowed"] == count
