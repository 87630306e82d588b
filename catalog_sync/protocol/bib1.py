"""Bib-1 attributes (Z39.50-2003 appendix ATR, and the agency's semantics): which number asks what of our catalogue."""

from __future__ import annotations

from catalog_sync.query import Access, Relation, Sort

USE, RELATION, POSITION, STRUCTURE, TRUNCATION, COMPLETENESS = 1, 2, 3, 4, 5, 6
TYPE_NAMES = {1: "use", 2: "relation", 3: "position", 4: "structure", 5: "truncation", 6: "completeness"}

# Use attribute → access point. What isn't here is diagnostic 114: never a silent default, never a silent zero.
USES: dict[int, Access] = {
    1: Access.AUTHOR,  # personal name
    2: Access.CORPORATE,  # corporate name
    3: Access.CORPORATE,  # conference name
    4: Access.TITLE,
    5: Access.TITLE_SERIES,
    6: Access.TITLE_UNIFORM,
    7: Access.ISBN,
    8: Access.ISSN,
    12: Access.LOCAL_ID,  # local number
    14: Access.UDC,
    15: Access.UDC,  # Bliss in the registry; Russian profiles send УДК here
    16: Access.BBK,  # LC call number: clients send «шифр» here, and ours are ББК
    20: Access.BBK,  # local classification
    21: Access.SUBJECT,
    27: Access.SUBJECT,  # LC subject heading
    29: Access.SUBJECT,  # local subject index
    30: Access.YEAR,  # date
    31: Access.YEAR,  # date of publication
    33: Access.TITLE,  # key title
    35: Access.TITLE,  # parallel title
    36: Access.TITLE,  # cover title
    41: Access.TITLE,  # other variant title
    53: Access.BBK,  # local call number
    54: Access.LANGUAGE,
    55: Access.COUNTRY,  # geographic area
    59: Access.PLACE,
    62: Access.ABSTRACT,
    63: Access.NOTE,
    1000: Access.ANY,  # author-title: both are in `any`
    1001: Access.RECORD_TYPE,
    1002: Access.AUTHOR,  # name: persons and bodies
    1003: Access.AUTHOR,
    1004: Access.AUTHOR,  # author, personal
    1005: Access.CORPORATE,  # author, corporate
    1006: Access.CORPORATE,  # author, conference
    1007: Access.ISBN,  # standard identifier; ISSN is asked too, see `ALSO`
    1009: Access.SUBJECT,  # person as subject
    1010: Access.ANY,  # body of text
    1011: Access.ADDED,
    1012: Access.CHANGED,
    1016: Access.ANY,
    1017: Access.ANY,  # server's choice
    1018: Access.PUBLISHER,
    1019: Access.SOURCE,  # record source
    1020: Access.AUTHOR,  # editor
    1021: Access.BIB_LEVEL,
    1031: Access.CARRIER,  # material type
    1032: Access.LOCAL_ID,  # doc-id
    1034: Access.KIND,  # content type
    1035: Access.ANY,
    1036: Access.ANY,  # author-title-subject
    1044: Access.LIBRARY,  # possessing institution
    1053: Access.COUNTRY,
    1073: Access.SUBJECT,
    1074: Access.SUBJECT,
    1075: Access.SUBJECT,
    1076: Access.SUBJECT,  # geographical name as subject
    1077: Access.SUBJECT,
    1078: Access.SUBJECT,
    1079: Access.SUBJECT,
    1080: Access.SUBJECT,  # uncontrolled: keywords
    1083: Access.YEAR,
    1097: Access.ISBN,  # ISBN and ISMN numbers together
}

ALSO = {1007: Access.ISSN}  # a use attribute that asks two access points: either may answer

# A string instead of a number (complex attribute value): our own names of access points, and Zebra's for «all».
ALL_RECORDS = "_ALLRECORDS"
EVERYWHERE = frozenset({Access.ANY, Access.TITLE, Access.LOCAL_ID})  # what no record lacks
NAMES: dict[str, Access] = {access.value: access for access in Access}

RELATIONS = {
    1: Relation.LESS,
    2: Relation.LESS_EQUAL,
    3: Relation.EQUAL,
    4: Relation.GREATER_EQUAL,
    5: Relation.GREATER,
    6: Relation.NOT_EQUAL,
    104: Relation.WITHIN,
}
STEM, RELEVANCE, ALWAYS_MATCHES = 101, 102, 103  # 100, phonetic, is not ours: diagnostic 117

# Structure → how several words of one term stand to each other.
STRUCTURES = {
    1: Relation.ADJACENT,  # phrase
    2: Relation.ADJACENT,  # word: should be one; several must stand together
    3: Relation.ADJACENT,  # key
    4: Relation.EQUAL,  # year
    5: Relation.EQUAL,  # date, normalised
    6: Relation.ALL,  # word list
    100: Relation.EQUAL,  # date, as typed
    101: Relation.ALL,  # name, normalised: «Пушкин, Александр Сергеевич» in any order
    102: Relation.ALL,  # name, as typed
    105: Relation.ANY,  # free-form text
    106: Relation.ANY,  # document text
    107: Relation.EQUAL,  # local number
    108: Relation.ADJACENT,  # string
    109: Relation.EQUAL,  # numeric string
}

POSITIONS_FIRST = (1, 2)  # first in field; first in subfield is answered as first in field
POSITIONS = (1, 2, 3)
COMPLETE = (2, 3)  # complete subfield, complete field
COMPLETENESSES = (1, 2, 3)

# Access points of codes and numbers, where «=» means the value, not words beside each other.
VALUES = frozenset({
    Access.ISBN, Access.ISSN, Access.LOCAL_ID, Access.YEAR, Access.LANGUAGE, Access.COUNTRY, Access.CHANGED,
    Access.ADDED, Access.LIBRARY, Access.SOURCE, Access.CARRIER, Access.CATEGORY, Access.KIND, Access.GRADE,
    Access.AGE, Access.RECORD_TYPE, Access.BIB_LEVEL,
})  # fmt: skip

# Use attribute → order, as it runs upwards.
SORTS: dict[int, Sort] = {
    4: Sort.TITLE, 5: Sort.TITLE, 33: Sort.TITLE, 36: Sort.TITLE,
    1: Sort.AUTHOR, 2: Sort.AUTHOR, 1002: Sort.AUTHOR, 1003: Sort.AUTHOR, 1004: Sort.AUTHOR, 1005: Sort.AUTHOR,
    30: Sort.YEAR_UP, 31: Sort.YEAR_UP, 1083: Sort.YEAR_UP,
    1011: Sort.OLDEST, 1012: Sort.CHANGED,
}  # fmt: skip
SORT_FIELDS: dict[str, Sort] = {
    "title": Sort.TITLE, "author": Sort.AUTHOR, "name": Sort.AUTHOR, "date": Sort.YEAR_UP, "year": Sort.YEAR_UP,
    "relevance": Sort.RELEVANCE, "score": Sort.RELEVANCE,
}  # fmt: skip
