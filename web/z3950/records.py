"""Union records as the bytes of a record syntax: USMARC, UNIMARC, RUSMARC, XML, SUTRS, brief or full, in a charset."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec.structs import replace

from catalog_sync import citation
from catalog_sync.errors import BadRecord
from catalog_sync.marc import union_marc, union_xml, writing
from catalog_sync.model import Dialect, MarcField, MarcRecord, UnionRecord
from catalog_sync.protocol import ber, charset
from catalog_sync.protocol.diagnostics import Condition, Fault
from catalog_sync.protocol.external import External
from catalog_sync.protocol.oids import Syntax
from catalog_sync.query import LibraryHoldings

DIALECTS = {Syntax.USMARC: Dialect.MARC21, Syntax.UNIMARC: Dialect.UNIMARC, Syntax.RUSMARC: Dialect.RUSMARC}

_SYNTAXES = frozenset(member.value for member in Syntax)

# Element set names, upper case → what they mean. In XML the name may also choose the schema.
FULL, BRIEF = "F", "B"
_ELEMENT_SETS = {"": FULL, "F": FULL, "FULL": FULL, "B": BRIEF, "BRIEF": BRIEF}
_XML_SCHEMAS = {
    "MARCXML": Dialect.MARC21, "MARC21": Dialect.MARC21, "USMARC": Dialect.MARC21, "RUSMARC": Dialect.RUSMARC,
    "UNIMARC": Dialect.UNIMARC, "DC": None, "INFO:SRW/SCHEMA/1/MARCXML-V1.1": Dialect.MARC21,
    "HTTP://WWW.LOC.GOV/MARC21/SLIM": Dialect.MARC21, "INFO:SRW/SCHEMA/1/DC-V1.1": None,
}  # fmt: skip

# Brief: enough to choose a record from a list (RUSMARC family first, then MARC 21).
_BRIEF_UNIMARC = frozenset({"001", "005", "010", "011", "100", "101", "200", "205", "210", "215", "700", "710"})
_BRIEF_MARC21 = frozenset({"001", "003", "005", "008", "020", "022", "041", "100", "110", "245", "250", "260", "264",
                           "300"})  # fmt: skip


@lru_cache(1024)
def check(syntax: str, elements: str, schema: str = "") -> None:
    """Raises Fault for a syntax, element set or schema that is none of ours, before anything is searched."""
    if syntax and syntax not in _SYNTAXES:
        known = ", ".join(member.name for member in Syntax)
        raise Fault(Condition.UNSUPPORTED_SYNTAX, f"{syntax}: такого формата записей нет, есть {known}")
    asked = elements.upper()
    if asked not in _ELEMENT_SETS and not (syntax == Syntax.XML and asked in _XML_SCHEMAS):
        raise Fault(Condition.UNKNOWN_ELEMENT_SET, f"{elements}: есть F (полная) и B (краткая)")
    if schema and schema.upper() not in _XML_SCHEMAS:
        raise Fault(Condition.UNKNOWN_SCHEMA, f"{schema}: есть marcxml, rusmarc, unimarc, dc")


def look(syntax: str, elements: str, schema: str) -> str:
    """What a record is to look like, in one name: in XML the schema of a CompSpec, unless it is to be brief."""
    return schema if schema and syntax == Syntax.XML and not _is_brief(elements) else elements


class Renderer:
    """Renders records. `agency` goes into the MARC field of the cataloguing agency."""

    def __init__(self, agency: str) -> None:
        self._agency = agency

    def render(
        self, record: UnionRecord, holdings: Sequence[LibraryHoldings], syntax: Syntax, elements: str, name: str
    ) -> External:
        """The record as an EXTERNAL; `name` is the charset. Raises Fault where it can't be had in this syntax."""
        if syntax is Syntax.SUTRS:
            text = sutrs(record, holdings, brief=_is_brief(elements))
            return External(syntax, ber.primitive(ber.GENERAL_STRING, charset.encode(text, name)), True)
        if syntax is Syntax.XML:
            return External(syntax, self._xml(record, holdings, elements))
        return External(syntax, self._iso2709(record, holdings, DIALECTS[syntax], elements, name))

    def _xml(self, record: UnionRecord, holdings: Sequence[LibraryHoldings], elements: str) -> bytes:
        """XML is always UTF-8: it says so itself, whatever was negotiated for strings."""
        dialect = _XML_SCHEMAS.get(elements.upper(), Dialect.MARC21)
        if dialect is None:
            return union_xml.oai_dc(record).encode()
        return union_xml.marcxml(self._marc(record, holdings, dialect, elements)).encode()

    def _iso2709(
        self, record: UnionRecord, holdings: Sequence[LibraryHoldings], dialect: Dialect, elements: str, name: str
    ) -> bytes:
        marc = in_charset(self._marc(record, holdings, dialect, elements), name)
        try:
            return writing.to_iso2709(marc, charset.codec(name))
        except (BadRecord, ValueError) as error:
            raise Fault(Condition.NOT_IN_THIS_SYNTAX, f"{record.cluster}: {error}") from error

    def _marc(
        self, record: UnionRecord, holdings: Sequence[LibraryHoldings], dialect: Dialect, elements: str
    ) -> MarcRecord:
        marc = union_marc.from_union(record, dialect, holdings, agency=self._agency)
        if not _is_brief(elements):
            return marc
        kept = _BRIEF_UNIMARC if dialect.is_unimarc_family else _BRIEF_MARC21
        return replace(marc, fields=tuple(field for field in marc.fields if field.tag in kept))


def _is_brief(elements: str) -> bool:
    return _ELEMENT_SETS.get(elements.upper(), FULL) == BRIEF


def is_full(elements: str) -> bool:
    """Whether this name means the full element set of a MARC syntax."""
    return _ELEMENT_SETS.get(elements.upper()) == FULL


def shows_holdings(elements: str) -> bool:
    """Whether this element set says who holds the record: brief records and Dublin Core don't."""
    return not _is_brief(elements) and _XML_SCHEMAS.get(elements.upper(), Dialect.MARC21) is not None


def in_charset(marc: MarcRecord, name: str) -> MarcRecord:
    """The record with only what the charset can say, dashes and quotes made plain where it lacks them."""
    if name == "utf-8":
        return marc
    return replace(marc, fields=tuple(_plainer(field, name) for field in marc.fields))


def _plainer(field: MarcField, name: str) -> MarcField:
    def plain(text: str) -> str:
        return charset.encode(text, name).decode(charset.codec(name))

    if field.data is not None:
        return replace(field, data=plain(field.data))
    return replace(field, subfields=tuple(replace(s, value=plain(s.value)) for s in field.subfields))


# --- SUTRS -----------------------------------------------------------------------------------------------------------


def sutrs(record: UnionRecord, holdings: Sequence[LibraryHoldings], *, brief: bool) -> str:
    """Text for people: the description by ГОСТ Р 7.0.100, and in the full form subjects and holders, line by line."""
    bib = record.bib
    lines = [citation.gost(bib, today=None)]
    if not brief:
        lines += [f"{label}: {'; '.join(listed)}" for label, listed in (
            ("ISBN", [i.normal or i.typed for i in bib.isbns]), ("Темы", [*bib.subjects, *bib.keywords]),
            ("ББК", bib.bbk), ("УДК", bib.udc),
        ) if listed]  # fmt: skip
        lines += [_holder(held) for held in holdings]
    lines.append(f"Запись: {record.cluster}")
    return "\n".join(lines)


def _holder(held: LibraryHoldings) -> str:
    copies = f"{held.copies} экз." if held.copies else ""
    told = ", ".join(filter(None, (copies, *held.call_numbers)))
    return f"{held.library_name}: {told}" if told else held.library_name
