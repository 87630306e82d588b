"""A school that was closed: its last year tells what left, later periods have one school fewer and nobody to ask."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection, update

from catalog_sync.reports import registry, statistics
from catalog_sync.reports.period import parse
from catalog_sync.store import coverage, snapshots
from catalog_sync.store.tables import record, source
from tests.ledger.district import District, holds, item, klass, new_engine

CLOSED = date(2026, 5, 30)
LATER = date(2028, 1, 20)


@pytest.fixture
def connection():
    engine = new_engine()
    with engine.begin() as connection:
        district = District(engine)
        for code in ("a", "b", "c"):
            district.add_library(connection, code, pupils=100)
            held = (holds(item(code, came=date(2025, 9, 1))), klass())
            district.publish(connection, code, date(2025, 9, 10), {code: held})
        district.publish(connection, "b", CLOSED, {})  # as `source close` does
        connection.execute(update(source).where(source.c.code == "b").values(active=False))
        connection.execute(update(record).where(record.c.source == "b").values(deleted=True))
        connection.execute(update(source).where(source.c.code == "c").values(active=False))  # paused for the summer
        kept = (holds(item("a", came=date(2025, 9, 1))), klass())
        for day in (date(2026, 12, 20), date(2027, 12, 20)):
            district.publish(connection, "a", day, {"a": kept})
        yield connection


def rows_of(connection: Connection, period: str) -> dict[str, list[object]]:
    report = registry.make_in(connection, "replenishment", asked_period=period, today=LATER)
    return {str(row.cells[0].value): [cell.value for cell in row.cells] for row in report.tables[0].rows}


def test_only_a_school_whose_bases_are_paused_and_empty_is_closed(connection: Connection) -> None:
    assert {one.library.code: one.closed for one in coverage.freshness(connection)} == {
        "a": None, "b": CLOSED, "c": None,
    }  # fmt: skip


def test_the_year_of_the_closing_tells_what_left(connection: Connection) -> None:
    report = registry.make_in(connection, "oo2", library="b", asked_period="2026", today=LATER)
    assert (report.facts["01.4"], report.facts["01.5"]) == (1, 0)
    assert "Школа b" in rows_of(connection, "2026")


def test_later_periods_have_one_school_fewer_and_nobody_without_data(connection: Connection) -> None:
    rows = rows_of(connection, "2027")
    assert "Школа b" not in rows
    assert rows["ИТОГО по району"][1:3] == ["1 из 2 школ", 100]  # «c» is silent, «b» is no more
    found = registry.make_in(connection, "quarterly", asked_period="2027Q4", today=LATER).coverage
    assert (found.covered, found.of, found.missing) == (1, 2, ("Школа c",))
    answer = statistics.answer(connection, statistics.Question(period=parse("2027", LATER)), LATER)
    assert (answer.covered, answer.of, answer.missing) == (1, 2, ("c",))


def test_a_snapshot_of_a_later_quarter_does_not_name_it(connection: Connection) -> None:
    quarter = parse("2027Q4", LATER)
    now = datetime(2028, 1, 20, tzinfo=UTC)
    head = snapshots.freeze(connection, "2027Q4", quarter.start, quarter.end, now=now, today=LATER, who="boss")
    frozen = snapshots.find(connection, head.number)
    assert frozen is not None
    assert frozen.data["coverage"] == {"a": True, "c": False}
