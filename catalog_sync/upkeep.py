"""What changes or looks at the whole catalogue besides harvests: librarians' words, rebuild, check, the index."""

from __future__ import annotations

from collections.abc import Callable

from catalog_sync import checking, indexing, pipeline, publishing
from catalog_sync.errors import Refused, StopEverything
from catalog_sync.model import FetchedFile, HarvestRun, RecordKey, RunState
from catalog_sync.pipeline import Progress, quiet
from catalog_sync.store import records, registry, values_check
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System

EMPTY = b'<collection xmlns="http://www.loc.gov/MARC21/slim"/>'


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


def close_source(system: System, code: str, *, who: str) -> HarvestRun:
    """Its records leave the catalogue, its copies the stock, today; a pause from now on. A roll-back brings all back.

    Raises Refused where it has no records.
    """
    with reading(system.engine) as connection:
        registry.get_source(connection, code)
        live = records.live_count(connection, code)
    if not live:
        raise Refused(f"записей источника {code} в каталоге нет; не собирать его: catalog-sync source pause {code}")
    run = pipeline.run_source(
        system, code, [FetchedFile("source close", EMPTY, format="marcxml")], incremental=False, asked_by=who
    )
    if run.state is RunState.HELD:  # an empty export always is, and here a person has said it is meant
        run = pipeline.approve(system, run.number, who=who)
    with writing(system.engine) as connection:
        registry.set_active(connection, code, False)
    return run


def rebuild(system: System, progress: Progress = quiet) -> str:
    """Everything derived, computed anew from source records and decisions. Returns the digest of the clusters.

    Raises StopEverything where these hold values that no program wrote.
    """
    try:
        digest = publishing.rebuild(system, progress)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        with reading(system.engine) as connection:
            if unheld := list(values_check.unheld(connection)):
                raise StopEverything(unheld[0]) from error
        raise
    indexing.drain(system, from_scratch=True)
    return digest


def check(system: System, *, index: bool = True, tell: Callable[[str], object] = lambda _: None) -> list[str]:
    """What is stored against what it should be; sentences in Russian, empty when all is well.

    The index is looked at when nobody is at work on it; `tell` is told that this is waited for.
    """
    with reading(system.engine) as connection:
        found = checking.problems(connection)
    is_whole = index and checking.UNCHECKED not in found
    return [*found, *(indexing.check(system, tell) if is_whole else [])]


def drain_index(system: System, *, from_scratch: bool = False) -> int:
    """Bring the search index up to the last change; returns how many clusters were written."""
    return indexing.drain(system, from_scratch=from_scratch)
