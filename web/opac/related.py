"""What stands beside an edition: other printings, parts of the same set, lists, other libraries, and the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from catalog_sync import court
from catalog_sync.model import Comparison, Reason, RecordKey
from catalog_sync.query import Access, And, Query, Relation, Sort, Term, Unsupported
from catalog_sync.store.database import reading
from catalog_sync.text import fold
from web.i18n import _
from web.opac.present import Card, cards
from web.services import services

RELATIVES = 24
SHOWN_REASONS = 4  # of a pair on the reader's page; the court shows them all


@dataclass(frozen=True)
class Relatives:
    """`editions`: the same part and class in another printing; `parts`: the set's other volumes first, then other
    classes, the nearest first. `all` is a query for all of them."""

    editions: tuple[Card, ...] = ()
    parts: tuple[Card, ...] = ()
    all: str = ""


def relatives(card: Card) -> Relatives:
    """Records with the same title and author, split into printings of this and its sisters."""
    bib = card.bib
    if not bib.title:
        return Relatives()
    query: Query = Term(bib.title, Access.TITLE, Relation.ALL)
    surname = card.authors[0].name.partition(",")[0] if card.authors else ""
    if surname:
        query = And(query, Term(surname, Access.AUTHOR))
    search = partial(services().catalogue.search, limit=RELATIVES, sort=Sort.YEAR_DOWN)
    try:
        hits = search(query)
        more = hits.total > RELATIVES  # the other half of a textbook must not be lost among forty of its line
        near = search(_of_the_same_set(query, card)).clusters if more else ()
    except Unsupported:
        return Relatives()
    clusters = list(dict.fromkeys((*near, *hits.clusters)))
    others = [c for c in cards(services().catalogue, clusters, "") if c.id != card.id and same_title(c, card)]
    same = tuple(c for c in others if place_in_set(c) == place_in_set(card))
    sisters = sorted((c for c in others if c not in same), key=lambda c: _distance(card, c))
    every = f'заглавие:"{bib.title.replace(chr(34), "")}"' + (f" автор:{surname}" if surname else "")
    return Relatives(same, tuple(sisters), every if more else "")


def _of_the_same_set(query: Query, card: Card) -> Query:
    if card.year.isdigit():
        query = And(query, Term(card.year, Access.YEAR))
    for grade in card.grades:
        query = And(query, Term(str(grade), Access.GRADE))
    return query


def _distance(card: Card, other: Card) -> tuple[object, ...]:
    """How far from a book another one of its title stands: the same set, the same class, then the classes around it."""
    set_ = (other.year, other.grades, other.kind) != (card.year, card.grades, card.kind)
    apart = abs(min(other.grades, default=0) - min(card.grades, default=0))
    return set_, apart, other.kind != card.kind, other.grades, other.heading, other.year


def place_in_set(card: Card) -> tuple[str, tuple[int, ...], str]:
    """What another printing shares: part and class, and being a textbook or a workbook of them."""
    return fold(card.heading), card.grades, card.kind


def same_title(left: Card, right: Card) -> bool:
    return fold(left.bib.title) == fold(right.bib.title)


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


def reason_words(reason: Reason) -> str:
    """«одинаковый ISBN: 978…»: a reader is told what agrees; how much it weighs is the court's matter."""
    both = f"{reason.left or '—'} / {reason.right or '—'}" if reason.left != reason.right else reason.left
    return f"{_(reason.text)}: {both}" if both else _(reason.text)


def reasons(keys: Sequence[RecordKey]) -> dict[str, str]:
    """Record → why it is counted as the edition of the first, in one sentence; empty where there is only one record."""
    engine = services().engine
    if engine is None or len(keys) < 2:
        return {}
    with reading(engine) as connection:
        found = court.evidence(connection, keys[0], keys[1:])
    return {str(key): in_a_sentence(comparison) for key, comparison in found.items()}


def in_a_sentence(comparison: Comparison) -> str:
    speaking = [r for r in comparison.reasons if r.weight > 0] or list(comparison.reasons)
    return "; ".join(map(reason_words, speaking[:SHOWN_REASONS]))
