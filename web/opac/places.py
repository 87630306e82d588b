"""How many of the hits each settlement holds: the index counts libraries, and a settlement may have several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from catalog_sync.query import FacetValue

MOST_ASKED = 20  # settlements of several libraries counted on one page, each by a question to the index


def place_counts(
    places: Mapping[str, Sequence[str]], held: Mapping[str, int], count: Callable[[str], int]
) -> list[FacetValue]:
    """The settlements that hold a hit, most hits first; those past MOST_ASKED, which hold least, are left out.

    `places` gives library codes of each settlement, `held` the hits of each library. An edition in two libraries of a
    settlement is one edition: where several hold something, `count` is asked for the settlement's hits.
    """
    holding = {name: [n for code in codes if (n := held.get(code))] for name, codes in places.items() if name}
    alone = [FacetValue(name, counts[0]) for name, counts in holding.items() if len(counts) == 1]
    several = sorted((name for name, counts in holding.items() if len(counts) > 1), key=lambda n: -sum(holding[n]))
    counted = [FacetValue(name, count(name)) for name in several[:MOST_ASKED]]
    return sorted((*alone, *counted), key=lambda value: -value.count)
