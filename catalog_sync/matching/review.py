"""The queue of pairs a librarian is asked about: first those whose answer would move most holdings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from catalog_sync.model import RecordKey


@dataclass(frozen=True, slots=True)
class Question:
    """Two clusters that may be one edition; `left` and `right` are the pair with the best evidence between them."""

    left: RecordKey
    right: RecordKey
    score: float
    holdings: int  # copies (at least one a record) in the smaller of the two clusters: what an answer would move
    pairs: int = 1  # how many unsure pairs the answer settles at once


def queue(
    pairs: Iterable[tuple[RecordKey, RecordKey, float]],
    cluster_of: Callable[[RecordKey], str],
    holdings: Mapping[str, int],
    decided: Callable[[RecordKey, RecordKey], bool] = lambda left, right: False,
) -> list[Question]:
    """One question for each two clusters; most holdings first, then the better evidence, then the keys.

    `pairs` are (left, right, score) of unsure edges; those within one cluster or already decided are left out.
    """
    best: dict[tuple[str, str], Question] = {}
    for left, right, score in sorted(pairs):
        low, high = sorted((cluster_of(left), cluster_of(right)))
        if low == high or decided(left, right):
            continue
        moved = min(max(holdings.get(low, 1), 1), max(holdings.get(high, 1), 1))
        known = best.get((low, high))
        if known is None:
            best[low, high] = Question(left, right, score, moved)
        elif score > known.score:
            best[low, high] = Question(left, right, score, moved, known.pairs + 1)
        else:
            best[low, high] = Question(known.left, known.right, known.score, moved, known.pairs + 1)
    return sorted(best.values(), key=lambda q: (-q.holdings, -q.score, q.left, q.right))
