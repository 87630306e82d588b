"""The catalogue's query tree → CQL for a foreign SRU server, in index names that most servers know."""

from __future__ import annotations

from collections.abc import Mapping

from catalog_sync.query import Access, And, Everything, Not, Or, Query, Relation, Term, Truncation, Unsupported

INDEXES = {
    Access.ANY: "cql.serverChoice", Access.TITLE: "dc.title", Access.AUTHOR: "dc.creator", Access.SUBJECT: "dc.subject",
    Access.ISBN: "bath.isbn", Access.ISSN: "bath.issn", Access.PUBLISHER: "dc.publisher", Access.YEAR: "dc.date",
    Access.LANGUAGE: "dc.language", Access.LOCAL_ID: "rec.identifier", Access.TITLE_SERIES: "bib.titleSeries",
}
RELATIONS = {
    Relation.ALL: "all", Relation.ANY: "any", Relation.ADJACENT: "adj", Relation.EXACT: "==", Relation.EQUAL: "=",
    Relation.LESS: "<", Relation.LESS_EQUAL: "<=", Relation.GREATER: ">", Relation.GREATER_EQUAL: ">=",
    Relation.NOT_EQUAL: "<>", Relation.WITHIN: "within",
}
OPERATORS: dict[type, str] = {And: "and", Or: "or", Not: "not"}
MASKS = {
    Truncation.NONE: "{}", Truncation.RIGHT: "{}*", Truncation.LEFT: "*{}", Truncation.BOTH: "*{}*",
    Truncation.MASK: "{}",
}


def cql_of(query: Query, indexes: Mapping[Access, str] = INDEXES) -> str:
    """CQL text; `indexes` are the server's names. Raises Unsupported for what it has no name for."""
    done: list[str] = []
    todo: list[Query | str] = [query]
    while todo:
        node = todo.pop()
        if isinstance(node, str):
            right, left = done.pop(), done.pop()
            done.append(f"({left} {node} {right})")
        elif isinstance(node, And | Or | Not):
            todo += [OPERATORS[type(node)], node.right, node.left]
        elif isinstance(node, Everything):
            done.append("cql.allRecords = 1")
        elif isinstance(node, Term):
            done.append(_term(node, indexes))
        else:
            raise Unsupported("query", type(node).__name__)
    return done[0]


def _term(term: Term, indexes: Mapping[Access, str]) -> str:
    index = indexes.get(term.access)
    if index is None:
        raise Unsupported("access", term.access)
    masked = term.truncation is Truncation.MASK
    text = "".join("\\" + c if c in '"\\' or (c in "*?^" and not masked) else c for c in term.text)
    anchor = "^" if term.first else ""
    return f'{index} {RELATIONS[term.relation]} "{anchor}{MASKS[term.truncation].format(text)}"'
