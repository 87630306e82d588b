"""The first page, help, the reader's settings, and reporting an error in a record."""

from __future__ import annotations

import time

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from web.i18n import LANGUAGES, _
from web.opac.browse import count, newest, taught
from web.opac.search import address
from web.opac.state import SearchState
from web.reader import CHOICES, reader, remember, valid_choice
from web.security import local_target
from web.services import services

blueprint = Blueprint("opac", __name__)
REPORT_CHARACTERS = 2000
REPORTS_AN_HOUR = 10  # from one address: a class that found a mistake together, not a robot


@blueprint.before_app_request
def refuse_foreign_posts() -> None:
    """A form is sent from our own pages or not at all: the reader's forms work without cookies, so without a token."""
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        origin = request.headers.get("Origin")
        if origin not in (None, "null", request.host_url.rstrip("/"), services().settings.web.base_url.rstrip("/")):
            abort(403)
        if request.headers.get("Sec-Fetch-Site") in ("cross-site",):
            abort(403)


@blueprint.after_app_request
def keep_school(response: AnyResponse) -> AnyResponse:
    """A school's own link (`?my=CODE`) chooses the school for the pages that follow, unless the reader chose before."""
    asks = "my" in request.args and "library" not in request.cookies and response.status_code == 200
    if asks and (school := reader().library):
        remember(response, "library", school)  # type: ignore[arg-type]
    return response


@blueprint.get("/")
def home() -> str:
    return render_template(
        "opac/home.html", newest=newest(8), total=count(), subjects=taught(), address=address,
        State=SearchState, lists=public_lists(), libraries=len(services().directory.open()),
    )  # fmt: skip


def public_lists() -> list[tuple[str, str]]:
    engine = services().engine
    if engine is None:
        return []
    from catalog_sync.store import lists

    return [(found.slug, found.title) for found in lists.published(engine)[:6]]


@blueprint.get("/help")
def help_page() -> str:
    return render_template("opac/help.html")


@blueprint.get("/settings")
def settings() -> str:
    target = local_target(request.args.get("next"), url_for("opac.home"))
    open_ones = services().directory.settlements(only_open=True)
    return render_template("opac/settings.html", settlements=open_ones, target=target, languages=LANGUAGES)


@blueprint.post("/settings")
def change_settings() -> AnyResponse:
    """Keep what was chosen. An unknown value is refused: cookies hold only what we know."""
    target = local_target(request.form.get("next"), url_for("opac.home"))
    response = redirect(without_language(target) if "lang" in request.form else target, 303)
    for name in (*CHOICES, "library", "lang"):
        if name in request.form:
            value = request.form[name]
            if not valid_choice(name, value):
                abort(400)
            remember(response, name, value)  # type: ignore[arg-type]
    return response


def without_language(target: str) -> str:
    """The address without a language of its own, which would speak louder than the one just chosen."""
    path, mark, query = target.partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair and not pair.startswith("lang="))
    return f"{path}{mark}{kept}" if kept else path


@blueprint.get("/record/<cluster>/report")
def report_form(cluster: str) -> str | AnyResponse:
    from web.opac.present import Card
    from web.opac.record import find

    card = find(cluster)
    return render_template("opac/report.html", card=card) if isinstance(card, Card) else card


@blueprint.post("/record/<cluster>/report")
def report_error(cluster: str) -> AnyResponse:
    """A reader's word about a mistake: kept for the methodologist, without any trace of who wrote it."""
    engine = services().engine
    text = request.form.get("text", "").strip()[:REPORT_CHARACTERS]
    if engine is None or services().catalogue.record(cluster) is None:
        abort(404)
    if not text or request.form.get("website"):  # the second box is hidden from people, robots fill it
        return redirect(url_for("opac.report_form", cluster=cluster), 303)
    sent = reports_sent()
    from catalog_sync.store import staff

    staff.keep_error_report(engine, cluster, text, services().now())
    sent.append(time.monotonic())
    flash(_("Спасибо! Сообщение увидит методист."))
    return redirect(url_for("record.show", cluster=cluster), 303)


_recent: dict[str, list[float]] = {}


def reports_sent() -> list[float]:
    """When this address sent its last ones; 429 from the tenth an hour on. In memory only: addresses are not kept."""
    now, who = time.monotonic(), request.remote_addr or ""
    if len(_recent) > 10_000:
        _recent.clear()
    times = _recent[who] = [t for t in _recent.get(who, []) if t > now - 3600]
    if len(times) >= REPORTS_AN_HOUR:
        abort(429)
    return times
