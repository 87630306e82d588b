"""Lines of the ledger in the making: what all lines of a record in a run have in common, and what a copy brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import msgspec
from msgspec.structs import replace

from catalog_sync.ledger.items import RUN, dates, kopecks, worth
from catalog_sync.model import Classified, Item, MovementKind, RecordKey, StockMovement

_ACQUIRED, _WITHDRAWN = MovementKind.ACQUIRED, MovementKind.WITHDRAWN


class Context(msgspec.Struct, frozen=True, gc=False):
    library: str
    key: RecordKey
    classified: Classified
    basis: str
    first_load: bool
    run: int | None
    day: date

    def line(self, kind: MovementKind, day: date | None, copies: int, **more: object) -> StockMovement:
        return StockMovement(
            library=self.library,
            record=self.key,
            day=day or self.day,
            kind=kind,
            copies=copies,
            category=self.classified.category,
            carrier=self.classified.carrier,
            ekind=self.classified.ekind,
            basis=self.basis if day else RUN,
            run=self.run,
            **more,  # type: ignore[arg-type]
        )

    def later(self) -> Context:
        """As of a run that is not the first: what comes without a date has come."""
        return replace(self, first_load=False)


def appeared(context: Context, items: Iterable[Item]) -> Iterator[StockMovement]:
    for item in items:
        if item.copies <= 0:
            continue
        day, went = dates(item, context.day)
        price = kopecks(item.price)
        about = {"inventory": item.inventory_number, "kopecks": worth(item.copies, price)}
        if item.withdrawn is None:
            yield came(context, day, item.copies, document=item.ksu_number, **about)
            continue
        if day:
            yield came(context, day, item.copies, document=item.ksu_number, **about)
        elif went:  # we learn of a copy when it is already gone: it was there until that day, that is all we know
            yield context.line(MovementKind.INITIAL, went, item.copies, document=item.ksu_number, **about)
        else:
            continue  # neither its coming nor its going has a date: no report can use it
        about["kopecks"] = worth(-item.copies, price)
        note = {"document": item.withdrawal_act, "reason": item.withdrawal_reason}
        yield context.line(_WITHDRAWN, went, -item.copies, **note, **about)


def came(context: Context, day: date | None, copies: int, **more: object) -> StockMovement:
    kind = MovementKind.INITIAL if day is None and context.first_load else _ACQUIRED
    return context.line(kind, day, copies, **more)
