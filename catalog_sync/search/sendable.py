"""The record that the Z39.50 server sends most, ready for a response: full MARC 21, with holdings, in UTF-8."""

from __future__ import annotations

from collections.abc import Sequence

from catalog_sync.errors import BadRecord
from catalog_sync.marc import union_marc, writing
from catalog_sync.model import Dialect, UnionRecord
from catalog_sync.protocol.external import External, name_plus_record, record_content
from catalog_sync.protocol.oids import Syntax
from catalog_sync.query import LibraryHoldings

DATABASE = "Default"  # the union catalogue: nearly every question is asked of it
SYNTAX = Syntax.USMARC  # what every client reads; other syntaxes are rendered when they are asked for


def record(union: UnionRecord, holdings: Sequence[LibraryHoldings]) -> bytes:
    """The edition's record; empty where it is too long for the format."""
    try:
        data = writing.to_iso2709(union_marc.from_union(union, Dialect.MARC21, holdings))
    except BadRecord:
        return b""
    content = record_content(External(SYNTAX, data))
    return name_plus_record(DATABASE, content, "utf-8")
