"""Place, publisher and year, each where it belongs, however many of them were typed into one subfield."""

from __future__ import annotations

import re
from functools import cache

from catalog_sync.marc.parts import balanced, bare, distinct
from catalog_sync.remembering import remembering
from catalog_sync.tables import rows
from catalog_sync.text import skeleton

_NOBODY = frozenset({"б и", "б м", "би", "бм", "s n", "s l", "без издательства", "без места"})
_LONGEST_NOBODY = 18  # characters
Imprint = tuple[tuple[str, ...], tuple[str, ...], str]

# «Вече, 1993», «Дрофа, cop. 2015», «Смоленск : [2021]», «2010 г.»: what goes before ends with a mark. «Школа 2000» is
# a name.
_YEAR_BEHIND = re.compile(
    r"^(?P<rest>(?:.*?[^\s,;:(\[])??)\s*(?:^|[,;:(\[])\s*"
    r"(?P<year>\[?(?:(?:cop|сор)\.?|[cс©])?\s*\[?(?:1[5-9]|20)\d\d\??\]?)\s*(?:[гg](?:од|od)?\b)?[.)\]]*$"
)
_YEAR_OF_A_YEAR = re.compile(r"(\[?(?:1[5-9]|20)\d\d\??\]?)\s*(?:г|год)\.?")  # «2015 г.»
_PLACE_BEFORE = re.compile(r"^(?P<place>[^:,]+?)\s*:\s*(?P<name>.+)$")


def imprint(places: tuple[str, ...], publishers: tuple[str, ...], year: str) -> Imprint:
    """The three as typed in their subfields, put in order.

    Many hands type «Москва : Вече, 1993» into one subfield, or the year behind the house.
    """
    if not year and (typed := (publishers or places)[-1:]):
        rest, year = _year_behind(typed[0])
        kept = (rest,) if rest else ()
        if publishers:
            publishers = (*publishers[:-1], *kept)
        else:
            places = (*places[:-1], *kept)
    if not publishers and len(places) == 1:
        places, publishers = _divided(places[0], any_place=True)
    elif not places and len(publishers) == 1:
        places, publishers = _divided(publishers[0], any_place=False)
    if (dated := _YEAR_OF_A_YEAR.fullmatch(year)) is not None:
        year = dated[1]
    if any(";" in v for v in places):  # «М. ; СПб.»
        places = tuple([place for v in places for place in v.split(";")])
    return _named(places), _named(publishers), year


def _named(typed: tuple[str, ...]) -> tuple[str, ...]:
    """Those that name somebody: «[б. и.]» and «S. l.» say that nobody is named."""
    found = [bare(v) for v in typed]
    return distinct([v for v in found if len(v) > _LONGEST_NOBODY or skeleton(v) not in _NOBODY])


@remembering
def _year_behind(typed: str) -> tuple[str, str]:
    found = _YEAR_BEHIND.match(typed.strip())
    return (found["rest"], balanced(found["year"].strip())) if found else (typed, "")


def _divided(typed: str, *, any_place: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(places, publishers) of one subfield: «АСТ : Астрель» in that of the publisher are two houses, no place."""
    if found := _PLACE_BEFORE.match(typed.strip()):
        if any_place or is_city(found["place"]):
            return (found["place"],), (found["name"],)
    elif not any_place and is_city(typed):
        return (typed,), ()
    return ((typed,), ()) if any_place else ((), (typed,))


@remembering
def is_city(typed: str) -> bool:
    """«Смоленск», «г. Москва», «СПб.»: a city where school books are published (data/tables/cities.tsv)."""
    name = bare(typed).removeprefix("г. ").lower()
    return name in _cities() or name.rstrip(". ") in _cities()


@cache
def _cities() -> frozenset[str]:
    return frozenset(row[column].lower() for row in rows("cities.tsv") for column in ("typed", "name"))
