"""The title area of a description by segments: each reader takes its words out, what is left is title and subtitle.

A district types the same few thousand titles and subtitles again and again, and no pattern reaches over the edge of a
segment: so each reader remembers what it found in a text, and a description costs little more than looking that up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from catalog_sync.matching.discriminators import (
    CLASS_FIRST,
    EDGE,
    Grade,
    Spans,
    first_form,
    grades_in,
    may_say_grade,
    may_say_level,
    segment_forms,
    segment_level,
    segment_parts,
    take_edition,
    take_total,
    without_grade,
)
from catalog_sync.matching.kinds import take_kind
from catalog_sync.matching.titles import bare_title, take_alternative, take_genre


class Area:
    """Folded segments (title, subtitle, parts, gmd, edition …), from which one reader after the other takes its words.

    The outcome is that of the readers of `discriminators` over all segments joined by EDGE.
    """

    def __init__(self, segments: list[str]) -> None:
        self.segments = segments
        self.counts: dict[str, int] = {}  # label → number of «2 ч.», which may be how many there are

    def _said(self) -> list[tuple[int, str]]:
        """The segments that say anything, with their numbers: of five or six most are empty."""
        return [(n, text) for n, text in enumerate(self.segments) if text]

    def take_edition(self) -> tuple[int, str]:
        """Number and revision of the first edition statement, which alone is taken out."""
        for n, text in self._said():
            number, revised, rest = take_edition(text)
            if rest != text:
                self.segments[n] = rest
                return number, revised
        return 0, ""

    def take_form(self, *, paged: bool) -> str:
        found: list[frozenset[str]] = []
        for n, text in self._said():
            forms, self.segments[n] = segment_forms(text, paged)
            if forms:
                found.append(forms)
        return first_form(found) if found else ""

    def take_level(self) -> str:
        if not may_say_level(EDGE.join(self.segments)):
            return ""
        found = ""
        for n, text in self._said():
            level, self.segments[n] = segment_level(text)
            found = found or level
        return found

    def take_grade(self) -> Grade | None:
        if not may_say_grade(EDGE.join(self.segments)):
            return None
        said = self._said()
        read = [found for _, text in said if (found := grades_in(text))]
        if not read:
            return None
        pattern, grade = read[0] if len(read) == 1 else min(read, key=lambda found: found[0])  # the first of equals
        for n, text in said:
            self.segments[n] = without_grade(text, pattern)
        return grade

    def take_total(self) -> tuple[int, bool]:
        """How many parts the first «в 2 ч.» says, and whether they are all described; all are taken out."""
        found, whole = 0, False
        for n, text in self._said():
            total, said_whole, self.segments[n] = take_total(text)
            found, whole = found or total, whole or said_whole
        return found, whole

    def take_parts(self) -> Spans:
        read = []
        following = [*self.segments[1:], ""]
        for n, text in self._said():
            after = following[n]
            before_class = after.lstrip()[:1] in ("к", "k") and bool(CLASS_FIRST.match(after))
            spans, self.segments[n] = segment_parts(text, before_class)
            if spans:
                read.append(spans)
        found: Spans = {}
        if read:
            for kind in range(4):  # numbered notebooks, «ч. 2», «2-я часть», «2 ч.»
                for spans in read:
                    for label, first, last in spans[kind]:
                        found.setdefault(label, (first, last))
            self.counts = {label: last for spans in read for label, _, last in spans[3]}
        return found

    def take_kind(self) -> str:
        found = ""
        for n, text in self._said():
            kind, self.segments[n] = take_kind(text)
            found = found or kind
        return found


@dataclass(frozen=True, slots=True)
class Title:
    """What is left of the title proper: words and numbers, and the texts that are told of beside it."""

    words: tuple[str, ...]
    numbers: tuple[str, ...]
    alternative: tuple[str, ...]
    tail: str  # genre and what follows « : »: it belongs to the subtitle


@lru_cache(maxsize=1 << 13)
def read_title(text: str) -> Title:
    """The first segment of an area, all discriminators taken out."""
    head, _, tail = text.partition(" : ")
    proper = head.partition(" = ")[0]  # what follows is the title in another language
    head = proper if any(map(str.isalpha, proper)) else head
    alternative, head = take_alternative(head)
    genre, head = take_genre(head)
    tail = f"{genre} | {tail}"
    words, numbers = bare_title(head)
    if not words and not numbers:
        words, numbers, tail = *bare_title(tail), ""
    return Title(words, numbers, bare_title(alternative)[0], tail)
