"""Clusters as the store keeps them: membership, permanent ids, redirects of old links, and the history of each."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from catalog_sync.model import RecordKey
from catalog_sync.restocking import Restocked
from catalog_sync.store import records, unions
from catalog_sync.store import tables as t
from catalog_sync.store.database import AT_ONCE, chunks, insert_rows, plain_rows, upsert
from catalog_sync.store.ledger_tables import ledger_member

NO_RUNS: Mapping[int, int] = {}
ID_LETTERS = 10  # of base 32: 50 bits, one chance in a million of two alike among 50,000 clusters; then we count on


@dataclass(frozen=True, slots=True)
class Change:
    """Ids of clusters whose members changed (`live`) and of those nothing is left of (`gone`).

    `moved` are those of `live` that won or lost a member; in `restocked` ones only copies of these members changed.
    Of `quiet` ones neither members nor copies changed: there is news only where their union record says otherwise.
    """

    live: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    restocked: Mapping[str, Sequence[Restocked]] = field(default_factory=dict)
    quiet: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a cluster's history."""

    when: datetime
    event: str
    record: str
    other: str
    run: int | None
    decision: int | None
    undoing: bool = False  # the decision was taken back at that moment

    def sentence(self) -> str:
        word = "отмена решения" if self.undoing else "решение"
        why = f", {word} № {self.decision}" if self.decision else f", сеанс № {self.run}" if self.run else ""
        what = {
            "created": "создан",
            "joined": f"вошла запись {self.record}" + (f" из {self.other}" if self.other else ""),
            "left": f"вышла запись {self.record}" + (f" в {self.other}" if self.other else ""),
            "merged": f"присоединён к {self.other}",
            "gone": "записей не осталось",
            "restored": "восстановлен",
        }[self.event]
        return what + why


def membership(connection: Connection) -> Iterator[tuple[RecordKey, str]]:
    """(record, cluster) of every live record, by source and id."""
    rows = connection.execute(
        select(t.record.c.source, t.record.c.local_id, t.member.c.cluster)
        .join(t.member, t.member.c.record == t.record.c.id)
        .order_by(t.record.c.source, t.record.c.local_id)
    )
    for row in rows:
        yield RecordKey(row.source, row.local_id), row.cluster


def digest(connection: Connection) -> str:
    """sha256 over the partition itself, not over ids: equal for equal clusterings of the same records."""
    groups: dict[str, list[str]] = {}
    for key, cluster in membership(connection):
        groups.setdefault(cluster, []).append(str(key))
    lines = sorted("\x1f".join(sorted(group)) for group in groups.values())
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


def live(connection: Connection) -> list[str]:
    """Ids of clusters that have records."""
    return list(connection.execute(select(t.cluster.c.id).where(t.cluster.c.size > 0)).scalars())


def clusters_of(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Record id → cluster, for records that are in one."""
    c = t.member.c
    return dict(plain_rows(connection, select(c.record, c.cluster), c.record, ids))


def members_of(connection: Connection, clusters: Iterable[str]) -> dict[str, set[int]]:
    """Cluster → ids of its records."""
    found: dict[str, set[int]] = {}
    c = t.member.c
    for record, cluster in plain_rows(connection, select(c.record, c.cluster), c.cluster, clusters):
        found.setdefault(cluster, set()).add(record)
    return found


def regroup(
    connection: Connection, before: Mapping[str, AbstractSet[int]], after: Sequence[AbstractSet[int]], *, now: datetime,
    runs: Mapping[int, int] = NO_RUNS, decision: int | None = None, content: AbstractSet[int] = frozenset(),
) -> Change:  # fmt: skip
    """Replace the groups `before` by `after` (of the same records, less those gone, plus new ones).

    `content` are records whose own bytes changed: their cluster is touched even where its members stay.
    """
    was = {record: cluster for cluster, group in before.items() for record in group}
    same = {cluster for group in after if before.get(cluster := was.get(next(iter(group)), "")) == group}
    others = {cluster: group for cluster, group in before.items() if cluster not in same}
    torn = [group for group in after if was.get(next(iter(group)), "") not in same]
    change = place(connection, others, torn, now=now, runs=runs, decision=decision, content=content)
    return replace(change, live=change.live.union(c for c in same if not content.isdisjoint(before[c])))


def place(
    connection: Connection, before: Mapping[str, AbstractSet[int]], after: Sequence[AbstractSet[int]], *, now: datetime,
    runs: Mapping[int, int] = NO_RUNS, decision: int | None = None, content: AbstractSet[int] = frozenset(),
) -> Change:  # fmt: skip
    """The same, and groups that stay what they are get what is kept of them anew."""
    keys = records.keys_of(connection, {id_ for group in after for id_ in group})
    was = {record: cluster for cluster, group in before.items() for record in group}
    guests = _guests(connection, _torn_evenly(before, after))
    carried = carry_ids(before, after, keys, unions.created(connection, list(before)), guests)
    carried = _revive(connection, carried, after, was)
    carried = _come_back(connection, carried, after, was, set(before).difference(carried))
    firsts = [min(keys[r] for r in group) for group in after]
    fresh = _fresh_ids(connection, [f for f, id_ in zip(firsts, carried, strict=True) if not id_], carried)
    named = [id_ or fresh[first] for id_, first in zip(carried, firsts, strict=True)]
    placed = {record: cluster for cluster, group in zip(named, after, strict=True) for record in group}
    moved = frozenset([c for c, group in zip(named, after, strict=True) if before.get(c) != group])
    mended = [c for c, group in zip(named, after, strict=True) if group & content]
    gone = set(before) - set(named)
    existing = _sizes(connection, named)
    _write_clusters(connection, {c: len(g) for c, g in zip(named, after, strict=True)}, existing, now)
    _move(connection, was, placed)
    _close(connection, {c: _heir(before[c], placed) for c in gone})
    events = _events(was, placed, existing, gone, before, _Cause(now, runs, decision))
    insert_rows(connection, t.cluster_event, events)
    return Change(moved.union(mended), frozenset(gone), moved)


def carry_ids(
    before: Mapping[str, AbstractSet[int]],
    after: Sequence[AbstractSet[int]],
    keys: Mapping[int, RecordKey],
    created: Mapping[str, datetime],
    guests: Collection[tuple[str, int]] = (),
) -> list[str]:
    """Which new group keeps which old id ("" = none): largest overlap first, then the older, then the smallest key.

    Of a cluster torn evenly, those it was made of keep the id; `guests` are (cluster, record) that came from others.
    """
    owner = {record: cluster for cluster, group in before.items() for record in group}
    claims: list[tuple[int, int, datetime, str, str, int]] = []
    for n, group in enumerate(after):
        overlap = Counter(owner[record] for record in group if record in owner)
        first = str(min(keys[record] for record in group))
        came = Counter(owner[record] for record in group if (owner.get(record, ""), record) in guests)
        claims += [
            (-count, came[cluster], created[cluster], cluster, first, n) for cluster, count in overlap.items()
        ]
    assigned, used = [""] * len(after), set[str]()
    for *_, cluster, _, n in sorted(claims):
        if not assigned[n] and cluster not in used:
            assigned[n] = cluster
            used.add(cluster)
    return assigned


def _torn_evenly(before: Mapping[str, AbstractSet[int]], after: Sequence[AbstractSet[int]]) -> list[str]:
    """Old clusters whose two largest pieces are equal: their sizes don't tell which of them keeps the id."""
    group_of = {record: n for n, group in enumerate(after) for record in group}
    found = []
    for cluster, members in before.items():
        pieces = Counter(group_of[r] for r in members if r in group_of).most_common(2)
        if len(pieces) == 2 and pieces[0][1] == pieces[1][1]:
            found.append(cluster)
    return found


def _guests(connection: Connection, torn: Collection[str]) -> set[tuple[str, int]]:
    """(cluster, record) of records that came into these clusters from others."""
    return {place for place, other in _came_from(connection, torn).items() if other} if torn else set()


def _revive(
    connection: Connection, carried: Sequence[str], after: Sequence[AbstractSet[int]], was: Mapping[int, str]
) -> list[str]:
    """Ids with those of merged clusters that come apart again: an undone decision gives back the links before it.

    A group that leaves a cluster takes the dead id by which most of its records had come into it.
    """
    found = list(carried)
    apart = [n for n, id_ in enumerate(carried) if not id_ and any(record in was for record in after[n])]
    came = _came_from(connection, {was[r] for n in apart for r in after[n] if r in was})
    dead = {id_ for id_, size in _sizes(connection, {*came.values()} - {""}).items() if not size}
    for n in apart:
        origins = Counter(came.get((was.get(r, ""), r), "") for r in after[n])
        former = [(-count, id_) for id_, count in origins.items() if id_ in dead]
        if former:
            found[n] = min(former)[1]
            dead.remove(found[n])
    return found


def _come_back(
    connection: Connection, carried: Sequence[str], after: Sequence[AbstractSet[int]], was: Mapping[int, str],
    going: AbstractSet[str],
) -> list[str]:  # fmt: skip
    """Ids with those of editions of which nothing is left, or will be (`going`): a record that is there again has the
    link it had, and one that has the books of a record that is gone the link of that."""
    found = list(carried)
    coming = [n for n, id_ in enumerate(carried) if not id_ and not any(record in was for record in after[n])]
    c = ledger_member.c
    last = dict(plain_rows(connection, select(c.record, c.cluster), c.record, (r for n in coming for r in after[n])))
    sizes = _sizes(connection, set(last.values())) if last else {}
    dead = {id_ for id_, size in sizes.items() if not size or id_ in going}.difference(carried)
    claims = ((n, Counter(last[r] for r in after[n] if last.get(r) in dead)) for n in coming)
    for _, id_, n in sorted((-count, id_, n) for n, claim in claims for id_, count in claim.items()):
        if not found[n] and id_ in dead:
            found[n] = id_
            dead.remove(id_)
    return found


def _came_from(connection: Connection, clusters: Collection[str]) -> dict[tuple[str, int], str]:
    """(cluster, record) → the cluster the record last came from ("" = from none)."""
    e = t.cluster_event.c
    found: dict[tuple[str, int], str] = {}
    for some in chunks(sorted(clusters)):
        query = select(e.cluster, e.record, e.other).where(e.cluster.in_(some), e.event == "joined").order_by(e.number)
        found |= {(row.cluster, row.record): row.other for row in connection.execute(query)}
    return found


def _fresh_ids(connection: Connection, firsts: Sequence[RecordKey], carried: Iterable[str]) -> dict[RecordKey, str]:
    """New permanent ids from smallest keys; a dead cluster of the same name comes back to life, unless its id is
    another's now (`carried`)."""
    found: dict[RecordKey, str] = {}
    waiting, number, used = list(firsts), 0, set(carried)
    while waiting:
        names = {first: _name(first, number) for first in waiting}
        taken = used | _taken(connection, names.values())
        again = []
        for first, name in names.items():
            if name in taken:
                again.append(first)
            else:
                found[first] = name
                taken.add(name)
                used.add(name)
        waiting, number = again, number + 1
    return found


def _name(first: RecordKey, number: int) -> str:
    seed = f"{first}\x1f{number}" if number else str(first)
    return "c" + base64.b32encode(hashlib.sha256(seed.encode()).digest())[:ID_LETTERS].decode().lower()


def _taken(connection: Connection, names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for some in chunks(sorted(names)):
        query = select(t.cluster.c.id).where(
            t.cluster.c.id.in_(some), (t.cluster.c.size > 0) | (t.cluster.c.redirect != "")
        )
        found.update(connection.execute(query).scalars())
    return found


def _sizes(connection: Connection, clusters: Collection[str]) -> dict[str, int]:
    return dict(plain_rows(connection, select(t.cluster.c.id, t.cluster.c.size), t.cluster.c.id, clusters))


def _write_clusters(
    connection: Connection, sizes: Mapping[str, int], existing: Mapping[str, int], now: datetime
) -> None:
    fresh = [{"id": c, "created": now, "size": n, "redirect": ""} for c, n in sizes.items() if c not in existing]
    insert_rows(connection, t.cluster, fresh)
    resized = [{"key": c, "size": n} for c, n in sizes.items() if c in existing and existing[c] != n]
    if resized:
        statement = (
            update(t.cluster).where(t.cluster.c.id == bindparam("key")).values(size=bindparam("size"), redirect="")
        )
        connection.execute(statement, resized)


def _move(connection: Connection, was: Mapping[int, str], placed: Mapping[int, str]) -> None:
    left = [record for record in was if record not in placed]
    for some in chunks(left):
        connection.execute(delete(t.member).where(t.member.c.record.in_(some)))
    # In the order of the table: a first load writes it from front to back.
    moved = sorted(record for record, cluster in placed.items() if was.get(record) != cluster)
    for some in chunks(moved, AT_ONCE):
        upsert(connection, t.member, [{"record": record, "cluster": placed[record]} for record in some])


def _heir(members: AbstractSet[int], placed: Mapping[int, str]) -> str:
    """Where most of a vanished cluster's records live now; "" where they are gone too."""
    heirs = Counter(placed[record] for record in members if record in placed)
    return min(heirs, key=lambda c: (-heirs[c], c)) if heirs else ""


def _close(connection: Connection, heirs: Mapping[str, str]) -> None:
    rows = [{"key": cluster, "heir": heir} for cluster, heir in heirs.items()]
    if rows:
        statement = (
            update(t.cluster).where(t.cluster.c.id == bindparam("key")).values(size=0, redirect=bindparam("heir"))
        )
        connection.execute(statement, rows)


@dataclass(frozen=True)
class _Cause:
    when: datetime
    runs: Mapping[int, int]  # record → the run that brought it
    decision: int | None

    def row(self, cluster: str, event: str, record: int | None = None, other: str = "") -> dict[str, Any]:
        # What befell the cluster as a whole, or a record the run did not touch, is told of the last run.
        run = self.runs.get(record) if record is not None else None
        return {
            "cluster": cluster, "when": self.when, "event": event, "record": record, "other": other,
            "run": run or self.last, "decision": self.decision,
        }  # fmt: skip

    @cached_property
    def last(self) -> int | None:
        return max(self.runs.values(), default=None)


def _events(
    was: Mapping[int, str], placed: Mapping[int, str], existing: Mapping[str, int],
    gone: AbstractSet[str], before: Mapping[str, AbstractSet[int]], cause: _Cause,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """The history a librarian reads: births, deaths, and who moved. A newborn of one record is one line, not two."""
    for cluster in sorted(set(placed.values())):
        if not existing.get(cluster):
            yield cause.row(cluster, "restored" if cluster in existing else "created")
    for record, cluster in sorted(placed.items()):
        old = was.get(record, "")
        if old != cluster:
            yield cause.row(cluster, "joined", record, old)
            if old:
                yield cause.row(old, "left", record, cluster)
    for record, old in sorted(was.items()):
        if record not in placed:
            yield cause.row(old, "left", record)
    for cluster in sorted(gone):
        heir = _heir(before[cluster], placed)
        yield cause.row(cluster, "merged" if heir else "gone", other=heir)


def history(connection: Connection, cluster: str) -> list[Event]:
    """What happened to a cluster, oldest first."""
    e = t.cluster_event.c
    rows = connection.execute(
        select(e.when, e.event, e.other, e.run, e.decision, t.record.c.source, t.record.c.local_id, t.decision.c.undone)
        .outerjoin_from(t.cluster_event, t.record, t.record.c.id == e.record)
        .outerjoin(t.decision, t.decision.c.number == e.decision)
        .where(e.cluster == cluster)
        .order_by(e.number)
    )
    return [
        Event(
            r.when, r.event, f"{r.source}:{r.local_id}" if r.source else "", r.other, r.run, r.decision,
            undoing=r.undone is not None and r.undone == r.when,
        )
        for r in rows
    ]  # fmt: skip
