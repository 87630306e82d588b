"""Record schemas the XML protocols hand out: one table for SRU (recordSchema) and OAI-PMH (metadataPrefix)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catalog_sync.marc import union_xml
from catalog_sync.marc.union_marc import from_union
from catalog_sync.model import Dialect, UnionRecord
from catalog_sync.query import LibraryHoldings

Render = Callable[[UnionRecord, str, Sequence[LibraryHoldings]], str]


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """`render(record, permalink, holdings)` returns one XML element without a declaration."""

    name: str
    identifier: str  # SRU schema identifier
    aliases: tuple[str, ...]
    title: str
    namespace: str
    location: str  # address of the XSD
    render: Render
    wants_holdings: bool = True


def _marc(dialect: Dialect) -> Render:
    def render(record: UnionRecord, permalink: str, holdings: Sequence[LibraryHoldings]) -> str:
        return union_xml.marcxml(from_union(record, dialect, holdings))

    return render


MARCXML_XSD = union_xml.MARCXML_LOCATION.split()[1]
SRU_SCHEMAS = (
    RecordSchema(
        "marcxml", "info:srw/schema/1/marcxml-v1.1", ("marc21", "marc", "info:srw/schema/1/marcxml-v1.0"),
        "MARC 21 (MARCXML)", union_xml.MARCXML_NAMESPACE, MARCXML_XSD, _marc(Dialect.MARC21),
    ),
    RecordSchema(
        "rusmarc", "urn:x-catalog-sync:schema:rusmarc-marcxml", ("rusmarcxml", "unimarc", "unimarcxml"),
        "RUSMARC (MARCXML)", union_xml.MARCXML_NAMESPACE, MARCXML_XSD, _marc(Dialect.RUSMARC),
    ),
    RecordSchema(
        "dc", "info:srw/schema/1/dc-v1.1", ("srw_dc", "oai_dc", "info:srw/schema/1/dc-schema"),
        "Dublin Core", union_xml.SRW_DC_NAMESPACE, "http://www.loc.gov/standards/sru/recordSchemas/dc-schema.xsd",
        lambda record, permalink, holdings: union_xml.srw_dc(record, permalink), wants_holdings=False,
    ),
    RecordSchema(
        "mods", "info:srw/schema/1/mods-v3.7", tuple(f"info:srw/schema/1/mods-v3.{n}" for n in range(7)),
        "MODS 3.7", union_xml.MODS_NAMESPACE, union_xml.MODS_LOCATION.split()[1], union_xml.mods,
    ),
)
OAI_SCHEMAS = (
    RecordSchema(
        "oai_dc", "", (), "Dublin Core", union_xml.OAI_DC_NAMESPACE, union_xml.OAI_DC_LOCATION.split()[1],
        lambda record, permalink, holdings: union_xml.oai_dc(record, permalink), wants_holdings=False,
    ),
    RecordSchema("marcxml", "", ("marc21",), "MARC 21", union_xml.MARCXML_NAMESPACE, MARCXML_XSD,
                 _marc(Dialect.MARC21)),
    RecordSchema("rusmarc", "", ("unimarc",), "RUSMARC", union_xml.MARCXML_NAMESPACE, MARCXML_XSD,
                 _marc(Dialect.RUSMARC)),
)


def find(schemas: Sequence[RecordSchema], name: str) -> RecordSchema | None:
    """The schema of a name, an identifier or an alias; names are compared without case."""
    wanted = name.strip().lower()
    return next((s for s in schemas if wanted in {s.name, s.identifier.lower(), *(a.lower() for a in s.aliases)}), None)
