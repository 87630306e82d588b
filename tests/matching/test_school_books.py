"""Six hundred cards of school books, and what a librarian says of each two of them (school_books.txt)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, product
from pathlib import Path

import pytest

from catalog_sync.clusterer import Clusterer
from catalog_sync.matching.compare import judge
from catalog_sync.matching.features import Features, extract
from catalog_sync.model import BibRecord, Dialect, RecordKey, Verdict
from tests.matching.cards import record

DIALECTS = {"r": Dialect.RUSMARC, "u": Dialect.UNIMARC, "m": Dialect.MARC21, "s": Dialect.MARCSQL}
WORDS = ("same", "different", "ask")
Names = frozenset[str]


@dataclass
class Labelled:
    """All families of the file. Names are «family:card»."""

    cards: dict[str, BibRecord] = field(default_factory=dict)
    said: dict[Names, str] = field(default_factory=dict)  # two cards → same | different | ask
    beyond: set[Names] = field(default_factory=set)


def _pairs(sides: list[list[str]]) -> Iterator[tuple[str, str]]:
    return combinations(sides[0], 2) if len(sides) == 1 else product(*sides)


def _read(text: str) -> Labelled:
    found, family = Labelled(), ""
    for line in text[text.index("\n\n# ", text.index("beyond A B")) :].splitlines():
        word, _, rest = line.partition(" ")
        head, _, why = rest.partition(" : ")
        if word == "#":
            family = rest
        elif word in WORDS:
            assert why, line
            for two in _pairs([[f"{family}:{name}" for name in side.split()] for side in head.split("|")]):
                assert frozenset(two) not in found.said, f"said twice: {line}"
                found.said[frozenset(two)] = word
        elif word == "beyond":
            found.beyond |= {frozenset(f"{family}:{name}" for name in two.split()) for two in head.split(",")}
        elif line:
            names, *fields = line.split(" | ")
            name, dialect, *serial = names.split()
            found.cards[f"{family}:{name}"] = record(
                f"{family}:{name}", fields, DIALECTS[dialect], "s" if serial else "m"
            )
    return found


LABELLED = _read((Path(__file__).parent / "school_books.txt").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def features() -> dict[RecordKey, Features]:
    return {bib.key: extract(bib) for bib in LABELLED.cards.values()}


def _clusters(features: dict[RecordKey, Features], order: int) -> set[Names]:
    """The clusters after imports in lots of some order."""
    chance, clusterer = random.Random(order), Clusterer()
    waiting = sorted(features)
    chance.shuffle(waiting)
    while waiting:
        lot, waiting = waiting[: (n := chance.randint(1, 200))], waiting[n:]
        clusterer.update({key: features[key] for key in lot})
    return {frozenset(key.local_id for key in cluster) for cluster in clusterer.clusters()}


def test_there_are_pairs_of_every_kind_and_each_card_is_judged() -> None:
    said = list(LABELLED.said.values())
    assert len(said) > 1700
    assert min(said.count(word) for word in WORDS) > 100
    assert {name for two in LABELLED.said for name in two} == set(LABELLED.cards)


def test_the_catalogue_says_what_a_librarian_says_but_for_what_is_known_to_be_beyond_it(
    features: dict[RecordKey, Features],
) -> None:
    home = {name: cluster for cluster in _clusters(features, 0) for name in cluster}
    of = {key.local_id: one for key, one in features.items()}

    def otherwise(two: Names, said: str) -> bool:
        a, b = sorted(two)
        together = home[a] is home[b]
        if said == "ask":  # what has gaps may follow the only edition it fits, but must not be taken for it by points
            return together and judge(of[a], of[b]).verdict is Verdict.SAME
        return together is not (said == "same")

    differs = {two for two, said in LABELLED.said.items() if otherwise(two, said)}
    assert differs == LABELLED.beyond, (sorted(map(sorted, differs ^ LABELLED.beyond)))


def test_books_of_different_families_never_meet(features: dict[RecordKey, Features]) -> None:
    mixed = [c for c in _clusters(features, 0) if len({name.partition(":")[0] for name in c}) > 1]
    assert mixed == []


@pytest.mark.parametrize("order", range(1, 5))
def test_the_order_of_imports_says_nothing(features: dict[RecordKey, Features], order: int) -> None:
    assert _clusters(features, order) == _clusters(features, 0)
