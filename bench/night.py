"""One night of a district: 20 sources, 110,000 records, 95 % unchanged; every source a full export, as schools give it.

    python -m bench.night [--records 110000] [--sources 20] [--home DIR]

Of every school 3 % of the records have another number of copies, 1 % another description, 0.5 % are new and 0.5 % gone
(`night_data`). The first load is made once per size and kept (data/var/bench-night-…); the night runs in a process of
its own, so that its memory is measured and nothing else's. The peer is the machine itself: the same bytes only read and
hashed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import night_base, night_data
from catalog_sync import indexing
from catalog_sync.harvesting import Harvests
from catalog_sync.jobs import MAX_THREADS
from catalog_sync.model import Dialect, FetchedFile, Library, Source
from catalog_sync.settings import Jobs, Settings
from catalog_sync.store import registry
from catalog_sync.store.database import writing
from catalog_sync.system import System, open_system
from harvesters.registry import make
from harvesters.secrets import Secrets

ROOT = Path(__file__).resolve().parents[1]
CHANGED = (night_data.RECOUNTED, night_data.EDITED, night_data.NEW, night_data.GONE)
NOTHING = (0.0, 0.0, 0.0, 0.0)
MOST_SECONDS, MOST_MEGABYTES = 60.0, 500.0  # what the night may cost on two cores
PARALLEL = 2


def code(number: int) -> str:
    return f"school-{number:04d}"


def opened(home: Path) -> System:
    return open_system(Settings(home, jobs=Jobs(parallel=PARALLEL)))


def write_exports(home: Path, sizes: list[int], shares: Sequence[float], district: int = 0) -> list[night_data.Changes]:
    """Every school's export with these shares of changes; returns what changed in each since the first load."""
    pool = night_data.editions(district or sum(sizes))
    told = []
    for number, size in enumerate(sizes):
        folder = home / "drop" / code(number)
        folder.mkdir(parents=True, exist_ok=True)
        owned = night_data.school(pool, size, number)
        told.append(night_data.changes(pool, owned, number, shares))
        (folder / "books.mrc").write_bytes(b"".join(night_data.export(owned, number, told[-1])))
    return told


def first_load(home: Path, sizes: list[int], district: int) -> None:
    """Yesterday's catalogue: made once, then `home` has a file that says so."""
    home.mkdir(parents=True, exist_ok=True)
    write_exports(home, sizes, NOTHING, district)
    system = opened(home)
    with writing(system.engine) as connection:
        registry.save_libraries(connection, [Library(code(n), f"Школа № {n}") for n in range(len(sizes))])
        registry.save_sources(connection, [source(n) for n in range(len(sizes))])
    started = time.monotonic()
    night_base.publish_together(system, [code(n) for n in range(len(sizes))], fetched_by(home))
    (home / "loaded").write_text(f"{time.monotonic() - started:.1f}")


def source(number: int) -> Source:
    settings = {"settle_seconds": "0", "archive": "no"}
    return Source(code(number), code(number), harvester="files", dialect=Dialect.RUSMARC, settings=settings)


def fetched_by(home: Path) -> Callable[[Source], Iterator[FetchedFile]]:
    """Tonight's export of a school, by its own harvester, as if it had never been read."""
    return lambda school: make(school, Secrets({}), home).fetch("")


def night(home: Path, sources: int) -> None:
    """Child process: harvest every source as the jobs process does; print what it took as JSON."""
    system = opened(home)
    harvests = Harvests(system, Secrets({}), PARALLEL)
    started, cpu = time.monotonic(), time.process_time()
    with ThreadPoolExecutor(min(sources, MAX_THREADS)) as pool:
        runs = list(pool.map(lambda n: harvests.run(code(n), "bench"), range(sources)))
    indexing.drain(system)
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    harvests.stop.set()
    states = sorted({f"{r.state.value}{': ' + r.message if r.message else ''}" for r in runs})
    totals = {n: sum(getattr(r.counts, n) for r in runs) for n in ("read", "new", "changed", "unchanged", "gone")}
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "megabytes": megabytes, "states": states, **totals}))


def hashed(paths: Iterable[Path]) -> float:
    """Seconds to read the exports and hash every record: no harvester can be faster."""
    started = time.monotonic()
    for path in paths:
        for record in path.read_bytes().split(b"\x1d"):
            hashlib.sha256(record).digest()
    return time.monotonic() - started


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=110_000)
    parser.add_argument("--sources", type=int, default=20)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--district", type=int, default=0, help="records of the district whose editions are described")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    home = (options.home or ROOT / "data" / "var" / f"bench-night-{options.sources}-{options.records}").resolve()
    if options.child:
        night(home, options.sources)
        return 0
    sizes = night_data.sizes(options.sources, options.records)
    if not (home / "loaded").exists():
        print(f"first load of {options.records} records into {home}", flush=True)
        first_load(home, sizes, options.district)
    return report(home, sizes, options)


def report(home: Path, sizes: list[int], options: argparse.Namespace) -> int:
    # Alternate, so that a second run of the bench finds 5 % changed again and not a repeated export.
    turn = home / "turn"
    forth = not turn.exists()
    tonight = write_exports(home, sizes, CHANGED, options.district)
    if forth:
        turn.touch()
    else:
        write_exports(home, sizes, NOTHING, options.district)
        turn.unlink()
    bare = hashed(sorted((home / "drop").glob("*/books.mrc")))
    child = [sys.executable, "-m", "bench.night", "--child", "--home", str(home), "--sources", str(options.sources)]
    load = os.getloadavg()[0]
    done = subprocess.run(child, cwd=ROOT, capture_output=True, text=True, env={**os.environ}, check=False)
    if done.returncode:
        print(done.stderr)
        return 1
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"first load: {(home / 'loaded').read_text()} s for {sum(sizes)} records")
    print(
        f"night: {found['seconds']:.1f} s ({found['cpu']:.1f} s of CPU; load of the machine {load:.1f} before, "
        f"{os.getloadavg()[0]:.1f} after), {found['megabytes']:.0f} MB for {found['read']} records of "
        f"{options.sources} sources, {found['changed']} changed, {found['new']} new, {found['gone']} gone; "
        f"{found['states']}"
    )
    print(f"records per second: {found['read'] / found['seconds']:.0f}")
    changes = found["changed"] + found["new"] + found["gone"]
    print(f"a changed record, all else included: {found['cpu'] / changes * 1000:.1f} ms of CPU")
    print(f"ratio to only reading and hashing the same bytes ({bare:.2f} s): {found['seconds'] / bare:.0f}")
    checks: list[tuple[str, Callable[[], bool]]] = [
        (f"under {MOST_SECONDS:.0f} s", lambda: found["seconds"] < MOST_SECONDS),
        (f"under {MOST_MEGABYTES:.0f} MB", lambda: found["megabytes"] < MOST_MEGABYTES),
        ("every source published", lambda: found["states"] == ["published"]),
        ("nothing lost", lambda: {name: found[name] for name in expected} == expected),
    ]
    expected = _expected(sizes, tonight, forth)
    for name, check in checks:
        print(f"{'ok  ' if check() else 'FAIL'} {name}")
    return 0 if all(check() for _, check in checks) else 1


def _expected(sizes: list[int], tonight: list[night_data.Changes], forth: bool) -> dict[str, int]:
    """What the runs must have counted together, there and back again: what was new is gone, what was gone comes."""
    came, went = sum(len(c.new) for c in tonight), sum(len(c.gone) for c in tonight)
    if not forth:
        came, went = went, came
    changed = sum(len(c.recounted) + len(c.edited) for c in tonight)
    return {"read": sum(sizes) + (came - went) * forth, "new": came, "gone": went, "changed": changed}


if __name__ == "__main__":
    sys.exit(main())
