"""«Мой список»: up to sixty editions kept in the reader's browser, printed, saved, sent as a link."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from web.opac import describe, documents, exports
from web.opac.present import Card, cards
from web.reader import reader, remember
from web.security import file_name, local_target
from web.services import services

blueprint = Blueprint("basket", __name__)
COOKIE = "basket"
MOST = 60  # ids of a cookie: sixty of twenty characters stay under the 4 kB every browser keeps


def own() -> list[str]:
    """Ids of the reader's own list."""
    return _ids(request.cookies.get(COOKIE, "").split("."))


def kept() -> list[str]:
    """Ids of the list: those in the address when it is a shared list, else the reader's own."""
    given = request.args.getlist("id")
    return _ids(given) if given else own()


def _ids(given: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(i for i in given if i and len(i) <= 20 and i.isalnum()))[:MOST]


def listed(ids: list[str]) -> list[Card]:
    """The cards of a list; an edition that was merged into another is that other one, one that is gone is left out."""
    found = cards(services().catalogue, ids, reader().library)
    return found if len(found) == len(ids) else cards(services().catalogue, followed(ids), reader().library)


def followed(ids: list[str]) -> list[str]:
    """The ids under which the editions of a list live now."""
    catalogue = services().catalogue
    live = {record.cluster for record in catalogue.records(ids)}
    return list(dict.fromkeys(i if i in live else catalogue.redirect(i) or i for i in ids))


@blueprint.get("/basket")
def show() -> str:
    ids = kept()
    found = listed(ids)
    link = services().absolute(url_for("basket.show", id=ids, lang=None)) if ids else ""
    citations = sorted((describe.gost(card.record) for card in found), key=str.casefold)
    return render_template(
        "opac/basket.html", cards=found, ids=ids, link=link, citations=citations,
        shared=bool(request.args.getlist("id")), most=MOST if "full" in request.args else 0,
    )  # fmt: skip


@blueprint.post("/basket")
def change() -> AnyResponse:
    """Add or take away one edition, or empty the list; then back to where the reader was."""
    ids = own()
    wanted, action = request.form.get("id", ""), request.form.get("action", "add")
    if action == "clear":
        ids = []
    elif wanted and wanted.isalnum():
        ids = followed(ids) if action == "remove" and wanted not in ids else ids  # it was put in under an older id
        if action == "add" and wanted not in ids and len(ids) >= MOST:
            return redirect(url_for("basket.show", full=1), 303)  # said, instead of dropping the oldest
        ids = [i for i in ids if i != wanted] + ([wanted] if action == "add" else [])
    response = redirect(local_target(request.form.get("next"), url_for("basket.show")), 303)
    remember(response, COOKIE, ".".join(ids))  # type: ignore[arg-type]
    return response


@blueprint.get("/basket.<any(mrc, xml, ris, bib, csv, docx):ending>")
def download(ending: str) -> Response:
    found = listed(kept())
    if not found:
        abort(404)
    if ending == "docx":
        return documents.word_file(documents.list_document(reader_title(), "", found), file_name("list", "docx"))
    return exports.as_file(found, ending, file_name("list", ending))


def reader_title() -> str:
    return request.args.get("title", "").strip()[:200] or "Список литературы"
