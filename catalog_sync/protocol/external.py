"""EXTERNAL: something of a named kind, and the NamePlusRecord a record travels in."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_sync.protocol import ber
from catalog_sync.protocol.ber import BerError, Node


@dataclass(frozen=True, slots=True)
class External:
    """Something of a named kind: a record, a user information. `single` marks ASN.1 inside instead of plain octets."""

    oid: str
    data: bytes
    single: bool = False


def read_external(buffer: bytes, node: Node) -> External:
    """An EXTERNAL (X.690 8.18) named by a direct reference. `data` of a single ASN.1 type is its whole encoding."""
    found = ber.fields(buffer, node)
    name = ber.oid(buffer, found[ber.OBJECT_IDENTIFIER]) if ber.OBJECT_IDENTIFIER in found else ""
    if 0 in found:
        return External(name, buffer[found[0].start : found[0].end], True)
    if 1 in found:
        return External(name, ber.octets(buffer, found[1]))
    raise BerError(f"byte {node.start}: an EXTERNAL with octets or a single ASN.1 type was expected")


def write_external(tag: int, value: External) -> bytes:
    content = ber.constructed(0, value.data) if value.single else ber.primitive(1, value.data)
    return ber.constructed(tag, ber.write_oid(value.oid), content)


def record_content(record: External) -> bytes:
    """The `record` part of a NamePlusRecord: worth keeping, a record is asked for many times and changes rarely."""
    return ber.constructed(1, ber.constructed(1, write_external(ber.EXTERNAL, record)))


def name_plus_record(database: str, content: bytes, encoding: str) -> bytes:
    return ber.constructed(ber.SEQUENCE, ber.some_text(0, database, encoding), content)
