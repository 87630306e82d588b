"""The neighbourhood of records as tables: blocks of match keys, edges between look-alikes, refusals of the rest."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from catalog_sync.matching.compare import Judgement
from catalog_sync.model import Verdict
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, insert_many, upsert

Ids = tuple[int, int]  # the lesser record id first


@dataclass(frozen=True, slots=True)
class Crowd:
    """A block too full to compare everybody in it, and how many of its pairs were left out."""

    key: int
    label: str
    pairs: int


def pack_findings(findings: Sequence[tuple[int, float]]) -> bytes:
    """Codes and points, four bytes each; points to a hundredth."""
    return b"".join(struct.pack("<Hh", code, round(points * 100)) for code, points in findings)


def unpack_findings(data: bytes) -> tuple[tuple[int, float], ...]:
    return tuple((code, hundredths / 100) for code, hundredths in struct.iter_unpack("<Hh", data))


# --- blocks -----------------------------------------------------------------------------------------------------------


def blocks(connection: Connection, keys: Iterable[int]) -> dict[int, list[int]]:
    """Match key → ids of the records that have it, in order."""
    found: dict[int, list[int]] = {}
    for some in chunks(sorted(keys)):
        query = select(t.match_key.c.key, t.match_key.c.record).where(t.match_key.c.key.in_(some))
        for key, record in connection.execute(query.order_by(t.match_key.c.key, t.match_key.c.record)):
            found.setdefault(key, []).append(record)
    return found


def crowds(connection: Connection) -> dict[int, Crowd]:
    """The blocks that were too full when they were last looked at."""
    return {row.key: Crowd(row.key, row.label, row.pairs) for row in connection.execute(select(t.not_compared))}


def save_crowds(connection: Connection, values: Iterable[Crowd]) -> None:
    rows = [{"key": c.key, "label": c.label, "pairs": c.pairs} for c in values]
    upsert(connection, t.not_compared, rows)


def forget_crowds(connection: Connection, keys: Sequence[int]) -> None:
    for some in chunks(keys):
        connection.execute(delete(t.not_compared).where(t.not_compared.c.key.in_(some)))


# --- edges ------------------------------------------------------------------------------------------------------------


def keep(connection: Connection, judged: Mapping[Ids, Judgement], refused: Iterable[tuple[Ids, int]]) -> None:
    """Write down what comparisons came to: look-alikes with their evidence, the others with what decided."""
    rows = [
        (left, right, judgement.verdict is Verdict.SAME, judgement.score, pack_findings(judgement.findings), "")
        for (left, right), judgement in judged.items()
    ]
    insert_many(connection, t.edge, rows)
    insert_many(connection, t.refusal, [(left, right, finding) for (left, right), finding in refused])


def forget(connection: Connection, records: Collection[int]) -> None:
    for table in (t.edge, t.refusal):
        for some in chunks(sorted(records)):
            connection.execute(delete(table).where(table.c.left.in_(some)))
            connection.execute(delete(table).where(table.c.right.in_(some)))


def neighbours(connection: Connection, records: Collection[int]) -> Iterator[tuple[int, int, float]]:
    """(left, right, score) of every edge at any of the records; an edge between two of them comes twice."""
    for some in chunks(sorted(records)):
        for side in (t.edge.c.left, t.edge.c.right):
            query = select(t.edge.c.left, t.edge.c.right, t.edge.c.score).where(side.in_(some))
            yield from map(tuple, connection.execute(query))


def among(connection: Connection, records: Collection[int]) -> Iterator[tuple[int, int, float]]:
    """(left, right, score) of every edge between two of the records, once."""
    for some in chunks(sorted(records)):
        query = select(t.edge.c.left, t.edge.c.right, t.edge.c.score).where(t.edge.c.left.in_(some))
        for left, right, score in connection.execute(query):
            if right in records:
                yield left, right, score


def mark_refused(connection: Connection, records: Collection[int], refused: Mapping[Ids, str]) -> None:
    """Keep why look-alikes among `records` were kept apart; "" again for all the others."""
    for some in chunks(sorted(records)):
        clean = update(t.edge).where(t.edge.c.left.in_(some), t.edge.c.refused != "").values(refused="")
        connection.execute(clean)
    rows = [{"a": left, "b": right, "why": why} for (left, right), why in refused.items()]
    if rows:
        statement = update(t.edge).where(t.edge.c.left == bindparam("a"), t.edge.c.right == bindparam("b"))
        connection.execute(statement.values(refused=bindparam("why")), rows)


def judgements(connection: Connection, record: int) -> dict[int, Judgement]:
    """The look-alikes of a record, each with the verdict and the evidence that was written down for it."""
    found = {}
    for row in connection.execute(select(t.edge).where(or_(t.edge.c.left == record, t.edge.c.right == record))):
        verdict = Verdict.SAME if row.same else Verdict.UNSURE
        other = row.right if row.left == record else row.left
        found[other] = Judgement(verdict, row.score, unpack_findings(row.findings))
    return found


def refusals(connection: Connection, record: int) -> dict[int, int]:
    """The records this one was compared with and differs from → code of what decided (matching.verdict.KINDS)."""
    rows = connection.execute(select(t.refusal).where(or_(t.refusal.c.left == record, t.refusal.c.right == record)))
    return {row.right if row.left == record else row.left: row.finding for row in rows}
