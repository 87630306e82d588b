"""Codes of languages (041, 101), however many of them were typed into one subfield, and however they were typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from catalog_sync.marc.parts import distinct
from catalog_sync.remembering import remembering
from catalog_sync.tables import rows

_WORD = re.compile(r"[^\W\d_]+")
_CODE = 3  # letters of a code of ISO 639-2


def languages_in(typed: Sequence[str]) -> tuple[str, ...]:
    """«rus/eng», «rus eng», «ruseng» and «русский; англ.» are two languages; «|||» and «   » are none.

    What the table of languages knows becomes its code; another code of three letters and another word stay.
    """
    if len(typed) < 2:
        return _codes(typed[0]) if typed else ()
    return distinct([code for value in typed for code in _codes(value)])


@remembering
def _codes(typed: str) -> tuple[str, ...]:
    return distinct([code for word in _WORD.findall(typed) for code in _of_word(word)])


def _of_word(typed: str) -> tuple[str, ...]:
    word, known = typed.lower(), _known()
    if word in known:
        return (known[word],)
    packed = [word[i : i + _CODE] for i in range(0, len(word), _CODE)]
    enough = any if typed.isascii() and typed.islower() else all  # «Korean» begins with a code, and is none
    if len(packed) > 1 and len(packed[-1]) == _CODE and enough(code in known for code in packed):
        return tuple(known.get(code, code) for code in packed)  # one after another: MARC 21 until 2001
    return (word if len(word) == _CODE else typed,)


@cache
def _known() -> dict[str, str]:
    """Code, Russian name and other spellings → code."""
    found: dict[str, str] = {}
    for row in rows("languages.tsv"):
        for spelling in (row["code"], row["name"], *row["also"].split("|")):
            if spelling:
                found.setdefault(spelling, row["code"])
    return found
