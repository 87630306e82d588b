"""A region's night, simulated from measured steps: 1,000 sources, 5 million records, 5 % changed.

    python -m bench.region [--sources 1000] [--records 5000000] [--hours 4]

Nothing of that size is built. The costs of one unchanged and one changed record are measured here on one small school
(as of a night of bench.night: copies, descriptions, new and gone); `--changed` takes the price of a changed record from
elsewhere: bench.night prints it for a district, where twenty schools have one textbook. Then every source starts at its
own spread minute and waits for one of the working places. Printed: where the time goes, and when the last school is
published. The ratio at the end compares the night with one place to that with as many as the machine has cores.
"""

from __future__ import annotations

import argparse
import heapq
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from bench import night, night_data
from catalog_sync import indexing, pipeline
from catalog_sync.model import Library
from catalog_sync.scheduling import offset_of
from catalog_sync.store import registry
from catalog_sync.store.database import writing

MEASURED = 1_500  # records of the small district's school: enough to see the price of one
CHANGED = sum(night.CHANGED)
MANY = 4  # times as many changes as in a night: few records, and enough changes to see the price of one


@dataclass(frozen=True)
class Price:
    """Seconds: of a run however small, of a record read and found unchanged, of a record changed and published."""

    run: float
    unchanged: float
    changed: float
    index: float


def measured(home: Path) -> Price:
    system = night.opened(home)
    with writing(system.engine) as connection:
        registry.save_libraries(connection, [Library(night.code(0), "Школа")])
        registry.save_sources(connection, [night.source(0)])

    def harvest(shares: Sequence[float]) -> tuple[float, float]:
        night.write_exports(home, [MEASURED], shares)
        started = time.monotonic()
        pipeline.run_source(system, night.code(0), night.fetched_by(home)(night.source(0)), index=False)
        middle = time.monotonic()
        indexing.drain(system)
        return middle - started, time.monotonic() - middle

    harvest(night.NOTHING)
    nothing, _ = harvest(night.NOTHING)
    some, index = harvest([MANY * share for share in night.CHANGED])
    changes = MEASURED * MANY * CHANGED
    per_changed = max(some - nothing, 0.0) / changes
    data = b"".join(night_data.export(night_data.school(night_data.editions(MEASURED), MEASURED, 0), 0))
    per_unchanged = reading(data) / MEASURED
    return Price(max(nothing - per_unchanged * MEASURED, 0.0), per_unchanged, per_changed, index / changes)


def reading(data: bytes) -> float:
    from catalog_sync.marc.reading import read_export

    started = time.monotonic()
    for _ in read_export(data, night.source(0), format="iso2709"):
        pass
    return time.monotonic() - started


def finished(prices: list[tuple[float, float]], places: int) -> tuple[float, float]:
    """(when the last is done, longest wait for a place), seconds; `prices`: (start, seconds of work)."""
    free = [0.0] * places
    longest = 0.0
    for start, seconds in sorted(prices):
        at = heapq.heappop(free)
        begin = max(start, at)
        longest = max(longest, begin - start)
        heapq.heappush(free, begin + seconds)
    return max(free), longest


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--records", type=int, default=5_000_000)
    parser.add_argument("--hours", type=float, default=4.0, help="over how many hours the starts are spread")
    parser.add_argument("--changed", type=float, help="milliseconds a changed record costs, indexing included")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        price = measured(Path(folder))
    if options.changed is not None:
        price = replace(price, changed=options.changed / 1000, index=0.0)
    print(
        f"measured: a run {price.run * 1000:.0f} ms, an unchanged record {price.unchanged * 1e6:.0f} µs, "
        f"a changed one {price.changed * 1000:.1f} ms, its indexing {price.index * 1000:.1f} ms"
    )
    changed = options.records * CHANGED
    parts = {
        "runs": price.run * options.sources, "unchanged records": price.unchanged * (options.records - changed),
        "changed records": price.changed * changed, "indexing": price.index * changed,
    }  # fmt: skip
    total = sum(parts.values())
    for name, seconds in parts.items():
        print(f"  {name}: {timedelta(seconds=round(seconds))} ({seconds / total:.0%})")
    sizes = night_data.sizes(options.sources, options.records)
    spread = int(options.hours * 60)
    work = [
        (offset_of(night.code(n), spread).total_seconds(),
         price.run + size * ((1 - CHANGED) * price.unchanged + CHANGED * (price.changed + price.index)))
        for n, size in enumerate(sizes)
    ]  # fmt: skip
    cores = os.cpu_count() or 1
    ends = {places: finished(work, places) for places in sorted({1, cores})}
    for places, (end, wait) in ends.items():
        end_, wait_ = timedelta(seconds=round(end)), timedelta(seconds=round(wait))
        print(f"{places} at a time: the last of {options.sources} is published after {end_}; longest wait {wait_}")
    print(f"ratio of one place to {cores}: {ends[1][0] / ends[cores][0]:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
