"""What is computed per live record and kept for speed: here its holdings. `rebuild` makes it anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from catalog_sync.errors import StopEverything
from catalog_sync.model import Carrier, Category, Classified, EKind, Holdings
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, plain_rows, upsert
from catalog_sync.store.packing import DAMAGED, pack_holdings, unpack_holdings


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


def held(connection: Connection, ids: Iterable[int], damaged: set[int] | None = None) -> dict[int, Held]:
    """Published holdings of records, where they have any. Those that can't be read are put into `damaged`.

    Raises StopEverything where that is not given: to take them for none would tell the ledger of new copies.
    """
    c, found = t.holding.c, dict[int, Held]()
    query = select(c.record, c.library, c.data, c.category, c.carrier, c.ekind)
    for id_, library, data, category, carrier, ekind in plain_rows(connection, query, c.record, ids):
        try:
            found[id_] = Held(library, unpack_holdings(data), *_class(category, carrier, ekind))
        except StopEverything:
            if damaged is None:
                raise
            damaged.add(id_)
    return found


def _class(category: str, carrier: str, ekind: str) -> tuple[Category, Carrier, EKind]:
    try:
        return Category(category), Carrier(carrier), EKind(ekind)
    except ValueError as error:
        raise StopEverything(DAMAGED) from error


def counted(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[str, int]]:
    """Library and number of copies of each record as sums are made of them."""
    c = t.holding.c
    rows = plain_rows(connection, select(c.record, c.library, c.copies), c.record, ids)
    return {id_: (library, copies) for id_, library, copies in rows}


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
    """Empty everything derived but the permanent ids of clusters and their history, and what libraries hold; of these
    only what belongs to nothing.

    The ledger was told of the holdings as they stand: what replaces them has to be told to it as a difference.
    """
    for table in (t.match_block, t.feature, t.portrait, t.edge, t.apart, t.described, t.not_compared):
        connection.execute(delete(table))
    _drop_strays(connection)


def _drop_strays(connection: Connection) -> None:
    """What is kept of records and clusters that are not there: hands and broken disks leave such rows."""
    live = select(t.record.c.id).where(t.record.c.deleted.is_(False))
    known = select(t.cluster.c.id).where(t.cluster.c.size > 0)
    connection.execute(delete(t.holding).where(t.holding.c.record.not_in(live)))
    connection.execute(delete(t.member).where(t.member.c.record.not_in(live) | t.member.c.cluster.not_in(known)))
    connection.execute(delete(t.union_record).where(t.union_record.c.cluster.not_in(known)))
    empty = t.cluster.c.id.not_in(select(t.member.c.cluster))
    connection.execute(update(t.cluster).where(t.cluster.c.size != 0, empty).values(size=0))
