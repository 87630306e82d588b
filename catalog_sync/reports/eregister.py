"""Реестры электронных (сетевых) документов: summary by contracts, individual by titles; forecast of losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from catalog_sync.model import Library
from catalog_sync.reports import russian
from catalog_sync.reports.model import Cell, Chart, Column, Drill, Report, Row, Section, Table, Text, listed, signature
from catalog_sync.reports.period import Period
from catalog_sync.store.drill import Counted
from catalog_sync.store.ledger import LICENCES
from catalog_sync.store.licences import Licence

METHOD = (
    "Сетевой локальный документ: название = 1 экземпляр независимо от числа файлов. Удалённый лицензионный: названия и "
    "доступы по договору. База данных = 1, её содержание к книгам не прибавляется."
)
KINDS = {"local": "сетевой локальный", "licensed": "сетевой удалённый"}
WARN_DAYS = 90


@dataclass(frozen=True, slots=True)
class Held:
    """A contract with the titles and copies behind it today."""

    licence: Licence
    library_name: str
    titles: int
    copies: int

    def rows(self, today: date, unit: Literal["titles", "copies"]) -> str:
        """The query of what a package without records counts today; records of a catalogued one are many editions."""
        it = self.licence
        if it.closed or it.is_database:
            return ""
        if it.source or it.starts > today:
            return listed("contract", part=str(it.number), name=unit)
        return Drill(it.library, today, today, unit=unit, clusters=(f"{LICENCES}:{it.number}",)).query


def register(
    held: Sequence[Held], rows: Sequence[Counted], cut: bool, period: Period, today: date, library: Library | None
) -> Report:
    """Both registers of one library, or of all. `cut`: more titles exist than are listed."""
    written = summary(held, period.start, period.end, today)
    sections: list[Section] = [written, individual(rows, cut), Text(METHOD, style="note"), *signature(today)]
    return Report(
        name="e-register", title="Реестры учёта электронных (сетевых) документов", period=f"за {period.words}",
        start=period.start, end=period.end, made=today, sections=tuple(sections),
        library=library.code if library else "", library_name=library.name if library else "", landscape=True,
        facts={"contracts": len(held), "databases": sum(one.licence.is_database for one in held)},
    )  # fmt: skip


SUMMED = {8: "databases", 9: "titles", 10: "copies", 11: "rubles"}


def summary(held: Sequence[Held], start: date, end: date, today: date) -> Table:
    """`held`: the contracts begun by the end of the period."""
    columns = (
        Column("№ записи", width=7, is_figure=False), Column("Дата", "date", width=11), Column("Вид", "text", width=14),
        Column("Ресурс, пакет", "text", width=24), Column("Платформа", "text", width=14),
        Column("Договор", "text", width=14), Column("Доступ с", "date", width=11), Column("по", "date", width=11),
        Column("Баз данных", width=7, rule="договор на базу данных — 1"),
        Column("Названий", width=9), Column("Экземпляров (доступов)", width=11),
        Column("Стоимость, руб.", "money", width=12), Column("Условия", "text", width=14),
        Column("Выбыло", "date", width=11), Column("Основание", "text", width=14),
    )  # fmt: skip
    rows = []
    for one in held:
        it = one.licence
        rows.append(
            Row(
                (
                    Cell(it.number), Cell(it.signed or it.starts), Cell("база данных" if it.is_database else "пакет"),
                    Cell(f"{it.name} ({one.library_name})"), Cell(it.platform), Cell(it.contract), Cell(it.starts),
                    Cell(it.ends), Cell(int(it.is_database)), Cell(one.titles, one.rows(today, "titles")),
                    Cell(one.copies, one.rows(today, "copies")),
                    _cost(it), Cell(it.conditions), Cell(it.closed),
                    Cell(it.closed_why),
                ),
                "muted" if it.closed else "",
            )
        )  # fmt: skip
    open_ = tuple(number for number, one in enumerate(held) if one.licence.closed is None)
    if open_:
        sums = [Cell("")] * len(columns)
        sums[3] = Cell("Действует")
        for at in SUMMED:
            values = [rows[number].cells[at].value for number in open_]
            whole = round(sum(value for value in values if isinstance(value, int | float)), 2)
            codes = sorted({held[number].licence.library for number in open_})
            sums[at] = Cell(whole, listed("contracts", codes, start, end, name=SUMMED[at]), open_)
        rows.append(Row(tuple(sums), "total"))
    return Table(columns, tuple(rows) or _none(columns, 3), "Реестр суммарного учёта", (), True, "summary")


def _cost(it: Licence) -> Cell:
    query = listed("contract", part=str(it.number), name="rubles")
    return Cell(None if it.kopecks is None else it.kopecks / 100, query)


def _none(columns: Sequence[Column], at: int) -> tuple[Row, ...]:
    """The one line of a register in which nothing is written yet."""
    return (Row(tuple(Cell("записей нет" if n == at else "") for n in range(len(columns))), "muted"),)


def individual(found: Sequence[Counted], cut: bool) -> Table:
    """By titles; a package without records has none to name, its line is that of the contract."""
    columns = (
        Column("№", width=6, is_figure=False), Column("Дата", "date", width=11),
        Column("Заглавие, автор", "text", width=50),
        Column("Идентификатор", "text", width=24), Column("Вид", "text", width=16),
        Column("Экз.", width=6, rule="сама строка учёта: запись каталога названа в графе «Идентификатор»"),
    )  # fmt: skip
    lines = [
        Row(
            (
                Cell(number), Cell(row.day), Cell(f"{row.title} / {row.responsibility}".rstrip(" /")),
                Cell(_identifier(row)), Cell(KINDS.get(row.ekind, "")), Cell(row.copies),
            )
        )
        for number, row in enumerate(found, 1)
    ]  # fmt: skip
    notes = (f"Показаны первые {russian.number(len(found))}; полный список — CSV по ссылке показателя.",) if cut else ()
    return Table(columns, tuple(lines) or _none(columns, 2), "Реестр индивидуального учёта", notes, True, "individual")


def _identifier(row: Counted) -> str:
    if row.record is not None and row.record.source == LICENCES:
        return f"договор {_number(row.document)}".rstrip()
    return str(row.record or row.cluster)


def _number(contract: str) -> str:
    """«14/ЭБС», «№ 14/ЭБС» → «№ 14/ЭБС»."""
    return f"№ {contract.removeprefix('№').strip()}" if contract else ""


# --- Forecast --------------------------------------------------------------------------------------------------------


def forecast(held: Sequence[Held], until: date, today: date, current: int) -> Report:
    """What is lost by the end of contracts: by months, by contracts, with a letter for each."""
    ending = sorted(
        (one for one in held if one.licence.closed is None and today <= one.licence.ends <= until),
        key=lambda one: (one.licence.ends, one.licence.number),
    )
    titles, copies = sum(one.titles for one in ending), sum(one.copies for one in ending)
    lead = (
        f"Если договоры не продлить, до {russian.day(until)} будут потеряны: {_what_is_lost(ending, current)}."
        if ending
        else f"До {russian.day(until)} договоры на электронные издания не заканчиваются."
    )
    sections: list[Section] = [Text(lead), *([_ending(ending, today, until)] if ending else []), *_months(ending)]
    for one in ending:
        if one.licence.ends <= today + timedelta(WARN_DAYS):
            sections += letter(one, today)
    return Report(
        name="forecast", title="Прогноз выбытия электронных изданий по срокам лицензий",
        period=f"до {russian.day(until)}", start=today, end=until, made=today, sections=tuple(sections),
        facts={"titles": titles, "copies": copies, "contracts": len(ending)},
    )  # fmt: skip


def _what_is_lost(ending: Sequence[Held], current: int) -> str:
    """Editions out of the copies there are, and databases, which are no editions."""
    titles, copies = sum(one.titles for one in ending), sum(one.copies for one in ending)
    databases = sum(one.licence.is_database for one in ending)
    said = []
    if titles or not databases:
        of = russian.genitive(current, russian.COPY)
        counted = f"{russian.counted(titles, russian.TITLE)} ({russian.counted(copies, russian.COPY)})"
        said.append(f"{counted} электронных изданий из {of}")
    if databases:
        said.append(russian.counted(databases, russian.DATABASE))
    return russian.listed(said)


def _ending(ending: Sequence[Held], today: date, until: date) -> Table:
    columns = (
        Column("Последний день", "date", width=12), Column("Ресурс", "text", width=30),
        Column("Библиотека", "text", width=24), Column("Договор", "text", width=14), Column("Названий"), Column("Экз."),
    )  # fmt: skip
    rows = [
        Row(
            (
                Cell(one.licence.ends), Cell(one.licence.name), Cell(one.library_name), Cell(one.licence.contract),
                Cell(one.titles, one.rows(today, "titles")), Cell(one.copies, one.rows(today, "copies")),
            )
        )
        for one in ending
    ]  # fmt: skip
    whole = tuple(range(len(rows)))
    codes = sorted({one.licence.library for one in ending})
    sums = [
        Cell(sum(getattr(one, name) for one in ending),
             listed("contracts", codes, today, until, name=name, measure="ending"), whole)
        for name in ("titles", "copies")
    ]  # fmt: skip
    rows.append(Row((Cell("ВСЕГО"), *[Cell("")] * 3, *sums), "total"))
    return Table(columns, tuple(rows), "Договоры, срок которых заканчивается", name="ending")


def _months(ending: Sequence[Held]) -> list[Section]:
    sums: dict[str, int] = {}
    for one in ending:
        name = f"{one.licence.ends:%m.%Y}"
        sums[name] = sums.get(name, 0) + one.titles
    if len(sums) < 2:  # one bar says no more than the sentence above
        return []
    values = tuple(float(value) for value in sums.values())
    return [Chart("Названий теряется по месяцам", tuple(sums), (("Названий", values),), unit="названий")]


def letter(one: Held, today: date) -> list[Section]:
    """A warning letter to the head of the organisation, ready to be signed."""
    it = one.licence
    days = (it.ends - today).days
    left = f"через {russian.counted(days, russian.DAY)}" if days else "сегодня"
    return [
        Text(f"Письмо: {one.library_name}", level=2, style="page"),
        Text(f"Руководителю: {one.library_name}", style="right"),
        Text("Уважаемый руководитель!"),
        Text(
            f"{russian.day(it.ends)} ({left}) заканчивается срок доступа к ресурсу «{it.name}»"
            + (f" по договору {_number(it.contract)}" if it.contract else "")
            + f". {lost(one)} Просим до этого дня сообщить, будет ли договор продлён."
        ),
        Text(f"{russian.day(today)}    {'_' * 24}", style="sign"),
    ]


def lost(one: Held) -> str:
    if one.licence.is_database:
        return "После этого база данных будет закрыта для читателей."
    return f"После этого из фонда выбудет {russian.counted(one.titles, russian.TITLE)}."
