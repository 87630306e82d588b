"""Lists of literature as Word files, described by ГОСТ Р 7.0.100-2018."""

from __future__ import annotations

import io
from collections.abc import Sequence

import docx
from flask import Response, url_for

from web.opac import describe
from web.opac.present import Card
from web.security import attachment
from web.services import services

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def list_document(title: str, about: str, found: Sequence[Card], notes: Sequence[str] = ()) -> bytes:
    """A numbered list, in the order given; each entry with where it is and the permanent link."""
    document = docx.Document()
    document.add_heading(describe.clean_xml(title), 0)
    if about:
        document.add_paragraph(describe.clean_xml(about))
    for number, card in enumerate(found):
        document.add_paragraph(describe.clean_xml(describe.gost(card.record)), style="List Number")
        if number < len(notes) and notes[number]:
            document.add_paragraph(describe.clean_xml(notes[number]))
        document.add_paragraph(describe.clean_xml(where(card)))
    document.core_properties.author = describe.clean_xml(services().settings.district.name)
    document.core_properties.title = describe.clean_xml(title)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def where(card: Card) -> str:
    """«Есть: Школа № 1 (3 экз.)» and the permanent link."""
    held = "; ".join(f"{p.name} ({p.copies} экз.)" for p in card.places if p.copies)
    link = services().absolute(url_for("record.show", cluster=card.id, lang=None))
    return f"Есть: {held}. {link}" if held else link


def word_file(data: bytes, name: str) -> Response:
    return attachment(Response(data, mimetype=WORD), name)
