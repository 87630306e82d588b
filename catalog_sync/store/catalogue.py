"""The real union catalogue behind every front end: the index says which, the store says what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from catalog_sync.model import SourceRecord, UnionRecord
from catalog_sync.query import Access, Change, Hits, LibraryHoldings, Order, Query, ScanTerm, Sort
from catalog_sync.search.engine import Engine as Index
from catalog_sync.search.reader import Reader
from catalog_sync.search.suggest import Suggestion
from catalog_sync.settings import Settings
from catalog_sync.store import unions
from catalog_sync.store.database import reading
from catalog_sync.store.tables import cluster as cluster_table

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def open_catalogue(settings: Settings, engine: Engine) -> StoreCatalogue:
    """The catalogue of a database and the index beside it. Open it after forking: a reader belongs to its process."""
    return StoreCatalogue(engine, Index(settings.index_path).reader())


class StoreCatalogue:
    """`catalog_sync.query.Catalogue` over a database and an index reader. Safe between threads."""

    def __init__(self, engine: Engine, index: Reader) -> None:
        self.engine = engine
        self.index = index

    def search(
        self,
        query: Query,
        *,
        offset: int = 0,
        limit: int = 20,
        sort: Order = Sort.RELEVANCE,
        facets: Sequence[str] = (),
        facet_limit: int = 20,
        library: str = "",
        prefer: str = "",
        suggest: bool = False,
    ) -> Hits:
        """As the protocol says; `prefer` names a library whose holdings come first by relevance (the reader's own),
        `suggest` asks for «возможно, вы имели в виду» where nothing is found.
        """
        return self.index.search(
            query, offset=offset, limit=limit, sort=sort, facets=facets, facet_limit=facet_limit, library=library,
            prefer=prefer, suggest=suggest,
        )  # fmt: skip

    def every(self, query: Query) -> Sequence[str]:
        """Clusters of all hits, best first: for exports."""
        return self.index.every(query)

    def is_latest(self, commit: object) -> bool:
        return self.index.is_latest(commit)

    def suggest(self, typed: str, limit: int = 8, *, within: Query | None = None) -> list[Suggestion]:
        """Titles, authors and subjects a reader may be typing, of all editions or of those that `within` finds."""
        return self.index.suggest(typed, limit, within=within)

    def was_known(self, cluster: str) -> bool:
        """Whether an id ever was an edition: its page then says «gone», not «never was»."""
        with reading(self.engine) as connection:
            query = select(cluster_table.c.id).where(cluster_table.c.id == cluster)
            return connection.execute(query).first() is not None

    def scan(
        self, access: Access, term: str, *, before: int, after: int, library: str = "", within: Query | None = None
    ) -> list[ScanTerm]:
        """As the protocol says; `within` limits to the records it finds."""
        return self.index.scan(access, term, before=before, after=after, library=library, within=within)

    def record(self, cluster: str) -> UnionRecord | None:
        return next(iter(self.records([cluster])), None)

    def records(self, clusters: Sequence[str]) -> list[UnionRecord]:
        with reading(self.engine) as connection:
            return unions.load(connection, clusters)

    def redirect(self, cluster: str) -> str:
        with reading(self.engine) as connection:
            return unions.redirect(connection, cluster)

    def members(self, cluster: str, limit: int) -> list[SourceRecord]:
        with reading(self.engine) as connection:
            return unions.members(connection, cluster, limit)

    def holdings(self, cluster: str) -> list[LibraryHoldings]:
        with reading(self.engine) as connection:
            return unions.holdings(connection, [cluster]).get(cluster, [])

    def holdings_of(self, clusters: Sequence[str]) -> dict[str, list[LibraryHoldings]]:
        with reading(self.engine) as connection:
            return unions.holdings(connection, clusters)

    def changes(
        self, *, after: int = 0, since: datetime | None = None, until: datetime | None = None, oai_set: str = "",
        limit: int = 100, after_cluster: str | None = None,
    ) -> list[Change]:  # fmt: skip
        with reading(self.engine) as connection:
            return unions.changes(
                connection, after=after, since=since, until=until, oai_set=oai_set, limit=limit,
                after_cluster=after_cluster,
            )  # fmt: skip

    def change(self, cluster: str) -> Change | None:
        with reading(self.engine) as connection:
            return unions.change(connection, cluster)

    def earliest_change(self) -> datetime:
        with reading(self.engine) as connection:
            return unions.earliest_change(connection) or NEVER

    def oai_sets(self) -> list[tuple[str, str]]:
        with reading(self.engine) as connection:
            return unions.oai_sets(connection)
