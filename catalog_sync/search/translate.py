"""The query tree as a tantivy query: the only place where access points, relations and truncations meet the index.

What can't be answered raises `Unsupported` naming the part; a silent zero is the best-known complaint about catalogues.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tantivy

from catalog_sync.query import (
    Access,
    And,
    Everything,
    Not,
    OneOf,
    Or,
    Query,
    Relation,
    Term,
    Truncation,
    Unsupported,
)  # fmt: skip
from catalog_sync.search import codes, schema, textual

TQ = tantivy.Query
DEEPEST_FOLLOWED = 60  # operators: 60 are legitimate in Z39.50; a machine's deeper nest gets no suggestion, no cache
MUST, SHOULD, NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot


@dataclass(slots=True)
class _Group:
    """Operands of a run of the same operator: And(And(a, b), c) is one conjunction of three, not a nest."""

    occur: Any
    parts: list[Any]


def translate(query: Query, index_schema: Any) -> Any:
    """A tantivy query that matches what `query` asks for, without a wish about order. Raises Unsupported."""
    done: list[Any] = []
    # An explicit stack: 500 nested operators are legitimate in Z39.50 and must not exhaust Python's.
    todo: list[tuple[Query, bool]] = [(query, False)]
    while todo:
        node, ready = todo.pop()
        if isinstance(node, And | Or | Not):
            if ready:
                right, left = done.pop(), done.pop()
                done.append(_join(node, left, right, index_schema))
            else:
                todo += [(node, True), (node.right, False), (node.left, False)]
        else:
            done.append(_leaf(node, index_schema))
    return _finished(done[0])


def everything(index_schema: Any) -> Any:
    """All live records, without the document that remembers the index's state."""
    state = TQ.term_query(index_schema, "meta", schema.STATE)
    return TQ.boolean_query([(MUST, TQ.all_query()), (NOT, state)])


def _join(node: And | Or | Not, left: Any, right: Any, index_schema: Any) -> Any:
    if isinstance(node, Not):
        return TQ.boolean_query([(MUST, _finished(left)), (NOT, _finished(right))])
    occur = MUST if isinstance(node, And) else SHOULD
    parts: list[Any] = []
    for side in (left, right):
        parts += side.parts if isinstance(side, _Group) and side.occur == occur else [_finished(side)]
    return _Group(occur, parts)


def _finished(side: Any) -> Any:
    return TQ.boolean_query([(side.occur, p) for p in side.parts]) if isinstance(side, _Group) else side


def _leaf(node: Term | Everything | OneOf, index_schema: Any) -> Any:
    if isinstance(node, Everything):
        return everything(index_schema)
    if isinstance(node, OneOf):
        return TQ.term_set_query(index_schema, "id", list(node.clusters)) if node.clusters else TQ.empty_query()
    if node.relation is Relation.NOT_EQUAL:
        equal = _leaf(replace(node, relation=Relation.EQUAL), index_schema)
        return TQ.boolean_query([(MUST, everything(index_schema)), (NOT, equal)])
    return _translator(node.access)(node, index_schema)


def _translator(access: Access) -> Callable[[Term, Any], Any]:
    if access in schema.TEXT:
        return textual.translate
    if access in schema.CODED:
        return codes.translate_code
    if access in schema.NUMBERS:
        return codes.translate_number
    raise Unsupported("access", access.value)


# --- Order -----------------------------------------------------------------------------------------------------------

_EXACT_TITLE = 12.0  # the very book whose whole title was typed stands first
_TITLE_PHRASE = 4.0
_TITLE_WORD = 3.0  # a word of the title or author tells more than a word of a note
_AUTHOR_WORD = 2.5
_TEXTBOOK_OF_THE_CLASS = 5.0  # «математика 5 класс» asks for the textbook before what goes with it
_OF_THE_CLASS = 6.0  # «алгебра 7»: before an algebra of the ninth class in its 7th edition
_PREFERRED = 6.0  # «есть в моей школе»: about one good word of difference, not above everything


def wishes(query: Query, index_schema: Any) -> list[Any]:
    """Queries that no hit must match and that lift those which do."""
    found: list[Any] = []
    terms = positive_terms(query)
    if any(term.access is Access.GRADE for term in terms):
        textbook = TQ.const_score_query(TQ.term_query(index_schema, "kind", "учебник"), 1.0)  # document_kinds.tsv
        found.append(TQ.boost_query(textbook, _TEXTBOOK_OF_THE_CLASS))
        if not weighs_nothing(query):  # else every hit is of the class
            found += [TQ.boost_query(_leaf(term, index_schema), _OF_THE_CLASS)
                      for term in terms if term.access is Access.GRADE]
    for term in terms:
        if term.access in (Access.ANY, Access.TITLE) and term.truncation is Truncation.NONE:
            found += _wishes_of(term, index_schema)
    return found


def _wishes_of(term: Term, index_schema: Any) -> list[Any]:
    folded = textual.query_words(term.text)
    if not folded:
        return []
    whole = TQ.term_query(index_schema, "title_h", " ".join(folded))
    found = [TQ.boost_query(TQ.const_score_query(whole, 1.0), _EXACT_TITLE)]
    if len(folded) > 1:
        found.append(TQ.boost_query(TQ.phrase_query(index_schema, "title_x", list(folded)), _TITLE_PHRASE))
    if term.access is Access.ANY:
        for word in folded:
            found.append(TQ.boost_query(textual.by_lemmas("title", word, index_schema), _TITLE_WORD))
            found.append(TQ.boost_query(textual.by_lemmas("author", word, index_schema), _AUTHOR_WORD))
    return found


def preferred(library: str, index_schema: Any) -> Any:
    """Lift what a library holds."""
    return TQ.const_score_query(TQ.term_query(index_schema, "library", library), _PREFERRED)


_NAMING = {Access.ISBN, Access.ISSN, Access.LOCAL_ID, Access.CALL_NUMBER}  # one edition, or a few


def weighs_nothing(query: Query) -> bool:
    """Whether all hits answer alike: «7 класс», «год:2019», a facet. No word is in one of them more than in another."""
    asked = {term.access for term in positive_terms(query)}
    return bool(asked) and asked.isdisjoint(schema.TEXT) and asked.isdisjoint(_NAMING)


def layers(required: Any, wishes: Sequence[Any]) -> list[Any]:
    """Queries that part the hits by the wishes they grant, those that grant the last wish first."""
    found = [required]
    for wish in wishes:
        granted = [TQ.boolean_query([(MUST, one), (MUST, wish)]) for one in found]
        found = granted + [TQ.boolean_query([(MUST, one), (NOT, wish)]) for one in found]
    return found


def positive_terms(query: Query) -> list[Term]:
    """The terms a hit is asked to match, left to right; what stands right of Not is left out."""
    found: list[Term] = []
    todo: list[Query] = [query]
    while todo:
        node = todo.pop()
        if isinstance(node, Term):
            found.append(node)
        elif isinstance(node, And | Or):
            todo += [node.right, node.left]
        elif isinstance(node, Not):
            todo.append(node.left)
    return found


def is_deep(query: Query) -> bool:
    """Whether a query nests too deep for code that follows it by recursion (hashing, equality, correction)."""
    todo: list[tuple[Query, int]] = [(query, 0)]
    while todo:
        node, depth = todo.pop()
        if depth > DEEPEST_FOLLOWED:
            return True
        if isinstance(node, And | Or | Not):
            todo += [(node.left, depth + 1), (node.right, depth + 1)]
    return False


def with_wishes(required: Any, wanted: Sequence[Any]) -> Any:
    return TQ.boolean_query([(MUST, required), *((SHOULD, w) for w in wanted)]) if wanted else required


def within_library(required: Any, library: str, index_schema: Any) -> Any:
    """Only what `library` holds; "" asks nothing."""
    if not library:
        return required
    held = TQ.const_score_query(TQ.term_query(index_schema, "library", library), 0.0)
    return TQ.boolean_query([(MUST, required), (MUST, held)])
