"""Guesses of a password that are sent at once."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog_sync.errors import Refused
from catalog_sync.settings import Settings
from catalog_sync.store import staff
from catalog_sync.system import open_system

NOW = datetime(2026, 10, 10, 9, tzinfo=UTC)


def test_guesses_sent_at_once_are_looked_at_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_system(Settings(home=tmp_path), now=lambda: NOW).engine
    inside, most, looked_at = 0, 0, 0
    def verify(_hashed: str, _password: str) -> bool:
        nonlocal inside, most, looked_at
        inside, looked_at = inside + 1, looked_at + 1
        most = max(most, inside)
        time.sleep(0.1)  # as long as a real one takes: the others come meanwhile, if they may
        inside -= 1
        return False

    def guess() -> None:
        with suppress(Refused):
            staff.log_in(engine, "bibl", "wrong", "192.0.2.9", NOW)

    monkeypatch.setattr(staff, "_right", verify)
    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert looked_at >= staff.LOGIN_TRIES
    assert most == 1, "each takes 64 MB of memory"
    engine.dispose()
