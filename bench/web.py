"""Measure the search page with its facets: CPU per page, pages per second beside Datasette, p95 of twenty readers.

    .venv/bin/python -m bench.web [RECORDS] [FOLDER]

Datasette serves a faceted search of the same records from FTS5; it is run where it is installed (DATASETTE names a
folder to put on its path). All servers listen on loopback and are ended by their pid. The catalogue made in FOLDER is
used again.
"""

from __future__ import annotations

import http.client
import os
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench.search_data import LIBRARIES, SUBJECTS, records
from catalog_sync.cli.serving import BLOCKING_THREADS
from catalog_sync.model import Holdings, Item, Library, UnionRecord
from catalog_sync.query import LibraryHoldings
from catalog_sync.search.brief import of, pack
from catalog_sync.search.document import make
from catalog_sync.search.engine import Engine
from catalog_sync.settings import Settings
from catalog_sync.store import migrations, registry
from catalog_sync.store.database import open_engine, writing
from catalog_sync.store.packing import pack_holdings, pack_union

READERS, SECONDS, PAGES = 20, 10, 200
GOAL_CPU_MS, GOAL_RATIO, GOAL_P95_MS = 8.0, 20.0, 120.0
MOMENT = "2026-09-01 00:00:00.000000"
TABLES = {
    "record": "id, source, local_id, digest, data, dialect, encoding, deleted, warnings, first_run, last_run, "
    "first_seen, changed",
    "cluster": "id, created, size, redirect",
    "member": "record, cluster",
    "union_record": "cluster, data",
    "holding": "record, library, copies, category, carrier, ekind, data",
}
Rows = dict[str, list[tuple[object, ...]]]


def rows_of(union: UnionRecord, first: int, held: list[str], copies: int) -> Rows:
    """One edition as the store keeps it; the bytes of its source records are not read by any reader's page."""
    packed = pack_holdings(Holdings((Item(call_number="84Р7", copies=copies),), basis="bench"))
    ids = [(first + n, code) for n, code in enumerate(held)]
    return {
        "record": [
            (i, f"{code}-b", str(i), b"0" * 32, b"", "rusmarc", "utf-8", 0, "[]", 1, 1, MOMENT, MOMENT)
            for i, code in ids
        ],
        "cluster": [(union.cluster, MOMENT, len(held), "")],
        "member": [(i, union.cluster) for i, _ in ids],
        "union_record": [(union.cluster, pack_union(union))],
        "holding": [(i, code, copies, "textbook", "print", "", packed) for i, code in ids],
    }


def build(count: int, home: Path) -> None:
    """The catalogue's database and index, and Datasette's table of the same records."""
    settings = Settings(home=home)
    engine = open_engine(settings.database_url)
    migrations.upgrade(engine)
    with writing(engine) as connection:
        registry.save_libraries(connection, [Library(code, f"Школа {code}") for code in LIBRARIES])
        connection.exec_driver_sql(
            "INSERT INTO source (code, library, name, harvester, dialect, encoding, "
            "holdings_profile, base, incremental, schedule, active, settings, bookmark) "
            "SELECT code || '-b', code, code, "
            "'manual', 'rusmarc', '', '', '', 0, '', 1, '{}', '' FROM library"
        )
    index = Engine.create(settings.index_path)
    chooser, documents, next_id = random.Random(3), [], 1
    store, peer = sqlite3.connect(home / "catalog.sqlite"), sqlite3.connect(home / "peer.db")
    peer.execute("CREATE TABLE book (id INTEGER PRIMARY KEY, title, author, year, publisher, kind, grade, language)")
    for union in records(count):
        held, copies = chooser.sample(LIBRARIES, chooser.choice((1, 1, 2, 3))), chooser.randrange(1, 40)
        for name, values in rows_of(union, next_id, held, copies).items():
            marks = ", ".join("?" * len(values[0]))
            store.executemany(f"INSERT INTO {name} ({TABLES[name]}) VALUES ({marks})", values)
        shelved = [LibraryHoldings(code, f"Школа {code}", copies, ("84Р7",)) for code in held]
        document = make(
            union, held, added=date(2026, 9, 1), copies=copies * len(held), brief=pack(of(union, shelved))
        )
        documents.append(document)
        grade = document.grades[0] if document.grades else None
        peer.execute(
            "INSERT INTO book (title, author, year, publisher, kind, grade, language) VALUES (?,?,?,?,?,?,?)",
            (
                f"{union.bib.title} {union.bib.subtitle}",
                union.bib.responsibility,
                document.year,
                document.publishers[0],
                document.kind,
                grade,
                document.languages[0],
            ),
        )
        next_id += len(held)
    index.write(documents, [], 1)
    store.commit()
    peer.execute("CREATE VIRTUAL TABLE book_fts USING fts5 (title, author, content='book', content_rowid='id')")
    peer.execute("INSERT INTO book_fts (rowid, title, author) SELECT id, title, author FROM book")
    for column in ("year", "publisher", "kind", "grade", "language"):
        peer.execute(f"CREATE INDEX book_{column} ON book ({column})")
    peer.commit()


def queries() -> list[str]:
    """What readers type: subjects, subjects with a class, words of titles."""
    return [text for name in SUBJECTS for text in (name, *(f"{name} {grade} класс" for grade in (1, 3, 5, 7, 9, 11)))]


def cpu_per_page(home: Path) -> float:
    """Milliseconds of CPU of one worker per search page, each with another question (no cached counts)."""
    from web.app import create_app
    from web.wsgi import warm_up

    app = create_app(Settings(home=home))
    warm_up(app)  # as a worker is started
    client = app.test_client()
    wanted = [f"/search?{urlencode({'q': text})}" for text in queries()]
    client.get(wanted.pop())
    start = time.process_time()
    for path in wanted:
        assert client.get(path).status_code == 200
    return (time.process_time() - start) * 1000 / len(wanted)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def served(command: list[str], port: int, environ: dict[str, str]) -> Iterator[str]:
    process = subprocess.Popen(
        command, env={**os.environ, **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def load(base: str, paths: list[str], readers: int, seconds: float) -> tuple[float, float, float]:
    """(answers per second, median ms, p95 ms) of so many readers asking one page after another."""
    times: list[float] = []
    until = time.monotonic() + seconds

    def read(number: int) -> None:
        chooser = random.Random(number)
        connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=120)
        while time.monotonic() < until:
            start = time.perf_counter()
            connection.request("GET", chooser.choice(paths))
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            times.append((time.perf_counter() - start) * 1000)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(readers)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ordered = sorted(times)
    return len(times) / (time.perf_counter() - start), statistics.median(times), ordered[int(len(ordered) * 0.95)]


def main(count: int, home: Path) -> int:
    if not (home / "peer.db").exists():
        home.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        build(count, home)
        print(f"{count:,} records made in {time.perf_counter() - start:.0f} s")
    cpu = cpu_per_page(home)
    print(f"search page with facets: {cpu:.2f} ms of CPU (goal {GOAL_CPU_MS:g})")
    port = free_port()
    # `catalog-sync serve web` without its start-up: the same server, two workers.
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--factory",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "2",
        "--blocking-threads",
        str(BLOCKING_THREADS),
        "--no-log",
        "web.wsgi:make",
    ]
    ours = [f"/search?{urlencode({'q': text})}" for text in queries()]
    with served(command, port, {"CATALOG_SYNC_HOME": str(home)}) as base:
        load(base, ours, 2, 2)
        rate, median, p95 = load(base, ours, READERS, SECONDS)
    print(f"{READERS} readers: {rate:.0f} pages/s, median {median:.0f} ms, p95 {p95:.0f} ms (goal {GOAL_P95_MS:g})")
    peer = peer_rate(home)
    if peer is None:
        print("Datasette is not installed: no ratio")
        return int(cpu > GOAL_CPU_MS or p95 > GOAL_P95_MS)
    print(f"Datasette: {peer:.2f} pages/s; ours are served {rate / peer:.0f} times as often (goal {GOAL_RATIO:g})")
    return int(cpu > GOAL_CPU_MS or p95 > GOAL_P95_MS or rate / peer < GOAL_RATIO)


def peer_rate(home: Path) -> float | None:
    """Pages per second of Datasette with the same questions and its facets; None where it is not installed."""
    environ = {"PYTHONPATH": os.environ.get("DATASETTE", "")}
    command = [sys.executable, "-m", "datasette"]
    if subprocess.run([*command, "--version"], env={**os.environ, **environ}, capture_output=True).returncode:
        return None
    port = free_port()
    settings = ["facet_time_limit_ms", "60000", "sql_time_limit_ms", "60000", "num_sql_threads", "4"]
    pairs = [x for i in range(0, len(settings), 2) for x in ("--setting", *settings[i : i + 2])]
    facets = [("_facet", name) for name in ("kind", "grade", "publisher", "year", "language")]
    paths = [f"/peer/book?{urlencode([('_search', text), *facets, ('_size', '20')])}" for text in queries()]
    with served([*command, "serve", str(home / "peer.db"), "--port", str(port), *pairs], port, environ) as base:
        return load(base, paths, 4, 2 * SECONDS)[0]


if __name__ == "__main__":
    given = sys.argv[1:]
    number = int(given[0]) if given else 300_000
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(main(number, Path(given[1]) if len(given) > 1 else Path(folder)))
