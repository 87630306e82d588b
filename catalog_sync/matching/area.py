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
from catalog_sync.matching.kinds import segment_kind
from catalog_sync.matching.titles import bare_title, take_alternative, take_genre


class Area:
    """Folded segments (title, subtitle, parts, gmd, edition …), from which one reader after the other takes its words.

    The outcome is that of the readers of `discriminators` over all segments joined by EDGE.
    """

    def __init__(self, segments: list[str]) -> None:
        self.segments = segments

    def take_edition(self) -> tuple[int, str]:
        """Number and revision of the first edition statement, which alone is taken out."""
        for n, text in enumerate(self.segments):
            number, revised, rest = take_edition(text)
            if rest != text:
                self.segments[n] = rest
                return number, revised
        return 0, ""

    def take_form(self, *, paged: bool) -> str:
        read = [segment_forms(text, paged) for text in self.segments]
        self.segments = [rest for _, rest in read]
        return first_form([forms for forms, _ in read])

    def take_level(self) -> str:
        if not may_say_level(EDGE.join(self.segments)):
            return ""
        read = [segment_level(text) for text in self.segments]
        self.segments = [rest for _, rest in read]
        return next((level for level, _ in read if level), "")

    def take_grade(self) -> Grade | None:
        if not may_say_grade(EDGE.join(self.segments)):
            return None
        read = [found for found in map(grades_in, self.segments) if found]
        if not read:
            return None
        pattern, grade = min(read, key=lambda found: found[0])  # of equals the first segment's
        self.segments = [without_grade(text, pattern) for text in self.segments]
        return grade

    def take_total(self) -> int:
        """How many parts the first «в 2 ч.» says; all are taken out."""
        found = 0
        for n, text in enumerate(self.segments):
            total, rest = take_total(text)
            self.segments[n] = rest
            found = found or total
        return found

    def take_parts(self) -> Spans:
        following = [bool(CLASS_FIRST.match(text)) for text in self.segments[1:]]
        read = [segment_parts(text, after) for text, after in zip(self.segments, [*following, False], strict=True)]
        self.segments = [rest for _, rest in read]
        found: Spans = {}
        for kind in range(3):  # numbered notebooks, «ч. 2», «2-я часть»
            for spans, _ in read:
                for label, first, last in spans[kind] if spans else ():
                    found.setdefault(label, (first, last))
        return found

    def take_kind(self) -> str:
        read = [segment_kind(text) for text in self.segments]
        self.segments = [rest for _, rest in read]
        return next((kind for kind, _ in read if kind), "")


@dataclass(frozen=True, slots=True)
class Title:
    """What is left of the title proper: words and numbers, and the texts that are told of beside it."""

    words: tuple[str, ...]
    numbers: tuple[str, ...]
    alternative: tuple[str, ...]
    tail: str  # genre and what follows « : »: it belongs to the subtitle


@lru_cache(maxsize=1 << 15)
def read_title(text: str) -> Title:
    """The first segment of an area, all discriminators taken out."""
    head, _, tail = text.partition(" : ")
    alternative, head = take_alternative(head)
    genre, head = take_genre(head)
    tail = f"{genre} | {tail}"
    words, numbers = bare_title(head)
    if not words and not numbers:
        words, numbers, tail = *bare_title(tail), ""
    return Title(words, numbers, bare_title(alternative)[0], tail)
