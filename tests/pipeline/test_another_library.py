"""A source was entered under the wrong library and is put right: its copies and their whole history go there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from catalog_sync import pipeline, upkeep
from catalog_sync.ledger.items import net
from catalog_sync.model import Library, RecordKey
from catalog_sync.store import hand, ledger, outbox, registry
from catalog_sync.store.database import reading, writing
from catalog_sync.store.ledger_check import DISTRICT
from catalog_sync.store.ledger_tables import stock_movement, stock_position, stock_rollup
from tests.exports import book, shelf
from tests.pipeline.conftest import District

TODAY = date(2026, 9, 1)
Figures = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def moved(district: District) -> District:
    """Two schools with one edition in common; the first has lost a book, and has a delivery typed by hand."""
    for code in ("s1", "s2"):
        district.source(code)
        district.load(code, [book("R1", copies=3)])
    with writing(district.system.engine) as connection:
        registry.save_libraries(connection, [Library("right", "Школа, чья это база")])
    district.load("s1", [book("R1", copies=2), *shelf(20, prefix="X")])
    district.load("s1", [book("R1", copies=2), *shelf(19, prefix="X")])
    with writing(district.system.engine) as connection:
        act = {"day": TODAY, "document": "акт 7", "today": TODAY, "who": "тест"}
        hand.enter_act(connection, "s1", RecordKey("s1", "R1"), copies=5, **act)  # type: ignore[arg-type]
    return district


def _enter(district: District, library: str) -> None:
    with writing(district.system.engine) as connection:
        registry.save_sources(connection, [replace(registry.get_source(connection, "s1"), library=library)])


def _figures(district: District) -> Figures:
    """Sums of the ledger by library, of those that are not nought."""
    found: Figures = {}
    with reading(district.system.engine) as connection:
        for scope, *cell in connection.execute(stock_rollup.select().with_only_columns(
            stock_rollup.c.scope, *[c for c in stock_rollup.c if c.name != "scope"]
        )):  # fmt: skip
            if any(isinstance(value, int) and value for value in cell):
                found.setdefault(scope, []).append(tuple(cell))
        for library, *cell in connection.execute(stock_position.select().with_only_columns(
            stock_position.c.library, *[c for c in stock_position.c if c.name != "library"]
        ).where(stock_position.c.copies != 0)):  # fmt: skip
            found.setdefault(f"{library}, записи", []).append(tuple(cell))
    return {scope: sorted(cells, key=repr) for scope, cells in found.items()}


def _renamed(figures: Figures, old: str, new: str) -> Figures:
    return {scope.replace(old, new): cells for scope, cells in figures.items()}


def test_the_whole_history_goes_to_the_right_library_and_the_district_stays_as_it_was(moved: District) -> None:
    before = _figures(moved)
    with reading(moved.system.engine) as connection:
        told = outbox.last_number(connection)
    _enter(moved, "right")
    pipeline.reread(moved.system, "s1")
    after = _figures(moved)
    assert after == _renamed(before, "s1", "right")
    assert before[DISTRICT] == after[DISTRICT]
    assert upkeep.check(moved.system) == []
    with reading(moved.system.engine) as connection:
        assert outbox.last_number(connection) > told  # whoever copied the catalogue hears where the books are
        assert {act.library for act in hand.entered_acts(connection) if not act.taken_back} == {"right"}


def test_back_again_is_as_if_nothing_had_been(moved: District) -> None:
    before = _figures(moved)
    for library in ("right", "s1"):
        _enter(moved, library)
        pipeline.reread(moved.system, "s1")
    assert _figures(moved) == before
    assert upkeep.check(moved.system) == []


def test_a_night_before_the_source_is_read_anew_loses_nothing(moved: District) -> None:
    _enter(moved, "right")
    moved.load("s1", [book("R1", copies=1), *shelf(20, prefix="X")])
    pipeline.reread(moved.system, "s1")
    figures = _figures(moved)
    assert not [scope for scope in figures if scope.startswith("s1")]
    assert all(isinstance(cell[-1], int) and cell[-1] > 0 for cell in figures["right, записи"])
    assert upkeep.check(moved.system) == []


def test_a_run_of_before_can_be_rolled_back_afterwards(moved: District) -> None:
    _roll_back_the_last(moved)
    before = _figures(moved)
    moved.load("s1", [book("R1", copies=2), *shelf(19, prefix="X")])
    _enter(moved, "right")
    pipeline.reread(moved.system, "s1")
    assert _figures(moved) != _renamed(before, "s1", "right")
    for _ in ("the reading anew", "the night before it"):
        _roll_back_the_last(moved)
    assert _figures(moved) == _renamed(before, "s1", "right")
    assert upkeep.check(moved.system) == []


def _roll_back_the_last(district: District) -> None:
    with reading(district.system.engine) as connection:
        last = registry.published_run(connection, "s1")
    assert last is not None
    pipeline.roll_back(district.system, last, who="тест")


def test_a_class_changed_afterwards_moves_what_stands_there(moved: District) -> None:
    _enter(moved, "right")
    pipeline.reread(moved.system, "s1")
    with writing(moved.system.engine) as connection:
        source = registry.get_source(connection, "s1")
        registry.save_sources(connection, [replace(source, base="Учебники")])
    pipeline.reread(moved.system, "s1")
    figures = _figures(moved)
    assert not [scope for scope in figures if scope.startswith("s1")]
    assert upkeep.check(moved.system) == []


def test_check_says_what_is_not_followed_yet_and_rebuild_follows(moved: District) -> None:
    before = _figures(moved)
    _enter(moved, "right")
    said = upkeep.check(moved.system)
    expected = "источник s1 отнесён к библиотеке right, а в журнале фонда за s1 стоит его 26 экз."
    assert any(expected in one for one in said)
    upkeep.rebuild(moved.system)
    assert upkeep.check(moved.system) == []
    assert _figures(moved) == _renamed(before, "s1", "right")
    with reading(moved.system.engine) as connection:
        count = stock_movement.select().with_only_columns(stock_movement.c.number)
        lines = len(connection.execute(count).all())
    upkeep.rebuild(moved.system)
    with reading(moved.system.engine) as connection:
        assert len(connection.execute(count).all()) == lines


def test_another_base_moves_what_was_all_written_off_too(moved: District) -> None:
    moved.load("s2", [book("R1", copies=0)])
    with writing(moved.system.engine) as connection:
        registry.save_sources(connection, [replace(registry.get_source(connection, "s2"), base="Учебники")])
    pipeline.reread(moved.system, "s2")
    with reading(moved.system.engine) as connection:
        lines = ledger.posted(connection, [RecordKey("s2", "R1")])[RecordKey("s2", "R1")]
    assert {(line.category.value, line.column.value, line.copies) for line in net(lines)} == {
        ("textbook", "initial", 3), ("textbook", "withdrawn", -3),
    }  # fmt: skip
