"""The SRU server without HTTP: parameters in, response document out. Failures become diagnostics here and only here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.exc import DBAPIError

from catalog_sync.failures import note
from catalog_sync.protocol.cql import CqlError, SearchClause, parse
from catalog_sync.protocol.cql_context import find_index, in_scope, sort_of_parameter
from catalog_sync.protocol.cql_query import read_words, to_query
from catalog_sync.query import DEEPEST, Access, Catalogue, Everything, Hits, Order, Query, ScanTerm, Unsupported
from catalog_sync.search.scan import is_same
from web import record_schemas
from web.protocol_log import Tell, tell_nobody
from web.record_schemas import SRU_SCHEMAS, RecordSchema
from web.sru import explain, facets, xml
from web.sru.diagnostics import Diagnostic, SruFailure, of_error
from web.sru.parameters import VERSIONS, SruRequest, read

log = logging.getLogger(__name__)
DEFAULT_RECORDS = 10
MAX_RECORDS = 100  # records of one response; a client asks again from nextRecordPosition
DEFAULT_TERMS = 20
MAX_TERMS = 200  # a scan for 2^31-1 terms killed an established server


@dataclass(frozen=True, slots=True)
class Server:
    """One database over a catalogue: the union (`library` is "") or what one library holds.

    `neighbours` gives the databases beside this one (address → name), asked for by explain only.
    """

    catalogue: Catalogue
    database: explain.Database
    permalinks: str  # address before a cluster's id
    library: str = ""
    neighbours: Callable[[], Mapping[str, str]] = dict
    style: str = "/sru/style.xsl"
    tell: Tell = tell_nobody  # of what was asked and how it went, for the access log

    def answer(self, parameters: Mapping[str, Sequence[str]]) -> str:
        """The response document; always an SRU response, whatever was asked."""
        try:
            request = read(parameters)
        except SruFailure as failed:
            operation, version = self._shape(parameters)
            return self._failed(operation, version, failed.diagnostic)
        self.tell(event=request.operation, version=request.version)
        try:
            operations = {"explain": self.explain, "searchRetrieve": self.search, "scan": self.scan}
            return operations[request.operation](request)
        except SruFailure as failed:
            found = failed.diagnostic
        except (CqlError, Unsupported) as error:
            found = of_error(error)
        except Exception as error:
            note(log, f"SRU: запрос {request.operation} не выполнен", error)
            found = Diagnostic(2 if isinstance(error, DBAPIError) else 1)  # 2: temporarily unavailable
        return self._failed(request.operation, request.version, found)

    def _failed(self, operation: str, version: str, found: Diagnostic) -> str:
        self.tell(event=operation, version=version, diagnostic=found.number)
        return xml.failure(operation, version, found, self.style)

    @staticmethod
    def _shape(parameters: Mapping[str, Sequence[str]]) -> tuple[str, str]:
        """Operation and version to answer in when the request itself is wrong."""
        version = next(iter(parameters.get("version", ())), "")
        operation = next(iter(parameters.get("operation", ())), "")
        if operation not in ("explain", "searchRetrieve", "scan"):
            operation = "scan" if "scanClause" in parameters else "explain"
            operation = "searchRetrieve" if "query" in parameters else operation
        usual = "1.2" if "operation" in parameters and not version else VERSIONS[-1]
        return operation, version if version in VERSIONS else usual

    # --- explain ---------------------------------------------------------------------------------------------------

    def explain(self, request: SruRequest) -> str:
        limits = {"numberOfRecords": DEFAULT_RECORDS, "maximumRecords": MAX_RECORDS, "maximumTerms": MAX_TERMS}
        total = self.catalogue.search(Everything(), limit=0, library=self.library).total
        database = replace(self.database, records=total, libraries=self.neighbours())
        data = explain.record(database, request.version, limits)
        record = xml.record(request, explain.ZEEREX, data, 0, "")
        return xml.document("explainResponse", request.version, record, self.style)

    # --- searchRetrieve --------------------------------------------------------------------------------------------

    def search(self, request: SruRequest) -> str:
        schema = self._schema(request)
        start = request.number("startRecord", 1, 1)
        size = min(request.number("maximumRecords", DEFAULT_RECORDS, 0), MAX_RECORDS)
        plan = facets.read(request)
        query, sort, warnings = self._question(request)
        if start > DEEPEST:
            raise SruFailure(61, f"startRecord {start}: at most {DEEPEST}")
        hits = self.catalogue.search(
            query, offset=start - 1, limit=min(size, DEEPEST - start + 1), sort=sort,
            facets=[f.facet for f in plan.facets], facet_limit=plan.most or 1, library=self.library,
        )
        if start > max(hits.total, 1):
            raise SruFailure(61, f"startRecord {start}, numberOfRecords {hits.total}")
        self.tell(hits=hits.total, records=len(hits.clusters), schema=schema.name)
        address = self.database.address
        shown = facets.render(plan, dict(hits.facets), self._unsorted(request), address) if plan.facets else ""
        records = self._records(request, schema, hits, start)
        return xml.search_response(
            request, hits.total, records, following(start, len(hits.clusters), hits.total), shown, warnings, self.style
        )

    @staticmethod
    def _schema(request: SruRequest) -> RecordSchema:
        name = request.get("recordSchema")
        schema = record_schemas.find(SRU_SCHEMAS, name) if name else SRU_SCHEMAS[0]
        if schema is None:
            raise SruFailure(66, name)
        return schema

    @staticmethod
    def _text(request: SruRequest) -> str:
        """The CQL of the question."""
        text = request.get("query")
        if request.get("queryType") == "searchTerms":
            return " ".join('"' + w.replace("\\", "").replace('"', "") + '"' for w in text.split())
        return text

    def _unsorted(self, request: SruRequest) -> str:
        """The CQL without its sortBy, which may stand at the end of a whole query only."""
        text = self._text(request)
        return text[: parse(text).sort_at].strip()

    def _question(self, request: SruRequest) -> tuple[Query, Order, list[Diagnostic]]:
        tree = parse(self._text(request))
        query, sort = to_query(tree)
        keys = request.get("sortKeys")
        if keys and tree.sort_keys:
            return query, sort, [Diagnostic(94, keys)]
        return query, sort_of_parameter(keys) if keys else sort, []

    def _records(self, request: SruRequest, schema: RecordSchema, hits: Hits, start: int) -> Iterator[str]:
        """Records in order; one that went away meanwhile is a surrogate diagnostic, so positions stay true."""
        found = {r.cluster: r for r in self.catalogue.records(hits.clusters)}
        held = self.catalogue.holdings_of(hits.clusters) if schema.wants_holdings else {}
        for position, cluster in enumerate(hits.clusters, start):
            union = found.get(cluster)
            if union is None:
                data = xml.diagnostic(request.version, Diagnostic(65, cluster))
                yield xml.record(request, "info:srw/schema/1/diagnostics-v1.1", data, position, cluster)
                continue
            data = schema.render(union, self.permalinks + cluster, held.get(cluster, ()))
            yield xml.record(request, schema.identifier, data, position, cluster)

    # --- scan ------------------------------------------------------------------------------------------------------

    def scan(self, request: SruRequest) -> str:
        clause, scope = self._scan_clause(request.get("scanClause"))
        index = find_index(clause.index, scope)
        if not index.can_scan:
            raise SruFailure(16, clause.index)
        asked = request.number("maximumTerms", DEFAULT_TERMS, 1)
        size = min(asked, MAX_TERMS)
        position = request.number("responsePosition", 1, 0)
        if position > size + 1:
            raise SruFailure(120, str(position))
        words = " ".join(w.text for term in clause.terms if term.strip() for w in read_words(term))
        # Position 1: the term asked for is the first of the response; 0: the response begins after it (SRU scan).
        before = max(position - 1, 0)
        terms, ends = self._around(index.access[0], words, before, size, skip=position == 0)
        self.tell(terms=len(terms))
        warnings = [Diagnostic(121, str(MAX_TERMS))] if asked > MAX_TERMS else []
        return xml.scan_response(request, clause.index, terms, ends, warnings, self.style)

    @staticmethod
    def _scan_clause(text: str) -> tuple[SearchClause, Mapping[str, str]]:
        tree = parse(text)
        if not isinstance(tree.root, SearchClause):
            raise SruFailure(48, "scanClause: one search clause")
        if tree.root.relation not in ("=", "==", "exact", "all", "any", "adj"):
            raise SruFailure(19, tree.root.relation)
        return tree.root, in_scope(tree.root.prefixes, {})

    def _around(
        self, access: Access, term: str, before: int, size: int, *, skip: bool
    ) -> tuple[list[ScanTerm], dict[int, str]]:
        """Terms of the response; one more than asked is fetched on each side to know where the list ends."""
        after = size - before + 1 + (1 if skip else 0)
        found = self.catalogue.scan(access, term, before=before + 1, after=after, library=self.library)
        lower = self.catalogue.scan(access, term, before=before + 1, after=0, library=self.library)
        first = max(len(lower) - before, 0)
        if skip and len(found) > len(lower) and is_same(found[len(lower)].term, term):
            first = len(lower) + 1
        chosen = found[first : first + size]
        ends: dict[int, str] = {}
        if chosen and first == 0 and len(lower) <= before:
            ends[0] = "first"
        if chosen and first + len(chosen) == len(found) and len(found) - len(lower) < after:
            ends[len(chosen) - 1] = "only" if ends.get(len(chosen) - 1) == "first" else "last"
        return chosen, ends


def following(start: int, count: int, total: int) -> int:
    """nextRecordPosition, or 0 where the response reaches the end."""
    after = start + count
    return after if count and after <= total else 0
