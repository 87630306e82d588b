"""Comparisons + librarians' decisions → clusters. A function of the set of records, never of their order of arrival.

`resolve` says how one connected component of edges falls into clusters; `components` finds the components, `carry_ids`
keeps permanent ids, `contradiction` refuses a decision that others rule out. All are pure; `clusterer.Clusterer` is
the whole line in memory, and the store does the same over its tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import TypeVar

from catalog_sync.matching.compare import confirmed, disagree
from catalog_sync.matching.contradictions import NONE, extents_far, first_veto
from catalog_sync.matching.features import Features
from catalog_sync.matching.verdict import (
    ATTACH,
    LINK,
    MINORITY,
    N_PAGES_OTHER,
    SAME,
    V_AUTHOR,
    V_HOUSE,
    V_ISBN,
    V_PAGES,
    V_TITLE,
    V_TITLE_ISBN,
    V_UNLIKE,
)
from catalog_sync.model import Decision, RecordKey

Pair = tuple[RecordKey, RecordKey]  # the lesser key first
Group = frozenset[RecordKey]
ONE_EACH: Mapping[RecordKey, int] = {}
K = TypeVar("K", RecordKey, int)  # records, or numbers of the store


@dataclass(frozen=True, slots=True)
class Refusal:
    """Two records that look alike but were kept apart, and why."""

    left: RecordKey
    right: RecordKey
    score: float
    why: str  # "veto" | "torn" | "decision" | "weak"


@dataclass(frozen=True, slots=True)
class Resolved:
    """One component's outcome: its clusters, sorted by their least record, and what was refused."""

    clusters: tuple[Group, ...]
    refusals: tuple[Refusal, ...] = ()


def pair(a: RecordKey, b: RecordKey) -> Pair:
    return (a, b) if a < b else (b, a)


class _Component:
    """Works on atoms: records that librarians declared one edition count as one from the start."""

    def __init__(
        self,
        features: Mapping[RecordKey, Features],
        edges: Mapping[Pair, float],
        same: Iterable[Pair],
        different: Collection[Pair],
        weights: Mapping[RecordKey, int],
    ) -> None:
        records = features.keys()
        self.features = features
        self.edges = edges
        self.together = _isbns_together(features.values())
        self.atom = _closures(records, same)
        self.members: dict[RecordKey, list[RecordKey]] = defaultdict(list)
        for record in sorted(records):
            self.members[self.atom[record]].append(record)
        self.weight = {atom: sum(weights.get(r, 1) for r in group) for atom, group in self.members.items()}
        self.different = {pair(self.atom[a], self.atom[b]) for a, b in different if a in self.atom and b in self.atom}
        self.scores: dict[Pair, float] = {}
        for (a, b), score in edges.items():
            key = pair(self.atom[a], self.atom[b])
            if key[0] != key[1] and score > self.scores.get(key, 0.0):
                self.scores[key] = score
        self.near: dict[RecordKey, dict[RecordKey, float]] = defaultdict(dict)
        for (a, b), score in self.scores.items():
            self.near[a][b] = self.near[b][a] = score
        self.order = sorted(self.scores.items(), key=lambda item: (-item[1], item[0]))
        self.group: dict[RecordKey, set[RecordKey]] = {atom: {atom} for atom in self.members}
        self.forbidden: dict[Pair, bool] = {}
        self.clashes: dict[tuple[int, int], tuple[int, int]] = {}  # ids of two groups → their sizes when they clashed
        self.kept: list[set[RecordKey]] = []
        self.torn: set[RecordKey] = set()
        self.refusals: list[Refusal] = []

    def forbids(self, a: RecordKey, b: RecordKey) -> bool:
        """Whether two atoms must stay apart: a librarian said so, or a veto between their records stands."""
        key = pair(a, b)
        known = self.forbidden.get(key)
        if known is None:
            known = key in self.different or self._contradict(self.members[a], self.members[b])
            self.forbidden[key] = known
        return known

    def _contradict(self, ones: Sequence[RecordKey], others: Sequence[RecordKey]) -> bool:
        """Whether a veto across two atoms stands. One with a record is lifted where a librarian joined that record to
        another which it contradicts itself, and which fits: of the two years of one book a third card has one."""
        vetoed = {(x, y) for x in ones for y in others if self._vetoed(x, y)}
        if not vetoed or len(ones) == len(others) == 1:
            return bool(vetoed)
        instead = {x: [z for z in atom if z == x or self._vetoed(x, z)] for atom in (ones, others) for x in atom}
        return any(all((p, q) in vetoed for p in instead[x] for q in instead[y]) for x, y in vetoed)

    def _vetoed(self, x: RecordKey, y: RecordKey) -> bool:
        a, b = self.features[x], self.features[y]
        if extents_far(a, b):  # never joined by themselves: nor by a sketch that says no extent and fits both
            return True
        # Two that look alike were compared: no veto stood between them.
        return pair(x, y) not in self.edges and standing_veto(a, b, self.together) != NONE

    def clash(self, one: set[RecordKey], other: set[RecordKey]) -> bool:
        """Whether some pair across the two is forbidden. Groups that clashed clash for ever, unless a member leaves."""
        names = (id(one), id(other)) if id(one) < id(other) else (id(other), id(one))
        if names in self.clashes:
            return True
        found = any(self.forbids(a, b) for a in one for b in other)
        if found:
            self.clashes[names] = (0, 0)
        return found

    def weigh(self, group: Iterable[RecordKey]) -> int:
        """How many records a group stands for."""
        return sum(self.weight[atom] for atom in group)

    def fits(self, atom: RecordKey, group: Collection[RecordKey]) -> bool:
        return not any(self.forbids(atom, member) for member in group)

    # 1. Strong edges first; a union with a vetoed pair across it is refused.

    def join_strong(self) -> None:
        for (a, b), score in self.order:
            if score < SAME:
                break
            one, other = self.group[a], self.group[b]
            if one is not other and not self._try(one, other) and not self._expel_minority(one, other):
                self._refuse(a, b, score, "decision" if pair(a, b) in self.different else "veto")

    def _try(self, one: set[RecordKey], other: set[RecordKey]) -> bool:
        if self.clash(one, other):
            return False
        self._unite(one, other)
        return True

    def _unite(self, one: set[RecordKey], other: set[RecordKey]) -> None:
        large, small = (one, other) if len(one) >= len(other) else (other, one)
        self.kept.append(small)  # an id stays taken as long as clashes are remembered by it
        large |= small
        for atom in small:
            self.group[atom] = large

    def _expel_minority(self, one: set[RecordKey], other: set[RecordKey]) -> bool:
        """Where a few members alone conflict with the other group, they leave and the rest unites."""
        names, sizes = (id(one), id(other)), (len(one), len(other))
        if self.clashes.get(names) == sizes or self.clashes.get(names[::-1]) == sizes[::-1]:
            return False  # tried before, and neither has grown since
        self.clashes[names if names in self.clashes else names[::-1]] = sizes if names in self.clashes else sizes[::-1]
        for side, opposite in ((one, other), (other, one)):
            bad = {a for a in side if not self.fits(a, opposite)}
            few = self.weigh(bad) <= MINORITY * (self.weigh(one) + self.weigh(other))
            if bad and few and len(bad) < len(side) and self.weigh(bad) < self.weigh(opposite):
                self._leave(bad)
                self._unite(one, other)
                return True
        return False

    def _leave(self, atoms: Collection[RecordKey]) -> None:
        for atom in sorted(atoms):
            self.group[atom].discard(atom)
            self.group[atom] = {atom}
            self.kept.append(self.group[atom])
        self.clashes.clear()

    # 2. Who fits two groups that exclude each other, neither of which confirms more of it, is torn, and stays alone.

    def free_torn(self) -> None:
        self.torn = {atom for atom in self.members if len(self.group[atom]) > 1 and self._is_torn(atom)}
        self._leave(self.torn)

    def _is_torn(self, atom: RecordKey) -> bool:
        own = self.group[atom]
        return any(self.fits(atom, rival) and self._contest({atom}, own, rival) for rival in self._linked({atom}, own))

    def _linked(self, group: set[RecordKey], own: set[RecordKey]) -> list[set[RecordKey]]:
        """The other groups with a look-alike of some record of `group`."""
        found = (self.group[other] for atom in group for other, score in self.near[atom].items() if score >= LINK)
        return list({id(third): third for third in found if third is not group and third is not own}.values())

    def _contest(self, group: set[RecordKey], own: set[RecordKey], rival: set[RecordKey]) -> bool:
        """Whether nothing decides for `own` against a rival that excludes it: it must confirm all the rival confirms
        of `group`, and more. A lone card that differs in its ISBN or a word of the title is no rival of many."""
        if not self.clash(own, rival) or self._is_lone_slip(rival, own):
            return False
        mine = self._read(group)
        return not confirmed(mine, self._read(own - group)) > confirmed(mine, self._read(rival))

    def _read(self, group: Iterable[RecordKey]) -> list[Features]:
        return [self.features[record] for atom in group for record in self.members[atom]]

    def _is_lone_slip(self, lone: set[RecordKey], many: set[RecordKey]) -> bool:
        if self.weigh(lone) > 1 or self.weigh(lone) > MINORITY * self.weigh(many):
            return False
        vetoes = (standing_veto(x, y, self.together) for x in self._read(lone) for y in self._read(many))
        said = any(pair(a, b) in self.different for a in lone for b in many)
        return not said and all(veto in _SLIPS for veto in vetoes)

    # 3. What has gaps follows the only group it fits; best evidence first.

    def attach_weak(self) -> None:
        strangers = set[frozenset[int]]()  # ids of two groups that won't be one: from here on groups only grow
        for (a, b), score in self.order:
            if score < ATTACH:
                break
            one, other = self.group[a], self.group[b]
            two = frozenset((id(one), id(other)))
            if one is other or two in strangers:
                continue
            if self.clash(one, other) or self._disagree(one, other):
                strangers.add(two)
                continue
            if a in self.torn or b in self.torn or self._has_rival(one, other) or self._has_rival(other, one):
                self._refuse(a, b, score, "torn")
            else:
                self._unite(one, other)

    def _disagree(self, one: set[RecordKey], other: set[RecordKey]) -> bool:
        """Whether two across the groups are no look-alikes because of what both say: a sketch does not bridge that."""
        across = ((x, y) for a in one for b in other for x in self.members[a] for y in self.members[b])
        return any(disagree(self.features[x], self.features[y]) for x, y in across)

    def _has_rival(self, group: set[RecordKey], target: set[RecordKey]) -> bool:
        """Whether `group` fits a third group that excludes `target`, and nothing decides between the two."""
        return any(
            not self.clash(group, third) and self._contest(group, target, third)
            for third in self._linked(group, target)
        )

    def _refuse(self, a: RecordKey, b: RecordKey, score: float, why: str) -> None:
        self.refusals.append(Refusal(a, b, score, why))

    def outcome(self) -> Resolved:
        groups = {id(g): g for g in self.group.values()}.values()
        clusters = (frozenset(r for atom in g for r in self.members[atom]) for g in groups)
        apart = tuple(
            Refusal(r.left, r.right, r.score, r.why)
            for r in self.refusals
            if self.group[r.left] is not self.group[r.right]
        )
        return Resolved(tuple(sorted(clusters, key=min)), tuple(sorted(apart, key=lambda r: (r.left, r.right))))


# Of one card alone: typed wrongly, not another edition.
_SLIPS = {NONE, V_AUTHOR, V_HOUSE, V_ISBN, V_PAGES, V_TITLE, V_TITLE_ISBN, V_UNLIKE}


def blocking(one: Mapping[RecordKey, Features], other: Mapping[RecordKey, Features]) -> list[tuple[Pair, int]]:
    """Pairs across two clusters that keep the clusters apart, with the code of what they say differently, sorted:
    vetoes before extents that no third card bridges.

    One such pair is enough: it is what a librarian should look at where two records of the clusters look alike.
    """
    together = _isbns_together([*one.values(), *other.values()])
    across = [(pair(a, b), x, y) for a, x in one.items() for b, y in other.items()]
    vetoed = sorted((names, veto) for names, x, y in across if (veto := standing_veto(x, y, together)) != NONE)
    return vetoed or sorted((names, N_PAGES_OTHER) for names, x, y in across if extents_far(x, y))


def standing_veto(a: Features, b: Features, together: Collection[tuple[str, str]]) -> int:
    """A visible contradiction; two ISBNs are none where a third record names both as of one book (`together`)."""
    veto = first_veto(a, b)
    if veto == V_ISBN and together and any((i, j) in together for i in a.isbns for j in b.isbns):
        veto = first_veto(a, b, isbns_agree=True)
    return veto


def _isbns_together(features: Iterable[Features]) -> set[tuple[str, str]]:
    """Pairs of ISBNs that some description names both, in either order: the part's and the set's."""
    lists = ({*f.isbns, *f.shared_isbns} for f in features)
    return {pair for isbns in lists if len(isbns) > 1 for pair in permutations(isbns, 2)}


def resolve(
    features: Mapping[RecordKey, Features],
    edges: Mapping[Pair, float],
    same: Iterable[Pair] = (),
    different: Collection[Pair] = (),
    weights: Mapping[RecordKey, int] = ONE_EACH,
) -> Resolved:
    """How one connected component falls into clusters.

    `features` are the component's records; `edges` are the scores of pairs that may be one edition (UNSURE and SAME);
    `same` and `different` are librarians' decisions in force; `weights`: for how many records one stands (1).
    """
    component = _Component(features, edges, same, different, weights)
    component.join_strong()
    component.free_torn()
    component.attach_weak()
    return component.outcome()


def _closures(records: Collection[K], same: Iterable[tuple[K, K]]) -> dict[K, K]:
    """Each record → the least record librarians declared one with it, directly or through others."""
    parent = {record: record for record in records}

    def root(record: K) -> K:
        while parent[record] != record:
            parent[record] = parent[parent[record]]
            record = parent[record]
        return record

    for a, b in same:
        if a in parent and b in parent:
            low, high = sorted((root(a), root(b)))
            parent[high] = low
    return {record: root(record) for record in records}


def components(records: Iterable[K], links: Iterable[tuple[K, K]]) -> list[list[K]]:
    """Connected components, each sorted, in the order of their least records."""
    roots = _closures(list(records), links)
    found: dict[K, list[K]] = defaultdict(list)
    for record in sorted(roots):
        found[roots[record]].append(record)
    return list(found.values())


# --- Decisions -------------------------------------------------------------------------------------------------------


def in_force(decisions: Iterable[Decision]) -> tuple[list[Pair], list[Pair]]:
    """(same, different) pairs of the decisions that were not undone; a later word on one pair replaces an earlier."""
    latest: dict[Pair, Decision] = {}
    for decision in sorted(decisions, key=lambda d: d.number):
        if decision.undone is None:
            latest[pair(decision.left, decision.right)] = decision
    same = [p for p, d in latest.items() if d.same]
    return sorted(same), sorted(p for p, d in latest.items() if not d.same)


def contradiction(decisions: Iterable[Decision], new: Decision) -> tuple[Decision, ...] | None:
    """The chain of decisions in force that rules `new` out, None where it fits; the chain is the shortest there is.

    A new «same» is ruled out by same – … – different – … – same between its ends, a new «different» by a chain of
    «same», and either by the opposite word on the very pair.
    """
    standing = [d for d in decisions if d.undone is None]
    links: dict[RecordKey, list[tuple[RecordKey, Decision]]] = defaultdict(list)
    for decision in sorted(standing, key=lambda d: d.number):
        if decision.same:
            links[decision.left].append((decision.right, decision))
            links[decision.right].append((decision.left, decision))
    if not new.same:
        return _chain(links, new.left).get(new.right)
    left, right = _chain(links, new.left), _chain(links, new.right)
    found = [
        (*left[a], d, *reversed(right[b]))
        for d in standing
        if not d.same
        for a, b in ((d.left, d.right), (d.right, d.left))
        if a in left and b in right
    ]
    return min(found, key=lambda chain: (len(chain), [d.number for d in chain]), default=None)


def _chain(
    links: Mapping[RecordKey, Sequence[tuple[RecordKey, Decision]]], start: RecordKey
) -> dict[RecordKey, tuple[Decision, ...]]:
    """Every record reachable over «same», with the shortest chain of decisions that leads there."""
    found: dict[RecordKey, tuple[Decision, ...]] = {start: ()}
    queue = [start]
    for record in queue:
        for other, decision in links.get(record, ()):
            if other not in found:
                found[other] = (*found[record], decision)
                queue.append(other)
    return found
