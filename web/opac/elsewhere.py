"""Libraries outside the district where the same may be looked for: links that carry the query; we ask nothing."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote_plus

from web.i18n import N_
from web.opac.present import Card


@dataclass(frozen=True)
class Elsewhere:
    """A library outside the district where the same may be looked for; `url` carries the query."""

    name: str
    url: str
    about: str


# Named in the roadmaps (DOMAIN.md §1.3).
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
