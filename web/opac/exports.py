"""Editions as files: one record or the whole answer of a search, in every format of the card."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

from catalog_sync.errors import BadRecord, Refused
from catalog_sync.model import Dialect
from catalog_sync.query import LibraryHoldings, Unsupported
from web.opac import describe
from web.opac.present import Card, cards
from web.opac.record import find
from web.opac.search import MOST_SAVED, cut_short, query_of
from web.opac.state import read_state
from web.reader import reader
from web.security import attachment, file_name
from web.services import services

blueprint = Blueprint("exports", __name__)
ENCODINGS = {"utf-8": "utf-8", "cp1251": "cp1251", "cp866": "cp866"}


@blueprint.get("/record/<cluster>.<any(mrc, xml, ris, bib, csv):ending>")
def one(cluster: str, ending: str) -> Response | AnyResponse:
    card = find(cluster)
    if not isinstance(card, Card):
        return card
    return as_file([card], ending, file_name(f"{card.id} {card.title}", ending))


@blueprint.get("/search.<any(mrc, xml, ris, bib, csv):ending>")
def many(ending: str) -> Response:
    """What a search found, up to MOST_SAVED records; the file and its name say where there were more."""
    state = read_state(request.args)
    try:
        hits = services().catalogue.search(query_of(state), limit=MOST_SAVED, sort=state.sort)
    except Unsupported:
        abort(400)
    found, note = cards(services().catalogue, hits.clusters, reader().library), cut_short(hits.total)
    name = f"search 1-{MOST_SAVED} of {hits.total}" if note else "search"
    return as_file(found, ending, file_name(name, ending), note)


def as_file(found: list[Card], ending: str, name: str, note: str = "") -> Response:
    """`note` is said inside the file, where its format has a place for words to people."""
    media = describe.FORMATS[ending][1]
    data: str | bytes
    if ending == "mrc":
        data, left_out = iso2709(found)
        name = name.replace(".mrc", f" without {left_out} too long.mrc") if left_out else name
    else:
        data = content(found, ending)
    whole = noted(data, ending, note) if note and isinstance(data, str) else data
    return attachment(Response(whole, content_type=content_type(media)), name)


def noted(text: str, ending: str, note: str) -> str:
    """RIS and ISO 2709 know no comments; of CSV it is the last line, where no program takes it for the heading."""
    match ending:
        case "csv":
            return f"{text}{note}\r\n"
        case "bib":
            return f"% {note}\n\n{text}"
        case "xml":
            return text.replace("?>\n", f"?>\n<!-- {note} -->\n", 1)
    return text


def content_type(media: str) -> str:
    return media if media == "application/marc" else f"{media}; charset=utf-8"


def content(found: list[Card], ending: str) -> str:
    match ending:
        case "ris":
            return describe.ris(found)
        case "bib":
            return describe.bibtex(found)
        case "csv":
            return describe.table(found)
    return collection(found).decode()


def iso2709(found: list[Card]) -> tuple[bytes, int]:
    """The records, and how many of them ISO 2709 has no room for. Refused where it has none for any."""
    records, fault = [], ""
    for card in found:
        try:
            records.append(describe.iso2709(card.record, held(card), asked_dialect(), asked_encoding()))
        except BadRecord as error:
            fault = str(error)
    if fault and not records:
        raise Refused(f"запись не помещается в ISO 2709 ({fault}): сохраните её в MARCXML")
    return b"".join(records), len(found) - len(records)


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
