"""A Z39.50 target that misbehaves in one chosen way: cuts, lies, drips, stops short, never ends."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

from catalog_sync.protocol import requests, responses
from catalog_sync.protocol.apdu import (
    Close,
    Diagnostic,
    InitRequest,
    InitResponse,
    PresentRequest,
    PresentResponse,
    Record,
    Request,
    SearchRequest,
    SearchResponse,
)
from catalog_sync.protocol.external import External
from catalog_sync.protocol.framing import Framer
from tests.fake_records import union_record
from tests.fakes import record_marc
from tests.z3950.conftest import RUSMARC

Reply = Callable[[Request, int], bytes]


def marc(number: int) -> bytes:
    return record_marc(union_record(f"h{number}", f"Книга {number}").bib)


def plain(request: Request, connection: int, hits: int = 25) -> bytes:
    """A well-behaved target of `hits` records."""
    if isinstance(request, InitRequest):
        return responses.write(InitResponse(True, frozenset({0, 1})))
    if isinstance(request, SearchRequest):
        return responses.write(SearchResponse(hits))
    if isinstance(request, PresentRequest):
        after = request.start + request.count
        found = tuple(Record(External(RUSMARC, marc(n)), "x") for n in range(request.start, after))
        return responses.write(PresentResponse(len(found), after, records=found))
    return responses.write(Close(0))


@contextlib.contextmanager
def target(reply: Reply) -> Iterator[int]:
    """Serves on a free port; `reply(request, number of the connection)` gives the bytes to send, b"" hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    stop = threading.Event()

    def serve(client: socket.socket, number: int) -> None:
        framer = Framer()
        with client, contextlib.suppress(OSError):
            while data := client.recv(65536):
                for pdu in framer.feed(data):
                    answer = reply(requests.read(pdu), number)
                    if not answer:
                        return
                    client.sendall(answer)

    def accept() -> None:
        number = 0
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = listener.accept()
                number += 1
                threading.Thread(target=serve, args=(client, number), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        thread.join(5)
        listener.close()


# --- ways to misbehave -----------------------------------------------------------------------------------------------


def hangs_up_once(request: Request, connection: int) -> bytes:
    if isinstance(request, PresentRequest) and request.start > 10 and connection == 1:
        return b""
    return plain(request, connection)


def hangs_up_always(request: Request, connection: int) -> bytes:
    return b"" if isinstance(request, PresentRequest) else plain(request, connection)


def promises_two_gigabytes(request: Request, connection: int) -> bytes:
    return b"\xb9\x84\x7f\xff\xff\xff\x00" if isinstance(request, PresentRequest) else plain(request, connection)


def talks_http(request: Request, connection: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def answers_another_question(request: Request, connection: int) -> bytes:
    return responses.write(SearchResponse(1)) if isinstance(request, PresentRequest) else plain(request, connection)


def gives_nothing(request: Request, connection: int) -> bytes:
    if isinstance(request, PresentRequest) and request.start > 10:
        return responses.write(PresentResponse(0, request.start))
    return plain(request, connection)


def gives_more_than_asked(request: Request, connection: int) -> bytes:
    if isinstance(request, PresentRequest):
        found = tuple(Record(External(RUSMARC, marc(n)), "x") for n in range(request.start, request.start + 100))
        return responses.write(PresentResponse(100, 0, records=found))
    return plain(request, connection)


def one_record_at_a_time(request: Request, connection: int) -> bytes:
    if isinstance(request, PresentRequest):
        found = (Record(External(RUSMARC, marc(request.start)), "x"),)
        return responses.write(PresentResponse(1, request.start + 1, 2, found))
    return plain(request, connection)


def one_is_broken(request: Request, connection: int) -> bytes:
    if isinstance(request, PresentRequest):
        found = tuple(
            Record(Diagnostic(14, "damaged") if n == 7 else External(RUSMARC, marc(n)), "x")
            for n in range(request.start, request.start + request.count)
        )
        return responses.write(PresentResponse(len(found), 0, records=found))
    return plain(request, connection)


def one_is_too_large_for_a_chunk(request: Request, connection: int) -> bytes:
    if isinstance(request, PresentRequest) and request.count > 1:
        found = tuple(
            Record(Diagnostic(16) if n == 7 else External(RUSMARC, marc(n)), "x")
            for n in range(request.start, request.start + request.count)
        )
        return responses.write(PresentResponse(len(found), 0, records=found))
    return plain(request, connection)


def shrinks(request: Request, connection: int) -> bytes:
    if isinstance(request, PresentRequest) and connection == 1 and request.start > 10:
        return b""
    return plain(request, connection, 25 if connection == 1 else 15)


def says_goodbye(request: Request, connection: int) -> bytes:
    return responses.write(Close(4, "enough")) if isinstance(request, PresentRequest) else plain(request, connection)


def refuses(request: Request, connection: int) -> bytes:
    if isinstance(request, SearchRequest):
        return responses.write(SearchResponse(0, False, diagnostics=(Diagnostic(114, "1=4"),)))
    return plain(request, connection)


def is_busy_once(request: Request, connection: int) -> bytes:
    if isinstance(request, SearchRequest) and connection == 1:
        return responses.write(SearchResponse(0, False, diagnostics=(Diagnostic(2, "busy"),)))
    return plain(request, connection)


def keeps_silent(request: Request, connection: int) -> bytes:
    if isinstance(request, SearchRequest):
        time.sleep(2)
    return plain(request, connection)
