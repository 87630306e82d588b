"""From a request's databases, query and charset to questions for the catalogue, and its refusals as diagnostics."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from catalog_sync.protocol import bib1, rpn
from catalog_sync.protocol.apdu import AnyQuery, CqlQuery, RpnQuery, SortKey
from catalog_sync.protocol.charset import decode_term
from catalog_sync.protocol.diagnostics import Condition, Fault
from catalog_sync.protocol.oids import BIB1_ATTRIBUTES
from catalog_sync.query import (
    MAX_SORT_KEYS,
    Access,
    And,
    Catalogue,
    Or,
    Order,
    Query,
    Relation,
    Sort,
    Term,
    Unsupported,
    order_of,
)  # fmt: skip
from web.z3950.settings import UNION_DATABASE

_UNSUPPORTED = {
    "access": Condition.UNSUPPORTED_USE,
    "relation": Condition.UNSUPPORTED_RELATION,
    "truncation": Condition.UNSUPPORTED_TRUNCATION,
    "position": Condition.UNSUPPORTED_POSITION,
    "structure": Condition.UNSUPPORTED_STRUCTURE,
    "term": Condition.ILLEGAL_TERM,
    "sort": Condition.CANNOT_SORT,
    "sort size": Condition.CANNOT_SORT,
    "library": Condition.UNKNOWN_DATABASE,
}
# SRU diagnostic of a CQL query → Bib-1 condition; what is not here is a query we don't understand.
_CQL = {
    15: Condition.UNSUPPORTED_ATTRIBUTE_SET, 16: Condition.UNSUPPORTED_USE, 19: Condition.UNSUPPORTED_RELATION,
    20: Condition.UNSUPPORTED_RELATION, 21: Condition.UNSUPPORTED_COMBINATION,
    22: Condition.UNSUPPORTED_COMBINATION, 27: Condition.MALFORMED_TERM, 28: Condition.UNSUPPORTED_TRUNCATION,
    36: Condition.ILLEGAL_TERM, 37: Condition.UNSUPPORTED_OPERATOR, 38: Condition.TOO_MANY_OPERATORS,
    39: Condition.UNSUPPORTED_OPERATOR, 80: Condition.CANNOT_SORT, 84: Condition.TOO_MANY_SORT_KEYS,
    85: Condition.DUPLICATE_SORT_KEYS, 90: Condition.CANNOT_SORT, 91: Condition.CANNOT_SORT,
    92: Condition.MISSING_DATA_ACTION,
}  # fmt: skip


def refusal(error: Unsupported) -> Fault:
    """The catalogue's «can't» as a diagnostic."""
    condition = _UNSUPPORTED.get(error.part, Condition.UNSUPPORTED_SEARCH)
    if error.part == "sort size":
        return Fault(condition, f"по нескольким ключам сортируется не больше {error.value} записей")
    return Fault(condition, f"{error.value}: каталог так не ищет ({error.part})")


def read_query(query: AnyQuery, charset: str, *, negotiated: bool, find_set: rpn.FindSet) -> tuple[Query, Order]:
    """The catalogue's query and the order asked in it. Raises Fault."""
    if isinstance(query, RpnQuery):

        def decode(data: bytes) -> str:
            return decode_term(data, charset, negotiated=negotiated)

        return rpn.to_query(query, decode, find_set), Sort.RELEVANCE
    if isinstance(query, CqlQuery):
        return _read_cql(query.text)
    raise Fault(Condition.UNSUPPORTED_QUERY_TYPE, f"{query.name}: есть type-1 (RPN), type-101 и type-104 (CQL)")


def _read_cql(text: str) -> tuple[Query, Order]:
    from catalog_sync.protocol import cql, cql_query

    try:
        return cql_query.to_query(cql.parse(text))
    except cql.CqlError as error:
        condition = _CQL.get(error.number, Condition.MALFORMED_QUERY)
        raise Fault(condition, f"CQL, диагностика SRU {error.number}: {error.details}") from error


# --- databases -------------------------------------------------------------------------------------------------------

LIBRARIES_SECONDS = 60.0  # a library appears when a source is added, not in the middle of a search


class Libraries:
    """Which databases there are: `Default` and one per library. Names are compared without case."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._codes: dict[str, str] = {}
        self._read = float("-inf")

    def code(self, name: str, catalogue: Catalogue) -> str:
        """The library's code, "" for the union. Raises Fault 235."""
        low = name.lower()
        if low == UNION_DATABASE.lower():
            return ""
        if self._clock() - self._read > LIBRARIES_SECONDS:
            sets = (spec.partition(":") for spec, _ in catalogue.oai_sets())
            self._codes = {code.lower(): code for kind, _, code in sets if kind == "library"}
            self._read = self._clock()
        if low not in self._codes:
            raise Fault(Condition.UNKNOWN_DATABASE, f"{name}: такой базы нет; сводный каталог — {UNION_DATABASE}")
        return self._codes[low]

    def limit(self, names: Sequence[str], catalogue: Catalogue) -> tuple[str, Query | None]:
        """(library, further condition) of a list of databases: one library, several as an Or, or the union."""
        if names == (UNION_DATABASE,):  # nearly every question
            return "", None
        if not names:
            raise Fault(Condition.UNKNOWN_DATABASE, "не названа ни одна база")
        codes = list(dict.fromkeys(self.code(name, catalogue) for name in names))
        if "" in codes:
            return "", None
        if len(codes) == 1:
            return codes[0], None
        if len(codes) > rpn.MAX_OPERATORS:
            raise Fault(Condition.TOO_MANY_DATABASES, f"не больше {rpn.MAX_OPERATORS} баз в одном запросе")
        terms = [in_library(code) for code in codes]
        condition = terms[0]
        for term in terms[1:]:
            condition = Or(condition, term)
        return "", condition


def in_library(code: str) -> Query:
    return Term(code, Access.LIBRARY, Relation.EQUAL)


def within(query: Query, condition: Query | None) -> Query:
    return query if condition is None else And(query, condition)


# --- sorting ---------------------------------------------------------------------------------------------------------


def read_sort(keys: Sequence[SortKey]) -> Order:
    """The order of the keys. Raises Fault for what the catalogue can't order by."""
    if not keys:
        raise Fault(Condition.CANNOT_SORT, "не сказано, по чему сортировать")
    if len(keys) > MAX_SORT_KEYS:
        raise Fault(Condition.TOO_MANY_SORT_KEYS, f"{len(keys)}: ключей сортировки не больше {MAX_SORT_KEYS}")
    orders = [_read_key(key) for key in keys]
    subjects = {order.subject for order in orders}
    if len(subjects) < len(orders):
        raise Fault(Condition.DUPLICATE_SORT_KEYS, "один и тот же ключ назван дважды")
    if len(orders) > 1 and Sort.RELEVANCE in orders:
        raise Fault(Condition.CANNOT_SORT, "по соответствию сортируют без других ключей")
    return order_of(orders)


def _read_key(key: SortKey) -> Sort:
    if key.database_specific:
        raise Fault(Condition.DATABASE_SPECIFIC_SORT, "ключ сортировки задаётся для всех баз сразу")
    if key.relation not in (0, 1):
        raise Fault(Condition.SORT_RELATION, f"{key.relation}: есть 0 (по возрастанию) и 1 (по убыванию)")
    if key.missing in (1, 3):
        raise Fault(Condition.MISSING_DATA_ACTION, "записи без ключа стоят в конце, иначе нельзя")
    order = _sort_of(key)
    return order if key.relation == 0 or order is Sort.RELEVANCE else Sort(f"{order.value}-")


def _sort_of(key: SortKey) -> Sort:
    if key.elements:
        raise Fault(Condition.CANNOT_SORT, "ключом может быть имя поля или атрибут Bib-1")
    if key.field:
        return _sort_of_field(key.field)
    uses: list[int | str] = []
    for attribute in key.attributes:
        if (attribute.set or key.attribute_set) != BIB1_ATTRIBUTES:
            raise Fault(Condition.UNSUPPORTED_ATTRIBUTE_SET, f"{attribute.set or key.attribute_set}: есть только Bib-1")
        if attribute.type == bib1.USE:
            uses.append(attribute.value)
    found = bib1.SORTS.get(uses[0]) if uses and isinstance(uses[0], int) else None
    if found is None:
        raise Fault(Condition.CANNOT_SORT, f"{uses[0] if uses else '—'}: сортировка есть по 4, 1003, 31, 1012")
    return found


def _sort_of_field(name: str) -> Sort:
    found = bib1.SORT_FIELDS.get(name.lower())
    if found is None:
        raise Fault(Condition.CANNOT_SORT, f"{name}: сортировка есть по {', '.join(bib1.SORT_FIELDS)}")
    return found
