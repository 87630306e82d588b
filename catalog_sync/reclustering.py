"""Clusters after a change: only what the change can reach is compared and grouped anew.

The result is what clustering everything from scratch gives (`differences` proves it): portraits are compared because of
their keys and the fullness of their blocks, and a component of look-alikes is resolved as a whole.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from catalog_sync.clustering import Pair, components, in_force
from catalog_sync.matching.candidates import find_edges
from catalog_sync.matching.features import Features
from catalog_sync.matching.pairwise import Pair as Two
from catalog_sync.matching.verdict import LINK
from catalog_sync.model import Decision
from catalog_sync.portraits import Portrait, is_solid, settle
from catalog_sync.store import blocks, clusters, decisions, edges, portraits, records
from catalog_sync.store.blocks import hashed
from catalog_sync.store.edges import Crowd
from catalog_sync.store.portraits import Moved

SETTLED = 5000  # portraits of components whose features are in memory together
LOT = 5000  # portraits compared together: they and their neighbours are in memory, some 80 MB
DEAD = 20_000  # portraits nobody has any more: with them nothing is compared, but their blocks are looked at
FEATURES_KEPT = 20_000  # portraits whose features stay in memory from one batch of a run to the next: some 60 MB


@dataclass(slots=True)
class Concerned:
    """What is due to be grouped again: records whose portrait is another now, and portraits with other edges."""

    records: set[int] = field(default_factory=set)
    portraits: set[int] = field(default_factory=set)

    def __ior__(self, other: Concerned) -> Concerned:
        self.records |= other.records
        self.portraits |= other.portraits
        return self


@dataclass(slots=True)
class Neighbourhood:
    """The store as `find_edges` asks it; features met once are kept for the batches to come."""

    connection: Connection
    known: dict[int, Features] = field(default_factory=dict)
    blocks: dict[int, array[int]] = field(default_factory=dict)  # of the change that was taken in last

    def take(self, moved: Moved) -> None:
        """Put the blocks right. What is new is known; of the others as many are kept as memory allows."""
        self.blocks = blocks.follow(self.connection, moved.fresh, moved.dead)
        if len(self.known) > FEATURES_KEPT:
            self.known.clear()
        for number in moved.dead:
            self.known.pop(number, None)
        self.known |= moved.fresh

    def features(self, records: Collection[int]) -> dict[int, Features]:
        missing = [number for number in records if number not in self.known]
        self.known |= portraits.features(self.connection, missing)
        return {number: self.known[number] for number in records}

    def members(self, wanted: Collection[str]) -> Mapping[str, Sequence[int]]:
        numbers = {key: hashed(key) for key in wanted}
        self.blocks |= blocks.load(self.connection, set(numbers.values()) - self.blocks.keys())
        return {key: self.blocks[number] for key, number in numbers.items() if number in self.blocks}


class Comparing:
    """What a change brings, batch after batch, compared in lots: neighbours are read and values judged once a lot."""

    def __init__(self, connection: Connection) -> None:
        self._around = Neighbourhood(connection)
        self._lot = Moved()
        self._concerned = Concerned()

    def take(self, moved: Moved) -> None:
        """Take in what is stored already."""
        self._lot |= moved
        if len(self._lot.fresh) >= LOT or len(self._lot.dead) >= DEAD:
            self._compare()

    def finish(self) -> Concerned:
        """Everything that was taken in is compared; what it concerns."""
        self._compare()
        return self._concerned

    def _compare(self) -> None:
        self._concerned |= compare(self._around, self._lot)
        self._lot = Moved()


def compare(around: Neighbourhood, moved: Moved) -> Concerned:
    """Compare what a change concerns, stored already, and put the new edges in place of the old.

    Where records only took or left portraits that others have, there is nothing to compare.
    """
    connection = around.connection
    around.take(moved)
    concerned = Concerned(set(moved.records), moved.entered | moved.left)
    if not moved.fresh and not moved.dead:
        return concerned
    found = find_edges(around, moved.fresh.keys(), moved.dead)
    touched = {*moved.fresh, *moved.dead, *found.touched}
    known = touched - moved.fresh.keys()  # what is new had no edges
    reached = {number for left, right, _ in edges.neighbours(connection, known) for number in (left, right)}
    edges.forget(connection, known)
    edges.keep(connection, found.edges, found.refused)
    # «crowds» are few: nothing is asked of the database for the thousands of other blocks.
    calm = found.looked_at - found.not_compared.keys()
    if calm and (crowded := edges.crowds(connection)):
        edges.forget_crowds(connection, [crowd for crowd in map(hashed, calm) if crowd in crowded])
    edges.save_crowds(connection, [Crowd(hashed(name), name, pairs) for name, pairs in found.not_compared.items()])
    concerned.portraits |= touched | reached | {number for two in found.edges for number in two}
    return concerned


def regroup(
    connection: Connection, concerned: Concerned, content: Collection[int], *, now: datetime,
    runs: Mapping[int, int] = clusters.NO_RUNS, decision: int | None = None,
) -> clusters.Change:  # fmt: skip
    """Clusters anew for all that hangs together with `concerned`; `content` are records whose own bytes changed.

    `runs`: record → the run that brought it, for the history of its cluster.
    """
    before_ids = set(clusters.clusters_of(connection, concerned.records).values())
    members = {id_ for ids in clusters.members_of(connection, before_ids).values() for id_ in ids}
    start = portraits.of_records(connection, members | concerned.records)
    standing = decisions.standing(connection)
    region, scores = _region(connection, concerned.portraits | set(start.values()), standing)
    held = portraits.records(connection, region)
    groups, refused = _resolve(connection, held, scores, standing)
    edges.mark_refused(connection, held, refused)
    reached = {id_ for ids in held.values() for id_ in ids} | concerned.records
    before_ids |= set(clusters.clusters_of(connection, reached).values())
    before = clusters.members_of(connection, before_ids)
    content = set(content)
    change = clusters.regroup(connection, before, groups, now=now, runs=runs, decision=decision, content=content)
    # What changed in nothing that matching looks at stays where it is; its union record is due all the same.
    stayed = set(clusters.clusters_of(connection, content - reached).values())
    return replace(change, live=change.live | stayed)


def regroup_everything(connection: Connection, *, now: datetime) -> clusters.Change:
    """All clusters anew from stored edges; permanent ids stay with the groups they fit best."""
    held = portraits.records(connection, portraits.everything(connection))
    groups, refused = _resolve(connection, held, _scores(connection), decisions.standing(connection))
    edges.mark_refused(connection, held, refused)
    before = clusters.members_of(connection, clusters.live(connection))
    return clusters.place(connection, before, groups, now=now, content={id_ for group in groups for id_ in group})


def _region(
    connection: Connection, start: set[int], standing: Collection[Decision]
) -> tuple[set[int], dict[Two, float]]:
    """Everything that hangs together with `start` over edges that can join, and «одно издание» decisions; all edges
    there."""
    spoken: dict[int, set[int]] = defaultdict(set)
    for a, b in _joined(connection, [(d.left, d.right) for d in standing if d.same]):
        spoken[a].add(b)
        spoken[b].add(a)
    region, frontier = set(start), set(start)
    scores: dict[Two, float] = {}
    while frontier:
        near = {(left, right): score for left, right, score in edges.neighbours(connection, frontier)}
        reached = {number for two, score in near.items() if score >= LINK for number in two}
        reached.update(other for number in frontier for other in spoken.get(number, ()))
        scores |= near
        frontier = reached - region
        region |= frontier
    return region, scores


def _scores(connection: Connection) -> dict[Two, float]:
    """All edges there are."""
    return {(left, right): score for left, right, score in edges.everything(connection)}


def _joined(connection: Connection, pairs: Sequence[Pair]) -> list[Two]:
    """Portraits of the live records of each pair."""
    ids = records.ids_of(connection, {key for two in pairs for key in two})
    numbers = portraits.of_records(connection, ids.values())
    named = ((numbers.get(ids.get(a, 0), 0), numbers.get(ids.get(b, 0), 0)) for a, b in pairs)
    return [two for two in named if all(two)]


def _resolve(
    connection: Connection,
    held: Mapping[int, Sequence[int]],
    scores: Mapping[Two, float],
    standing: Collection[Decision],
) -> tuple[list[set[int]], dict[Two, str]]:
    """Components of portraits and the ids of their records, each fallen into clusters of ids; and why look-alikes were
    kept apart. `scores`: every edge between two of the portraits, others may be among them."""
    same, different = in_force(standing)
    joined = [two for two in _joined(connection, same) if two[0] in held and two[1] in held]
    alike = [two for two, score in scores.items() if score >= LINK and two[0] in held and two[1] in held]
    parts = components(held, [*alike, *joined])
    parted = set(records.ids_of(connection, {key for two in different for key in two}).values())
    groups: list[set[int]] = []
    unclear: list[list[int]] = []
    for part in parts:
        if is_solid(part, held, scores, parted):
            groups.append({id_ for number in part for id_ in held[number]})
        else:
            unclear.append(part)
    inside = _inside(unclear, scores)
    refused: dict[Two, str] = {}
    for some in _slices(unclear):
        numbers = [number for part in some for number in part]
        features = portraits.features(connection, numbers)
        named = records.keys_of(connection, (id_ for number in numbers for id_ in held[number]))
        ids = {key: id_ for id_, key in named.items()}
        for part in some:
            known = {n: Portrait(features[n], sorted(named[id_] for id_ in held[n])) for n in part}
            settled = settle(known, inside.get(part[0], {}), *_about(known.values(), same, different))
            groups += [{ids[key] for key in group} for group in settled.clusters]
            refused |= settled.refused
    return groups, refused


def _slices(parts: list[list[int]]) -> Iterator[list[list[int]]]:
    """Components together until they hold SETTLED portraits."""
    some: list[list[int]] = []
    for part in parts:
        some.append(part)
        if sum(map(len, some)) >= SETTLED:
            yield some
            some = []
    if some:
        yield some


def _inside(parts: Iterable[list[int]], scores: Mapping[Two, float]) -> dict[int, dict[Two, float]]:
    """Edges by the first portrait of the component that has both their ends."""
    home = {number: part[0] for part in parts for number in part}
    found: dict[int, dict[Two, float]] = defaultdict(dict)
    for two, score in scores.items():
        if two[0] in home and home[two[0]] == home.get(two[1]):
            found[home[two[0]]][two] = score
    return found


def _about(
    known: Collection[Portrait], same: Collection[Pair], different: Collection[Pair]
) -> tuple[list[Pair], list[Pair]]:
    """Decisions that name a record of the component: few of thousands."""
    if not same and not different:
        return [], []
    mine = {record for portrait in known for record in portrait.records}
    return [two for two in same if not mine.isdisjoint(two)], [two for two in different if not mine.isdisjoint(two)]


def differences(connection: Connection) -> list[str]:
    """Keys of records whose stored cluster is not the one that stored features, edges and decisions give."""
    held = portraits.records(connection, portraits.everything(connection))
    groups, _ = _resolve(connection, held, _scores(connection), decisions.standing(connection))
    stored = {frozenset(ids) for ids in clusters.members_of(connection, clusters.live(connection)).values()}
    odd = [min(group) for group in groups if frozenset(group) not in stored]
    return sorted(str(key) for key in records.keys_of(connection, odd).values())
