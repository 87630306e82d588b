"""The board of sources and runs: what is fresh, what is held and why, and asking the jobs to act."""

from __future__ import annotations

import io

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from catalog_sync import court, previewing
from catalog_sync.errors import Refused
from catalog_sync.model import HarvestRun, RunState
from catalog_sync.runlog import as_state
from catalog_sync.store import audit, eresources, jobs, registry, runs, staff
from catalog_sync.store.database import reading, writing
from web import labels
from web.i18n import N_, _
from web.security import attachment, file_name
from web.services import services
from web.staff.access import me, needs, refuse_foreign
from web.staff.audit_words import changes
from web.staff.gathering import gathering

blueprint = Blueprint("staff", __name__, url_prefix="/staff")
RUNS = 50
EXAMPLES = 20
PIECES = 200  # of what could not be read, on the page of a run; the command set-aside takes out all
ORDERS_SHOWN = 20
ACTIONS = {"approve": RunState.HELD, "reject": RunState.HELD, "rollback": RunState.PUBLISHED}
ASKED = {
    "approve": N_("Сеанс № %(run)s будет опубликован."),
    "reject": N_("Сеанс № %(run)s будет отклонён."),
    "rollback": N_("Сеанс № %(run)s будет отменён."),
}
NOBODY = N_(
    "Поручения ждут: программа заданий не запущена. На сервере её запускает команда catalog-sync serve jobs, "
    "а вместе с сайтом – catalog-sync serve."
)
IDLE = N_(
    "Программа заданий не запущена: по расписанию ничего не собирается, отчёты в срок не составляются. На сервере её "
    "запускает команда catalog-sync serve jobs, а вместе с сайтом – catalog-sync serve."
)


@blueprint.get("/")
@needs("librarian")
def home() -> str:
    """What waits for this person."""
    with reading(services().store) as connection:
        held = runs.latest(connection, states=[RunState.HELD], limit=RUNS)
        every = registry.sources(connection)
        exports = gathering(connection, every, me(), services().now(), services().settings.jobs.overdue_days)
        waiting, reports = court.queue_length(connection), staff.error_reports(connection)
        ending = eresources.expiring(connection, services().today())
        broken = [r for r in eresources.every(connection, active_only=True) if r.check_fault]
        names = {one.code: one.name or one.code for one in every}
        idle = me().may("methodologist") and not jobs.is_served(connection, services().now())
    return render_template("staff/home.html", held=held, exports=exports, waiting=waiting, reports=reports,
                           ending=ending, broken=broken, names=names, idle=_(IDLE) if idle else "")  # fmt: skip


@blueprint.get("/sources")
@needs("librarian")
def sources() -> str:
    """Every source with its latest run; a librarian sees all of them and acts on her own."""
    with reading(services().store) as connection:
        found = registry.sources(connection)
        last = runs.latest_of_each(connection)
        more = runs.details(connection, [run.number for run in last.values()])
        orders = jobs.latest(connection, ORDERS_SHOWN)
        served = jobs.is_served(connection, services().now())
    nobody = "" if served or all(order.finished for order in orders) else _(NOBODY)
    return render_template("staff/sources.html", sources=found, last=last, more=more, orders=orders, nobody=nobody)


@blueprint.get("/runs")
@needs("librarian")
def history() -> str:
    source, before = request.args.get("source") or None, request.args.get("before", type=int)
    with reading(services().store) as connection:
        found = runs.latest(connection, source=source, limit=RUNS, before=before)
        details = runs.details(connection, [run.number for run in found])
        names = {one.code: one.name for one in registry.sources(connection)}
    return render_template(
        "staff/runs.html", runs=found, details=details, names=names, source=source, more=len(found) == RUNS
    )


@blueprint.get("/runs/<int:number>")
@needs("librarian")
def run(number: int) -> str:
    """One run; a held one with the difference it would make."""
    with reading(services().store) as connection:
        found = runs.find(connection, number)
        if found is None:
            abort(404)
        source = registry.get_source(connection, found.source)
        aside = runs.set_aside(connection, number, limit=PIECES)
        before = runs.last_published(connection, found.source)
        is_last = registry.published_run(connection, found.source) == number
        details = runs.details(connection, [number])[number]
    held = found.state is RunState.HELD
    examples = previewing.difference_examples(services().store, number, EXAMPLES) if held else {}
    return render_template("staff/run.html", run=found, source=source, aside=aside, examples=examples, before=before,
                           is_last=is_last, details=details)  # fmt: skip


@blueprint.post("/runs/<int:number>/<any(approve, reject, rollback):action>")
@needs("methodologist")
def act(number: int, action: str) -> AnyResponse:
    """Ask the jobs to publish, drop or undo a run. A decision that is no longer possible is refused at once."""
    with writing(services().store) as connection:
        still_open(connection, number, action)
        order(connection, action, str(number))
        audit.note(connection, me().login, f"сеанс {number}: {labels.ORDERS[action]}", services().now())
        waits = not jobs.is_served(connection, services().now())  # the page of the run lists no orders
    flash(" ".join([_(ASKED[action], run=number), *([_(NOBODY)] if waits else [])]))
    return redirect(url_for("staff.run", number=number), 303)


def still_open(connection: Connection, number: int, action: str) -> HarvestRun:
    """The run that is decided about; Refused where it can no longer be decided so."""
    found = runs.get(connection, number)
    if found.state is not ACTIONS[action]:
        raise Refused(f"сеанс № {number} сейчас {as_state(found.state)}: так решить уже нельзя")
    last = registry.published_run(connection, found.source)
    if action == "rollback" and last != number:
        raise Refused(f"сеанс № {number} уже не последний у источника {found.source}: отменить можно только № {last}")
    return found


@blueprint.get("/runs/<int:number>/rollback")
@needs("methodologist")
def confirm_rollback(number: int) -> str:
    """What a roll-back would undo, in numbers, before anybody asks for it."""
    with reading(services().store) as connection:
        found = still_open(connection, number, "rollback")
        source = registry.get_source(connection, found.source)
        before = runs.published_before(connection, found)
    return render_template("staff/rollback.html", run=found, source=source, before=before)


@blueprint.post("/sources/<code>/<any(harvest, pause, resume):action>")
@needs("librarian")
def ask_source(code: str, action: str) -> AnyResponse:
    """Ask for a harvest now, or for none until further notice; the web never starts one itself."""
    return asked_of(code, action)


def asked_of(code: str, what: str) -> AnyResponse:
    """Leave the jobs an order about a source: it stands in the log, and its answer comes into the list of orders."""
    with writing(services().store) as connection:
        refuse_foreign(registry.get_source(connection, code))
        order(connection, what, code)
        audit.note(connection, me().login, f"источник {code}: {labels.ORDERS[what]}", services().now())
    flash(_("Поручение записано; ответ появится в списке поручений."))
    return redirect(url_for("staff.sources") + "#orders", 303)


def order(connection: Connection, what: str, argument: str) -> None:
    """Leave an order for the jobs; the same order still waiting is not doubled by a second press."""
    waiting = [r for r in jobs.latest(connection) if r.finished is None and (r.what, r.argument) == (what, argument)]
    if not waiting:
        jobs.ask(connection, what, argument, asked_by=me().login, now=services().now())


@blueprint.get("/runs/<int:number>/set-aside/<int:piece>")
@needs("librarian")
def set_aside(number: int, piece: int) -> Response:
    """The bytes of a set-aside record, as they came."""
    with reading(services().store) as connection:
        found = next(iter(runs.set_aside(connection, number, piece=piece)), None)
        source = registry.get_source(connection, found.source) if found else None
    if found is None or source is None:
        abort(404)
    refuse_foreign(source)
    response = Response(io.BytesIO(found.data).getvalue(), content_type="application/octet-stream")
    return attachment(response, file_name(f"run-{number}-{piece}", "bin"))


@blueprint.get("/audit")
@needs("methodologist")
def audit_log() -> str:
    before = request.args.get("before", type=int)
    with reading(services().store) as connection:
        entries = audit.latest(connection, before=before)
    return render_template("staff/audit.html", entries=entries, changes=changes)


@blueprint.get("/reports-of-errors")
@needs("librarian")
def error_reports() -> str:
    """What readers told, with the title of the edition they meant."""
    with reading(services().store) as connection:
        found = staff.error_reports(connection)
    titles = {one.cluster: one.bib.title for one in services().catalogue.records([r.cluster for r in found])}
    return render_template("staff/error_reports.html", reports=found, titles=titles)


@blueprint.post("/reports-of-errors/<int:number>")
@needs("librarian")
def settle_error_report(number: int) -> AnyResponse:
    with writing(services().store) as connection:
        staff.settle_error_report(connection, number, me().login, services().now())
    return redirect(url_for("staff.error_reports"), 303)
