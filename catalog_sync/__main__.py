"""The process of a command: `catalog-sync`, or `python -m catalog_sync`."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
from types import FrameType

from catalog_sync.errors import INTERRUPTED

FEW_CYCLES = 20_000  # objects made before Python looks for cycles: an import makes millions of values and no cycle


def stop_cleanly() -> None:
    """Who shuts the machine down or closes the terminal ends a command as Ctrl+C does: nothing half-written is left, a
    run is marked as stopped and its source free at once. `nohup` stays deaf; `serve` hears in its own way.
    """

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for name in ("SIGTERM", "SIGHUP"):  # no SIGHUP on Windows
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, stop)


def run() -> None:
    """Do the command and end the process at once.

    A harvest leaves a million small values, and Python would take them apart one by one: a twentieth of a night. Where
    threads are still at work it ends as every process does.
    """
    gc.set_threshold(FEW_CYCLES)  # before anything is read: reading modules makes many objects too
    stop_cleanly()
    try:
        from catalog_sync.cli import main

        main()
    except KeyboardInterrupt:  # before the command could say so: modules were still being read
        print("прервано", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        code = end.code
        if threading.active_count() == 1:
            atexit._run_exitfuncs()
            os._exit(say_all(code))
        sys.exit(say_all(code))


def say_all(code: int) -> int:
    """Let out what is still to be said; returns the exit code. Nobody reading it is no failure, a full disk is one."""
    for stream in filter(None, (sys.stdout, sys.stderr)):  # one that was closed to us (`>&-`) is None
        try:
            stream.flush()
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # else Python tries again, and complains
            if code == 0 and not isinstance(error, BrokenPipeError):
                from catalog_sync.failures import sentence

                print(f"catalog-sync: {sentence(error)}", file=sys.stderr)
                code = 1
    return code


if __name__ == "__main__":
    run()
