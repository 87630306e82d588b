"""A rebuild after a change of the rules: what is read otherwise is told to the ledger."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select, update

from catalog_sync import upkeep
from catalog_sync.marc import reading as marc_reading
from catalog_sync.marc import rusmarc
from catalog_sync.model import Holdings, MovementKind
from catalog_sync.store import tables
from catalog_sync.store.database import reading, writing
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


def told(district: District) -> dict[str, tuple[object, ...]]:
    """What OAI-PMH harvesters hear of each edition: datestamp, whether it is gone, its sets."""
    c = tables.cluster_change.c
    with reading(district.system.engine) as connection:
        rows = connection.execute(select(c.cluster, c.when, c.deleted, c.sets)).all()
    return {row.cluster: (row.when, row.deleted, row.sets) for row in rows}


@pytest.fixture
def shared(district: District) -> District:
    """Two schools with one book in common and one of their own each, and a book that is gone."""
    for code in "st":
        district.source(code)
        district.load(code, [book("1"), book("2", "Муму" if code == "s" else "Ася"), book("3", "Гроза")])
        district.load(code, [book("1"), book("2", "Муму" if code == "s" else "Ася")], incremental=False)
    return district


def test_a_rebuild_that_finds_what_was_there_is_no_news_to_harvesters(shared: District) -> None:
    before = told(shared)
    assert any(gone for _, gone, _ in before.values())
    upkeep.rebuild(shared.system)
    assert told(shared) == before


def test_a_rebuild_tells_of_what_it_mends_and_of_nothing_else(shared: District) -> None:
    before, clusters = told(shared), shared.clusters()
    torn, dated, recounted = (clusters[key] for key in ("s:1", "s:2", "t:2"))
    with writing(shared.system.engine) as connection:
        union = tables.union_record
        connection.execute(update(union).where(union.c.cluster == torn).values(data=b"?"))
        connection.execute(update(union).where(union.c.cluster == dated).values(year=1799))  # nobody is shown this
        held = tables.holding
        connection.execute(update(held).where(held.c.library == "t").values(library="s"))
    upkeep.rebuild(shared.system)
    assert upkeep.check(shared.system) == []
    after = told(shared)
    assert {cluster for cluster in before if after[cluster] != before[cluster]} == {torn, recounted}


@pytest.mark.parametrize("wrong", [{"sets": ["library:x"]}, {"deleted": True}])
def test_what_harvesters_are_told_wrongly_is_found_and_mended(shared: District, wrong: dict[str, object]) -> None:
    before, cluster, change = told(shared), shared.clusters()["s:1"], tables.cluster_change
    with writing(shared.system.engine) as connection:
        connection.execute(update(change).where(change.c.cluster == cluster).values(**wrong))
    assert upkeep.check(shared.system) == [f"для OAI-PMH и лент записано не то о кластерах: {cluster}"]
    upkeep.rebuild(shared.system)
    after = told(shared)
    assert upkeep.check(shared.system) == []
    assert after[cluster][1:] == before[cluster][1:]
    assert after[cluster][0] != before[cluster][0]
    assert {one for one in before if after[one] != before[one]} == {cluster}
