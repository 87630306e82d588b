"""Figures out of the ledger: identities that hold for any history of imports, roll-backs, merges and splits."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from catalog_sync.store import acts, ledger
from catalog_sync.store.figures import LAST_DAY, Balance, Horizon, Selection, balances, horizon, pieces, series
from catalog_sync.store.ledger_check import check, library_kind_changed, rebuild
from catalog_sync.store.ledger_tables import stock_movement, stock_rollup, title_movement
from catalog_sync.store.tables import library, member
from tests.ledger.district import District, copies_of, holds, item, klass

FIRST = date(2023, 1, 1)
SCHOOLS = ("a", "b")
ALL = Selection(scopes=("*", "a", "b", "p"))


@given(st.dates(date(2000, 1, 1), date(2030, 12, 31)), st.dates(date(2000, 1, 1), date(2030, 12, 31)))
def test_the_pieces_of_a_period_tile_it(one, other):
    start, end = min(one, other), max(one, other)
    ends = {"D": lambda d: d, "Q": _quarter_end, "Y": lambda d: date(d.year, 12, 31)}
    expected = start
    for grain, first, last in pieces(start, end):
        assert first == expected
        step = first
        while step <= last:
            step = ends[grain](step) + timedelta(1)
        expected = step
    assert expected == end + timedelta(1)


def _quarter_end(day: date) -> date:
    month = (day.month - 1) // 3 * 3 + 3
    return date(day.year + (month == 12), month % 12 + 1, 1) - timedelta(1)


def test_a_period_without_an_end_takes_whole_years():
    assert list(pieces(date(2025, 11, 30), LAST_DAY))[-1] == ("Y", date(2026, 1, 1), date(9999, 12, 30))


records = st.sampled_from(["r1", "r2", "r3"])
classes = st.builds(
    klass,
    st.sampled_from(["fiction", "textbook", "other"]),
    st.sampled_from(["print", "electronic"]),
    st.just(""),
)
days = st.dates(date(2022, 1, 1), date(2026, 12, 31))
items = st.builds(
    item, st.sampled_from(["", "1", "2"]), copies=st.integers(1, 3), came=st.none() | days, went=st.none() | days
)
held = st.tuples(st.lists(items, min_size=1, max_size=3).map(lambda some: holds(*some)), classes)
exports = st.dictionaries(records, held, max_size=3)
full_exports = st.dictionaries(records, held, min_size=2, max_size=3)
steps = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from(["a", "b", "p"]), exports),
    st.tuples(st.just("rollback"), st.just(""), st.none()),
    st.tuples(st.just("merge"), st.sampled_from(["c-r1", "c-r2"]), st.sampled_from(["c-r2", "c-r3"])),
    st.tuples(st.just("split"), records, st.sampled_from(["c-r1", "c-new"])),
)
# Two schools that hold something, then whatever happens to them: on empty shelves merges and roll-backs prove nothing.
histories = st.builds(
    lambda a, b, rest: [("publish", "a", a), ("publish", "b", b), *rest],
    full_exports,
    full_exports,
    st.lists(steps, min_size=1, max_size=7),
)


def play(connection, district: District, history) -> list[tuple[date, Horizon, object]]:
    """Run a history, a month a step; after each step freeze the figures of the year so far."""
    for code, kind in (("a", "school"), ("b", "school"), ("p", "partner")):
        district.add_library(connection, code, kind)
    frozen, before = [], {}
    day = FIRST
    for what, one, other in history:
        day += timedelta(40)
        if what == "publish":
            before = dict(district.now), district.runs + 1
            district.publish(connection, one, day, other)
        elif what == "rollback" and before:
            district.now, run = before
            before = {}
            ledger.reverse_run(connection, run, by_run=None, recorded=day)
            ledger.titles_changed(connection, cause="rollback", recorded=day)
        elif what == "merge" and one != other:
            district.merge(connection, one, other, day)
        elif what == "split":
            _split(connection, district, one, other, day)
        at = horizon(connection)
        frozen.append((day, at, balances(connection, ALL, FIRST, day)))
    return frozen


def _split(connection, district, local_id, into, day):
    keys = [key for key in district.now if key.local_id == local_id][:1]
    for key in keys:
        number = district.put(connection, key)
        was = connection.execute(select(member.c.cluster).where(member.c.record == number)).scalar()
        district.join(connection, number, into)
        ledger.titles_changed(connection, {was, into} - {None}, cause="split", recorded=day)


@contextmanager
def taken_back(engine):
    """A transaction for one example: the next one begins with an empty district."""
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()


slow_is_fine = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.slow
@slow_is_fine
@given(histories)
def test_any_history_keeps_the_balance_and_the_projections(engine, history):
    with taken_back(engine) as connection:
        district = District(engine)
        frozen = play(connection, district, history)
        last = frozen[-1][0]
        assert check(connection) == []
        _state_is_yesterdays_plus_what_came(connection, last)
        _steps_of_a_series_are_the_periods_by_themselves(connection, last)
        now = balances(connection, ALL, FIRST, last)
        for scope in ("a", "b", "p"):
            copies, _ = now.total(lambda cell, scope=scope: cell.scope == scope)
            mine = [value for key, value in district.now.items() if key.source == scope]
            assert copies.closing == copies_of(mine)
        assert now.total(lambda c: c.scope == "*")[0] == now.total(lambda c: c.scope in SCHOOLS)[0]
        _titles_are_distinct_clusters(connection, now, last)


def _state_is_yesterdays_plus_what_came(connection, last):
    middle = FIRST + (last - FIRST) / 2
    first, second = balances(connection, ALL, FIRST, middle), balances(connection, ALL, middle + timedelta(1), last)
    whole = balances(connection, ALL, FIRST, last)
    for one, two, both in ((first.copies, second.copies, whole.copies), (first.titles, second.titles, whole.titles)):
        for cell in both:
            a, b, c = one[cell], two[cell], both[cell]
            assert a.closing == b.opening
            assert (a.opening, b.closing) == (c.opening, c.closing)
            assert a.acquired + b.acquired == c.acquired
            assert b.closing == b.opening + b.initial + b.acquired - b.withdrawn - b.expired


def _steps_of_a_series_are_the_periods_by_themselves(connection, last):
    """Days and uneven spans: each figure is what the period alone would answer."""
    middle = FIRST + (last - FIRST) / 2
    days = [(last - timedelta(n), last - timedelta(n)) for n in (2, 1, 0)]
    for spans in (days, [(FIRST, middle), (middle + timedelta(1), last)]):
        for found, (start, end) in zip(series(connection, ALL, spans), spans, strict=True):
            assert found == balances(connection, ALL, start, end)


def _titles_are_distinct_clusters(connection, now, last):
    from catalog_sync.store.ledger_tables import ledger_member

    move = stock_movement.c
    held_now = (
        select(move.library, ledger_member.c.cluster)
        .join_from(stock_movement, ledger_member, ledger_member.c.record == move.record)
        .where(move.day <= last)
        .group_by(move.library, ledger_member.c.cluster)
        .having(func.sum(move.copies) > 0)
    )
    rows = connection.execute(held_now).all()
    for scope in ("a", "b", "p"):
        assert now.total(lambda c, s=scope: c.scope == s)[1].closing == len({c for lib, c in rows if lib == scope})
    assert now.total(lambda c: c.scope == "*")[1].closing == len({c for lib, c in rows if lib in SCHOOLS})


@slow_is_fine
@given(histories)
def test_a_report_for_a_past_date_is_the_snapshot_plus_named_corrections(engine, history):
    with taken_back(engine) as connection:
        for day, at, then in play(connection, District(engine), history):
            assert _nonzero(balances(connection, ALL, FIRST, day, at=at)) == _nonzero(then)
            now = balances(connection, ALL, FIRST, day)
            copies = connection.execute(
                select(func.sum(stock_movement.c.copies)).where(
                    stock_movement.c.number > at.movement, stock_movement.c.day <= day
                )
            ).scalar()
            assert _closing(now.copies, (*SCHOOLS, "p")) == _closing(then.copies, (*SCHOOLS, "p")) + (copies or 0)
            lines = select(func.sum(title_movement.c.titles)).where(
                title_movement.c.number > at.title_movement, title_movement.c.day <= day, title_movement.c.scope == "*"
            )
            assert _closing(now.titles, "*") == _closing(then.titles, "*") + (connection.execute(lines).scalar() or 0)


def _nonzero(figures):
    return [{cell: b for cell, b in half.items() if b != Balance()} for half in (figures.copies, figures.titles)]


def _closing(half, scopes) -> int:
    return sum(balance.closing for cell, balance in half.items() if cell.scope in scopes)


def test_retro_loading_is_not_growth(connection):
    district = District(connection.engine)
    district.add_library(connection, "a")
    old, new = item("1", came=date(2015, 9, 1)), item("2")
    district.publish(connection, "a", date(2026, 10, 5), {"r1": (holds(old, new), klass())})
    (copies, titles) = balances(connection, Selection(), date(2026, 10, 1), date(2026, 12, 31)).total()
    assert (copies.opening, copies.initial, copies.acquired, copies.closing) == (1, 1, 0, 2)
    assert copies.growth == 0
    assert (titles.opening, titles.closing) == (1, 1)


def test_an_exit_that_was_taken_back_is_no_act_of_the_day(connection):
    district = District(connection.engine)
    district.add_library(connection, "a")
    books = {n: (holds(item(n, came=date(2024, 5, 1), price="100")), klass()) for n in ("1", "2")}
    district.publish(connection, "a", date(2025, 1, 10), books)
    day = date(2025, 2, 10)
    district.publish(connection, "a", day, {"1": books["1"]})
    year = ("a", ("withdrawn",), date(2025, 1, 1), date(2025, 12, 31), ("fiction",))
    (act,) = acts.acts(connection, *year)
    assert (act.copies, act.kopecks, act.reason) == (1, 10000, "нет в новой выгрузке")
    district.publish(connection, "a", day, books)
    assert acts.acts(connection, *year) == []
    district.publish(connection, "a", day, {})
    (act,) = acts.acts(connection, *year)
    assert (act.copies, act.kopecks) == (2, 20000)


def test_a_merge_changes_titles_of_the_past_and_says_so(connection):
    district = District(connection.engine)
    for code in ("a", "b"):
        district.add_library(connection, code)
        held_ = {f"{code}1": (holds(item("1", came=date(2024, 5, 1))), klass())}
        district.publish(connection, code, date(2025, 1, 10), held_)
    end = date(2025, 12, 31)
    before = balances(connection, Selection(), date(2025, 1, 1), end).total()[1].closing
    district.merge(connection, "c-a1", "c-b1", date(2026, 2, 1))
    after = balances(connection, Selection(), date(2025, 1, 1), end).total()[1].closing
    assert (before, after) == (2, 1)
    line = connection.execute(select(title_movement).order_by(title_movement.c.number.desc())).first()
    assert (line.cause, line.recorded, line.day) == ("merge", date(2026, 2, 1), date(2024, 5, 1))


def test_a_rolled_back_run_may_be_loaded_for_the_first_time_again(connection):
    district = District(connection.engine)
    district.add_library(connection, "a")
    run = district.publish(connection, "a", date(2026, 1, 10), {"r1": (holds(item("1")), klass())})
    assert not ledger.is_first_load(connection, "a")
    assert ledger.reverse_run(connection, run, by_run=None, recorded=date(2026, 1, 11))
    assert ledger.is_first_load(connection, "a")
    assert not ledger.reverse_run(connection, run, by_run=None, recorded=date(2026, 1, 12))


def test_rebuilt_projections_are_the_same(connection):
    district = District(connection.engine)
    district.add_library(connection, "a")
    district.publish(connection, "a", date(2026, 1, 10), {"r1": (holds(item("1"), item("2", came=FIRST)), klass())})
    rows = set(connection.execute(select(stock_rollup)).all())
    rebuild(connection)
    assert set(connection.execute(select(stock_rollup)).all()) == rows
    connection.execute(stock_rollup.update().where(stock_rollup.c.grain == "D").values(acquired=99))
    assert any("по журналу" in sentence for sentence in check(connection))


def test_a_library_that_is_no_school_any_more_leaves_the_district(connection):
    district = District(connection.engine)
    for code in ("a", "b"):
        district.add_library(connection, code)
        district.publish(connection, code, date(2026, 1, 10), {"r": (holds(item("1", came=FIRST)), klass())})
    connection.execute(library.update().where(library.c.code == "b").values(kind="partner"))
    assert check(connection)
    library_kind_changed(connection, "b", recorded=date(2026, 2, 1))
    assert check(connection) == []
    copies, titles = balances(connection, Selection(), FIRST, date(2026, 12, 31)).total()
    assert (copies.closing, titles.closing) == (1, 1)
    assert balances(connection, Selection(scopes=("b",)), FIRST, date(2026, 12, 31)).total()[0].closing == 1
