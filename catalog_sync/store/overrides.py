"""Librarians' corrections of a record's class: kept by (source, id), stronger than every rule of classify."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, select, update

from catalog_sync.model import Carrier, Category, Classified, EKind, RecordKey
from catalog_sync.store.ledger_tables import class_override

Correction = tuple[Category | None, Carrier | None, EKind | None]
REASON = "решение библиотекаря"


def corrections(connection: Connection, keys: Collection[RecordKey]) -> dict[RecordKey, Correction]:
    """The standing correction of each record that has one. They are few: all are read."""
    query = select(class_override).where(class_override.c.undone.is_(None)).order_by(class_override.c.number)
    found: dict[RecordKey, Correction] = {}
    wanted = set(keys) if (rows := connection.execute(query).all()) else ()
    for row in rows:
        key = RecordKey(row.source, row.local_id)
        if key in wanted:
            found[key] = (
                Category(row.category) if row.category else None,
                Carrier(row.carrier) if row.carrier else None,
                None if row.ekind is None else EKind(row.ekind),
            )
    return found


def follow(connection: Connection, source: str, names: Mapping[str, str]) -> None:
    """Records of a source have other local ids now (before → now): their corrections, undone ones too, follow."""
    c = class_override.c
    rows = connection.execute(select(c.number, c.local_id).where(c.source == source)).all()
    moved = [{"one": row.number, "name": names[row.local_id]} for row in rows if row.local_id in names]
    if moved:
        statement = update(class_override).where(c.number == bindparam("one"))
        connection.execute(statement.values(local_id=bindparam("name")), moved)


def corrected(classified: Classified, correction: Correction | None) -> Classified:
    """The class with the librarian's word put over the rules'."""
    if correction is None:
        return classified
    category, carrier, ekind = correction
    if ekind is None and carrier not in (None, Carrier.ELECTRONIC):
        ekind = EKind.NONE  # what is a book after all is no open link either: it counts as stock
    if category is not None:
        classified = replace(classified, category=category, category_reason=REASON)
    if carrier is not None:
        classified = replace(classified, carrier=carrier, carrier_reason=REASON)
    if ekind is not None:
        classified = replace(classified, ekind=ekind, ekind_reason=REASON)
    return classified
