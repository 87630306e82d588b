"""Контроль внедрения централизованной каталогизации (п. 6.1): exports, quality, borrowed records, by base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from catalog_sync.model import BibRecord, Dialect
from catalog_sync.reports import russian
from catalog_sync.reports.model import NO_DATA, Cell, Column, Report, Row, Table, Text, listed
from catalog_sync.reports.period import Period
from catalog_sync.store.catalogue_state import SourceState

# Share of a record's quality: what a reader and the forms need most weighs most. 100 in all.
WEIGHTS = {"title": 25, "year": 20, "publisher": 10, "author": 10, "bbk": 15, "inventory": 20}
NAMES = {"title": "заглавие", "year": "год", "publisher": "издательство", "author": "ответственность", "bbk": "ББК",
         "inventory": "инв. № или учёт"}  # fmt: skip
SAMPLED = "доля записей выборки, в которых поле заполнено"
SET_ASIDE_COSTS = 100  # every per cent of records that could not be read takes a point


@dataclass(frozen=True, slots=True)
class Quality:
    """Completeness of a sample of records: field → share that has it."""

    sample: int
    fields: Mapping[str, float]

    def score(self, set_aside: float) -> int:
        """0–100: the weighted completeness less what could not be read at all."""
        whole = sum(WEIGHTS[name] * share for name, share in self.fields.items())
        return max(0, round(whole - SET_ASIDE_COSTS * set_aside))


def quality(records: Sequence[BibRecord]) -> Quality:
    """How complete the records are."""
    count = len(records) or 1
    found = {
        "title": sum(bool(bib.title.strip()) for bib in records),
        "year": sum(bool((bib.year_text or bib.year_coded).strip(" |")) for bib in records),
        "publisher": sum(bool(bib.publishers) for bib in records),
        "author": sum(bool(bib.agents or bib.responsibility) for bib in records),
        "bbk": sum(bool(bib.bbk or bib.udc) for bib in records),
        "inventory": sum(_accounted(bib) for bib in records),
    }
    return Quality(len(records), {name: number / count for name, number in found.items()})


def _accounted(bib: BibRecord) -> bool:
    return any(i.inventory_number or i.barcode or not i.individual for i in bib.holdings.items) or bool(
        bib.holdings.received
    )


def make(
    sources: Sequence[SourceState],
    qualities: Mapping[str, Quality],
    names: Mapping[str, str],
    borrowed: Mapping[str, int],
    period: Period,
    today: date,
) -> Report:  # fmt: skip
    """`borrowed`: by library, records taken ready-made in the period («Запись домой»)."""
    columns = (
        Column("Организация", "text", width=24), Column("База", "text", width=16), Column("Формат", "text", width=11),
        Column("Последняя выгрузка", "date", width=11), Column("Записей"), Column("Отклонено", width=9),
        Column("С замечаниями", width=10),
        *(Column(NAMES[name], "percent", "Полнота полей", 9, SAMPLED) for name in WEIGHTS),
        Column("Дублей внутри", width=9), Column("Общих с другими", width=9),
        Column("Взято готовых за период", width=10),
        Column("Качество, 0–100", width=9, rule="полнота с весами минус балл за каждый процент отклонённых записей"),
    )  # fmt: skip
    first = {one.library: one.source for one in reversed(sources)}  # records are taken by a library, not by a base
    taken = {source: borrowed.get(library, 0) for library, source in first.items()}
    rows = [_row(one, qualities.get(one.source), names, taken.get(one.source), period) for one in sources]
    stale = [f"{names.get(one.library, one.library)} — {one.name or one.source}" for one in sources if one.last is None]
    notes = [Text(f"Ещё не выгружали: {', '.join(stale)}.", style="note")] if stale else []
    sizes = {found.sample for found in qualities.values()}
    now = "Записи, полнота и дубли — на день составления, взятые готовыми — за период."
    explained = (
        *([now] if today > period.end else []),
        f"Полнота измерена на выборке до {max(sizes, default=0)} записей каждой базы. Качество = полнота с весами "
        + ", ".join(f"{NAMES[name]} {weight}" for name, weight in WEIGHTS.items())
        + " минус 1 балл за каждый процент отклонённых записей.",
        "Общие с другими — записи, чьё издание есть и в других библиотеках: их описание можно было взять готовым. "
        "Взято готовых — записи, которые библиотека получила через «Запись домой».",
    )
    records = sum(one.records for one in sources)
    return Report(
        name="cataloguing", title="Контроль внедрения централизованной каталогизации (п. 6.1)",
        period=f"за {period.words}", start=period.start, end=period.end, made=today, landscape=True,
        sections=(Text(_lead(sources, records, sum(borrowed.values()))),
                  Table(columns, tuple(rows), notes=explained, name="sources"), *notes),
        facts={"records": records, "sources": len(sources), "borrowed": sum(borrowed.values())},
    )  # fmt: skip


def _lead(sources: Sequence[SourceState], records: int, taken: int) -> str:
    shared = sum(one.shared for one in sources)
    share = f" ({russian.percent(shared / records)})" if records else ""
    bases = russian.genitive(len(sources), russian.BASE)
    word = russian.agree(shared, "описывает", "описывают")
    return (
        f"В сводном каталоге {russian.counted(records, russian.RECORD)} из {bases}; из них "
        f"{russian.number(shared)}{share} {word} издания, которые есть и в других библиотеках. "
        f"За период взято готовых: {russian.counted(taken, russian.RECORD)}."
    )


def _row(
    one: SourceState, found: Quality | None, names: Mapping[str, str], taken: int | None, period: Period
) -> Row:
    read = one.records + one.set_aside
    aside = one.set_aside / read if read else 0.0
    fields = [Cell(found.fields[name] if found and found.sample else None) for name in WEIGHTS]
    score = Cell(found.score(aside) if found and found.sample else NO_DATA)
    query = listed("borrowed", [one.library], period.start, period.end)
    borrowed = Cell("") if taken is None else Cell(taken, query)

    def of(name: str, count: int) -> Cell:
        return Cell(count, listed(name, part=one.source))

    dialect = Dialect(one.dialect).label if one.dialect else ""
    cells = (Cell(names.get(one.library, one.library)), Cell(one.name or one.source), Cell(dialect), Cell(one.last),
             of("base", one.records), of("set-aside", one.set_aside), of("warned", one.with_warnings), *fields,
             of("doubles", one.inner_duplicates), of("shared", one.shared), borrowed, score)  # fmt: skip
    return Row(cells, "" if one.last else "muted")
