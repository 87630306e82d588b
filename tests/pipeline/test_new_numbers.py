"""A base installed anew, or numbers dealt out anew: links, librarians' words and books stay with the records."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace as with_values
from sqlalchemy import func, select, update

from catalog_sync import explaining, pipeline, publishing, unifying, upkeep
from catalog_sync.errors import Refused
from catalog_sync.model import Category, HarvestRun, MarcField, MarcRecord, RecordKey, RunState
from catalog_sync.previewing import difference_examples
from catalog_sync.store import decisions, hand, renamed
from catalog_sync.store import tables as t
from catalog_sync.store.clusters import Change
from catalog_sync.store.database import reading, writing
from catalog_sync.store.ledger_tables import stock_movement
from tests.exports import book, field, shelf
from tests.pipeline.conftest import District

BASE = shelf(60)
NUMBERS = [record.control("001") for record in BASE]
ANEW = dict(zip(NUMBERS, (f"N{n:04d}" for n in range(60)), strict=True))
DEALT_OUT = dict(zip(NUMBERS, random.Random(1).sample(NUMBERS, 60), strict=True))
Links = dict[str, str]


def numbered(names: Mapping[str, str], records: Sequence[MarcRecord] = BASE) -> list[MarcRecord]:
    """The same records under other numbers; those that are not named keep theirs."""
    return [named(record, names.get(record.control("001"), record.control("001"))) for record in records]


def named(record: MarcRecord, number: str) -> MarcRecord:
    return with_values(record, fields=(MarcField("001", data=number), *record.fields[1:]))


def key(number: str, source: str = "s1") -> RecordKey:
    return RecordKey(source, number)


@pytest.fixture
def loaded(district: District) -> District:
    """A school with sixty books, another that has the first thirty, and what librarians said of them."""
    for code in ("s1", "s2"):
        district.source(code)
    district.load("s1", BASE)
    district.load("s2", shelf(30, prefix="Q"))
    say = {"who": "б", "why": "сверено с книгой"}
    publishing.decide(district.system, key("R0000"), key("Q0000", "s2"), same=False, **say)
    publishing.decide(district.system, key("R0040"), key("R0041"), same=True, **say)
    publishing.undo(
        district.system, publishing.decide(district.system, key("R0042"), key("R0043"), same=True, **say), who="б"
    )
    with writing(district.system.engine) as connection:
        today = district.clock.now.date()
        edition = hand.reclassify(
            connection, key("R0050"), category=Category.TEXTBOOK, carrier=None, ekind=None, now=district.clock(),
            today=today, **say,
        )  # fmt: skip
        unifying.unite(connection, Change(live=frozenset((edition,))), district.clock())
    return district


def send(district: District, records: list[MarcRecord], **more: object) -> HarvestRun:
    district.clock.now += timedelta(1)
    return district.load("s1", records, **more)


def approved(district: District, records: list[MarcRecord]) -> HarvestRun:
    run = send(district, records)
    assert run.state is RunState.HELD
    return pipeline.approve(district.system, run.number, who="методист")


def links(district: District, names: Mapping[str, str] = {}) -> Links:
    """Permanent link by number; `names`: by the number its record had before."""
    former = {f"s1:{now}": f"s1:{was}" for was, now in names.items()}
    return {former.get(record, record): cluster for record, cluster in district.clusters().items()}


def everything(district: District, names: Mapping[str, str] = {}) -> dict[str, object]:
    """What must not hang on numbers: links, words, classes, books, and which links OAI-PMH calls gone."""
    former = {key(now): key(was) for was, now in names.items()}
    with reading(district.system.engine) as connection:
        said = [
            (one.number, one.same, bool(one.undone), *sorted(former.get(k, k) for k in (one.left, one.right)))
            for one in decisions.history(connection)
        ]
        classes = {number: hand.class_now(connection, key(names.get(number, number))) for number in NUMBERS}
        books = connection.execute(
            select(stock_movement.c.day, stock_movement.c.column, func.sum(stock_movement.c.copies))
            .group_by(stock_movement.c.day, stock_movement.c.column).order_by(stock_movement.c.day)
        ).all()  # fmt: skip
        gone = connection.execute(select(t.cluster_change.c.cluster).where(t.cluster_change.c.deleted)).scalars()
        return {
            "links": links(district, names), "said": said, "classes": classes, "books": [tuple(row) for row in books],
            "gone": sorted(gone),
        }  # fmt: skip


@pytest.mark.parametrize("names", [ANEW, DEALT_OUT], ids=["anew", "dealt out"])
def test_links_words_and_books_stay_with_the_records(loaded: District, names: dict[str, str]) -> None:
    before = everything(loaded)
    approved(loaded, numbered(names))
    assert everything(loaded, names) == before
    assert upkeep.check(loaded.system) == []
    assert send(loaded, numbered(names)).counts.unchanged == 60
    upkeep.rebuild(loaded.system)
    assert everything(loaded, names) == before
    assert upkeep.check(loaded.system) == []


def test_what_is_held_is_told_as_a_base_installed_anew(loaded: District) -> None:
    run = send(loaded, numbered(ANEW))
    assert run.message.startswith("номера записей (001) другие у 60 из 60, книги те же, и экземпляры те же")
    assert "неполная" not in run.message
    assert (run.counts.new, run.counts.changed, run.counts.gone) == (0, 60, 0)
    examples = difference_examples(loaded.system.engine, run.number, 2)
    assert [one.local_id for one in examples["changed"]] == ["R0000 → N0000", "R0001 → N0001"]
    assert examples["changed"][0].before == examples["changed"][0].after
    assert (examples["new"], examples["gone"]) == ([], [])


def test_a_base_is_numbered_anew_a_second_time_and_back_again(loaded: District) -> None:
    before = everything(loaded)
    for names in (ANEW, DEALT_OUT, {}):
        approved(loaded, numbered(names))
        assert everything(loaded, names) == before
    assert upkeep.check(loaded.system) == []


@pytest.mark.parametrize("names", [ANEW, DEALT_OUT], ids=["anew", "dealt out"])
def test_a_run_of_new_numbers_that_is_taken_back_leaves_all_as_it_was(loaded: District, names: dict[str, str]) -> None:
    before = everything(loaded)
    run = approved(loaded, [*numbered(names)[:50], *shelf(5, prefix="X", start=100)])
    pipeline.roll_back(loaded.system, run.number, who="методист")
    after = everything(loaded)
    dead = after.pop("gone"), before.pop("gone")
    assert set(dead[1]) < set(dead[0])  # of the five books that came and went
    copies = [{day: n for day, _, n in found.pop("books") if n} for found in (after, before)]  # type: ignore[attr-defined]
    assert copies[0] == copies[1]
    assert after == before
    assert upkeep.check(loaded.system) == []
    assert send(loaded, BASE).counts.unchanged == 60
    approved(loaded, numbered(names))
    assert links(loaded, names) == before["links"]


def test_a_number_of_before_tells_the_one_of_now(loaded: District) -> None:
    def now(number: str) -> str | None:
        with reading(loaded.system.engine) as connection:
            found = renamed.now(connection, key(number))
            with pytest.raises(Refused, match="нет записи s1:") as refused:
                list(explaining.lines(connection, key(number)))
        assert str(refused.value).endswith(f": теперь это {found}" if found else number)
        return found and found.local_id

    approved(loaded, numbered(ANEW))
    assert now("R0007") == "N0007"
    again = {f"N{n:04d}": f"M{n:04d}" for n in range(60)}
    run = approved(loaded, numbered(again, numbered(ANEW)))
    assert (now("R0007"), now("N0007")) == ("M0007", "M0007")
    pipeline.roll_back(loaded.system, run.number, who="методист")
    assert (now("R0007"), now("M0007")) == ("N0007", None)


def test_a_card_entered_anew_on_an_ordinary_night_is_the_card_it_was(loaded: District) -> None:
    before = links(loaded)
    names = {"R0050": "N1", "R0000": "N2"}
    run = send(loaded, numbered(names))
    assert (run.state, run.counts.new, run.counts.changed, run.counts.gone) == (RunState.PUBLISHED, 0, 2, 0)
    assert run.warnings == ("номера записей (001) другие у 2 из 60, книги те же",)
    assert links(loaded, names) == before
    with reading(loaded.system.engine) as connection:
        found = hand.class_now(connection, key("N1"))
    assert found is not None
    assert found.category is Category.TEXTBOOK


def test_changes_alone_tell_of_a_new_number_too(loaded: District) -> None:
    before = links(loaded)
    run = send(loaded, numbered({"R0050": "N1"})[50:51], incremental=True)
    assert links(loaded)["s1:R0050"] == links(loaded)["s1:N1"]  # nothing says yet that the other is gone
    pipeline.roll_back(loaded.system, run.number, who="методист")
    assert links(loaded) == before


def test_numbers_of_cards_long_gone_are_given_again(loaded: District) -> None:
    """And a number whose book is gone now: who had it before gets in nobody's way."""
    before = links(loaded)
    assert send(loaded, BASE[:55]).state is RunState.PUBLISHED
    names = {"R0010": "R0058", "R0011": "R0059", "R0012": "R0013"}
    run = send(loaded, numbered(names, [*BASE[:13], *BASE[14:55]]))
    assert run.state is RunState.PUBLISHED
    now = links(loaded)
    assert {was: now[f"s1:{is_}"] for was, is_ in names.items()} == {was: before[f"s1:{was}"] for was in names}
    assert before["s1:R0013"] == now["s2:Q0013"]
    assert upkeep.check(loaded.system) == []
    pipeline.roll_back(loaded.system, run.number, who="методист")
    assert links(loaded) == {record: link for record, link in before.items() if record < "s1:R0055" or record > "s2"}
    assert upkeep.check(loaded.system) == []


def test_a_book_is_known_by_its_copies_where_its_description_is_another(loaded: District) -> None:
    """A new program numbers anew and describes otherwise; the last thirty editions nobody else has."""
    before = links(loaded)
    series = field("225", ("a", "Школьная библиотека"))
    approved(loaded, [with_values(record, fields=(*record.fields, series)) for record in numbered(ANEW)])
    now = links(loaded, ANEW)
    assert {n: now[f"s1:{n}"] for n in NUMBERS[30:]} == {n: before[f"s1:{n}"] for n in NUMBERS[30:]}


def test_an_export_of_another_school_is_not_told_as_new_numbers(loaded: District) -> None:
    """It has the same textbooks, and copies of its own."""
    run = send(loaded, shelf(60, prefix="Z"))
    assert run.state is RunState.HELD
    assert "а экземпляры другие: похоже на выгрузку другой базы или школы" in run.message


def test_what_another_version_of_the_program_packed_is_read_from_the_bytes(loaded: District) -> None:
    before = links(loaded)
    with writing(loaded.system.engine) as connection:
        connection.execute(update(t.described).values(data=b"?"))
    approved(loaded, numbered(ANEW))
    assert links(loaded, ANEW) == before


# --- alike ------------------------------------------------------------------------------------------------------------


def alike(*numbers: str) -> list[MarcRecord]:
    """Cards of one book without copies: nothing but their numbers tells them apart."""
    return [book(number, "Букварь", copies=0) for number in numbers]


@pytest.mark.parametrize("now", [("N1", "N2"), ("N1",), ("N1", "N2", "N3")])
def test_of_cards_alike_it_is_all_one_who_is_whose_heir(loaded: District, now: tuple[str, ...]) -> None:
    send(loaded, [*BASE, *alike("A1", "A2")])
    link = links(loaded)["s1:A1"]
    run = send(loaded, [*BASE, *alike(*now)])
    assert run.state is RunState.PUBLISHED
    assert {links(loaded)[f"s1:{number}"] for number in now} == {link}


def test_of_cards_alike_of_which_librarians_said_different_things_none_is_guessed(loaded: District) -> None:
    send(loaded, [*BASE, *alike("A1", "A2")])
    publishing.decide(loaded.system, key("A1"), key("A2"), same=False, who="б", why="разные тиражи")
    before = everything(loaded)["said"]
    run = send(loaded, [*BASE, *alike("N1", "N2")])
    assert (run.counts.new, run.counts.changed, run.counts.gone) == (2, 0, 2)
    assert any("не отличить одну от другой (2: A1, A2)" in warning for warning in run.warnings)
    assert everything(loaded)["said"] == before


def test_copies_tell_cards_apart_that_say_the_same(loaded: District) -> None:
    twice = [book("A1", "Букварь", copies=2), book("A2", "Букварь", copies=1)]
    send(loaded, [*BASE, *twice])
    publishing.decide(loaded.system, key("A1"), key("A2"), same=False, who="б", why="разные тиражи")
    before = links(loaded)
    names = {"A1": "N2", "A2": "N1"}
    send(loaded, [*BASE, *numbered(names, twice)])
    assert links(loaded, names) == before
