"""Many pairs at once: what two records say of class, part, year and title is judged once for each two values that meet.

The outcome is that of `compare.judge` for every pair; only the price differs. Most pairs of a block are parted by what
is visible, and a district's records say the same few thousand things.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from typing import NamedTuple

from catalog_sync.matching import contradictions as veto
from catalog_sync.matching.compare import Judgement, weigh
from catalog_sync.matching.features import Features
from catalog_sync.matching.verdict import UNSURE
from catalog_sync.model import Verdict

Pair = tuple[int, int]  # numbers of portraits, the lesser first; one twice: its records with each other


class Refused(NamedTuple):
    """The records that one was compared with and differs from: nine of ten of all pairs, so not an object each."""

    others: array[int]
    codes: bytes  # of each of them, what decided (verdict.KINDS)


class _Row(dict[int, float]):
    """What one value comes to with each other value, judged when first asked for: two values once, for judgements are
    symmetric."""

    def __init__(self, facet: _Facet, value: int) -> None:
        super().__init__()
        self._facet, self._mine = facet, value

    def __missing__(self, value: int) -> float:
        facet = self._facet
        other = facet.rows.get(value)
        found = other.get(self._mine) if other is not None else None
        if found is None:
            found = facet.judge(facet.examples[self._mine], facet.examples[value])
        self[value] = found
        return found


class _Facet:
    """A judgement that reads few features: `read` gives all it reads, `judge` makes it for two records."""

    def __init__(
        self,
        records: Sequence[Features],
        read: Callable[[Features], Hashable],
        judge: Callable[[Features, Features], float],
    ) -> None:
        numbers: dict[Hashable, int] = {}
        self.of = [numbers.setdefault(read(f), len(numbers)) for f in records]  # record → number of its value
        examples = dict(zip(self.of, records, strict=True))
        self.examples = [examples[n] for n in range(len(numbers))]
        self.judge = judge
        self.rows: dict[int, _Row] = {}

    def row(self, record: int) -> _Row:
        value = self.of[record]
        if value not in self.rows:
            self.rows[value] = _Row(self, value)
        return self.rows[value]


class Table:
    """Records by number, ready to be compared with each other."""

    def __init__(self, records: Sequence[Features]) -> None:
        self._records = records
        self._facets = tuple(_Facet(records, read, judge) for read, judge in veto.FACETS)

    def compare(self, one: int, others: Collection[int], refused: dict[int, int]) -> Iterator[tuple[int, Judgement]]:
        """Those of `others` that may be one edition with `one`, and why; the rest goes to `refused`, with its code."""
        left = self._records[one]
        school, plain, title = (facet.row(one) for facet in self._facets)
        school_of, plain_of, title_of = (facet.of for facet in self._facets)
        for other in others:
            if code := school[school_of[other]] or plain[plain_of[other]]:
                refused[other] = int(code)
                continue
            right = self._records[other]
            if code := veto.book_veto(left, right) or veto.further_veto(left, right, title[title_of[other]]):
                refused[other] = code
                continue
            found = weigh(left, right)
            if found.verdict is Verdict.DIFFERENT or found.score < UNSURE:
                refused[other] = _decisive(found)
            else:
                yield other, found


def _decisive(judgement: Judgement) -> int:
    """The finding that weighed most against; the last of the agreements where nothing did, they were too few."""
    return min(judgement.findings, key=lambda f: f[1])[0] if judgement.findings else 0
