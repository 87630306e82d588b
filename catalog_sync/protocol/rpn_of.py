"""The catalogue's query tree → RPN for a foreign target: the plain questions that every Bib-1 server answers."""

from __future__ import annotations

from catalog_sync.protocol import bib1
from catalog_sync.protocol.apdu import Attribute, Operator, RpnItem, RpnQuery, RpnTerm
from catalog_sync.protocol.oids import BIB1_ATTRIBUTES
from catalog_sync.query import Access, And, Not, Or, Query, Relation, Term, Truncation, Unsupported

_USES = {
    Access.ANY: 1016, Access.TITLE: 4, Access.TITLE_SERIES: 5, Access.TITLE_UNIFORM: 6, Access.AUTHOR: 1003,
    Access.CORPORATE: 2, Access.SUBJECT: 21, Access.ISBN: 7, Access.ISSN: 8, Access.LOCAL_ID: 12,
    Access.PUBLISHER: 1018, Access.PLACE: 59, Access.YEAR: 31, Access.LANGUAGE: 54, Access.UDC: 14, Access.BBK: 20,
    Access.NOTE: 63, Access.ABSTRACT: 62,
}  # fmt: skip
_RELATIONS = {relation: number for number, relation in bib1.RELATIONS.items()}
_TRUNCATIONS = {Truncation.NONE: None, Truncation.RIGHT: 1, Truncation.LEFT: 2, Truncation.BOTH: 3}
_OPERATORS: dict[type, Operator] = {And: Operator.AND, Or: Operator.OR, Not: Operator.AND_NOT}
_WORD, _PHRASE, _WORD_LIST = 2, 1, 6


def rpn_of(query: Query, encoding: str = "utf-8") -> RpnQuery:
    """RPN with terms in `encoding`. Raises Unsupported for what Bib-1 can't say, UnicodeEncodeError for a term."""
    items: list[RpnItem] = []
    waiting: list[Query | Operator] = [query]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Operator):
            items.append(node)
        elif isinstance(node, And | Or | Not):
            waiting += (_OPERATORS[type(node)], node.right, node.left)
        elif isinstance(node, Term):
            items.append(_term(node, encoding))
        else:
            raise Unsupported("query", type(node).__name__)
    return RpnQuery(BIB1_ATTRIBUTES, tuple(items))


def _term(term: Term, encoding: str) -> RpnTerm:
    use = _USES.get(term.access)
    if use is None:
        raise Unsupported("access", term.access)
    if term.truncation not in _TRUNCATIONS:
        raise Unsupported("truncation", term.truncation)
    numbers = {
        bib1.USE: use,
        bib1.RELATION: _RELATIONS.get(term.relation),
        bib1.POSITION: 1 if term.first or term.relation is Relation.EXACT else None,
        bib1.STRUCTURE: _structure(term),
        bib1.TRUNCATION: _TRUNCATIONS[term.truncation],
        bib1.COMPLETENESS: 3 if term.relation is Relation.EXACT else None,
    }
    attributes = tuple(Attribute(kind, value) for kind, value in numbers.items() if value is not None)
    return RpnTerm(term.text.encode(encoding), attributes)


def _structure(term: Term) -> int | None:
    """Numbers and codes get none: servers differ in what they want there."""
    if term.access in bib1.VALUES:
        return None
    if term.relation is Relation.ALL and " " in term.text.strip():
        return _WORD_LIST
    if term.relation in (Relation.ADJACENT, Relation.EXACT, Relation.EQUAL):
        return _PHRASE
    if term.relation is Relation.ANY and " " in term.text.strip():
        raise Unsupported("relation", term.relation)
    return _WORD
