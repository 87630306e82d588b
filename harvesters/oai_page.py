"""One answer of an OAI-PMH 2.0 provider, read leniently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from harvesters.xml_pages import (
    all_text,
    child,
    children,
    control_number,
    give_control_number,
    local,
    serialised,
    text_of,
)


@dataclass(frozen=True, slots=True)
class OaiRecord:
    """A header, and the record where there is one. `local_id` is its 001, or the identifier where it has none."""

    identifier: str
    deleted: bool
    local_id: str = ""
    marc: bytes = b""


@dataclass(frozen=True, slots=True)
class Page:
    """`token` is "" on the last page. `list_size` is what the provider claims (completeListSize), if anything."""

    response_date: datetime | None
    records: tuple[OaiRecord, ...] = ()
    token: str = ""
    list_size: int | None = None
    error: str = ""  # code of the first error element: noRecordsMatch, badResumptionToken …
    error_text: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What Identify says: `seconds` is whether datestamps have a time; `keeps_deletions` whether gone records stay
    visible for ever (deletedRecord is "persistent")."""

    response_date: datetime | None
    seconds: bool
    keeps_deletions: bool
    name: str = ""


def answers(root: etree._Element, verb: str) -> bool:
    """Whether this is an answer to the verb: what was asked for, or an error of the protocol."""
    return any(local(c) in (verb, "error") for c in children(root))


def came(root: etree._Element) -> str:
    """What came instead, for somebody who has to tell the server's keeper: a fault says why in words."""
    said = " ".join(all_text(root).split())[:200]
    return f"пришёл {local(root)}" + (f": {said}" if said else "")


def page(root: etree._Element) -> Page:
    """Any answer to ListRecords, ListIdentifiers or GetRecord."""
    error = child(root, "error")
    body = next((c for c in children(root) if local(c) in ("ListRecords", "ListIdentifiers", "GetRecord")), None)
    token = child(body, "resumptionToken")
    return Page(
        response_date=moment(text_of(root, "responseDate")),
        records=tuple(records_of(body)),
        token=(token.text or "").strip() if token is not None else "",
        list_size=number(token.get("completeListSize")) if token is not None else None,
        error=(error.get("code") or "unknown") if error is not None else "",
        error_text=" ".join(all_text(error).split())[:200] if error is not None else "",
    )


def records_of(body: etree._Element | None) -> Iterator[OaiRecord]:
    for element in children(body):
        if local(element) == "record":
            yield record_of(child(element, "header"), child(element, "metadata"))
        elif local(element) == "header":
            yield record_of(element, None)


def record_of(header: etree._Element | None, metadata: etree._Element | None) -> OaiRecord:
    identifier = text_of(header, "identifier")
    deleted = header is not None and header.get("status", "").strip().lower() == "deleted"
    record = marc_of(metadata)
    if deleted or record is None:
        return OaiRecord(identifier, deleted)
    if not control_number(record):
        give_control_number(record, identifier)
    return OaiRecord(identifier, False, control_number(record), serialised(record))


def marc_of(metadata: etree._Element | None) -> etree._Element | None:
    """The MARCXML record inside `metadata`, where some providers wrap it into a collection."""
    if metadata is None:
        return None
    return next((e for e in metadata.iter() if isinstance(e.tag, str) and local(e) == "record"), None)


def identity(root: etree._Element) -> Identity:
    body = child(root, "Identify")
    return Identity(
        response_date=moment(text_of(root, "responseDate")),
        seconds="T" in text_of(body, "granularity").upper(),
        keeps_deletions=text_of(body, "deletedRecord").lower() == "persistent",
        name=text_of(body, "repositoryName"),
    )


def prefixes(root: etree._Element) -> list[str]:
    return [text_of(f, "metadataPrefix") for f in children(child(root, "ListMetadataFormats"), "metadataFormat")]


def moment(text: str) -> datetime | None:
    """A UTCdatetime (OAI-PMH 3.3) in either granularity, also with the fractions and offsets found in the wild."""
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdigit() else None
