"""How well a record describes its edition: whose word a union record takes first.

Pure; only the order of records matters, not the scale.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from catalog_sync.model import Agent, BibRecord, Isbn
from catalog_sync.text import has_homoglyphs

# Points for what a reader needs to recognise an edition, and against what shows a careless or damaged record.
TITLE_POINTS = 4.0
ISBN_POINTS = 2.0  # valid, of this part: the best single proof that the record was made from the book
RESPONSIBILITY_POINTS = 1.5
FULL_FORENAMES_POINTS = 1.0
IMPRINT_POINTS = 1.0  # each of place, publisher, year, extent
CONTENT_POINTS = 0.5  # each of subjects, classification, abstract or contents, language, series
SHOUTING_PENALTY = 3.0  # ALL CAPS: typed from a list, not from the book
HOMOGLYPH_PENALTY = 2.0  # mixed alphabets in the title: can't be found or sorted by others
DAMAGE_PENALTY = 5.0  # characters lost in a conversion
TIDY = (False, False, False)  # neither damaged nor shouted nor of mixed alphabets
TEXTS = 1 << 13  # whose faults are remembered: members of a cluster mostly say the same
WARNING_PENALTY = 0.25  # each complaint of the reader of MARC, at most four


def quality(bib: BibRecord) -> float:
    """Points for completeness minus points for faults; only the order of records matters, not the scale."""
    imprint = (bib.places, bib.publishers, bib.year_text, bib.extent)
    about = (bib.subjects or bib.keywords, bib.bbk or bib.udc, bib.abstract or bib.contents)
    content = (*about, bib.languages, bib.series)
    points = TITLE_POINTS * bool(bib.title) + RESPONSIBILITY_POINTS * bool(bib.responsibility)
    points += ISBN_POINTS * any(map(is_own, bib.isbns))
    points += FULL_FORENAMES_POINTS * any(map(_has_full_forename, bib.agents))
    points += IMPRINT_POINTS * sum(map(bool, imprint)) + CONTENT_POINTS * sum(map(bool, content))
    _, shouting, mixed = untidiness(bib.title)
    points -= SHOUTING_PENALTY * shouting + HOMOGLYPH_PENALTY * mixed
    points -= DAMAGE_PENALTY * is_damaged(bib.title + bib.responsibility)
    return points - WARNING_PENALTY * min(len(bib.warnings), 4)


_CAPS_WORD = re.compile(r"[A-ZА-ЯЁ]{3,}")


@lru_cache(maxsize=TEXTS)
def is_shouting(text: str) -> bool:
    """Whether a text is ALL CAPS: more than one long word and no small letter («ОБЖ» or «США» alone is not)."""
    letters = [c for c in text if c.isalpha()]
    return bool(letters) and not any(c.islower() for c in letters) and any(len(w) > 4 for w in _CAPS_WORD.findall(text))


@lru_cache(maxsize=TEXTS)
def is_damaged(text: str) -> bool:
    """Whether characters were lost: U+FFFD, or question marks inside or instead of words."""
    return "\ufffd" in text or bool(re.search(r"\?{3,}|\w\?\w", text))


def is_own(isbn: Isbn) -> bool:
    """Whether an ISBN is valid and names this very edition, not its set."""
    return bool(isbn.normal) and not isbn.erroneous and not isbn.of_host


_FORENAME = re.compile(r",\s*\w{3,}")


def _has_full_forename(agent: Agent) -> bool:
    return agent.kind == "person" and bool(agent.expansion or _FORENAME.search(agent.name))


@lru_cache(maxsize=TEXTS)
def untidiness(value: Any) -> tuple[bool, bool, bool]:
    """Whether a text, or texts of one field, is damaged, shouted, of mixed alphabets."""
    text = value if isinstance(value, str) else " ".join(value)
    return is_damaged(text), is_shouting(text), has_homoglyphs(text)
