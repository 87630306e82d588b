"""The composition root: settings, database and clock, opened once at the edge and handed to everything else."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine

from catalog_sync.settings import Settings
from catalog_sync.store import migrations
from catalog_sync.store.database import open_engine


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class System:
    settings: Settings
    engine: Engine
    now: Callable[[], datetime] = field(default=utc_now)


def open_system(settings: Settings, *, now: Callable[[], datetime] = utc_now) -> System:
    """Open (and make or upgrade) the database of `settings`."""
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.database_url)
    migrations.upgrade(engine)
    engine.update_execution_options(district_zone=settings.time_zone)
    return System(settings, engine, now)


def operator() -> str:
    """Who sits at this terminal, for the history: never a secret, never a reader."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return "оператор"
