"""A small district with drop folders, and a jobs process as `catalog-sync serve jobs` runs it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import insert

from catalog_sync.model import HarvestRun, Library, RunState, Source
from catalog_sync.settings import District, Jobs, Settings, Store
from catalog_sync.store import jobs as store
from catalog_sync.store import records, registry, runs
from catalog_sync.store.database import reading, writing
from catalog_sync.store.staff_tables import upload
from catalog_sync.system import System, open_system, utc_now
from tests.harvesters.samples import export

CONFIG = """
[district]
time_zone = "Asia/Tomsk"
[jobs]
parallel = 2
schedule = "{schedule}"
spread_minutes = 0
retries = 3
retry_minutes = 1
"""
# What `catalog-sync serve jobs` does, without importing every other command.
MAIN = """
import sys
from pathlib import Path
from catalog_sync import jobs, settings, system
jobs.serve(system.open_system(settings.load(Path(sys.argv[1]))))
"""


@dataclass
class Town:
    """A system with sources `school-1`, `school-2` …, each with a drop folder."""

    home: Path
    system: System

    def folder(self, code: str) -> Path:
        return self.home / "drop" / code

    def add(self, code: str, **changes: object) -> Source:
        settings = {"settle_seconds": "0", **changes.pop("settings", {})}  # type: ignore[dict-item]
        source = Source(code, code, harvester=str(changes.pop("harvester", "files")), settings=settings, **changes)  # type: ignore[arg-type]
        if source.harvester != "files":
            source.settings.pop("settle_seconds")  # type: ignore[attr-defined]
        self.folder(code).mkdir(parents=True, exist_ok=True)
        with writing(self.system.engine) as connection:
            registry.save_libraries(connection, [Library(code, code)])
            registry.save_sources(connection, [source])
        return source

    def drop(self, code: str, numbers: range, name: str = "books.mrc") -> None:
        (self.folder(code) / name).write_bytes(export(numbers))

    def runs(self, code: str | None = None) -> list[HarvestRun]:
        """Newest first."""
        with reading(self.system.engine) as connection:
            return runs.latest(connection, source=code, limit=500)

    def live(self, code: str) -> int:
        """Live records of a source."""
        with reading(self.system.engine) as connection:
            return records.live_count(connection, code)

    def ask(self, what: str, argument: str) -> int:
        with writing(self.system.engine) as connection:
            return store.ask(connection, what, argument, asked_by="методист", now=utc_now())

    def upload(self, code: str, name: str, data: bytes) -> int:
        """As the web keeps a file somebody brought."""
        digest = hashlib.sha256(data).digest()
        folder = self.home / "uploads"
        folder.mkdir(exist_ok=True)
        (folder / f"{digest.hex()}.bin").write_bytes(data)
        values = {"source": code, "name": name, "sha256": digest, "bytes": len(data), "who": "библиотекарь"}
        with writing(self.system.engine) as connection:
            statement = insert(upload).values(**values, when=utc_now(), state="asked").returning(upload.c.number)
            return int(connection.execute(statement).scalar_one())

    def answer(self, number: int) -> str:
        with reading(self.system.engine) as connection:
            request = store.find(connection, number)
        return request.answer if request else ""


def town(
    home: Path, now: Callable[[], datetime] = utc_now, url: str = "", zone: str = "Asia/Tomsk", **jobs: object
) -> Town:
    settings = Settings(
        home=home, district=District(time_zone=zone), store=Store(url=url), jobs=Jobs(**jobs)  # type: ignore[arg-type]
    )  # fmt: skip
    return Town(home, open_system(settings, now=now))


@contextlib.contextmanager
def jobs_process(home: Path, schedule: str = "нет", **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """`catalog-sync serve jobs` in a process of its own, ended by its process id."""
    config = home / "catalog-sync.toml"
    if not config.exists():
        config.write_text(CONFIG.format(schedule=schedule), encoding="utf-8")
    command = [sys.executable, "-c", MAIN, str(config)]
    log = (home / f"jobs-{time.monotonic_ns()}.log").open("wb")
    process = subprocess.Popen(
        command, env={**os.environ, "CATALOG_SYNC_HOME": str(home), **environment}, stdout=log, stderr=log
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        log.close()


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {seconds} s")
        time.sleep(0.05)


def ended(run: HarvestRun) -> bool:
    return run.state not in (RunState.WAITING, RunState.RUNNING, RunState.STAGED)


def is_alive(system: System) -> bool:
    """Whether some jobs process leads now."""
    with reading(system.engine) as connection:
        return store.is_served(connection, system.now())
