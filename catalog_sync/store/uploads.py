"""Exports brought by hand: kept under their digest, looked at by a person, then imported by the jobs process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from catalog_sync.errors import Refused
from catalog_sync.store.staff_tables import upload


@dataclass(frozen=True, slots=True)
class Upload:
    """`name` is what the sender called the file: shown, never used as a path. `state`: new | asked | dropped."""

    source: str
    name: str
    sha256: bytes
    bytes: int
    incremental: bool
    who: str
    when: datetime
    state: str = "new"
    number: int = 0

    def path(self, home: Path) -> Path:
        """Where its bytes lie."""
        return path_of(home, self.sha256)


def path_of(home: Path, digest: bytes) -> Path:
    return home / "uploads" / f"{digest.hex()}.bin"


def keep(connection: Connection, value: Upload) -> int:
    """Write an upload down; returns its number."""
    row = {name: getattr(value, name) for name in Upload.__dataclass_fields__ if name != "number"}
    number: int = connection.execute(insert(upload).values(**row).returning(upload.c.number)).scalar_one()
    return number


def get(connection: Connection, number: int) -> Upload:
    """Raises Refused for a number nobody gave."""
    row = connection.execute(select(upload).where(upload.c.number == number)).mappings().first()
    if row is None:
        raise Refused(f"нет загруженного файла № {number}")
    return Upload(**row)


def set_state(connection: Connection, number: int, state: str) -> None:
    connection.execute(update(upload).where(upload.c.number == number).values(state=state))
