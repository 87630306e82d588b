"""One query tree for the search form, CQL (SRU) and RPN (Z39.50), and the catalogue it is asked of.

Every front end parses its own language into this tree; only `catalog_sync.search` turns the tree into an index query.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from catalog_sync.model import RecordKey, SourceRecord, UnionRecord


class Access(enum.StrEnum):
    """Access points of the union catalogue. Numbers in comments: the Bib-1 use attribute that asks for it."""

    ANY = "any"  # 1016, 1017, 1035
    TITLE = "title"  # 4
    TITLE_SERIES = "series"  # 5
    TITLE_UNIFORM = "uniform_title"  # 6
    AUTHOR = "author"  # 1003, 1, 2, 3, 1004
    CORPORATE = "corporate"  # 2, 1005
    SUBJECT = "subject"  # 21
    ISBN = "isbn"  # 7
    ISSN = "issn"  # 8
    LOCAL_ID = "local_id"  # 12: cluster id or SOURCE:ID
    PUBLISHER = "publisher"  # 1018
    PLACE = "place"  # 59
    YEAR = "year"  # 31
    LANGUAGE = "language"  # 54
    UDC = "udc"  # 15 in some profiles; 1.14
    BBK = "bbk"  # 20 (local classification)
    BBK_DIVISION = "bbk_division"  # of data/tables/bbk_tree.tsv, with all that is under it: «8» is not «85»
    CALL_NUMBER = "call_number"  # where a library keeps it: шифр хранения
    NOTE = "note"  # 63
    ABSTRACT = "abstract"  # 62
    CONTENTS = "contents"
    KIND = "kind"  # document kind facet value (учебник, рабочая тетрадь …)
    GRADE = "grade"  # class 1..11
    CARRIER = "carrier"  # model.Carrier value
    CATEGORY = "category"  # model.Category value
    SUBJECT_AREA = "school_subject"  # школьный предмет
    AGE = "age"  # age mark: 0, 6, 12, 16, 18
    LIBRARY = "library"  # code of a library that holds it
    SOURCE = "source"
    COUNTRY = "country"
    AVAILABILITY = "access"  # how a reader gets it: print, disc, open, licensed, local, fpu …
    CHANGED = "changed"  # 1012 date/time last modified
    ADDED = "added"  # 1011 date/time added to the database
    RECORD_TYPE = "record_type"  # 1001: leader/06
    BIB_LEVEL = "bib_level"  # 1021: leader/07


class Relation(enum.StrEnum):
    LESS = "<"
    LESS_EQUAL = "<="
    EQUAL = "="
    GREATER_EQUAL = ">="
    GREATER = ">"
    NOT_EQUAL = "<>"
    ALL = "all"  # every word, in any order
    ANY = "any"  # at least one word
    ADJACENT = "adj"  # the words as a phrase
    EXACT = "exact"  # the whole field, from first word to last
    WITHIN = "within"  # «2015 2020»: both ends included


class Truncation(enum.StrEnum):
    NONE = "none"
    RIGHT = "right"
    LEFT = "left"
    BOTH = "both"
    MASK = "mask"  # the text holds * (any run) and ? (one character)


@dataclass(frozen=True, slots=True)
class Term:
    """A leaf: what is asked of which access point. `first` anchors the term at the start of the field."""

    text: str
    access: Access = Access.ANY
    relation: Relation = Relation.ALL
    truncation: Truncation = Truncation.NONE
    first: bool = False


@dataclass(frozen=True, slots=True)
class And:
    left: Query
    right: Query


@dataclass(frozen=True, slots=True)
class Or:
    left: Query
    right: Query


@dataclass(frozen=True, slots=True)
class Not:
    """`left` but not `right` (there is no unary not in CQL or RPN)."""

    left: Query
    right: Query


@dataclass(frozen=True, slots=True)
class Everything:
    """All live records."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """Explicit cluster ids: a named result set used as an operand."""

    clusters: tuple[str, ...]


Query = Term | And | Or | Not | Everything | OneOf


class Sort(enum.StrEnum):
    RELEVANCE = "relevance"
    TITLE = "title"
    TITLE_DOWN = "title-"
    AUTHOR = "author"
    AUTHOR_DOWN = "author-"
    YEAR_DOWN = "year-"
    YEAR_UP = "year"
    NEWEST = "new-"  # latest arrival in the union first
    OLDEST = "new"
    CHANGED_DOWN = "changed-"
    CHANGED = "changed"

    @property
    def subject(self) -> str:
        """What is compared, whichever way it runs."""
        return self.value.removesuffix("-")


# One key, or several: hits alike by the first are ordered by the second. Records without a key stand behind the others.
Order = Sort | tuple[Sort, ...]
MAX_SORT_KEYS = 6
DEEPEST = 100_000  # hits of one answer that can be turned to: each costs memory for all before it; OAI-PMH gives all


def order_of(keys: Sequence[Sort]) -> Order:
    """The order of a list of keys; by relevance where there are none."""
    return tuple(keys) if len(keys) > 1 else keys[0] if keys else Sort.RELEVANCE


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str
    count: int


class Card(Protocol):
    """What the index keeps of an edition for those who ask only what is found."""

    cluster: str

    @property
    def brief(self) -> bytes:
        """What a list of hits shows (search.brief)."""
        ...

    @property
    def record(self) -> bytes:
        """Full MARC 21 in UTF-8 as it stands in a response of Z39.50; empty where the format can't say it."""
        ...


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of an answer. `total` counts all hits; `clusters` are the ids of this page, in order.

    `cards`, of each hit, and `commit`, which state of the index answered, are there where the catalogue has an index.
    """

    total: int
    clusters: tuple[str, ...]
    facets: Mapping[str, tuple[FacetValue, ...]] = field(default_factory=dict)
    suggestion: str = ""  # «возможно, вы имели в виду»
    cards: tuple[Card, ...] = ()
    commit: object = None


@dataclass(frozen=True, slots=True)
class ScanTerm:
    term: str
    count: int


@dataclass(frozen=True, slots=True)
class LibraryHoldings:
    """What one library has of one cluster, over all its records."""

    library: str
    library_name: str
    copies: int
    call_numbers: tuple[str, ...] = ()
    siglas: tuple[str, ...] = ()
    records: tuple[RecordKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A cluster that appeared, changed or went, for OAI-PMH and feeds. `number` grows with every change."""

    number: int
    cluster: str
    when: datetime
    deleted: bool
    sets: tuple[str, ...] = ()


class Unsupported(Exception):
    """The catalogue can't answer this combination; `part` says which (access, relation, truncation …)."""

    def __init__(self, part: str, value: str) -> None:
        super().__init__(f"{part}: {value}")
        self.part = part
        self.value = value


class Catalogue(Protocol):
    """The union catalogue as its readers see it: OPAC, SRU, Z39.50, OAI-PMH, API all ask this and nothing else."""

    def search(
        self,
        query: Query,
        *,
        offset: int = 0,
        limit: int = 20,
        sort: Order = Sort.RELEVANCE,
        facets: Sequence[str] = (),
        facet_limit: int = 20,
        library: str = "",
        suggest: bool = False,
    ) -> Hits:
        """Hits of `query`; `library` limits to what that library holds. Raises Unsupported, never a silent zero.

        `suggest`: where nothing is found, look for words that were meant (slower than the search: for people).
        """
        ...

    def is_latest(self, commit: object) -> bool:
        """Whether the catalogue still answers from the state that answered then (`Hits.commit`)."""
        ...

    def scan(self, access: Access, term: str, *, before: int, after: int, library: str = "") -> list[ScanTerm]:
        """Terms of an access point around `term`: `before` of them below it, then the first one >= term onwards."""
        ...

    def record(self, cluster: str) -> UnionRecord | None:
        """The union record; None where there is none (see `redirect`)."""
        ...

    def records(self, clusters: Sequence[str]) -> list[UnionRecord]:
        """Several at once, in the order asked; those that are gone are left out."""
        ...

    def redirect(self, cluster: str) -> str:
        """Where an old id lives now; "" where it never was or was deleted."""
        ...

    def members(self, cluster: str, limit: int) -> list[SourceRecord]:
        """The first source records behind a cluster, best first."""
        ...

    def holdings(self, cluster: str) -> list[LibraryHoldings]:
        ...

    def holdings_of(self, clusters: Sequence[str]) -> Mapping[str, list[LibraryHoldings]]:
        """Holdings of many clusters at once; a cluster nobody holds may be missing."""
        ...

    def changes(
        self, *, after: int = 0, since: datetime | None = None, until: datetime | None = None, oai_set: str = "",
        limit: int = 100, after_cluster: str | None = None,
    ) -> list[Change]:
        """The latest change of each cluster with number > `after`, in number order; times are inclusive, UTC.

        With `after_cluster` the order is by cluster, beginning after that one ("" = from the first): a walk that
        neither misses nor repeats a cluster however many are published meanwhile (OAI-PMH resumption).
        """
        ...

    def change(self, cluster: str) -> Change | None:
        """The latest change of one cluster, deleted or not; None where there never was such a cluster."""
        ...

    def earliest_change(self) -> datetime:
        ...

    def oai_sets(self) -> list[tuple[str, str]]:
        """(setSpec, setName) pairs: library:CODE, kind:CATEGORY, source:CODE."""
        ...
