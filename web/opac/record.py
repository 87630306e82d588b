"""The card of an edition: description, holdings, relatives, who sent what, and reporting an error."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import segno
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import Gone, NotFound
from werkzeug.wrappers import Response as AnyResponse

from catalog_sync.citation import physical
from catalog_sync.errors import BadRecord
from catalog_sync.model import MarcRecord, RecordKey, SourceRecord
from catalog_sync.query import Access, Term, Unsupported
from catalog_sync.store import renamed
from catalog_sync.store.database import reading
from web.opac import describe, related
from web.opac.elsewhere import elsewhere
from web.opac.eresources import ways
from web.opac.present import Card, places_of
from web.opac.search import as_json
from web.reader import reader
from web.services import services

blueprint = Blueprint("record", __name__)


@dataclass(frozen=True)
class Member:
    """One source record behind the card, with the reason why it is here."""

    record: SourceRecord
    library: str
    marc: MarcRecord | None
    fault: str = ""

    @property
    def key(self) -> RecordKey:
        return self.record.key


def find(cluster: str) -> Card | AnyResponse:
    """The card; a redirect to where a merged edition lives now; 410 for one that is gone, 404 for one never seen.

    In the child's view all that is shown of an edition for adults is that it is one.
    """
    catalogue = services().catalogue
    record = catalogue.record(cluster)
    if record is not None:
        card = Card(record, places_of(catalogue.holdings(cluster), reader().library))
        return make_response(render_template("opac/hidden.html")) if card.is_adult and reader().child else card
    elsewhere = catalogue.redirect(cluster)
    if elsewhere and elsewhere != cluster:
        values = dict(request.view_args or {}, cluster=elsewhere, lang=None)
        asked = request.query_string.decode("latin-1")  # dialect, encoding and language of the old address
        return redirect(url_for(request.endpoint or "record.show", **values) + (f"?{asked}" if asked else ""), 301)
    raise Gone() if describe.was_known(catalogue, cluster) else NotFound()


MOST_MEMBERS = 300  # records of libraries on one page: a school each of a region; a base may hold a card for each copy
LONGEST_SOURCE = 64  # characters of its code; each slash of an address is a question to index and database
MOST_PLACES = 20  # libraries of the first table; where a region has three hundred, the rest are one click away


@blueprint.get("/record/<cluster>")
def show(cluster: str) -> str | AnyResponse:
    card = find(cluster)
    if not isinstance(card, Card):
        return card
    return render_template(
        "opac/record.html", card=card, gost=describe.gost(card.record), relatives=related.relatives(card),
        most_places=MOST_PLACES, coins=describe.coins(card), json_ld=describe.json_ld(card), elsewhere=elsewhere(card),
        formats=describe.FORMATS, lists=related.lists_with(card.id), ways=ways(card.id),
        extent=physical(card.bib),
    )  # fmt: skip


@blueprint.get("/record/<cluster>.json")
def show_json(cluster: str) -> Response | AnyResponse:
    card = find(cluster)
    if not isinstance(card, Card):
        return card
    return describe.json_response({**as_json(card), **describe.whole(card)})


@blueprint.get("/record/<cluster>/records")
def records(cluster: str) -> str | AnyResponse:
    """Who sent what, and why it is one edition."""
    card = find(cluster)
    if not isinstance(card, Card):
        return card
    members = [member(record) for record in services().catalogue.members(cluster, MOST_MEMBERS)]
    return render_template(
        "opac/records.html", card=card, members=members, reasons=related.reasons([m.key for m in members])
    )


@blueprint.get("/record/<cluster>/card")
def print_card(cluster: str) -> str | AnyResponse:
    """A catalogue card of 7.5 × 12.5 cm to print, with the QR code of the permanent link."""
    card = find(cluster)
    if not isinstance(card, Card):
        return card
    return render_template("opac/print_card.html", card=card, gost=describe.gost(card.record))


@blueprint.get("/record/<cluster>/qr.svg")
def qr(cluster: str) -> Response | AnyResponse:
    card = find(cluster)
    if not isinstance(card, Card):
        return card
    return qr_svg(services().absolute(url_for("record.show", cluster=card.id, lang=None)))


def qr_svg(address: str) -> Response:
    """A QR code as SVG; it holds an address of ours only."""
    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=4, border=2, xmldecl=False, svgns=True, nl=False)
    return Response(out.getvalue(), mimetype="image/svg+xml")


@blueprint.get("/source-record/<path:key>")
def source_record(key: str) -> AnyResponse:
    """The permanent link of one school's record: leads to the edition it belongs to now, whatever its number is."""
    for at in (i for i, char in enumerate(key[: LONGEST_SOURCE + 1]) if char == "/"):
        source, local_id = key[:at], key[at + 1 :]
        if not (source and local_id):
            continue
        for record in _named(RecordKey(source, local_id)):
            try:
                hits = services().catalogue.search(Term(str(record), Access.LOCAL_ID), limit=1)
            except Unsupported:
                raise NotFound() from None
            if hits.clusters:
                anchor = quote(str(record), safe="")
                return redirect(url_for("record.records", cluster=hits.clusters[0]) + f"#{anchor}", 302)
    raise NotFound()


def _named(record: RecordKey) -> Iterator[RecordKey]:
    """A record under the number asked for and, where none has it, under the one it has now."""
    yield record
    with reading(services().store) as connection:
        now = renamed.now(connection, record)
    if now is not None:
        yield now


def member(record: SourceRecord) -> Member:
    """A source record decoded for its MARC view."""
    library = describe.library_of(record.source)
    try:
        return Member(record, library, describe.decode(record))
    except BadRecord as error:
        return Member(record, library, None, str(error))
