"""/reports: every report as a page with charts and as files, the rows behind each number, indicators and snapshots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy import Connection

from catalog_sync.errors import Refused
from catalog_sync.query import Catalogue
from catalog_sync.reports import period as periods
from catalog_sync.reports import registry
from catalog_sync.reports.render import file_name, html_page, media_type, render
from catalog_sync.reports.scheduled import signing_key
from catalog_sync.settings import Settings
from catalog_sync.store import drill, snapshots
from catalog_sync.store.database import reading
from catalog_sync.store.figures import Balance
from catalog_sync.store.rollups import DISTRICT
from catalog_sync.text import in_order
from web.i18n import _
from web.reports import desk, listing
from web.reports import rows as rows_page
from web.security import attachment
from web.services import services

FILES = ("xlsx", "docx", "csv", "json")
OLDEST_YEARS = 5  # periods offered in the list; any other can be typed into the address


def blueprint(_catalogue: Catalogue, _settings: Settings) -> Blueprint:
    """The blueprint of the reports' pages."""
    made = Blueprint("reports", __name__, url_prefix="/reports")
    made.add_url_rule("/", "index", index)
    made.add_url_rule("/indicators", "indicators", indicators)
    made.add_url_rule("/rows", "rows", rows)
    made.add_url_rule("/rows.csv", "rows_csv", rows_csv)
    made.add_url_rule("/snapshots", "snapshots", list_snapshots)
    made.add_url_rule("/snapshots/<int:number>", "snapshot", show_snapshot)
    made.add_url_rule("/<name>.<any(xlsx, docx, csv, json):ending>", "file", as_file)
    made.add_url_rule("/<name>", "show", show)
    desk.mount(made)
    made.register_error_handler(Refused, refused)
    made.before_request(forget_empty_fields)
    return made


def forget_empty_fields() -> Response | None:
    """A form sends its empty fields too; the address people share should not have them."""
    if request.method != "GET" or not request.endpoint or request.endpoint.startswith("reports.class"):
        return None
    kept = {name: value for name, value in request.args.items() if value}
    if len(kept) == len(request.args):
        return None
    # As a query of its own: names like `endpoint` or `_scheme` would mean something to url_for.
    address = url_for(request.endpoint, **{**(request.view_args or {}), "lang": None})
    return redirect(f"{address}?{urlencode(kept)}" if kept else address)  # type: ignore[return-value]


def refused(error: Refused) -> tuple[str, int]:
    return render_template("reports/refused.html", text=str(error)), 422


def index() -> str:
    return render_template("reports/index.html", reports=_offered(), **_choices())


def _offered() -> list[tuple[str, str, str, bool]]:
    return [
        (name, entry.title, entry.about, entry.needs_library)
        for name, entry in registry.REPORTS.items()
        if entry.public or rows_page.is_staff()
    ]


def _choices() -> dict[str, Any]:
    return {
        "libraries": [one for one in services().directory.all().values() if one.kind == "school"],
        "periods": offered_periods(),
        "this_year": services().today().year,
        "library": request.args.get("library", ""),
        "period": request.args.get("period", ""),
        "period_words": desk.in_words(request.args.get("period", "")),
    }


def offered_periods() -> list[str]:
    """The last years, and the quarters of this and the last year, in words that are understood."""
    today = services().today()
    quarter = periods.quarter_of(today)
    found = []
    for _number in range(8):
        found.append(quarter.code)
        quarter = periods.quarter_of(quarter.start - timedelta(1))
    years = range(today.year, today.year - OLDEST_YEARS, -1)
    return [desk.in_words(code) for code in (*map(str, years), *found)]


def make(name: str) -> Any:
    """The report of this request."""
    refuse_unknown(name)
    library = "" if registry.entry(name).of_district else request.args.get("library", "")
    return registry.make(
        services().store, name, library=library, period=request.args.get("period", ""),
        today=services().today(), organisation=services().settings.district.organisation,
    )  # fmt: skip


def refuse_unknown(name: str) -> None:
    """404 for a name that is none or not for this reader."""
    if name not in registry.REPORTS or not (registry.entry(name).public or rows_page.is_staff()):
        abort(404)


def show(name: str) -> str:
    refuse_unknown(name)
    entry = registry.entry(name)
    if entry.needs_library and not request.args.get("library"):
        return render_template(
            "reports/choose.html", name=name, title=entry.title, of_today=entry.of_today, **_choices()
        )
    report = make(name)
    body = Markup(html_page.body(report, url_for("reports.rows")))  # noqa: S704 - html_page escapes every value
    return render_template("reports/report.html", report=report, body=body, name=name, files=FILES,
                           of_district=entry.of_district, of_today=entry.of_today, **_choices())


def as_file(name: str, ending: str) -> Response:
    report = make(name)
    made = Response(render(report, ending), content_type=media_type(ending))
    return attachment(made, file_name(report, ending))


def rows() -> str:
    """«Число → книги»: the lines of the ledger behind a figure, or (`of`) the list of what else it counts."""
    if request.args.get("of"):
        return listing.show()
    asked = rows_page.read(request.args.to_dict(), services().today())
    rows_page.registered(asked.question.selection.scopes)
    number = rows_page.number_of(request.args, "at")
    with reading(services().store) as connection:
        if number:
            asked = _as_frozen(connection, asked, number)
        page = drill.page(connection, asked.question, cursor=request.args.get("cursor", ""))
        total = drill.total(connection, asked.question)
    scopes = asked.question.selection.scopes
    names = [_("все школы района") if code == DISTRICT else services().directory.name(code) for code in scopes]
    return render_template(
        "reports/rows.html", words=asked.words, total=total, lines=page.rows, next=page.next, names=names,
        staff=rows_page.is_staff(),
    )


def _as_frozen(connection: Connection, asked: rows_page.Asked, number: int) -> rows_page.Asked:
    """The question put to the ledgers as they stood at a snapshot."""
    found = snapshots.find(connection, number)
    if found is None:
        abort(404, description=_("Такого среза нет."))
    words = asked.words + ", " + _("как в срезе № %(number)s", number=number)
    return replace(asked, question=replace(asked.question, at=found.horizon), words=words)


def rows_csv() -> Response:
    if request.args.get("of"):
        return listing.as_csv()
    asked = rows_page.read(request.args.to_dict(), services().today())
    rows_page.registered(asked.question.selection.scopes)
    number = rows_page.number_of(request.args, "at")
    if number:
        with reading(services().store) as connection:
            asked = _as_frozen(connection, asked, number)
    lines = rows_page.csv_lines(services().store, asked.question, staff=rows_page.is_staff())
    named = {"Content-Disposition": 'attachment; filename="rows.csv"'}
    return Response(lines, content_type="text/csv; charset=utf-8", headers=named)


def indicators() -> str:
    """The public page of 8.1: the same quarterly monitoring, of the last finished quarter, without a login."""
    asked = request.args.get("period") or periods.quarter_of(services().today()).previous.code
    report = registry.make(services().store, "quarterly", period=asked, today=services().today())
    body = Markup(html_page.body(report, url_for("reports.rows")))  # noqa: S704 - html_page escapes every value
    with reading(services().store) as connection:
        frozen = snapshots.named(connection, periods.parse(asked, services().today()).code)
    return render_template("reports/indicators.html", report=report, body=body, frozen=frozen, **_choices())


def list_snapshots() -> str:
    with reading(services().store) as connection:
        found = snapshots.listed(connection)
    return render_template("reports/snapshots.html", snapshots=found, in_words=desk.in_words)


def show_snapshot(number: int) -> str:
    with reading(services().store) as connection:
        found = snapshots.find(connection, number)
        if found is None:
            abort(404, description=_("Такого среза нет."))
        changes = snapshots.corrections(connection, found)
        other = snapshots.find(connection, request.args.get("with", 0, type=int))
        heads = snapshots.listed(connection)
        faults = snapshots.verify(connection, signing_key(services().settings.home))
    day_before = found.head.start - timedelta(1)
    covered = found.data["coverage"]
    lines = [_snapshot_line(found, other, library) for library in sorted(covered, key=in_order)]
    lines.insert(0, _snapshot_total(found, lines))
    return render_template(
        "reports/snapshot.html", snapshot=found, other=other, heads=heads, lines=lines, changes=changes, faults=faults,
        covered=sum(covered.values()), schools=len(covered), in_words=desk.in_words,
        measures=rows_page.MEASURES, units=rows_page.UNITS, period=f"{found.head.start}:{found.head.end}",
        opening=f"{day_before}:{day_before}",
    )  # fmt: skip


def _snapshot_total(found: snapshots.Snapshot, lines: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """The sum of the schools' lines: those that had data, by their codes. Titles of them together are frozen of all."""
    known = [line for line in lines if line[1] is not None]
    if not known:
        return "*", None, None, None
    changes = [line[3] for line in known if line[3] is not None]
    everyone = len(known) == len(lines)
    scope = "*" if everyone else ",".join(line[0] for line in known)
    titles = snapshots.frozen_balance(found, "titles", "*") if everyone else None
    return scope, sum((line[1] for line in known), Balance()), titles, sum(changes) if changes else None


def _snapshot_line(found: snapshots.Snapshot, other: snapshots.Snapshot | None, library: str) -> tuple[Any, ...]:
    """(library, copies, titles, change of copies since the other snapshot); without copies where it had no data."""
    if not _knows(found, library):
        return library, None, None, None
    copies = snapshots.frozen_balance(found, "copies", library)
    titles = snapshots.frozen_balance(found, "titles", library)
    if other is None or not _knows(other, library):
        return library, copies, titles, None
    return library, copies, titles, copies.closing - snapshots.frozen_balance(other, "copies", library).closing


def _knows(snapshot: snapshots.Snapshot, library: str) -> bool:
    """Whether a school had fresh data when the snapshot was made."""
    return bool(snapshot.data["coverage"].get(library))
