"""What one record says that tells editions apart: a small value, computed from the record alone and stored with it."""

from __future__ import annotations

import json
import re
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from typing import Any

import msgspec

from catalog_sync.matching import monographs, names
from catalog_sync.matching.discriminators import (
    EDGE,
    MAX_GRADE,
    Grade,
    bare_edition,
    bare_part,
    parts_in_extent,
    revision,
    take_edition,
    take_form,
    take_grade,
    take_level,
    take_parts,
    take_total,
)
from catalog_sync.matching.kinds import take_kind
from catalog_sync.matching.monographs import Monograph
from catalog_sync.matching.names import Name
from catalog_sync.matching.numerals import ORDINAL, SUFFIX
from catalog_sync.matching.publishers import all_houses
from catalog_sync.matching.spelling import repair_vocabulary
from catalog_sync.matching.subjects import SUBJECTS
from catalog_sync.matching.titles import bare_title, is_romanised, leading_names, take_alternative, take_genre
from catalog_sync.model import BibRecord, Isbn
from catalog_sync.text import fold, read_romanised

FEATURES_VERSION = 6  # raise with every change of what `extract` gives: stored features are then computed anew


@dataclass(frozen=True, slots=True)
class Features:
    """Discriminators of one description. Empty (or 0, None) always means «not said», never «no».

    Texts are folded; `title` and `subtitle` are without the words that became kind, grade, part, level, form.
    """

    title: tuple[str, ...] = ()  # words; an abbreviated one keeps its point: ("рус.", "язык")
    subtitle: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()  # numbers left in title: «ОГЭ-2018» → ("2018",)
    subtitle_numbers: tuple[str, ...] = ()
    alternative: tuple[str, ...] = ()  # «…, или Туда и обратно», not part of `title`
    host: tuple[str, ...] = ()  # title of the set or journal this is a part of
    authors: tuple[Name, ...] = ()
    and_others: bool = False
    compilers: tuple[Name, ...] = ()
    translators: tuple[Name, ...] = ()
    kind: str = ""
    form: str = ""
    grade: Grade | None = None
    parts: tuple[tuple[str, int, int], ...] = ()  # (label, first, last), sorted
    parts_total: int = 0  # «в 2 ч.»
    is_set: bool = False  # describes all parts at once
    level: str = ""
    houses: tuple[str, ...] = ()
    years: tuple[int, ...] = ()  # usually one; two where typed and coded years disagree
    edition: int = 0
    revision: str = ""
    pages: int = 0
    size: int = 0
    isbns: tuple[str, ...] = ()  # ISBN-13 that may be this very book's
    shared_isbns: tuple[str, ...] = ()  # of the set: from 461, or marked (общ.)
    issns: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    analytic: bool = False  # an article or other part described apart
    serial: bool = False
    monograph: Monograph | None = None  # a description in Latin letters without ISBN is compared by other rules

    def pack(self) -> bytes:
        """The value as bytes for the store; `unpack` gives it back equal."""
        values = [getattr(self, name) for name in _NAMES]
        values[-1] = astuple(self.monograph) if self.monograph else None
        while values and values[-1] in _EMPTY:
            values.pop()
        return json.dumps([FEATURES_VERSION, *values], ensure_ascii=False, separators=(",", ":")).encode()

    @staticmethod
    def is_current(data: bytes) -> bool:
        """Whether packed features are of this version."""
        return data.startswith(_CURRENT)

    @classmethod
    def unpack(cls, data: bytes) -> Features:
        """Raises ValueError where the bytes are of another FEATURES_VERSION."""
        if not cls.is_current(data):
            raise ValueError(f"features of version {data[1:9].split(b',')[0].decode()}, expected {FEATURES_VERSION}")
        values: list[Any] = _decoder.decode(data)[1:]
        if len(values) == len(_NAMES):
            values[-1] = Monograph(*values[-1])
        return cls(*values)


_CURRENT = (f"[{FEATURES_VERSION},".encode(), f"[{FEATURES_VERSION}]".encode())
_NAMES = tuple(f.name for f in fields(Features))
_EMPTY: tuple[object, ...] = ((), "", 0, False, None)


# Lists of JSON as tuples, three deep: a night unpacks a hundred features for every description that changed.
_Plain = str | int | bool | None
_decoder = msgspec.json.Decoder(list[_Plain | tuple[_Plain | tuple[_Plain | tuple[_Plain, ...], ...], ...]])


# --- Extraction ------------------------------------------------------------------------------------------------------

_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_PAGES_MARK = re.compile(r"(?<![^\W\d_])(?:с(?:тр)?(?![^\W\d_])|p(?:p|ages|\.)?(?![^\W\d_]))")
_PAGED = re.compile(r"\W*(?:[ivxlc]+[\W_]+)?\d[\d\s,\[\]]*(?:с(?:тр\w*)?|p(?:p|ages)?)(?![^\W\d_])")
_INTEGER = re.compile(r"\d{1,4}")
_SIZE = re.compile(r"(\d{1,2})(?:\s?[xх×]\s?\d+)?\s*(?:см|cm)")
_SHARED = re.compile(r"общ|set|компл|в\s?\d\s?ч")
_SERIAL_LEVELS = "si"
_ANALYTIC_LEVELS = "ab"
_LAST_PART = re.compile(
    rf"(?<=[.;,\]–—-]\s)(?:ч|часть|т|том|кн|книга|вып|выпуск)\.?\s?(?:\d+{SUFFIX}|[ivx]+|{ORDINAL})\W*$"
)
# Notes that ГОСТ 7.82 and ГОСТ Р 7.0.100 ask for on electronic resources alone.
_SCREEN_NOTE = re.compile(r"систем\w*\.? треб|загл\w*\.? с (?:титул\w*\.? )?экрана|электрон\w* (?:версия|копия) печатн")
SHORT_NOTE = 40  # characters: longer notes tell of other things, too
_DISC = re.compile(r"^\W*\d+ (?:(sound|audio|аудио|зв\w*|грампл|mp3)|электрон|эл\.|cd|dvd|компакт|опт)")
_FORM_BY_TYPE = {"i": "audio", "j": "audio", "g": "video"}


def extract(bib: BibRecord) -> Features:
    """Features of one record: a function of the record alone."""
    zone = _Zone(bib)
    houses, years = all_houses(bib.publishers), _years(bib)
    own, shared = _isbns(bib.isbns)
    return Features(
        title=zone.title,
        subtitle=zone.subtitle,
        numbers=zone.numbers,
        subtitle_numbers=zone.subtitle_numbers,
        alternative=zone.alternative,
        host=zone.host,
        authors=zone.authors,
        and_others=zone.and_others,
        compilers=tuple(names.authors_of(bib.agents, "compiler")),
        translators=zone.translators,
        kind=zone.kind,
        form=zone.form or _form_of_carrier(bib),
        grade=zone.grade,
        parts=zone.parts,
        parts_total=zone.parts_total,
        is_set=zone.is_set,
        level=zone.level,
        houses=houses,
        years=years,
        edition=zone.edition,
        revision=zone.revision,
        pages=_pages(bib.extent),
        size=_size(bib.size or bib.extent),
        isbns=own,
        shared_isbns=shared,
        issns=tuple(sorted(set(filter(None, (re.sub(r"[^\dXx]", "", i) for i in bib.issns))))),
        languages=tuple(sorted({x.lower()[:3] for x in bib.languages if len(x) == 3})),
        series=tuple(sorted({" ".join(fold(s.title).split()) for s in bib.series if s.title})),
        analytic=bib.carrier.leader_level in _ANALYTIC_LEVELS and bool(bib.carrier.leader_level),
        serial=bib.carrier.leader_level in _SERIAL_LEVELS and bool(bib.carrier.leader_level),
        monograph=monographs.read(bib),
    )


class _Zone:
    """The title area read once: discriminators are taken out in a fixed order, what is left is title and subtitle."""

    authors: tuple[Name, ...]
    title: tuple[str, ...]

    def __init__(self, bib: BibRecord) -> None:
        self.parts_found: dict[str, tuple[int, int]] = {}
        title, host = _title_and_host(bib)
        text = EDGE.join((title, bib.subtitle, _part_text(bib), bib.carrier.gmd, bib.edition))
        segments = [fold(segment) for segment in text.split(EDGE)]
        romanised = is_romanised(" ".join(segments[:4]))
        folded = EDGE.join(repair_vocabulary(read_romanised(s) if romanised and s.isascii() else s) for s in segments)
        self._people(bib, romanised)
        folded, typed = leading_names(folded, self.authors)
        self.authors = self.authors or typed
        self.edition, self.revision, folded = take_edition(folded)
        self.edition = self.edition or bare_edition(fold(bib.edition))
        self.form, folded = take_form(folded, paged=_is_paged(bib.extent))
        self.level, folded = take_level(folded)
        self.grade, folded = take_grade(folded)
        self.parts_total, folded = take_total(folded)
        found, folded = take_parts(folded)
        found = found or self._after_responsibility(bib)
        self._parts(bib, found)
        self.kind, folded = take_kind(folded)
        self._words(folded)
        self.host = bare_title(take_grade(fold(host))[1])[0] if host else ()
        if self.host == self.title:
            self.host = ()
        self._look_elsewhere(bib)
        self._number_of_class()

    def _people(self, bib: BibRecord, romanised: bool) -> None:
        statement = fold(bib.responsibility)
        statement = read_romanised(statement) if romanised and statement.isascii() else statement
        stated, translated, helping, self.and_others = names.in_statement(statement)
        written = [*stated, *names.in_full(bib.responsibility)]
        self.authors = _distinct(names.authors_of(bib.agents, others=written) + written)
        self.translators = _distinct(names.authors_of(bib.agents, "translator") + list(translated))
        others = (*self.translators, *helping)
        self.authors = tuple(a for a in self.authors if not any(names.same_name(a, other) for other in others))

    def _parts(self, bib: BibRecord, found: dict[str, tuple[int, int]]) -> None:
        for part in bib.parts:
            number = bare_part(fold(part.number))
            if number and not found:
                found[""] = (number, number)
        ranges = {label for label, (first, last) in found.items() if last > first}
        in_extent = parts_in_extent(fold(bib.extent))
        self.parts_total = self.parts_total or in_extent
        whole = any(found[label] == (1, self.parts_total) for label in ranges) if self.parts_total else bool(ranges)
        if whole and "н" not in found:
            found = {label: span for label, span in found.items() if label not in ranges}
        self.parts = tuple(sorted((label, first, last) for label, (first, last) in found.items()))
        own, shared = _isbns(bib.isbns)  # who names an ISBN of its own beside the set's has one part in hand
        counted = bool(_pages(bib.extent) or (own and shared) or whole or in_extent)
        self.bare_total = self.parts_total > 0 and not counted
        self.is_set = not self.parts and (whole or bool(in_extent) or self.bare_total)

    def _words(self, folded: str) -> None:
        title, *rest = folded.split(EDGE)
        head, _, tail = title.partition(" : ")
        alternative, head = take_alternative(head)
        genre, head = take_genre(head)
        tail = f"{genre} | {tail}"
        self.alternative = bare_title(alternative)[0]
        words, numbers = bare_title(head)
        if not words and not numbers:
            words, numbers, tail = *bare_title(tail), ""
        if not words and not numbers:  # the whole title was «Тренажёр» or «5 класс»: then these words are the title
            words, numbers, rest = *bare_title(rest[0]), ["", *rest[1:]]
        self.title, self.numbers = words or (() if numbers else (self.kind,) * bool(self.kind)), numbers
        if any(label == "н" for label, _, _ in self.parts):  # «2017, № 5»: the volume's year, not a number of its own
            self.numbers = tuple(n for n in self.numbers if not _YEAR.fullmatch(n))
        self.subtitle, numbers = bare_title(" | ".join((tail, rest[0], rest[1])))
        self.subtitle_numbers = tuple(n for n in numbers if not _YEAR.fullmatch(n))

    def _after_responsibility(self, bib: BibRecord) -> dict[str, tuple[int, int]]:
        """«… / А. Дюма ; пер. с фр. Т. 1»: part and edition typed after the statement, as on a card."""
        if not bib.responsibility:
            return {}
        text = fold(bib.responsibility)
        if not self.edition:
            self.edition, self.revision, text = take_edition(text)
        last = _LAST_PART.search(text)
        return take_parts(last[0])[0] if last else {}

    def _number_of_class(self) -> None:
        """«Физика-9» is the ninth class; in «Spotlight 6. 6 класс» the number says the class once more."""
        if self.grade is None and len(self.numbers) == 1 and len(self.title) == 1:
            number = int(self.numbers[0])
            if 1 <= number <= MAX_GRADE and self.title[0].rstrip(".") in SUBJECTS:
                self.grade, self.numbers = (number, number), ()
        elif self.grade and self.numbers == (str(self.grade[0]),):
            self.numbers = ()

    def _look_elsewhere(self, bib: BibRecord) -> None:
        """Class and level from the audience, keywords and notes, where the title area is silent."""
        places = [bib.audience, *bib.keywords, *bib.notes]
        if self.grade is None:
            self.grade = next((g for g, _ in (take_grade(fold(t)) for t in places if "л" in t or "Л" in t) if g), None)
        if not self.level:
            self.level = next((v for v, _ in (take_level(fold(t)) for t in places if "уров" in t.lower()) if v), "")
        if self.form in ("", "print"):  # «[Текст]» stands on large print, too
            notes = [fold(t) for t in bib.notes]
            self.form = next((v for v, _ in map(take_form, notes) if v in ("large", "braille")), self.form)
            if not self.form and any(_SCREEN_NOTE.search(note) for note in notes):
                self.form = "electronic"
        if not self.revision:
            self.revision = revision(fold(bib.edition))
        for note in (*bib.notes, *bib.genres):
            if len(note) <= SHORT_NOTE:
                self._short_note(fold(note))

    def _short_note(self, note: str) -> None:
        """A note that is nothing but «Ч. 2», «3-е изд.» or «Рабочая тетрадь» says it as the title area would."""
        found, rest = take_parts(note)
        if found and not self.parts and (not self.is_set or self.bare_total) and _says_nothing(rest):
            self.parts = tuple(sorted((label, first, last) for label, (first, last) in found.items()))
            self.is_set = False
        number, revised, rest = take_edition(note)
        if number and not self.edition and _says_nothing(rest):
            self.edition, self.revision = number, revised
        kind, rest = take_kind(note)
        if kind and not self.kind and _says_nothing(rest):
            self.kind = kind


def _says_nothing(rest: str) -> bool:
    return not any(c.isalnum() for c in rest)


def _title_and_host(bib: BibRecord) -> tuple[str, str]:
    """The title of the work, and of its set; where the own title is only «Ч. 2», the set's is the title."""
    host = next((h for h in bib.hosts if h.title), None)
    if host is None:
        return bib.title, ""
    left = take_parts(fold(bib.title))[1] if not bare_part(fold(bib.title)) else ""
    if not any(c.isalpha() for c in left):
        return f"{host.title}{EDGE}{bib.title}".replace(EDGE, " . "), ""
    return bib.title, host.title


def _part_text(bib: BibRecord) -> str:
    return " . ".join(f"{p.number} . {p.title}" for p in bib.parts)


def _distinct(found: list[Name]) -> tuple[Name, ...]:
    """Names without repetition; of two that can be one person the fuller stays, in a fixed order after the first."""
    kept: list[Name] = []
    for name in found:
        twin = next((k for k in kept if names.same_name(k, name)), None)
        if twin is None:
            kept.append(name)
        elif len(name[1]) > len(twin[1]):
            kept[kept.index(twin)] = name
    return tuple(kept)


def _years(bib: BibRecord) -> tuple[int, ...]:
    """The year typed in 210$d / 260$c and the coded one; one hidden in the publisher's subfield is the last resort."""
    typed, coded = _YEAR.search(bib.year_text), _YEAR.fullmatch(bib.year_coded)
    years = {int(found[1]) for found in (typed, coded) if found}
    if not years:
        hidden = next((f for p in bib.publishers if (f := re.search(r",\s*((?:19|20)\d\d)\s?г?\.?\s*$", p))), None)
        years = {int(hidden[1])} if hidden else set()
    return tuple(sorted(years))


@lru_cache(maxsize=1 << 14)
def _pages(typed: str) -> int:
    """Pages of the main numbering: «104, [1] с.» → 104, «xii, 284 p.» → 284; 0 for «2 т.» and unknown."""
    extent = fold(typed)
    if parts_in_extent(extent):
        return 0
    extent = extent.replace("[", " [").split(":")[0]
    mark = _PAGES_MARK.search(extent)
    before = re.sub(r"\[[^\]]*\]?", " ", extent[: mark.start()] if mark else extent)
    found = [int(n) for n in _INTEGER.findall(before)] or [int(n) for n in _INTEGER.findall(extent[:30])]
    return max(found, default=0)


@lru_cache(maxsize=1 << 14)
def _is_paged(extent: str) -> bool:
    """«XII, 160 с.», not «1 CD (160 с.)» nor «1 электрон. опт. диск»."""
    return bool(_PAGED.match(fold(extent)))


@lru_cache(maxsize=1 << 14)
def _size(text: str) -> int:
    found = _SIZE.search(text)
    return int(found[1]) if found else 0


def _isbns(isbns: tuple[Isbn, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(own, shared): an ISBN marked (общ.) or taken from 461 belongs to the set; a wrong check digit is no ISBN."""
    shared = {i.normal for i in isbns if i.normal and (i.of_host or _SHARED.search(fold(i.qualifier)))}
    own = {i.normal for i in isbns if i.normal and not i.erroneous} - shared
    return tuple(sorted(own)), tuple(sorted(shared))


def _form_of_carrier(bib: BibRecord) -> str:
    """Form by coded values (leader/06, 182$a, 106$a, 008/23) where the title area doesn't say it.

    A link (856) is no sign: on a description of a printed book it leads to a scan (DESIGN.md §5).
    """
    signs = bib.carrier
    if signs.leader_type in _FORM_BY_TYPE:
        return _FORM_BY_TYPE[signs.leader_type]
    if carried := _DISC.search(fold(bib.extent)):
        return "audio" if carried[1] else "electronic"
    described = fold(f"{signs.access} {signs.content} {signs.media}")
    if "тактил" in described:
        return "braille"
    if "электрон" in described:
        return "electronic"
    russian = bib.dialect.is_unimarc_family
    if signs.leader_type == ("l" if russian else "m") or signs.form in ("s", "o", "q") or signs.media in ("b", "c"):
        if signs.media == "c" and russian:
            return "micro"
        return "electronic"
    if signs.form == "f":
        return "braille"
    return {"d": "large"}.get(signs.form, "")
