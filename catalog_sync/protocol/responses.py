"""Responses of a Z39.50 target to bytes and back (see `requests` for `encoding`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from catalog_sync.protocol import ber, charset, elements, requests
from catalog_sync.protocol.apdu import (
    CharsetChoice,
    Close,
    DeleteResponse,
    Diagnostic,
    InitResponse,
    PresentResponse,
    Record,
    Records,
    Response,
    ScanEntry,
    ScanResponse,
    SearchResponse,
    SortResponse,
)
from catalog_sync.protocol.ber import BerError, Node
from catalog_sync.protocol.elements import REFERENCE_ID, RESULT_SET_ID, Reader
from catalog_sync.protocol.external import External, name_plus_record, read_external, record_content, write_external
from catalog_sync.protocol.oids import DIAG1, USER_INFO_1

INIT, SEARCH, PRESENT, DELETE, SCAN, SORT = 21, 23, 25, 27, 36, 44
_RESPONSE_RECORDS, _ONE_DIAGNOSTIC, _DIAGNOSTICS = 28, 130, 205
_DELETE_STATUS = 33


def read(pdu: bytes, encoding: str = "utf-8") -> Response:
    """One response. Raises BerError where the bytes are not a response that we could have asked for."""
    reader, node = elements.read_pdu(pdu, encoding)
    reading = _READERS.get(node.tag)
    if reading is None:
        raise BerError(f"a response was expected, came PDU {node.tag & ber.MAX_TAG}")
    return reading(reader, node)


def write(response: Response, encoding: str = "utf-8") -> bytes:
    match response:
        case InitResponse():
            return _write_init(response, encoding)
        case SearchResponse():
            return _write_search(response, encoding)
        case PresentResponse():
            return _write_present(response, encoding)
        case DeleteResponse():
            return _write_delete(response, encoding)
        case ScanResponse():
            return _write_scan(response, encoding)
        case SortResponse():
            return _write_sort(response, encoding)
        case Close():
            return requests.write_close(response, encoding)


# --- Init ------------------------------------------------------------------------------------------------------------


def _write_init(response: InitResponse, encoding: str) -> bytes:
    return ber.constructed(
        INIT,
        elements.reference(response.reference),
        ber.write_bits(response.versions, 3),
        ber.write_bits(response.options, 4),
        ber.write_integer(response.preferred_size, 5),
        ber.write_integer(response.exceptional_size, 6),
        ber.write_boolean(response.accepted, 12),
        ber.some_text(110, response.implementation_id, encoding),
        ber.some_text(111, response.implementation_name, encoding),
        ber.some_text(112, response.implementation_version, encoding),
        _write_init_diagnostic(response.diagnostic, encoding),
        _write_choice(response.charset),
    )


def _write_choice(choice: CharsetChoice | None) -> bytes:
    if choice is None:
        return b""
    external = write_external(4, charset.write_choice(choice))
    return ber.constructed(elements.OTHER_INFO, ber.constructed(ber.SEQUENCE, external))


def _write_init_diagnostic(diagnostic: Diagnostic | None, encoding: str) -> bytes:
    """Why we refuse: a diag-1 record inside userInformation-1, the maintenance agency's way to say it at Init."""
    if diagnostic is None:
        return b""
    plain = elements.write_diagnostic(diagnostic, encoding, 1)
    listed = ber.constructed(ber.SEQUENCE, ber.constructed(ber.SEQUENCE, ber.constructed(1, plain)))
    inner = write_external(4, External(DIAG1, listed, True))
    # OtherInformation is itself `[201] IMPLICIT`: inside the EXTERNAL it keeps that tag.
    info = ber.constructed(elements.OTHER_INFO, ber.constructed(ber.SEQUENCE, inner))
    return ber.constructed(11, write_external(ber.EXTERNAL, External(USER_INFO_1, info, True)))


def _read_init(reader: Reader, node: Node) -> InitResponse:
    return InitResponse(
        accepted=reader.boolean(12, False),
        options=ber.bits(reader.buffer, reader.need(4, "options")),
        versions=ber.bits(reader.buffer, reader.need(3, "protocolVersion")),
        preferred_size=reader.integer(5, 0),
        exceptional_size=reader.integer(6, 0),
        implementation_id=reader.text(110),
        implementation_name=reader.text(111),
        implementation_version=reader.text(112),
        charset=_read_choice(reader),
        diagnostic=_read_init_diagnostic(reader),
        reference=reader.octets(REFERENCE_ID),
    )


def _read_choice(reader: Reader) -> CharsetChoice | None:
    for info in reader.items(elements.OTHER_INFO):
        inner = ber.fields(reader.buffer, info)
        if 4 in inner:
            found = charset.read_choice(read_external(reader.buffer, inner[4]))
            if found is not None:
                return found
    return None


def _read_init_diagnostic(reader: Reader) -> Diagnostic | None:
    """The first diagnostic of a refusal, where the target sends one the way we do; anything else is no fault."""
    outer = reader.fields.get(11)
    if outer is None:
        return None
    try:
        external = read_external(reader.buffer, ber.only(reader.buffer, outer))
        data = external.data
        node, _ = ber.read_node(data, 0, len(data))
        info = ber.fields(data, ber.children(data, node)[0])
        inner = read_external(data, info[4])
        return _first_default(Reader(inner.data, ber.read_node(inner.data, 0, len(inner.data))[0], reader.encoding))
    except (BerError, KeyError, IndexError):
        return None


def _first_default(listed: Reader) -> Diagnostic | None:
    entry = listed.into(listed.fields[ber.SEQUENCE])
    choice = ber.only(entry.buffer, entry.fields[1])
    return elements.read_diagnostic(entry, choice) if choice.tag == 1 else None


# --- records ---------------------------------------------------------------------------------------------------------


def content_of(content: External | Diagnostic, encoding: str) -> bytes:
    """The `record` part of a NamePlusRecord: a record, or why there is none."""
    if isinstance(content, External):
        return record_content(content)
    return ber.constructed(1, ber.constructed(2, elements.write_diagnostic(content, encoding)))


def renamed(record: bytes, database: str, encoding: str) -> bytes:
    """A NamePlusRecord as one of another database."""
    whole, _ = ber.read_node(record, 0, len(record))
    _, content = ber.children(record, whole)
    head = ber.tag_bytes(content.tag, True) + ber.length_bytes(content.end - content.start)
    return name_plus_record(database, head + record[content.start : content.end], encoding)


def _write_records(records: Records, diagnostics: tuple[Diagnostic, ...], encoding: str) -> bytes:
    if diagnostics:
        return write_diagnostics(diagnostics, encoding)
    ready = (name_plus_record(r.database, content_of(r.content, encoding), encoding) for r in records)
    return ber.constructed(_RESPONSE_RECORDS, *ready) if records else b""


def write_diagnostics(diagnostics: tuple[Diagnostic, ...], encoding: str) -> bytes:
    if len(diagnostics) == 1:
        return elements.write_diagnostic(diagnostics[0], encoding, _ONE_DIAGNOSTIC)
    return ber.constructed(_DIAGNOSTICS, *(elements.write_diagnostic(d, encoding) for d in diagnostics))


def _read_records(reader: Reader) -> tuple[Records, tuple[Diagnostic, ...]]:
    buffer = reader.buffer
    if _ONE_DIAGNOSTIC in reader.fields:
        return (), (elements.read_diagnostic(reader, reader.fields[_ONE_DIAGNOSTIC]),)
    listed = tuple(elements.read_diagnostic(reader, node) for node in reader.items(_DIAGNOSTICS))
    records: list[Record] = []
    database = ""
    for node in reader.items(_RESPONSE_RECORDS):
        parts = reader.into(node)
        database = parts.text(0, database)  # omitted = the same as the record before (4.2.2, NamePlusRecord)
        choice = ber.only(buffer, parts.need(1, "record"))
        inner = ber.only(buffer, choice)
        if choice.tag == 1:
            records.append(Record(read_external(buffer, inner), database))
        elif choice.tag == 2:
            records.append(Record(elements.read_diagnostic(reader, inner), database))
        else:
            raise BerError("a whole record was expected, came a fragment of one (segmentation)")
    return tuple(records), listed


# --- Search and Present ----------------------------------------------------------------------------------------------


def _write_search(response: SearchResponse, encoding: str) -> bytes:
    return write_search_with(response, _write_records(response.records, response.diagnostics, encoding))


def write_search_with(response: SearchResponse, records: bytes) -> bytes:
    """A search response around records that are encoded already (`response.records` is not looked at)."""
    return ber.constructed(
        SEARCH,
        elements.reference(response.reference),
        ber.write_integer(response.hits, 23),
        ber.write_integer(response.returned, 24),
        ber.write_integer(response.next_position, 25),
        ber.write_boolean(response.success, 22),
        elements.some_integer(26, response.result_set_status),
        elements.some_integer(27, response.present_status),
        records,
    )


def _read_search(reader: Reader, node: Node) -> SearchResponse:
    records, diagnostics = _read_records(reader)
    return SearchResponse(
        hits=reader.integer(23, 0),
        success=reader.boolean(22, False),
        returned=reader.integer(24, 0),
        next_position=reader.integer(25, 0),
        result_set_status=reader.maybe_integer(26),
        present_status=reader.maybe_integer(27),
        records=records,
        diagnostics=diagnostics,
        reference=reader.octets(REFERENCE_ID),
    )


def _write_present(response: PresentResponse, encoding: str) -> bytes:
    return write_present_with(response, _write_records(response.records, response.diagnostics, encoding))


def write_present_with(response: PresentResponse, records: bytes) -> bytes:
    """A present response around records that are encoded already."""
    return ber.constructed(
        PRESENT,
        elements.reference(response.reference),
        ber.write_integer(response.returned, 24),
        ber.write_integer(response.next_position, 25),
        ber.write_integer(response.status, 27),
        records,
    )


def response_records(ready: Iterable[bytes]) -> bytes:
    """NamePlusRecords that are encoded already, as the records of a response."""
    return ber.constructed(_RESPONSE_RECORDS, *ready)


def _read_present(reader: Reader, node: Node) -> PresentResponse:
    records, diagnostics = _read_records(reader)
    return PresentResponse(
        returned=reader.integer(24, 0),
        next_position=reader.integer(25, 0),
        status=reader.integer(27, 0),
        records=records,
        diagnostics=diagnostics,
        reference=reader.octets(REFERENCE_ID),
    )


# --- Delete, Scan, Sort ----------------------------------------------------------------------------------------------


def _write_delete(response: DeleteResponse, encoding: str) -> bytes:
    statuses = b""
    if response.statuses:
        pairs = (
            ber.constructed(
                ber.SEQUENCE, ber.text(RESULT_SET_ID, name, encoding), ber.write_integer(status, _DELETE_STATUS)
            )
            for name, status in response.statuses
        )
        statuses = ber.constructed(1, *pairs)
    return ber.constructed(
        DELETE,
        elements.reference(response.reference),
        # `[0] IMPLICIT DeleteSetStatus`: the implicit tag takes the place of DeleteSetStatus' own [33].
        ber.write_integer(response.status, 0),
        statuses,
        ber.some_text(36, response.message, encoding),
    )


def _read_delete(reader: Reader, node: Node) -> DeleteResponse:
    statuses = []
    for item in reader.items(1):
        pair = reader.into(item)
        statuses.append((pair.text(RESULT_SET_ID), pair.integer(_DELETE_STATUS, 0)))
    return DeleteResponse(reader.integer(0, 0), tuple(statuses), reader.text(36), reader.octets(REFERENCE_ID))


def _write_scan(response: ScanResponse, encoding: str) -> bytes:
    entries = b""
    if response.entries:
        entries = ber.constructed(1, *(_write_entry(entry, encoding) for entry in response.entries))
    if response.diagnostics:
        entries += ber.constructed(2, *(elements.write_diagnostic(d, encoding) for d in response.diagnostics))
    return ber.constructed(
        SCAN,
        elements.reference(response.reference),
        ber.write_integer(0, 3),
        ber.write_integer(response.status, 4),
        ber.write_integer(len(response.entries), 5),
        elements.some_integer(6, response.position),
        ber.constructed(7, entries) if entries else b"",
    )


def _write_entry(entry: ScanEntry, encoding: str) -> bytes:
    display = ber.some_text(0, entry.display, encoding)
    return ber.constructed(1, ber.primitive(45, entry.term), display, elements.some_integer(2, entry.count))


def _read_scan(reader: Reader, node: Node) -> ScanResponse:
    listed = reader.sequence(7)
    entries: list[ScanEntry] = []
    diagnostics: list[Diagnostic] = []
    if listed is not None:
        for item in listed.items(1):
            if item.tag == 1:
                entry = reader.into(item)
                entries.append(ScanEntry(entry.octets(45) or b"", entry.maybe_integer(2), entry.text(0)))
        diagnostics = [elements.read_diagnostic(reader, item) for item in listed.items(2)]
    position = reader.maybe_integer(6)
    return ScanResponse(
        reader.integer(4, 0), tuple(entries), position, tuple(diagnostics), reader.octets(REFERENCE_ID)
    )


def _write_sort(response: SortResponse, encoding: str) -> bytes:
    diagnostics = b""
    if response.diagnostics:
        diagnostics = ber.constructed(5, *(elements.write_diagnostic(d, encoding) for d in response.diagnostics))
    return ber.constructed(
        SORT,
        elements.reference(response.reference),
        ber.write_integer(response.status, 3),
        elements.some_integer(4, response.result_set_status),
        diagnostics,
        elements.some_integer(6, response.hits),
    )


def _read_sort(reader: Reader, node: Node) -> SortResponse:
    return SortResponse(
        status=reader.integer(3, 0),
        result_set_status=reader.maybe_integer(4),
        hits=reader.maybe_integer(6),
        diagnostics=tuple(elements.read_diagnostic(reader, item) for item in reader.items(5)),
        reference=reader.octets(REFERENCE_ID),
    )


_READERS: dict[int, Callable[[Reader, Node], Response]] = {
    INIT: _read_init,
    SEARCH: _read_search,
    PRESENT: _read_present,
    DELETE: _read_delete,
    SCAN: _read_scan,
    SORT: _read_sort,
    requests.CLOSE: requests.read_close,
}
