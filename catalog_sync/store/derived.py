"""What is computed per live record and kept for speed: features, match keys, holdings. `rebuild` makes it anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from sqlalchemy import Connection, delete, select

from catalog_sync.errors import Refused
from catalog_sync.matching.features import Features
from catalog_sync.model import Carrier, Category, Classified, EKind, Holdings
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, insert_missing, upsert
from catalog_sync.store.packing import pack_holdings, unpack_holdings


@dataclass(frozen=True, slots=True)
class Held:
    """Holdings of one record as they were last published, with the classification their figures were counted under."""

    library: str
    holdings: Holdings
    category: Category
    carrier: Carrier
    ekind: EKind

    def classified(self) -> Classified:
        return Classified(self.category, "", self.carrier, "", self.ekind)

    def is_classified(self, as_: Classified) -> bool:
        """Whether this is the class the figures were counted under, whatever the reasons for it."""
        return (self.category, self.carrier, self.ekind) == (as_.category, as_.carrier, as_.ekind)


@lru_cache(maxsize=1 << 16)
def hashed(key: str) -> int:
    """A match key as a signed 64-bit number: a collision only costs one needless comparison."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)


def save_features(connection: Connection, features: Mapping[int, Features], keys: Mapping[int, Iterable[str]]) -> None:
    """Replace features and match keys of records."""
    forget_features(connection, list(features), keep_row=True)
    upsert(connection, t.feature, [{"record": id_, "data": f.pack()} for id_, f in features.items()])
    rows = [{"key": hashed(key), "record": id_} for id_, some in keys.items() for key in some]
    insert_missing(connection, t.match_key, sorted(rows, key=lambda row: (row["key"], row["record"])))


def forget_features(connection: Connection, ids: Sequence[int], *, keep_row: bool = False) -> None:
    for some in chunks(ids):
        connection.execute(delete(t.match_key).where(t.match_key.c.record.in_(some)))
        if not keep_row:
            connection.execute(delete(t.feature).where(t.feature.c.record.in_(some)))


def features(connection: Connection, ids: Iterable[int]) -> dict[int, Features]:
    """Features of the records that have any. Refused where an earlier version of the program computed them."""
    found: dict[int, Features] = {}
    for some in chunks(sorted(ids)):
        rows = connection.execute(select(t.feature).where(t.feature.c.record.in_(some)))
        try:
            found |= {row.record: Features.unpack(row.data) for row in rows}
        except ValueError as error:
            raise Refused(
                f"каталог вычислен прежней версией программы ({error}); вычислите его заново: catalog-sync rebuild"
            ) from error
    return found


def outdated(connection: Connection) -> bool:
    """Whether stored features are of another version; one answers for all, as they are computed anew together."""
    data = connection.execute(select(t.feature.c.data).limit(1)).scalar()
    return data is not None and not Features.is_current(data)


def with_features(connection: Connection, ids: Iterable[int] | None = None) -> set[int]:
    """Which of the records (None: of all) are live and can be compared."""
    if ids is None:
        return set(connection.execute(select(t.feature.c.record)).scalars())
    found: set[int] = set()
    for some in chunks(sorted(ids)):
        found.update(connection.execute(select(t.feature.c.record).where(t.feature.c.record.in_(some))).scalars())
    return found


def held(connection: Connection, ids: Iterable[int]) -> dict[int, Held]:
    """Published holdings of records, where they have any."""
    found: dict[int, Held] = {}
    for some in chunks(sorted(ids)):
        for row in connection.execute(select(t.holding).where(t.holding.c.record.in_(some))):
            found[row.record] = Held(
                row.library, unpack_holdings(row.data), Category(row.category), Carrier(row.carrier), EKind(row.ekind)
            )
    return found


def save_holdings(connection: Connection, values: Mapping[int, tuple[str, Holdings, Classified]]) -> None:
    upsert(
        connection,
        t.holding,
        [
            {
                "record": id_,
                "library": library,
                "copies": holdings.copies,
                "category": classified.category.value,
                "carrier": classified.carrier.value,
                "ekind": classified.ekind.value,
                "data": pack_holdings(holdings),
            }
            for id_, (library, holdings, classified) in values.items()
        ],
    )


def forget_holdings(connection: Connection, ids: Sequence[int]) -> None:
    for some in chunks(ids):
        connection.execute(delete(t.holding).where(t.holding.c.record.in_(some)))


def clear(connection: Connection) -> None:
    """Empty everything derived but the permanent ids of clusters and their history, and what libraries hold.

    The ledger was told of the holdings as they stand: what replaces them has to be told to it as a difference.
    """
    for table in (t.match_key, t.feature, t.edge, t.refusal, t.described, t.not_compared):
        connection.execute(delete(table))
