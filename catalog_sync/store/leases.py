"""Leases: one process at a time does a thing, and a dead one's claim runs out by itself."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import Connection, Table, bindparam, delete, func, select, text, update

from catalog_sync.store import tables as t
from catalog_sync.store.database import insertion, patience
from catalog_sync.store.processes import has_ended

# Any constant does, as long as it is ours alone: PostgreSQL's advisory locks are numbered, not named.
PUBLISH_LOCK = 7_305_811
# Asked of every source of a night: a statement made once is compiled once.
_IS_ASKED = t.lease.c.name == bindparam("asked")
_CLAIM = select(t.lease).where(_IS_ASKED)
_RENEW = update(t.lease).where(_IS_ASKED)
_TAKE = text("select set_config('lock_timeout', :wait, true), pg_advisory_xact_lock(:n)")
_RELEASE = delete(t.lease).where(_IS_ASKED, t.lease.c.holder == bindparam("of"))


@cache
def machine() -> str:
    """This machine in a claim: its name, and what tells it from a namesake and from a container beside it.

    A number of a process says something only where it was given: cloned machines share their name, containers the
    machine's. It is the same after a restart, so that a claim from before a power failure is known to be dead.
    """
    told = ""
    with suppress(OSError):  # neither is there on Windows, and not on every Unix
        told += Path("/etc/machine-id").read_text()
    with suppress(OSError):
        told += os.readlink("/proc/self/ns/pid")
    return f"{socket.gethostname()}-{blake2b(told.encode(), digest_size=4).hexdigest()}"


def process() -> str:
    """This process as the holder of claims: «machine:process»; a colon and anything may follow."""
    return f"{machine()}:{os.getpid()}"


def acquire(connection: Connection, name: str, holder: str, now: datetime, seconds: float) -> bool:
    """Claim or renew `name` until now + seconds. False while somebody else's claim is good."""
    until = now + timedelta(seconds=seconds)
    row = connection.execute(_CLAIM.with_for_update(), {"asked": name}).first()
    if row is None:
        return _claim_free(connection, name, holder, until)
    # A claim that reaches further than any was ever made for is from before the clock was set back.
    good = now < row.until <= now + timedelta(seconds=2 * seconds)
    if row.holder != holder and good and not has_died(row.holder):
        return False
    connection.execute(_RENEW, {"asked": name, "holder": holder, "until": until})
    return True


def _claim_free(connection: Connection, name: str, holder: str, until: datetime) -> bool:
    """False where another was quicker: on PostgreSQL two processes may see at once that nobody claims `name`."""
    claim = insertion(connection, t.lease).values(name=name, holder=holder, until=until).on_conflict_do_nothing()
    return connection.execute(claim, execution_options={"preserve_rowcount": True}).rowcount == 1


def is_orphaned(connection: Connection, name: str) -> bool:
    """Whether who claimed `name` was a process of this machine that is no more: it was killed, and claims nothing."""
    return has_died(last_holder(connection, name))


def has_died(holder: str) -> bool:
    """Whether a holder was a process of this machine that is no more; what nobody here can know counts as alive.

    So does a number that another process has got since: its claim runs out by itself.
    """
    return _lives(holder) is False


def _lives(holder: str) -> bool | None:
    """Whether the process of a holder is there; None where nobody here can know."""
    place, number, *_ = (*holder.split(":", 2), "", "")
    if place != machine() or not number.isdecimal():
        return None
    return not has_ended(int(number))


def is_at_work(connection: Connection, name: str) -> bool:
    """Whether who claimed `name` last is known to live, whatever the clock says of his claim: it may have been set."""
    return bool(_lives(last_holder(connection, name)))


def last_holder(connection: Connection, name: str) -> str:
    """Who claimed `name` last and has not given it back, though the claim may have run out; "" where nobody did."""
    row = connection.execute(_CLAIM, {"asked": name}).first()
    return str(row.holder) if row else ""


def release(connection: Connection, name: str, holder: str) -> None:
    connection.execute(_RELEASE, {"asked": name, "of": holder})


def holder_of(connection: Connection, name: str, now: datetime) -> str:
    """Who holds `name` now; "" when it is free."""
    row = connection.execute(_CLAIM, {"asked": name}).first()
    return str(row.holder) if row and row.until > now else ""


def held(connection: Connection, now: datetime) -> list[str]:
    """What is claimed now, by processes that may be alive."""
    rows = connection.execute(select(t.lease).where(t.lease.c.until > now))
    return [row.name for row in rows if not has_died(row.holder)]


def one_publisher(connection: Connection) -> None:
    """Wait until no other transaction publishes: clusters are a function of the set, and the set must stand still.

    SQLite's BEGIN IMMEDIATE already gives this; PostgreSQL needs a lock for the length of the transaction. Whoever
    numbers rows by the last one there (ledger, outbox, …) asks for it too, so that there is one lock and no deadlock.
    """
    if connection.dialect.name == "postgresql":
        wait = f"{int(patience(connection) * 1000)}ms"  # for ever would be a page that never answers
        connection.execute(_TAKE, {"wait": wait, "n": PUBLISH_LOCK})


def next_number(connection: Connection, table: Table) -> int:
    """The number after the last one; nobody else is given it, on PostgreSQL too.

    A sequence would not do: it leaves gaps, and what readers and the index have not seen yet is «above a number».
    """
    one_publisher(connection)
    return (connection.execute(select(func.max(table.c.number))).scalar() or 0) + 1
