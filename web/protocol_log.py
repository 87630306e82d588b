"""SRU and OAI-PMH requests counted and logged as those of Z39.50: what was asked and how it went, never by whom.

Every web process keeps its own counters and puts them into a file of its own, so that /metrics can tell those of all.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, g

from web.z3950.access_log import AccessLog
from web.z3950.metrics import Metrics
from web.z3950.workers import metrics_files

log = logging.getLogger(__name__)
PROTOCOLS = ("sru", "oai")
FLUSH_SECONDS = 2.0  # how old counters and access log on disk may be
STALE_SECONDS = 60.0  # a file not written for so long is that of a process that is gone
EXTENSION = "protocol_log"

Tell = Callable[..., None]


def tell_nobody(**_: Any) -> None:
    """For a server that nobody counts."""


class ProtocolLog:
    """Counters and access logs of one web process. Nothing runs and nothing is written before the first request."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._file = home / f"web-{os.getpid()}.prom"
        self._metrics = {name: Metrics(str(os.getpid()), f"catalog_sync_{name}") for name in PROTOCOLS}
        self._logs = {name: AccessLog(home / "logs" / f"{name}-access.log") for name in PROTOCOLS}
        self._numbers = itertools.count(1)
        self._starting = threading.Lock()
        self._writer: threading.Thread | None = None

    def note(self, protocol: str, seconds: float, facts: dict[str, Any]) -> None:
        """One request; `facts` has its `event`, perhaps a `diagnostic`, and counts: no words and no addresses."""
        facts = dict(facts)
        event = facts.pop("event")
        self._metrics[protocol].request(event, seconds, facts.get("diagnostic", 0))
        self._logs[protocol].add(next(self._numbers), event, 1000 * seconds, **facts)
        with self._starting:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write_for_ever, name=EXTENSION, daemon=True)
                self._writer.start()
                atexit.register(self.flush)

    def _write_for_ever(self) -> None:
        while True:
            time.sleep(FLUSH_SECONDS)
            self.flush()

    def flush(self) -> None:
        """Write what was gathered. A full disk or a folder that is gone costs the lines, not the request."""
        try:
            for found in self._logs.values():
                found.flush()
            if self._home.is_dir():
                fresh = self._file.with_suffix(".new")
                fresh.write_text("".join(metrics.text() for metrics in self._metrics.values()), encoding="utf-8")
                fresh.replace(self._file)
        except OSError as error:
            log.warning("счётчики и журнал запросов не записать: %s", error)

    def text(self) -> str:
        """Counters of every process that serves a protocol, ours included, grouped by name."""
        if self._writer is not None:
            self.flush()
        return grouped(self._lines())

    def _lines(self) -> Iterator[str]:
        for path in [*sorted(self._home.glob("web-*.prom")), *metrics_files(self._home / "z3950.prom")]:
            with contextlib.suppress(FileNotFoundError, PermissionError):  # gone, or just being replaced (Windows)
                if time.time() - path.stat().st_mtime < STALE_SECONDS:
                    yield from path.read_text(encoding="utf-8").splitlines()
                elif path.name.startswith("web-"):
                    path.unlink()


def grouped(lines: Iterable[str]) -> str:
    """Samples of several processes as the exposition format wants them: all of one name together, under its type."""
    by_name: dict[str, list[str]] = {}
    for line in lines:
        by_name.setdefault(line.partition(" ")[0].partition("{")[0], []).append(line)
    return "".join(
        f"# TYPE {name} {'counter' if name.endswith('_total') else 'gauge'}\n" + "".join(f"{line}\n" for line in found)
        for name, found in sorted(by_name.items())
    )


def watch(blueprint: Blueprint, protocol: str) -> None:
    """Count and log the requests of a blueprint whose views say what happened through `teller()`."""

    @blueprint.before_request
    def begin() -> None:
        g.protocol_facts = {}
        g.protocol_started = time.perf_counter()

    @blueprint.after_request
    def end(response: Response) -> Response:
        kept: ProtocolLog | None = current_app.extensions.get(EXTENSION)
        facts, started = g.get("protocol_facts"), g.get("protocol_started")
        if kept is not None and facts is not None:
            # When the last byte is written: a list is rendered while it is sent.
            response.call_on_close(lambda: _note(kept, protocol, started, facts))
        return response


def _note(kept: ProtocolLog, protocol: str, started: float, facts: dict[str, Any]) -> None:
    if "event" in facts:
        kept.note(protocol, time.perf_counter() - started, facts)


def teller() -> Tell:
    """Where the view of this request says what happened."""
    facts: dict[str, Any] | None = g.get("protocol_facts")
    return tell_nobody if facts is None else facts.update
