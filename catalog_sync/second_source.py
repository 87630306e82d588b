"""Whether a source that is loaded for the first time brings a base that another source of its library brings already.

A school changes its program, and somebody makes a new source instead of changing the one there is: all its copies would
be counted twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from catalog_sync.model import BibRecord, Holdings, Source
from catalog_sync.store import derived, described, records, registry
from catalog_sync.store.database import chunks, reading
from catalog_sync.store.packing import unpack_bib
from catalog_sync.title_words import may_be_one

SAMPLE = 200  # new records that are looked for
BATCH = 1000


class Elsewhere(NamedTuple):
    """Of `looked` records with copies `found` are in another source of the library already."""

    source: str = ""
    found: int = 0
    looked: int = 0


def same_books_elsewhere(engine: Engine, run: int, source: Source) -> Elsewhere:
    """Where the copies that a run has staged are told of already; of several sources the one that has most."""
    with reading(engine) as connection:
        others = [s.code for s in registry.sources(connection) if s.library == source.library and s.code != source.code]
        if not others:
            return Elsewhere()
        sample = list(_sample(connection, run))
        counts = Counter({code: len(_found(connection, code, sample)) for code in others})
    code, found = counts.most_common(1)[0]
    return Elsewhere(code, found, len(sample))


def _sample(connection: Connection, run: int) -> Iterator[BibRecord]:
    for row in records.staged(connection, run, "new", limit=SAMPLE):
        packed = unpack_bib(row.described)
        if packed and any(_marks((bib := packed.bib()).holdings)):
            yield bib


def _found(connection: Connection, code: str, sample: list[BibRecord]) -> set[int]:
    """Which of the sample have copies of a number, or of a day and size, that a book of such a title has there."""
    wanted: dict[Hashable, list[int]] = defaultdict(list)
    for place, bib in enumerate(sample):
        for mark in _marks(bib.holdings):
            wanted[mark].append(place)
    found: set[int] = set()
    for ids in chunks(records.live_ids(connection, code), BATCH):
        held = derived.held(connection, ids)
        alike = {id_: {n for mark in _marks(one.holdings) for n in wanted.get(mark, ())} for id_, one in held.items()}
        for id_, bib in described.load(connection, [id_ for id_, some in alike.items() if some], bare=True).items():
            found |= {place for place in alike[id_] if may_be_one(bib.title, sample[place].title)}
    return found


def _marks(holdings: Holdings) -> Iterator[Hashable]:
    """What copies are known by."""
    for item in holdings.items:
        if item.inventory_number:
            yield item.inventory_number
        elif item.registered:
            yield item.registered, item.copies
