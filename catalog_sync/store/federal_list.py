"""Which editions the federal list of textbooks (ФПУ) admits today, for the readers' «только учебники из ФПУ».

The list as the ministry publishes it has no ISBN: number, title, authors, class. An edition is admitted by its ISBN
where somebody typed one into the list, else by class, author and the words of the title, if it calls itself a textbook.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, or_, select

from catalog_sync.facets import document_kind, school_grades
from catalog_sync.model import BibRecord
from catalog_sync.store.ledger_tables import fpu_entry
from catalog_sync.store.provision import Stocked, Wanted, is_same, words_of

TEXTBOOK = "учебник"


class FederalList:
    """The entries in force. `digest` tells one list from another; an empty list admits nothing."""

    def __init__(self, entries: Sequence[Wanted]) -> None:
        self._isbns = {entry.isbn for entry in entries if entry.isbn}
        self._by_author: dict[str, list[Wanted]] = defaultdict(list)
        for entry in entries:
            for surname in surnames(entry.authors):
                self._by_author[surname].append(entry)
        text = "\n".join(sorted(map(repr, entries)))
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:16] if entries else ""

    def admits(self, bib: BibRecord) -> bool:
        isbns = frozenset(isbn.normal for isbn in bib.isbns if isbn.normal and not isbn.of_host)
        if isbns & self._isbns:
            return True
        if not self._by_author or document_kind(bib) != TEXTBOOK:
            return False
        book = Stocked("", bib, 0, 0, isbns, frozenset(school_grades(bib)))
        named = surnames(" ".join([bib.responsibility, *(agent.name for agent in bib.agents)]))
        return any(is_same(entry, book) for name in named for entry in self._by_author.get(name, ()))


def surnames(authors: str) -> set[str]:
    return {word for word in words_of(authors) if len(word) > 2}


def in_force(connection: Connection, today: date) -> FederalList:
    """The list as it is today: entries whose term has passed are out."""
    columns = fpu_entry.c
    query = select(fpu_entry).where(or_(columns.valid_until.is_(None), columns.valid_until >= today))
    return FederalList([
        Wanted(row.title, row.authors, row.grade, row.isbn, row.number)
        for row in connection.execute(query.order_by(columns.number))
    ])  # fmt: skip
