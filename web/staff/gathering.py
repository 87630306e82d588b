"""Whether exports come: the first thing a person at the desk wants to know, and which of them do not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from catalog_sync.model import HarvestRun, RunState, Source
from catalog_sync.store import jobs, runs
from catalog_sync.store.staff import User


@dataclass(frozen=True, slots=True)
class Gathering:
    """Active sources of this person. `late`: their last data is older than `days`, oldest first; `awaited`: none yet;
    `failing`: their latest run failed; `own`: a librarian's sources with their latest runs.
    """

    total: int
    last: datetime | None
    days: int
    late: tuple[tuple[Source, datetime], ...]
    awaited: tuple[Source, ...]
    failing: tuple[tuple[Source, HarvestRun], ...]
    own: tuple[tuple[Source, HarvestRun | None], ...]

    @property
    def fresh(self) -> int:
        return self.total - len(self.late) - len(self.awaited)


def gathering(
    connection: Connection, sources: Iterable[Source], user: User, now: datetime, days: int
) -> Gathering:
    """What concerns this person: a librarian her own library, others the district."""
    oversees = user.may("methodologist")
    concerned = [source for source in sources if source.active and (oversees or source.library == user.library)]
    data, latest = jobs.last_data(connection), runs.latest_of_each(connection)
    known = [(source, data[source.code]) for source in concerned if source.code in data]
    ended = [(source, latest.get(source.code)) for source in concerned]
    return Gathering(
        total=len(concerned), last=max((moment for _, moment in known), default=None), days=days,
        late=tuple(sorted((one for one in known if now - one[1] >= timedelta(days=days)), key=lambda one: one[1])),
        awaited=tuple(source for source in concerned if source.code not in data),
        failing=tuple((source, run) for source, run in ended if run and run.state is RunState.FAILED),
        own=() if oversees else tuple(ended),
    )  # fmt: skip
