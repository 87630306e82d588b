"""Sort keys: what is alike by its heading goes on by class, part and year, so that volumes stand in their order.

The index orders by one field, so that the second and later keys stand in the first, behind a separator below every
letter. `first_key` leaves them out where a reader's own second key is to follow.
"""

from __future__ import annotations

from collections.abc import Sequence

from catalog_sync.search.document import MOST_PARTS, Document
from catalog_sync.search.schema import SEPARATOR
from catalog_sync.text_ru import fold

LONGEST = 80  # characters of a heading
ANY_CLASS = 99  # an edition of no class stands behind those of one
LATEST = 9999


def by_title(document: Document) -> str:
    """«математика», class, part, latest year first; "" without a title."""
    title = _heading([t.removeprefix(document.article) for t in document.titles[:1]])
    return title and SEPARATOR.join((title, _volume(document)))


def by_author(document: Document, title_key: str) -> str:
    """«иванов и и», then as by title; "" without an author."""
    author = _heading((*document.authors, *document.corporate)[:1])
    return author and SEPARATOR.join((author, title_key))


def first_key(value: object) -> object:
    """What a sort key says before its ties are broken."""
    return value.partition(SEPARATOR)[0] if isinstance(value, str) else value


def _heading(headings: Sequence[str]) -> str:
    return fold(headings[0])[:LONGEST].rstrip() if headings else ""


def _volume(document: Document) -> str:
    """Class, part and age as digits that compare as text; what is in one piece stands before its parts."""
    grade = min(document.grades, default=ANY_CLASS)
    parts = "".join(f"{min(part, 999):03}" for part in document.parts)
    return f"{grade:02}{parts:0<{3 * MOST_PARTS}}{LATEST - min(document.year or 0, LATEST):04}"
