"""A night that changed copies alone reads no description of other schools, and leaves what a rebuild would make."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from catalog_sync import pipeline, unifying, upkeep
from catalog_sync.model import MarcField, MarcRecord, Subfield, UnionRecord
from catalog_sync.query import Change
from catalog_sync.store import blocks, clusters, outbox, registry, unions
from catalog_sync.store import tables as t
from catalog_sync.store.database import reading, writing
from tests.exports import AUTHORS, TITLES, book
from tests.pipeline.conftest import District, refused

SCHOOLS = ("s1", "s2", "s3")


def owned(number: int, *, copies: int = 1, changed: str = "20200101", note: str = "") -> MarcRecord:
    made = book(f"R{number:03d}", TITLES[number], author=AUTHORS[number % len(AUTHORS)], copies=copies, note=note)
    return MarcRecord(made.leader, (made.fields[0], MarcField("005", data=changed), *made.fields[1:]))


def mended(number: int, day: str, copies: int = 1) -> MarcRecord:
    """With another extent, typed on `day`; "" is as it was."""
    made = owned(number, copies=copies, changed=day or "20200101")
    extent = MarcField("215", "  ", (Subfield("a", "129 с."),))
    return MarcRecord(made.leader, tuple(extent if day and f.tag == "215" else f for f in made.fields))


def united(district: District) -> list[UnionRecord]:
    with reading(district.system.engine) as connection:
        return unions.load(connection, sorted(clusters.live(connection)))


def rows(district: District) -> dict[str, list[dict[str, Any]]]:
    """Everything derived; portraits, numbered by the order they came in, by what they are."""
    with reading(district.system.engine) as connection:
        tables = (t.portrait, t.feature, t.edge, t.holding, t.member)
        found = {table.name: [row._asdict() for row in connection.execute(table.select())] for table in tables}
        found["blocks"] = [
            {"key": row.key, "portrait": number}
            for row in connection.execute(t.match_block.select())
            for number in blocks.unpack(row.members)
        ]
    portraits = {row["number"]: row.pop("digest") for row in found["portrait"]}
    found["apart"] = [{"two": two, "code": code} for two, code in refused(district).items()]
    for row in (row for rows in found.values() for row in rows):
        row |= {name: portraits[row[name]] for name in ("number", "portrait") if name in row}
        if "left" in row:
            row["left"], row["right"] = sorted((portraits[row["left"]], portraits[row["right"]]))
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


@pytest.fixture
def loaded(district: District) -> District:
    for code in SCHOOLS:
        district.source(code)
        district.load(code, [owned(n) for n in range(20)])
    return district


@pytest.mark.parametrize(("school", "redated"), [("s1", 5), ("s2", 0)])  # the word of s1 is in the records
def test_more_copies_of_a_book_are_published_without_reading_what_other_schools_say_of_it(
    loaded: District, monkeypatch: pytest.MonkeyPatch, school: str, redated: int
) -> None:
    before, read = united(loaded), list[str]()
    with reading(loaded.system.engine) as connection:
        number = outbox.last_number(connection)
    whole = unifying.united
    monkeypatch.setattr(unifying, "united", lambda c, some, s: read.extend(some) or whole(c, some, s))
    run = loaded.load(school, [owned(n, copies=3 if n < 5 else 1, changed="20260901" if n < 5 else "20200101")
                               for n in range(20)])  # fmt: skip
    assert read == []
    assert (run.counts.changed, run.counts.copies_added, run.counts.clusters_touched) == (5, 10, 5)
    after = united(loaded)
    assert sum(was != now for was, now in zip(before, after, strict=True)) == redated
    with reading(loaded.system.engine) as connection:
        assert len(outbox.after(connection, number, 100)) == 5
        held = unions.holdings(connection, [record.cluster for record in after])
    assert sum(place.copies for places in held.values() for place in places) == 70
    assert upkeep.check(loaded.system) == []


def words(district: District) -> list[UnionRecord]:
    """What the union records say, whoever contributed."""
    return [replace(record, contributors=()) for record in united(district)]


def changes(district: District, after: int) -> list[Change]:
    with reading(district.system.engine) as connection:
        return outbox.after(connection, after, 100)


def test_what_one_school_mends_and_the_union_does_not_take_up_is_no_news(loaded: District) -> None:
    before, number = words(loaded), changes(loaded, 0)[-1].number
    run = loaded.load("s2", [mended(n, "20260901" if n < 5 else "") for n in range(20)])
    assert (run.counts.changed, run.counts.clusters_touched) == (5, 5)
    assert words(loaded) == before
    assert changes(loaded, number) == []
    run = loaded.load("s1", [mended(n, "20260901" if n < 5 else "") for n in range(20)])
    assert len(changes(loaded, number)) == 5  # now most say so, and the word of s1 is in the records
    assert {record.bib.changed for record in united(loaded)} == {"20200101", "20260901"}
    assert upkeep.check(loaded.system) == []


def test_what_a_school_mends_where_nobody_reads_is_no_news(loaded: District) -> None:
    """Neither what the record says nor the copies are others: only a field that nothing here is made of."""
    number = changes(loaded, 0)[-1].number
    unread = MarcField("801", "  ", (Subfield("b", "ШБ 2"),))
    records = [MarcRecord(made.leader, (*made.fields, unread)) for made in map(owned, range(20))]
    assert loaded.load("s2", records).counts.changed == 20
    assert changes(loaded, number) == []
    assert upkeep.check(loaded.system) == []


def test_what_was_no_news_is_none_when_it_is_taken_back(loaded: District) -> None:
    before = words(loaded)
    run = loaded.load("s2", [mended(n, "20260901" if n < 5 else "", copies=2 if n < 3 else 1) for n in range(20)])
    number = changes(loaded, 0)[-1].number
    pipeline.roll_back(loaded.system, run.number, who="тест")
    assert words(loaded) == before
    assert len(changes(loaded, number)) == 3  # of two nothing changed but what the union does not take up
    assert upkeep.check(loaded.system) == []


def test_copies_that_come_with_a_mended_description_are_news(loaded: District) -> None:
    before, number = words(loaded), changes(loaded, 0)[-1].number
    loaded.load("s2", [mended(n, "20260901" if n < 5 else "", copies=2 if n < 3 else 1) for n in range(20)])
    assert words(loaded) == before
    assert len(changes(loaded, number)) == 3
    assert upkeep.check(loaded.system) == []


def test_another_base_of_the_source_is_heard_of_though_only_copies_changed(loaded: District) -> None:
    with writing(loaded.system.engine) as connection:
        source = registry.get_source(connection, "s2")
        registry.save_sources(connection, [replace(source, base="Учебники")])
    loaded.load("s2", [owned(n, copies=2) for n in range(20)])
    assert {record.classified.category.value for record in united(loaded) if record.classified} == {"textbook"}


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
def test_nights_of_mixed_changes_leave_what_a_rebuild_makes(sqlite_district: District, seed: int) -> None:
    district, rng = sqlite_district, random.Random(seed)
    for code in SCHOOLS:
        district.source(code)
    for _night in range(4):
        for code in SCHOOLS:
            records = [
                owned(
                    n, copies=rng.randint(1, 2), changed=rng.choice(("", "20200101", "20210101")),
                    note=rng.choice(("", "", "", "Издание дополненное")),
                )
                for n in range(24) if rng.random() > 0.05
            ]  # fmt: skip
            run = district.load(code, records)
            if run.state.value == "held":
                pipeline.approve(district.system, run.number, who="тест")
    assert upkeep.check(district.system) == []
    told, stored = united(district), rows(district)
    upkeep.rebuild(district.system)
    assert united(district) == told
    assert rows(district) == stored
