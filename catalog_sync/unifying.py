"""Clusters → the union records readers see, and word of the change to index, OAI-PMH and feeds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from catalog_sync.facets import year
from catalog_sync.marc.reading import to_bib
from catalog_sync.model import BibRecord, RecordKey, Source, UnionRecord
from catalog_sync.restocking import Restocked, restock
from catalog_sync.store import clusters, described, outbox, overrides, records, registry, unions
from catalog_sync.store import tables as t
from catalog_sync.store.clusters import Change
from catalog_sync.store.database import chunks, plain_rows
from catalog_sync.store.overrides import Correction
from catalog_sync.union import merging

BATCH = 500  # clusters united at a time; their members' bytes are in memory together


def unite(connection: Connection, change: Change, now: datetime) -> None:
    """Compute the union records of changed clusters anew, forget those of gone ones, and number what is news.

    Of restocked clusters only copies changed: of most of them no member has to be read again.
    """
    sources = {source.code: source for source in registry.sources(connection)}
    announced: dict[str, list[str]] = {}

    def announce(made: Iterable[UnionRecord]) -> None:
        for one in made:
            announced[one.cluster] = _sets(one, sources)

    told = set[str]()
    for some in chunks(sorted(change.restocked), BATCH):
        made, news = _restock_batch(connection, {cluster: change.restocked[cluster] for cluster in some}, change.quiet)
        told |= made
        announce(news)
    for some in chunks(sorted({*change.live, *change.restocked} - told), BATCH):
        announce(_save(connection, united(connection, some, sources), change.quiet))
    unions.forget(connection, sorted(change.gone))
    outbox.announce(connection, announced, sorted(change.gone), now)


def untold(connection: Connection) -> tuple[dict[str, Sequence[str]], list[str]]:
    """What the outbox says wrongly: live clusters → their sets, where it has others or says they are gone; and gone
    ones it says are live. Union records that are damaged are left out.
    """
    sources = {source.code: source for source in registry.sources(connection)}
    live = sorted(clusters.live(connection))
    found: dict[str, Sequence[str]] = {}
    for some in chunks(live, BATCH):
        whole = [record for _, record, _ in unions.stored(connection, some) if record is not None]
        found |= outbox.wrong(connection, {one.cluster: _sets(one, sources) for one in whole})
    return found, outbox.undead(connection)


def _sets(record: UnionRecord, sources: Mapping[str, Source]) -> list[str]:
    return unions.sets_of(record, [sources[key.source].library for key in record.members if key.source in sources])


def _save(connection: Connection, made: Sequence[UnionRecord], quiet: Collection[str]) -> list[UnionRecord]:
    """Keep what is another now; returns what is news: of `quiet` clusters, records that do not say what they said.

    Who contributed to the same words is kept, and no index, harvester or feed need hear of it.
    """
    asked = [one.cluster for one in made if one.cluster in quiet]
    before = {cluster: (record, printed) for cluster, record, printed in unions.stored(connection, asked)}
    others = [one for one in made if before.get(one.cluster) != (one, year(one.bib))]
    unions.save(connection, others)
    return [one for one in others if not _says_what(before.get(one.cluster, (None,))[0], one)]


def _says_what(record: UnionRecord | None, other: UnionRecord) -> bool:
    return record is not None and replace(record, contributors=other.contributors) == other


def _restock_batch(
    connection: Connection, changed: Mapping[str, Sequence[Restocked]], quiet: Collection[str]
) -> tuple[set[str], list[UnionRecord]]:
    """Clusters whose union record can be told without reading its members, and what is news of them; others are saved.

    Of a `quiet` one not even the copies changed: its source mended what nobody reads.
    """
    others, same = list[UnionRecord](), list[UnionRecord]()
    for stored in unions.load(connection, list(changed)):
        made = _restocked(stored, changed[stored.cluster])
        if made is not None:
            (others if made != stored else same).append(made)
    unions.save(connection, others)
    told = {one.cluster for one in others + same}
    return told, others + [one for one in same if one.cluster not in quiet]


def _restocked(record: UnionRecord, changed: Sequence[Restocked]) -> UnionRecord | None:
    told: UnionRecord | None = record
    for member in changed:
        told = restock(told, member) if told else None
    return told


def united(connection: Connection, clusters: Sequence[str], sources: dict[str, Source]) -> list[UnionRecord]:
    """Union records of clusters from what their members say; nothing is saved."""
    placed = select(t.member.c.record, t.member.c.cluster)
    cluster_of: dict[int, str] = dict(plain_rows(connection, placed, t.member.c.cluster, clusters))
    told = described.load(connection, cluster_of, bare=True)
    for id_, record in records.load(connection, cluster_of.keys() - told.keys()):
        told[id_] = to_bib(record, sources[record.source].holdings_profile)
    bibs: dict[str, list[BibRecord]] = {}
    for id_, cluster in cluster_of.items():
        bibs.setdefault(cluster, []).append(told[id_])
    keys = [bib.key for some in bibs.values() for bib in some]
    forced = overrides.corrections(connection, keys)
    return [_united(cluster, some, sources, forced) for cluster, some in sorted(bibs.items())]


def _united(
    cluster: str, members: Sequence[BibRecord], sources: dict[str, Source], forced: dict[RecordKey, Correction]
) -> UnionRecord:
    """The union record; of its class a correction of any member decides, then what its best base is called."""
    bases = {sources[bib.key.source].base for bib in members} - {""}
    merged = merging.merge(cluster, members, base=bases.pop() if len(bases) == 1 else "")
    correction = next((forced[key] for key in merged.members if key in forced), None) if forced else None
    if correction is None or merged.classified is None:
        return merged
    return replace(merged, classified=overrides.corrected(merged.classified, correction))
