"""Blocks: which portraits share a match key, so that they may be one edition. Packed by key: a popular textbook's block
has hundreds of members, and a night looks into thousands of blocks, of most only to see how full they are.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from hashlib import blake2b

from sqlalchemy import Connection, delete, func, select

from catalog_sync.errors import StopEverything
from catalog_sync.matching.features import Features
from catalog_sync.matching.keys import keys, meets
from catalog_sync.store import portraits
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, plain_rows, upsert
from catalog_sync.store.packing import DAMAGED

WIDTH = 4  # bytes of a number; members stand in order, the least first


@lru_cache(maxsize=1 << 13)
def hashed(key: str) -> int:
    """A match key as a signed 64-bit number: a collision only costs one needless comparison."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)


def pack(members: array[int]) -> bytes:
    """Four bytes each, the least significant first on every machine."""
    return _turned(members).tobytes()


def unpack(data: bytes) -> array[int]:
    return _turned(array("I", data))


def _turned(members: array[int]) -> array[int]:
    if sys.byteorder == "big":
        members = members[:]
        members.byteswap()
    return members


def follow(
    connection: Connection, fresh: Mapping[int, Features], dead: Mapping[int, Features]
) -> dict[int, array[int]]:
    """Portraits that are new enter their blocks, dead ones leave; key → members of every block that had to do with it.

    New portraits have the highest numbers of all, so members stay in order.
    """
    entering, leaving = _by_key(fresh), _by_key(dead)
    names = entering.keys() | leaving.keys()
    before = load(connection, names)
    now: dict[int, array[int]] = {}
    for key in names:
        staying = before.get(key, array("I"))
        if key in leaving:
            gone = set(leaving[key])
            staying = array("I", [number for number in staying if number not in gone])
        now[key] = staying + array("I", entering.get(key, ()))
    upsert(connection, t.match_block, [{"key": key, "members": pack(now[key])} for key in sorted(now) if now[key]])
    for some in chunks([key for key in before if not now[key]]):
        connection.execute(delete(t.match_block).where(t.match_block.c.key.in_(some)))
    return now


def _by_key(seen: Mapping[int, Features]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for number in sorted(seen):
        for key in set(map(hashed, keys(seen[number]))):
            found.setdefault(key, []).append(number)
    return found


def load(connection: Connection, wanted: Iterable[int]) -> dict[int, array[int]]:
    """Hashed match key → portraits that have it, for those that somebody has."""
    try:
        return {key: unpack(data) for key, data in _stored(connection, wanted)}
    except ValueError as error:
        raise StopEverything(DAMAGED) from error


def _stored(connection: Connection, wanted: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    b = t.match_block.c
    return plain_rows(connection, select(b.key, b.members), b.key, wanted)


def met(connection: Connection, number: int) -> set[int]:
    """The portraits that this one may have been compared with: those it meets in some block, itself included."""
    own = portraits.features(connection, [number])
    wanted = {hashed(other) for found in own.values() for key in keys(found) for other in meets(key)}
    return {other for members in load(connection, wanted).values() for other in members} | own.keys()


# --- for `check` ------------------------------------------------------------------------------------------------------


def missing(connection: Connection, seen: Mapping[int, Features]) -> set[int]:
    """Of these portraits, those that are not in all the blocks they belong to."""
    belonging = _by_key(seen)
    stored = {key: unpack(data) for key, data in _stored(connection, belonging) if len(data) % WIDTH == 0}
    return {number for key, numbers in belonging.items() for number in set(numbers).difference(stored.get(key, ()))}


def places(features: Features) -> int:
    """In how many blocks a portrait belongs."""
    return len(set(map(hashed, keys(features))))


def places_taken(connection: Connection) -> int:
    """How many members all stored blocks have."""
    return int(connection.execute(select(func.sum(func.length(t.match_block.c.members)))).scalar() or 0) // WIDTH
