"""The union record and the stock: categories, carriers, movements of the ledger."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import msgspec

from catalog_sync.model.described import BibRecord
from catalog_sync.model.written import RecordKey


class Category(enum.StrEnum):
    """Rows 02–05 of form ОО-2, 2.6; `other` is counted in row 01 only."""

    TEXTBOOK = "textbook"
    STUDY_AID = "study_aid"
    FICTION = "fiction"
    REFERENCE = "reference"
    OTHER = "other"


class Carrier(enum.StrEnum):
    """Rows 06–09 of form ОО-2, 2.6: exactly one per record, so that 01 = 06 + 07 + 08 + 09."""

    PRINT = "print"
    AUDIOVISUAL = "audiovisual"
    MICROFORM = "microform"
    ELECTRONIC = "electronic"


class EKind(enum.StrEnum):
    """Kind of an electronic edition (item 5.4 of the roadmap). `open_link` is shown, but is not stock."""

    NONE = ""
    PHYSICAL = "physical"
    LOCAL = "local"
    LICENSED = "licensed"
    OPEN_LINK = "open_link"


class Classified(msgspec.Struct, frozen=True, gc=False):
    """Fund category, carrier and kind of e-edition of a record, each with the rule that decided."""

    category: Category
    category_reason: str
    carrier: Carrier
    carrier_reason: str
    ekind: EKind = EKind.NONE
    ekind_reason: str = ""
    age_mark: str = ""


@dataclass(frozen=True, slots=True)
class UnionRecord:
    """The record readers see: `bib` is computed field by field, `provenance` names who gave each field."""

    cluster: str
    bib: BibRecord
    members: tuple[RecordKey, ...]
    provenance: Mapping[str, RecordKey] = field(default_factory=dict)
    classified: Classified | None = None
    # Members who gave it a field, added to a list or settled a dispute by their vote; in the order of `members`.
    contributors: tuple[RecordKey, ...] = ()


class MovementKind(enum.StrEnum):
    INITIAL = "initial"  # первичное отражение: retro-loading is not growth
    ACQUIRED = "acquired"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"  # licence ran out
    CORRECTION = "correction"


class StockMovement(msgspec.Struct, frozen=True, gc=False):
    """One line of the append-only ledger. `copies` is signed: what the stock of `library` grew or shrank by."""

    library: str
    record: RecordKey
    day: date
    kind: MovementKind
    copies: int
    category: Category
    carrier: Carrier
    ekind: EKind
    basis: str  # where the date comes from: "INV.REGDATE", "990$f", "run"
    run: int | None = None
    document: str = ""
    corrects: int | None = None
    of: MovementKind | None = None  # a correction says which column of the reports it moves
    reason: str = ""  # why withdrawn or corrected, as the act or the librarian says
    inventory: str = ""  # inventory numbers of the copies, joined by ", ", where the source names them
    kopecks: int | None = None  # signed value of the copies; None where a price is missing

    @property
    def column(self) -> MovementKind:
        """The column it moves: a correction moves the one it corrects (an acquisition where it does not say)."""
        if self.kind is not MovementKind.CORRECTION:
            return self.kind
        return self.of or MovementKind.ACQUIRED
