"""The process of a command: `catalog-sync`, or `python -m catalog_sync`."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from contextlib import suppress

from catalog_sync.errors import INTERRUPTED

FEW_CYCLES = 20_000  # objects made before Python looks for cycles: an import makes millions of values and no cycle


def run() -> None:
    """Do the command and end the process at once.

    A harvest leaves a million small values, and Python would take them apart one by one: a twentieth of a night. Where
    threads are still at work it ends as every process does.
    """
    gc.set_threshold(FEW_CYCLES)  # before anything is read: reading modules makes many objects too
    try:
        from catalog_sync.cli import main

        main()
    except KeyboardInterrupt:  # before the command could say so: modules were still being read
        print("прервано", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except SystemExit as end:
        if threading.active_count() == 1 and isinstance(end.code, int):
            atexit._run_exitfuncs()
            with suppress(OSError):  # nobody reads any more: Python says so in its own way
                for stream in filter(None, (sys.stdout, sys.stderr)):  # one that was closed to us (`>&-`) is None
                    stream.flush()
                os._exit(end.code)
        raise


if __name__ == "__main__":
    run()
