"""Books handed from records that are gone to those that tell of the same copies: what that costs."""

from __future__ import annotations

from datetime import date

import pytest

from catalog_sync.ledger.heirs import Night, inherited
from catalog_sync.ledger.items import GONE, RUN
from catalog_sync.model import Carrier, Category, EKind, MovementKind, RecordKey, StockMovement

CARDS = 200


class Words:
    """Cards described alike where their numbers are, but for the base they are of."""

    def __init__(self) -> None:
        self.asked = 0

    def said(self, key: RecordKey) -> str:
        self.asked += 1
        return key.local_id[1:]

    def __call__(self, one: RecordKey, other: RecordKey) -> bool:
        return self.said(one) == self.said(other)


def line(card: str, copies: int, run: int, day: date | None, reason: str = "") -> StockMovement:
    kind = MovementKind.ACQUIRED if copies > 0 else MovementKind.WITHDRAWN
    return StockMovement("s", RecordKey("s", card), day or date(2026, run, 1), kind, copies, Category.TEXTBOOK,
                         Carrier.PRINT, EKind.NONE, "910$c" if day else RUN, run=run, reason=reason)  # fmt: skip


@pytest.mark.parametrize("was", [None, date(2020, 9, 1)])
@pytest.mark.parametrize("now", [None, date(2020, 9, 1)])
def test_a_base_numbered_anew_looks_its_cards_up(was: date | None, now: date | None) -> None:
    """Thousands of cards have no day, or the day of one delivery: they are not compared each with each."""
    gone = {
        RecordKey("s", f"A{n}"): (line(f"A{n}", 3, 1, was), line(f"A{n}", -3, 2, None, GONE)) for n in range(CARDS)
    }
    told = [line(f"B{n}", 3, 2, now) for n in range(CARDS)]
    words = Words()
    night = Night({"s": 2}, [2], [2], {one.record for one in told})
    handed = inherited(told, gone, words, night)
    assert sum(one.copies for one in handed.corrections if one.column is MovementKind.WITHDRAWN) == 3 * CARDS
    assert words.asked < 10 * CARDS
