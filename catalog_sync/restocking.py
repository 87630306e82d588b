"""A member of a cluster of which only the copies changed: the union record is told without reading the others again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msgspec import structs

from catalog_sync.model import RecordKey, UnionRecord


@dataclass(frozen=True, slots=True)
class Restocked:
    """A member whose copies changed and whose description did not, with the days its source says it was changed on."""

    key: RecordKey
    before: str  # 005 as typed
    now: str


def restock(record: UnionRecord, member: Restocked) -> UnionRecord | None:
    """What `merge` would make of the members now, told from the union record alone; None where it can't be told.

    Of the days of its contributors the union record has the latest: only where that very day was set back another may
    have it.
    """
    if member.key not in record.contributors:
        return record
    giver = record.provenance.get("changed")
    if giver == member.key and member.now < member.before:
        return None
    if not member.now or member.now < record.bib.changed:
        return record
    if member.now == record.bib.changed and giver is not None:  # of equals the better described is the first
        giver = min(giver, member.key, key=record.members.index)
    else:
        giver = member.key
    bib = structs.replace(record.bib, changed=member.now)
    return replace(record, bib=bib, provenance={**record.provenance, "changed": giver})
