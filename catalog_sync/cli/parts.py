"""The parts of `serve` as child processes: started again when they end by themselves, stopped with all they started."""

from __future__ import annotations

import _thread
import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time

import click

GRACE_SECONDS = 15  # to finish what is being answered before a part is killed
FIRST_PAUSE_SECONDS = 2.0  # between a part's death and its next start; doubled while it keeps dying
LONGEST_PAUSE_SECONDS = 60.0
TICK_SECONDS = 0.2
SOUND_SECONDS = 60.0  # a part that lived this long has recovered: its next death starts with the first pause
AS_A_PART = "CATALOG_SYNC_PART"  # set for the parts: who started all three names their places, when the site answers
# Windows knows no signal that asks a process to end, and no groups: `terminate` there ends it in the midst of its work,
# and its workers go on. So a part there listens at its input, which ends when we close it and when we are gone.
BY_SIGNALS = hasattr(os, "killpg")
OWN_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows': Ctrl+C reaches us alone there, too
AFTER_READERS = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)  # Windows' way to let pages go before jobs


class Part:
    """One of the three: started at once, and again whenever it ends by itself."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.name = name
        self._command, self._environment = command, environment
        self._pause = FIRST_PAUSE_SECONDS
        self._next_start = 0.0
        self._start()

    def _start(self) -> None:
        # A session of its own: a part's workers are found by its group when the part itself is killed, and Ctrl-C
        # reaches us alone, so that all stop in one order.
        self.process: subprocess.Popen[bytes] | None = subprocess.Popen(  # noqa: S603 (our own words)
            self._command, env=self._environment, start_new_session=True,
            creationflags=OWN_GROUP | (AFTER_READERS if self.name == "jobs" else 0),
            stdin=None if BY_SIGNALS else subprocess.PIPE,
        )  # fmt: skip
        self._group, self._started = self.process.pid, time.monotonic()

    def look_after(self) -> None:
        now = time.monotonic()
        if self.process is None:
            if now >= self._next_start:
                self._start()
        elif (code := self.process.poll()) is not None:
            if now - self._started > SOUND_SECONDS:
                self._pause = FIRST_PAUSE_SECONDS
            click.echo(
                f"catalog-sync: часть {self.name} остановилась (код {code}), запускаю снова через {self._pause:.0f} с",
                err=True,
            )
            self._kill_group()
            self.process, self._next_start = None, now + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)

    def ask_to_stop(self) -> None:
        if self.process and self.process.poll() is None:
            if self.process.stdin:
                self.process.stdin.close()
            else:
                self.process.terminate()

    def finish(self, until: float) -> None:
        """Wait for the part till then, and end what is left of it."""
        if self.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(max(0.1, until - time.monotonic()))
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self._kill_group()

    def _kill_group(self) -> None:
        """Workers outlive a part that was killed, and hold its port."""
        if BY_SIGNALS:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signal.SIGKILL)


def stop_all(parts: list[Part]) -> None:
    for part in parts:
        part.ask_to_stop()
    until = time.monotonic() + GRACE_SECONDS
    for part in parts:
        part.finish(until)


def stop_with_starter() -> None:
    """In a part that signals can't reach: stop as after Ctrl+C when who started us says so, or is no more."""
    if BY_SIGNALS or AS_A_PART not in os.environ:
        return

    def listen() -> None:
        while not _has_ended(sys.stdin.fileno()):
            time.sleep(TICK_SECONDS)
        _thread.interrupt_main()

    threading.Thread(target=listen, daemon=True).start()


def _has_ended(pipe: int) -> bool:
    """Whether nobody can write into a pipe any more, into which nothing is ever written.

    Looked at, not read: a process begun while its parent waits in a read of their common input hangs on Windows.
    """
    if sys.platform == "win32":
        import _winapi
        import msvcrt

        try:
            _winapi.PeekNamedPipe(msvcrt.get_osfhandle(pipe), 0)
        except OSError:
            return True
        return False
    return bool(select.select([pipe], [], [], 0)[0])


class Wakeful(threading.Event):
    """An event whose waiter hears signals: Windows runs no handler while the main thread waits without an end."""

    def wait(self, timeout: float | None = None) -> bool:
        if timeout is not None:
            return super().wait(timeout)
        while not self.is_set():
            time.sleep(TICK_SECONDS)
        return True
