"""One Z39.50 association: requests in, responses out. No sockets and no threads, so every rule here can be tested.

The order of services and their refusals follow ANSI/NISO Z39.50-2003 section 3.2; the diagnostics are Bib-1's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from catalog_sync.failures import note
from catalog_sync.protocol import requests, responses
from catalog_sync.protocol.apdu import (
    Close,
    CloseReason,
    DeleteRequest,
    InitRequest,
    PresentRequest,
    Request,
    ScanRequest,
    SearchRequest,
    SortRequest,
    UnknownRequest,
)
from catalog_sync.protocol.ber import BerError, TooLong
from catalog_sync.protocol.diagnostics import Condition, Fault
from catalog_sync.query import Catalogue, Unsupported
from web.z3950 import operations
from web.z3950.access_log import AccessLog
from web.z3950.asking import Libraries, refusal
from web.z3950.greeting import Greeting, greet
from web.z3950.metrics import Metrics
from web.z3950.operations import Desk, Outcome
from web.z3950.presenting import Presenter
from web.z3950.settings import ServerSettings

log = logging.getLogger("catalog_sync.z3950")
_EVENTS = {kind: kind.__name__.removesuffix("Request").lower() for kind in get_args(Request)}


@dataclass(frozen=True, slots=True)
class Shared:
    """What all associations of a server have in common."""

    settings: ServerSettings
    presenter: Presenter
    libraries: Libraries
    metrics: Metrics
    access_log: AccessLog


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes to send (maybe none), and whether the connection ends after them."""

    data: bytes
    close: bool = False


class Session:
    """State of one association. `open_catalogue` is called when the first search needs it."""

    def __init__(self, number: int, open_catalogue: Callable[[], Catalogue], shared: Shared) -> None:
        self.number = number
        self._shared = shared
        self._greeting: Greeting | None = None
        self._failed_logins = 0
        self._desk = Desk(open_catalogue, shared.settings, shared.presenter, shared.libraries)

    @property
    def encoding(self) -> str:
        """Python's codec of names and messages."""
        return self._greeting.encoding if self._greeting else "utf-8"

    @property
    def greeted(self) -> bool:
        """Whether the client has introduced itself: an Init was accepted."""
        return self._greeting is not None

    def handle(self, pdu: bytes) -> Answer:
        """The answer to one PDU. Never raises: a fault of ours is a diagnostic, a fault of theirs a Close."""
        started = time.perf_counter()
        try:
            request = requests.read(pdu, self.encoding)
        except BerError as error:
            self._shared.metrics.add("malformed_total")
            self._shared.access_log.add(self.number, "malformed", 0.0)
            return self.farewell(CloseReason.PROTOCOL_ERROR, f"Malformed APDU: {error}")
        answer, outcome = self._serve(request)
        seconds = time.perf_counter() - started
        event = _EVENTS[type(request)]
        self._shared.metrics.request(event, seconds, outcome.diagnostic)
        diagnostic = outcome.diagnostic or None
        self._shared.access_log.add(self.number, event, seconds * 1000, diagnostic=diagnostic, **outcome.facts)
        return answer

    def farewell(self, reason: CloseReason, info: str = "", reference: bytes | None = None) -> Answer:
        """A Close of ours; the connection ends with it."""
        return Answer(requests.write_close(Close(reason, info, reference), self.encoding), True)

    def too_long(self, error: BerError) -> Answer:
        """The framing gave up: the PDU is too long, or no BER at all."""
        self._shared.metrics.add("malformed_total")
        reason = CloseReason.RESOURCES if isinstance(error, TooLong) else CloseReason.PROTOCOL_ERROR
        return self.farewell(reason, str(error))

    # --- one request -------------------------------------------------------------------------------------------------

    def _serve(self, request: Request) -> tuple[Answer, Outcome]:
        if isinstance(request, Close):
            return self.farewell(CloseReason.FINISHED, reference=request.reference), Outcome()
        if isinstance(request, InitRequest):
            return self._init(request)
        if self._greeting is None:
            return self.farewell(CloseReason.PROTOCOL_ERROR, "Init is expected first"), Outcome()
        if isinstance(request, UnknownRequest):
            info = f"PDU {request.tag} is not supported here"
            return self.farewell(CloseReason.PROTOCOL_ERROR, info, request.reference), Outcome()
        return self._operate(request, self._greeting)

    def _init(self, request: InitRequest) -> tuple[Answer, Outcome]:
        if self._greeting is not None:
            info = "a second Init is not allowed in an association"
            return self.farewell(CloseReason.PROTOCOL_ERROR, info), Outcome()
        greeting, response = greet(request, self._shared.settings)
        if response.accepted:
            self._greeting = greeting
            data = responses.write(response, greeting.encoding)
            return Answer(data), Outcome({"charset": greeting.charset, "authenticated": greeting.authenticated})
        # The client may try again on the same connection (it often asks its user), but not for ever.
        self._failed_logins += 1
        condition = response.diagnostic.condition if response.diagnostic else 0
        last = self._failed_logins >= self._shared.settings.limits.failed_logins
        return Answer(responses.write(response, "utf-8"), last), Outcome({}, condition)

    def _operate(
        self, request: SearchRequest | PresentRequest | DeleteRequest | ScanRequest | SortRequest, greeting: Greeting
    ) -> tuple[Answer, Outcome]:
        try:
            outcome = self._desk.serve(request, greeting)
        except Fault as fault:
            outcome = self._refused(request, fault)
        except Unsupported as error:
            outcome = self._refused(request, refusal(error))
        except Exception as error:
            note(log, f"сеанс Z39.50 № {self.number}: запрос {type(request).__name__} не выполнен", error)
            ours = Fault(Condition.TEMPORARY_SYSTEM_ERROR, "сбой на стороне каталога, он записан в журнал")
            outcome = self._refused(request, ours)
        response = outcome.response
        if isinstance(response, bytes):
            return Answer(response), outcome
        assert response is not None
        return Answer(responses.write(response, self.encoding)), outcome

    def _refused(self, request: Request, fault: Fault) -> Outcome:
        response = operations.failure(request, fault.diagnostic)
        return Outcome({}, fault.diagnostic.condition, response)
