"""Books described in Latin letters without ISBN: old imprints and foreign books, catalogued by other rules.

Their publishers, years and names are typed too variously for the rules of school books, so the agreement of each
feature has a weight of its own (data/tables/monograph_weights.tsv): log-odds of one edition, in the manner of Fellegi
and Sunter (JASA 64, 1969), fitted to labelled pairs. Vetoes stay absolute and are not weighed.
How the weights came about: docs/decisions/0021-matching-monographs.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import msgspec
from rapidfuzz import fuzz

from catalog_sync.model import BibRecord
from catalog_sync.tables import rows
from catalog_sync.text import fold, words

_CYRILLIC = re.compile(r"[а-яА-ЯёЁ]")
_YEAR = re.compile(r"(?P<c>c|cop\.? ?|©|p)?\s*\[?(?P<y>1[4-9]\d\d|20\d\d)(?!\d)(?P<doubt>\s*\?)?")
_NUMBER = re.compile(r"\d+")
_OPEN_YEAR = re.compile(r"\d\d\d?-|-\s*\]|\?|ca\.")
_COMMON = frozenset(
    words(
        "co company sons son inc ltd limited and the printed by for published publishers publishing pub"
        " press print printing"
        " office off house books book of in s n sn bros brothers a at to no government govt gov u sale supt docs"
    )
)


LIKE = 80.0  # per cent: below it titles of one book are rare (1 in 150 labelled pairs)
SAME_WORDS = 90.0  # per cent of a shorter title's words are in the longer
PROPER_LIKE = 50.0  # per cent of letters of two titles proper
PROPER_WITHIN = 70.0  # per cent of a title proper found again, whole, in the other whole title


class Monograph(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What such a description says, folded; empty means not said."""

    title: str = ""  # title, other title information and parts, words joined by spaces
    years: tuple[int, ...] = ()  # typed as the imprint's, or coded
    copyright: tuple[int, ...] = ()  # typed as «c1893»: the text's age, not the imprint's
    doubtful: bool = False  # «[189-?]»
    extent: tuple[int, ...] = ()  # numbers from ten on
    volumes: int = -1  # «3 v.» → 3, «v.» → 0, -1 where no volumes are counted
    houses: tuple[str, ...] = ()  # telling words of publishers
    places: tuple[str, ...] = ()
    main: str = ""  # first word of the heading
    names: tuple[str, ...] = ()
    statement: tuple[str, ...] = ()  # words of the statement of responsibility
    edition: str = ""
    size: int = 0
    series: tuple[str, ...] = ()  # numbers within series
    level: str = ""


def read(bib: BibRecord) -> Monograph | None:
    """The description as a monograph; None where it is in Cyrillic or has an ISBN."""
    if any(map(_CYRILLIC.search, (bib.title, bib.subtitle, *bib.publishers))):
        return None
    if any(i.normal for i in bib.isbns) or not any(c.isalpha() for c in bib.title):
        return None
    parts = " ".join(f"{p.number} {p.title}" for p in bib.parts)
    imprint, rights = _years(bib)
    extent = fold(bib.extent)
    volumes = re.search(r"(?:(\d+)\s*)?\bv(?:\.|ols?\b|olumes?\b|\b)", extent)
    return Monograph(
        " ".join(words(f"{bib.title} {bib.subtitle} {parts}")),
        imprint,
        rights,
        bool(_OPEN_YEAR.search(fold(bib.year_text))) and not _YEAR.search(fold(bib.year_text)),
        tuple(sorted({int(n) for n in _NUMBER.findall(extent) if len(n) < 6 and int(n) > 9})),
        int(volumes[1] or 0) if volumes else -1,
        _telling(bib.publishers),
        tuple(sorted({w for p in bib.places for w in words(p) if len(w) > 3})),
        next((w for a in bib.agents if a.main for w in words(a.name)[:1]), ""),
        tuple(sorted({w for a in bib.agents for w in words(a.name) if len(w) > 2})),
        tuple(sorted({w for w in words(bib.responsibility) if len(w) > 2})),
        fold(bib.edition),
        int(found[1]) if (found := re.search(r"(\d+)", bib.size)) else 0,
        tuple(sorted({w for s in bib.series for w in words(f"{s.number} {s.title}") if w.isdigit()})),
        bib.carrier.leader_level,
    )


def _years(bib: BibRecord) -> tuple[tuple[int, ...], tuple[int, ...]]:
    found = list(_YEAR.finditer(fold(bib.year_text)))
    imprint = {int(m["y"]) for m in found if not m["c"] and not m["doubt"]}
    rights = {int(m["y"]) for m in found if m["c"]}
    if bib.year_coded.isdigit() and not _OPEN_YEAR.search(fold(bib.year_text)):
        rights |= {int(bib.year_coded)} - imprint  # another coded year is often the copyright's (008/11-14)
        imprint = imprint or rights
    return tuple(sorted(imprint)), tuple(sorted(rights))


def _telling(publishers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({w for p in publishers for w in words(p) if len(w) > 1} - _COMMON))


# --- Comparing -------------------------------------------------------------------------------------------------------


def years_differ(a: Monograph, b: Monograph) -> bool:
    """Both imprint years are certain and none is the other's, not even as a copyright year."""
    if not a.years or not b.years or a.doubtful or b.doubtful:
        return False
    return not set(a.years + a.copyright) & set(b.years + b.copyright)


def numbers_differ(a: Monograph, b: Monograph) -> bool:
    """Both titles carry numbers, none in common."""
    left, right = set(_NUMBER.findall(a.title)), set(_NUMBER.findall(b.title))
    return bool(left and right) and not left & right


def titles_differ(a: Monograph, b: Monograph) -> bool:
    """Neither does one title begin like the other, nor do they consist of the same words."""
    shared = min(len(a.title), len(b.title))
    begins = fuzz.ratio(a.title[:shared], b.title[:shared])
    return begins < LIKE and fuzz.ratio(a.title, b.title) < LIKE and fuzz.token_set_ratio(a.title, b.title) < SAME_WORDS


def proper_titles_differ(a: str, whole_a: str, b: str, whole_b: str) -> bool:
    """Titles proper unlike each other, neither of which stands in the other's whole title: theses of one college have
    the same long subtitle. Of 5,000 pairs that labellers called one book none is so."""
    if fuzz.ratio(a, b) >= PROPER_LIKE:
        return False
    return max(fuzz.partial_ratio(a, whole_b), fuzz.partial_ratio(b, whole_a)) < PROPER_WITHIN


def agreements(a: Monograph, b: Monograph) -> tuple[str, ...]:
    """Names of what the two agree and disagree in: the lines of the table of weights."""
    return tuple(_agreements(a, b))


def _agreements(a: Monograph, b: Monograph) -> Iterator[str]:
    shared = min(len(a.title), len(b.title))
    yield "title " + _grade(fuzz.ratio(a.title[:shared], b.title[:shared]))
    yield "words " + _grade(fuzz.token_set_ratio(a.title, b.title))
    yield "year " + _year(a, b)
    yield "extent " + _extent(a, b)
    yield "publisher " + _publisher(a, b)
    yield "place " + _common(a.places, b.places)
    yield "author " + _author(a, b)
    yield "edition " + _edition(a, b)
    yield "numbers " + _numbers(a, b)
    if a.size and b.size:
        apart = abs(a.size - b.size)
        yield "size " + ("same" if not apart else "near" if apart == 1 else "other")
    if a.series and b.series:
        yield "series " + _common(a.series, b.series)
    if a.level != b.level:
        yield "level other"


def _grade(ratio: float) -> str:
    return next(
        (name for limit, name in ((99, "same"), (95, "95"), (90, "90"), (80, "80"), (70, "70")) if ratio >= limit),
        "other",
    )


def _common(a: tuple[str, ...], b: tuple[str, ...]) -> str:
    if not a or not b:
        return "unsaid"
    return "other" if set(a).isdisjoint(b) else "same"


def _year(a: Monograph, b: Monograph) -> str:
    if not set(a.years).isdisjoint(b.years):
        return "same"
    if not set(a.years + a.copyright).isdisjoint(b.years + b.copyright):
        return "copyright"
    if a.doubtful or b.doubtful:
        return "doubtful"
    if not (a.years or a.copyright) or not (b.years or b.copyright):
        return "unsaid"
    apart = min(abs(x - y) for x in a.years + a.copyright for y in b.years + b.copyright)
    return "next" if apart == 1 else "other"


def _extent(a: Monograph, b: Monograph) -> str:
    if a.volumes >= 0 and b.volumes >= 0:
        return "volumes " + (
            "unsaid" if not a.volumes or not b.volumes else "same" if a.volumes == b.volumes else "other"
        )
    if (a.volumes > 1) != (b.volumes > 1):
        return "set and book"
    if not a.extent or not b.extent:
        return "unsaid"
    left, right = a.extent[-1], b.extent[-1]
    if left == right or not set(a.extent).isdisjoint(b.extent):
        return "same"
    apart = abs(left - right)
    return "near" if apart <= 2 else "5%" if apart <= 0.05 * max(left, right) else "other"


def _publisher(a: Monograph, b: Monograph) -> str:
    found = _common(a.houses, b.houses)
    if found == "other" and any(x[:4] == y[:4] or fuzz.ratio(x, y) >= 80 for x in a.houses for y in b.houses):
        return "near"
    return found


def _author(a: Monograph, b: Monograph) -> str:
    if a.main and b.main:
        if a.main == b.main:
            return "same"
        crossed = a.main in b.names or a.main in b.statement or b.main in a.names or b.main in a.statement
        return "crossed" if crossed else "other"
    main, names, statement = (a.main, b.names, b.statement) if a.main else (b.main, a.names, a.statement)
    if main:
        return "named" if main in names or main in statement else "one-sided"
    return "others same" if not set(a.names).isdisjoint(b.names) else "unsaid"


def _edition(a: Monograph, b: Monograph) -> str:
    if a.edition and b.edition:
        return "same" if fuzz.ratio(a.edition, b.edition) > 75 else "other"
    return "one-sided" if a.edition or b.edition else "unsaid"


def _numbers(a: Monograph, b: Monograph) -> str:
    left, right = set(_NUMBER.findall(a.title)), set(_NUMBER.findall(b.title))
    if not left and not right:
        return "unsaid"
    if not left or not right:
        return "one-sided"
    return "same" if left == right else "some" if left & right else "other"


@dataclass(frozen=True, slots=True)
class Weight:
    name: str
    points: float
    feature: str
    text: str


@cache
def weights() -> dict[str, Weight]:
    """Table of weights by name; "base" is the starting sum."""
    table = rows("monograph_weights.tsv")
    return {row["name"]: Weight(row["name"], float(row["points"]), row["feature"], row["text"]) for row in table}
