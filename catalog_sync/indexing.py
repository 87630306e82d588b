"""Bringing the search index up to the database: the outbox is drained in batches by one process at a time."""

from __future__ import annotations

import contextlib
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from catalog_sync.errors import StopEverything
from catalog_sync.held_files import is_held, patiently
from catalog_sync.model import Category
from catalog_sync.query import Everything, OneOf
from catalog_sync.search.engine import Engine, IndexOutdated
from catalog_sync.store import federal_list, leases, outbox
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, reading, writing
from catalog_sync.store.federal_list import FederalList
from catalog_sync.system import System

if TYPE_CHECKING:
    from catalog_sync.search.document import Document

# Clusters in one commit of the index; the outbox number moves with each. Every commit is a segment, and segments are
# merged: with four times as many commits tantivy spends half as much again on a document.
BATCH = 20_000
LEASE = "indexer"
LEASE_SECONDS = 120.0
WAIT_SECONDS = 300.0  # for another indexer; a rebuild of 300,000 clusters takes less
PAUSE_SECONDS = 0.2
LOOK_AGAIN_SECONDS = 2.0  # while `check` waits for who is at work


class Busy(StopEverything):
    """Another process is indexing; what was published is in the database and will be in the index."""


def drain(system: System, *, from_scratch: bool = False, wait_seconds: float = WAIT_SECONDS) -> int:
    """Index every change not yet in the index; returns how many documents were written. Safe to repeat at any time.

    Raises Busy where another process is still at it after `wait_seconds`.
    """
    with _only_indexer(system, wait_seconds) as me:
        if not from_scratch and (index := _current(system)) and not index.is_worn():
            return _drain(system, index, me)
        place = system.settings.index_path
        fresh, old = place.with_name("index.new"), place.with_name("index.old")
        shutil.rmtree(old, ignore_errors=True)
        if is_held(place, old):  # by who reads it
            return _drain_in_place(system, me, anew=from_scratch)
        # Readers go on with the old folder until the new one is whole.
        count = _drain(system, Engine.create(fresh), me)
        if place.exists():
            patiently(lambda: place.rename(old))
        patiently(lambda: fresh.rename(place))
        shutil.rmtree(old, ignore_errors=True)
        return count


def _drain_in_place(system: System, me: str, *, anew: bool) -> int:
    """Bring the index up to date where it lies, every document `anew`; what is worn in it goes at the next start.

    Raises StopEverything where it is damaged or of another version.
    """
    index = _current(system)
    if index is None:
        raise StopEverything(
            f"{system.settings.index_path}: индекс повреждён или другой версии, а открыт другим процессом; "
            "остановите catalog-sync serve и запустите снова: индекс построится сам"
        )
    return _drain(system, index, me, anew=anew)


def mend(system: System, tell: Callable[[str], object]) -> None:
    """Make a missing or damaged index anew before anybody reads it, and `tell` so: it takes minutes."""
    if not opens(system):
        tell("поискового индекса нет, он повреждён или другой версии и строится заново: подождите, записи на месте")
        drain(system)
    elif _lags(system):  # a crash after publishing; whoever is indexing now needs no help
        with contextlib.suppress(Busy):
            drain(system, wait_seconds=0)


def opens(system: System) -> bool:
    """Whether readers can be let to the index: it is whole and not empty, or there is nothing to index yet."""
    if system.settings.index_path.exists() and ((index := _current(system)) is None or index.last_number()):
        return index is not None
    with reading(system.engine) as connection:
        return outbox.last_number(connection) == 0


def _lags(system: System) -> bool:
    """Whether something was published that the index does not have yet."""
    number = Engine(system.settings.index_path).last_number()
    with reading(system.engine) as connection:
        return number < outbox.last_number(connection)


def _current(system: System) -> Engine | None:
    """The index there is; None where it is damaged or of another version and has to be made anew.

    So is one that knows of changes the database does not: a copy of the database was put back under it.
    """
    try:
        index = Engine(system.settings.index_path)
        number = index.last_number()
    except IndexOutdated:
        return None
    with reading(system.engine) as connection:
        return index if number <= outbox.last_number(connection) else None


def _drain(system: System, index: Engine, me: str, *, anew: bool = False) -> int:
    written, number = 0, 0 if anew else index.last_number()
    with reading(system.engine) as connection:
        listed = federal_list.in_force(connection, system.now().astimezone(system.settings.time_zone).date())
    if index.state().federal != listed.digest:
        written += _compare_textbooks(system, index, listed, me)
    while True:
        with reading(system.engine) as connection:
            changes = outbox.after(connection, number, BATCH)
            if not changes:
                return written
            documents = _documents(connection, [c.cluster for c in changes if not c.deleted], listed)
            number = changes[-1].number
            written += index.write(documents, [c.cluster for c in changes if c.deleted], number)
        with writing(system.engine) as connection:
            leases.acquire(connection, LEASE, me, system.now(), LEASE_SECONDS)


def _compare_textbooks(system: System, index: Engine, listed: FederalList, me: str) -> int:
    """The federal list is another one, or a term in it has passed: all textbooks are told anew whether they are in."""
    with reading(system.engine) as connection:
        query = (
            select(t.member.c.cluster)
            .join(t.holding, t.holding.c.record == t.member.c.record)
            .where(t.holding.c.category == Category.TEXTBOOK.value)
            .distinct()
            .order_by(t.member.c.cluster)
        )
        clusters = list(connection.execute(query).scalars()) if index.last_number() else []
    written = 0
    for some in chunks(clusters, BATCH):
        with reading(system.engine) as connection:
            written += index.write(_documents(connection, some, listed))
        with writing(system.engine) as connection:
            leases.acquire(connection, LEASE, me, system.now(), LEASE_SECONDS)
    index.write([], federal=listed.digest)
    return written


def _documents(connection: Connection, clusters: Sequence[str], listed: FederalList) -> Iterator[Document]:
    """The documents of many clusters, of which only some are in memory together."""
    from catalog_sync.documenting import documents_of  # only here: a night that changes nothing ends without it

    for some in chunks(clusters):
        yield from documents_of(connection, some, listed)


@contextlib.contextmanager
def _only_indexer(system: System, wait_seconds: float) -> Iterator[str]:
    """Wait until no other process indexes; then it is us. Raises Busy."""
    me, start = f"{leases.process()}:{uuid.uuid4().hex[:8]}", time.monotonic()
    while True:
        with writing(system.engine) as connection:
            if leases.acquire(connection, LEASE, me, system.now(), LEASE_SECONDS):
                break
        if time.monotonic() - start > wait_seconds:
            raise Busy(
                f"поисковый индекс {wait_seconds:.0f} с занят другим процессом; каталог записан, "
                "индекс догонит при следующем сборе"
            )
        time.sleep(PAUSE_SECONDS)
    try:
        yield me
    finally:
        with writing(system.engine) as connection:
            leases.release(connection, LEASE, me)


def check(system: System, tell: Callable[[str], object] = lambda _: None) -> list[str]:
    """The index against the database. It follows a harvest a little later: whoever is at work is waited for, and
    `tell` is told so.
    """
    end, told = time.monotonic() + WAIT_SECONDS, False
    while True:
        busy = _at_work(system)
        found = _compare(system)
        if not found or not (busy or _at_work(system)):
            return found
        if time.monotonic() > end:
            return [*found, "индекс сверялся, пока шёл сбор: повторите catalog-sync check после него"]
        if not told:
            tell("идёт сбор или строится индекс: жду конца, чтобы сверить индекс")
            told = True
        time.sleep(LOOK_AGAIN_SECONDS)


def _at_work(system: System) -> bool:
    """Whether somebody harvests or indexes, after which the index is another."""
    with reading(system.engine) as connection:
        names = leases.held(connection, system.now())
    return any(name == LEASE or name.startswith("source:") for name in names)


def _compare(system: System) -> list[str]:
    """The last change applied, each live cluster there and no other, every file as it was written."""
    try:
        index = Engine(system.settings.index_path)
        number, reader = index.last_number(), index.reader()
    except IndexOutdated as error:
        return [f"индекс: {error}"]
    with reading(system.engine) as connection:
        last = outbox.last_number(connection)
        live = list(connection.execute(select(t.cluster.c.id).where(t.cluster.c.size > 0)).scalars())
    try:
        found = [f"индекс: файл {name} повреждён; выполните catalog-sync rebuild" for name in index.damaged_files()]
    except FileNotFoundError as error:  # whoever indexes now has merged it with others
        found = [f"индекс: нет файла {error.filename}; выполните catalog-sync rebuild"]
    if number != last:
        found.append(f"индекс: учтено изменение № {number}, а последнее № {last}; догонит при сборе или поиске")
    there = reader.search(Everything(), limit=0).total
    known = sum(reader.search(OneOf(tuple(some)), limit=0).total for some in chunks(live, BATCH))
    if missing := len(live) - known:
        found.append(f"индекс: нет записей, которые есть в каталоге: {missing}")
    if there > known:
        found.append(f"индекс: лишних записей: {there - known}")
    return found
