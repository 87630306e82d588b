"""When a source turns out to speak another dialect or encoding: its kept bytes are to be read anew.

The bytes stay; only what is remembered of how to read them changes. Everything derived follows with a rebuild.
"""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select, update

from catalog_sync.marc import encodings
from catalog_sync.model import Source
from catalog_sync.store import records
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks

NOT_ISO2709 = (b"<", b"{")  # MARCXML and JSON say their encoding themselves


def reread(connection: Connection, source: Source) -> int:
    """Give all records of a source its dialect, and its encoding where their bytes allow; returns how many changed."""
    query = select(t.record.c.id).where(t.record.c.source == source.code).order_by(t.record.c.id)
    changed = []
    for some in chunks(list(connection.execute(query).scalars())):
        for id_, record in records.load(connection, some):
            encoding = _encoding(record.data, record.encoding, source.encoding)
            if (record.dialect, record.encoding) != (source.dialect, encoding):
                changed.append({"key": id_, "dialect": source.dialect.value, "encoding": encoding})
    if changed:
        connection.execute(update(t.record).where(t.record.c.id == bindparam("key")), changed)
    return len(changed)


def _encoding(data: bytes, before: str, configured: str) -> str:
    if not configured or data[:1] in NOT_ISO2709 or data.isascii():
        return before
    codec = encodings.known(configured)
    return encodings.of_record(data, codec, codec)
