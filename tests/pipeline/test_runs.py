"""Staging, guard, publish, hold, approve, reject, roll back: on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec import structs
from sqlalchemy import func, select

from catalog_sync import pipeline, previewing, upkeep
from catalog_sync.errors import Refused
from catalog_sync.model import MarcField, RunState
from catalog_sync.store import records, registry, runs
from catalog_sync.store.database import reading
from catalog_sync.store.ledger_tables import stock_movement
from tests.exports import AUTHORS, TITLES, book, field, mrc, shelf
from tests.pipeline.conftest import District


def test_a_first_export_is_published_whole(district: District) -> None:
    district.source("s1")
    run = district.load("s1", shelf(40))
    assert run.state is RunState.PUBLISHED
    assert (run.counts.read, run.counts.new, run.counts.clusters_touched, run.counts.copies_added) == (40, 40, 40, 40)
    assert upkeep.check(district.system) == []


def test_the_same_export_again_changes_nothing(district: District) -> None:
    district.source("s1")
    district.load("s1", shelf(10))
    before = district.clusters()
    run = district.load("s1", shelf(10))
    assert (run.counts.unchanged, run.counts.new, run.counts.changed, run.counts.clusters_touched) == (10, 0, 0, 0)
    assert district.clusters() == before


def test_what_is_missing_from_a_full_export_becomes_a_tombstone_and_comes_back_under_its_old_link(
    district: District,
) -> None:
    district.source("s1")
    district.load("s1", shelf(30))
    link = district.clusters()["s1:R0003"]
    run = district.load("s1", [r for r in shelf(30) if r.control("001") != "R0003"])
    assert (run.state, run.counts.gone) == (RunState.PUBLISHED, 1)
    assert "s1:R0003" not in district.clusters()
    district.load("s1", shelf(30))
    assert district.clusters()["s1:R0003"] == link
    assert upkeep.check(district.system) == []
    assert books(district) == {"initial": 30, "withdrawn": 0}, "and it never left the stock"


@pytest.mark.parametrize("again", ["load", "roll back"])
def test_a_book_missing_for_a_night_comes_back_to_the_link_that_another_school_gave_it(
    district: District, again: str
) -> None:
    for code in ("s1", "s2"):
        district.source(code)
        district.load(code, shelf(30))
    link = district.clusters()["s2:R0003"]
    rest = [record for record in shelf(30) if record.control("001") != "R0003"]
    district.load("s1", rest)
    assert district.clusters()["s2:R0003"] == link
    run = district.load("s2", rest)
    assert link not in district.clusters().values()
    if again == "load":
        district.load("s2", shelf(30))
    else:
        pipeline.roll_back(district.system, run.number, who="методист")
    assert district.clusters()["s2:R0003"] == link
    district.load("s1", shelf(30))
    assert district.clusters()["s1:R0003"] == link
    assert upkeep.check(district.system) == []


def test_the_link_of_an_edition_that_comes_back_goes_to_no_other_book(district: District) -> None:
    """It was named after a card under whose number another book comes now."""
    district.source("s1")
    cards = [book(f"A{n}", "Букварь") for n in range(3)]
    district.load("s1", [*shelf(30), *cards])
    link = district.clusters()["s1:A0"]
    district.load("s1", shelf(30))
    assert link not in district.clusters().values()
    run = district.load("s1", [*shelf(30), book("A0", "Зоология", year="1950", pages="400"), *cards[1:]])
    assert run.state is RunState.PUBLISHED
    now = district.clusters()
    assert (now["s1:A1"], now["s1:A2"]) == (link, link)
    assert now["s1:A0"] != link
    assert upkeep.check(district.system) == []


def books(district: District) -> dict[str, int]:
    column = stock_movement.c.column
    with reading(district.system.engine) as connection:
        found = connection.execute(select(column, func.sum(stock_movement.c.copies)).group_by(column)).all()
    return dict(found)


def test_records_that_are_numbered_anew_neither_lose_nor_bring_books(district: District) -> None:
    district.source("s1")
    district.load("s1", shelf(30))
    before = books(district)
    anew = [MarcField("001", data=f"Z{n}") for n in range(30)]
    run = district.load(
        "s1", [structs.replace(r, fields=(one, *r.fields[1:])) for r, one in zip(shelf(30), anew, strict=True)]
    )
    assert (run.state, run.counts.new, run.counts.changed, run.counts.gone) == (RunState.HELD, 0, 30, 0)
    pipeline.approve(district.system, run.number, who="методист")
    assert books(district) == before
    assert upkeep.check(district.system) == []
    pipeline.roll_back(district.system, run.number, who="методист")
    assert books(district) == before
    assert upkeep.check(district.system) == []


def test_what_is_missing_from_an_incremental_export_stays(district: District) -> None:
    district.source("s1")
    district.load("s1", shelf(30))
    run = district.load("s1", shelf(2), incremental=True)
    assert (run.state, run.counts.gone, len(district.clusters())) == (RunState.PUBLISHED, 0, 30)


@pytest.mark.parametrize("kept", [0, 3])
def test_an_empty_or_cut_down_export_is_held_and_nothing_changes(district: District, kept: int) -> None:
    district.source("s1")
    district.load("s1", shelf(30))
    before = district.clusters()
    run = district.load("s1", shelf(kept))
    assert run.state is RunState.HELD
    assert ("пуста" if kept == 0 else "27 из 30") in run.message
    assert district.clusters() == before


def test_an_export_of_another_school_is_held_though_its_numbers_are_the_same(district: District) -> None:
    district.source("s1")
    district.load("s1", shelf(30))
    foreign = [book(f"R{n:04d}", f"Чужая книга {chr(1072 + n)}", author=("Неизвестный", "И. И.")) for n in range(30)]
    run = district.load("s1", foreign)
    assert run.state is RunState.HELD
    assert "другие книги" in run.message


def test_new_numbers_for_the_same_books_are_held(district: District) -> None:
    district.source("s1")
    district.load("s1", shelf(40))
    run = district.load("s1", shelf(40, prefix="NEW"))
    assert run.state is RunState.HELD
    assert "номера записей (001) другие" in run.message


def test_another_encoding_is_held(district: District) -> None:
    district.source("s1")
    district.load_bytes("s1", mrc(shelf(30), "cp1251"))
    run = district.load_bytes("s1", mrc(shelf(30), "cp866"))
    assert run.state is RunState.HELD
    assert "cp866" in run.message


def test_a_held_run_shows_its_difference_and_waits_for_a_word(district: District) -> None:
    district.source("s1")
    district.load("s1", shelf(30))
    run = district.load("s1", [*shelf(3), book("N1", "Новая книга")])
    shown = previewing.difference_examples(district.system.engine, run.number)
    assert [e.after for e in shown["new"]] == ["Новая книга, 2019"]
    assert len(shown["gone"]) == 10
    assert pipeline.approve(district.system, run.number, who="методист").state is RunState.PUBLISHED
    assert len(district.clusters()) == 4
    assert upkeep.check(district.system) == []


def test_a_rejected_run_leaves_no_trace_in_the_catalogue(district: District) -> None:
    district.source("s1")
    district.load("s1", shelf(30))
    before = district.clusters()
    run = district.load("s1", shelf(3))
    assert pipeline.reject(district.system, run.number, who="методист").state is RunState.REJECTED
    assert district.clusters() == before
    with pytest.raises(Refused, match="отклонить"):
        pipeline.reject(district.system, run.number, who="методист")


def test_a_newer_run_supersedes_a_held_one(district: District) -> None:
    district.source("s1")
    district.load("s1", shelf(30))
    held = district.load("s1", shelf(3))
    district.load("s1", shelf(30))
    with reading(district.system.engine) as connection:
        found = runs.get(connection, held.number)
    assert found.state is RunState.REJECTED
    assert "заменён" in found.message


def test_a_roll_back_restores_records_links_clusters_and_copies(district: District) -> None:
    district.source("s1")
    district.load("s1", shelf(30))
    before = district.clusters()
    changed = [*shelf(25), book("N1", "Новая книга", copies=5), *[book("R0026", "Анна Каренина")]]
    run = district.load("s1", changed)
    assert run.state is RunState.PUBLISHED
    assert district.clusters() != before
    pipeline.roll_back(district.system, run.number, who="методист")
    assert district.clusters() == before
    with reading(district.system.engine) as connection:
        assert registry.published_run(connection, "s1") == 1
        assert records.live_count(connection) == 30
    assert upkeep.check(district.system) == []


def test_what_waits_is_not_published_over_another_state_than_it_was_compared_with(district: District) -> None:
    """Another school's export is approved by mistake, the right one waits, and then the wrong one is rolled back."""
    district.source("s1")
    district.load("s1", shelf(30))
    before = district.clusters()
    wrong = pipeline.approve(district.system, district.load("s1", shelf(30, prefix="Z")).number, who="м")
    right = district.load("s1", shelf(30))
    assert right.state is RunState.HELD
    pipeline.roll_back(district.system, wrong.number, who="м")
    with pytest.raises(Refused, match="отклонён"):
        pipeline.approve(district.system, right.number, who="м")
    with reading(district.system.engine) as connection:
        assert f"сравнивался с отменённым сеансом № {wrong.number}" in runs.get(connection, right.number).message
    assert district.clusters() == before
    assert district.load("s1", shelf(30)).counts.unchanged == 30


def test_only_the_last_published_run_can_be_rolled_back_one_by_one(district: District) -> None:
    district.source("s1")
    first = district.load("s1", shelf(20))
    second = district.load("s1", shelf(21))
    with pytest.raises(Refused, match=f"№ {second.number}"):
        pipeline.roll_back(district.system, first.number, who="м")
    pipeline.roll_back(district.system, second.number, who="м")
    pipeline.roll_back(district.system, first.number, who="м")
    assert district.clusters() == {}
    assert upkeep.check(district.system) == []


def test_a_damaged_record_is_set_aside_and_yesterdays_stays(district: District) -> None:
    district.source("s1")
    district.load("s1", shelf(30))
    data = mrc(shelf(30))
    at = data.index(b"R0007") - 100
    run = district.load_bytes("s1", data[:at] + b"\x1d" + data[at:])
    assert run.counts.read == run.counts.new + run.counts.changed + run.counts.unchanged + run.counts.set_aside
    assert run.counts.set_aside >= 1
    assert "s1:R0007" in district.clusters()


def test_two_schools_meet_in_one_cluster_and_part_when_one_corrects_its_record(district: District) -> None:
    for code in ("s1", "s2"):
        district.source(code)
        district.load(code, [*shelf(20), book("B1", isbn="978-5-08-005000-5")])
    assert district.together("s1:B1", "s2:B1")
    district.load("s2", [*shelf(20), book("B1", isbn="978-5-08-005000-5", year="2005")])
    assert not district.together("s1:B1", "s2:B1")
    assert upkeep.check(district.system) == []


def test_a_source_is_harvested_by_one_process_at_a_time(district: District) -> None:
    from catalog_sync.store import leases
    from catalog_sync.store.database import writing

    district.source("s1")
    with writing(district.system.engine) as connection:
        leases.acquire(connection, "source:s1", "другой", district.system.now(), 60)
    with pytest.raises(Refused, match="другой процесс"):
        district.load("s1", shelf(3))


def test_two_processes_that_claim_a_source_at_once_agree_on_one(district: District) -> None:
    from catalog_sync.store import leases
    from catalog_sync.store.database import writing

    def claim() -> bool:
        with writing(district.system.engine) as connection:
            return leases.acquire(connection, "source:s1", "another", district.system.now(), 60)

    with ThreadPoolExecutor(1) as another:
        with writing(district.system.engine) as connection:
            assert leases.acquire(connection, "source:s1", "one", district.system.now(), 60)
            answer = another.submit(claim)
            with pytest.raises(TimeoutError):  # the other has looked, and waits
                answer.result(timeout=0.5)
        assert answer.result() is False


def test_a_run_whose_process_died_is_buried_by_the_next_one(district: District) -> None:
    from datetime import timedelta

    from catalog_sync.store.database import writing

    district.source("s1")
    district.load("s1", shelf(10))
    with writing(district.system.engine) as connection:
        dead = runs.start(connection, "s1", district.system.now(), incremental=False)
        records.stage_gone(connection, dead, ["R0001"])
    district.clock.now += timedelta(hours=1)
    district.load("s1", shelf(11))
    with reading(district.system.engine) as connection:
        found = runs.get(connection, dead)
        assert records.staged(connection, dead, "gone") == []
    assert found.state is RunState.FAILED
    assert "s1:R0001" in district.clusters()


def test_a_record_of_which_only_copies_changed_stays_in_its_cluster_and_its_copies_are_told(district: District) -> None:
    for code in ("s1", "s2"):
        district.source(code)
        district.load(code, shelf(10))
    before = district.clusters()
    more = book("R0003", TITLES[3], author=AUTHORS[3], year="1990", pages="103", copies=4)
    run = district.load("s1", [*shelf(3), more, *shelf(6, start=4)])
    assert (run.counts.changed, run.counts.gone, run.counts.copies_added, run.counts.clusters_touched) == (1, 0, 3, 1)
    assert district.clusters() == before
    assert upkeep.check(district.system) == []


def test_who_publishes_longer_than_a_heart_may_pause_is_not_buried(
    district: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading
    from datetime import timedelta

    from catalog_sync import reclustering
    from catalog_sync.store.database import writing

    buried: list[list[int]] = []

    def bury() -> None:
        with writing(district.system.engine) as connection:
            buried.append(runs.bury_dead(connection, district.clock.now + timedelta(hours=1)))

    other = threading.Thread(target=bury)
    regroup = reclustering.regroup

    def slowly(*arguments: object, **named: object) -> object:
        other.start()
        other.join(0.5)
        assert other.is_alive()  # it waits for us
        return regroup(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(reclustering, "regroup", slowly)
    district.source("s1")
    run = district.load("s1", shelf(5))
    other.join(20)
    with reading(district.system.engine) as connection:
        assert (runs.get(connection, run.number).state, buried) == (RunState.PUBLISHED, [[]])
    assert "s1:R0001" in district.clusters()


def test_a_change_that_no_headline_shows_is_named_in_the_preview(district: District) -> None:
    district.source("s1")
    district.load("s1", shelf(30))
    noted = [structs.replace(one, fields=(*one.fields, field("300", ("a", "С автографом")))) for one in shelf(3)]
    run = district.load("s1", noted)
    assert run.state is RunState.HELD
    changed = previewing.difference_examples(district.system.engine, run.number)["changed"]
    assert len(changed) == 3
    assert all(e.after == f"{e.before} (изменилось: примечания)" for e in changed)
