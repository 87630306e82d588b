"""Which word of a query is in the way: where all of them together find nothing, what is found without one of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from catalog_sync.query import Unsupported
from catalog_sync.text_ru import words

MOST_TRIED = 8  # questions to the index for one empty answer; of more words the longest are tried: «для» is no obstacle
MOST_OFFERED = 3

_OPERATOR = r"(?:AND|OR|NOT|И|ИЛИ|НЕ)"
_PIECE = re.compile(
    r'[-−–]?(?:\w+:)?["«“„][^"»”“]+["»”“]'  # a phrase, its field and its minus
    r"|[-−–]?\([^()]*\)"
    r"|[-−–]?\d[\d\s,–—-]*(?:-?[а-яё]{1,2})?\s*кл(?:асс\w*|\.|(?!\w))"  # «5 класс», «5–6-х кл.»: half of it is no query
    r"|\S+",
    re.IGNORECASE,
)
_BEFORE = re.compile(rf"(?:(?<!\S){_OPERATOR}\s+)+$")  # of the word left out: what joins it to the others
_UNWANTED = re.compile(r"[-−–]$|(?<!\S)(?:NOT|НЕ)\s+\S$")  # up to the first letter of a word
_FIRST = re.compile(r"^(?:(?:AND|OR|И|ИЛИ)\s+)+")  # joins nothing any more; NOT still says what is unwanted


@dataclass(frozen=True, slots=True)
class Fewer:
    """A query with one word (phrase, class) left out and how many editions it finds."""

    text: str
    without: str
    count: int


def fewer_words(text: str, count: Callable[[str], int]) -> tuple[Fewer, ...]:
    """The query without one of its words, where that finds something, what finds most first; () for a single word.

    `count` is asked MOST_TRIED times at most; what it answers with Unsupported is not offered.
    """
    places = [match.span() for match in _PIECE.finditer(text) if words(match[0]) and not _is_operator(match[0])]
    wanted = [place for place in places if not _UNWANTED.search(text[: place[0] + 1])]
    able = [place for place in places if wanted != [place]] if len(places) > 1 else []  # «-сказки» alone finds all else
    tried = sorted(able, key=lambda place: place[0] - place[1])[:MOST_TRIED]
    found = [_left(text, place, count) for place in sorted(tried)]
    return tuple(sorted((one for one in found if one.count), key=lambda one: -one.count)[:MOST_OFFERED])


def _left(text: str, place: tuple[int, int], count: Callable[[str], int]) -> Fewer:
    rest = _without(text, place)
    try:
        found = count(rest)
    except Unsupported:
        found = 0
    return Fewer(rest, text[slice(*place)].strip('"«»“”„'), found)


def _is_operator(piece: str) -> bool:
    return re.fullmatch(_OPERATOR, piece) is not None


def _without(text: str, place: tuple[int, int]) -> str:
    before, after = _BEFORE.sub("", text[: place[0]]).strip(), text[place[1] :].strip()
    return f"{before} {after}".strip() if before else _FIRST.sub("", after, count=1)
