"""Counters of a server, in the text format of Prometheus."""

from __future__ import annotations

import threading
from collections import defaultdict
from pathlib import Path

PREFIX = "catalog_sync_z3950"


class Metrics:
    """Thread-safe counters, gauges included: `connections_open` goes down again. `worker` labels all of them."""

    def __init__(self, worker: str = "", prefix: str = PREFIX) -> None:
        self._prefix = prefix
        self._lock = threading.Lock()
        self._worker = worker
        self._counts: defaultdict[tuple[str, str], float] = defaultdict(float)

    def add(self, name: str, label: str = "", amount: float = 1) -> None:
        with self._lock:
            self._counts[name, label] += amount

    def request(self, event: str, seconds: float, diagnostic: int | str) -> None:
        """One request served."""
        with self._lock:
            self._counts["requests_total", event] += 1
            self._counts["request_seconds_total", event] += seconds
            if diagnostic:
                self._counts["diagnostics_total", str(diagnostic)] += 1

    def get(self, name: str, label: str = "") -> float:
        return self._counts.get((name, label), 0)

    def text(self) -> str:
        """Prometheus' text exposition format."""
        with self._lock:
            counts = sorted(self._counts.items())
        lines = (f"{self._prefix}_{name}{self._labels(kind)} {round(value, 6):g}\n" for (name, kind), value in counts)
        return "".join(lines)

    def _labels(self, kind: str) -> str:
        pairs = [(n, v) for n, v in (("kind", kind), ("worker", self._worker)) if v]
        return "{" + ",".join(f'{n}="{v}"' for n, v in pairs) + "}" if pairs else ""

    def write(self, path: Path) -> None:
        """Replace the file at once: its reader never sees half of it."""
        fresh = path.with_suffix(".new")
        fresh.write_text(self.text(), encoding="utf-8")
        fresh.replace(path)
