"""The tree of a query as XCQL (SRU 1.2: echoedSearchRetrieveRequest/xQuery; searchRetrieve part 7 for 2.0)."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from catalog_sync.marc.union_common import FORBIDDEN
from catalog_sync.protocol.cql import CqlNode, CqlQuery, Modifier, Prefix, SearchClause, SortKey, Triple

NAMESPACE = "http://www.loc.gov/zing/cql/xcql/"


def to_xcql(query: CqlQuery) -> str:
    """One XML element (searchClause or triple) in the XCQL namespace, without a declaration.

    The depth of recursion is bounded by MAX_BOOLEANS of the parser.
    """
    text = "".join(_node(query.root, query.sort_keys))
    name = "searchClause" if isinstance(query.root, SearchClause) else "triple"
    return text.replace(f"<{name}>", f'<{name} xmlns="{NAMESPACE}">', 1)


def _element(name: str, text: str) -> str:
    # Characters that XML 1.0 forbids may stand in a query; what is echoed must still be XML.
    return f"<{name}>{escape(FORBIDDEN.sub(' ', text))}</{name}>"


def _node(node: CqlNode, sort_keys: Iterable[SortKey] = ()) -> Iterable[str]:
    if isinstance(node, Triple):
        yield "<triple>"
        yield _prefixes(node.prefixes)
        yield f"<boolean>{_element('value', node.boolean)}{_modifiers(node.modifiers)}</boolean>"
        for side, child in (("leftOperand", node.left), ("rightOperand", node.right)):
            yield f"<{side}>"
            yield from _node(child)
            yield f"</{side}>"
        yield _sort(sort_keys)
        yield "</triple>"
    else:
        yield "<searchClause>"
        yield _prefixes(node.prefixes)
        yield _element("index", node.index)
        yield f"<relation>{_element('value', node.relation)}{_modifiers(node.modifiers)}</relation>"
        yield from (_element("term", term) for term in node.terms)
        yield _sort(sort_keys)
        yield "</searchClause>"


def _prefixes(prefixes: Iterable[Prefix]) -> str:
    inner = "".join(
        "<prefix>" + (_element("name", p.name) if p.name else "") + _element("identifier", p.identifier) + "</prefix>"
        for p in prefixes
    )
    return f"<prefixes>{inner}</prefixes>" if inner else ""


def _modifiers(modifiers: Iterable[Modifier]) -> str:
    inner = "".join(
        "<modifier>" + _element("type", m.name)
        + (_element("comparison", m.comparison) + _element("value", m.value) if m.comparison else "")
        + "</modifier>"
        for m in modifiers
    )
    return f"<modifiers>{inner}</modifiers>" if inner else ""


def _sort(keys: Iterable[SortKey]) -> str:
    inner = "".join(f"<key>{_element('index', k.index)}{_modifiers(k.modifiers)}</key>" for k in keys)
    return f"<sortKeys>{inner}</sortKeys>" if inner else ""
