"""The Z39.50 server: a process of its own (or a few), one thread per connection.

`serve` is what `catalog-sync serve z3950` calls. SIGTERM finishes the requests that are being served, tells every
client with a Close and returns; a new process may listen on the port meanwhile.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import select
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from catalog_sync.errors import StopEverything
from catalog_sync.protocol.apdu import Close, CloseReason
from catalog_sync.protocol.requests import write_close
from catalog_sync.query import Catalogue
from web.z3950.access_log import AccessLog
from web.z3950.asking import Libraries
from web.z3950.cache import RenderCache
from web.z3950.connection import Connection
from web.z3950.metrics import Metrics
from web.z3950.presenting import Presenter
from web.z3950.records import Renderer
from web.z3950.session import Session, Shared
from web.z3950.settings import ServerSettings

log = logging.getLogger("catalog_sync.z3950")
BACKLOG = 512
PAUSE_SECONDS = 0.25  # before accepting again when the system has no room for a connection
METRICS_SECONDS = 2.0  # how old counters and access log on disk may be
GRACE_SECONDS = 10.0  # for requests that are being served when we are told to stop
THREAD_STACK = 512 * 1024  # bytes: nothing here recurses deeply, and a connection should be cheap


@dataclass(slots=True)
class Client:
    connection: Connection
    thread: threading.Thread
    address: str


class Opened:
    """The catalogue, opened once for all connections when the first search needs it: after the fork."""

    def __init__(self, factory: Callable[[], Catalogue]) -> None:
        self._factory = factory
        self._catalogue: Catalogue | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Catalogue:
        with self._lock:
            if self._catalogue is None:
                self._catalogue = self._factory()
            return self._catalogue


class Server:
    """Accepts connections up to the caps and knows all that are open."""

    def __init__(self, catalogue_factory: Callable[[], Catalogue], settings: ServerSettings) -> None:
        self._catalogue = Opened(catalogue_factory)
        self._settings = settings
        self.metrics = Metrics(settings.worker)
        presenter = Presenter(Renderer(settings.agency), RenderCache(settings.cache_bytes))
        self._access_log = AccessLog(settings.access_log)
        self._shared = Shared(settings, presenter, Libraries(), self.metrics, self._access_log)
        self._clients: dict[int, Client] = {}
        self._by_address: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._number = 0
        self._stopping = threading.Event()
        self._wakes, self._wake = socket.socketpair()
        self._written = 0.0

    def stop(self) -> None:
        """May be called from a signal handler or another thread."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._wake.send(b"x")

    def run(self, listener: socket.socket, ready: Callable[[int], None] | None = None) -> None:
        """Serve what comes to `listener` until `stop`, then close it. `ready` is told the port."""
        with listener:
            listener.setblocking(False)
            if ready:
                ready(listener.getsockname()[1])
            while not self._stopping.is_set():
                if listener in select.select([listener, self._wakes], [], [], METRICS_SECONDS)[0]:
                    self._accept(listener)
                self._write_down()
                if self._settings.supervisor not in (0, os.getppid()):
                    self._stopping.set()  # the supervisor was killed: its successor wants the port
            while self._accept(listener):
                pass  # who waits to be accepted gets a Close, too: closing the listener would reset them
        self._finish()
        self._write_down(force=True)

    def _accept(self, listener: socket.socket) -> bool:
        """Take one connection; False where none waits or none can be had."""
        try:
            client, where = listener.accept()
        except BlockingIOError:
            return False
        except OSError as error:  # out of file descriptors: those that are open go on being served
            log.warning("соединение не принято: %s", error)
            time.sleep(PAUSE_SECONDS)
            return False
        client.setblocking(True)
        address = str(where[0])
        refused = self._refusal(address)
        if refused:
            self.metrics.add("connections_refused_total", refused)
            _refuse(client)
        else:
            self._start(client, address)
        return True

    def _refusal(self, address: str) -> str:
        """Which limit a new connection meets; "" = none. In a full server who connected and said nothing makes room."""
        limits = self._settings.limits
        with self._lock:
            if self._by_address[address] >= limits.connections_per_address:
                return "address"
            if len(self._clients) < limits.connections:
                return ""
            silent = next((c.connection for c in self._clients.values() if c.connection.is_stranger), None)
        if silent is None:
            return "server"
        silent.make_room()  # the one that has waited longest: `_clients` is in the order they came
        return ""

    def _start(self, client: socket.socket, address: str) -> None:
        self._number += 1
        number = self._number
        session = Session(number, self._catalogue, self._shared)
        connection = Connection(client, session, self._settings.limits)
        thread = threading.Thread(target=self._run, args=(number,), name=f"z3950-{number}", daemon=True)
        with self._lock:
            self._clients[number] = Client(connection, thread, address)
            self._by_address[address] += 1
        self.metrics.add("connections_total")
        self.metrics.add("connections_open")
        thread.start()

    def _run(self, number: int) -> None:
        client = self._clients[number]
        try:
            client.connection.run()
        finally:
            with self._lock:
                del self._clients[number]
                self._by_address[client.address] -= 1
                if not self._by_address[client.address]:
                    del self._by_address[client.address]
            self.metrics.add("connections_open", amount=-1)

    def _finish(self) -> None:
        with self._lock:
            clients = list(self._clients.values())
        for client in clients:
            client.connection.stop()
        until = time.monotonic() + GRACE_SECONDS
        for client in clients:
            client.thread.join(max(0.0, until - time.monotonic()))

    def _write_down(self, force: bool = False) -> None:
        """Counters and access log to disk. A full disk must not stop the service."""
        now = time.monotonic()
        if not force and now - self._written < METRICS_SECONDS:
            return
        self._written = now
        try:
            self._access_log.flush()
            if self._settings.metrics_file is not None:
                self.metrics.write(self._settings.metrics_file)
        except OSError as error:
            log.warning("счётчики и журнал запросов не записать: %s", error)


def _refuse(client: socket.socket) -> None:
    """Say why, without waiting for the client to read it."""
    with contextlib.suppress(OSError):
        client.settimeout(0)
        client.send(write_close(Close(CloseReason.RESOURCES, "too many connections")))
    client.close()


def listen(settings: ServerSettings) -> socket.socket:
    """The listening socket. Raises StopEverything where the address can't be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise StopEverything(f"Z39.50: адрес {where} не открывается: {error.strerror}") from error


@contextlib.contextmanager
def signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and SIGINT call `stop`; nothing is touched outside the main thread (tests)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def serve(
    catalogue_factory: Callable[[], Catalogue], settings: ServerSettings, ready: Callable[[int], None] | None = None
) -> None:
    """Serve until SIGTERM. The factory is called once per process; `ready` is told the port (useful with port 0)."""
    listener = listen(settings)
    if settings.workers > 1 and hasattr(os, "fork"):
        from web.z3950.workers import supervise

        supervise(listener, settings, lambda share: _work(catalogue_factory, share, listener, None), ready)
    else:
        _work(catalogue_factory, settings, listener, ready)


def _work(
    catalogue_factory: Callable[[], Catalogue], settings: ServerSettings, listener: socket.socket,
    ready: Callable[[int], None] | None,
) -> None:  # fmt: skip
    threading.stack_size(THREAD_STACK)
    _calm_collector()
    server = Server(catalogue_factory, settings)
    with signals(server.stop):
        server.run(listener, ready)


def _calm_collector() -> None:
    """Requests make no cycles worth looking for every 700 objects; what is loaded now stays for ever."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
