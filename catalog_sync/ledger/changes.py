"""The copies of one number before and after → what the ledger must gain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from msgspec.structs import replace

from catalog_sync.ledger.books import Books
from catalog_sync.ledger.items import (
    ARRIVALS,
    GONE,
    PRICE_NOW,
    PRICE_WAS,
    Posting,
    changed_postings,
    kopecks,
    postings,
    taken,
    worth,
)  # fmt: skip
from catalog_sync.ledger.lines import Context, appeared, came
from catalog_sync.ledger.prices import as_before
from catalog_sync.ledger.worth import Price, Worth
from catalog_sync.model import Item, MovementKind, StockMovement

_ACQUIRED, _WITHDRAWN = MovementKind.ACQUIRED, MovementKind.WITHDRAWN
_EXITS = (_WITHDRAWN, MovementKind.EXPIRED)
_Postings = list[tuple[Posting, int]]


def one_key(context: Context, before: Sequence[Item], after: Sequence[Item], books: Books) -> Iterator[StockMovement]:
    if before == after:
        return
    if not before:
        yield from appeared(context, after)
        return
    number = ", ".join(sorted({i.inventory_number for i in (after or before)} - {""}))
    if not after:
        for item in before:
            if item.withdrawn is None:
                value = worth(-item.copies, kopecks(item.price))
                yield context.line(_WITHDRAWN, None, -item.copies, reason=GONE, kopecks=value, inventory=number)
        return
    after = as_before(after, before, context.day)
    changes = _Changes(context, books, number, Worth(before, after, context.day))
    old, new = postings(before, context.day), postings(after, context.day)
    for kind in (_ACQUIRED, _WITHDRAWN):
        yield from changes.shifted(kind, *changed_postings(old, new, kind))
    yield from changes.repriced()


@dataclass(frozen=True, slots=True)
class _Changes:
    context: Context
    books: Books
    number: str
    worth: Worth

    def shifted(self, kind: MovementKind, removed: _Postings, added: _Postings) -> Iterator[StockMovement]:
        """Postings that were there and are not, and the other way round.

        A copy known by its number, or equal sums on both sides, is the same copies with another date: corrected.
        Otherwise fewer came than we thought, which a source without numbers says when copies are withdrawn.
        """
        fewer, more = sum(n for _, n in removed), sum(n for _, n in added)
        same = min(fewer, more) if (self.number or fewer == more) else 0
        days = Counter[tuple[date | None, str]]()  # undated ones together: each is looked for in the same lines
        for moved, copies in taken(removed, same):
            days[moved.day, moved.document if moved.day else ""] += copies
        for (day, document), of_day in days.items():
            for copies, price in self.worth.lost(kind, day, of_day):
                yield from self._taken_back(kind, day, copies, price, document, "дата уточнена в источнике")
        for posting, of_day in taken(added, same):
            for copies, price in self.worth.gained(kind, posting.day, of_day):
                yield self._put(kind, posting, copies, price, of=kind, reason="дата уточнена в источнике")
        for posting, of_day in taken(list(reversed(added)), more - same):
            for copies, price in self.worth.gained(kind, posting.day, of_day):
                yield self._put(kind, posting, copies, price, reason=posting.reason)
        for posting, of_day in taken(list(reversed(removed)), fewer - same):
            for copies, price in self.worth.lost(kind, posting.day, of_day):
                if kind is _ACQUIRED:
                    about = {"reason": GONE, "kopecks": worth(-copies, price), "inventory": self.number}
                    yield self.context.line(_WITHDRAWN, None, -copies, **about)
                else:
                    why = "списание отменено в источнике"
                    yield from self._taken_back(kind, posting.day, copies, price, posting.document, why)

    def repriced(self) -> Iterator[StockMovement]:
        """A price typed or mended later is what the copies were worth all the time."""
        for (kind, day), copies, was, now in self.worth.repriced():
            for line in self._taken_back(kind, day, copies, was, "", PRICE_WAS):
                yield line
                yield replace(line, copies=-line.copies, kopecks=worth(-line.copies, now), reason=PRICE_NOW)

    def _put(
        self, kind: MovementKind, posting: Posting, copies: int, price: Price, of: MovementKind | None = None,
        reason: str = "",
    ) -> StockMovement:  # fmt: skip
        """Copies that came or went on the day of a posting; `of`: as a correction of that column."""
        signed = copies if kind is _ACQUIRED else -copies
        note: dict[str, object] = {"document": posting.document, "reason": reason, "inventory": self.number}
        note["kopecks"] = worth(signed, price)
        if of is not None:
            return self.context.line(MovementKind.CORRECTION, posting.day, signed, of=of, **note)
        if kind is _ACQUIRED:
            return came(self.context.later(), posting.day, signed, **note)
        return self.context.line(kind, posting.day, signed, **note)

    def _taken_back(
        self, kind: MovementKind, day: date | None, copies: int, price: Price, document: str, reason: str
    ) -> Iterator[StockMovement]:
        """Take copies off the line they stand in; undated ones stand on the day of the run that brought them."""
        note = {"reason": reason, "inventory": self.number}
        columns = ARRIVALS if kind is _ACQUIRED else _EXITS
        for there in self.books.there(columns, day, copies, self.number, price, document):
            copies -= abs(there.copies)
            about = {"kopecks": worth(-there.copies, price), "document": there.document, **note}
            line = self.context.line(MovementKind.CORRECTION, there.day, -there.copies, of=there.column, **about)
            yield replace(line, basis=there.basis)
        if copies:
            signed = -copies if kind is _ACQUIRED else copies
            about = {"kopecks": worth(signed, price), "document": document, **note}
            yield self.context.line(MovementKind.CORRECTION, day, signed, of=kind, **about)
