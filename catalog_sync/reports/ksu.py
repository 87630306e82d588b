"""КСУ: книга суммарного учёта, части 1–3 — of the main stock and of the textbooks, from the acts in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from catalog_sync.model import Library
from catalog_sync.reports import russian
from catalog_sync.reports.facts import MAIN_STOCK, TEXTBOOKS, Facts, Kinds
from catalog_sync.reports.model import Cell, Column, Drill, Report, Row, Section, Table, Text
from catalog_sync.reports.period import Period, steps
from catalog_sync.store.acts import GROUPS, Act
from catalog_sync.store.figures import Balance

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
        Text(SIGNED, style="note"),
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
        Column("Дата записи", "date", width=11), Column("№ п.п.", width=6),
        Column("Источник поступления", "text", width=16), Column("№ или дата документа", "text", width=14),
        Column("Поступило всего", width=11), *_content_columns(textbooks), Column("На сумму, руб.", "money", width=11),
    )  # fmt: skip
    rows = []
    for number, act in enumerate(book.came, 1):
        head = (
            Cell(act.day),
            Cell(number),
            Cell(act.supplier or "в записях не указан"),
            Cell(act.document or NO_DOCUMENT),
        )
        copies = Cell(act.copies, _of_act(book, book.came, act, "acquired"))
        rows.append(Row((*head, copies, *_content(act, textbooks), _money(act.kopecks))))
    rows += _total(rows, columns, "ВСЕГО поступило")
    notes = () if all(act.document for act in book.came) else ("Поступление без документа оформляется актом приёма.",)
    return Table(columns, tuple(rows), "Часть 1. Поступление в фонд", notes, True, "part1")


def part_out(book: Book, textbooks: bool) -> Table:
    """Часть 2: one line per act; numbering goes on through the years."""
    columns = (
        Column("Дата записи", "date", width=11), Column("№ п.п.", width=6), Column("№ акта", "text", width=12),
        Column("Выбыло всего", width=9), *_content_columns(textbooks),
        Column("На сумму, руб.", "money", width=11), Column("Причина", "text", width=18),
    )  # fmt: skip
    rows = []
    for number, act in enumerate(book.went, book.first_number_out):
        copies = Cell(act.copies, _of_act(book, book.went, act, "left"))
        head = (Cell(act.day), Cell(number), Cell(act.document or NO_DOCUMENT), copies)
        rows.append(Row((*head, *_content(act, textbooks), _money(act.kopecks), Cell(act.reason or "не указана"))))
    rows += _total(rows, columns, "ВСЕГО выбыло")
    return Table(columns, tuple(rows), "Часть 2. Выбытие из фонда", (), True, "part2")


def _of_act(book: Book, among: Sequence[Act], act: Act, measure: str) -> str:
    """The query of the lines of one act: by day and document, where nothing else of that day would be taken with it."""
    twins = [other for other in among if other.day == act.day and (not act.document or other.document == act.document)]
    if len(twins) > 1:
        return ""
    made = Drill(
        book.library.code, act.day, act.day, measure, categories=book.categories,  # type: ignore[arg-type]
        document=act.document,
    )  # fmt: skip
    return made.query


def part_totals(book: Book, today: date, textbooks: bool) -> Table:
    """Часть 3: state at the beginning, movement by quarters, state at the end, in the columns of the other parts."""
    columns = (
        Column("Показатель", "text", width=30), Column("Всего, экз.", width=10), *_content_columns(textbooks),
        Column("На сумму, руб.", "money", width=11),
    )  # fmt: skip
    period, all_in, all_out = book.period, [act for _, act, _ in book.quarters], [act for _, _, act in book.quarters]
    rows = [
        _line(f"Состоит на {russian.short_day(period.start)}", book.opening, textbooks, _rows(book, period, "opening"))
    ]
    if book.initial.copies:
        query = _rows(book, period, "initial")
        rows.append(_line("Впервые отражено в каталоге (было и раньше)", book.initial, textbooks, query))
    for name, measure, parts in (("Поступило", "acquired", all_in), ("Выбыло", "left", all_out)):
        first = len(rows)
        for (step, _, _), act in zip(book.quarters, parts, strict=True):
            rows.append(_line(f"{name} за {step.words}", act, textbooks, _rows(book, step, measure)))
        whole = _line(f"{name} за период", summed(parts), textbooks, _rows(book, period, measure))
        lines = tuple(range(first, len(rows)))
        formulas = (replace(cell, sum_of=lines if isinstance(cell.value, int | float) else ()) for cell in whole.cells)
        rows.append(Row(tuple(formulas), "total"))
    closing = summed([book.opening, book.initial, *all_in], minus=all_out)
    last = _line(_closing_name(period, today), closing, textbooks, _rows(book, period, "closing"))
    rows.append(replace(last, style="total"))
    notes = ("Сумма — по экземплярам, цена которых указана в записях.",)
    return Table(columns, tuple(rows), "Часть 3. Итоги движения фонда", notes, False, "part3")


def _line(name: str, act: Act, textbooks: bool, query: str) -> Row:
    return Row((Cell(name), Cell(act.copies, query), *_content(act, textbooks), _money(act.kopecks)))


def _rows(book: Book, period: Period, measure: str) -> str:
    """The query of the rows behind one line of part 3."""
    start, end = period.start, period.end
    if measure == "opening":
        start = end = start - timedelta(1)
    kind = measure if measure not in ("opening", "closing") else "state"
    return Drill(
        book.library.code, start, end, kind, categories=book.categories,  # type: ignore[arg-type]
    ).query  # fmt: skip


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


def _content(act: Act, textbooks: bool) -> list[Cell]:
    if textbooks:
        return [Cell(act.grades[level]) for level in LEVELS]
    carriers = [
        act.carriers["print"] + act.carriers["microform"],
        act.carriers["audiovisual"],
        act.carriers["electronic"],
    ]
    return [Cell(value) for value in (*carriers, *(act.groups[name] for name in GROUPS))]


def _money(kopecks: int | None) -> Cell:
    return Cell(None if kopecks is None else kopecks / 100)


def _total(rows: Sequence[Row], columns: Sequence[Column], name: str) -> list[Row]:
    """The last line: sums of every numeric column but the numbering."""
    if not rows:
        return [Row((Cell("—"), Cell("—"), Cell("записей нет"), *[Cell("")] * (len(columns) - 3)), "muted")]
    cells = [Cell(name)]
    for at, column in enumerate(columns[1:], 1):
        values = [row.cells[at].value for row in rows]
        known = [value for value in values if isinstance(value, int | float)]
        summed = at > 1 and column.kind in ("int", "money") and known
        cells.append(Cell(sum(known), sum_of=tuple(range(len(rows)))) if summed else Cell(""))
    return [Row(tuple(cells), "total")]
