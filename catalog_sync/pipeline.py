"""The only place where the steps are joined: fetch → stage → guard → publish, or hold.

Every verb here is a step of «A night» in docs/ARCHITECTURE.md. A crash at any point leaves yesterday's catalogue:
staging writes beside the published records, publishing is one transaction, and the next run discards what a dead
process left.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from catalog_sync import confirming, staging
from catalog_sync.copies import Copies
from catalog_sync.errors import Refused, SourceUnavailable
from catalog_sync.failures import note, sentence
from catalog_sync.guard import reasons_to_hold, unreadable
from catalog_sync.marc import reading as marc_reading
from catalog_sync.model import FetchedFile, HarvestRun, RunState, Source
from catalog_sync.runlog import RunLog, as_state, ending
from catalog_sync.store import leases, records, registry, runs
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System

log = logging.getLogger(__name__)

Progress = Callable[[str, int], None]
Staged = tuple[ExitStack, HarvestRun]  # a run that waits to be published, and what has to be left when it is
Told = Callable[[str, HarvestRun | Exception], None]
# Changed records published in one transaction, as only a first load has them: an edition that all schools have is
# grouped, united and counted once. 300,000 take 650 MB, and a quarter less time than in three goes.
TOGETHER = 300_000
LEASE_SECONDS = 300  # longer than any pause between two heartbeats; a dead process frees its source after this


def quiet(name: str, count: int) -> None:
    """No progress wanted."""


def holder() -> str:
    """This thread, for leases: two threads must not share a source either."""
    return f"{leases.process()}:{threading.get_ident()}"


def detect(path: Path) -> marc_reading.Detected:
    """Dialect, encoding and holdings profile of an export, guessed from its bytes."""
    return marc_reading.detect(path.read_bytes())


def run_source(
    system: System, code: str, files: Iterable[FetchedFile], *, incremental: bool | None = None, asked_by: str = "",
    progress: Progress = quiet, index: bool = True,
) -> HarvestRun:  # fmt: skip
    """One run: stage, guard, then publish or hold. Raises SourceUnavailable or Refused after marking the run failed.

    `index=False` leaves the search index to a later `drain_index`: a night of many sources drains it once.
    """
    with _staged(system, code, files, incremental, asked_by, progress) as run:
        if run.state is RunState.HELD:
            return run
        [published] = _publish(system, [run])
    _index(system, index)
    return published


@contextmanager
def _staged(
    system: System, code: str, files: Iterable[FetchedFile], incremental: bool | None, asked_by: str,
    progress: Progress, also: Sequence[Staged] = (), copies: Copies | None = None,
) -> Iterator[HarvestRun]:  # fmt: skip
    """A run that is read, compared and held or ready to be published; its source, and those of `also`, are ours."""
    with reading(system.engine) as connection:
        source = registry.get_source(connection, code)
    partial = source.incremental if incremental is None else incremental
    with _claimed(system, source, partial, asked_by) as number, _logged(system, number) as log:
        difference = staging.stage_files(
            system.engine, number, source, log.told(files), now=system.now,
            progress=_beating(system, source, progress, also), incremental=partial, copies=copies,
        )  # fmt: skip
        if fault := unreadable(difference, system.settings.guard):
            raise SourceUnavailable(f"{code}: {fault}")
        reasons = reasons_to_hold(difference, system.settings.guard)
        if reasons:
            yield _hold(system, number, reasons)
            return
        with reading(system.engine) as connection:
            run = runs.get(connection, number)
        progress(staging.PUBLISHING, _differing(run))
        yield run


def _differing(run: HarvestRun) -> int:
    return run.counts.new + run.counts.changed + run.counts.gone


def run_together(
    system: System, exports: Iterable[tuple[str, Iterable[FetchedFile]]], told: Told, *, asked_by: str = "",
    progress: Callable[[str], Progress] = lambda _code: quiet,
) -> None:  # fmt: skip
    """Runs of many sources, published in groups: an edition that all of them have is united once, not once for each.

    `told(code, run or error)` as soon as a source is done. Whatever befalls one of them, the others go on.
    """
    group: list[Staged] = []
    copies = Copies()
    try:
        for code, files in exports:
            claim = ExitStack()
            try:
                run = claim.enter_context(_staged(system, code, files, None, asked_by, progress(code), group, copies))
            except Exception as error:
                told(code, error)
                continue
            if run.state is RunState.HELD:
                claim.close()
                told(code, run)
                continue
            group.append((claim, run))
            if sum(_differing(run) for _, run in group) >= TOGETHER:
                _publish_group(system, group, told)
        copies.forget()  # all are read, and publishing needs the memory
        _publish_group(system, group, told)
    except BaseException as error:
        while group:
            _fail_staged(group.pop()[0], error)
        if isinstance(error, OSError):  # nobody reads what is told any more, or the disk it goes to is full
            with suppress(Exception):
                _index(system, True)  # of what is published nevertheless
        raise
    _index(system, True)


def _publish(system: System, staged: Sequence[HarvestRun], *, who: str = "") -> list[HarvestRun]:
    numbers = [run.number for run in staged]
    if not any(map(_differing, staged)) and (confirmed := confirming.confirm(system, numbers, who=who)) is not None:
        return confirmed
    from catalog_sync import publishing  # only here and where runs are taken back: it reads all of matching

    return publishing.publish(system, numbers, who=who)


def _publish_group(system: System, group: list[Staged], told: Told) -> None:
    """Publish what is staged and empty `group`; where that fails each by itself, so that one takes no other along."""
    try:
        published = _publish(system, [run for _, run in group]) if group else []
    except Exception as error:
        if len(group) > 1:
            numbers = ", ".join(str(run.number) for _, run in group)
            note(log, f"сеансы № {numbers} вместе не публикуются, теперь по одному", error)
            while group:
                _publish_group(system, [group.pop(0)], told)
            return
        claim, run = group.pop()
        _fail_staged(claim, error)
        told(run.source, error)
        return
    for run in published:
        group.pop(0)[0].close()
        told(run.source, run)


def _fail_staged(claim: ExitStack, error: BaseException) -> None:
    with suppress(type(error)):
        claim.__exit__(type(error), error, error.__traceback__)


def reread(
    system: System, code: str, *, asked_by: str = "", progress: Progress = quiet, index: bool = True
) -> HarvestRun:
    """Read the kept bytes of a source anew, as its settings now say; published as a run of its own, nothing is fetched.

    Raises Refused where the settings make nothing of the records: they stay as they were read before.
    """
    from catalog_sync import publishing

    with reading(system.engine) as connection:
        source = registry.get_source(connection, code)
    with _claimed(system, source, True, asked_by) as number, _logged(system, number):
        difference = staging.stage_reread(
            system.engine, number, source, now=system.now, progress=_beating(system, source, progress)
        )
        reasons = reasons_to_hold(difference, system.settings.guard)
        if reasons:
            raise Refused(f"настройки сохранены, но прочитанное раньше осталось как было: {'; '.join(reasons)}")
        with reading(system.engine) as connection:
            staged = runs.get(connection, number)
        [published] = _publish(system, [staged])
        publishing.settle_again(system, code)  # base and library are settings too, and no bytes say them
        with writing(system.engine) as connection:
            runs.save(connection, number, message="прочитано по-новому: изменились настройки источника")
    _index(system, index)
    return published


@contextmanager
def _claimed(system: System, source: Source, incremental: bool, asked_by: str) -> Iterator[int]:
    """A run number for a source nobody else is harvesting; the run is marked failed when an exception leaves."""
    def begin(connection: Connection) -> int:
        now = system.now()
        runs.bury_dead(connection, now, source.code)
        return runs.start(connection, source.code, now, incremental=incremental, asked_by=asked_by)

    with _alone(system, source.code, begin) as number:
        try:
            yield number
        except BaseException as error:
            _fail(system, number, error)
            raise


@contextmanager
def _logged(system: System, number: int) -> Iterator[RunLog]:
    """What came when, how it ended and how long it took, kept in the run's row for whoever looks at it tomorrow."""
    log, started = RunLog(system.now, system.settings.time_zone), time.monotonic()
    said = ""
    try:
        yield log
    except BaseException as error:
        said = _words(error)
        raise
    finally:
        # A database that can't take it now must not hide why the run failed.
        with suppress(SQLAlchemyError), writing(system.engine) as connection:
            said = said or ending(runs.get(connection, number))
            runs.save(connection, number, log=log.text(said), seconds=time.monotonic() - started)


def _words(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return "остановлено; каталог остался прежним"
    return sentence(error) or f"{type(error).__name__}: {error}"


@contextmanager
def _alone(system: System, code: str, begin: Callable[[Connection], int] = lambda _: 0) -> Iterator[int]:
    """Nobody else harvests, approves or rolls back this source meanwhile; Refused where somebody does already.

    What `begin` does and answers belongs to the same transaction as the claim.
    """
    me, name, now = holder(), f"source:{code}", system.now()
    with writing(system.engine) as connection:
        killed = leases.is_orphaned(connection, name)
        if not leases.acquire(connection, name, me, now, LEASE_SECONDS):
            raise Refused(f"источник {code} сейчас собирает другой процесс")
        if killed:
            runs.bury_dead(connection, now, code, certain=True)
        begun = begin(connection)
    try:
        yield begun
    finally:
        with writing(system.engine) as connection:
            leases.release(connection, name, me)


def _fail(system: System, number: int, error: BaseException) -> None:
    with writing(system.engine) as connection:
        if runs.get(connection, number).state is RunState.PUBLISHED:
            return  # the interruption came after the end
        records.unstage(connection, number)
        runs.save(connection, number, state=RunState.FAILED, finished=system.now(), message=_words(error), progress="")


def _beating(system: System, source: Source, progress: Progress, also: Sequence[Staged] = ()) -> Progress:
    """Progress that also renews our claim on the source, and on those staged before, whose hearts beat on while they
    wait; at most once in half a minute."""
    me, last = holder(), [system.now()]

    def beat(name: str, count: int) -> None:
        progress(name, count)
        now = system.now()
        if (now - last[0]).total_seconds() > LEASE_SECONDS / 10:
            last[0] = now
            with writing(system.engine) as connection:
                for code in (source.code, *(run.source for _, run in also)):
                    leases.acquire(connection, f"source:{code}", me, now, LEASE_SECONDS)
                for _, run in also:
                    runs.save(connection, run.number, heartbeat=now)

    return beat


def _hold(system: System, number: int, reasons: list[str]) -> HarvestRun:
    with writing(system.engine) as connection:
        run = runs.get(connection, number)
        confirming.expect_whole(run)
        confirming.supersede_held(connection, run, system.now())
        runs.save(
            connection, number, state=RunState.HELD, finished=system.now(), message="; ".join(reasons), progress=""
        )
        return runs.get(connection, number)


def _index(system: System, wanted: bool) -> None:
    if wanted:
        from catalog_sync import indexing  # only here: it reads all that searches

        indexing.drain(system)


def approve(system: System, number: int, *, who: str, index: bool = True) -> HarvestRun:
    """Publish a held run on a person's word."""
    with _alone(system, _source_of(system, number)):
        [run] = _publish(system, [_expect(system, number, RunState.HELD, "опубликовать")], who=who)
    _index(system, index)
    return run


def reject(system: System, number: int, *, who: str) -> HarvestRun:
    """Drop a held run: nothing of it was ever seen."""
    with _alone(system, _source_of(system, number)), writing(system.engine) as connection:
        _expect(system, number, RunState.HELD, "отклонить")
        records.unstage(connection, number)
        runs.save(connection, number, state=RunState.REJECTED, decided_by=who)
        return runs.get(connection, number)


def roll_back(system: System, number: int, *, who: str, index: bool = True) -> HarvestRun:
    """Undo the last published run of its source: records, holdings, clusters and bookmark as before it."""
    from catalog_sync import publishing

    with _alone(system, _source_of(system, number)):
        run = publishing.roll_back(system, number, who=who)
    _index(system, index)
    return run


def _source_of(system: System, number: int) -> str:
    with reading(system.engine) as connection:
        return runs.get(connection, number).source


def _expect(system: System, number: int, state: RunState, verb: str) -> HarvestRun:
    with reading(system.engine) as connection:
        found = runs.get(connection, number)
    if found.state is not state:
        raise Refused(f"сеанс № {number} нельзя {verb}: сейчас он {as_state(found.state)}")
    return found


def sources_to_harvest(system: System, codes: Sequence[str], *, due: bool) -> list[str]:
    """Codes named, or all active sources with a harvester; `due` leaves those whose last run is fresh."""
    with reading(system.engine) as connection:
        if codes:
            return [registry.get_source(connection, code).code for code in codes]
        active = [s for s in registry.sources(connection, active_only=True) if s.harvester not in ("", "manual")]
        if due:
            active = [s for s in active if _is_due(system, runs.latest(connection, source=s.code, limit=1))]
    return [source.code for source in active]


def _is_due(system: System, last: list[HarvestRun]) -> bool:
    """Due = not harvested on this day of the district's calendar."""
    zone = system.settings.time_zone
    return not last or last[0].started.astimezone(zone).date() < system.now().astimezone(zone).date()


def harvest_together(
    system: System, codes: Iterable[str], told: Told, *, asked_by: str = "", progress: Callable[[str], Progress]
) -> None:
    """Fetch many sources, each with its own harvester, and run them together."""
    exports = []
    for code in codes:
        try:
            exports.append((code, _fetched(system, code)))
        except Refused as error:
            told(code, error)
    run_together(system, exports, told, asked_by=asked_by, progress=progress)


def _fetched(system: System, code: str) -> Iterator[FetchedFile]:
    """What the source's own harvester brings. Raises Refused at once where the source has none."""
    with reading(system.engine) as connection:
        source = registry.get_source(connection, code)
        bookmark = registry.bookmark(connection, code)
    if source.harvester in ("", "manual"):
        raise Refused(f"источник {code} загружается вручную: catalog-sync import ФАЙЛ --source {code}")
    return _bring(system, source, bookmark)


def _bring(system: System, source: Source, bookmark: str) -> Iterator[FetchedFile]:
    """Wrong settings and a source out of reach are found when the first file is asked for: they fail its run."""
    from harvesters.registry import make
    from harvesters.secrets import Secrets

    try:
        yield from make(source, Secrets.of_process(), system.settings.home).fetch(bookmark)
    except OSError as error:
        raise SourceUnavailable(f"{source.code}: {error}") from error
