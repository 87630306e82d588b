"""A region on PostgreSQL reads the same figures as a district on SQLite: reports, statistics, rows and snapshots."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from catalog_sync.reports import registry
from catalog_sync.reports.period import parse
from catalog_sync.reports.render import render
from catalog_sync.store import drill, inventory, snapshots
from catalog_sync.store.figures import Selection
from catalog_sync.store.ledger_check import check, rebuild
from catalog_sync.store.ledger_tables import stock_movement
from tests.conftest import fresh_database
from tests.reports.sample import TODAY, build

PERIOD = date(2026, 1, 1), date(2026, 9, 30)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def both(postgres_url):
    engines = build(schools=5, records=24), build(schools=5, records=24, url=fresh_database(postgres_url, "reports"))
    yield engines
    for engine in engines:
        engine.dispose()


@pytest.mark.parametrize("name", registry.REPORTS)
def test_a_report_is_the_same_on_both_databases(both, name):
    library = "school-02" if registry.entry(name).needs_library else ""
    one, other = (
        render(registry.make(engine, name, library=library, period="2026Q3", today=TODAY), "json") for engine in both
    )
    assert one == other


def test_the_ledger_of_a_region_proves_its_projections(both):
    with both[1].begin() as connection:
        assert check(connection) == []
        rebuild(connection)
        assert check(connection) == []


@pytest.mark.parametrize("unit", ["copies", "titles"])
@pytest.mark.parametrize("measure", drill.MEASURES)
def test_the_rows_behind_a_number_are_the_same_and_add_up_to_it(both, measure, unit):
    found = []
    for engine in both:
        with engine.connect() as connection:
            question = drill.Question(Selection(("*",)), measure, unit, *PERIOD)
            rows, cursor = [], ""
            while True:
                page = drill.page(connection, question, cursor=cursor, limit=7)
                rows += page.rows
                cursor = page.next
                if not cursor:
                    break
            found.append(sorted((row.library, str(row.record), row.cluster, row.copies, row.day) for row in rows))
            assert sum(row.copies for row in rows) == drill.total(connection, question)
    assert found[0] == found[1]


def test_a_snapshot_has_the_same_digest_on_both_databases(both):
    period = parse("2026Q3", TODAY)
    now = datetime(2026, 10, 5, tzinfo=UTC)
    heads = []
    for engine in both:
        with engine.connect() as connection, connection.begin() as transaction:
            heads.append(
                snapshots.freeze(
                    connection, period.code, period.start, period.end, now=now, today=now.date(), who="м", key=b"k"
                )
            )
            assert snapshots.verify(connection, b"k") == []
            transaction.rollback()
    assert heads[0].digest == heads[1].digest
    assert heads[0].signature == heads[1].signature


def test_a_copy_is_found_by_its_number_on_both(both):
    found = []
    for engine in both:
        with engine.connect() as connection:
            named = select(stock_movement.c.inventory).where(stock_movement.c.inventory != "")
            number = connection.execute(named.order_by(stock_movement.c.number)).scalars().first().split(", ")[0]
            found.append((inventory.find(connection, number), inventory.find(connection, number, ["school-01"])))
    assert found[0] == found[1]
    assert found[0][0]
