"""Files that another program has open: Windows neither moves nor replaces them, nor a folder with one in it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

MAY_BE_HELD = os.name == "nt"
PATIENCE_SECONDS = 3.0  # a virus scanner or the system's own search looks into a new file for a moment
PAUSE_SECONDS = 0.05


def patiently(do: Callable[[], object]) -> None:
    """Do what an open file stands in the way of, again for a while where it fails. Raises PermissionError."""
    until = time.monotonic() + PATIENCE_SECONDS
    while MAY_BE_HELD and time.monotonic() < until:
        with suppress(PermissionError):
            do()
            return
        time.sleep(PAUSE_SECONDS)
    do()


def is_held(folder: Path, aside: Path) -> bool:
    """Whether a program keeps a folder where it is (or something that lies in `aside`): tried by moving it there, and
    back.
    """
    if not (MAY_BE_HELD and folder.exists()):
        return False
    try:
        patiently(lambda: folder.rename(aside))
    except OSError:
        return True
    patiently(lambda: aside.rename(folder))
    return False
