"""`check`: the roll-ups and positions equal the ledgers; `rebuild` makes them anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select

from catalog_sync.model import MovementKind
from catalog_sync.store.database import plain_rows
from catalog_sync.store.figures import CLASSES
from catalog_sync.store.ledger_tables import (
    ledger_member,
    stock_movement,
    stock_position,
    stock_rollup,
    title_movement,
)
from catalog_sync.store.rollups import (
    DISTRICT,
    MEASURES,
    TITLE_MEASURES,
    add,
    add_to_rollup,
    schools,
    starts,
)
from catalog_sync.store.tables import record, source
from catalog_sync.store.titles import titles_changed

EXAMPLES = 3  # of cells named before «и ещё N»
PERIODS = {"T": "за всё время", "Y": "за год с {:%d.%m.%Y}", "Q": "за квартал с {:%d.%m.%Y}", "D": "за {:%d.%m.%Y}"}
SAID = {"initial": "первичное отражение", "acquired": "поступило", "withdrawn": "выбыло", "expired": "истекла лицензия"}


def check(connection: Connection) -> list[str]:
    """Sentences about every projection that differs from its ledger; an empty list means they are equal."""
    return [
        *_first(_check_rollups(connection)), *_first(_check_positions(connection)), *_check_libraries(connection),
    ]  # fmt: skip


def _first(found: Iterator[str]) -> Iterator[str]:
    """One broken line of the ledger makes a dozen sums wrong: some are named, the rest counted."""
    yield from islice(found, EXAMPLES)
    if rest := sum(1 for _ in found):
        yield f"… и ещё таких расхождений с журналом фонда: {rest}"


def _check_rollups(connection: Connection) -> Iterator[str]:
    wanted = _expected(connection)
    keys = [stock_rollup.c[name] for name in ("grain", "scope", "start", *CLASSES)]
    measures = [stock_rollup.c[name] for name in (*MEASURES, *TITLE_MEASURES)]
    for row in connection.execute(select(*keys, *measures)):
        key, there = tuple(row[:6]), list(row[6:])
        expected = wanted.pop(key, [0] * 8)
        if expected != there:
            yield _cell(key, expected, there)
    for key, expected in wanted.items():
        if any(expected):
            yield _cell(key, expected, [0] * 8)


def _cell(key: tuple[Any, ...], expected: Sequence[int], there: Sequence[int]) -> str:
    grain, scope, start, *classes = key
    where = "район" if scope == DISTRICT else scope
    names = [*(f"{SAID[name]}, экземпляров" for name in MEASURES), *(f"{SAID[name]}, названий" for name in MEASURES)]
    differing = [
        f"{name}: по журналу {right}, в итогах {wrong}"
        for name, right, wrong in zip(names, expected, there, strict=True)
        if right != wrong
    ]
    kind = "/".join(filter(None, classes))
    return f"итоги фонда ({where}, {PERIODS[grain].format(start)}, {kind}) {'; '.join(differing)}"


def _expected(connection: Connection) -> dict[tuple[Any, ...], list[int]]:
    """The roll-ups as the ledgers say they must be: cell → eight sums, copies first."""
    wanted: dict[tuple[Any, ...], list[int]] = {}
    counted = schools(connection)
    move, line = stock_movement.c, title_movement.c
    stock = select(move.library, move.day, move.category, move.carrier, move.ekind, move.column, func.sum(move.copies))
    for library, *rest in connection.execute(stock.group_by(*list(stock.selected_columns)[:6])):
        for scope in (library, DISTRICT) if library in counted else (library,):
            _add_day(wanted, scope, rest, 0)
    heads = select(line.scope, line.day, line.category, line.carrier, line.ekind, line.column, func.sum(line.titles))
    for scope, *rest in connection.execute(heads.group_by(*list(heads.selected_columns)[:6])):
        _add_day(wanted, scope, rest, 4)
    return wanted


def _add_day(wanted: dict[tuple[Any, ...], list[int]], scope: str, rest: Sequence[Any], shift: int) -> None:
    day, category, carrier, ekind, column, value = rest
    for grain, start in starts(day):
        sums = wanted.setdefault((grain, scope, start, category, carrier, ekind), [0] * 8)
        sums[shift + MEASURES.index(column)] += int(value)


def _check_positions(connection: Connection) -> Iterator[str]:
    move, there = stock_movement.c, stock_position.c
    keys = (move.category, move.carrier, move.ekind, move.library, move.record)
    sums = select(*keys, func.sum(move.copies).label("copies")).group_by(*keys).subquery()
    same = [sums.c[name] == there[name] for name in (*CLASSES, "library", "record")]
    query = (
        select(sums.c.library, sums.c.record, sums.c.copies, there.copies.label("came"))
        .select_from(sums.outerjoin(stock_position, and_(*same)))
        .where(or_(there.copies.is_(None), there.copies != sums.c.copies))
    )
    for library, number, expected, came in connection.execute(query):
        yield f"состоит в фонде ({library}, запись № {number}): по журналу {expected} экз., в итогах {came or 0}"


def booked_otherwise(connection: Connection, held: Mapping[int, int]) -> list[int]:
    """Of record ids and the copies they should stand in the books with, those that stand there with others.

    Acts written by hand and contracts that ended speak of what no export says: their records are left out.
    """
    move = stock_movement.c
    by_hand = func.max(case((or_(move.who != "", move.kind == MovementKind.EXPIRED.value), 1), else_=0))
    query = select(move.record, func.sum(move.copies), by_hand).group_by(move.record)
    booked = {id_: (int(copies), hand) for id_, copies, hand in plain_rows(connection, query, move.record, held)}
    return [id_ for id_, copies in held.items() if (there := booked.get(id_, (0, 0)))[0] != copies and not there[1]]


def _check_libraries(connection: Connection) -> Iterator[str]:
    """Copies stand in the library their source belongs to."""
    there = stock_position.c
    query = (
        select(source.c.code, source.c.library, there.library.label("standing"), func.sum(there.copies).label("copies"))
        .join_from(stock_position, record, record.c.id == there.record)
        .join(source, source.c.code == record.c.source)
        .where(there.library != source.c.library, there.copies != 0)
        .group_by(source.c.code, source.c.library, there.library)
        .order_by(source.c.code)
    )
    for row in connection.execute(query):
        yield (
            f"источник {row.code} отнесён к библиотеке {row.library}, а в журнале фонда за {row.standing} стоит его "
            f"{row.copies} экз.: catalog-sync source reread {row.code}"
        )


def rebuild(connection: Connection) -> None:
    """Make the projections anew from the ledgers: after a restore, or after a change of hand in the tables."""
    connection.execute(stock_rollup.delete())
    connection.execute(stock_position.delete())
    names = (*MEASURES, *TITLE_MEASURES)
    sums = {cell: dict(zip(names, values, strict=True)) for cell, values in _expected(connection).items()}
    add_to_rollup(connection, sums, names)
    keys = [stock_movement.c[name] for name in (*CLASSES, "library", "record")]
    rows = connection.execute(select(*keys, func.sum(stock_movement.c.copies).label("copies")).group_by(*keys))
    add(connection, stock_position, [dict(row._mapping) for row in rows], ["copies"])


def library_kind_changed(connection: Connection, code: str, *, recorded: date) -> None:
    """A library has become a school or ceased to be one: the district's titles and sums are counted anew.

    Call it after the change of `library.kind`, in the same transaction.
    """
    query = (
        select(ledger_member.c.cluster)
        .join_from(stock_movement, ledger_member, ledger_member.c.record == stock_movement.c.record)
        .where(stock_movement.c.library == code)
        .distinct()
    )
    titles_changed(connection, connection.execute(query).scalars().all(), cause="correction", recorded=recorded)
    rebuild(connection)
