"""Slips of the keyboard in the words that carry discriminators: «чатсь первая», «учебнник», «5 калсс».

Only the fixed vocabulary of descriptions is repaired, never words of titles, and only for matching.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

from catalog_sync.text import words

_WORD = re.compile(r"[а-я]{4,}")
_LONG = words(
    "учебник учебное учебная учебные пособие рабочая тетрадь тетради хрестоматия дидактические материалы методическое"
    " методические рекомендации проверочные контрольные самостоятельные работы контурные тренажер сборник"
    " поурочные разработки уровень базовый углубленный профильный учащихся учреждений организаций общеобразоват"
    " общеобразовательных вариантов частях электронный электронная крупный шрифтом слабовидящих издание первая вторая"
    " третья четвертая материал материала тесты задачник прописи словарь энциклопедия справочник"
    " атлас поурочное планирование"
    " лабораторные обучающихся учащихся учителя начальной основной средней"
)
_SHORT = ("часть", "класс", "книга", "томах")  # too near to real words («честь») for a changed letter
_REAL = frozenset(("честь", "класса", "классы", "части", "частью", "класс", "часть", "гласс"))
_AFTER_NUMBER = re.compile(r"((?<![\w.])(?:\d{1,2}(?:-?[а-я]{1,2})?|[ivx]{1,4})\s+)([а-я]{4,6})()(?![а-я])")
_BEFORE_NUMBER = re.compile(r"()(?<![а-я])([а-я]{4,6})(\s+(?:\d{1,2}(?!\d)|[ivx]{1,4}\b|перва|втора|треть))")
_NO_SLIPS = ("основой", "основою", "газовый")  # words of their own, one letter off
_TWINS = (("pecypc", "ресурс"), ("tekct", "текст"))  # of all these words Latin letters alone can spell
_KNOWN = frozenset(_LONG) | frozenset(_SHORT)
_BY_LENGTH = {n: tuple(w for w in _LONG if abs(len(w) - n) <= 1) for n in range(4, 24)}


@lru_cache(maxsize=1 << 13)
def _right(word: str) -> str:
    if word in _KNOWN or word in _NO_SLIPS:
        return word
    for short in _SHORT:
        if abs(len(word) - 5) <= 1 and _swapped_or_doubled(word, short):
            return short
    if len(word) < 6:
        return word
    for right in _BY_LENGTH.get(len(word), ()):
        if OSA.distance(word, right, score_cutoff=1) <= 1 and not _is_form(word, right):
            return right
    return word


def _swapped_or_doubled(word: str, right: str) -> bool:
    if len(word) == len(right):
        return sorted(word) == sorted(right) and OSA.distance(word, right) <= 1
    return len(word) == len(right) + 1 and any(word == right[:i] + right[i] + right[i:] for i in range(len(right)))


def _is_form(word: str, right: str) -> bool:
    """Another case of the same word is no slip."""
    return word[:-1] == right[:-1] or word[:-1] == right or word == right[:-1]


def _repair(found: re.Match[str]) -> str:
    return _right(found[0])


def _near_number(found: re.Match[str]) -> str:
    """Beside a number a word one letter off «класс» or «часть» can only be that word."""
    before, word, after = found[1] or "", found[2], found[3] or ""
    right = "класс" if before else "часть"
    if word not in _REAL and OSA.distance(word, right, score_cutoff=1) <= 1:
        word = right
    return before + word + after


@lru_cache(maxsize=1 << 13)
def repair_vocabulary(text: str) -> str:
    """A folded text with the slips in the vocabulary of descriptions put right."""
    for latin, right in _TWINS:
        text = text.replace(latin, right)
    text = _WORD.sub(_repair, text)
    return _BEFORE_NUMBER.sub(_near_number, _AFTER_NUMBER.sub(_near_number, text))
