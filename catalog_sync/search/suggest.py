"""Suggestions while typing, and «возможно, вы имели в виду» for words that nobody has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import tantivy
from rapidfuzz.distance import DamerauLevenshtein

from catalog_sync.query import Access, And, Not, Or, Query, Relation, Term, Truncation
from catalog_sync.search import schema
from catalog_sync.search.analysis import heading
from catalog_sync.search.parse import FIELDS
from catalog_sync.search.textual import escape, is_transliteration, transliterated
from catalog_sync.text_ru import as_if_latin_layout, as_if_russian_layout, asked_lemmas, romanised_skeletons, words

TQ = tantivy.Query


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A heading as displayed. `kind`: title | author | subject."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Correction:
    """A query that finds something, and how to show it: «возможно, вы имели в виду: {text}»."""

    query: Query
    text: str


# --- While typing ----------------------------------------------------------------------------------------------------

SHORTEST_PREFIX = 2  # letters: one letter stands for a tenth of the catalogue
_KINDS = ("author", "title", "subject")


def suggest(searcher: Any, index_schema: Any, typed: str, limit: int, records: Any) -> list[Suggestion]:
    """Headings of these records that begin with what was typed, the most frequent first; then titles with such a word
    inside."""
    for reading in dict.fromkeys((typed, as_if_russian_layout(typed))):
        start = heading(reading)
        if len(start) < SHORTEST_PREFIX:
            continue
        found = _beginning(searcher, start, limit, records)
        if len(found) < limit:
            found += [s for s in _inside_titles(searcher, index_schema, start, limit, records) if s not in found]
        if found:
            return found[:limit]
    return []


def _beginning(searcher: Any, start: str, limit: int, records: Any) -> list[Suggestion]:
    ranked: list[tuple[int, str, Suggestion]] = []
    for kind in _KINDS:
        seen: set[str] = set()
        for term, count in searcher.terms_with_prefix(f"{kind}_s", start, filter_query=records, limit=limit * 2):
            folded, _, displayed = term.partition(schema.SEPARATOR)
            if folded not in seen:
                seen.add(folded)
                ranked.append((-count, folded, Suggestion(displayed, kind)))
    return [s for _, _, s in sorted(ranked, key=lambda r: r[:2])[:limit]]


def _inside_titles(searcher: Any, index_schema: Any, start: str, limit: int, records: Any) -> list[Suggestion]:
    *whole, last = start.split(" ")
    parts = [TQ.term_query(index_schema, "title_x", w) for w in whole]
    parts.append(TQ.regex_query(index_schema, "title_x", f"{escape(last)}.*"))
    query = TQ.boolean_query([(tantivy.Occur.Must, p) for p in (*parts, records)])
    hits = searcher.search(query, limit, order_by_field="copies").hits
    labels = (searcher.doc(address)["label"] for _, address in hits)
    return list(dict.fromkeys(Suggestion(label[0], "title") for label in labels if label))


# --- Typing errors ---------------------------------------------------------------------------------------------------

_RUSSIAN = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_SHORTEST_CORRECTED = 4  # letters: «изо» is one letter from too many words
_SHORTEST_OF_TWO = 3  # letters of a word that was run together with another
_SHORTEST_TWO_ERRORS = 6  # letters of a word in which two errors may be looked for
_BEGINNING = 4  # letters: some words of a language begin with the same three, few with the same four
_NEIGHBOURS = 3_000  # words with the same first letters compared for two errors


def correct(query: Query, searcher: Any) -> Correction | None:
    """Replace words with document frequency 0; None where there is nothing to replace or nothing near."""
    texts: list[str] = []
    changed = _rewrite(query, searcher, texts)
    return None if changed is None or changed == query else Correction(changed, " ".join(texts))


def _rewrite(query: Query, searcher: Any, texts: list[str]) -> Query | None:
    """The query with corrected terms; None where a word has no near one. Collects the texts in reading order, so that
    typed into the search box they ask the same."""
    if isinstance(query, Or):
        return _rewrite_either(query, searcher, texts)
    if isinstance(query, And):
        left, right = _rewrite(query.left, searcher, texts), _rewrite(query.right, searcher, texts)
        return None if left is None or right is None else replace(query, left=left, right=right)
    if isinstance(query, Not):  # what nobody has can be unwanted all the same
        left = _rewrite(query.left, searcher, texts)
        texts += [f"-{unwanted}"] if (unwanted := _unwanted(query.right)) else []
        return None if left is None else replace(query, left=left)
    if not isinstance(query, Term):
        return query
    if _is_correctable(query):
        text = _corrected_text(query.text, schema.TEXT[query.access], searcher)
        if text is None:
            return None
        query = replace(query, text=text)
    texts.append(as_typed(query))
    return query


def _rewrite_either(query: Or, searcher: Any, texts: list[str]) -> Query | None:
    """One of two ways to say it is enough, and is shown; classes are shown together."""
    if classes := _classes(query):
        texts.append(f"{min(classes)}-{max(classes)} класс")
        return query
    ways: tuple[list[str], list[str]] = ([], [])
    left, right = _rewrite(query.left, searcher, ways[0]), _rewrite(query.right, searcher, ways[1])
    texts += ways[1] if left is None else ways[0]
    return left or right if left is None or right is None else replace(query, left=left, right=right)


def _unwanted(query: Query) -> str:
    """What stands behind a minus; of several ways to say it the first, which is as it was typed."""
    if classes := _classes(query):
        return f"{min(classes)}-{max(classes)} класс" if len(classes) > 1 else f"{classes[0]} класс"
    if isinstance(query, Or):
        return _unwanted(query.left)
    return as_typed(query) if isinstance(query, Term) else ""


def _classes(query: Query) -> list[int]:
    """The classes of alternatives of nothing but classes."""
    if isinstance(query, Or):
        left, right = _classes(query.left), _classes(query.right)
        return [*left, *right] if left and right else []
    if not isinstance(query, Term) or query.access is not Access.GRADE or not query.text.isdigit():
        return []
    return [int(query.text)]


def as_typed(term: Term) -> str:
    """A term as one would type it into the search box."""
    text = f"{term.text}*" if term.truncation is Truncation.RIGHT else term.text
    if term.access is Access.GRADE:
        return f"{text} класс"
    name = next((name for name, access in FIELDS.items() if access is term.access), "")
    if term.relation is Relation.ADJACENT or (name and " " in text):
        text = f'"{text}"'
    return f"{name}:{text}" if name else text


def _is_correctable(term: Term) -> bool:
    by_words = term.relation in (Relation.ALL, Relation.ANY, Relation.EQUAL, Relation.ADJACENT)
    return by_words and term.access in schema.TEXT and term.truncation is Truncation.NONE


def _corrected_text(text: str, name: str, searcher: Any) -> str | None:
    """The text itself where all its words are known; the nearest one; None where there is none."""
    typed = words(text)
    if all(_is_known(w, name, searcher) for w in typed):
        return text
    for slip in (as_if_russian_layout(text), as_if_latin_layout(text)):
        if (slipped := words(slip)) and all(_is_known(w, name, searcher) for w in slipped):
            return " ".join(slipped)
    found = [w if _is_known(w, name, searcher) else _nearest(w, name, searcher) for w in typed]
    return None if "" in found else " ".join(found)


def _is_known(word: str, name: str, searcher: Any) -> bool:
    if any(searcher.doc_freq(f"{name}_l", lemma) for lemma in asked_lemmas(word)):
        return True
    if not is_transliteration(word):
        return False
    return any(searcher.doc_freq(f, s) for f in transliterated(name) for s in romanised_skeletons(word))


def _nearest(word: str, name: str, searcher: Any) -> str:
    """The most frequent word one typing error away, or two words run together, or two errors away; "" for none."""
    if len(word) < _SHORTEST_CORRECTED or word.isdigit():
        return ""
    field = f"{name}_x"
    best = max(_one_error_away(word, field, searcher), default=None)
    return best[1] if best else _split(word, field, searcher) or _two_errors(word, field, searcher)


def _one_error_away(word: str, field: str, searcher: Any) -> Iterator[tuple[int, str]]:
    """(frequency, word) of what is one error away: of a long word the error may lie behind its beginning, and then the
    words that begin so are few; errors in the beginning are made and asked for one by one."""
    start = len(word) + 1 if len(word) < _SHORTEST_TWO_ERRORS else _BEGINNING
    for near in set(_one_error(word, start)):
        if frequency := searcher.doc_freq(field, near):
            yield frequency, near
    if start <= len(word):
        for near, frequency in searcher.terms_with_prefix(field, word[:start], limit=_NEIGHBOURS):
            if DamerauLevenshtein.distance(word, near, score_cutoff=1) == 1:
                yield frequency, near


def _one_error(word: str, before: int) -> Iterator[str]:
    """Everything one deletion, swap, replacement or insertion away (Damerau) that begins before this letter."""
    letters = _LATIN if word.isascii() else _RUSSIAN
    for i in range(before):
        head, tail = word[:i], word[i:]
        if tail:
            yield head + tail[1:]
            yield from (head + c + tail[1:] for c in letters)
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        yield from (head + c + tail for c in letters)


def _split(word: str, field: str, searcher: Any) -> str:
    """«войнаимир» is not looked for: two words of three letters and more, both known, the rarer one most frequent."""
    best, text = 0, ""
    for i in range(_SHORTEST_OF_TWO, len(word) - _SHORTEST_OF_TWO + 1):
        frequency = min(searcher.doc_freq(field, word[:i]), searcher.doc_freq(field, word[i:]))
        if frequency > best:
            best, text = frequency, f"{word[:i]} {word[i:]}"
    return text


def _two_errors(word: str, field: str, searcher: Any) -> str:
    if len(word) < _SHORTEST_TWO_ERRORS:
        return ""
    best = (3, 0, "")
    for candidate, frequency in searcher.terms_with_prefix(field, word[:2], limit=_NEIGHBOURS):
        distance = DamerauLevenshtein.distance(word, candidate, score_cutoff=2)
        best = min(best, (distance, -frequency, candidate))
    return best[2] if best[0] <= 2 else ""
