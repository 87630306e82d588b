"""Records of a result set as the records of a response, fitted into the message size.

Full MARC 21 is rendered when the edition is indexed and stands on its card; what else is asked for is rendered then,
and kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from catalog_sync.model import UnionRecord
from catalog_sync.protocol import responses
from catalog_sync.protocol.apdu import Diagnostic, PresentStatus
from catalog_sync.protocol.diagnostics import Condition, Fault
from catalog_sync.protocol.external import External, name_plus_record
from catalog_sync.protocol.oids import Syntax
from catalog_sync.query import Card, Catalogue, LibraryHoldings
from catalog_sync.search.sendable import DATABASE, SYNTAX
from web.z3950.cache import RenderCache
from web.z3950.records import Renderer, is_full, shows_holdings

OVERHEAD = 200  # bytes of a response around its records, and of a database name


@dataclass(frozen=True, slots=True)
class Wanted:
    """How records are to look: database they are said to be of, syntax, element set, charsets, sizes."""

    database: str
    syntax: Syntax
    elements: str
    charset: str  # of the records
    encoding: str  # Python's codec of names and messages
    preferred_bytes: int
    exceptional_bytes: int

    is_kept: bool = field(init=False)  # whether cards have the record as it is wanted: in UTF-8 and full

    def __post_init__(self) -> None:
        kept = self.syntax is SYNTAX and self.charset == "utf-8" and is_full(self.elements)
        object.__setattr__(self, "is_kept", kept)


wanted_as = lru_cache(1024)(Wanted)  # clients want the same all day


@dataclass(frozen=True, slots=True)
class Presented:
    """NamePlusRecords, encoded. `status` is partial-2 where not all fitted."""

    records: Sequence[bytes]
    status: PresentStatus


class Presenter:
    """Shared by all connections; holds nothing but the cache."""

    def __init__(
        self, renderer: Renderer, cache: RenderCache, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._renderer = renderer
        self._cache = cache
        self._now = now

    def present(self, catalogue: Catalogue, clusters: Sequence[str], wanted: Wanted) -> Presented:
        """As many of the records as fit into the preferred message size, in order."""
        return self._fitted_in(self._found(catalogue, clusters, wanted), wanted)

    def present_cards(self, catalogue: Catalogue, cards: Sequence[Card], wanted: Wanted) -> Presented:
        """The same of cards that are up to date."""
        found = [card.record for card in cards]
        if not all(found):  # too long for the format: the other way says so
            return self.present(catalogue, [card.cluster for card in cards], wanted)
        if wanted.database != DATABASE:
            found = [responses.renamed(record, wanted.database, wanted.encoding) for record in found]
        return self._fitted_in(found, wanted)

    def _fitted_in(self, found: Sequence[bytes], wanted: Wanted) -> Presented:
        if sum(map(len, found)) + OVERHEAD <= wanted.preferred_bytes:
            return Presented(found, PresentStatus.SUCCESS)
        return self._fitted(found, wanted)

    def _fitted(self, found: Sequence[bytes], wanted: Wanted) -> Presented:
        records: list[bytes] = []
        size = OVERHEAD
        for content in found:
            fitting = self._fitting(content, wanted, alone=len(found) == 1)
            if records and size + len(fitting) > wanted.preferred_bytes:
                return Presented(records, PresentStatus.MESSAGE_SIZE)
            records.append(fitting)
            size += len(fitting)
        return Presented(records, PresentStatus.SUCCESS)

    @staticmethod
    def _fitting(content: bytes, wanted: Wanted, *, alone: bool) -> bytes:
        """The record, or diagnostic 16 or 17 in its place (3.3.3: a record asked for alone may be exceptional)."""
        size = len(content) + OVERHEAD
        if size <= wanted.preferred_bytes or (alone and size <= wanted.exceptional_bytes):
            return content
        if size <= wanted.exceptional_bytes:
            fault = Diagnostic(Condition.EXCEEDS_PREFERRED_SIZE, f"{len(content)} байт: запросите запись одну")
        else:
            fault = Diagnostic(Condition.EXCEEDS_MAXIMUM_SIZE, f"{len(content)} байт")
        return _named(fault, wanted)

    def _found(self, catalogue: Catalogue, clusters: Sequence[str], wanted: Wanted) -> list[bytes]:
        """NamePlusRecords from the cache, what is missing rendered and kept."""
        self._cache.refresh(catalogue, self._now(), time.monotonic())
        generation = self._cache.generation
        look = (wanted.syntax.value, wanted.elements.upper(), wanted.charset, wanted.database, wanted.encoding)
        found = self._cache.get(clusters, look)
        missing = [at for at, kept in enumerate(found) if kept is None]
        if missing:
            for at, (content, lasting) in self._fresh(catalogue, [(at, clusters[at]) for at in missing], wanted):
                found[at] = content
                if lasting:
                    self._cache.put(clusters[at], look, content, generation)
        return [content for content in found if content is not None]

    def _fresh(
        self, catalogue: Catalogue, missing: Sequence[tuple[int, str]], wanted: Wanted
    ) -> Iterator[tuple[int, tuple[bytes, bool]]]:
        """Records rendered, each with whether it may be kept: a diagnostic or the successor of a merged one may not."""
        asked = [cluster for _, cluster in missing]
        records = {record.cluster: record for record in catalogue.records(asked)}
        holdings = catalogue.holdings_of(list(records)) if shows_holdings(wanted.elements) else {}
        for at, cluster in missing:
            record = records.get(cluster)
            if record is not None:
                yield at, self._rendered(record, holdings.get(cluster, ()), wanted)
            else:
                yield at, (self._successor(catalogue, cluster, wanted), False)

    def _rendered(
        self, record: UnionRecord, holdings: Sequence[LibraryHoldings], wanted: Wanted
    ) -> tuple[bytes, bool]:
        try:
            made = self._renderer.render(record, holdings, wanted.syntax, wanted.elements, wanted.charset)
        except Fault as fault:
            return _named(fault.diagnostic, wanted), False
        return _named(made, wanted), True

    def _successor(self, catalogue: Catalogue, cluster: str, wanted: Wanted) -> bytes:
        """What an id that is gone stands for now: the record it was merged into, else diagnostic 1028."""
        moved = catalogue.redirect(cluster)
        record = catalogue.record(moved) if moved else None
        if record is not None:
            holdings = catalogue.holdings(record.cluster) if shows_holdings(wanted.elements) else []
            return self._rendered(record, holdings, wanted)[0]
        gone = Diagnostic(Condition.RECORD_DELETED, f"{cluster}: записи больше нет в каталоге")
        return _named(gone, wanted)


def _named(content: External | Diagnostic, wanted: Wanted) -> bytes:
    """The NamePlusRecord of a record or of the diagnostic in its place."""
    return name_plus_record(
        wanted.database, responses.content_of(content, wanted.encoding), wanted.encoding
    )  # fmt: skip
