"""Texts that stand apart from the title (notes, keywords, what follows the statement) and are nothing but designations.

«Ч. 2», «Учебник для 5 класса», «3-е изд.», «ЭФУ»: there they say what the title area would have said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress

from catalog_sync.matching.discriminators import (
    take_edition,
    take_form,
    take_grade,
    take_level,
    take_parts,
    take_total,
)
from catalog_sync.matching.kinds import take_kind
from catalog_sync.text import fold, words

# Place and house, year, extent: areas of a card behind the statement (ГОСТ Р 7.0.100, 5.5 and 5.6).
_IMPRINT = re.compile(r"[^\W\d_]\s?:\s|(?<!\d)(?:1[89]|20)\d\d(?!\d)|\d\s?[сp]\.|\d\s?стр\b")
LONGEST = 80  # characters: longer texts tell of other things, too
_PIECE = re.compile(r"\s*;\s*|(?<=[.,\]])\s*[-–—]\s+|(?<=[^\dIVXХivxх])\s[-–—]\s+")  # «10 - 11 классы» is one
# Kinds that a heading names as what the book is. «Учебники» and «словари» are what other books are about, too;
# «учебник» is this book.
_KINDS_OF_HEADINGS = frozenset(
    words(
        "textbook workbook copybook trainer method lessons teacher didactic tests labs problems atlas contour reader"
        " program"
    )
)


@dataclass(frozen=True, slots=True)
class Said:
    """What is taken from one such text; empty where it doesn't say it."""

    parts: tuple[tuple[str, int, int], ...]
    edition: int
    revision: str
    kind: str
    form: str


@lru_cache(maxsize=1 << 13)
def said_apart(text: str) -> Said | None:
    """What a folded text says that is nothing but designations; None of any other text."""
    if len(text) > LONGEST or not any(map(str.isalnum, text)):
        return None
    edition, revised, rest = take_edition(text)
    form, rest = take_form(rest)
    for take in (take_level, take_grade, take_total):  # read from the title area or the audience, or not at all
        rest = take(rest)[-1]
    parts, rest = take_parts(rest)
    kind, rest = take_kind(rest)
    if any(c.isalnum() for c in rest):
        return None
    spans = tuple(sorted((label, first, last) for label, (first, last) in parts.items()))
    return Said(spans, edition, revised, kind, form)


@lru_cache(maxsize=1 << 13)
def divide_statement(statement: str) -> tuple[str, str]:
    """(names, designations) of a statement as typed: «А. Дюма. - 5 кл. - Ч. 1» names one man, and no «Ч. I».

    Of a whole card typed behind the title, «И. С. Тургенев. - Москва : Дет. лит., 2016. - 253 с.», it is the names.
    """
    pieces = _PIECE.split(statement)
    said = [bool(said_apart(fold(piece))) for piece in pieces]
    kept = [
        not is_said and not (n and _IMPRINT.search(p)) for n, (p, is_said) in enumerate(zip(pieces, said, strict=True))
    ]
    if all(kept):
        return statement, ""
    return " ; ".join(compress(pieces, kept)), " ; ".join(compress(pieces, said))


def kind_of_headings(headings: list[str]) -> str:
    """The kind of book that folded keywords and headings name; "" where they name none or several."""
    found = {said.kind for heading in headings if "учебники" not in heading and (said := said_apart(heading))}
    found &= _KINDS_OF_HEADINGS
    return found.pop() if len(found) == 1 else ""
