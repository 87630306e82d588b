"""What a source's live records were when they were published, in one value: an unchanged night reads this one row
instead of one for every record. Derived from `record`; where the row is missing it is computed from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, bindparam, delete, select

from catalog_sync.store import tables as t
from catalog_sync.store.database import upsert


class Alike(NamedTuple):
    """Live records of a source that were read in one way: digest and local id at the same place of each list."""

    dialect: str
    encoding: str
    digests: list[bytes]
    local_ids: list[str]


_KEPT = select(t.source_digests.c.data).where(t.source_digests.c.source == bindparam("asked"))
_decoder = msgspec.msgpack.Decoder(list[Alike])
_Ways = dict[tuple[str, str], dict[str, bytes]]  # (dialect, encoding) → local id → digest


def load(connection: Connection, source: str) -> list[Alike]:
    """The live records of a source; each is in one of the groups."""
    kept = _kept(connection, source)
    return computed(connection, source) if kept is None else kept


def computed(connection: Connection, source: str) -> list[Alike]:
    """The same from the records themselves."""
    c = t.record.c
    live = select(c.dialect, c.encoding, c.local_id, c.digest).where(c.source == source, c.deleted.is_(False))
    ways: _Ways = {}
    for dialect, encoding, local_id, digest in connection.execute(live):
        ways.setdefault((dialect, encoding), {})[local_id] = digest
    return _groups(ways)


def follow(connection: Connection, source: str, staged: Iterable[Any]) -> None:
    """Staged rows (local_id, action, dialect, encoding, digest) are the published state now."""
    ways: _Ways = {
        (one.dialect, one.encoding): dict(zip(one.local_ids, one.digests, strict=True))
        for one in load(connection, source)
    }
    for row in staged:
        for way in ways.values():
            way.pop(row.local_id, None)
        if row.action != "gone":
            ways.setdefault((row.dialect, row.encoding), {})[row.local_id] = row.digest
    _save(connection, source, _groups(ways))


def forget(connection: Connection, source: str) -> None:
    """After changes that `follow` was not told of."""
    connection.execute(delete(t.source_digests).where(t.source_digests.c.source == source))


def renew(connection: Connection) -> None:
    """The values of all sources anew, from their records."""
    connection.execute(delete(t.source_digests))
    for source in connection.execute(select(t.source.c.code).order_by(t.source.c.code)).scalars().all():
        _save(connection, source, computed(connection, source))


def untrue(connection: Connection) -> Sequence[str]:
    """Codes of sources whose kept value is not the one their records give."""
    sources = connection.execute(select(t.source_digests.c.source).order_by(t.source_digests.c.source)).scalars().all()
    kept = {source: _kept(connection, source) for source in sources}
    return [s for s, found in kept.items() if found is None or _flat(found) != _flat(computed(connection, s))]


def _save(connection: Connection, source: str, groups: list[Alike]) -> None:
    upsert(connection, t.source_digests, [{"source": source, "data": msgspec.msgpack.encode(groups)}])


def _kept(connection: Connection, source: str) -> list[Alike] | None:
    """None where nothing is kept, or what is kept is damaged."""
    packed = connection.execute(_KEPT, {"asked": source}).scalar()
    try:
        return None if packed is None else _decoder.decode(packed)
    except msgspec.DecodeError:
        return None


def _groups(ways: _Ways) -> list[Alike]:
    groups = []
    for (dialect, encoding), found in sorted(ways.items()):
        local_ids = sorted(found)
        if local_ids:
            groups.append(Alike(dialect, encoding, [found[local_id] for local_id in local_ids], local_ids))
    return groups


def _flat(groups: list[Alike]) -> dict[str, tuple[str, str, bytes]]:
    return {
        local_id: (one.dialect, one.encoding, digest)
        for one in groups
        for local_id, digest in zip(one.local_ids, one.digests, strict=True)
    }
