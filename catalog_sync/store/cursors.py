"""Where the next page begins, as text in an address: opaque to who asks; one that is not ours is refused."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from catalog_sync.errors import Refused


def read(cursor: str) -> tuple[int, list[Any] | None]:
    """(which part of the list, key of the last row given); the beginning for "". Raises Refused."""
    if not cursor:
        return 0, None
    try:
        at, key = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        if not isinstance(at, int) or at < 0 or not (key is None or isinstance(key, list)):
            raise ValueError(cursor)
        return at, key
    except (ValueError, TypeError, UnicodeError, binascii.Error) as error:
        raise Refused(f"страница {cursor!r}: такой отметки нет, начните с первой страницы") from error


def write(at: int, key: list[Any] | None) -> str:
    return base64.urlsafe_b64encode(json.dumps([at, key]).encode()).decode("ascii")
