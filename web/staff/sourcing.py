"""Sources from the staff pages: when one is harvested, a new one, and asking the jobs to try it. All audited.

Kinds and settings name folders and servers, so only an administrator sets them; the schedule is the methodologist's.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from catalog_sync import scheduling, source_check
from catalog_sync.errors import Refused, StopEverything
from catalog_sync.model import Dialect, Source
from catalog_sync.store import audit, derived, records, registry
from catalog_sync.store.database import reading, writing
from harvesters.registry import KINDS
from harvesters.secrets import redact
from web.i18n import _, moment
from web.services import services
from web.staff import fields
from web.staff.access import me, needs
from web.staff.board import asked_of, order

blueprint = Blueprint("sourcing", __name__, url_prefix="/staff/sources")
Answer = str | Response
BY_HAND = ("", "manual")


@blueprint.route("/<code>/schedule", methods=["GET", "POST"])
@needs("methodologist")
def schedule(code: str) -> Answer:
    """When a source is harvested; the next time is said at once, so that a mistaken field is seen."""
    before = known(code)
    form = fields.ScheduleForm(data={"schedule": before.schedule, "active": before.active})
    title = _("Расписание: %(name)s", name=before.name or before.code)
    if not form.validate_on_submit():
        return shown(title, form)
    after = replace(before, schedule=(form.schedule.data or "").strip(), active=form.active.data)
    try:
        when = next_time(after)
    except StopEverything as error:
        return shown(title, form, str(error))
    with writing(services().store) as connection:
        kept(connection, before, after)
    flash(_("Следующий сбор: %(when)s", when=moment(when)) if when else _("Источник собирается только вручную."))
    return redirect(url_for("staff.sources"), 303)


@blueprint.route("/new", methods=["GET", "POST"])
@blueprint.route("/<code>/edit", methods=["GET", "POST"])
@needs("administrator")
def edit(code: str = "") -> Answer:
    """A source: whose, how it is collected and read. What its kind of harvest can't understand is refused here."""
    before = known(code) if code else None
    form = fields.SourceForm(data=as_typed(before) if before else {"dialect": "marcsql"})
    form.library.choices = fields.choices((x.code, x.name) for x in services().directory.all().values())
    title = (before.name or before.code) if before else _("Новый источник")
    if before is not None:
        form.code.render_kw = {"readonly": True}
    if not form.validate_on_submit():
        return shown(title, form, kinds=True, closable=code)
    after = changed(before, form)
    try:
        source_check.check(after, services().settings)
        with writing(services().store) as connection:
            if before is None and registry.find_source(connection, after.code) is not None:
                raise Refused(f"источник {after.code} уже есть")
            kept(connection, before, after)
            if before is not None and after.read_otherwise(before) and registry.published_run(connection, code):
                order(connection, "reread", code)
                flash(_("Уже загруженные записи будут прочитаны по-новому; что вышло, появится в списке поручений."))
    except (Refused, StopEverything) as error:
        return shown(title, form, str(error), kinds=True, closable=code)
    services().directory.forget()
    flash(_("Сохранено. Теперь проверьте источник: что приходит и как это понято."))
    return redirect(url_for("staff.sources"), 303)


@blueprint.get("/<code>/close")
@needs("administrator")
def confirm_close(code: str) -> str:
    """What would leave the catalogue with the source, in numbers, before anybody asks for it."""
    source = known(code)
    with reading(services().store) as connection:
        held = derived.counted(connection, records.live_ids(connection, code)).values()
    return render_template("staff/close.html", source=source, records=len(held), copies=sum(n for _, n in held))


@blueprint.post("/<code>/close")
@needs("administrator")
def close(code: str) -> Response:
    """Ask the jobs to take the records of a source out of the catalogue."""
    return asked_of(code, "close")


@blueprint.post("/<code>/test")
@needs("librarian")
def test(code: str) -> Response:
    """Ask the jobs to fetch a few records and say how they are read; nothing is imported."""
    if known(code).harvester in BY_HAND:
        return redirect(url_for("uploads.form", source=code), 303)
    return asked_of(code, "test")


def known(code: str) -> Source:
    with reading(services().store) as connection:
        return registry.get_source(connection, code)


def next_time(source: Source) -> datetime | None:
    """When it will be harvested next; None for one that is not. Raises StopEverything for a wrong schedule."""
    zone = services().settings.time_zone
    # The words are checked for a source that is switched off, too.
    trigger = scheduling.trigger_of(replace(source, active=True), services().settings.jobs, zone)
    return trigger.next_after(services().now()) if trigger and source.active else None


def as_typed(source: Source) -> dict[str, Any]:
    """What the form begins with."""
    lines = "\n".join(f"{name} = {value}" for name, value in sorted(source.settings.items()))
    return {**asdict(source), "dialect": source.dialect.value, "options": lines,
            "harvester": source.harvester or "manual"}  # fmt: skip


def changed(before: Source | None, form: Any) -> Source:
    pairs = (line.partition("=") for line in form.options.data.splitlines() if line.strip())
    typed: dict[str, Any] = {
        name: (form[name].data or "").strip() for name in ("name", "library", "base", "harvester", "encoding")
    }
    return replace(
        before or Source(form.code.data.strip(), typed["library"]),
        **typed,
        dialect=Dialect(form.dialect.data),
        incremental=form.incremental.data,
        settings={name.strip(): value.strip() for name, _equals, value in pairs if value.strip()},
    )


def kept(connection: Connection, before: Source | None, after: Source) -> None:
    """Save, and write down what was and what is; references to passwords are not shown in the log."""
    registry.save_sources(connection, [after])
    verb = "изменён" if before else "заведён"
    audit.note(connection, me().login, f"источник {after.code}: {verb}", services().now(),
               plain(before) if before else None, plain(after))  # fmt: skip


def plain(source: Source) -> dict[str, str]:
    return {name: redact(str(value)) for name, value in {**asdict(source), "dialect": source.dialect.value}.items()}


def shown(title: str, form: Any, complaint: str = "", *, kinds: bool = False, closable: str = "") -> str:
    return render_template("staff/source.html", title=title, form=form, complaint=complaint, closable=closable,
                           back=url_for("staff.sources"), kinds=KINDS.values() if kinds else ())  # fmt: skip
