"""Result sets of one association: the question, and as many of its answers as were needed so far.

Clients look at the first ten records and rarely further, so ids are fetched in growing windows and kept: a set that is
walked to its end costs a logarithm of searches, and what was seen keeps its place. Cards are kept of the latest window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from catalog_sync.query import DEEPEST, And, Card, Hits, Not, Or, Order, Query, Sort

FIRST_WINDOW = 10
LARGEST_WINDOW = 5000
MAX_NODES = 400  # sets made of sets grow: the catalogue walks the tree recursively

NOTHING = Hits(0, ())
Ask = Callable[[Query, int, int, Order], Hits]


@dataclass(slots=True)
class ResultSet:
    query: Query
    databases: tuple[str, ...]
    sort: Order = Sort.RELEVANCE
    library: str = ""  # the one library it was asked of; "" = the union, or several named inside the query
    total: int = 0
    ids: list[str] = field(default_factory=list)
    latest: Hits = NOTHING  # the last window fetched: the end of `ids`

    def open(self, ask: Ask) -> None:
        """Count the hits and take the first window."""
        self.latest = ask(self.query, 0, FIRST_WINDOW, self.sort)
        self.total = self.latest.total
        self.ids = list(self.latest.clusters)

    def slice(self, start: int, count: int, ask: Ask) -> list[str]:
        """Cluster ids of positions `start` (from 1) on; fewer where the catalogue shrank, and at the deepest."""
        end = min(start - 1 + count, self.total)
        while len(self.ids) < end:
            fresh = self._window(max(end, 4 * len(self.ids)), ask)
            if not fresh:
                break
            self.ids += fresh
        return self.ids[start - 1 : end]

    def cards(self, start: int, count: int) -> tuple[Card, ...]:
        """Cards of these positions; none unless all of them are in the latest window."""
        first = start - 1 - (len(self.ids) - len(self.latest.cards))
        return self.latest.cards[first : first + count] if first >= 0 else ()

    def _window(self, until: int, ask: Ask) -> tuple[str, ...]:
        have = len(self.ids)
        limit = min(until - have, LARGEST_WINDOW, self.total - have, DEEPEST - have)
        if limit <= 0:
            return ()
        self.latest = ask(self.query, have, limit, self.sort)
        return self.latest.clusters


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
