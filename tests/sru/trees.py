"""Trees of CQL queries in one form, ours and those that YAZ prints, so that they can be compared."""

from __future__ import annotations

from lxml import etree

from catalog_sync.protocol.cql import CqlError, CqlNode, Triple, parse
from catalog_sync.protocol.cql_context import in_scope

Canonical = tuple[object, ...]
REFUSED: Canonical = ("refused",)
NODES, OPERANDS = ("searchClause", "triple"), ("leftOperand", "rightOperand")  # the latter may be missing
RESERVED = ("and", "or", "not", "prox", "sortby")  # YAZ writes them in small letters, even where they are terms


def answer(text: str) -> Canonical:
    """What our parser makes of a query: tree and sort indexes, or REFUSED."""
    try:
        query = parse(text)
    except CqlError:
        return REFUSED
    return (canonical(query.root), tuple(_plain(key.index) for key in query.sort_keys))


def answer_of_xml(root: etree._Element | None) -> Canonical:
    """The same of XCQL."""
    if root is None:
        return REFUSED
    return (canonical_xml(root), tuple(_plain(key.findtext("index") or "") for key in root.findall("sortKeys/key")))


def canonical(node: CqlNode, outer: dict[str, str] | None = None) -> Canonical:
    """The tree with prefixes resolved to identifiers (as YAZ prints it); modifiers as a set, YAZ reverses them."""
    scope = in_scope(node.prefixes, outer or {})
    mods = frozenset((m.name, m.comparison, m.value) for m in node.modifiers)
    if isinstance(node, Triple):
        return (node.boolean, mods, canonical(node.left, scope), canonical(node.right, scope))
    prefix, _, local = node.index.rpartition(".")
    uri = scope.get(prefix.lower(), "") if node.index != "cql.serverChoice" else ""
    return (_plain(local if uri else node.index), uri, node.relation, mods, tuple(map(_plain, node.terms)))


def canonical_xml(element: etree._Element) -> Canonical:
    if element.tag == "triple":
        children = [kid for child in element for kid in (child if child.tag in OPERANDS else (child,))]
        sides = [canonical_xml(kid) for kid in children if kid.tag in NODES]
        return (element.findtext("boolean/value"), _modifiers(element.find("boolean")), *sides)
    return (
        _plain(element.findtext("index") or ""), element.findtext("prefixes/prefix/identifier") or "",
        element.findtext("relation/value"), _modifiers(element.find("relation")),
        tuple(_plain(t.text or "") for t in element.findall("term")),
    )  # fmt: skip


def _modifiers(parent: etree._Element | None) -> frozenset[tuple[str, ...]]:
    found = parent.findall("modifiers/modifier") if parent is not None else []
    return frozenset(tuple(m.findtext(n) or "" for n in ("type", "comparison", "value")) for m in found)


def _plain(word: str) -> str:
    return word.lower() if word.lower() in RESERVED else word
