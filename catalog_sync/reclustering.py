"""Clusters after a change: only what the change can reach is compared and grouped anew.

The result is what clustering everything from scratch gives (`differences` proves it): a pair is compared because of its
two records' keys and the fullness of their blocks, and a component of look-alikes is resolved as a whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from catalog_sync.clustering import Pair, Resolved, components, in_force, pair, resolve
from catalog_sync.matching.candidates import find_edges
from catalog_sync.matching.features import Features
from catalog_sync.matching.verdict import LINK
from catalog_sync.model import Decision, RecordKey
from catalog_sync.store import clusters, decisions, derived, edges, records
from catalog_sync.store.derived import hashed
from catalog_sync.store.edges import Crowd, Ids

RESOLVED = 5000  # records of components whose features are in memory together
FEATURES_KEPT = 20_000  # records whose features stay in memory from one batch of a run to the next: some 60 MB


@dataclass(slots=True)
class Neighbourhood:
    """The store as `find_edges` asks it, by database ids; features met once are kept for the batches to come."""

    connection: Connection
    known: dict[int, Features] = field(default_factory=dict)

    def forget(self, changed: Collection[int]) -> None:
        """These records are read anew; of the others as many are kept as memory allows."""
        if len(self.known) > FEATURES_KEPT:
            self.known.clear()
        for id_ in changed:
            self.known.pop(id_, None)

    def features(self, records: Collection[int]) -> dict[int, Features]:
        missing = [id_ for id_ in records if id_ not in self.known]
        self.known |= derived.features(self.connection, missing)
        return {id_: self.known[id_] for id_ in records}

    def members(self, wanted: Collection[str]) -> Mapping[str, Sequence[int]]:
        numbers = {key: hashed(key) for key in wanted}
        found = edges.blocks(self.connection, set(numbers.values()))
        return {key: found[number] for key, number in numbers.items() if number in found}


def compare(
    around: Neighbourhood, changed: Collection[int], old: Mapping[int, Features], now: Mapping[int, Features]
) -> set[int]:
    """Compare what a change of records concerns, and put the new edges in place of the old.

    `old`: former features of changed and removed records, where they had any; `now`: those of the changed ones that are
    live, stored already with their keys. Returns every record that had or has an edge because of the change: their
    clusters are due again.
    """
    connection = around.connection
    around.forget(changed)
    around.known |= now
    found: Any = find_edges(around, now.keys(), old)  # type: ignore[arg-type]  # any sortable id does, not only RecordKey
    touched: set[int] = {*changed, *found.touched}
    known = touched - (set(changed) - old.keys())  # what had no features had no edges
    reached = {id_ for left, right, _ in edges.neighbours(connection, known) for id_ in (left, right)}
    edges.forget(connection, known)
    edges.keep(connection, found.edges, found.refused)
    # «crowds» are few: nothing is asked of the database for the thousands of other blocks.
    calm = found.looked_at - found.not_compared.keys()
    if calm and (crowded := edges.crowds(connection)):
        edges.forget_crowds(connection, [crowd for crowd in map(hashed, calm) if crowd in crowded])
    edges.save_crowds(connection, [Crowd(hashed(name), name, pairs) for name, pairs in found.not_compared.items()])
    return touched | reached | {id_ for two in found.edges for id_ in two}


def _block(key: str) -> str:
    """The name of the block a key belongs to, as `find_edges` reports it."""
    return key if key[0] == "=" else "~" + key[1:]


def regroup(
    connection: Connection, concerned: Collection[int], content: Collection[int], *, now: datetime,
    runs: Mapping[int, int] = clusters.NO_RUNS, decision: int | None = None,
) -> clusters.Change:  # fmt: skip
    """Clusters anew for all that hangs together with `concerned`; `content` are records whose own bytes changed.

    `runs`: record → the run that brought it, for the history of its cluster.
    """
    before_ids = set(clusters.clusters_of(connection, concerned).values())
    members = {id_ for ids in clusters.members_of(connection, before_ids).values() for id_ in ids}
    standing = decisions.standing(connection)
    spoken = records.ids_of(connection, {key for d in standing for key in (d.left, d.right)})
    region = _region(connection, members | set(concerned), standing, spoken)
    live = derived.with_features(connection, region)
    groups, refused = _resolve(connection, live, standing)
    edges.mark_refused(connection, live, refused)
    before_ids |= set(clusters.clusters_of(connection, region).values())
    before = clusters.members_of(connection, before_ids)
    content = set(content)
    change = clusters.regroup(connection, before, groups, now=now, runs=runs, decision=decision, content=content)
    # What changed in nothing that matching looks at stays where it is; its union record is due all the same.
    stayed = set(clusters.clusters_of(connection, content - region).values())
    return replace(change, live=change.live | stayed)


def regroup_everything(connection: Connection, *, now: datetime) -> clusters.Change:
    """All clusters anew from stored edges; permanent ids stay with the groups they fit best."""
    live = derived.with_features(connection)
    groups, refused = _resolve(connection, live, decisions.standing(connection))
    edges.mark_refused(connection, live, refused)
    before = clusters.members_of(connection, clusters.live(connection))
    return clusters.regroup(connection, before, groups, now=now, content=live)


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
        reached = {id_ for left, right, score in near if score >= LINK for id_ in (left, right)}
        reached.update(other for id_ in frontier for other in spoken.get(id_, ()))
        frontier = reached - region
        region |= frontier
    return region


def _resolve(
    connection: Connection, live: Collection[int], standing: Collection[Decision]
) -> tuple[list[set[int]], dict[Ids, str]]:
    """Components of the live records, each fallen into clusters; and why look-alikes were kept apart."""
    named = records.keys_of(connection, live)
    ids = {key: id_ for id_, key in named.items()}
    scores = {pair(named[a], named[b]): score for a, b, score in edges.among(connection, live)}
    same, different = in_force(standing)
    same = [two for two in same if two[0] in ids and two[1] in ids]
    parts = components(ids, [*(two for two, score in scores.items() if score >= LINK), *same])
    inside = _inside(parts, scores)
    groups: list[set[int]] = [{ids[part[0]]} for part in parts if len(part) == 1]
    refused: dict[Ids, str] = {}
    for some in _slices([part for part in parts if len(part) > 1]):
        features = derived.features(connection, [ids[key] for part in some for key in part])
        for part in some:
            known = {key: features[ids[key]] for key in part}
            outcome = _outcome(known, inside.get(part[0], {}), same, different)
            groups += [{ids[key] for key in group} for group in outcome.clusters]
            for one in outcome.refusals:
                a, b = ids[one.left], ids[one.right]
                refused[min(a, b), max(a, b)] = one.why
    return groups, refused


def _slices(parts: list[list[RecordKey]]) -> Iterator[list[list[RecordKey]]]:
    """Components together until they hold RESOLVED records."""
    some: list[list[RecordKey]] = []
    for part in parts:
        some.append(part)
        if sum(map(len, some)) >= RESOLVED:
            yield some
            some = []
    if some:
        yield some


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
    mine = [two for two in same if two[0] in part and two[1] in part]
    return resolve(part, scores, mine, [two for two in different if two[0] in part and two[1] in part])


def differences(connection: Connection) -> list[str]:
    """Keys of records whose stored cluster is not the one that stored features, edges and decisions give."""
    groups, _ = _resolve(connection, derived.with_features(connection), decisions.standing(connection))
    stored = {frozenset(ids) for ids in clusters.members_of(connection, clusters.live(connection)).values()}
    odd = [min(group) for group in groups if frozenset(group) not in stored]
    return sorted(str(key) for key in records.keys_of(connection, odd).values())
