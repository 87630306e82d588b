"""Runs that found their sources as they were: they are published, and nothing is computed.

Most sources of most nights end here, without the modules of matching, uniting and counting being read at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from catalog_sync.errors import Refused, SourceUnavailable
from catalog_sync.model import HarvestRun, RunState
from catalog_sync.store import leases, records, registry, rules, runs
from catalog_sync.store.database import writing
from catalog_sync.system import System


def confirm(system: System, numbers: Sequence[int], *, who: str = "") -> list[HarvestRun] | None:
    """Publish staged runs without a difference; None where rules are others now, and all is to be computed anew."""
    now = system.now()
    with writing(system.engine) as connection:
        leases.one_publisher(connection)
        if rules.outdated(connection):
            return None
        for number in numbers:
            mark_published(connection, runs.get(connection, number), now, system.now(), who=who)
        return [runs.get(connection, number) for number in numbers]


def mark_published(
    connection: Connection, run: HarvestRun, now: datetime, finished: datetime, *, touched: int = 0, added: int = 0,
    removed: int = 0, who: str,
) -> None:  # fmt: skip
    """What a run brought is the published state of its source; `added` and `removed` copies, `touched` clusters.

    Raises SourceUnavailable for a run that was taken for dead meanwhile.
    """
    expect_whole(run)
    before = registry.bookmark(connection, run.source)
    registry.set_published(connection, run.source, run.number, run.bookmark)
    supersede_held(connection, run, now)
    counts = replace(run.counts, clusters_touched=touched, copies_added=added, copies_removed=removed)
    runs.save(
        connection, run.number, state=RunState.PUBLISHED, counts=counts, published=now, finished=finished,
        progress="", decided_by=who, bookmark_before=before, message="",
    )  # fmt: skip


def expect_whole(run: HarvestRun) -> None:
    """Raises SourceUnavailable for a run that was taken for dead meanwhile: what it had staged by then is gone."""
    if run.state is RunState.FAILED:
        raise SourceUnavailable(
            f"{run.source}: сеанс № {run.number} не публикуется: часы переставлены или компьютер спал, и сеанс сочтён "
            "прерванным; соберите снова"
        )


def supersede_held(connection: Connection, run: HarvestRun, now: datetime) -> None:
    """A newer run of a source makes an older held one pointless: its difference is against yesterday's state."""
    for held in runs.held_before(connection, run):
        _reject(connection, held, now, f"заменён сеансом № {run.number}")


def take_back_held(connection: Connection, run: HarvestRun, now: datetime) -> None:
    """A run that is rolled back makes a held one pointless: its difference is against what stands no more."""
    for held in runs.latest(connection, source=run.source, states=[RunState.HELD]):
        _reject(connection, held, now, f"сравнивался с отменённым сеансом № {run.number}: соберите снова")


def _reject(connection: Connection, held: HarvestRun, now: datetime, why: str) -> None:
    records.unstage(connection, held.number)
    message = f"{held.message} ({why})"
    runs.save(connection, held.number, state=RunState.REJECTED, finished=now, message=message)


def expect_last(connection: Connection, number: int) -> HarvestRun:
    """The run. Refused unless it is the last published one of its source."""
    run = runs.get(connection, number)
    last = registry.published_run(connection, run.source)
    if run.state is not RunState.PUBLISHED or last != run.number:
        raise Refused(
            f"сеанс № {run.number} нельзя отменить: отменяется только последний опубликованный сеанс источника "
            f"{run.source}" + (f" (№ {last})" if last else "")
        )
    return run
