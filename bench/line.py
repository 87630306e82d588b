"""The whole line: exports of 20 schools → a searchable catalogue, beside `zebraidx update` on the same records.

    python -m bench.line [--records 100000] [--sources 20] [--home DIR]

Then the same exports once more with only 005 rewritten, and with 1 % of the records mended. All in CPU seconds of the
finished command (its children included); Zebra indexes with the marc21.abs and
the ICU chain it comes with (its other chain drops Cyrillic words).
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import line_data
from tests.zebra import MODULES, TAB

ROOT = Path(__file__).resolve().parents[1]
EDITED = 0.01


@dataclass(frozen=True)
class Cost:
    """What a finished command took."""

    cpu: float  # seconds, user and system
    wall: float  # seconds
    megabytes: float  # largest resident set of one process


def run(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> Cost:
    """Run to the end; raises CalledProcessError with what it said where it failed."""
    started = time.monotonic()
    with (folder / "said.txt").open("ab") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, (folder / "said.txt").read_text()[-2000:])
    return Cost(used.ru_utime + used.ru_stime, time.monotonic() - started, used.ru_maxrss / 1024)


def zebra(folder: Path, exports: Iterable[bytes]) -> Cost:
    """`zebraidx update` of the same exports."""
    (folder / "records").mkdir(parents=True)
    for number, data in enumerate(exports):
        (folder / "records" / f"{number:04}.mrc").write_bytes(data)
    (folder / "zebra.cfg").write_text(
        f"profilePath: {TAB}\nmodulePath: {MODULES}\nattset: bib1.att\nattset: explain.att\n"
        "recordType: grs.marcxml.marc21\nindex: icu.idx\nencoding: utf-8\n"
        "storeKeys: 1\nstoreData: 1\nregister: .:20G\nlockDir: .\n"
    )
    run(["zebraidx", "-c", "zebra.cfg", "init"], folder)
    return run(["zebraidx", "-c", "zebra.cfg", "update", "records"], folder)


class District:
    """A catalogue whose sources are folders of exports."""

    def __init__(self, home: Path, sources: int) -> None:
        self.home, self.sources = home, sources
        home.mkdir(parents=True, exist_ok=True)
        (home / "catalog-sync.toml").write_text(
            "".join(
                f'[[library]]\ncode = "s{n}"\nname = "Школа № {n}"\n'
                f'[[source]]\ncode = "s{n}"\nlibrary = "s{n}"\nname = "Книги"\nharvester = "files"\n'
                f'dialect = "marc21"\nfolder = "{home}/drop/s{n}"\nsettle_seconds = "0"\narchive = "no"\n'
                for n in range(sources)
            )
        )
        self("init")

    def __call__(self, *arguments: str) -> Cost:
        command = [sys.executable, "-m", "catalog_sync", "--config", str(self.home / "catalog-sync.toml"), *arguments]
        environment = {**os.environ, "CATALOG_SYNC_HOME": str(self.home / "var"), "PYTHONPATH": str(ROOT)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else every command compiles its modules anew
        return run(command, self.home, environment)

    def night(self, exports: Iterable[bytes]) -> Cost:
        """Every school puts its export where it belongs, and all are harvested."""
        for number, data in enumerate(exports):
            folder = self.home / "drop" / f"s{number}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "books.mrc").write_bytes(data)
        return self("harvest")

    def start(self) -> Cost:
        """The same command where every source has been harvested today: it begins and ends."""
        return self("harvest", "--due")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--sources", type=int, default=20)
    parser.add_argument("--home", type=Path, help="folder that is made and kept")
    parser.add_argument("--no-zebra", action="store_true")
    options = parser.parse_args()
    home = options.home or Path(tempfile.mkdtemp(prefix="bench-line-"))
    try:
        report(home, options)
    finally:
        if not options.home:
            shutil.rmtree(home)
    return 0


def report(home: Path, options: argparse.Namespace) -> None:
    count, sources = options.records, options.sources
    exports = list(line_data.exports(count, sources))
    size = sum(map(len, exports))
    print(f"{count} records of {sources} schools, {size / count:.0f} bytes each")
    district = District(home / "ours", sources)
    first = district.night(exports)
    say("first import", first, count)
    if not options.no_zebra and shutil.which("zebraidx"):
        peer = zebra(home / "zebra", exports)
        say("zebraidx update", peer, count)
        print(f"import / zebraidx: × {first.cpu / peer.cpu:.2f} of CPU (a third is wanted)")
    nothing = district.night([data.replace(b"20200101120000.0", b"20261128030000.0") for data in exports])
    say("unchanged, another 005", nothing, count)
    started = district.start().cpu
    rates = (f"{count / seconds / 1000:.0f},000" for seconds in (nothing.cpu, nothing.cpu - started))
    print("{} records a CPU second, {} without the start of the program ({:.2f} s)".format(*rates, started))
    some = district.night(line_data.exports(count, sources, EDITED))
    say(f"{EDITED:.0%} mended", some, count)
    print(f"{EDITED:.0%} mended / first import: {some.cpu / first.cpu:.1%} of CPU (5 % is wanted)")


def say(what: str, cost: Cost, records: int) -> None:
    print(
        f"{what}: {cost.cpu:.1f} s of CPU, {cost.cpu / records * 1e6:.0f} µs a record, {cost.wall:.1f} s, "
        f"{cost.megabytes:.0f} MB", flush=True,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
