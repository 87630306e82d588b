"""The state of a search page: read from its address, written back to an address, turned into a query tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from urllib.parse import quote_plus, urlencode

from werkzeug.datastructures import MultiDict

from catalog_sync.facets import bbk_path
from catalog_sync.query import Access, And, Everything, Not, Or, Query, Relation, Sort, Term, Truncation
from catalog_sync.search.document import ACCESS_TEXTBOOK_LIST
from catalog_sync.search.parse import field_query, search_box

PAGE_SIZE = 20
MAX_PAGE = 500  # 10,000 hits deep: nobody reads further, a robot may not either
MAX_TEXT = 300  # characters of one box
MAX_VALUES = 20  # values of one facet in one address

FILTERS = (
    "kind",
    "grade",
    "school_subject",
    "library",
    "place",
    "carrier",
    "category",
    "access",
    "language",
    "author",
    "publisher",
    "bbk",
    "udc",
    "age",
    "subject",
    "source",
)
# Words of the advanced form: parameter → access point.
FIELDS: dict[str, Access] = {
    "t_title": Access.TITLE,
    "t_author": Access.AUTHOR,
    "t_subject": Access.SUBJECT,
    "t_series": Access.TITLE_SERIES,
    "t_publisher": Access.PUBLISHER,
    "t_place": Access.PLACE,
    "t_isbn": Access.ISBN,
    "t_bbk": Access.BBK,
    "t_call": Access.CALL_NUMBER,
    "t_udc": Access.UDC,
    "t_contents": Access.CONTENTS,
    "t_note": Access.NOTE,
}
ORDER = ("q", "also", "without", *FIELDS, *FILTERS, "from", "to", "mine", "fpu", "sort", "page")  # of an address
ADULT = "18"


quoted = lru_cache(maxsize=10_000)(quote_plus)  # values of facets come again on every page


@dataclass(frozen=True)
class SearchState:
    """Everything that decides what a search page shows. Addresses made from it are permanent links."""

    q: str = ""
    also: tuple[str, ...] = ()  # search in found: each is understood as the box is, and narrows the answer further
    without: str = ""  # words that must not be there
    words: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    year_from: int | None = None
    year_to: int | None = None
    mine: bool = False
    fpu: bool = False  # only what the federal list of textbooks admits
    sort: Sort = Sort.RELEVANCE
    page: int = 1

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is asked: the page then shows the whole catalogue by arrival."""
        asked = (self.q, self.also, self.words, self.filters, self.year_from, self.year_to, self.without)
        return not (any(asked) or self.mine or self.fpu)

    @property
    def offset(self) -> int:
        return (self.page - 1) * PAGE_SIZE

    def has(self, facet: str, value: str) -> bool:
        return value in self.filters.get(facet, ())

    def toggled(self, facet: str, value: str) -> SearchState:
        """The same search with one value of a facet added, or taken away when it was there."""
        values = self.filters.get(facet, ())
        values = tuple(v for v in values if v != value) if value in values else (*values, value)
        filters = {**self.filters, facet: values}
        return replace(self, filters={k: v for k, v in filters.items() if v}, page=1)

    def without_filter(self, facet: str) -> SearchState:
        return replace(self, filters={k: v for k, v in self.filters.items() if k != facet}, page=1)

    def pairs(self) -> list[tuple[str, str]]:
        """The address's parameters in a fixed order: the same state always has the same address."""
        found = [("q", self.q)] if self.q else []
        found += [("also", text) for text in self.also]
        found += [("without", self.without)] if self.without else []
        found += [(name, self.words[name]) for name in FIELDS if self.words.get(name)]
        found += [(name, value) for name in FILTERS for value in self.filters.get(name, ())]
        found += [("from", str(self.year_from))] if self.year_from is not None else []
        found += [("to", str(self.year_to))] if self.year_to is not None else []
        found += [("mine", "1")] if self.mine else []
        found += [("fpu", "1")] if self.fpu else []
        found += [("sort", self.sort.value)] if self.sort is not Sort.RELEVANCE else []
        return found + ([("page", str(self.page))] if self.page > 1 else [])

    def toggles(self) -> Callable[[str, str], str]:
        """`query_string` of `toggled(facet, value)`, quick: a page of facets asks for sixty of them."""
        first = [(name, urlencode([(name, value)])) for name, value in self.pairs() if name != "page"]
        place = {name: n for n, name in enumerate(ORDER)}

        def toggled(facet: str, value: str) -> str:
            if self.has(facet, value):
                return urlencode(self.toggled(facet, value).pairs())
            at = sum(place[name] <= place[facet] for name, _ in first)
            texts = [text for _, text in first]
            return "&".join((*texts[:at], f"{facet}={quoted(value)}", *texts[at:]))

        return toggled

    def query_string(self, **changes: object) -> str:
        return urlencode(replace(self, **changes).pairs())  # type: ignore[arg-type]


def literal(text: str) -> str:
    """Words of a record to be asked for: a star and a question mark in them are no masks."""
    return text.replace("*", " ").replace("?", " ")


def read_state(args: MultiDict[str, str]) -> SearchState:
    """A state from an address. What can't be understood is left out: an old or hand-made link still opens."""
    given = args.to_dict(flat=False)  # a MultiDict makes an exception of every parameter that is not there

    def one(name: str) -> str:
        return next(iter(given.get(name, ())), "")

    sort, first, last = one("sort"), _year(one("from")), _year(one("to"))
    if first and last and first > last:  # the later year was typed first: the same years are meant
        first, last = last, first
    return SearchState(
        q=_text(one("q")),
        also=tuple(_clean(given.get("also", ()))[:5]),
        without=_text(one("without")),
        words={name: text for name in FIELDS if name in given and (text := _text(one(name)))},
        filters={n: v for n in FILTERS if n in given and (v := tuple(_clean(given[n])[:MAX_VALUES]))},
        year_from=first,
        year_to=last,
        mine=one("mine") == "1",
        fpu=one("fpu") == "1",
        sort=Sort(sort) if sort in set(Sort) else Sort.RELEVANCE,
        page=min(max(_number(one("page")) or 1, 1), MAX_PAGE),
    )


def _text(value: str) -> str:
    """One line of printable text: a zero byte or a new line in an address is nobody's word."""
    return re.sub(r"[\x00-\x1f\x7f\s]+", " ", value).strip()[:MAX_TEXT]


def _clean(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, map(_text, values))))


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text.strip()) else None


def _year(text: str) -> int | None:
    number = _number(text)
    return number if number is not None and 1000 <= number <= 2999 else None


def to_query(state: SearchState, box: Query | None, places: Mapping[str, tuple[str, ...]], my_library: str) -> Query:
    """The query tree of a state.

    `box` is what the search box means (parsed by catalog_sync.search), `places` the library codes of each settlement,
    `my_library` the reader's own library ("" = not chosen).
    """
    parts: list[Query] = [box] if box is not None else []
    parts += [search_box(text) for text in state.also]
    parts += [_word_term(name, text) for name, text in state.words.items()]
    parts += [any_of(_filter_terms(name, values, places)) for name, values in state.filters.items()]
    if state.year_from is not None or state.year_to is not None:
        span = f"{state.year_from or 1000} {state.year_to or 2999}"
        parts.append(Term(span, Access.YEAR, Relation.WITHIN))
    if state.mine and my_library:
        parts.append(Term(my_library, Access.LIBRARY, Relation.EXACT))
    if state.fpu:
        parts.append(Term(ACCESS_TEXTBOOK_LIST, Access.AVAILABILITY, Relation.EXACT))
    whole = all_of(parts)
    return Not(whole, Term(state.without, Access.ANY, Relation.ANY)) if state.without else whole


def _word_term(name: str, text: str) -> Query:
    if name == "t_isbn":
        return Or(Term(text, Access.ISBN, Relation.EQUAL), Term(text, Access.ISSN, Relation.EQUAL))
    return field_query(FIELDS[name], text) or Term(text, FIELDS[name])


def _filter_terms(name: str, values: Iterable[str], places: Mapping[str, tuple[str, ...]]) -> list[Query]:
    if name == "place":
        return [Term(code, Access.LIBRARY, Relation.EXACT) for v in values for code in places.get(v, ("-",))]
    if name == "bbk":
        return [_division(value) for value in values]
    if name == "udc":
        return [Term(value, Access(name), Relation.EXACT, Truncation.RIGHT) for value in values]
    return [Term(value, Access(name), Relation.EXACT) for value in values]


def _division(value: str) -> Term:
    """«8» is what the facet counts under it, «85 Искусство» apart; an index the tree lacks is a beginning of others."""
    if bbk_path(value):
        return Term(value, Access.BBK_DIVISION, Relation.EXACT)
    return Term(value, Access.BBK, Relation.EXACT, Truncation.RIGHT)


def all_of(parts: list[Query]) -> Query:
    """Every part, or everything where there is none."""
    if not parts:
        return Everything()
    whole = parts[0]
    for part in parts[1:]:
        whole = And(whole, part)
    return whole


def any_of(parts: list[Query]) -> Query:
    whole = parts[0]
    for part in parts[1:]:
        whole = Or(whole, part)
    return whole


def hide_adult(query: Query) -> Query:
    """The child's view: nothing marked 18+ (an edition without a mark stays, its card says the mark is unknown)."""
    return Not(query, Term(ADULT, Access.AGE, Relation.EXACT))
