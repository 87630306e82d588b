"""Holdings before and after → movements of the stock: the only place that decides what counts as growth.

The rules (docs/decisions/0050-stock-ledger.md):

- A copy with a registration date was acquired on that date, whenever its export came. A copy without one is
  «первичное отражение» when its base is loaded for the first time, otherwise it was acquired on the day of the run.
- A copy that vanishes from an export was withdrawn on the day of the run; with an act's date, on that date.
- A copy that an export left out and the next one has again never left: the exit is taken back on its day.
- Numbers retyped or given to copies that were only counted move nothing (without a day: `undated`).
- Copies that leave one record and come to another in the same run have moved (`moves`).
- A changed date or class moves history by corrections: each names the column it moves and the line it corrects.
- An open link is no stock. A local or licensed network document without items is one copy (1 название = 1 экз.).

Nothing here knows a database or a clock: `day` is the day of the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain

from msgspec.structs import replace

from catalog_sync.ledger.books import Books
from catalog_sync.ledger.changes import one_key
from catalog_sync.ledger.dates import with_known_days
from catalog_sync.ledger.items import COUNTED_LESS, GONE, RUN, by_key, merged, negative, net, renumbered
from catalog_sync.ledger.lines import Context, appeared, came
from catalog_sync.ledger.prices import with_known_prices
from catalog_sync.ledger.returns import unknown, without_returns
from catalog_sync.ledger.undated import dated_first, retyped
from catalog_sync.model import Category, Classified, EKind, Holdings, Item, MovementKind, RecordKey, StockMovement

NETWORK = (EKind.LOCAL, EKind.LICENSED)  # kinds counted by the title where no copies are listed (Порядок 1077)
BASIS_OF_DATE = (("INV", "INV.REGDATE"), ("990", "990$f"))  # holdings basis → the field its dates come from
REREAD = "источник прочитан по-новому"

_ACQUIRED, _WITHDRAWN = MovementKind.ACQUIRED, MovementKind.WITHDRAWN


def movements(
    library: str,
    key: RecordKey,
    before: Holdings | None,
    after: Holdings | None,
    classified_before: Classified | None,
    classified_after: Classified | None,
    *,
    first_load: bool,
    run: int | None,
    day: date,
    posted: Sequence[StockMovement] = (),
) -> list[StockMovement]:
    """What the ledger must gain so that it says what `after` says, given that it says what `before` says.

    `first_load`: the first published run of this source. `posted`: the lines the ledger already has for the record
    (store.ledger.posted); with them a changed class or a date learnt later moves the past exactly, without them the
    undated copies move on the day of the run. Copies are signed: withdrawals are negative.
    """
    old = _stock(before, classified_before)
    new = _stock(after, classified_after)
    classified = classified_after or classified_before
    if classified is None:
        return []
    if old is not None and new is not None:
        old, new = with_known_days(old, new, posted)
        old = retyped(old, new, posted)
    if old is not None:
        old = with_known_prices(old, posted, day)
    basis = _date_basis((new or old or Holdings()).basis)
    context = Context(library, key, classified, basis, first_load, run, day)
    found: list[StockMovement] = []
    was = classified_before or _as_it_stood(new, posted)
    if was and _has_moved(was, classified, posted):
        if before is not None and old is None and new is not None:  # an open link turned out to be stock
            return [_as_correction(line) for line in _whole(context, new)]
        into = None if classified.ekind is EKind.OPEN_LINK else classified
        found += _reclassified(context, old, was, posted, into)
        if into is None:
            return found  # it turned out to be no stock: the history has left the books
    changed: Iterable[StockMovement] = ()
    if old is not None:
        steps = [old, *dated_first(old, new)]
        pairs = zip(steps, [*steps[1:], new], strict=True)
        changed = chain.from_iterable(_difference(context, *two, posted) for two in pairs)
    elif new is not None:
        changed = _whole(context, replace(new, items=unknown(new.items, posted, day)) if posted else new)
    return merged([*found, *without_returns(changed, [*posted, *found], None if old is None else old.items, day)])


def _date_basis(holdings_basis: str) -> str:
    """The field registration dates come from, as it is shown beside a figure."""
    return next((field for part, field in BASIS_OF_DATE if part in holdings_basis), holdings_basis or "дата в записи")


def always_there(lines: Iterable[StockMovement]) -> list[StockMovement]:
    """What the same bytes mean once they are read right: an undated difference is no news of the day of the run.

    Copies found only now were there from the first load on; copies that were none are taken off that same column.
    """
    initial = MovementKind.INITIAL
    return [
        replace(line, kind=MovementKind.CORRECTION, of=initial, reason=REREAD)
        if line.basis == RUN and line.kind in (_ACQUIRED, _WITHDRAWN, initial)
        else line
        for line in lines
    ]


def reversal(line: StockMovement, *, run: int | None, reason: str, number: int | None) -> StockMovement:
    """The correction that takes one line back, on its own day and in its own column."""
    return replace(
        line,
        kind=MovementKind.CORRECTION,
        of=line.column,
        copies=-line.copies,
        kopecks=negative(line.kopecks),
        run=run,
        reason=reason,
        corrects=number,
    )


def _as_it_stood(new: Holdings | None, posted: Sequence[StockMovement]) -> Classified | None:
    """The class in which the books know a record that was away."""
    standing = net(posted) if new is not None else []
    if not standing:
        return None
    line = standing[-1]
    return Classified(line.category, "", line.carrier, "", line.ekind)


def _has_moved(was: Classified, now: Classified, posted: Sequence[StockMovement]) -> bool:
    """Whether the class changed, or the books still stand in another one (the rules changed between two exports)."""
    cell = _cell(now)
    elsewhere = any(_standing(line) != cell for line in posted)  # or it was, and has been corrected
    return _cell(was) != cell or (elsewhere and any(_standing(line) != cell for line in net(posted)))


def _standing(line: StockMovement) -> tuple[object, ...]:
    return line.category, line.carrier, line.ekind


def _cell(classified: Classified) -> tuple[object, ...]:
    return classified.category, classified.carrier, classified.ekind


def _stock(holdings: Holdings | None, classified: Classified | None) -> Holdings | None:
    """The holdings that count as stock, every copy as an item; None for no holdings and for an open link."""
    if holdings is None or classified is None or classified.ekind is EKind.OPEN_LINK:
        return None
    if holdings.items:
        return holdings
    if holdings.received is not None or holdings.withdrawn is not None:
        return holdings
    if classified.ekind in NETWORK:
        return replace(holdings, items=(Item(),))
    return holdings


def standing(holdings: Holdings, classified: Classified) -> int:
    """Copies a record stands in the books with, once all that it says is written there."""
    stock = _stock(holdings, classified)
    if stock is None:
        return 0
    if not stock.items:
        return max(0, (stock.received or 0) - (stock.withdrawn or 0))
    return stock.copies


# --- Movements -------------------------------------------------------------------------------------------------------


def _whole(context: Context, new: Holdings) -> list[StockMovement]:
    """Everything a record brings when it is seen for the first time."""
    if not new.items:
        copies = (new.received or 0) - (new.withdrawn or 0)
        return [came(context, None, copies)] if copies > 0 else []
    return list(appeared(context, new.items))


def _difference(
    context: Context, old: Holdings, new: Holdings | None, posted: Sequence[StockMovement]
) -> Iterator[StockMovement]:
    if not old.items and (new is None or not new.items):
        yield from _counted(context, old, new)
        return
    if (not old.items and _present(old)) or (new is not None and not new.items and new.received is not None):
        yield from _recounted(context, old, new)
        return
    after = by_key(new)
    before, books = renumbered(by_key(old), after), Books(posted)
    for key in before | after:
        yield from one_key(context, before.get(key, []), after.get(key, []), books)


def _counted(context: Context, old: Holdings, new: Holdings | None) -> Iterator[StockMovement]:
    """Counters only (МАРК-SQL 990 $e $w, $z): the growth of each is a movement of the day of the run."""
    if new is None:
        if (gone := _present(old)) > 0:
            yield context.line(_WITHDRAWN, None, -gone, reason=GONE)
        return
    if old.received is None or new.received is None:  # what was not counted, or is no longer, did not come to nothing
        yield from _recounted(context, old, new)
        return
    more = (new.received or 0) - (old.received or 0)
    went = (new.withdrawn or 0) - (old.withdrawn or 0)
    if more:
        yield context.line(_ACQUIRED, None, more) if more > 0 else _correction(context, _ACQUIRED, more)
    if went:
        yield context.line(_WITHDRAWN, None, -went) if went > 0 else _correction(context, _WITHDRAWN, -went)


def _recounted(context: Context, old: Holdings, new: Holdings | None) -> Iterator[StockMovement]:
    """One side lists copies, the other only counts: nothing moved but the way of keeping books, unless sums differ."""
    change = _present(new) - _present(old)
    if change:
        yield context.line(_ACQUIRED if change > 0 else _WITHDRAWN, None, change)


def _present(holdings: Holdings | None) -> int:
    if holdings is None:
        return 0
    return holdings.copies if holdings.items else (holdings.received or 0) - (holdings.withdrawn or 0)


def _correction(context: Context, of: MovementKind, copies: int) -> StockMovement:
    return context.line(MovementKind.CORRECTION, None, copies, of=of, reason=COUNTED_LESS)


def _as_correction(line: StockMovement) -> StockMovement:
    return replace(line, kind=MovementKind.CORRECTION, of=line.column, reason="изменён вид издания")


def _reclassified(
    context: Context,
    old: Holdings | None,
    was: Classified,
    posted: Sequence[StockMovement],
    into: Classified | None,
) -> Iterator[StockMovement]:
    """Move the whole history of a record from one class to another (or out of the stock), day by day."""
    lines = posted or (_whole(replace(context, classified=was), old) if old else ())
    reason = f"класс изменён: {_name(was)} → {_name(into) if into else 'не фонд'}"
    for line in net(lines, finely=True):
        if into and _standing(line) == _cell(into):
            continue
        out = replace(line, kind=MovementKind.CORRECTION, of=line.column, reason=reason, run=context.run)
        yield replace(out, copies=-line.copies, kopecks=negative(line.kopecks))
        if into:
            yield replace(
                out, category=into.category, carrier=into.carrier, ekind=into.ekind, corrects=None
            )


CATEGORY_NAMES = {
    Category.TEXTBOOK: "учебники",
    Category.STUDY_AID: "учебные пособия",
    Category.FICTION: "художественная литература",
    Category.REFERENCE: "справочный материал",
    Category.OTHER: "прочее",
}


def _name(classified: Classified) -> str:
    kind = f"/{classified.ekind}" if classified.ekind else ""
    return f"{CATEGORY_NAMES[classified.category]} / {classified.carrier}{kind}"
