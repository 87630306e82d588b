"""What forbids that two records are one edition: visible contradictions, which no agreement outweighs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from catalog_sync.matching import monographs
from catalog_sync.matching import verdict as v
from catalog_sync.matching.alike import in_two_alphabets, named_by_series, title_likeness
from catalog_sync.matching.features import Features
from catalog_sync.matching.monographs import Monograph
from catalog_sync.matching.names import Name, same_name
from catalog_sync.matching.publishers import abbreviates
from catalog_sync.matching.subjects import GENRES
from catalog_sync.matching.titles import likeness, same_word, stem

NONE: Final = 0  # no veto's code
HOUSE_MAY_SLIP: Final = 7  # letters of a house nobody listed, in which one may be mistyped
SLIPS_LIKE: Final = 75  # percent of letters: two slips in a word of six


def vetoed(a: Features, b: Features) -> bool:
    return first_veto(a, b) != NONE


def first_veto(a: Features, b: Features, *, isbns_agree: bool = False) -> int:
    """Code of the first visible contradiction, cheapest first; NONE where nothing forbids that the two are one.

    `isbns_agree`: another description names the ISBNs of both as of one book, so that they contradict nothing.
    """
    code = _school_veto(a, b) or _plain_veto(a, b) or book_veto(a, b, isbns_agree=isbns_agree)
    return code or further_veto(a, b, title_likeness(a, b), isbns_agree=isbns_agree)


def book_veto(a: Features, b: Features, *, isbns_agree: bool = False) -> int:
    """ISBN and extent: a look at each, where titles have to be read.

    Not before the forms are known to be one: another form is no slip of a single card, as all that is read here and in
    titles may be (`clustering`).
    """
    if a.form != b.form or (a.monograph and b.monograph):
        return NONE
    return _book_veto(a, b, same_own_isbn(a, b), isbns_agree)


def _book_veto(a: Features, b: Features, same_isbn: bool, isbns_agree: bool) -> int:
    if same_isbn:
        return NONE
    if a.isbns and b.isbns and not (isbns_agree or _may_mix_isbns(a, b)):
        return v.V_ISBN
    return v.V_PAGES if a.pages != b.pages and _extents_differ(a.pages, b.pages) else NONE


def further_veto(a: Features, b: Features, like: float, *, isbns_agree: bool = False) -> int:
    """The first contradiction of two records that pass what is asked before titles; `like`: their titles'."""
    if a.monograph and b.monograph:
        return _monograph_veto(a, b, a.monograph, b.monograph)
    same_isbn = same_own_isbn(a, b)
    if not like and not titles_may_differ(a, b, same_isbn) and not named_by_series(a, b):
        return v.V_TITLE_ISBN if same_isbn else v.V_TITLE
    if a.alternative and b.alternative and not same_isbn and not likeness(a.alternative, b.alternative):
        return v.V_TITLE
    if a.form != b.form:
        if _forms_differ(a, b, same_isbn):
            return v.V_FORM
        if code := _book_veto(a, b, same_isbn, isbns_agree):
            return code
    return _people_veto(a, b, same_isbn)


def _extents_differ(a: int, b: int) -> bool:
    """«10 типовых вариантов» on 90 pages is not «30 типовых вариантов» on 270, whoever left the subtitle out."""
    return bool(a and b) and min(a, b) < (1 - v.PAGES_VETO_SHARE) * max(a, b)


def extents_far(a: Features, b: Features) -> bool:
    """More than a tenth apart, the ISBN not the same: of two such cards a librarian judges, and nobody else."""
    apart = abs(a.pages - b.pages) if a.pages and b.pages else 0
    return apart > v.PAGES_OTHER_SHARE * max(a.pages, b.pages) and not same_own_isbn(a, b)


def _plain_veto(a: Features, b: Features) -> int:
    """Part, year, edition and numbers; of two monographs, whose years may be copyrights, they are read apart."""
    if a.monograph and b.monograph:
        return NONE
    if a.parts and b.parts:
        if parts_differ(a.parts, b.parts):
            return v.V_PART
        if a.parts_total != b.parts_total and _says_total(a) and _says_total(b) and _is_volume(a) and _is_volume(b):
            return v.V_TOTAL
    elif (a.is_set and _is_some_part(b, a)) or (b.is_set and _is_some_part(a, b)):
        return v.V_SET
    elif a.is_set and b.is_set and a.parts_total != b.parts_total and a.parts_total and b.parts_total:
        return v.V_PART  # «Т. 1–2» in one binding is not the set «в 5 т.»
    if a.years and b.years and a.years != b.years and set(a.years).isdisjoint(b.years):
        return v.V_YEAR
    if a.edition and b.edition and a.edition != b.edition:
        return v.V_EDITION
    if _numbers_differ(a.numbers, b.numbers) or _numbers_differ(a.subtitle_numbers, b.subtitle_numbers):
        return v.V_NUMBERS
    return v.V_ANALYTIC if a.analytic != b.analytic else NONE


def _school_veto(a: Features, b: Features) -> int:
    """Class, kind, level and the textbook served: they part four of ten pairs that share title or author."""
    if a.grade and b.grade and a.grade != b.grade:
        return v.V_GRADE
    if a.kind and b.kind and a.kind != b.kind:
        return v.V_KIND
    if a.serves != b.serves and a.serves and b.serves and _serve_others(a.serves, b.serves):
        return v.V_SERVES
    return v.V_LEVEL if a.level and b.level and a.level != b.level else NONE


def _is_volume(f: Features) -> bool:
    """«Т. 7»: of a textbook «в 2 ч.» and «в 3 ч.» are slips, of collected works another edition."""
    return any(label == "т" for label, _, _ in f.parts)


@lru_cache(maxsize=1 << 12)
def _serve_others(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """One author writes «Контрольные работы» for each textbook of a class; the cover says which."""
    return not any(same_name((x, ""), (y, "")) for x in a for y in b)


def _says_total(f: Features) -> bool:
    """«В 4 т. Т. 1-2»; of «Т. 1-2» alone the total is only guessed from the last number."""
    return bool(f.parts_total) and all((first, last) != (1, f.parts_total) for _, first, last in f.parts)


def _is_some_part(f: Features, whole: Features) -> bool:
    """«в 2 ч.» with pages, without a number: a part whose number was forgotten (a set's pages aren't counted). «Ч. 1-2»
    of two parts is all of them."""
    if f.parts:
        return len(f.parts) > 1 or f.parts[0][1:] != (1, whole.parts_total)
    return bool(f.parts_total and not f.is_set)


def titles_may_differ(a: Features, b: Features, same_isbn: bool) -> bool:
    """Different titles that don't forbid: in another alphabet by the same author, or all else vouches for a slip.

    A slip leaves some word as it was; «Алгебра» and «Геометрия» of one line share all but the title.
    """
    vouched = same_isbn and bool(a.authors and b.authors and a.years and b.years) and a.pages == b.pages != 0
    vouched = vouched and _may_be_slips(a.title, b.title)
    if not vouched and not in_two_alphabets(a.title, b.title):
        return False
    return not (a.authors and b.authors) or authors_relation(a.authors, b.authors) in ("same", "part")


def _may_be_slips(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """A word in common, or most letters («физикка» and «физка»)."""
    return any(same_word(x, y) for x in a for y in b) or fuzz.ratio(" ".join(a), " ".join(b)) >= SLIPS_LIKE


@lru_cache(maxsize=1 << 13)
def parts_differ(a: tuple[tuple[str, int, int], ...], b: tuple[tuple[str, int, int], ...]) -> bool:
    """Labels in common must have the same numbers; single numbers under different labels («Ч. 2», «Кн. 2») too."""
    left, right = {x[0]: x[1:] for x in a}, {x[0]: x[1:] for x in b}
    common = left.keys() & right.keys()
    if common:
        return any(left[label] != right[label] for label in common)
    if len(left) == len(right) == 1:
        return set(left.values()) != set(right.values())
    return not set(left.values()) & set(right.values())


def _numbers_differ(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    return bool(a and b) and not set(a) & set(b)


def _forms_differ(a: Features, b: Features, same_isbn: bool) -> bool:
    """Silence means print. The mark of large print may have been left out where ISBN and pages are the same."""
    if a.form == b.form:
        return False
    forms = {a.form, b.form}
    if forms == {"", "print"}:
        return False
    return not (forms == {"large", ""} and same_isbn and a.pages == b.pages != 0)


def _may_mix_isbns(a: Features, b: Features) -> bool:
    """Parts of a set carry the set's ISBN on one copy and their own on another, often unmarked.

    Not so where both name the set's beside their own, or one does and it is not the other's; where the class is silent
    or the extent another one; nor where neither year nor number of the edition is said on both sides, for then another
    ISBN says reprint.
    """
    if not (a.years and b.years) and not (a.edition and b.edition):
        return False
    if a.is_set or b.is_set or (a.shared_isbns and b.shared_isbns):
        return False
    if not (a.parts or a.parts_total) or not (b.parts or b.parts_total):
        return False
    if a.shared_isbns or b.shared_isbns:
        return not set(a.isbns + b.isbns).isdisjoint(a.shared_isbns + b.shared_isbns)
    if a.pages and b.pages:
        return abs(a.pages - b.pages) <= v.PAGES_NEAR_LIMIT
    return bool(a.grade) == bool(b.grade)


def _people_veto(a: Features, b: Features, same_isbn: bool) -> int:
    if a.translators and b.translators and not common_names(a.translators, b.translators):
        return v.V_TRANSLATOR
    if not same_isbn:
        if a.authors != b.authors and a.authors and b.authors and _teams_differ(a, b):
            return v.V_AUTHOR
        if a.houses != b.houses and a.houses and b.houses and not houses_meet(a.houses, b.houses):
            return v.V_HOUSE
        if a.subtitle != b.subtitle and a.subtitle and b.subtitle and _genres_differ(a.subtitle, b.subtitle):
            return v.V_SUBTITLE
    return NONE


def _teams_differ(a: Features, b: Features) -> bool:
    """Whether nobody is in common, or each names somebody else where one of them names all there are."""
    relation = authors_relation(a.authors, b.authors)
    if relation == "other":
        return not edited_by_author(a, b)
    return relation == "cross" and not (a.and_others and b.and_others)


def edited_by_author(a: Features, b: Features) -> bool:
    """Whether one's author is the other's compiler or editor: schools know «Литература» by its editor, Коровина, and
    put her name where the author's belongs."""
    return bool(common_names(a.authors, b.compilers) or common_names(a.compilers, b.authors))


def _genres_differ(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    left = _genres(a)
    return bool(left) and bool(right := _genres(b)) and left.isdisjoint(right)


@lru_cache(maxsize=1 << 13)
def _genres(subtitle: tuple[str, ...]) -> frozenset[str]:
    return frozenset(stem(w) for w in subtitle if w.rstrip(".") in GENRES)


def same_own_isbn(a: Features, b: Features) -> bool:
    left, right = a.isbns, b.isbns
    if not left or not right:
        return False
    if left == right:
        return True
    return (len(left) > 1 or len(right) > 1) and not set(left).isdisjoint(right)  # nearly all name one


@lru_cache(maxsize=1 << 13)
def common_names(a: tuple[Name, ...], b: tuple[Name, ...]) -> int:
    """How many names two lists share, each used once; the larger of both ways of pairing, so it is symmetric."""
    if a == b:
        return len(a)
    return _paired(a, b) if len(a) == len(b) == 1 else max(_paired(a, b), _paired(b, a))


def _paired(a: tuple[Name, ...], b: tuple[Name, ...]) -> int:
    left = sorted(b)
    found = 0
    for name in sorted(a):
        twin = next((other for other in left if same_name(name, other)), None)
        if twin is not None:
            left.remove(twin)
            found += 1
    return found


@lru_cache(maxsize=1 << 13)
def authors_relation(a: tuple[Name, ...], b: tuple[Name, ...]) -> str:
    """same | part (one team within the other) | cross (each has someone else) | other (nobody in common)."""
    common = common_names(a, b)
    if not common:
        return "other"
    if common == len(a) == len(b):
        return "same"
    return "part" if common in (len(a), len(b)) else "cross"


@lru_cache(maxsize=1 << 13)
def houses_meet(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """A house in common, or a name that is the other's beginning («учитель» – «учитель-аст»)."""
    if not set(a).isdisjoint(b):
        return True
    return any(_house_like(x, y) for x in a for y in b)


def _house_like(a: str, b: str) -> bool:
    if min(len(a), len(b)) >= HOUSE_MAY_SLIP and OSA.distance(a, b, score_cutoff=1) <= 1:
        return True
    left, right = a.replace("-", " ").split(), b.replace("-", " ").split()
    if len(left) == len(right):
        return abbreviates(left, right) or _words_within(left, right) or _words_within(right, left)
    return _words_within(*sorted((left, right), key=len))


def _words_within(short: list[str], long: list[str]) -> bool:
    """Whether every word of a name, shortened or not, is in the other («сев ветер» in «северный ветер»)."""
    return len("".join(short)) >= 4 and all(
        any(same_word(w, other) or (len(w) >= 3 and other.startswith(w)) for other in long) for w in short
    )


def _monograph_veto(a: Features, b: Features, one: Monograph, other: Monograph) -> int:
    if monographs.years_differ(one, other):
        return v.V_YEAR
    if a.parts and b.parts and parts_differ(a.parts, b.parts):
        return v.V_PART
    if a.edition and b.edition and a.edition != b.edition:
        return v.V_EDITION
    if monographs.numbers_differ(one, other):
        return v.V_NUMBERS
    if monographs.titles_differ(one, other):
        return v.V_TITLE
    if monographs.proper_titles_differ(" ".join(a.title), one.title, " ".join(b.title), other.title):
        return v.V_TITLE
    if _forms_differ(a, b, same_isbn=False):
        return v.V_FORM
    if a.analytic != b.analytic:
        return v.V_ANALYTIC
    return v.V_UNLIKE if odds(one, other) < v.MONOGRAPH_UNLIKE else NONE


def odds(a: Monograph, b: Monograph) -> float:
    weights = monographs.weights()
    return sum(weights[name].points for name in ("base", *monographs.agreements(a, b)) if name in weights)


# Judgements that read few features: what they read, all of it, and how they judge.
FACETS: Final[tuple[tuple[Callable[[Features], tuple[object, ...]], Callable[[Features, Features], float]], ...]] = (
    (lambda f: (f.grade, f.kind, f.level, f.serves), _school_veto),
    (
        lambda f: (
            f.parts, f.is_set, f.parts_total, f.years, f.edition, f.numbers, f.subtitle_numbers, f.analytic,
            bool(f.monograph),
        ),
        _plain_veto,
    ),
    (lambda f: (f.title, f.subtitle, f.host, f.numbers), title_likeness),
)  # fmt: skip
