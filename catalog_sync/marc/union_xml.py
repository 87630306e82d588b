"""The union record as XML text: MARCXML, Dublin Core and MODS. Built as strings: an OAI harvest is one long write.

Every function returns one element without an XML declaration; values are cleaned of what XML 1.0 forbids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from catalog_sync.marc.codes import relator_for, relator_word
from catalog_sync.marc.union_common import FORBIDDEN, clean, year_of
from catalog_sync.model import Agent, BibRecord, Carrier, Dialect, MarcRecord, UnionRecord
from catalog_sync.query import LibraryHoldings

MARCXML_NAMESPACE = "http://www.loc.gov/MARC21/slim"
MARCXML_LOCATION = f"{MARCXML_NAMESPACE} http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd"
MODS_NAMESPACE = "http://www.loc.gov/mods/v3"
MODS_LOCATION = f"{MODS_NAMESPACE} http://www.loc.gov/standards/mods/v3/mods-3-7.xsd"
DC_NAMESPACE = "http://purl.org/dc/elements/1.1/"
OAI_DC_NAMESPACE = "http://www.openarchives.org/OAI/2.0/oai_dc/"
OAI_DC_LOCATION = f"{OAI_DC_NAMESPACE} http://www.openarchives.org/OAI/2.0/oai_dc.xsd"
SRW_DC_NAMESPACE = "info:srw/schema/1/dc-schema"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

DCMI_TYPES = {
    Carrier.PRINT: "Text", Carrier.ELECTRONIC: "Text", Carrier.MICROFORM: "Text", Carrier.AUDIOVISUAL: "MovingImage",
}
MODS_TYPES = {
    "a": "text", "c": "notated music", "e": "cartographic", "g": "moving image", "i": "sound recording-nonmusical",
    "j": "sound recording-musical", "k": "still image", "l": "software, multimedia", "m": "mixed material",
}


def text(value: str) -> str:
    """A value as XML character data."""
    return clean(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attribute(value: str) -> str:
    return text(value).replace('"', "&quot;")


def element(name: str, value: str, attributes: str = "") -> str:
    """`<name attributes>value</name>`, or nothing where there is no value."""
    shown = text(value)
    return f"<{name}{attributes}>{shown}</{name}>" if shown else ""


# --- MARCXML -------------------------------------------------------------------------------------------------------


def marcxml(record: MarcRecord) -> str:
    """MARCXML (MARC21slim). RUSMARC and UNIMARC are written in the same schema, as Russian aggregators expect.

    The schema's pattern wants «4500» in leader/20-23, where RUSMARC has «450 »; these positions describe the ISO 2709
    directory, which XML does not have, so every dialect gets «4500».
    """
    parts = [
        f'<record xmlns="{MARCXML_NAMESPACE}" xmlns:xsi="{XSI}" xsi:schemaLocation="{MARCXML_LOCATION}"'
        f' type="Bibliographic"><leader>{_leader(record.leader)}</leader>'
    ]
    add = parts.append
    for field in record.fields:
        if field.data is not None:
            add(f'<controlfield tag="{field.tag}">{kept(field.data)}</controlfield>')
            continue
        first, second = field.indicators[0], field.indicators[1]
        add(f'<datafield tag="{field.tag}" ind1="{first}" ind2="{second}">')
        for subfield in field.subfields:
            code, value = subfield.code, subfield.value
            # Nearly every value of a harvest stands as it is: asking first takes a third of the time of replacing.
            if "&" in value or "<" in value or ">" in value or not value.isprintable():
                value = kept(value)
            add(f'<subfield code="{code if code.isalnum() else attribute(code)}">{value}</subfield>')
        add("</datafield>")
    add("</record>")
    return "".join(parts)


def _leader(leader: str) -> str:
    """Record length and base address are blanks in MARCXML, which has neither (MARCXML design considerations)."""
    return kept(f"     {leader[5:12]}     {leader[17:20]}4500")


def kept(value: str) -> str:
    """Like `text`, but blanks stay: in coded data (008, 100$a) every position counts."""
    legal = value if value.isprintable() else FORBIDDEN.sub(" ", value)
    return legal.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# --- Dublin Core ---------------------------------------------------------------------------------------------------


def oai_dc(record: UnionRecord, permalink: str = "") -> str:
    """Unqualified Dublin Core in the container of OAI-PMH, which other protocols and files take it in, too."""
    return (
        f'<oai_dc:dc xmlns:oai_dc="{OAI_DC_NAMESPACE}" xmlns:dc="{DC_NAMESPACE}" xmlns:xsi="{XSI}" '
        f'xsi:schemaLocation="{OAI_DC_LOCATION}">{dc_elements(record, permalink)}</oai_dc:dc>'
    )


def srw_dc(record: UnionRecord, permalink: str) -> str:
    return (
        f'<srw_dc:dc xmlns:srw_dc="{SRW_DC_NAMESPACE}" xmlns:dc="{DC_NAMESPACE}">'
        f"{dc_elements(record, permalink)}</srw_dc:dc>"
    )


def dc_elements(record: UnionRecord, permalink: str) -> str:
    """The fifteen elements of simple Dublin Core, in their usual order."""
    return "".join(element(f"dc:{name}", value) for name, value in _dc(record, permalink))


def _dc(record: UnionRecord, permalink: str) -> Iterator[tuple[str, str]]:
    bib = record.bib
    yield "title", full_title(bib)
    yield from (("title", title) for title in (*bib.parallel_titles, *bib.other_titles))
    yield from (("creator", a.name) for a in bib.agents if a.main)
    yield from (("subject", value) for value in (*bib.subjects, *bib.keywords, *bib.bbk, *bib.udc))
    yield from (("description", value) for value in (bib.abstract, *bib.contents, *bib.notes))
    yield from (("publisher", value) for value in bib.publishers)
    yield from (("contributor", a.name) for a in bib.agents if not a.main)
    yield "date", year_of(bib) or bib.year_text
    if record.classified:
        yield "type", DCMI_TYPES[record.classified.carrier]
    yield from (("type", genre) for genre in bib.genres)
    yield "format", ", ".join(filter(None, (bib.extent, bib.illustrations, bib.size)))
    yield "identifier", permalink
    yield from (("identifier", f"URN:ISBN:{i.normal}") for i in bib.isbns if i.normal and not i.of_host)
    yield from (("identifier", f"URN:ISSN:{issn}") for issn in bib.issns)
    yield from (("identifier", link.url) for link in bib.links if link.of_work)
    yield from (("language", code) for code in bib.languages)
    yield from (("relation", " ; ".join(filter(None, (s.title, s.number)))) for s in bib.series)
    yield from (("relation", h.title) for h in bib.hosts)


def full_title(bib: BibRecord) -> str:
    """«Алгебра : учебник для 7 класса. Ч. 1. Теория», as ГОСТ Р 7.0.100-2018 punctuates it."""
    head = " : ".join(filter(None, (bib.title, bib.subtitle)))
    return ". ".join(filter(None, (head, *(", ".join(filter(None, (p.number, p.title))) for p in bib.parts))))


# --- MODS ----------------------------------------------------------------------------------------------------------


def mods(record: UnionRecord, permalink: str, holdings: Sequence[LibraryHoldings] = ()) -> str:
    """MODS 3.7 with everything the union record knows that MODS has a place for."""
    areas = (_mods_titles, _mods_names, _mods_type, _mods_origin, _mods_physical, _mods_texts, _mods_subjects,
             _mods_related, _mods_identifiers)
    inner = "".join(part for area in areas for part in area(record.bib))
    location = "".join(_mods_location(record.bib, permalink, holdings))
    info = (
        "<recordInfo>" + element("recordIdentifier", record.cluster)
        + element("recordChangeDate", record.bib.changed[:14]) + "</recordInfo>"
    )
    return (
        f'<mods xmlns="{MODS_NAMESPACE}" xmlns:xsi="{XSI}" xsi:schemaLocation="{MODS_LOCATION}" version="3.7">'
        f"{inner}{location}{info}</mods>"
    )


def _wrap(name: str, inner: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{inner}</{name}>" if inner else ""


def _mods_titles(bib: BibRecord) -> Iterator[str]:
    parts = "".join(element("partNumber", p.number) + element("partName", p.title) for p in bib.parts)
    title = element("nonSort", bib.article) + element("title", bib.title.removeprefix(bib.article))
    yield _wrap("titleInfo", title + element("subTitle", bib.subtitle) + parts)
    for other in (*bib.parallel_titles, *bib.other_titles):
        yield _wrap("titleInfo", element("title", other), ' type="alternative"')


def _mods_names(bib: BibRecord) -> Iterator[str]:
    kinds = {"person": "personal", "body": "corporate", "meeting": "conference"}
    for agent in bib.agents:
        inner = element("namePart", agent.name) + element("namePart", agent.dates, ' type="date"') + _role(agent)
        yield _wrap("name", inner, f' type="{kinds[agent.kind]}"' + (' usage="primary"' if agent.main else ""))


def _role(agent: Agent) -> str:
    code = relator_for(Dialect.MARC21, agent.role) or ("aut" if agent.main and not agent.role else "")
    word = relator_word(agent.role or code)
    return _wrap("role", element("roleTerm", code, ' type="code" authority="marcrelator"')
                 + element("roleTerm", word, ' type="text"'))


def _mods_type(bib: BibRecord) -> Iterator[str]:
    yield element("typeOfResource", MODS_TYPES.get(bib.carrier.leader_type, "text"))
    yield from (element("genre", genre) for genre in bib.genres)


def _mods_origin(bib: BibRecord) -> Iterator[str]:
    places = "".join(_wrap("place", element("placeTerm", p, ' type="text"')) for p in bib.places)
    publishers = "".join(element("publisher", p) for p in bib.publishers)
    year = year_of(bib)
    dates = element("dateIssued", bib.year_text or year)
    if year:
        dates += element("dateIssued", year, ' encoding="w3cdtf" keyDate="yes"')
    yield _wrap("originInfo", places + publishers + dates + element("edition", bib.edition))
    for code in bib.languages:
        yield _wrap("language", element("languageTerm", code, ' type="code" authority="iso639-2b"'))


def _mods_physical(bib: BibRecord) -> Iterator[str]:
    extent = " : ".join(filter(None, (bib.extent, bib.illustrations)))
    yield _wrap("physicalDescription", element("extent", " ; ".join(filter(None, (extent, bib.size)))))


def _mods_texts(bib: BibRecord) -> Iterator[str]:
    yield element("abstract", bib.abstract)
    yield from (element("tableOfContents", value) for value in bib.contents)
    yield element("targetAudience", bib.age_mark)
    if bib.responsibility:
        yield element("note", bib.responsibility, ' type="statement of responsibility"')
    yield from (element("note", value) for value in bib.notes)


def _mods_subjects(bib: BibRecord) -> Iterator[str]:
    for subject in bib.subjects:
        yield _wrap("subject", "".join(element("topic", part) for part in subject.split(" -- ")))
    for word in bib.keywords:
        yield _wrap("subject", element("topic", word))
    for authority, values in (("udc", bib.udc), ("rubbk", bib.bbk)):
        yield from (element("classification", value, f' authority="{authority}"') for value in values)


def _mods_related(bib: BibRecord) -> Iterator[str]:
    for series in bib.series:
        title = _wrap("titleInfo", element("title", series.title) + element("partNumber", series.number))
        yield _wrap("relatedItem", title, ' type="series"')
    for host in bib.hosts:
        title = _wrap("titleInfo", element("title", host.title) + element("partNumber", host.volume))
        numbers = element("identifier", host.isbn, ' type="isbn"') + element("identifier", host.issn, ' type="issn"')
        yield _wrap("relatedItem", title + numbers, ' type="host"')


def _mods_identifiers(bib: BibRecord) -> Iterable[str]:
    for isbn in bib.isbns:
        if not isbn.of_host:
            invalid = ' invalid="yes"' if isbn.erroneous else ""
            yield element("identifier", isbn.normal or isbn.typed, f' type="isbn"{invalid}')
    yield from (element("identifier", issn, ' type="issn"') for issn in bib.issns)


def _mods_location(bib: BibRecord, permalink: str, holdings: Sequence[LibraryHoldings]) -> Iterator[str]:
    yield _wrap("location", element("url", permalink, ' usage="primary display"'))
    for link in bib.links:
        access = "" if link.of_work else ' access="preview"'
        yield _wrap("location", element("url", link.url, access))
    for held in holdings:
        shelf = "".join(element("shelfLocator", call) for call in held.call_numbers)
        copies = element("note", f"Экземпляров: {held.copies}") if held.copies else ""
        place = element("physicalLocation", held.library_name or held.library)
        yield _wrap("location", place + shelf + _wrap("holdingSimple", _wrap("copyInformation", copies)))
