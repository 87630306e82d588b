"""Terms asked of codes (identifiers, classification, facet values) and of numbers (years, dates, ages)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import tantivy

from catalog_sync.query import Access, Relation, Term, Truncation, Unsupported
from catalog_sync.search import schema
from catalog_sync.search.analysis import code
from catalog_sync.search.textual import by_pattern, escape

TQ = tantivy.Query
SHOULD = tantivy.Occur.Should
UNSIGNED = tantivy.FieldType.Unsigned

_ORDER = {Relation.LESS, Relation.LESS_EQUAL, Relation.GREATER, Relation.GREATER_EQUAL, Relation.WITHIN}
_AS_TYPED = {Access.KIND, Access.SUBJECT_AREA, Access.LIBRARY, Access.SOURCE, Access.LOCAL_ID, Access.BBK_DIVISION}
_DATES = {Access.CHANGED, Access.ADDED}
_HIGHEST = 99_999_999  # of every number field: dates are YYYYMMDD


# --- Codes -----------------------------------------------------------------------------------------------------------


def translate_code(term: Term, index_schema: Any) -> Any:
    """A term asked of codes: the whole value, one of several (ANY), or truncated."""
    field = schema.CODED[term.access]
    if term.access is Access.GRADE:
        return _grade(term, index_schema)
    if term.relation in _ORDER:
        raise Unsupported("relation", term.relation.value)
    if not term.text.strip():
        raise Unsupported("term", term.text)
    if term.truncation is not Truncation.NONE:
        return by_pattern(index_schema, field, _pattern(term))
    values = _values(term)
    if term.relation is Relation.ANY:
        values = list(dict.fromkeys((*values, *(v for w in term.text.split() for v in _normal(term.access, w)))))
    if len(values) == 1:
        return TQ.term_query(index_schema, field, values[0], index_option="basic")
    return TQ.boolean_query([(SHOULD, TQ.term_query(index_schema, field, v, index_option="basic")) for v in values])


def _values(term: Term) -> list[str]:
    values = _normal(term.access, term.text)
    if not values:
        raise Unsupported("term", term.text)
    return values


def _normal(access: Access, text: str) -> list[str]:
    """Ways a value may be kept in the index."""
    typed = text.strip()
    if access is Access.ISBN:
        return isbn_forms(typed)
    if access is Access.ISSN:
        return [d] if (d := digits(typed)) else []
    if access in _AS_TYPED:
        return list(dict.fromkeys((typed, typed.lower(), typed[:1].upper() + typed[1:])))
    return [code(typed)] if typed else []


def _pattern(term: Term) -> str:
    numeric = term.access in (Access.ISBN, Access.ISSN)
    text = term.text.strip()
    if term.truncation is Truncation.MASK:
        kept = re.sub(r"[\s-]", "", text).upper() if numeric else text if term.access in _AS_TYPED else code(text)
        if not any(c.isalnum() for c in kept):
            raise Unsupported("term", term.text)
        return "".join(".*" if c == "*" else "." if c == "?" else escape(c) for c in kept)
    kept = digits(text) if numeric else text if term.access in _AS_TYPED else code(text)
    if not kept:
        raise Unsupported("term", term.text)
    left = ".*" if term.truncation in (Truncation.LEFT, Truncation.BOTH) else ""
    right = ".*" if term.truncation in (Truncation.RIGHT, Truncation.BOTH) else ""
    return f"{left}{escape(kept)}{right}"


def digits(text: str) -> str:
    """The digits of an ISBN or ISSN, X for ten."""
    kept = (c for c in text.upper().replace("Х", "X") if c.isdecimal() or c == "X")
    return "".join(c if c == "X" else str(int(c)) for c in kept)


def isbn_forms(text: str) -> list[str]:
    """An ISBN as it may be kept: as typed without hyphens, and ISBN-10 as its ISBN-13 (ISO 2108:2017, annex A)."""
    typed = digits(text)
    if not typed:
        return []
    return [typed, isbn13(typed)] if len(typed) == 10 else [typed]


def isbn13(ten: str) -> str:
    """ISBN-10 (ten characters, its check digit unread) → ISBN-13."""
    body = "978" + ten[:9]
    total = sum(int(c) * (3 if i % 2 else 1) for i, c in enumerate(body) if c.isdigit())
    return body + str(-total % 10)


_GRADES = range(1, 12)


def _grade(term: Term, index_schema: Any) -> Any:
    """A class or a range of them: eleven values, so that order relations are a list."""
    low, high = _interval(term, 1)
    wanted = [str(g) for g in _GRADES if low <= g <= high]
    if not wanted:
        return TQ.empty_query()
    return TQ.term_set_query(index_schema, "grade", wanted)


# --- Numbers ---------------------------------------------------------------------------------------------------------


def translate_number(term: Term, index_schema: Any) -> Any:
    """A term asked of years, ages or dates. A year as a date means the whole of it."""
    field = schema.NUMBERS[term.access]
    width = 4 if term.access is Access.YEAR else 8 if term.access in _DATES else 1
    if term.access in _DATES:
        term = _of_whole_days(term)
    if term.relation is Relation.ANY and len(term.text.split()) > 1:
        intervals = [_span(w, width, term) for w in term.text.split()]
        return TQ.boolean_query([(SHOULD, _between(field, low, high, index_schema)) for low, high in intervals])
    low, high = _interval(term, width)
    return _between(field, low, high, index_schema) if low <= high else TQ.empty_query()


_TIME = re.compile(r"(?:T[\d:.,]+(?:Z|[+-]\d\d:?\d\d)?|(?<=\b\d{8})\d{6}(?:\.\d*)?)(?!\S)", re.IGNORECASE)
_OR_THAT_DAY = {Relation.LESS: Relation.LESS_EQUAL, Relation.GREATER: Relation.GREATER_EQUAL}


def _of_whole_days(term: Term) -> Term:
    """A moment is asked as its day: records are dated by days. What changed after ten o'clock is then among what is
    found: who asks for news gets a record too many, never one too few."""
    text, moments = _TIME.subn("", term.text)
    relation = _OR_THAT_DAY.get(term.relation, term.relation) if moments else term.relation
    return replace(term, text=text, relation=relation)


def _between(field: str, low: int, high: int, index_schema: Any) -> Any:
    if low == high:
        return TQ.term_query(index_schema, field, low, index_option="basic")
    return TQ.range_query(index_schema, field, UNSIGNED, low, high)


def _interval(term: Term, width: int) -> tuple[int, int]:
    """What the relation leaves of the number line, both ends included."""
    if term.relation is Relation.WITHIN:
        parts = term.text.split()
        if len(parts) != 2:
            raise Unsupported("term", term.text)
        return _all_of(_span(part, width, term) for part in parts)
    low, high = _range(term, width)
    return {
        Relation.LESS: (0, low - 1),
        Relation.LESS_EQUAL: (0, high),
        Relation.GREATER: (high + 1, _HIGHEST),
        Relation.GREATER_EQUAL: (low, _HIGHEST),
    }.get(term.relation, (low, high))


def _all_of(spans: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """From the first to the last of them, whichever was named first: «2020–2015» are years, not nothing."""
    lows, highs = zip(*spans, strict=True)
    return min(lows), max(highs)


_RANGE = re.compile(r"(\d*)\s*[-–—]\s*(\d*)")


def _range(term: Term, width: int) -> tuple[int, int]:
    """«2015–2020», «2015-», «-2020» or one value, possibly truncated («201*»)."""
    text = term.text.strip()
    match = _RANGE.fullmatch(text) if term.access not in _DATES else None
    if match and (match[1] or match[2]):
        first = _span(match[1], width, term) if match[1] else (0, 0)
        return _all_of((first, _span(match[2], width, term) if match[2] else (_HIGHEST, _HIGHEST)))
    return _span(text, width, term)


def _span(text: str, width: int, term: Term) -> tuple[int, int]:
    """One value as an interval: «2019» of a date is 20190000…20199999, «201» truncated right is 2010…2019."""
    kept = re.sub(r"[-./\s+]", "", text)
    truncation = term.truncation
    if truncation is Truncation.MASK:
        kept, star, rest = kept.partition("*")
        if not star or rest:
            raise Unsupported("truncation", truncation.value)
        truncation = Truncation.RIGHT
    if truncation in (Truncation.LEFT, Truncation.BOTH) or (truncation is Truncation.RIGHT and width == 1):
        raise Unsupported("truncation", truncation.value)
    if not kept.isdigit() or not kept.isascii() or len(kept) > 8:
        raise Unsupported("term", text)
    shortened = truncation is Truncation.RIGHT or (term.access in _DATES and len(kept) in (4, 6))
    if shortened and len(kept) < width:
        missing = width - len(kept)
        return int(kept + "0" * missing), int(kept + "9" * missing)
    return int(kept), int(kept)
