"""Libraries and services outside the district: cards, and links that carry the reader's words. We ask them nothing."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote_plus

from web.i18n import N_
from web.opac.present import Card

OPEN = N_("Открыто всем; новые книги — только в читальном зале библиотеки-участницы")
FREE = N_("Открыто всем")
BY_LICENCE = N_("По подписке школы или района: спросите в школьной библиотеке")
BY_LOGIN = N_("Бесплатно, вход учителя и ученика")


@dataclass(frozen=True)
class There:
    """One of them. `search` is the address of its own search with {query} for the words, "" where it has none."""

    name: str
    home: str
    about: str
    access: str
    search: str = ""


@dataclass(frozen=True)
class Elsewhere:
    """Where the same may be looked for; `url` carries the query."""

    name: str
    url: str
    about: str


# Named in the districts' roadmaps; the resources a district really uses are kept in its own registry.
LIBRARIES = (
    There("НЭБ", "https://rusneb.ru/", N_("Национальная электронная библиотека"), OPEN,
          "https://rusneb.ru/search/?q={query}"),
    There("Президентская библиотека", "https://www.prlib.ru/",
          N_("Президентская библиотека имени Б. Н. Ельцина: история и право России в документах"), OPEN,
          "https://www.prlib.ru/search?search_api_fulltext={query}"),
    There("НЭДБ", "https://arch.rgdb.ru/", N_("Национальная электронная детская библиотека"), FREE,
          "https://arch.rgdb.ru/xmlui/discover?query={query}"),
    There("РГБ", "https://www.rsl.ru/", N_("Российская государственная библиотека: электронный каталог"), OPEN,
          "https://search.rsl.ru/ru/search#q={query}"),
)  # fmt: skip
SERVICES = (
    There("ЛитРес", "https://www.litres.ru/", N_("Электронные и звуковые книги"), BY_LICENCE,
          "https://www.litres.ru/search/?q={query}"),
    There("БиблиоШкола", "https://biblioschool.ru/", N_("Электронная библиотека для школ"), BY_LICENCE),
    There("Яндекс Учебник", "https://education.yandex.ru/", N_("Задания по школьным предметам"), BY_LOGIN),
    There("ЯКласс", "https://www.yaklass.ru/", N_("Теория и тренажёры по школьным предметам"), BY_LOGIN),
    There("РосМетод", "https://rosmetod.ru/", N_("Методические материалы для педагогов"), BY_LICENCE),
    There("Система Образование", "https://1obraz.ru/", N_("Справочная система для школ"), BY_LICENCE),
    There("ГАРАНТ", "https://www.garant.ru/", N_("Законы и их толкование"), BY_LICENCE),
)  # fmt: skip


def elsewhere(card: Card) -> list[Elsewhere]:
    author = card.authors[0].name.partition(",")[0] if card.authors else ""
    return search_there(f"{author} {card.title}".strip())


def search_there(words: str) -> list[Elsewhere]:
    """«Искать там» links for what the reader looks for."""
    return [Elsewhere(there.name, search_address(there, words), there.about) for there in LIBRARIES]


def search_address(there: There, words: str) -> str:
    """The address of its search with the words, "" where it has no search or there are no words."""
    return there.search.format(query=quote_plus(words)) if there.search and words else ""
