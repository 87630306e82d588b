"""An in-memory `Catalogue` for the protocol servers' tests: naive, exact, and quick enough for 20,000 records.

`sample_catalogue()` is a hand-made district of three libraries; `generated_catalogue(n)` is the same shape at any size.
Its answers are simple enough to be checked by eye, so a test may use it as the oracle of a front end.
"""

from __future__ import annotations

import fnmatch
import hashlib
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from catalog_sync.facets import bbk_path, bbk_top
from catalog_sync.model import (
    BibRecord,
    Category,
    Dialect,
    RecordKey,
    SourceRecord,
    UnionRecord,
)
from catalog_sync.query import (
    DEEPEST,
    Access,
    And,
    Change,
    Everything,
    FacetValue,
    Hits,
    LibraryHoldings,
    Not,
    OneOf,
    Or,
    Order,
    Query,
    Relation,
    ScanTerm,
    Sort,
    Term,
    Truncation,
    Unsupported,
)
from tests.fake_records import generated_records, sample_records, union_record

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
NUMERIC = (Access.YEAR, Access.AGE, Access.GRADE)
COMPARISONS: dict[Relation, Callable[[int, int], bool]] = {
    Relation.LESS: lambda a, b: a < b,
    Relation.LESS_EQUAL: lambda a, b: a <= b,
    Relation.GREATER: lambda a, b: a > b,
    Relation.GREATER_EQUAL: lambda a, b: a >= b,
    Relation.NOT_EQUAL: lambda a, b: a != b,
}
LIBRARIES = {"school-01": "Школа № 1", "school-02": "Школа № 2", "museum": "Краеведческий музей"}


def words(text: str) -> list[str]:
    return re.findall(r"[0-9a-zа-я]+", text.lower().replace("ё", "е"))


def values(record: UnionRecord, access: Access) -> list[str]:
    """What one record offers at one access point, as typed."""
    bib = record.bib
    title = " ".join(filter(None, (bib.title, bib.subtitle, *(f"{p.number} {p.title}" for p in bib.parts))))
    names = [a.name for a in bib.agents]
    found: dict[Access, list[str]] = {
        Access.TITLE: list(dict.fromkeys((title, bib.title, *bib.parallel_titles))),
        Access.TITLE_SERIES: [s.title for s in bib.series],
        Access.TITLE_UNIFORM: [],
        Access.AUTHOR: names,
        Access.CORPORATE: [a.name for a in bib.agents if a.kind == "body"],
        Access.SUBJECT: [*bib.subjects, *bib.keywords],
        Access.ISBN: [i.normal for i in bib.isbns if i.normal],
        Access.ISSN: list(bib.issns),
        Access.LOCAL_ID: [record.cluster, *map(str, record.members)],
        Access.PUBLISHER: list(bib.publishers),
        Access.PLACE: list(bib.places),
        Access.YEAR: [bib.year_coded],
        Access.LANGUAGE: list(bib.languages),
        Access.UDC: list(bib.udc),
        Access.BBK: list(bib.bbk),
        Access.BBK_DIVISION: list(bbk_path(bbk_top(bib))),
        Access.NOTE: list(bib.notes),
        Access.ABSTRACT: [bib.abstract],
        Access.CONTENTS: list(bib.contents),
        Access.COUNTRY: [bib.country],
        Access.CHANGED: [bib.changed],
        Access.ADDED: [bib.changed],
        Access.RECORD_TYPE: [bib.carrier.leader_type],
        Access.BIB_LEVEL: [bib.carrier.leader_level],
        Access.KIND: [record.classified.category] if record.classified else [],
        Access.SOURCE: sorted({m.source for m in record.members}),
        Access.LIBRARY: sorted({m.source.split("/")[0] for m in record.members}),
        Access.CARRIER: [record.classified.carrier] if record.classified else [],
        Access.CATEGORY: [record.classified.category] if record.classified else [],
        Access.AGE: [bib.age_mark.rstrip("+")],
    }
    if access is Access.ANY:
        parts = (Access.TITLE, Access.AUTHOR, Access.SUBJECT, Access.ISBN, Access.PUBLISHER, Access.NOTE, Access.YEAR)
        return [v for part in parts for v in found[part]]
    if access not in found:
        raise Unsupported("access", access)
    return [v for v in found[access] if v]


def record_marc(bib: BibRecord) -> bytes:
    """A small RUSMARC record in ISO 2709, UTF-8, of what the sample records say."""
    fields: list[tuple[str, str]] = [("001", bib.key.local_id), ("005", bib.changed or "20260101000000.0")]
    for isbn in bib.isbns:
        fields.append(("010", f"  \x1fa{isbn.typed}"))
    fields.append(("100", f"  \x1fa20260101d{bib.year_coded or '    '}    |||y0rusy50      ca"))
    fields += [("101", f"0 \x1fa{language}") for language in bib.languages]
    title = f"1 \x1fa{bib.title}"
    title += f"\x1fe{bib.subtitle}" if bib.subtitle else ""
    title += "".join(f"\x1fh{p.number}" for p in bib.parts)
    title += f"\x1ff{bib.responsibility}" if bib.responsibility else ""
    fields.append(("200", title))
    imprint = [("a", v) for v in bib.places] + [("c", v) for v in bib.publishers] + [("d", bib.year_text)]
    fields.append(("210", "  " + "".join(f"\x1f{c}{v}" for c, v in imprint if v)))
    fields += [("606", f"1 \x1fa{subject}") for subject in bib.subjects]
    fields += [("686", f"  \x1fa{bbk}\x1f2rubbk") for bbk in bib.bbk]
    for agent in bib.agents:
        surname, _, rest = agent.name.partition(", ")
        fields.append(("700" if agent.main else "701", f" 1\x1fa{surname}\x1fb{rest}"))
    fields += [("899", f"  \x1fp{item.inventory_number}") for item in bib.holdings.items]
    return iso2709(fields)


def iso2709(fields: Sequence[tuple[str, str]]) -> bytes:
    directory, body = b"", b""
    for tag, content in fields:
        data = content.encode() + b"\x1e"
        directory += f"{tag}{len(data):04d}{len(body):05d}".encode()
        body += data
    base = 24 + len(directory) + 1
    leader = f"{base + len(body) + 1:05d}nam  22{base:05d} i 450 ".encode()
    return leader + directory + b"\x1e" + body + b"\x1d"


class MemoryCatalogue:
    """`catalog_sync.query.Catalogue` over dictionaries. Not thread-safe for writing; reading from threads is fine."""

    def __init__(self, records: Iterable[UnionRecord] = (), libraries: dict[str, str] | None = None) -> None:
        self.libraries = dict(LIBRARIES if libraries is None else libraries)
        self._records: dict[str, UnionRecord] = {}
        self._changes: dict[str, Change] = {}
        self._redirects: dict[str, str] = {}
        self._number = 0
        self._index: dict[Access, dict[str, set[str]]] = {}
        self.searches = 0
        for record in records:
            self.put(record)

    # --- writing, for tests ---------------------------------------------------------------------------------------

    def put(self, record: UnionRecord, when: datetime | None = None) -> None:
        self._records[record.cluster] = record
        self._index.clear()
        self._note(record.cluster, when, deleted=False, sets=self._sets_of(record))

    def delete(self, cluster: str, when: datetime | None = None, redirect: str = "") -> None:
        record = self._records.pop(cluster)
        self._index.clear()
        if redirect:
            self._redirects[cluster] = redirect
        self._note(cluster, when, deleted=True, sets=self._sets_of(record))

    def _note(self, cluster: str, when: datetime | None, *, deleted: bool, sets: tuple[str, ...]) -> None:
        self._number += 1
        moment = when or EPOCH + timedelta(seconds=self._number)
        self._changes[cluster] = Change(self._number, cluster, moment, deleted, sets)

    def _sets_of(self, record: UnionRecord) -> tuple[str, ...]:
        found = [f"library:{code}" for code in values(record, Access.LIBRARY)]
        found += [f"kind:{category}" for category in values(record, Access.CATEGORY)]
        found += [f"source:{source}" for source in values(record, Access.SOURCE)]
        return tuple(found)

    # --- Catalogue ------------------------------------------------------------------------------------------------

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
        suggest: bool = False,
    ) -> Hits:
        self.searches += 1
        found = self._match(query)
        if library:
            found &= self._words(Access.LIBRARY).get(library, set())
        order = self._sorted(found, sort)
        counted = {facet: self._facet(found, facet, facet_limit) for facet in facets}
        return Hits(len(order), tuple(order[offset : offset + limit]), counted)

    def is_latest(self, commit: object) -> bool:
        return False

    def scan(self, access: Access, term: str, *, before: int, after: int, library: str = "") -> list[ScanTerm]:
        index = self._words(access)
        limit = self._words(Access.LIBRARY).get(library, set()) if library else None
        listed = sorted(w for w, who in index.items() if limit is None or who & limit)
        start = bisect_left(listed, " ".join(words(term)))
        chosen = listed[max(0, start - before) : start + after]
        return [ScanTerm(w, len(index[w] if limit is None else index[w] & limit)) for w in chosen]

    def record(self, cluster: str) -> UnionRecord | None:
        return self._records.get(cluster)

    def records(self, clusters: Sequence[str]) -> list[UnionRecord]:
        return [self._records[c] for c in clusters if c in self._records]

    def redirect(self, cluster: str) -> str:
        return self._redirects.get(cluster, "")

    def members(self, cluster: str, limit: int) -> list[SourceRecord]:
        record = self._records.get(cluster)
        return [] if record is None else [self._member(record, key) for key in record.members[:limit]]

    def holdings(self, cluster: str) -> list[LibraryHoldings]:
        record = self._records.get(cluster)
        if record is None:
            return []
        found = []
        for code in values(record, Access.LIBRARY):
            keys = tuple(k for k in record.members if k.source.startswith(f"{code}/"))
            name = self.libraries.get(code, code)
            found.append(LibraryHoldings(code, name, 2 * len(keys), ("74.26",), (), keys))
        return found

    def holdings_of(self, clusters: Sequence[str]) -> dict[str, list[LibraryHoldings]]:
        return {cluster: self.holdings(cluster) for cluster in clusters}

    def changes(
        self, *, after: int = 0, since: datetime | None = None, until: datetime | None = None, oai_set: str = "",
        limit: int = 100, after_cluster: str | None = None,
    ) -> list[Change]:
        found = sorted((c for c in self._changes.values() if c.number > after), key=lambda c: c.number)
        if after_cluster is not None:
            found = sorted((c for c in found if c.cluster > after_cluster), key=lambda c: c.cluster)
        found = [c for c in found if since is None or c.when >= since]
        found = [c for c in found if until is None or c.when <= until]
        return [c for c in found if not oai_set or oai_set in c.sets][:limit]

    def change(self, cluster: str) -> Change | None:
        return self._changes.get(cluster)

    def earliest_change(self) -> datetime:
        return min((c.when for c in self._changes.values()), default=EPOCH)

    def oai_sets(self) -> list[tuple[str, str]]:
        sets = [(f"library:{code}", name) for code, name in self.libraries.items()]
        sources = sorted({k.source for r in self._records.values() for k in r.members})
        return sets + [(f"kind:{c}", c.value) for c in Category] + [(f"source:{s}", s) for s in sources]

    # --- how it is found ------------------------------------------------------------------------------------------

    @staticmethod
    def _member(record: UnionRecord, key: RecordKey) -> SourceRecord:
        data = record_marc(record.bib)
        return SourceRecord(key.source, key.local_id, data, hashlib.sha256(data).digest(), Dialect.RUSMARC, "utf-8")

    def _words(self, access: Access) -> dict[str, set[str]]:
        """word → clusters; library and source codes, and ids, are whole words here."""
        if access not in self._index:
            whole = access in (Access.LIBRARY, Access.SOURCE, Access.LOCAL_ID, Access.CATEGORY, Access.CARRIER)
            index: dict[str, set[str]] = defaultdict(set)
            for cluster, record in list(self._records.items()):
                for value in values(record, access):
                    for word in [value] if whole else words(value):
                        index[word].add(cluster)
            self._index[access] = dict(index)
        return self._index[access]

    def _match(self, query: Query) -> set[str]:
        match query:
            case And(left, right):
                return self._match(left) & self._match(right)
            case Or(left, right):
                return self._match(left) | self._match(right)
            case Not(left, right):
                return self._match(left) - self._match(right)
            case OneOf(clusters):
                return {c for c in clusters if c in self._records}
            case Everything():
                return set(self._records)
        return self._match_term(query)

    def _match_term(self, term: Term) -> set[str]:
        if term.relation in COMPARISONS or term.relation is Relation.WITHIN:
            return set(self._match_number(term))
        if term.access in (Access.LIBRARY, Access.SOURCE, Access.LOCAL_ID, Access.CATEGORY, Access.CARRIER):
            return set(self._words(term.access).get(term.text, set()))
        text = re.sub(r"[\s-]", "", term.text) if term.access in (Access.ISBN, Access.ISSN) else term.text
        wanted = mask_words(text) if term.truncation is Truncation.MASK else words(text)
        if not wanted:
            return set()
        sets = [self._match_word(term, word) for word in wanted]
        if term.relation is Relation.ANY:
            return set().union(*sets)
        found = set.intersection(*sets)
        if term.relation in (Relation.ADJACENT, Relation.EXACT, Relation.EQUAL) or term.first:
            found = {c for c in found if self._stands_together(c, term, wanted)}
        return found

    def _match_word(self, term: Term, word: str) -> set[str]:
        index = self._words(term.access)
        if term.truncation is Truncation.NONE:
            return index.get(word, set())
        return set().union(*(who for w, who in index.items() if fnmatch.fnmatchcase(w, pattern(word, term.truncation))))

    def _stands_together(self, cluster: str, term: Term, wanted: list[str]) -> bool:
        patterns = [pattern(w, term.truncation) for w in wanted]
        for value in values(self._records[cluster], term.access):
            have = words(value)
            if term.relation is Relation.EXACT and len(have) != len(patterns):
                continue
            last = 1 if term.first or term.relation is Relation.EXACT else len(have)
            for start in range(last):
                slice_ = have[start : start + len(patterns)]
                if len(slice_) == len(patterns) and all(map(fnmatch.fnmatchcase, slice_, patterns)):
                    return True
        return False

    def _match_number(self, term: Term) -> Iterator[str]:
        if term.access not in NUMERIC:
            raise Unsupported("relation", term.relation)
        asked = [int(w) for w in term.text.split() if w.isdigit()]
        if not asked:
            raise Unsupported("term", term.text)
        for cluster, record in self._records.items():
            numbers = [int(v) for v in values(record, term.access) if v.isdigit()]
            if term.relation is Relation.WITHIN:
                if any(asked[0] <= n <= asked[-1] for n in numbers):
                    yield cluster
            elif any(COMPARISONS[term.relation](n, asked[0]) for n in numbers):
                yield cluster

    def _sorted(self, found: set[str], sort: Order) -> list[str]:
        """By the last key first: sorting keeps the order of what is alike. Without a value: behind the others."""
        listed = sorted(found)
        for key in reversed(sort if isinstance(sort, tuple) else (sort,)):
            listed.sort(key=lambda c, k=key: self._sort_value(c, k), reverse=key.value.endswith("-"))  # type: ignore[misc]
            listed.sort(key=lambda c, k=key: not self._sort_value(c, k))  # type: ignore[misc]
        return listed

    def _sort_value(self, cluster: str, key: Sort) -> list[str]:
        bib = self._records[cluster].bib
        if key is Sort.RELEVANCE:
            return [""]
        if key.subject == "title":
            return words(bib.title)
        if key.subject == "author":
            return words(next((a.name for a in bib.agents), ""))
        return [bib.year_coded] if key.subject == "year" else [f"{self._changes[cluster].number:09d}"]

    def _facet(self, found: set[str], facet: str, limit: int) -> tuple[FacetValue, ...]:
        counted = Counter(v for c in found for v in set(values(self._records[c], Access(facet))))
        ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
        return tuple(FacetValue(value, count) for value, count in ordered[:limit])


def mask_words(text: str) -> list[str]:
    return re.findall(r"[0-9a-zа-я*?]+", text.lower().replace("ё", "е"))


def pattern(word: str, truncation: Truncation) -> str:
    left = "*" if truncation in (Truncation.LEFT, Truncation.BOTH) else ""
    right = "*" if truncation in (Truncation.RIGHT, Truncation.BOTH) else ""
    return f"{left}{word}{right}"


def sample_catalogue() -> MemoryCatalogue:
    return MemoryCatalogue(sample_records())


def generated_catalogue(count: int, seed: int = 7) -> MemoryCatalogue:
    return MemoryCatalogue(generated_records(count, seed))


class DeepCatalogue(MemoryCatalogue):
    """A region's: more hits of everything than an index turns pages to."""

    def search(self, query: Query, *, offset: int = 0, limit: int = 20, **how: Any) -> Hits:
        if offset + limit > DEEPEST:
            raise Unsupported("offset", str(offset))
        return Hits(DEEPEST + 50_000, tuple(f"c{number}" for number in range(offset + 1, offset + limit + 1)))

    def records(self, clusters: Sequence[str]) -> list[UnionRecord]:
        return [union_record(cluster, "Глубокая") for cluster in clusters]
