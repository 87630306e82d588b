"""Load for Z39.50 servers: one search and one present of ten per pair, over N connections, from one process.

PDUs are made beforehand and answers are only framed, so that the load costs little beside what it measures.
"""

from __future__ import annotations

import os
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from catalog_sync.protocol import pqf, requests, responses
from catalog_sync.protocol.apdu import CqlQuery, InitRequest, PresentRequest, SearchRequest, SearchResponse
from catalog_sync.protocol.framing import Framer
from catalog_sync.protocol.oids import Syntax

TICKS = os.sysconf("SC_CLK_TCK")
PRESENT = requests.write(PresentRequest(1, 10, syntax=Syntax.USMARC, elements="F"))
INIT = requests.write(InitRequest(frozenset({0, 1, 7, 8, 14})))


def search_pdu(query: str) -> bytes:
    return requests.write(SearchRequest(pqf.parse(query), syntax=Syntax.USMARC))


@dataclass
class Caller:
    """One connection: sends search, present, search, present … and counts whole pairs."""

    port: int
    pdus: Sequence[bytes]
    at: int
    pairs: int = 0
    searching: bool = True
    framer: Framer = field(default_factory=lambda: Framer(1 << 26))

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), 20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(INIT)
        while not list(self.framer.feed(self.socket.recv(65536))):
            pass

    def send(self) -> None:
        self.socket.sendall(self.pdus[self.at % len(self.pdus)] if self.searching else PRESENT)

    def receive(self) -> None:
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("the server closed the connection")
        for _ in self.framer.feed(data):
            if not self.searching:
                self.pairs += 1
                self.at += 1
            self.searching = not self.searching
            self.send()


def run(port: int, pdus: Sequence[bytes], connections: int, seconds: float) -> tuple[int, float]:
    """(pairs, seconds they took)."""
    with selectors.DefaultSelector() as selector:
        # As far apart as can be: what one asks must not be what another has just asked.
        callers = [Caller(port, pdus, n * len(pdus) // connections) for n in range(connections)]
        for caller in callers:
            selector.register(caller.socket, selectors.EVENT_READ, caller)
            caller.send()
        began = time.monotonic()
        while (now := time.monotonic()) - began < seconds:
            for key, _ in selector.select(1):
                key.data.receive()
        for caller in callers:
            caller.socket.close()
    return sum(caller.pairs for caller in callers), now - began


def cql_pdu(query: str) -> bytes:
    return requests.write(SearchRequest(CqlQuery(query), syntax=Syntax.USMARC))


def hits(port: int, pdus: Sequence[bytes]) -> list[int | str]:
    """Hits of each search, or the diagnostic as «!114»."""
    found: list[int | str] = []
    framer = Framer(1 << 26)
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        for pdu in [INIT, *pdus]:
            client.sendall(pdu)
            answers: list[bytes] = []
            while not answers:
                answers = list(framer.feed(client.recv(65536)))
            answer = responses.read(answers[0])
            if isinstance(answer, SearchResponse):
                found.append(answer.hits if answer.success else f"!{answer.diagnostics[0].condition}")
    return found


def cpu_seconds(pid: int) -> float:
    """CPU of a process, its living children and those it has waited for."""
    total = 0.0
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="latin-1") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(entry) == pid:
                total += sum(map(int, fields[11:15]))
            elif int(fields[1]) == pid:
                total += sum(map(int, fields[11:13]))
    return total / TICKS
