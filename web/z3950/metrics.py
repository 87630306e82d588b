"""Counters of the server, and the access log: what was asked and how it went, never who asked or for which words."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from pathlib import Path
from typing import Any

access_log = logging.getLogger("catalog_sync.z3950.access")
PREFIX = "catalog_sync_z3950"


class Metrics:
    """Thread-safe counters, gauges included: `connections_open` goes down again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, name: str, label: str = "", amount: float = 1) -> None:
        with self._lock:
            self._counts[name, label] += amount  # type: ignore[assignment]

    def get(self, name: str, label: str = "") -> float:
        return self._counts[name, label]

    def text(self) -> str:
        """Prometheus' text exposition format."""
        with self._lock:
            counts = sorted(self._counts.items())
        return "".join(f"{PREFIX}_{name}{_label(label)} {round(value, 6)}\n" for (name, label), value in counts)

    def write(self, path: Path) -> None:
        """Replace the file at once: its reader never sees half of it."""
        fresh = path.with_suffix(".new")
        fresh.write_text(self.text(), encoding="utf-8")
        fresh.replace(path)


def _label(value: str) -> str:
    return f'{{kind="{value}"}}' if value else ""


def log_access(connection: int, event: str, milliseconds: float, **facts: Any) -> None:
    """One line of JSON per request. `facts` are counts, numbers of attributes, syntaxes: no addresses, no terms."""
    if access_log.isEnabledFor(logging.INFO):
        line = {"connection": connection, "event": event, "ms": round(milliseconds, 2)}
        line |= {name: value for name, value in facts.items() if value not in (None, "", ())}
        access_log.info("%s", json.dumps(line, ensure_ascii=False))
