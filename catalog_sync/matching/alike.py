"""How alike the titles of two descriptions are, wherever the rest of a longer one was typed."""

from __future__ import annotations

from functools import lru_cache

from catalog_sync.matching.features import Features
from catalog_sync.matching.titles import are_near, bare_title, letters, likeness, same_sound, same_word


def title_likeness(a: Features, b: Features) -> float:
    """Likeness of titles, where the rest of a longer title may stand in the other's subtitle or host."""
    direct = likeness(a.title, b.title)
    if direct >= 0.85 or not (a.title or b.title):
        return direct or float(a.numbers == b.numbers != ())
    if not direct and in_two_alphabets(a.title, b.title) and same_sound(a.title, b.title):
        return 0.9
    whole = _whole_likeness(a, b)
    if whole >= 0.85:
        return min(whole, 0.95)
    if a.subtitle and b.subtitle and _turned_round(a, b):
        return 0.85
    if a.host or b.host:
        whole = max(
            likeness(a.host, b.title),
            likeness(a.title, b.host),
            likeness(a.host + a.title, b.title + b.subtitle),
            likeness(a.title + a.subtitle, b.host + b.title),
        )
        if whole >= 0.85:
            return 0.85
    return direct


def _whole_likeness(a: Features, b: Features) -> float:
    """Likeness of one's title with the other's title and subtitle together; below 0.85 it says nothing."""
    found = 0.0
    for one, other in ((a, b), (b, a)):
        if one.subtitle and found < 0.95:
            both = one.title + one.subtitle
            if are_near(both, other.title):
                found = max(found, likeness(both, other.title))
    return found


def _turned_round(a: Features, b: Features) -> bool:
    """«ОГЭ-2019 : Обществознание» and «Обществознание : ОГЭ-2019»: the title of each stands in the other's subtitle."""
    return _begins(b.subtitle, a.title) and _begins(a.subtitle, b.title)


def _begins(text: tuple[str, ...], title: tuple[str, ...]) -> bool:
    """Whether a text begins with a title, up to endings and abbreviations."""
    return len(text) >= len(title) and all(map(same_word, text, title))


def named_by_series(a: Features, b: Features) -> bool:
    """«Я познаю мир. Животные» and «Животные» in the series «Я познаю мир»: the name of the series stands before the
    title, or in its own place."""
    return _after_series(a, b) or _after_series(b, a)


def _after_series(named: Features, beside: Features) -> bool:
    for series in beside.series:
        first = bare_title(series)[0]
        if first and len(first) <= len(named.title) and all(map(same_word, first, named.title)):
            rest = named.title[len(first) :] or named.subtitle
            if likeness(rest, beside.title) >= 0.85 or _begins(rest, beside.title):
                return True
    return False


def in_two_alphabets(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """One title Russian, the other Latin. Most pairs are of one alphabet, which takes one look."""
    return letters(a).isascii() is not letters(b).isascii() and alphabet(a) * alphabet(b) < 0


@lru_cache(maxsize=1 << 13)
def alphabet(title: tuple[str, ...]) -> int:
    """1 a Russian title, -1 a Latin one, 0 mixed or none."""
    text = letters(title)
    if not text:
        return 0
    return -1 if text.isascii() else 1 if all("а" <= c <= "я" for c in text) else 0
