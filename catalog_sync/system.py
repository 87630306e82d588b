"""The composition root: settings, database and clock, opened once at the edge and handed to everything else."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from catalog_sync.errors import Refused
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


def open_system(
    settings: Settings, *, now: Callable[[], datetime] = utc_now, anew: bool = False, to_read: bool = False
) -> System:
    """Open (and make or upgrade) the database of `settings`.

    Refused where the database is gone and its search index is not: an empty catalogue in its place would look like an
    answer, and the index would follow it. `anew`: the operator has asked for an empty one.
    So is root in another's folder, unless `to_read`: what is made there has the owner of what it is made beside.
    """
    if not to_read:
        refuse_root(settings.home)
    settings.home.mkdir(parents=True, exist_ok=True)
    is_indexed = not anew and (settings.index_path / "meta.json").exists()
    if is_indexed and lacks_file(settings.database_url):  # not to be opened: that would make it
        raise _lost(settings.database_url)
    engine = open_engine(settings.database_url)
    if is_indexed and migrations.is_empty(engine):
        engine.dispose()
        raise _lost(settings.database_url)
    migrations.upgrade(engine)
    engine.update_execution_options(district_zone=settings.time_zone)
    return System(settings, engine, now)


def refuse_root(home: Path) -> None:
    """Raises Refused where root is at work in the data folder of the service's user: what root makes there (index,
    restored database) that user could not open. A number without a name is a container's, with nobody to become.
    """
    if os.name != "posix" or os.geteuid() != 0:
        return
    try:
        owner = home.owner()
    except (KeyError, FileNotFoundError):
        return
    if owner != "root":
        raise Refused(
            f"{home} – папка пользователя {owner}, а команда набрана от root: записанного ею {owner} не откроет. "
            f"Поставьте перед командой: runuser -u {owner} --"
        )


def lacks_file(url: str) -> bool:
    """Whether it names a database in a file that is not there, or has nothing in it."""
    parsed = make_url(url)
    file = Path(str(parsed.database))
    return parsed.get_backend_name() == "sqlite" and not (file.exists() and file.stat().st_size)


def _lost(url: str) -> Refused:
    place = make_url(url).render_as_string(hide_password=True)
    return Refused(
        f"{place}: базы нет, а индекс есть: восстановите копию (catalog-sync restore ФАЙЛ); чтобы начать с пустого "
        "каталога, выполните catalog-sync init"
    )


def operator() -> str:
    """Who sits at this terminal, for the history: never a secret, never a reader."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError, ImportError):  # on Windows without a name in the environment: no module `pwd` there
        return "оператор"
