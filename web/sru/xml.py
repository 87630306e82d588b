"""SRU responses as text: the same parts under the element names and namespaces of 1.1/1.2 and of 2.0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from catalog_sync.marc.union_xml import element, text
from catalog_sync.protocol.cql import CqlError, parse
from catalog_sync.protocol.xcql import to_xcql
from catalog_sync.query import ScanTerm
from web.sru.diagnostics import Diagnostic
from web.sru.parameters import SruRequest

SRW = "http://www.loc.gov/zing/srw/"
SRU2 = "http://docs.oasis-open.org/ns/search-ws/sruResponse"
SCAN2 = "http://docs.oasis-open.org/ns/search-ws/scan"
DIAGNOSTIC1 = "http://www.loc.gov/zing/srw/diagnostic/"
DIAGNOSTIC2 = "http://docs.oasis-open.org/ns/search-ws/diagnostic"
EXACT = "info:srw/vocabulary/resultCountPrecision/1/exact"
STYLE = '<?xml version="1.0" encoding="UTF-8"?>\n<?xml-stylesheet type="text/xsl" href="{href}"?>\n'


def document(name: str, version: str, inner: str, style: str) -> str:
    """The whole response document; 2.0 has its own namespace for scan."""
    namespace = SRW if version != "2.0" else SCAN2 if name == "scanResponse" else SRU2
    shown = "" if name == "scanResponse" and version == "2.0" else element("version", version)
    return f'{STYLE.format(href=style)}<{name} xmlns="{namespace}">{shown}{inner}</{name}>\n'


def record(request: SruRequest, schema: str, data: str, position: int, identifier: str) -> str:
    """One record. `recordIdentifier` came with 1.2; 2.0 renamed recordPacking to recordXMLEscaping."""
    escaping = request.escaping
    name = "recordXMLEscaping" if request.is_2 else "recordPacking"
    parts = [element("recordSchema", schema), element(name, escaping),
             f"<recordData>{data if escaping == 'xml' else text(data)}</recordData>"]
    if request.version != "1.1" and identifier:
        parts.append(element("recordIdentifier", identifier))
    if position:
        parts.append(element("recordPosition", str(position)))
    return f"<record>{''.join(parts)}</record>"


def diagnostics(version: str, found: Sequence[Diagnostic]) -> str:
    return f"<diagnostics>{''.join(diagnostic(version, d) for d in found)}</diagnostics>" if found else ""


def diagnostic(version: str, found: Diagnostic) -> str:
    namespace = DIAGNOSTIC2 if version == "2.0" else DIAGNOSTIC1
    inner = element("uri", found.uri) + element("details", found.details) + element("message", found.message)
    return f'<diagnostic xmlns="{namespace}">{inner}</diagnostic>'


def echoed_search(request: SruRequest) -> str:
    """What the server understood, XCQL included (1.1 and 1.2 name it xQuery)."""
    order = ("version", "query", "startRecord", "maximumRecords", "recordPacking", "recordXMLEscaping",
             "recordSchema", "resultSetTTL", "sortKeys", "stylesheet", "facetLimit", "facetStart", "facetSort")
    parts = []
    for name in order:
        value = request.version if name == "version" else request.get(name)
        parts.append(element(name, value))
        if name == "query" and not request.is_2:
            parts.append(_xquery(value))
    return f"<echoedSearchRetrieveRequest>{''.join(parts)}</echoedSearchRetrieveRequest>"


def _xquery(query: str) -> str:
    try:
        return f"<xQuery>{to_xcql(parse(query))}</xQuery>"
    except CqlError:
        return ""


def echoed_scan(request: SruRequest) -> str:
    names = ("scanClause", "responsePosition", "maximumTerms", "stylesheet")
    version = element("version", request.version)
    inner = version + "".join(element(n, request.get(n)) for n in names)
    return f"<echoedScanRequest>{inner}</echoedScanRequest>"


def search_response(
    request: SruRequest, total: int, records: Iterable[str], following: int, facets: str, found: Sequence[Diagnostic],
    style: str,
) -> str:
    listed = "".join(records)
    parts = [
        element("numberOfRecords", str(total)),
        f"<records>{listed}</records>" if listed else "",
        element("nextRecordPosition", str(following)) if following else "",
        echoed_search(request),
        diagnostics(request.version, found),
    ]
    if request.is_2:
        parts += [element("resultCountPrecision", EXACT), facets]
    return document("searchRetrieveResponse", request.version, "".join(parts), style)


def scan_response(
    request: SruRequest, index: str, terms: Sequence[ScanTerm], ends: Mapping[int, str], found: Sequence[Diagnostic],
    style: str,
) -> str:
    """`ends` names the first and last term of the whole list (whereInList), by position in `terms`."""
    listed = "".join(
        "<term>" + element("value", t.term) + element("numberOfRecords", str(t.count))
        + element("displayTerm", t.term) + element("whereInList", ends.get(n, "")) + "</term>"
        for n, t in enumerate(terms)
    )
    inner = (f"<terms>{listed}</terms>" if listed else "") + echoed_scan(request)
    return document("scanResponse", request.version, inner + diagnostics(request.version, found), style)


def failure(operation: str, version: str, found: Diagnostic, style: str) -> str:
    """A response that is only a diagnostic, in the shape of the operation that was asked."""
    name = f"{operation}Response"
    count = element("numberOfRecords", "0") if operation == "searchRetrieve" else ""
    return document(name, version, count + diagnostics(version, [found]), style)
