"""Numbers as people type them in descriptions: 2, II, «вторая», «2-я», «двух»."""

from __future__ import annotations

import re
from functools import lru_cache

_ORDINAL_STEMS = {
    "перв": 1,
    "втор": 2,
    "трет": 3,
    "четверт": 4,
    "пят": 5,
    "шест": 6,
    "седьм": 7,
    "восьм": 8,
    "девят": 9,
    "десят": 10,
    "одиннадцат": 11,
    "двенадцат": 12,
}
_CARDINALS = {
    "двух": 2,
    "двумя": 2,
    "два": 2,
    "две": 2,
    "трех": 3,
    "три": 3,
    "четырех": 4,
    "четыре": 4,
    "пяти": 5,
    "пять": 5,
    "шести": 6,
    "шесть": 6,
    "семи": 7,
    "восьми": 8,
    "девяти": 9,
    "десяти": 10,
    "двенадцати": 12,
}
_ENGLISH = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}
_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_TWINS = str.maketrans("іх", "ix")  # Ukrainian і and Russian х are typed for I and X
_ROMAN = re.compile(r"(?:x{0,3})(?:ix|iv|v?i{0,3})")

ORDINAL = (
    r"(?:перв|втор|трет|четверт|пят|шест|седьм|восьм|девят|десят|одиннадцат|двенадцат)"
    r"(?:ый|ий|ой|ая|ое|ого|ому|ом|ую|ей|ые|ых|ья|ье|ьего|ьей|ьем|ьему|ью|ьих)"
)
CARDINAL = r"(?:двух|двумя|трех|четырех|пяти|шести|семи|восьми|девяти|десяти|двенадцати)"
ROMAN = r"[ivxіх]{1,5}"
# Numbers in Latin letters are no Russian words in them: «Ch. II», «VII klass»; nor is «Part 2».
_ROMANISED = re.compile(
    r"(?<![a-z])(?P<label>(?:ch(?:ast'?)?|t(?:om)?|kn(?:iga)?|vyp(?:usk)?)(?:\.\s*|\s+))(?P<n>[ivx]{1,5})"
    r"(?![a-z]|\.\s?[a-z])"  # «T. I. Naumenko» is a name
    r"|(?<![a-z])part\s+(?P<part>\d{1,2}|[ivx]{1,5})(?![a-z\d])"
    r"|(?<![a-z\d-])(?<!\d )(?P<grade>[ivx]{1,5})(?=(?:\s*-\s*[ivx]{1,5})?\s*-?\s*kl)"  # «4-i klass» is the 4th
)
SUFFIX = (
    r"(?:\s?-\s?(?:ый|ий|ой|ая|ое|го|ого|му|ому|й|я|е|ю|м|х|ти|ми|ы|а|и)(?![^\W\d_])"
    r"|(?:ый|ий|ой|ая|го|й|я|е)(?![^\W\d_]))?"
)


@lru_cache(maxsize=4096)
def number(text: str) -> int:
    """The number a folded word stands for, 0 where it stands for none: "2" "ii" "вторая" "двух" "2-я"."""
    text = text.strip(" .,:;()[]№-")
    digits = re.match(r"\d+", text)
    if digits:
        return int(digits[0][:6])
    if text in _CARDINALS or text in _ENGLISH:
        return _CARDINALS.get(text) or _ENGLISH[text]
    roman = text.translate(_TWINS)
    if roman and _ROMAN.fullmatch(roman):
        return _roman_value(roman)
    for stem, value in _ORDINAL_STEMS.items():
        if text.startswith(stem) and re.fullmatch(ORDINAL, text):
            return value
    return 0


def _roman_value(roman: str) -> int:
    total = 0
    for here, following in zip(roman, [*roman[1:], ""], strict=True):
        value = _ROMAN_DIGITS[here]
        total += -value if following and _ROMAN_DIGITS[following] > value else value
    return total


def roman_as_figures(text: str) -> str:
    """A folded text in Latin letters with the Roman numbers of parts and classes in figures: «ch. ii» → «ch. 2»."""
    return _ROMANISED.sub(_in_figures, text)


def _in_figures(match: re.Match[str]) -> str:
    value = number(match["n"] or match["grade"] or match["part"])
    label = "ch. " if match["part"] else match["label"] or ""
    return f"{label}{value}" if value else match[0]
