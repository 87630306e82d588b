"""Years of ordinary nights against a truth of their own: what is on the shelves, copy by copy, with no ledger."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from catalog_sync import pipeline, publishing, upkeep
from catalog_sync.model import Dialect, FetchedFile, Library, RunState, Source
from catalog_sync.store import records, registry
from catalog_sync.store.database import reading, writing
from catalog_sync.store.figures import Selection, balances
from catalog_sync.store.ledger_tables import stock_movement
from tests.exports import AUTHORS, TITLES, book, mrc
from tests.exports import field as marc
from tests.pipeline.conftest import District

RS, US = "\x1e", "\x1f"
COLUMNS = ("initial", "acquired", "withdrawn")
Figure = tuple[str, date, str, str]  # library, day, column, category


@dataclass(eq=False)
class Copy:
    number: str
    price: int | None
    registered: date | None
    came: tuple[date, str] | None = None  # day and column, once an export has told of it
    left: date | None = None
    act: date | None = None
    is_gone: bool = False
    place: tuple[str, str] | None = None  # library and category in which no export can change anything any more


@dataclass(eq=False)
class Card:
    number: str
    edition: int
    copies: list[Copy] = field(default_factory=list)
    is_missing: bool = False

    @property
    def there(self) -> list[Copy]:
        return [copy for copy in self.copies if not copy.is_gone]


@dataclass(eq=False)
class School:
    code: str
    has_rows: bool  # a МАРК-SQL database with acts; else RUSMARC 910
    cards: list[Card] = field(default_factory=list)
    library: str = ""
    base: str = ""
    price: int | None = None
    is_loaded: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        self.source = self.code

    def category(self, card: Card) -> str:
        return "textbook" if self.base or card.edition % 3 == 0 else "other"

    def export(self) -> bytes:
        cards = [card for card in self.cards if not card.is_missing]
        return b"\n".join(map(_row, cards)) if self.has_rows else mrc(map(_rusmarc, cards))


def _subtitle(edition: int) -> str:
    return "учебник для 9 класса" if edition % 3 == 0 else ""


def _price(copy: Copy) -> str:
    return "" if copy.price is None else f"{copy.price},00"


def _groups(copies: list[Copy]) -> Iterator[tuple[Copy, int]]:
    """Numbered copies one by one, others by what they have in common."""
    found: dict[object, list[Copy]] = defaultdict(list)
    for copy in copies:
        found[copy if copy.number else (copy.registered, copy.price, copy.act)].append(copy)
    return ((some[0], len(some)) for some in found.values())


def _rusmarc(card: Card) -> object:
    made = book(card.number, TITLES[card.edition], author=AUTHORS[0], year=str(1990 + card.edition), copies=0,
                subtitle=_subtitle(card.edition))  # fmt: skip
    held = [
        marc("910", ("a", "0" if copy.number else "U"), ("b", copy.number), ("1", "" if copy.number else str(count)),
             ("c", f"{copy.registered:%Y%m%d}" if copy.registered else ""), ("e", _price(copy)))
        for copy, count in _groups(card.there)
    ]  # fmt: skip
    return type(made)(made.leader, (*made.fields, *held))


def _row(card: Card) -> bytes:
    def held(copy: Copy, count: int) -> dict[str, object]:
        return {
            "T090e": copy.number, "T876c": _price(copy), "CNT": count,
            "REGDATE": copy.registered and f"{copy.registered:%d.%m.%Y}",
            **({"OFFDATE": f"{copy.act:%d.%m.%Y}", "WROFFACT": "7"} if copy.act else {}),
        }  # fmt: skip

    title = f"245  {US}a{TITLES[card.edition]}{US}b{_subtitle(card.edition)}"
    fields = [f"001{card.number}", f"100  {US}aГрин, А. С.", title, f"260  {US}aМосква{US}c{1990 + card.edition}"]
    made = {"doc_id": card.number, "rectype": "a", "biblevel": "m", "item": RS.join(fields) + RS}
    made["inv"] = [held(*group) for group in _groups(card.there)]  # type: ignore[assignment]
    made["invoff"] = [held(*group) for group in _groups([c for c in card.copies if c.act])]  # type: ignore[assignment]
    return json.dumps(made, ensure_ascii=False).encode()


class Years:
    """Nights of some schools; every event is one a librarian would call ordinary."""

    def __init__(self, district: District, seed: int) -> None:
        self.district, self.system, self.rng, self.last = district, district.system, random.Random(seed), 0
        self.schools = [School("s1", False), School("s2", True), School("s3", True)]
        with writing(self.system.engine) as connection:
            for one in self.schools:
                one.library = one.code
                dialect = Dialect.MARCSQL if one.has_rows else Dialect.RUSMARC
                registry.save_libraries(connection, [Library(one.code, one.code)])
                registry.save_sources(connection, [Source(one.code, one.code, dialect=dialect)])
        for one in self.schools:
            for _ in range(6):
                self.deliver(one)

    @property
    def today(self) -> date:
        return self.district.clock.now.date()

    def play(self, nights: int) -> None:
        events: list[Callable[[School], None]] = [
            self.deliver, self.deliver, self.write_off, self.move, self.retype, self.miss, self.redate, self.reprice,
            self.other_base, self.other_library, self.roll_back, self.rebuild, self.renumber, self.other_source,
        ]  # fmt: skip
        for night in range(nights):
            for number, school in enumerate(self.schools):
                if night >= 5 * number:  # they join one after another
                    if school.is_loaded:
                        self.rng.choice(events)(school)
                    self.load(school)
            self.check()
            self.district.clock.now += timedelta(self.rng.randrange(5, 60))

    def load(self, school: School) -> None:
        files = [FetchedFile("export", school.export(), format="")]
        run = pipeline.run_source(self.system, school.source, files, index=False)
        if run.state is RunState.HELD:
            run = pipeline.approve(self.system, run.number, who="м", index=False)
        self._learn(school)

    def _learn(self, school: School) -> None:
        for card in school.cards:
            for copy in card.copies:
                if card.is_missing or (copy.is_gone and copy.came is None):
                    copy.left = copy.left or (self.today if copy.came and not copy.is_gone else None)
                    continue
                first = "acquired" if school.is_loaded else "initial"
                copy.came = (copy.registered, "acquired") if copy.registered else copy.came or (self.today, first)
                copy.left = (copy.act or copy.left or self.today) if copy.is_gone else None
        school.is_loaded = True

    # --- events -------------------------------------------------------------------------------------------------------

    def _number(self) -> str:
        self.last += 1
        return str(self.last)

    def _some(self, school: School) -> Card:
        return self.rng.choice(school.cards)

    def deliver(self, school: School) -> None:
        if len(school.cards) < 6 or self.rng.random() < 0.3:
            school.cards.append(Card(self._number(), self.rng.randrange(len(TITLES))))
        is_numbered = self.rng.random() < 0.6
        day = self.today - timedelta(self.rng.randrange(1, 900)) if self.rng.random() < 0.8 else None
        card = self._some(school) if school.is_loaded else school.cards[-1]
        for _ in range(self.rng.randrange(1, 5)):
            card.copies.append(Copy(self._number() if is_numbered else "", school.price, day))

    def write_off(self, school: School) -> None:
        act = self.today - timedelta(self.rng.randrange(30)) if school.has_rows else None
        for copy in self._some(school).there:
            since = max(copy.came[0], copy.registered or date.min) if copy.came else date.max
            if since <= (act or self.today) and (copy.number or act is None or copy.registered):
                copy.is_gone, copy.act = True, act

    def move(self, school: School) -> None:
        one, other = self._some(school), self._some(school)
        if one is not other:
            some = [copy for copy in one.there if copy.number and copy.came]
            one.copies = [copy for copy in one.copies if copy not in some]
            other.copies += some

    def retype(self, school: School) -> None:
        for copy in self._some(school).there:
            if self.rng.random() < 0.7:
                copy.number = self._number()

    def miss(self, school: School) -> None:
        card = self._some(school)
        card.is_missing = True
        self.load(school)
        self.district.clock.now += timedelta(1)
        card.is_missing = False

    def redate(self, school: School) -> None:
        for copy in self._some(school).there:
            if copy.number and copy.came:
                copy.registered = self.today - timedelta(self.rng.randrange(1, 900))

    def reprice(self, school: School) -> None:
        school.price = self.rng.choice([100, 250, 300])
        for copy in (copy for card in school.cards for copy in card.there):
            copy.price = school.price

    def other_base(self, school: School) -> None:
        school.base = "" if school.base else "Учебники"
        self._settle(school)

    def other_library(self, school: School) -> None:
        school.library = school.code if school.library != school.code else "s1"
        self._settle(school)

    def renumber(self, school: School) -> None:
        """The base was installed anew, or its numbers were dealt out anew: its cards are those they were."""
        edition = {card.number: card.edition for card in school.cards}
        numbers = list(edition)
        if len(set(edition.values())) > 1 and self.rng.random() < 0.5:
            # Of cards of one edition that change their numbers among themselves nobody could know.
            while all(edition[number] == card.edition for card, number in zip(school.cards, numbers, strict=True)):
                self.rng.shuffle(numbers)
        else:
            numbers = [self._number() for _ in numbers]
        for card, number in zip(school.cards, numbers, strict=True):
            card.number = number

    def _forget(self, school: School, card: Card) -> None:
        """Of what was written off without an act a second source says nothing."""
        for copy in card.copies:
            if copy.is_gone and not copy.act:
                copy.place = copy.place or (school.library, school.category(card))

    def other_source(self, school: School) -> None:
        """A second source for the same base, and the first one closed before or after."""
        former, school.source = school.source, f"{school.code}-{self._number()}"
        with writing(self.system.engine) as connection:
            source = registry.get_source(connection, former)
            registry.save_sources(connection, [replace(source, code=school.source)])
        school.is_loaded = False
        for card in school.cards:
            self._forget(school, card)
        if self.rng.random() < 0.5:
            self.renumber(school)
        for step in self.rng.sample([lambda: self.load(school), lambda: self._close(former)], 2):
            step()

    def _close(self, source: str) -> None:
        with reading(self.system.engine) as connection:
            is_there = records.live_count(connection, source) > 0
        if is_there:
            upkeep.close_source(self.system, source, who="м")

    def _settle(self, school: School) -> None:
        with writing(self.system.engine) as connection:
            source = registry.get_source(connection, school.source)
            registry.save_sources(connection, [replace(source, base=school.base, library=school.library)])
        pipeline.reread(self.system, school.source, index=False)

    def roll_back(self, school: School) -> None:
        """A run that is taken back and loaded again."""
        card = self._some(school)
        number = registry_number(self.system, school.source) if card.copies else None
        was = [(copy, copy.came, copy.left) for one in school.cards for copy in one.copies]
        self.deliver(school)
        self.load(school)
        last = registry_number(self.system, school.source)
        if last is not None and last != number:
            pipeline.roll_back(self.system, last, who="м", index=False)
            for copy in (copy for one in school.cards for copy in one.copies):
                copy.came = copy.left = None
            for copy, came, left in was:
                copy.came, copy.left = came, left

    def rebuild(self, school: School) -> None:
        publishing.rebuild(self.system, lambda *_: None)

    # --- truth --------------------------------------------------------------------------------------------------------

    def truth(self) -> tuple[Counter[Figure], Counter[Figure]]:
        """Copies, and rubles, by library, day, column and category."""
        copies, rubles = Counter[Figure](), Counter[Figure]()
        for school in self.schools:
            for card in school.cards:
                for copy in card.copies:
                    moves = [(*copy.came, 1)] if copy.came else []
                    moves += [(copy.left, "withdrawn", -1)] if copy.left else []
                    for day, column, sign in moves:
                        library, category = copy.place or (school.library, school.category(card))
                        copies[library, day, column, category] += sign
                        rubles[library, day, column, category] += sign * (copy.price or 0)
        return copies, Counter({place: sum_ for place, sum_ in rubles.items() if sum_})

    def check(self) -> None:
        copies, rubles = self.truth()
        assert self._rubles() == rubles
        for year in range(self.today.year - 3, self.today.year + 1):
            for scope in (*(one.code for one in self.schools), "*"):
                for category in ("textbook", "other"):
                    wanted, said = self._copies(copies, scope, category, year)
                    assert (scope, category, year, said) == (scope, category, year, wanted)

    def _rubles(self) -> Counter[Figure]:
        """What the books say."""
        c = stock_movement.c
        query = select(c.library, c.day, c.column, c.category, func.sum(c.kopecks)).group_by(
            c.library, c.day, c.column, c.category
        )
        with reading(self.system.engine) as connection:
            return Counter({tuple(place): sum_ // 100 for *place, sum_ in connection.execute(query) if sum_})

    def _copies(self, copies: Counter[Figure], scope: str, category: str, year: int) -> tuple[list[int], list[int]]:
        """State before and movement of a year: as it is, and as the figures say."""
        start, end = date(year, 1, 1), date(year, 12, 31)
        wanted = [sum(_inside(copies, scope, category, "", date.min, start - timedelta(1)))]
        wanted += [abs(sum(_inside(copies, scope, category, column, start, end))) for column in COLUMNS]
        with reading(self.system.engine) as connection:
            found = balances(connection, Selection(scopes=(scope,), categories=(category,)), start, end).copies
        return wanted, [sum(getattr(b, name) for b in found.values()) for name in ("opening", *COLUMNS)]


def registry_number(system: object, code: str) -> int | None:
    with reading(system.engine) as connection:  # type: ignore[attr-defined]
        return registry.published_run(connection, code)


def _inside(
    figures: Counter[Figure], scope: str, category: str, column: str, start: date, end: date
) -> Iterator[int]:
    for (library, day, its, kind), value in figures.items():
        if scope in ("*", library) and kind == category and column in ("", its) and start <= day <= end:
            yield value


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 9))])
def test_figures_of_all_years_are_what_the_shelves_say(sqlite_district: District, seed: int) -> None:
    years = Years(sqlite_district, seed)
    years.play(15 if seed == 0 else 60)
    assert upkeep.check(sqlite_district.system, index=False) == []
