"""What a page needs besides its request: the catalogue, the database, the settings, the clock, and the libraries."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import cast

from flask import current_app
from sqlalchemy import Engine

from catalog_sync.model import Library
from catalog_sync.query import Catalogue
from catalog_sync.settings import Settings
from catalog_sync.store import coverage, registry
from catalog_sync.store.database import reading
from catalog_sync.text import in_order

KIND_OF_SETTLEMENT = re.compile(r"^[а-яё-]+\.?\s+(?=[А-ЯЁ])")  # «пос. Сосновый» stands under С
LIBRARIES_SECONDS = 30  # a library renamed by the staff shows up everywhere within this time


def clock() -> datetime:
    return datetime.now(UTC)


class Directory:
    """The district's libraries by code, read from the database and kept for a moment."""

    def __init__(self, engine: Engine | None, settings: Settings) -> None:
        self._engine = engine
        self._configured = {library.code: library for library in settings.libraries}
        self._kept: Mapping[str, Library] = {}
        self._sources: Mapping[str, str] = {source.code: source.library for source in settings.sources}
        self._closed: set[str] = set()
        self._until = 0.0
        self._ordered: tuple[Mapping[str, Library], Mapping[str, tuple[int, str]]] = {}, {}

    def all(self) -> Mapping[str, Library]:
        """Every library by code, ordered by settlement and natural order of names (Школа № 2 before № 10)."""
        if self._engine is None:
            return self._configured
        if time.monotonic() > self._until:
            self._kept, self._sources, self._closed = self._read(self._engine)
            self._until = time.monotonic() + LIBRARIES_SECONDS
        return self._kept

    def open(self) -> Mapping[str, Library]:
        """Those of `all` that are not closed: of whom a reader may choose. Old links to the others still lead there."""
        return {code: library for code, library in self.all().items() if code not in self._closed}

    def is_closed(self, code: str) -> bool:
        self.all()
        return code in self._closed

    def sources(self) -> Mapping[str, str]:
        """Source code → library code, as fresh as the libraries."""
        self.all()
        return self._sources

    def forget(self) -> None:
        self._until = 0.0

    def get(self, code: str) -> Library | None:
        return self.all().get(code)

    def name(self, code: str) -> str:
        found = self.get(code)
        return found.name if found else code

    def order(self) -> Mapping[str, tuple[int, str]]:
        """Library code → (place in the order of `all`, name)."""
        found, made = self.all(), self._ordered
        if made[0] is not found:
            made = self._ordered = found, {code: (n, library.name) for n, (code, library) in enumerate(found.items())}
        return made[1]

    def settlements(self, *, only_open: bool = False) -> dict[str, list[Library]]:
        """Libraries by settlement, in the order of `all`."""
        groups: dict[str, list[Library]] = {}
        for library in (self.open() if only_open else self.all()).values():
            groups.setdefault(library.settlement, []).append(library)
        return groups

    @staticmethod
    def _read(engine: Engine) -> tuple[dict[str, Library], dict[str, str], set[str]]:
        with reading(engine) as connection:
            found = registry.libraries(connection)
            sources, closed = registry.library_of(connection), coverage.closed(connection)
        return {library.code: library for library in sorted(found, key=natural)}, sources, closed


def natural(library: Library) -> tuple[str, list[tuple[str, int]]]:
    """Sort key: settlement, then the name with its numbers compared as numbers."""
    return KIND_OF_SETTLEMENT.sub("", library.settlement).casefold(), in_order(library.name)


@dataclass(frozen=True)
class Services:
    catalogue: Catalogue
    settings: Settings
    engine: Engine | None = None
    now: Callable[[], datetime] = clock
    directory: Directory = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "directory", Directory(self.engine, self.settings))

    @property
    def store(self) -> Engine:
        """The database; pages that need it are mounted only where there is one."""
        if self.engine is None:
            raise RuntimeError("this page needs the database, and the application was made without one")
        return self.engine

    def source_libraries(self) -> Mapping[str, str]:
        """Source code → library code."""
        return self.directory.sources()

    def today(self) -> date:
        """The district's calendar day."""
        return self.now().astimezone(self.settings.time_zone).date()

    def absolute(self, path: str) -> str:
        """The public address of a page, for feeds, QR codes and exports."""
        return self.settings.web.base_url.rstrip("/") + path


def services() -> Services:
    return cast(Services, current_app.extensions["catalog-sync"])
