"""Catalogues repeat themselves: a year, a city, a price or a day is typed thousands of times and is read once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Text = TypeVar("Text", str, bytes)
Answer = TypeVar("Answer")
Key = TypeVar("Key")
Value = TypeVar("Value")

_REMEMBERED = 1 << 13  # answers of each function
LONGEST = 200  # characters or bytes: a longer text is hardly typed twice, and memory has to have a bound


class Latest(OrderedDict[Key, Value]):
    """The values put in last, at most so many: the oldest goes first."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: Key, value: Value) -> None:
        super().__setitem__(key, value)
        if len(self) > self._most:
            self.popitem(last=False)


def remembering(work: Callable[[Text], Answer]) -> Callable[[Text], Answer]:
    """A pure function of one text that remembers its answers to short texts."""
    known = lru_cache(maxsize=_REMEMBERED)(work)

    @wraps(work)
    def answer(text: Text) -> Answer:
        return known(text) if len(text) <= LONGEST else work(text)

    return answer
