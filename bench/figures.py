"""Figures over 2 million copies and 5 years of movements, beside DuckDB over the same rows.

    python -m bench.figures [--copies 2000000] [--schools 400] [--keep FOLDER]

Prints times of this machine and the ratio to DuckDB (pip install duckdb; without it the column is empty). Targets of
the issue: a year-and-district figure under 50 ms, a page of rows under 100 ms, the whole справка as DOCX under 5 s.
"""

from __future__ import annotations

import argparse
import csv
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, insert, text

from catalog_sync.model import BibRecord, Dialect, RecordKey, UnionRecord
from catalog_sync.reports import registry, render
from catalog_sync.store import drill, migrations, unions
from catalog_sync.store import tables as t
from catalog_sync.store.database import open_engine, reading, writing
from catalog_sync.store.figures import Selection, balances
from catalog_sync.store.ledger_check import rebuild
from catalog_sync.store.ledger_tables import ledger_member, stock_movement, title_movement

TODAY = date(2026, 1, 15)
FIRST = date(2021, 1, 1)
CELLS = [("textbook", "print", "")] * 11 + [("study_aid", "print", "")] * 2 + [("fiction", "print", "")] * 5
CELLS += [("reference", "print", ""), ("other", "print", ""), ("other", "electronic", "physical")]
PER_TITLE = 12  # schools that hold one edition, on average: textbooks more, fiction less
COPIES_PER_RECORD = 2.9
SOURCE_ROWS = 20_000

Line = tuple[Any, ...]
Move = tuple[date, int, str]


def generate(
    schools: int, copies: int, dice: random.Random
) -> Iterator[tuple[int, int, int, list[tuple[date, int, str]]]]:
    """(record, school, cluster, movements) of every record: one or two deliveries, and sometimes a write-off."""
    records = round(copies / COPIES_PER_RECORD)
    clusters = max(1, records // PER_TITLE)
    for record in range(1, records + 1):
        came = FIRST + timedelta(dice.randrange(1826))
        count = dice.choice((1, 1, 1, 2, 3, 5, 10))
        moves = [(came, count, "acquired")]
        if dice.random() < 0.12:
            went = came + timedelta(dice.randrange(30, 1500))
            moves += [(went, -dice.randint(1, count), "withdrawn")] if went < TODAY else []
        yield record, record % schools, record * 7919 % clusters, moves


def build(engine: Engine, folder: Path, schools: int, copies: int) -> int:
    """Fill the database; the same lines go to lines.csv for DuckDB. Returns the number of lines."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    codes = [f"school-{n:03d}" for n in range(schools)]
    with writing(engine) as connection:
        connection.execute(insert(t.library), [{"code": c, "name": c, "pupils": 300, "stage": 1} for c in codes])
        connection.execute(insert(t.source), [{"code": c, "library": c, "dialect": "marcsql"} for c in codes])
        runs = [{"number": n, "source": c, "state": "published", "started": moment, "published": moment}
                for n, c in enumerate(codes, 1)]  # fmt: skip
        connection.execute(insert(t.run), runs)
    batches: dict[Any, list[Line]] = {"movement": [], "record": [], "member": [], "title": []}
    number = title = 0
    seen: dict[tuple[str, int], int] = {}
    district: dict[int, date] = {}
    with (folder / "lines.csv").open("w", newline="") as file:
        lines = csv.writer(file)
        for record, school, cluster, moves in generate(schools, copies, random.Random(1)):
            cell, code, edition = CELLS[cluster % len(CELLS)], codes[school], f"c{cluster}"
            batches["record"].append((record, code, f"r{record}", b"0", b"", "marcsql", "utf-8", 1, 1))
            batches["member"].append((record, edition))
            for day, count, column in moves:
                number += 1
                batches["movement"].append(
                    (number, code, record, day.isoformat(), day.isoformat(), column, column, count, school + 1, *cell)
                )
                lines.writerow([number, code, record, day, column, count, *cell, cluster])
            if (code, cluster) not in seen:
                seen[code, cluster] = record
                title += 1
                batches["title"].append((title, code, edition, moves[0][0].isoformat(), *cell))
            district[cluster] = min(district.get(cluster, moves[0][0]), moves[0][0])
            if len(batches["movement"]) >= SOURCE_ROWS:
                flush(engine, batches)
    for cluster, day in district.items():
        title += 1
        batches["title"].append((title, "*", f"c{cluster}", day.isoformat(), *CELLS[cluster % len(CELLS)]))
    flush(engine, batches)
    with writing(engine) as connection:
        rebuild(connection)
        some = [union(cluster) for cluster in sorted(district)]
        connection.execute(insert(t.cluster), [{"id": one.cluster, "created": moment, "size": 1} for one in some])
        for start in range(0, len(some), 5_000):
            unions.save(connection, some[start : start + 5_000])
        connection.execute(text("ANALYZE"))
    return number


def union(cluster: int) -> UnionRecord:
    key = RecordKey("school-000", f"r{cluster}")
    bib = BibRecord(key, Dialect.MARCSQL, title=f"Издание {cluster}", responsibility="А. А. Автор", year_text="2020")
    return UnionRecord(f"c{cluster}", bib, (key,))


COLUMNS: dict[str, tuple[Table, str]] = {
    "movement": (stock_movement, "number library record day recorded kind column copies run category carrier ekind"),
    "record": (t.record, "id source local_id digest data dialect encoding first_run last_run"),
    "member": (ledger_member, "record cluster"),
    "title": (title_movement, "number scope cluster day category carrier ekind"),
}
FIXED: dict[str, dict[str, Any]] = {
    "movement": {"basis": "INV.REGDATE", "document": "", "reason": "", "inventory": "", "who": ""},
    "record": {"deleted": 0, "warnings": "[]", "first_seen": "2026-01-01", "changed": "2026-01-01"},
    "member": {},
    "title": {"recorded": "2026-01-01", "column": "acquired", "titles": 1, "cause": "stock"},
}


def flush(engine: Engine, batches: dict[Any, list[Line]]) -> None:
    """Rows go in past the ORM: the build is not what is measured."""
    with writing(engine) as connection:
        for name, rows in batches.items():
            table, columns = COLUMNS[name]
            names = [*columns.split(), *FIXED[name]]
            marks = ",".join("?" * len(names))
            quoted = ",".join(f'"{n}"' for n in names)
            rest = tuple(FIXED[name].values())
            if rows:
                connection.exec_driver_sql(
                    f"INSERT INTO {table.name} ({quoted}) VALUES ({marks})", [(*row, *rest) for row in rows]
                )
            rows.clear()


def clock(work: Callable[[], object], times: int = 15) -> tuple[float, float]:
    """Median milliseconds on the wall and of this process's processor."""
    walls, own = [], []
    for _ in range(times):
        start, begun = time.perf_counter(), time.process_time()
        work()
        walls.append((time.perf_counter() - start) * 1000)
        own.append((time.process_time() - begun) * 1000)
    return statistics.median(walls), statistics.median(own)


def duck(folder: Path) -> dict[str, Callable[[], object]]:
    """The same questions to DuckDB over the raw lines, loaded into a table of its own; {} without the package."""
    try:
        import duckdb
    except ImportError:
        return {}
    base = duckdb.connect()
    base.execute("SET threads TO 2")
    names = ["number", "library", "record", "day", "kind", "copies", "category", "carrier", "ekind", "cluster"]
    base.execute(f"CREATE TABLE lines AS SELECT * FROM read_csv('{folder / 'lines.csv'}', names={names}, header=false)")
    cell = "category, carrier, ekind"
    sums = "sum(copies) FILTER (day < '2025-01-01'), sum(copies) FILTER (day >= '2025-01-01' AND kind = 'acquired'), " \
           "sum(copies) FILTER (day >= '2025-01-01' AND kind = 'withdrawn')"  # fmt: skip
    where = "FROM lines WHERE day <= '2025-12-31'"
    titles = f"SELECT count(DISTINCT cluster) FROM (SELECT cluster {where} GROUP BY cluster HAVING sum(copies) > 0)"
    held = f"{where} AND category = 'fiction' GROUP BY 1, 2 HAVING sum(copies) > 0"
    page = f"SELECT record, library, sum(copies), min(day) {held} ORDER BY 1 LIMIT 50"
    when = "day BETWEEN '2025-01-01' AND '2025-12-31' AND category = 'fiction' AND kind = 'acquired'"
    moved = f"SELECT * FROM lines WHERE {when} ORDER BY day, number LIMIT 50"

    def run(*questions: str) -> Callable[[], object]:
        return lambda: [base.execute(question).fetchall() for question in questions]

    return {
        "district": run(f"SELECT {cell}, {sums} {where} GROUP BY ALL", titles),
        "schools": run(f"SELECT library, {cell}, {sums} {where} GROUP BY ALL"),
        "page of a state": run(page),
        "page of a movement": run(moved),
    }


def questions(engine: Engine, codes: list[str]) -> dict[str, tuple[float, Callable[[], object]]]:
    """name → (target in ms, work)."""
    start, end = date(2025, 1, 1), date(2025, 12, 31)

    def figure(scopes: tuple[str, ...]) -> Callable[[], object]:
        def work() -> object:
            with reading(engine) as connection:
                return balances(connection, Selection(scopes), start, end)

        return work

    def page(measure: str, unit: str = "copies", deep: int = 0) -> Callable[[], object]:
        question = drill.Question(Selection(categories=("fiction",)), measure, unit, start, end)
        cursor = ""
        for _ in range(deep):
            with reading(engine) as connection:
                cursor = drill.page(connection, question, cursor=cursor, limit=1000).next

        def work() -> object:
            with reading(engine) as connection:
                found = drill.page(connection, question, cursor=cursor)
            assert found.rows
            return found

        return work

    return {
        "district": (50, figure(("*",))),
        "schools": (1000, figure(tuple(codes))),
        "page of a state": (100, page("state")),
        "page of a movement": (100, page("acquired")),
        "page of a state, 20,000 rows on": (100, page("state", deep=20)),
        "page of titles": (100, page("state", "titles")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--copies", type=int, default=2_000_000)
    parser.add_argument("--schools", type=int, default=400)
    parser.add_argument("--keep", type=Path, help="keep the database here and use it again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "figures.sqlite"
        fresh = not path.exists()
        engine = open_engine(f"sqlite:///{path}")
        migrations.upgrade(engine)
        if fresh:
            start = time.perf_counter()
            lines = build(engine, folder, options.schools, options.copies)
            print(f"built {lines:,} lines of {options.copies:,} copies in {time.perf_counter() - start:.0f} s")
        report(engine, folder, options.schools)


def report(engine: Engine, folder: Path, schools: int) -> None:
    others = duck(folder)
    head = f"{'question':34} {'ours, ms':>10} {'CPU, ms':>8} {'target':>8}"
    print(f"{head} {'DuckDB, ms':>11} {'CPU, ms':>8} {'ratio':>7}")
    for name, (target, work) in questions(engine, [f"school-{n:03d}" for n in range(schools)]).items():
        ours, own = clock(work)
        word = "" if ours <= target else "  MISSED"
        line = f"{name:34} {ours:10.1f} {own:8.1f} {target:8.0f}"
        if name in others:
            theirs, busy = clock(others[name], 7)
            print(f"{line} {theirs:11.1f} {busy:8.1f} {theirs / ours:7.1f}{word}")
        else:
            print(f"{line} {'–':>11} {'–':>8} {'–':>7}{word}")
    start, begun = time.perf_counter(), time.process_time()
    made = registry.make(engine, "memo", period="2025", today=TODAY)
    data = render.render(made, "docx")
    seconds, own = time.perf_counter() - start, time.process_time() - begun
    word = "" if seconds <= 5 else "  MISSED"
    print(f"{'справка, DOCX':34} {seconds * 1000:10.0f} {own * 1000:8.0f} {5000:8.0f}{word} ({len(data):,} bytes)")


if __name__ == "__main__":
    main()
