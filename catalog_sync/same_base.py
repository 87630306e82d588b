"""Which other sources of a library tell of the base that one has lost: its own copies, not like ones.

A school of two buildings has a base in each, with the same textbooks. Where one is given up, its copies have left the
stock; where an operator had made a second source for it, they are told there. One record proves nothing: three copies
without numbers are in both. Most records do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence

from catalog_sync.ledger.heirs import Books
from catalog_sync.ledger.items import ARRIVALS, RUN, each_number
from catalog_sync.model import MovementKind, RecordKey, StockMovement

SHARE = 0.5  # of the smaller of both bases; `settings.Guard.same_share` is what it begins with
SAMPLE = 200  # records that are looked for, evenly over the base

Ledger = Mapping[RecordKey, Sequence[StockMovement]]


def of_that_base(lost: Ledger, there: Ledger, books: Books) -> dict[RecordKey, Sequence[StockMovement]]:
    """The records `there` of sources that tell of the base of the records `lost`, or of a part of it."""
    of_source: dict[str, dict[RecordKey, Sequence[StockMovement]]] = {}
    for key, lines in there.items():
        of_source.setdefault(key.source, {})[key] = lines
    return {key: lines for some in of_source.values() if _is_one(lost, some, books) for key, lines in some.items()}


def _is_one(one: Ledger, other: Ledger, books: Books) -> bool:
    few, many = sorted((_marked(one, books), _marked(other, books)), key=len)
    with_mark = defaultdict[Hashable, list[RecordKey]](list)
    for key, marks in many.items():
        for mark in marks:
            with_mark[mark].append(key)
    sample = list(few)[:: max(1, len(few) // SAMPLE)]
    found = sum(
        any(books(key, like) for mark in few[key] for like in with_mark.get(mark, ())) for key in sample
    )  # fmt: skip
    return found > SHARE * len(sample)


def _marked(ledger: Ledger, books: Books) -> dict[RecordKey, set[Hashable]]:
    marked = {key: set(_marks(key, lines, books)) for key, lines in ledger.items()}
    return {key: marks for key, marks in marked.items() if marks}


def _marks(key: RecordKey, lines: Sequence[StockMovement], books: Books) -> Iterator[Hashable]:
    """What the copies of a record are known by: their numbers, their days, and else the words of the record."""
    came = [line for line in lines if line.column in ARRIVALS and line.copies > 0]
    for line in came:
        yield from each_number(line)
        if line.basis != RUN and line.column is not MovementKind.INITIAL:
            yield line.day
    if any(line.basis == RUN and not line.inventory for line in came) and (said := books.said(key)):
        yield said
