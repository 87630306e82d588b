"""Measure the search page with its facets: CPU per page, p95 of twenty readers with and without an import, Datasette.

    .venv/bin/python -m bench.web [RECORDS] [FOLDER]

Datasette serves a faceted search of the same records from FTS5; it is run where it is installed (DATASETTE names a
folder to put on its path). All servers listen on loopback and are ended by their pid. The catalogue made in FOLDER is
used again.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

from werkzeug.test import create_environ

from bench import night_data
from bench.search_data import LIBRARIES, SUBJECTS, records
from bench.web_load import Served, load
from catalog_sync.cli.serving import BLOCKING_THREADS
from catalog_sync.model import Holdings, Item, Library, UnionRecord
from catalog_sync.query import LibraryHoldings
from catalog_sync.search import sendable
from catalog_sync.search.brief import of, pack
from catalog_sync.search.document import make
from catalog_sync.search.engine import Engine
from catalog_sync.settings import Settings
from catalog_sync.store import migrations, registry
from catalog_sync.store.database import open_engine, writing
from catalog_sync.store.packing import pack_holdings, pack_union

READERS, SECONDS = 20, 10
START_SECONDS = 120  # of a server on a machine that is busy
GOAL_CPU_MS, GOAL_RATIO, GOAL_P95_MS, GOAL_IMPORT_P95_MS = 8.0, 20.0, 120.0, 250.0
IMPORTED = 10_000  # records of the export that is imported while readers read
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
            union, held, added=date(2026, 9, 1), copies=copies * len(held), brief=pack(of(union, shelved)),
            sendable=sendable.record(union, shelved),
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
    """Milliseconds of CPU of one worker per search page, each with another question (no cached counts).

    The application is called as a server calls it: a test client's own work is no part of a page.
    """
    from web.app import create_app
    from web.wsgi import warm_up

    app = create_app(Settings(home=home))
    warm_up(app)  # as a worker is started
    asked = [create_environ(f"/search?{urlencode({'q': text})}") for text in queries()]
    told: list[str] = []

    def begin(status: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
        told.append(status)
        return bytes

    start = time.process_time()
    for environ in asked:
        b"".join(app.wsgi_app(environ, begin))
    taken = time.process_time() - start
    assert told == ["200 OK"] * len(asked), set(told)
    return taken * 1000 / len(asked)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def served(command: list[str], port: int, environ: dict[str, str]) -> Iterator[tuple[str, int]]:
    """The server's address and process id."""
    process = subprocess.Popen(
        command, env={**os.environ, **environ}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    raise
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process and its children have taken so far (Linux)."""
    ticks = os.sysconf("SC_CLK_TCK")
    tree, total = [pid], 0.0
    for one in tree:
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / ticks
            for task in Path(f"/proc/{one}/task").iterdir():
                tree += map(int, (task / "children").read_text().split())
        except OSError:  # a process that has just ended
            continue
    return total


def measure(name: str, base: str, pid: int, paths: list[str], goal: float) -> Served:
    """Twenty readers; with how much of two processors the server had, for a machine that does other things too."""
    before = cpu_of(pid)
    found = load(base, paths, READERS, SECONDS)
    taken = cpu_of(pid) - before
    print(
        f"{name}: {found.rate:.0f} pages/s, median {found.median:.0f} ms, p95 {found.p95:.0f} ms (goal {goal:g}), "
        f"longest {found.longest:.0f} ms; {taken * 1000 / (found.rate * SECONDS):.2f} ms of CPU and "
        f"{found.bytes / 1000:.1f} kB a page; the server had {taken * 50 / SECONDS:.0f} % of two processors"
    )
    return found


def calibration() -> float:
    """Milliseconds of CPU for a million additions: about 40 on a quiet machine, 150 on one that is shared."""
    start, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number
    return (time.process_time() - start) * 1000


def export(path: Path) -> None:
    """A school's export: 10,000 records in ISO 2709."""
    pool = night_data.editions(4 * IMPORTED)
    path.write_bytes(b"".join(night_data.export(night_data.school(pool, IMPORTED, 1), 1)))


@contextmanager
def importing(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A catalog-sync that imports into a copy of this catalogue: the bench can be run again on the same."""
    export(home / "school.mrc")
    command = [sys.executable, "-m", "catalog_sync", "import", str(home / "school.mrc"), "--source", "load", "--yes"]
    process = subprocess.Popen(command, env={**os.environ, "CATALOG_SYNC_HOME": str(home)},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def main(count: int, home: Path) -> int:
    if not (home / "peer.db").exists():
        home.mkdir(parents=True, exist_ok=True)
        start = time.perf_counter()
        build(count, home)
        print(f"{count:,} records made in {time.perf_counter() - start:.0f} s")
    migrations.upgrade(open_engine(Settings(home=home).database_url))
    print(f"a million additions: {calibration():.0f} ms of CPU")
    cpu = cpu_per_page(home)
    print(f"search page with facets: {cpu:.2f} ms of CPU (goal {GOAL_CPU_MS:g})")
    ours = [f"/search?{urlencode({'q': text})}" for text in queries()]
    with tempfile.TemporaryDirectory() as folder:
        used = Path(folder) / "home"  # the import changes it
        shutil.copytree(home, used, ignore=shutil.ignore_patterns("peer.db*"))
        with served(our_server(port := free_port()), port, {"CATALOG_SYNC_HOME": str(used)}) as (base, pid):
            load(base, ours, 4, 2)
            alone = measure(f"{READERS} readers", base, pid, ours, GOAL_P95_MS)
            with importing(used) as process:
                time.sleep(3)
                beside = measure(f"{READERS} readers beside an import", base, pid, ours, GOAL_IMPORT_P95_MS)
                if process.poll() is not None:
                    print("the import was over before the readers were")
    print(f"a million additions: {calibration():.0f} ms of CPU")
    missed = cpu > GOAL_CPU_MS or alone.p95 > GOAL_P95_MS or beside.p95 > GOAL_IMPORT_P95_MS
    peer = peer_rate(home)
    if peer is None:
        print("Datasette is not installed: no ratio")
        return int(missed)
    ratio = alone.rate / peer
    print(f"Datasette: {peer:.2f} pages/s; ours are served {ratio:.0f} times as often (goal {GOAL_RATIO:g})")
    return int(missed or ratio < GOAL_RATIO)


def our_server(port: int) -> list[str]:
    """`catalog-sync serve web` without its start-up: the same server, two workers."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "2", "--blocking-threads", str(BLOCKING_THREADS), "--no-log", "web.wsgi:make",
    ]  # fmt: skip


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
    with served([*command, "serve", str(home / "peer.db"), "--port", str(port), *pairs], port, environ) as (base, _pid):
        return load(base, paths, 4, 2 * SECONDS).rate


if __name__ == "__main__":
    given = sys.argv[1:]
    number = int(given[0]) if given else 300_000
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(main(number, Path(given[1]) if len(given) > 1 else Path(folder)))
