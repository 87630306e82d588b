"""Result sets of one association: the question, and as many of its answers as were needed so far.

Clients look at the first ten records and rarely further, so ids are fetched in growing windows and kept: a set that is
walked to its end costs a logarithm of searches, and what was seen keeps its place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from catalog_sync.query import And, Hits, Not, Or, Query, Sort

FIRST_WINDOW = 10
LARGEST_WINDOW = 5000
MAX_NODES = 400  # sets made of sets grow: the catalogue walks the tree recursively

Ask = Callable[[Query, int, int, Sort], Hits]


@dataclass(slots=True)
class ResultSet:
    """`downwards` turns the order round: the last hit of `sort` comes first."""

    query: Query
    databases: tuple[str, ...]
    sort: Sort = Sort.RELEVANCE
    downwards: bool = False
    library: str = ""  # the one library it was asked of; "" = the union, or several named inside the query
    total: int = 0
    ids: list[str] = field(default_factory=list)

    def open(self, ask: Ask) -> None:
        """Count the hits and take the first window."""
        if self.downwards:
            self.total = ask(self.query, 0, 1, self.sort).total
            return
        hits = ask(self.query, 0, FIRST_WINDOW, self.sort)
        self.total = hits.total
        self.ids = list(hits.clusters)

    def slice(self, start: int, count: int, ask: Ask) -> list[str]:
        """Cluster ids of positions `start` (from 1) on; fewer where the catalogue shrank since the search."""
        end = min(start - 1 + count, self.total)
        while len(self.ids) < end:
            fresh = self._window(max(end, 4 * len(self.ids)), ask)
            if not fresh:
                break
            self.ids += fresh
        return self.ids[start - 1 : end]

    def _window(self, until: int, ask: Ask) -> list[str]:
        have = len(self.ids)
        limit = min(until - have, LARGEST_WINDOW, self.total - have)
        if limit <= 0:
            return []
        if not self.downwards:
            return list(ask(self.query, have, limit, self.sort).clusters)
        hits = ask(self.query, max(0, self.total - have - limit), limit, self.sort)
        return list(hits.clusters[::-1])


def nodes(query: Query) -> int:
    """Size of a query tree, counted without recursion."""
    count = 0
    waiting: list[Query] = [query]
    while waiting:
        node = waiting.pop()
        count += 1
        if isinstance(node, And | Or | Not):
            waiting += (node.left, node.right)
    return count
