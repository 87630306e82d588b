"""What is stored of comparisons against what the features give: all pairs are judged anew, some thousand portraits at a
time. Reads only.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from sqlalchemy import Connection

from catalog_sync.matching.candidates import Found, find_edges
from catalog_sync.model import Verdict
from catalog_sync.reclustering import Neighbourhood
from catalog_sync.store import edges, portraits
from catalog_sync.store.blocks import hashed
from catalog_sync.store.database import chunks

# Portraits judged together. A pair of two lots is judged in both, so more would be faster, and take more memory.
LOT = 5000


@dataclass(slots=True)
class Odd:
    """Portraits whose judgements are not those that are stored."""

    edges: set[int] = field(default_factory=set)
    refusals: set[int] = field(default_factory=set)
    loose_edges: int = 0  # of portraits that are not there
    crowds: set[str] = field(default_factory=set)  # names of blocks


def compare(connection: Connection) -> Odd:
    """Judge everything anew."""
    odd, seen, crowds = Odd(), 0, dict[str, int]()
    for lot in chunks(sorted(portraits.everything(connection)), LOT):
        found, mine = find_edges(Neighbourhood(connection), lot, {}), set(lot)
        stored = edges.stored(connection, mine)
        seen += len(stored)
        odd.edges |= _edges(found, mine, stored)
        odd.refusals |= set(_refusals(connection, found, mine))
        crowds |= found.not_compared
    odd.loose_edges = edges.count(connection) - seen
    there = {crowd.key: crowd for crowd in edges.crowds(connection).values()}
    for name, pairs in crowds.items():
        crowd = there.pop(hashed(name), None)
        if crowd is None or (crowd.label, crowd.pairs) != (name, pairs):
            odd.crowds.add(name)
    odd.crowds |= {crowd.label for crowd in there.values()}
    return odd


# A pair that stands in two lots belongs to that of the higher number: the later of two portraits was compared with the
# earlier one, and there the refusal is kept as a rule.


def _edges(found: Found, mine: Set[int], stored: edges.Stored) -> set[int]:
    computed = {
        two: (judgement.verdict is Verdict.SAME, judgement.score, edges.pack_findings(judgement.findings))
        for two, judgement in found.edges.items()
        if two[1] in mine
    }
    return {two[1] for two in computed.keys() | stored.keys() if computed.get(two) != stored.get(two)}


def _refusals(connection: Connection, found: Found, mine: Set[int]) -> Iterator[int]:
    """Pairs that are not kept at either of the two. What is kept of others is past: blocks grow too full to compare."""
    kept = edges.stored_refusals(connection, mine)
    elsewhere = [
        (low, high, code)
        for low, high, code in _refused(found)
        if high in mine and kept.get(high, {}).get(low) != code and kept.get(low, {}).get(high) != code
    ]
    kept = edges.stored_refusals(connection, {low for low, _, _ in elsewhere} - mine)
    yield from (high for low, high, code in elsewhere if kept.get(low, {}).get(high) != code)


def _refused(found: Found) -> Iterator[tuple[int, int, int]]:
    """(lower, higher, code)"""
    for one, refused in found.refused.items():
        for other, code in zip(refused.others, refused.codes, strict=True):
            yield min(one, other), max(one, other), code
