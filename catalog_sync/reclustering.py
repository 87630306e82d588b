"""Clusters after a change: only what the change can reach is compared and grouped anew.

The result is what clustering everything from scratch gives (`differences` proves it): a pair is compared because of its
two records' keys and the fullness of their blocks, and a component of look-alikes is resolved as a whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from catalog_sync.clustering import Pair, Resolved, components, in_force, pair, resolve
from catalog_sync.matching.candidates import find_edges
from catalog_sync.matching.features import Features
from catalog_sync.matching.keys import keys
from catalog_sync.matching.verdict import ATTACH
from catalog_sync.model import Decision, RecordKey
from catalog_sync.store import clusters, decisions, derived, edges, records
from catalog_sync.store import tables as t
from catalog_sync.store.derived import hashed
from catalog_sync.store.edges import Crowd, Ids


@dataclass(slots=True)
class _Neighbourhood:
    """The store as `find_edges` asks it, by database ids; features met once are kept."""

    connection: Connection
    known: dict[int, Features] = field(default_factory=dict)

    def features(self, records: Collection[int]) -> dict[int, Features]:
        self.load(records)
        return {id_: self.known[id_] for id_ in records}

    def members(self, wanted: Collection[str]) -> Mapping[str, Sequence[int]]:
        found = edges.blocks(self.connection, {hashed(key) for key in wanted})
        return {key: found[number] for key in wanted if (number := hashed(key)) in found}

    def load(self, ids: Iterable[int]) -> None:
        missing = [id_ for id_ in ids if id_ not in self.known]
        self.known |= derived.features(self.connection, missing)


def recluster(
    connection: Connection, touched: Iterable[int], *, now: datetime, old: Mapping[int, Features] | None = None,
    run: int | None = None, decision: int | None = None, from_scratch: bool = False,
) -> clusters.Change:  # fmt: skip
    """Regroup after `touched` records changed (new bytes, tombstone, or a decision about them).

    `old`: their former features, where they had any. `from_scratch`: every live record is in `touched`, and what is in
    old clusters but no longer live loses its place.
    """
    content = set(touched)
    around = _Neighbourhood(connection)
    start = set(content) if decision else _compare_again(connection, content, old or {}, around)
    before_ids = set(clusters.clusters_of(connection, start).values())
    start |= {id_ for ids in clusters.members_of(connection, before_ids).values() for id_ in ids}
    standing = decisions.standing(connection)
    spoken = records.ids_of(connection, {key for d in standing for key in (d.left, d.right)})
    region = _region(connection, start, standing, spoken)
    around.load(region)
    live = {id_ for id_ in region if id_ in around.known}
    groups, refused = _resolve(connection, live, around, standing)
    edges.mark_refused(connection, live, refused)
    if from_scratch:
        before_ids = set(_live_clusters(connection))
    else:
        before_ids |= set(clusters.clusters_of(connection, region).values())
    before = clusters.members_of(connection, before_ids)
    return clusters.regroup(connection, before, groups, now=now, run=run, decision=decision, content=content)


# --- which pairs ------------------------------------------------------------------------------------------------------


def _compare_again(
    connection: Connection, changed: Collection[int], old: Mapping[int, Features], around: _Neighbourhood
) -> set[int]:
    """Compare what a change concerns, put the new edges in place of the old; returns who has or had one of them."""
    around.load(changed)
    live = {id_ for id_ in changed if id_ in around.known}
    found: Any = find_edges(around, live, old)  # type: ignore[arg-type]  # any sortable id does, not only RecordKey
    touched: set[int] = {*changed, *found.touched}
    reached = {id_ for left, right, _ in edges.neighbours(connection, touched) for id_ in (left, right)}
    edges.forget(connection, touched)
    edges.keep(connection, found.edges)
    seen = {_block(key) for f in (*old.values(), *around.features(live).values()) for key in keys(f)}
    edges.forget_crowds(connection, [hashed(name) for name in seen - set(found.not_compared)])
    edges.save_crowds(connection, [Crowd(hashed(name), name, pairs) for name, pairs in found.not_compared.items()])
    return touched | reached | {id_ for two in found.edges for id_ in two}


def _block(key: str) -> str:
    """The name of the block a key belongs to, as `find_edges` reports it."""
    return key if key[0] == "=" else "~" + key[1:]


# --- which clusters ---------------------------------------------------------------------------------------------------


def _region(
    connection: Connection, start: Collection[int], standing: Collection[Decision], ids: Mapping[RecordKey, int]
) -> set[int]:
    """Everything that hangs together with `start` over edges that can join, and «одно издание» decisions."""
    spoken: dict[int, set[int]] = defaultdict(set)
    for one in standing:
        if one.same and one.left in ids and one.right in ids:
            spoken[ids[one.left]].add(ids[one.right])
            spoken[ids[one.right]].add(ids[one.left])
    region, frontier = set(start), set(start)
    while frontier:
        near = edges.neighbours(connection, frontier)
        reached = {id_ for left, right, score in near if score >= ATTACH for id_ in (left, right)}
        reached.update(other for id_ in frontier for other in spoken.get(id_, ()))
        frontier = reached - region
        region |= frontier
    return region


def _resolve(
    connection: Connection, live: Collection[int], around: _Neighbourhood, standing: Collection[Decision]
) -> tuple[list[set[int]], dict[Ids, str]]:
    """Components of the region, each fallen into clusters; and why look-alikes were kept apart."""
    named = records.keys_of(connection, live)
    ids = {key: id_ for id_, key in named.items()}
    found = {(a, b): score for a, b, score in edges.neighbours(connection, live) if a in named and b in named}
    scores = {pair(named[a], named[b]): score for (a, b), score in found.items()}
    same, different = in_force(standing)
    same = [two for two in same if two[0] in ids and two[1] in ids]
    parts = components(ids, [*(two for two, score in scores.items() if score >= ATTACH), *same])
    inside = _inside(parts, scores)
    groups: list[set[int]] = []
    refused: dict[Ids, str] = {}
    for part in parts:
        features = {key: around.known[ids[key]] for key in part}
        outcome = _outcome(features, inside.get(part[0], {}), same, different)
        groups += [{ids[key] for key in group} for group in outcome.clusters]
        for one in outcome.refusals:
            a, b = ids[one.left], ids[one.right]
            refused[min(a, b), max(a, b)] = one.why
    return groups, refused


def _inside(parts: Iterable[list[RecordKey]], scores: Mapping[Pair, float]) -> dict[RecordKey, dict[Pair, float]]:
    """Edges by the first record of the component that has both their ends."""
    home = {key: part[0] for part in parts for key in part}
    found: dict[RecordKey, dict[Pair, float]] = defaultdict(dict)
    for two, score in scores.items():
        if home[two[0]] == home[two[1]]:
            found[home[two[0]]][two] = score
    return found


def _outcome(
    part: Mapping[RecordKey, Features],
    scores: Mapping[Pair, float],
    same: Iterable[Pair],
    different: Iterable[Pair],
) -> Resolved:
    if len(part) == 1:
        return Resolved((frozenset(part),))
    mine = [two for two in same if two[0] in part and two[1] in part]
    return resolve(part, scores, mine, [two for two in different if two[0] in part and two[1] in part])


def differences(connection: Connection) -> list[str]:
    """Keys of records whose stored cluster is not the one that stored features, edges and decisions give."""
    live = set(connection.execute(select(t.feature.c.record)).scalars())
    around = _Neighbourhood(connection)
    around.load(live)
    groups, _ = _resolve(connection, live, around, decisions.standing(connection))
    stored = {frozenset(ids) for ids in clusters.members_of(connection, _live_clusters(connection)).values()}
    odd = [min(group) for group in groups if frozenset(group) not in stored]
    return sorted(str(key) for key in records.keys_of(connection, odd).values())


def _live_clusters(connection: Connection) -> list[str]:
    return list(connection.execute(select(t.cluster.c.id).where(t.cluster.c.size > 0)).scalars())
