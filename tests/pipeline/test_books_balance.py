"""The identities of the ledger, proved on the pipeline itself: whatever people and schools do, the books balance."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from catalog_sync import pipeline, upkeep
from catalog_sync.errors import Refused
from catalog_sync.model import Dialect, Library, RecordKey, RunState, Source
from catalog_sync.settings import District as DistrictSettings
from catalog_sync.settings import Guard, Settings
from catalog_sync.store import coverage, derived, records, registry, snapshots
from catalog_sync.store.clusters import membership
from catalog_sync.store.database import reading, writing
from catalog_sync.store.figures import Balance, Figures, Selection, balances
from catalog_sync.store.ledger_tables import stock_movement, title_movement
from catalog_sync.system import open_system
from tests import exports
from tests.pipeline.conftest import Clock, District

SCHOOLS = ("s1", "s2")
EVERYBODY = (*SCHOOLS, "p")
ALL = Selection(scopes=("*", *EVERYBODY))
FIRST = date(2023, 1, 1)
NO_GUARD = Guard(gone_number=10**9, set_aside_number=10**9, changed_number=10**9)
ISBN = "978-5-08-005000-5"

# --- What may happen --------------------------------------------------------------------------------------------------

days = st.none() | st.dates(date(2022, 6, 1), date(2027, 6, 30))
copies = st.tuples(st.sampled_from(["", "1", "2"]), st.integers(1, 3), days, st.booleans())
books = st.tuples(st.booleans(), st.sampled_from(["fiction", "textbook"]), st.lists(copies, max_size=3))
shelves = st.dictionaries(st.sampled_from(["A", "B", "C"]), books, max_size=3)
keys = st.builds(RecordKey, st.sampled_from(EVERYBODY), st.sampled_from(["A", "B"]))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("load"), st.sampled_from(EVERYBODY), shelves, st.booleans()),
        st.tuples(st.just("load"), st.sampled_from(EVERYBODY), shelves, st.just(False)),
        st.tuples(st.just("roll back"), st.sampled_from(EVERYBODY)),
        st.tuples(st.just("decide"), keys, keys, st.booleans()),
        st.tuples(st.just("undo")),
        st.tuples(st.just("rebuild")),
        st.tuples(st.just("kind"), st.sampled_from(EVERYBODY), st.sampled_from(["school", "partner"])),
    ),
    min_size=2,
    max_size=6,
)


def record(local_id: str, known: bool, kind: str, items: list[tuple[Any, ...]]) -> Any:
    """Books «A» of all schools are one edition, «B» are told from it by nothing but the year; «C» has copies alone."""
    title = "Физика" if kind == "textbook" else "Капитанская дочка"
    made = exports.book(
        local_id, title, year="2018" if local_id == "B" else "2019", isbn=ISBN if known else "", copies=0,
        subtitle="учебник для 9 класса" if kind == "textbook" else "",
    )  # fmt: skip
    held = [
        exports.field("910", ("a", "6" if gone else ("0" if number else "U")), ("b", number), ("1", str(count)),
                      ("c", f"{came:%Y%m%d}" if came else ""), ("v", "акт 5" if gone else ""))
        for number, count, came, gone in items
    ]  # fmt: skip
    return type(made)(made.leader, (*made.fields, *held))


@dataclass
class Play:
    """A district to which things happen; after each step the figures of the day are frozen."""

    district: District
    words: list[int] = field(default_factory=list)
    frozen: list[int] = field(default_factory=list)

    def step(self, what: str, *rest: Any) -> None:
        self.district.clock.now += timedelta(40)
        try:
            getattr(self, f"do_{what.replace(' ', '_')}")(*rest)
        except Refused:
            return  # a contradiction, nothing to roll back: the program said no and nothing changed
        self._freeze()

    def do_load(self, code: str, shelf: dict[str, Any], incremental: bool) -> None:
        run = self.district.load(code, [record(k, *v) for k, v in shelf.items()], incremental=incremental, index=False)
        if run.state is RunState.HELD:
            pipeline.approve(self.district.system, run.number, who="методист", index=False)

    def do_roll_back(self, code: str) -> None:
        with reading(self.district.system.engine) as connection:
            last = registry.published_run(connection, code)
        if last is not None:
            pipeline.roll_back(self.district.system, last, who="методист", index=False)

    def do_decide(self, left: RecordKey, right: RecordKey, same: bool) -> None:
        made = upkeep.decide(
            self.district.system, left, right, same=same, who="методист", why="сверено", index=False
        )  # fmt: skip
        self.words.append(made)

    def do_undo(self) -> None:
        if self.words:
            upkeep.undo(self.district.system, self.words.pop(), who="методист", index=False)

    def do_rebuild(self) -> None:
        upkeep.rebuild(self.district.system)

    def do_kind(self, code: str, kind: str) -> None:
        with writing(self.district.system.engine) as connection:
            registry.save_libraries(
                connection, [Library(code, f"Школа {code}", kind=kind)], today=self.district.clock.now.date()
            )

    def _freeze(self) -> None:
        now = self.district.clock.now
        with writing(self.district.system.engine) as connection:
            head = snapshots.freeze(
                connection, f"{now:%Y-%m-%d}", FIRST, now.date() - timedelta(1), now=now, today=now.date(), who="м"
            )
        self.frozen.append(head.number)


@contextmanager
def played(history: list[tuple[Any, ...]]) -> Iterator[Play]:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        system = open_system(Settings(home=Path(folder), guard=NO_GUARD), now=clock)
        with writing(system.engine) as connection:
            for code in EVERYBODY:
                kind = "school" if code in SCHOOLS else "partner"
                registry.save_libraries(connection, [Library(code, f"Школа {code}", kind=kind)])
                registry.save_sources(connection, [Source(code, code, dialect=Dialect.RUSMARC)])
        try:
            play = Play(District(system, clock))
            for step in history:
                play.step(*step)
            yield play
        finally:
            system.engine.dispose()


# --- What must hold ---------------------------------------------------------------------------------------------------

few = settings(
    deadline=None,
    max_examples=8,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a failing history is short already
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
ONE = {"A": (True, "fiction", [("1", 1, date(2024, 9, 1), False)])}
MERGED_AND_BACK = [
    ("load", "s1", ONE, False),
    ("load", "s2", {"B": (False, "textbook", [("", 3, None, False)])}, False),
    ("decide", RecordKey("s1", "A"), RecordKey("s2", "B"), True),
    ("load", "s1", {}, False),
    ("undo",),
    ("roll back", "s1"),
]


@pytest.mark.slow
@few
@example(MERGED_AND_BACK)
@given(steps)
def test_state_is_yesterdays_plus_what_came_minus_what_went_whatever_happened(history: list[tuple[Any, ...]]) -> None:
    with played(history) as play:
        today = play.district.clock.now.date()
        with reading(play.district.system.engine) as connection:
            _balances_hold(connection, today)
            _figures_are_what_is_there(connection)
        assert upkeep.check(play.district.system, index=False) == []


def _balances_hold(connection: Connection, today: date) -> None:
    middle = FIRST + (today - FIRST) / 2
    first, second = balances(connection, ALL, FIRST, middle), balances(connection, ALL, middle + timedelta(1), today)
    whole = balances(connection, ALL, FIRST, today)
    for one, two, both in ((first.copies, second.copies, whole.copies), (first.titles, second.titles, whole.titles)):
        for cell, c in both.items():
            a, b = one[cell], two[cell]
            assert (a.closing, a.opening, b.closing) == (b.opening, c.opening, c.closing)
            assert b.closing == b.opening + b.initial + b.acquired - b.withdrawn - b.expired


def _figures_are_what_is_there(connection: Connection) -> None:
    """In the end the books say what the live records say: copies as sums, titles as clusters with copies."""
    figures = balances(connection, ALL, FIRST, date(2030, 1, 1))
    schools = [one.code for one in registry.libraries(connection) if one.kind == "school"]
    clusters = dict(membership(connection))
    held = _held(connection)
    for scope in ("*", *EVERYBODY):
        mine = {k: n for k, n in held.items() if n > 0 and (k.source in schools if scope == "*" else k.source == scope)}
        assert (scope, _of(figures, "copies", scope).closing) == (scope, sum(mine.values()))
        assert (scope, _of(figures, "titles", scope).closing) == (scope, len({clusters[key] for key in mine}))


def _held(connection: Connection) -> dict[RecordKey, int]:
    found: dict[RecordKey, int] = {}
    for batch in records.live(connection):
        stored = derived.held(connection, [id_ for id_, _ in batch])
        found |= {record_.key: stored[id_].holdings.copies for id_, record_ in batch if id_ in stored}
    return found


@few
@example(MERGED_AND_BACK)
@given(steps)
def test_a_report_for_a_past_date_is_the_snapshot_plus_named_corrections(history: list[tuple[Any, ...]]) -> None:
    with played(history) as play, reading(play.district.system.engine) as connection:
        assert snapshots.verify(connection) == []
        for number in play.frozen:
            then = snapshots.find(connection, number)
            assert then is not None
            named = snapshots.corrections(connection, then)
            assert all(one.cause for one in named)
            now = balances(connection, ALL, FIRST, then.head.end)
            for unit in ("copies", "titles"):
                for scope in EVERYBODY if unit == "copies" else ALL.scopes:
                    moved = sum(one.amount for one in named if (one.unit, one.library) == (unit, scope))
                    frozen = snapshots.frozen_balance(then, unit, scope)
                    assert _of(now, unit, scope).closing == frozen.closing + moved


def _of(figures: Figures, unit: str, scope: str) -> Balance:
    half = figures.copies if unit == "copies" else figures.titles
    return sum((balance for cell, balance in half.items() if cell.scope == scope), Balance())


@pytest.mark.slow
def test_nothing_is_ever_taken_out_of_the_ledgers() -> None:
    sizes = []
    for count in range(1, len(MERGED_AND_BACK) + 1):
        with played(MERGED_AND_BACK[:count]) as play, reading(play.district.system.engine) as connection:
            tables = (stock_movement, title_movement)
            sizes.append([connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables])
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0]


def test_a_school_that_becomes_a_partner_leaves_the_figures_of_the_district() -> None:
    with played([("load", "s1", ONE, False), ("kind", "s1", "partner")]) as play:
        with reading(play.district.system.engine) as connection:
            figures = balances(connection, ALL, FIRST, date(2030, 1, 1))
        assert (_of(figures, "copies", "*").closing, _of(figures, "copies", "s1").closing) == (0, 1)
        assert upkeep.check(play.district.system, index=False) == []


def test_the_day_of_the_last_export_is_a_day_of_the_districts_calendar() -> None:
    night = Clock(datetime(2026, 9, 1, 18, 30, tzinfo=UTC))  # half past one of the next day in Tomsk
    with tempfile.TemporaryDirectory() as folder:
        system = open_system(Settings(home=Path(folder), district=DistrictSettings(time_zone="Asia/Tomsk")), now=night)
        district = District(system, night)
        district.source("s1")
        district.load("s1", exports.shelf(3))
        with reading(system.engine) as connection:
            assert [one.last for one in coverage.freshness(connection)] == [date(2026, 9, 2)]
        system.engine.dispose()
