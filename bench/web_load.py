"""Readers who ask one page after another: a small client of its own process, so that it takes little from the server.

Printed per answer it costs a tenth of what `http.client` does: the answers are counted and timed, not looked into.
"""

from __future__ import annotations

import json
import random
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

HEAD_END, LENGTH, LAST_CHUNK = b"\r\n\r\n", b"\r\ncontent-length:", b"\r\n0\r\n\r\n"
CLOSING = b"\r\nconnection: close\r\n"
BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class Served:
    """Answers per second and how long they took, in milliseconds; bytes of one answer as sent."""

    rate: float
    median: float
    p95: float
    longest: float
    bytes: float


class Reader:
    """One reader on a connection that is kept until the server closes it."""

    def __init__(self, host: str, port: int, requests: list[bytes], seed: int) -> None:
        self._address, self._requests, self._chooser = (host, port), requests, random.Random(seed)
        self.socket, self._closing = self._connect(), False
        self.ask()

    def _connect(self) -> socket.socket:
        made = socket.create_connection(self._address)
        made.setblocking(False)
        return made

    def ask(self) -> bool:
        """Send the next request; whether over a new connection, whose making is part of the answer's time."""
        self.since, closed = time.perf_counter(), self._closing
        if closed:
            self.socket = self._connect()
        self.got, self._wanted, self._chunked, self._closing = bytearray(), 0, False, False
        self.socket.sendall(self._chooser.choice(self._requests))
        return closed

    def has_answer(self) -> bool:
        """Read what came; whether the answer is whole. Raises RuntimeError for any answer but 200."""
        data = self.socket.recv(BUFFER)
        if not data:
            raise RuntimeError("the server closed the connection")
        self.got += data
        if not self._wanted and (end := self.got.find(HEAD_END)) >= 0:
            if not self.got.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(bytes(self.got[:60]).decode("latin-1"))
            head = bytes(self.got[: end + 2]).lower()
            self._closing = CLOSING in head
            start = head.find(LENGTH) + len(LENGTH)
            self._chunked = start < len(LENGTH)
            length = 0 if self._chunked else int(head[start:].split(b"\r\n", 1)[0])
            self._wanted = end + len(HEAD_END) + length
        whole = bool(self._wanted) and len(self.got) >= self._wanted
        return whole and (not self._chunked or self.got.endswith(LAST_CHUNK))


def read(base: str, paths: list[str], readers: int, seconds: float) -> Served:
    host, port = urlsplit(base).hostname or "", urlsplit(base).port or 80
    requests = [
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept-Encoding: gzip\r\n\r\n".encode() for path in paths
    ]
    waiting = selectors.DefaultSelector()
    for number in range(readers):
        reader = Reader(host, port, requests, number)
        waiting.register(reader.socket, selectors.EVENT_READ, reader)
    times, sizes, start = [], 0, time.perf_counter()
    while (now := time.perf_counter()) < start + seconds:
        for key, _ in waiting.select(1):
            reader = key.data
            if reader.has_answer():
                times.append((time.perf_counter() - reader.since) * 1000)
                sizes += len(reader.got)
                old = reader.socket
                if reader.ask():
                    waiting.unregister(old)
                    old.close()
                    waiting.register(reader.socket, selectors.EVENT_READ, reader)
    ordered = sorted(times)
    return Served(
        len(times) / (now - start), ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.95)], ordered[-1],
        sizes / len(times),
    )  # fmt: skip


def load(base: str, paths: list[str], readers: int, seconds: float) -> Served:
    """`read` in a process of its own."""
    asked = json.dumps([base, paths, readers, seconds])
    done = subprocess.run([sys.executable, "-m", "bench.web_load"], input=asked, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    return Served(**json.loads(done.stdout))


if __name__ == "__main__":
    print(json.dumps(asdict(read(*json.loads(sys.stdin.read())))))
