"""Книга суммарного учёта: numbers that go on from period to period, and acts that stay one line."""

from __future__ import annotations

from datetime import date

import pytest

from catalog_sync.model import RecordKey
from catalog_sync.reports import behind, registry
from catalog_sync.reports.model import Row
from catalog_sync.store import hand
from tests.ledger.district import District, holds, item, klass, new_engine
from tests.reports.sample import TODAY
from tests.reports.test_drill_of_reports import listing_of

RECORD = RecordKey("a", "r")


@pytest.fixture
def connection():
    with new_engine().begin() as connection:
        yield connection


def lines(connection, period: str, part: str, name: str = "ksu") -> list[Row]:
    report = registry.make_in(connection, name, library="a", asked_period=period, today=TODAY)
    return [row for table in report.tables if table.name == part for row in table.rows if row.style == ""]


def numbers(connection, period: str, part: str, name: str = "ksu") -> list[tuple[object, object]]:
    """(number of the line, document)"""
    column = 3 if part == "part1" else 2
    return [(row.cells[1].value, row.cells[column].value) for row in lines(connection, period, part, name)]


def stocked(connection) -> None:
    """Books of three years, five of which have left by acts; two of those share a document and not a reason."""
    district = District(connection.engine)
    district.add_library(connection, "a")
    left = [("А1", date(2025, 3, 1), "ветхость"), ("А1", date(2025, 3, 1), "утеря"), ("А2", date(2025, 5, 1), "утеря"),
            ("А3", date(2026, 2, 1), "ветхость"), ("А4", date(2026, 5, 1), "ветхость")]  # fmt: skip
    gone = [
        item(f"g{n}", came=date(2024, 2, 1), went=day, withdrawal_act=act, withdrawal_reason=reason, ksu_number="1")
        for n, (act, day, reason) in enumerate(left)
    ]
    came = [item(f"n{n}", came=date(2026, month, 1), ksu_number=f"{n}") for n, month in ((1, 2), (2, 5), (3, 8))]
    books = [
        item(f"t{n}", came=date(2024, 2, 1), went=date(2025, n, 1), withdrawal_act=f"У{n}", ksu_number="1")
        for n in (1, 2, 3)
    ]
    district.publish(connection, "a", date(2024, 3, 1), {
        "r": (holds(*(item(one.inventory_number, came=one.registered, ksu_number="1") for one in gone)), klass()),
        "t": (holds(*(item(f"t{n}", came=date(2024, 2, 1), ksu_number="1") for n in (1, 2, 3))), klass("textbook")),
    })  # fmt: skip
    district.publish(connection, "a", date(2026, 9, 1), {
        "r": (holds(*gone, *came), klass()), "t": (holds(*books), klass("textbook")),
    })  # fmt: skip


def test_the_second_part_goes_on_from_year_to_year_in_each_of_the_books(connection):
    stocked(connection)
    assert numbers(connection, "2025", "part2") == [(1, "А1"), (2, "А1"), (3, "А2")]
    assert numbers(connection, "2026", "part2") == [(4, "А3"), (5, "А4")]
    assert numbers(connection, "2025", "part2", "ksu-textbooks") == [(1, "У1"), (2, "У2"), (3, "У3")]


def test_the_first_part_of_a_quarter_goes_on_from_the_quarters_of_its_year(connection):
    stocked(connection)
    assert numbers(connection, "2026", "part1") == [(1, "1"), (2, "2"), (3, "3")]
    assert numbers(connection, "2026Q3", "part1") == [(3, "3")]
    assert numbers(connection, "2024-01-01:2026-03-31", "part1") == [(1, "1"), (1, "1")]


def test_a_correction_belongs_to_the_act_it_names_and_one_taken_back_is_none(connection):
    district = District(connection.engine)
    district.add_library(connection, "a")
    district.publish(connection, "a", date(2025, 2, 1), {"r": (holds(*(item(str(n), came=date(2020, 1, 1))
                                                                       for n in range(9))), klass())})  # fmt: skip
    typed = {reason: hand.enter_act(connection, "a", RECORD, copies=-copies, day=date(2026, 3, 1), document="А1",
                                    reason=reason, today=TODAY, who="х")
             for reason, copies in (("", 1), ("Ветхость", 2), ("Утеря", 3))}  # fmt: skip
    hand.take_back(connection, typed["Ветхость"], why="опечатка", today=TODAY, who="х")
    found = lines(connection, "2026", "part2")
    assert [(row.cells[3].value, row.cells[-1].value) for row in found] == [(1, "не указана"), (3, "Утеря")]
    for row in found:
        assert behind.page(connection, listing_of(row.cells[3].rows)).total == row.cells[3].value


ACT, LATER = date(2026, 3, 1), date(2026, 4, 1)


def off(number: str, price: str = "100", day: date = ACT, reason: str = "ветхость"):
    return item(number, came=date(2024, 2, 1), price=price, ksu_number="1", went=day, withdrawal_act="А1",
                withdrawal_reason=reason)  # fmt: skip


def there(number: str, price: str = "100", document: str = "1"):
    return item(number, came=date(2024, 2, 1), price=price, ksu_number=document)


def published(connection, *nights, classes=("fiction", "fiction", "fiction")) -> None:
    """A card of some nights: the first of 2024, the others of the summer of 2026."""
    district = District(connection.engine)
    district.add_library(connection, "a")
    days = (date(2024, 3, 1), date(2026, 6, 1), date(2026, 7, 1))
    for day, copies, category in zip(days, nights, classes, strict=False):
        district.publish(connection, "a", day, {"r": (holds(*copies), klass(category))})


def acts_of(connection, period: str, part: str, name: str = "ksu") -> list[tuple[object, ...]]:
    """(document, copies, rubles) of each line, for part 2 with the reason."""
    cells = [[cell.value for cell in row.cells] for row in lines(connection, period, part, name)]
    if part == "part1":
        return [(row[3], row[4], row[-1]) for row in cells]
    return [(row[2], row[3], row[-2], row[-1]) for row in cells]


def test_the_price_of_books_written_off_is_mended_in_their_act(connection):
    gone = [[off("1", price), off("2", price), off("3", "100", reason="утеря")] for price in ("100", "250")]
    published(connection, [there("1"), there("2"), there("3")], *gone)
    assert acts_of(connection, "2026", "part2") == [("А1", 2, 500.0, "ветхость"), ("А1", 1, 100.0, "утеря")]
    for row in lines(connection, "2026", "part2"):
        assert behind.page(connection, listing_of(row.cells[-2].rows)).total == row.cells[-2].value


def test_the_day_of_an_act_is_mended_for_some_and_cancelled_for_others(connection):
    gone = [off("1"), off("2"), off("3")]
    published(connection, [there("1"), there("2"), there("3")], gone, [off("1"), off("2", day=LATER), there("3")])
    assert acts_of(connection, "2026", "part2") == [("А1", 1, 100.0, "ветхость"), ("А1", 1, 100.0, "ветхость")]


def test_deliveries_of_one_day_keep_their_documents_when_price_or_class_are_mended(connection):
    night = [there("1"), there("2", document="2"), there("3")]
    more = [there("1", "250", document="7"), there("2", "250", document="2"), off("3", "250")]
    published(connection, night, more, more, classes=("textbook", "textbook", "fiction"))
    assert acts_of(connection, "2024", "part1") == [("1", 2, 500.0), ("2", 1, 250.0)]
    assert acts_of(connection, "2026", "part2")[0][1:] == (1, 250.0, "ветхость")
    for part in ("part1", "part2"):
        assert acts_of(connection, "2024-01-01:2026-12-31", part, "ksu-textbooks") == []
