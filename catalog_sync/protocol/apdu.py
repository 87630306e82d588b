"""The PDUs of Z39.50 version 3 as values: what a client asks and what a server answers.

Names follow ANSI/NISO Z39.50-2003 section 4. Texts are Unicode; search terms stay bytes, because their character set is
the target's business (`charset`). How these become bytes and back: `requests` and `responses`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from catalog_sync.protocol.external import External
from catalog_sync.protocol.oids import BIB1_DIAGNOSTICS


class Option(enum.IntEnum):
    """Bits of the Init options (4.1, `Options`)."""

    SEARCH = 0
    PRESENT = 1
    DELETE_SET = 2
    SCAN = 7
    SORT = 8
    NAMED_RESULT_SETS = 14
    NEGOTIATION_MODEL = 17
    QUERY_TYPE_104 = 19


class CloseReason(enum.IntEnum):
    FINISHED = 0
    SHUTDOWN = 1
    SYSTEM_PROBLEM = 2
    COST_LIMIT = 3
    RESOURCES = 4
    SECURITY_VIOLATION = 5
    PROTOCOL_ERROR = 6
    LACK_OF_ACTIVITY = 7
    PEER_ABORT = 8
    UNSPECIFIED = 9


class PresentStatus(enum.IntEnum):
    SUCCESS = 0
    ACCESS_CONTROL = 1  # partial-1
    MESSAGE_SIZE = 2  # partial-2: more would exceed the preferred message size
    RESOURCE_ORIGIN = 3
    RESOURCE_TARGET = 4
    FAILURE = 5


@dataclass(frozen=True, slots=True)
class Authentication:
    """`open` is the whole token of the open form; the idPass form has user and password."""

    user: str = ""
    password: str = ""
    group: str = ""
    open: str = ""


@dataclass(frozen=True, slots=True)
class CharsetProposal:
    """Character sets an origin offers, best first, by name; `records` asks that records come in the chosen one too."""

    names: tuple[str, ...]
    records: bool = False


@dataclass(frozen=True, slots=True)
class CharsetChoice:
    """What the target chose; an empty name means that no negotiation is in force. `records` echoes the proposal."""

    name: str = ""
    records: bool | None = None


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A Bib-1 diagnostic: its condition and additional information (texts: `diagnostics`)."""

    condition: int
    info: str = ""
    set: str = BIB1_DIAGNOSTICS


# --- RPN (type-1 query) ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of an operand; a string value comes from the complex form. `set` "" = the query's own set."""

    type: int
    value: int | str
    set: str = ""


class TermKind(enum.StrEnum):
    GENERAL = "general"
    NUMERIC = "numeric"
    CHARACTERS = "characterString"
    OID = "oid"
    DATE_TIME = "dateTime"
    EXTERNAL = "external"
    INTEGER_AND_UNIT = "integerAndUnit"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class RpnTerm:
    """A leaf of the query. `data` is the term's bytes as they came (digits for a numeric term)."""

    data: bytes
    attributes: tuple[Attribute, ...] = ()
    kind: TermKind = TermKind.GENERAL


@dataclass(frozen=True, slots=True)
class RpnSet:
    """A named result set as operand; attributes restrict it (type-101's resultAttr)."""

    name: str
    attributes: tuple[Attribute, ...] = ()


class Operator(enum.IntEnum):
    AND = 0
    OR = 1
    AND_NOT = 2
    PROX = 3


RpnItem = RpnTerm | RpnSet | Operator


@dataclass(frozen=True, slots=True)
class RpnQuery:
    """Operands and operators in postfix order, so that no depth of nesting can exhaust the stack."""

    attribute_set: str
    items: tuple[RpnItem, ...]


@dataclass(frozen=True, slots=True)
class CqlQuery:
    """Type-104 with the CQL object identifier: a query string as in SRU."""

    text: str


@dataclass(frozen=True, slots=True)
class OtherQuery:
    """A query type we know by name only."""

    name: str


AnyQuery = RpnQuery | CqlQuery | OtherQuery


# --- requests --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InitRequest:
    options: frozenset[int]
    versions: frozenset[int] = frozenset((0, 1, 2))
    preferred_size: int = 1 << 20
    exceptional_size: int = 1 << 20
    authentication: Authentication | None = None
    implementation_id: str = ""
    implementation_name: str = ""
    implementation_version: str = ""
    charset: CharsetProposal | None = None
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    query: AnyQuery
    databases: tuple[str, ...] = ("Default",)
    result_set: str = "default"
    replace: bool = True
    small_set_upper_bound: int = 0
    large_set_lower_bound: int = 1
    medium_set_present_number: int = 0
    small_elements: str = ""
    medium_elements: str = ""
    syntax: str = ""
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class PresentRequest:
    start: int
    count: int
    result_set: str = "default"
    elements: str = ""
    syntax: str = ""
    schema: str = ""  # of a complex record composition
    ranges: tuple[tuple[int, int], ...] = ()
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """`names` is None for «all»."""

    names: tuple[str, ...] | None
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class ScanRequest:
    term: RpnTerm
    count: int
    position: int | None = None
    step: int | None = None
    databases: tuple[str, ...] = ("Default",)
    attribute_set: str = ""
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class SortKey:
    """`field` is a named sort field, otherwise Bib-1 attributes say what to sort by; `elements`: neither."""

    field: str = ""
    attributes: tuple[Attribute, ...] = ()
    attribute_set: str = ""
    relation: int = 0  # 0 ascending, 1 descending, 3 and 4 by frequency
    case: int = 1
    missing: int | None = None  # 1 abort, 2 null, 3 the given data
    elements: bool = False
    database_specific: bool = False


@dataclass(frozen=True, slots=True)
class SortRequest:
    inputs: tuple[str, ...]
    output: str
    keys: tuple[SortKey, ...]
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class Close:
    reason: int
    info: str = ""
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class UnknownRequest:
    """A PDU of the standard, or none of it, that we don't serve."""

    tag: int
    reference: bytes | None = None


Request = (
    InitRequest | SearchRequest | PresentRequest | DeleteRequest | ScanRequest | SortRequest | Close | UnknownRequest
)


# --- responses -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InitResponse:
    accepted: bool
    options: frozenset[int]
    versions: frozenset[int] = frozenset((0, 1, 2))
    preferred_size: int = 1 << 20
    exceptional_size: int = 1 << 20
    implementation_id: str = ""
    implementation_name: str = ""
    implementation_version: str = ""
    charset: CharsetChoice | None = None
    diagnostic: Diagnostic | None = None
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One of the records of an answer: a retrieval record, or the diagnostic in its place (a surrogate)."""

    content: External | Diagnostic
    database: str = ""


Records = tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class SearchResponse:
    hits: int
    success: bool = True
    returned: int = 0
    next_position: int = 1
    result_set_status: int | None = None  # 1 subset, 2 interim, 3 none: only where the search failed
    present_status: int | None = None
    records: Records = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class PresentResponse:
    returned: int
    next_position: int
    status: int = PresentStatus.SUCCESS
    records: Records = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class DeleteResponse:
    status: int
    statuses: tuple[tuple[str, int], ...] = ()
    message: str = ""
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class ScanEntry:
    term: bytes
    count: int | None = None
    display: str = ""


@dataclass(frozen=True, slots=True)
class ScanResponse:
    status: int  # 0 success, 1–5 partial, 6 failure
    entries: tuple[ScanEntry, ...] = ()
    position: int | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    reference: bytes | None = None


@dataclass(frozen=True, slots=True)
class SortResponse:
    status: int  # 0 success, 1 partial, 2 failure
    result_set_status: int | None = None
    hits: int | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    reference: bytes | None = None


Response = InitResponse | SearchResponse | PresentResponse | DeleteResponse | ScanResponse | SortResponse | Close
