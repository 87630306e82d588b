"""What two records agree and disagree in, in points: the evidence a verdict is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from catalog_sync.matching import verdict as v
from catalog_sync.matching.alike import in_two_alphabets, named_by_series, title_likeness
from catalog_sync.matching.contradictions import (
    authors_relation,
    common_names,
    edited_by_author,
    houses_meet,
    same_own_isbn,
)
from catalog_sync.matching.features import Features
from catalog_sync.matching.names import Name, same_name
from catalog_sync.matching.subjects import SUBJECT_PHRASES, SUBJECTS
from catalog_sync.matching.titles import likeness, same_word, stem

Finding = tuple[int, float]  # code of verdict.KINDS, points (0 for a veto)
Add = Callable[[Finding], None]


def findings(a: Features, b: Features) -> list[Finding]:
    """Every agreement and disagreement of two records that no veto parts, in the order a librarian reads."""
    found: list[Finding] = []
    add = found.append  # not a chain of generators: a hundred thousand pairs of a district are weighed
    same_isbn = same_own_isbn(a, b)
    _isbn_findings(add, a, b, same_isbn)
    _title_findings(add, a, b, same_isbn)
    _author_findings(add, a, b, same_isbn)
    _imprint_findings(add, a, b, same_isbn)
    _extent_findings(add, a, b)
    _school_findings(add, a, b, same_isbn)
    if not same_isbn and _gaps(a, b) and _gaps(b, a):
        add((v.N_CROSS_GAPS, v.CROSS_GAPS))
    _rest_findings(add, a, b, same_isbn)
    return found


def _isbn_findings(add: Add, a: Features, b: Features, same_isbn: bool) -> None:
    if same_isbn:
        add((v.P_ISBN, v.ISBN_PART_UNKNOWN if part_one_sided(a, b) else v.ISBN_OWN))
    elif not set(a.isbns + a.shared_isbns).isdisjoint(b.isbns + b.shared_isbns):
        add((v.P_ISBN_SET, v.ISBN_OF_SET))
    elif a.isbns and b.isbns:
        add((v.N_ISBN_PART, v.ISBN_OTHER_PART))
    if a.issns and b.issns and not set(a.issns).isdisjoint(b.issns):
        add((v.P_ISSN, v.ISSN))


def _title_findings(add: Add, a: Features, b: Features, same_isbn: bool) -> None:
    like = title_likeness(a, b)
    base = _title_points(a.title if a.title == b.title else min(a.title, b.title, key=lambda t: (len(t), t)))
    if not like and named_by_series(a, b):
        like = 0.85
    if like >= 0.95:
        add((v.P_TITLE, base))
    elif like >= 0.85:
        add((v.P_TITLE_NEAR, round(base * like, 2)))
    elif like:
        add((v.P_TITLE_PART, v.TITLE_PART if same_isbn else v.TITLE_PART_NO_ISBN))
    elif in_two_alphabets(a.title, b.title):
        add((v.N_TITLE_LANGUAGE, v.TITLE_TRANSLATED))
    else:
        add((v.N_TITLE_OTHER, v.TITLE_OTHER))


@lru_cache(maxsize=1 << 13)
def _title_points(title: tuple[str, ...]) -> float:
    """How telling a title is by itself: a school subject is not."""
    bare = tuple(word.rstrip(".") for word in title)
    if bare in SUBJECT_PHRASES or (len(bare) < 2 and (not bare or len(bare[0]) < 5 or stem(bare[0]) in _SUBJECT_STEMS)):
        return v.TITLE_GENERIC
    return v.TITLE_LONG if len(bare) >= 3 else v.TITLE_TELLING


_SUBJECT_STEMS = frozenset(map(stem, SUBJECTS))


def _author_findings(add: Add, a: Features, b: Features, same_isbn: bool) -> None:
    if a.authors and b.authors:
        relation = authors_relation(a.authors, b.authors)
        common = common_names(a.authors, b.authors)
        if relation == "other":
            edited = edited_by_author(a, b)
            add((v.P_COMPILER, v.COMPILER) if edited else (v.N_AUTHORS_OTHER, v.AUTHORS_OTHER))
            return
        with_initials = _initials_agree(a.authors, b.authors)
        add((v.P_AUTHOR, v.AUTHOR) if with_initials else (v.P_SURNAME, v.AUTHOR_SURNAME))
        if common > 1:
            add((v.P_AUTHORS, round(v.AUTHOR_MORE * min(common - 1, 3), 2)))
        if relation == "cross":
            add((v.N_AUTHORS_CROSS, v.AUTHORS_CROSS))
    elif common_names(a.compilers, b.compilers) or edited_by_author(a, b):
        add((v.P_COMPILER, v.COMPILER))
    elif not (a.authors or b.authors or same_isbn or _issue_points(a, b)):
        add((v.N_NO_AUTHOR, v.AUTHOR_UNSAID))


@lru_cache(maxsize=1 << 13)
def _initials_agree(a: tuple[Name, ...], b: tuple[Name, ...]) -> bool:
    return any(x[1] and y[1] and same_name(x, y) for x in a for y in b)


def _imprint_findings(add: Add, a: Features, b: Features, same_isbn: bool) -> None:
    if a.years and b.years:
        add((v.P_YEAR, v.YEAR))
    elif a.years or b.years:
        add((v.N_YEAR, v.YEAR_ONE_SIDED_ISBN if same_isbn else v.YEAR_ONE_SIDED))
    elif not same_isbn:
        add((v.N_NO_YEAR, v.YEAR_UNSAID))
    if a.houses and b.houses:
        add((v.P_HOUSE, v.HOUSE) if houses_meet(a.houses, b.houses) else (v.N_HOUSE, v.HOUSE_OTHER))
    if a.edition and b.edition:
        add((v.P_EDITION, v.EDITION))
    elif max(a.edition, b.edition) > 1 and (not (a.years and b.years) or (a.isbns and b.isbns and not same_isbn)):
        add((v.N_EDITION, v.EDITION_ONE_SIDED))
    if a.revision and b.revision and a.revision != b.revision:
        add((v.N_REVISION, v.REVISION_OTHER))


def _extent_findings(add: Add, a: Features, b: Features) -> None:
    if a.pages and b.pages:
        apart = abs(a.pages - b.pages)
        if not apart:
            add((v.P_PAGES, v.PAGES if a.pages > v.THIN_BOOK else v.PAGES_THIN))
        elif apart <= v.PAGES_NEAR_LIMIT:
            add((v.P_PAGES_NEAR, v.PAGES_NEAR))
        elif apart > v.PAGES_OTHER_SHARE * max(a.pages, b.pages):
            add((v.N_PAGES_OTHER, v.PAGES_OTHER))
        else:
            add((v.N_PAGES_FAR, v.PAGES_FAR))
    if a.size and a.size == b.size:
        add((v.P_SIZE, v.SIZE))


def _school_findings(add: Add, a: Features, b: Features, same_isbn: bool) -> None:
    if a.grade and b.grade:
        add((v.P_GRADE, v.GRADE))
    elif a.grade or b.grade:
        add((v.N_GRADE, v.GRADE_ONE_SIDED_ISBN if same_isbn else v.GRADE_ONE_SIDED))
    if (a.parts and b.parts) or (a.is_set and b.is_set):
        add((v.P_PART, _issue_points(a, b) or v.PART))
    elif part_one_sided(a, b):
        silent = b if a.parts or a.is_set else a
        forgotten = silent.parts_total and a.pages == b.pages != 0
        add((v.N_PART, v.PART_FORGOTTEN if forgotten else v.PART_ONE_SIDED))
    elif a.parts_total or b.parts_total:
        add((v.N_PARTS_UNSAID, 0.0))
    if a.kind and b.kind:
        add((v.P_KIND, v.KIND))
    elif "textbook" in (a.kind, b.kind):
        add((v.N_KIND, v.TEXTBOOK_ONE_SIDED))
    elif (a.kind or b.kind) and (a.kind or b.kind) not in v.TITLE_KINDS:
        add((v.N_KIND, v.KIND_ONE_SIDED_ISBN if same_isbn else v.KIND_ONE_SIDED))
    if a.level and b.level:
        add((v.P_LEVEL, v.LEVEL))
    elif a.level or b.level:
        add((v.N_LEVEL, v.LEVEL_ONE_SIDED))


def _issue_points(a: Features, b: Features) -> float:
    """What the number says of two issues of a journal or collection, which have a year and nothing that a book of a
    school has; 0 where they are no issues."""
    if any(not f.years or f.authors or f.kind or f.grade for f in (a, b)):
        return 0.0
    labels = {label for label, _, _ in a.parts} & {label for label, _, _ in b.parts}
    return v.PART_ISSUE if "н" in labels else v.PART_COLLECTION if "в" in labels else 0.0


def part_one_sided(a: Features, b: Features) -> bool:
    return bool(a.parts or a.is_set) != bool(b.parts or b.is_set)


def _gaps(a: Features, b: Features) -> bool:
    """Whether `a` is silent on something essential that `b` says."""
    return (
        (bool(b.years) and not a.years)
        or (bool(b.grade) and not a.grade)
        or (bool(b.parts or b.is_set) and not (a.parts or a.is_set))
        or (bool(b.kind) and not a.kind)
        or (bool(b.numbers) and not a.numbers)
    )


def _rest_findings(add: Add, a: Features, b: Features, same_isbn: bool) -> None:
    if a.translators and b.translators:
        add((v.P_TRANSLATOR, v.TRANSLATOR))
    if a.subtitle and b.subtitle:
        if likeness(a.subtitle, b.subtitle):
            add((v.P_SUBTITLE, v.SUBTITLE))
        elif not (_told_in(a.title, b.subtitle) or _told_in(b.title, a.subtitle)):
            add((v.N_SUBTITLE, 0.0 if same_isbn else v.SUBTITLE_OTHER))
    for left, right in ((a.numbers, b.numbers), (a.subtitle_numbers, b.subtitle_numbers)):
        if left and right:
            add((v.P_NUMBERS, v.NUMBERS))
    if _one_sided(a.numbers, b.numbers, a.subtitle_numbers + b.subtitle_numbers):
        add((v.N_NUMBERS, v.NUMBERS_ONE_SIDED))
    if _one_sided(a.subtitle_numbers, b.subtitle_numbers, a.numbers + b.numbers):
        add((v.N_NUMBERS, v.SUBTITLE_NUMBERS_ONE_SIDED))
    if a.series and b.series:
        if _series_meet(a.series, b.series):
            add((v.P_SERIES, v.SERIES))
        else:
            add((v.N_SERIES, 0.0 if same_isbn else v.SERIES_OTHER))
    if "large" in (a.form, b.form) and a.form != b.form:
        add((v.N_LARGE, v.LARGE_SILENT))


def _told_in(title: tuple[str, ...], subtitle: tuple[str, ...]) -> bool:
    """«Наш район: страницы истории» beside «Наш район» with this subtitle: then the other's own says something else."""
    return all(any(same_word(word, other) for other in title) for word in subtitle)


def _one_sided(left: tuple[str, ...], right: tuple[str, ...], beside: tuple[str, ...]) -> bool:
    """Whether one side alone has numbers; «36 вариантов» stands in the title of one and the subtitle of the other."""
    return bool(left) != bool(right) and not set(left or right) <= set(beside)


@lru_cache(maxsize=1 << 12)
def _series_meet(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """A series in common, up to abbreviations and slips («Всемирная лит.»)."""
    if not set(a).isdisjoint(b):
        return True
    return any(likeness(tuple(x.split()), tuple(y.split())) for x in a for y in b)
