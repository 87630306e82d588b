"""Every change of a cluster gets the next number: what the index, OAI-PMH and the feeds have yet to hear of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from catalog_sync.query import Change
from catalog_sync.store import leases
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, upsert


@dataclass(frozen=True, slots=True)
class _Sets:
    """OAI sets of a cluster: those it is in, and those it once was in."""

    now: Sequence[str] = ()
    left: Sequence[str] = ()

    def become(self, now: Sequence[str]) -> _Sets:
        """A set it comes back to is no longer one it left."""
        return _Sets(now, sorted({*self.now, *self.left}.difference(now)))


def announce(connection: Connection, changed: Mapping[str, Sequence[str]], gone: Sequence[str], now: datetime) -> None:
    """Number the changes: `changed` maps a live cluster to its OAI sets, `gone` are ids that no longer stand alone.

    A gone cluster keeps the sets it had, and a live one remembers the sets it left, so that a selective harvester hears
    of both (OAI-PMH 2.0, 2.5.1: deletions are kept for ever, and so are these). No change is dated before an earlier
    one: who asks from the last date he heard of would not hear of what a clock set back has dated.
    """
    leases.one_publisher(connection)
    number = last_number(connection)
    now = max(now, connection.execute(select(func.max(t.cluster_change.c.when))).scalar() or now)
    rows = []
    before = _sets(connection, sorted({*changed, *gone}))
    for cluster in sorted(changed):
        number += 1
        rows.append(_row(cluster, number, now, False, before.get(cluster, _Sets()).become(changed[cluster])))
    for cluster in sorted(gone):
        number += 1
        rows.append(_row(cluster, number, now, True, before.get(cluster, _Sets())))
    upsert(connection, t.cluster_change, rows)


def announce_held_by(connection: Connection, library: str, now: datetime) -> None:
    """What stands in the records of everything a library holds has changed: its name."""
    held = (
        select(t.member.c.cluster)
        .join(t.holding, t.holding.c.record == t.member.c.record)
        .where(t.holding.c.library == library)
        .distinct()
    )
    sets = _sets(connection, list(connection.execute(held).scalars()))
    announce(connection, {cluster: known.now for cluster, known in sets.items()}, [], now)


def wrong(connection: Connection, sets: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Of live clusters and their sets those that are not kept so, or not as live."""
    c = t.cluster_change.c
    told: dict[str, Sequence[str]] = {}
    for some in chunks(list(sets)):
        rows = connection.execute(select(c.cluster, c.sets).where(c.cluster.in_(some), c.deleted.is_(False)))
        told |= {row.cluster: row.sets for row in rows}
    return {cluster: now for cluster, now in sets.items() if told.get(cluster) != now}


def undead(connection: Connection) -> list[str]:
    """Clusters kept as live of which nothing is left."""
    c = t.cluster_change.c
    rows = t.cluster_change.outerjoin(t.cluster, t.cluster.c.id == c.cluster)
    gone = t.cluster.c.id.is_(None) | (t.cluster.c.size == 0)
    return list(connection.execute(select(c.cluster).select_from(rows).where(gone, c.deleted.is_(False))).scalars())


def _row(cluster: str, number: int, now: datetime, deleted: bool, sets: _Sets) -> dict[str, object]:
    kept = {"sets": list(sets.now), "left_sets": list(sets.left)}
    return {"cluster": cluster, "number": number, "when": now, "deleted": deleted, **kept}


def _sets(connection: Connection, clusters: Sequence[str]) -> dict[str, _Sets]:
    c = t.cluster_change.c
    found: dict[str, _Sets] = {}
    for some in chunks(clusters):
        rows = connection.execute(select(c.cluster, c.sets, c.left_sets).where(c.cluster.in_(some)))
        found.update({row.cluster: _Sets(row.sets, row.left_sets) for row in rows})
    return found


def last_number(connection: Connection) -> int:
    return connection.execute(select(func.max(t.cluster_change.c.number))).scalar() or 0


def after(connection: Connection, number: int, limit: int) -> list[Change]:
    """The latest change of each cluster numbered above `number`, oldest first."""
    rows = connection.execute(
        select(t.cluster_change)
        .where(t.cluster_change.c.number > number)
        .order_by(t.cluster_change.c.number)
        .limit(limit)
    )
    return [Change(row.number, row.cluster, row.when, row.deleted, tuple(row.sets)) for row in rows]
