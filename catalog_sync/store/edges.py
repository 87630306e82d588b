"""The neighbourhood of portraits as tables: edges between look-alikes, whom else they met, what was left out."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import isqrt
from typing import TypeVar

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from catalog_sync.errors import StopEverything
from catalog_sync.matching.compare import Judgement
from catalog_sync.matching.features import Features
from catalog_sync.matching.keys import MAX_PAIRS
from catalog_sync.matching.pairwise import Pair as Two
from catalog_sync.matching.pairwise import Refused
from catalog_sync.matching.verdict import KINDS, LINK, SAME
from catalog_sync.model import Verdict
from catalog_sync.store import blocks
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, insert_many, plain_rows, upsert
from catalog_sync.store.packing import DAMAGED

T = TypeVar("T")
Stored = Mapping[Two, tuple[bool, float, bytes]]  # same, score, findings as they are packed

ALONE = isqrt(2 * MAX_PAIRS)  # more records than this have more pairs than MAX_PAIRS


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
    """Raises StopEverything where it is not what `pack_findings` made."""
    try:
        found = tuple((code, hundredths / 100) for code, hundredths in struct.iter_unpack("<Hh", data))
    except struct.error as error:
        raise StopEverything(DAMAGED) from error
    return _known(found, (code for code, _ in found))


def pack_refused(refused: Refused) -> bytes:
    """Five bytes each: the numbers, then the codes."""
    return struct.pack(f"<{len(refused.others)}I", *refused.others) + refused.codes


def unpack_refused(data: bytes) -> dict[int, int]:
    """Portrait → code. Raises StopEverything where it is not what `pack_refused` made."""
    count, rest = divmod(len(data), 5)
    if rest:
        raise StopEverything(DAMAGED)
    found = dict(zip(struct.unpack_from(f"<{count}I", data), data[4 * count :], strict=True))
    return _known(found, found.values())


def _known(found: T, codes: Iterable[int]) -> T:
    if any(code >= len(KINDS) for code in codes):
        raise StopEverything(DAMAGED)
    return found


# --- crowds ---------------------------------------------------------------------------------------------------------


def crowds(connection: Connection) -> dict[int, Crowd]:
    """The blocks that were too full when they were last looked at."""
    return {row.key: Crowd(row.key, row.label, row.pairs) for row in connection.execute(select(t.not_compared))}


def crowds_alike(connection: Connection) -> list[Crowd]:
    """Records typed alike that say little, where they are too many to be weighed by pairs: each stays alone."""
    e, f = t.edge.c, t.feature.c
    many = select(f.portrait, func.count().label("n")).group_by(f.portrait).having(func.count() > ALONE).subquery()
    query = select(many.c.n, t.portrait.c.number, t.portrait.c.data).join(
        t.edge, (e.left == many.c.portrait) & (e.right == many.c.portrait)
    )
    query = query.join(t.portrait, t.portrait.c.number == many.c.portrait).where(e.score >= LINK, e.score < SAME)
    rows = connection.execute(query)
    return [Crowd(number, f"={' '.join(Features.unpack(data).title)}", n * (n - 1) // 2) for n, number, data in rows]


def save_crowds(connection: Connection, values: Iterable[Crowd]) -> None:
    rows = [{"key": c.key, "label": c.label, "pairs": c.pairs} for c in values]
    upsert(connection, t.not_compared, rows)


def forget_crowds(connection: Connection, keys: Sequence[int]) -> None:
    for some in chunks(keys):
        connection.execute(delete(t.not_compared).where(t.not_compared.c.key.in_(some)))


# --- edges ------------------------------------------------------------------------------------------------------------


def keep(connection: Connection, judged: Mapping[Two, Judgement], refused: Mapping[int, Refused]) -> None:
    """Write down what comparisons came to: look-alikes with their evidence, the others with what decided.

    A refused pair is kept at one of its two, and stays there when the other is gone: numbers are not given twice.
    """
    rows = [
        (left, right, judgement.verdict is Verdict.SAME, judgement.score, pack_findings(judgement.findings), "")
        for (left, right), judgement in judged.items()
    ]
    insert_many(connection, t.edge, rows)
    insert_many(connection, t.apart, [(number, pack_refused(others)) for number, others in refused.items()])


def forget(connection: Connection, numbers: Collection[int]) -> None:
    for some in chunks(sorted(numbers)):
        connection.execute(delete(t.edge).where(t.edge.c.left.in_(some)))
        connection.execute(delete(t.edge).where(t.edge.c.right.in_(some)))
        connection.execute(delete(t.apart).where(t.apart.c.portrait.in_(some)))


def neighbours(connection: Connection, numbers: Collection[int]) -> Iterator[tuple[int, int, float]]:
    """(left, right, score) of every edge at any of the portraits; an edge between two of them comes twice."""
    e = t.edge.c
    for side in (e.left, e.right):
        yield from plain_rows(connection, select(e.left, e.right, e.score), side, numbers)


def everything(connection: Connection) -> Iterator[tuple[int, int, float]]:
    """(left, right, score) of every edge."""
    e = t.edge.c
    result = connection.execute(select(e.left, e.right, e.score))
    yield from result.cursor.fetchall()
    result.close()


def mark_refused(connection: Connection, numbers: Collection[int], refused: Mapping[Two, str]) -> None:
    """Keep why look-alikes among these portraits were kept apart; "" again for all the others."""
    for some in chunks(sorted(numbers)):
        clean = update(t.edge).where(t.edge.c.left.in_(some), t.edge.c.refused != "").values(refused="")
        connection.execute(clean)
    rows = [{"a": left, "b": right, "why": why} for (left, right), why in refused.items()]
    if rows:
        statement = update(t.edge).where(t.edge.c.left == bindparam("a"), t.edge.c.right == bindparam("b"))
        connection.execute(statement.values(refused=bindparam("why")), rows)


def judgements(connection: Connection, portrait: int) -> dict[int, Judgement]:
    """The look-alikes of a portrait, each with the verdict and the evidence that was written down for it."""
    found = {}
    for row in connection.execute(select(t.edge).where(or_(t.edge.c.left == portrait, t.edge.c.right == portrait))):
        verdict = Verdict.SAME if row.same else Verdict.UNSURE
        other = row.right if row.left == portrait else row.left
        found[other] = Judgement(verdict, row.score, unpack_findings(row.findings))
    return found


def refusals(connection: Connection, portrait: int) -> dict[int, int]:
    """The portraits this one was compared with and differs from → code of what decided (matching.verdict.KINDS)."""
    found: dict[int, int] = {}
    met = blocks.met(connection, portrait)  # who is not among them is gone
    for number, data in plain_rows(connection, select(t.apart), t.apart.c.portrait, met):
        others = unpack_refused(data)
        if number == portrait:
            found |= {other: code for other, code in others.items() if other in met}
        elif portrait in others:
            found[number] = others[portrait]
    return found


# --- for `check` ------------------------------------------------------------------------------------------------------


def stored(connection: Connection, rights: Collection[int]) -> Stored:
    """The edges that have one of these portraits on the right."""
    e = t.edge.c
    rows = plain_rows(connection, select(e.left, e.right, e.same, e.score, e.findings), e.right, rights)
    return {(left, right): (bool(same), score, bytes(findings)) for left, right, same, score, findings in rows}


def count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(t.edge)).scalar_one())


def stored_refusals(connection: Connection, numbers: Collection[int]) -> dict[int, dict[int, int]]:
    """What is kept at these portraits: portrait → other → code. Of what is damaged nothing is kept."""
    found = {}
    for number, data in plain_rows(connection, select(t.apart), t.apart.c.portrait, numbers):
        with suppress(StopEverything):
            found[number] = unpack_refused(data)
    return found
