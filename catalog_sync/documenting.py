"""What the index keeps of an edition: what is searched, what a list of hits shows, and what Z39.50 sends."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from catalog_sync.model import UnionRecord
from catalog_sync.search import brief, document, sendable
from catalog_sync.store import unions
from catalog_sync.store.federal_list import FederalList


def documents_of(connection: Connection, clusters: Sequence[str], listed: FederalList) -> list[document.Document]:
    """Search documents of live clusters."""
    held = unions.holdings(connection, clusters)
    created = unions.created(connection, clusters)

    def made(union: UnionRecord) -> document.Document:
        places = held.get(union.cluster, [])
        return document.make(
            union,
            [place.library for place in places],
            added=created[union.cluster].date(),
            copies=sum(place.copies for place in places),
            call_numbers=(call for place in places for call in place.call_numbers),
            listed=listed.admits(union.bib),
            brief=brief.pack(brief.of(union, places)),
            sendable=sendable.record(union, places),
        )

    return list(map(made, unions.load(connection, clusters)))
