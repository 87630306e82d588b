"""Terms asked of texts: words by lemmas, phrases, whole headings, truncation and masks."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import tantivy

from catalog_sync.query import Access, Relation, Term, Truncation, Unsupported
from catalog_sync.search import schema
from catalog_sync.search.analysis import MAX_HEADING
from catalog_sync.tables import rows
from catalog_sync.text import fold as text_fold
from catalog_sync.text_ru import asked_lemmas, romanised_skeletons, skeleton, words

TQ = tantivy.Query
MUST, SHOULD = tantivy.Occur.Must, tantivy.Occur.Should
_SHORTEST_TRANSLITERATED = 3  # «an» would find every «ан»

# Words too common to be asked for: without them «книга о животных» misses «Книги про животных».
STOP = {
    "и", "в", "во", "на", "о", "об", "обо", "с", "со", "к", "ко", "по", "для", "из", "от", "до", "у", "за", "про",
    "под", "над", "при", "а", "the", "of", "and", "for", "in", "to",
}  # fmt: skip

_WHOLE_TEXT = {Relation.ALL, Relation.EQUAL}
_SUPPORTED = {*_WHOLE_TEXT, Relation.ANY, Relation.ADJACENT, Relation.EXACT}


def query_words(text: str) -> tuple[str, ...]:
    """Words of a query, folded as the index folds."""
    return words(text)


def translate(term: Term, index_schema: Any) -> Any:
    """A term asked of a text access point. Raises Unsupported for order relations and for texts without a word."""
    if term.relation not in _SUPPORTED:
        raise Unsupported("relation", term.relation.value)
    parts = _patterns(term) if term.truncation is not Truncation.NONE else list(query_words(term.text))
    if not parts:
        raise Unsupported("term", term.text)
    name = schema.TEXT[term.access]
    if term.relation is Relation.EXACT or term.first:
        return _heading(term, parts, index_schema)
    if term.relation is Relation.ADJACENT:
        return _phrase(name, parts, term.truncation, index_schema)
    return _words(name, parts, term, index_schema)


# --- Words -----------------------------------------------------------------------------------------------------------


def _words(name: str, parts: list[str], term: Term, index_schema: Any) -> Any:
    if term.truncation is Truncation.NONE:
        kept = [p for p in parts if p not in STOP] or parts
        kept = _without_lone_letters(kept)
        queries = [_word(name, p, index_schema) for p in kept]
    else:
        queries = [by_pattern(index_schema, f"{name}_x", p) for p in parts]
    if len(queries) == 1:
        return queries[0]
    occur = SHOULD if term.relation is Relation.ANY else MUST
    return TQ.boolean_query([(occur, q) for q in queries])


def _without_lone_letters(parts: list[str]) -> list[str]:
    """«vojna i mir», «Pushkin A. S.»: beside what may be Russian a Latin letter is a conjunction or an initial."""
    if not any(is_transliteration(p) for p in parts):
        return parts
    return [p for p in parts if len(p) > 1 or not p.isascii() or p.isdigit()]


def _word(name: str, word: str, index_schema: Any) -> Any:
    found = by_lemmas(name, word, index_schema)
    if not is_transliteration(word):
        return found
    skeletons = list(romanised_skeletons(word))
    sounds = [TQ.term_set_query(index_schema, f, skeletons) for f in transliterated(name)]
    return TQ.boolean_query([(SHOULD, found), *((SHOULD, TQ.const_score_query(s, 1.0)) for s in sounds)])


def is_transliteration(word: str) -> bool:
    """Whether Latin letters may be a Russian word: «zzzz» leaves one sound, which half of all short words share."""
    if not (word.isascii() and word.isalpha() and len(word) >= _SHORTEST_TRANSLITERATED):
        return False
    return len(skeleton(word)) >= _SHORTEST_TRANSLITERATED


def transliterated(name: str) -> list[str]:
    """Fields that hold the skeletons of an access point's words; «any» asks titles and authors."""
    names = schema.TRANSLITERATED if name == "any" else (name,)
    return [f"{n}_t" for n in names if n in schema.TRANSLITERATED]


def by_lemmas(name: str, word: str, index_schema: Any) -> Any:
    """Any form of a word, or of one of its synonyms: lemmas of all its readings, either may be meant."""
    wanted = dict.fromkeys(asked_lemmas(word))
    for lemma in tuple(wanted):
        wanted.update(dict.fromkeys(synonyms().get(lemma, ())))
    queries = [TQ.term_query(index_schema, f"{name}_l", lemma, index_option="freq") for lemma in wanted]
    if len(queries) == 1:
        return queries[0]
    return TQ.disjunction_max_query(queries)


@cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """Lemma → lemmas that mean the same to a reader (data/tables/synonyms.tsv)."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows("synonyms.tsv"):
        group = tuple(row["lemmas"].split("|"))
        found.update({lemma: tuple(g for g in group if g != lemma) for lemma in group})
    return found


# --- Phrases ---------------------------------------------------------------------------------------------------------


def _phrase(name: str, parts: list[str], truncation: Truncation, index_schema: Any) -> Any:
    field = f"{name}_x"
    if truncation is Truncation.NONE:
        if len(parts) == 1:  # a phrase of one word panics in tantivy
            return TQ.term_query(index_schema, field, parts[0])
        return TQ.phrase_query(index_schema, field, list(parts))
    compiled = [by_pattern(index_schema, field, p) for p in parts]
    if len(parts) == 1:
        return compiled[0]
    # Not phrase_prefix_query: it silently stops after 50 expansions of the last word.
    return TQ.regex_phrase_query(index_schema, field, list(parts))


# --- Whole headings --------------------------------------------------------------------------------------------------


def _heading(term: Term, parts: list[str], index_schema: Any) -> Any:
    fields = _heading_fields(term.access)
    if term.first and term.relation is Relation.ANY:
        patterns = [_anchored([p], term) for p in parts]
    else:
        patterns = [_anchored(parts, term)]
    queries = [_one_heading(f, p, term, index_schema) for f in fields for p in patterns]
    return queries[0] if len(queries) == 1 else TQ.boolean_query([(SHOULD, q) for q in queries])


def _heading_fields(access: Access) -> list[str]:
    if access is Access.ANY:
        return [f"{n}_h" for n in schema.TEXT.values() if n != "any"]
    return [f"{schema.TEXT[access]}_h"]


def _one_heading(field: str, pattern: str, term: Term, index_schema: Any) -> Any:
    if term.relation is Relation.EXACT and term.truncation is Truncation.NONE:
        return TQ.term_query(index_schema, field, pattern, index_option="basic")
    return by_pattern(index_schema, field, pattern)


def _anchored(parts: list[str], term: Term) -> str:
    """A pattern over the whole heading. Truncated parts already carry their `.*`; inner words stay whole."""
    if term.truncation is Truncation.NONE:
        text = " ".join(parts)[:MAX_HEADING].rstrip()
        return text if term.relation is Relation.EXACT else f"{escape(text)}( .*)?"
    if term.first and term.truncation in (Truncation.LEFT, Truncation.BOTH):
        raise Unsupported("truncation", term.truncation.value)
    pattern = " ".join(parts) if term.truncation is Truncation.MASK else _truncated(" ".join(words(term.text)), term)
    return pattern if term.relation is Relation.EXACT or pattern.endswith(".*") else f"{pattern}( .*)?"


# --- Truncation and masks --------------------------------------------------------------------------------------------

_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$#&~\-])")
_ESCAPED = re.compile(r"\\(.)")
_PREFIX = re.compile(r"((?:[^\\.+*?()|\[\]{}^$#&~\-]|\\.)+)\.\*")
_MASKED_WORD = re.compile(r"[^\W_*?]*[*?][\w*?]*|[^\W_]+")


def escape(text: str) -> str:
    """Text as a pattern that matches nothing else."""
    return _SPECIAL.sub(r"\\\1", text)


def by_pattern(index_schema: Any, field: str, pattern: str) -> Any:
    """Terms that match a pattern as a whole. Raises Unsupported for one too long for the index's automaton."""
    if prefix := _PREFIX.fullmatch(pattern):
        # The same terms without a regular expression, which takes a quarter of a millisecond to compile.
        text = _ESCAPED.sub(r"\1", prefix[1])
        return TQ.fuzzy_term_query(index_schema, field, text, distance=0, prefix=True)
    try:
        return TQ.regex_query(index_schema, field, pattern)
    except ValueError as error:
        raise Unsupported("term", pattern[:60]) from error


def _truncated(text: str, term: Term) -> str:
    left = ".*" if term.truncation in (Truncation.LEFT, Truncation.BOTH) else ""
    right = ".*" if term.truncation in (Truncation.RIGHT, Truncation.BOTH) else ""
    return f"{left}{escape(text)}{right}"


def _patterns(term: Term) -> list[str]:
    """A pattern for each word of a truncated or masked term; of a phrase only the ends are truncated."""
    if term.truncation is not Truncation.MASK:
        typed = query_words(term.text)
        if typed and term.relation is Relation.ADJACENT:  # «кот и…» is no «который из»
            return _truncated(" ".join(typed), term).split(" ")
        return [_truncated(w, term) for w in typed]
    found = []
    for masked in _MASKED_WORD.findall(text_fold(term.text)):
        found.append(mask_pattern(masked))
    return found


def mask_pattern(masked: str) -> str:
    """«мат*а?» → «mat.*a.» as a pattern. Raises Unsupported for a mask without a letter: it would match everything."""
    if not any(c.isalnum() for c in masked):
        raise Unsupported("term", masked)
    return "".join(".*" if c == "*" else "." if c == "?" else escape(c) for c in masked)
