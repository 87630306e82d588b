"""Types that several PDUs share: a reader of SEQUENCEs, diagnostics, element set names, attributes, terms."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from catalog_sync.protocol import ber
from catalog_sync.protocol.apdu import Attribute, Diagnostic, RpnTerm, TermKind
from catalog_sync.protocol.ber import BerError, Node
from catalog_sync.protocol.external import read_external

REFERENCE_ID = 2
DATABASE_NAME = 105
RESULT_SET_ID = 31
ELEMENT_SET_NAME = 103
OTHER_INFO = 201
ATTRIBUTE_LIST = 44
ATTRIBUTES_PLUS_TERM = 102
REMEMBERED_BYTES = 120  # of an attribute list: six attributes take 60

_TERM_TAGS = {
    45: TermKind.GENERAL,
    215: TermKind.NUMERIC,
    216: TermKind.CHARACTERS,
    217: TermKind.OID,
    218: TermKind.DATE_TIME,
    219: TermKind.EXTERNAL,
    220: TermKind.INTEGER_AND_UNIT,
    221: TermKind.NULL,
}
_TAG_OF_TERM = {kind: tag for tag, kind in _TERM_TAGS.items()}


class Reader:
    """One SEQUENCE's elements by tag. Texts that are no valid `encoding` keep their bytes as surrogate escapes."""

    __slots__ = ("buffer", "encoding", "fields")

    def __init__(self, buffer: bytes, node: Node, encoding: str) -> None:
        self.buffer = buffer
        self.encoding = encoding
        self.fields = ber.fields(buffer, node)

    def need(self, tag: int, name: str) -> Node:
        found = self.fields.get(tag)
        if found is None:
            raise BerError(f"{name} (tag {tag & ber.MAX_TAG}) was expected")
        return found

    def integer(self, tag: int, default: int) -> int:
        found = self.fields.get(tag)
        return default if found is None else ber.integer(self.buffer, found)

    def maybe_integer(self, tag: int) -> int | None:
        found = self.fields.get(tag)
        return None if found is None else ber.integer(self.buffer, found)

    def boolean(self, tag: int, default: bool) -> bool:
        found = self.fields.get(tag)
        return default if found is None else ber.boolean(self.buffer, found)

    def octets(self, tag: int) -> bytes | None:
        found = self.fields.get(tag)
        return None if found is None else ber.octets(self.buffer, found)

    def text(self, tag: int, default: str = "") -> str:
        found = self.fields.get(tag)
        return default if found is None else self.text_of(found)

    def text_of(self, node: Node) -> str:
        return ber.octets(self.buffer, node).decode(self.encoding, "surrogateescape")

    def oid(self, tag: int) -> str:
        found = self.fields.get(tag)
        return "" if found is None else ber.oid(self.buffer, found)

    def texts(self, tag: int) -> tuple[str, ...]:
        """A SEQUENCE OF strings of whatever tag."""
        found = self.fields.get(tag)
        return () if found is None else tuple(map(self.text_of, ber.children(self.buffer, found)))

    def sequence(self, tag: int) -> Reader | None:
        found = self.fields.get(tag)
        return None if found is None else Reader(self.buffer, found, self.encoding)

    def items(self, tag: int) -> list[Node]:
        found = self.fields.get(tag)
        return [] if found is None else ber.children(self.buffer, found)

    def into(self, node: Node) -> Reader:
        return Reader(self.buffer, node, self.encoding)


def read_pdu(pdu: bytes, encoding: str) -> tuple[Reader, Node]:
    """The one PDU that these bytes are, requests and responses alike. Raises BerError."""
    node, after = ber.read_node(pdu, 0, len(pdu))
    if after != len(pdu):
        raise BerError(f"one PDU of {len(pdu)} bytes was expected, it ends at {after}")
    if not node.constructed:
        raise BerError("a constructed PDU was expected")
    return Reader(pdu, node, encoding), node


# --- writing small things --------------------------------------------------------------------------------------------


def some_oid(tag: int, value: str) -> bytes:
    return ber.write_oid(value, tag) if value else b""


def some_integer(tag: int, value: int | None) -> bytes:
    return b"" if value is None else ber.write_integer(value, tag)


def reference(value: bytes | None) -> bytes:
    return b"" if value is None else ber.primitive(REFERENCE_ID, value)


def databases(tag: int, names: Iterable[str], encoding: str) -> bytes:
    return ber.constructed(tag, *(ber.text(DATABASE_NAME, name, encoding) for name in names))


# --- diagnostics -----------------------------------------------------------------------------------------------------


def read_diagnostic(reader: Reader, node: Node) -> Diagnostic:
    """A DefaultDiagFormat, or an external diagnostic, which is named but not understood."""
    if node.tag == ber.EXTERNAL:
        return Diagnostic(100, "external diagnostic", read_external(reader.buffer, node).oid)
    parts = reader.into(node)
    condition = parts.integer(ber.INTEGER, 100)
    info = parts.text(ber.VISIBLE_STRING) or parts.text(ber.GENERAL_STRING)
    return Diagnostic(condition, info, parts.oid(ber.OBJECT_IDENTIFIER))


def write_diagnostic(value: Diagnostic, encoding: str, tag: int = ber.SEQUENCE) -> bytes:
    """Additional information is a GeneralString in the negotiated character set; version 2, which is "ascii" here, has
    only VisibleString for it and gets the value that was refused without its Russian explanation."""
    if encoding == "ascii":
        plain = value.info if value.info.isascii() else value.info.partition(":")[0]
        info = ber.primitive(ber.VISIBLE_STRING, plain.encode("ascii", "replace"))
    else:
        info = ber.primitive(ber.GENERAL_STRING, value.info.encode(encoding, "replace"))
    return ber.constructed(tag, ber.write_oid(value.set), ber.write_integer(value.condition), info)


# --- element set names -----------------------------------------------------------------------------------------------


def read_elements(reader: Reader, tag: int) -> str:
    """The generic element set name, or the first of the database-specific ones."""
    outer = reader.fields.get(tag)
    if outer is None:
        return ""
    choice = ber.only(reader.buffer, outer)
    if choice.tag == 0:
        return reader.text_of(choice)
    for pair in ber.children(reader.buffer, choice):
        return reader.into(pair).text(ELEMENT_SET_NAME)
    return ""


def write_elements(tag: int, name: str, encoding: str) -> bytes:
    return ber.constructed(tag, ber.text(0, name, encoding)) if name else b""


# --- attributes and terms --------------------------------------------------------------------------------------------


def read_attributes(reader: Reader, node: Node) -> tuple[Attribute, ...]:
    if node.end - node.start <= REMEMBERED_BYTES:
        return _remembered_attributes(reader.buffer[node.start : node.end], node.constructed, reader.encoding)
    return _read_attributes(reader, node)


@lru_cache(1024)
def _remembered_attributes(data: bytes, constructed: bool, encoding: str) -> tuple[Attribute, ...]:
    """Clients send the same few lists all day."""
    node = Node(ATTRIBUTE_LIST, 0, len(data), constructed)
    return _read_attributes(Reader(data, Node(ber.SEQUENCE, 0, 0, True), encoding), node)


def _read_attributes(reader: Reader, node: Node) -> tuple[Attribute, ...]:
    return tuple(_read_attribute(reader.into(element)) for element in ber.children(reader.buffer, node))


def _read_attribute(element: Reader) -> Attribute:
    kind = ber.integer(element.buffer, element.need(120, "attributeType"))
    complex_value = element.sequence(224)
    if complex_value is None:
        number = ber.integer(element.buffer, element.need(121, "attributeValue"))
        return Attribute(kind, number, element.oid(1))
    for choice in complex_value.items(1):
        value = ber.integer(element.buffer, choice) if choice.tag == 2 else element.text_of(choice)
        return Attribute(kind, value, element.oid(1))
    raise BerError("a complex attribute value was expected to list a string or a number")


def write_attributes(attributes: Iterable[Attribute], encoding: str) -> bytes:
    return ber.constructed(ATTRIBUTE_LIST, *(_write_attribute(a, encoding) for a in attributes))


def _write_attribute(attribute: Attribute, encoding: str) -> bytes:
    if isinstance(attribute.value, int):
        value = ber.write_integer(attribute.value, 121)
    else:
        value = ber.constructed(224, ber.constructed(1, ber.text(1, attribute.value, encoding)))
    return ber.constructed(ber.SEQUENCE, some_oid(1, attribute.set), ber.write_integer(attribute.type, 120), value)


def read_attributes_plus_term(reader: Reader, node: Node) -> RpnTerm:
    attributes: tuple[Attribute, ...] = ()
    for child in ber.children(reader.buffer, node):
        if child.tag == ATTRIBUTE_LIST:
            attributes = read_attributes(reader, child)
        elif child.tag in _TERM_TAGS:
            return RpnTerm(_read_term(reader.buffer, child), attributes, _TERM_TAGS[child.tag])
    raise BerError(f"byte {node.start}: a search term was expected")


def _read_term(buffer: bytes, node: Node) -> bytes:
    kind = _TERM_TAGS[node.tag]
    if kind is TermKind.NUMERIC:
        return str(ber.integer(buffer, node)).encode()
    if kind is TermKind.OID:
        return ber.oid(buffer, node).encode()
    return buffer[node.start : node.end] if node.constructed else ber.octets(buffer, node)


def write_attributes_plus_term(term: RpnTerm, encoding: str) -> bytes:
    tag = _TAG_OF_TERM[term.kind]
    if term.kind is TermKind.NUMERIC:
        content = ber.write_integer(int(term.data), tag)
    elif term.kind is TermKind.OID:
        content = ber.write_oid(term.data.decode(), tag)
    else:
        content = ber.primitive(tag, term.data)
    return ber.constructed(ATTRIBUTES_PLUS_TERM, write_attributes(term.attributes, encoding), content)
