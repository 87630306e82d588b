"""A Z39.50 origin: connect, negotiate, search, present in chunks, close. For harvests and for copy-cataloguing.

    with Z3950Client(Target("z.example.org", 210, ("books",))) as target:
        found = target.search(target.pqf("@attr 1=7 9785090710015"))
        records = target.present(1, min(found, 10))
"""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import TypeVar

from catalog_sync import __version__
from catalog_sync.errors import SourceUnavailable
from catalog_sync.protocol import charset, pqf, requests, responses
from catalog_sync.protocol.apdu import (
    Authentication,
    CharsetProposal,
    Close,
    CloseReason,
    CqlQuery,
    Diagnostic,
    InitRequest,
    InitResponse,
    Option,
    PresentRequest,
    PresentResponse,
    Request,
    Response,
    RpnQuery,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
)
from catalog_sync.protocol.ber import BerError
from catalog_sync.protocol.diagnostics import text
from catalog_sync.protocol.external import External
from catalog_sync.protocol.framing import Framer
from catalog_sync.protocol.oids import Syntax
from catalog_sync.protocol.rpn_of import rpn_of
from catalog_sync.query import Query
from harvesters.net import in_words

MAX_ANSWER_BYTES = 32 << 20  # of one response: a chunk of records is rarely over a megabyte
R = TypeVar("R", bound=Response)


class TargetRefused(SourceUnavailable):
    """The target answered with a diagnostic: it works, but not with this question."""

    def __init__(self, where: str, diagnostic: Diagnostic) -> None:
        said = f"{diagnostic.condition} «{text(diagnostic.condition)}» {diagnostic.info}"
        super().__init__(f"{where}: диагностика {said}".rstrip())
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how to ask. Charsets without negotiation are the target's: look them up, nothing tells them.

    `negotiate` names the charset to propose ("" = none); `records_negotiated` asks that records come in it too.
    """

    host: str
    port: int = 210
    databases: tuple[str, ...] = ("Default",)
    syntax: Syntax = Syntax.USMARC
    elements: str = "F"
    query_charset: str = "utf-8"
    record_charset: str = ""  # "" = unknown: the reader of the records decides
    negotiate: str = ""
    records_negotiated: bool = True
    authentication: Authentication | None = field(default=None, repr=False)
    connect_seconds: float = 15.0
    answer_seconds: float = 60.0

    @property
    def where(self) -> str:
        return f"Z39.50 {self.host}:{self.port}/{'+'.join(self.databases)}"


@dataclass(frozen=True, slots=True)
class FetchedRecord:
    """A record as it came, or the diagnostic in its place. `charset` is "" where nobody said it."""

    syntax: str
    data: bytes
    charset: str = ""
    diagnostic: Diagnostic | None = None


class Z3950Client:
    """One association. Raises SourceUnavailable for all that is the target's fault, TargetRefused for diagnostics."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._socket: socket.socket | None = None
        self._framer = Framer(MAX_ANSWER_BYTES)
        self._encoding = "utf-8"
        self._ready: list[bytes] = []
        self.hello: InitResponse | None = None

    def __enter__(self) -> Z3950Client:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- Init and Close ----------------------------------------------------------------------------------------------

    def open(self) -> InitResponse:
        """Connect and agree. Raises TargetRefused where user or password don't fit."""
        target = self.target
        try:
            self._socket = socket.create_connection((target.host, target.port), target.connect_seconds)
        except OSError as error:
            why = in_words(error, target.connect_seconds)
            raise SourceUnavailable(f"{target.where}: соединения нет: {why}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        hello = self._exchange(self._init(), InitResponse)
        if not hello.accepted:
            self.close()
            raise TargetRefused(target.where, hello.diagnostic or Diagnostic(101, "сервер отказал при Init"))
        self.hello = hello
        if self.negotiated:
            self._encoding = charset.codec(self.negotiated)
        return hello

    def _init(self) -> InitRequest:
        wanted = {Option.SEARCH, Option.PRESENT, Option.SCAN, Option.SORT, Option.DELETE_SET, Option.NAMED_RESULT_SETS}
        proposal = None
        if self.target.negotiate:
            wanted.add(Option.NEGOTIATION_MODEL)
            name = charset.canonical(self.target.negotiate)
            proposal = CharsetProposal((name,), self.target.records_negotiated)
        return InitRequest(
            frozenset(map(int, wanted)),
            preferred_size=4 << 20,
            exceptional_size=16 << 20,
            authentication=self.target.authentication,
            implementation_id="catalog-sync",
            implementation_name="catalog-sync",
            implementation_version=__version__,
            charset=proposal,
        )

    @property
    def negotiated(self) -> str:
        """Charset in force for names and queries, "" where the target agreed to none."""
        choice = self.hello.charset if self.hello else None
        try:
            return charset.canonical(choice.name) if choice and choice.name else ""
        except charset.UnknownCharset:
            return ""

    @property
    def query_codec(self) -> str:
        return charset.codec(self.negotiated or self.target.query_charset)

    @property
    def record_charset(self) -> str:
        """Charset of the records: negotiated for records too, else the target's setting, else "" (unknown)."""
        choice = self.hello.charset if self.hello else None
        if self.negotiated and choice is not None and choice.records:
            return self.negotiated
        return self.target.record_charset

    def close(self) -> None:
        """Say goodbye without waiting for the answer; never raises."""
        if self._socket is None:
            return
        with contextlib.suppress(OSError):
            self._socket.settimeout(1.0)
            self._socket.sendall(requests.write(Close(CloseReason.FINISHED)))
        self._socket.close()
        self._socket = None

    # --- Search, Present, Scan ---------------------------------------------------------------------------------------

    def pqf(self, query: str) -> RpnQuery:
        """A PQF query with its terms in the target's charset. Raises PqfError, UnicodeEncodeError."""
        return pqf.parse(query, self.query_codec)

    def rpn(self, query: Query) -> RpnQuery:
        """A query of the catalogue's tree for this target. Raises Unsupported, UnicodeEncodeError."""
        return rpn_of(query, self.query_codec)

    def search(self, query: RpnQuery | CqlQuery, result_set: str = "default") -> int:
        """Number of hits."""
        request = SearchRequest(query, self.target.databases, result_set, syntax=self.target.syntax)
        answer = self._exchange(request, SearchResponse)
        if not answer.success or answer.diagnostics:
            raise TargetRefused(self.target.where, (answer.diagnostics or (Diagnostic(100),))[0])
        return answer.hits

    def present(self, start: int, count: int, result_set: str = "default") -> list[FetchedRecord]:
        """Records from position `start` (1 is the first); fewer than `count` where the target sends fewer."""
        request = PresentRequest(start, count, result_set, self.target.elements, self.target.syntax)
        answer = self._exchange(request, PresentResponse)
        if answer.diagnostics:
            raise TargetRefused(self.target.where, answer.diagnostics[0])
        return [self._fetched(record.content) for record in answer.records]

    def _fetched(self, content: External | Diagnostic) -> FetchedRecord:
        if isinstance(content, Diagnostic):
            return FetchedRecord("", b"", "", content)
        return FetchedRecord(content.oid, content.data, self.record_charset)

    def scan(self, request: ScanRequest) -> ScanResponse:
        answer = self._exchange(request, ScanResponse)
        if answer.diagnostics and not answer.entries:
            raise TargetRefused(self.target.where, answer.diagnostics[0])
        return answer

    # --- one request and its answer ----------------------------------------------------------------------------------

    def _exchange(self, request: Request, expected: type[R]) -> R:
        where = self.target.where
        try:
            answer = responses.read(self._ask(requests.write(request, self._encoding)), self._encoding)
        except BerError as error:
            self.close()
            raise SourceUnavailable(f"{where}: ответ не по протоколу: {error}") from error
        except OSError as error:
            self.close()
            why = in_words(error, self.target.answer_seconds)
            raise SourceUnavailable(f"{where}: связь прервалась: {why}") from error
        if isinstance(answer, Close):
            self.close()
            raise SourceUnavailable(f"{where}: сервер завершил сеанс (причина {answer.reason}) {answer.info}".rstrip())
        if not isinstance(answer, expected):
            self.close()
            raise SourceUnavailable(f"{where}: ожидался {expected.__name__}, пришёл {type(answer).__name__}")
        return answer

    def _ask(self, data: bytes) -> bytes:
        """Send, then wait for one whole PDU: `answer_seconds` for all of it, so that a slow drip ends too."""
        if self._socket is None:
            raise ConnectionError("соединение закрыто")
        until = time.monotonic() + self.target.answer_seconds
        self._socket.settimeout(self.target.answer_seconds)
        self._socket.sendall(data)
        while not self._ready:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"нет ответа за {self.target.answer_seconds:.0f} с")
            self._socket.settimeout(left)
            came = self._socket.recv(65536)
            if not came:
                raise ConnectionError("сервер закрыл соединение")
            self._ready += self._framer.feed(came)
        return self._ready.pop(0)
