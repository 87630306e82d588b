"""An OAI-PMH provider with every fault seen in the field, each switched on by name. Honest when none is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from tests.harvesters import hostile
from tests.harvesters.hostile import Request
from tests.harvesters.samples import marcxml

NAMESPACE = "http://www.openarchives.org/OAI/2.0/"


@dataclass
class OaiItem:
    number: int
    datestamp: str = "2026-09-01T10:00:00Z"
    deleted: bool = False
    sets: tuple[str, ...] = ()
    title: str = "Алгебра"
    identifier: str = ""
    local_id: str | None = None

    @property
    def name(self) -> str:
        return self.identifier or f"oai:school.example:RU/SCH/{self.number}"

    def record_id(self) -> str:
        return f"RU/SCH/{self.number}" if self.local_id is None else self.local_id


@dataclass
class Provider:
    """`faults` are names; `now` is the provider's clock."""

    items: list[OaiItem]
    page_size: int = 4
    faults: set[str] = field(default_factory=set)
    now: str = "2026-09-02T01:00:00Z"
    granularity: str = "YYYY-MM-DDThh:mm:ssZ"
    deleted_record: str = "persistent"
    prefixes: tuple[str, ...] = ("oai_dc", "marc21", "unimarc")
    claimed: int | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    expired: int = 0

    def __call__(self, request: Request) -> Iterable[hostile.Part]:
        self.asked.append(request.arguments)
        verb = request.arguments.get("verb", "")
        answers: dict[str, Callable[[dict[str, str]], str]] = {
            "Identify": self.identify, "ListMetadataFormats": self.formats, "ListRecords": self.listing,
            "ListIdentifiers": self.listing, "GetRecord": self.get_record,
        }  # fmt: skip
        return hostile.whole(self.envelope(answers[verb](request.arguments)), Content_Type="text/xml")

    def envelope(self, inner: str) -> bytes:
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="{NAMESPACE}">'
            f"<responseDate>{self.now}</responseDate><request>x</request>{inner}</OAI-PMH>"
        )
        if "control characters" in self.faults:
            text = text.replace("Алгебра", "Алг\x1fебра &#x1f; R&D")
        if "cp1251 called utf-8" in self.faults:
            return text.encode("cp1251")
        if "entities" in self.faults:
            text = text.replace("?>", '?><!DOCTYPE x [<!ENTITY a "b">]>', 1)
        return text.encode()[: -30 if "cut" in self.faults else None]

    def identify(self, _: dict[str, str]) -> str:
        return (
            f"<Identify><repositoryName>Школа</repositoryName><granularity>{self.granularity}</granularity>"
            f"<deletedRecord>{self.deleted_record}</deletedRecord></Identify>"
        )

    def formats(self, _: dict[str, str]) -> str:
        rows = "".join(f"<metadataFormat><metadataPrefix>{p}</metadataPrefix></metadataFormat>" for p in self.prefixes)
        return f"<ListMetadataFormats>{rows}</ListMetadataFormats>"

    def listing(self, arguments: dict[str, str]) -> str:
        token = arguments.get("resumptionToken", "")
        if "refuses seconds" in self.faults and "T" in arguments.get("from", ""):
            return '<error code="badArgument">granularity</error>'
        start, since, spec = self.position(token, arguments)
        found = [i for i in self.items if i.datestamp >= since and (not spec or spec in i.sets)]
        if token and "expires" in self.faults and start >= 8 and self.expired < 1:
            self.expired += 1
            return '<error code="badResumptionToken">expired</error>'
        if token and "always expires" in self.faults:
            return '<error code="badResumptionToken">expired</error>'
        if token.startswith("superfluous"):
            return f'<error code="{"noRecordsMatch" if "superfluous empty" in self.faults else "badResumptionToken"}"/>'
        if not found:
            return '<error code="noRecordsMatch">none</error>'
        verb = arguments["verb"]
        shown = found[start : start + self.page_size]
        if "repeats the first page" in self.faults:
            shown = found[: self.page_size]
        if "invents records" in self.faults:
            shown = [OaiItem(10_000 + start + n) for n in range(self.page_size)]
        rows = "".join(self.row(i, verb) for i in shown)
        return f"<{verb}>{rows}{self.token(start, len(found), since, spec)}</{verb}>"

    def position(self, token: str, arguments: dict[str, str]) -> tuple[int, str, str]:
        if "one token for all" in self.faults and token:
            pages = sum("resumptionToken" in a for a in self.asked)
            return pages * self.page_size, "", ""
        if token and "|" in token:
            start, since, spec = token.split("|")
            return int(start), since, spec
        return 0, arguments.get("from", ""), arguments.get("set", "")

    def token(self, start: int, total: int, since: str, spec: str) -> str:
        claimed = self.claimed if self.claimed is not None else total
        size = "" if "no list size" in self.faults else f' completeListSize="{claimed}" cursor="{start}"'
        over = start + self.page_size >= total
        if self.faults & {"endless", "invents records"}:
            over = False
        if "one token for all" in self.faults and over:
            return ""
        if self.faults & {"the same token", "one token for all"}:
            return f"<resumptionToken{size}>TOKEN</resumptionToken>"
        if over and self.faults & {"superfluous token", "superfluous empty"}:
            return f"<resumptionToken{size}>superfluous</resumptionToken>"
        if over:
            return f"<resumptionToken{size}/>" if start else ""
        return f"<resumptionToken{size}>{escape(f'{start + self.page_size}|{since}|{spec}')}</resumptionToken>"

    def row(self, item: OaiItem, verb: str) -> str:
        sets = "".join(f"<setSpec>{s}</setSpec>" for s in item.sets)
        status = ' status="deleted"' if item.deleted else ""
        header = (
            f"<header{status}><identifier>{escape(item.name)}</identifier>"
            f"<datestamp>{item.datestamp}</datestamp>{sets}</header>"
        )
        if verb == "ListIdentifiers":
            return header
        inner = marcxml(item.record_id(), item.title)
        if "wraps in a collection" in self.faults:
            inner = f"<collection>{inner}</collection>"
        metadata = "" if item.deleted else f"<metadata>{inner}</metadata>"
        return f"<record>{header}{metadata}</record>"

    def get_record(self, arguments: dict[str, str]) -> str:
        found = [i for i in self.items if i.name == arguments["identifier"]]
        if not found or "loses records" in self.faults:
            return '<error code="idDoesNotExist">gone</error>'
        return f"<GetRecord>{self.row(found[0], 'GetRecord')}</GetRecord>"
