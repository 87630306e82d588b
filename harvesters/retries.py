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
            wait = pause if failure.after is None else failure.after
            refuse_long_wait(wait, budget, where)
            if number == attempts:
                raise SourceUnavailable(f"{where}: {failure} (попыток: {attempts})") from None
        budget.pause(wait)
        pause *= 2
    raise AssertionError("the loop above returns or raises")


def refuse_long_wait(seconds: float, budget: Budget, where: str) -> None:
    if seconds > min(limits.MAX_RETRY_AFTER_SECONDS, budget.left()):
        raise SourceUnavailable(f"{where}: сервер просит подождать {seconds:.0f} с; придём по расписанию")
