"""What the exports of many sources say of an edition is read once for all records typed alike."""

from __future__ import annotations

from typing import NamedTuple

from catalog_sync.marc import copies
from catalog_sync.marc.reading import to_bib
from catalog_sync.model import BibRecord, SourceRecord
from catalog_sync.remembering import Latest
from catalog_sync.store.packing import PackedBib, pack_own

# Descriptions, packed: some 70 MB while many sources are harvested together, where so many differ.
REMEMBERED = 80_000


class Read(NamedTuple):
    """What a record says, packed; `untitled` where the format of its source finds no title in it."""

    packed: PackedBib
    untitled: bool


def read(record: SourceRecord, bib: BibRecord) -> Read:
    """A record that was read. One is a copy of another system's; a whole base untitled is a mistake in the settings."""
    return Read(PackedBib.of(bib), not bib.title or bib.dialect is not record.dialect)


class Copies:
    """Descriptions met, by what tells their copies from others. It gives what `to_bib` gives, packed."""

    def __init__(self) -> None:
        self._known: Latest[bytes, bytes] = Latest(REMEMBERED)

    def forget(self) -> None:
        self._known.clear()

    def read(self, record: SourceRecord, profile: str) -> Read:
        """Raises BadRecord as `to_bib` does."""
        cut = copies.cut(record)
        said = self._known.get(cut.said) if cut else None
        if cut and said and (own := cut.own(record, profile)):
            return Read(PackedBib(said, pack_own(record.key, *own, record.warnings)), False)
        bib = to_bib(record, profile)
        found = read(record, bib)
        # A fault that was found, or another dialect, may lie in what is the record's own.
        if cut and not found.untitled and bib.warnings == record.warnings:
            self._known[cut.said] = found.packed.said
        return found
