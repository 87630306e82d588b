"""What people ask of the jobs process, and what it remembers: requests, claims of dead processes, alarms told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from catalog_sync.model import HarvestRun, RunState
from catalog_sync.store import leases, runs
from catalog_sync.store import tables as t
from catalog_sync.store.database import upsert
from catalog_sync.store.staff_tables import upload

LEAD = "jobs"  # the lease of the jobs process that leads


@dataclass(frozen=True, slots=True)
class Request:
    """A row of job_request. `what`: harvest | pause | resume | approve | reject | rollback; `argument`: code or run."""

    number: int
    what: str
    argument: str
    asked_by: str
    asked: datetime
    taken: datetime | None = None
    finished: datetime | None = None
    answer: str = ""


def ask(connection: Connection, what: str, argument: str, *, asked_by: str, now: datetime) -> int:
    """Leave a request for the jobs process; returns its number."""
    values = {"what": what, "argument": argument, "asked_by": asked_by, "asked": now}
    statement = insert(t.job_request).values(**values).returning(t.job_request.c.number)
    number: int = connection.execute(statement).scalar_one()
    return number


def find(connection: Connection, number: int) -> Request | None:
    row = connection.execute(select(t.job_request).where(t.job_request.c.number == number)).first()
    return _request(row) if row else None


def latest(connection: Connection, limit: int = 50) -> list[Request]:
    """Requests, newest first."""
    query = select(t.job_request).order_by(t.job_request.c.number.desc()).limit(limit)
    return [_request(row) for row in connection.execute(query)]


def is_waiting(connection: Connection, kinds: Collection[str]) -> bool:
    """Whether anything waits to be taken: cheaper than trying to take it."""
    query = select(t.job_request.c.number).where(t.job_request.c.taken.is_(None), t.job_request.c.what.in_(list(kinds)))
    return connection.execute(query.limit(1)).first() is not None


def is_served(connection: Connection, now: datetime) -> bool:
    """Whether a jobs process is there to take what is asked; one on another machine is missed within a minute."""
    return LEAD in leases.held(connection, now)


def take(connection: Connection, now: datetime, kinds: Collection[str]) -> list[Request]:
    """Claim all waiting requests of these kinds, oldest first: nobody else will get them."""
    waiting = (
        select(t.job_request)
        .where(t.job_request.c.taken.is_(None), t.job_request.c.what.in_(list(kinds)))
        .order_by(t.job_request.c.number)
        .with_for_update(skip_locked=True)
    )
    found = [_request(row) for row in connection.execute(waiting)]
    numbers = [request.number for request in found]
    connection.execute(update(t.job_request).where(t.job_request.c.number.in_(numbers)).values(taken=now))
    return found


def finish(connection: Connection, number: int, answer: str, now: datetime) -> None:
    values = {"answer": answer, "finished": now}
    connection.execute(update(t.job_request).where(t.job_request.c.number == number).values(**values))


def give_back(connection: Connection, kinds: Collection[str]) -> None:
    """Requests a dead jobs process took and never finished wait again."""
    unfinished = t.job_request.c.taken.is_not(None) & t.job_request.c.finished.is_(None)
    connection.execute(
        update(t.job_request).where(unfinished, t.job_request.c.what.in_(list(kinds))).values(taken=None)
    )


def _request(row: Any) -> Request:
    return Request(**{name: getattr(row, name) for name in Request.__dataclass_fields__})


# --- uploads ---


@dataclass(frozen=True, slots=True)
class Upload:
    """An export brought by hand; its bytes lie in HOME/uploads under its digest."""

    number: int
    source: str
    name: str
    sha256: bytes
    incremental: bool
    who: str


def find_upload(connection: Connection, number: int) -> Upload | None:
    row = connection.execute(select(upload).where(upload.c.number == number)).first()
    return Upload(**{name: getattr(row, name) for name in Upload.__dataclass_fields__}) if row else None


def set_upload_state(connection: Connection, number: int, state: str) -> None:
    connection.execute(update(upload).where(upload.c.number == number).values(state=state))


# --- claims ---


def holders(connection: Connection) -> dict[str, str]:
    """Lease name → holder, of every lease there is."""
    return {row.name: row.holder for row in connection.execute(select(t.lease))}


def drop_claims(connection: Connection, dead: Collection[str]) -> list[str]:
    """Free the leases of these holders at once; returns the names of the leases."""
    names = [name for name, holder in holders(connection).items() if holder in dead]
    connection.execute(delete(t.lease).where(t.lease.c.name.in_(names)))
    return names


def running(connection: Connection, source: str) -> HarvestRun | None:
    """The run of a source that is going on."""
    found = runs.latest(connection, source=source, states=[RunState.RUNNING, RunState.STAGED], limit=1)
    return found[0] if found else None


# --- alarms ---


def last_data(connection: Connection) -> dict[str, datetime]:
    """Source → start of its latest published run that read anything; the latest by number, whatever a clock said."""
    last = (
        select(func.max(t.run.c.number))
        .where(t.run.c.state == RunState.PUBLISHED.value, t.run.c.read > 0)
        .group_by(t.run.c.source)
    )
    rows = connection.execute(select(t.run.c.source, t.run.c.started).where(t.run.c.number.in_(last)))
    return {row.source: row.started for row in rows}


def since(connection: Connection, moment: datetime) -> list[HarvestRun]:
    """Runs started at or after a moment, oldest first."""
    numbers = select(t.run.c.number).where(t.run.c.started >= moment).order_by(t.run.c.number)
    return [runs.get(connection, number) for number in connection.execute(numbers).scalars()]


def is_told(connection: Connection, what: str) -> bool:
    """Whether this alarm or digest was delivered."""
    return connection.execute(select(t.meta.c.key).where(t.meta.c.key == _key(what))).first() is not None


def tell(connection: Connection, what: str, now: datetime) -> None:
    upsert(connection, t.meta, [{"key": _key(what), "value": f"{now.isoformat()} {what}"}])


def _key(what: str) -> str:
    """`what` names source and cause at any length; a key of meta has 64 characters."""
    return "told:" + sha256(what.encode()).hexdigest()[:56]
