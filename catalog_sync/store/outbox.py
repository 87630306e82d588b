"""Every change of a cluster gets the next number: what the index, OAI-PMH and the feeds have yet to hear of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from catalog_sync.query import Change
from catalog_sync.store import tables as t
from catalog_sync.store.database import upsert


def announce(connection: Connection, changed: Mapping[str, Sequence[str]], gone: Sequence[str], now: datetime) -> None:
    """Number the changes: `changed` maps a live cluster to its OAI sets, `gone` are ids that no longer stand alone.

    A gone cluster keeps the sets it had, so that a selective harvester hears of its deletion (OAI-PMH 2.0, 2.5.1).
    """
    number = last_number(connection)
    rows = []
    sets_before = _sets(connection, gone)
    for cluster in sorted(changed):
        number += 1
        rows.append(_row(cluster, number, now, False, list(changed[cluster])))
    for cluster in sorted(gone):
        number += 1
        rows.append(_row(cluster, number, now, True, sets_before.get(cluster, [])))
    upsert(connection, t.cluster_change, rows)


def _row(cluster: str, number: int, now: datetime, deleted: bool, sets: list[str]) -> dict[str, object]:
    return {"cluster": cluster, "number": number, "when": now, "deleted": deleted, "sets": sets}


def _sets(connection: Connection, clusters: Sequence[str]) -> dict[str, list[str]]:
    if not clusters:
        return {}
    rows = connection.execute(
        select(t.cluster_change.c.cluster, t.cluster_change.c.sets).where(t.cluster_change.c.cluster.in_(clusters))
    )
    return {row.cluster: list(row.sets) for row in rows}


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
