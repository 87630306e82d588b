"""Libraries, sources and runs of a district."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from catalog_sync.model.written import Dialect

LIBRARY_KINDS = ("school", "partner", "museum")  # only schools count in school statistics


@dataclass(frozen=True, slots=True)
class Library:
    code: str
    name: str
    kind: str = "school"  # of LIBRARY_KINDS
    settlement: str = ""
    address: str = ""
    email: str = ""
    phone: str = ""
    stage: int = 0  # roll-out stage 1, 2, 3 (roadmap 3.4–3.6); 0 = not planned
    pupils: int = 0
    coordinates: str = ""  # «55.7558, 37.6176» as a map gives them: the radar of exchange asks who is nearest


READING = ("library", "dialect", "encoding", "holdings_profile", "base")  # of a source: what its records mean


@dataclass(frozen=True, slots=True)
class Source:
    """One base of one library, and how to read it. `settings` are the harvester's own (URL, folder, schedule …)."""

    code: str
    library: str
    name: str = ""
    harvester: str = "manual"  # export given by hand; else a kind of harvesters.registry
    dialect: Dialect = Dialect.RUSMARC
    encoding: str = ""  # "" = decide per file
    holdings_profile: str = ""  # "" = by dialect (data/tables/holdings_profiles.toml)
    base: str = ""  # «Учебники», «Книги»: classify reads it
    incremental: bool = False
    schedule: str = ""
    active: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)

    def read_otherwise(self, before: Source) -> dict[str, tuple[str, str]]:
        """What was set otherwise `before`, of all that says what records mean: name → (value then, value now)."""
        both = {name: (str(getattr(before, name)), str(getattr(self, name))) for name in READING}
        return {name: (then, now) for name, (then, now) in both.items() if then != now}


@dataclass(frozen=True, slots=True)
class ExternalTarget:
    """A foreign catalogue asked when a school copies a record. `settings` are its protocol's own (host, url …)."""

    code: str
    name: str = ""
    protocol: str = "sru"  # sru | z3950
    dialect: Dialect = Dialect.MARC21
    encoding: str = ""  # "" = decide per record
    active: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)


class RunState(enum.StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    STAGED = "staged"
    HELD = "held"
    PUBLISHED = "published"
    REJECTED = "rejected"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Counts of one run. `read` pieces = kept + set aside, asserted in every run."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    set_aside: int = 0
    clusters_touched: int = 0
    copies_added: int = 0
    copies_removed: int = 0


@dataclass(frozen=True, slots=True)
class HarvestRun:
    number: int
    source: str
    state: RunState
    started: datetime
    finished: datetime | None = None
    counts: RunCounts = RunCounts()
    incremental: bool = False
    encoding: str = ""
    message: str = ""  # why it is held or failed, in Russian
    bookmark: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """What a harvester hands over: bytes that hold MARC, where they came from, and the bookmark to keep once published.

    `deleted` lists local ids the source says are gone (OAI-PMH); `complete` is true where the whole base came. Without
    a name it is no file: the harvester found nothing and has only `warnings` to tell.
    """

    name: str
    data: bytes
    format: str = "iso2709"  # iso2709 | marcxml | json | marcsql-rows
    complete: bool = True
    bookmark: str = ""
    deleted: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()  # what the harvester noticed, in Russian: belongs into the run's warnings
    encoding: str = ""  # a codec, where the protocol settled it (Z39.50); "" = the source's, or by the bytes
    digest: str = ""  # of `data`, where the harvester has computed it (marc.fingerprint)
