"""Thematic lists: permanent links, a page to embed in a school's site, QR, and ГОСТ lists in Word."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, render_template, url_for

from catalog_sync.store import lists
from catalog_sync.store.database import reading
from web.opac import documents
from web.opac.present import Card, cards
from web.opac.record import qr_svg
from web.reader import reader
from web.security import file_name
from web.services import services

blueprint = Blueprint("lists", __name__)
Line = tuple[lists.Entry, Card | None]


@blueprint.get("/lists/")
def index() -> str:
    return render_template("opac/lists.html", lists=lists.published(services().store))


@blueprint.get("/lists/<slug>")
def show(slug: str) -> str:
    found = public(slug)
    return render_template("opac/list.html", list=found, lines=lines(found),
                           embed=services().absolute(url_for("lists.embed", slug=slug, lang=None)))  # fmt: skip


@blueprint.get("/lists/<slug>/embed")
def embed(slug: str) -> Response:
    """The list alone, for an <iframe> of another site: no forms, so nothing to trick a reader into."""
    found = public(slug)
    response = make_response(render_template("opac/embed.html", list=found, lines=lines(found)))
    response.headers["X-Embeddable"] = "1"
    return response


@blueprint.get("/lists/<slug>.docx")
def word(slug: str) -> Response:
    found = public(slug)
    both = [(card, entry.note) for entry, card in lines(found) if card is not None]
    data = documents.list_document(found.title, found.about, [card for card, _ in both], [note for _, note in both])
    return documents.word_file(data, file_name(found.title, "docx"))


@blueprint.get("/lists/<slug>/qr.svg")
def qr(slug: str) -> Response:
    return qr_svg(services().absolute(url_for("lists.show", slug=public(slug).slug, lang=None)))


def public(slug: str) -> lists.ReadingList:
    with reading(services().store) as connection:
        found = lists.find(connection, slug)
    if found is None or not found.published:
        abort(404)
    return found


def lines(found: lists.ReadingList) -> list[Line]:
    """Entries with their cards; an edition that is gone is left out, one that was merged is followed."""
    catalogue = services().catalogue
    wanted = {e.cluster: catalogue.redirect(e.cluster) or e.cluster for e in found.entries if e.cluster}
    by_id = {card.id: card for card in cards(catalogue, list(dict.fromkeys(wanted.values())), reader().library)}
    made = [(entry, by_id.get(wanted.get(entry.cluster, ""))) for entry in found.entries]
    return [line for line in made if line[1] is not None or line[0].url]
