"""The parameters of an SRU request, checked: version, operation, and what each operation may be given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from web.sru.diagnostics import SruFailure

VERSIONS = ("1.1", "1.2", "2.0")
COMMON = {"operation", "version", "stylesheet", "extraRequestData", "httpAccept", "responseType", "queryType",
          "renderedBy", "recordPacking", "recordXMLEscaping"}
ALLOWED = {
    "explain": COMMON,
    "searchRetrieve": COMMON | {
        "query", "startRecord", "maximumRecords", "recordSchema", "recordXPath", "resultSetTTL", "sortKeys",
        "facetLimit", "facetStart", "facetSort", "facetCount", "facetRangeField", "facetLowValue", "facetHighValue",
    },
    "scan": COMMON | {"scanClause", "responsePosition", "maximumTerms"},
}
MANDATORY = {"explain": "", "searchRetrieve": "query", "scan": "scanClause"}
FACETS = ("facetLimit", "facetStart", "facetSort", "facetCount", "facetRangeField", "facetLowValue", "facetHighValue")


@dataclass(frozen=True, slots=True)
class SruRequest:
    """`values` holds each parameter once; `escaping` is "xml" or "string" whatever the version calls it."""

    version: str
    operation: str
    values: Mapping[str, str]

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def number(self, name: str, default: int, least: int) -> int:
        """A whole number parameter; raises diagnostic 6 for anything else and for numbers below `least`."""
        text = self.values.get(name, "").strip()
        if not text:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 12 or int(text) < least:
            raise SruFailure(6, name)
        return int(text)

    @property
    def is_2(self) -> bool:
        return self.version == "2.0"

    @property
    def escaping(self) -> str:
        """How records stand in the response: 1.x calls it recordPacking, 2.0 recordXMLEscaping."""
        name = "recordXMLEscaping" if self.is_2 else "recordPacking"
        return self.get(name) or "xml"


def read(parameters: Mapping[str, Sequence[str]]) -> SruRequest:
    """The request, or SruFailure: 4 operation, 5 version, 6 value, 7 missing, 8 unknown parameter.

    2.0 has neither `operation` nor `version`; a request with `operation` and no version is a 1.x client's mistake,
    except explain, which SRU 1.1 itself asks for without one.
    """
    values = {name: given[0] for name, given in parameters.items() if given}
    version = negotiate(values)
    operation = operation_of(values, version)
    if "operation" in values and "version" not in values and operation != "explain":
        raise SruFailure(7, "version")
    for name, given in parameters.items():
        if len(set(given)) > 1:
            raise SruFailure(6, name)
        if name not in ALLOWED[operation] and not name.startswith("x-"):
            raise SruFailure(8, name)
    needed = MANDATORY[operation]
    if needed and not values.get(needed, "").strip():
        raise SruFailure(7, needed)
    refuse_what_we_cannot(values, version)
    return checked(SruRequest(version, operation, values))


def checked(request: SruRequest) -> SruRequest:
    """The request, once its way of packing records is known to be one of ours (diagnostic 71, or 6 in 2.0)."""
    if request.escaping not in ("xml", "string"):
        name = "recordXMLEscaping" if request.is_2 else "recordPacking"
        raise SruFailure(6, name) if request.is_2 else SruFailure(71, request.escaping)
    return request


def negotiate(values: Mapping[str, str]) -> str:
    """The version of the answer; an unknown one is diagnostic 5 with the highest we speak as its details."""
    asked = values.get("version", "").strip()
    if not asked:
        return "1.2" if "operation" in values else "2.0"
    if asked not in VERSIONS:
        raise SruFailure(5, VERSIONS[-1])
    return asked


def operation_of(values: Mapping[str, str], version: str) -> str:
    """Named in 1.x; in 2.0 (and where a 1.x client leaves it out) it follows from the parameters."""
    asked = values.get("operation", "").strip()
    if asked:
        if asked not in ALLOWED:
            raise SruFailure(4, asked)
        return asked
    if "query" in values:
        return "searchRetrieve"
    return "scan" if "scanClause" in values else "explain"


def refuse_what_we_cannot(values: Mapping[str, str], version: str) -> None:
    if values.get("recordXPath"):
        raise SruFailure(72, values["recordXPath"])
    if values.get("queryType", "cql") not in ("cql", "searchTerms"):
        raise SruFailure(11, values["queryType"])
    if values.get("renderedBy", "client") not in ("client", "server"):
        raise SruFailure(6, "renderedBy")
    if values.get("stylesheet", "/sru/style.xsl") not in ("", "/sru/style.xsl"):
        raise SruFailure(111, values["stylesheet"])
    if version == "2.0" and values.get("recordPacking", "packed") not in ("packed", "unpacked", "xml", "string"):
        raise SruFailure(6, "recordPacking")
    if version != "2.0":
        for name in FACETS:
            if name in values:
                raise SruFailure(8, name)
