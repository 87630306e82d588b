"""Records that an export brings under other numbers, looked for when it is staged: publishing then keeps their places.

Asked only where numbers went and others came, or where other books stand under numbers that stayed: of most nights few.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from catalog_sync.errors import BadRecord
from catalog_sync.guard import other_numbers
from catalog_sync.marc.reading import to_bib
from catalog_sync.model import RecordKey, Source
from catalog_sync.renumbering import Card, Pair, Renumbering, said, said_and_copies
from catalog_sync.same_books import may_be_one_book
from catalog_sync.store import clusters, decisions, described, overrides, records, renamed
from catalog_sync.store.database import chunks, reading, writing
from catalog_sync.store.packing import PackedBib, pack_holdings, unpack_bib

BATCH = 1000  # descriptions in memory together
NAMED = 5  # numbers of records in a warning


class NewNumbers(NamedTuple):
    """`pairs` of numbers before and now; how many of them the export counted as new, how many have the same copies, and
    which of the records before can't be told apart."""

    pairs: Sequence[Pair] = ()
    were_new: int = 0
    same_copies: int = 0
    alike: Sequence[str] = ()

    def warnings(self, live: int) -> Iterator[str]:
        """Remarks of the run of a source with so many records."""
        if self.pairs:
            yield other_numbers(len(self.pairs), live)
        if self.alike:
            named = ", ".join(self.alike[:NAMED]) + (" …" if len(self.alike) > NAMED else "")
            yield (
                f"записи под новыми номерами не отличить одну от другой ({len(self.alike)}: {named}): решения "
                "библиотекарей о них не перенесены"
            )


def new_numbers(
    engine: Engine, run: int, source: Source, *, live: Collection[str], gone: Collection[str], are_replaced: bool
) -> NewNumbers:
    """Find what of a staged run stood under other numbers, and stage it so.

    `live`: numbers of the published records, `gone`: of those the run lost; `are_replaced`: other books are under
    numbers that stayed, and these are looked at too.
    """
    with reading(engine) as connection:
        found = _found(connection, run, source, live, gone, are_replaced)
    if found.pairs:
        with writing(engine) as connection:
            renamed.stage(connection, run, found.pairs)
    return found


def _found(
    connection: Connection, run: int, source: Source, live: Collection[str], gone: Collection[str], are_replaced: bool
) -> NewNumbers:
    new, changed = (renamed.numbers(connection, run, action) for action in ("new", "changed"))
    coming = [*new, *(number for number in changed if number not in live)]
    there = _Descriptions(connection, run, source)
    stayed = [(number, number) for number in changed if number in live] if are_replaced else []
    others = [number for (number, _), (was, now) in there.both(stayed) if not _has_stayed(was, now)]
    coming += others
    found = Renumbering(there.cards_before([*gone, *others] if coming else ()), there.cards_now(coming))
    found.take_only_ones(said_and_copies)
    found.take([pair for pair, (was, now) in there.both(found.with_inventory()) if _may_be_one(was, now)])
    found.take_only_ones(said)
    alike = _settle_bunches(connection, source, found)
    return NewNumbers(found.pairs, len({now for _, now in found.pairs}.intersection(new)), found.same_copies, alike)


class _Descriptions:
    """What the records of a source say, published and staged; read in lots, and not kept."""

    def __init__(self, connection: Connection, run: int, source: Source) -> None:
        self._connection, self._run, self._source = connection, run, source

    def cards_before(self, numbers: Sequence[str]) -> dict[str, Card]:
        return {n: _card(packed) for some in chunks(numbers, BATCH) for n, packed in self._published(some).items()}

    def cards_now(self, numbers: Sequence[str]) -> dict[str, Card]:
        return {n: _card(packed) for some in chunks(numbers, BATCH) for n, packed in self._staged(some).items()}

    def both(self, pairs: Sequence[Pair]) -> Iterator[tuple[Pair, tuple[PackedBib, PackedBib]]]:
        """What the records of each pair say, published under the first number and staged under the second."""
        for some in chunks(pairs, BATCH):
            was, now = self._published([pair[0] for pair in some]), self._staged([pair[1] for pair in some])
            yield from ((pair, (was[pair[0]], now[pair[1]])) for pair in some if pair[0] in was and pair[1] in now)

    def _staged(self, numbers: Sequence[str]) -> dict[str, PackedBib]:
        said = renamed.said(self._connection, self._run, numbers)
        return {number: packed for number, data in said.items() if (packed := unpack_bib(data))}

    def _published(self, numbers: Sequence[str]) -> dict[str, PackedBib]:
        """Read from the bytes of those whose description another version of the program packed."""
        ids = records.ids_of(self._connection, [RecordKey(self._source.code, number) for number in numbers])
        found = described.packed(self._connection, ids.values())
        for id_, record in records.load(self._connection, ids.values() - found.keys()):
            with suppress(BadRecord):
                found[id_] = PackedBib.of(to_bib(record, self._source.holdings_profile))
        return {key.local_id: found[id_] for key, id_ in ids.items() if id_ in found}


def _has_stayed(was: PackedBib, now: PackedBib) -> bool:
    """Whether the same book is under a number still: it has its copies, or none are named and the words are like."""
    before, after = _card(was), _card(now)
    if before.inventory and after.inventory:
        return after.has_copies_of(before)
    return after.copies == before.copies if before.said == after.said else _may_be_one(was, now)


def _may_be_one(was: PackedBib, now: PackedBib) -> bool:
    return may_be_one_book(was.bib(bare=True), now.bib(bare=True))


def _card(packed: PackedBib) -> Card:
    holdings = packed.own_values()[1]
    numbers = frozenset(item.inventory_number for item in holdings.items if item.inventory_number)
    return Card(_digest(packed.said), _digest(pack_holdings(holdings)), numbers)


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def _settle_bunches(connection: Connection, source: Source, found: Renumbering) -> list[str]:
    """Pair records alike where it is all one who is whose heir; returns the numbers of the others.

    All one it is where they are of one edition, and librarians said the same of each, or nothing.
    """
    bunches = found.bunches()
    known = _Words(connection, source, [number for formers, _ in bunches for number in formers])
    alike: list[str] = []
    for formers, heirs in bunches:
        said_of = {(known.cluster[n], frozenset(known.words[n])) for n in formers}
        is_one = len(said_of) == 1 and (len(formers) >= len(heirs) or not known.words[formers[0]])
        if is_one:
            found.take(zip(formers, heirs, strict=False))
        else:
            alike += formers
    return sorted(alike)


class _Words:
    """The edition of each record, and librarians' standing words about it."""

    def __init__(self, connection: Connection, source: Source, numbers: Sequence[str]) -> None:
        self.cluster: dict[str, str] = defaultdict(str)
        self.words: dict[str, set[Hashable]] = defaultdict(set)
        keys = [RecordKey(source.code, number) for number in numbers]
        if not keys:
            return
        ids = records.ids_of(connection, keys)
        of = clusters.clusters_of(connection, ids.values())
        self.cluster.update({key.local_id: of.get(id_, "") for key, id_ in ids.items()})
        for one in decisions.standing(connection):
            for key, other in ((one.left, one.right), (one.right, one.left)):
                if key in ids:
                    self.words[key.local_id].add((one.same, other))
        for key, correction in overrides.corrections(connection, keys).items():
            self.words[key.local_id].add(correction)
