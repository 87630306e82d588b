"""Same edition or not: verdicts with reasons, and librarians' decisions."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from catalog_sync.model.written import RecordKey


class Verdict(enum.StrEnum):
    SAME = "same"
    UNSURE = "unsure"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of evidence: which feature, what both sides say, and how much it weighs (a veto has `veto`)."""

    feature: str
    left: str
    right: str
    weight: float
    text: str = ""
    veto: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Evidence between two records and the verdict it leads to. `left` < `right`: a comparison has no direction."""

    left: RecordKey
    right: RecordKey
    verdict: Verdict
    score: float
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A librarian's word about two records; outlives every harvest and rebuild (keyed by source and id)."""

    number: int
    left: RecordKey
    right: RecordKey
    same: bool
    who: str
    when: datetime
    why: str
    undone: datetime | None = None
    undone_by: str = ""
    part_of: int | None = None  # number of the decision about whole editions that this pair follows from
