"""Two records: the same edition or not, and why. Symmetric; reads nothing but the two features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from catalog_sync.matching import monographs
from catalog_sync.matching import verdict as v
from catalog_sync.matching.features import Features
from catalog_sync.matching.monographs import Monograph
from catalog_sync.matching.names import same_name
from catalog_sync.matching.titles import likeness, same_sound, same_word, stem
from catalog_sync.matching.values import shown
from catalog_sync.model import Comparison, Reason, RecordKey, Verdict

Finding = tuple[int, float]  # code of verdict.KINDS, points (0 for a veto)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a comparison came to, compactly: what the store keeps per pair. `findings` are in order of reading."""

    verdict: Verdict
    score: float
    findings: tuple[Finding, ...]


def judge(a: Features, b: Features) -> Judgement:
    """The verdict with all evidence; the first veto ends the reading."""
    veto = first_veto(a, b)
    if veto is not None:
        return Judgement(Verdict.DIFFERENT, 0.0, ((veto, 0.0),))
    if a.monograph and b.monograph:
        return _judge_monographs(a.monograph, b.monograph)
    findings = tuple(_findings(a, b))
    score = round(sum(points for _, points in findings), 2)
    if _is_unsettled({code for code, _ in findings}):
        score = min(score, v.UNSETTLED)
    if score >= v.SAME:
        return Judgement(Verdict.SAME, score, findings)
    return Judgement(Verdict.UNSURE if score >= v.UNSURE else Verdict.DIFFERENT, score, findings)


def _is_unsettled(codes: set[int]) -> bool:
    """An edition number without a year, or a part without its number: only extent or ISBN can settle it."""
    return v.N_EDITION in codes or (v.N_PART in codes and not codes & {v.P_PAGES, v.P_ISBN})


def _judge_monographs(a: Monograph, b: Monograph) -> Judgement:
    """Log-odds above nought say one edition; the score is set so that SAME stands at nought."""
    weights = monographs.weights()
    names = ("base", *monographs.agreements(a, b))
    findings = tuple((v.WEIGHED[name], weights[name].points) for name in names if name in weights)
    odds = sum(points for _, points in findings)
    if odds >= 0:
        return Judgement(Verdict.SAME, round(v.SAME + odds, 2), findings)
    score = round(max(v.UNSETTLED + odds, 0.0), 2)  # below what attaches: a librarian decides
    return Judgement(Verdict.UNSURE if odds >= v.MONOGRAPH_UNSURE else Verdict.DIFFERENT, score, findings)


def _monograph_veto(a: Features, b: Features, one: Monograph, other: Monograph) -> int | None:
    if monographs.years_differ(one, other):
        return v.V_YEAR
    if a.parts and b.parts and _parts_differ(a.parts, b.parts):
        return v.V_PART
    if a.edition and b.edition and a.edition != b.edition:
        return v.V_EDITION
    if monographs.numbers_differ(one, other):
        return v.V_NUMBERS
    if monographs.titles_differ(one, other):
        return v.V_TITLE
    if _forms_differ(a, b, same_isbn=False):
        return v.V_FORM
    if a.analytic != b.analytic:
        return v.V_ANALYTIC
    return v.V_UNLIKE if _odds(one, other) < v.MONOGRAPH_UNLIKE else None


def _odds(a: Monograph, b: Monograph) -> float:
    weights = monographs.weights()
    return sum(weights[name].points for name in ("base", *monographs.agreements(a, b)) if name in weights)


def compare(left: RecordKey, a: Features, right: RecordKey, b: Features) -> Comparison:
    """The comparison with its reasons in Russian; the lesser key is always on the left."""
    if right < left:
        left, a, right, b = right, b, left, a
    return explain(left, a, right, b, judge(a, b))


def explain(left: RecordKey, a: Features, right: RecordKey, b: Features, judgement: Judgement) -> Comparison:
    """A stored judgement in words."""
    reasons = tuple(
        Reason(kind.feature, shown(a, kind.feature), shown(b, kind.feature), points, kind.text, kind.veto)
        for kind, points in ((v.KINDS[code], points) for code, points in judgement.findings)
    )
    return Comparison(left, right, judgement.verdict, judgement.score, reasons)


# --- Vetoes ----------------------------------------------------------------------------------------------------------


def vetoed(a: Features, b: Features) -> bool:
    return first_veto(a, b) is not None


def first_veto(a: Features, b: Features, *, isbns_agree: bool = False) -> int | None:
    """Code of the first visible contradiction, cheapest first; None where nothing forbids that the two are one.

    `isbns_agree`: another description names the ISBNs of both as of one book, so that they contradict nothing.
    """
    if a.monograph and b.monograph:
        return _monograph_veto(a, b, a.monograph, b.monograph)
    code = _plain_veto(a, b)
    if code is not None:
        return code
    same_isbn = _same_own_isbn(a, b)
    if not title_likeness(a, b) and not titles_may_differ(a, b, same_isbn):
        return v.V_TITLE_ISBN if same_isbn else v.V_TITLE
    if _forms_differ(a, b, same_isbn):
        return v.V_FORM
    if a.isbns and b.isbns and not (same_isbn or isbns_agree or _may_mix_isbns(a, b)):
        return v.V_ISBN
    return _people_veto(a, b, same_isbn)


def _plain_veto(a: Features, b: Features) -> int | None:
    if a.years and b.years and not set(a.years) & set(b.years):
        return v.V_YEAR
    if a.grade and b.grade and a.grade != b.grade:
        return v.V_GRADE
    if a.kind and b.kind and a.kind != b.kind:
        return v.V_KIND
    if a.parts and b.parts:
        if _parts_differ(a.parts, b.parts):
            return v.V_PART
    elif (a.is_set and _is_some_part(b)) or (b.is_set and _is_some_part(a)):
        return v.V_SET
    if a.level and b.level and a.level != b.level:
        return v.V_LEVEL
    if a.edition and b.edition and a.edition != b.edition:
        return v.V_EDITION
    if _numbers_differ(a.numbers, b.numbers) or _numbers_differ(a.subtitle_numbers, b.subtitle_numbers):
        return v.V_NUMBERS
    return v.V_ANALYTIC if a.analytic != b.analytic else None


def _is_some_part(f: Features) -> bool:
    """«в 2 ч.» with pages, without a number: a part whose number was forgotten (a set's pages aren't counted)."""
    return bool(f.parts) or bool(f.parts_total and not f.is_set)


def titles_may_differ(a: Features, b: Features, same_isbn: bool) -> bool:
    """Different titles that don't forbid: in another alphabet by the same author, or all else vouches for a slip."""
    if a.authors and b.authors and _authors_relation(a, b) not in ("same", "part"):
        return False
    if _alphabet(a.title) * _alphabet(b.title) < 0:
        return True
    return same_isbn and bool(a.authors and b.authors and a.years and b.years) and a.pages == b.pages != 0


@lru_cache(maxsize=1 << 14)
def _alphabet(title: tuple[str, ...]) -> int:
    """1 a Russian title, -1 a Latin one, 0 mixed or none."""
    letters = "".join(title).replace(".", "")
    if not letters:
        return 0
    return -1 if letters.isascii() else 1 if all("а" <= c <= "я" for c in letters) else 0


def _parts_differ(a: tuple[tuple[str, int, int], ...], b: tuple[tuple[str, int, int], ...]) -> bool:
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

    Not so where both name the set's beside their own, or where the class is silent or the extent another one.
    """
    if not (a.parts or a.parts_total) or not (b.parts or b.parts_total) or (a.shared_isbns and b.shared_isbns):
        return False
    if a.pages and b.pages:
        return abs(a.pages - b.pages) <= v.PAGES_NEAR_LIMIT
    return bool(a.grade) == bool(b.grade)


def _people_veto(a: Features, b: Features, same_isbn: bool) -> int | None:
    if a.translators and b.translators and not _common(a.translators, b.translators):
        return v.V_TRANSLATOR
    if not same_isbn:
        if a.authors and b.authors and _authors_relation(a, b) in ("other", "cross"):
            return v.V_AUTHOR
        if a.houses and b.houses and not houses_meet(a.houses, b.houses):
            return v.V_HOUSE
    if a.subtitle and b.subtitle and _genres_differ(a, b) and not same_isbn:
        return v.V_SUBTITLE
    return None


def _genres_differ(a: Features, b: Features) -> bool:
    left, right = _genres(a.subtitle), _genres(b.subtitle)
    return bool(left and right) and not left & right


def _genres(subtitle: tuple[str, ...]) -> set[str]:
    return {stem(w) for w in subtitle if w.rstrip(".") in v.GENRES}


def _same_own_isbn(a: Features, b: Features) -> bool:
    return bool(a.isbns and b.isbns) and not set(a.isbns).isdisjoint(b.isbns)


def title_likeness(a: Features, b: Features) -> float:
    """Likeness of titles, where the rest of a longer title may stand in the other's subtitle or host."""
    direct = likeness(a.title, b.title)
    if direct >= 0.85 or not (a.title or b.title):
        return direct or float(a.numbers == b.numbers != ())
    if not direct and _alphabet(a.title) * _alphabet(b.title) < 0 and same_sound(a.title, b.title):
        return 0.9
    whole = max(likeness(a.title + a.subtitle, b.title), likeness(a.title, b.title + b.subtitle))
    if whole >= 0.85:
        return min(whole, 0.95)
    if a.host or b.host:
        whole = max(likeness(a.host, b.title), likeness(a.title, b.host), likeness(a.host + a.title, b.title + b.subtitle),
                    likeness(a.title + a.subtitle, b.host + b.title))
        if whole >= 0.85:
            return 0.85
    return direct


def _common(a: tuple[tuple[str, str], ...], b: tuple[tuple[str, str], ...]) -> int:
    """How many of a's names are among b's; symmetric, each name is used once."""
    left = list(b)
    found = 0
    for name in sorted(a):
        twin = next((other for other in sorted(left) if same_name(name, other)), None)
        if twin is not None:
            left.remove(twin)
            found += 1
    return found


def _authors_relation(a: Features, b: Features) -> str:
    """same | part (one team within the other) | cross (each has someone else) | other (nobody in common)."""
    common = max(_common(a.authors, b.authors), _common(b.authors, a.authors))
    if not common:
        return "other"
    if common == len(a.authors) == len(b.authors):
        return "same"
    if common in (len(a.authors), len(b.authors)):
        return "part"
    return "cross"


def houses_meet(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """A house in common, or a name that is the other's beginning («учитель» – «учитель-аст»)."""
    if not set(a).isdisjoint(b):
        return True
    return any(_house_like(x, y) for x in a for y in b)


def _house_like(a: str, b: str) -> bool:
    left, right = a.split(), b.split()
    if len(left) == len(right):
        return _words_within(left, right) or _words_within(right, left)
    return _words_within(*sorted((left, right), key=len))


def _words_within(short: list[str], long: list[str]) -> bool:
    """Whether every word of a name, shortened or not, is in the other («сев ветер» in «северный ветер»)."""
    return len("".join(short)) >= 4 and all(
        any(same_word(w, other) or (len(w) >= 3 and other.startswith(w)) for other in long) for w in short
    )


# --- Evidence --------------------------------------------------------------------------------------------------------


def _findings(a: Features, b: Features) -> Iterator[Finding]:
    same_isbn = _same_own_isbn(a, b)
    yield from _isbn_findings(a, b, same_isbn)
    yield from _title_findings(a, b, same_isbn)
    yield from _author_findings(a, b, same_isbn)
    yield from _imprint_findings(a, b, same_isbn)
    yield from _extent_findings(a, b)
    yield from _school_findings(a, b, same_isbn)
    if not same_isbn and _gaps(a, b) and _gaps(b, a):
        yield v.N_CROSS_GAPS, v.CROSS_GAPS
    yield from _rest_findings(a, b, same_isbn)


def _isbn_findings(a: Features, b: Features, same_isbn: bool) -> Iterator[Finding]:
    if same_isbn:
        yield v.P_ISBN, v.ISBN_PART_UNKNOWN if _part_one_sided(a, b) else v.ISBN_OWN
    elif not set(a.isbns + a.shared_isbns).isdisjoint(b.isbns + b.shared_isbns):
        yield v.P_ISBN_SET, v.ISBN_OF_SET
    elif a.isbns and b.isbns:
        yield v.N_ISBN_PART, v.ISBN_OTHER_PART
    if a.issns and b.issns and not set(a.issns).isdisjoint(b.issns):
        yield v.P_ISSN, v.ISSN


def _title_findings(a: Features, b: Features, same_isbn: bool) -> Iterator[Finding]:
    like = title_likeness(a, b)
    base = _title_points(min(a.title, b.title, key=lambda t: (len(t), t)))
    if like >= 0.95:
        yield v.P_TITLE, base
    elif like >= 0.85:
        yield v.P_TITLE_NEAR, round(base * like, 2)
    elif like:
        yield v.P_TITLE_PART, v.TITLE_PART if same_isbn else v.TITLE_PART_NO_ISBN
    elif _alphabet(a.title) * _alphabet(b.title) < 0:
        yield v.N_TITLE_LANGUAGE, v.TITLE_TRANSLATED
    else:
        yield v.N_TITLE_OTHER, v.TITLE_OTHER


@lru_cache(maxsize=1 << 14)
def _title_points(title: tuple[str, ...]) -> float:
    """How telling a title is by itself: a school subject is not."""
    bare = tuple(word.rstrip(".") for word in title)
    if bare in v.SUBJECT_PHRASES or (len(bare) < 2 and (not bare or len(bare[0]) < 5 or stem(bare[0]) in _SUBJECT_STEMS)):
        return v.TITLE_GENERIC
    return v.TITLE_LONG if len(bare) >= 3 else v.TITLE_TELLING


_SUBJECT_STEMS = frozenset(map(stem, v.SUBJECTS))


def _author_findings(a: Features, b: Features, same_isbn: bool) -> Iterator[Finding]:
    if a.authors and b.authors:
        relation = _authors_relation(a, b)
        common = _common(a.authors, b.authors)
        if relation == "other":
            yield v.N_AUTHORS_OTHER, v.AUTHORS_OTHER
            return
        with_initials = any(x[1] and y[1] and same_name(x, y) for x in a.authors for y in b.authors)
        yield (v.P_AUTHOR, v.AUTHOR) if with_initials else (v.P_SURNAME, v.AUTHOR_SURNAME)
        if common > 1:
            yield v.P_AUTHORS, round(v.AUTHOR_MORE * min(common - 1, 3), 2)
        if relation == "cross":
            yield v.N_AUTHORS_CROSS, v.AUTHORS_CROSS
    elif a.compilers and b.compilers and _common(a.compilers, b.compilers):
        yield v.P_COMPILER, v.COMPILER
    elif not (a.authors or b.authors or same_isbn):
        yield v.N_NO_AUTHOR, v.AUTHOR_UNSAID


def _imprint_findings(a: Features, b: Features, same_isbn: bool) -> Iterator[Finding]:
    if a.years and b.years:
        yield v.P_YEAR, v.YEAR
    elif a.years or b.years:
        yield v.N_YEAR, v.YEAR_ONE_SIDED_ISBN if same_isbn else v.YEAR_ONE_SIDED
    elif not same_isbn:
        yield v.N_NO_YEAR, v.YEAR_UNSAID
    if a.houses and b.houses:
        yield (v.P_HOUSE, v.HOUSE) if houses_meet(a.houses, b.houses) else (v.N_HOUSE, v.HOUSE_OTHER)
    if a.edition and b.edition:
        yield v.P_EDITION, v.EDITION
    elif max(a.edition, b.edition) > 1 and (not (a.years and b.years) or (a.isbns and b.isbns and not same_isbn)):
        yield v.N_EDITION, v.EDITION_ONE_SIDED
    if a.revision and b.revision and a.revision != b.revision:
        yield v.N_REVISION, v.REVISION_OTHER


def _extent_findings(a: Features, b: Features) -> Iterator[Finding]:
    if a.pages and b.pages:
        apart = abs(a.pages - b.pages)
        if not apart:
            yield v.P_PAGES, v.PAGES if a.pages > v.THIN_BOOK else v.PAGES_THIN
        elif apart <= v.PAGES_NEAR_LIMIT:
            yield v.P_PAGES_NEAR, v.PAGES_NEAR
        elif apart > v.PAGES_OTHER_SHARE * max(a.pages, b.pages):
            yield v.N_PAGES_OTHER, v.PAGES_OTHER
        else:
            yield v.N_PAGES_FAR, v.PAGES_FAR
    if a.size and a.size == b.size:
        yield v.P_SIZE, v.SIZE


def _school_findings(a: Features, b: Features, same_isbn: bool) -> Iterator[Finding]:
    if a.grade and b.grade:
        yield v.P_GRADE, v.GRADE
    elif a.grade or b.grade:
        yield v.N_GRADE, v.GRADE_ONE_SIDED_ISBN if same_isbn else v.GRADE_ONE_SIDED
    if (a.parts and b.parts) or (a.is_set and b.is_set):
        yield v.P_PART, v.PART
    elif _part_one_sided(a, b):
        yield v.N_PART, v.PART_ONE_SIDED
    if a.kind and b.kind:
        yield v.P_KIND, v.KIND
    elif "textbook" in (a.kind, b.kind):
        yield v.N_KIND, v.TEXTBOOK_ONE_SIDED
    elif (a.kind or b.kind) and (a.kind or b.kind) not in v.TITLE_KINDS:
        yield v.N_KIND, v.KIND_ONE_SIDED_ISBN if same_isbn else v.KIND_ONE_SIDED
    if a.level and b.level:
        yield v.P_LEVEL, v.LEVEL
    elif a.level or b.level:
        yield v.N_LEVEL, v.LEVEL_ONE_SIDED


def _part_one_sided(a: Features, b: Features) -> bool:
    return bool(a.parts or a.is_set) != bool(b.parts or b.is_set)


def _gaps(a: Features, b: Features) -> bool:
    """Whether `a` is silent on something essential that `b` says."""
    return (
        (bool(b.years) and not a.years) or (bool(b.grade) and not a.grade) or (bool(b.parts or b.is_set) and not (a.parts or a.is_set))
        or (bool(b.kind) and not a.kind) or (bool(b.numbers) and not a.numbers)
    )


def _rest_findings(a: Features, b: Features, same_isbn: bool) -> Iterator[Finding]:
    if a.translators and b.translators:
        yield v.P_TRANSLATOR, v.TRANSLATOR
    if a.subtitle and b.subtitle:
        like = likeness(a.subtitle, b.subtitle)
        yield (v.P_SUBTITLE, v.SUBTITLE) if like else (v.N_SUBTITLE, 0.0 if same_isbn else v.SUBTITLE_OTHER)
    for left, right in ((a.numbers, b.numbers), (a.subtitle_numbers, b.subtitle_numbers)):
        if left and right:
            yield v.P_NUMBERS, v.NUMBERS
    if bool(a.numbers) != bool(b.numbers):
        yield v.N_NUMBERS, v.NUMBERS_ONE_SIDED
    if bool(a.subtitle_numbers) != bool(b.subtitle_numbers):
        yield v.N_NUMBERS, v.SUBTITLE_NUMBERS_ONE_SIDED
    if a.series and b.series and not set(a.series).isdisjoint(b.series):
        yield v.P_SERIES, v.SERIES
    if "large" in (a.form, b.form) and a.form != b.form:
        yield v.N_LARGE, v.LARGE_SILENT
