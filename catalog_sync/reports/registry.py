"""The reports by name: what exists, and making one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, Engine

from catalog_sync.errors import Refused
from catalog_sync.reports import gather, period, russian
from catalog_sync.reports.gather import Asked
from catalog_sync.reports.model import Report, Text
from catalog_sync.store.database import reading


@dataclass(frozen=True, slots=True)
class Entry:
    title: str
    about: str
    make: Callable[[Asked], Report]
    public: bool = True
    needs_library: bool = False
    of_district: bool = False  # whole: it has no part for one library
    of_today: bool = False  # what is now: needs, shelves and who is connected have no past that is kept


REPORTS: dict[str, Entry] = {
    "oo2": Entry(
        "Форма ОО-2, подразделы 2.6 и 2.7", "Поступило, выбыло, состоит по строкам формы; контрольные суммы и КСУ.",
        gather.make_oo2,
    ),
    "replenishment": Entry(
        "Пополнение фондов (п. 5.4)", "Электронные издания, художественная и учебная литература по школам.",
        gather.make_replenishment,
    ),
    "memo": Entry(
        "Аналитическая справка (п. 5.4)", "Текст с выводами, таблицами, графиками и адресными рекомендациями.",
        gather.make_memo, of_district=True,
    ),
    "quarterly": Entry(
        "Мониторинг реализации Концепции (п. 8.1)", "Показатели квартала: план, факт, источник.",
        gather.make_quarterly, of_district=True,
    ),
    "cataloguing": Entry(
        "Контроль централизованной каталогизации (п. 6.1)",
        "Последние выгрузки, полнота записей, дубли, общие описания.", gather.make_cataloguing,
    ),
    "libraries": Entry(
        "Состояние школьных библиотек (п. 2.3)", "Фонд, читатели, обращаемость, обновляемость.",
        gather.make_libraries, of_district=True,
    ),
    "rollout": Entry("Подключение школ: план и факт", "Этапы дорожной карты 3.4–3.6.", gather.make_rollout,
                     of_district=True, of_today=True),
    "ksu": Entry(
        "КСУ библиотечного фонда, части 1–3", "По документам и актам одной школы.", gather.make_ksu, False, True
    ),
    "ksu-textbooks": Entry(
        "КСУ учебного фонда", "Учебники учитываются отдельно.", gather.make_ksu_textbooks, False, True
    ),
    "e-register": Entry(
        "Реестры сетевых документов", "Суммарный по договорам и индивидуальный по названиям.", gather.make_eregister,
        False,
    ),
    "forecast": Entry(
        "Прогноз выбытия электронных изданий", "Что будет потеряно с окончанием лицензий; письма.",
        gather.make_forecast,
    ),
    "textbooks": Entry(
        "Обеспеченность учебниками", "Класс × предмет × № ФПУ: нужно, есть, годно, не хватает, лишнее.",
        gather.make_textbooks, of_today=True,
    ),
    "exchange": Entry(
        "Радар обмена учебниками", "Кто кому может передать, с готовым актом передачи.", gather.make_exchange,
        of_today=True,
    ),
    "reconciliation": Entry(
        "Сверка с АИС «Учебник»", "Чего нет в каталоге, чего нет в АИС, где расходятся числа.",
        gather.make_reconciliation, False, True, of_today=True,
    ),
}  # fmt: skip


def names() -> list[tuple[str, str]]:
    """(name, title) of every report, in the order of the page."""
    return [(name, entry.title) for name, entry in REPORTS.items()]


def entry(name: str) -> Entry:
    """The entry of a report; Refused with the names there are."""
    if name not in REPORTS:
        raise Refused(f"отчёт {name!r}: такого нет; есть {', '.join(REPORTS)}")
    return REPORTS[name]


def make(
    engine: Engine, name: str, *, library: str = "", period: str = "", today: date, organisation: str = ""
) -> Report:
    """Make a report out of one consistent view of the database. Raises Refused in words for the librarian.

    `organisation`: settings.district.organisation, the body in whose name papers are written.
    """
    with reading(engine) as connection:
        return make_in(connection, name, library=library, asked_period=period, today=today, organisation=organisation)


def make_in(
    connection: Connection, name: str, *, library: str = "", asked_period: str = "", today: date, organisation: str = ""
) -> Report:
    """As `make`, inside a transaction that is already open."""
    found = entry(name)
    if found.needs_library and not library:
        raise Refused(f"отчёт {name}: составляется по одной библиотеке, укажите её код")
    if found.of_district and library:
        raise Refused(f"отчёт {name}: составляется по всему району, код библиотеки не нужен")
    days = period.parse(asked_period, today)
    if found.of_today:
        days = period.between(today, today)
    asked = Asked(connection, days, library, today, organisation)
    return _dated(found.make(asked), today)


def _dated(report: Report, today: date) -> Report:
    """A report for a period («за …») that is not over says so before its figures."""
    if not report.period.startswith("за ") or report.end <= today:
        return report
    when = russian.day(today)
    said = (
        f"Период ещё не начался: движения в нём нет, а состояние фонда – на {when}."
        if report.start > today
        else f"Период ещё не закончен: показатели на {when}, предварительные."
    )
    return replace(report, sections=(Text(said, style="note"), *report.sections))
