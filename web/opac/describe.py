"""A card in other people's formats: ГОСТ, RIS, BibTeX, COinS, schema.org, JSON, CSV and MARC."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import urlencode

from flask import Response, url_for

from catalog_sync.marc import reading
from catalog_sync.marc.union_marc import from_union
from catalog_sync.model import Dialect, MarcRecord, SourceRecord, UnionRecord
from catalog_sync.query import Catalogue, LibraryHoldings
from web.i18n import N_
from web.opac.present import Card
from web.services import services

try:  # TODO until both modules are there
    from catalog_sync import citation
    from catalog_sync.marc import writing
except ImportError:
    citation = writing = None

# ending → (words, media type)
FORMATS: dict[str, tuple[str, str]] = {
    "mrc": (N_("ISO 2709 (RUSMARC)"), "application/marc"),
    "xml": (N_("MARCXML (RUSMARC)"), "application/marcxml+xml"),
    "ris": (N_("RIS: Zotero, EndNote, Mendeley"), "application/x-research-info-systems"),
    "bib": (N_("BibTeX"), "application/x-bibtex"),
    "csv": (N_("CSV: таблица"), "text/csv"),
    "json": (N_("JSON"), "application/json"),
}
# A cell that begins so is a formula in Excel and LibreOffice: such text gets an apostrophe before it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
SCHEMA_TYPES = {"audiovisual": "MediaObject", "electronic": "Book"}


def gost(record: UnionRecord) -> str:
    """Description by ГОСТ Р 7.0.100-2018, one line."""
    if citation is None:
        b = record.bib
        return f"{b.title} : {b.subtitle} / {b.responsibility}. – {'; '.join(b.places)} : {'; '.join(b.publishers)}, {b.year_text}. – {b.extent}"
    return citation.gost(record)


def decode(record: SourceRecord) -> MarcRecord:
    """The fields of a source record. Raises BadRecord."""
    return reading.marc_record(record)


def library_of(source: str) -> str:
    """The name of the library a source belongs to."""
    from web.opac.related import source_library

    return services().directory.name(source_library(source))


def was_known(catalogue: Catalogue, cluster: str) -> bool:
    """Whether the id ever was an edition: its page says «gone» instead of «never seen»."""
    known = getattr(catalogue, "was_known", None)
    return bool(known and known(cluster))


def marc(record: UnionRecord, holdings: list[LibraryHoldings], dialect: Dialect = Dialect.RUSMARC) -> MarcRecord:
    return from_union(record, dialect, holdings)


def iso2709(record: UnionRecord, holdings: list[LibraryHoldings], dialect: Dialect, encoding: str) -> bytes:
    return writing.to_iso2709(marc(record, holdings, dialect), encoding)


def marcxml(record: UnionRecord, holdings: list[LibraryHoldings]) -> bytes:
    return writing.to_marcxml(marc(record, holdings))


def whole(card: Card) -> dict[str, Any]:
    """Everything a program may want besides the hit."""
    bib = card.bib
    return {
        "citation": gost(card.record),
        "responsibility": bib.responsibility,
        "edition": bib.edition,
        "places": list(bib.places),
        "extent": bib.extent,
        "series": [s.title for s in bib.series],
        "subjects": list(bib.subjects),
        "keywords": list(bib.keywords),
        "bbk": list(bib.bbk),
        "udc": list(bib.udc),
        "languages": list(bib.languages),
        "abstract": bib.abstract,
        "contents": list(bib.contents),
        "notes": list(bib.notes),
        "links": [{"url": link.url, "note": link.note} for link in card.links],
        "members": [str(key) for key in card.record.members],
    }


def json_response(value: Any) -> Response:
    return Response(json.dumps(value, ensure_ascii=False, indent=1), mimetype="application/json")


def table(cards: list[Card]) -> str:
    """CSV with a heading, semicolons and a byte-order mark: opens in Excel with Russian letters intact."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["Авторы", "Заглавие", "Издательство", "Год", "ISBN", "Вид", "Экземпляров", "Описание", "Адрес"])
    for card in cards:
        authors = "; ".join(a.name for a in card.authors)
        publishers = "; ".join(card.bib.publishers)
        address = services().absolute(url_for("record.show", cluster=card.id, lang=None))
        row = [authors, card.heading, publishers, card.year, card.isbn, card.kind, str(card.copies),
               gost(card.record), address]  # fmt: skip
        writer.writerow([plain_cell(text) for text in row])
    return "\ufeff" + out.getvalue()


def plain_cell(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


def coins(card: Card) -> str:
    """OpenURL ContextObject in a span (Z39.88-2004): Zotero and its like find it on the page."""
    values = [("ctx_ver", "Z39.88-2004"), ("rft_val_fmt", "info:ofi/fmt:kev:mtx:book"), ("rft.genre", "book"),
              ("rft.btitle", card.heading)]  # fmt: skip
    values += [("rft.au", agent.name) for agent in card.authors]
    optional = [("rft.pub", "; ".join(card.bib.publishers)), ("rft.place", "; ".join(card.bib.places)),
                ("rft.date", card.year), ("rft.isbn", card.isbn), ("rft.edition", card.bib.edition)]  # fmt: skip
    return urlencode(values + [pair for pair in optional if pair[1]])


def json_ld(card: Card) -> str:
    """schema.org description for a `<script type="application/ld+json">`: data, never run, `<` escaped."""
    address = services().absolute(url_for("record.show", cluster=card.id, lang=None))
    value: dict[str, Any] = {
        "@context": "https://schema.org", "@type": SCHEMA_TYPES.get(card.carrier, "Book"), "@id": address,
        "url": address, "name": card.heading,
    }  # fmt: skip
    optional: dict[str, Any] = {
        "author": [{"@type": "Person" if a.kind == "person" else "Organization", "name": a.name} for a in card.authors],
        "publisher": [{"@type": "Organization", "name": name} for name in card.bib.publishers],
        "datePublished": card.year, "isbn": card.isbn, "inLanguage": list(card.bib.languages),
        "bookEdition": card.bib.edition, "typicalAgeRange": card.age, "about": list(card.bib.subjects),
        "description": card.bib.abstract,
    }  # fmt: skip
    optional["offers"] = [
        {"@type": "Offer", "availability": "https://schema.org/InStock", "availableAtOrFrom": place.name, "price": 0}
        for place in card.places if place.copies
    ]  # fmt: skip
    value |= {name: found for name, found in optional.items() if found}
    text = json.dumps(value, ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def ris(cards: list[Card]) -> str:
    return "".join(citation.ris(card.record) for card in cards)


def bibtex(cards: list[Card]) -> str:
    return "\n".join(citation.bibtex(card.record) for card in cards)
