"""Librarians' words about pairs of records: kept by (source, id), so that they outlive every harvest and rebuild."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, tuple_, update

from catalog_sync.errors import Refused
from catalog_sync.model import Decision, RecordKey
from catalog_sync.store import tables as t


def keep(
    connection: Connection, left: RecordKey, right: RecordKey, *, same: bool, who: str, when: datetime, why: str,
    part_of: int | None = None,
) -> Decision:  # fmt: skip
    """Write a decision down; the pair is stored in key order, a decision has no direction."""
    left, right = sorted((left, right))
    values = {
        "left_source": left.source, "left_id": left.local_id, "right_source": right.source, "right_id": right.local_id,
        "same": same, "who": who, "when": when, "why": why, "undone_by": "", "part_of": part_of,
    }  # fmt: skip
    number = connection.execute(insert(t.decision).values(**values).returning(t.decision.c.number)).scalar_one()
    return Decision(number, left, right, same, who, when, why, part_of=part_of)


def undo(connection: Connection, number: int, *, who: str, when: datetime) -> list[Decision]:
    """Take a decision back with all that follows from it; it stays in the history.

    Refused where it is unknown or was undone before, and for a pair that only follows from a decision.
    """
    found = get(connection, number)
    if found.part_of is not None:
        raise Refused(f"решение № {number} следует из решения № {found.part_of}: отменяют то")
    if found.undone is not None:
        raise Refused(f"решение № {number} уже отменено ({found.undone_by})")
    whole = or_(t.decision.c.number == number, t.decision.c.part_of == number)
    connection.execute(update(t.decision).where(whole).values(undone=when, undone_by=who))
    return [_decision(row) for row in connection.execute(select(t.decision).where(whole).order_by(t.decision.c.number))]


def get(connection: Connection, number: int) -> Decision:
    row = connection.execute(select(t.decision).where(t.decision.c.number == number)).first()
    if row is None:
        raise Refused(f"нет решения № {number}")
    return _decision(row)


def standing(connection: Connection) -> list[Decision]:
    """Decisions in force, oldest first. A district's court decides thousands, not millions: they fit in memory."""
    rows = connection.execute(select(t.decision).where(t.decision.c.undone.is_(None)).order_by(t.decision.c.number))
    return [_decision(row) for row in rows]


def history(connection: Connection, limit: int = 50, before: int | None = None) -> list[Decision]:
    """All decisions with the undone ones, newest first; pairs that only follow from one are not named."""
    query = select(t.decision).where(t.decision.c.part_of.is_(None)).order_by(t.decision.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(t.decision.c.number < before)
    return [_decision(row) for row in connection.execute(query)]


def about(connection: Connection, keys: list[RecordKey]) -> list[Decision]:
    """Decisions, undone ones too, that name any of the records."""
    pairs = [(key.source, key.local_id) for key in keys]
    left = tuple_(t.decision.c.left_source, t.decision.c.left_id).in_(pairs)
    right = tuple_(t.decision.c.right_source, t.decision.c.right_id).in_(pairs)
    rows = connection.execute(select(t.decision).where(or_(left, right)).order_by(t.decision.c.number))
    return [_decision(row) for row in rows]


def follow(connection: Connection, source: str, names: Mapping[str, str]) -> None:
    """Records of a source have other local ids now (before → now): what is said of them, and once was, follows."""
    d = t.decision.c
    of_source = select(t.decision).where((d.left_source == source) | (d.right_source == source))
    moved = []
    for one in map(_decision, connection.execute(of_source)):
        left, right = sorted(
            RecordKey(source, names[key.local_id]) if key.source == source and key.local_id in names else key
            for key in (one.left, one.right)
        )
        if (left, right) != (one.left, one.right):
            keys = {"a": left.source, "b": left.local_id, "c": right.source, "d": right.local_id}
            moved.append({"one": one.number, **keys})
    if moved:
        named = {"left_source": "a", "left_id": "b", "right_source": "c", "right_id": "d"}
        statement = update(t.decision).where(d.number == bindparam("one"))
        connection.execute(statement.values({name: bindparam(key) for name, key in named.items()}), moved)


def _decision(row: Any) -> Decision:
    return Decision(
        row.number, RecordKey(row.left_source, row.left_id), RecordKey(row.right_source, row.right_id), row.same,
        row.who, row.when, row.why, row.undone, row.undone_by, row.part_of,
    )  # fmt: skip
