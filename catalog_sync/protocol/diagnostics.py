"""Bib-1 diagnostics (registry of the Z39.50 maintenance agency): the conditions we raise, their texts, our errors."""

from __future__ import annotations

import enum

from catalog_sync.protocol.apdu import Diagnostic


class Condition(enum.IntEnum):
    PERMANENT_SYSTEM_ERROR = 1
    TEMPORARY_SYSTEM_ERROR = 2
    UNSUPPORTED_SEARCH = 3
    TOO_MANY_OPERATORS = 6
    OUT_OF_RANGE = 13
    CANNOT_PRESENT = 14
    EXCEEDS_PREFERRED_SIZE = 16
    EXCEEDS_MAXIMUM_SIZE = 17
    RESULT_SET_EXISTS = 21
    UNKNOWN_ELEMENT_SET = 25
    RESULT_SET_DELETED = 27
    NO_RESULT_SET = 30
    UNSPECIFIED = 100
    ACCESS_CONTROL = 101
    UNSUPPORTED_QUERY_TYPE = 107
    MALFORMED_QUERY = 108
    DATABASE_UNAVAILABLE = 109
    UNSUPPORTED_OPERATOR = 110
    TOO_MANY_DATABASES = 111
    TOO_MANY_RESULT_SETS = 112
    UNSUPPORTED_ATTRIBUTE_TYPE = 113
    UNSUPPORTED_USE = 114
    UNSUPPORTED_RELATION = 117
    UNSUPPORTED_STRUCTURE = 118
    UNSUPPORTED_POSITION = 119
    UNSUPPORTED_TRUNCATION = 120
    UNSUPPORTED_ATTRIBUTE_SET = 121
    UNSUPPORTED_COMPLETENESS = 122
    UNSUPPORTED_COMBINATION = 123
    MALFORMED_TERM = 125
    ILLEGAL_TERM = 126
    ILLEGAL_SET_NAME = 128
    ONLY_ZERO_STEP = 205
    CANNOT_SORT = 207
    DATABASE_SPECIFIC_SORT = 210
    TOO_MANY_SORT_KEYS = 211
    DUPLICATE_SORT_KEYS = 212
    MISSING_DATA_ACTION = 213
    SORT_RELATION = 214
    MALFORMED_SCAN = 228
    TERM_TYPE = 229
    SCAN_POSITION = 233
    UNKNOWN_DATABASE = 235
    NOT_IN_THIS_SYNTAX = 238
    UNSUPPORTED_SYNTAX = 239
    ADDITIONAL_RANGES = 243
    RESTRICTED_SET = 245
    MALFORMED_PDU = 1001
    BAD_USER_OR_PASSWORD = 1011
    RECORD_DELETED = 1028
    TOO_MANY_TERMS = 1029
    UNKNOWN_SCHEMA = 1066


TEXTS = {
    1: "Permanent system error", 2: "Temporary system error", 3: "Unsupported search",
    6: "Too many boolean operators", 13: "Present request out of range", 14: "System error in presenting records",
    16: "Record exceeds preferred message size", 17: "Record exceeds exceptional record size",
    21: "Result set exists and replace indicator off",
    25: "Specified element set name not valid for specified database",
    27: "Result set no longer exists - unilaterally deleted by target", 30: "Specified result set does not exist",
    100: "Unspecified error", 101: "Access-control failure", 107: "Query type not supported", 108: "Malformed query",
    109: "Database unavailable", 110: "Operator unsupported", 111: "Too many databases specified",
    112: "Too many result sets created", 113: "Unsupported attribute type", 114: "Unsupported use attribute",
    117: "Unsupported relation attribute", 118: "Unsupported structure attribute",
    119: "Unsupported position attribute", 120: "Unsupported truncation attribute", 121: "Unsupported attribute set",
    122: "Unsupported completeness attribute", 123: "Unsupported attribute combination",
    125: "Malformed search term", 126: "Illegal term value for attribute", 128: "Illegal result set name",
    205: "Only zero step size supported for Scan", 207: "Cannot sort according to sequence",
    210: "Database specific sort unsupported", 211: "Too many sort keys",
    212: "Duplicate sort keys", 213: "Unsupported missing data action",
    214: "Illegal sort relation", 228: "Scan: malformed scan", 229: "Term type not supported",
    233: "Scan: unsupported value of position in response", 235: "Database does not exist",
    238: "Record not available in requested syntax", 239: "Record syntax not supported",
    243: "Present: additional ranges parameter unsupported",
    245: "Type-1 query: restriction ('resultAttr') operand unsupported", 1001: "Malformed APDU",
    1011: "Init/AC: bad userid and/or password", 1028: "Record deleted",
    1029: "Scan: too many terms requested", 1066: "CompSpec: unknown schema or schema unsupported",
}  # fmt: skip


def text(condition: int) -> str:
    """English text of a condition, as clients show it; the number where it isn't one of ours."""
    return TEXTS.get(condition, f"Bib-1 diagnostic {condition}")


class Fault(Exception):
    """A request that gets this diagnostic instead of an answer; `info` (Russian) says what came and what can be."""

    def __init__(self, condition: Condition, info: str = "") -> None:
        super().__init__(f"{int(condition)} {text(condition)}: {info}")
        self.diagnostic = Diagnostic(int(condition), info)
