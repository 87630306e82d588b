"""Records as the Z39.50 server sends them, ready to be put into a response: full, with holdings, in UTF-8."""

from __future__ import annotations

from collections.abc import Sequence

from catalog_sync.errors import BadRecord
from catalog_sync.marc import union_marc, writing
from catalog_sync.model import Dialect, UnionRecord
from catalog_sync.protocol import responses
from catalog_sync.protocol.apdu import External
from catalog_sync.protocol.oids import Syntax
from catalog_sync.query import LibraryHoldings
from catalog_sync.search.cards import SYNTAXES

DATABASE = "Default"  # the union catalogue: nearly every question is asked of it
DIALECTS = {"USMARC": Dialect.MARC21, "RUSMARC": Dialect.RUSMARC}


def records(union: UnionRecord, holdings: Sequence[LibraryHoldings]) -> tuple[bytes, ...]:
    """The record in each of the card's syntaxes; empty where it is too long for the format."""
    return tuple(_record(union, holdings, name) for name in SYNTAXES)


def _record(union: UnionRecord, holdings: Sequence[LibraryHoldings], name: str) -> bytes:
    try:
        data = writing.to_iso2709(union_marc.from_union(union, DIALECTS[name], holdings))
    except BadRecord:
        return b""
    content = responses.record_content(External(Syntax[name], data), "utf-8")
    return responses.name_plus_record(DATABASE, content, "utf-8")
