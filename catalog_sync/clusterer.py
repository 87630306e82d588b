"""The whole line from features to clusters in memory: the reference the store is tested against, and the bench's."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from catalog_sync.clustering import Group, Pair, Resolved, components, in_force, pair, resolve
from catalog_sync.matching.candidates import find_edges, without_collecting
from catalog_sync.matching.compare import Judgement
from catalog_sync.matching.features import Features
from catalog_sync.matching.keys import keys
from catalog_sync.matching.verdict import LINK
from catalog_sync.model import Decision, RecordKey


@dataclass(frozen=True, slots=True)
class Changes:
    """What one update did: the clusters of every record it concerned, and what was not compared."""

    clusters: tuple[Group, ...]
    touched: frozenset[RecordKey]
    not_compared: Mapping[str, int]
    compared: int


class Clusterer:
    """Records come, change and go; the clusters are at any time those of the set, whatever the way it came about."""

    def __init__(self) -> None:
        self._features: dict[RecordKey, Features] = {}
        self._blocks: dict[str, set[RecordKey]] = defaultdict(set)
        self._edges: dict[RecordKey, dict[RecordKey, Judgement]] = defaultdict(dict)
        self._cluster: dict[RecordKey, Group] = {}
        self._decisions: tuple[Decision, ...] = ()
        self.not_compared: dict[str, int] = {}

    # Blocks, as `find_edges` asks for them.

    def features(self, records: Collection[RecordKey]) -> Mapping[RecordKey, Features]:
        return {record: self._features[record] for record in records}

    def members(self, keys: Collection[str]) -> Mapping[str, Sequence[RecordKey]]:
        return {key: tuple(self._blocks[key]) for key in keys if key in self._blocks}

    # Changes.

    def update(self, changed: Mapping[RecordKey, Features], removed: Collection[RecordKey] = ()) -> Changes:
        """Take in new and changed records, drop the removed ones, and cluster anew what this concerns."""
        with without_collecting():
            return self._update(changed, removed)

    def _update(self, changed: Mapping[RecordKey, Features], removed: Collection[RecordKey]) -> Changes:
        really = {record: f for record, f in changed.items() if self._features.get(record) != f}
        gone = [record for record in removed if record in self._features and record not in changed]
        old = {record: self._features[record] for record in (*really, *gone) if record in self._features}
        seeds = self._neighbours(old)
        for record in old:
            self._forget(record)
        for record, features in really.items():
            self._remember(record, features)
        found = find_edges(self, really.keys(), old)
        seeds |= self._neighbours(found.touched)
        for record in found.touched:
            self._cut(record)
        for (a, b), judgement in found.edges.items():
            self._edges[a][b] = self._edges[b][a] = judgement
        self.not_compared.update(found.not_compared)
        clusters = self._recluster({*seeds, *found.touched} & self._features.keys())
        return Changes(clusters, found.touched, found.not_compared, found.compared)

    def decide(self, decisions: Iterable[Decision]) -> Changes:
        """Take the librarians' decisions as they stand now (all of them), and cluster anew what they concern."""
        before, self._decisions = self._decisions, tuple(decisions)
        concerned = {d.left for d in (*before, *self._decisions)} | {d.right for d in (*before, *self._decisions)}
        concerned |= self._neighbours(concerned)
        clusters = self._recluster(concerned & self._features.keys())
        return Changes(clusters, frozenset(), {}, 0)

    def _remember(self, record: RecordKey, features: Features) -> None:
        self._features[record] = features
        for key in keys(features):
            self._blocks[key].add(record)

    def _forget(self, record: RecordKey) -> None:
        for key in keys(self._features.pop(record)):
            self._blocks[key].discard(record)
            if not self._blocks[key]:
                del self._blocks[key]
        self._cut(record)
        self._cluster.pop(record, None)

    def _cut(self, record: RecordKey) -> None:
        for other in self._edges.pop(record, {}):
            self._edges[other].pop(record, None)

    def _neighbours(self, records: Iterable[RecordKey]) -> set[RecordKey]:
        """Records joined to these by an edge or a cluster: a change of these may change theirs."""
        found: set[RecordKey] = set()
        for record in records:
            found.update(self._edges.get(record, ()))  # `|=` with the keys of a dict would copy the whole set
            found.update(self._cluster.get(record, ()))
        return found

    # Clusters.

    def _recluster(self, seeds: Collection[RecordKey]) -> tuple[Group, ...]:
        same, different = in_force(self._decisions)
        linked: dict[RecordKey, set[RecordKey]] = defaultdict(set)
        for a, b in same:
            if a in self._features and b in self._features:
                linked[a].add(b)
                linked[b].add(a)
        around = self._reach(seeds, linked)
        strong = [p for p in self._pairs(around) if self._edges[p[0]][p[1]].score >= LINK]
        found: list[Group] = []
        for component in components(around, [*strong, *(p for p in same if p[0] in around and p[1] in around)]):
            found += self._resolve(component, same, different).clusters
        for cluster in found:
            for record in cluster:
                self._cluster[record] = cluster
        return tuple(found)

    def _resolve(self, component: list[RecordKey], same: list[Pair], different: list[Pair]) -> Resolved:
        if len(component) == 1:
            return Resolved((frozenset(component),))
        inside = set(component)
        edges = {p: self._edges[p[0]][p[1]].score for p in self._pairs(inside)}
        return resolve(
            self.features(component),
            edges,
            [p for p in same if p[0] in inside],
            [p for p in different if p[0] in inside],
        )

    def _reach(self, seeds: Collection[RecordKey], linked: Mapping[RecordKey, set[RecordKey]]) -> set[RecordKey]:
        """Seeds and all that hangs together with them over edges that can join, and librarians' «same»."""
        found, queue = set(seeds), list(seeds)
        while queue:
            record = queue.pop()
            near = {o for o, j in self._edges.get(record, {}).items() if j.score >= LINK} | linked.get(record, set())
            queue += near - found
            found |= near
        return found

    def _pairs(self, records: Collection[RecordKey]) -> list[Pair]:
        inside = set(records)
        return [(a, b) for a in inside for b in self._edges.get(a, {}) if a < b and b in inside]

    # Answers.

    def clusters(self) -> list[Group]:
        """All clusters, in the order of their least records."""
        return sorted(set(self._cluster.values()), key=min)

    def edge(self, a: RecordKey, b: RecordKey) -> Judgement | None:
        return self._edges.get(a, {}).get(b)

    def edges(self) -> dict[Pair, Judgement]:
        return {pair(a, b): j for a, others in self._edges.items() for b, j in others.items() if a < b}

    def digest(self) -> str:
        """One value for the whole clustering, whatever the order of records and clusters."""
        lines = sorted("\t".join(map(str, sorted(cluster))) for cluster in set(self._cluster.values()))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()
