"""RPN (type-1 query) → the query tree of the catalogue. What can't be answered exactly is a diagnostic.

Defaults where an attribute is left out follow the field's practice (Zebra): use = any, relation = equal, position =
any, structure = the words together, truncation = none, completeness = part of the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from catalog_sync.protocol import bib1
from catalog_sync.protocol.apdu import Attribute, Operator, RpnQuery, RpnSet, RpnTerm, TermKind
from catalog_sync.protocol.diagnostics import Condition, Fault
from catalog_sync.protocol.oids import BIB1_ATTRIBUTES
from catalog_sync.query import Access, And, Everything, Not, Or, Query, Relation, Term, Truncation

MAX_OPERATORS = 100  # 60 come from honest clients; the catalogue walks the tree recursively

Decode = Callable[[bytes], str]
FindSet = Callable[[str], Query]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Attributes of one operand, by type."""

    use: int | str = 1016
    relation: int = 3
    position: int = 3
    structure: int = 0
    truncation: int = 100
    completeness: int = 1


def to_query(query: RpnQuery, decode: Decode, find_set: FindSet) -> Query:
    """The catalogue's tree. Raises Fault for anything that can't be answered; `find_set` raises it for unknown sets."""
    if sum(isinstance(item, Operator) for item in query.items) > MAX_OPERATORS:
        raise Fault(Condition.TOO_MANY_OPERATORS, f"не больше {MAX_OPERATORS} операторов в одном запросе")
    stack: list[Query] = []
    for item in query.items:
        if isinstance(item, Operator):
            right, left = stack.pop(), stack.pop()
            stack.append(_combine(item, left, right))
        elif isinstance(item, RpnSet):
            stack.append(_result_set(item, find_set))
        else:
            stack.append(term_query(item, query.attribute_set, decode))
    return stack.pop()


def _combine(operator: Operator, left: Query, right: Query) -> Query:
    match operator:
        case Operator.AND:
            return And(left, right)
        case Operator.OR:
            return Or(left, right)
        case Operator.AND_NOT:
            return Not(left, right)
    raise Fault(Condition.UNSUPPORTED_OPERATOR, "prox: поиск по близости не поддерживается, есть and, or, not")


def _result_set(item: RpnSet, find_set: FindSet) -> Query:
    if item.attributes:
        raise Fault(Condition.RESTRICTED_SET, f"{item.name}: набор нельзя ограничить атрибутами")
    return find_set(item.name)


# --- one operand -----------------------------------------------------------------------------------------------------


def term_query(term: RpnTerm, attribute_set: str, decode: Decode) -> Query:
    """One operand's query; a use attribute that asks two access points becomes an Or."""
    wanted = read_attributes(term.attributes, attribute_set)
    text = term_text(term, decode)
    if wanted.relation == bib1.ALWAYS_MATCHES:
        return _always(wanted)
    if not text.strip():
        raise Fault(Condition.MALFORMED_TERM, "пустой поисковый термин")
    access = access_of(wanted.use)
    found = _leaf(access, wanted, text)
    other = bib1.ALSO.get(wanted.use) if isinstance(wanted.use, int) else None
    return found if other is None else Or(found, _leaf(other, wanted, text))


def term_text(term: RpnTerm, decode: Decode) -> str:
    """The term as text. Raises Fault where its type or its bytes are not ours to read."""
    if term.kind is TermKind.NULL:
        return ""
    if term.kind not in (TermKind.GENERAL, TermKind.CHARACTERS, TermKind.NUMERIC, TermKind.DATE_TIME, TermKind.OID):
        raise Fault(Condition.TERM_TYPE, f"{term.kind}: ожидалась строка или число")
    try:
        return decode(term.data)
    except UnicodeDecodeError as error:
        info = f"термин не в кодировке {error.encoding}: байт {error.start + 1}; договоритесь о кодировке при Init"
        raise Fault(Condition.MALFORMED_TERM, info) from error


def read_attributes(attributes: tuple[Attribute, ...], attribute_set: str) -> Wanted:
    """Checks types and values; a type given twice is diagnostic 123."""
    if len(attributes) <= len(bib1.TYPE_NAMES) and all(isinstance(a.value, int) for a in attributes):
        return _remembered_wanted(attributes, attribute_set)
    return _wanted(attributes, attribute_set)


@lru_cache(1024)
def _remembered_wanted(attributes: tuple[Attribute, ...], attribute_set: str) -> Wanted:
    return _wanted(attributes, attribute_set)


def _wanted(attributes: Iterable[Attribute], attribute_set: str) -> Wanted:
    found: dict[str, int | str] = {}
    for attribute in attributes:
        if (attribute.set or attribute_set) != BIB1_ATTRIBUTES:
            raise Fault(Condition.UNSUPPORTED_ATTRIBUTE_SET, f"{attribute.set or attribute_set}: есть только Bib-1")
        name = bib1.TYPE_NAMES.get(attribute.type)
        if name is None:
            raise Fault(Condition.UNSUPPORTED_ATTRIBUTE_TYPE, f"{attribute.type}: есть типы 1–6")
        if name in found:
            raise Fault(Condition.UNSUPPORTED_COMBINATION, f"атрибут {name} задан дважды")
        found[name] = attribute.value
    wanted = Wanted(**found)  # type: ignore[arg-type]
    _check(wanted)
    return wanted


_KNOWN: dict[str, tuple[frozenset[int], Condition]] = {
    "relation": (frozenset({*bib1.RELATIONS, 101, 102, 103}), Condition.UNSUPPORTED_RELATION),
    "position": (frozenset(bib1.POSITIONS), Condition.UNSUPPORTED_POSITION),
    "structure": (frozenset({0, *bib1.STRUCTURES}), Condition.UNSUPPORTED_STRUCTURE),
    "truncation": (frozenset({1, 2, 3, 100, 101, 102, 104}), Condition.UNSUPPORTED_TRUNCATION),
    "completeness": (frozenset(bib1.COMPLETENESSES), Condition.UNSUPPORTED_COMPLETENESS),
}


def _check(wanted: Wanted) -> None:
    for name, (known, condition) in _KNOWN.items():
        value = getattr(wanted, name)
        if value not in known:
            allowed = ", ".join(map(str, sorted(known - {0})))
            raise Fault(condition, f"{value}: атрибут {name} бывает {allowed}")


def access_of(use: int | str) -> Access:
    found = bib1.USES.get(use) if isinstance(use, int) else bib1.NAMES.get(use.lower())
    if found is None:
        raise Fault(Condition.UNSUPPORTED_USE, f"{use}: такой точки доступа нет")
    return found


def _always(wanted: Wanted) -> Query:
    """AlwaysMatches: all records, of the access points that every record has."""
    if wanted.use == bib1.ALL_RECORDS or access_of(wanted.use) in bib1.EVERYWHERE:
        return Everything()
    info = f"103 с use {wanted.use}: «все записи» спрашивают с 1016, 4, 12 или {bib1.ALL_RECORDS}"
    raise Fault(Condition.UNSUPPORTED_COMBINATION, info)


def _leaf(access: Access, wanted: Wanted, text: str) -> Query:
    truncation, text = _truncate(wanted.truncation, text)
    relation = _relation(access, wanted, text)
    first = wanted.position in bib1.POSITIONS_FIRST
    if wanted.completeness in bib1.COMPLETE and access not in bib1.VALUES:
        # A complete field that is truncated on the right is a field that begins so.
        open_ended = truncation is Truncation.RIGHT
        first = first or open_ended
        relation = Relation.ADJACENT if open_ended else Relation.EXACT
    if relation is Relation.NOT_EQUAL:
        return Not(Everything(), Term(text, access, _equal(access, wanted, text), truncation, first))
    return Term(text, access, relation, truncation, first)


def _relation(access: Access, wanted: Wanted, text: str) -> Relation:
    asked = bib1.RELATIONS.get(wanted.relation, Relation.EQUAL)
    return _equal(access, wanted, text) if asked is Relation.EQUAL else asked


def _equal(access: Access, wanted: Wanted, text: str) -> Relation:
    """What «=» means: the value for codes and numbers, else what the structure says of several words."""
    if access in bib1.VALUES:
        return Relation.EQUAL
    if wanted.relation == bib1.STEM:
        return Relation.ALL  # the only relation that is about forms of words: «equal» is equal as typed
    if wanted.relation == bib1.RELEVANCE and not wanted.structure:
        return Relation.ANY
    found = bib1.STRUCTURES.get(wanted.structure, Relation.ADJACENT)
    return Relation.ADJACENT if found is Relation.EQUAL else found


# --- truncation ------------------------------------------------------------------------------------------------------

_PLAIN = {1: Truncation.RIGHT, 2: Truncation.LEFT, 3: Truncation.BOTH, 100: Truncation.NONE}
_REGULAR = re.compile(r"\\(.)|(\.\*)|(\.)|([\[\](){}+*?|^$\\])")


def _truncate(value: int, text: str) -> tuple[Truncation, str]:
    """The truncation and the term in the catalogue's mask: `*` any run of characters, `?` one character."""
    if value in _PLAIN:
        return _PLAIN[value], text
    mask = _MASKS[value](text)
    return (Truncation.MASK if "*" in mask or "?" in mask else Truncation.NONE), mask


def _any_run(text: str) -> str:
    """Truncation 101: «#» stands for any run of characters."""
    return text.replace("*", " ").replace("?", " ").replace("#", "*")


def _z3958(text: str) -> str:
    """Truncation 104: «#» stands for one character, «?» for any run."""
    counted = re.search(r"\?\d", text)
    if counted:
        info = f"{counted.group()}: ограниченное число знаков не поддерживается, есть # и ?"
        raise Fault(Condition.UNSUPPORTED_TRUNCATION, info)
    return text.replace("*", " ").replace("?", "*").replace("#", "?")


def _regular(found: re.Match[str]) -> str:
    """RegExpr-1 as far as a mask can say it: `.*`, `.` and escaped characters; the rest is diagnostic 120."""
    escaped, run, one, other = found.groups()
    if other:
        raise Fault(Condition.UNSUPPORTED_TRUNCATION, f"{other}: из регулярных выражений есть только . и .*")
    if run:
        return "*"
    return "?" if one else (" " if escaped in "*?" else escaped)


_MASKS = {101: _any_run, 102: lambda text: _REGULAR.sub(_regular, text), 104: _z3958}
