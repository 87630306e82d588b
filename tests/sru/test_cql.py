"""The CQL parser: what is accepted, what tree it gives, and which diagnostic a wrong query ends in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from catalog_sync.protocol.cql import (
    MAX_BOOLEANS,
    MAX_CHARACTERS,
    CqlError,
    CqlNode,
    Modifier,
    Prefix,
    SearchClause,
    SortKey,
    Triple,
    parse,
)
from catalog_sync.protocol.xcql import NAMESPACE, to_xcql
from tests.sru.trees import answer, answer_of_xml


def clause(text: str) -> SearchClause:
    root = parse(text).root
    assert isinstance(root, SearchClause)
    return root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("алгебра", SearchClause(("алгебра",))),
        ('"алгебра 7"', SearchClause(("алгебра 7",))),
        ("dc.title=алгебра", SearchClause(("алгебра",), "dc.title", "=")),
        ('title exact "Война и мир"', SearchClause(("Война и мир",), "title", "exact")),
        ('dc.date within "2015 2020"', SearchClause(("2015 2020",), "dc.date", "within")),
        ("dc.date>=2015", SearchClause(("2015",), "dc.date", ">=")),
        ("title<>x", SearchClause(("x",), "title", "<>")),
        ("t any/stem/rel.x>1 x", SearchClause(("x",), "t", "any", (Modifier("stem"), Modifier("rel.x", ">", "1")))),
        ("алгебра 7 класс", SearchClause(("алгебра", "7", "класс"))),
        ("title = and", SearchClause(("and",), "title", "=")),
        ("sortby", SearchClause(("sortby",))),
        (r'"a \"b\" \* c"', SearchClause((r"a \"b\" \* c",))),
        (r"a\ b", SearchClause((r"a\ b",))),
        ("  \n\tx ", SearchClause(("x",))),
    ],
)
def test_a_search_clause_is_read_as_the_grammar_says(text: str, expected: SearchClause) -> None:
    assert parse(text).root == expected


def test_booleans_have_one_precedence_and_group_to_the_left() -> None:
    a, b, c = (SearchClause((t,)) for t in "abc")
    assert parse("a or b and c").root == Triple("and", Triple("or", a, b), c)
    assert parse("a OR (b AND c)").root == Triple("or", a, Triple("and", b, c))


def test_a_relation_before_parentheses_applies_to_every_term_inside() -> None:
    root = parse("title any (a or (author = b not c))").root
    a, b, c = SearchClause(("a",), "title", "any"), SearchClause(("b",), "author"), SearchClause(("c",), "title", "any")
    assert root == Triple("or", a, Triple("not", b, c))


def test_prefixes_belong_to_their_scope() -> None:
    root = parse('> p = "u" (> "v" x) or p.y = z').root
    assert isinstance(root, Triple)
    assert root.prefixes == (Prefix("p", "u"),)
    assert root.left.prefixes == (Prefix("", "v"),)


def test_sort_keys_follow_the_query() -> None:
    query = parse("x sortBy dc.date/sort.descending title")
    assert query.sort_keys == (SortKey("dc.date", (Modifier("sort.descending"),)), SortKey("title"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 10), ("<", 10), ("===", 10), ("a or", 10), ("title any", 10), ("title =", 10), ("()", 10), ("(a", 13),
        ("a any b)", 13), ("(a or ())", 10), ('> x = "u"', 10), ('"open', 14), ("a = b = c", 10), ("a sortby", 10),
        ("a b.c", 10), ("a and", 10), ("(a) b", 10), ("a/b", 10), ("x any/ y", 10), ("tail\\", 10), ("> > a", 10),
        ("a and > p=u b", 10), ("(a sortby t)", 10),
    ],
)
def test_a_wrong_query_says_what_was_expected(text: str, number: int) -> None:
    with pytest.raises(CqlError) as caught:
        parse(text)
    assert caught.value.number == number
    assert caught.value.details


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("(" * 10_000 + "a" + ")" * 9_000, 13),
        ("a" + " or a" * (MAX_BOOLEANS + 1), 38),
        ("> p=u " * 3000 + "a", 0),
        ("x" * (MAX_CHARACTERS + 1), 12),
        ("title = (" * 2000 + "a", 13),
    ],
)
def test_a_hostile_query_ends_in_a_diagnostic_not_in_a_crash(text: str, number: int) -> None:
    if not number:
        assert isinstance(parse(text).root, SearchClause)
        return
    with pytest.raises(CqlError) as caught:
        parse(text)
    assert caught.value.number == number


def test_sixty_booleans_and_two_hundred_parentheses_are_legitimate() -> None:
    assert isinstance(parse("a" + " and a" * 60).root, Triple)
    assert clause("(" * 200 + "a" + ")" * 200).terms == ("a",)


TERMS = st.text("aя *?^.:", min_size=1).map(lambda s: '"' + s + '"')
CLAUSES = st.one_of(TERMS, st.tuples(st.sampled_from(["title", "dc.date"]), st.sampled_from(
    ["=", "any", "<=", "all/stem"]), TERMS).map(" ".join))
QUERIES = st.recursive(
    CLAUSES,
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or", "not", "prox/distance<3"]), inner).map(
        lambda t: f"({' '.join(t)})"
    ),
    max_leaves=12,
)


def unparse(node: CqlNode) -> str:
    """A tree back to CQL, every triple in parentheses."""
    def mods(modifiers: tuple[Modifier, ...]) -> str:
        return "".join(f"/{m.name}{m.comparison}{m.value}" for m in modifiers)

    if isinstance(node, SearchClause):
        return f'{node.index} {node.relation}{mods(node.modifiers)} "{node.terms[0]}"'
    return f"({unparse(node.left)} {node.boolean}{mods(node.modifiers)} {unparse(node.right)})"


@given(QUERIES)
@settings(deadline=None)
def test_a_query_written_out_again_is_the_same_query(text: str) -> None:
    root = parse(text).root
    assert parse(unparse(root)).root == root


@given(st.text(max_size=60))
@example("\ufffe")
@example("a\x00b = \x1f")
@settings(deadline=None)
def test_any_text_is_a_tree_or_a_diagnostic_and_its_xcql_is_xml(text: str) -> None:
    try:
        query = parse(text)
    except CqlError:
        return
    assert etree.fromstring(to_xcql(query)).tag.startswith(f"{{{NAMESPACE}}}")


# --- the corpus of YAZ ---------------------------------------------------------------------------------------------

def yaz_cases(folder: Path) -> list[tuple[str, str, str]]:
    """(number, query, XCQL or "") of YAZ's test/cql2xcqlsample: a `#` line begins the next section."""
    cases, section, number, comment = [], 0, 0, False
    for line in (folder / "cql2xcqlsample").read_text("utf-8").splitlines():
        if line.startswith("#"):
            comment = True
        elif line:
            section, number, comment = (section + 1, 1, False) if comment else (section, number + 1, False)
            name = f"{section}.{number}"
            cases.append((name, line, (folder / "cql" / f"{name}.out").read_text("utf-8")))
    return cases


def test_every_query_of_the_yaz_corpus_gives_the_same_answer_and_the_same_tree(yaz_cql: Path) -> None:
    cases = yaz_cases(yaz_cql)
    assert len(cases) >= 81
    wrong = []
    for name, text, xcql in cases:
        theirs = answer_of_xml(etree.fromstring(xcql) if xcql.strip() else None)
        if answer(text) != theirs:
            wrong.append(f"{name} {text!r}: {answer(text)} instead of {theirs}")
    assert wrong == []


def test_the_xcql_of_a_query_has_every_part_of_it() -> None:
    xml = to_xcql(parse('> p="u" p.t any/stem "a<b" prox/distance<3 c sortBy d/sort.descending'))
    bare = re.sub(r' xmlns="[^"]*"', "", xml)
    assert bare == (
        "<triple><prefixes><prefix><name>p</name><identifier>u</identifier></prefix></prefixes>"
        "<boolean><value>prox</value><modifiers><modifier><type>distance</type><comparison>&lt;</comparison>"
        "<value>3</value></modifier></modifiers></boolean><leftOperand><searchClause><index>p.t</index><relation>"
        "<value>any</value><modifiers><modifier><type>stem</type></modifier></modifiers></relation>"
        "<term>a&lt;b</term></searchClause></leftOperand><rightOperand><searchClause><index>cql.serverChoice</index>"
        "<relation><value>=</value></relation><term>c</term></searchClause></rightOperand><sortKeys><key>"
        "<index>d</index><modifiers><modifier><type>sort.descending</type></modifier></modifiers></key></sortKeys>"
        "</triple>"
    )
