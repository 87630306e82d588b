"""Форма ОО-2, подразделы 2.6 и 2.7: rows from the form's definition, figures from the ledger, control sums shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from catalog_sync.model import Carrier
from catalog_sync.reports import ksu_check, russian
from catalog_sync.reports.facts import OTHER, Facts, Kinds
from catalog_sync.reports.forms import Form, FormRow, Part
from catalog_sync.reports.model import (
    NO_DATA,
    Cell,
    Column,
    Report,
    Row,
    Section,
    Table,
    Text,
    Value,
    listed,
    signature,
)
from catalog_sync.store.acts import Unsure
from catalog_sync.store.figures import Balance
from catalog_sync.store.rollups import DISTRICT

MEASURES = ("acquired", "left", "closing")
BY_CARRIER = Kinds(carriers=tuple(carrier.value for carrier in Carrier))
ROW_NAMES = {"02": "учебники", "03": "учебные пособия", "04": "художественная литература", "05": "справочный материал"}


def make(
    facts: Facts,
    form: Form,
    manual: Mapping[str, Mapping[str, float]],
    code: str = "",
    unsure: Mapping[str, Unsure] = MappingProxyType({}),
) -> Report:
    """The form of one library, or of all schools with data together. `unsure`: what may part the ledger from КСУ."""
    codes = [code] if code else [one.library.code for one in facts.with_data]
    name = next((one.library.name for one in facts.freshness if one.library.code == code), "")
    coverage = facts.coverage()
    known = bool(codes) and (not code or _is_fresh(facts, code))  # what nobody has told of is no zero
    sections: list[Section] = [stock_table(facts, form.parts["stock"], codes, code, known)]
    sections += checks(facts, form.parts["stock"], codes) if known else []
    sections += ksu_check.sections(facts, codes, manual, unsure)
    sections += [library_table(form.parts["library"], codes, manual, facts)]
    missing = () if code or not coverage.missing else _missing(coverage.missing)
    signed = signature(facts.today)
    return Report(
        name="oo2",
        title="Сведения для формы ОО-2, подразделы 2.6 и 2.7",
        period=f"за {facts.period.words}",
        start=facts.period.start,
        end=facts.period.end,
        made=facts.today,
        sections=(*sections, *missing, *signed),
        library=code,
        library_name=name,
        head=(f"Форма утверждена: {form.order}", "Единица измерения: единица (код ОКЕИ 642)"),
        coverage=None if code else coverage,
        facts=_facts(facts, form.parts["stock"], codes, known),
    )


def _is_fresh(facts: Facts, code: str) -> bool:
    return any(one.library.code == code and facts.has_data(one) for one in facts.freshness)


def stock_table(facts: Facts, part: Part, codes: Sequence[str], code: str, known: bool) -> Table:
    numbers = [row.number for row in part.rows]
    heads = (Column("Наименование показателей", "text", width=52), Column("№ строки", "text", width=10))
    columns = (*heads, *(Column(title, "int", width=16) for title in part.columns))
    rows = [_row(facts, row, numbers, codes, code, known) for row in part.rows]
    initial = _sum(facts, codes, part.rows[0]).initial
    notes = []
    if facts.period.code != str(facts.period.start.year):
        notes.append(f"Форма сдаётся за год; здесь поступило и выбыло за {facts.period.words}.")
    if not known:
        notes.append(f"Свежих данных нет: последняя выгрузка старше конца периода. Это не нули, а «{NO_DATA}».")
    if initial and known:
        notes.append(
            f"Кроме того, впервые отражено в каталоге {russian.counted(initial, russian.COPY)} без даты регистрации: "
            "это фонд, который был и раньше, а не поступление года."
        )
    return Table(columns, tuple(rows), f"Подраздел {part.number}. {part.title}", tuple(notes), True, "stock")


def _row(facts: Facts, row: FormRow, numbers: Sequence[str], codes: Sequence[str], code: str, known: bool) -> Row:
    balance = _sum(facts, codes, row)
    sum_of = tuple(numbers.index(number) for number in row.sum_of)
    scope = code or DISTRICT
    cells = [
        Cell(
            getattr(balance, measure) if known else NO_DATA,
            facts.drill(scope, measure, row.kinds),
            sum_of if known else (),
        )
        for measure in MEASURES
    ]
    return Row((Cell(row.name), Cell(row.number), *cells), "total" if row.sum_of else "")


def _sum(facts: Facts, codes: Sequence[str], row: FormRow) -> Balance:
    return facts.copies(codes, row.kinds)


def checks(facts: Facts, part: Part, codes: Sequence[str]) -> list[Section]:
    """The control sums of the form, each with both sides."""
    rows = {row.number: _sum(facts, codes, row) for row in part.rows}
    total = rows["01"]
    scope = DISTRICT if len(codes) != 1 else codes[0]
    lines = [_check_carriers(facts, scope, rows, measure) for measure in MEASURES]
    opening = total.opening + total.initial
    expected = opening + total.acquired - total.left
    left = Cell(total.closing, facts.drill(scope, "closing"))
    right = Cell(expected, note=f"{opening} + {total.acquired} − {total.left}")
    lines.append(_line("гр. 5 = гр. 5 прошлого года + первичное отражение + гр. 3 − гр. 4", left, right))
    for measure in MEASURES:
        named = sum(getattr(rows[number], measure) for number in ROW_NAMES)
        rest = getattr(total, measure) - named
        other = getattr(facts.copies(codes, OTHER), measure)
        left = Cell(rest, note=f"{getattr(total, measure)} − {named}")
        right = Cell(other, facts.drill(scope, measure, OTHER))
        lines.append(_line(f"01 − (02+03+04+05) = прочее, {_MEASURE_NAMES[measure]}", left, right))
    found: list[Section] = [
        Table(
            (Column("Контроль", "text", width=58), Column("Слева"), Column("Справа"), Column("Итог", "text", width=14)),
            tuple(lines),
            "Контрольные соотношения",
            ("Сумма строк 02–05 не обязана равняться строке 01: остаток — «прочее» (методические, научные и иные).",),
            name="checks",
        )
    ]
    return [*found, *_soft_checks(rows)]


_MEASURE_NAMES = {"acquired": "поступило", "left": "выбыло", "closing": "состоит"}


def _check_carriers(facts: Facts, scope: str, rows: Mapping[str, Balance], measure: str) -> Row:
    parts = sum(getattr(rows[number], measure) for number in ("06", "07", "08", "09"))
    left = Cell(getattr(rows["01"], measure), facts.drill(scope, measure))
    right = Cell(parts, facts.drill(scope, measure, BY_CARRIER))
    return _line(f"01 = 06 + 07 + 08 + 09, {_MEASURE_NAMES[measure]}", left, right)


def _line(name: str, left: Cell, right: Cell) -> Row:
    word = "сходится" if left.value == right.value else "НЕ СХОДИТСЯ"
    return Row((Cell(name), left, right, Cell(word)))


def _soft_checks(rows: Mapping[str, Balance]) -> list[Section]:
    warnings = []
    for number, name in ROW_NAMES.items():
        balance = rows[number]
        if number in ("02", "03") and balance.closing == 0 < balance.base:
            warnings.append(f"Строка {number} ({name}) опустела: было {russian.counted(balance.base, russian.COPY)}.")
    named = {measure: sum(getattr(rows[n], measure) for n in ROW_NAMES) for measure in MEASURES}
    for measure, value in named.items():
        if value > getattr(rows["01"], measure):
            warnings.append(f"Сумма строк 02–05 больше строки 01 ({_MEASURE_NAMES[measure]}): проверьте исправления.")
    return [Text("Обратите внимание", level=3), Text(items=tuple(warnings))] if warnings else []


def library_table(part: Part, codes: Sequence[str], manual: Mapping[str, Mapping[str, float]], facts: Facts) -> Table:
    """2.7: what people entered; row 06 is what the product itself turned from 0 to 1."""
    columns = (
        Column("Наименование показателей", "text", width=52), Column("№ строки", "text", width=10),
        Column("На конец отчётного года", "int", width=16),
    )  # fmt: skip
    rows, some = [], []
    for row in part.rows:
        start, end = facts.period.start, facts.period.end
        if row.computed:
            value: float | str | None = sum(1 for code in codes if facts.copies(code).closing > 0)
            query = listed("schools", codes, start, end, name="catalogued")
        else:
            query = listed("typed", codes, start, end, name=row.value)
            known = [manual.get(code, {}).get(row.value) for code in codes]
            given = [v for v in known if v is not None]
            value = sum(given) if given else "не введено"
            some += [(len(given), row.number)] if 0 < len(given) < len(codes) else []
        shown = round(value) if isinstance(value, float | int) else value
        rows.append(Row((Cell(row.name), Cell(row.number), Cell(shown, query))))
    notes = ("Строки вводятся библиотекой; строка 06 заполняется по сводному каталогу.", *_of_some(some, len(codes)))
    return Table(columns, tuple(rows), f"Подраздел {part.number}. {part.title}", notes, True, "library")


def _of_some(rows: Sequence[tuple[int, str]], of: int) -> list[str]:
    """Which rows are the sum of some schools only: (how many have typed it, number of the row)."""
    by_count = {count: [number for known, number in rows if known == count] for count in sorted({n for n, _ in rows})}
    return [
        f"{'Строку' if len(numbers) == 1 else 'Строки'} {', '.join(numbers)} ввели {count} из "
        f"{russian.genitive(of, russian.SCHOOL)}: это не весь район."
        for count, numbers in by_count.items()
    ]


def _missing(names: Sequence[str]) -> tuple[Section, ...]:
    return (Text("Нет данных", level=3), Text(items=tuple(names)))


def _facts(facts: Facts, part: Part, codes: Sequence[str], known: bool) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for row in part.rows:
        balance = _sum(facts, codes, row)
        for number, measure in enumerate(MEASURES, 3):
            found[f"{row.number}.{number}"] = getattr(balance, measure) if known else None
    return found
