"""Whether this version's rules computed what is stored. Apart: of a night that changes nothing this is all it asks."""

from __future__ import annotations

from sqlalchemy import Connection, select

from catalog_sync.matching.version import is_current
from catalog_sync.store import tables as t


def outdated(connection: Connection) -> bool:
    """Whether stored features are of another version; one answers for all, as they are computed anew together."""
    data = connection.execute(select(t.portrait.c.data).order_by(t.portrait.c.number).limit(1)).scalar()
    return data is not None and not is_current(data)
