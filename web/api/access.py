"""Who asks, how many rows they may have, and answers that caches understand."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request

from catalog_sync.store import tokens
from catalog_sync.store.database import reading
from catalog_sync.wording import safe_cell
from web.api.problems import Problem
from web.services import services

OPEN_LIMIT, TOKEN_LIMIT = 100, 1000
FRESH_SECONDS = 60  # figures change with a published run; a minute of staleness is less than a harvest takes


def read_token() -> None:
    """Before every request: a bearer key must be ours, no key is allowed."""
    g.api_token = ""
    header = request.headers.get("Authorization", "")
    if not header:
        return
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem(401, "Authorization: ожидалось «Bearer КЛЮЧ»")
    now = services().now()
    with reading(services().store) as connection:
        found = tokens.holder(connection, token.strip(), now=now)
    if found is None:
        raise Problem(401, "ключ доступа не подходит, отозван или истёк")
    g.api_token = found[1]
    tokens.note_use(services().store, found[0], found[2], now)


def has_token() -> bool:
    return bool(g.get("api_token"))


def limit_of(asked: int) -> int:
    """The number of rows of a page: more than 100 only with a key."""
    if asked > OPEN_LIMIT and not has_token():
        raise Problem(422, f"limit: без ключа не больше {OPEN_LIMIT}, с ключом до {TOKEN_LIMIT}; пришло {asked}")
    return asked


def answered(body: Any) -> Response:
    """JSON with an ETag of its content; 304 where the client has it already."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_plain).encode("utf-8")
    return cached(Response(data, mimetype="application/json"))


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Any]], name: str, more: str | int | None) -> Response:
    """CSV for machines and Excel alike: UTF-8 with a mark, commas, ISO dates (RFC 4180).

    A page that is not the last leads to the next, whose cursor is `more`, in a header (RFC 8288).
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([safe_cell(value) if isinstance(value, str) else _plain_csv(value) for value in row])
    made = Response(b"\xef\xbb\xbf" + out.getvalue().encode("utf-8"), mimetype="text/csv")
    made.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    if more:
        following = urlencode({**request.args.to_dict(), "cursor": more})
        made.headers["Link"] = f'<{request.path}?{following}>; rel="next"'
    return cached(made)


def cached(made: Response) -> Response:
    made.set_etag(hashlib.sha256(made.get_data()).hexdigest()[:32])
    scope = "private" if has_token() else "public"
    made.headers["Cache-Control"] = f"{scope}, max-age={FRESH_SECONDS}"
    made.headers["Vary"] = "Authorization, Accept"
    made.headers["Access-Control-Allow-Origin"] = "*"
    return made.make_conditional(request)  # type: ignore[return-value]


def wants_csv(asked: str | None) -> bool:
    """`format=csv`, or an Accept header that prefers it."""
    if asked:
        return asked == "csv"
    return request.accept_mimetypes.best_match(["application/json", "text/csv"], "application/json") == "text/csv"


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"expected a plain value, came {type(value).__name__}")


def _plain_csv(value: Any) -> Any:
    return "" if value is None else value.isoformat() if isinstance(value, datetime | date) else value
