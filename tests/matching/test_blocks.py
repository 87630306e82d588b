"""Popular blocks stay bounded by a rule of the set alone, and what was not compared is told."""

from __future__ import annotations

import random

import pytest
from msgspec.structs import replace

from catalog_sync.clusterer import Clusterer
from catalog_sync.matching import keys as keys_module
from catalog_sync.matching.features import Features
from catalog_sync.model import RecordKey


def shelf(count: int) -> dict[RecordKey, Features]:
    """«Сказки» by one author in one year, of houses and extents that differ, and some without a year."""
    tale = Features(title=("сказки",), authors=(("пушкин", "ас"),))
    return {
        RecordKey("s", f"{n:05}"): replace(
            tale, years=() if n % 11 == 0 else (1985,), houses=(f"дом {n % 40}",), pages=50 + n // 40, kind=""
        )
        for n in range(count)
    }


@pytest.mark.slow
def test_ten_thousand_tales_are_bounded_and_what_was_left_out_is_told() -> None:
    clusterer = Clusterer()
    changes = clusterer.update(shelf(10_000))
    assert changes.compared < 2_000_000  # of 50 million pairs
    assert sum(changes.not_compared.values()) > 1_000_000


def test_an_overfull_block_is_cut_and_what_was_left_out_is_told() -> None:
    clusterer = Clusterer()
    changes = clusterer.update(shelf(1_500))
    assert changes.compared < 60_000  # of a million pairs
    assert sum(changes.not_compared.values()) > 500_000


def test_a_block_that_overflows_gives_the_same_clusters_by_any_way() -> None:
    features = shelf(420)  # some 380 of one year: past the limit of 300, and back below when some leave
    assert keys_module.MAX_PAIRS < 380 * 379 // 2
    whole = Clusterer()
    whole.update(features)
    order = sorted(features)
    random.Random(4).shuffle(order)
    stepwise = Clusterer()
    for at in range(0, len(order), 37):
        stepwise.update({key: features[key] for key in order[at : at + 37]})
    assert stepwise.digest() == whole.digest()
    assert stepwise.edges().keys() == whole.edges().keys()
    stepwise.update({}, order[:200])
    small = Clusterer()
    small.update({key: features[key] for key in order[200:]})
    assert stepwise.digest() == small.digest()
    assert stepwise.edges().keys() == small.edges().keys()
