"""A server that does to harvesters what the field does: cuts, lies about lengths, drips, bombs, redirects.

It speaks HTTP over raw sockets, because an honest HTTP library refuses to lie. Every behaviour is a function from a
Request to an iterable of bytes to send; a float in between is a pause in seconds, CUT ends the connection rudely.
"""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

CUT = object()
Part = bytes | float | object
Behaviour = Callable[["Request"], Iterable[Part]]


@dataclass(frozen=True)
class Request:
    path: str
    arguments: dict[str, str]
    headers: dict[str, str]
    number: int  # how many requests this path has had, from 1


@dataclass
class HostileServer:
    """Behaviours by path; `requests` is what was asked."""

    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._stopped = False
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def stop(self) -> None:
        self._stopped = True
        self._socket.close()

    def _accept(self) -> None:
        while not self._stopped:
            with contextlib.suppress(OSError):
                connection, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        raw.settimeout(5)
        with raw, contextlib.suppress(OSError), self._wrapped(raw) as connection:
            request = self._read(connection)
            for part in self.behaviours[request.path](request):
                if part is CUT:
                    # Linger 0: a reset, not a polite end.
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                if isinstance(part, float):
                    time.sleep(part)
                elif isinstance(part, bytes):
                    connection.sendall(part)

    def _wrapped(self, raw: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(raw, server_side=True) if self.tls else raw

    def _read(self, connection: socket.socket) -> Request:
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        lines = data.decode("latin-1").split("\r\n")
        parts = urlsplit(lines[0].split()[1])
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:]) if k}
        arguments = {k: v[-1] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
        number = sum(r.path == parts.path for r in self.requests) + 1
        request = Request(parts.path, arguments, headers, number)
        self.requests.append(request)
        return request


def head(status: str = "200 OK", length: int | None = None, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Connection: close"]
    lines += [f"Content-Length: {length}"] if length is not None else []
    lines += [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def whole(body: bytes, status: str = "200 OK", **headers: str) -> list[Part]:
    return [head(status, len(body), **headers), body]


def serves(body: bytes, status: str = "200 OK", **headers: str) -> Behaviour:
    return lambda _: whole(body, status, **headers)


def honest(body: bytes, etag: str = '"v1"') -> Behaviour:
    """Knows If-None-Match, Range and If-Range."""

    def answer(request: Request) -> list[Part]:
        if request.headers.get("if-none-match") == etag:
            return [head("304 Not Modified", ETag=etag)]
        wanted = request.headers.get("range", "")
        if wanted and request.headers.get("if-range") == etag:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            span = f"bytes {start}-{len(body) - 1}/{len(body)}"
            return whole(body[start:], "206 Partial Content", Content_Range=span, ETag=etag)
        return whole(body, ETag=etag)

    return answer


def cuts(body: bytes, at: int, times: int, then: Behaviour | None = None, etag: str = '"v1"') -> Behaviour:
    """Breaks off after `at` bytes of the body, `times` times; afterwards it is honest."""

    def answer(request: Request) -> Iterable[Part]:
        if request.number > times:
            return (then or honest(body, etag))(request)
        return [head(length=len(body), ETag=etag), body[:at], 0.05, CUT]

    return answer


def promises(body: bytes, length: int) -> Behaviour:
    return lambda _: [head(length=length), body]


def drips(body: bytes, seconds: float) -> Behaviour:
    def answer(_: Request) -> Iterator[Part]:
        yield head(length=len(body))
        for byte in body:
            yield bytes([byte])
            yield seconds

    return answer


def drips_headers(seconds: float) -> Behaviour:
    def answer(_: Request) -> Iterator[Part]:
        yield b"HTTP/1.1 200 OK\r\n"
        for number in range(1000):
            yield f"X-{number}: ".encode()
            yield seconds

    return answer


def busy(times: int, then: Behaviour, retry_after: str = "1") -> Behaviour:
    def answer(request: Request) -> Iterable[Part]:
        if request.number > times:
            return then(request)
        return whole(b"", "503 Service Unavailable", Retry_After=retry_after)

    return answer


def redirects(location: str, status: str = "302 Found") -> Behaviour:
    return lambda _: whole(b"", status, Location=location)


def bomb(megabytes: int) -> bytes:
    """gzip of that many megabytes of zeros."""
    return gzip.compress(b"\x00" * (megabytes << 20), 9)


class CuttingProxy:
    """Forwards TCP to a local port and cuts connection number `cut_connection` after so many bytes from the server."""

    def __init__(self, port: int, cut_connection: int, after: int) -> None:
        self._target, self._cut, self._after = port, cut_connection, after
        self.connections = self.forwarded = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def __enter__(self) -> CuttingProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._socket.accept()
                self.connections += 1
                far = socket.create_connection(("127.0.0.1", self._target))
                limit = self._after if self.connections == self._cut else None
                threading.Thread(target=self._pump, args=(near, far, None), daemon=True).start()
                threading.Thread(target=self._pump, args=(far, near, limit), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, limit: int | None) -> None:
        came = 0
        with contextlib.suppress(OSError):
            while data := source.recv(32768):
                target.sendall(data)
                came += len(data)
                self.forwarded += len(data)
                if limit is not None and came >= limit:
                    break
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
