"""An OAI-PMH provider that is not ours: PyPI's `oaipmh` (pyoai's server, as ETH Library keeps it), over HTTP.

Ours are only the records it is given. Envelope, dates, sets, deletions, errors and resumption tokens are its own: its
tokens carry the whole question, its lists have no completeListSize, its last page has no token at all.
"""

# ruff: noqa: N802, N803 -- their server calls these methods by these names

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import oaipmh.common as theirs
from lxml import etree
from oaipmh import error, metadata
from oaipmh.server import NS_OAIDC, Server, oai_dc_writer

from tests.harvesters import hostile
from tests.harvesters.hostile import Request
from tests.harvesters.oai_provider import OaiItem
from tests.harvesters.samples import marcxml

BATCH = 4
FORMATS = (
    ("oai_dc", "http://www.openarchives.org/OAI/2.0/oai_dc.xsd", NS_OAIDC),
    ("marc21", "http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd", "http://www.loc.gov/MARC21/slim"),
)
Found = tuple[theirs.Header, theirs.Metadata, None]


def moment(text: str) -> datetime:
    """Their dates are naive and in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)


@dataclass
class Shelf:
    """The records behind their server: the methods it calls are theirs to name."""

    items: list[OaiItem]
    url: str
    granularity: str = "YYYY-MM-DDThh:mm:ssZ"

    def identify(self) -> theirs.Identify:
        return theirs.Identify(
            "Школа № 7", self.url, "2.0", ["library@school.example"], datetime(2020, 1, 1), "persistent",
            self.granularity, ["identity"],
        )  # fmt: skip

    def listMetadataFormats(self, identifier: str = "") -> Iterable[tuple[str, str, str]]:
        return FORMATS

    def listSets(self) -> list[tuple[str, str, str]]:
        return [(spec, spec, "") for spec in sorted({s for item in self.items for s in item.sets})]

    def listRecords(self, metadataPrefix: str, **asked: Any) -> list[Found]:
        if metadataPrefix not in {prefix for prefix, _, _ in FORMATS}:
            raise error.CannotDisseminateFormatError(metadataPrefix)
        return [self._record(item) for item in self._asked(**asked)]

    def listIdentifiers(self, metadataPrefix: str, **asked: Any) -> list[theirs.Header]:
        return [header for header, _, _ in self.listRecords(metadataPrefix, **asked)]

    def getRecord(self, metadataPrefix: str, identifier: str) -> Found:
        for item in self.items:
            if item.name == identifier:
                return self._record(item)
        raise error.IdDoesNotExistError(identifier)

    def _asked(self, from_: datetime | None = None, until: datetime | None = None, set: str = "") -> Iterator[OaiItem]:
        for item in self.items:
            changed = moment(item.datestamp)
            if (from_ and changed < from_) or (until and changed > until) or (set and set not in item.sets):
                continue
            yield item

    def _record(self, item: OaiItem) -> Found:
        header = theirs.Header(None, item.name, moment(item.datestamp), item.sets, item.deleted)
        return header, theirs.Metadata(None, {"title": [item.title], "identifier": [item.record_id()]}), None


def write_marc(parent: Any, found: theirs.Metadata) -> None:
    parent.append(etree.fromstring(marcxml(found["identifier"][0], found["title"][0])))


@dataclass
class Peer:
    """Their server as one address of a loopback web server; `asked` are the questions it was sent."""

    shelf: Shelf
    asked: list[dict[str, str]] = field(default_factory=list)
    spoil: Callable[[dict[str, str]], dict[str, str]] = dict

    def __call__(self, request: Request) -> Iterable[hostile.Part]:
        self.asked.append(dict(request.arguments))
        registry = metadata.MetadataRegistry()
        registry.registerWriter("oai_dc", oai_dc_writer)
        registry.registerWriter("marc21", write_marc)
        server = Server(self.shelf, registry, resumption_batch_size=BATCH)
        answer = server.handleRequest(self.spoil(dict(request.arguments)))
        return hostile.whole(answer, Content_Type="text/xml; charset=utf-8")
