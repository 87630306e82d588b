"""SRU 1.1, 1.2 and 2.0 over HTTP: /sru is the union, /sru/LIBRARY what one library holds, /sru/style.xsl for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, request
from lxml import etree

from catalog_sync.query import Catalogue
from catalog_sync.settings import Settings
from web.protocol_log import teller, watch
from web.sru.diagnostics import Diagnostic
from web.sru.explain import Database
from web.sru.server import Server
from web.sru.xml import failure

HERE = Path(__file__).parent
STYLES = {"xsl": "application/xslt+xml", "css": "text/css; charset=utf-8"}
MAX_BODY_BYTES = 100_000  # a POSTed query; the parser takes 20,000 characters
STYLE_SECONDS = 3600
XML = "text/xml; charset=utf-8"
HTML = "text/html; charset=utf-8"
SRU_XML = "application/sru+xml; charset=utf-8"


def blueprint(catalogue: Catalogue | Callable[[], Catalogue], settings: Settings) -> Blueprint:
    """The blueprint at /sru. `catalogue` is the catalogue, or a function that gives the one of this request."""
    sru = Blueprint("sru", __name__, url_prefix="/sru")

    def current() -> Catalogue:
        return catalogue() if callable(catalogue) else catalogue

    @sru.route("/style.<any(xsl, css):kind>")
    def style(kind: str) -> Response:
        found = Response((HERE / f"style.{kind}").read_bytes(), content_type=STYLES[kind])
        found.headers["Cache-Control"] = f"public, max-age={STYLE_SECONDS}"
        return found

    @sru.route("", methods=["GET", "POST"], strict_slashes=False)
    def union() -> Response:
        return answer(server(current(), settings, "", settings.district.name))

    @sru.route("/<library>", methods=["GET", "POST"], strict_slashes=False)
    def one(library: str) -> Response:
        names = libraries(current())
        if library not in names:
            return respond(failure("explain", "2.0", Diagnostic(235, library), "/sru/style.xsl"), 404)
        return answer(server(current(), settings, library, names[library]))

    # Nothing here reads a cookie or a session, so a POSTed query needs no token (Flask-WTF honours this mark).
    sru.csrf_exempt = True  # type: ignore[attr-defined]
    watch(sru, "sru")
    return sru


def libraries(catalogue: Catalogue) -> Mapping[str, str]:
    """Library codes and names, as the OAI sets name them."""
    return {spec.removeprefix("library:"): name for spec, name in catalogue.oai_sets() if spec.startswith("library:")}


def server(catalogue: Catalogue, settings: Settings, library: str, title: str) -> Server:
    base = settings.web.base_url.rstrip("/")

    def neighbours() -> Mapping[str, str]:
        return {} if library else {f"{base}/sru/{code}": name for code, name in libraries(catalogue).items()}

    database = Database(
        title=title if library else f"Сводный каталог: {title}",
        description="Сводный каталог школьных библиотек: книги, учебники, электронные издания",
        address=f"{base}/sru" + (f"/{library}" if library else ""), email=settings.district.email,
    )
    return Server(catalogue, database, f"{base}/record/", library, neighbours, tell=teller())


def wants_page(parameters: Mapping[str, Sequence[str]]) -> bool:
    """Whether a person asks: renderedBy=server (SRU 2.0), or a browser, which names text/html before any XML.

    Browsers are dropping XSLT, so the page is made here; `httpAccept` asks for the XML in a browser too.
    """
    if parameters.get("httpAccept", [""])[0]:
        return "text/html" in parameters["httpAccept"][0]
    if parameters.get("renderedBy", [""])[0] == "server":
        return True
    accepted = request.accept_mimetypes
    return "text/html" in accepted.values() and accepted.best_match(["text/xml", "text/html"]) == "text/html"


@cache
def stylesheet() -> etree.XSLT:
    return etree.XSLT(etree.parse(HERE / "style.xsl"))


def page(text: str) -> str:
    """The response as a page for a person."""
    return str(stylesheet()(etree.fromstring(text.encode())))


def answer(made: Server) -> Response:
    parameters = given()
    if parameters is None:
        return respond(failure("searchRetrieve", "2.0", Diagnostic(12, str(MAX_BODY_BYTES)), made.style), 413)
    text = made.answer(parameters)
    if wants_page(parameters):
        return respond(page(text), 200, HTML)
    accepted = parameters.get("httpAccept", [""])[0] or request.headers.get("Accept", "")
    return respond(text, 200, SRU_XML if "sru+xml" in accepted else XML)


def given() -> Mapping[str, Sequence[str]] | None:
    """Parameters of the address, or of the form when POSTed; None where the body is larger than a query can be."""
    if request.method != "POST":
        return request.args.to_dict(flat=False)
    if (request.content_length or 0) > MAX_BODY_BYTES:
        return None
    merged = request.args.to_dict(flat=False)
    merged.update(request.form.to_dict(flat=False))
    return merged


def respond(text: str, status: int, content_type: str = XML) -> Response:
    found = Response(text, status=status, content_type=content_type)
    found.headers["Vary"] = "Accept"
    found.headers["Access-Control-Allow-Origin"] = "*"
    found.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    found.headers["Cache-Control"] = "no-cache"
    return found
