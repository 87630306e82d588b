"""The copies of one number before and after → what the ledger must gain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from msgspec.structs import replace

from catalog_sync.ledger_items import GONE, Posting, changed_postings, money, negative, postings, share, taken
from catalog_sync.ledger_lines import Context, appeared, came
from catalog_sync.ledger_undated import Undated
from catalog_sync.ledger_worth import Worth
from catalog_sync.model import Item, MovementKind, StockMovement

PRICE_WAS, PRICE_NOW = "прежняя цена", "цена уточнена в источнике"
_ACQUIRED, _WITHDRAWN = MovementKind.ACQUIRED, MovementKind.WITHDRAWN
_Postings = list[tuple[Posting, int]]


def one_key(
    context: Context, before: list[Item], after: list[Item], undated: Undated
) -> Iterator[StockMovement]:
    if before == after:
        return
    if not before:
        yield from appeared(context, after)
        return
    number = ", ".join(sorted({i.inventory_number for i in (after or before)} - {""}))
    if not after:
        living = [item for item in before if item.withdrawn is None]
        if gone := sum(item.copies for item in living):
            value = negative(money(living, gone))
            yield context.line(_WITHDRAWN, None, -gone, reason=GONE, kopecks=value, inventory=number)
        return
    changes = _Changes(context, undated, number, Worth(before, after, context.day))
    old, new = postings(before, context.day), postings(after, context.day)
    for kind in (_ACQUIRED, _WITHDRAWN):
        yield from changes.shifted(kind, *changed_postings(old, new, kind))
    yield from changes.repriced()


@dataclass(frozen=True, slots=True)
class _Changes:
    context: Context
    undated: Undated
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
        for (day, document), copies in days.items():
            value = self.worth.lost(kind, day, copies)
            yield from self._taken_back(kind, day, copies, value, document, "дата уточнена в источнике")
        for posting, copies in taken(added, same):
            yield self._put(kind, posting, copies, self.worth.gained(kind, posting.day, copies), of=kind,
                            reason="дата уточнена в источнике")  # fmt: skip
        for posting, copies in taken(list(reversed(added)), more - same):
            yield self._put(kind, posting, copies, self.worth.gained(kind, posting.day, copies), reason=posting.reason)
        for posting, copies in taken(list(reversed(removed)), fewer - same):
            value = self.worth.lost(kind, posting.day, copies)
            if kind is _ACQUIRED:
                about = {"reason": GONE, "kopecks": negative(value), "inventory": self.number}
                yield self.context.line(_WITHDRAWN, None, -copies, **about)
            else:
                about = {"of": kind, "reason": "списание отменено в источнике", "inventory": self.number}
                yield self.context.line(MovementKind.CORRECTION, posting.day, copies, kopecks=value, **about)

    def repriced(self) -> Iterator[StockMovement]:
        """A price typed or mended later is what the copies were worth all the time."""
        for (kind, day), copies, was, now in self.worth.repriced():
            document = self.worth.document((kind, day))
            out = list(self._taken_back(kind, day, copies, was, document, PRICE_WAS))
            left, sign = copies, 1 if kind is _ACQUIRED else -1
            yield from out
            for line in out:
                count = min(left, abs(line.copies))
                left -= count
                yield replace(line, copies=sign * count, reason=PRICE_NOW, kopecks=share(now, sign * count, copies))

    def _put(
        self, kind: MovementKind, posting: Posting, copies: int, value: int | None, of: MovementKind | None = None,
        reason: str = "",
    ) -> StockMovement:  # fmt: skip
        """Copies that came or went on the day of a posting; `of`: as a correction of that column."""
        note = {"document": posting.document, "reason": reason, "inventory": self.number}
        sign = 1 if kind is _ACQUIRED else -1
        signed = value if sign > 0 else negative(value)
        if of is not None:
            return self.context.line(
                MovementKind.CORRECTION, posting.day, sign * copies, of=of, kopecks=signed, **note
            )
        if kind is _ACQUIRED:
            return came(self.context.later(), posting.day, copies, kopecks=signed, **note)
        return self.context.line(kind, posting.day, -copies, kopecks=signed, **note)

    def _taken_back(
        self, kind: MovementKind, day: date | None, copies: int, value: int | None, document: str, reason: str
    ) -> Iterator[StockMovement]:
        """Take copies off the day they stand on; undated ones stand on the day of the run that brought them."""
        sign, all_ = 1 if kind is _ACQUIRED else -1, copies
        note = {"reason": reason, "inventory": self.number, "document": document}
        if day is None:
            for line, count in self.undated.take(kind, copies, self.number):
                copies -= count
                worth = share(value, -sign * count, all_)
                back = self.context.line(
                    MovementKind.CORRECTION, line.day, -sign * count, of=line.column, kopecks=worth, **note
                )
                yield replace(back, basis=line.basis)  # it is still the day of a run, not one that the data name
        if copies:
            worth = share(value, -sign * copies, all_)
            yield self.context.line(MovementKind.CORRECTION, day, -sign * copies, of=kind, kopecks=worth, **note)
