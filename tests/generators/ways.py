"""One set of records and decisions reached in many ways: what the clustering must not notice."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime

from catalog_sync.clusterer import Clusterer
from catalog_sync.matching.features import Features
from catalog_sync.model import Decision, RecordKey

BATCHES = (997, 400, 150)


def decision(number: int, a: RecordKey, b: RecordKey, same: bool) -> Decision:
    return Decision(number, min(a, b), max(a, b), same, "тест", datetime(2026, 1, 1, tzinfo=UTC), "проверка")


def scramble(
    features: Mapping[RecordKey, Features], seed: int, decisions: list[Decision], batches: tuple[int, ...] = BATCHES
) -> str:
    """Reach the same set by another way: order, batches, deletions and restorations, edits and undos."""
    rng = random.Random(seed)
    order = sorted(features)
    rng.shuffle(order)
    clusterer = Clusterer()
    if rng.random() < 0.5:
        clusterer.decide(decisions)
    at = 0
    while at < len(order):
        step = rng.choice((len(order), *batches))
        batch = order[at : at + step]
        at += step
        clusterer.update({key: features[key] for key in batch})
        if rng.random() < 0.4:
            gone = rng.sample(batch, min(20, len(batch)))
            clusterer.update({}, gone)
            clusterer.update({key: features[key] for key in gone})
        if rng.random() < 0.4:
            edited = rng.sample(batch, min(10, len(batch)))
            clusterer.update({key: features[rng.choice(order)] for key in edited})
            clusterer.update({key: features[key] for key in edited})
    wrong = decision(99, order[0], order[1], same=True)
    clusterer.decide([*decisions, wrong])
    clusterer.decide(decisions)
    return clusterer.digest()


def some_decisions(features: Mapping[RecordKey, Features]) -> list[Decision]:
    """A few clusters torn apart and a few lone records joined, as librarians would."""
    clusterer = Clusterer()
    clusterer.update(features)
    pairs = [sorted(cluster)[:2] for cluster in clusterer.clusters() if len(cluster) > 2][:5]
    apart = [decision(n, a, b, same=False) for n, (a, b) in enumerate(pairs, 1)]
    singles = [min(cluster) for cluster in clusterer.clusters() if len(cluster) == 1][:6]
    return apart + [
        decision(n, a, b, same=True) for n, (a, b) in enumerate(zip(singles[::2], singles[1::2], strict=True), 11)
    ]
