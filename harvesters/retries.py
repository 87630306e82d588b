"""Asking again, with growing pauses and never past the source's time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from catalog_sync.errors import SourceUnavailable
from harvesters import limits
from harvesters.net import TryAgain
from harvesters.surroundings import Budget

T = TypeVar("T")


def with_retries(attempt: Callable[[], T], budget: Budget, where: str, attempts: int = limits.ATTEMPTS) -> T:
    """Result of `attempt`, repeated while it raises TryAgain. Raises SourceUnavailable when patience ends."""
    pause = limits.FIRST_PAUSE_SECONDS
    for number in range(1, attempts + 1):
        budget.check()
        try:
            return attempt()
        except TryAgain as failure:
            if failure.after is not None and failure.after > limits.MAX_RETRY_AFTER_SECONDS:
                raise SourceUnavailable(
                    f"{where}: сервер просит подождать {failure.after:.0f} с; придём по расписанию"
                ) from None
            wait = pause if failure.after is None else failure.after
            if number == attempts or wait >= budget.left():
                raise SourceUnavailable(f"{where}: {failure} (попыток: {number})") from None
        budget.pause(wait)
        pause *= 2
    raise AssertionError("the loop above returns or raises")
