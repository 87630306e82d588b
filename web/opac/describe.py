"""A card in other people's formats: ГОСТ, RIS, BibTeX, COinS, schema.org, JSON, CSV and MARC."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from flask import Response, url_for

from catalog_sync import citation
from catalog_sync.marc import privacy, reading, union_xml, writing
from catalog_sync.marc.readable import readable
from catalog_sync.marc.union_marc import from_union
from catalog_sync.model import Dialect, MarcRecord, SourceRecord, UnionRecord
from catalog_sync.query import Catalogue, LibraryHoldings
from catalog_sync.wording import safe_cell
from web.i18n import N_
from web.opac.present import Card
from web.services import services

# ending → (words, media type)
FORMATS: dict[str, tuple[str, str]] = {
    "mrc": (N_("ISO 2709 (RUSMARC)"), "application/marc"),
    "xml": (N_("MARCXML (RUSMARC)"), "application/marcxml+xml"),
    "ris": (N_("RIS: Zotero, EndNote, Mendeley"), "application/x-research-info-systems"),
    "bib": (N_("BibTeX"), "application/x-bibtex"),
    "csv": (N_("CSV: таблица"), "text/csv"),
    "json": (N_("JSON"), "application/json"),
}

# XML 1.0, 2.2: a record with such a character must not break a feed or a teacher's document.
NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean_xml(text: str) -> str:
    return NOT_XML.sub("", text)


def gost(record: UnionRecord) -> str:
    """Description by ГОСТ Р 7.0.100-2018, one line."""
    return citation.gost(record.bib, today=services().today())


def decode(record: SourceRecord) -> MarcRecord:
    """The fields of a source record as people can read them, without the names of staff. Raises BadRecord."""
    return privacy.public(readable(reading.marc_record(record))[0])


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


def marcxml_collection(found: list[tuple[UnionRecord, list[LibraryHoldings]]], dialect: Dialect) -> bytes:
    """A MARCXML collection (MARC21slim.xsd)."""
    records = b"\n".join(union_xml.marcxml(marc(record, held, dialect)).encode() for record, held in found)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="{writing.SLIM}">\n'
    return head.encode() + records + b"\n</collection>\n"


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
        writer.writerow([safe_cell(text) for text in row])
    return "\ufeff" + out.getvalue()


def coins(card: Card) -> str:
    """OpenURL ContextObject of a span (Z39.88-2004): Zotero and its like find it on the page."""
    return citation.coins(card.bib)


def json_ld(card: Card) -> str:
    """schema.org for a `<script type="application/ld+json">`: data, never run; `<` is escaped so nothing can end it."""
    address = services().absolute(url_for("record.show", cluster=card.id, lang=None))
    text = json.dumps(citation.json_ld(card.bib, address), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def ris(cards: list[Card]) -> str:
    return "".join(citation.ris(card.bib) for card in cards)


def bibtex(cards: list[Card]) -> str:
    return citation.bibliography(card.bib for card in cards)
