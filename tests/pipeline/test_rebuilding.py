"""A rebuild after a change of the rules: what is read otherwise is told to the ledger."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select

from catalog_sync import upkeep
from catalog_sync.marc import reading as marc_reading
from catalog_sync.marc import rusmarc
from catalog_sync.model import Holdings, MovementKind
from catalog_sync.store.database import reading
from catalog_sync.store.ledger_tables import stock_movement, stock_position
from tests.exports import book
from tests.pipeline.conftest import District


def copies(district: District) -> int:
    with reading(district.system.engine) as connection:
        return int(connection.execute(select(func.sum(stock_position.c.copies))).scalar() or 0)


def test_copies_that_new_rules_find_are_in_the_books_after_a_rebuild(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rusmarc.holdings_of

    def one_item_less(*given: object, **named: object) -> Holdings:
        found = real(*given, **named)  # type: ignore[arg-type]
        return replace(found, items=found.items[:-1])

    with monkeypatch.context() as earlier:
        earlier.setattr(rusmarc, "holdings_of", one_item_less)
        marc_reading._to_bib.cache_clear()
        district.source("s")
        district.load("s", [book("1", copies=3), book("2", "Муму", copies=2)])
    marc_reading._to_bib.cache_clear()
    assert copies(district) == 3
    upkeep.rebuild(district.system)
    assert copies(district) == 5
    assert upkeep.check(district.system, index=False) == []
    with reading(district.system.engine) as connection:
        rows = connection.execute(select(stock_movement).where(stock_movement.c.run.is_(None))).all()
    assert {(row.kind, row.copies) for row in rows} == {(MovementKind.CORRECTION.value, 1)}  # no growth of this day
    upkeep.rebuild(district.system)
    assert copies(district) == 5
