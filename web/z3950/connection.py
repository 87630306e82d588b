"""One TCP connection: bytes to PDUs, answers to bytes, and the times a client may take."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
import time

from catalog_sync.protocol.apdu import CloseReason
from catalog_sync.protocol.ber import BerError
from catalog_sync.protocol.framing import Framer
from web.z3950.session import Answer, Session
from web.z3950.settings import Limits

log = logging.getLogger("catalog_sync.z3950")
RECEIVE_BYTES = 65536
BY_KERNEL = os.name == "posix"  # it keeps time limits, and wakes who receives from a socket that we shut for reading
STEP_SECONDS = 1.0  # of waiting where it does not: how soon a connection notices that it has to stop


class Patience:
    """Time limits of a socket kept by the kernel where it can: a request costs two system calls instead of six."""

    def __init__(self, client: socket.socket, send_seconds: float) -> None:
        self._socket = client
        self._seconds, self._send_seconds = 0.0, send_seconds
        if BY_KERNEL:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(send_seconds))

    def set(self, seconds: float) -> None:
        """How long the next receive may take."""
        if seconds != self._seconds:
            self._seconds = seconds
            if BY_KERNEL:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(seconds))
            else:
                self._socket.settimeout(seconds)

    def before_sending(self) -> None:
        """Elsewhere a socket has one limit for both ways."""
        if not BY_KERNEL:
            self.set(self._send_seconds)


def _timeval(seconds: float) -> bytes:
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000) or (0 if seconds >= 1 else 1000))


class Connection:
    """Serves one client until either side ends it. `stop` may be called from another thread."""

    def __init__(self, client: socket.socket, session: Session, limits: Limits) -> None:
        self._socket = client
        self._session = session
        self._limits = limits
        self._framer = Framer(limits.pdu_bytes)
        self._begun = 0.0  # when the first byte of the PDU under way came
        self._stopping = False
        self._why = (CloseReason.SHUTDOWN, "catalog-sync is being restarted")
        self._busy = False

    @property
    def is_stranger(self) -> bool:
        """Whether it has not even introduced itself, and is not on its way out."""
        return not self._session.greeted and not self._stopping

    def make_room(self) -> None:
        """Stop, because somebody else needs the place."""
        self._why = (CloseReason.RESOURCES, "too many connections")
        self.stop()

    def stop(self) -> None:
        """Finish the request that is being served, then close. Wakes the thread that waits for the next one."""
        self._stopping = True
        if not self._busy:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RD)

    def run(self) -> None:
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._patience = Patience(self._socket, self._limits.send_seconds)
            while self._turn():
                pass
        except OSError:
            pass  # the client went away, or doesn't read: nobody is left to tell
        except Exception:
            log.exception("соединение № %s прервано сбоем", self._session.number)
        finally:
            self._hang_up()

    def _turn(self) -> bool:
        """Receive once and answer what is complete; False ends the connection."""
        if self._stopping:
            self._send(self._session.farewell(*self._why))
            return False
        data = self._receive()
        if data is None:
            said = "the request was not finished in time" if self._framer.waiting else "no request for a long time"
            self._send(self._session.farewell(CloseReason.LACK_OF_ACTIVITY, said))
            return False
        if not data:  # the end of the stream, ours (`stop`) or theirs
            return self._stopping
        return self._answer(data)

    def _receive(self) -> bytes | None:
        """What came; empty at the end of the stream, ours (`stop`) too; None where the client took too long."""
        left = self._seconds_left()
        while left > 0:
            step = left if BY_KERNEL else min(left, STEP_SECONDS)
            self._patience.set(step)
            try:
                return self._socket.recv(RECEIVE_BYTES)
            except (TimeoutError, BlockingIOError):
                left -= step
            if self._stopping:
                return b""
        return None

    def _seconds_left(self) -> float:
        """A PDU once begun has to be finished, however slowly its bytes drip; and nobody connects to say nothing."""
        if not self._framer.waiting:
            return self._limits.idle_seconds if self._session.greeted else self._limits.pdu_seconds
        return max(0.001, self._begun + self._limits.pdu_seconds - time.monotonic())

    def _answer(self, data: bytes) -> bool:
        if not self._framer.waiting:
            self._begun = time.monotonic()
        self._busy = True
        try:
            for pdu in self._framer.feed(data):
                self._begun = time.monotonic()
                answer = self._session.handle(pdu)
                self._send(answer)
                if answer.close or self._stopping:
                    return not answer.close
        except BerError as error:
            self._send(self._session.too_long(error))
            return False
        finally:
            self._busy = False
        return True

    def _send(self, answer: Answer) -> None:
        if answer.data:
            self._patience.before_sending()
            self._socket.sendall(answer.data)

    def _hang_up(self) -> None:
        """Close so that the last answer arrives: unread input would turn the close into a reset."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
            self._patience.set(0.2)
            for _ in range(16):
                if not self._socket.recv(RECEIVE_BYTES):
                    break
        except OSError:
            pass
        self._socket.close()
