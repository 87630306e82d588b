"""Real programs that some tests need: missing ones skip with a clear word, or fail where REQUIRE_PEERS=1 (CI)."""

from __future__ import annotations

import os
import shutil

import pytest


def need(*programs: str) -> None:
    """Skip the calling test unless every program is on PATH; under REQUIRE_PEERS=1 fail instead."""
    missing = [p for p in programs if shutil.which(p) is None]
    if missing:
        unavailable(f"peer program not installed: {', '.join(missing)}")


def unavailable(word: str) -> None:
    """Say why a peer can't be used: a skip on a developer's machine, a failure in CI."""
    if os.environ.get("REQUIRE_PEERS") == "1":
        pytest.fail(word)
    pytest.skip(word)
