"""Resumption tokens: all the state of a list is in the token, signed, so it survives restarts and needs no storage."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass

SIGNATURE_BYTES = 12
MAX_CHARACTERS = 1000


class BadToken(Exception):
    """Not a token of ours, or of another list."""


@dataclass(frozen=True, slots=True)
class Token:
    """Where a list goes on: after which cluster, how many were delivered, and what the first request asked for.

    Clusters are walked by id, not by time: what is published while a harvest runs changes times and numbers, never ids,
    so every cluster that is there from the first page to the last is delivered exactly once.
    """

    verb: str
    prefix: str
    after: str  # the last cluster delivered
    cursor: int  # how many headers were delivered before this page
    oai_set: str = ""
    since: str = ""  # as in the first request, complete to seconds
    until: str = ""


def seal(token: Token, key: bytes) -> str:
    """The token as URL-safe text."""
    data = json.dumps(list(asdict(token).values()), ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_sign(data, key) + data).rstrip(b"=").decode()


def open_token(text: str, key: bytes) -> Token:
    """The token of a text; raises BadToken where it was not made by us."""
    if len(text) > MAX_CHARACTERS:
        raise BadToken("too long")
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadToken("not a token") from error
    signature, data = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(data, key)):
        raise BadToken("not one of this repository's tokens")
    return Token(*json.loads(data))


def _sign(data: bytes, key: bytes) -> bytes:
    return hmac.new(key, b"oai-pmh resumption token 1:" + data, hashlib.sha256).digest()[:SIGNATURE_BYTES]
