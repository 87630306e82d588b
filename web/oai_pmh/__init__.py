"""The OAI-PMH 2.0 provider at /oai: the region or another catalogue harvests the district from here."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request

from catalog_sync.query import Catalogue
from catalog_sync.settings import Settings
from web.oai_pmh.server import Repository
from web.protocol_log import teller, watch

MAX_BODY_BYTES = 20_000
HEADERS_TO_RECORDS = 4  # how many more headers than records a page may have: they are much shorter
BLOCK_CHARACTERS = 32_768
GZIP_LEVEL = 1  # a third of the time of the usual level for a tenth more bytes
GZIP_WRAPPER = 16  # zlib: write gzip's header and trailer, not its own
NO_REPLY = "oai@localhost.localdomain"  # adminEmail needs an address with a point (OAI-PMH.xsd, emailType)


def blueprint(
    catalogue: Catalogue | Callable[[], Catalogue], settings: Settings,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Blueprint:
    """The blueprint at /oai. `catalogue` is the catalogue, or a function that gives the one of this request."""
    oai = Blueprint("oai_pmh", __name__, url_prefix="/oai")

    @oai.route("", methods=["GET", "POST"], strict_slashes=False)
    def answer() -> Response:
        if (request.content_length or 0) > MAX_BODY_BYTES:
            return Response("Request too large\n", 413, content_type="text/plain; charset=utf-8")
        current = catalogue() if callable(catalogue) else catalogue
        pieces = repository(current, settings, signing_key()).answer(given(), now())
        packed = request.accept_encodings["gzip"] > 0
        body = begun(blocks(pieces))
        found = Response(gzipped(body) if packed else body, content_type="text/xml; charset=utf-8")
        if packed:
            found.headers["Content-Encoding"] = "gzip"
        found.headers["Vary"] = "Accept-Encoding"
        found.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        found.headers["Cache-Control"] = "no-cache"
        return found

    # Nothing here reads a cookie or a session, so a POSTed request needs no token (Flask-WTF honours this mark).
    oai.csrf_exempt = True  # type: ignore[attr-defined]
    watch(oai, "oai")
    return oai


def begun(body: Iterator[bytes]) -> Iterator[bytes]:
    """The first block is made before the status is written: without its database a list is a 503, not half a list."""
    return chain([next(body)], body)


def blocks(pieces: Iterable[str]) -> Iterator[bytes]:
    """The response in blocks worth a system call each: record by record, writing would cost more than rendering."""
    waiting: list[str] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= BLOCK_CHARACTERS:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The response packed while it is written: a page of records is a tenth of its size on a school's line."""
    packer = zlib.compressobj(GZIP_LEVEL, wbits=zlib.MAX_WBITS | GZIP_WRAPPER)
    for piece in pieces:
        packed = packer.compress(piece)
        if packed:
            yield packed
    yield packer.flush()


def repository(catalogue: Catalogue, settings: Settings, key: bytes) -> Repository:
    base = settings.web.base_url.rstrip("/")
    page = max(1, settings.web.oai_page)
    return Repository(
        catalogue, f"Сводный каталог: {settings.district.name}", f"{base}/oai", urlsplit(base).hostname or "localhost",
        settings.district.email or NO_REPLY, f"{base}/record/", key, page, HEADERS_TO_RECORDS * page, teller(),
    )


def signing_key() -> bytes:
    """A key of its own derived from the application's secret, which is kept over restarts."""
    secret = current_app.secret_key or "unsigned"
    raw = secret if isinstance(secret, bytes) else secret.encode()
    return hashlib.sha256(b"oai-pmh:" + raw).digest()


def given() -> Mapping[str, Sequence[str]]:
    """Every argument with all its values: from the body when POSTed (protocol, 3.1.1), else from the address."""
    source = request.form if request.method == "POST" else request.args
    return source.to_dict(flat=False)
