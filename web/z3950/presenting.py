"""Records of a result set as the records of a response: rendered once, kept, and fitted into the message size."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from catalog_sync.model import UnionRecord
from catalog_sync.protocol import responses
from catalog_sync.protocol.apdu import Diagnostic, PresentStatus
from catalog_sync.protocol.diagnostics import Condition, Fault
from catalog_sync.protocol.oids import Syntax
from catalog_sync.query import Catalogue
from web.z3950.cache import Key, RenderCache
from web.z3950.records import Renderer, shows_holdings

OVERHEAD = 200  # bytes of a response around its records, and of a database name


@dataclass(frozen=True, slots=True)
class Wanted:
    """How records are to look: syntax, element set, charset of the records, charset of messages, sizes."""

    syntax: Syntax
    elements: str
    charset: str
    encoding: str  # Python's codec of names and messages
    preferred_bytes: int
    exceptional_bytes: int


@dataclass(frozen=True, slots=True)
class Presented:
    """NamePlusRecords, encoded. `status` is partial-2 where not all fitted."""

    records: tuple[bytes, ...]
    status: PresentStatus


class Presenter:
    """Shared by all connections; holds nothing but the cache."""

    def __init__(
        self, renderer: Renderer, cache: RenderCache, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._renderer = renderer
        self._cache = cache
        self._now = now

    def present(
        self, catalogue: Catalogue, clusters: Sequence[str], database: str, wanted: Wanted
    ) -> Presented:
        """As many of the records as fit into the preferred message size, in order."""
        contents = self._contents(catalogue, clusters, wanted)
        records: list[bytes] = []
        size = OVERHEAD
        for cluster in clusters:
            content = self._fitting(contents[cluster], wanted, alone=len(clusters) == 1)
            if records and size + len(content) > wanted.preferred_bytes:
                return Presented(tuple(records), PresentStatus.MESSAGE_SIZE)
            records.append(responses.name_plus_record(database, content, wanted.encoding))
            size += len(content)
        return Presented(tuple(records), PresentStatus.SUCCESS)

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
        return responses.record_content(fault, wanted.encoding)

    def _contents(self, catalogue: Catalogue, clusters: Sequence[str], wanted: Wanted) -> dict[str, bytes]:
        self._cache.refresh(catalogue, self._now(), time.monotonic())
        generation = self._cache.generation
        keys = {c: Key(c, wanted.syntax, wanted.elements.upper(), wanted.charset) for c in clusters}
        found: dict[str, bytes] = {}
        missing: list[str] = []
        for cluster, key in keys.items():
            kept = self._cache.get(key)
            if kept is None:
                missing.append(cluster)
            else:
                found[cluster] = kept
        if missing:
            records = {record.cluster: record for record in catalogue.records(missing)}
            for cluster in missing:
                content, lasting = self._fresh(catalogue, cluster, records.get(cluster), wanted)
                found[cluster] = content
                if lasting:
                    self._cache.put(keys[cluster], content, generation)
        return found

    def _fresh(
        self, catalogue: Catalogue, cluster: str, record: UnionRecord | None, wanted: Wanted
    ) -> tuple[bytes, bool]:
        """One record rendered, and whether it may be kept: a diagnostic in its place, or its successor, may not."""
        lasting = record is not None
        if record is None and (moved := catalogue.redirect(cluster)):
            record = catalogue.record(moved)
        if record is None:
            gone = Diagnostic(Condition.RECORD_DELETED, f"{cluster}: записи больше нет в каталоге")
            return responses.record_content(gone, wanted.encoding), False
        try:
            holdings = catalogue.holdings(record.cluster) if shows_holdings(wanted.elements) else []
            made = self._renderer.render(record, holdings, wanted.syntax, wanted.elements, wanted.charset)
        except Fault as fault:
            return responses.record_content(fault.diagnostic, wanted.encoding), False
        return responses.record_content(made, wanted.encoding), lasting
