"""«Число → книги»: the page of rows behind a number, and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, Engine

from catalog_sync.errors import Refused
from catalog_sync.ledger.items import RUN
from catalog_sync.ledger.posting import CATEGORY_NAMES
from catalog_sync.model import Category
from catalog_sync.reports import period as periods
from catalog_sync.reports.period import Period
from catalog_sync.reports.statistics import VALUES
from catalog_sync.store import drill
from catalog_sync.store.database import reading
from catalog_sync.store.figures import Selection
from catalog_sync.store.rollups import DISTRICT
from catalog_sync.wording import safe_cell
from web.i18n import N_, _
from web.services import services

MEASURES = {
    "state": N_("Состоит"),
    "initial": N_("Первичное отражение"),
    "acquired": N_("Поступило"),
    "left": N_("Выбыло"),
    "withdrawn": N_("Выбыло, кроме истёкших лицензий"),
    "expired": N_("Истекла лицензия"),
}
UNITS = {"copies": N_("экземпляры"), "titles": N_("названия"), "editions": N_("названия без повторов")}
CARRIERS = {
    "print": N_("печатные"),
    "audiovisual": N_("аудиовизуальные"),
    "microform": N_("микроформы"),
    "electronic": N_("электронные"),
}
EKINDS = {
    "none": N_("не электронные"),
    "physical": N_("съёмные"),
    "local": N_("локальные"),
    "licensed": N_("лицензионные"),
    "open_link": N_("открытые ссылки"),
}
CATEGORIES = {category.value: CATEGORY_NAMES[category] for category in Category}
CSV_PAGE, CSV_MOST = 500, 200_000


@dataclass(frozen=True, slots=True)
class Asked:
    question: drill.Question
    period: Period
    words: str


def is_staff() -> bool:
    """Whether somebody of the staff is logged in; without the login manager nobody is."""
    from flask import current_app

    if not hasattr(current_app, "login_manager"):
        return False
    from flask_login import current_user

    return bool(current_user.is_authenticated)


def read(args: Mapping[str, str], today: date) -> Asked:
    """The question of an address. Raises Refused naming the parameter."""
    period = periods.parse(args.get("period", ""), today)
    measure, unit = args.get("measure", "state"), args.get("unit", "copies")
    for name, value, known in (("measure", measure, MEASURES), ("unit", unit, UNITS)):
        if value not in known:
            raise Refused(f"{name}: ожидалось {', '.join(known)}, пришло {value!r}")
    chosen = {name: _values(args, name) for name in VALUES}
    libraries = listed(args, "library")
    ekinds = tuple("" if kind == "none" else kind for kind in chosen["ekind"])
    selection = Selection(libraries or (DISTRICT,), chosen["category"], chosen["carrier"], ekinds)
    clusters = listed(args, "cluster")
    basis = args.get("basis", "")
    words = _words(measure, unit, periods.named(period), chosen)
    if basis:
        words += ", " + _("дата: %(basis)s", basis=_("день загрузки") if basis == RUN else basis)
    before = number_of(args, "before")
    words += ", " + _("изданные до %(year)s года", year=before) if before else ""
    document = args.get("document", "")
    words += ", " + _("документ %(number)s", number=document) if document else ""
    question = drill.Question(
        selection, measure, unit, period.start, period.end, clusters, basis, document, before,
    )  # fmt: skip
    return Asked(question, period, words)


def number_of(args: Mapping[str, str], name: str) -> int:
    """A parameter that is a number, 0 where it is not given. Raises Refused naming it."""
    value = args.get(name, "") or "0"
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Refused(f"{name}: ожидалось целое число, пришло {value!r}")
    return int(value)


def listed(args: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The values of a parameter that may have several, divided by commas."""
    return tuple(value for value in args.get(name, "").split(",") if value)


def registered(libraries: tuple[str, ...]) -> tuple[str, ...]:
    """The libraries asked for. Raises Refused for a code that is none: it has no figures, which is not the figure 0."""
    for code in libraries:
        if code != DISTRICT and services().directory.get(code) is None:
            raise Refused(f"library: библиотеки {code!r} нет")
    return libraries


def _values(args: Mapping[str, str], name: str) -> tuple[str, ...]:
    values = listed(args, name)
    for value in values:
        if value not in VALUES[name]:
            raise Refused(f"{name}: ожидалось {', '.join(VALUES[name])}, пришло {value!r}")
    return values


def _words(measure: str, unit: str, period: Period, chosen: Mapping[str, tuple[str, ...]]) -> str:
    names = {"category": CATEGORIES, "carrier": CARRIERS, "ekind": EKINDS}
    kinds = [_(names[name][value]) for name, values in chosen.items() for value in values if value != "none"]
    when = _("за %(period)s", period=period.words)
    if measure == "state":
        when = _("на %(day)s", day=period.end.strftime("%d.%m.%Y"))
    return ", ".join([_(MEASURES[measure]), _(UNITS[unit]), *kinds, when])


def csv_lines(engine: Engine, question: drill.Question, staff: bool) -> Iterator[bytes]:
    """All rows; accounting details only for the staff."""
    head = ["Библиотека", "Запись", "Заглавие", "Ответственность", "Год", "Экз.", "Дата", "Откуда дата", "Вид",
            "Почему", "Документ", "Инв. номера"]  # fmt: skip

    def page(connection: Connection, cursor: str) -> CsvPage:
        found = drill.page(connection, question, cursor=cursor, limit=CSV_PAGE)
        rows = [row if staff else replace(row, document="", inventory="") for row in found.rows]
        return [
            [row.library, safe_cell(str(row.record or row.cluster)), safe_cell(row.title),
             safe_cell(row.responsibility), safe_cell(row.year), row.copies, row.day, row.basis,
             CATEGORIES[row.category], safe_cell(row.rule or row.reason), safe_cell(row.document),
             safe_cell(row.inventory)]
            for row in rows
        ], found.next  # fmt: skip

    return csv_pages(engine, head, page)


CsvPage = tuple[list[list[object]], str]  # its lines, the cursor of the next page


def csv_pages(engine: Engine, head: list[str], page: Callable[[Connection, str], CsvPage]) -> Iterator[bytes]:
    """A long list as CSV for Excel, page by page, so that memory and the database are held for one page only.

    It is written after the request is over: `page` must not ask who reads.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(head)
    yield b"\xef\xbb\xbf"
    cursor, given = "", 0
    while True:
        with reading(engine) as connection:
            lines, cursor = page(connection, cursor)
        writer.writerows(lines)
        yield out.getvalue().encode("utf-8")
        out.seek(0)
        out.truncate()
        given += len(lines)
        if cursor and given >= CSV_MOST:  # who counts the lines of a file has to hear that it is cut
            writer.writerow([f"Это первые строки, их {given}: выберите одну библиотеку или вид"])
            yield out.getvalue().encode("utf-8")
            return
        if not cursor:
            return
