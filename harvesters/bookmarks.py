"""Bookmarks are small JSON objects marked with the kind of harvester that wrote them."""

from __future__ import annotations

import json
from typing import Any


def written(kind: str, **values: Any) -> str:
    return json.dumps({"kind": kind, **values}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read(bookmark: str, kind: str) -> dict[str, Any]:
    """What the last published run kept; {} the first time, after a change of harvester, or when it is damaged.

    Starting over is always safe: unchanged records are recognised by their digest.
    """
    try:
        value = json.loads(bookmark)
    except ValueError:
        return {}
    return value if isinstance(value, dict) and value.get("kind") == kind else {}
