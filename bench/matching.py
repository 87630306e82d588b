"""What matching costs and how well it does, on the labelled benchmark beside the checkout and on our own.

    python -m bench.matching                      quality on ../shared/dedup (if there) and generated districts,
                                                  then the CPU of the next two: what `make bench` prints
    python -m bench.matching --cpu [N]            CPU by step for N records (50,000), beside the lower bounds
    python -m bench.matching --stored [N]         10,000 changed records on a base of N (300,000) with their SQL
    python -m bench.matching --update [N]         the same in memory
    python -m bench.matching --digest [N] [WAYS]  N records (50,000) reached in WAYS (20) ways: one digest or a failure

CPU seconds are of this process; the lower bounds say what reading the keys, and comparing without distances, costs.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import TypeVar

from bench.matching_store import StoredMatching
from catalog_sync.clusterer import Clusterer
from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.matching.candidates import find_edges
from catalog_sync.matching.features import Features, extract
from catalog_sync.matching.keys import keys
from catalog_sync.model import BibRecord, Dialect, RecordKey, Source, SourceRecord
from catalog_sync.scoring import read_editions, read_labels, score
from tests.generators.district import records, write
from tests.generators.ways import scramble, some_decisions

SHARED = Path(__file__).resolve().parents[2] / "shared" / "dedup"
CHANGED = 10_000
T = TypeVar("T")


def timed(label: str, work: Callable[[], T]) -> T:
    started = time.process_time()
    result = work()
    print(f"  {label:<44}{time.process_time() - started:8.2f} s", flush=True)
    return result


def read_folder(folder: Path) -> dict[RecordKey, BibRecord]:
    """Records of SCHOOL.DIALECT.ENCODING.mrc files."""
    found = {}
    for path in sorted(folder.glob("*.mrc")):
        school, dialect, encoding = path.name.split(".")[:3]
        source = Source(
            school, school, dialect=Dialect({"unimarc": "rusmarc"}.get(dialect, dialect)), encoding=encoding
        )
        for record in read_export(path.read_bytes(), source):
            if isinstance(record, SourceRecord):
                found[record.key] = to_bib(record)
    return found


def quality(name: str, folder: Path) -> None:
    """Read, match, cluster and score one labelled folder."""
    print(f"{name}:")
    bibs = timed("reading", lambda: read_folder(folder / "iso2709"))
    features = timed("features", lambda: {key: extract(bib) for key, bib in bibs.items()})
    clusterer = Clusterer()
    timed("keys, pairs, comparing, clustering", lambda: clusterer.update(features))
    clusters = {key: str(n) for n, cluster in enumerate(clusterer.clusters()) for key in cluster}
    found = score(clusters, read_labels(folder / "truth.csv"), read_editions(folder / "editions.jsonl"))
    print("  " + "\n  ".join(found.lines()[:5]))
    for what, n in list(found.false_merges.items())[:5]:
        print(f"    false merges, differ in {what}: {n}")


def generated(count: int) -> dict[RecordKey, BibRecord]:
    """`count` records of a generated region, forty schools."""
    found: dict[RecordKey, BibRecord] = {}
    for h, _, data, *_ in records(3, count // 18, 40):
        source = Source(h.code, h.code, dialect=Dialect(h.dialect), encoding=h.encoding)
        for record in read_export(data, source):
            if isinstance(record, SourceRecord):
                found[record.key] = to_bib(record)
        if len(found) >= count:
            break
    return found


def cpu(count: int) -> None:
    """CPU by step, and what cannot be avoided."""
    bibs = generated(count)
    print(f"{len(bibs):,} records:")
    started = time.process_time()
    features = timed("extract features", lambda: {key: extract(bib) for key, bib in bibs.items()})
    clusterer = Clusterer()
    timed("keys, pairs, comparing, clustering", lambda: clusterer.update(features))
    print(f"  {'whole':<44}{time.process_time() - started:8.2f} s   (at most 25 for 50,000)")
    print(
        f"  clusters {len(clusterer.clusters()):,}, edges {len(clusterer.edges()):,}, overfull blocks"
        f" {clusterer.not_compared}"
    )
    print("lower bounds:")
    all_keys = timed("blocking keys alone", lambda: {key: keys(f) for key, f in features.items()})
    pairs = timed("pairs alone, nothing compared", lambda: distinct_pairs(all_keys))
    timed(f"{len(pairs):,} pairs by three equal fields", lambda: exact(pairs, features))
    found = timed("pairs and comparing, no clustering", lambda: find_edges(clusterer, clusterer.portraits(), {}))
    print(f"  {len(clusterer.portraits()):,} records that differ, compared {found.compared:,} pairs of them")


def distinct_pairs(all_keys: dict[RecordKey, frozenset[str]]) -> set[tuple[RecordKey, RecordKey]]:
    """Pairs that share a «=» key: an index-free bound would look at every pair of records."""
    blocks: dict[str, list[RecordKey]] = {}
    for record, found in all_keys.items():
        for key in found:
            if key[0] == "=":
                blocks.setdefault(key, []).append(record)
    return {pair for block in blocks.values() if len(block) < 300 for pair in combinations(block, 2)}


def exact(pairs: set[tuple[RecordKey, RecordKey]], features: dict[RecordKey, Features]) -> int:
    """The cheapest comparison there is: title, year and class equal, no distances."""
    hits = 0
    for a, b in pairs:
        one, other = features[a], features[b]
        hits += one.title == other.title and one.years == other.years and one.grade == other.grade
    return hits


def changing(count: int) -> tuple[dict[RecordKey, Features], dict[RecordKey, Features]]:
    """A full base, and a night's change: some of its records are described as others are."""
    features = {key: extract(bib) for key, bib in generated(count).items()}
    rng = random.Random(5)
    changed = rng.sample(sorted(features), min(CHANGED, len(features) // 2))
    others = rng.sample(sorted(features), len(changed))
    print(f"{len(features):,} records, {len(changed):,} of them change:", flush=True)
    return features, {key: features[other] for key, other in zip(changed, others, strict=True)}


def update(count: int) -> None:
    """A night's change in memory."""
    features, new = changing(count)
    clusterer = Clusterer()
    timed("the base from scratch", lambda: clusterer.update(features))
    timed("the changed records (at most 20 with SQL)", lambda: clusterer.update(new))


def stored(count: int) -> None:
    """A night's change in the store."""
    features, new = changing(count)
    with tempfile.TemporaryDirectory() as folder:
        catalogue = StoredMatching(Path(folder), features)
        print(f"  the base from scratch {catalogue.base(features):8.2f} s", flush=True)
        print(f"  the changed records {catalogue.change(new):8.2f} s   (at most 20)")


def digest(count: int, ways: int) -> None:
    """The same set and decisions by many ways: orders, batches, deletions and restorations, edits, undone decisions."""
    features = {key: extract(bib) for key, bib in generated(count).items()}
    decisions = some_decisions(features)
    found = set()
    for way in range(ways):
        found.add(one := scramble(features, way, decisions, (20_000, 5_000)))
        print(f"  way {way + 1}: {one[:16]}", flush=True)
    print("one digest" if len(found) == 1 else f"FAILED: {len(found)} digests")
    sys.exit(len(found) != 1)


def main(arguments: list[str]) -> None:
    mode, *numbers = arguments or [""]
    values = [int(n) for n in numbers]
    if mode == "--cpu":
        cpu(*(values or [50_000]))
    elif mode == "--update":
        update(*(values or [300_000]))
    elif mode == "--stored":
        stored(*(values or [300_000]))
    elif mode == "--digest":
        digest(*(values + [50_000, 20][len(values) :]))
    else:
        if SHARED.exists():
            quality("../shared/dedup", SHARED)
        for seed in (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder), seed=seed, families=700)
                quality(f"generated district {seed}", Path(folder))
        cpu(50_000)
        stored(300_000)


if __name__ == "__main__":
    main(sys.argv[1:])
