"""Pages of one worker take turns, and a reader whose worker is busier than another's is asked to come in again.

A browser keeps its connection, so the chance of its first request decides which worker serves it: of twenty readers
one worker may get seven and the other thirteen, whose pages then take twice as long. So every worker tells the others
how many requests it has (one byte each in a shared file); the busier one answers with `Connection: close`, and the
next request comes over a new connection, which the kernel deals out again. An idle catalogue closes nothing.
"""

from __future__ import annotations

import mmap
import os
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import Any

from web.bodies import Bodies, notice_the_dead, refuse

try:
    import fcntl
except ImportError:  # Windows: workers are not compared
    fcntl = None  # type: ignore[assignment]

# Pages of one worker at the same moment: more only take the interpreter from each other, and a page that could be
# finished waits with all others; fewer would let one long report stop a worker.
AT_ONCE = 2
MOST = 255  # requests a byte can tell
# Forms at the same moment, beside the pages: each may wait half a minute for a harvest that is being written, and four
# of them would else stop every page.
FORMS_AT_ONCE = 16
UNEVEN = 2  # requests more than the idlest worker: with one reader less the two are nearer to each other

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class Turns:
    """So many at once; the others wait in the order they came."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free, self._waiting, self._changing = at_once, deque[Lock](), Lock()

    def __enter__(self) -> None:
        with self._changing:
            if self._free:
                self._free -= 1
                return
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # until one who leaves hands over

    def __exit__(self, *_error: object) -> None:
        with self._changing:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class Crowd:
    """How many requests this worker has, and the others; `path` is the file they share, one byte for each."""

    def __init__(self, path: Path, workers: int) -> None:
        self._count, self._changing = 0, Lock()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self._file, workers)
        self._told = mmap.mmap(self._file, workers)
        self._place = self._free_place(workers)
        if self._place is not None:
            self._told[self._place] = 0

    def _free_place(self, workers: int) -> int | None:
        """The byte nobody else has: locked as long as we live, so that the place of a worker that died is free."""
        for place in range(workers) if fcntl else ():
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except OSError:
                continue
            return place
        return None

    def change(self, by: int) -> None:
        with self._changing:
            self._count += by
            if self._place is not None:
                self._told[self._place] = min(self._count, MOST)

    def is_uneven(self) -> bool:
        """Whether another worker has so much less to do that a reader of ours should go there."""
        if self._place is None:
            return False
        others = [count for place, count in enumerate(self._told[:]) if place != self._place]
        return bool(others) and self._count - min(others) >= UNEVEN


class FairWorker:
    """The application of one worker, in turns, and with connections closed where they are unevenly dealt out."""

    def __init__(self, application: Application, crowd: Crowd | None) -> None:
        self._application, self._crowd, self._turns = application, crowd, Turns()
        self._forms, self._bodies, self._is_open = Turns(FORMS_AT_ONCE), Bodies(), False

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if not self._is_open:
            self._is_open = True
            notice_the_dead()  # the server opens its socket after it has made us
        crowd, turns = self._crowd, self._turns
        if environ.get("REQUEST_METHOD", "GET") not in ("GET", "HEAD", "OPTIONS"):
            turns = self._forms
            if refused := self._bodies.read(environ):
                return refuse(refused, start)
        if crowd is None:
            with turns:
                return self._application(environ, start)

        def start_and_close(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            return start(status, [*headers, ("Connection", "close")] if crowd.is_uneven() else headers, *error)

        crowd.change(+1)
        try:
            with turns:
                return self._application(environ, start_and_close)
        finally:
            crowd.change(-1)
