"""Union records as readers see them: what a hit and a card say, in the order a person looks for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from catalog_sync.model import Agent, BibRecord, Isbn, Link, RecordKey, UnionRecord
from catalog_sync.query import Catalogue, LibraryHoldings
from catalog_sync.text import fold
from web.i18n import _
from web.labels import CARRIERS, EKINDS, age_word, capital, kind_icon, word
from web.opac.signs import kind_and_grades, signs_of
from web.security import safe_url

# «Часть 1», «ч.1», «Ч. 1» are one thing to a reader; ГОСТ Р 7.0.12-2011 shortens these words so.
_PART = re.compile(r"^(часть|ч|том|т|книга|кн|выпуск|вып)\b\.?\s*(?:№\s*)?(\d+|[IVXLC]+)\W*$", re.IGNORECASE)
_SHORT = {"часть": "Ч.", "ч": "Ч.", "том": "Т.", "т": "Т.", "книга": "Кн.", "кн": "Кн.", "выпуск": "Вып.",
          "вып": "Вып."}  # fmt: skip


def part_number(text: str) -> str:
    """A part's number in one form, «Ч. 1», however it was typed; what is no plain number stays as typed."""
    found = _PART.match(text.strip())
    return f"{_SHORT[found[1].lower()]} {found[2]}" if found else text


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
    def heading(self) -> str:
        """Title with its part: what names the edition in one line."""
        parts = [". ".join(filter(None, (part_number(p.number), p.title))) for p in self.bib.parts]
        return ". ".join([self.title.rstrip(". "), *filter(None, parts)])

    @cached_property
    def kind(self) -> str:
        return kind_and_grades(self.record)[0]

    @cached_property
    def carrier(self) -> str:
        return self.record.classified.carrier.value if self.record.classified else "print"

    @cached_property
    def kind_word(self) -> str:
        return capital(_(self.kind))

    @cached_property
    def carrier_word(self) -> str:
        return capital(word(CARRIERS, self.carrier))

    @cached_property
    def ekind_word(self) -> str:
        return word(EKINDS, self.record.classified.ekind.value) if self.record.classified else ""

    @cached_property
    def icon(self) -> str:
        return kind_icon(self.kind, self.carrier)

    @cached_property
    def grades(self) -> tuple[int, ...]:
        return kind_and_grades(self.record)[1]

    @cached_property
    def grade_word(self) -> str:
        """«7 класс», «7–9 классы», or nothing."""
        if not self.grades:
            return ""
        first, last = self.grades[0], self.grades[-1]
        if first == last:
            return _("%(grade)s класс", grade=first)
        return _("%(first)s–%(last)s классы", first=first, last=last)

    @cached_property
    def age(self) -> str:
        mark = self.record.classified.age_mark if self.record.classified else ""
        return mark or self.bib.age_mark

    @property
    def age_word(self) -> str:
        return age_word(self.age)

    @property
    def is_adult(self) -> bool:
        return self.age.startswith("18")

    @cached_property
    def authors(self) -> tuple[Agent, ...]:
        """People and bodies of the heading, else the first named ones."""
        main = tuple(a for a in self.bib.agents if a.main)
        return main or tuple(a for a in self.bib.agents if a.kind == "person")[:3]

    @property
    def others(self) -> tuple[Agent, ...]:
        return tuple(a for a in self.bib.agents if a not in self.authors)

    @cached_property
    def by(self) -> str:
        """Authors for a hit: headings, else the statement of responsibility."""
        return "; ".join(a.name for a in self.authors) or self.bib.responsibility

    @cached_property
    def year(self) -> str:
        return self.bib.year_text or self.bib.year_coded

    @cached_property
    def imprint(self) -> str:
        """«Просвещение, 2020»: what tells two printings apart; the place is on the card."""
        return ", ".join(filter(None, ("; ".join(self.bib.publishers), self.year)))

    @cached_property
    def languages(self) -> tuple[str, ...]:
        return tuple(_(name) for name in signs_of(self.record).languages)

    @property
    def subjects_taught(self) -> tuple[str, ...]:
        """School subjects: «Алгебра»."""
        return signs_of(self.record).subjects

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
        return next((safe_url(link.url) for link in self.links if link.of_work), "")

    @cached_property
    def copies(self) -> int:
        return sum(place.copies for place in self.places)

    @property
    def mine(self) -> Place | None:
        return next((place for place in self.places if place.mine), None)


def places_of(found: Iterable[LibraryHoldings], mine: str) -> tuple[Place, ...]:
    """Holdings as places, the reader's own library first, then those with copies, then by name."""
    made = [Place(h.library, h.library_name, h.copies, h.call_numbers, h.library == mine, h.records) for h in found]
    return tuple(sorted(made, key=lambda p: (not p.mine, p.copies == 0, p.name)))


def cards(catalogue: Catalogue, clusters: Sequence[str], mine: str) -> list[Card]:
    """The cards of one page of hits, in order, with their holdings (asked in one go where the catalogue can)."""
    records = catalogue.records(clusters)
    held = holdings_of(catalogue, [record.cluster for record in records])
    return [Card(record, places_of(held.get(record.cluster, ()), mine)) for record in records]


def holdings_of(catalogue: Catalogue, clusters: Sequence[str]) -> Mapping[str, Sequence[LibraryHoldings]]:
    """Holdings of several clusters; `holdings_of` is optional for a catalogue, twenty single questions are slow."""
    many = getattr(catalogue, "holdings_of", None)
    if many is not None:
        found: Mapping[str, Sequence[LibraryHoldings]] = many(clusters)
        return found
    return {cluster: catalogue.holdings(cluster) for cluster in clusters}
