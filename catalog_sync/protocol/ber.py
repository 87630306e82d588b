"""Basic Encoding Rules (ITU-T X.690) as far as Z39.50 needs them: no recursion, no copies, bounded work.

A decoded element is a `Node`: its tag, where its contents lie in the buffer, and whether they are constructed. Context
tags are plain numbers (`13`), others are shifted (`UNIVERSAL + 4`). Elements are walked level by level by whoever knows
the PDU's definition, so nesting costs nothing here; `Framer` finds where one PDU ends without decoding it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from catalog_sync.errors import CatalogSyncError

UNIVERSAL = 1 << 24
APPLICATION = 2 << 24
PRIVATE = 3 << 24
_CLASS_BASE = (UNIVERSAL, APPLICATION, 0, PRIVATE)  # indexed by the two class bits; 0 = context

BOOLEAN = UNIVERSAL + 1
INTEGER = UNIVERSAL + 2
BIT_STRING = UNIVERSAL + 3
OCTET_STRING = UNIVERSAL + 4
NULL = UNIVERSAL + 5
OBJECT_IDENTIFIER = UNIVERSAL + 6
EXTERNAL = UNIVERSAL + 8
SEQUENCE = UNIVERSAL + 16
VISIBLE_STRING = UNIVERSAL + 26
GENERAL_STRING = UNIVERSAL + 27

MAX_CHILDREN = 20_000  # elements of one SEQUENCE: far above any honest PDU of 1 MB
MAX_TAG = (1 << 24) - 1
MAX_INDEFINITE_DEPTH = 256  # open indefinite lengths; nobody nests deeper than the RPN query's hundred operators


class BerError(CatalogSyncError):
    """These bytes are not BER, or not the PDU that was promised: the association can't go on."""


class TooLong(BerError):
    """The element announces more bytes than the limit."""


class Node(NamedTuple):
    """One element: contents are `buffer[start:end]`."""

    tag: int
    start: int
    end: int
    constructed: bool


_new = tuple.__new__  # a NamedTuple without its Python-level constructor


# --- reading ---------------------------------------------------------------------------------------------------------


def read_header(buffer: bytes, position: int, end: int) -> tuple[int, bool, int, int]:
    """(tag, constructed, length or -1 where indefinite, position of the contents); IndexError past the buffer."""
    first = buffer[position]
    position += 1
    number = first & 0x1F
    if number == 0x1F:
        number = 0
        while True:
            byte = buffer[position]
            position += 1
            number = number << 7 | byte & 0x7F
            if number > MAX_TAG:
                raise BerError(f"byte {position}: a tag of at most {MAX_TAG} was expected")
            if byte < 0x80:
                break
    length = buffer[position]
    position += 1
    if length >= 0x80:
        size = length & 0x7F
        if size > 8:
            raise TooLong(f"byte {position}: a length of {size} bytes")
        length = int.from_bytes(buffer[position : position + size], "big") if size else -1
        position += size
        if position > end:
            raise IndexError("the header is cut")
    return _CLASS_BASE[first >> 6] + number, first & 0x20 != 0, length, position


def read_node(buffer: bytes, position: int, end: int) -> tuple[Node, int]:
    """The element at `position` and the position after it."""
    try:
        tag, constructed, length, start = read_header(buffer, position, end)
    except IndexError as error:
        raise BerError(f"byte {position}: an element was expected, the data end") from error
    if length < 0:
        if not constructed:
            raise BerError(f"byte {position}: indefinite length of a primitive element")
        after = _end_of_indefinite(buffer, start, end)
        return Node(tag, start, after - 2, True), after
    stop = start + length
    if stop > end:
        raise BerError(f"byte {position}: element of {length} bytes, {end - start} are left")
    return Node(tag, start, stop, constructed), stop


def _end_of_indefinite(buffer: bytes, position: int, end: int) -> int:
    """Position after the end-of-contents octets that close an indefinite length opened before `position`."""
    depth = 1
    while depth:
        if position >= end:
            raise BerError(f"byte {position}: end-of-contents octets were expected, the data end")
        try:
            tag, _, length, start = read_header(buffer, position, end)
        except IndexError as error:
            raise BerError(f"byte {position}: the header is cut") from error
        if tag == UNIVERSAL and length == 0:
            depth -= 1
            position = start
        elif length < 0:
            depth += 1
            if depth > MAX_INDEFINITE_DEPTH:
                raise BerError(f"byte {position}: more than {MAX_INDEFINITE_DEPTH} nested indefinite lengths")
            position = start
        else:
            position = start + length
    if position > end:
        raise BerError(f"byte {position}: an element overruns its parent")
    return position


def children(buffer: bytes, node: Node) -> list[Node]:
    """The elements inside a constructed one, in order.

    Tags of one or two octets with a short length, nearly all there are, are read here; `read_node` does the rest.
    """
    if not node.constructed:
        raise BerError(f"byte {node.start}: a constructed element was expected")
    found: list[Node] = []
    _, position, end, _ = node
    while position < end:
        if len(found) > MAX_CHILDREN:
            raise BerError(f"byte {position}: more than {MAX_CHILDREN} elements in one sequence")
        if position + 3 <= end:
            first = buffer[position]
            number = first & 0x1F
            start = position + 2
            if number == 0x1F:
                number = buffer[position + 1]
                start = position + 3
            length = buffer[start - 1]
            stop = start + length
            if number < 0x80 and length < 0x80 and stop <= end:
                found.append(_new(Node, (_CLASS_BASE[first >> 6] + number, start, stop, first & 0x20 != 0)))
                position = stop
                continue
        child, position = read_node(buffer, position, end)
        found.append(child)
    return found


def fields(buffer: bytes, node: Node) -> dict[int, Node]:
    """The elements of a SEQUENCE by tag; where one is repeated against its definition, the first counts."""
    found: dict[int, Node] = {}
    for child in children(buffer, node):
        found.setdefault(child.tag, child)
    return found


def only(buffer: bytes, node: Node) -> Node:
    """The one element inside an EXPLICIT tag or a tagged CHOICE."""
    inner = children(buffer, node)
    if len(inner) != 1:
        raise BerError(f"byte {node.start}: one element was expected, came {len(inner)}")
    return inner[0]


def octets(buffer: bytes, node: Node) -> bytes:
    """Contents of an OCTET STRING or character string, joined where it is constructed (X.690 8.7.3)."""
    if not node.constructed:
        return buffer[node.start : node.end]
    parts: list[bytes] = []
    waiting = children(buffer, node)[::-1]
    while waiting:
        piece = waiting.pop()
        if piece.constructed:
            waiting.extend(children(buffer, piece)[::-1])
        else:
            parts.append(buffer[piece.start : piece.end])
    return b"".join(parts)


def integer(buffer: bytes, node: Node) -> int:
    size = node.end - node.start
    if not 1 <= size <= 8 or node.constructed:
        raise BerError(f"byte {node.start}: an INTEGER of 1 to 8 bytes was expected, came {size}")
    return int.from_bytes(buffer[node.start : node.end], "big", signed=True)


def boolean(buffer: bytes, node: Node) -> bool:
    if node.end - node.start != 1 or node.constructed:
        raise BerError(f"byte {node.start}: a BOOLEAN of one byte was expected")
    return buffer[node.start] != 0


def bits(buffer: bytes, node: Node) -> frozenset[int]:
    """Numbers of the bits that are set in a BIT STRING; bit 0 is the first."""
    data = octets(buffer, node)
    if not 1 <= len(data) <= 64:
        raise BerError(f"byte {node.start}: a BIT STRING of 1 to 64 bytes was expected, came {len(data)}")
    count = (len(data) - 1) * 8 - data[0]
    return frozenset(n for n in range(count) if data[1 + n // 8] & 0x80 >> n % 8)


def oid(buffer: bytes, node: Node) -> str:
    data = octets(buffer, node)
    if not 1 <= len(data) <= 64:
        raise BerError(f"byte {node.start}: an OBJECT IDENTIFIER of 1 to 64 bytes was expected, came {len(data)}")
    return _oid_text(data)


@lru_cache(1024)
def _oid_text(data: bytes) -> str:
    arcs: list[int] = []
    value = 0
    for byte in data:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            arcs.append(value)
            value = 0
    if data[-1] >= 0x80 or not arcs:
        raise BerError("an OBJECT IDENTIFIER ends in the middle of an arc")
    top = min(arcs[0] // 40, 2)
    return ".".join(map(str, [top, arcs[0] - 40 * top, *arcs[1:]]))


# --- writing ---------------------------------------------------------------------------------------------------------


@lru_cache(4096)
def tag_bytes(tag: int, constructed: bool) -> bytes:
    """Identifier octets (X.690 8.1.2)."""
    class_bits = next(bits for bits, base in ((0x00, UNIVERSAL), (0x40, APPLICATION), (0xC0, PRIVATE), (0x80, 0))
                      if (tag >> 24) == (base >> 24))
    number = tag & MAX_TAG
    first = class_bits | (0x20 if constructed else 0)
    if number < 31:
        return bytes([first | number])
    tail = [number & 0x7F]
    while number > 0x7F:
        number >>= 7
        tail.append(number & 0x7F | 0x80)
    return bytes([first | 0x1F, *reversed(tail)])


def length_bytes(length: int) -> bytes:
    if length < 0x80:
        return bytes((length,))
    size = (length.bit_length() + 7) // 8
    return bytes((0x80 | size,)) + length.to_bytes(size, "big")


def primitive(tag: int, content: bytes) -> bytes:
    return tag_bytes(tag, False) + length_bytes(len(content)) + content


def constructed(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return tag_bytes(tag, True) + length_bytes(len(content)) + content


@lru_cache(4096)
def write_integer(value: int, tag: int = INTEGER) -> bytes:
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return primitive(tag, value.to_bytes(size, "big", signed=True))


def write_boolean(value: bool, tag: int = BOOLEAN) -> bytes:
    """TRUE as 01: X.690 8.2.2 allows any byte but zero, and clients in C print FF as -1."""
    return primitive(tag, b"\x01" if value else b"\x00")


def write_bits(numbers: frozenset[int], tag: int) -> bytes:
    """A BIT STRING as long as its highest bit asks for."""
    size = max(numbers, default=0) + 1
    data = bytearray((size + 7) // 8)
    for number in numbers:
        data[number // 8] |= 0x80 >> number % 8
    return primitive(tag, bytes([-size % 8]) + data)


@lru_cache(1024)
def write_oid(text: str, tag: int = OBJECT_IDENTIFIER) -> bytes:
    arcs = [int(arc) for arc in text.split(".")]
    data = b""
    for arc in [arcs[0] * 40 + arcs[1], *arcs[2:]]:
        septets = [arc & 0x7F]
        while arc > 0x7F:
            arc >>= 7
            septets.append(arc & 0x7F | 0x80)
        data += bytes(reversed(septets))
    return primitive(tag, data)


def text(tag: int, value: str, encoding: str) -> bytes:
    """A string; what the charset lacks becomes «?», the bytes that came undecodable go back as they came."""
    try:
        return primitive(tag, value.encode(encoding, "surrogateescape"))
    except UnicodeEncodeError:
        return primitive(tag, value.encode(encoding, "replace"))


def some_text(tag: int, value: str, encoding: str) -> bytes:
    """An OPTIONAL string: nothing where it is empty."""
    return text(tag, value, encoding) if value else b""
