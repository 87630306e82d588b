"""What changes or looks at the whole catalogue besides harvests: librarians' words, rebuild, check, the index."""

from __future__ import annotations

from catalog_sync import checking, indexing, publishing
from catalog_sync.model import RecordKey
from catalog_sync.pipeline import Progress, quiet
from catalog_sync.store.database import reading
from catalog_sync.system import System


def decide(
    system: System, left: RecordKey, right: RecordKey, *, same: bool, who: str, why: str, whole: bool = False,
    index: bool = True,
) -> int:  # fmt: skip
    """A librarian's word: same edition or not. Refused with the chain of earlier words it contradicts."""
    number = publishing.decide(system, left, right, same=same, who=who, why=why, whole=whole)
    if index:
        indexing.drain(system)
    return number


def undo(system: System, number: int, *, who: str, index: bool = True) -> None:
    """Take a decision back; clusters become what they were without it."""
    publishing.undo(system, number, who=who)
    if index:
        indexing.drain(system)


def rebuild(system: System, progress: Progress = quiet) -> str:
    """Everything derived, computed anew from source records and decisions. Returns the digest of the clusters."""
    digest = publishing.rebuild(system, progress)
    indexing.drain(system, from_scratch=True)
    return digest


def check(system: System, *, index: bool = True) -> list[str]:
    """What is stored against what it should be; sentences in Russian, empty when all is well."""
    with reading(system.engine) as connection:
        found = checking.problems(connection)
    return [*found, *(indexing.check(system) if index else [])]


def drain_index(system: System, *, from_scratch: bool = False) -> int:
    """Bring the search index up to the last change; returns how many clusters were written."""
    return indexing.drain(system, from_scratch=from_scratch)
