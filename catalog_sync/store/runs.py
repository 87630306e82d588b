"""Harvest runs: one row per session, from the first byte to «опубликован» or «удержан»."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, update

from catalog_sync.errors import Refused
from catalog_sync.model import HarvestRun, RunCounts, RunState, SetAside
from catalog_sync.store import leases, records
from catalog_sync.store import tables as t

HEART_STOPPED_AFTER = timedelta(minutes=5)  # a live run beats every few seconds; five minutes is a dead process
COUNTS = tuple(RunCounts.__dataclass_fields__)
_TOLD = ("number", "source", "state", "started", "finished", "incremental", "encoding", "message", "bookmark",
         "warnings")  # fmt: skip
# Asked of every source of a night: a statement made once is compiled once.
_OF_NUMBER = select(t.run).where(t.run.c.number == bindparam("asked"))
_SAVE = update(t.run).where(t.run.c.number == bindparam("asked"))
_START = insert(t.run).returning(t.run.c.number)
_IN_STATE = (
    select(t.run)
    .where(t.run.c.source == bindparam("asked"), t.run.c.state == bindparam("state"))
    .order_by(t.run.c.number.desc())
)
_IN_STATE_BEFORE = _IN_STATE.where(t.run.c.number < bindparam("before"))
_LAST_IN_STATE, _LAST_BEFORE = _IN_STATE.limit(1), _IN_STATE_BEFORE.limit(1)  # a source has a run for every night
_AT_WORK = t.run.c.state.in_([RunState.RUNNING.value, RunState.STAGED.value])


def start(connection: Connection, source: str, now: datetime, *, incremental: bool, asked_by: str = "") -> int:
    """A new running row; returns its number."""
    values = {
        "source": source, "state": RunState.RUNNING.value, "started": now, "heartbeat": now,
        "incremental": incremental, "asked_by": asked_by,
    }  # fmt: skip
    number: int = connection.execute(_START, values).scalar_one()
    return number


def save(connection: Connection, number: int, **values: Any) -> None:
    """Change columns of a run; `state` may be a RunState and `counts` a RunCounts."""
    counts = values.pop("counts", None)
    if counts is not None:
        values |= {name: getattr(counts, name) for name in COUNTS}
    if isinstance(values.get("state"), RunState):
        values["state"] = values["state"].value
    connection.execute(_SAVE, {"asked": number, **values})


def find(connection: Connection, number: int) -> HarvestRun | None:
    row = connection.execute(_OF_NUMBER, {"asked": number}).first()
    return _run(row) if row else None


def get(connection: Connection, number: int) -> HarvestRun:
    found = find(connection, number)
    if found is None:
        raise Refused(f"нет сеанса № {number}")
    return found


def latest(
    connection: Connection, *, source: str | None = None, states: Sequence[RunState] = (), limit: int = 50,
    before: int | None = None,
) -> list[HarvestRun]:  # fmt: skip
    """Runs, newest first; `before` pages on."""
    query = select(t.run).order_by(t.run.c.number.desc()).limit(limit)
    if source is not None:
        query = query.where(t.run.c.source == source)
    if states:
        query = query.where(t.run.c.state.in_([state.value for state in states]))
    if before is not None:
        query = query.where(t.run.c.number < before)
    return [_run(row) for row in connection.execute(query)]


def latest_of_each(connection: Connection) -> dict[str, HarvestRun]:
    """Source → its latest run, however it ended."""
    numbers = select(func.max(t.run.c.number)).group_by(t.run.c.source)
    asked = [t.run.c[name] for name in (*COUNTS, *_TOLD)]
    found = map(_run, connection.execute(select(*asked).where(t.run.c.number.in_(numbers))))
    return {run.source: run for run in found}


@dataclass(frozen=True, slots=True)
class Details:
    """What only whoever looks at one run wants: who wanted it, how long it took, what came, and its log.

    `files`: {"name", "xxh3" (earlier "sha256"), "bytes"} each; `progress` says what a run under way is doing.
    """

    asked_by: str
    decided_by: str
    seconds: float
    progress: str
    files: tuple[dict[str, Any], ...]
    log: str


def details(connection: Connection, numbers: Sequence[int]) -> dict[int, Details]:
    """Details by number of run."""
    rows = connection.execute(select(t.run).where(t.run.c.number.in_(list(numbers))))
    return {
        row.number: Details(row.asked_by, row.decided_by, row.seconds, row.progress, tuple(row.files or ()), row.log)
        for row in rows
    }


def last_published(connection: Connection, source: str) -> HarvestRun | None:
    row = connection.execute(_LAST_IN_STATE, {"asked": source, "state": RunState.PUBLISHED.value}).first()
    return _run(row) if row else None


def published_before(connection: Connection, run: HarvestRun) -> HarvestRun | None:
    """The published run of the same source before this one: what stands after a roll-back."""
    row = connection.execute(_LAST_BEFORE, _asked_before(run, RunState.PUBLISHED)).first()
    return _run(row) if row else None


def held_before(connection: Connection, run: HarvestRun) -> list[HarvestRun]:
    """Runs of the same source that wait for a word, older than this one."""
    return [_run(row) for row in connection.execute(_IN_STATE_BEFORE, _asked_before(run, RunState.HELD))]


def _asked_before(run: HarvestRun, state: RunState) -> dict[str, Any]:
    return {"asked": run.source, "state": state.value, "before": run.number}


def bookmark_before(connection: Connection, number: int) -> str:
    """The source's bookmark as it was before this run was published."""
    return connection.execute(select(t.run.c.bookmark_before).where(t.run.c.number == number)).scalar() or ""


def keep_set_aside(connection: Connection, run: int, pieces: Sequence[SetAside]) -> None:
    rows = [
        {"run": run, "number": p.number, "offset": p.offset, "data": p.data, "reason": p.reason, "file": p.file}
        for p in pieces
    ]
    if rows:
        connection.execute(insert(t.set_aside), rows)


def set_aside(
    connection: Connection, run: int, *, piece: int | None = None, limit: int | None = None
) -> list[SetAside]:
    """The pieces of a run that could not be read, in the order of the file: the first ones, or the one of a number."""
    source = get(connection, run).source
    query = select(t.set_aside).where(t.set_aside.c.run == run).order_by(t.set_aside.c.number).limit(limit)
    rows = connection.execute(query if piece is None else query.where(t.set_aside.c.number == piece))
    return [SetAside(source, row.number, row.offset, row.data, row.reason, row.file) for row in rows]


def bury_dead(
    connection: Connection, now: datetime, source: str | None = None, *, certain: bool = False, spare: bool = False
) -> list[int]:
    """Runs whose process died: their stage is discarded, yesterday's catalogue stays. Returns their numbers.

    `certain`: that it died is known, however lately its heart has beaten. `spare`: not one whose process is known to
    live, though its heart has not beaten since the clock was set or the computer slept.
    """
    dead = list[int]()
    asked = {"asked": source, "earliest": now - HEART_STOPPED_AFTER, "latest": now + HEART_STOPPED_AFTER}
    for number, of in connection.execute(_suspects(certain, source is None), asked).all():
        if spare and leases.is_at_work(connection, f"source:{of}"):
            continue
        # A long publication has no time to beat: on PostgreSQL this waits until it is done, and then the run is not at
        # work any more.
        records.unstage(connection, number)
        failed = update(t.run).where(t.run.c.number == number, _AT_WORK).values(
            state=RunState.FAILED.value, finished=now, progress="",
            message="процесс сбора прервался (сбой питания или остановка); каталог остался вчерашним",
        )  # fmt: skip
        if connection.execute(failed).rowcount:
            dead.append(number)
    return dead


@cache
def _suspects(certain: bool, of_all: bool) -> Select[Any]:
    """Runs at work whose heart stands still, or all that are at work."""
    query = select(t.run.c.number, t.run.c.source).where(_AT_WORK)
    if not certain:
        # A beat from the future is from before the clock was set back: its process has not beaten since.
        query = query.where((t.run.c.heartbeat < bindparam("earliest")) | (t.run.c.heartbeat > bindparam("latest")))
    return query if of_all else query.where(t.run.c.source == bindparam("asked"))


def _run(row: Any) -> HarvestRun:
    return HarvestRun(
        number=row.number,
        source=row.source,
        state=RunState(row.state),
        started=row.started,
        finished=row.finished,
        counts=RunCounts(**{name: getattr(row, name) for name in COUNTS}),
        incremental=row.incremental,
        encoding=row.encoding,
        message=row.message,
        bookmark=row.bookmark,
        warnings=tuple(row.warnings or ()),
    )
