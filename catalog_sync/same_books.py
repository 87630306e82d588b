"""Whether two records of one library describe the same book: what is asked before copies are taken for the same ones.

Not whether they are one edition, which decides what readers see: here the inventory numbers or the days of registration
agree already, and a title typed by another hand or told by another program must not stand against them.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from functools import lru_cache

from sqlalchemy import Connection

from catalog_sync.errors import BadRecord
from catalog_sync.marc.reading import to_bib
from catalog_sync.model import BibRecord, RecordKey
from catalog_sync.store import described, records
from catalog_sync.store.packing import PackedBib
from catalog_sync.title_words import may_be_one

READ_LATELY = 10_000  # records of which the description stays in memory: some 30 MB


class SameBooks:
    """Records by key, gone ones too: their last bytes are kept."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._packed: dict[RecordKey, PackedBib] = {}
        self._bib = lru_cache(READ_LATELY)(self._read)

    def know(self, keys: Collection[RecordKey]) -> None:
        """Read together what many records say that are there."""
        ids = records.ids_of(self._connection, [key for key in keys if key not in self._packed])
        packed = described.packed(self._connection, ids.values())
        self._packed |= {key: packed[id_] for key, id_ in ids.items() if id_ in packed}

    def said(self, key: RecordKey) -> bytes | None:
        """All a record says of its edition, packed; None where it can't be read any more."""
        if key not in self._packed and (bib := self._bib(key)):
            self._packed[key] = PackedBib.of(bib)
        return self._packed[key].said if key in self._packed else None

    def __call__(self, one: RecordKey, other: RecordKey) -> bool:
        """Whether both may be the same book: the same words, or a common word and no other class or part."""
        said = self.said(one)
        if said is not None and said == self.said(other):
            return True
        left, right = self._bib(one), self._bib(other)
        return left is not None and right is not None and may_be_one_book(left, right)

    def _read(self, key: RecordKey) -> BibRecord | None:
        if key in self._packed:
            return self._packed[key].bib(bare=True)
        found = records.find(self._connection, key)
        with suppress(BadRecord):
            return to_bib(found[1]) if found else None
        return None


def may_be_one_book(one: BibRecord, other: BibRecord) -> bool:
    """Whether two descriptions have a common word in their titles and no other class or part."""
    ours, theirs = _numbers(one), _numbers(other)
    return may_be_one(one.title, other.title) and (ours <= theirs or theirs <= ours)


def _numbers(bib: BibRecord) -> set[str]:
    """Class, part and whatever else is told in figures beside the title."""
    parts = " ".join(f"{part.number} {part.title}" for part in bib.parts)
    return set(re.findall(r"\d+", f"{bib.title} {bib.subtitle} {parts}"))
