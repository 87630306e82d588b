"""Librarians' words must not contradict each other: «A and B are one, B and C are one, A and C are different»."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence

from catalog_sync.model import Decision, RecordKey


def contradiction(standing: Iterable[Decision], left: RecordKey, right: RecordKey, *, same: bool) -> list[Decision]:
    """The shortest chain of standing decisions that a new one would contradict; empty where there is none.

    Sameness is transitive, and what is different from one is different from all that are the same as it.
    """
    words = [word for word in standing if word.undone is None]
    joined = [word for word in words if word.same]
    if not same:
        return _path(joined, left, right) or []
    chains = []
    for word in words:
        if word.same:
            continue
        for near, far in ((word.left, word.right), (word.right, word.left)):
            head, tail = _path(joined, left, near), _path(joined, far, right)
            if head is not None and tail is not None:
                chains.append([*head, word, *tail])
    return min(chains, key=lambda chain: (len(chain), [word.number for word in chain]), default=[])


def _path(joined: Sequence[Decision], start: RecordKey, goal: RecordKey) -> list[Decision] | None:
    """Fewest «same» decisions that lead from one record to another; [] for itself, None where nothing leads there."""
    steps: dict[RecordKey, list[tuple[RecordKey, Decision]]] = defaultdict(list)
    for word in joined:
        steps[word.left].append((word.right, word))
        steps[word.right].append((word.left, word))
    came: dict[RecordKey, list[Decision]] = {start: []}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        if here == goal:
            return came[here]
        for there, word in steps[here]:
            if there not in came:
                came[there] = [*came[here], word]
                queue.append(there)
    return None
