"""Reading the index: one snapshot at a time, renewed when the writer has committed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar

import tantivy

from catalog_sync.query import DEEPEST, Access, Card, FacetValue, Hits, Order, Query, ScanTerm, Sort, Unsupported
from catalog_sync.search import schema, translate
from catalog_sync.search.cards import CardFile
from catalog_sync.search.facets import count_facets
from catalog_sync.search.order import first_key
from catalog_sync.search.scan import Scanner
from catalog_sync.search.suggest import Correction, Suggestion, correct, suggest

MAX_SORTED = 50_000  # hits ordered by several keys: each key costs a walk over all of them
KEPT_ANSWERS = 512  # of the latest queries: turning pages must not count again, and a class asks what was just asked
KEPT_HITS = 100  # of one answer: a page is kept, the result set of another library's system is not
BLOCK = 20  # hits among which equals are put in order, a page of the OPAC: a hit has one place, however pages are cut
KEPT_NAMES = 100_000  # displayed forms of numbered headings, 10 MB

Value = TypeVar("Value")


class Latest(Generic[Value]):
    """The latest values by key, so many and no more. Safe between threads."""

    def __init__(self, most: int) -> None:
        self._most, self._kept, self._changing = most, dict[Any, Value](), Lock()

    def get(self, key: Any) -> Value | None:
        return self._kept.get(key)

    def keep(self, key: Any, value: Value) -> None:
        with self._changing:
            self._kept.pop(key, None)
            while len(self._kept) >= self._most:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = value


@dataclass(frozen=True, slots=True)
class Page:
    """Hits of one page."""

    total: int
    cards: tuple[Card, ...] = ()


class Snapshot:
    """One commit of the index, and what was already found and counted in it.

    `names` are displayed forms of numbered headings: they stay true from one commit to the next.
    """

    def __init__(self, searcher: Any, index_schema: Any, cards: CardFile, names: dict[Any, str]) -> None:
        self.searcher = searcher
        self.schema = index_schema
        self.cards = cards
        self.pages: Latest[Page] = Latest(KEPT_ANSWERS)
        self.facets: Latest[dict[str, tuple[FacetValue, ...]]] = Latest(KEPT_ANSWERS)
        self.names = names if len(names) < KEPT_NAMES else {}
        state = schema.read_state(searcher, index_schema)
        self.alphabet: str = state.get("alphabet", "")


def _page_of(now: Snapshot, total: int, addresses: Iterable[Any]) -> Page:
    return Page(total, now.cards.read(now.searcher.fast_field_values("card", list(addresses))))


class Reader:
    """Answers from the last commit. Safe to share between threads; make it after forking, on a local disk."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._meta, self._folder = os.fspath(self.path / schema.META_FILE), os.fspath(self.path)
        self._index: Any = None
        self._opened = 0  # inode of the folder that `_index` is open on
        self._stamp = (0, 0)
        self._renewing = Lock()
        self._snapshot: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """The current commit: a new one is noticed by the file the writer replaces with every commit."""
        try:
            return self._latest()
        except (FileNotFoundError, PermissionError, ValueError):  # tantivy's word for a file that is damaged
            if self._snapshot is None:
                raise
            return self._snapshot  # being moved into place, or waiting to be rebuilt: the old one is still open

    def _latest(self) -> Snapshot:
        file = os.stat(self._meta)
        stamp = (file.st_mtime_ns, file.st_ino)
        current = self._snapshot
        if current is not None and stamp == self._stamp:
            return current
        with self._renewing:
            return self._renew(stamp)

    def _renew(self, stamp: tuple[int, int]) -> Snapshot:
        folder = os.stat(self._folder).st_ino
        if self._index is None or folder != self._opened:  # another folder: the index was rebuilt beside
            self._opened = folder
            self._index = tantivy.Index(schema.build(), path=str(self.path))
            schema.register(self._index)
        self._index.reload()
        names = self._snapshot.names if self._snapshot else {}
        current = Snapshot(self._index.searcher(), self._index.schema, CardFile(self.path), names)
        if os.stat(self._folder).st_ino != folder:  # moved away between two looks: the next finds both new
            raise FileNotFoundError(self._folder)
        self._snapshot, self._stamp = current, stamp
        return current

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
        """A page of hits; `library` limits to what it holds, `prefer` puts what another holds first (by relevance).

        `suggest` looks for words that were meant where nothing is found (slower than the search: for people).
        Raises Unsupported for what the index can't answer.
        """
        if offset + limit > DEEPEST:
            raise Unsupported("offset", str(offset))
        now = self.snapshot()
        required = translate.within_library(translate.translate(query, now.schema), library, now.schema)
        deep = translate.is_deep(query)  # too deep to be compared with other queries
        key = None if deep or limit > KEPT_HITS else (query, library, offset, limit, sort, prefer)
        page = now.pages.get(key) if key else None
        if page is None:
            page = self._page(now, query, required, offset, limit, sort, prefer)
            if key:
                now.pages.keep(key, page)
        counted = self._facets(now, None if deep else (query, library, facet_limit), required, facets, facet_limit)
        suggestion = ""
        if suggest and not page.total and not offset and not deep:
            correction = self.did_you_mean(query, library=library)
            suggestion = correction.text if correction else ""
        return Hits(page.total, tuple([card.cluster for card in page.cards]), counted, suggestion, page.cards, now)

    def every(self, query: Query) -> tuple[str, ...]:
        """Clusters of all hits, best first, however many: for exports. Raises Unsupported as `search` does."""
        now = self.snapshot()
        required = translate.translate(query, now.schema)
        total = int(now.searcher.search(required, 1).count)
        page = self._page(now, query, required, 0, max(1, total), Sort.RELEVANCE, "")
        return tuple([card.cluster for card in page.cards])

    def is_latest(self, commit: object) -> bool:
        """Whether the index still is as it was at that answer (`Hits.commit`)."""
        return self.snapshot() is commit

    def _page(
        self, now: Snapshot, query: Query, required: Any, offset: int, limit: int, sort: Order, prefer: str
    ) -> Page:
        if not limit:
            return Page(now.searcher.search(required, 1).count)
        if isinstance(sort, tuple):
            return self._page_by_keys(now, required, offset, limit, sort)
        if sort is Sort.RELEVANCE:
            wanted = translate.wishes(query, now.schema)
            if prefer:
                wanted.append(translate.preferred(prefer, now.schema))
            if translate.weighs_nothing(query):
                return _latest_first(now, required, wanted, offset, limit)
            return _by_weight(now, translate.with_wishes(required, wanted), offset, limit)
        field, order = _ORDERS[sort]
        found = now.searcher.search(required, limit, offset=offset, order_by_field=field, order=order)
        return _page_of(now, found.count, (address for _, address in found.hits))

    def _page_by_keys(
        self, now: Snapshot, required: Any, offset: int, limit: int, keys: Sequence[Sort]
    ) -> Page:
        """Ordered by several keys: the index orders by one, so a hit's places in the order of each are compared."""
        total = int(now.searcher.search(required, 1).count)
        if total > MAX_SORTED:
            raise Unsupported("sort size", str(MAX_SORTED))
        places: dict[tuple[int, int], list[int]] = {}
        for key in keys if total else ():
            field, order = _ORDERS[key]
            place, before = 0, None
            for value, at in now.searcher.search(required, total, order_by_field=field, order=order).hits:
                said = first_key(value)
                place, before = place + (said != before), said
                places.setdefault((at.segment_ord, at.doc), []).append(place)
        ordered = sorted(places, key=places.__getitem__)[offset : offset + limit]
        return _page_of(now, total, (tantivy.DocAddress(*at) for at in ordered))

    def _facets(
        self, now: Snapshot, key: tuple[Query, str, int] | None, required: Any, names: Sequence[str], limit: int
    ) -> dict[str, tuple[FacetValue, ...]]:
        """Counts of the named facets; what was counted in this commit is not counted again, the rest in one walk."""
        unknown = next((name for name in names if name not in schema.FACETS), None)
        if unknown is not None:
            raise Unsupported("facet", unknown)
        kept = (now.facets.get(key) if key and names else None) or {}
        missing = {schema.FACETS[n]: n for n in names if n not in kept}
        if missing:
            found = count_facets(now.searcher, now.schema, required, list(missing), limit, now.names)
            kept = {**kept, **{missing[field]: values for field, values in found.items()}}
            if key:
                now.facets.keep(key, kept)
        return {n: kept[n] for n in names}

    def scan(
        self, access: Access, term: str, before: int, after: int, library: str = "", within: Query | None = None
    ) -> list[ScanTerm]:
        """Terms of an access point around `term`, each with the number of records it finds: of all records, of those of
        a library, or of those that `within` finds."""
        now = self.snapshot()
        only = tantivy.Query.term_query(now.schema, "library", library, index_option="basic") if library else None
        if within is not None:
            only = translate.within_library(translate.translate(within, now.schema), library, now.schema)
        return Scanner(now.searcher, now.schema, now.alphabet, only).scan(access, term, before, after)

    def suggest(self, prefix: str, limit: int = 8, *, within: Query | None = None) -> list[Suggestion]:
        """Titles, authors and subjects a reader may be typing, of all records or of those that `within` finds."""
        now = self.snapshot()
        records = translate.translate(within, now.schema) if within else tantivy.Query.all_query()
        return suggest(now.searcher, now.schema, prefix, limit, records)

    def did_you_mean(self, query: Query, *, library: str = "") -> Correction | None:
        """The query with words nobody has replaced by the nearest ones that find something."""
        now = self.snapshot()
        correction = correct(query, now.searcher)
        if correction is None:
            return None
        required = translate.within_library(translate.translate(correction.query, now.schema), library, now.schema)
        return correction if now.searcher.search(required, 1).count else None

    def known(self, clusters: Sequence[str]) -> set[str]:
        """Which of these clusters the index has (for `check`)."""
        now = self.snapshot()
        return {c for c in clusters if now.searcher.search(
            tantivy.Query.term_query(now.schema, "id", c, index_option="basic"), 1).count}

    def has_sound_cards(self) -> bool:
        """Whether the card of every record is as it was written (for `check`)."""
        now = self.snapshot()
        all_of_them = now.searcher.search(translate.everything(now.schema), max(1, now.searcher.num_docs)).hits
        places = now.searcher.fast_field_values("card", [address for _, address in all_of_them])
        return all(map(now.cards.is_sound, places))

    def size(self) -> int:
        """How many records are indexed."""
        now = self.snapshot()
        return int(now.searcher.search(translate.everything(now.schema), 1).count)


def _latest_first(now: Snapshot, required: Any, wishes: Sequence[Any], offset: int, limit: int) -> Page:
    """Where no hit weighs more than another: by the wishes granted, the latest year first."""
    total, addresses = int(now.searcher.search(required, 1).count), list[Any]()
    field, order = _ORDERS[Sort.YEAR_DOWN]
    for layer in translate.layers(required, wishes):
        if len(addresses) == limit:
            break
        found = now.searcher.search(layer, limit - len(addresses), offset=offset, order_by_field=field, order=order)
        addresses += [address for _, address in found.hits]
        offset = max(0, offset - found.count)
    return _page_of(now, total, addresses)


def _by_weight(now: Snapshot, query: Any, offset: int, limit: int) -> Page:
    """The heaviest first; of hits that weigh the same, as editions of one textbook do, the latest. Whole blocks are
    ordered, not the page alone: the fifth record is the same one whether five, ten or one were asked for."""
    first, end = offset - offset % BLOCK, offset + limit
    found = now.searcher.search(query, end + -end % BLOCK - first, offset=first)
    years = now.searcher.fast_field_values("year", [address for _, address in found.hits])
    placed = zip(range(len(years)), found.hits, years, strict=True)
    ordered = sorted(placed, key=lambda hit: (hit[0] // BLOCK, -hit[1][0], -(hit[2] or 0)))
    return _page_of(now, found.count, [address for _, (_, address), _ in ordered[offset - first : end - first]])


_ORDERS = {
    Sort.TITLE: ("sort_title", tantivy.Order.Asc),
    Sort.TITLE_DOWN: ("sort_title", tantivy.Order.Desc),
    Sort.AUTHOR: ("sort_author", tantivy.Order.Asc),
    Sort.AUTHOR_DOWN: ("sort_author", tantivy.Order.Desc),
    Sort.YEAR_DOWN: ("year", tantivy.Order.Desc),
    Sort.YEAR_UP: ("year", tantivy.Order.Asc),
    Sort.NEWEST: ("added", tantivy.Order.Desc),
    Sort.OLDEST: ("added", tantivy.Order.Asc),
    Sort.CHANGED_DOWN: ("changed", tantivy.Order.Desc),
    Sort.CHANGED: ("changed", tantivy.Order.Asc),
}
