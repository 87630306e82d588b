"""Union records as readers see them: what a hit and a card say, in the order a person looks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from catalog_sync.facets import DocumentFacets, facets
from catalog_sync.model import Agent, BibRecord, Isbn, Link, RecordKey, UnionRecord
from catalog_sync.query import Catalogue, LibraryHoldings
from catalog_sync.search import brief
from catalog_sync.search.brief import Brief
from catalog_sync.text import fold
from web.i18n import _
from web.labels import CARRIERS, EKINDS, age_word, capital, word
from web.opac.hits import grade_word, opens_at
from web.reader import reader
from web.security import safe_url
from web.services import services


@dataclass(frozen=True)
class Place:
    """What one library has of an edition."""

    code: str
    name: str
    copies: int
    call_numbers: tuple[str, ...] = ()
    mine: bool = False
    records: tuple[RecordKey, ...] = ()


@dataclass(frozen=True)
class Card:
    """One edition, ready to be shown. Texts are raw: the templates escape them."""

    record: UnionRecord
    places: tuple[Place, ...] = ()

    @property
    def id(self) -> str:
        return self.record.cluster

    @property
    def bib(self) -> BibRecord:
        return self.record.bib

    @cached_property
    def title(self) -> str:
        return self.bib.title or _("Без заглавия")

    @cached_property
    def brief(self) -> Brief:
        """What a list of hits shows."""
        held = (LibraryHoldings(p.code, p.name, p.copies, p.call_numbers) for p in self.places)
        return brief.of(self.record, held)

    @property
    def heading(self) -> str:
        """Title with its part: what names the edition in one line."""
        return self.brief.title or _("Без заглавия")

    @property
    def subtitle(self) -> str:
        return self.brief.subtitle

    @property
    def kind(self) -> str:
        return self.brief.kind

    @property
    def carrier(self) -> str:
        return self.brief.carrier

    @cached_property
    def kind_word(self) -> str:
        return capital(_(self.kind))

    @cached_property
    def carrier_word(self) -> str:
        return capital(word(CARRIERS, self.carrier))

    @cached_property
    def ekind_word(self) -> str:
        return word(EKINDS, self.record.classified.ekind.value) if self.record.classified else ""

    @property
    def grades(self) -> tuple[int, ...]:
        return self.brief.grades

    @cached_property
    def grade_word(self) -> str:
        return grade_word(self.grades)

    @property
    def age(self) -> str:
        return self.brief.age

    @property
    def age_word(self) -> str:
        return age_word(self.age)

    @property
    def is_adult(self) -> bool:
        return self.age.startswith("18")

    @cached_property
    def authors(self) -> tuple[Agent, ...]:
        """People and bodies of the heading, else the first named ones."""
        return brief.authors(self.bib)

    @property
    def others(self) -> tuple[Agent, ...]:
        return tuple(a for a in self.bib.agents if a not in self.authors)

    @property
    def by(self) -> str:
        return self.brief.by

    @property
    def year(self) -> str:
        return brief.year(self.bib)

    @property
    def imprint(self) -> str:
        return self.brief.imprint

    @cached_property
    def signs(self) -> DocumentFacets:
        """The signs that the facets count."""
        return facets(self.bib)

    @cached_property
    def languages(self) -> tuple[str, ...]:
        return tuple(_(name) for name in self.signs.languages)

    @property
    def subjects_taught(self) -> tuple[str, ...]:
        """School subjects: «Алгебра»."""
        return self.signs.subjects

    @cached_property
    def isbns(self) -> tuple[Isbn, ...]:
        return tuple(i for i in self.bib.isbns if not i.of_host)

    @cached_property
    def isbn(self) -> str:
        """The first valid ISBN of this edition, 13 digits, or ""."""
        return next((i.normal for i in self.isbns if i.normal and not i.erroneous), "")

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """Subjects and keywords, each once: a word is often typed into both fields."""
        found: dict[str, str] = {}
        for text in (*self.bib.subjects, *self.bib.keywords):
            found.setdefault(fold(text), text)
        return tuple(found.values())

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """Links a browser may follow; the others are shown as text by the card."""
        return tuple(link for link in self.bib.links if safe_url(link.url))

    @property
    def unsafe_links(self) -> tuple[Link, ...]:
        return tuple(link for link in self.bib.links if not safe_url(link.url))

    @property
    def reading(self) -> str:
        """Where the work itself opens, or "" (a cover or a table of contents is not the work)."""
        return opens_at(self.brief, services().today())

    @property
    def access_ended(self) -> date | None:
        """The last day of access, where it is over."""
        last = brief.access_ends(self.bib)
        return last if last and last < services().today() else None

    @cached_property
    def copies(self) -> int:
        return sum(place.copies for place in self.places)

    @property
    def mine(self) -> Place | None:
        return next((place for place in self.places if place.mine), None)


def places_of(found: Iterable[LibraryHoldings], mine: str) -> tuple[Place, ...]:
    """Holdings as places, the reader's own library first, then those with copies, in the order of the directory."""
    order = services().directory.order()
    made = [Place(h.library, h.library_name, h.copies, h.call_numbers, h.library == mine, h.records) for h in found]
    return tuple(sorted(made, key=lambda p: (not p.mine, p.copies == 0, order.get(p.code, (len(order), p.name)))))


def cards(catalogue: Catalogue, clusters: Sequence[str], mine: str, *, all_ages: bool = False) -> list[Card]:
    """The cards of one page of hits, in order, with their holdings (asked in one go where the catalogue can).

    In the child's view those for adults are left out, whatever page they are for; `all_ages` is for the staff.
    """
    records = catalogue.records(clusters)
    held = holdings_of(catalogue, [record.cluster for record in records])
    made = [Card(record, places_of(held.get(record.cluster, ()), mine)) for record in records]
    return made if all_ages or not reader().child else [card for card in made if not card.is_adult]


def holdings_of(catalogue: Catalogue, clusters: Sequence[str]) -> Mapping[str, Sequence[LibraryHoldings]]:
    """Holdings of several clusters; `holdings_of` is optional for a catalogue, twenty single questions are slow."""
    many = getattr(catalogue, "holdings_of", None)
    if many is not None:
        found: Mapping[str, Sequence[LibraryHoldings]] = many(clusters)
        return found
    return {cluster: catalogue.holdings(cluster) for cluster in clusters}
