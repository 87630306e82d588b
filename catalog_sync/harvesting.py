"""One harvest as the jobs process does it: beside others, stoppable, and never holding up those that are ready to work.

Waiting for a source costs nothing but a thread; reading and publishing costs processor and memory. So a harvest holds
one of a few working places only while it works, and gives it back whenever it waits for its source.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from catalog_sync import indexing, pipeline
from catalog_sync.errors import Refused, SourceUnavailable
from catalog_sync.failures import note
from catalog_sync.model import FetchedFile, HarvestRun, RunState, Source
from catalog_sync.store import jobs as store
from catalog_sync.store import leases, records, registry, runs
from catalog_sync.store.database import patient, reading, writing
from catalog_sync.system import System
from harvesters import by_hand
from harvesters.registry import make
from harvesters.secrets import Secrets
from harvesters.surroundings import Surroundings

PULSE_SECONDS = 20.0  # between signs of life of a harvest that waits for its source
LOCAL = frozenset({"files", "file", "table", "excel", "csv"})  # come from disk at once, before anybody can use them
LOCAL_AT_ONCE = 8  # such files in memory, read or being read; a hung network folder takes one of these, not a place
M_ARENA_MAX, ARENAS = -8, 2  # mallopt's number for it (malloc.h)
log = logging.getLogger(__name__)


class Stopping(SystemExit):
    """The process was asked to stop: this harvest ends here, yesterday's catalogue stays."""


class Harvests:
    """The harvests of one process. `stop` ends all of them at their next step."""

    def __init__(self, system: System, secrets: Secrets, places: int) -> None:
        _share_arenas()
        # Nobody waits for a harvest: it waits its turn behind other writers.
        self._engine = system.engine  # for what must not wait: a sign of life, the last word at a stop
        self._system = replace(system, engine=patient(system.engine))
        self._secrets = secrets
        self._places = threading.BoundedSemaphore(max(1, places))
        self._shelf = threading.BoundedSemaphore(LOCAL_AT_ONCE)
        self._active: dict[str, str] = {}  # source code → holder of its lease
        self._guard = threading.Lock()
        self._indexing = threading.Lock()
        self.stop = threading.Event()
        self.unindexed = threading.Event()  # something may have been published that the search doesn't know yet
        threading.Thread(target=self._pulse, name="pulse", daemon=True).start()

    def run(self, code: str, asked_by: str) -> HarvestRun:
        """Harvest a source. Raises SourceUnavailable, StopEverything, Refused (somebody else does), Stopping."""
        with reading(self._system.engine) as connection:
            source = registry.get_source(connection, code)
            bookmark = registry.bookmark(connection, code)
        place = Place(self._places, self.stop)
        with self._registered(code), place:
            shelf = self._shelf if source.harvester in LOCAL else None
            files = place.waiting_outside(self._fetched(source, bookmark, place), shelf)
            return self._run(source, files, asked_by)

    def _fetched(self, source: Source, bookmark: str, place: Place) -> Iterator[FetchedFile]:
        """The harvester is made when the run asks for its first file: wrong settings are that run's failure."""
        around = Surroundings(self._system.settings.home, now=self._system.now, pause=place.pause)
        yield from make(source, self._secrets, self._system.settings.home, around).fetch(bookmark)

    def run_upload(self, number: int) -> HarvestRun:
        """Import an export that was brought by hand. Raises Refused where it is gone or was changed."""
        with reading(self._system.engine) as connection:
            found = store.find_upload(connection, number)
            source = registry.find_source(connection, found.source) if found else None
        if found is None or source is None:
            raise Refused(f"нет загруженной выгрузки № {number}")
        with self._registered(source.code), Place(self._places, self.stop):
            home = self._system.settings.home
            run = self._run(source, read_upload(home, found, source), found.who, incremental=found.incremental)
        with writing(self._system.engine) as connection:
            store.set_upload_state(connection, number, "done")
        return run

    def _run(
        self, source: Source, files: Iterator[FetchedFile], asked_by: str, *, incremental: bool | None = None
    ) -> HarvestRun:
        """One run; the search index follows a little later, once for all that were ready together."""
        try:
            return pipeline.run_source(
                self._system, source.code, files, incremental=incremental, asked_by=asked_by,
                progress=lambda _name, _count: self.check(), index=False,
            )  # fmt: skip
        except OSError as error:
            raise SourceUnavailable(f"{source.code}: {error}") from error
        finally:
            self.unindexed.set()

    def wants_index(self) -> bool:
        """Whether something was published that the search doesn't know yet and nobody is telling it."""
        return self.unindexed.is_set() and not self._indexing.locked()

    def index(self) -> None:
        """Bring the search up to date; what is published meanwhile asks for another round."""
        with self._indexing:
            self.unindexed.clear()
            indexing.drain(self._system)

    def check(self) -> None:
        """Raises Stopping once the process was asked to stop."""
        if self.stop.is_set():
            raise Stopping("остановлено")

    def under_way(self) -> int:
        """How many harvests there are, working or waiting."""
        with self._guard:
            return len(self._active)

    def abandon(self) -> None:
        """Say of every harvest still under way that it was stopped: its source doesn't answer, we don't wait for it.

        One that is publishing finishes first: its transaction holds the database, and then it runs no more.
        """
        with self._guard:
            active = dict(self._active)
        for code, holder in active.items():
            with writing(self._engine) as connection:
                run = store.running(connection, code)
                if run is not None:
                    records.unstage(connection, run.number)
                    runs.save(
                        connection, run.number, state=RunState.FAILED, finished=self._system.now(), progress="",
                        message="остановлено; каталог остался прежним",
                    )  # fmt: skip
                leases.release(connection, f"source:{code}", holder)

    @contextlib.contextmanager
    def _registered(self, code: str) -> Iterator[None]:
        with self._guard:
            self._active[code] = pipeline.holder()
        try:
            yield
        finally:
            with self._guard:
                self._active.pop(code, None)

    def _pulse(self) -> None:
        """Renew the lease and heartbeat of every harvest: one that waits for its source an hour isn't dead."""
        while not self.stop.wait(PULSE_SECONDS):
            with self._guard:
                active = dict(self._active)
            for code, holder in active.items():
                try:
                    self._beat(code, holder)
                except Exception as error:
                    note(log, f"источник {code}: не удалось продлить заявку на сбор", error)

    def _beat(self, code: str, holder: str) -> None:
        now, name = self._system.now(), f"source:{code}"
        with writing(self._engine) as connection:
            if leases.last_holder(connection, name) != holder:
                return
            leases.acquire(connection, name, holder, now, pipeline.LEASE_SECONDS)
            run = store.running(connection, code)
            if run is not None:
                runs.save(connection, run.number, heartbeat=now)


def _share_arenas() -> None:
    """Let all threads of this process share two arenas of memory (glibc; elsewhere there is nothing to do).

    By itself glibc gives every thread one of its own, which keeps what the thread once needed: of twenty harvests, two
    of which work at a time, each kept 40 to 60 MB.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


class Place:
    """One working place, held while working. Enter to get it, leave to give it back."""

    def __init__(self, places: threading.BoundedSemaphore, stop: threading.Event) -> None:
        self._places = places
        self._stop = stop
        self._held = False

    def __enter__(self) -> Place:
        self._take()
        return self

    def __exit__(self, *_: object) -> None:
        self._give()

    def _take(self) -> None:
        claim(self._places, self._stop)
        self._held = True

    def _give(self) -> None:
        if self._held:
            self._held = False
            self._places.release()

    def pause(self, seconds: float) -> None:
        """Wait without occupying the place. Raises Stopping as soon as the process is asked to stop."""
        held = self._held
        self._give()
        if self._stop.wait(seconds):
            raise Stopping("остановлено")
        if held:
            self._take()

    def waiting_outside(
        self, files: Iterator[FetchedFile], shelf: threading.BoundedSemaphore | None
    ) -> Iterator[FetchedFile]:
        """The files; while the source is waited for, the place belongs to others.

        `shelf` bounds how many files lie in memory before their turn comes.
        """
        with contextlib.closing(files):  # type: ignore[type-var] # a generator; Iterator has no close
            while True:
                self._give()  # before asking for the shelf: who holds the shelf may be waiting for this very place
                with shelf_space(shelf, self._stop):
                    file = next(files, None)
                    self._take()
                    if file is None:
                        return
                    yield file


@contextlib.contextmanager
def shelf_space(shelf: threading.BoundedSemaphore | None, stop: threading.Event) -> Iterator[None]:
    if shelf is None:
        yield
        return
    claim(shelf, stop)
    try:
        yield
    finally:
        shelf.release()


def claim(places: threading.BoundedSemaphore, stop: threading.Event) -> None:
    """Wait for one of the places. Raises Stopping when the process is asked to stop meanwhile."""
    while not stop.is_set():
        if places.acquire(timeout=0.5):
            return
    raise Stopping("остановлено")


def read_upload(home: Path, found: store.Upload, source: Source) -> Iterator[FetchedFile]:
    """The upload as an export: a list in Excel or CSV becomes records first. Raises Refused, SourceUnavailable."""
    path = home / "uploads" / f"{found.sha256.hex()}.bin"
    data = path.read_bytes() if path.exists() else b""
    if hashlib.sha256(data).digest() != found.sha256:
        raise Refused(f"файл выгрузки № {found.number} («{found.name}») пропал или изменён; загрузите его снова")
    yield from by_hand.opened(found.name, data, source, complete=not found.incremental)
