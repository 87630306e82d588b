"""Why a record is another edition than those it was compared with: kept, whatever came and went since."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import select

from catalog_sync import pipeline, upkeep
from catalog_sync.matching.verdict import KINDS
from catalog_sync.model import MarcRecord
from catalog_sync.store import tables as t
from catalog_sync.store.database import reading
from tests.exports import book
from tests.pipeline.conftest import District, refused

TITLES = ("Сказки", "Капитанская дочка", "Дубровский", "Метель")


def shelf(seed: int) -> list[MarcRecord]:
    """Forty editions of one author: many share a title and are parted by the year, or the year and not the title."""
    some = random.Random(seed)
    return [
        book(f"R{n:02}", some.choice(TITLES), year=f"199{some.randrange(6)}", pages=str(90 + 40 * some.randrange(5)))
        for n in some.sample(range(60), 40)
    ]


@pytest.fixture
def worn(sqlite_district: District) -> District:
    """A catalogue after nights of edits, losses and returns, and one that was taken back."""
    for code in ("s1", "s2"):
        sqlite_district.source(code)
    for night in range(4):
        for code in ("s1", "s2"):
            run = sqlite_district.load(code, shelf(10 * night + (code == "s2")))
            if run.state.name == "HELD":
                run = pipeline.approve(sqlite_district.system, run.number, who="тест")
    pipeline.roll_back(sqlite_district.system, run.number, who="тест")
    return sqlite_district


def test_refusals_are_those_of_a_catalogue_made_anew(worn: District) -> None:
    found = refused(worn)
    assert len({KINDS[code].feature for code in found.values()}) > 1
    upkeep.rebuild(worn.system)
    assert refused(worn) == found


def test_who_is_gone_is_not_named_any_more(worn: District) -> None:
    run = worn.load("s1", shelf(1)[:1])
    pipeline.approve(worn.system, run.number, who="тест")
    alive = refused(worn)
    with reading(worn.system.engine) as connection:
        digests = set(connection.execute(select(t.portrait.c.digest)).scalars())
    assert {one for two in alive for one in two} <= digests
    upkeep.rebuild(worn.system)
    assert refused(worn) == alive
