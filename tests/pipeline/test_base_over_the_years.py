"""What befalls a school's base over the years: it is installed anew under other numbers, or gets a second source."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from catalog_sync import pipeline, upkeep
from catalog_sync.model import Dialect, FetchedFile, HarvestRun, Library, RunState, Source
from catalog_sync.store import acts, figures, registry
from catalog_sync.store.database import reading, writing
from tests.pipeline.conftest import District

RS, US = "\x1e", "\x1f"
BOUGHT, LATER, ACT = "01.09.2019", "25.08.2021", "15.05.2022"
YEARS = range(2019, 2027)


@dataclass(frozen=True)
class Card:
    """A card of МАРК-SQL with its rows of INV and INVOFF: (number, copies, day of registration, day of the act)."""

    title: str
    copies: tuple[tuple[str, int, str, str], ...]
    subtitle: str = ""

    def row(self, number: str) -> bytes:
        fields = [f"001{number}", f"100  {US}aГрин, А. С.", f"245  {US}a{self.title}{US}b{self.subtitle}"]
        fields.append(f"260  {US}aМосква{US}c2015")
        made = {"doc_id": number, "rectype": "a", "biblevel": "m", "item": RS.join(fields) + RS}
        for name, is_off in (("inv", False), ("invoff", True)):
            made[name] = [held(*copy) for copy in self.copies if bool(copy[3]) is is_off]  # type: ignore[assignment]
        return json.dumps(made, ensure_ascii=False).encode()


def held(number: str, copies: int, came: str, went: str) -> dict[str, object]:
    row = {"T090e": number, "CNT": copies, "T876c": "100"} | ({"REGDATE": came} if came else {})
    return row | ({"OFFDATE": went, "WROFFACT": "7", "NOTES": "ветхость"} if went else {})


FICTION = Card("Алые паруса", (("101", 1, BOUGHT, ""), ("102", 1, BOUGHT, ACT)), "повесть")
ALL_GONE = Card("Муму", (("110", 1, BOUGHT, ACT), ("111", 1, BOUGHT, ACT)), "рассказ")
TEXTBOOK = Card("Алгебра", (("", 30, BOUGHT, ""), ("", 40, BOUGHT, ACT), ("", 10, LATER, "")), "учебник для 7 класса")
OTHER_CLASS = Card("Алгебра", (("", 30, BOUGHT, ""),), "учебник для 8 класса")
UNDATED = Card("Левша", (("130", 1, "", ""), ("131", 1, "", ACT), ("", 3, "", "")))
BASE = (FICTION, ALL_GONE, TEXTBOOK, OTHER_CLASS, UNDATED)


@dataclass
class School:
    district: District
    source: str = "s"

    def __post_init__(self) -> None:
        with writing(self.district.system.engine) as connection:
            registry.save_libraries(connection, [Library("s", "Школа № 1")])
        self.make(self.source)

    def make(self, code: str) -> None:
        with writing(self.district.system.engine) as connection:
            registry.save_sources(connection, [Source(code, "s", dialect=Dialect.MARCSQL)])

    def send(self, base: tuple[Card, ...], prefix: str = "A", source: str = "s") -> HarvestRun:
        self.district.clock.now += timedelta(1)
        data = b"\n".join(card.row(f"{prefix}{n}") for n, card in enumerate(base))
        return pipeline.run_source(self.district.system, source, [FetchedFile("base.json", data, format="")])

    def approved(self, *args: object) -> None:
        run = self.send(*args)  # type: ignore[arg-type]
        assert run.state is RunState.HELD
        pipeline.approve(self.district.system, run.number, who="м")

    def close(self, source: str = "s") -> None:
        self.district.clock.now += timedelta(1)
        upkeep.close_source(self.district.system, source, who="м")

    def books(self) -> dict[object, object]:
        """Copies and titles of each year, and the acts of КСУ, in which a doubled past would show."""
        found: dict[object, object] = {}
        with reading(self.district.system.engine) as connection:
            for year in YEARS:
                start, end = date(year, 1, 1), date(year, 12, 31)
                told = figures.balances(connection, figures.Selection(scopes=("s",)), start, end)
                found[year] = sorted((kinds, counted) for kinds, counted in told.copies.items())
                found[year, "titles"] = sorted((kinds, counted) for kinds, counted in told.titles.items())
                every = ("textbook", "fiction", "other", "study_aid", "reference")
                found[year, "acts"] = [
                    (act.day, act.document, act.reason, act.copies, act.kopecks)
                    for act in acts.acts(connection, "s", ("acquired", "withdrawn"), start, end, every)
                ]
        assert upkeep.check(self.district.system) == []
        return found


@pytest.fixture
def school(district: District) -> School:
    return School(district)


def test_a_base_installed_anew_brings_nothing_twice(school: School) -> None:
    school.send(BASE)
    before = school.books()
    school.approved(BASE, "B")
    assert school.books() == before


def test_what_changed_while_the_base_was_installed_anew_is_all_that_changes(school: School) -> None:
    school.send(BASE)
    before = school.books()
    written_off = replace(FICTION, copies=(("101", 1, BOUGHT, "01.06.2025"), *FICTION.copies[1:]))
    school.approved((written_off, *BASE[1:]), "B")
    after = school.books()
    assert after[2025, "acts"] == [(date(2025, 6, 1), "7", "ветхость", 1, 10000)]
    assert {year for year in YEARS if after[year, "acts"] != before[year, "acts"]} == {2025}


def test_the_run_of_new_numbers_can_be_taken_back(school: School) -> None:
    school.send(BASE)
    before = school.books()
    school.approved(BASE, "B")
    with reading(school.district.system.engine) as connection:
        last = registry.published_run(connection, "s")
    pipeline.roll_back(school.district.system, last or 0, who="м")
    assert school.books() == before


def test_a_base_that_dates_its_copies_at_last_under_new_numbers_dates_those_it_had(school: School) -> None:
    school.send(tuple(replace(card, copies=tuple((n, c, "", w) for n, c, _, w in card.copies)) for card in BASE))
    school.approved(BASE, "B")
    copies = {year: [act[3] for act in school.books()[year, "acts"]] for year in YEARS}  # type: ignore[attr-defined]
    assert {year: some for year, some in copies.items() if some} == {2019: [104], 2021: [10], 2022: [44]}


def test_a_second_source_for_the_same_base_waits_for_a_word(school: School) -> None:
    school.send(BASE)
    before = school.books()
    school.make("s-new")
    run = school.send(BASE, "B", "s-new")
    assert run.state is RunState.HELD
    assert "источнике s той же библиотеки (5 из 5" in run.message
    assert school.books() == before


def test_a_second_base_with_other_books_under_the_same_numbers_is_no_second_source(school: School) -> None:
    school.send(BASE)
    school.make("s-new")
    others = tuple(replace(card, title=title) for card, title in zip(BASE, ("Чайка", "Нос", "Химия", "Физика", "Вий"),
                                                                      strict=True))  # fmt: skip
    assert school.send(others, "B", "s-new").state is RunState.PUBLISHED


@pytest.mark.parametrize("first", ["close", "load"])
def test_books_of_a_closed_source_stand_in_the_one_that_took_its_place(school: School, first: str) -> None:
    school.send(BASE)
    before = school.books()
    school.make("s-new")
    if first == "close":
        school.close()
        school.send(BASE, "B", "s-new")
    else:
        school.approved(BASE, "B", "s-new")
        assert school.books() != before
        school.close()
    after = school.books()
    assert {year for year in YEARS if after[year] != before[year]} == set()
    assert {year for year in YEARS if after[year, "titles"] != before[year, "titles"]} == set()


def test_copies_of_a_building_given_up_are_not_the_like_ones_of_the_other(school: School) -> None:
    """Both have three copies of «Левша» without numbers and days, and a textbook that came on one day."""
    school.send((FICTION, ALL_GONE, TEXTBOOK, UNDATED))
    school.make("annex")
    only_here = replace(OTHER_CLASS, copies=(("", 5, LATER, ""),))
    here = [replace(only_here, title=title) for title in ("Химия", "Физика", "Биология")]
    undated = replace(UNDATED, copies=(("", 3, "", ""),))
    school.send((*here, undated), "B", "annex")
    before = school.books()
    school.close("annex")
    after = school.books()
    assert 18 in [act[3] for act in after[2026, "acts"]]  # type: ignore[attr-defined]
    assert {year for year in YEARS if after[year, "acts"] != before[year, "acts"]} == {2026}


def test_a_closed_source_that_comes_back_has_its_books_again(school: School) -> None:
    """The first was closed by mistake: its closing is taken back when the second has its books already."""
    school.send(BASE)
    before = school.books()
    school.make("s-new")
    school.close()
    with reading(school.district.system.engine) as connection:
        closing = registry.published_run(connection, "s")
    school.send(BASE, "B", "s-new")
    pipeline.roll_back(school.district.system, closing or 0, who="м")
    school.close("s-new")
    assert school.books() == before


def test_other_books_under_the_numbers_of_a_closed_base_inherit_nothing(school: School) -> None:
    school.send((FICTION, ALL_GONE))
    school.close()
    before = school.books()
    school.make("s-new")
    school.send((replace(FICTION, title="Чайка"), replace(ALL_GONE, title="Нос")), "B", "s-new")
    after = school.books()
    assert [act[3] for act in after[2022, "acts"]] == [2 * act[3] for act in before[2022, "acts"]]  # type: ignore[attr-defined]
    assert after[2026, "acts"] == before[2026, "acts"]


def test_a_group_is_not_taken_for_one_of_another_book(school: School) -> None:
    """A set lost and a set of the same day and size found in one night are no move of one set."""
    school.send((FICTION, TEXTBOOK, OTHER_CLASS))
    before = school.books()
    eighth = replace(OTHER_CLASS, title="Химия")
    school.send((FICTION, TEXTBOOK, replace(OTHER_CLASS, copies=()), eighth))
    after = school.books()
    assert after != before
    assert [act[3] for act in after[2026, "acts"]] == [30]  # type: ignore[attr-defined]


@pytest.mark.parametrize("first", ["close", "load"])
def test_links_of_a_closed_source_lead_to_the_books_in_the_one_that_took_its_place(school: School, first: str) -> None:
    school.send(BASE)
    before = school.district.clusters()
    school.make("s-new")
    if first == "close":
        school.close()
        run = school.send(BASE, "B", "s-new")
    else:
        school.approved(BASE, "B", "s-new")
        school.close()
    after = school.district.clusters()
    assert after == {record.replace("s:A", "s-new:B"): link for record, link in before.items()}
    assert upkeep.check(school.district.system) == []
    if first == "close":
        pipeline.roll_back(school.district.system, run.number, who="м")
        assert school.district.clusters() == {}
        school.send(BASE, "B", "s-new")
        assert school.district.clusters() == after
