"""Сверка с КСУ: what people wrote on paper beside the ledger, and the lines of the ledger that explain the difference.

The form ОО-2 takes КСУ (п. 112 of its instructions); the difference is work to do, and this says where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog_sync.ledger.items import RUN
from catalog_sync.reports import russian
from catalog_sync.reports.facts import ALL, TEXTBOOKS, Facts
from catalog_sync.reports.model import Cell, Column, Row, Section, Table, Text, listed
from catalog_sync.store.acts import Unsure

Manual = Mapping[str, Mapping[str, float]]
FIGURES = (
    ("ksu_acquired", "Поступило, весь фонд", ALL, "acquired"),
    ("ksu_withdrawn", "Выбыло, весь фонд", ALL, "left"),
    ("ksu_stock", "Состоит, весь фонд", ALL, "closing"),
    ("ksu_textbooks_acquired", "Поступило, учебники", TEXTBOOKS, "acquired"),
    ("ksu_textbooks_withdrawn", "Выбыло, учебники", TEXTBOOKS, "left"),
    ("ksu_textbooks_stock", "Состоит, учебники", TEXTBOOKS, "closing"),
)
DIFFERENCE = "по КСУ − по каталогу"
SOURCE = "Источник строк 2.6 — КСУ (п. 112 указаний): при разнице в форму идёт КСУ, а каталог догоняет."


def sections(facts: Facts, codes: Sequence[str], manual: Manual, unsure: Mapping[str, Unsure]) -> list[Section]:
    """The figures side by side, the schools behind a difference, and what in the ledger may be its cause."""
    rows = _rows(facts, codes, manual)
    if not rows:
        return [Text("Данные КСУ не введены: сверка каталога с КСУ не проводилась.", style="note")]
    columns = (
        Column("Показатель", "text", width=30), Column("По КСУ"), Column("По каталогу"),
        Column("Разница", rule=DIFFERENCE),
        Column("Что это значит", "text", width=60),
    )  # fmt: skip
    stated = [code for code in codes if any(name in manual.get(code, {}) for name, *_ in FIGURES)]
    found: list[Section] = [Table(columns, tuple(rows), "Сверка с КСУ", (SOURCE,), name="ksu")]
    if len(stated) > 1:
        found += _by_school(facts, stated, manual)
    return [*found, *_causes(facts, stated, unsure)]


def _rows(facts: Facts, codes: Sequence[str], manual: Manual) -> list[Row]:
    rows = []
    for name, label, kinds, measure in FIGURES:
        known = [code for code in codes if name in manual.get(code, {})]
        if not known:
            continue
        ours = getattr(facts.copies(known, kinds), measure)
        paper = round(sum(manual[code][name] for code in known))
        cell = Cell(ours, facts.drill(",".join(known), measure, kinds))
        written = Cell(paper, _typed(facts, known, name))
        rows.append(Row((Cell(label), written, cell, Cell(paper - ours), Cell(_meaning(paper - ours, measure)))))
    return rows


def _typed(facts: Facts, codes: Sequence[str], name: str) -> str:
    return listed("typed", codes, facts.period.start, facts.period.end, name=name)


def _meaning(difference: int, measure: str) -> str:
    if difference == 0:
        return "сходится"
    count = russian.counted(abs(difference), russian.COPY)
    if measure == "closing":
        return f"{count} не отражено в каталоге" if difference > 0 else f"{count} в каталоге лишние: спишите по актам"
    if difference > 0:
        return f"{count} есть в КСУ, но без записи или даты в каталоге"
    return f"{count} в каталоге датированы этим годом, в КСУ их нет"


def _by_school(facts: Facts, codes: Sequence[str], manual: Manual) -> list[Section]:
    names = {one.library.code: one.library.name for one in facts.freshness}
    rows = []
    for code in codes:
        for name, label, kinds, measure in FIGURES:
            paper = manual.get(code, {}).get(name)
            ours = getattr(facts.copies(code, kinds), measure)
            if paper is not None and round(paper) != ours:
                cell = Cell(ours, facts.drill(code, measure, kinds))
                written = Cell(round(paper), _typed(facts, [code], name))
                rows.append(Row((Cell(names[code]), Cell(label), written, cell, Cell(round(paper) - ours))))
    if not rows:
        return []
    columns = (Column("Школа", "text", width=34), Column("Показатель", "text", width=30), Column("По КСУ"),
               Column("По каталогу"), Column("Разница", rule=DIFFERENCE))  # fmt: skip
    return [Table(columns, tuple(rows), "Разница по школам", name="ksu-schools")]


def _causes(facts: Facts, codes: Sequence[str], unsure: Mapping[str, Unsure]) -> list[Section]:
    """Lines of the period that a comparison with КСУ should begin with, each with its books."""
    scope = ",".join(codes)
    causes = (
        ("initial", "Впервые отражено, даты нет", facts.drill(scope, "initial"),
         "в КСУ эти книги записаны раньше; с датой регистрации они уйдут в свой год"),
        ("undated", "Поступило, дата — день загрузки", facts.drill(scope, "acquired", basis=RUN),
         "даты в записи нет: по КСУ они могли поступить в другом году"),
        ("vanished", "Выбыло, дата — день загрузки", facts.drill(scope, "withdrawn", basis=RUN),
         "экземпляры исчезли из выгрузки без акта: найдите акт в КСУ"),
        ("late", "Внесено в журнал после конца периода",
         listed("late", codes, facts.period.start, facts.period.end),
         "прирост или убыль (со знаком), о которых каталог узнал позже"),
    )  # fmt: skip
    rows = []
    for name, label, query, meaning in causes:
        copies = sum(getattr(unsure[code], name) for code in codes if code in unsure)
        if copies:
            rows.append(Row((Cell(label), Cell(copies, query), Cell(meaning))))
    if not rows:
        return []
    columns = (Column("Что в журнале за этот период", "text", width=38), Column("Экз."),
               Column("Как это сказывается на сверке", "text", width=70))  # fmt: skip
    return [Table(columns, tuple(rows), "С чего начать объяснение разницы", name="ksu-causes")]
