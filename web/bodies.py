"""What a form sends is read before it takes a turn, and bodies on their way leave most threads to pages.

The server under us waits for the rest of a body for ever, in one of the few threads that make pages: two hundred
connections that sent a letter now and then stopped the whole site. Now they stop forms at most. Who left without a
word (a telephone that lost its network) is noticed by the kernel.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterable
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from web.security import BODY_BYTES

AT_ONCE = 24  # bodies on their way to one worker, of its 64 threads (cli/serving.py)
CHUNK = 64 * 1024
IN_MEMORY = 1 << 20  # bytes of a body; a larger one lies in a temporary file
BUSY, CUT = "503 Service Unavailable", "400 Bad Request"
WORDS = {
    BUSY: "Сейчас отправляется слишком много форм. Ничего не испорчено: отправьте ещё раз через минуту.",
    CUT: "Форма дошла не целиком. Отправьте её ещё раз.",
}
OPEN_FILES = "/proc/self/fd"  # Linux; elsewhere the dead are not asked after
# Seconds until a silent peer is asked whether it lives, between questions, and how often: two minutes together.
KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}


class Bodies:
    """The bodies of the requests of one worker."""

    def __init__(self) -> None:
        self._places = threading.Semaphore(AT_ONCE)

    def read(self, environ: dict[str, Any]) -> str:
        """Put the whole body into `wsgi.input`; else the status to answer with.

        A body that promises to be larger than any upload is left where it is: the application refuses it unread.
        """
        promised = int(environ.get("CONTENT_LENGTH") or 0)
        if promised > BODY_BYTES or not (promised or "HTTP_TRANSFER_ENCODING" in environ):
            return ""
        if not self._places.acquire(blocking=False):
            return BUSY
        try:
            kept, came = _kept(environ["wsgi.input"], promised or BODY_BYTES + 1)
        finally:
            self._places.release()
        if promised and came < promised:
            return CUT
        environ["CONTENT_LENGTH"], environ["wsgi.input"] = str(came), kept
        return ""


def _kept(source: Any, most: int) -> tuple[IO[bytes], int]:
    """What comes, and how many bytes that are."""
    kept = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the application reads it)
    came = 0
    while came < most and (chunk := source.read(min(CHUNK, most - came))):
        kept.write(chunk)
        came += len(chunk)
    kept.seek(0)
    return kept, came


def refuse(status: str, start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer without the application, and end the connection."""
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"), ("Connection", "close")]
    start(status, [*headers, ("Retry-After", "60")])
    return [WORDS[status].encode()]


def notice_the_dead() -> None:
    """Have the kernel ask after peers that went silent: an accepted socket inherits it from the one that listens."""
    for name in os.listdir(OPEN_FILES) if os.path.isdir(OPEN_FILES) else ():
        try:
            found = socket.socket(fileno=int(name))
        except OSError:
            continue  # no socket
        try:
            if found.family in (socket.AF_INET, socket.AF_INET6) and found.getsockopt(
                socket.SOL_SOCKET, socket.SO_ACCEPTCONN
            ):
                found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                for option, value in KEEPALIVE.items():
                    found.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        finally:
            found.detach()  # it is not ours to close
