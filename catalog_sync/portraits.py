"""Records typed alike are judged once: what matching sees of a record is its portrait, and many records share one.

A district's schools copy descriptions from each other and from one supplier. Blocks, comparisons and edges are between
portraits; here a connected component of them falls into clusters of records. Pure, and a function of the set of records
and decisions: a portrait has no age and no number that matters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any, Generic, TypeVar

from catalog_sync.clustering import Group, K, Pair, Resolved, pair, resolve
from catalog_sync.matching.features import Features
from catalog_sync.matching.keys import MAX_PAIRS
from catalog_sync.matching.verdict import SAME
from catalog_sync.model import RecordKey

P = TypeVar("P", bound=Hashable)  # the name of a portrait: a number in the store
Scores = Mapping[tuple[Any, Any], float]  # of two portraits, the lesser first; of one with itself: of its records


@dataclass(frozen=True, slots=True)
class Portrait:
    """What matching sees, and the records it sees so (at least one), sorted."""

    features: Features
    records: Sequence[RecordKey]


@dataclass(frozen=True, slots=True)
class Settled(Generic[P]):
    """A component's clusters, and why portraits that look alike were kept apart (`clustering.Refusal.why`)."""

    clusters: tuple[Group, ...]
    refused: Mapping[tuple[P, P], str] = field(default_factory=dict)


def is_solid(component: Sequence[P], records: Mapping[P, Collection[K]], scores: Scores, parted: Set[K]) -> bool:
    """Whether all records of a component are one edition without a further look: each was found the same as each other,
    and nobody parted one."""
    return (
        all(len(records[n]) == 1 or scores.get((n, n), 0.0) >= SAME for n in component)
        and all(scores.get(two, 0.0) >= SAME for two in combinations(component, 2))
        and all(parted.isdisjoint(records[n]) for n in component)
    )


def settle(
    portraits: Mapping[P, Portrait], scores: Scores, same: Iterable[Pair], different: Collection[Pair]
) -> Settled[P]:
    """How one connected component of portraits falls into clusters; decisions about other records may be among them."""
    parted = _parted(different)
    items: dict[P, list[RecordKey]] = {}
    stands: dict[RecordKey, list[RecordKey]] = {}  # who is weighed → the records it is weighed for
    for name, portrait in portraits.items():
        groups = _groups(portrait.records, scores.get((name, name), 0.0), parted)
        items[name] = [group[0] for group in groups]
        stands |= {group[0]: group for group in groups}
    for_whom = {record: item for item, group in stands.items() for record in group}
    outcome = resolve(
        {item: portraits[name].features for name, some in items.items() for item in some},
        {two: score for names, score in scores.items() for two in _between(names, items)},
        list(_named(same, for_whom)),
        list(_named(different, for_whom)),
        {item: len(group) for item, group in stands.items()},
    )
    clusters = (frozenset(r for item in cluster for r in stands[item]) for cluster in outcome.clusters)
    return Settled(tuple(clusters), _refused(outcome, items))


def _parted(different: Iterable[Pair]) -> dict[RecordKey, set[RecordKey]]:
    """Record → those a librarian parted it from."""
    found: dict[RecordKey, set[RecordKey]] = defaultdict(set)
    for a, b in different:
        found[a].add(b)
        found[b].add(a)
    return found


def _groups(
    records: Sequence[RecordKey], score: float, parted: Mapping[RecordKey, Collection[RecordKey]]
) -> list[list[RecordKey]]:
    """The records of a portrait as they are weighed: together, but for those a librarian parted from others.

    So little may be seen of them that being alike says nothing: then each is weighed by itself.
    """
    if score < SAME:
        return [[record] for record in records]
    found: dict[frozenset[RecordKey], list[RecordKey]] = defaultdict(list)
    for record in records:
        found[frozenset(parted.get(record, ()))].append(record)
    return list(found.values())


def _between(names: tuple[P, P], items: Mapping[P, Sequence[RecordKey]]) -> Iterator[Pair]:
    """Pairs of items an edge of two portraits stands for; none where they are too many (`keys.MAX_PAIRS`)."""
    left, right = items[names[0]], items[names[1]]
    alike = names[0] == names[1]
    if len(left) * (len(left) - 1) // 2 > MAX_PAIRS if alike else len(left) * len(right) > MAX_PAIRS:
        return
    yield from (pair(a, b) for a, b in (combinations(left, 2) if alike else product(left, right)))


def _named(pairs: Iterable[Pair], for_whom: Mapping[RecordKey, RecordKey]) -> Iterator[Pair]:
    """Decisions about records of this component, as said of those that stand for them."""
    for a, b in pairs:
        if a in for_whom and b in for_whom and for_whom[a] != for_whom[b]:
            yield pair(for_whom[a], for_whom[b])


def _refused(outcome: Resolved, items: Mapping[P, Sequence[RecordKey]]) -> dict[tuple[P, P], str]:
    name_of = {item: name for name, some in items.items() for item in some}
    found: dict[tuple[P, P], str] = {}
    for one in outcome.refusals:
        a, b = name_of[one.left], name_of[one.right]
        found[min((a, b), (b, a))] = one.why
    return found
