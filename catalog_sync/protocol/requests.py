"""Requests of a Z39.50 origin to bytes and back. `encoding` is Python's codec of names and messages (UTF-8 until
another charset is negotiated)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from catalog_sync.protocol import ber, charset, elements, rpn_wire
from catalog_sync.protocol.apdu import (
    Authentication,
    CharsetProposal,
    Close,
    DeleteRequest,
    InitRequest,
    PresentRequest,
    Request,
    ScanRequest,
    SearchRequest,
    SortKey,
    SortRequest,
    UnknownRequest,
)
from catalog_sync.protocol.ber import BerError, Node
from catalog_sync.protocol.elements import REFERENCE_ID, RESULT_SET_ID, Reader
from catalog_sync.protocol.external import read_external, write_external

INIT, SEARCH, PRESENT, DELETE, SCAN, SORT, CLOSE = 20, 22, 24, 26, 35, 43, 48
_PRESENT_HEAD = ber.tag_bytes(PRESENT, True)
REMEMBERED_BYTES = 120  # of a Present, and of a Search without its query: 40 are usual
_QUERY, _QUERY_HEAD = 21, ber.tag_bytes(21, True)


def read(pdu: bytes, encoding: str = "utf-8") -> Request:
    """One request. Raises BerError where the bytes are not a PDU of the standard's shape."""
    if pdu[:1] == _PRESENT_HEAD and len(pdu) <= REMEMBERED_BYTES:
        return _read_remembered(pdu, encoding)
    return _read(pdu, encoding)


@lru_cache(1024)
def _read_remembered(pdu: bytes, encoding: str) -> Request:
    """Clients ask for «the first ten» in the same bytes again and again; values don't change, so one will do."""
    return _read(pdu, encoding)


def _read(pdu: bytes, encoding: str) -> Request:
    reader, node = elements.read_pdu(pdu, encoding)
    return _READERS.get(node.tag, _read_unknown)(reader, node)


def _read_unknown(reader: Reader, node: Node) -> UnknownRequest:
    return UnknownRequest(node.tag, reader.octets(REFERENCE_ID))


# --- Init ------------------------------------------------------------------------------------------------------------


def _read_init(reader: Reader, node: Node) -> InitRequest:
    return InitRequest(
        options=ber.bits(reader.buffer, reader.need(4, "options")),
        versions=ber.bits(reader.buffer, reader.need(3, "protocolVersion")),
        preferred_size=ber.integer(reader.buffer, reader.need(5, "preferredMessageSize")),
        exceptional_size=ber.integer(reader.buffer, reader.need(6, "exceptionalRecordSize")),
        authentication=_read_authentication(reader),
        implementation_id=reader.text(110),
        implementation_name=reader.text(111),
        implementation_version=reader.text(112),
        charset=_read_proposal(reader),
        reference=reader.octets(REFERENCE_ID),
    )


def _read_authentication(reader: Reader) -> Authentication | None:
    outer = reader.fields.get(7)
    if outer is None:
        return None
    choice = ber.only(reader.buffer, outer)
    if choice.tag in (ber.VISIBLE_STRING, ber.GENERAL_STRING):
        return Authentication(open=reader.text_of(choice))
    if choice.tag == ber.SEQUENCE:
        parts = reader.into(choice)
        return Authentication(parts.text(1), parts.text(2), parts.text(0))
    return Authentication()  # anonymous, or an access control format that we don't speak


def _read_proposal(reader: Reader) -> CharsetProposal | None:
    """The negotiation record, which may stand in userInformationField or in otherInfo (charneg-3 allows both)."""
    externals = [reader.fields[11]] if 11 in reader.fields else []
    for info in reader.items(elements.OTHER_INFO):
        inner = ber.fields(reader.buffer, info)
        externals += [inner[4]] if 4 in inner else []
    for node in externals:
        holder = ber.only(reader.buffer, node) if node.tag == 11 and _is_explicit(reader.buffer, node) else node
        found = charset.read_proposal(read_external(reader.buffer, holder))
        if found is not None:
            return found
    return None


def _is_explicit(buffer: bytes, node: Node) -> bool:
    """userInformationField is `[11] EXTERNAL` in a module of explicit tags: the EXTERNAL keeps its own tag inside."""
    return ber.children(buffer, node)[0].tag == ber.EXTERNAL if node.end > node.start else False


def _write_init(request: InitRequest, encoding: str) -> bytes:
    info = b""
    if request.charset is not None:
        external = write_external(4, charset.write_proposal(request.charset))
        info = ber.constructed(elements.OTHER_INFO, ber.constructed(ber.SEQUENCE, external))
    return ber.constructed(
        INIT,
        elements.reference(request.reference),
        ber.write_bits(request.versions, 3),
        ber.write_bits(request.options, 4),
        ber.write_integer(request.preferred_size, 5),
        ber.write_integer(request.exceptional_size, 6),
        _write_authentication(request.authentication, encoding),
        ber.some_text(110, request.implementation_id, encoding),
        ber.some_text(111, request.implementation_name, encoding),
        ber.some_text(112, request.implementation_version, encoding),
        info,
    )


def _write_authentication(value: Authentication | None, encoding: str) -> bytes:
    if value is None:
        return b""
    if value.open:
        return ber.constructed(7, ber.primitive(ber.VISIBLE_STRING, value.open.encode(encoding)))
    parts = ((0, value.group), (1, value.user), (2, value.password))
    return ber.constructed(
        7, ber.constructed(ber.SEQUENCE, *(ber.some_text(tag, text, encoding) for tag, text in parts))
    )


# --- Search and Present ----------------------------------------------------------------------------------------------


def _read_search(reader: Reader, node: Node) -> SearchRequest:
    buffer, query = reader.buffer, reader.need(_QUERY, "query")
    asked = rpn_wire.read_query(reader, ber.only(buffer, query))
    head = _QUERY_HEAD + ber.length_bytes(query.end - query.start)
    size = node.end - node.start - (query.end - query.start)
    if size > REMEMBERED_BYTES or not buffer.endswith(head, 0, query.start):
        return SearchRequest(asked, **_around_query(reader))
    around = buffer[node.start : query.start - len(head)] + buffer[query.end : node.end]
    return SearchRequest(asked, **_remembered_around(around, reader.encoding))


@lru_cache(1024)
def _remembered_around(data: bytes, encoding: str) -> dict[str, Any]:
    """What stands around the query is the same in all searches of a session, and often in all of a program."""
    return _around_query(Reader(data, Node(SEARCH, 0, len(data), True), encoding))


def _around_query(reader: Reader) -> dict[str, Any]:
    return {
        "databases": reader.texts(18),
        "result_set": reader.text(17, "default"),
        "replace": reader.boolean(16, True),
        "small_set_upper_bound": reader.integer(13, 0),
        "large_set_lower_bound": reader.integer(14, 1),
        "medium_set_present_number": reader.integer(15, 0),
        "small_elements": elements.read_elements(reader, 100),
        "medium_elements": elements.read_elements(reader, 101),
        "syntax": reader.oid(104),
        "reference": reader.octets(REFERENCE_ID),
    }


def _write_search(request: SearchRequest, encoding: str) -> bytes:
    return ber.constructed(
        SEARCH,
        elements.reference(request.reference),
        ber.write_integer(request.small_set_upper_bound, 13),
        ber.write_integer(request.large_set_lower_bound, 14),
        ber.write_integer(request.medium_set_present_number, 15),
        ber.write_boolean(request.replace, 16),
        ber.text(17, request.result_set, encoding),
        elements.databases(18, request.databases, encoding),
        elements.write_elements(100, request.small_elements, encoding),
        elements.write_elements(101, request.medium_elements, encoding),
        elements.some_oid(104, request.syntax),
        ber.constructed(21, rpn_wire.write_query(request.query, encoding)),
    )


def _read_present(reader: Reader, node: Node) -> PresentRequest:
    syntax = reader.oid(104)
    composition = reader.sequence(209)
    if composition is None:
        names, schema = elements.read_elements(reader, 19), ""
    else:
        names, schema, listed = _read_composition(composition)
        syntax = syntax or listed
    return PresentRequest(
        start=ber.integer(reader.buffer, reader.need(30, "resultSetStartPoint")),
        count=ber.integer(reader.buffer, reader.need(29, "numberOfRecordsRequested")),
        result_set=reader.text(RESULT_SET_ID, "default"),
        elements=names,
        syntax=syntax,
        schema=schema,
        ranges=tuple(_read_range(reader, item) for item in reader.items(212)),
        reference=reader.octets(REFERENCE_ID),
    )


def _read_range(reader: Reader, node: Node) -> tuple[int, int]:
    parts = reader.into(node)
    return parts.integer(1, 1), parts.integer(2, 0)


def _read_composition(composition: Reader) -> tuple[str, str, str]:
    """(element set name, schema, first record syntax) of a CompSpec's generic part."""
    syntaxes = [ber.oid(composition.buffer, node) for node in composition.items(4)]
    syntax = syntaxes[0] if syntaxes else ""
    generic = composition.sequence(2)
    if generic is None:
        return "", "", syntax
    schema = generic.oid(1) or generic.text(300)
    outer = generic.fields.get(2)
    name = ber.only(generic.buffer, outer) if outer else None
    return generic.text_of(name) if name is not None and name.tag == 1 else "", schema, syntax


def _write_present(request: PresentRequest, encoding: str) -> bytes:
    return ber.constructed(
        PRESENT,
        elements.reference(request.reference),
        ber.text(RESULT_SET_ID, request.result_set, encoding),
        ber.write_integer(request.start, 30),
        ber.write_integer(request.count, 29),
        elements.write_elements(19, request.elements, encoding),
        elements.some_oid(104, request.syntax),
    )


# --- Delete, Scan, Sort, Close ---------------------------------------------------------------------------------------


def _read_delete(reader: Reader, node: Node) -> DeleteRequest:
    every = reader.integer(32, 0) == 1
    return DeleteRequest(None if every else reader.texts(ber.SEQUENCE), reader.octets(REFERENCE_ID))


def _write_delete(request: DeleteRequest, encoding: str) -> bytes:
    function = ber.write_integer(1 if request.names is None else 0, 32)
    names = request.names or ()
    listed = ber.constructed(ber.SEQUENCE, *(ber.text(RESULT_SET_ID, n, encoding) for n in names))
    return ber.constructed(DELETE, elements.reference(request.reference), function, listed if names else b"")


def _read_scan(reader: Reader, node: Node) -> ScanRequest:
    term = reader.need(elements.ATTRIBUTES_PLUS_TERM, "termListAndStartPoint")
    return ScanRequest(
        term=elements.read_attributes_plus_term(reader, term),
        count=ber.integer(reader.buffer, reader.need(6, "numberOfTermsRequested")),
        position=reader.maybe_integer(7),
        step=reader.maybe_integer(5),
        databases=reader.texts(3),
        attribute_set=reader.oid(ber.OBJECT_IDENTIFIER),
        reference=reader.octets(REFERENCE_ID),
    )


def _write_scan(request: ScanRequest, encoding: str) -> bytes:
    return ber.constructed(
        SCAN,
        elements.reference(request.reference),
        elements.databases(3, request.databases, encoding),
        elements.some_oid(ber.OBJECT_IDENTIFIER, request.attribute_set),
        elements.write_attributes_plus_term(request.term, encoding),
        elements.some_integer(5, request.step),
        ber.write_integer(request.count, 6),
        elements.some_integer(7, request.position),
    )


def _read_sort(reader: Reader, node: Node) -> SortRequest:
    return SortRequest(
        inputs=reader.texts(3),
        output=reader.text(4),
        keys=tuple(_read_sort_key(reader, item) for item in reader.items(5)),
        reference=reader.octets(REFERENCE_ID),
    )


def _read_sort_key(reader: Reader, node: Node) -> SortKey:
    """sortElement is a CHOICE of tags [1] and [2], as are the INTEGERs after it: only order tells them apart."""
    parts = ber.children(reader.buffer, node)
    if not parts or not parts[0].constructed:
        raise BerError(f"byte {node.start}: a sort element was expected")
    numbers = {part.tag: part for part in parts[:0:-1]}
    relation = ber.integer(reader.buffer, numbers[1]) if 1 in numbers else 0
    case = ber.integer(reader.buffer, numbers[2]) if 2 in numbers else 1
    missing = ber.only(reader.buffer, numbers[3]).tag if 3 in numbers else None
    element = _read_sort_element(reader, parts[0])
    return replace(element, relation=relation, case=case, missing=missing)


def _read_sort_element(reader: Reader, element: Node) -> SortKey:
    if element.tag == 2:
        return SortKey(database_specific=True)
    choice = ber.only(reader.buffer, element)
    if choice.tag == 0:
        return SortKey(reader.text_of(choice))
    if choice.tag == 1:
        return SortKey(elements=True)
    parts = reader.into(choice)
    listed = elements.read_attributes(parts, parts.need(elements.ATTRIBUTE_LIST, "sort attributes"))
    return SortKey("", listed, parts.oid(ber.OBJECT_IDENTIFIER))


def _write_sort(request: SortRequest, encoding: str) -> bytes:
    names = (ber.text(ber.GENERAL_STRING, name, encoding) for name in request.inputs)
    return ber.constructed(
        SORT,
        elements.reference(request.reference),
        ber.constructed(3, *names),
        ber.text(4, request.output, encoding),
        ber.constructed(5, *(_write_sort_key(key, encoding) for key in request.keys)),
    )


def _write_sort_key(key: SortKey, encoding: str) -> bytes:
    if key.field:
        element = ber.text(0, key.field, encoding)
    else:
        listed = elements.write_attributes(key.attributes, encoding)
        element = ber.constructed(2, ber.write_oid(key.attribute_set), listed)
    missing = b"" if key.missing is None else ber.constructed(3, ber.primitive(key.missing, b""))
    numbers = (ber.write_integer(key.relation, 1), ber.write_integer(key.case, 2))
    return ber.constructed(ber.SEQUENCE, ber.constructed(1, element), *numbers, missing)


def read_close(reader: Reader, node: Node) -> Close:
    reason = ber.integer(reader.buffer, reader.need(211, "closeReason"))
    return Close(reason, reader.text(3), reader.octets(REFERENCE_ID))


def write_close(value: Close, encoding: str = "utf-8") -> bytes:
    return ber.constructed(
        CLOSE,
        elements.reference(value.reference),
        ber.write_integer(value.reason, 211),
        ber.some_text(3, value.info, encoding),
    )


_READERS: dict[int, Callable[[Reader, Node], Request]] = {
    INIT: _read_init,
    SEARCH: _read_search,
    PRESENT: _read_present,
    DELETE: _read_delete,
    SCAN: _read_scan,
    SORT: _read_sort,
    CLOSE: read_close,
}


def write(request: Request, encoding: str = "utf-8") -> bytes:
    """The PDU of a request. Raises ValueError for what has no wire form here (an UnknownRequest, proximity)."""
    match request:
        case InitRequest():
            return _write_init(request, encoding)
        case SearchRequest():
            return _write_search(request, encoding)
        case PresentRequest():
            return _write_present(request, encoding)
        case DeleteRequest():
            return _write_delete(request, encoding)
        case ScanRequest():
            return _write_scan(request, encoding)
        case SortRequest():
            return _write_sort(request, encoding)
        case Close():
            return write_close(request, encoding)
    raise ValueError(f"a request of ours was expected, came PDU {request.tag}")
