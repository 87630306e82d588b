"""The whole line from features to clusters in memory: the reference the store is tested against, and the bench's."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, product

from catalog_sync.clustering import Group, Pair, components, in_force, pair
from catalog_sync.matching.candidates import find_edges, without_collecting
from catalog_sync.matching.compare import Judgement
from catalog_sync.matching.features import Features
from catalog_sync.matching.keys import keys
from catalog_sync.matching.pairwise import Pair as Two
from catalog_sync.matching.verdict import LINK
from catalog_sync.model import Decision, RecordKey
from catalog_sync.portraits import Portrait, is_solid, settle


@dataclass(frozen=True, slots=True)
class Changes:
    """What one update did: the clusters of every record it concerned, and what was not compared."""

    clusters: tuple[Group, ...]
    not_compared: Mapping[str, int]
    compared: int  # pairs of portraits


class Clusterer:
    """Records come, change and go; the clusters are at any time those of the set, whatever the way it came about."""

    def __init__(self) -> None:
        self._portrait: dict[RecordKey, int] = {}
        self._records: dict[int, set[RecordKey]] = {}
        self._features: dict[int, Features] = {}
        self._numbers: dict[Features, int] = {}
        self._fresh = count(1)
        self._blocks: dict[str, set[int]] = defaultdict(set)
        self._edges: dict[int, dict[int, Judgement]] = defaultdict(dict)
        self._cluster: dict[RecordKey, Group] = {}
        self._decisions: tuple[Decision, ...] = ()
        self.not_compared: dict[str, int] = {}

    # Blocks, as `find_edges` asks for them.

    def features(self, portraits: Collection[int]) -> Mapping[int, Features]:
        return {number: self._features[number] for number in portraits}

    def members(self, keys: Collection[str]) -> Mapping[str, Sequence[int]]:
        return {key: tuple(self._blocks[key]) for key in keys if key in self._blocks}

    # Changes.

    def update(self, changed: Mapping[RecordKey, Features], removed: Collection[RecordKey] = ()) -> Changes:
        """Take in new and changed records, drop the removed ones, and cluster anew what this concerns."""
        with without_collecting():
            return self._update(changed, removed)

    def _update(self, changed: Mapping[RecordKey, Features], removed: Collection[RecordKey]) -> Changes:
        moved = {r: f for r, f in changed.items() if r not in self._portrait or self._features[self._portrait[r]] != f}
        gone = [record for record in removed if record in self._portrait and record not in changed]
        left = {self._portrait[record] for record in (*moved, *gone) if record in self._portrait}
        seeds = {self._portrait[other] for r in (*moved, *gone) for other in self._cluster.pop(r, ())}
        for record in (*moved, *gone):
            if record in self._portrait:
                self._records[self._portrait.pop(record)].discard(record)
        fresh = {number for record, f in moved.items() if (number := self._sit(record, f))}
        dead = {number: self._features[number] for number in left if not self._records[number]}
        seeds |= left | {self._portrait[record] for record in moved} | self._neighbours(dead)
        for number in dead:
            self._forget(number)
        found = find_edges(self, fresh, dead)
        seeds |= self._neighbours(found.touched)
        for number in found.touched:
            self._cut(number)
        for (a, b), judgement in found.edges.items():
            self._edges[a][b] = self._edges[b][a] = judgement
        self.not_compared.update(found.not_compared)
        clusters = self._recluster({*seeds, *found.touched} & self._features.keys())
        return Changes(clusters, found.not_compared, found.compared)

    def decide(self, decisions: Iterable[Decision]) -> Changes:
        """Take the librarians' decisions as they stand now (all of them), and cluster anew what they concern."""
        before, self._decisions = self._decisions, tuple(decisions)
        named = {record for d in (*before, *self._decisions) for record in (d.left, d.right)}
        concerned = {self._portrait[record] for record in named if record in self._portrait}
        clusters = self._recluster(concerned | {n for n in self._neighbours(concerned) if n in self._features})
        return Changes(clusters, {}, 0)

    def _sit(self, record: RecordKey, features: Features) -> int:
        """Put a record under its portrait; the portrait's number where nobody had one like it, else 0."""
        number = self._numbers.get(features, 0)
        fresh = number or next(self._fresh)
        if not number:
            self._numbers[features], self._features[fresh], self._records[fresh] = fresh, features, set()
            for key in keys(features):
                self._blocks[key].add(fresh)
        self._records[fresh].add(record)
        self._portrait[record] = fresh
        return 0 if number else fresh

    def _forget(self, portrait: int) -> None:
        features = self._features.pop(portrait)
        del self._numbers[features], self._records[portrait]
        for key in keys(features):
            self._blocks[key].discard(portrait)
            if not self._blocks[key]:
                del self._blocks[key]
        self._cut(portrait)

    def _cut(self, portrait: int) -> None:
        for other in self._edges.pop(portrait, {}):
            if other != portrait:
                self._edges[other].pop(portrait, None)

    def _neighbours(self, portraits: Iterable[int]) -> set[int]:
        """Portraits joined to these by an edge or a cluster of their records: a change of these may change theirs."""
        found: set[int] = set()
        for number in portraits:
            found.update(self._edges.get(number, ()))  # `|=` with the keys of a dict would copy the whole set
            beside = (self._cluster.get(record, ()) for record in self._records.get(number, ()))
            found.update(self._portrait[other] for group in beside for other in group if other in self._portrait)
        return found

    # Clusters.

    def _recluster(self, seeds: Collection[int]) -> tuple[Group, ...]:
        same, different = in_force(self._decisions)
        same = [two for two in same if two[0] in self._portrait and two[1] in self._portrait]
        joined = [(self._portrait[a], self._portrait[b]) for a, b in same]
        around = self._reach(seeds, joined)
        strong = [p for p in self._pairs(around) if self._edges[p[0]][p[1]].score >= LINK]
        parted = {record for two in different for record in two}
        found: list[Group] = []
        for component in components(around, [*strong, *((a, b) for a, b in joined if a in around)]):
            found += self._settle(component, same, different, parted)
        for cluster in found:
            for record in cluster:
                self._cluster[record] = cluster
        return tuple(found)

    def _settle(
        self, component: list[int], same: list[Pair], different: list[Pair], parted: set[RecordKey]
    ) -> Sequence[Group]:
        scores = {two: self._edges[two[0]][two[1]].score for two in self._pairs(component)}
        if is_solid(component, self._records, scores, parted):
            return [frozenset().union(*(self._records[n] for n in component))]
        inside = {n: Portrait(self._features[n], sorted(self._records[n])) for n in component}
        return settle(inside, scores, same, different).clusters

    def _reach(self, seeds: Collection[int], joined: Iterable[Two]) -> set[int]:
        """Seeds and all that hangs together with them over edges that can join, and librarians' «same»."""
        linked: dict[int, set[int]] = defaultdict(set)
        for a, b in joined:
            linked[a].add(b)
            linked[b].add(a)
        found, queue = set(seeds), list(seeds)
        while queue:
            number = queue.pop()
            near = {o for o, j in self._edges.get(number, {}).items() if j.score >= LINK} | linked.get(number, set())
            queue += near - found
            found |= near
        return found

    def _pairs(self, portraits: Collection[int]) -> list[Two]:
        inside = set(portraits)
        return [(a, b) for a in inside for b in self._edges.get(a, {}) if a <= b and b in inside]

    # Answers.

    def clusters(self) -> list[Group]:
        """All clusters, in the order of their least records."""
        return sorted(set(self._cluster.values()), key=min)

    def portraits(self) -> Collection[int]:
        """Numbers of what matching tells apart; records typed alike share one."""
        return self._features.keys()

    def edge(self, a: RecordKey, b: RecordKey) -> Judgement | None:
        left, right = self._portrait.get(a, 0), self._portrait.get(b, 0)
        return self._edges.get(left, {}).get(right) if a != b else None

    def edges(self) -> dict[Pair, Judgement]:
        """Every two records that look alike, with what was judged of their portraits."""
        return {
            pair(a, b): judgement
            for left, others in self._edges.items()
            for right, judgement in others.items()
            if left <= right
            for a, b in product(self._records[left], self._records[right])
            if a != b
        }

    def digest(self) -> str:
        """One value for the whole clustering, whatever the order of records and clusters."""
        lines = sorted("\t".join(map(str, sorted(cluster))) for cluster in set(self._cluster.values()))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
