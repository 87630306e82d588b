"""Workers serve in turns and share their readers fairly."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from web.turns import Crowd, FairWorker, Turns

pytest.importorskip("fcntl")
# Another worker of the same catalogue: takes its place, says how many requests it has, ends when told to.
OTHER = """
import sys
from pathlib import Path
from web.turns import Crowd
crowd = Crowd(Path(sys.argv[1]), 2)
crowd.change(int(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
"""


def other_worker(path: Path, requests: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", OTHER, str(path), str(requests)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def crowd_in(turns: Turns, people: int) -> tuple[list[int], int]:
    """The order in which so many threads got their turn, and how many had it at once."""
    inside, most, order = 0, 0, list[int]()
    counting, go = threading.Lock(), threading.Event()

    def work(number: int) -> None:
        nonlocal inside, most
        with turns:
            with counting:
                inside, most = inside + 1, max(most, inside + 1)
                order.append(number)
            go.wait(5)
            with counting:
                inside -= 1

    threads = [threading.Thread(target=work, args=(n,)) for n in range(people)]
    for number, thread in enumerate(threads):
        thread.start()
        until = time.monotonic() + 5
        while len(order) + len(turns._waiting) <= number and time.monotonic() < until:
            time.sleep(0.001)
    go.set()
    for thread in threads:
        thread.join(5)
    return order, most


def test_the_waiting_come_in_the_order_they_came() -> None:
    assert crowd_in(Turns(1), 8) == (list(range(8)), 1)


def test_no_more_than_so_many_have_a_turn_at_once() -> None:
    order, most = crowd_in(Turns(2), 8)
    assert (sorted(order), most) == (list(range(8)), 2)


def test_a_turn_is_given_back_when_a_page_fails() -> None:
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="page"), turns:
            raise ValueError("page")


def answered(worker: FairWorker) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    worker({}, lambda _status, headers, *_: found.extend(headers))
    return found


def page(_environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"page"]


@pytest.mark.parametrize(("mine", "theirs", "closes"), [(5, 3, True), (4, 3, False), (1, 0, False), (1, 9, False)])
def test_the_busier_worker_closes_the_connection_and_the_other_keeps_it(
    tmp_path: Path, mine: int, theirs: int, closes: bool
) -> None:
    crowd = Crowd(tmp_path / "workers", 2)
    other = other_worker(tmp_path / "workers", theirs)
    crowd.change(mine - 1)  # and the request that is answered
    assert (("Connection", "close") in answered(FairWorker(page, crowd))) is closes
    other.communicate("\n", timeout=10)


def test_a_new_worker_takes_the_place_of_one_that_died(tmp_path: Path) -> None:
    crowd = Crowd(tmp_path / "workers", 2)
    dead = other_worker(tmp_path / "workers", 7)
    crowd.change(5)
    assert not crowd.is_uneven()
    dead.kill()
    dead.communicate(timeout=10)
    new = other_worker(tmp_path / "workers", 0)
    assert crowd.is_uneven()
    new.communicate("\n", timeout=10)


def test_a_worker_alone_closes_nothing(tmp_path: Path) -> None:
    crowd = Crowd(tmp_path / "workers", 1)
    crowd.change(50)
    assert not crowd.is_uneven()
    assert answered(FairWorker(page, None)) == [("Content-Type", "text/plain")]
