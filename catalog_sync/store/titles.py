"""Titles (названия): distinct editions, counted by an append-only ledger of their own.

Copies add up over libraries, titles do not: a title of the district is a cluster with at least one copy in some school.
An edition enters a scope (a library, or the district) on the day its copies there rise above nothing and leaves when
they fall back; in one scope it has one class, that of most copies that ever came, so titles add up over classes.

When clusters merge or split, the past is counted anew and the *difference* is appended with its cause. So the sum of
all lines says what we know today, the sum up to the number a snapshot remembers says what it said then, and the lines
between are the named corrections.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from catalog_sync.model import Carrier, Category, EKind, MovementKind
from catalog_sync.store import leases
from catalog_sync.store.database import chunks, insert_rows, plain_rows, upsert
from catalog_sync.store.ledger_tables import ledger_member, licence, stock_movement, title_movement
from catalog_sync.store.rollups import DISTRICT, TITLE_MEASURES, Totals, add_to_rollup, by_period, schools
from catalog_sync.store.tables import cluster as cluster_table
from catalog_sync.store.tables import member, meta

PACKAGE = "licence:"  # cluster of a package without records: its titles are those the contract names
UP_TO = "ledger.titles_up_to"  # the last line of the stock ledger whose titles are counted
CHUNK = 400

Cell = tuple[str, str, str]


class Event(NamedTuple):
    """What happened to the copies of one edition in one library on one day."""

    day: date
    library: str
    column: str
    cell: Cell
    copies: int


Series = Counter[tuple[date, str, Cell]]  # (day, column, class) → titles, signed


def titles_changed(
    connection: Connection,
    clusters: Iterable[str] = (),
    *,
    cause: str = "stock",
    run: int | None = None,
    recorded: date,
) -> int:
    """Count the titles of these clusters, and of every record moved since the last call, anew; returns lines added.

    Call it at the end of a transaction, when `member` is final. `clusters`: those that won or lost a member; naming
    too many only costs time. `cause`: stock | merge | split | correction | rollback, shown beside the corrections.
    """
    wanted = set(clusters) | _of_new_lines(connection)
    wanted |= _follow_members(connection, wanted)
    counted, note = schools(connection), {"cause": cause, "run": run, "recorded": recorded}
    lines, totals = 0, Totals()
    for some in chunks(sorted(wanted), CHUNK):
        rows = _recount(connection, some, counted, note)
        lines += len(rows)
        _append(connection, rows, totals)
    add_to_rollup(connection, by_period(totals), TITLE_MEASURES)
    last = connection.execute(select(func.max(stock_movement.c.number))).scalar() or 0
    upsert(connection, meta, [{"key": UP_TO, "value": str(last)}])
    return lines


def _of_new_lines(connection: Connection) -> set[str]:
    """Clusters of the records whose lines came since the last call; a package is a cluster of its own."""
    up_to = int(connection.execute(select(meta.c.value).where(meta.c.key == UP_TO)).scalar() or 0)
    # No DISTINCT: for its sake SQLite walks through the index of all records instead of the few lines that are new.
    moved = select(stock_movement.c.record).where(stock_movement.c.number > up_to)
    ids = sorted(set(connection.execute(moved).scalars()))
    packages = [number for number in ids if number < 0]
    rows = [{"record": number, "cluster": f"{PACKAGE}{-number}"} for number in packages]
    upsert(connection, ledger_member, rows)
    found = {row["cluster"] for row in rows}
    for some in chunks([number for number in ids if number >= 0]):
        for table in (member, ledger_member):
            found |= set(connection.execute(select(table.c.cluster).where(table.c.record.in_(some))).scalars())
    return found


def _follow_members(connection: Connection, clusters: set[str]) -> set[str]:
    """Bring `ledger_member` up to date for these clusters; returns the other clusters this touches."""
    touched: set[str] = set()
    for some in chunks(sorted(clusters), CHUNK):
        placed = select(member.c.record, member.c.cluster)
        now = dict(plain_rows(connection, placed, member.c.cluster, some))
        stays = select(ledger_member.c.record).where(ledger_member.c.cluster.in_(some))
        there = list(connection.execute(stays).scalars())
        now |= plain_rows(connection, placed, member.c.record, there)
        gone = [record for record in there if record not in now]
        now |= _redirected(connection, gone)
        before = plain_rows(connection, select(ledger_member.c.cluster), ledger_member.c.record, now)
        touched.update(cluster for (cluster,) in before)
        upsert(connection, ledger_member, [{"record": record, "cluster": cluster} for record, cluster in now.items()])
        touched |= set(now.values())
    return touched


def _redirected(connection: Connection, records: Sequence[int]) -> dict[int, str]:
    """Records that are gone follow their cluster where it was merged into another."""
    found: dict[int, str] = {}
    for some in chunks(records):
        query = (
            select(ledger_member.c.record, cluster_table.c.redirect)
            .select_from(ledger_member.join(cluster_table, cluster_table.c.id == ledger_member.c.cluster))
            .where(ledger_member.c.record.in_(some), cluster_table.c.redirect != "")
        )
        found |= {row.record: row.redirect for row in connection.execute(query)}
    return found


# --- Counting --------------------------------------------------------------------------------------------------------


def _recount(
    connection: Connection, clusters: Sequence[str], counted: set[str], note: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The lines that make the ledger say of these clusters what is so."""
    wanted: dict[tuple[str, str], Series] = {}
    weights = _weights(connection, clusters)
    for cluster, events in _events(connection, clusters).items():
        for scope, own in by_scope(events, counted):
            wanted[scope, cluster] = titles(own, weights.get(cluster, 1))
    there = _posted(connection, clusters)
    rows = []
    for scope, cluster in sorted(wanted.keys() | there.keys()):
        change = wanted.get((scope, cluster)) or Series()
        if (scope, cluster) in there:
            change.subtract(there[scope, cluster])
        rows += [_row(scope, cluster, at, titles_, note) for at, titles_ in sorted(change.items()) if titles_]
    return rows


def _events(connection: Connection, clusters: Sequence[str]) -> dict[str, list[Event]]:
    move, of = stock_movement.c, ledger_member.c
    names = (of.cluster, move.day, move.library, move.column, move.category, move.carrier, move.ekind)
    query = (
        select(*names, func.sum(move.copies))
        .select_from(ledger_member.join(stock_movement, move.record == of.record))
        .where(of.cluster.in_(clusters))
        .group_by(*names)
        .order_by(of.cluster, move.day)
    )
    found: dict[str, list[Event]] = {}
    for cluster, day, library, column, category, carrier, ekind, copies in connection.execute(query):
        if copies:
            event = Event(day, library, column, (category, carrier, ekind), int(copies))
            found.setdefault(cluster, []).append(event)
    return found


def by_scope(events: Sequence[Event], counted: set[str]) -> Iterator[tuple[str, list[Event]]]:
    """Events of each library, and of all counted libraries together as the district."""
    libraries: dict[str, list[Event]] = {}
    for event in events:
        libraries.setdefault(event.library, []).append(event)
    yield from libraries.items()
    district = [event for event in events if event.library in counted]
    if district:
        yield DISTRICT, district


def titles(events: Sequence[Event], weight: int = 1) -> Series:
    """The days on which an edition enters and leaves a scope, with the column and the class it is counted in."""
    series: Series = Series()
    cell = class_of(events)
    if all(event.copies > 0 for event in events):  # as of most editions: none has ever left
        first = min([event.day for event in events])
        series[first, _entered_by([event for event in events if event.day == first]), cell] = weight
        return series
    copies = 0
    for day, on_day in groupby(sorted(events), key=lambda event: event.day):
        today = list(on_day)
        before, copies = copies, copies + sum(event.copies for event in today)
        if before <= 0 < copies:
            series[day, _entered_by(today), cell] += weight
        elif copies <= 0 < before:
            series[day, _left_by(today), cell] -= weight
    return series


def class_of(events: Sequence[Event]) -> Cell:
    """The class of most copies that ever came (corrections included); ties by the order of the form's rows."""
    cells = {event.cell for event in events}
    if len(cells) == 1:
        return cells.pop()
    came: Counter[Cell] = Counter()
    for event in events:
        if event.column in (MovementKind.INITIAL, MovementKind.ACQUIRED):
            came[event.cell] += event.copies
    return min(came or Counter(event.cell for event in events), key=lambda cell: (-came[cell], _order(cell)))


_CATEGORIES, _CARRIERS, _EKINDS = ([member.value for member in kind] for kind in (Category, Carrier, EKind))


def _order(cell: Cell) -> tuple[int, int, int]:
    return _CATEGORIES.index(cell[0]), _CARRIERS.index(cell[1]), _EKINDS.index(cell[2])


def _entered_by(today: Sequence[Event]) -> str:
    columns = {event.column for event in today if event.copies > 0}
    return MovementKind.INITIAL if columns == {MovementKind.INITIAL} else MovementKind.ACQUIRED


def _left_by(today: Sequence[Event]) -> str:
    columns = {event.column for event in today if event.copies < 0}
    return MovementKind.EXPIRED if columns == {MovementKind.EXPIRED} else MovementKind.WITHDRAWN


# --- Rows ------------------------------------------------------------------------------------------------------------


def _weights(connection: Connection, clusters: Sequence[str]) -> dict[str, int]:
    numbers = [int(cluster.removeprefix(PACKAGE)) for cluster in clusters if cluster.startswith(PACKAGE)]
    if not numbers:
        return {}
    rows = connection.execute(select(licence.c.number, licence.c.titles).where(licence.c.number.in_(numbers)))
    return {f"{PACKAGE}{number}": titles_ for number, titles_ in rows}


def _posted(connection: Connection, clusters: Sequence[str]) -> dict[tuple[str, str], Series]:
    line = title_movement.c
    names = (line.scope, line.cluster, line.day, line.column, line.category, line.carrier, line.ekind)
    query = select(*names, func.sum(line.titles)).where(line.cluster.in_(clusters)).group_by(*names)
    found: dict[tuple[str, str], Series] = {}
    for scope, cluster, day, column, category, carrier, ekind, count in connection.execute(query):
        found.setdefault((scope, cluster), Series())[day, column, (category, carrier, ekind)] += int(count)
    return found


def _row(scope: str, cluster: str, at: tuple[date, str, Cell], count: int, note: Mapping[str, Any]) -> dict[str, Any]:
    day, column, (category, carrier, ekind) = at
    return {
        "scope": scope, "cluster": cluster, "day": day, "column": str(column), "titles": count, "category": category,
        "carrier": carrier, "ekind": ekind, **note,
    }  # fmt: skip


def _append(connection: Connection, rows: Sequence[dict[str, Any]], totals: Totals) -> None:
    """Number and keep the lines, and add them to the sums that the roll-ups have yet to hear of."""
    if not rows:
        return
    number = leases.next_number(connection, title_movement)
    for i, row in enumerate(rows):
        row["number"] = number + i
        line = (row["day"], row["category"], row["carrier"], row["ekind"], f"titles_{row['column']}")
        totals[(row["scope"], *line)] += row["titles"]
    insert_rows(connection, title_movement, rows)
