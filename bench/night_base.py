"""Yesterday's catalogue of a district, quickly: sources are published as ever, but grouped and united once, at the end.

Publishing school after school unites a textbook twenty times on its way to twenty schools. Clusters are a function of
the set of records and not of the order they came in, so grouping once gives the same catalogue (`check` proves it).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from catalog_sync import indexing, publishing, reclustering, staging
from catalog_sync.model import FetchedFile, RunState, Source
from catalog_sync.store import records, registry, runs
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System

Fetch = Callable[[Source], Iterator[FetchedFile]]


def publish_together(system: System, codes: Sequence[str], fetch: Fetch) -> None:
    """First load of all sources; the search index is built too."""
    started = time.monotonic()
    for code in codes:
        number = _publish_records(system, code, fetch)
        with reading(system.engine) as connection:
            new = runs.get(connection, number).counts.new
        print(f"  {code}: {new} new, {time.monotonic() - started:.0f} s", flush=True)
    now = system.now()
    with writing(system.engine) as connection:
        change = reclustering.regroup_everything(connection, now=now)
        publishing.unite(connection, change, now, today=now.date(), cause="merge")
    print(f"  {len(change.live)} clusters, {time.monotonic() - started:.0f} s", flush=True)
    indexing.drain(system)


def _publish_records(system: System, code: str, fetch: Fetch) -> int:
    """A published run of one source: records, features, edges, holdings and ledger, without clusters."""
    now = system.now()
    with writing(system.engine) as connection:
        source = registry.get_source(connection, code)
        number = runs.start(connection, code, now, incremental=False, asked_by="bench")
    staging.stage_files(
        system.engine, number, source, fetch(source), now=system.now, progress=lambda _name, _count: None,
        incremental=False,
    )  # fmt: skip
    with writing(system.engine) as connection:
        touched, *_ = records.publish_stage(connection, number, code, now)
        brought = publishing.Brought(runs.get(connection, number), touched, first_load=True)
        publishing.derive(connection, [brought], now.date())
        registry.set_published(connection, code, number, runs.get(connection, number).bookmark)
        runs.save(connection, number, state=RunState.PUBLISHED, published=now, finished=now, progress="")
    return number
