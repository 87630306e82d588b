"""The search box and its suggestions: the seam to catalog_sync.search, which understands what was typed."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_sync.query import Access, Catalogue, Everything, Query, Unsupported
from catalog_sync.search.parse import search_box
from web.i18n import N_
from web.opac.state import SearchState, hide_adult
from web.reader import reader

EACH = 4  # suggestions of one kind


@dataclass(frozen=True)
class Suggestion:
    text: str
    label: str
    state: SearchState


def read(text: str) -> Query | None:
    """What the words in the box mean (phrases, ISBN, classes, masks, minus); None for an empty box."""
    return search_box(text) if text else None


def suggestions(catalogue: Catalogue, text: str) -> list[Suggestion]:
    """Titles, authors and subjects that begin with `text`."""
    able = getattr(catalogue, "suggest", None)
    if able is not None:
        within = hide_adult(Everything()) if reader().child else None
        return [_made(found.kind, found.text) for found in able(text, 2 * EACH, within=within)]
    found: list[Suggestion] = []
    for access in (Access.TITLE, Access.AUTHOR, Access.SUBJECT):
        found += [_made(access.value, word) for word in _beginning(catalogue, access, text)]
    return found


def _beginning(catalogue: Catalogue, access: Access, text: str) -> list[str]:
    try:
        terms = catalogue.scan(access, text, before=0, after=EACH)
    except Unsupported:
        return []
    return [t.term for t in terms if t.term.casefold().startswith(text.casefold())][:EACH]


def _made(kind: str, text: str) -> Suggestion:
    if kind == "author":
        return Suggestion(text, N_("автор"), SearchState(words={"t_author": text}))
    if kind == "subject":
        return Suggestion(text, N_("тема"), SearchState(words={"t_subject": text}))
    return Suggestion(text, N_("заглавие"), SearchState(q=text))
