"""Аналитическая справка по итогам мониторинга пополнения фондов: text with conclusions, each by a named rule.

Every sentence is computed from figures of the ledger; where a figure is missing, the sentence says so or is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from catalog_sync.reports import replenishment, russian, textbooks
from catalog_sync.reports.facts import ALL, ELECTRONIC, FICTION, LEARNING, TEXTBOOKS, Facts, Kinds
from catalog_sync.reports.memo_rules import Background, Findings, findings
from catalog_sync.reports.model import Cell, Column, Report, Row, Section, Table, Text, listed, signature
from catalog_sync.reports.russian import COPY, RECORD, SCHOOL, TITLE, counted, genitive, percent, within
from catalog_sync.store.figures import Balance
from catalog_sync.store.rollups import DISTRICT

QUESTION = russian.Word("вопрос", "вопроса", "вопросов", "вопроса", "вопросе", "вопросах")


def make(facts: Facts, background: Background) -> Report:
    schools = facts.with_data
    codes = [one.library.code for one in schools]
    coverage = facts.coverage()
    found = findings(facts, background, codes)
    appendix = replenishment.table(facts, background.extras, facts.schools, district=True)
    sections: list[Section] = [
        Text("1. Цель и задачи", level=2), Text(_goal(facts)),
        Text("2. Сроки, источники и методика", level=2), *_method(facts),
        Text("3. Охват", level=2), *_coverage(facts),
        Text("4. Результаты", level=2), *_results(facts, background, codes),
        *_listed("5. Положительные стороны", found.good, "Правила мониторинга положительных сторон не отметили."),
        *_listed("6. Проблемы", found.bad, "Правила мониторинга проблем не выявили."),
        Text("7. Выводы", level=2), *_conclusions(facts, background, codes, found),
        Text("8. Рекомендации", level=2), *_advice(found),
        *signature(facts.today),
        Text(f"Приложение{' 1' if background.needs else ''}. Пополнение фондов по организациям", level=2), appendix,
        *_provision_table(facts, background),
    ]  # fmt: skip
    return Report(
        name="memo",
        title="Аналитическая справка по итогам мониторинга пополнения фондов школьных библиотек "
        "электронными изданиями, художественной и учебной литературой",
        period=f"за {facts.period.words}",
        start=facts.period.start,
        end=facts.period.end,
        made=facts.today,
        sections=tuple(sections),
        head=tuple(line for line in (background.organisation, f"Основание: {background.basis}") if line),
        coverage=coverage,
        facts=replenishment.named(facts, codes, DISTRICT),
    )


# --- 1–3 -------------------------------------------------------------------------------------------------------------


def _goal(facts: Facts) -> str:
    return (
        f"Цель — оценить пополнение фондов школьных библиотек за {facts.period.words}. Задачи: определить поступление, "
        "выбытие и состояние фондов электронных изданий, художественной и учебной литературы; назвать организации, "
        "которым нужна помощь; предложить меры."
    )


def _method(facts: Facts) -> list[Section]:
    return [
        Text(
            "Источник — журнал движения фонда сводного каталога, который пополняется из выгрузок библиотечных программ "
            f"школ, договоров на электронные ресурсы и актов. Дата среза — {russian.day(facts.as_of)}"
        ),
        Text(
            items=(
                "экземпляры складываются по школам; названия — нет: одно издание считается по району один раз;",
                "дата поступления — дата регистрации из данных школы, без неё — день загрузки;",
                "фонд, впервые отражённый в каталоге, не считается поступлением;",
                "открытые ресурсы по внешним ссылкам фондом не считаются; окончание лицензии — это выбытие;",
                "школа без свежих данных в суммы не входит и названа отдельно.",
            )
        ),
    ]


def _coverage(facts: Facts) -> list[Section]:
    coverage = facts.coverage()
    if not coverage.of:
        return [Text("Школ в каталоге пока нет.")]
    share = percent(coverage.covered / coverage.of)
    line = f"Данные получены по {coverage.covered} из {genitive(coverage.of, SCHOOL)} ({share})."
    found: list[Section] = [Text(line)]
    if coverage.missing:
        found += [Text("Не представили свежих данных:"), Text(items=coverage.missing)]
    return found


# --- 4 ---------------------------------------------------------------------------------------------------------------


def _results(facts: Facts, background: Background, codes: Sequence[str]) -> list[Section]:
    if not codes:
        return [Text("Данных за период нет, результаты не подводятся.")]
    moved, stock = replenishment.movement_chart(facts, facts.schools), replenishment.stock_chart(facts, facts.schools)
    return [
        Text("4.1. Динамика фонда", level=3), *_movement(facts, background, codes, ALL, "Фонд"), *moved,
        Text("4.2. Электронные издания", level=3), *_electronic(facts, background, codes), *stock,
        Text("4.3. Художественная литература", level=3),
        *_movement(facts, background, codes, FICTION, "Фонд художественной литературы"),
        Text("4.4. Учебная литература", level=3),
        *_movement(facts, background, codes, LEARNING, "Учебный фонд (учебники и учебные пособия)"),
        *_provision(background, facts.today), *_table(facts, codes),
        Text("4.5. Состояние единого каталога", level=3), _catalogue(background, facts.today),
    ]  # fmt: skip


def _movement(facts: Facts, background: Background, codes: Sequence[str], kinds: Kinds, subject: str) -> list[Section]:
    earlier, now = background.year_before, facts.copies(codes, kinds)
    both = [one.library.code for one in earlier.with_data if one.library.code in codes]  # of the others it is not known
    before = earlier.copies(both, kinds)
    first = (
        f"{subject} {within(len(codes), SCHOOL)} на {russian.day(facts.as_of)} — {counted(now.closing, COPY)}. "
        f"{_moved(now, facts.period.words)}"
    )
    some = f"по {len(both)} из {genitive(len(codes), SCHOOL)} (о других за тот период данных нет) "
    whose = some if len(both) < len(codes) else ""
    sentences = [first]
    if not both:
        sentences.append(f"Данных за {earlier.period.words} нет: сравнить не с чем.")
    elif facts.today > facts.period.end:
        compared = _compared(facts.copies(both, kinds), before, earlier.period.words)
        sentences.append(russian.capital(whose + compared[:1].lower() + compared[1:]))
    else:
        sentences.append(f"Период не закончен; за {earlier.period.words} {whose}{_came(before.acquired)}.")
    if now.initial:
        verb = russian.agree(now.initial, "впервые отражён", "впервые отражено")
        sentences.append(f"Кроме того, {verb} в каталоге {counted(now.initial, COPY)}: это не поступление.")
    figures = [(getattr(now, m), facts.drill(DISTRICT, m, kinds)) for m in ("closing", "acquired", "left")]
    if facts.today <= facts.period.end:
        figures.append((before.acquired, earlier.drill(",".join(both), "acquired", kinds)))
    figures.append((now.initial, facts.drill(DISTRICT, "initial", kinds)))
    named = tuple((counted(copies, COPY), query) for copies, query in figures if copies)
    return [Text(" ".join(sentences), figures=named)]


def _moved(now: Balance, words: str) -> str:
    if not now.acquired and not now.left:
        return f"За {words} поступлений и выбытия не было."
    left = f"{russian.agree(now.left, 'выбыл', 'выбыло')} {counted(now.left, COPY)}" if now.left else "выбытия не было"
    return f"За {words} {_came(now.acquired)}, {left}; {_growth(now)}."


def _came(copies: int) -> str:
    if not copies:
        return "поступлений не было"
    return f"{russian.agree(copies, 'поступил', 'поступило')} {counted(copies, COPY)}"


def _growth(balance: Balance) -> str:
    if balance.growth is None:
        return "сравнить с началом периода нельзя: фонда на начало нет"
    return f"по сравнению с началом периода фонд {russian.change(balance.growth)}"


def _compared(now: Balance, before: Balance, words: str) -> str:
    difference = now.acquired - before.acquired
    if not before.acquired and not now.acquired:
        return "Поступлений не было ни в этом, ни в предыдущем периоде."
    if difference == 0:
        return f"Столько же поступило за {words}."
    word = "больше" if difference > 0 else "меньше"
    return f"Поступило на {counted(abs(difference), COPY)} {word}, чем за {words}."


def _electronic(facts: Facts, background: Background, codes: Sequence[str]) -> list[Section]:
    found = _movement(facts, background, codes, ELECTRONIC, "Фонд электронных изданий")
    now, everything = facts.copies(codes, ELECTRONIC), facts.copies(codes)
    unique = facts.unique(codes, ELECTRONIC)
    parts = [f"Это {counted(unique, TITLE)} по району без повторов."]
    if everything.closing:
        parts.append(f"Доля электронных изданий в фонде — {percent(now.closing / everything.closing)}.")
    if now.expired:
        parts.append(f"Из выбывших {counted(now.expired, COPY)} — из-за окончания лицензий.")
    links = background.extras.open_links.get(DISTRICT, 0)
    if links:
        parts.append(f"Справочно: открытых ресурсов в каталоге {russian.number(links)}, в фонд они не входят.")
    figures = ((counted(unique, TITLE), facts.drill(DISTRICT, "closing", ELECTRONIC, "titles")),
               (counted(now.expired, COPY), facts.drill(DISTRICT, "expired", ELECTRONIC)),
               (f"открытых ресурсов в каталоге {russian.number(links)}", listed("open-links")))  # fmt: skip
    return [*found, Text(" ".join(parts), figures=figures)]


def _provision(background: Background, today: date) -> list[Section]:
    if background.provision is None:
        return [Text("Потребность в учебниках школами не введена: обеспеченность не рассчитывалась.", style="note")]
    share, missing, schools = background.provision
    whose = f"{within(schools, SCHOOL)}, сообщивших потребность"
    text = f"Обеспеченность учебниками на {russian.day(today)} {whose}, — {percent(share)}"
    lack = f"не хватает {genitive(missing, COPY)}"
    codes = list(dict.fromkeys(line.library for line in background.needs))
    ways = ((lack, listed("provision", codes, name="missing")),)
    return [Text(f"{text}; {lack}.", figures=ways) if missing else Text(f"{text}.")]


def _provision_table(facts: Facts, background: Background) -> list[Section]:
    if not background.needs:
        return []
    names = {one.library.code: one.library.name for one in facts.freshness}
    head = Text(f"Приложение 2. Обеспеченность учебниками на {russian.day(facts.today)}", level=2)
    return [head, replace(textbooks.by_school(background.needs, names), title="")]


def _table(facts: Facts, codes: Sequence[str]) -> list[Section]:
    groups = (("Весь фонд", ALL), ("Электронные издания", ELECTRONIC), ("Художественная литература", FICTION),
              ("Учебная литература", LEARNING), ("в том числе учебники", TEXTBOOKS))  # fmt: skip
    rows = []
    for name, kinds in groups:
        balance = facts.copies(codes, kinds)
        drill = {m: facts.drill(DISTRICT, m, kinds) for m in ("opening", "initial", "acquired", "left", "closing")}
        rows.append(
            Row(
                (
                    Cell(name), Cell(balance.opening, drill["opening"]), Cell(balance.initial, drill["initial"]),
                    Cell(balance.acquired, drill["acquired"]), Cell(balance.left, drill["left"]),
                    Cell(balance.closing, drill["closing"]), Cell(balance.growth),
                )
            )
        )  # fmt: skip
    columns = (
        Column("Группа", "text", width=28), Column("На начало"), Column("Первичное отражение", width=13),
        Column("Поступило"), Column("Выбыло"), Column("На конец"),
        Column("Прирост", "percent", rule="(на конец − (на начало + первичное отражение)) / (на начало + первичное "
               "отражение)"),
    )  # fmt: skip
    return [Table(columns, tuple(rows), f"Движение фондов за {facts.period.words}, экз.", name="movement")]


def _catalogue(background: Background, today: date) -> Text:
    records, editions = background.records, background.editions
    if not records:
        return Text("Записей школ в сводном каталоге пока нет.")
    text = (
        f"В сводном каталоге на {russian.day(today)} {counted(records, RECORD)} школ, "
        f"они описывают {counted(editions, russian.EDITION)}: "
        f"на одно издание приходится {russian.number(records / editions, 1)} записи."
    )
    ways = (
        (counted(records, RECORD), listed("records")),
        (counted(editions, russian.EDITION), listed("editions")),
    )
    return Text(text, figures=ways)


# --- 5–8 -------------------------------------------------------------------------------------------------------------


def _listed(title: str, items: tuple[str, ...], otherwise: str) -> list[Section]:
    return [Text(title, level=2), Text(items=items) if items else Text(otherwise)]


def _conclusions(facts: Facts, background: Background, codes: Sequence[str], found: Findings) -> list[Section]:
    if not codes:
        return [Text("Без данных школ выводы о пополнении фондов сделать нельзя.")]
    electronic, fiction = facts.copies(codes, ELECTRONIC), facts.copies(codes, FICTION)
    learning = facts.copies(codes, LEARNING)
    parts = []
    for what, balance in (("электронных изданий", electronic), ("художественной литературы", fiction),
                          ("учебной литературы", learning)):  # fmt: skip
        word = _trend(balance)
        parts.append(f"фонд {what} {word} (поступило {russian.number(balance.acquired)}, выбыло "
                     f"{russian.number(balance.left)})")  # fmt: skip
    text = russian.capital("; ".join(parts)) + "."
    if found.bad:
        verb = russian.agree(len(found.bad), "Требует", "Требуют")
        text += f" {verb} внимания {counted(len(found.bad), QUESTION)}, см. раздел 6."
    return [Text(text)]


def _trend(balance: Balance) -> str:
    if balance.acquired == balance.left:
        return "не изменился"
    return "пополняется" if balance.acquired > balance.left else "сокращается"


def _advice(found: Findings) -> list[Section]:
    if not found.advice:
        return [Text("Продолжить мониторинг в установленные сроки.")]
    sections: list[Section] = []
    for number, (who, what) in enumerate(found.advice, 1):
        sections += [Text(f"8.{number}. {who}", level=3), Text(items=(*what[:-1], _ended(what[-1])))]
    return sections


def _ended(item: str) -> str:
    return item.rstrip(";").rstrip(".") + "."
