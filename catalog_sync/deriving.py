"""What a source record means, computed and kept: features for matching, holdings and class for shelf and ledger."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from msgspec.structs import replace
from sqlalchemy import Connection

from catalog_sync.classify import classify
from catalog_sync.errors import StopEverything
from catalog_sync.marc.reading import to_bib
from catalog_sync.matching.features import extract
from catalog_sync.model import BibRecord, Classified, Holdings, RecordKey, Source
from catalog_sync.remembering import Latest
from catalog_sync.store import derived, described, overrides, portraits, records, registry
from catalog_sync.store.packing import PackedBib
from catalog_sync.store.portraits import Sight

# Descriptions whose features are remembered from one batch of a run to the next: some 60 MB where so many differ.
ALIKE = 80_000
Held = tuple[str, Holdings, Classified]  # (library, holdings, class)
NOBODYS = RecordKey("", "")


@dataclass(slots=True)
class Understood:
    """A batch of records, understood. Tombstones are in `gone` and have neither features nor holdings.

    Of those that are in `held` and not in `sights` only copies changed: their features are those that are kept.
    """

    keys: dict[int, RecordKey] = field(default_factory=dict)
    libraries: dict[int, str] = field(default_factory=dict)
    bibs: dict[int, BibRecord] = field(default_factory=dict)  # those that have to be kept yet
    sights: dict[int, Sight] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)
    gone: list[int] = field(default_factory=list)


class Alike:
    """What descriptions come to, remembered while a run is derived: schools copy records from each other.

    Computed from what is said of the edition alone: a record's own number, holdings, day and warnings are taken off.
    """

    def __init__(self) -> None:
        self._known: Latest[tuple[bytes, str], tuple[Sight, Classified]] = Latest(ALIKE)

    def of(self, packed: PackedBib, base: str) -> tuple[Sight, Classified]:
        """Features and class of a description in a base of this name."""
        mark = (blake2b(packed.said, digest_size=16).digest(), base)
        found = self._known.get(mark)
        if found is None:
            bib = replace(packed.bib(), key=NOBODYS, holdings=Holdings(), changed="", warnings=())
            found = self._known[mark] = Sight.of(extract(bib)), classify(bib, base=base)
        return found


def understand(
    connection: Connection, ids: Sequence[int], restocked: Container[int] = (), *, anew: bool = False,
    alike: Alike | None = None,
) -> Understood:  # fmt: skip
    """Understand records by id. Raises BadRecord where one can't be read any more (it could when it was staged).

    Of `restocked` ones only copies changed since features were last computed. `anew`: read the bytes of all, whatever
    is kept of what they say.
    """
    sources = _Sources({source.code: source for source in registry.sources(connection)})
    heads = records.heads(connection, ids)
    kept = {} if anew else described.packed(connection, ids)
    untold = [id_ for id_, (_, deleted) in heads.items() if not deleted and id_ not in kept]
    forced = overrides.corrections(connection, [key for key, _ in heads.values()])
    found, alike = Understood(), alike or Alike()
    for id_, record in records.load(connection, untold):
        found.bibs[id_] = to_bib(record, sources[record.source].holdings_profile)
    for id_, (key, deleted) in heads.items():
        source = sources[key.source]
        found.keys[id_], found.libraries[id_] = key, source.library
        if deleted:
            found.gone.append(id_)
            continue
        if id_ in kept and id_ not in restocked:
            found.sights[id_], classified = alike.of(kept[id_], source.base)
            holdings = kept[id_].own_values()[1]
        else:
            bib = found.bibs[id_] if id_ in found.bibs else kept[id_].bib()
            if id_ not in restocked:
                found.sights[id_] = Sight.of(extract(bib))
            classified, holdings = classify(bib, base=source.base), bib.holdings
        found.held[id_] = (source.library, holdings, overrides.corrected(classified, forced.get(key)))
    return found


class _Sources(dict[str, Source]):
    """Sources by code."""

    def __missing__(self, code: str) -> Source:
        raise StopEverything(
            f"в базе есть записи источника {code}, а самого его нет: восстановите копию (catalog-sync restore ФАЙЛ)"
        )


def save(connection: Connection, found: Understood) -> portraits.Moved:
    """Keep what was understood, forget what tombstones had; says what that means for matching."""
    described.save(connection, found.bibs)
    moved = portraits.place(connection, found.sights, found.gone)
    derived.save_holdings(connection, found.held)
    derived.forget_holdings(connection, found.gone)
    return moved
