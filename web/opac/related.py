"""What stands beside an edition: other printings, parts of the same set, lists, other libraries, and the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from catalog_sync.model import RecordKey
from catalog_sync.query import Access, And, Query, Relation, Sort, Term, Unsupported
from catalog_sync.text import fold
from web.i18n import N_
from web.opac.present import Card, cards
from web.services import services

RELATIVES = 24


@dataclass(frozen=True)
class Relatives:
    """`editions`: the same part and class in another printing; `parts`: the set's other volumes and classes."""

    editions: tuple[Card, ...] = ()
    parts: tuple[Card, ...] = ()


@dataclass(frozen=True)
class Elsewhere:
    """A library outside the district where the same may be looked for; `url` carries the query."""

    name: str
    url: str
    about: str


def relatives(card: Card) -> Relatives:
    """Records with the same title and author, split into printings of this and its sisters."""
    bib = card.bib
    if not bib.title:
        return Relatives()
    query: Query = Term(bib.title, Access.TITLE, Relation.ALL)
    if card.authors:
        query = And(query, Term(card.authors[0].name.partition(",")[0], Access.AUTHOR))
    try:
        hits = services().catalogue.search(query, limit=RELATIVES, sort=Sort.YEAR_DOWN)
    except Unsupported:
        return Relatives()
    others = [c for c in cards(services().catalogue, hits.clusters, "") if c.id != card.id and same_title(c, card)]
    same = tuple(c for c in others if (c.bib.parts, c.grades) == (bib.parts, card.grades))
    return Relatives(same, tuple(c for c in others if c not in same))


def same_title(left: Card, right: Card) -> bool:
    return fold(left.bib.title) == fold(right.bib.title)


# Named in the roadmaps (DOMAIN.md §1.3); addresses are links a reader may follow, nothing is asked by us.
SEARCH_THERE = (
    ("НЭБ", "https://rusneb.ru/search/?q={query}", N_("Национальная электронная библиотека")),
    ("Президентская библиотека", "https://www.prlib.ru/search?search_api_fulltext={query}",
     N_("Президентская библиотека имени Б. Н. Ельцина")),
    ("НЭДБ", "https://arch.rgdb.ru/xmlui/discover?query={query}", N_("Национальная электронная детская библиотека")),
    ("РГБ", "https://search.rsl.ru/ru/search#q={query}", N_("Российская государственная библиотека")),
)  # fmt: skip


def elsewhere(card: Card) -> list[Elsewhere]:
    author = card.authors[0].name.partition(",")[0] if card.authors else ""
    return search_there(f"{author} {card.title}".strip())


def search_there(words: str) -> list[Elsewhere]:
    """«Искать там» links for what the reader looks for."""
    return [Elsewhere(name, url.format(query=quote_plus(words)), about) for name, url, about in SEARCH_THERE]


def lists_with(cluster: str) -> list[tuple[str, str]]:
    """(address name, title) of the public lists this edition is on."""
    engine = services().engine
    if engine is None:
        return []
    from catalog_sync.store import lists

    return lists.containing(engine, cluster)


def source_library(source: str) -> str:
    """Code of the library a source belongs to; the source's own code where it is unknown."""
    found = services().source_libraries().get(source)
    return found or source.split("/")[0]


def reasons(cluster: str, keys: Sequence[RecordKey]) -> dict[str, str]:
    """Record → why it is counted as this edition, in one sentence; empty where there is only one record."""
    engine = services().engine
    if engine is None or len(keys) < 2:
        return {}
    from catalog_sync.store import staff

    return staff.reasons(engine, keys)
