"""Which pairs are compared after a change, and what came of it: the edges of the records concerned.

A «record» here is the number of a portrait: what matching sees of all the records that are typed alike. A portrait is
compared with itself, too: that says whether two records of it are one edition.

A pair is compared if the two share an *open* block. Whether a block is open depends on its size alone, so the pairs
are a function of the set of records; where a change opens or closes a block, all its records are taken up again.
"""

from __future__ import annotations

import gc
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from catalog_sync.matching.compare import Judgement
from catalog_sync.matching.features import Features
from catalog_sync.matching.keys import MAX_PAIRS, finer, keys
from catalog_sync.matching.pairwise import Pair, Refused, Table


class Blocks(Protocol):
    """Features and blocking keys of all live records, the changed ones already as they are now."""

    def features(self, records: Collection[int]) -> Mapping[int, Features]:
        """Features of the records asked for."""
        ...

    def members(self, keys: Collection[str]) -> Mapping[str, Sequence[int]]:
        """Records that have each key; keys nobody has may be left out."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """Edges of every touched record: those stored for them before are to be replaced by these."""

    touched: frozenset[int]
    edges: Mapping[Pair, Judgement]
    refused: Mapping[int, Refused] = field(default_factory=dict)  # touched record → others; each pair at one of the two
    not_compared: Mapping[str, int] = field(default_factory=dict)  # overfull block → pairs it didn't compare
    looked_at: frozenset[str] = frozenset()  # blocks of the changed and removed records, as they were and as they are

    @property
    def compared(self) -> int:
        return len(self.edges) + sum(len(refused.codes) for refused in self.refused.values())


@dataclass(slots=True)
class _Block:
    """One block: `both` meet each other and `ask`; for «=» keys all are in `ask`."""

    name: str
    ask: Sequence[int] = ()
    offer: Sequence[int] = ()

    @property
    def pairs(self) -> int:
        return _pairs(len(self.ask), len(self.offer))

    @property
    def records(self) -> list[int]:
        return [*self.ask, *self.offer]


def _pairs(asking: int, offering: int) -> int:
    return asking * (asking - 1) // 2 + asking * offering


def _name(key: str) -> str:
    """The block a key belongs to: `?` and `!` of one stem are one block."""
    return key if key[0] == "=" else "~" + key[1:]


def find_edges(store: Blocks, changed: Collection[int], old: Mapping[int, Features]) -> Found:
    """Compare what is to be compared after a change.

    `changed` are records that are new or read differently now; `old` gives the former features of changed *and* removed
    records. Memory: the blocks of the touched records, at most MAX_PAIRS pairs each at a time.
    """
    with without_collecting():
        return _find_edges(store, changed, old)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Millions of small values without a circle among them: looking for circles costs a quarter of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _find_edges(store: Blocks, changed: Collection[int], old: Mapping[int, Features]) -> Found:
    now = store.features(changed)
    touched = set(changed)
    new_keys = {record: keys(features) for record, features in now.items()}
    old_keys = {record: keys(features) for record, features in old.items()}
    names = {_name(k) for found in (*new_keys.values(), *old_keys.values()) for k in found}
    blocks = _load(store, names)
    touched |= _reopened(store, blocks, now, old, new_keys, old_keys)
    extra = touched - set(changed)
    if extra:
        further = {_name(k) for features in store.features(extra).values() for k in keys(features)} - names
        blocks.update(_load(store, further))
    return replace(_compare(store, blocks, touched), looked_at=frozenset(names))


def _load(store: Blocks, names: Collection[str]) -> dict[str, _Block]:
    wanted = [key for name in names for key in ((name,) if name[0] == "=" else ("?" + name[1:], "!" + name[1:]))]
    members = store.members(wanted)
    found = {}
    for name in names:
        if name[0] == "=":
            found[name] = _Block(name, members.get(name, ()))
        else:
            found[name] = _Block(name, members.get("?" + name[1:], ()), members.get("!" + name[1:], ()))
    return found


# --- Overfull blocks -------------------------------------------------------------------------------------------------


def _sub_blocks(block: _Block, features: Mapping[int, Features]) -> list[_Block]:
    """An overfull block cut by everything visible; gaps are no longer bridged in it."""
    cut: dict[str, list[int]] = defaultdict(list)
    for record in block.records:
        cut[finer(block.name, features[record])].append(record)
    return [_Block(name, records) for name, records in sorted(cut.items())]


def _reopened(
    store: Blocks,
    blocks: Mapping[str, _Block],
    now: Mapping[int, Features],
    old: Mapping[int, Features],
    new_keys: Mapping[int, frozenset[str]],
    old_keys: Mapping[int, frozenset[str]],
) -> set[int]:
    """Records whose pairs change because the change opened or closed a block (or a part of an overfull one)."""
    added, gone = _by_block(new_keys), _by_block(old_keys)
    found: set[int] = set()
    for name, block in blocks.items():
        plus, minus = added.get(name, {}), gone.get(name, {})
        if (len(block.ask) + len(block.offer) + len(minus)) ** 2 < MAX_PAIRS:
            continue  # however they lie, neither was nor is the block overfull
        before = _pairs(
            len(block.ask) - sum(k[0] != "!" for k in plus.values()) + sum(k[0] != "!" for k in minus.values()),
            len(block.offer) - sum(k[0] == "!" for k in plus.values()) + sum(k[0] == "!" for k in minus.values()),
        )
        if (before > MAX_PAIRS) != (block.pairs > MAX_PAIRS):
            found |= set(block.records)
        elif block.pairs > MAX_PAIRS:
            found |= _reopened_parts(store, block, plus, minus, now, old)
    return found


def _by_block(all_keys: Mapping[int, frozenset[str]]) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for record, record_keys in all_keys.items():
        for key in record_keys:
            found[_name(key)][record] = key
    return found


def _reopened_parts(
    store: Blocks,
    block: _Block,
    plus: Mapping[int, str],
    minus: Mapping[int, str],
    now: Mapping[int, Features],
    old: Mapping[int, Features],
) -> set[int]:
    change: dict[str, int] = defaultdict(int)
    for record in plus:
        change[finer(block.name, now[record])] += 1
    for record in minus:
        change[finer(block.name, old[record])] -= 1
    found: set[int] = set()
    for part in _sub_blocks(block, store.features(block.records)):
        before = len(part.ask) - change.get(part.name, 0)
        if (_pairs(before, 0) > MAX_PAIRS) != (part.pairs > MAX_PAIRS):
            found |= set(part.ask)
    return found


# --- Comparing -------------------------------------------------------------------------------------------------------


def _compare(store: Blocks, blocks: Mapping[str, _Block], touched: set[int]) -> Found:
    open_blocks, skipped = _open(store, blocks, touched)
    everyone = sorted({record for block in open_blocks for record in block.records})
    number = {record: n for n, record in enumerate(everyone)}
    features = store.features(everyone)
    table = Table([features[record] for record in everyone])
    active = bytearray(record in touched for record in everyone)
    edges: dict[Pair, Judgement] = {}
    refused: dict[int, Refused] = {}
    for one, others in _partners(open_blocks, number, active):
        apart: dict[int, int] = {}
        for other, found in table.compare(one, others, apart):
            edges[(everyone[one], everyone[other]) if one < other else (everyone[other], everyone[one])] = found
        if apart:
            refused[everyone[one]] = Refused(array("I", [everyone[other] for other in apart]), bytes(apart.values()))
    return Found(frozenset(touched), edges, refused, skipped)


def _partners(blocks: Sequence[_Block], number: Mapping[int, int], active: bytearray) -> Iterator[tuple[int, set[int]]]:
    """Every touched record with those it is to be compared with, each pair once; both by number."""
    near: list[list[_Meeting]] = [[] for _ in active]
    for block in blocks:
        ask, offer = _Meeting(block.ask, number, active), _Meeting(block.offer, number, active)
        for one in ask.changed:
            near[one] += (ask, offer) if block.offer else (ask,)
        for one in offer.changed:
            near[one].append(ask)
    for one, some in enumerate(near):
        if some:
            yield one, set().union(*[meeting.later(one) for meeting in some])


class _Meeting:
    """Records of a block by number: the touched ones in order, and the others."""

    __slots__ = ("changed", "still")

    def __init__(self, records: Sequence[int], number: Mapping[int, int], active: bytearray) -> None:
        numbers = sorted([number[r] for r in records]) if len(records) > 1 else [number[r] for r in records]
        self.changed = [n for n in numbers if active[n]]
        self.still = [n for n in numbers if not active[n]] if len(self.changed) < len(numbers) else []

    def later(self, one: int) -> list[int]:
        """Whom a touched record is to meet here: itself, where it belongs here, but not who has met it already."""
        return self.changed[bisect_left(self.changed, one) :] + self.still


def _open(store: Blocks, blocks: Mapping[str, _Block], touched: set[int]) -> tuple[list[_Block], dict[str, int]]:
    """Blocks small enough to compare, overfull ones cut; and how many pairs were left out where."""
    found: list[_Block] = []
    skipped: dict[str, int] = {}
    for name, block in sorted(blocks.items()):
        if block.pairs <= MAX_PAIRS:
            if not (touched.isdisjoint(block.ask) and touched.isdisjoint(block.offer)):  # else of one who is gone
                found.append(block)
            continue
        parts = _sub_blocks(block, store.features(block.records))
        fitting = [part for part in parts if part.pairs <= MAX_PAIRS]
        skipped[name] = block.pairs - sum(part.pairs for part in fitting)
        found += [part for part in fitting if not touched.isdisjoint(part.ask)]
    return found, skipped
