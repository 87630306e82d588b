"""Logs of the served parts: on the terminal and in HOME/logs, where an operator finds them months later."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from pathlib import Path

KEPT = 5  # older files: web.log.1 … web.log.5
LARGEST_BYTES = 5_000_000  # a file this large is put aside when the part starts
LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
CHATTY = ("alembic", "apscheduler", "paramiko", "pymorphy3", "urllib3")  # their news are no news to an operator


def open_log(home: Path, part: str, level: int) -> Path:
    """Send what a part logs to stderr and to HOME/logs/PART.log; returns the file. Raises OSError."""
    path = home / "logs" / f"{part}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    put_aside(path)
    # Several workers append to one file: each line is one write, so lines don't mix. Hence no rotation while running.
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr), logging.FileHandler(path, encoding="utf-8")]
    logging.basicConfig(level=level, format=LINE, handlers=handlers, force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    return path


def put_aside(path: Path) -> None:
    """Make room for a fresh file where this one has grown large; what Windows keeps in its place grows on."""
    if not path.exists() or path.stat().st_size < LARGEST_BYTES:
        return
    for number in range(KEPT, 0, -1):
        older = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
        if older.exists():
            with suppress(PermissionError):  # another process writes into it, or somebody reads it in an editor
                older.replace(path.with_name(f"{path.name}.{number}"))
