"""The duplicates court: unsure pairs side by side, decided by a key, undone by another; merge and split from a card."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from catalog_sync import court, indexing, publishing
from catalog_sync.classify import carrier_of
from catalog_sync.errors import Refused, StopEverything
from catalog_sync.facets import school_grades, stated_kind
from catalog_sync.model import BibRecord, RecordKey
from catalog_sync.search.brief import part_number
from catalog_sync.store import decisions
from catalog_sync.store.database import reading
from catalog_sync.system import System
from web.i18n import _
from web.labels import CARRIERS, word
from web.opac.hits import grade_word
from web.security import local_target
from web.services import services
from web.staff.access import me, needs

blueprint = Blueprint("court", __name__, url_prefix="/staff/court")
HISTORY = 50
WAIT_SECONDS = 2.0  # for an indexer at work: it brings the word of a librarian too, when it comes to it
WHY = {"same": "одно издание: сверено в суде дублетов", "different": "разные издания: сверено в суде дублетов"}
# What both sides are compared by, in the order a cataloguer looks.
FIELDS = ("title", "parallel_titles", "subtitle", "parts", "agents", "responsibility", "edition", "publishers",
          "year_text", "extent", "series", "isbns", "bbk", "notes")  # fmt: skip
_SIGNS = re.compile(r"[^\w+#]+")


def system() -> System:
    return System(services().settings, services().store, services().now)


@blueprint.get("/")
@needs("librarian")
def next_case() -> str:
    """The case that matters most, or one further down (`skip`)."""
    skip = max(0, request.args.get("skip", 0, type=int))
    with reading(services().store) as connection:
        total = court.queue_length(connection)
        found = court.queue(connection, limit=1, offset=skip)
        latest = decisions.history(connection, limit=5)
    return render_template("staff/court.html", case=found[0] if found else None, total=total, skip=skip,
                           latest=latest, rows=rows(found[0]) if found else [],
                           asked=court.ASKED, reason_line=court.reason_line, points=court.in_russian,
                           against_line=court.against_line)  # fmt: skip


@blueprint.get("/case")
@needs("librarian")
def one_case() -> str:
    """Two named records, waiting or not: for merge and split from a card."""
    try:
        left, right = RecordKey.parse(request.args.get("left", "")), RecordKey.parse(request.args.get("right", ""))
    except ValueError as error:
        raise Refused(str(error)) from error
    with reading(services().store) as connection:
        found = court.case(connection, left, right)
        latest = decisions.about(connection, [left, right])
    if found is None:
        raise NotFound()
    said = [decision for decision in latest if decision.part_of is None][-5:]
    return render_template("staff/court.html", case=found, total=None, skip=0, latest=said, rows=rows(found),
                           leaves=right, reason_line=court.reason_line, points=court.in_russian,
                           against_line=court.against_line)  # fmt: skip


def rows(case: court.Case) -> list[tuple[str, str, str, bool]]:
    """(field, left, right, differs) of what either side says, then of what is read out of it."""
    found = []
    sides = (told(case.left.bib), told(case.right.bib))
    for name in sides[0]:
        left, right = (side[name] for side in sides)
        if left or right:
            found.append((name, left, right, _plain(left) != _plain(right)))
    return found


def told(bib: BibRecord) -> dict[str, str]:
    """What a record says by field, and class, kind and carrier, wherever in it they were said ("" = nowhere)."""
    kind = stated_kind(bib)
    return {name: shown(bib, name) for name in FIELDS} | {
        "grades": grade_word(school_grades(bib)),
        "kind": kind and _(kind),
        "carrier": word(CARRIERS, carrier_of(bib)[0].value),
    }


def _plain(text: str) -> str:
    """Signs and capitals are no difference: «Платова В.О.» and «Платова, В. О.»."""
    return _SIGNS.sub("", text.casefold())


def shown(bib: BibRecord, name: str) -> str:
    value = getattr(bib, name)
    if isinstance(value, str):
        return value
    return "; ".join(filter(None, (v if isinstance(v, str) else _typed(v) for v in value)))


def _typed(value: object) -> str:
    return getattr(value, "typed", "") or getattr(value, "name", "") or part_text(value)


def part_text(value: object) -> str:
    """«Ч. 2», however it was typed: «часть 2» is no difference."""
    return " ".join(filter(None, (getattr(value, "title", ""), part_number(getattr(value, "number", "")))))


@blueprint.post("/decide")
@needs("librarian")
def decide() -> Response:
    """Keep the word and recompute what it touches; contradictions are refused with the chain of earlier words."""
    word = request.form.get("word", "")
    if word not in WHY:
        raise Refused(_("Выберите: одно издание или разные."))
    try:
        left, right = RecordKey.parse(request.form.get("left", "")), RecordKey.parse(request.form.get("right", ""))
    except ValueError as error:
        raise Refused(str(error)) from error
    why = request.form.get("why", "").strip()[:500] or WHY[word]
    leaves = request.form.get("leaves", "")  # from a card: the record to be taken out of the edition
    if leaves == str(left):
        left, right = right, left
    same = word == "same"
    number = publishing.decide(system(), left, right, same=same, who=me().login, why=why, whole=same or bool(leaves))
    index()
    flash(_("Решение № %(number)s записано.", number=number))
    return redirect(local_target(request.form.get("next"), url_for("court.next_case")), 303)


@blueprint.post("/undo/<int:number>")
@needs("librarian")
def undo(number: int) -> Response:
    publishing.undo(system(), number, who=me().login)
    index()
    flash(_("Решение № %(number)s отменено, всё стало как было.", number=number))
    return redirect(local_target(request.form.get("next"), url_for("court.next_case")), 303)


@blueprint.get("/history")
@needs("librarian")
def history() -> str:
    before = request.args.get("before", type=int)
    with reading(services().store) as connection:
        found = decisions.history(connection, limit=HISTORY, before=before)
    return render_template("staff/decisions.html", decisions=found, more=len(found) == HISTORY)


def index() -> None:
    """Show the change in search at once; an indexer at work elsewhere brings it a little later."""
    try:
        indexing.drain(system(), wait_seconds=WAIT_SECONDS)
    except (StopEverything, OperationalError):
        flash(_("Решение записано; в поиске оно появится после текущего сбора."))
