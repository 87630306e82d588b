"""Records typed alike in the store: one portrait, one comparison, and the same catalogue as ever."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from catalog_sync import court, pipeline, publishing, upkeep
from catalog_sync.explaining import lines
from catalog_sync.model import RecordKey, RunState
from catalog_sync.store import tables as t
from catalog_sync.store.database import reading
from tests.exports import book
from tests.pipeline.conftest import District

ISBN = "978-5-901202-50-0"


def count(district: District, table: object) -> int:
    with reading(district.system.engine) as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]


def test_what_many_schools_copied_is_kept_and_compared_once(district: District) -> None:
    for code in ("s1", "s2", "s3"):
        district.source(code)
        district.load(code, [book("A", isbn=ISBN), book("B", "Дубровский")])
    assert (count(district, t.feature), count(district, t.portrait)) == (6, 2)
    assert district.together("s1:A", "s2:A", "s3:A")
    assert district.together("s1:B", "s2:B", "s3:B")
    district.load("s2", [book("A", isbn=ISBN, year="1999"), book("B", "Дубровский")])
    assert not district.together("s1:A", "s2:A")
    assert count(district, t.portrait) == 3
    pipeline.roll_back(district.system, 4, who="тест")
    assert district.together("s1:A", "s2:A", "s3:A")
    assert count(district, t.portrait) == 2
    assert upkeep.check(district.system) == []


def test_explain_tells_of_records_typed_alike_what_it_tells_of_others(district: District) -> None:
    for code in ("s1", "s2"):
        district.source(code)
    district.load("s1", [book("A", isbn=ISBN), book("B", isbn=ISBN, year="1999")])
    district.load("s2", [book("C", isbn=ISBN)])
    with reading(district.system.engine) as connection:
        told = "\n".join(lines(connection, RecordKey("s1", "A")))
    assert "s2:C: одно издание" in told
    assert "другое издание, решило «разные годы издания»: 1 (s1:B)" in told


def test_thin_records_typed_alike_wait_for_a_word(district: District) -> None:
    for code in ("s1", "s2", "s3"):
        district.source(code)
        district.load(code, [book("A", "Белый Бим Чёрное ухо", author=("Троепольский", ""), year="", pages="")])
    assert not district.together("s1:A", "s2:A")
    with reading(district.system.engine) as connection:
        pairs = [(str(case.left.key), str(case.right.key)) for case in court.queue(connection)]
    assert pairs == [("s1:A", "s2:A"), ("s1:A", "s3:A"), ("s2:A", "s3:A")]
    first, second = RecordKey("s1", "A"), RecordKey("s2", "A")
    upkeep.decide(district.system, first, second, same=True, who="методист", why="обе в руках", whole=True)
    assert district.together("s1:A", "s2:A")
    with reading(district.system.engine) as connection:
        assert court.queue_length(connection) == 1
    assert upkeep.check(district.system) == []


def test_who_is_typed_like_two_that_a_word_parted_waits_for_a_word(district: District) -> None:
    district.source("s1")
    district.load("s1", [book(f"A{n}", isbn=ISBN) for n in range(5)])
    first, last = RecordKey("s1", "A0"), RecordKey("s1", "A4")
    upkeep.decide(district.system, first, last, same=False, who="методист", why="другая обложка")
    found = district.clusters()
    assert len(set(found.values())) == 3
    with reading(district.system.engine) as connection:
        asked = {(case.left.cluster, case.right.cluster) for case in court.queue(connection)}
    middle = found["s1:A1"]
    assert {frozenset(two) for two in asked} == {
        frozenset({middle, found["s1:A0"]}), frozenset({middle, found["s1:A4"]}),
    }  # fmt: skip
    assert upkeep.check(district.system) == []


@pytest.mark.slow
def test_too_many_thin_records_typed_alike_are_told_as_not_compared(sqlite_district: District) -> None:
    district = sqlite_district
    district.source("s1")
    thin = [book(f"A{n}", "Белый Бим Чёрное ухо", year="", pages="") for n in range(320)]
    district.load("s1", thin[:250])
    with reading(district.system.engine) as connection:
        assert court.left_out(connection) == ""
    assert len(set(district.clusters().values())) == 1
    district.load("s1", thin)
    with reading(district.system.engine) as connection:
        assert f"не сравнивалось пар: {320 * 319 // 2}" in court.left_out(connection)
        assert court.queue_length(connection) == 319
    assert len(set(district.clusters().values())) == 320
    assert upkeep.check(district.system) == []


def test_a_word_takes_one_record_out_of_an_edition_that_every_school_of_a_large_district_has(
    sqlite_district: District,
) -> None:
    district = sqlite_district
    district.source("s1")
    district.source("s2")
    district.load("s1", [book(f"A{n}", isbn=ISBN) for n in range(600)])
    district.load("s2", [book("B", isbn=ISBN)])
    left, right = RecordKey("s1", "A0"), RecordKey("s2", "B")
    upkeep.decide(district.system, left, right, same=False, who="методист", why="другая обложка", whole=True)
    found = district.clusters()
    assert len(set(found.values())) == 2
    assert list(found.values()).count(found["s2:B"]) == 1
    upkeep.undo(district.system, 1, who="методист")
    assert len(set(district.clusters().values())) == 1
    assert upkeep.check(district.system) == []


def edges(district: District) -> set[tuple[bytes, bytes]]:
    """Look-alikes by what they are, not by their numbers."""
    with reading(district.system.engine) as connection:
        digest = {row.number: row.digest for row in connection.execute(select(t.portrait))}
        found = connection.execute(select(t.edge.c.left, t.edge.c.right))
        return {(min(a, b), max(a, b)) for a, b in ((digest[left], digest[right]) for left, right in found)}


def number_of(district: District, local_id: str) -> int:
    with reading(district.system.engine) as connection:
        query = select(t.feature.c.portrait).join(t.record).where(t.record.c.local_id == local_id)
        return int(connection.execute(query).scalar_one())


def test_the_number_of_a_portrait_that_died_is_not_given_to_another(
    sqlite_district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "BATCH", 1)
    district = sqlite_district
    district.source("s1")
    first = [book("A", isbn=ISBN), book("B", isbn=ISBN, pages="127"), book("C", isbn=ISBN, pages="129")]
    district.load("s1", [*first, book("D", isbn=ISBN)])
    last = number_of(district, "C")
    other = book("D", "Муму", author=("Тургенев", "И. С."))
    run = district.load("s1", [*first[:2], book("C", isbn=ISBN), other])
    if run.state is RunState.HELD:
        pipeline.approve(district.system, run.number, who="тест")
    assert number_of(district, "D") > last
    assert not district.together("s1:A", "s1:D")
    stored, digest = edges(district), district.digest()
    upkeep.rebuild(district.system)
    assert (edges(district), district.digest()) == (stored, digest)
