"""What readers write in their own way: «часть вторая», «2015-2020», «7-9», «рус. яз.», «22.1я71 К».

Each reader here takes such a piece out of the text, and says what is asked by it; what it does not know stays where it
was. Where the piece may be meant literally, too, that is asked as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, reduce

from catalog_sync.matching.numerals import number
from catalog_sync.query import Access, Or, Query, Relation, Term, Truncation
from catalog_sync.tables import rows
from catalog_sync.text_ru import fold, words

Taken = tuple[str, list[Query]]  # what is left of the text, and what was found in it
_ORDINAL_FORMS = ("", "первая первый", "вторая второй", "третья третий", "четвертая четвертый", "пятая пятый",
                  "шестая шестой", "седьмая седьмой", "восьмая восьмой")  # fmt: skip
_ROMAN = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_LABELS = {"ч": "часть", "т": "том", "к": "книга", "в": "выпуск"}  # first letter → the word; its abbreviation is below
_SHORT = {"ч": "ч", "т": "т", "к": "кн", "в": "вып"}
_LABEL = r"част[ьи]|ч|том|т|книга|кн|выпуск|вып"
_ORDINAL = r"(?:перв|втор|трет|четв[её]рт|пят|шест|седьм|восьм)[а-яё]{2,3}"
PART = re.compile(
    rf"(?<![\w-])(?:(?P<label>{_LABEL})(?:\.\s*|\s+)(?:№\s*)?(?P<number>\d{{1,2}}|[IVX]{{1,4}}|{_ORDINAL})"
    rf"|(?P<before>\d{{1,2}}(?:\s?-?(?:я|й|ая|ой))?|{_ORDINAL})\s+(?P<behind>часть|том|книга|выпуск))(?![\w-])",
    re.IGNORECASE,
)
_YEARS = re.compile(
    r"(?<![\w.-])(?:(?P<from>(?:1[5-9]|20)\d\d)\s?[-–—]\s?(?P<to>(?:1[5-9]|20)\d\d)"
    r"|с\s+(?P<since>(?:1[5-9]|20)\d\d)\s+(?:года?\s+)?по\s+(?P<till>(?:1[5-9]|20)\d\d)(?:\s+г(?:од|\.))?"
    r"|(?P<one>(?:1[5-9]|20)\d\d)\s?(?:год[а-я]?|г\.?))(?![\w-])",
    re.IGNORECASE,
)
_CLASSES = re.compile(r"(?<![\w.,№-])([1-9])\s?[-–—]\s?([2-9]|1[01])(?![\w.-])")
_NAMED = re.compile(
    r"(?<!\S)(автор|издательство|изд-во|серия|умк|линия)\s+(?P<value>[^\W\d_][\w-]+)(?!\S)", re.IGNORECASE
)
_FIELDS = {"автор": Access.AUTHOR, "издательство": Access.PUBLISHER, "изд-во": Access.PUBLISHER}  # the others: series
_SHELF_MARK = re.compile(r"(?<!\S)(\d{2,3}(?:(?:\.\d|\(|[а-я]\d)[\w.()=:/-]*)?)\s+([А-ЯЁ]\s?\d{0,3})(?!\S)")


def take_parts(text: str) -> Taken:
    """«часть 2», «2-я часть», «ч. вторая»: the part of that number, however it was typed; «в 2 ч.» is not it."""

    def asked(match: re.Match[str]) -> Query | None:
        label = (match["label"] or match["behind"])[0].lower()
        typed = number(fold(match["number"] or match["before"]))
        if not typed:  # «книга IIX», «ч. 0»: words, not a part
            return None
        return _any_of([Term(phrase, Access.TITLE, Relation.ADJACENT) for phrase in _part_phrases(label, typed)])

    return _take(PART, text, asked)


def _part_phrases(label: str, part: int) -> list[str]:
    word, short = _LABELS[label], _SHORT[label]
    numbers = [str(part), *_ROMAN[part : part + 1]]
    ordinals = _ORDINAL_FORMS[part].split() if 0 < part < len(_ORDINAL_FORMS) else []
    named = [f"{name} {n}" for name in (short, word) for n in (*numbers, *ordinals)]
    return [*named, *(f"{n} {word}" for n in (*numbers, *ordinals)), f"{part} я {word}", f"{part} й {word}"]


def take_years(text: str) -> Taken:
    """«2015-2020», «с 2015 по 2020», «2020 год»: books of these years; the numbers may stand in a title, too."""

    def asked(match: re.Match[str]) -> Query | None:
        if match["one"]:
            return Or(Term(match[0]), Term(match["one"], Access.YEAR))
        first, last = (match["from"], match["to"]) if match["from"] else (match["since"], match["till"])
        if first > last:
            return None
        of_years = Term(f"{first}-{last}", Access.YEAR)
        return Or(Term(match[0]), of_years) if match["from"] else of_years

    return _take(_YEARS, text, asked)


def take_classes(text: str) -> Taken:
    """«7-9» without a word: classes, or the two numbers."""

    def asked(match: re.Match[str]) -> Query | None:
        first, last = int(match[1]), int(match[2])
        if first >= last:
            return None
        return _any_of([Term(match[0]), *(Term(str(n), Access.GRADE) for n in range(first, last + 1))])

    return _take(_CLASSES, text, asked)


def take_named(text: str) -> Taken:
    """«автор Пушкин», «УМК Перспектива»: a field named without a colon, or words that stand so in a title."""

    def asked(match: re.Match[str]) -> Query | None:
        access = _FIELDS.get(match[1].lower(), Access.TITLE_SERIES)
        return Or(Term(match[0]), Term(match["value"], access)) if words(match["value"]) else None

    return _take(_NAMED, text, asked)


def take_shelf_marks(text: str) -> Taken:
    """«22.1я71 К»: an index with the letter of the author, as it is printed on the card and stuck on the book."""

    def asked(match: re.Match[str]) -> Query | None:
        mark = f"{match[1]} {match[2]}"
        return Or(Term(mark), Term(mark, Access.CALL_NUMBER, truncation=Truncation.RIGHT))

    return _take(_SHELF_MARK, text, asked)


def take_short_words(text: str) -> Taken:
    """«рус. яз.», «ОБЖ», «р/т» (data/tables/short_words.tsv): what is meant by it, or the letters themselves."""
    typed, found = list(words(text)), list[Query]()
    at = 0
    while at < len(typed):
        size = next((n for n in range(_longest(), 0, -1) if tuple(typed[at : at + n]) in _short_words()), 0)
        if not size:
            at += 1
            continue
        taken = tuple(typed[at : at + size])
        found.append(_any_of([Term(" ".join(taken)), *map(Term, _short_words()[taken])]))
        del typed[at : at + size]
    return (" ".join(typed), found) if found else (text, [])


@cache
def _short_words() -> dict[tuple[str, ...], tuple[str, ...]]:
    return {words(row["typed"]): tuple(row["means"].split("|")) for row in rows("short_words.tsv")}


@cache
def _longest() -> int:
    return max(map(len, _short_words()))


def _any_of(queries: Sequence[Query]) -> Query:
    return reduce(Or, queries)


def _take(pattern: re.Pattern[str], text: str, asked: Callable[[re.Match[str]], Query | None]) -> Taken:
    found: list[Query] = []

    def take(match: re.Match[str]) -> str:
        query = asked(match)
        if query is None:
            return match[0]
        found.append(query)
        return " "

    return pattern.sub(take, text), found
