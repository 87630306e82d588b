"""OAI-PMH 2.0 without HTTP: arguments in, response document out as pieces of text.

Persistent deletions, seconds granularity, identifiers oai:HOST:CLUSTER. A merged cluster is a deleted record here: its
edition goes on under another identifier. XML is written as text and streamed record by record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from catalog_sync.marc.union_xml import attribute, element, text
from catalog_sync.model import UnionRecord
from catalog_sync.query import Catalogue, Change, LibraryHoldings
from web.oai_pmh.arguments import OaiError, Span, arguments_of, checked_set, span_of, spec_of, verb_of
from web.oai_pmh.tokens import BadToken, Token, open_token, seal
from web.protocol_log import Tell, tell_nobody
from web.record_schemas import OAI_SCHEMAS, RecordSchema

PAGE_RECORDS = 250  # 600 kB of MARCXML: a second on a school's line
PAGE_HEADERS = 1000
OAI = "http://www.openarchives.org/OAI/2.0/"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<OAI-PMH xmlns="{OAI}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    f'xsi:schemaLocation="{OAI} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">'
)
IDENTIFIER_SCHEMA = "http://www.openarchives.org/OAI/2.0/oai-identifier"
DOMAIN = re.compile(r"[a-zA-Z][a-zA-Z0-9\-]*(\.[a-zA-Z][a-zA-Z0-9\-]*)+")
LATEST = datetime(9999, 12, 30, tzinfo=UTC)  # room for the store to add its own second to the end of time
END_OF_SECOND = timedelta(microseconds=999_999)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: what changed, where the next page begins, and how the list was asked for."""

    changes: list[Change]
    following: Token | None
    asked: Token
    resumed: bool


@dataclass(frozen=True, slots=True)
class Repository:
    """`host` names us in identifiers, `permalinks` is the address before a cluster's id, `key` signs tokens."""

    catalogue: Catalogue
    name: str
    base_url: str
    host: str
    email: str
    permalinks: str
    key: bytes
    page_records: int = PAGE_RECORDS
    page_headers: int = PAGE_HEADERS
    tell: Tell = tell_nobody  # of what was asked and how it went, for the access log

    def answer(self, given: Mapping[str, Sequence[str]], now: datetime) -> Iterator[str]:
        """The response to the arguments of a request; every fault is an error element, as the protocol wants."""
        verb, arguments = "", {}
        try:
            verb = verb_of(given)
            arguments = arguments_of(verb, given)
            body = self._answer(verb, arguments)
        except OaiError as error:
            # 3.6: badVerb and badArgument repeat no argument, they may not be legal in an attribute.
            self.tell(event=verb or "unknown", diagnostic=error.code)
            silent = error.code in ("badVerb", "badArgument")
            yield from self._frame(now, "" if silent else verb, {} if silent else arguments)
            yield f'<error code="{error.code}">{text(error.message)}</error></OAI-PMH>\n'
            return
        self.tell(event=verb)
        yield from self._frame(now, verb, arguments)
        yield f"<{verb}>"
        yield from body
        yield f"</{verb}></OAI-PMH>\n"

    def _frame(self, now: datetime, verb: str, arguments: Mapping[str, str]) -> Iterator[str]:
        shown = {"verb": verb, **arguments} if verb else {}
        attributes = "".join(f' {name}="{attribute(value)}"' for name, value in shown.items())
        yield f"{HEAD}<responseDate>{stamp(now)}</responseDate><request{attributes}>{text(self.base_url)}</request>"

    def _answer(self, verb: str, arguments: Mapping[str, str]) -> Iterator[str]:
        """Checked before the first byte is written: an error can't follow a list that has begun."""
        if verb == "Identify":
            return self._identify()
        if verb == "ListMetadataFormats":
            return self._formats(arguments)
        if verb == "ListSets":
            return self._sets(arguments)
        if verb == "GetRecord":
            return self._get_record(arguments)
        page = self._page(verb, arguments)
        if verb == "ListIdentifiers":
            return self._identifiers(page)
        return self._records(page)

    # --- about the repository --------------------------------------------------------------------------------------

    def _identify(self) -> Iterator[str]:
        yield element("repositoryName", self.name) + element("baseURL", self.base_url)
        yield "<protocolVersion>2.0</protocolVersion>" + element("adminEmail", self.email)
        yield element("earliestDatestamp", stamp(self.catalogue.earliest_change()))
        yield "<deletedRecord>persistent</deletedRecord><granularity>YYYY-MM-DDThh:mm:ssZ</granularity>"
        yield "<compression>gzip</compression>"
        if DOMAIN.fullmatch(self.host):
            yield self._identifier_scheme()

    def _identifier_scheme(self) -> str:
        """The oai-identifier description; its schema takes a domain name only, so an address has none."""
        sample = f"oai:{self.host}:c000000001"
        return (
            f'<description><oai-identifier xmlns="{IDENTIFIER_SCHEMA}" '
            f'xsi:schemaLocation="{IDENTIFIER_SCHEMA} {IDENTIFIER_SCHEMA}.xsd"><scheme>oai</scheme>'
            + element("repositoryIdentifier", self.host)
            + "<delimiter>:</delimiter>" + element("sampleIdentifier", sample) + "</oai-identifier></description>"
        )

    def _formats(self, arguments: Mapping[str, str]) -> Iterator[str]:
        if "identifier" in arguments:
            self._change(arguments["identifier"])
        return iter(
            "<metadataFormat>" + element("metadataPrefix", s.name) + element("schema", s.location)
            + element("metadataNamespace", s.namespace) + "</metadataFormat>"
            for s in OAI_SCHEMAS
        )

    def _sets(self, arguments: Mapping[str, str]) -> Iterator[str]:
        if "resumptionToken" in arguments:
            raise OaiError("badResumptionToken", "The list of sets comes in one piece / Список множеств не делится")
        return iter(
            "<set>" + element("setSpec", spec_of(spec)) + element("setName", name or spec) + "</set>"
            for spec, name in self.catalogue.oai_sets()
        )

    # --- one record ------------------------------------------------------------------------------------------------

    def _get_record(self, arguments: Mapping[str, str]) -> Iterator[str]:
        change = self._change(arguments["identifier"])
        schema = self._schema(arguments["metadataPrefix"])
        union = None if change.deleted else self.catalogue.record(change.cluster)
        holdings = self.catalogue.holdings(change.cluster) if union and schema.wants_holdings else ()
        return iter([self._record(change, union, holdings, schema)])

    def _change(self, identifier: str) -> Change:
        """The latest change of an identifier's cluster; idDoesNotExist where there never was one."""
        prefix = f"oai:{self.host}:"
        found = self.catalogue.change(identifier.removeprefix(prefix)) if identifier.startswith(prefix) else None
        if found is not None:
            return found
        raise OaiError("idDoesNotExist", f"No such identifier / Такой записи нет: {identifier[:100]}")

    @staticmethod
    def _schema(prefix: str) -> RecordSchema:
        found = next((s for s in OAI_SCHEMAS if prefix in (s.name, *s.aliases)), None)
        if found is None:
            raise OaiError("cannotDisseminateFormat", f"Unknown metadataPrefix / Неизвестный формат: {prefix[:40]}")
        return found

    # --- lists -----------------------------------------------------------------------------------------------------

    def _page(self, verb: str, arguments: Mapping[str, str]) -> Page:
        resumed = "resumptionToken" in arguments
        asked = self._resumed(verb, arguments["resumptionToken"]) if resumed else self._asked(verb, arguments)
        size = self.page_headers if verb == "ListIdentifiers" else self.page_records
        span = Span(parse(asked.since), parse(asked.until))
        # Datestamps are whole seconds, moments are not: until 12:00:05 includes what happened within that second.
        until = min(span.until, LATEST) + END_OF_SECOND if span.until else None
        changes = self.catalogue.changes(
            since=span.since, until=until, oai_set=asked.oai_set, limit=size + 1, after_cluster=asked.after
        )
        if not changes and not resumed:
            raise OaiError("noRecordsMatch", "Nothing matches / Нет записей, отвечающих условиям")
        shown = changes[:size]
        following = None
        if len(changes) > size:
            following = Token(verb, asked.prefix, shown[-1].cluster, asked.cursor + size, asked.oai_set, asked.since,
                              asked.until)
        self.tell(records=len(shown), prefix=asked.prefix, resumed=resumed or None)
        return Page(shown, following, asked, resumed)

    def _asked(self, verb: str, arguments: Mapping[str, str]) -> Token:
        span = span_of(arguments)
        oai_set = checked_set(arguments)
        schema = self._schema(arguments["metadataPrefix"])
        since, until = (stamp(m) if m else "" for m in (span.since, span.until))
        return Token(verb, schema.name, "", 0, oai_set, since, until)

    def _resumed(self, verb: str, sealed: str) -> Token:
        try:
            token = open_token(sealed, self.key)
        except BadToken as error:
            raise OaiError("badResumptionToken", f"{error} / Маркер продолжения недействителен") from error
        if token.verb != verb:
            raise OaiError("badResumptionToken", f"This token belongs to {token.verb} / Маркер другого списка")
        return token

    def _identifiers(self, page: Page) -> Iterator[str]:
        for change in page.changes:
            yield self._header(change, change.deleted)
        yield self._token(page)

    def _records(self, page: Page) -> Iterator[str]:
        """Everything is read before the first record is written, so that a fault is an answer, not half a list."""
        schema = self._schema(page.asked.prefix)
        live = [c.cluster for c in page.changes if not c.deleted]
        unions = {u.cluster: u for u in self.catalogue.records(live)}
        holdings = self.catalogue.holdings_of(live) if schema.wants_holdings else {}
        return self._rendered(page, unions, holdings, schema)

    def _rendered(
        self, page: Page, unions: Mapping[str, UnionRecord], holdings: Mapping[str, Sequence[LibraryHoldings]],
        schema: RecordSchema,
    ) -> Iterator[str]:
        for change in page.changes:
            yield self._record(change, unions.get(change.cluster), holdings.get(change.cluster, ()), schema)
        yield self._token(page)

    def _token(self, page: Page) -> str:
        """The token of an incomplete list; an empty one ends a list that had one; a list in one piece has none."""
        cursor = f' cursor="{page.asked.cursor}"'
        if page.following:
            return f"<resumptionToken{cursor}>{seal(page.following, self.key)}</resumptionToken>"
        return f"<resumptionToken{cursor}/>" if page.resumed else ""

    # --- records ---------------------------------------------------------------------------------------------------

    def _record(
        self, change: Change, union: UnionRecord | None, holdings: Sequence[LibraryHoldings], schema: RecordSchema
    ) -> str:
        """A record that went between two queries of ours is told as deleted: its next change says so too."""
        if union is None:
            return f"<record>{self._header(change, True)}</record>"
        metadata = schema.render(union, self.permalinks + union.cluster, holdings)
        return f"<record>{self._header(change, False)}<metadata>{metadata}</metadata></record>"

    def _header(self, change: Change, deleted: bool) -> str:
        sets = "".join(map(set_spec, change.sets))
        return (
            f"<header{' status=' + chr(34) + 'deleted' + chr(34) if deleted else ''}>"
            f"<identifier>{text(f'oai:{self.host}:{change.cluster}')}</identifier>"
            f"<datestamp>{stamp(change.when)}</datestamp>{sets}</header>"
        )


@lru_cache(maxsize=4096)
def set_spec(name: str) -> str:
    """A set's name as the element of a header: the same few in every record."""
    return f"<setSpec>{text(spec_of(name))}</setSpec>"


@lru_cache(maxsize=4096)  # clusters published together changed in one moment
def stamp(moment: datetime) -> str:
    """A moment as UTCdatetime of whole seconds."""
    return moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def parse(text_: str) -> datetime | None:
    return datetime.strptime(text_, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) if text_ else None
