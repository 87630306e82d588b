"""Measure the search index: building, queries, facets, scan, suggestions.

    .venv/bin/python -m bench.search [RECORDS] [FOLDER]

First median and 95th percentile beside SQLite FTS5 with the same records, in milliseconds of the wall: words, phrases,
author with title, beginnings of words and slips of the keyboard, all drawn from titles of the records and each asked
once, and five facets. Then every other kind of question: milliseconds of CPU of one process (and of the wall), medians
of repeated queries of one kind that differ in their words, so that no answer comes from the cache of facets. An index
already in FOLDER is used again, without its peer.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.search_data import LIBRARIES, SUBJECTS, documents
from bench.search_fts5 import Fts5
from catalog_sync.query import Access, And, Everything, Query, Sort, Term, Truncation
from catalog_sync.search.engine import Engine
from catalog_sync.search.parse import search_box
from catalog_sync.search.reader import Reader
from catalog_sync.text_ru import words

FACETS = ("kind", "category", "carrier", "library", "grade", "school_subject", "language", "year", "author",
          "publisher", "bbk", "age", "access")  # fmt: skip
FIVE = ("kind", "library", "grade", "year", "language")
REPEATS = 9
ASKED = 200


def build(count: int, folder: Path) -> tuple[Engine, Fts5]:
    """An index of `count` records in `folder` and its peer, with the times of its parts printed."""
    start = time.perf_counter()
    made = list(documents(min(count, 20_000)))
    generated = (time.perf_counter() - start) / len(made)
    engine = Engine.create(folder)
    for name in ("first 20,000 documents (cold lemmas)", "the same again (warm)"):
        cpu, wall = time.process_time(), time.perf_counter()
        engine.write(made, [], 1)
        print(f"{name}: {len(made) / (time.perf_counter() - wall):,.0f}/s wall, "
              f"{len(made) / (time.process_time() - cpu):,.0f} per CPU second")  # fmt: skip
    engine = Engine.create(folder)
    peer = Fts5(folder.with_name(folder.name + ".sqlite"))
    wall = time.perf_counter()
    engine.write(peer.recorded(documents(count)), [], 1)
    total = time.perf_counter() - wall
    size = sum(f.stat().st_size for f in folder.iterdir()) / 1e6
    print(f"{count:,} documents: {total:.1f} s, of which about {generated * count:.1f} s to generate, FTS5 included; "
          f"{count / max(total - generated * count, 0.001):,.0f}/s; index {size:.0f} MB")  # fmt: skip
    return engine, peer


def beside(reader: Reader, peer: Fts5) -> None:
    """Each kind of question to both, the same words."""
    named = [d for d in documents(10 * ASKED) if len(words(d.titles[0])) > 1 and d.authors]
    drawn = list({max(words(d.titles[0]), key=len): d for d in named}.values())[:ASKED]
    titles, names = [words(d.titles[0]) for d in drawn], [words(d.authors[0])[0] for d in drawn]
    longest = [max(title, key=len) for title in titles]
    kinds: dict[str, tuple[list[Query], list[str]]] = {
        "word": ([search_box(w) for w in longest], [f'"{w}"' for w in longest]),
        "phrase": ([search_box(f'"{a} {b}"') for a, b, *_ in titles], [f'"{a} {b}"' for a, b, *_ in titles]),
        "author and title": (
            [And(Term(n, Access.AUTHOR), Term(w, Access.TITLE)) for n, w in zip(names, longest, strict=True)],
            [f'author:"{n}" AND title:"{w}"' for n, w in zip(names, longest, strict=True)],
        ),
        "prefix": ([Term(w[:4], truncation=Truncation.RIGHT) for w in longest], [f'"{w[:4]}"*' for w in longest]),
        "typo": ([search_box(w[:3] + w[4:]) for w in longest], []),
    }
    for name, (ours, theirs) in kinds.items():
        compare(name, [partial(answered, reader, q) for q in ours], [partial(peer.search, m) for m in theirs])
    everywhere = [Term("rus", Access.LANGUAGE), Term("москва"), Term("учебник")]
    print("    hits with facets:", [reader.search(q).total for q in everywhere])
    compare("five facets", [partial(reader.search, q, facets=FIVE) for q in everywhere],
            [partial(peer.facets, m) for m in ("москва", "учебник")])  # fmt: skip


def answered(reader: Reader, query: Query) -> object:
    """As a page answers: where nothing is found, what was meant is looked up and asked."""
    hits = reader.search(query, suggest=True)
    return reader.search(search_box(hits.suggestion)) if hits.suggestion and not hits.total else hits


def compare(name: str, ours: Sequence[Callable[[], object]], theirs: Sequence[Callable[[], object]]) -> None:
    """Median and 95th percentile, in milliseconds of the wall."""
    said = []
    for who, calls in (("ours", ours), ("FTS5", theirs)):
        walls = []
        for call in calls:
            start = time.perf_counter()
            call()
            walls.append((time.perf_counter() - start) * 1000)
        if walls:
            walls.sort()
            said.append(f"{who} median {statistics.median(walls):8.2f} p95 {walls[int(len(walls) * 0.95)]:8.2f}")
    print(f"{name:18} {len(ours):4} asked   {'   '.join(said)}", flush=True)


def measure(name: str, calls: Sequence[Callable[[], object]]) -> None:
    """Median and worst of calls of one kind."""
    walls, cpus = [], []
    for call in calls:
        cpu, wall = time.process_time(), time.perf_counter()
        call()
        walls.append((time.perf_counter() - wall) * 1000)
        cpus.append((time.process_time() - cpu) * 1000)
    cpu, wall, worst = statistics.median(cpus), statistics.median(walls), max(walls)
    print(f"{name:58} CPU {cpu:7.2f} ms   wall {wall:7.2f} worst {worst:7.2f}")


def queries(reader: Reader) -> None:
    """Every kind of question a reader or another library's system asks."""
    def search(query: Query, facets: Sequence[str] = (), sort: Sort = Sort.RELEVANCE) -> Callable[[], object]:
        return lambda: reader.search(query, facets=facets, sort=sort)

    subjects = list(SUBJECTS)[:REPEATS]
    print(f"hits of the first query: {reader.search(Term(subjects[0])).total:,}")
    measure("common word", [search(Term(s)) for s in subjects])
    measure("common word, 5 facets", [search(Term(s), FIVE) for s in subjects])
    measure("common word, 13 facets", [search(Term(s), FACETS) for s in subjects])
    measure("the same again (cached facets)", [search(Term(s), FACETS) for s in subjects])
    boxes = [search_box(f"{s} {g} класс") for g, s in enumerate(subjects, 1)]
    measure("«предмет N класс»", [search(b) for b in boxes])
    measure("«предмет N класс», 13 facets", [search(b, FACETS) for b in boxes])
    held = [And(Term(s), Term(lib, Access.LIBRARY)) for s, lib in zip(subjects, LIBRARIES, strict=False)]
    measure("common word in one library, 13 facets", [search(q, FACETS) for q in held])
    measure("everything, 13 facets", [search(Everything(), FACETS)])
    measure("everything, by title", [search(Everything(), (), Sort.TITLE)] * 3)
    measure("common word, newest first", [search(Term(s), (), Sort.NEWEST) for s in subjects])
    names = [t.term.split(",")[0] for t in reader.scan(Access.AUTHOR, "к", 0, REPEATS)]
    measure("author", [search(Term(n, Access.AUTHOR)) for n in names])
    measure("author, 13 facets", [search(Term(n, Access.AUTHOR), FACETS) for n in names])
    stems = ("мат", "про", "сказ", "ист", "пол", "кон", "пере", "авто", "гео")
    measure("truncated right", [search(Term(s, Access.TITLE, truncation=Truncation.RIGHT)) for s in stems])
    measure("truncated left", [search(Term(s, Access.TITLE, truncation=Truncation.LEFT)) for s in stems])
    slips = ("матиматика", "руский", "литиратура", "физека", "химя", "биологя", "географея", "алгебтра")
    measure("typing error, with «возможно, вы имели в виду»", [partial(answered, reader, search_box(s)) for s in slips])
    print("   ", [reader.search(search_box(s), suggest=True).suggestion for s in slips])
    measure("suggest", [partial(reader.suggest, s) for s in stems])
    measure("scan of titles, 5 + 20", [partial(reader.scan, Access.TITLE, s, 5, 20) for s in stems])
    measure("scan of authors, 5 + 20", [partial(reader.scan, Access.AUTHOR, s, 5, 20) for s in stems])
    measure("scan of titles in one library", [partial(reader.scan, Access.TITLE, s, 5, 20, "sch07") for s in stems])
    measure("scan from the beginning and past the end",
            [partial(reader.scan, Access.TITLE, s, 5, 20) for s in ("", "а", "яяя", "z")])  # fmt: skip


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if len(sys.argv) > 2 and (Path(sys.argv[2]) / "meta.json").exists():
        queries(Engine(sys.argv[2]).reader())
        return
    with tempfile.TemporaryDirectory() as temporary:
        engine, peer = build(count, Path(sys.argv[2] if len(sys.argv) > 2 else f"{temporary}/index"))
        beside(engine.reader(), peer)
        queries(engine.reader())


if __name__ == "__main__":
    main()
