"""Kind, class and languages of an edition for the hit list: the same signs that the facets count."""

from __future__ import annotations

from functools import lru_cache

from catalog_sync import facets
from catalog_sync.facets import DocumentFacets
from catalog_sync.model import BibRecord, UnionRecord

KEPT = 20_000  # editions whose signs are remembered: the pages of a day's searches


@lru_cache(maxsize=KEPT)
def _signs(cluster: str, changed: str, title: str, held: _Held) -> DocumentFacets:
    return facets.facets(held.bib)


class _Held:
    """Carries a record past the cache's key: equal to every other, so that only the names above count."""

    __slots__ = ("bib",)

    def __init__(self, bib: BibRecord) -> None:
        self.bib = bib

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held)

    def __hash__(self) -> int:
        return 0


def signs_of(record: UnionRecord) -> DocumentFacets:
    """Facets of an edition, remembered until its record changes."""
    bib = record.bib
    return _signs(record.cluster, bib.changed, f"{bib.title}\0{bib.subtitle}\0{bib.parts}", _Held(bib))


@lru_cache(maxsize=KEPT)
def _kind(cluster: str, changed: str, title: str, held: _Held) -> tuple[str, tuple[int, ...]]:
    return facets.document_kind(held.bib), facets.school_grades(held.bib)


def kind_and_grades(record: UnionRecord) -> tuple[str, tuple[int, ...]]:
    """The two signs every hit shows; the rest is worked out for the card only."""
    bib = record.bib
    return _kind(record.cluster, bib.changed, f"{bib.title}\0{bib.subtitle}\0{bib.parts}", _Held(bib))
