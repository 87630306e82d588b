"""Our Z39.50 server beside Zebra, on the same records, in one run: pairs per second and CPU per pair.

    python bench/z3950.py [--records 20000] [--seconds 4] [--rounds 3] [--differential] [--keep FOLDER] [--built]

A pair is one search and one present of ten MARC 21 records. Ours is the real thing: the records are imported, clustered
and indexed by `catalog-sync import`, and served by `catalog-sync serve z3950`. `--differential` compares hit counts of
500 generated queries and groups the differences. `--keep` leaves both indexes in a folder, and finds them there the
next time. `--built` takes the generated catalogue of the web bench, written straight into store and index, with words
distributed as in a real one: 300,000 records in minutes, where importing and matching them takes the night's time.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench import search_data, web  # noqa: E402
from bench.z3950_load import cpu_seconds, cql_pdu, hits, run, search_pdu  # noqa: E402
from bench.z3950_questions import queries, questions  # noqa: E402
from catalog_sync.marc import union_marc, writing  # noqa: E402
from catalog_sync.model import Dialect, UnionRecord  # noqa: E402
from tests.fake_records import generated_records  # noqa: E402
from tests.zebra import free_port, index, server, zebra  # noqa: E402

CONNECTIONS = (1, 8)
QUESTIONS = 2000  # more than either server remembers the answers of
CONFIG = "catalog-sync.toml"
COMMAND = (sys.executable, "-m", "catalog_sync", "--config", CONFIG)


@contextlib.contextmanager
def ours(folder: Path) -> Iterator[tuple[int, int]]:
    """(port, process id) of `catalog-sync serve z3950` over the catalogue that `imported` made."""
    port = free_port()
    (folder / CONFIG).write_text(f"[z3950]\nport = {port}\n")
    with server([*COMMAND, "serve", "z3950"], port, folder, _environment(folder), seconds=60) as process:
        yield port, process.pid


def imported(folder: Path, marc: bytes) -> None:
    """A catalogue made of these records in the usual way."""
    (folder / "export.mrc").write_bytes(marc)
    (folder / CONFIG).write_text("")
    subprocess.run(
        [*COMMAND, "import", "export.mrc", "--source", "bench", "--dialect", "marc21", "--yes"],
        env=_environment(folder), cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "CATALOG_SYNC_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)}


def built(folder: Path, count: int) -> None:
    """The web bench's catalogue of `search_data.records`."""
    (folder / CONFIG).write_text("")
    (folder / "home").mkdir()
    web.build(count, folder / "home")


def made(folder: Path, records: Sequence[UnionRecord], *, straight: bool) -> None:
    """Both indexes in subfolders; what an earlier run kept there is not made again."""
    done = folder / f"{len(records)}-records"
    if done.exists():
        return
    marc = b"".join(writing.to_iso2709(union_marc.from_union(r, Dialect.MARC21)) for r in records)
    for name in ("zebra", "ours"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    index(folder / "zebra", marc)
    if straight:
        built(folder / "ours", len(records))
    else:
        imported(folder / "ours", marc)
    done.touch()


def measure(port: int, pid: int, pdus: Sequence[bytes], connections: int, seconds: float) -> tuple[float, float]:
    """(pairs per second, CPU milliseconds per pair)."""
    before = cpu_seconds(pid)
    pairs, took = run(port, pdus, connections, seconds)
    return pairs / took, 1000 * (cpu_seconds(pid) - before) / max(1, pairs)


def compare(servers: dict[str, tuple[int, int]], asked: Sequence[str], seconds: float, rounds: int) -> None:
    pdus = [search_pdu(query) for query in asked]
    for port, _ in servers.values():
        run(port, pdus, 8, 2 * seconds)  # warm: every process of ours has rendered the records once
    for connections in CONNECTIONS:
        measured: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for _ in range(rounds):
            for name, (port, pid) in servers.items():
                measured[name].append(measure(port, pid, pdus, connections, seconds))
        speed = {name: median(pairs for pairs, _ in found) for name, found in measured.items()}
        cost = {name: median(cpu for _, cpu in found) for name, found in measured.items()}
        for name in servers:
            print(f"{connections} connections  {name:12} {speed[name]:8.0f} pairs/s  {cost[name]:6.3f} CPU ms per pair")
        for name in servers:
            if name != "zebra":
                print(f"{connections} connections  {name}/zebra  speed × {speed[name] / speed['zebra']:.2f}"
                      f"  CPU × {cost[name] / cost['zebra']:.2f}")  # fmt: skip


def differential(servers: dict[str, tuple[int, int]], records: Sequence[UnionRecord], count: int = 500) -> None:
    """Hit counts of the same questions in RPN at both servers and in CQL at ours; differences by kind of question."""
    name = next(n for n in servers if n != "zebra")
    asked = questions(records, count)
    theirs = hits(servers["zebra"][0], [search_pdu(q.rpn) for q in asked])
    found = hits(servers[name][0], [search_pdu(q.rpn) for q in asked])
    in_cql = hits(servers[name][0], [cql_pdu(q.cql) if q.cql else search_pdu(q.rpn) for q in asked])
    kinds: dict[str, list[str]] = defaultdict(list)
    equal: Counter[str] = Counter()
    for question, left, right, cql in zip(asked, theirs, found, in_cql, strict=True):
        if left == right == cql:
            equal[question.kind] += 1
        else:
            kinds[question.kind].append(f"{question.rpn}: zebra {left}, ours {right}, ours in CQL {cql}")
    total = sum(n for n in theirs if isinstance(n, int))
    print(f"hit counts equal: {sum(equal.values())} of {len(asked)} ({total} hits in all)")
    for kind in sorted({q.kind for q in asked}):
        listed = kinds.get(kind, [])
        print(f"  {kind:24} equal {equal[kind]:3}, differ {len(listed):3}  {'; '.join(listed[:2])}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--records", type=int, default=20_000)
    arguments.add_argument("--seconds", type=float, default=4)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--differential", action="store_true")
    arguments.add_argument("--keep", type=Path, help="folder for the indexes, used again by the next run")
    arguments.add_argument("--built", action="store_true", help="write the catalogue straight, for large ones")
    given = arguments.parse_args()
    records = list((search_data.records if given.built else generated_records)(given.records))
    with contextlib.ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        made(folder, records, straight=given.built)
        servers = {
            "zebra": stack.enter_context(zebra(folder / "zebra")),
            "catalog-sync": stack.enter_context(ours(folder / "ours")),
        }
        if given.differential:
            differential(servers, records)
        compare(servers, queries(records, QUESTIONS), given.seconds, given.rounds)


if __name__ == "__main__":
    main()
