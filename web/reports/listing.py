"""«Число → книги» of figures no ledger holds: records, schools, needs, figures typed, days of use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial

from flask import Response, abort, render_template, request, url_for
from sqlalchemy import Connection

from catalog_sync.reports import behind
from catalog_sync.reports import period as periods
from catalog_sync.reports.behind import Asked, Listing
from catalog_sync.reports.render import html_page
from catalog_sync.store import manual
from catalog_sync.store.database import reading
from catalog_sync.wording import safe_cell
from web.i18n import N_, _
from web.reports.rows import CSV_PAGE, CsvPage, csv_pages, is_staff, listed, registered
from web.services import services

# How a page calls a list, and one of its names
TITLES = {
    "records": N_("Записи школ в сводном каталоге"),
    "base": N_("Записи базы"),
    "editions": N_("Издания без повторов"),
    "shared": N_("Записи, чьё издание есть и в других библиотеках"),
    "doubles": N_("Записи, чьё издание в той же библиотеке описано ещё раз"),
    "warned": N_("Записи с замечаниями"),
    "set-aside": N_("Записи последней выгрузки, которые не удалось прочитать"),
    "open-links": N_("Открытые ресурсы в каталоге"),
    "schools connected": N_("Подключённые школы"),
    "schools fresh": N_("Школы со свежими данными"),
    "schools planned": N_("Школы, которые должны быть подключены по плану"),
    "schools staged": N_("Школы, включённые в план подключения"),
    "schools catalogued": N_("Школы с электронным каталогом"),
    "reports due": N_("Отчёты, назначенные календарём"),
    "reports on-time": N_("Отчёты, составленные в срок"),
    "pupils": N_("Обучающиеся"),
    "typed": N_("Введено вручную"),
    "uses asked": N_("Запросы к каталогу"),
    "uses record": N_("Открыто карточек изданий"),
    "links open": N_("Открытые ЭОР реестра"),
    "links working": N_("Открытые ЭОР реестра с рабочей ссылкой"),
    "borrowed": N_("Записи, взятые готовыми"),
    "provision needed": N_("Нужно учебников"),
    "provision have": N_("Есть учебников"),
    "provision fit": N_("Годных учебников"),
    "provision missing": N_("Не хватает учебников"),
    "provision surplus": N_("Излишек учебников"),
    "provision ordered": N_("Заказано учебников"),
    "provision covered": N_("Обеспечено учебниками"),
    "contracts titles": N_("Названий по договорам"),
    "contracts copies": N_("Экземпляров (доступов) по договорам"),
    "contracts databases": N_("Баз данных по договорам"),
    "contracts rubles": N_("Стоимость договоров, руб."),
    "contract titles": N_("Названий по договору"),
    "contract copies": N_("Экземпляров (доступов) по договору"),
    "contract rubles": N_("Стоимость договора, руб."),
    "late": N_("Внесено в журнал после конца периода"),
    "ksu": N_("Книга суммарного учёта, экз."),
    "ksu rubles": N_("Книга суммарного учёта, руб."),
}
OF_A_PERIOD = ("schools", "reports", "typed", "uses", "borrowed", "late", "ksu")  # others are as they are now
PLAIN = ("name", "measure", "part", "document", "reason")


def read(args: Mapping[str, str], today: date) -> Asked:
    """The list an address asks for. Raises Refused naming the parameter; 404 for one that is for the staff."""
    period = periods.parse(args.get("period", ""), today)
    named = {name: args.get(name, "") for name in PLAIN}
    asked = Asked(args.get("of", ""), registered(listed(args, "library")), period.start, period.end, today, **named)
    if behind.kind_of(asked).is_for_staff(asked) and not is_staff():
        abort(404)
    return asked


def show() -> str:
    asked = read(request.args.to_dict(), services().today())
    found = page(asked, request.args.get("cursor", ""))
    names = [services().directory.name(code) for code in asked.libraries]
    return render_template(
        "reports/listing.html", words=title(asked), total=found.total, lines=found.entries, next=found.next,
        names=names, rows_at=partial(html_page.address, url_for("reports.rows")),
    )


def title(asked: Asked) -> str:
    """What is listed, and of which days: «Не хватает учебников», «Введено вручную: посещений за год, на 31.12.2026»."""
    words = _(TITLES.get(f"{asked.of} {asked.name}") or TITLES[asked.of])
    words += f": {manual.NAMES[asked.name]}" if asked.of == "typed" else ""
    if asked.of not in OF_A_PERIOD:
        return words
    if asked.of in ("schools", "typed") or asked.measure == "state":
        return words + ", " + _("на %(day)s", day=asked.end.strftime("%d.%m.%Y"))
    named = periods.named(periods.between(asked.start, asked.end))
    return words + ", " + _("за %(period)s", period=named.words)


def page(asked: Asked, cursor: str, limit: int = 50) -> Listing:
    with reading(services().store) as connection:
        found = behind.page(connection, asked, cursor, limit)
    return found if is_staff() else behind.without_details(found, asked)


def as_csv() -> Response:
    asked = read(request.args.to_dict(), services().today())
    named = {"Content-Disposition": 'attachment; filename="rows.csv"'}
    return Response(_lines(asked, is_staff()), content_type="text/csv; charset=utf-8", headers=named)


def _lines(asked: Asked, staff: bool) -> Iterator[bytes]:
    def lines(connection: Connection, cursor: str) -> CsvPage:
        found = behind.page(connection, asked, cursor, CSV_PAGE)
        found = found if staff else behind.without_details(found, asked)
        return [
            [one.library, safe_cell(one.what), one.amount, one.day or "", safe_cell(one.why),
             safe_cell(str(one.record or one.cluster))]
            for one in found.entries
        ], found.next  # fmt: skip

    return csv_pages(services().store, ["Библиотека", "Что", "Число", "Дата", "Пояснение", "Запись"], lines)
