"""What stands between hostile text and a reader's browser: headers, addresses and file names."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

from flask import Flask, Response, request, session

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STATIC_SECONDS = 30 * 24 * 3600  # file addresses carry the digest of their content, so they never go stale
UPLOAD_BYTES = 64 * 1024 * 1024  # the largest school export seen has 36,000 copies and 40 MB
BODY_BYTES = UPLOAD_BYTES + 64 * 1024  # and the fields beside the file
SAFE_SCHEMES = ("http", "https")


def policy(embeddable: bool = False) -> str:
    """The Content-Security-Policy of a page; a list made for other sites may be framed, nothing else may."""
    rules = POLICY | ({"frame-ancestors": "*"} if embeddable else {})
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def protect(app: Flask, https: bool) -> None:
    """Put the headers on every answer."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        embeddable = bool(response.headers.pop("X-Embeddable", ""))
        response.headers.setdefault("Content-Security-Policy", policy(embeddable))
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if not embeddable:
            response.headers.setdefault("X-Frame-Options", "DENY")
        if https:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.endpoint == "static" and response.status_code == 200:
            response.headers["Cache-Control"] = f"public, max-age={STATIC_SECONDS}, immutable"
        elif "Cache-Control" not in response.headers:
            private = request.path.startswith("/staff")
            response.headers["Cache-Control"] = "no-store" if private else "private, no-cache"
        if response.cache_control.public:
            # The login looks into every session, and Flask then says `Vary: Cookie`: a cache would keep what is the
            # same for everybody once for each reader, and a browser fetch it anew with every changed setting.
            session.accessed = False
        return response


def safe_url(address: str) -> str:
    """The address when it is a plain http(s) link with a host, else "": `javascript:` and friends are never linked."""
    cleaned = re.sub(r"[\x00-\x20\x7f]+", "", address or "")
    try:
        parts = urlsplit(cleaned)
    except ValueError:
        return ""
    return cleaned if parts.scheme.lower() in SAFE_SCHEMES and parts.hostname else ""


def local_target(target: str | None, otherwise: str) -> str:
    """Where to go next, kept on this site: `//evil`, `/\\evil` and whole addresses lead to `otherwise`."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return otherwise
    if any(ord(c) < 0x20 or c == "\\" for c in target):
        return otherwise
    return target


def file_name(text: str, ending: str) -> str:
    """A file name without separators, controls or quotes: what a record says never reaches a header raw."""
    folded = unicodedata.normalize("NFC", text)
    kept = re.sub(r"[^\w\- .]+", "_", folded, flags=re.UNICODE).strip(" ._")[:80].strip(" ._")
    return f"{kept or 'catalog'}.{ending}"


def attachment(response: Response, name: str) -> Response:
    """Offer the answer as a file; RFC 6266 with an ASCII fallback."""
    stem, _, ending = name.rpartition(".")
    latin = " ".join(stem.encode("ascii", "ignore").decode().replace('"', "").split()).strip(" ._-") or "catalog"
    said = f"attachment; filename=\"{latin}.{ending}\"; filename*=UTF-8''{quote(name)}"
    response.headers["Content-Disposition"] = said
    return response
