"""The access log: a line of JSON per request. What was asked and how it went, never who asked or for which words."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LARGEST_BYTES = 50 << 20  # then it becomes `.1`, and the one before is dropped: about half a million requests


class AccessLog:
    """Lines are gathered and written by `flush`, which the server calls every second or so: requests don't wait for a
    disk. Without a path nothing is kept."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lines: list[str] = []
        self._lock = threading.Lock()

    def add(self, connection: int, event: str, milliseconds: float, **facts: Any) -> None:
        """`facts` are counts, numbers of attributes, syntaxes: no addresses, no names, no terms."""
        if self._path is None:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = {"time": now, "connection": connection, "event": event, "ms": round(milliseconds, 2)}
        line |= {name: value for name, value in facts.items() if value not in (None, "", ())}
        text = json.dumps(line, ensure_ascii=False)
        with self._lock:
            self._lines.append(text)

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
