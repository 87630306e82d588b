"""Clusters after a change: only what the change can reach is compared and grouped anew.

The result is what clustering everything from scratch gives (`differences` proves it): a pair is compared because of its
two records' keys and the fullness of their blocks, and a component of look-alikes is resolved as a whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from catalog_sync.clustering import Pair, Resolved, components, pair, resolve
from catalog_sync.matching.compare import judge
from catalog_sync.matching.features import Features
from catalog_sync.matching.keys import MAX_BLOCK, finer, keys, partners
from catalog_sync.model import Decision, RecordKey
from catalog_sync.store import clusters, decisions, derived, edges, records
from catalog_sync.store import tables as t
from catalog_sync.store.derived import hashed
from catalog_sync.store.edges import Crowd, Ids

MAX_PAIRS = MAX_BLOCK * (MAX_BLOCK - 1) // 2  # of one block; a fuller one is cut by `finer`
BATCH = 2000  # records whose candidates are in memory at a time


@dataclass(slots=True)
class _Neighbourhood:
    """Features of the records met so far, loaded once."""

    connection: Connection
    features: dict[int, Features] = field(default_factory=dict)

    def load(self, ids: Iterable[int]) -> None:
        missing = [id_ for id_ in ids if id_ not in self.features]
        self.features |= derived.features(self.connection, missing)


def recluster(
    connection: Connection, touched: Iterable[int], *, now: datetime, run: int | None = None,
    decision: int | None = None,
    from_scratch: bool = False,
) -> clusters.Change:  # fmt: skip
    """Regroup after `touched` records changed (new bytes, tombstone, or a decision about them).

    `from_scratch`: every live record is in `touched`, and records in old clusters that are gone lose their place.
    """
    content = set(touched)
    around = _Neighbourhood(connection)
    again = content | _crossing_blocks(connection, content, around)
    before_ids = set(clusters.clusters_of(connection, again).values())
    old_members = {id_ for ids in clusters.members_of(connection, before_ids).values() for id_ in ids}
    reached = {id_ for left, right, _ in edges.neighbours(connection, again) for id_ in (left, right)}
    _compare_again(connection, again, around)
    standing = decisions.standing(connection)
    ids = records.ids_of(connection, {key for d in standing for key in (d.left, d.right)})
    region, found = _region(connection, again | old_members | reached, standing, ids)
    around.load(region)
    live = {id_ for id_ in region if id_ in around.features}
    named = records.keys_of(connection, live)
    groups, refused = _resolve(live, found, named, around, standing)
    edges.mark_refused(connection, live, refused)
    if from_scratch:
        before_ids = set(connection.execute(select(t.cluster.c.id).where(t.cluster.c.size > 0)).scalars())
    else:
        before_ids |= set(clusters.clusters_of(connection, region).values())
    before = clusters.members_of(connection, before_ids)
    return clusters.regroup(connection, before, groups, now=now, run=run, decision=decision, content=content)


# --- which pairs ------------------------------------------------------------------------------------------------------


def _group(key: str) -> str:
    """The block a key belongs to: `?x` and `!x` are met together, under the name `?x`."""
    return "?" + key[1:] if key[0] == "!" else key


def _keys_of(group: str) -> tuple[str, ...]:
    return (group, "!" + group[1:]) if group[0] == "?" else (group,)


def _pairs_in(group: str, size: Callable[[str], int]) -> int:
    """How many pairs a block holds: all of an `=` block; in a `?` block those with a gap on at least one side."""
    gaps = size(group)
    return gaps * (gaps - 1) // 2 + (gaps * size("!" + group[1:]) if group[0] == "?" else 0)


def _crossing_blocks(connection: Connection, touched: Collection[int], around: _Neighbourhood) -> set[int]:
    """Members of blocks that became too full, or stopped being so: all their comparisons are due again."""
    around.load(touched)
    known = edges.crowds(connection)
    groups = {_group(key) for id_ in touched if id_ in around.features for key in keys(around.features[id_])}
    groups |= {crowd.label for crowd in known.values()}
    sizes = edges.block_sizes(connection, {hashed(key) for group in groups for key in _keys_of(group)})
    full = {g for g in groups if _pairs_in(g, lambda key: sizes.get(hashed(key), 0)) > MAX_PAIRS}
    were = {crowd.label for crowd in known.values()}
    edges.forget_crowds(connection, [hashed(g) for g in were - full])
    edges.save_crowds(connection, [Crowd(hashed(g), g, 0, 0) for g in full - were])
    crossing = {hashed(key) for group in full ^ were for key in _keys_of(group)}
    return {id_ for ids in edges.blocks(connection, crossing).values() for id_ in ids}


def _compare_again(connection: Connection, again: Collection[int], around: _Neighbourhood) -> None:
    """Compare every live record of `again` with its candidates, and keep what came of it."""
    edges.forget(connection, again)
    around.load(again)
    live = sorted(id_ for id_ in again if id_ in around.features)
    crowded = {crowd.label for crowd in edges.crowds(connection).values()}
    done: set[int] = set()
    for start in range(0, len(live), BATCH):
        some = set(live[start : start + BATCH])
        pairs = {two for two in _candidates(connection, some, around, crowded) if done.isdisjoint(two)}
        edges.keep(connection, {(a, b): judge(around.features[a], around.features[b]) for a, b in pairs})
        done |= some
    _count_left_out(connection, crowded, around)


def _candidates(
    connection: Connection, some: Collection[int], around: _Neighbourhood, crowded: Collection[str]
) -> set[Ids]:
    """Pairs of `some` with whoever shares a block; within a crowded one, only with finer look-alikes."""
    asking: dict[str, list[int]] = defaultdict(list)
    for id_ in some:
        for key in keys(around.features[id_]):
            for other in partners(key):
                asking[other].append(id_)
    found = edges.blocks(connection, {hashed(key) for key in asking})
    around.load({id_ for ids in found.values() for id_ in ids})
    pairs: set[Ids] = set()
    for key, askers in asking.items():
        ids = found.get(hashed(key), [])
        if _group(key) in crowded:
            pairs.update(_look_alikes(key, askers, ids, around))
        else:
            pairs.update((a, b) if a < b else (b, a) for a in askers for b in ids if a != b)
    return pairs


def _look_alikes(key: str, askers: list[int], ids: list[int], around: _Neighbourhood) -> Iterator[Ids]:
    """In an overfull block only those are compared that agree in everything that tells editions apart."""
    fine = _fine(key, ids, around)
    for a in askers:
        some = fine.get(finer(_group(key), around.features[a]), [])
        if len(some) <= MAX_BLOCK:
            yield from ((a, b) if a < b else (b, a) for b in some if a != b)


def _fine(key: str, ids: Iterable[int], around: _Neighbourhood) -> dict[str, list[int]]:
    fine: dict[str, list[int]] = defaultdict(list)
    for id_ in ids:
        fine[finer(_group(key), around.features[id_])].append(id_)
    return fine


def _count_left_out(connection: Connection, crowded: Collection[str], around: _Neighbourhood) -> None:
    """How many pairs of each overfull block were not compared because of it."""
    found = []
    for group in sorted(crowded):
        blocks = edges.blocks(connection, {hashed(key) for key in _keys_of(group)})
        around.load({id_ for ids in blocks.values() for id_ in ids})
        ids = blocks.get(hashed(group), [])
        compared = sum(n * (n - 1) // 2 for n in map(len, _fine(group, ids, around).values()) if n <= MAX_BLOCK)
        pairs = _pairs_in(group, lambda key, blocks=blocks: len(blocks.get(hashed(key), [])))  # type: ignore[misc]
        found.append(Crowd(hashed(group), group, sum(map(len, blocks.values())), pairs - compared))
    edges.save_crowds(connection, found)


# --- which clusters ---------------------------------------------------------------------------------------------------


def _region(
    connection: Connection, start: Collection[int], standing: Collection[Decision], ids: Mapping[RecordKey, int]
) -> tuple[set[int], dict[Ids, float]]:
    """Everything reachable over edges and «одно издание» decisions, with the edges' scores."""
    spoken: dict[int, set[int]] = defaultdict(set)
    for one in standing:
        if one.same and one.left in ids and one.right in ids:
            spoken[ids[one.left]].add(ids[one.right])
            spoken[ids[one.right]].add(ids[one.left])
    region, frontier = set(start), set(start)
    found: dict[Ids, float] = {}
    while frontier:
        reached: set[int] = set()
        for left, right, score in edges.neighbours(connection, frontier):
            found[left, right] = score
            reached.update((left, right))
        reached.update(other for id_ in frontier for other in spoken.get(id_, ()))
        frontier = reached - region
        region |= frontier
    return region, found


def _resolve(
    live: Collection[int], found: Mapping[Ids, float], named: Mapping[int, RecordKey], around: _Neighbourhood,
    standing: Collection[Decision],
) -> tuple[list[set[int]], dict[Ids, str]]:  # fmt: skip
    """Components of the region, each fallen into clusters; and why look-alikes were kept apart."""
    ids = {key: id_ for id_, key in named.items()}
    scores: dict[Pair, float] = {
        pair(named[a], named[b]): score for (a, b), score in found.items() if a in named and b in named
    }
    same = [pair(d.left, d.right) for d in standing if d.same and d.left in ids and d.right in ids]
    different = {pair(d.left, d.right) for d in standing if not d.same}
    by_component: dict[RecordKey, dict[Pair, float]] = defaultdict(dict)
    parts = components(named.values(), [*scores, *same])
    home = {key: part[0] for part in parts for key in part}
    for two, score in scores.items():
        by_component[home[two[0]]][two] = score

    groups: list[set[int]] = []
    refused: dict[Ids, str] = {}
    for part in parts:
        outcome = _outcome({k: around.features[ids[k]] for k in part}, by_component.get(part[0], {}), same, different)
        groups += [{ids[key] for key in group} for group in outcome.clusters]
        for one in outcome.refusals:
            a, b = ids[one.left], ids[one.right]
            refused[min(a, b), max(a, b)] = one.why
    return groups, refused


def _outcome(
    part: Mapping[RecordKey, Features],
    scores: Mapping[Pair, float],
    same: Collection[Pair],
    different: Collection[Pair],
) -> Resolved:
    if len(part) == 1:
        return Resolved((frozenset(part),))
    return resolve(part, scores, same, different)


def differences(connection: Connection) -> list[str]:
    """Keys of records whose stored cluster is not the one that all stored edges and decisions give."""
    live = set(connection.execute(select(t.feature.c.record)).scalars())
    around = _Neighbourhood(connection)
    around.load(live)
    found = {(left, right): score for left, right, score in edges.neighbours(connection, live)}
    named = records.keys_of(connection, live)
    groups, _ = _resolve(live, found, named, around, decisions.standing(connection))
    stored = {frozenset(ids) for ids in clusters.members_of(connection, _live_clusters(connection)).values()}
    return sorted(str(min(named[id_] for id_ in group)) for group in groups if frozenset(group) not in stored)


def _live_clusters(connection: Connection) -> list[str]:
    return list(connection.execute(select(t.cluster.c.id).where(t.cluster.c.size > 0)).scalars())
