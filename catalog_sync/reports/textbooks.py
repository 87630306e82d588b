"""Обеспеченность учебниками, радар обмена with a ready act, and the reconciliation with АИС «Учебник»."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from catalog_sync.model import Library
from catalog_sync.reports import russian
from catalog_sync.reports.model import Cell, Chart, Column, Report, Row, Section, Table, Text
from catalog_sync.reports.period import Period
from catalog_sync.store.provision import Line, Pair

MOST_ACTS = 20  # acts printed in one report; the rest of the radar is in its table
NO_NEEDS = (
    "Потребность школ не введена: загрузите список «класс, предмет, учебник, обучающихся» — тогда будет видно, чего не "
    "хватает и где лишнее."
)


def summary(lines: Sequence[Line]) -> tuple[float, int, int] | None:
    """(share of needs covered, copies missing, schools that stated needs); None where nobody did."""
    needed = sum(line.needed for line in lines)
    if not needed:
        return None
    share = sum(line.covered for line in lines) / needed
    return share, sum(line.missing for line in lines), len({line.library for line in lines})


def provision_report(
    lines: Sequence[Line], period: Period, today: date, names: Mapping[str, str], library: Library | None
) -> Report:
    found = summary(lines)
    sections: list[Section] = [Text(NO_NEEDS)]
    facts: dict[str, float | int | str | date | None] = {}
    if found:
        share, missing, schools = found
        facts = {"share": share, "missing": missing, "schools": schools}
        lack = f"; не хватает {russian.genitive(missing, russian.TEXTBOOK)}" if missing else ""
        lead = f"Обеспеченность {russian.within(schools, russian.SCHOOL)} — {russian.percent(share)}{lack}."
        sections = [Text(lead), _by_school(lines, names), *_chart(lines), _details(lines, names)]
    return Report(
        name="textbooks", title="Обеспеченность учебниками", period=f"на {russian.day(today)}", start=period.start,
        end=period.end, made=today, sections=tuple(sections), landscape=True, facts=facts,
        library=library.code if library else "", library_name=library.name if library else "",
    )  # fmt: skip


def _by_school(lines: Sequence[Line], names: Mapping[str, str]) -> Table:
    columns = (
        Column("Школа", "text", width=30), Column("Нужно"), Column("Есть"), Column("Годных"), Column("Не хватает"),
        Column("Излишек"), Column("Заказано"), Column("Обеспеченность", "percent"),
    )  # fmt: skip
    rows = []
    for code in dict.fromkeys(line.library for line in lines):
        own = [line for line in lines if line.library == code]
        rows.append(Row((Cell(names.get(code, code)), *_sums(own))))
    whole = tuple(range(len(rows)))
    total = _sums(lines)
    rows.append(Row((Cell("ИТОГО"), *(Cell(c.value, sum_of=whole) for c in total[:-1]), total[-1]), "total"))
    notes = ("Обеспеченность = Σ min(нужно, годных) / Σ нужно: излишек одного учебника не закрывает нехватку другого.",)
    return Table(columns, tuple(rows), "По школам", notes, name="schools")


def _sums(lines: Sequence[Line]) -> list[Cell]:
    needed = sum(line.needed for line in lines)
    share = sum(line.covered for line in lines) / needed if needed else None
    values = [sum(getattr(line, name) for line in lines) for name in ("have", "fit", "missing", "surplus", "ordered")]
    return [Cell(needed), *(Cell(value) for value in values), Cell(share)]


def _chart(lines: Sequence[Line]) -> list[Section]:
    grades = sorted({line.grade for line in lines})
    series = (
        ("Обеспечено", tuple(float(sum(x.covered for x in lines if x.grade == g)) for g in grades)),
        ("Не хватает", tuple(float(sum(x.missing for x in lines if x.grade == g)) for g in grades)),
    )
    return [Chart("Учебники по классам", tuple(f"{g} кл." for g in grades), series, "stacked", "экземпляров")]


def _details(lines: Sequence[Line], names: Mapping[str, str]) -> Table:
    columns = (
        Column("Школа", "text", width=22), Column("Класс", width=8), Column("Предмет", "text", width=16),
        Column("№ ФПУ", "text", width=13), Column("Автор, наименование", "text", width=34),
        Column("Издатель", "text", width=14), Column("Обуч.", width=7), Column("Нужно", width=7),
        Column("Есть", width=7), Column("Годных", width=7), Column("ЭФУ", width=6), Column("Не хватает", width=8),
        Column("Излишек", width=8), Column("Заказано", width=8),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                Cell(names.get(line.library, line.library)), Cell(line.grade), Cell(line.subject),
                Cell(line.wanted.fpu or "—"), Cell(f"{line.wanted.authors} {line.wanted.title}".strip()),
                Cell(line.publisher), Cell(line.pupils), Cell(line.needed), Cell(line.have), Cell(line.fit),
                Cell(line.electronic), Cell(line.missing), Cell(line.surplus), Cell(line.ordered),
            )
        )
        for line in lines
    )  # fmt: skip
    known = lines[0].fit_known
    notes = () if known else ("Федеральный перечень не загружен: годными считаются все учебники.",)
    return Table(columns, rows, "По классам и предметам", notes, name="details")


# --- Exchange --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Transfer:
    """Copies one school could give to another for the school year."""

    giver: str
    taker: str
    line: Line  # of the taker
    copies: int


def identity(line: Line) -> tuple[str, ...]:
    """What makes two schools' needs the same book: № ФПУ, else ISBN, else class, title and authors."""
    wanted = line.wanted
    if wanted.fpu:
        return ("fpu", wanted.fpu, str(line.grade))
    if wanted.isbn:
        return ("isbn", wanted.isbn)
    return ("title", str(line.grade), wanted.title.casefold(), wanted.authors.casefold())


def transfers(lines: Sequence[Line], libraries: Mapping[str, Library]) -> list[Transfer]:
    """Surplus to lack: neighbours of the same settlement first, then the largest surplus, then by code."""
    spare = {(line.library, identity(line)): line.surplus for line in lines}
    found = []
    for line in sorted(lines, key=lambda x: (-x.missing, x.library, x.grade, x.subject)):
        missing, book = line.missing, identity(line)
        givers = [code for code, other in spare if other == book and code != line.library and spare[code, other]]
        here = _settlement(libraries, line.library)
        for giver in sorted(givers, key=lambda c: (_settlement(libraries, c) != here, -spare[c, book], c)):
            copies = min(missing, spare[giver, book])
            if copies:
                found.append(Transfer(giver, line.library, line, copies))
                spare[giver, book] -= copies
                missing -= copies
    return sorted(found, key=lambda t: (t.giver, t.taker, t.line.grade, t.line.subject))


def _settlement(libraries: Mapping[str, Library], code: str) -> str:
    return libraries[code].settlement if code in libraries else ""


def exchange_report(
    lines: Sequence[Line], period: Period, today: date, libraries: Mapping[str, Library], code: str
) -> Report:
    found = [t for t in transfers(lines, libraries) if code in ("", t.giver, t.taker)]
    copies = sum(t.copies for t in found)
    columns = (
        Column("Передаёт", "text", width=24), Column("Получает", "text", width=24), Column("Класс", width=8),
        Column("Автор, наименование", "text", width=38), Column("№ ФПУ", "text", width=14), Column("Экз.", width=7),
    )  # fmt: skip
    rows = [
        Row(
            (
                Cell(_name(libraries, t.giver)), Cell(_name(libraries, t.taker)), Cell(t.line.grade),
                Cell(f"{t.line.wanted.authors} {t.line.wanted.title}".strip()), Cell(t.line.wanted.fpu or "—"),
                Cell(t.copies),
            )
        )
        for t in found
    ]  # fmt: skip
    if rows:
        rows.append(Row((Cell("ВСЕГО"), *[Cell("")] * 4, Cell(copies, sum_of=tuple(range(len(rows))))), "total"))
    missing = sum(line.missing for line in lines)
    lead = (
        f"Обменом между школами можно покрыть {russian.counted(copies, russian.TEXTBOOK)} из "
        f"{russian.number(missing)} недостающих."
        if lines
        else NO_NEEDS
    )
    acts: list[Section] = []
    pairs = list(dict.fromkeys((t.giver, t.taker) for t in found))
    for giver, taker in pairs[:MOST_ACTS]:
        acts += act([t for t in found if (t.giver, t.taker) == (giver, taker)], libraries, today)
    return Report(
        name="exchange", title="Радар обмена учебниками", period=f"на {russian.day(today)}", start=period.start,
        end=period.end, made=today, library=code, library_name=_name(libraries, code) if code else "",
        sections=(Text(lead), *_unless_empty(Table(columns, tuple(rows), "Кто кому может передать", name="transfers")),
                  *acts),
        facts={"copies": copies, "missing": missing, "pairs": len(pairs)},
    )  # fmt: skip


def _unless_empty(table: Table) -> list[Section]:
    return [table] if table.rows else []


def act(some: Sequence[Transfer], libraries: Mapping[str, Library], today: date) -> list[Section]:
    """Акт передачи документов между школами: list, number in words, signatures."""
    giver, taker = _name(libraries, some[0].giver), _name(libraries, some[0].taker)
    copies = sum(t.copies for t in some)
    columns = (Column("№ п/п", width=6), Column("Автор, наименование", "text", width=46), Column("Класс", width=8),
               Column("№ ФПУ", "text", width=16), Column("Экз.", width=8))  # fmt: skip
    rows = [
        Row((Cell(n), Cell(f"{t.line.wanted.authors} {t.line.wanted.title}".strip()), Cell(t.line.grade),
             Cell(t.line.wanted.fpu or "—"), Cell(t.copies)))
        for n, t in enumerate(some, 1)
    ]  # fmt: skip
    rows.append(
        Row((Cell(""), Cell("Всего"), Cell(""), Cell(""), Cell(copies, sum_of=tuple(range(len(rows))))), "total")
    )
    line = "_" * 20
    return [
        Text(f"Акт передачи учебников № {'_' * 6} от {russian.day(today)} (проект)", level=2),
        Text(f"{giver} передаёт, а {taker} принимает учебники: всего {russian.counted(copies, russian.COPY)} "
             f"({russian.in_words(copies)})."),
        Table(columns, tuple(rows), f"{giver} → {taker}"),
        Text(f"Передал: {line}    Принял: {line}", style="sign"),
    ]  # fmt: skip


def _name(libraries: Mapping[str, Library], code: str) -> str:
    return libraries[code].name if code in libraries else code


# --- АИС «Учебник» ---------------------------------------------------------------------------------------------------


def reconciliation_report(pairs: Sequence[Pair], period: Period, today: date, name: str, code: str) -> Report:
    columns = (
        Column("Учебник", "text", width=44), Column("Класс", "text", width=8), Column("ISBN", "text", width=16),
        Column("АИС «Учебник»"), Column("Каталог"), Column("Разница"), Column("Что делать", "text", width=30),
    )  # fmt: skip
    rows = []
    stated = any(pair.ais is not None for pair in pairs)
    for pair in pairs if stated else ():
        difference = (pair.ais or 0) - (pair.catalogue or 0)
        style: Literal["", "muted"] = "muted" if difference == 0 else ""
        rows.append(
            Row((Cell(pair.title), Cell(pair.grade), Cell(pair.isbn), Cell(pair.ais), Cell(pair.catalogue),
                 Cell(difference), Cell(_advice(pair))), style)
        )  # fmt: skip
    counted = russian.counted(len(pairs), russian.TITLE)
    same = sum(pair.ais == pair.catalogue for pair in pairs)
    lead = (
        f"Сверено {counted}, числа сходятся у {russian.number(same)}."
        if stated
        else f"Список из АИС «Учебник» не загружен: сверять не с чем. В каталоге {counted}."
    )
    return Report(
        name="reconciliation", title="Сверка с АИС «Учебник»", period=f"на {russian.day(today)}", start=period.start,
        end=period.end, made=today, library=code, library_name=name, facts={"titles": len(pairs), "same": same},
        sections=(Text(lead), *_unless_empty(Table(columns, tuple(rows), name="pairs"))),
    )  # fmt: skip


def _advice(pair: Pair) -> str:
    if pair.catalogue is None:
        return "есть в АИС, нет в каталоге: внести запись"
    if pair.ais is None:
        return "есть в каталоге, нет в АИС"
    if pair.ais > pair.catalogue:
        return "в каталоге отражены не все экземпляры"
    return "сходится" if pair.ais == pair.catalogue else "в АИС меньше: проверить списание"
