"""Words of titles that tell little by themselves: school subjects, and genres of belles-lettres."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from catalog_sync.text import words

# Titles that many different books share: subjects of the school curriculum. Not one of them identifies anything.
# Told by their first word; a longer title that begins so («Физика в играх») is counted by its length.
SUBJECTS: Final = frozenset(
    words(
        "математика алгебра геометрия физика химия биология география история обществознание литература"
        " информатика музыка технология"
        " черчение экология экономика право астрономия естествознание природоведение риторика"
        " азбука букварь чтение"
        " письмо рассказы стихи стихотворения сказки повести избранное сочинения роман романы повесть пьесы"
    )
)
_PHRASES = (
    "русский язык|окружающий мир|литературное чтение|английский язык|немецкий язык|французский язык|испанский язык"
    "|родной язык|история россии|всеобщая история|история отечества|изобразительное искусство|физическая культура"
    "|собрание сочинений|избранные произведения|родная речь|мир вокруг нас|общая биология|органическая химия"
    "|основы безопасности жизнедеятельности|мировая художественная культура|основы религиозных культур светской этики"
)
SUBJECT_PHRASES: Final = frozenset(words(phrase) for phrase in _PHRASES.split("|"))
GENRES: Final = frozenset(
    words(
        "роман повесть рассказы рассказ сказка сказки стихи стихотворения поэма поэмы пьеса пьесы сборник драма комедия"
        " трагедия басни былины мифы легенды романы повести очерки новеллы эссе воспоминания мемуары"
        " фельетоны письма"
    )
)

# School subjects as timetables and covers shorten them, and names that everybody shortens, folded; a point after an
# abbreviation needs no table, nor does a word cut in the middle (`whole_subjects`).
SHORTENED: Final = {
    "обж": "основы безопасности жизнедеятельности",
    "изо": "изобразительное искусство",
    "мхк": "мировая художественная культура",
    "орксэ": "основы религиозных культур и светской этики",
    "однкнр": "основы духовно-нравственной культуры народов россии",
    "физкультура": "физическая культура",
    "физ-ра": "физическая культура",
    "рф": "российской федерации",
    "пдд": "правила дорожного движения",
    "всероссийская проверочная работа": "впр",  # the other way round: what follows tells these books apart
    "всероссийские проверочные работы": "впр",
    "вов": "великой отечественной войны",
    "английский в фокусе": "spotlight",  # both names stand on the covers of one book
}

SUBJECT_NAMES: Final = (*SUBJECT_PHRASES, *((word,) for word in SUBJECTS))
_WORDS: Final = frozenset(word for name in SUBJECT_NAMES for word in name)
_CONTRACTED = re.compile(r"(?<![\w-])([а-я]{2,})-([а-я]{1,4})(?![а-я])")


@lru_cache(maxsize=1 << 12)
def is_subject(title: tuple[str, ...]) -> bool:
    """Whether a title is the name of a school subject, words whole or cut with a point («англ. яз.»)."""
    return any(len(name) == len(title) and all(map(_is_cut_from, title, name)) for name in SUBJECT_NAMES)


def _is_cut_from(word: str, whole: str) -> bool:
    bare = word.rstrip(".")
    return bare == whole or (bare != word and len(bare) > 1 and whole.startswith(bare))


def whole_subjects(text: str) -> str:
    """«лит-ра» and «лит-ное чтение» written in full, where one word of the subjects' names alone is cut so."""
    return _CONTRACTED.sub(_whole, text) if "-" in text else text


def _whole(match: re.Match[str]) -> str:
    start, end = match[1], match[2]
    found = [w for w in _WORDS if len(w) > len(start + end) and w.startswith(start) and w.endswith(end)]
    return found[0] if len(found) == 1 else match[0]
