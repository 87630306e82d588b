"""The server on a real socket: manners towards slow, greedy and hostile clients, and a graceful end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from catalog_sync.protocol import pqf, requests, responses
from catalog_sync.protocol.apdu import (
    Attribute,
    Close,
    CloseReason,
    InitRequest,
    InitResponse,
    PresentRequest,
    Request,
    Response,
    RpnTerm,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
)
from catalog_sync.protocol.framing import Framer
from catalog_sync.protocol.oids import BIB1_ATTRIBUTES
from tests.fakes import sample_catalogue
from tests.z3950.conftest import ALL_OPTIONS, Start
from web.z3950 import connection
from web.z3950.server import Server, listen
from web.z3950.settings import Limits, ServerSettings
from web.z3950.workers import metrics_files

INIT = requests.write(InitRequest(ALL_OPTIONS))
ROOT = Path(__file__).resolve().parents[2]


class Wire:
    """A bare client: sends bytes, reads PDUs."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self._framer = Framer(1 << 24)
        self._ready: list[bytes] = []

    def send(self, data: bytes | Request) -> None:
        self.socket.sendall(data if isinstance(data, bytes) else requests.write(data))

    def read(self) -> Response | None:
        """The next response; None at the end of the stream."""
        while not self._ready:
            data = self.socket.recv(65536)
            if not data:
                return None
            self._ready += self._framer.feed(data)
        return responses.read(self._ready.pop(0))

    def ask(self, data: bytes | Request) -> Response | None:
        self.send(data)
        return self.read()


def alive(port: int) -> bool:
    """Whether the server still serves somebody else."""
    wire = Wire(port)
    wire.ask(INIT)
    answer = wire.ask(SearchRequest(pqf.parse("@attr 1=4 алгебра")))
    wire.socket.close()
    return isinstance(answer, SearchResponse) and answer.hits == 3


def quick(**more: float) -> ServerSettings:
    limits = {"pdu_seconds": 0.3, "idle_seconds": 0.6, **more}
    return ServerSettings(port=0, limits=Limits(**limits))  # type: ignore[arg-type]


def test_requests_sent_at_once_are_answered_in_order(start: Start) -> None:
    wire = Wire(start(sample_catalogue()))
    search = requests.write(SearchRequest(pqf.parse("@attr 1=4 алгебра"), reference=b"1"))
    present = requests.write(PresentRequest(1, 2, reference=b"2"))
    wire.send(INIT + search + present)
    answers = [wire.read() for _ in range(3)]
    assert [a.reference for a in answers if a] == [None, b"1", b"2"]


def test_a_request_that_arrives_byte_by_byte_is_served(start: Start) -> None:
    wire = Wire(start(sample_catalogue()))
    for byte in INIT:
        wire.send(bytes((byte,)))
    assert wire.read()


def test_a_slow_drip_is_cut_off_in_time_and_others_are_served(start: Start) -> None:
    port = start(sample_catalogue(), quick(pdu_seconds=0.5, idle_seconds=60))
    wire = Wire(port)
    began = time.monotonic()
    answer = None
    for byte in INIT:
        try:
            wire.send(bytes((byte,)))
        except OSError:
            break
        time.sleep(0.05)
        if time.monotonic() - began > 5:
            break
    assert alive(port)
    answer = wire.read()
    assert isinstance(answer, Close)
    assert answer.reason == CloseReason.LACK_OF_ACTIVITY
    assert time.monotonic() - began < 4


def test_an_idle_association_is_closed_politely(start: Start) -> None:
    wire = Wire(start(sample_catalogue(), quick()))
    wire.ask(INIT)
    answer = wire.read()
    assert isinstance(answer, Close)
    assert answer.reason == CloseReason.LACK_OF_ACTIVITY
    assert wire.read() is None


@pytest.mark.parametrize(
    ("bomb", "reason"),
    [
        (b"\xb6\x84\x7f\xff\xff\xff\x00", CloseReason.RESOURCES),  # promises 2 GB
        (b"\xb6\x80" * 100_000, CloseReason.PROTOCOL_ERROR),  # indefinite lengths, nested
        (b"\x30\x84\x00\x0f\xff\xf0" + b"\x05\x00" * 524_280, CloseReason.PROTOCOL_ERROR),  # half a million elements
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", None),
        (bytes(1000), None),
        (b"\xff" * 1000, None),
    ],
)
def test_a_bomb_ends_its_own_connection_only(start: Start, bomb: bytes, reason: CloseReason | None) -> None:
    port = start(sample_catalogue(), quick())
    wire = Wire(port)
    wire.ask(INIT)
    try:
        answer = wire.ask(bomb)
    except OSError:
        answer = None
    if reason is not None:
        assert isinstance(answer, Close)
        assert answer.reason == reason
    assert alive(port)


def test_five_hundred_nested_operators_and_a_tower_of_fifteen_thousand_are_diagnostics(start: Start) -> None:
    port = start(sample_catalogue())
    wire = Wire(port)
    wire.ask(INIT)
    for count in (500, 15_000):
        answer = wire.ask(SearchRequest(pqf.parse("@or " * count + "x " * (count + 1))))
        assert isinstance(answer, SearchResponse)
        assert answer.diagnostics[0].condition == 6
    answer = wire.ask(SearchRequest(pqf.parse("@or " * 60 + "алгебра " * 61)))
    assert isinstance(answer, SearchResponse)
    assert answer.success
    assert alive(port)


def test_a_scan_for_two_billion_terms_is_answered_shortly(start: Start) -> None:
    wire = Wire(start(sample_catalogue()))
    wire.ask(INIT)
    term = RpnTerm("а".encode(), (Attribute(1, 4),))
    answer = wire.ask(ScanRequest(term, 2**31 - 1, attribute_set=BIB1_ATTRIBUTES))
    assert isinstance(answer, ScanResponse)
    assert len(answer.entries) <= 200


def test_one_address_may_not_take_all_connections(start: Start) -> None:
    port = start(sample_catalogue(), quick(idle_seconds=30, connections_per_address=5))
    wires = [Wire(port) for _ in range(5)]
    assert all(wire.ask(INIT) for wire in wires)
    sixth = Wire(port).read()
    assert isinstance(sixth, Close)
    assert sixth.reason == CloseReason.RESOURCES
    wires[0].socket.close()
    time.sleep(0.2)
    assert alive(port)


def test_a_thousand_silent_connections_make_room_for_who_speaks(start: Start) -> None:
    limits = quick(pdu_seconds=30, idle_seconds=60, connections=100, connections_per_address=1200)
    port = start(sample_catalogue(), limits)
    wires = [Wire(port) for _ in range(1000)]
    speaking = Wire(port)
    assert isinstance(speaking.ask(INIT), InitResponse)
    assert alive(port)
    goodbye = wires[0].read()
    assert isinstance(goodbye, Close)
    assert goodbye.reason == CloseReason.RESOURCES
    for wire in wires:
        wire.socket.close()


def test_who_has_introduced_himself_makes_room_for_nobody(start: Start) -> None:
    port = start(sample_catalogue(), quick(idle_seconds=30, connections=5, connections_per_address=100))
    wires = [Wire(port) for _ in range(5)]
    assert all(wire.ask(INIT) for wire in wires)
    sixth = Wire(port).read()
    assert isinstance(sixth, Close)
    assert sixth.reason == CloseReason.RESOURCES
    assert isinstance(wires[0].ask(SearchRequest(pqf.parse("@attr 1=4 алгебра"))), SearchResponse)


def test_who_connects_and_says_nothing_is_not_waited_for(start: Start) -> None:
    answer = Wire(start(sample_catalogue(), quick(pdu_seconds=0.3, idle_seconds=60))).read()
    assert isinstance(answer, Close)
    assert answer.reason == CloseReason.LACK_OF_ACTIVITY


def test_a_client_that_never_reads_does_not_stop_the_others(start: Start) -> None:
    port = start(sample_catalogue(), quick(send_seconds=0.5, idle_seconds=30))
    wire = Wire(port)
    wire.ask(INIT)
    wire.ask(SearchRequest(pqf.parse("@attr 1=4 алгебра")))
    wire.socket.settimeout(2)
    present = requests.write(PresentRequest(1, 3))
    try:
        for _ in range(20_000):
            wire.send(present)
    except OSError:
        pass
    assert alive(port)


def test_many_clients_at_once_get_their_own_answers(start: Start) -> None:
    port = start(sample_catalogue())
    wrong: list[object] = []

    def work(query: str, hits: int) -> None:
        wire = Wire(port)
        wire.ask(INIT)
        for _ in range(30):
            answer = wire.ask(SearchRequest(pqf.parse(query)))
            if not isinstance(answer, SearchResponse) or answer.hits != hits:
                wrong.append(answer)

    asked = [("@attr 1=4 алгебра", 3), ("@attr 1=1003 пушкин", 2), ("@attr 1=31 2019", 2), ("@attr 1=4 нет", 0)]
    threads = [threading.Thread(target=work, args=pair) for pair in asked * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong


def test_who_waits_to_be_accepted_when_the_server_stops_is_told_so() -> None:
    settings = ServerSettings(port=0)
    server, listener = Server(sample_catalogue, settings), listen(settings)
    waiting = [Wire(listener.getsockname()[1]) for _ in range(3)]
    waiting[0].send(INIT)
    server.stop()
    server.run(listener)
    for wire in waiting:
        *_, goodbye = iter(wire.read, None)
        assert isinstance(goodbye, Close)
        assert goodbye.reason == CloseReason.SHUTDOWN


def test_a_connection_that_nothing_wakes_says_goodbye_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows keeps no time limits of sockets, and may leave asleep who receives from one that is shut."""
    monkeypatch.setattr(connection, "BY_KERNEL", False)
    monkeypatch.setattr(connection, "STEP_SECONDS", 0.05)
    shut = socket.socket.shutdown
    monkeypatch.setattr(
        socket.socket, "shutdown", lambda self, how: None if how == socket.SHUT_RD else shut(self, how), raising=False
    )
    settings = ServerSettings(port=0)
    server, listener = Server(sample_catalogue, settings), listen(settings)
    thread = threading.Thread(target=server.run, args=(listener,), daemon=True)
    thread.start()
    wire = Wire(listener.getsockname()[1])
    assert isinstance(wire.ask(INIT), InitResponse)
    assert isinstance(wire.ask(SearchRequest(pqf.parse("@attr 1=4 алгебра"))), SearchResponse)
    server.stop()
    goodbye = wire.read()
    assert isinstance(goodbye, Close)
    assert goodbye.reason == CloseReason.SHUTDOWN
    thread.join(15)
    assert not thread.is_alive()


SERVE = """
import sys, time
from pathlib import Path
from catalog_sync.query import Sort
from tests.fakes import MemoryCatalogue, sample_catalogue
from web.z3950.server import serve
from web.z3950.settings import ServerSettings

class Slow(MemoryCatalogue):
    def search(self, *given, **more):
        time.sleep(0.7)
        return super().search(*given, **more)

catalogue = Slow(sample_catalogue()._records.values())
settings = ServerSettings(port=0, metrics_file=Path(sys.argv[1]), workers=int(sys.argv[2]))
serve(lambda: catalogue, settings, lambda port: print(port, flush=True))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_finishes_the_request_under_way_and_says_goodbye(tmp_path: Path, workers: int) -> None:
    metrics = tmp_path / "z3950.prom"
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(metrics), str(workers)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        busy, idle = Wire(port), Wire(port)
        busy.ask(INIT)
        idle.ask(INIT)
        busy.send(SearchRequest(pqf.parse("@attr 1=4 алгебра")))
        time.sleep(0.2)
        process.terminate()
        answer = busy.read()
        assert isinstance(answer, SearchResponse)
        assert answer.hits == 3
        for wire in (busy, idle):
            goodbye = wire.read()
            assert isinstance(goodbye, Close)
            assert goodbye.reason == CloseReason.SHUTDOWN
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
    told = "".join(path.read_text() for path in metrics_files(metrics))
    assert 'catalog_sync_z3950_requests_total{kind="search"' in told
    assert len(metrics_files(metrics)) == workers


def test_a_worker_that_dies_is_started_again(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path / "m.prom"), "2"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) == 2
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        wire = Wire(port)  # waits in the backlog until a worker is there again
        assert wire.ask(INIT)
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_workers_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE.replace("from web.z3950.server import serve", QUICK), str(tmp_path / "m"), "2"],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    port = int(process.stdout.readline())
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            Wire(port).socket.close()
        except ConnectionRefusedError:
            return
        time.sleep(0.1)
    pytest.fail("a worker still listens")


QUICK = """import web.z3950.server
from web.z3950.server import serve
web.z3950.server.METRICS_SECONDS = 0.2"""
