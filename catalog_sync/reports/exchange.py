"""Радар обмена: who could lend whom which textbook, nearest first, with an act of transfer ready to be signed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from catalog_sync.distance import kilometres, point
from catalog_sync.model import Library
from catalog_sync.reports import russian
from catalog_sync.reports.model import Cell, Column, Report, Row, Section, Table, Text
from catalog_sync.reports.period import Period
from catalog_sync.reports.textbooks import NO_NEEDS, there_of, unless_empty
from catalog_sync.store.provision import Line, identity
from catalog_sync.text import fold

NO_NEEDS_HERE = (
    "Потребность этой школы не введена, поэтому ей ничего не предлагается и от неё ничего не ждут: загрузите список "
    "«класс, предмет, учебник, обучающихся»."
)
MOST_ACTS = 20  # acts printed in one report; the rest of the radar is in its table
FAR = 1e9  # km: an unknown distance comes after every known one
UNKNOWN = "не известно"
BLANK_PRICE = (
    "Цена — из записей передающей школы. Где она не указана или разная у разных партий, графы «Цена», «Сумма» и итог "
    "заполняются от руки по документам бухгалтерии."
)
NOTES = (
    "Расстояние — по прямой, по координатам из карточек библиотек; школы одного населённого пункта без координат "
    "считаются рядом (0 км). «Не известно» — координаты не указаны: такие школы предлагаются последними.",
    "Передаются только печатные экземпляры, годные по федеральному перечню на день отчёта. Школы, не сообщившие "
    "потребность, не предлагаются: их учебники могут быть нужны им самим.",
)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Copies one school could give to another for the school year."""

    giver: str
    taker: str
    line: Line  # of the taker
    given: Line  # of the giver
    copies: int
    km: float | None  # None: nobody said where one of them stands


def distance(libraries: Mapping[str, Library], one: str, other: str) -> float | None:
    """Kilometres between two libraries: by coordinates, else nought in the same settlement, else not known."""
    here, there = libraries.get(one), libraries.get(other)
    if here is None or there is None:
        return None
    places = _point(here), _point(there)
    if places[0] and places[1]:
        return kilometres(places[0], places[1])
    return 0.0 if here.settlement and fold(here.settlement) == fold(there.settlement) else None


def _point(library: Library) -> tuple[float, float] | None:
    try:
        return point(library.coordinates)
    except ValueError:  # typed past the form; the card says what is wrong with it
        return None


def transfers(lines: Sequence[Line], libraries: Mapping[str, Library]) -> list[Transfer]:
    """Surplus to lack. The greatest lack is served first, by the nearest school, then by the largest surplus."""
    givers: dict[tuple[str, ...], dict[str, Line]] = defaultdict(dict)
    spare: dict[tuple[tuple[str, ...], str], int] = {}
    shared: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if line.shared:
            shared[line.library].append(line)
    for line in lines:
        if line.spare:
            spare[identity(line), line.library] = line.spare
            for book in _names_of(line, shared[line.library]):
                givers[book].setdefault(line.library, line)
    far = {}
    found = []
    for line in sorted(lines, key=lambda x: (-x.missing, x.library, x.grade, x.subject)):
        missing, book = line.missing, identity(line)
        if not missing:
            break
        for code in givers[book]:
            if (code, line.library) not in far:
                far[code, line.library] = distance(libraries, code, line.library)
        nearest = sorted(
            (code for code in givers[book] if code != line.library),
            key=lambda code: (_far(far[code, line.library]), -spare[identity(givers[book][code]), code], code),
        )
        for giver in nearest:
            given = givers[book][giver]
            copies = min(missing, spare[identity(given), giver])
            if copies:
                found.append(Transfer(giver, line.library, line, given, copies, far[giver, line.library]))
                spare[identity(given), giver] -= copies
                missing -= copies
    return sorted(found, key=lambda t: (_far(t.km), t.giver, t.taker, t.line.grade, t.line.subject))


def _names_of(line: Line, shared: Sequence[Line]) -> set[tuple[str, ...]]:
    """As which books the copies of a line can be given: those of a shared book are those of the other classes too."""
    others = (one for one in shared if set(one.clusters) & set(line.clusters))
    return {identity(line), *map(identity, others)}


def _far(km: float | None) -> float:
    return FAR if km is None else km


def covered_by(found: Sequence[Transfer]) -> dict[tuple[str, tuple[str, ...]], int]:
    """(taker, book) → copies other schools could give."""
    sums: dict[tuple[str, tuple[str, ...]], int] = defaultdict(int)
    for one in found:
        sums[one.taker, identity(one.line)] += one.copies
    return dict(sums)


Prices = Callable[[Transfer], set[int]]  # kopecks of one copy, as the giver's records name them


def exchange_report(
    lines: Sequence[Line], period: Period, today: date, libraries: Mapping[str, Library], code: str, prices: Prices
) -> Report:
    """`lines`: the needs of all schools with the surplus of those that name no such book."""
    found = [t for t in transfers(lines, libraries) if code in ("", t.giver, t.taker)]
    copies, missing = sum(t.copies for t in found), sum(line.missing for line in lines if code in ("", line.library))
    acts: list[Section] = []
    pairs = list(dict.fromkeys((t.giver, t.taker) for t in found))
    for giver, taker in pairs[:MOST_ACTS]:
        acts += act([t for t in found if (t.giver, t.taker) == (giver, taker)], libraries, today, prices)
    if len(pairs) > MOST_ACTS:
        rest = f"Актов показано {MOST_ACTS} из {len(pairs)}: остальные — в радаре отдельной школы."
        acts.append(Text(rest, style="note"))
    return Report(
        name="exchange", title="Радар обмена учебниками", period=f"на {russian.day(today)}", start=period.start,
        end=period.end, made=today, library=code, library_name=_name(libraries, code) if code else "",
        sections=(Text(_lead(lines, found, missing, code)), *unless_empty(_radar(found, libraries, today)), *acts),
        facts={"copies": copies, "missing": missing, "pairs": len(pairs)}, landscape=True,
    )  # fmt: skip


def _lead(lines: Sequence[Line], found: Sequence[Transfer], missing: int, code: str) -> str:
    if not lines:
        return NO_NEEDS
    copies = sum(t.copies for t in found)
    if code and not any(line.library == code and line.needed for line in lines):
        return NO_NEEDS_HERE
    if code:
        taken, given = (sum(t.copies for t in found if getattr(t, side) == code) for side in ("taker", "giver"))
        return (
            f"Школе не хватает {russian.genitive(missing, russian.TEXTBOOK)}, из них {russian.number(taken)} могут "
            f"передать другие школы; сама она может передать {russian.counted(given, russian.TEXTBOOK)}."
        )
    if not missing:
        return "Недостающих учебников нет: обмен не нужен."
    if not copies:
        return f"Не хватает {russian.genitive(missing, russian.TEXTBOOK)}; лишних таких учебников в других школах нет."
    return (
        f"Обменом между школами можно покрыть {russian.counted(copies, russian.TEXTBOOK)} из {russian.number(missing)} "
        "недостающих."
    )


def _radar(found: Sequence[Transfer], libraries: Mapping[str, Library], today: date) -> Table:
    columns = (
        Column("Передаёт", "text", width=22), Column("Получает", "text", width=22),
        Column("Расстояние, км", "decimal", width=12, rule="по прямой между координатами библиотек"),
        Column("Класс", width=7, is_figure=False),
        Column("Автор, наименование", "text", width=34), Column("№ ФПУ", "text", width=13),
        Column("Годен до", "date", width=11), Column("Имеет", width=7),
        Column("Передаёт, экз.", width=9, rule="меньшее из излишка одной и нехватки другой школы"),
    )  # fmt: skip
    rows = [
        Row(
            (
                Cell(_name(libraries, t.giver)), Cell(_name(libraries, t.taker)),
                Cell(UNKNOWN if t.km is None else t.km), Cell(t.line.grade), Cell(_book(t)),
                Cell(t.line.wanted.fpu or "—"), Cell(_until(t.given)),
                there_of(t.given.have, t.given, today), Cell(t.copies),
            )
        )
        for t in found
    ]  # fmt: skip
    if rows:
        whole = tuple(range(len(rows)))
        total = Cell(sum(t.copies for t in found), sum_of=whole)
        rows.append(Row((Cell("ВСЕГО"), *[Cell("")] * 7, total), "total"))
    return Table(columns, tuple(rows), "Кто кому может передать", NOTES, name="transfers")


def _until(line: Line) -> date | str:
    if line.valid_until:
        return line.valid_until
    return "без срока" if line.fit_known else "перечень не загружен"


def _book(one: Transfer) -> str:
    return f"{one.line.wanted.authors} {one.line.wanted.title}".strip()


def act(
    some: Sequence[Transfer], libraries: Mapping[str, Library], today: date, prices: Prices
) -> list[Section]:
    """Акт передачи документов между школами: list, number in words, signatures.

    The price is the one the giver's records name; where they name none, or several, it is left to be written by hand.
    """
    giver, taker = _name(libraries, some[0].giver), _name(libraries, some[0].taker)
    copies = sum(t.copies for t in some)
    columns = (
        Column("№ п/п", width=6, is_figure=False), Column("Автор, наименование", "text", width=46),
        Column("Класс", width=8, is_figure=False), Column("№ ФПУ", "text", width=16), Column("Экз.", width=8),
        Column("Цена, руб.", "money", width=11), Column("Сумма, руб.", "money", width=12),
    )  # fmt: skip
    known = [_price(prices(t)) for t in some]
    rows = [
        Row((Cell(n), Cell(_book(t)), Cell(t.line.grade), Cell(t.line.wanted.fpu or "—"), Cell(t.copies),
             *_money(price, t.copies)))
        for n, (t, price) in enumerate(zip(some, known, strict=True), 1)
    ]  # fmt: skip
    whole = tuple(range(len(rows)))
    costs = [price * t.copies for t, price in zip(some, known, strict=True) if price is not None]
    cost = Cell(round(sum(costs), 2), sum_of=whole) if len(costs) == len(some) else Cell("")
    total = (Cell(""), Cell("Всего"), Cell(""), Cell(""), Cell(copies, sum_of=whole), Cell(""), cost)
    rows.append(Row(total, "total"))
    notes = () if len(costs) == len(some) else (BLANK_PRICE,)
    line = "_" * 20
    return [
        Text(f"Акт передачи учебников № {'_' * 6} от {russian.day(today)} (проект)", level=2, style="page"),
        Text(f"{giver} передаёт, а {taker} принимает учебники: всего {russian.counted(copies, russian.COPY)} "
             f"({russian.in_words(copies)})."),
        Table(columns, tuple(rows), f"{giver} → {taker}", notes),
        Text(f"Передал: {line}    Принял: {line}", style="sign"),
    ]  # fmt: skip


def _price(kopecks: set[int]) -> float | None:
    """Roubles of one copy; None where the records name no price, or more than one."""
    return kopecks.pop() / 100 if len(kopecks) == 1 else None


def _money(price: float | None, copies: int) -> tuple[Cell, Cell]:
    return (Cell(""), Cell("")) if price is None else (Cell(price), Cell(round(price * copies, 2)))


def _name(libraries: Mapping[str, Library], code: str) -> str:
    return libraries[code].name if code in libraries else code
