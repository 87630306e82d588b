"""Bodies are read before their request takes a turn, whole or not at all, and leave threads to pages."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterable
from typing import Any

import pytest

from web import bodies
from web.security import BODY_BYTES
from web.turns import FairWorker


class Dripping:
    """A body of which nothing comes until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def read(self, size: int) -> bytes:
        self.go.wait(20)
        return b""


def echo(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    start("200 OK", [])
    return [environ["wsgi.input"].read()]


def sent(worker: FairWorker, source: Any, **more: str) -> tuple[str, bytes]:
    found: list[str] = []
    environ = {"REQUEST_METHOD": "POST", "wsgi.input": source, **more}
    body = b"".join(worker(environ, lambda status, *_: found.append(status)))
    return found[0], body


@pytest.mark.parametrize("size", [1, bodies.CHUNK, 3 * bodies.IN_MEMORY + 1])
def test_a_body_arrives_whole(size: int) -> None:
    data = bytes(n % 251 for n in range(size))
    assert sent(FairWorker(echo, None), io.BytesIO(data), CONTENT_LENGTH=str(size)) == ("200 OK", data)


def test_a_body_of_unknown_length_arrives_and_tells_its_length() -> None:
    def length(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        start("200 OK", [])
        return [environ["CONTENT_LENGTH"].encode()]

    assert sent(FairWorker(length, None), io.BytesIO(b"abc"), HTTP_TRANSFER_ENCODING="chunked") == ("200 OK", b"3")


def test_half_a_form_is_not_handed_on() -> None:
    status, said = sent(FairWorker(echo, None), io.BytesIO(b"word=sa"), CONTENT_LENGTH="9")
    assert status.startswith("400")
    assert "не целиком" in said.decode()


def test_a_body_larger_than_any_upload_is_left_unread() -> None:
    source = io.BytesIO(b"abc")
    environ = {"REQUEST_METHOD": "POST", "wsgi.input": source, "CONTENT_LENGTH": str(BODY_BYTES + 1)}
    assert bodies.Bodies().read(environ) == ""
    assert environ["wsgi.input"] is source
    assert source.tell() == 0


def test_bodies_that_stand_still_leave_room_for_pages_and_the_next_form_is_told_so() -> None:
    worker, source = FairWorker(echo, None), Dripping()
    waiting = [threading.Thread(target=sent, args=(worker, source), kwargs={"CONTENT_LENGTH": "5"})
               for _ in range(bodies.AT_ONCE)]  # fmt: skip
    for thread in waiting:
        thread.start()
    until = time.monotonic() + 10
    while worker._bodies._places._value and time.monotonic() < until:
        time.sleep(0.01)
    assert sent(worker, io.BytesIO(b"page"), REQUEST_METHOD="GET") == ("200 OK", b"page")
    status, said = sent(worker, io.BytesIO(b"a=1"), CONTENT_LENGTH="3")
    assert status.startswith("503")
    assert "ещё раз" in said.decode()
    source.go.set()
    for thread in waiting:
        thread.join(10)
    assert sent(worker, io.BytesIO(b"a=1"), CONTENT_LENGTH="3") == ("200 OK", b"a=1")
