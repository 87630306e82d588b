"""Random shelves and random questions: the index answers as a plain walk over the books does."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog_sync.model import BibRecord
from catalog_sync.query import Access, And, Everything, Not, Or, Query, Relation, Term, Truncation
from catalog_sync.search.engine import Engine
from catalog_sync.text_ru import asked_lemmas, fold, lemmas, words
from tests.search.shelf import book, documents, found

WORDS = ("кот", "кота", "дом", "дома", "мир", "война", "лес", "лесной", "xyz", "ёж", "ежа")
text = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
books = st.lists(st.tuples(text, text, st.integers(1990, 1995)), min_size=1, max_size=8)
leaf = st.one_of(
    st.builds(Term, text, st.sampled_from([Access.TITLE, Access.AUTHOR, Access.ANY]),
              st.sampled_from([Relation.ALL, Relation.ANY, Relation.EQUAL, Relation.NOT_EQUAL])),
    st.builds(Term, text, st.just(Access.TITLE), st.sampled_from([Relation.ADJACENT, Relation.EXACT])),
    st.builds(Term, st.sampled_from(["к", "до", "лес", "ё"]), st.just(Access.TITLE), st.just(Relation.ALL),
              st.sampled_from([Truncation.RIGHT, Truncation.LEFT, Truncation.BOTH])),
    st.builds(Term, st.integers(1988, 1997).map(str), st.just(Access.YEAR),
              st.sampled_from([Relation.LESS, Relation.LESS_EQUAL, Relation.EQUAL, Relation.GREATER_EQUAL,
                               Relation.GREATER, Relation.NOT_EQUAL])),
    st.just(Everything()),
)  # fmt: skip
queries = st.recursive(
    leaf, lambda q: st.one_of(st.builds(And, q, q), st.builds(Or, q, q), st.builds(Not, q, q)), max_leaves=6
)


def matches(query: Query, bib: BibRecord) -> bool:
    if isinstance(query, And):
        return matches(query.left, bib) and matches(query.right, bib)
    if isinstance(query, Or):
        return matches(query.left, bib) or matches(query.right, bib)
    if isinstance(query, Not):
        return matches(query.left, bib) and not matches(query.right, bib)
    return not isinstance(query, Term) or _term(query, bib)


def _term(term: Term, bib: BibRecord) -> bool:
    if term.relation is Relation.NOT_EQUAL:
        return not _term(Term(term.text, term.access), bib)
    if term.access is Access.YEAR:
        typed, year = int(term.text), int(bib.year_text)
        return {"<": year < typed, "<=": year <= typed, ">": year > typed, ">=": year >= typed}.get(
            term.relation.value, year == typed
        )
    texts = {Access.TITLE: [bib.title], Access.AUTHOR: [a.name for a in bib.agents]}.get(
        term.access, [bib.title, *(a.name for a in bib.agents)]
    )
    return _text(term, texts)


def _text(term: Term, texts: list[str]) -> bool:
    asked = words(term.text)
    if term.relation is Relation.EXACT:
        return any(fold(t) == fold(term.text) for t in texts)
    if term.relation is Relation.ADJACENT:
        return any(f" {' '.join(asked)} " in f" {fold(t)} " for t in texts)
    typed = [w for t in texts for w in words(t)]
    if term.truncation is not Truncation.NONE:
        fits = {"right": str.startswith, "left": str.endswith, "both": str.__contains__}[term.truncation.value]
        return any(fits(w, asked[0]) for w in typed)
    known = {lemma for w in typed for lemma in lemmas(w)}
    hits = [bool(known & set(asked_lemmas(w))) for w in asked]
    return any(hits) if term.relation is Relation.ANY else all(hits)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(books, st.lists(queries, min_size=5, max_size=15))
def test_the_index_answers_as_counting_by_hand_does(
    tmp_path_factory: pytest.TempPathFactory, shelf: list[tuple[str, str, int]], questions: list[Query]
) -> None:
    bibs = [book(str(n), title, name, year_text=str(year)) for n, (title, name, year) in enumerate(shelf, 1)]
    engine = Engine(tmp_path_factory.mktemp("random"))
    engine.write(documents(bibs))
    reader = engine.reader()
    for question in questions:
        by_hand = {b.key.local_id for b in bibs if matches(question, b)}
        assert found(reader, question) == by_hand, question
