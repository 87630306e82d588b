"""The `Query` of a Search request between its wire form and values (Z39.50-2003 section 4.1, "Query Definitions")."""

from __future__ import annotations

from catalog_sync.protocol import ber, elements
from catalog_sync.protocol.apdu import (
    AnyQuery,
    CqlQuery,
    Operator,
    OtherQuery,
    RpnItem,
    RpnQuery,
    RpnSet,
    RpnTerm,
)
from catalog_sync.protocol.ber import BerError, Node
from catalog_sync.protocol.elements import Reader
from catalog_sync.protocol.external import External, read_external, write_external
from catalog_sync.protocol.oids import CQL_QUERY

TYPE_1, TYPE_101, TYPE_104 = 1, 101, 104
_OPERAND, _OPERATION, _OPERATOR = 0, 1, 46
_RESULT_SET_PLUS_ATTRIBUTES = 214
_OTHER_TYPES = {0: "type-0", 2: "type-2 (ISO 8777)", 100: "type-100 (Z39.58)", 102: "type-102"}


def read_query(reader: Reader, node: Node) -> AnyQuery:
    """`node` is the tagged CHOICE's content."""
    if node.tag in (TYPE_1, TYPE_101):
        return _read_rpn(reader, node)
    if node.tag == TYPE_104:
        external = read_external(reader.buffer, node)
        if external.oid != CQL_QUERY:
            return OtherQuery(f"type-104 {external.oid}")
        return CqlQuery(_string_of(external).decode(reader.encoding, "surrogateescape"))
    return OtherQuery(_OTHER_TYPES.get(node.tag, f"type-{node.tag & ber.MAX_TAG}"))


def _string_of(external: External) -> bytes:
    """CQL travels as a character string or as plain octets; both are met."""
    if not external.single:
        return external.data
    node, _ = ber.read_node(external.data, 0, len(external.data))
    return ber.octets(external.data, node)


def _read_rpn(reader: Reader, node: Node) -> RpnQuery:
    parts = ber.children(reader.buffer, node)
    if len(parts) != 2:
        raise BerError(f"byte {node.start}: an attribute set and a query were expected")
    return RpnQuery(ber.oid(reader.buffer, parts[0]), tuple(_postfix(reader, parts[1])))


def _postfix(reader: Reader, root: Node) -> list[RpnItem]:
    """Walk the tree with a stack of our own: a query nested ten thousand deep costs memory, not the interpreter."""
    items: list[RpnItem] = []
    waiting: list[Node | Operator] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Operator):
            items.append(node)
        elif node.tag == _OPERAND:
            items.append(_read_operand(reader, ber.only(reader.buffer, node)))
        elif node.tag == _OPERATION:
            parts = ber.children(reader.buffer, node)
            if len(parts) != 3:
                raise BerError(f"byte {node.start}: two operands and an operator were expected")
            waiting += (_read_operator(reader.buffer, parts[2]), parts[1], parts[0])
        else:
            raise BerError(f"byte {node.start}: an RPN structure was expected")
    return items


def _read_operator(buffer: bytes, node: Node) -> Operator:
    choice = ber.only(buffer, node)
    if node.tag != _OPERATOR or choice.tag not in (0, 1, 2, 3):
        raise BerError(f"byte {node.start}: an operator was expected")
    return Operator(choice.tag)


def _read_operand(reader: Reader, node: Node) -> RpnItem:
    if node.tag == elements.ATTRIBUTES_PLUS_TERM:
        return elements.read_attributes_plus_term(reader, node)
    if node.tag == elements.RESULT_SET_ID:
        return RpnSet(reader.text_of(node))
    if node.tag == _RESULT_SET_PLUS_ATTRIBUTES:
        parts = reader.into(node)
        listed = parts.need(elements.ATTRIBUTE_LIST, "attributes")
        return RpnSet(parts.text(elements.RESULT_SET_ID), elements.read_attributes(reader, listed))
    raise BerError(f"byte {node.start}: a term or a result set was expected")


# --- writing ---------------------------------------------------------------------------------------------------------


def write_query(query: AnyQuery, encoding: str) -> bytes:
    if isinstance(query, CqlQuery):
        text = ber.primitive(ber.GENERAL_STRING, query.text.encode(encoding, "surrogateescape"))
        return write_external(TYPE_104, External(CQL_QUERY, text, True))
    if isinstance(query, RpnQuery):
        return ber.constructed(TYPE_1, ber.write_oid(query.attribute_set), _write_tree(query.items, encoding))
    raise ValueError(f"a query of RPN or CQL was expected, came {query.name}")


def _write_tree(items: tuple[RpnItem, ...], encoding: str) -> bytes:
    """Raises ValueError where the items are no well-formed postfix expression."""
    stack: list[bytes] = []
    for item in items:
        if isinstance(item, Operator):
            if len(stack) < 2 or item is Operator.PROX:
                raise ValueError("an operator without two operands, or proximity, can't be written")
            right, left = stack.pop(), stack.pop()
            operator = ber.constructed(_OPERATOR, ber.primitive(item, b""))
            stack.append(ber.constructed(_OPERATION, left, right, operator))
        else:
            stack.append(ber.constructed(_OPERAND, _write_operand(item, encoding)))
    if len(stack) != 1:
        raise ValueError(f"one query was expected, came {len(stack)}")
    return stack[0]


def _write_operand(item: RpnTerm | RpnSet, encoding: str) -> bytes:
    if isinstance(item, RpnTerm):
        return elements.write_attributes_plus_term(item, encoding)
    name = ber.text(elements.RESULT_SET_ID, item.name, encoding)
    if not item.attributes:
        return name
    return ber.constructed(_RESULT_SET_PLUS_ATTRIBUTES, name, elements.write_attributes(item.attributes, encoding))
