"""The nouns of catalog-sync: frozen values that cross module borders. Standard library only.

Russian names of every noun are in docs/glossary.md. Dates are plain `date`s of the district's calendar; moments are
timezone-aware UTC `datetime`s.
"""

from catalog_sync.model.described import (
    Agent,
    BibRecord,
    CarrierSigns,
    Holdings,
    Host,
    Isbn,
    Item,
    Link,
    PartName,
    Series,
)
from catalog_sync.model.district import (
    LIBRARY_KINDS,
    ExternalTarget,
    FetchedFile,
    HarvestRun,
    Library,
    RunCounts,
    RunState,
    Source,
)
from catalog_sync.model.judged import Comparison, Decision, Reason, Verdict
from catalog_sync.model.stock import Carrier, Category, Classified, EKind, MovementKind, StockMovement, UnionRecord
from catalog_sync.model.written import (
    Dialect,
    MarcField,
    MarcRecord,
    Piece,
    RecordKey,
    SetAside,
    SourceRecord,
    Subfield,
)

__all__ = [
    "LIBRARY_KINDS",
    "Agent",
    "BibRecord",
    "Carrier",
    "CarrierSigns",
    "Category",
    "Classified",
    "Comparison",
    "Decision",
    "Dialect",
    "EKind",
    "ExternalTarget",
    "FetchedFile",
    "HarvestRun",
    "Holdings",
    "Host",
    "Isbn",
    "Item",
    "Library",
    "Link",
    "MarcField",
    "MarcRecord",
    "MovementKind",
    "PartName",
    "Piece",
    "Reason",
    "RecordKey",
    "RunCounts",
    "RunState",
    "Series",
    "SetAside",
    "Source",
    "SourceRecord",
    "StockMovement",
    "Subfield",
    "UnionRecord",
    "Verdict",
]
