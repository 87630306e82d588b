"""Parsing answers of OAI-PMH and SRU servers: no entities, no network, and the usual dirt of real providers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from catalog_sync.errors import SourceUnavailable
from catalog_sync.marc import encodings, xmlreading
from catalog_sync.marc.xmlreading import fault_of
from harvesters.net import TryAgain
from harvesters.unpack import HTML

# Characters XML 1.0 forbids (2.2) but MARC exports carry: subfield and field marks, form feeds, NUL.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
FORBIDDEN_REFERENCE = re.compile(r"&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2\d|3[01]));", re.IGNORECASE)
BARE_AMPERSAND = re.compile(r"&(?!(?:[a-zA-Z]\w*|#\d+|#x[0-9a-fA-F]+);)")
DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
MARC = "http://www.loc.gov/MARC21/slim"


def parser() -> etree.XMLParser:
    # huge_tree stays off: libxml2's own limits on depth and text size are part of our defence.
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_blank_text=False)


def parse(data: bytes, where: str) -> etree._Element:
    """Root of a page; a page that is only dirty is cleaned. Raises TryAgain for a cut page, SourceUnavailable for HTML.

    Entities are never expanded: a document type in a protocol answer is refused.
    """
    if HTML.search(data[:2048].removeprefix(b"\xef\xbb\xbf")):
        raise SourceUnavailable(f"{where}: ожидался ответ XML, пришла веб-страница")
    if b"<!ENTITY" in data or b"<!DOCTYPE" in data[:4096]:
        raise SourceUnavailable(f"{where}: в ответе объявлены сущности XML: такие ответы не читаем")
    declared = xmlreading.declared_by(data)
    encoding = encodings.of_text(data, declared)
    try:
        if encoding == declared:
            return etree.fromstring(data, parser())
    except (etree.XMLSyntaxError, ValueError):
        pass
    try:
        return etree.fromstring(cleaned(data, encoding).encode(), parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise TryAgain(f"{where}: ответ не разбирается как XML ({fault_of(error)}): возможно, он оборван") from None


def cleaned(data: bytes, encoding: str) -> str:
    """Text without what XML forbids; a byte that was lost on the way costs one letter."""
    text = data.decode(encoding, "replace")
    text = FORBIDDEN_REFERENCE.sub("", FORBIDDEN.sub("", DECLARATION.sub("", text.lstrip("\ufeff"))))
    return BARE_AMPERSAND.sub("&amp;", text)


def local(element: etree._Element) -> str:
    """Name without namespace: providers declare wrong ones more often than wrong names."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: etree._Element | None, name: str = "") -> Iterator[etree._Element]:
    for child in element if element is not None else ():
        if isinstance(child.tag, str) and (not name or local(child) == name):
            yield child


def child(element: etree._Element | None, name: str = "") -> etree._Element | None:
    return next(children(element, name), None)


def text_of(element: etree._Element | None, name: str) -> str:
    found = child(element, name)
    return "" if found is None else all_text(found)


def all_text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext()).strip()


def control_number(record: etree._Element) -> str:
    """Text of 001 of a MARCXML record, "" where there is none."""
    for field in children(record, "controlfield"):
        if field.get("tag") == "001":
            return (field.text or "").strip()
    return ""


def give_control_number(record: etree._Element, number: str) -> None:
    """Add a 001: a record that only its envelope identifies must keep that identity."""
    namespace = etree.QName(record).namespace
    field = etree.Element(f"{{{namespace}}}controlfield" if namespace else "controlfield", tag="001")
    field.text = number
    leader = child(record, "leader")
    record.insert(0 if leader is None else record.index(leader) + 1, field)


def serialised(element: etree._Element) -> bytes:
    return etree.tostring(element, encoding="utf-8", with_tail=False)


def collection(records: list[bytes]) -> bytes:
    """A MARCXML file (MARC21slim) of records serialised before."""
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="{MARC}">\n'.encode()
    return head + b"\n".join(records) + b"\n</collection>\n"
