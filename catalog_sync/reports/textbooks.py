"""Обеспеченность учебниками, and the reconciliation with АИС «Учебник»."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

from catalog_sync.model import Carrier, Category, Library
from catalog_sync.reports import russian
from catalog_sync.reports.model import Cell, Chart, Column, Drill, Report, Row, Section, Table, Text, listed
from catalog_sync.reports.period import Period
from catalog_sync.store.provision import Line, Pair, identity

STATED = "строка потребности, введённой школой"
LENT = (Category.TEXTBOOK.value, Category.STUDY_AID.value)  # what provision counts (store.provision.shelves)
Exchanged = Mapping[tuple[str, tuple[str, ...]], int]  # (library that lacks, book) → copies others could give
SHARED = (
    "Учебник, который нужен нескольким классам (10–11), посчитан один раз: сначала, сколько нужно, младшему из них, "
    "потом следующему, остаток — первому."
)
SHARE = "доля этой строки: учебник нужен и другим"
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
    lines: Sequence[Line], exchanged: Exchanged, period: Period, today: date, libraries: Mapping[str, Library],
    library: Library | None,
) -> Report:  # fmt: skip
    """`exchanged`: how many copies of a book other schools could give to a school that lacks them."""
    names = {code: one.name for code, one in libraries.items()}
    found = summary(lines)
    sections: list[Section] = [Text(NO_NEEDS)]
    facts: dict[str, float | int | str | date | None] = {}
    if found:
        share, missing, schools = found
        facts = {"share": share, "missing": missing, "schools": schools}
        lack = f"; не хватает {russian.genitive(missing, russian.TEXTBOOK)}" if missing else ""
        year = max(line.year for line in lines)
        whose = f"{russian.within(schools, russian.SCHOOL)} на {year}/{year + 1} учебный год"
        lead = f"Обеспеченность {whose} — {russian.percent(share)}{lack}."
        details = _details(lines, exchanged, names, today)
        sections = [Text(lead), *_of_other_years(lines, names), by_school(lines, names), *_chart(lines), details]
    return Report(
        name="textbooks", title="Обеспеченность учебниками", period=f"на {russian.day(today)}", start=period.start,
        end=period.end, made=today, sections=tuple(sections), landscape=True, facts=facts,
        library=library.code if library else "", library_name=library.name if library else "",
    )  # fmt: skip


def _of_other_years(lines: Sequence[Line], names: Mapping[str, str]) -> list[Section]:
    """Which schools have stated no need for the school year that others have."""
    years = {line.library: line.year for line in lines}
    last = max(years.values())
    late = [f"{names.get(code, code)} — {year}/{year + 1}" for code, year in years.items() if year < last]
    if not late:
        return []
    return [Text(f"На {last}/{last + 1} учебный год потребность ещё не ввели, взята прежняя: {'; '.join(late)}.")]


def unless_empty(table: Table) -> list[Section]:
    """The table, where it has a row."""
    return [table] if table.rows else []


def state_of(line: Line, today: date, carriers: tuple[str, ...] = ()) -> str:
    """The query of the copies a line counts: those of its editions in its library today; of a share there is none."""
    if not line.clusters or line.shared:
        return ""
    return Drill(line.library, today, today, categories=LENT, carriers=carriers, clusters=line.clusters).query


def there_of(copies: int, line: Line, today: date, carriers: tuple[str, ...] = ()) -> Cell:
    """Copies of a line, with the way to them, or with the word that they are its share of those there are."""
    return Cell(copies, state_of(line, today, carriers) if copies else "", note=SHARE if line.shared else "")


def by_school(lines: Sequence[Line], names: Mapping[str, str]) -> Table:
    """One line per school, and the district."""
    columns = (
        Column("Школа", "text", width=30), Column("Нужно"), Column("Есть"), Column("Годных"), Column("Не хватает"),
        Column("Излишек"), Column("Заказано"),
        Column("Обеспеченность", "percent", rule="Σ min(нужно, годных) / Σ нужно"),
    )  # fmt: skip
    rows = []
    for code in dict.fromkeys(line.library for line in lines):
        own = [line for line in lines if line.library == code]
        rows.append(Row((Cell(names.get(code, code)), *_sums(own, [code]))))
    whole = tuple(range(len(rows)))
    total = _sums(lines, list(dict.fromkeys(line.library for line in lines)))
    rows.append(Row((Cell("ИТОГО"), *(replace(c, sum_of=whole) for c in total[:-1]), total[-1]), "total"))
    notes = ("Обеспеченность = Σ min(нужно, годных) / Σ нужно: излишек одного учебника не закрывает нехватку другого.",)
    return Table(columns, tuple(rows), "По школам", notes, name="schools")


SUMS = ("needed", "have", "fit", "missing", "surplus", "ordered")


def _sums(lines: Sequence[Line], codes: Sequence[str]) -> list[Cell]:
    """Sums over needs, each with the way to them book by book, and the share covered."""
    values = {name: sum(getattr(line, name) for line in lines) for name in SUMS}
    needed = values["needed"]
    share = sum(line.covered for line in lines) / needed if needed else None
    return [*(Cell(value, listed("provision", codes, name=name)) for name, value in values.items()), Cell(share)]


def _chart(lines: Sequence[Line]) -> list[Section]:
    grades = sorted({line.grade for line in lines})
    series = (
        ("Обеспечено", tuple(float(sum(x.covered for x in lines if x.grade == g)) for g in grades)),
        ("Не хватает", tuple(float(sum(x.missing for x in lines if x.grade == g)) for g in grades)),
    )
    return [Chart("Учебники по классам", tuple(f"{g} кл." for g in grades), series, "stacked", "экземпляров")]


def _details(lines: Sequence[Line], exchanged: Exchanged, names: Mapping[str, str], today: date) -> Table:
    columns = (
        Column("Школа", "text", width=22), Column("Класс", width=8, is_figure=False),
        Column("Предмет", "text", width=16),
        Column("№ ФПУ", "text", width=13), Column("Автор, наименование", "text", width=34),
        Column("Издатель", "text", width=14), Column("Обуч.", width=7, rule=STATED),
        Column("Норма", "decimal", width=7, rule=STATED),
        Column("Нужно", width=7, rule="обучающихся × норма, с округлением вверх"), Column("Есть", width=7),
        Column("Годных", width=7), Column("Годен до", "date", width=11), Column("ЭФУ", width=6),
        Column("Не хватает", width=8, rule="нужно − годных, не меньше нуля"),
        Column("Излишек", width=8, rule="годных − нужно, не меньше нуля"),
        Column("Заказано", width=8, rule=STATED),
        Column("обменом", group="Чем покрыть", width=8, rule="сколько недостающих могут передать другие школы"),
        Column("закупкой", group="Чем покрыть", width=9, rule="не хватает − обменом − заказано, не меньше нуля"),
    )  # fmt: skip
    rows = tuple(
        Row(
            (
                Cell(names.get(line.library, line.library)), Cell(line.grade), Cell(line.subject),
                Cell(line.wanted.fpu or "—"), Cell(f"{line.wanted.authors} {line.wanted.title}".strip()),
                Cell(line.publisher), Cell(line.pupils), Cell(line.per_pupil), Cell(line.needed),
                there_of(line.have, line, today), there_of(line.fit, line, today), Cell(line.valid_until),
                there_of(line.electronic, line, today, (Carrier.ELECTRONIC.value,)),
                Cell(line.missing), Cell(line.surplus), Cell(line.ordered), *_cover(line, exchanged),
            )
        )
        for line in lines
    )  # fmt: skip
    known = lines[0].fit_known
    notes = (
        "Годные — в федеральном перечне или в пределах предельного срока использования."
        if known
        else "Федеральный перечень не загружен: годными считаются все учебники.",
        *([SHARED] if any(line.shared for line in lines) else []),
        "Чем покрыть: сначала обмен между школами (см. радар обмена), остальное за вычетом заказанного — закупка.",
    )
    return Table(columns, rows, "По классам и предметам", notes, name="details")


def _cover(line: Line, exchanged: Exchanged) -> tuple[Cell, Cell]:
    """Where the missing copies could come from: other schools, and then money."""
    if not line.missing:
        return Cell(0), Cell(0)
    given = min(line.missing, exchanged.get((line.library, identity(line)), 0))
    return Cell(given), Cell(max(0, line.missing - given - line.ordered))


# --- АИС «Учебник» ---------------------------------------------------------------------------------------------------


def reconciliation_report(pairs: Sequence[Pair], period: Period, today: date, name: str, code: str) -> Report:
    columns = (
        Column("Учебник", "text", width=44), Column("Класс", "text", width=8), Column("ISBN", "text", width=16),
        Column("АИС «Учебник»", rule="строка загруженного списка АИС"), Column("Каталог"),
        Column("Разница", rule="АИС − каталог"), Column("Что делать", "text", width=30),
    )  # fmt: skip
    def rows_of(pair: Pair) -> str:
        made = Drill(code, today, today, categories=LENT, clusters=pair.clusters)
        return made.query if pair.clusters else ""

    rows = []
    stated = any(pair.ais is not None for pair in pairs)
    for pair in pairs if stated else ():
        difference = (pair.ais or 0) - (pair.catalogue or 0)
        style: Literal["", "muted"] = "muted" if difference == 0 else ""
        rows.append(
            Row((Cell(pair.title), Cell(pair.grade), Cell(pair.isbn), Cell(pair.ais),
                 Cell(pair.catalogue, rows_of(pair)), Cell(difference), Cell(_advice(pair))), style)
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
        sections=(Text(lead), *unless_empty(Table(columns, tuple(rows), name="pairs"))),
    )  # fmt: skip


def _advice(pair: Pair) -> str:
    if pair.catalogue is None:
        return "есть в АИС, нет в каталоге: внести запись"
    if pair.ais is None:
        return "есть в каталоге, нет в АИС"
    if pair.ais > pair.catalogue:
        return "в каталоге отражены не все экземпляры"
    return "сходится" if pair.ais == pair.catalogue else "в АИС меньше: проверить списание"
