"""The tree of a CQL query → the catalogue's query tree. What can't be asked is a diagnostic, never fewer hits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from catalog_sync.protocol.cql import CqlError, CqlNode, CqlQuery, Modifier, SearchClause, Triple
from catalog_sync.protocol.cql_context import Index, find_index, in_scope, sort_of
from catalog_sync.query import Access, And, Everything, Not, Or, Order, Query, Relation, Term, Truncation

MAX_TERM_CHARACTERS = 1000
ORDERED = {
    "<": Relation.LESS, "<=": Relation.LESS_EQUAL, ">": Relation.GREATER, ">=": Relation.GREATER_EQUAL,
}
WORDWISE = {"all": Relation.ALL, "any": Relation.ANY}
TOGETHER = {"=": Relation.ADJACENT, "adj": Relation.ADJACENT, "==": Relation.EXACT, "exact": Relation.EXACT}
SAME = frozenset({"=", "==", "exact", "adj", "<>"})
RELATIONS = frozenset({*ORDERED, *WORDWISE, *TOGETHER, "<>", "within", "scr"})
# Modifiers that ask for what happens anyway: words are compared by lemma, without case and accents.
ACCEPTED_MODIFIERS = frozenset({
    "word", "string", "stem", "masked", "relevant", "ignorecase", "ignoreaccents", "number", "isodate", "uri",
})
AUTHORITIES = {"isbn": Access.ISBN, "issn": Access.ISSN, "local": Access.LOCAL_ID}
DATE = re.compile(r"\d{4}(?:-?\d\d(?:-?\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?)?)?$")
ORDER_FORMATS = {
    Access.YEAR: re.compile(r"\d{1,4}(?=\D|$)"),
    Access.GRADE: re.compile(r"\d{1,2}(?=\D|$)"),
    Access.AGE: re.compile(r"\d{1,2}(?=\+?$)"),
    Access.ADDED: DATE,
    Access.CHANGED: DATE,
}
# What «=» takes as a span of values; «2015-05» is a month of 2015.
SPANS = {Access.YEAR: re.compile(r"\d{4}-\d{4}"), Access.GRADE: re.compile(r"\d{1,2}-\d{1,2}")}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a term after unescaping: how it is masked, and whether ^ anchors it to the field's start or end."""

    text: str
    truncation: Truncation = Truncation.NONE
    first: bool = False
    last: bool = False


def to_query(query: CqlQuery) -> tuple[Query, Order]:
    """The question and the order it is asked in. Raises CqlError with the SRU diagnostic that says what can't be done.

    The depth of recursion is bounded by MAX_BOOLEANS of the parser.
    """
    return _node(query.root, {}), sort_of(query.sort_keys, in_scope(query.root.prefixes, {}))


def _node(node: CqlNode, outer: Mapping[str, str]) -> Query:
    scope = in_scope(node.prefixes, outer)
    if isinstance(node, SearchClause):
        return _clause(node, scope)
    if node.boolean == "prox":
        return _proximity(node, scope)
    if node.modifiers:
        raise CqlError(46, node.modifiers[0].name)
    left, right = _node(node.left, scope), _node(node.right, scope)
    if node.boolean == "not":
        return Not(left, right)
    return And(left, right) if node.boolean == "and" else Or(left, right)


def _clause(clause: SearchClause, scope: Mapping[str, str]) -> Query:
    index = find_index(clause.index, scope)
    relation = _relation(clause)
    if index.kind == "all":
        return _all_records(clause)
    index, masked = _apply_modifiers(index, clause.modifiers)
    words = _words(clause, masked)
    if _means_everything(index, words):
        return Everything()
    ask: Callable[[Access], Query] = {"words": _text, "code": _code, "order": _ordered}[index.kind](
        index, relation, words
    )
    return _either([ask(access) for access in index.access])


def _relation(clause: SearchClause) -> str:
    relation = clause.relation.lower().removeprefix("cql.")
    if relation not in RELATIONS:
        raise CqlError(19, clause.relation)
    if len(clause.terms) > 1 and relation == "=":
        return "all"  # several bare words: all of them, as in the search form
    return "=" if relation == "scr" else relation


def _all_records(clause: SearchClause) -> Query:
    if clause.relation not in ("=", "=="):
        raise CqlError(22, f"{clause.index} {clause.relation}")
    return Everything()


def _apply_modifiers(index: Index, modifiers: Iterable[Modifier]) -> tuple[Index, bool]:
    masked = True
    for modifier in modifiers:
        name = modifier.name.lower()
        local = name.removeprefix("cql.")
        if local == "unmasked":
            masked = False
        elif name == "bib.identifierauthority" and modifier.value.lower() in AUTHORITIES:
            index = replace(index, access=(AUTHORITIES[modifier.value.lower()],))
        elif local not in ACCEPTED_MODIFIERS or modifier.comparison:
            raise CqlError(20, modifier.name)
    return index, masked


# --- terms ---------------------------------------------------------------------------------------------------------


def _words(clause: SearchClause, masked: bool) -> list[Word]:
    words = [w for term in clause.terms for w in read_words(term, masked)]
    if not words:
        raise CqlError(27, clause.index)
    return words


def read_words(term: str, masked: bool = True) -> list[Word]:
    """Words of a raw term: `\\` takes the next character literally, `*` and `?` mask, `^` anchors (CQL 2.0, 3.6)."""
    if len(term) > MAX_TERM_CHARACTERS:
        raise CqlError(23, str(MAX_TERM_CHARACTERS))
    marked = re.sub(r"\\(.)", lambda m: _literal(m[1]), term, flags=re.DOTALL) if masked else term.replace('\\"', '"')
    if not masked:
        marked = "".join(_literal(c) for c in marked)
    return [_word(raw, term) for raw in marked.split()]


# Literal mask characters travel through the splitting as private-use characters.
_HIDE = str.maketrans({"*": "\ue000", "?": "\ue001", "^": "\ue002"})
_SHOW = str.maketrans({"\ue000": "*", "\ue001": "?", "\ue002": "^"})
_DROP = str.maketrans({"\ue000": None, "\ue001": None, "\ue002": None})


def _literal(character: str) -> str:
    return character.translate(_HIDE)


def _word(raw: str, term: str) -> Word:
    first, last = raw.startswith("^"), len(raw) > 1 and raw.endswith("^")
    body = raw[1 if first else 0 : -1 if last else None]
    if "^" in body or not body:
        raise CqlError(32, term)
    core = body.strip("*")
    if "*" in core or "?" in core:
        text, truncation = body.translate(_DROP), Truncation.MASK
    else:
        text = core.translate(_SHOW)
        truncation = _ends(body.startswith("*"), body.endswith("*"))
    if not text.strip("*?") and body.strip("*"):
        raise CqlError(29, term)
    return Word(text, truncation, first, last)


def _ends(left: bool, right: bool) -> Truncation:
    if left and right:
        return Truncation.BOTH
    return Truncation.RIGHT if right else Truncation.LEFT if left else Truncation.NONE


def _means_everything(index: Index, words: Sequence[Word]) -> bool:
    """A lone `*`: everything where the server chooses the index; elsewhere it would not say what is looked for."""
    empty = [w for w in words if not w.text]
    if not empty:
        return False
    if len(words) == 1 and index.access == (Access.ANY,):
        return True
    raise CqlError(29, "*")


# --- one clause by kind of index -----------------------------------------------------------------------------------


def _text(index: Index, relation: str, words: Sequence[Word]) -> Callable[[Access], Query]:
    if relation in WORDWISE:
        return lambda access: _wordwise(access, relation, words)
    if relation == "<>":
        return lambda access: Not(Everything(), _phrase(access, Relation.EXACT, words))
    if relation in TOGETHER:
        return lambda access: _phrase(access, TOGETHER[relation], words)
    raise CqlError(22, f"{index.qualified} {relation}")


def _wordwise(access: Access, relation: str, words: Sequence[Word]) -> Query:
    if all(w.truncation is Truncation.NONE and not (w.first or w.last) for w in words):
        return Term(" ".join(w.text for w in words), access, WORDWISE[relation])
    if any(w.last for w in words):
        raise CqlError(31, "^ at the end of a word")
    terms: list[Query] = [Term(w.text, access, Relation.ALL, w.truncation, w.first) for w in words]
    return reduce(And if relation == "all" else Or, terms)


def _phrase(access: Access, relation: Relation, words: Sequence[Word]) -> Query:
    if any(w.first for w in words[1:]) or any(w.last for w in words[:-1]):
        raise CqlError(32, " ".join(w.text for w in words))
    first, last = words[0].first, words[-1].last
    if last and not (first or relation is Relation.EXACT):
        raise CqlError(31, "^ at the end of a term")
    if last:
        relation, first = Relation.EXACT, False
    if len(words) == 1:
        word = words[0]
        return Term(word.text, access, Relation.ALL if relation is Relation.ADJACENT else relation, word.truncation,
                    first and relation is not Relation.EXACT)
    if all(w.truncation is Truncation.NONE for w in words):
        return Term(" ".join(w.text for w in words), access, relation, first=first)
    return Term(" ".join(_mask_text(w) for w in words), access, relation, Truncation.MASK, first)


def _mask_text(word: Word) -> str:
    left = "*" if word.truncation in (Truncation.LEFT, Truncation.BOTH) else ""
    right = "*" if word.truncation in (Truncation.RIGHT, Truncation.BOTH) else ""
    return f"{left}{word.text}{right}"


def _code(index: Index, relation: str, words: Sequence[Word]) -> Callable[[Access], Query]:
    if any(w.first or w.last for w in words):
        raise CqlError(31, index.qualified)
    whole = words if relation in WORDWISE else [_whole(words)]
    if relation not in SAME and relation not in WORDWISE:
        raise CqlError(22, f"{index.qualified} {relation}")

    def ask(access: Access) -> Query:
        terms: list[Query] = [Term(w.text, access, Relation.EQUAL, w.truncation) for w in whole]
        found = reduce(And if relation == "all" else Or, terms)
        return Not(Everything(), found) if relation == "<>" else found

    return ask


def _whole(words: Sequence[Word]) -> Word:
    """A code with blanks inside («978 5 09…») is one code."""
    if len(words) == 1:
        return words[0]
    if any(w.truncation is not Truncation.NONE for w in words[:-1]) or words[-1].truncation is Truncation.LEFT:
        raise CqlError(28, " ".join(map(_mask_text, words)))
    return Word(" ".join(w.text for w in words), words[-1].truncation)


def _ordered(index: Index, relation: str, words: Sequence[Word]) -> Callable[[Access], Query]:
    if relation == "within":
        return lambda access: _within(index, access, words)
    if relation in ORDERED:
        if len(words) > 1 or words[0].truncation is not Truncation.NONE:
            raise CqlError(36, " ".join(map(_mask_text, words)))
        return lambda access: Term(_value(access, words[0].text), access, ORDERED[relation])
    if any(w.truncation is Truncation.NONE for w in words):
        words = [replace(w, text=_span_or_value(index.access[0], w.text)) if w.truncation is Truncation.NONE else w
                 for w in words]
    if len(words) > 1 and relation in SAME:
        raise CqlError(36, " ".join(w.text for w in words))
    return _code(index, relation, words)


def _within(index: Index, access: Access, words: Sequence[Word]) -> Query:
    if len(words) != 2:
        raise CqlError(36, f"{index.qualified} within takes two values")
    ends = [_value(access, w.text) for w in words]
    return Term(" ".join(ends), access, Relation.WITHIN)


def _span_or_value(access: Access, text: str) -> str:
    span = SPANS.get(access)
    return text if span and span.fullmatch(text) else _value(access, text)


def _value(access: Access, text: str) -> str:
    found = ORDER_FORMATS[access].match(text)
    if found is None:
        raise CqlError(36, text)
    return found[0]


def _either(queries: list[Query]) -> Query:
    return reduce(Or, queries)


# --- proximity -----------------------------------------------------------------------------------------------------


def _proximity(node: Triple, scope: Mapping[str, str]) -> Query:
    """`a prox b` for neighbouring words of one index: a phrase, in either order unless /ordered."""
    ordered = _neighbours(node.modifiers)
    left, right = node.left, node.right
    if not (isinstance(left, SearchClause) and isinstance(right, SearchClause)):
        raise CqlError(39, "operands must be search clauses")
    if find_index(left.index, in_scope(left.prefixes, scope)) != find_index(
        right.index, in_scope(right.prefixes, scope)
    ):
        raise CqlError(39, "both operands must ask one index")
    there = _clause(replace(left, terms=left.terms + right.terms, relation="adj"), in_scope(left.prefixes, scope))
    if ordered:
        return there
    back = _clause(replace(left, terms=right.terms + left.terms, relation="adj"), in_scope(left.prefixes, scope))
    return Or(there, back)


def _neighbours(modifiers: Iterable[Modifier]) -> bool:
    """Whether the order is fixed; raises CqlError 40–44 for a distance or unit other than the next word."""
    ordered = False
    for modifier in modifiers:
        name = modifier.name.lower().removeprefix("cql.")
        if name in ("ordered", "unordered"):
            ordered = name == "ordered"
        elif name == "unit":
            if modifier.value.lower().removeprefix("cql.") != "word":
                raise CqlError(42, modifier.value)
        elif name == "distance":
            _next_word(modifier)
        else:
            raise CqlError(46, modifier.name)
    return ordered


def _next_word(distance: Modifier) -> None:
    if (distance.comparison, distance.value) in (("=", "1"), ("<=", "1"), ("<", "2"), ("==", "1")):
        return
    raise CqlError(40 if distance.comparison not in ("=", "==", "<", "<=") else 41,
                   f"{distance.comparison}{distance.value}")
