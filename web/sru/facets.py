"""Facets of SRU 2.0 (searchRetrieve part 3, 11): `facetLimit=10:dc.creator,5:dc.date`, counts with a query for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from catalog_sync.marc.union_xml import element
from catalog_sync.protocol.cql import CqlError
from catalog_sync.protocol.cql_context import Index, find_index
from catalog_sync.query import Access, FacetValue
from web.sru.diagnostics import SruFailure
from web.sru.parameters import SruRequest

MAX_VALUES = 100  # values of one facet
MAX_FACETS = 10
RELATION = "=="
NAMESPACE = "http://docs.oasis-open.org/ns/search-ws/facetedResults"
# Where a client names no index: what a reader of a school catalogue narrows by.
USUAL = ("dc.creator", "dc.date", "dc.language", "cs.library", "cs.category", "cs.carrier")
CAN_COUNT = frozenset({"author", "year", "language", "library", "category", "carrier", "kind", "grade", "bbk_division",
                       "school_subject", "publisher", "subject", "age", "access", "source"})


@dataclass(frozen=True, slots=True)
class FacetRequest:
    index: Index
    limit: int
    name: str  # the index as the client wrote it

    @property
    def facet(self) -> str:
        return "bbk" if self.index.access == (Access.BBK_DIVISION,) else str(self.index.access[0])


@dataclass(frozen=True, slots=True)
class FacetPlan:
    """What is asked of the facets: `start` is 1-based."""

    facets: tuple[FacetRequest, ...] = ()
    start: int = 1
    by_name: bool = False

    @property
    def most(self) -> int:
        """Values to count so that `start` can be honoured."""
        return max((f.limit for f in self.facets), default=0) + self.start - 1


def read(request: SruRequest) -> FacetPlan:
    """The facets a request asks for. Raises SruFailure: 6 for a value, 8 for ranges, 16 for an index without facets."""
    for name in ("facetRangeField", "facetLowValue", "facetHighValue", "facetCount"):
        if request.get(name):
            raise SruFailure(8, name)
    limit = request.get("facetLimit").strip()
    if not limit:
        return FacetPlan()
    sort = request.get("facetSort", "recordCount").split(",")[0]
    if sort not in ("recordCount", "alphanumeric"):
        raise SruFailure(6, "facetSort")
    facets = _facets(limit)
    return FacetPlan(facets, request.number("facetStart", 1, 1), sort == "alphanumeric")


def _facets(text: str) -> tuple[FacetRequest, ...]:
    named: list[FacetRequest] = []
    general = 0
    for part in text.split(","):
        number, colon, name = part.strip().partition(":")
        if not (number.isascii() and number.isdigit()) or (colon and not name):
            raise SruFailure(6, "facetLimit")
        if colon:
            named.append(_facet(name, int(number)))
        else:
            general = int(number)
    found = named or ([_facet(name, general) for name in USUAL] if general else [])
    if len(found) > MAX_FACETS:
        raise SruFailure(6, f"facetLimit: {MAX_FACETS} facets at most")
    return tuple(found)


def _facet(name: str, limit: int) -> FacetRequest:
    try:
        index = find_index(name)
    except CqlError as error:
        raise SruFailure(error.number, name) from error
    if index.access == (Access.BBK,):  # divisions are counted; `cs.bbk == 22` finds whoever wrote «22» beside another
        index = find_index("cs.bbkDivision")
    if len(index.access) != 1 or index.access[0] not in CAN_COUNT:
        raise SruFailure(16, name)
    return FacetRequest(index, min(limit, MAX_VALUES), name)


def render(plan: FacetPlan, counted: dict[str, Sequence[FacetValue]], query: str, address: str) -> str:
    """The facetedResults element; each value has the CQL that narrows the search to it, and its request.

    `query` is the CQL without a sortBy. Values are whole headings, as they are counted: «Толстой, Л. Н.» is no phrase
    of «Толстой, Лев Николаевич», but a heading of that record.
    """
    inner = "".join(_render(plan, facet, counted.get(facet.facet, ()), query, address) for facet in plan.facets)
    return f'<facetedResults xmlns:fr="{NAMESPACE}">{inner}</facetedResults>'


def _render(
    plan: FacetPlan, facet: FacetRequest, values: Sequence[FacetValue], query: str, address: str
) -> str:
    chosen = values[plan.start - 1 : plan.start - 1 + facet.limit]
    if plan.by_name:
        chosen = sorted(chosen, key=lambda v: v.value)
    terms = "".join(_term(facet, value, query, address) for value in chosen)
    return (
        "<fr:facet>" + element("fr:facetDisplayLabel", facet.index.title_ru) + element("fr:index", facet.name)
        + element("fr:relation", RELATION) + f"<fr:terms>{terms}</fr:terms></fr:facet>"
    )


def _term(facet: FacetRequest, value: FacetValue, asked: str, address: str) -> str:
    quoted = value.value.replace("\\", "\\\\").replace('"', '\\"')
    query = f'({asked}) and {facet.index.qualified} {RELATION} "{quoted}"'
    url = f"{address}?{urlencode({'version': '2.0', 'query': query})}"
    return (
        "<fr:term>" + element("fr:actualTerm", value.value) + element("fr:query", query)
        + element("fr:requestUrl", url) + element("fr:count", str(value.count)) + "</fr:term>"
    )
