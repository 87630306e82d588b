"""A server of ours in a thread, and a session without sockets, over the sample catalogue."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from catalog_sync.protocol import pqf, requests, responses
from catalog_sync.protocol.apdu import (
    InitRequest,
    InitResponse,
    PresentRequest,
    PresentResponse,
    Request,
    Response,
    SearchRequest,
    SearchResponse,
)
from catalog_sync.query import Catalogue
from tests.fakes import sample_catalogue
from tests.protocol import oracle
from web.z3950.access_log import AccessLog
from web.z3950.asking import Libraries
from web.z3950.cache import RenderCache
from web.z3950.metrics import Metrics
from web.z3950.presenting import Presenter
from web.z3950.records import Renderer
from web.z3950.server import Server, listen
from web.z3950.session import Session, Shared
from web.z3950.settings import ServerSettings

ALL_OPTIONS = frozenset({0, 1, 2, 7, 8, 14, 17, 19})
USMARC, RUSMARC, UNIMARC = "1.2.840.10003.5.10", "1.2.840.10003.5.28", "1.2.840.10003.5.1"
SUTRS, XML = "1.2.840.10003.5.101", "1.2.840.10003.5.109.10"


class Talk:
    """A session driven PDU by PDU; every answer is checked against the standard's ASN.1."""

    def __init__(self, catalogue: Catalogue, settings: ServerSettings | None = None) -> None:
        settings = settings or ServerSettings()
        self.metrics = Metrics()
        presenter = Presenter(Renderer("catalog-sync"), RenderCache(1 << 20))
        self.access_log = AccessLog(settings.access_log)
        shared = Shared(settings, presenter, Libraries(), self.metrics, self.access_log)
        self.session = Session(1, lambda: catalogue, shared)
        self.closed = False
        self.encoding = "utf-8"

    def send(self, request: Request) -> Response:
        return self.raw(requests.write(request, self.encoding))

    def raw(self, pdu: bytes) -> Response:
        answer = self.session.handle(pdu)
        self.closed = answer.close
        oracle.decode(answer.data)
        return responses.read(answer.data, self.encoding)

    def init(self, request: InitRequest | None = None) -> InitResponse:
        answer = self.send(request or InitRequest(ALL_OPTIONS))
        assert isinstance(answer, InitResponse)
        self.encoding = self.session.encoding
        return answer

    def search(self, query: str, encoding: str = "utf-8", **more: object) -> SearchResponse:
        answer = self.send(SearchRequest(pqf.parse(query, encoding), **more))  # type: ignore[arg-type]
        assert isinstance(answer, SearchResponse)
        return answer

    def present(self, start: int = 1, count: int = 1, **more: object) -> PresentResponse:
        answer = self.send(PresentRequest(start, count, **more))  # type: ignore[arg-type]
        assert isinstance(answer, PresentResponse)
        return answer


@pytest.fixture
def talk() -> Talk:
    opened = Talk(sample_catalogue())
    opened.init()
    return opened


Start = Callable[..., int]


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(catalogue, settings)` serves on a free port until the test ends; returns the port."""
    running: list[tuple[Server, threading.Thread]] = []

    def start_one(catalogue: Catalogue, settings: ServerSettings | None = None) -> int:
        settings = settings or ServerSettings(port=0)
        server = Server(lambda: catalogue, settings)
        ready = threading.Event()
        ports: list[int] = []

        def tell(port: int) -> None:
            ports.append(port)
            ready.set()

        thread = threading.Thread(target=server.run, args=(listen(settings), tell), daemon=True)
        thread.start()
        running.append((server, thread))
        assert ready.wait(10)
        return ports[0]

    yield start_one
    for server, _ in running:
        server.stop()
    for _, thread in running:
        thread.join(15)
        assert not thread.is_alive()
