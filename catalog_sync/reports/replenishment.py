"""«Пополнение фондов электронными изданиями, художественной и учебной литературой» (п. 5.4 дорожной карты).

Copies are summed over the schools that have data; titles are not: the district's line gives distinct editions, and
beside it the sum, so that the share of duplicates can be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog_sync.reports.facts import ALL, ELECTRONIC, FICTION, LEARNING, LICENSED, LOCAL, PHYSICAL, Facts, Kinds
from catalog_sync.reports.model import NO_DATA, Cell, Chart, Column, Report, Row, Section, Table, Text, Value, listed
from catalog_sync.store.coverage import Freshness
from catalog_sync.store.rollups import DISTRICT

E_EDITIONS, FICTION_NAME, LEARNING_NAME = "Электронные издания", "Художественная, экз.", "Учебная (02+03), экз."
TITLES, COPIES = "назв.", "экз."
BASIS = "п. 5.4 Плана мероприятий («дорожной карты»)"
NOT_GROWTH = (
    "Первичное отражение — фонд, который был и раньше, но впервые загружен в каталог: это не поступление и не прирост.",
    "Прирост = (состоит на конец − (состоит на начало + первичное отражение)) / (состоит на начало + первичное "
    "отражение).",
    "Открытые ресурсы (внешние ссылки) — справочно, фондом не считаются.",
    "Названия по школам не складываются: одно издание в пяти школах — одно название района.",
)


NO_SCHOOL = "В этом периоде она не числится среди школ района: это библиотека-партнёр или школа, закрытая раньше."


@dataclass(frozen=True, slots=True)
class Extras:
    """What the ledger does not hold: open links by scope, share of dated copies by library."""

    open_links: Mapping[str, int] = field(default_factory=dict)
    dated: Mapping[str, float] = field(default_factory=dict)


COLUMNS = (
    Column("Общеобразовательная организация", "text", width=30),
    Column("Этап", "text", width=9),
    Column("Обучающихся", width=13, rule="из карточки библиотеки"),
    Column("на начало, назв.", group=E_EDITIONS, width=8),
    Column("на начало, экз.", group=E_EDITIONS, width=8),
    Column("первичное отражение, экз.", group=E_EDITIONS, width=11),
    Column("поступило, назв.", group=E_EDITIONS, width=11),
    Column("поступило, экз.", group=E_EDITIONS, width=11),
    Column("выбыло, назв.", group=E_EDITIONS, width=8),
    Column("выбыло, экз.", group=E_EDITIONS, width=8),
    Column("в т. ч. истекла лицензия, экз.", group=E_EDITIONS, width=10),
    Column("на конец, назв.", group=E_EDITIONS, width=8),
    Column("на конец, экз.", group=E_EDITIONS, width=8),
    Column("съёмные", group=E_EDITIONS, width=8),
    Column("локальные", group=E_EDITIONS, width=11),
    Column("удалённые лиценз.", group=E_EDITIONS, width=11),
    Column("прирост", "percent", group=E_EDITIONS, width=8, rule="см. формулу под таблицей"),
    Column("доля в фонде", "percent", group=E_EDITIONS, width=8, rule="на конец, экз. / весь фонд на конец, экз."),
    Column("на 1 обуч.", "decimal", group=E_EDITIONS, width=7, rule="на конец, экз. / обучающихся"),
    Column("открытых ресурсов (справочно)", group=E_EDITIONS, width=11),
    Column("поступило", group=FICTION_NAME, width=11),
    Column("выбыло", group=FICTION_NAME, width=8),
    Column("состоит", group=FICTION_NAME, width=9),
    Column("поступило", group=LEARNING_NAME, width=11),
    Column("выбыло", group=LEARNING_NAME, width=8),
    Column("состоит", group=LEARNING_NAME, width=9),
    Column("Последние данные", "date", width=11),
    Column("Полнота", "percent", width=8, rule="доля экземпляров, дата которых взята из данных школы, а не день "
           "загрузки; по району — среднее школ"),
)
SUMMED = (2, 4, 5, 7, 9, 10, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25)  # columns that add up over schools


def make(facts: Facts, extras: Extras, code: str = "") -> Report:
    chosen = [one for one in facts.schools if not code or one.library.code == code]
    coverage = facts.coverage()
    name = next((one.library.name for one in facts.freshness if code and one.library.code == code), "")
    sections: list[Section] = [table(facts, extras, chosen, district=not code), *charts(facts, chosen)]
    if code and not chosen:
        sections = [Text(NO_SCHOOL)]
    if coverage.missing and not code:
        sections += [Text("Не представили свежих данных", level=3), Text(items=coverage.missing)]
    return Report(
        name="replenishment",
        title="Пополнение фондов электронными изданиями, художественной и учебной литературой",
        period=f"за {facts.period.words}",
        start=facts.period.start,
        end=facts.period.end,
        made=facts.today,
        sections=tuple(sections),
        library=code,
        library_name=name,
        head=(f"Основание: {BASIS}",),
        coverage=None if code else coverage,
        landscape=True,
        facts=named(facts, [one.library.code for one in chosen if facts.has_data(one)], code or DISTRICT),
    )


def named(facts: Facts, codes: Sequence[str], scope: str) -> dict[str, Value]:
    """Figures by name for machines; of nobody they are not known, which is no zero."""
    found: dict[str, Value] = {}
    for name, kinds in (("electronic", ELECTRONIC), ("fiction", FICTION), ("learning", LEARNING), ("all", ALL)):
        copies = facts.copies(codes, kinds)
        for measure in ("opening", "initial", "acquired", "left", "expired", "closing", "growth"):
            found[f"{name}.{measure}"] = getattr(copies, measure) if codes else None
        titles = facts.unique(codes, kinds) if scope == DISTRICT else facts.titles(scope, kinds).closing
        found[f"{name}.titles"] = titles if codes else None
    return found


# --- The table -------------------------------------------------------------------------------------------------------


def table(facts: Facts, extras: Extras, schools: Sequence[Freshness], district: bool) -> Table:
    rows = [_school(facts, extras, one) for one in schools]
    if district and rows:
        shown = tuple(n for n, one in enumerate(schools) if facts.has_data(one))
        rows += _totals(facts, extras, [schools[n].library.code for n in shown], shown, rows)
    return Table(COLUMNS, tuple(rows), "", NOT_GROWTH, name="replenishment")


def _school(facts: Facts, extras: Extras, one: Freshness) -> Row:
    library = one.library
    pupils = Cell(library.pupils or None, listed("pupils", [library.code]))
    head = (Cell(library.name), Cell(str(library.stage) if library.stage else "—"), pupils)
    tail = (Cell(one.last), Cell(extras.dated.get(library.code)))
    if not facts.has_data(one):
        blank = [Cell(NO_DATA)] + [Cell("")] * (len(COLUMNS) - len(head) - len(tail) - 1)
        return Row((*head, *blank, *tail), "muted")
    return Row((*head, *_figures(facts, extras, library.code, [library.code], library.pupils), *tail))


def _figures(facts: Facts, extras: Extras, scope: str, codes: Sequence[str], pupils: int) -> list[Cell]:
    electronic, everything = facts.copies(codes, ELECTRONIC), facts.copies(codes)
    cells = [
        _titles(facts, scope, "opening"), _copies(facts, scope, codes, "opening"),
        _copies(facts, scope, codes, "initial"),
        _titles(facts, scope, "acquired"), _copies(facts, scope, codes, "acquired"),
        _titles(facts, scope, "left"), _copies(facts, scope, codes, "left"), _copies(facts, scope, codes, "expired"),
        _titles(facts, scope, "closing"), _copies(facts, scope, codes, "closing"),
        *(_copies(facts, scope, codes, "closing", kinds) for kinds in (PHYSICAL, LOCAL, LICENSED)),
        Cell(electronic.growth),
        Cell(electronic.closing / everything.closing if everything.closing else None),
        Cell(electronic.closing / pupils if pupils else None),
        Cell(extras.open_links.get(scope, 0), listed("open-links", () if scope == DISTRICT else [scope])),
    ]  # fmt: skip
    for kinds in (FICTION, LEARNING):
        cells += [_copies(facts, scope, codes, measure, kinds) for measure in ("acquired", "left", "closing")]
    return cells


def _copies(facts: Facts, scope: str, codes: Sequence[str], measure: str, kinds: Kinds = ELECTRONIC) -> Cell:
    value = getattr(facts.copies(codes, kinds), measure)
    return Cell(value, facts.drill(scope, measure, kinds))


def _titles(facts: Facts, scope: str, measure: str) -> Cell:
    value = getattr(facts.titles(scope, ELECTRONIC), measure)
    return Cell(value, facts.drill(scope, measure, ELECTRONIC, "titles"))


def _totals(
    facts: Facts, extras: Extras, codes: Sequence[str], shown: tuple[int, ...], rows: Sequence[Row]
) -> list[Row]:
    of_each = [one.library.pupils for one in facts.schools if one.library.code in codes]
    pupils = sum(of_each)
    total = Cell(pupils or None, listed("pupils", codes))
    readers = pupils if all(of_each) else 0  # the books of all by the pupils of some would be too many for each
    cells = [Cell("ИТОГО по району"), Cell(f"{len(codes)} из {len(facts.schools)} школ"), total]
    cells += [*_figures(facts, extras, DISTRICT, codes, readers), Cell(None), Cell(_mean_dated(extras, codes))]
    for at in SUMMED:
        if shown:
            cells[at] = Cell(cells[at].value, cells[at].rows, shown)
    for at, measure in ((3, "opening"), (6, "acquired"), (8, "left"), (11, "closing")):
        # titles: the sum over schools here, distinct editions in the line below
        cells[at] = Cell(_sum(rows, shown, at), facts.drill_sum(codes, measure, ELECTRONIC), shown)
    return [Row(tuple(cells), "total"), _unique(facts, codes)]


def _mean_dated(extras: Extras, codes: Sequence[str]) -> float | None:
    known = [extras.dated[code] for code in codes if code in extras.dated]
    return sum(known) / len(known) if known else None


def _sum(rows: Sequence[Row], shown: Sequence[int], at: int) -> int:
    values = [rows[n].cells[at].value for n in shown]
    return sum(value for value in values if isinstance(value, int))


def _unique(facts: Facts, codes: Sequence[str]) -> Row:
    everyone = len(codes) == len(facts.schools)
    titles = facts.titles(DISTRICT, ELECTRONIC)
    cells = [Cell("уникальных названий по району"), *[Cell("")] * (len(COLUMNS) - 1)]
    if everyone:
        for at, measure in ((3, "opening"), (6, "acquired"), (8, "left")):
            cells[at] = Cell(getattr(titles, measure), facts.drill(DISTRICT, measure, ELECTRONIC, "titles"))
    cells[11] = Cell(facts.unique(codes, ELECTRONIC), facts.drill(DISTRICT, "state", ELECTRONIC, "titles"))
    return Row(tuple(cells), "total")


# --- Charts ----------------------------------------------------------------------------------------------------------


def charts(facts: Facts, schools: Sequence[Freshness]) -> list[Section]:
    """Charts of what there is: one of nothing tells nothing."""
    return [*movement_chart(facts, schools), *stock_chart(facts, schools)]


def movement_chart(facts: Facts, schools: Sequence[Freshness]) -> list[Section]:
    codes = [one.library.code for one in schools if facts.has_data(one)]
    groups = (("Электронные", ELECTRONIC), ("Художественная", FICTION), ("Учебная", LEARNING))
    found = [facts.copies(codes, kinds) for _, kinds in groups]
    if not any(balance.acquired or balance.left for balance in found):
        return []
    came, went = tuple(float(b.acquired) for b in found), tuple(float(b.left) for b in found)
    title = f"Поступило и выбыло за {facts.period.words}"
    names = tuple(name for name, _ in groups)
    return [Chart(title, names, (("Поступило", came), ("Выбыло", went)), unit="экземпляров")]


def stock_chart(facts: Facts, schools: Sequence[Freshness]) -> list[Section]:
    def stock(one: Freshness, kinds: Kinds = ELECTRONIC) -> int:
        return facts.copies(one.library.code, kinds).closing

    shown = [one for one in schools if facts.has_data(one)]
    largest = sorted((one for one in shown if stock(one)), key=lambda one: -stock(one))[:20]
    if not largest or len(shown) < 2:
        return []
    kinds_ = (("Съёмные", PHYSICAL), ("Локальные", LOCAL), ("Лицензионные", LICENSED))
    series = [(name, tuple(float(stock(one, kinds)) for one in largest)) for name, kinds in kinds_]
    kept = tuple((name, values) for name, values in series if any(values))
    names = tuple(one.library.name for one in largest)
    return [
        Chart("Электронные издания в фондах школ на конец периода", names, kept, kind="stacked", unit="экземпляров")
    ]
