"""What readers narrow a search by: kind of document, class, school subject, language, year, branch of ББК.

Tables: data/tables/document_kinds.tsv, school_subjects.tsv, languages.tsv, bbk_tree.tsv.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

from catalog_sync.model import BibRecord
from catalog_sync.remembering import remembering
from catalog_sync.tables import rows
from catalog_sync.text import fold, repair_year
from catalog_sync.text_ru import fold as words_of

FICTION = "художественная литература"
OTHER_KIND = "другое издание"
EARLIEST_YEAR, LATEST_YEAR = 1450, 2100  # before printing, or a typing slip («21017»)
LOWEST_GRADE, HIGHEST_GRADE = 1, 11


@dataclass(frozen=True, slots=True)
class DocumentFacets:
    """`kind` is of document_kinds.tsv, `grades` are classes 1..11, `bbk` is an index of bbk_tree.tsv ("" = none)."""

    kind: str = OTHER_KIND
    grades: tuple[int, ...] = ()
    subjects: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    year: int | None = None
    bbk: str = ""

    @property
    def decade(self) -> int | None:
        return None if self.year is None else self.year // 10 * 10


def facets(bib: BibRecord) -> DocumentFacets:
    """Facets of a record, from wherever cataloguers typed them. Never raises."""
    kind = document_kind(bib)
    grades = school_grades(bib)
    subjects = school_subjects(bib, kind, grades)
    return DocumentFacets(kind, grades, subjects, language_names(bib), year(bib), bbk_top(bib))


# --- Kind of document ------------------------------------------------------------------------------------------------


@cache
def _kinds() -> list[tuple[str, _Starts]]:
    return [(r["kind"], _Starts(r["words"])) for r in rows("document_kinds.tsv")]


class _Starts:
    """«рабоч тетрад|ким$» → words beginning so, one after another; `$` closes a word."""

    def __init__(self, variants: str) -> None:
        built, self._first = [], []
        for variant in variants.split("|"):
            words = [(fold(w.rstrip("$")), r"\b" if w.endswith("$") else r"\w*") for w in variant.split()]
            built.append(r"\W+".join([re.escape(word) + end for word, end in words]))
            self._first.append(words[0][0])
        pattern = re.compile(rf"(?<!\w)(?:{'|'.join(built)})")
        self._search, self.begins = pattern.search, pattern.match

    def search(self, text: str) -> re.Match[str] | None:
        """Most texts have none of the words, which a plain look tells many times quicker than the pattern."""
        for word in self._first:
            if word in text:
                return self._search(text)
        return None


def _texts(bib: BibRecord, *fields: str) -> list[str]:
    found: list[str] = []
    for name in fields:
        value = getattr(bib, name)
        if isinstance(value, str):
            found.append(value)
        elif name == "parts":
            found += [f"{p.number} {p.title}" for p in value]
        else:
            found += value
    return found


def kind_words(bib: BibRecord, *fields: str) -> tuple[str, str]:
    """The kind named in these fields, and the words that name it; ("", "") where none does. Earlier lines win."""
    return _kind_in(fold(" ; ".join([t for t in _texts(bib, *fields) if t])))


@remembering
def _kind_in(text: str) -> tuple[str, str]:
    for kind, pattern in _kinds():
        found = pattern.search(text)
        if found:
            return kind, found[0]
    return "", ""


def stated_kind(bib: BibRecord) -> str:
    """The kind in the record's own words, "" where it has none."""
    return kind_words(bib, "subtitle", "genres")[0] or kind_words(bib, "title", "parts")[0]


def is_about_method(kind: str) -> bool:
    return kind == "методическое пособие"


_FICTION_INDEX = re.compile(r"^(84|ш6)", re.IGNORECASE)
_SCHOOL_INDEX = re.compile(r"я72")


def document_kind(bib: BibRecord) -> str:
    """One word of document_kinds.tsv, or fiction, or OTHER_KIND."""
    in_subtitle = kind_words(bib, "subtitle", "genres")[0]
    if in_subtitle:
        return in_subtitle
    if any(_FICTION_INDEX.match(i.strip()) for i in bib.bbk):
        return FICTION
    in_title = kind_words(bib, "title", "parts")[0]
    if in_title:
        return in_title
    by_signs = _coded_kind(bib) or (genre_words(bib) and FICTION)
    return by_signs or ("учебник" if is_named_after_lesson(bib) else OTHER_KIND)


def _coded_kind(bib: BibRecord) -> str:
    """What codes and classification say where words are silent; "" where they are silent too."""
    unimarc = bib.dialect.is_unimarc_family
    if (unimarc and "j" in bib.coded_form) or any(_SCHOOL_INDEX.search(i.lower()) for i in bib.bbk):
        return "учебник"
    if any(i.startswith("373.167.1") for i in bib.udc) or (school_grades(bib) and any("я7" in i for i in bib.bbk)):
        return "учебник"
    if bib.literary_form.strip()[:1] in (set("abdfg") if unimarc else set("1cdfhjmp")):
        return FICTION
    return ""


_GENRES = re.compile(
    r"(?<!\w)(роман|повесть|повести|рассказы?|стихи|стихотворени[ея]|поэма|сказк[аи]|пьеса|драма|комедия|басни"
    r"|повесть-сказка|новеллы|фантастика|детектив|приключения)(?!\w)"
)
_LITERATURE_UDC = re.compile(r"^82(?!.*\.09)")  # 82.09 и 821….09 – критика и литературоведение


def genre_words(bib: BibRecord) -> str:
    """The literary genre named beside the title («повесть», «роман в стихах»), or УДК of literature; else ""."""
    found = _GENRES.search(fold(" ; ".join((bib.subtitle, *bib.genres))))
    if found:
        return found[0]
    if school_grades(bib):
        return ""
    return next((f"УДК {i}" for i in bib.udc if _LITERATURE_UDC.match(i.strip())), "")


def is_named_after_lesson(bib: BibRecord) -> bool:
    """Whether the title begins with a school subject, a class is named and no kind of document is."""
    if not school_grades(bib) or stated_kind(bib):
        return False
    folded = fold(bib.title).lstrip('"')
    return any(s.title.begins(folded) for s in _subjects())


# --- Class (grade) ---------------------------------------------------------------------------------------------------

_DASH = r"\s*[-–—]\s*"
_NUMBER = r"(?:1[01]|[1-9])"
_ORDINAL = r"(?:-?(?:й|ый|ий|го|ого|м|ом|е|х|ых))?"
_CLASS = r"кл(?:асс(?:а|у|ом|е|ы|ов|ам|ами|ах)?)?\b"
# At most the eleven classes there are: «9-9-9-…» is a damaged field, and would be read to its end from each number.
_GRADE = re.compile(
    rf"(?<![\d.])({_NUMBER}){_ORDINAL}(?:(?:{_DASH}|\s*,\s*|\s+и\s+)({_NUMBER}){_ORDINAL}){{0,10}}\s*\(?{_CLASS}"
)
_GRADE_AFTER = re.compile(rf"\bкласс(?:ы)?\s*[:№]?\s*({_NUMBER})(?:{_DASH}({_NUMBER}))?(?!\d)")
_RANGE = re.compile(rf"({_NUMBER}){_ORDINAL}\s*-\s*({_NUMBER})")
_ONE = re.compile(rf"(?<!\d)({_NUMBER})(?!\d)")
_ORDINAL_WORDS = {"перв": 1, "втор": 2, "трет": 3, "четверт": 4, "пят": 5, "шест": 6, "седьм": 7, "восьм": 8,
                  "девят": 9, "десят": 10, "одиннадцат": 11}  # fmt: skip
_WORDED = re.compile(rf"\b({'|'.join(_ORDINAL_WORDS)})\w*\s+{_CLASS}")


def school_grades(bib: BibRecord) -> tuple[int, ...]:
    """Classes a record is for, 1..11, wherever typed: title, subtitle, parts, host, edition, audience, notes."""
    hosts = " ; ".join(h.title for h in bib.hosts)
    text = " ; ".join(_texts(bib, "title", "subtitle", "parts")) + " ; " + hosts
    return grades_in(text) or grades_in(" ; ".join((bib.audience, bib.edition, *bib.notes)))


_ROMANS = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10, "xi": 11}
_CYRILLIC_ROMAN = str.maketrans("хіу", "xiv")  # «Х класс» is typed with the Russian letter as often
_ROMAN = r"(?<!\w)(?:[xх][iі]|[iі][xх]|iv|vi{0,3}|i{1,3}|[xх])(?=кл|\W|$)"
_ROMAN_GRADES = re.compile(
    rf"({_ROMAN}{_ORDINAL}(?:(?:{_DASH}|\s*,\s*|\s+и\s+){_ROMAN}{_ORDINAL}){{0,10}})\s*-?\s*{_CLASS}"
)


@lru_cache(maxsize=1 << 13)
def grades_in(text: str) -> tuple[int, ...]:
    """«5–6 кл.» → (5, 6); «для 5 и 6 классов» → (5, 6); «пятый класс» → (5,); a text without classes → ()."""
    folded = _ROMAN_GRADES.sub(lambda m: f"{_in_figures(m[1])} класс", fold(text))
    found: set[int] = set()
    for match in (*_GRADE.finditer(folded), *_GRADE_AFTER.finditer(folded)):
        for low, high in _RANGE.findall(match[0]):
            found.update(range(int(low), int(high) + 1))
        found.update(int(n) for n in _ONE.findall(match[0]))
    found.update(_ORDINAL_WORDS[m[1]] for m in _WORDED.finditer(folded))
    return tuple(sorted(found))


def _in_figures(romans: str) -> str:
    """«x-xi» → «10-11»."""
    return re.sub(_ROMAN, lambda m: str(_ROMANS[m[0].translate(_CYRILLIC_ROMAN)]), romans)


# --- School subject --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Subject:
    name: str
    title: _Starts
    udc: tuple[str, ...]
    bbk: tuple[str, ...]


@cache
def _subjects() -> list[_Subject]:
    return [
        _Subject(r["subject"], _Starts(r["title"]), _split(r.get("udc", "")), _split(r.get("bbk", "").lower()))
        for r in rows("school_subjects.tsv")
    ]


def _split(cell: str) -> tuple[str, ...]:
    return tuple(v for v in cell.split("|") if v)


_UDC_SCHOOL = re.compile(r"^37[23](?:\.\d+)*[.:\s(]*")


def school_subjects(bib: BibRecord, kind: str, grades: tuple[int, ...]) -> tuple[str, ...]:
    """School subjects of a book for lessons; () for fiction and general books, whatever words their titles have."""
    udc = [_UDC_SCHOOL.sub("", u) for u in bib.udc if u.startswith(("373.167.1", "372"))]
    bbk = [b.lower() for b in bib.bbk if "я7" in b.lower()]
    if not (udc or bbk or grades or kind not in (FICTION, OTHER_KIND)):
        return ()
    by_title = _subject_by_title(fold(" ; ".join(_texts(bib, "title"))))
    by_title = by_title or _subject_by_title(fold(" ; ".join((bib.subtitle, *(h.title for h in bib.hosts)))))
    if by_title:
        return (by_title,)
    found = _by_longest(udc, lambda s: s.udc) or _by_longest(bbk, lambda s: s.bbk)
    return (found,) if found else ()


def _subject_by_title(text: str) -> str:
    return next((s.name for s in _subjects() if s.title.search(text)), "") if text else ""


def _by_longest(indexes: list[str], prefixes: Callable[[_Subject], tuple[str, ...]]) -> str:
    """The subject with the longest index that begins one of these."""
    best, name = 0, ""
    for subject in _subjects():
        for prefix in prefixes(subject):
            if len(prefix) > best and any(i.startswith(prefix) for i in indexes):
                best, name = len(prefix), subject.name
    return name


def all_subjects() -> tuple[str, ...]:
    """Every school subject known, in the table's order."""
    return tuple(s.name for s in _subjects())


# --- Language, year, ББК ---------------------------------------------------------------------------------------------


@cache
def _languages() -> dict[str, str]:
    names: dict[str, str] = {}
    for row in rows("languages.tsv"):
        for code in (row["code"], *_split(row.get("also", ""))):
            names[code] = row["name"]
    return names


def language_name(code: str) -> str:
    """«rus» → «русский»; an unknown code is shown as typed, «und» is ""."""
    typed = code.strip().lower()
    return _languages().get(typed, typed if 2 <= len(typed) <= 3 and typed.isalpha() else "")


def language_names(bib: BibRecord) -> tuple[str, ...]:
    return tuple(dict.fromkeys(n for n in map(language_name, bib.languages) if n))


_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d)(?!\d)")


def year(bib: BibRecord) -> int | None:
    """Year of publication: as on the title page, else as coded; None where neither has a plausible one."""
    for text in (bib.year_text, bib.year_coded):
        found = _YEAR.search(repair_year(text))
        if found and EARLIEST_YEAR <= int(found[0]) <= LATEST_YEAR:
            return int(found[0])
    return None


@cache
def bbk_tree() -> tuple[tuple[str, str, str], ...]:
    """(index, parent, name) of the upper divisions, in shelf order."""
    return tuple((r["index"], r.get("parent", ""), r.get("name", "")) for r in rows("bbk_tree.tsv"))


@cache
def _bbk_prefixes() -> tuple[tuple[str, str], ...]:
    pairs = []
    for row in rows("bbk_tree.tsv"):
        pairs.append((row["index"], row["index"]))
        pairs += [(letters.lower(), row["index"]) for letters in _split(row.get("letters", ""))]
    return tuple(sorted(pairs, key=lambda p: -len(p[0])))


def bbk_top(bib: BibRecord) -> str:
    """The deepest division of bbk_tree.tsv the record's first understandable index belongs to."""
    for index in bib.bbk:
        text = words_of(index[:1]) + index[1:].lower() if index else ""
        if text[:2].isalpha():  # «сбо-1»: a shelf mark, indexes go on with a number
            continue
        for prefix, division in _bbk_prefixes():
            if text.startswith(prefix):
                return division
    return ""


@lru_cache(maxsize=4096)
def bbk_path(division: str) -> tuple[str, ...]:
    """A division with everything above it, top first: «22.1» → («2», «22», «22.1»)."""
    parents = {index: parent for index, parent, _ in bbk_tree()}
    path = [division] if division in parents else []
    while path and parents[path[0]]:
        path.insert(0, parents[path[0]])
    return tuple(path)
