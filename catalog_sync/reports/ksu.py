"""КСУ: книга суммарного учёта, части 1–3 — of the main stock and of the textbooks, from the acts in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from itertools import groupby

from catalog_sync.model import Library
from catalog_sync.reports import ksu_lines, russian
from catalog_sync.reports.facts import MAIN_STOCK, TEXTBOOKS, Facts, Kinds
from catalog_sync.reports.model import Cell, Column, Report, Row, Section, Table, Text, listed, signature
from catalog_sync.reports.period import Period, steps
from catalog_sync.store.acts import GROUPS, Act
from catalog_sync.store.figures import Balance

Query = Callable[..., str]  # the query of a line's rows; `name`: of one of its columns
NO_DOCUMENT = "без документа"
GROUP_NAMES = {
    "natural": "Естественные науки (2)",
    "applied": "Прикладные науки (3, 4, 5)",
    "social": "Общественные, гуманитарные науки (6/8) и универсального содержания (9)",
    "pedagogy": "из них педагогические науки (74)",
    "fiction": "Художественная литература (84)",
    "young": "Литература дошкольная, 1–2 классов",
}
LEVELS = ("1–4", "5–9", "10–11", "")
LEVEL_NAMES = {"": "класс не указан"}
REASONS = ("ветхость", "дефектность", "устарелость", "непрофильность", "утеря", "утрата", "передача", "срок")
SIGNED = "Книга составлена по журналу движения фонда и сверяется с бумажной; бумажную она не заменяет (Порядок 1077)."


@dataclass(frozen=True, slots=True)
class Book:
    """What a КСУ is written from."""

    library: Library
    period: Period
    came: Sequence[Act]
    went: Sequence[Act]
    first_number_in: int  # part 1 begins anew every year
    first_number_out: int  # part 2 is numbered through the years
    opening: Act  # everything that stood there the day before the period
    initial: Act
    quarters: Sequence[tuple[Period, Act, Act]]  # what came and what left in each that has begun
    total: Balance
    categories: tuple[str, ...]


def make(book: Book, today: date, textbooks: bool) -> Report:
    name = "ksu-textbooks" if textbooks else "ksu"
    title = "Книга суммарного учёта " + ("учебного фонда" if textbooks else "библиотечного фонда")
    sections: list[Section] = [
        part_in(book, textbooks), part_out(book, textbooks), part_totals(book, today, textbooks),
        Text(SIGNED, style="note"), *signature(today),
    ]  # fmt: skip
    return Report(
        name=name, title=title, period=f"за {book.period.words}", start=book.period.start, end=book.period.end,
        made=today, sections=tuple(sections), library=book.library.code, library_name=book.library.name, landscape=True,
        facts={"acquired": book.total.acquired, "withdrawn": book.total.left, "closing": book.total.closing},
    )  # fmt: skip


def kinds(textbooks: bool) -> Kinds:
    """The specialised stock of textbooks is kept in a КСУ of its own (Порядок 1077)."""
    return TEXTBOOKS if textbooks else MAIN_STOCK


def part_in(book: Book, textbooks: bool) -> Table:
    """Часть 1: one line per accompanying document; numbers begin at 1 every year."""
    columns = (
        Column("Дата записи", "date", width=11), Column("№ п.п.", width=6, is_figure=False),
        Column("Источник поступления", "text", width=16), Column("№ или дата документа", "text", width=14),
        Column("Поступило всего", width=11), *_content_columns(textbooks), Column("На сумму, руб.", "money", width=11),
    )  # fmt: skip
    rows = []
    for number, act in _numbered_by_year(book.came, book.first_number_in):
        head = (
            Cell(act.day),
            Cell(number),
            Cell(act.supplier or "в записях не указан"),
            Cell(act.document or NO_DOCUMENT),
        )
        query = _of_act(book, act, textbooks)
        rows.append(Row((*head, *_figures(act, textbooks, query))))
    rows += _total(rows, columns, "ВСЕГО поступило", _of_period(book, book.period, "acquired", textbooks), textbooks)
    notes = () if all(act.document for act in book.came) else ("Поступление без документа оформляется актом приёма.",)
    return Table(columns, tuple(rows), "Часть 1. Поступление в фонд", notes, True, "part1")


def _numbered_by_year(acts: Sequence[Act], first: int) -> Iterator[tuple[int, Act]]:
    """Acts in the order of days with their numbers, which begin at 1 in every year after the first."""
    for _, of_year in groupby(acts, key=lambda act: act.day.year):
        yield from enumerate(of_year, first)
        first = 1


def part_out(book: Book, textbooks: bool) -> Table:
    """Часть 2: one line per act; numbering goes on through the years."""
    columns = (
        Column("Дата записи", "date", width=11), Column("№ п.п.", width=6, is_figure=False),
        Column("№ акта", "text", width=12), Column("Выбыло всего", width=9), *_content_columns(textbooks),
        Column("На сумму, руб.", "money", width=11), Column("Причина", "text", width=18),
    )  # fmt: skip
    rows = []
    for number, act in enumerate(book.went, book.first_number_out):
        head = (Cell(act.day), Cell(number), Cell(act.document or NO_DOCUMENT))
        figures = _figures(act, textbooks, _of_act(book, act, textbooks))
        rows.append(Row((*head, *figures, Cell(act.reason or "не указана"))))
    rows += _total(rows, columns, "ВСЕГО выбыло", _of_period(book, book.period, "left", textbooks), textbooks)
    return Table(columns, tuple(rows), "Часть 2. Выбытие из фонда", (), True, "part2")


def _of_act(book: Book, act: Act, textbooks: bool) -> Query:
    """The queries of the lines of one act: its day, document and reason, and nothing else of that day."""
    return partial(
        listed, "ksu", [book.library.code], act.day, act.day, measure=act.column, part=_name(textbooks),
        document=act.document or ksu_lines.EMPTY, reason=act.reason or ksu_lines.EMPTY,
    )  # fmt: skip


def _of_period(book: Book, period: Period, measure: str, textbooks: bool) -> Query:
    """The queries behind one line of part 3."""
    start, end = period.start, period.end
    if measure == "opening":
        start = end = start - timedelta(1)
    kind = measure if measure not in ("opening", "closing") else "state"
    return partial(listed, "ksu", [book.library.code], start, end, measure=kind, part=_name(textbooks))


def _name(textbooks: bool) -> str:
    return "textbooks" if textbooks else "main"


def part_totals(book: Book, today: date, textbooks: bool) -> Table:
    """Часть 3: state at the beginning, movement by quarters, state at the end, in the columns of the other parts."""
    columns = (
        Column("Показатель", "text", width=30), Column("Всего, экз.", width=10), *_content_columns(textbooks),
        Column("На сумму, руб.", "money", width=11),
    )  # fmt: skip
    period, all_in, all_out = book.period, [act for _, act, _ in book.quarters], [act for _, _, act in book.quarters]
    query = _of_period(book, period, "opening", textbooks)
    rows = [_line(f"Состоит на {russian.short_day(period.start)}", book.opening, textbooks, query)]
    if book.initial.copies:
        query = _of_period(book, period, "initial", textbooks)
        rows.append(_line("Впервые отражено в каталоге (было и раньше)", book.initial, textbooks, query))
    for name, measure, parts in (("Поступило", "acquired", all_in), ("Выбыло", "left", all_out)):
        first = len(rows)
        for (step, _, _), act in zip(book.quarters, parts, strict=True):
            rows.append(_line(f"{name} за {step.words}", act, textbooks, _of_period(book, step, measure, textbooks)))
        whole = _line(f"{name} за период", summed(parts), textbooks, _of_period(book, period, measure, textbooks))
        lines = tuple(range(first, len(rows)))
        formulas = (replace(cell, sum_of=lines if isinstance(cell.value, int | float) else ()) for cell in whole.cells)
        rows.append(Row(tuple(formulas), "total"))
    closing = summed([book.opening, book.initial, *all_in], minus=all_out)
    last = _line(_closing_name(period, today), closing, textbooks, _of_period(book, period, "closing", textbooks))
    rows.append(replace(last, style="total"))
    notes = ("Сумма — по экземплярам, цена которых указана в записях.",)
    return Table(columns, tuple(rows), "Часть 3. Итоги движения фонда", notes, False, "part3")


def _line(name: str, act: Act, textbooks: bool, query: Query) -> Row:
    return Row((Cell(name), *_figures(act, textbooks, query)))


def summed(acts: Sequence[Act], minus: Sequence[Act] = ()) -> Act:
    """All of them together, less those of `minus`."""
    made = Act(date.min, "", "", "", sum(a.copies for a in acts) - sum(a.copies for a in minus), None)
    for sign, some in ((1, acts), (-1, minus)):
        for act in some:
            for name in ("carriers", "groups", "grades"):
                into = getattr(made, name)
                for key, copies in getattr(act, name).items():
                    into[key] += sign * copies
    known = [a.kopecks for a in acts if a.kopecks is not None]
    less = [a.kopecks for a in minus if a.kopecks is not None]
    return replace(made, kopecks=sum(known) - sum(less) if known or less else None)


def _closing_name(period: Period, today: date) -> str:
    if today <= period.end:
        return f"Состоит на {russian.short_day(today)} (период не закончен)"
    return f"Состоит на конец периода ({russian.short_day(period.end)})"


def quarters_of(period: Period) -> list[Period]:
    return steps(period, "quarter")


def balance_of(facts: Facts, library: str, textbooks: bool) -> Balance:
    return facts.copies(library, kinds(textbooks))


def _content_columns(textbooks: bool) -> tuple[Column, ...]:
    if textbooks:
        return tuple(Column(LEVEL_NAMES.get(level, f"{level} кл."), group="По классам", width=9) for level in LEVELS)
    carriers = (Column("книги и др. печатные", group="По видам", width=9), Column("АВД", group="По видам", width=7),
                Column("электронные", group="По видам", width=12))  # fmt: skip
    return (*carriers, *(Column(GROUP_NAMES[name], group="По содержанию", width=14) for name in GROUPS))


def _figures(act: Act, textbooks: bool, query: Query) -> list[Cell]:
    """All, the columns of content and the money of some lines, each with the way to its own lines."""
    cells = [Cell(act.copies, query()), *_content(act, textbooks, query)]
    return [*cells, Cell(None if act.kopecks is None else act.kopecks / 100, query(name="rubles"))]


def _content(act: Act, textbooks: bool, query: Query) -> list[Cell]:
    if textbooks:
        return [Cell(act.grades[level], query(name=f"grade:{level}")) for level in LEVELS]
    printed = act.carriers["print"] + act.carriers["microform"]
    carriers = {"print": printed} | {name: act.carriers[name] for name in ("audiovisual", "electronic")}
    groups = {name: act.groups[name] for name in GROUPS}
    return [Cell(value, query(name=name)) for name, value in (carriers | groups).items()]


def _total(
    rows: Sequence[Row], columns: Sequence[Column], name: str, query: Query, textbooks: bool
) -> list[Row]:
    """The last line: sums of every numeric column but the numbering."""
    if not rows:
        return [Row((Cell("—"), Cell("—"), Cell("записей нет"), *[Cell("")] * (len(columns) - 3)), "muted")]
    names = iter(["", *_column_names(textbooks), "rubles"])
    cells = [Cell(name)]
    for at, column in enumerate(columns[1:], 1):
        values = [row.cells[at].value for row in rows]
        known = [value for value in values if isinstance(value, int | float)]
        summed = at > 1 and column.kind in ("int", "money") and known
        way = query(name=next(names)) if at > 1 and column.kind in ("int", "money") else ""
        cells.append(Cell(round(sum(known), 2), way, tuple(range(len(rows)))) if summed else Cell(""))
    return [Row(tuple(cells), "total")]


def _column_names(textbooks: bool) -> list[str]:
    """The columns of content as addresses name them (ksu_lines.COLUMNS)."""
    if textbooks:
        return [f"grade:{level}" for level in LEVELS]
    return ["print", "audiovisual", "electronic", *GROUPS]
