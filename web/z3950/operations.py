"""Search, Present, Scan, Sort and Delete of one association (Z39.50-2003, 3.2.2 to 3.2.8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from catalog_sync.protocol import responses, rpn
from catalog_sync.protocol.apdu import (
    DeleteRequest,
    DeleteResponse,
    Diagnostic,
    PresentRequest,
    PresentResponse,
    PresentStatus,
    Request,
    Response,
    RpnQuery,
    RpnTerm,
    ScanEntry,
    ScanRequest,
    ScanResponse,
    SearchRequest,
    SearchResponse,
    SortRequest,
    SortResponse,
)
from catalog_sync.protocol.bib1 import USE
from catalog_sync.protocol.charset import decode_term, encode
from catalog_sync.protocol.diagnostics import Condition, Fault
from catalog_sync.protocol.oids import BIB1_ATTRIBUTES, Syntax
from catalog_sync.query import DEEPEST, Access, Catalogue, Hits, Or, Order, Query, ScanTerm
from catalog_sync.search.scan import is_same
from web.z3950 import asking, records
from web.z3950.asking import Libraries
from web.z3950.greeting import Greeting
from web.z3950.presenting import Presented, Presenter, wanted_as
from web.z3950.result_sets import MAX_NODES, Ask, ResultSet, nodes
from web.z3950.settings import UNION_DATABASE, Charsets, ServerSettings

DEFAULT_SYNTAX = Syntax.USMARC  # the standard leaves it to the target; every client reads this one
NO_SET, SUBSET = 3, 1  # resultSetStatus of a failed search
SCAN_SUCCESS, SCAN_PARTIAL, SCAN_FAILURE = 0, 5, 6
SORTED_EMPTY, SORTED_UNCHANGED = 1, 3
DELETED, DID_NOT_EXIST = 0, 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """The response (a value, or bytes that are ready) and what the access log may say about it."""

    facts: dict[str, Any] = field(default_factory=dict)
    diagnostic: int = 0
    response: Response | bytes | None = None


class Desk:
    """Where the requests of one association are served: its result sets and its view of the catalogue."""

    def __init__(
        self, open_catalogue: Callable[[], Catalogue], settings: ServerSettings, presenter: Presenter,
        libraries: Libraries,
    ) -> None:  # fmt: skip
        self._open_catalogue = open_catalogue
        self._opened: Catalogue | None = None
        self._settings = settings
        self._presenter = presenter
        self._libraries = libraries
        self._sets: dict[str, ResultSet] = {}
        self._by_database = {name.lower(): charsets for name, charsets in settings.databases.items()}

    @property
    def catalogue(self) -> Catalogue:
        if self._opened is None:
            self._opened = self._open_catalogue()
        return self._opened

    def serve(self, request: Request, greeting: Greeting) -> Outcome:
        """Raises Fault or Unsupported, which `failure` turns into the response of the right kind."""
        match request:
            case SearchRequest():
                return self._search(request, greeting)
            case PresentRequest():
                return self._present(request, greeting)
            case ScanRequest():
                return self._scan(request, greeting)
            case SortRequest():
                return self._sort(request)
            case DeleteRequest():
                return self._delete(request)
        raise Fault(Condition.UNSUPPORTED_SEARCH, "такой запрос здесь не обслуживается")

    # --- Search ------------------------------------------------------------------------------------------------------

    def _search(self, request: SearchRequest, greeting: Greeting) -> Outcome:
        if not request.replace and request.result_set in self._sets:
            raise Fault(Condition.RESULT_SET_EXISTS, f"{request.result_set}: набор есть, а замена не разрешена")
        try:
            found = self._asked(request, greeting)
        finally:
            # 3.2.2.1.4: a failed search leaves no old set under the name (which the query itself may have used).
            self._sets.pop(request.result_set, None)
        self._keep(request.result_set, found)
        facts = {"databases": len(request.databases), "hits": found.total, "query": _shape(request)}
        return Outcome(facts, 0, self._with_piggyback(request, found, greeting))

    def _asked(self, request: SearchRequest, greeting: Greeting) -> ResultSet:
        for elements in (request.small_elements, request.medium_elements):
            records.check(request.syntax, elements)
        library, condition = self._libraries.limit(request.databases, self.catalogue)
        charset = greeting.charset or self._charsets(request.databases).queries
        query, sort = asking.read_query(
            request.query, charset, negotiated=bool(greeting.charset), find_set=self._query_of
        )
        found = ResultSet(self._checked(asking.within(query, condition)), request.databases, sort, library=library)
        found.open(self._ask(found))
        return found

    def _keep(self, name: str, found: ResultSet) -> None:
        """Under a name, as the youngest. Where there is no room the oldest goes: yaz-client gives every search a name
        of its own and deletes none, and its twenty-first would be refused.
        """
        self._sets.pop(name, None)
        while len(self._sets) >= self._settings.limits.result_sets:
            del self._sets[next(iter(self._sets))]
        self._sets[name] = found

    def _query_of(self, name: str) -> Query:
        """A result set as operand: its question, limited to what it was asked of."""
        found = self._find(name)
        _, condition = self._libraries.limit(found.databases, self.catalogue)
        if found.library:
            condition = asking.in_library(found.library)
        return asking.within(found.query, condition)

    def _find(self, name: str) -> ResultSet:
        found = self._sets.get(name)
        if found is None:
            limit = self._settings.limits.result_sets
            raise Fault(Condition.NO_RESULT_SET, f"{name}: такого набора нет; хранятся последние {limit}")
        return found

    @staticmethod
    def _checked(query: Query) -> Query:
        if nodes(query) > MAX_NODES:
            raise Fault(Condition.TOO_MANY_OPERATORS, f"запрос вместе с его наборами больше {MAX_NODES} частей")
        return query

    def _ask(self, found: ResultSet) -> Ask:
        catalogue = self.catalogue

        def ask(query: Query, offset: int, limit: int, sort: Order) -> Hits:
            return catalogue.search(query, offset=offset, limit=limit, sort=sort, library=found.library)

        return ask

    def _charsets(self, databases: tuple[str, ...]) -> Charsets:
        """Charsets of the first database named; a list of databases is asked in one charset."""
        return self._by_database.get(databases[0].lower() if databases else "", self._settings.charsets)

    def _with_piggyback(self, request: SearchRequest, found: ResultSet, greeting: Greeting) -> bytes:
        """Records in the search response itself, by the rules of small, medium and large sets (3.2.2.1.6)."""
        total = found.total
        if total <= request.small_set_upper_bound:
            count, elements = total, request.small_elements
        elif total < request.large_set_lower_bound:
            count, elements = min(total, request.medium_set_present_number), request.medium_elements
        else:
            count, elements = 0, ""
        response = SearchResponse(total, reference=request.reference, next_position=1 if total else 0)
        if count <= 0:
            return responses.write_search_with(response, b"")
        most = min(count, self._settings.limits.records_per_present)
        shown = self._records(found, 1, most, request.syntax, elements, greeting)
        return responses.write_search_with(
            SearchResponse(
                total,
                returned=len(shown.records),
                next_position=_next(1, len(shown.records), total),
                present_status=PresentStatus.MESSAGE_SIZE if len(shown.records) < count else shown.status,
                reference=request.reference,
            ),
            responses.response_records(shown.records),
        )

    # --- Present -----------------------------------------------------------------------------------------------------

    def _present(self, request: PresentRequest, greeting: Greeting) -> Outcome:
        found = self._find(request.result_set)
        if request.ranges:
            raise Fault(Condition.ADDITIONAL_RANGES, "дополнительные диапазоны не поддерживаются")
        records.check(request.syntax, request.elements, request.schema)
        last = request.start + request.count - 1
        if request.start < 1 or request.count < 0 or last > found.total:
            raise Fault(Condition.OUT_OF_RANGE, f"{request.start}–{last}: в наборе записей {found.total}")
        if request.start > DEEPEST:
            raise Fault(Condition.OUT_OF_RANGE, f"{request.start}: отдаются первые {DEEPEST}, все записи — по OAI-PMH")
        count = min(request.count, self._settings.limits.records_per_present)
        elements = records.look(request.syntax, request.elements, request.schema)
        shown = self._records(found, request.start, count, request.syntax, elements, greeting)
        returned = len(shown.records)
        cut = returned < request.count
        response = PresentResponse(
            returned,
            _next(request.start, returned, found.total),
            PresentStatus.MESSAGE_SIZE if cut else shown.status,
            reference=request.reference,
        )
        facts = {"start": request.start, "records": returned, "syntax": request.syntax}
        return Outcome(facts, 0, responses.write_present_with(response, responses.response_records(shown.records)))

    def _records(
        self, found: ResultSet, start: int, count: int, syntax: str, elements: str, greeting: Greeting
    ) -> Presented:
        clusters = found.slice(start, count, self._ask(found))
        charsets = self._charsets(found.databases)
        wanted = wanted_as(
            found.databases[0] if len(found.databases) == 1 else UNION_DATABASE,
            Syntax(syntax) if syntax else DEFAULT_SYNTAX,
            elements,
            greeting.charset if greeting.records else charsets.records,
            greeting.encoding,
            greeting.preferred_bytes,
            greeting.exceptional_bytes,
        )
        cards = found.cards(start, len(clusters))
        if wanted.is_kept and cards and self.catalogue.is_latest(found.latest.commit):
            return self._presenter.present_cards(self.catalogue, cards, wanted)
        return self._presenter.present(self.catalogue, clusters, wanted)

    # --- Scan --------------------------------------------------------------------------------------------------------

    def _scan(self, request: ScanRequest, greeting: Greeting) -> Outcome:
        limit = self._settings.limits.scan_terms
        if request.step:
            raise Fault(Condition.ONLY_ZERO_STEP, f"{request.step}: шаг может быть только 0")
        if request.count < 1:
            raise Fault(Condition.MALFORMED_SCAN, f"{request.count}: нужен хотя бы один термин")
        count = min(request.count, limit)
        position = 1 if request.position is None else request.position
        if not 0 <= position <= count + 1:
            raise Fault(Condition.SCAN_POSITION, f"{position}: место термина бывает от 0 до {count + 1}")
        library, condition = self._libraries.limit(request.databases, self.catalogue)
        if condition is not None:
            raise Fault(Condition.TOO_MANY_DATABASES, "обзор терминов идёт по одной базе")
        charset = greeting.charset or self._charsets(request.databases).queries
        return self._scanned(request, count, position, library, charset, bool(greeting.charset))

    def _scanned(
        self, request: ScanRequest, count: int, position: int, library: str, charset: str, negotiated: bool
    ) -> Outcome:
        wanted = rpn.read_attributes(request.term.attributes, request.attribute_set or BIB1_ATTRIBUTES)
        text = rpn.term_text(request.term, lambda data: decode_term(data, charset, negotiated=negotiated))
        access = rpn.access_of(wanted.use)
        below = self._below(access, text, position - 1, library)
        from_term = self.catalogue.scan(access, text, before=0, after=count - len(below) + 1, library=library)
        if position == 0 and from_term and is_same(from_term[0].term, text):
            from_term = from_term[1:]  # position 0: the list begins after the term
        entries = (below + from_term)[:count]
        answer = ScanResponse(
            SCAN_SUCCESS if len(entries) == request.count else SCAN_PARTIAL,
            tuple(ScanEntry(encode(entry.term, charset), entry.count) for entry in entries),
            min(position, len(below) + 1),
            reference=request.reference,
        )
        return Outcome({"use": wanted.use, "terms": len(entries)}, 0, answer)

    def _below(self, access: Access, text: str, count: int, library: str) -> list[ScanTerm]:
        """Asked for by itself: only so is it known how many there are before the term."""
        return self.catalogue.scan(access, text, before=count, after=0, library=library) if count > 0 else []

    # --- Sort and Delete ---------------------------------------------------------------------------------------------

    def _sort(self, request: SortRequest) -> Outcome:
        if not request.inputs:
            raise Fault(Condition.NO_RESULT_SET, "не назван набор для сортировки")
        sort = asking.read_sort(request.keys)
        inputs = [self._find(name) for name in request.inputs]
        sorted_set = ResultSet(inputs[0].query, inputs[0].databases, sort, inputs[0].library)
        if len(inputs) > 1:
            sorted_set = self._merged(request.inputs, sort)
        sorted_set.open(self._ask(sorted_set))
        self._keep(request.output, sorted_set)
        response = SortResponse(0, SORTED_UNCHANGED, sorted_set.total, reference=request.reference)
        return Outcome({"hits": sorted_set.total, "sort": str(sort)}, 0, response)

    def _merged(self, names: tuple[str, ...], sort: Order) -> ResultSet:
        """Several sets sorted into one are their union; each keeps the limits of its databases."""
        query = self._query_of(names[0])
        for name in names[1:]:
            query = Or(query, self._query_of(name))
        return ResultSet(self._checked(query), (UNION_DATABASE,), sort)

    def _delete(self, request: DeleteRequest) -> Outcome:
        if request.names is None:
            self._sets.clear()
            return Outcome({}, 0, DeleteResponse(DELETED, reference=request.reference))
        statuses = []
        for name in request.names:
            existed = self._sets.pop(name, None) is not None
            statuses.append((name, DELETED if existed else DID_NOT_EXIST))
        worst = max((status for _, status in statuses), default=DELETED)
        return Outcome({}, 0, DeleteResponse(worst, tuple(statuses), reference=request.reference))


def failure(request: Request, diagnostic: Diagnostic) -> Response:
    """The response of the request's kind that carries one diagnostic and nothing else."""
    found, reference = (diagnostic,), request.reference
    match request:
        case PresentRequest():
            return PresentResponse(0, 0, PresentStatus.FAILURE, diagnostics=found, reference=reference)
        case ScanRequest():
            return ScanResponse(SCAN_FAILURE, diagnostics=found, reference=reference)
        case SortRequest():
            return SortResponse(2, diagnostics=found, reference=reference)
        case DeleteRequest():
            return DeleteResponse(3, message=diagnostic.info, reference=reference)  # 3: system problem at target
    return SearchResponse(0, False, result_set_status=NO_SET, diagnostics=found, reference=reference)


def _next(start: int, returned: int, total: int) -> int:
    """nextResultSetPosition: 0 after the last record (3.2.2.1.7)."""
    following = start + returned
    return following if following <= total else 0


def _shape(request: SearchRequest) -> str:
    """What kind of query it was, for the log: use attributes and their number, never the terms."""
    if not isinstance(request.query, RpnQuery):
        return type(request.query).__name__
    terms = [item for item in request.query.items if isinstance(item, RpnTerm)]
    uses = [attribute.value for term in terms for attribute in term.attributes if attribute.type == USE]
    return ",".join(map(str, uses[:20]))
