"""What a harvester may know of the world besides its source: a folder of its own, the clock, and how to wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from catalog_sync.errors import SourceUnavailable


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`home` is CATALOG_SYNC_HOME. `pause` sleeps; jobs give one that wakes up and raises when asked to stop."""

    home: Path
    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


class Budget:
    """Seconds one fetch may last. The monotonic clock: a wall clock set back must not prolong a harvest."""

    def __init__(self, seconds: float, surroundings: Surroundings, where: str) -> None:
        self._end = surroundings.monotonic() + seconds
        self._seconds = seconds
        self._surroundings = surroundings
        self._where = where

    def left(self) -> float:
        return max(0.0, self._end - self._surroundings.monotonic())

    def check(self) -> None:
        """Raises SourceUnavailable once the time is over, and whatever `pause` raises when asked to stop."""
        self._surroundings.pause(0)
        if not self.left():
            raise SourceUnavailable(f"{self._where}: сбор не уложился в {self._seconds:.0f} с и остановлен")

    def pause(self, seconds: float) -> None:
        """Wait, but never past the end."""
        self._surroundings.pause(min(seconds, self.left()))
        self.check()
