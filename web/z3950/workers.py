"""Several processes at one listening socket: a Python process serves one request at a time, computers have more cores.

Each worker is a whole server with its share of the limits; a worker that dies is started again.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from web.z3950.settings import ServerSettings

log = logging.getLogger("catalog_sync.z3950")
RESTART_SECONDS = 1.0  # a worker that dies at once must not make us spin
TICK_SECONDS = 0.1

Work = Callable[[ServerSettings], None]


def share_of(settings: ServerSettings, number: int, supervisor: int = 0) -> ServerSettings:
    """One worker's settings: its part of the limits and of the cache, metrics and access log in files of its own."""
    parts, limits = settings.workers, settings.limits
    return replace(
        settings,
        limits=replace(
            limits,
            connections=-(-limits.connections // parts),
            connections_per_address=-(-limits.connections_per_address // parts),
        ),
        cache_bytes=settings.cache_bytes // parts,
        metrics_file=_own(settings.metrics_file, number),
        access_log=_own(settings.access_log, number),
        worker=str(number),
        supervisor=supervisor,
    )


def _own(file: Path | None, number: int) -> Path | None:
    return file.with_name(f"{file.stem}-{number}{file.suffix}") if file else None


def metrics_files(file: Path) -> list[Path]:
    """Where the counters of a server with this `metrics_file` are: one file, or one per worker."""
    return [path for path in (file, *sorted(file.parent.glob(f"{file.stem}-*{file.suffix}"))) if path.exists()]


class _Workers:
    """The children, by process id."""

    def __init__(self, listener: socket.socket, settings: ServerSettings, work: Work) -> None:
        self._listener = listener
        self._settings = settings
        self._work = work
        self._numbers: dict[int, int] = {}
        self.stopping = False

    def start(self, number: int) -> None:
        if self.stopping:  # told so during the pause before
            return
        share = share_of(self._settings, number, os.getpid())
        child = os.fork()
        if child == 0:
            self._run(share)
        self._numbers[child] = number

    def _run(self, share: ServerSettings) -> None:
        """In the child; never returns."""
        code = 1
        try:
            for caught in (signal.SIGTERM, signal.SIGINT):
                signal.signal(caught, signal.SIG_DFL)
            self._work(share)
            code = 0
        except BaseException:
            log.exception("процесс № %s сервера Z39.50: сбой", share.worker)
        finally:
            os._exit(code)

    def stop(self) -> None:
        """May be called from a signal handler.

        The listener is closed here first: the last of the workers then closes it for all, having answered who waits.
        """
        self.stopping = True
        self._listener.close()
        for child in self._numbers:
            os.kill(child, signal.SIGTERM)

    def reap(self) -> list[int]:
        """Numbers of the workers that ended since the last look."""
        ended = []
        while self._numbers:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child == 0:
                break
            if child in self._numbers:
                ended.append(self._numbers.pop(child))
                if not self.stopping:
                    log.error("процесс № %s сервера Z39.50 закончился, состояние %s", ended[-1], status)
        return ended

    @property
    def running(self) -> bool:
        return bool(self._numbers)


def supervise(
    listener: socket.socket, settings: ServerSettings, work: Work, ready: Callable[[int], None] | None
) -> None:
    """Run the workers until SIGTERM or SIGINT; returns when the last has finished its requests."""
    from web.z3950.server import signals

    port = listener.getsockname()[1]
    workers = _Workers(listener, settings, work)
    for number in range(settings.workers):
        workers.start(number)
    with signals(workers.stop):
        if ready:
            ready(port)
        while workers.running:
            ended = workers.reap()
            if ended and not workers.stopping:
                time.sleep(RESTART_SECONDS)
                for number in ended:
                    workers.start(number)
            time.sleep(TICK_SECONDS)
