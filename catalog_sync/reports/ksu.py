"""КСУ: книга суммарного учёта, части 1–3 — of the main stock and of the textbooks, from the acts in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from catalog_sync.model import Library
from catalog_sync.reports import russian
from catalog_sync.reports.facts import MAIN_STOCK, TEXTBOOKS, Facts, Kinds
from catalog_sync.reports.model import Cell, Column, Report, Row, Section, Table, Text
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
    quarters: Sequence[tuple[Period, Balance]]
    total: Balance


def make(book: Book, today: date, textbooks: bool) -> Report:
    name = "ksu-textbooks" if textbooks else "ksu"
    title = "Книга суммарного учёта " + ("учебного фонда" if textbooks else "библиотечного фонда")
    sections: list[Section] = [
        part_in(book, textbooks), part_out(book, textbooks), part_totals(book, today), Text(SIGNED, style="note"),
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
        rows.append(Row((*head, Cell(act.copies), *_content(act, textbooks), _money(act.kopecks))))
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
        head = (Cell(act.day), Cell(number), Cell(act.document or NO_DOCUMENT), Cell(act.copies))
        rows.append(Row((*head, *_content(act, textbooks), _money(act.kopecks), Cell(act.reason or "не указана"))))
    rows += _total(rows, columns, "ВСЕГО выбыло")
    return Table(columns, tuple(rows), "Часть 2. Выбытие из фонда", (), True, "part2")


def part_totals(book: Book, today: date) -> Table:
    """Часть 3: state at the beginning, movement by quarters, state at the end."""
    columns = (Column("Показатель", "text", width=44), Column("Экземпляров", width=14))
    total = book.total
    rows = [Row((Cell(f"Состоит на {russian.short_day(book.period.start)}"), Cell(total.opening)))]
    if total.initial:
        rows.append(Row((Cell("Впервые отражено в каталоге (было и раньше)"), Cell(total.initial))))
    came = range(len(rows), len(rows) + len(book.quarters))
    rows += [Row((Cell(f"Поступило за {step.words}"), Cell(b.acquired))) for step, b in book.quarters]
    rows.append(Row((Cell("Поступило за период"), Cell(total.acquired, sum_of=tuple(came))), "total"))
    went = range(len(rows), len(rows) + len(book.quarters))
    rows += [Row((Cell(f"Выбыло за {step.words}"), Cell(b.left))) for step, b in book.quarters]
    rows.append(Row((Cell("Выбыло за период"), Cell(total.left, sum_of=tuple(went))), "total"))
    rows.append(Row((Cell(_closing_name(book.period, today)), Cell(total.closing)), "total"))
    return Table(columns, tuple(rows), "Часть 3. Итоги движения фонда", (), False, "part3")


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
