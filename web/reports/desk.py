"""The staff's desk of the reports: what is due, what was kept, figures typed, lists imported, snapshots."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from catalog_sync.errors import Refused
from catalog_sync.reports import period as periods
from catalog_sync.reports import registry, roadmap
from catalog_sync.reports.render import media_type
from catalog_sync.reports.scheduled import signing_key
from catalog_sync.store import coverage, hand, kept, licences, manual, snapshots, tabular, tokens
from catalog_sync.store.database import reading, writing
from web.i18n import N_, _, choose_language
from web.labels import capital
from web.reports import books
from web.reports.forms import Answer, Field, form, libraries, note, typed, typed_day, typed_number
from web.reports.needs import textbook_needs
from web.services import services
from web.staff.access import me, needs, refuse_foreign_library


def mount(made: Blueprint) -> None:
    """Add the staff's pages to the blueprint of the reports."""
    made.add_url_rule("/desk", "desk", desk)
    for name, view in (("classification", books.classification), ("act", books.act), ("licence", books.licence),
                       ("figures", figures), ("needs", textbook_needs), ("import", import_list),
                       ("snapshot-now", snapshot_now), ("key", key)):  # fmt: skip
        made.add_url_rule(f"/desk/{name}", name, view, methods=["GET", "POST"])
    both = ["GET", "POST"]
    made.add_url_rule("/desk/act/<int:number>", "act-taken-back", books.act_taken_back, methods=both)
    made.add_url_rule("/desk/licence/<int:number>", "licence-term", books.licence_term, methods=both)
    made.add_url_rule("/kept/<int:number>", "kept", kept_file)


@needs("librarian")
def desk() -> str:
    user, today = me(), services().today()
    own = "" if user.may("methodologist") else user.library or ""
    with reading(services().store) as connection:
        found = kept.listed(connection)
        register = licences.register(connection, [own] if own else ())
        acts = hand.entered_acts(connection, own, books.LISTED)
        fresh = coverage.freshness(connection)
    silent = [one for one in fresh if one.library.kind == "school" and not one.covers(today, today)]
    calendar = [(day_, duty, duty.covers(day_).words) for day_, duty in roadmap.upcoming(today)]
    return render_template(
        "reports/desk.html", kept=[(one, *_named(one)) for one in found], licences=register, acts=acts, silent=silent,
        calendar=calendar, today=today,
    )  # fmt: skip


def in_words(asked: str) -> str:
    """«III квартал 2026 года» of «2026Q3»; in English the code, and what is no period as it was typed."""
    if not asked or choose_language() != "ru":
        return asked
    try:
        return periods.parse(asked, services().today()).words
    except Refused:
        return asked


def _named(one: kept.Kept) -> tuple[str, str]:
    """(title, period in words) of a kept report; what is no longer in the calendar keeps the report's own title."""
    duty = next((duty for duty in roadmap.duties() if duty.code == one.schedule), None)
    known = registry.REPORTS.get(one.name)
    title = duty.title if duty else known.title if known else one.name
    return title, periods.parse(one.period, services().today()).words


@needs("librarian")
def kept_file(number: int) -> Response:
    with reading(services().store) as connection:
        found = kept.file(connection, number)
    if found is None:
        abort(404)
    head, data = found
    made = FlaskResponse(data, content_type=media_type(head.format))
    made.headers["Content-Disposition"] = f'attachment; filename="{head.name}_{number}.{head.format}"'
    return made


# --- The forms -------------------------------------------------------------------------------------------------------


@needs("librarian")
def figures() -> Answer:
    known, last = libraries(), f"{services().today().year - 1}-12-31"
    code = request.values.get("library", "") or (known[0][0] if len(known) == 1 else "")
    kept_before = _typed_before(code, request.values.get("day", last))
    fields = (
        Field("library", N_("Библиотека"), "select", known, True, code),
        Field("day", N_("На какую дату"), "date", required=True, value=last),
        *(Field(n, capital(label), "number", value=kept_before.get(n, "")) for n, label in manual.NAMES.items()),
    )

    def save() -> str:
        code = typed("library", "Библиотека")
        refuse_foreign_library(code)
        given = {n: float(typed_number(n, label)) for n, label in manual.NAMES.items() if request.form.get(n)}
        if not given:
            raise Refused("показатели: не заполнен ни один")
        with writing(services().store) as connection:
            day = typed_day("day", "На какую дату")
            manual.keep(connection, code, given, day=day, who=me().login, when=services().now())
            note(connection, f"показатели {code} на {day}", given)
        return _("Показатели сохранены.")

    return form(_("Показатели, которых нет в выгрузках"), fields, save)


@needs("librarian")
def import_list() -> Answer:
    kinds = [("needs", _("потребность в учебниках")), ("ais", _("АИС «Учебник»")), ("fpu", _("федеральный перечень"))]
    fields = (
        Field("kind", N_("Что загружается"), "select", kinds, True),
        Field("library", N_("Библиотека"), "select", [("", "—"), *libraries()]),
        Field("year", N_("Учебный год начинается в"), "number", value=str(services().today().year)),
        Field("mapping", N_("Имя сохранённого соответствия столбцов")),
        Field("file", N_("Таблица (.xlsx, .ods или .csv)"), "file", required=True),
    )

    def save() -> str:
        kind = typed("kind", "Что загружается")
        if kind not in tabular.FIELDS:
            raise Refused(f"Что загружается: ожидалось {', '.join(tabular.FIELDS)}")
        if kind == "fpu" and not me().may("methodologist"):
            raise Refused("федеральный перечень загружает методист")
        code = "" if kind == "fpu" else typed("library", "Библиотека")
        if code:
            refuse_foreign_library(code)
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            raise Refused("Таблица: файл не выбран")
        name = request.form.get("mapping", "").strip() or kind
        with writing(services().store) as connection:
            count = _import(connection, kind, code, sent.read(), name)
            note(connection, f"загружен список {kind}", {"library": code, "rows": count})
        return _("Загружено строк: %(count)s.", count=count)

    return form(_("Загрузить список"), fields, save)


def _typed_before(code: str, day_: str) -> dict[str, str]:
    """What was typed for this library and day before, so that a form once filled is corrected, not filled again."""
    try:
        when = date.fromisoformat(day_)
    except ValueError:
        return {}
    with reading(services().store) as connection:
        found = manual.at(connection, [code], when, when).get(code, {})
    return {name: f"{value:.12g}" for name, value in found.items()}  # «1500000», not «1.5e+06»


def _import(connection: Any, kind: str, code: str, data: bytes, name: str) -> int:
    """Read by the saved mapping where its headings are there, else by a guessed one; keep what worked."""
    mapping = tabular.saved(connection, name)
    try:
        mapping, rows = tabular.read(kind, data, mapping)
    except Refused:
        if mapping is None:
            raise
        mapping, rows = tabular.read(kind, data)
    tabular.save(connection, name, mapping)
    if kind == "fpu":
        return tabular.import_fpu(connection, rows, name)
    if kind == "ais":
        return tabular.import_ais(connection, code, rows, services().now())
    return tabular.import_needs(connection, code, typed_number("year", "Учебный год", services().today().year), rows)


@needs("methodologist")
def snapshot_now() -> Answer:
    last = periods.quarter_of(services().today()).previous.code
    fields = (Field("period", N_("Период (законченный)"), required=True, value=in_words(last)),)

    def save() -> str:
        system = services()
        asked = periods.parse(typed("period", "Период"), system.today())
        with writing(system.store) as connection:
            head = snapshots.freeze(
                connection, asked.code, asked.start, asked.end, now=system.now(), today=system.today(), who=me().login,
                key=signing_key(system.settings.home),
            )  # fmt: skip
            note(connection, f"срез {head.number}: заморожен", {"name": head.name, "digest": head.digest})
        return _("Срез № %(number)s заморожен.", number=head.number)

    return form(_("Заморозить показатели периода"), fields, save)


@needs("administrator")
def key() -> Answer:
    fields = (Field("name", N_("Кому выдаётся"), required=True),)

    def save() -> str:
        with writing(services().store) as connection:
            token = tokens.issue(connection, typed("name", "Кому выдаётся"), now=services().now())
            note(connection, "ключ API выдан", {"name": request.form.get("name", "")})
        return _("Ключ (больше не будет показан): %(token)s", token=token)

    return form(_("Ключ доступа к API"), fields, save)
