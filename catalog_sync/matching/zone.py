"""The title area of a record, and the places beside it where people type what belongs there, read once."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec.structs import replace

from catalog_sync.matching import names
from catalog_sync.matching.apart import Said, divide_statement, kind_of_headings, said_apart
from catalog_sync.matching.area import Area, read_title
from catalog_sync.matching.discriminators import (
    EDGE,
    MAX_GRADE,
    bare_edition,
    bare_part,
    part_of_any_label,
    parts_in_extent,
    revision,
    take_edition,
    take_form,
    take_grade,
    take_level,
    take_parts,
    take_total,
)
from catalog_sync.matching.extents import is_paged, pages, part_before
from catalog_sync.matching.lines import take_lines
from catalog_sync.matching.numerals import ORDINAL, SUFFIX, roman_as_figures
from catalog_sync.matching.publishers import all_houses, houses_of, known_ids
from catalog_sync.matching.spelling import repair_vocabulary
from catalog_sync.matching.subjects import is_subject
from catalog_sync.matching.titles import bare_title, is_english, is_romanised, leading_names, trailing_names
from catalog_sync.model import BibRecord, Isbn
from catalog_sync.text import fold, read_romanised, romanised_as_typed

_NUMBER_ALONE = re.compile(r"\s*(\d{1,2})(?:\s?-\s?(\d{1,2}))?[\s.]*")
_ENDS_IN_NUMBER = re.compile(r"[а-я]{3}\"?\s?-?\s?\d{1,2}[\s|.]*$")
YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_LAST_PART = re.compile(
    rf"(?<=[.;,\]–—-]\s)(?:ч|часть|т|том|кн|книга|вып|выпуск)\.?\s?(?:\d+{SUFFIX}|[ivx]+|{ORDINAL})\W*$"
)
# Notes that ГОСТ 7.82 and ГОСТ Р 7.0.100 ask for on electronic resources alone.
_SCREEN_NOTE = re.compile(r"систем\w*\.? треб|загл\w*\.? с (?:титул\w*\.? )?экрана|электрон\w* (?:версия|копия) печатн")


class Zone:
    """The title area read once: discriminators are taken out in a fixed order, what is left is title and subtitle."""

    title: tuple[str, ...]

    def __init__(self, bib: BibRecord, isbns: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
        title, host = _title_and_host(bib)
        title, edited = names.edited_by(title)
        typed = (title, bib.subtitle, _part_text(bib), bib.carrier.gmd, bib.edition)
        self.houses = houses_of(bib.publishers, bib.places)
        agents, responsibility = bib.agents, f"{bib.responsibility} ; {edited}" if edited else bib.responsibility
        segments = [fold(segment) for segment in typed]
        romanised = segments[0].isascii() and _is_romanised(bib, " ".join(segments[:4]), segments[4])
        if romanised:
            self.houses = houses_of(tuple(map(romanised_as_typed, bib.publishers)), bib.places)
            agents = tuple([replace(agent, name=romanised_as_typed(agent.name)) for agent in agents])
            responsibility = romanised_as_typed(responsibility)
        responsibility, behind = divide_statement(responsibility)
        segments.append(fold(behind))
        if romanised:
            segments = [read_romanised(roman_as_figures(s)) if s.isascii() else s for s in segments]
        area = Area([repair_vocabulary(s) if s else "" for s in segments])
        self.authors, self.translators, self.compilers, self.and_others = names.people(agents, responsibility)
        area.segments[0], before = leading_names(area.segments[0], self.authors)
        self.authors = self.authors or before
        self.edition, self.revision = area.take_edition()
        self.edition = self.edition or bare_edition(fold(bib.edition))
        self.form = area.take_form(paged=is_paged(bib.extent))
        self.level = area.take_level()
        self.grade = area.take_grade()
        self.parts_total, self.whole = area.take_total()
        found = area.take_parts() or self._after_responsibility(bib)
        self.counts = area.counts
        if not self.parts_total:
            self.parts_total = max((n for label, n in self.counts.items() if found[label][1] < n), default=0)
        self._parts(bib, found, isbns)
        self.kind = area.take_kind()
        self._words(area.segments)
        self.host = bare_title(take_total(take_grade(fold(host))[1])[2])[0] if host else ()
        if self.host == self.title:
            self.host = ()
        self._look_elsewhere(bib)
        self._number_of_class()

    def _parts(
        self, bib: BibRecord, found: dict[str, tuple[int, int]], isbns: tuple[tuple[str, ...], tuple[str, ...]]
    ) -> None:
        for part in bib.parts:
            typed = fold(part.number)
            if not found and (number := bare_part(typed) or part_of_any_label(typed)):
                found[""] = (number, number)
        in_extent = parts_in_extent(fold(bib.extent))
        self.parts_total = self.parts_total or in_extent
        marked = _parts_of_isbns(bib.isbns) if bib.isbns and not in_extent else ()
        if not found and len(marked) == 1 and len(isbns[0]) < 2:  # beside another it may be the set's list
            found = dict(marked[0])
        found = found or part_before(bib.extent)
        whole = self.whole
        if found:
            ranges = {label for label, (first, last) in found.items() if last > first}
            totals = {found[label][1] for label in ranges if found[label][0] == 1}
            whole = self.parts_total in totals if self.parts_total else bool(totals) and not pages(bib.extent)
            self.parts_total = self.parts_total or max(totals, default=0)
            if whole and "н" not in found:
                found = {label: span for label, span in found.items() if label not in ranges}
        self.parts = tuple(sorted((label, first, last) for label, (first, last) in found.items())) if found else ()
        own, shared = isbns  # who names an ISBN of its own beside the set's has one part in hand
        counted = bool(pages(bib.extent) or (own and shared and len(marked) < 2) or whole or in_extent)
        self.bare_total = self.parts_total > 0 and not counted
        self.is_set = not self.parts and (whole or bool(in_extent) or self.bare_total)

    def _words(self, segments: list[str]) -> None:
        first, *rest = segments
        self.lines, without = take_lines(first)
        if self.lines and any(c.isalpha() for c in without):  # «Гармония» may be a title
            first = without
        beside, rest[0] = take_lines(rest[0])
        self.lines += beside
        first, behind = trailing_names(first, self.authors)
        self.authors = self.authors or behind
        self.proper = first
        read = read_title(first)
        words, numbers, self.alternative = read.words, read.numbers, read.alternative
        if not words and not numbers:  # the whole title was «Тренажёр» or «5 класс»: then these words are the title
            words, numbers = bare_title(rest[0])
            rest[0] = ""
        self.title, self.numbers = words or (() if numbers else (self.kind,) * bool(self.kind)), numbers
        if any(label == "н" for label, _, _ in self.parts):  # «2017, № 5»: the volume's year, not a number of its own
            self.numbers = tuple(n for n in self.numbers if not YEAR.fullmatch(n))
        (a, x), (b, y), (c, z) = bare_title(read.tail), bare_title(rest[0]), bare_title(rest[1])
        self.subtitle, numbers = a + b + c, x + y + z
        self.alone = _numbers_alone(f"{read.tail} | {rest[0]}") if numbers else []
        self.subtitle_numbers = tuple([n for n in numbers if not YEAR.fullmatch(n)]) if numbers else ()

    def _after_responsibility(self, bib: BibRecord) -> dict[str, tuple[int, int]]:
        """«… / А. Дюма ; пер. с фр. Т. 1»: part and edition typed after the statement, as on a card."""
        if not bib.responsibility:
            return {}
        text = fold(bib.responsibility)
        if not self.edition:
            self.edition, self.revision, text = take_edition(text)
        last = _last_part(text)
        return take_parts(last)[0] if last else {}

    def _number_of_class(self) -> None:
        """«Физика-9» is the ninth class, and so is the number that ends the title of a school book; in «Spotlight 6.
        6 класс» the number says the class once more."""
        if self.grade is None and self.title:
            subject = is_subject(self.title)
            if self.numbers and (subject or self._ends_in_class()):
                if grade := _span(self.numbers):
                    self.grade, self.numbers = grade, ()
            elif subject and len(self.alone) == 1 and (grade := _span(self.alone[0])):  # «Математика : 4 : учебник»
                self.grade, self.subtitle_numbers = grade, ()
        elif self.grade and self.numbers == (str(self.grade[0]),):
            self.numbers = ()

    def _ends_in_class(self) -> bool:
        """«Индустриальные технологии - 6»; «Enjoy English 5» may be of the fifth year, for class 6."""
        return self.kind == "textbook" and bool(_ENDS_IN_NUMBER.search(self.proper))

    def _look_elsewhere(self, bib: BibRecord) -> None:
        """Class and level from the audience, keywords and notes, where the title area is silent."""
        headings = [fold(text) for text in (*bib.keywords, *bib.subjects)]
        notes = [fold(text) for text in (*bib.notes, *bib.genres)]
        audience = [fold(bib.audience)] if bib.audience else []
        beside = [(text, said) for text in (fold(series.title) for series in bib.series) if (said := said_apart(text))]
        self.series = _series(bib, {text for text, _ in beside}) or tuple(sorted(set(self.lines)))
        places = [*audience, *headings, *notes, *[text for text, _ in beside]]
        if self.grade is None:
            self.grade = next((grade for grade, _ in map(take_grade, places) if grade), None)
        if not self.level:
            self.level = next((level for level, _ in (take_level(text) for text in places) if level), "")
        if self.form in ("", "print"):  # «[Текст]» stands on large print, too
            self.form = next((v for v, _ in map(take_form, notes) if v in ("large", "braille")), self.form)
            if not self.form and any(_SCREEN_NOTE.search(note) for note in notes):
                self.form = "electronic"
        if not self.revision:
            self.revision = revision(fold(bib.edition))
        paged = is_paged(bib.extent)
        for said in filter(None, map(said_apart, (*notes, *audience))):
            self._take_note(said, paged)
        for _, said in beside:
            self._take_note(said, paged)
        self.kind = self.kind or kind_of_headings(headings)

    def _take_parts_beside(self, parts: tuple[tuple[str, int, int], ...]) -> None:
        """«Ч. 1» in a note or in the place of the series; «2 ч.» of the title is then how many there are."""
        if parts and not self.parts and (not self.is_set or self.bare_total):
            self.parts, self.is_set = parts, False
        elif len(self.parts) == len(parts) == 1 and not self.parts_total:
            (label, total, _), (beside, first, _) = self.parts[0], parts[0]
            if label == beside and first < total == self.counts.get(label):
                self.parts, self.parts_total = parts, total

    def _take_note(self, said: Said, paged: bool) -> None:
        """A note, or what stands in the place of the series, that is nothing but «Ч. 2», «3-е изд.» or «Рабочая
        тетрадь» says it as the title area would."""
        self._take_parts_beside(said.parts)
        if said.edition and not self.edition:
            self.edition, self.revision = said.edition, said.revision
        self.kind = self.kind or said.kind
        if not paged:  # beside pages «CD» or «аудиокурс» is what lies in the book's pocket
            self.form = self.form or said.form


@lru_cache(maxsize=1 << 13)
def _last_part(statement: str) -> str:
    found = _LAST_PART.search(statement)
    return found[0] if found else ""


def _title_and_host(bib: BibRecord) -> tuple[str, str]:
    """The title of the work, and of its set; where the own title is only «Ч. 2», the set's is the title."""
    host = next((h for h in bib.hosts if h.title), None) if bib.hosts else None
    if host is None:
        return bib.title, ""
    own = fold(bib.title)
    own = read_romanised(roman_as_figures(own)) if own.isascii() else own  # «chast' 2» of a set in Latin letters
    left = take_parts(own)[1] if not bare_part(own) else ""
    if not any(c.isalpha() for c in left):
        return f"{host.title}{EDGE}{bib.title}".replace(EDGE, " . "), ""
    return bib.title, host.title


def _is_romanised(bib: BibRecord, said: str, edition: str) -> bool:
    """Whether a folded description is Russian in Latin letters: by its words, or by the Russian house whose name stands
    in such letters, too, where nothing says that it is in another language."""
    if not said.isascii() or (bib.languages and "rus" not in bib.languages):
        return False
    if is_romanised(said) or is_romanised(edition):
        return True
    named = tuple([read for text in bib.publishers if (read := romanised_as_typed(text)) != text])
    return bool(named) and not is_english(said) and not known_ids().isdisjoint(all_houses(named))


def _part_text(bib: BibRecord) -> str:
    """Designations and titles of parts. A number alone («2») stays out: as a part it is read apart, and here it would
    be a number of the subtitle."""
    return " . ".join([f"{'' if bare_part(fold(p.number)) else p.number} . {p.title}" for p in bib.parts])


def _series(bib: BibRecord, designations: set[str]) -> tuple[str, ...]:
    """The series a record names, without «9 кл.» and the like that was typed in their place."""
    named = {" ".join(fold(s.title).split()) for s in bib.series if s.title} if bib.series else set()
    return tuple(sorted(named - designations))


def _parts_of_isbns(isbns: tuple[Isbn, ...]) -> tuple[tuple[tuple[str, tuple[int, int]], ...], ...]:
    """The parts that ISBNs are marked with: one, «(ч. 1)», is the part in hand; several are the contents of a set."""
    said = {i.qualifier for i in isbns if i.qualifier and not i.of_host}
    return tuple({tuple(sorted(found.items())) for found in map(_part_of_qualifier, said) if found})


@lru_cache(maxsize=1 << 12)
def _part_of_qualifier(qualifier: str) -> dict[str, tuple[int, int]]:
    return take_parts(fold(qualifier))[0]


def _numbers_alone(text: str) -> list[tuple[str, ...]]:
    """Pieces of a title area that are a number, or two with a dash, and nothing else."""
    found = map(_NUMBER_ALONE.fullmatch, re.split(r"[:|]", text))
    return [tuple(n for n in piece.groups() if n) for piece in found if piece]


def _span(numbers: tuple[str, ...]) -> tuple[int, int] | None:
    """Classes from one number or two that follow each other («Биология. 5-6»)."""
    first, last = int(numbers[0]), int(numbers[-1])
    fits = len(numbers) == 1 or (len(numbers) == 2 and first < last)
    return (first, last) if fits and 1 <= first <= last <= MAX_GRADE else None
