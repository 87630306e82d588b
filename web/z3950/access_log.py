"""The access log: a line of JSON per request. What was asked and how it went, never who asked or for which words."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

UNTOLD = (None, "", ())
LARGEST_BYTES = 50 << 20  # then it becomes `.1`, and the one before is dropped: about half a million requests


class AccessLog:
    """Lines are gathered and written by `flush`, which the server calls every second or so: requests don't wait for a
    disk. Without a path nothing is kept."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lines: list[str] = []
        self._lock = threading.Lock()
        self._stamp = (0, "")

    def add(self, connection: int, event: str, milliseconds: float, **facts: Any) -> None:
        """`facts` are counts, numbers of attributes, syntaxes: no addresses, no names, no terms."""
        if self._path is None:
            return
        told = "".join([f', "{name}": {_json(value)}' for name, value in facts.items() if value not in UNTOLD])
        head = f'"time": "{self._now()}", "connection": {connection}, "event": "{event}", "ms": {milliseconds:.2f}'
        with self._lock:
            self._lines.append(f"{{{head}{told}}}")

    def _now(self) -> str:
        """The moment in ISO 8601, UTC; the part down to the second is made once a second."""
        now = time.time()
        second, stamp = self._stamp
        if second != int(now):
            second = int(now)
            stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            self._stamp = (second, stamp)
        return f"{stamp}.{int(now % 1 * 1000):03d}Z"

    def flush(self) -> None:
        """Append what was gathered. Raises OSError where the disk is full; the lines are dropped then."""
        with self._lock:
            lines, self._lines = self._lines, []
        if not lines or self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
            size = file.tell()
        if size > LARGEST_BYTES:
            self._path.replace(self._path.with_name(self._path.name + ".1"))


def _json(value: Any) -> str:
    """json.dumps, with a short way for numbers and for texts, which repeat: this runs at every request."""
    return str(value) if type(value) is int else _text(value) if type(value) is str else json.dumps(value)


@lru_cache(1024)
def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
