"""Pages travel compressed: a list of hits is forty thousand bytes of HTML and seven thousand of gzip.

Readers have telephones and a school's slow line, and a district has no proxy that would do it. Pages of staff are sent
as they are: what is compressed together with a secret token and words from outside gives the token away (BREACH).
"""

from __future__ import annotations

import zlib

from flask import Flask, Response, current_app, request

LEVEL = 1  # a third of the time of the usual level for a sixth more bytes
FILE_LEVEL = 9  # files are packed once
GZIP = zlib.MAX_WBITS | 16
SMALLEST = 1000  # bytes that fit one packet are not worth the work
TYPES = (
    "text/", "application/json", "application/opds+json", "application/javascript", "application/atom+xml",
    "application/rss+xml", "application/xml", "application/marcxml+xml", "image/svg+xml",
)  # fmt: skip


def set_up(app: Flask) -> None:
    app.after_request(compress)


def compress(response: Response) -> Response:
    """The answer packed, where the browser understands it and it pays."""
    if not worth_it(response):
        return response
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"] <= 0:
        return response
    if request.endpoint == "static":
        response.direct_passthrough = False
        file = response.response
        response.set_data(packed_file(response))
        if close := getattr(file, "close", None):
            close()
    else:
        response.set_data(pack(response.get_data(), LEVEL))
    response.headers["Content-Encoding"] = "gzip"
    tag, _weak = response.get_etag()
    if tag:
        response.set_etag(tag, weak=True)  # the same content in other bytes (RFC 9110, 8.8.1)
    return response


def worth_it(response: Response) -> bool:
    secret = request.path.startswith("/staff") or current_app.config["SESSION_COOKIE_NAME"] in request.cookies
    return (
        response.status_code == 200
        and (response.mimetype or "").startswith(TYPES)
        and "Content-Encoding" not in response.headers
        and (request.endpoint == "static" or not (response.is_streamed or secret))
        and (response.content_length or SMALLEST) >= SMALLEST
    )


def packed_file(response: Response) -> bytes:
    """A file of ours packed: once for each content."""
    made: dict[str, bytes] = current_app.extensions.setdefault("packed-files", {})
    tag = f"{request.path} {response.get_etag()[0]}"
    if tag not in made:
        made[tag] = pack(response.get_data(), FILE_LEVEL)
    return made[tag]


def pack(data: bytes, level: int) -> bytes:
    packer = zlib.compressobj(level, wbits=GZIP)
    return packer.compress(data) + packer.flush()
