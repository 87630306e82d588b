"""Quarterly monitoring of the Concept (8.1), state of school libraries (2.3), roll-out plan against fact (3.4–3.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from catalog_sync.reports import russian
from catalog_sync.reports.facts import (
    ALL,
    BESIDE_LEARNING,
    ELECTRONIC,
    LEARNING,
    LICENSED,
    LOCAL,
    PHYSICAL,
    Facts,
    Kinds,
)
from catalog_sync.reports.model import (
    NO_DATA,
    Cell,
    Chart,
    Column,
    Drill,
    Report,
    Row,
    Section,
    Table,
    Text,
    Value,
    listed,
)
from catalog_sync.reports.roadmap import Stage
from catalog_sync.store.coverage import FRESH_DAYS, Freshness
from catalog_sync.store.rollups import DISTRICT

Manual = Mapping[str, Mapping[str, float]]
NOT_KEPT = "не учитывается"
TYPED = ("readers", "visits", "loans")
OLD_YEARS = 10  # T11 «доля изданий старше 10 лет»
REFLECTED = 0.8  # a school is «подключена», when so much of its stock by КСУ is in the catalogue


@dataclass(frozen=True, slots=True)
class State:
    """What the quarterly monitoring says of the catalogue itself."""

    records: int
    editions: int
    shared_records: int
    open_links: int
    on_time: tuple[int, int] = (0, 0)  # reports kept on their day, of those due
    due_from: date = date.min  # the first day reports are asked of: nobody was connected before
    borrowed: int = 0  # records schools took ready-made in the period
    asked: int = 0  # questions put to the catalogue in the period
    cards: int = 0  # cards of editions opened
    counted_from: date | None = None  # the first day uses were counted; None: not yet
    links: tuple[int, int] = (0, 0)  # open resources of the registry: whose address answers, all
    links_checked: date | None = None  # when the last of them was asked


def quarterly(facts: Facts, stages: Sequence[Stage], state: State, manual: Manual, organisation: str = "") -> Report:
    rows = _indicators(facts, stages, state, manual)
    columns = (
        Column("Показатель", "text", width=44), Column("План на период", width=14), Column("Факт", width=17),
        Column("Источник", "text", width=26), Column("Комментарий", "text", width=34),
    )  # fmt: skip
    coverage = facts.coverage()
    return Report(
        name="quarterly", title="Мониторинг реализации Концепции развития школьных библиотек (п. 8.1)",
        period=f"за {facts.period.words}", start=facts.period.start, end=facts.period.end, made=facts.today,
        sections=(Table(columns, tuple(rows), "Показатели", name="indicators"), *_rollout_chart(facts, stages),
                  *_silent(coverage.missing)),
        coverage=coverage, head=(organisation,) if organisation else (),
        facts={str(row.cells[0].value): row.cells[2].value for row in rows},
    )  # fmt: skip


def _silent(names: Sequence[str]) -> tuple[Section, ...]:
    """All who sent nothing, where there are more than a line names."""
    return (Text("Нет свежих данных", level=3), Text(items=tuple(names))) if len(names) > russian.NAMED else ()


def _indicators(facts: Facts, stages: Sequence[Stage], state: State, manual: Manual) -> list[Row]:
    codes = [one.library.code for one in facts.with_data]
    connected = [one for one in facts.schools if _connected_by(one, facts.period.end)]
    planned = len([one for one in facts.schools if _planned_by(one, stages, facts.period.end)])
    total = len(facts.schools)
    start, end = facts.period.start, facts.period.end
    missing = russian.named(facts.coverage().missing, russian.SCHOOL)
    now = "на день составления" if facts.today > end else ""  # the catalogue keeps no past of its own

    def schools(name: str) -> str:
        return listed("schools", (), start, end, name=name)

    def line(
        name: str, fact: Value, source: str, comment: str = "", plan: int | None = None, rows: str = "",
        planned_by: str = schools("planned"),
    ) -> Row:  # fmt: skip
        return Row((Cell(name), Cell(plan, planned_by), Cell(fact, rows), Cell(source), Cell(comment)))

    def of_stock(name: str, measure: str, kinds: Kinds = ALL) -> Row:
        """A figure of the ledger; of schools none of which has told of itself it is not known."""
        value = getattr(facts.copies(codes, kinds), measure) if codes else NO_DATA
        return line(name, value, "журнал движения фонда", rows=facts.drill(DISTRICT, measure, kinds))

    whole = russian.genitive(total, russian.SCHOOL)
    share = f"{russian.percent(len(connected) / total)} от {whole}" if total else "—"
    found = [
        line("Подключено школ", len(connected), "сеансы сбора", share, planned, schools("connected")),
        line(f"Школ с данными не старше {FRESH_DAYS} дней", len(codes), "сеансы сбора",
             missing and f"нет данных: {missing}", planned, schools("fresh")),
        line("Записей школ в сводном каталоге", state.records, "сводный каталог", now, rows=listed("records")),
        line("Изданий без повторов", state.editions, "сводный каталог", now, rows=listed("editions")),
        of_stock("Экземпляров в фондах", "closing"),
        of_stock("Поступило экземпляров", "acquired"),
        of_stock("Выбыло экземпляров", "left"),
        _reflected(facts, codes, manual),
    ]  # fmt: skip
    for name, kinds in (("Электронных изданий, экз.", ELECTRONIC), ("в том числе съёмных", PHYSICAL),
                        ("локальных", LOCAL), ("удалённых лицензионных", LICENSED)):  # fmt: skip
        found.append(of_stock(name, "closing", kinds))
    found += [
        line("Открытых ресурсов в каталоге", state.open_links, "сводный каталог", _joined("справочно, не фонд", now),
             rows=listed("open-links")),
        _links(state),
        line("Записей, чьё издание есть и у других школ", state.shared_records, "сводный каталог",
             _joined(_of(state.shared_records, state.records), now), rows=listed("shared")),
        line("Заимствовано записей («Запись домой»)", state.borrowed, "сводный каталог",
             rows=listed("borrowed", (), start, end)),
        *_uses(facts, state),
    ]  # fmt: skip
    for name, label in (
        ("requests", "Тематических запросов выполнено"),
        ("events", "Мероприятий"),
        ("trained", "Обучено сотрудников"),
    ):
        typed = [manual.get(one.library.code, {}).get(name) for one in facts.schools]
        known = [value for value in typed if value is not None]
        told = f"ввели {len(known)} из {whole}" if 0 < len(known) < total else ""
        query = listed("typed", (), start, end, name=name)
        found.append(line(label, round(sum(known)) if known else NOT_KEPT, "вводится вручную", told, rows=query))
    done, due = state.on_time
    if due:
        since = max(start, state.due_from)
        ways = [listed("reports", (), since, end, name=name) for name in ("on-time", "due")]
        found.append(line("Отчётов составлено в срок", done, "календарь отчётов", f"из {due} назначенных", due, *ways))
    return found


def _links(state: State) -> Row:
    """Open resources whose address answers, as the nightly check of links last saw them."""
    working, everything = state.links
    name = Cell("Открытых ЭОР реестра с рабочей ссылкой")
    if not everything:
        source = Cell("реестр электронных ресурсов")
        return Row((name, Cell(None), Cell(None), source, Cell("открытых ЭОР в реестре нет")))
    day = f"проверено {russian.short_day(state.links_checked)}" if state.links_checked else "проверки ещё не было"
    comment = f"из {everything} открытых; {day}; на день составления"
    fact = Cell(working, listed("links", name="working"))
    return Row((name, Cell(None), fact, Cell("ночная проверка ссылок"), Cell(comment)))


def _uses(facts: Facts, state: State) -> list[Row]:
    """Questions and cards opened, as the counters of the site have them: nobody's words, nobody's address."""
    start, end = facts.period.start, facts.period.end
    if state.counted_from is None or state.counted_from > end:
        comment, known = "обращения в этот период не считались", False
    else:
        since = f" с {russian.short_day(state.counted_from)}" if state.counted_from > start else ""
        comment, known = f"считаются{since}; роботы и листание страниц не в счёт", True
    return [
        Row((Cell(name), Cell(None), Cell(count if known else NO_DATA, listed("uses", (), start, end, name=which)),
             Cell("счётчик сайта, без данных о читателях"), Cell(comment)))
        for name, count, which in (("Запросов к каталогу", state.asked, "asked"),
                                   ("Открыто карточек изданий", state.cards, "record"))
    ]  # fmt: skip


def _reflected(facts: Facts, codes: Sequence[str], manual: Manual) -> Row:
    """Share of the stock in the catalogue: copies in the ledger against КСУ, where a school has typed its КСУ."""
    known = [code for code in codes if manual.get(code, {}).get("ksu_stock")]
    paper = sum(manual[code]["ksu_stock"] for code in known)
    value: float | str = facts.copies(known).closing / paper if paper else NO_DATA
    shown = russian.percent(value) if isinstance(value, float) else value
    schools = russian.counted(len(known), russian.SCHOOL)
    comment = f"по последней введённой КСУ: {schools}" if known else "КСУ не введены"
    way = facts.drill(",".join(known), "closing") if paper else ""
    fact = Cell(shown, way, note="состоит по журналу / состоит по КСУ")
    return Row((Cell("Доля фонда, отражённого в каталоге"), Cell(None), fact, Cell("журнал и КСУ"), Cell(comment)))


def _joined(*comments: str) -> str:
    return "; ".join(filter(None, comments))


def _of(part: int, whole: int) -> str:
    return f"{russian.percent(part / whole)} записей" if whole else ""


# --- Roll-out --------------------------------------------------------------------------------------------------------


def _connected_by(one: Freshness, day: date) -> bool:
    return one.first is not None and one.first <= day


def _planned_by(one: Freshness, stages: Sequence[Stage], day: date) -> bool:
    due = {stage.number: stage.due for stage in stages}
    return one.library.stage in due and due[one.library.stage] <= day


def _rollout_chart(facts: Facts, stages: Sequence[Stage]) -> list[Section]:
    if not stages:
        return []
    planned, fact, names = [], [], []
    for stage in stages:
        inside = [one for one in facts.schools if 0 < one.library.stage <= stage.number]
        names.append(f"этап {stage.number} ({stage.name})")
        planned.append(float(len(inside)))
        fact.append(float(sum(_connected_by(one, facts.period.end) for one in inside)))
    series = (("План, школ", tuple(planned)), ("Подключено", tuple(fact)))
    return [Chart("План и факт подключения школ (нарастающим итогом)", tuple(names), series, unit="школ")]


def rollout(facts: Facts, stages: Sequence[Stage], manual: Manual) -> Report:
    """Stages 3, 9 and 8 schools: who was planned, who is connected, and how much of the stock is in the catalogue."""
    columns = (
        Column("Этап", "text", width=14), Column("Школа", "text", width=30), Column("Срок", "date", width=12),
        Column("Первая выгрузка", "date", width=12), Column("Последняя", "date", width=12), Column("Экз. в каталоге"),
        Column("Доля фонда по КСУ", "percent", rule="экз. в каталоге / состоит по КСУ (введено вручную)"),
        Column("Итог", "text", width=22),
    )  # fmt: skip
    rows: list[Row] = []
    summary: list[Row] = []
    for stage in stages:
        schools = [one for one in facts.schools if one.library.stage == stage.number]
        rows += [_school(facts, stage, one, manual) for one in schools]
        done = sum(_connected_by(one, facts.today) for one in schools)
        share = done / len(schools) if schools else None
        ways = [_ways(facts, name, str(stage.number)) for name in ("staged", "connected")]
        cells = (Cell(f"этап {stage.number}"), Cell(stage.due), Cell(len(schools), ways[0]), Cell(done, ways[1]),
                 Cell(share))  # fmt: skip
        summary.append(Row(cells))
    rest = [one for one in facts.schools if one.library.stage not in {stage.number for stage in stages}]
    heads = (Column("Этап", "text"), Column("Срок", "date"), Column("План, школ"), Column("Подключено"),
             Column("Выполнение", "percent", rule="подключено / план"))  # fmt: skip
    whole = tuple(range(len(summary)))
    staged = [one for one in facts.schools if one not in rest]
    codes = [one.library.code for one in staged]
    planned, connected = len(staged), sum(_connected_by(one, facts.today) for one in staged)
    summary.append(
        Row((Cell("ВСЕГО"), Cell(None), Cell(planned, _ways(facts, "staged", "", codes), whole),
             Cell(connected, _ways(facts, "connected", "", codes), whole),
             Cell(connected / planned if planned else None)), "total")
    )  # fmt: skip
    notes = [Text(f"Этап не назначен: {', '.join(one.library.name for one in rest)}.", style="note")] if rest else []
    return Report(
        name="rollout", title="Подключение школ к сводному каталогу: план и факт (п. 3.4–3.6)",
        period=f"на {russian.day(facts.today)}", start=facts.period.start, end=facts.period.end, made=facts.today,
        sections=(Table(heads, tuple(summary), "Сводно", name="stages"), *_rollout_chart(facts, stages),
                  Table(columns, tuple(rows), "По школам", name="schools"), *notes),
        facts={"planned": planned, "connected": connected},
    )  # fmt: skip


def _ways(facts: Facts, name: str, stage: str, codes: Sequence[str] = ()) -> str:
    """The query of schools in a state today."""
    return listed("schools", codes, facts.period.start, facts.today, name=name, part=stage)


def _school(facts: Facts, stage: Stage, one: Freshness, manual: Manual) -> Row:
    copies = facts.copies(one.library.code).closing
    paper = manual.get(one.library.code, {}).get("ksu_stock")
    share = copies / paper if paper else None
    if one.first is None:
        word = "не подключена" + (", срок прошёл" if stage.due < facts.today else "")
    elif share is not None and share < REFLECTED:
        word = "подключена, фонд отражён частично"
    else:
        word = "подключена" + (" позже срока" if one.first > stage.due else " в срок")
    cells = (Cell(f"{stage.number} ({stage.name})"), Cell(one.library.name), Cell(stage.due), Cell(one.first),
             Cell(one.last), Cell(copies, facts.drill(one.library.code, "state")), Cell(share), Cell(word))  # fmt: skip
    return Row(cells, "muted" if one.first is None else "")


# --- State of school libraries ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Aged:
    """Copies of one library by the age of their editions."""

    old: int  # published more than OLD_YEARS before the year of the report
    known: int  # all whose year is known


def old_before(facts: Facts) -> int:
    """The first year of publication that is not yet old."""
    return facts.as_of.year - OLD_YEARS


def libraries(facts: Facts, manual: Manual, ages: Mapping[str, Aged] = MappingProxyType({})) -> Report:
    """State of school libraries: figures of the ledger beside those people type; nothing is mixed."""
    columns = (
        Column("Школа", "text", width=28), Column("Обучающихся"),
        Column("Читателей", group="Вводится вручную"),
        Column("Посещений", group="Вводится вручную"), Column("Выдано", group="Вводится вручную"),
        Column("всего", group="Фонд, экз."), Column("основной", group="Фонд, экз."),
        Column("учебный", group="Фонд, экз."), Column("электронный", group="Фонд, экз."),
        Column(f"старше {OLD_YEARS} лет", group="Фонд, экз."),
        Column("Читаемость", "decimal", rule="выдано / читателей"),
        Column("Посещаемость", "decimal", rule="посещений / читателей"),
        Column("Обращаемость", "decimal", rule="выдано / фонд"),
        Column("Книгообеспеченность", "decimal", rule="фонд / читателей"),
        Column("Обновляемость", "percent", rule="поступило / состоит"),
        Column(f"Доля изданий старше {OLD_YEARS} лет", "percent", rule="экземпляры изданий старше 10 лет / экземпляры "
               "изданий с известным годом"),
        Column("Мест", width=7), Column("ПК", width=6), Column("Работников", width=7),
        Column("Каталог", "text", width=9),
    )  # fmt: skip
    running = facts.today <= facts.period.end
    rows = [_library(facts, one, manual.get(one.library.code, {}), ages.get(one.library.code)) for one in facts.schools]
    shown = tuple(number for number, one in enumerate(facts.schools) if facts.has_data(one))
    rows += [_all_schools(facts, rows, shown, ages)] if len(shown) > 1 else []
    notes = (
        "Читаемость = выдано / читателей; посещаемость = посещений / читателей; обращаемость = выдано / фонд; "
        "книгообеспеченность = фонд / читателей; обновляемость = поступило / состоит.",
        "Выдача и посещения в выгрузках не бывают: их вводит школа."
        + (" Период не закончен: показаны последние введённые." if running else ""),
        f"Старше {OLD_YEARS} лет — год издания до {old_before(facts)}; издания без года в долю не входят.",
    )
    return Report(
        name="libraries", title="Состояние школьных библиотек (п. 2.3)", period=f"за {facts.period.words}",
        start=facts.period.start, end=facts.period.end, made=facts.today, coverage=facts.coverage(), landscape=True,
        sections=(Table(columns, tuple(rows), notes=notes, name="libraries"),),
    )  # fmt: skip


def _library(facts: Facts, one: Freshness, values: Mapping[str, float], aged: Aged | None) -> Row:
    code = one.library.code
    stock = facts.copies(code)
    readers, loans, visits = (values.get(name) for name in ("readers", "loans", "visits"))
    typed = [_typed(facts, [code], name, values.get(name)) for name in TYPED]
    head = (Cell(one.library.name), Cell(one.library.pupils or None, listed("pupils", [code])))
    if not facts.has_data(one):
        return Row((*head, *typed, Cell(NO_DATA), *[Cell("")] * 14), "muted")
    figures = [
        facts.cell(code, "closing"),
        facts.cell(code, "closing", BESIDE_LEARNING),
        facts.cell(code, "closing", LEARNING),
        facts.cell(code, "closing", ELECTRONIC),
        _old(facts, [code], aged),
    ]
    ratios = [
        _ratio(loans, readers), _ratio(visits, readers), _ratio(loans, stock.closing), _ratio(stock.closing, readers),
        Cell(stock.acquired / stock.closing if stock.closing else None),
        Cell(aged.old / aged.known if aged and aged.known else None),
    ]  # fmt: skip
    tail = [_typed(facts, [code], name, values.get(name)) for name in ("seats", "computers", "staff")]
    return Row((*head, *typed, *figures, *ratios, *tail, Cell("есть" if stock.closing else "нет")))


def _typed(facts: Facts, codes: Sequence[str], name: str, value: float | None) -> Cell:
    """A figure somebody typed, with the way to who typed what of it."""
    latest = "latest" if facts.today <= facts.period.end else ""
    query = listed("typed", codes, facts.period.start, facts.period.end, name=name, measure=latest)
    return Cell(None if value is None else round(value), query)


def _old(facts: Facts, codes: Sequence[str], aged: Aged | None) -> Cell:
    made = Drill(",".join(codes), facts.period.start, facts.period.end, before=old_before(facts))
    return Cell(aged.old if aged else 0, made.query)


def _all_schools(facts: Facts, rows: Sequence[Row], shown: tuple[int, ...], ages: Mapping[str, Aged]) -> Row:
    """Sums of the schools with data; ratios are counted from the sums where every school has typed its figures."""
    sums: list[float | None] = []
    codes = [one.library.code for one in facts.with_data]
    for at in range(1, 10):
        values = [rows[number].cells[at].value for number in shown]
        known = [value for value in values if isinstance(value, int | float)]
        sums.append(sum(known) if known and (at == 1 or at > 4 or len(known) == len(values)) else None)
    readers, visits, loans, stock = sums[1], sums[2], sums[3], sums[4]
    ratios = [_ratio(loans, readers), _ratio(visits, readers), _ratio(loans, stock), _ratio(stock, readers)]
    old, known = (sum(getattr(ages[code], name) for code in codes if code in ages) for name in ("old", "known"))
    ratios += [_ratio(facts.copies(codes).acquired, facts.copies(codes).closing), _ratio(old, known)]
    cells = [Cell(value, sum_of=shown if value is not None else ()) for value in sums]
    ways = [listed("pupils", codes), *(_typed(facts, codes, name, None).rows for name in TYPED)]
    ways += [facts.drill(DISTRICT, "closing", kinds) for kinds in (ALL, BESIDE_LEARNING, LEARNING, ELECTRONIC)]
    ways += [_old(facts, codes, None).rows]
    cells = [replace(cell, rows=way) for cell, way in zip(cells, ways, strict=True)]
    return Row((Cell("ИТОГО по школам с данными"), *cells, *ratios, *[Cell("")] * 4), "total")


def _ratio(upper: float | None, lower: float | None) -> Cell:
    return Cell(upper / lower if upper is not None and lower else None)
