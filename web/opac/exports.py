"""Editions as files: one record or the whole answer of a search, in every format of the card."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from catalog_sync.model import Dialect
from catalog_sync.query import LibraryHoldings, Unsupported
from web.opac import describe
from web.opac.present import Card, cards
from web.opac.record import find
from web.opac.search import query_of
from web.opac.state import read_state
from web.reader import reader
from web.security import attachment, file_name
from web.services import services

blueprint = Blueprint("exports", __name__)
MOST = 500  # records of one search export: more is what `catalog-sync export`, OAI-PMH and SRU are for
ENCODINGS = {"utf-8": "utf-8", "cp1251": "cp1251", "cp866": "cp866"}


@blueprint.get("/record/<cluster>.<any(mrc, xml, ris, bib, csv):ending>")
def one(cluster: str, ending: str) -> Response | AnyResponse:
    card = find(cluster)
    if not isinstance(card, Card):
        return card
    return as_file([card], ending, file_name(f"{card.id} {card.title}", ending))


@blueprint.get("/search.<any(mrc, xml, ris, bib, csv):ending>")
def many(ending: str) -> Response:
    """Everything a search found, up to MOST records."""
    state = read_state(request.args)
    try:
        hits = services().catalogue.search(query_of(state), limit=MOST, sort=state.sort)
    except Unsupported:
        abort(400)
    return as_file(cards(services().catalogue, hits.clusters, reader().library), ending, file_name("search", ending))


def as_file(found: list[Card], ending: str, name: str) -> Response:
    media = describe.FORMATS[ending][1]
    return attachment(Response(content(found, ending), content_type=content_type(media)), name)


def content_type(media: str) -> str:
    return media if media == "application/marc" else f"{media}; charset=utf-8"


def content(found: list[Card], ending: str) -> str | bytes:
    match ending:
        case "ris":
            return describe.ris(found)
        case "bib":
            return describe.bibtex(found)
        case "csv":
            return describe.table(found)
        case "xml":
            return collection(found)
    return b"".join(describe.iso2709(c.record, held(c), asked_dialect(), asked_encoding()) for c in found)


def collection(found: list[Card]) -> bytes:
    return describe.marcxml_collection([(c.record, held(c)) for c in found], asked_dialect())


def held(card: Card) -> list[LibraryHoldings]:
    return [LibraryHoldings(p.code, p.name, p.copies, p.call_numbers, (), p.records) for p in card.places]


def asked_dialect() -> Dialect:
    """`?dialect=marc21` for another dialect than RUSMARC."""
    asked = request.args.get("dialect", "rusmarc")
    return Dialect(asked) if asked in set(Dialect) else Dialect.RUSMARC


def asked_encoding() -> str:
    return ENCODINGS.get(request.args.get("encoding", ""), "utf-8")
