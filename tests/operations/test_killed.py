"""kill -9 at any moment of an import: yesterday's catalogue is served, the next import completes, `check` is clean."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog_sync import upkeep
from catalog_sync.errors import Refused
from catalog_sync.model import Dialect, Library, RunState, Source
from catalog_sync.query import Access, Term
from catalog_sync.settings import Settings
from catalog_sync.store import clusters, leases, registry, runs
from catalog_sync.store.catalogue import open_catalogue
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System, open_system
from tests.exports import TITLES, book, import_paths, mrc

KILLS, TRIES, BOOKS = 20, 60, 200
HOUSES = ("Понедельник", "Вторник")
DAY = datetime(2026, 9, 1, tzinfo=UTC)
# The import itself, in a process of its own with a clock of its own: a lease of the dead is over by the next hour.
IMPORT = """
import sys
from datetime import datetime
from pathlib import Path
from catalog_sync.settings import Settings
from catalog_sync.system import open_system
from tests.exports import import_paths
home, export, moment = sys.argv[1:]
system = open_system(Settings(home=Path(home)), now=lambda: datetime.fromisoformat(moment))
print("begins", flush=True)
import_paths(system, "school", [Path(export)])
"""


@pytest.fixture
def exports(tmp_path: Path) -> list[Path]:
    """Two exports of one school: every second book has another publisher, and is another edition then."""
    made = []
    for name, house in (("monday", HOUSES[0]), ("tuesday", HOUSES[1])):
        records = [
            book(f"{n}", TITLES[n % len(TITLES)], year=f"{1990 + n // len(TITLES)}", pages=f"{100 + n}",
                 publisher=house if n % 2 else "Просвещение")
            for n in range(BOOKS)
        ]  # fmt: skip
        made.append(tmp_path / f"{name}.mrc")
        made[-1].write_bytes(mrc(records))
    return made


def opened(home: Path, moment: datetime) -> System:
    return open_system(Settings(home=home), now=lambda: moment)


def digest(system: System) -> str:
    with reading(system.engine) as connection:
        return clusters.digest(connection)


def found(system: System, word: str) -> int:
    return open_catalogue(system.settings, system.engine).search(Term(word, Access.PUBLISHER)).total


def imported(system: System, export: Path) -> None:
    assert import_paths(system, "school", [export]).state is RunState.PUBLISHED


def killed(home: Path, export: Path, moment: datetime, after: float) -> bool:
    """Import in a process and kill it so many seconds after its beginning; whether it was still at work."""
    process = subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(home), str(export), moment.isoformat()], stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"begins\n"
    time.sleep(after)
    working = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return working


# A run that has begun and whose source brings nothing for as long as anybody waits.
WAITS = """
import sys, time
from datetime import datetime
from pathlib import Path
from catalog_sync import pipeline
from catalog_sync.settings import Settings
from catalog_sync.system import open_system
def files():
    print("begins", flush=True)
    time.sleep(600)
    yield
system = open_system(Settings(home=Path(sys.argv[1])), now=lambda: datetime.fromisoformat(sys.argv[2]))
pipeline.run_source(system, "school", files())
"""


def school(home: Path) -> System:
    system = opened(home, DAY)
    with writing(system.engine) as connection:
        registry.save_libraries(connection, [Library("school", "Школа")])
        registry.save_sources(connection, [Source("school", "school", "Школа", dialect=Dialect.RUSMARC)])
    return system


def test_after_a_kill_the_next_import_begins_at_once_and_buries_the_dead_run(
    tmp_path: Path, exports: list[Path]
) -> None:
    system = school(tmp_path / "home")
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS, str(tmp_path / "home"), DAY.isoformat()], stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == b"begins\n"
    with pytest.raises(Refused, match="другой процесс"):
        import_paths(system, "school", [exports[0]])
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    imported(system, exports[0])
    with reading(system.engine) as connection:
        assert [run.state for run in runs.latest(connection)] == [RunState.PUBLISHED, RunState.FAILED]


@pytest.mark.parametrize(
    "holder",
    [f"{leases.process()}:1", "another-machine:99999999:1", f"{socket.gethostname()}-0a1b2c3d:99999999:1", "someone"],
    ids=["alive", "elsewhere", "a namesake", "nobody"],
)  # fmt: skip
def test_a_claim_is_good_while_its_process_lives_or_nobody_here_can_know(tmp_path: Path, holder: str) -> None:
    with writing(opened(tmp_path, DAY).engine) as connection:
        assert leases.acquire(connection, "source:school", holder, DAY, 60)
        assert not leases.acquire(connection, "source:school", "me", DAY, 60)


@pytest.mark.slow
def test_twenty_kills_leave_yesterdays_catalogue_and_the_next_import_completes(
    tmp_path: Path, exports: list[Path]
) -> None:
    home, rng, now = tmp_path / "home", random.Random(7), DAY
    system = school(home)
    digests, lasted = [], 0.0
    for export in exports:
        start, now = time.monotonic(), now + timedelta(hours=1)
        imported(opened(home, now), export)
        lasted = time.monotonic() - start
        digests.append(digest(system))
    kills = midway = 0
    for attempt in range(TRIES):
        now += timedelta(hours=1)
        here, there = attempt % 2, 1 - attempt % 2  # the catalogue is at exports[there] and goes to exports[here]
        at_work = killed(home, exports[here], now, lasted * rng.uniform(0.01, 0.95))
        kills += at_work
        after = opened(home, now + timedelta(minutes=1))
        assert digest(after) in digests, "neither of the two: published by halves"
        assert sorted(found(after, house) for house in HOUSES) == [0, BOOKS // 2], "readers see one whole export"
        midway += at_work and digest(after) == digests[there]
        now += timedelta(hours=1)
        finished = opened(home, now)
        imported(finished, exports[here])
        assert digest(finished) == digests[here]
        assert found(finished, HOUSES[here]) == BOOKS // 2
        assert upkeep.check(finished) == []
        if kills >= KILLS:
            break
    assert kills >= KILLS
    assert midway, "no kill came before the publication: the moments are not random"
