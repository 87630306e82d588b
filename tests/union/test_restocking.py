"""Where only copies of members changed, the union record is told without reading any member, and is the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from catalog_sync.model import BibRecord, Dialect, Holdings, Item, RecordKey
from catalog_sync.restocking import Restocked, restock
from catalog_sync.store.described import only_copies
from catalog_sync.store.packing import PackedBib
from catalog_sync.union.merging import merge

DAYS = st.sampled_from(("", "20200101", "20210101", "20220101"))
COPIES = st.integers(0, 2).map(lambda n: Holdings(tuple(Item(str(i)) for i in range(n))))


@st.composite
def members(draw: st.DrawFn) -> list[BibRecord]:
    """Records of one edition, some described better than others."""
    return [
        BibRecord(
            RecordKey("s", str(n)), Dialect.RUSMARC, title=draw(st.sampled_from(("Физика", "ФИЗИКА"))),
            extent=draw(st.sampled_from(("", "128 с."))), changed=draw(DAYS), holdings=draw(COPIES),
        )
        for n in range(draw(st.integers(1, 5)))
    ]  # fmt: skip


def between(before: BibRecord, now: BibRecord) -> Restocked | None:
    return only_copies(PackedBib.of(before), PackedBib.of(now))


@given(members(), st.data())
def test_any_number_of_recounted_members_gives_what_merging_all_anew_gives(
    before: list[BibRecord], data: st.DataObject
) -> None:
    told = merge("c1", before)
    after = list(before)
    for n in data.draw(st.lists(st.integers(0, len(before) - 1), unique=True)):
        after[n] = replace(before[n], changed=data.draw(DAYS), holdings=data.draw(COPIES))
        change = between(before[n], after[n])
        assert change is not None
        next_ = restock(told, change)
        if next_ is None:
            assert told.provenance["changed"] == before[n].key
            assert after[n].changed < before[n].changed
            return
        told = next_
    assert told == merge("c1", after)


def test_a_mended_description_is_no_change_of_copies_alone() -> None:
    before = BibRecord(RecordKey("s", "1"), Dialect.RUSMARC, title="Физика")
    assert between(before, replace(before, extent="128 с.")) is None
    assert between(before, replace(before, warnings=("длина записи",))) is None


def test_a_bare_description_is_the_same_without_holdings() -> None:
    bib = BibRecord(
        RecordKey("s", "1"), Dialect.RUSMARC, title="Физика", changed="20260901", warnings=("нет номера записи (001)",),
        holdings=Holdings((Item("1", price="120"),)),
    )  # fmt: skip
    assert PackedBib.of(bib).bib() == bib
    assert PackedBib.of(bib).bib(bare=True) == replace(bib, holdings=Holdings())
