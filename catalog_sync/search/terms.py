"""The index as its own dictionary: terms in alphabetical order around a place.

tantivy-py lists the terms of a field that begin with a prefix, most frequent first. Alphabetical order around a place
is made of such lists: the prefix is shortened step by step, its neighbours are listed letter by letter, and each list
is sorted here. A table of terms beside the index would need a second commit that may disagree with the first.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from catalog_sync.search.schema import SEPARATOR

LIST_AT_ONCE = 400  # terms of one listing: a longer one is split by its next letter, to stay in milliseconds
SHORTEST_LISTING = 2  # letters of a prefix: shorter ones stand for a tenth of the dictionary, never listed whole


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The terms of one field. `alphabet` holds every letter they are made of, sorted; `only` limits to its hits.

    Terms of deleted documents stay until segments are merged: whoever shows terms must count them first.
    """

    searcher: Any
    field: str
    alphabet: str
    only: Any = None

    def has(self, term: str) -> bool:
        return bool(self.searcher.doc_freq(self.field, term))

    def upwards(self, start: str) -> Iterator[str]:
        """Terms from `start` on, in order."""
        yield from self._inside(start)
        for size in range(len(start) - 1, -1, -1):
            place = bisect.bisect_right(self.alphabet, start[size])
            for letter in self.alphabet[place:]:
                yield from self._inside(start[:size] + letter)

    def downwards(self, start: str) -> Iterator[str]:
        """Terms below `start`, nearest first."""
        for size in range(len(start) - 1, -1, -1):
            place = bisect.bisect_left(self.alphabet, start[size])
            for letter in reversed(self.alphabet[:place]):
                yield from self._inside(start[:size] + letter, backwards=True)
            yield from self._itself(start[:size])

    def _inside(self, prefix: str, *, backwards: bool = False) -> Iterator[str]:
        """Every term that begins with `prefix`, in order or backwards."""
        found = self._listing(prefix)
        if found is not None:
            yield from reversed(found) if backwards else found
            return
        if not backwards:
            yield from self._itself(prefix)
        for letter in reversed(self.alphabet) if backwards else self.alphabet:
            yield from self._inside(prefix + letter, backwards=backwards)
        if backwards:
            yield from self._itself(prefix)

    def _listing(self, prefix: str) -> list[str] | None:
        """Terms that begin with `prefix`, sorted; None where they are too many for one listing."""
        displayed = SEPARATOR in prefix  # what follows is text as typed, whose letters the alphabet may lack
        if len(prefix) < SHORTEST_LISTING and not displayed:
            return None
        limit = None if displayed else LIST_AT_ONCE + 1
        found = self.searcher.terms_with_prefix(self.field, prefix, filter_query=self.only, limit=limit)
        return None if limit and len(found) == limit else sorted(term for term, _ in found)

    def _itself(self, term: str) -> Iterator[str]:
        if term and self.has(term):
            yield term
