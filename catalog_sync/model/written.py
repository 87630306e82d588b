"""MARC as it is written: fields, records, pieces of a file, source records and what was set aside."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec


class Dialect(enum.StrEnum):
    """The MARC dialect a source speaks: decides which field means what (crosswalk: data/tables/crosswalk.tsv)."""

    RUSMARC = "rusmarc"
    UNIMARC = "unimarc"
    MARC21 = "marc21"
    MARCSQL = "marcsql"

    @property
    def label(self) -> str:
        """The name people know it by."""
        return {"marc21": "MARC 21", "marcsql": "МАРК-SQL"}.get(self.value, self.value.upper())

    @property
    def is_unimarc_family(self) -> bool:
        """Whether titles live in 200 and authors in 7xx (RUSMARC is the Russian UNIMARC)."""
        return self in (Dialect.RUSMARC, Dialect.UNIMARC)


class Subfield(msgspec.Struct, frozen=True, gc=False):
    """No dataclass, as the two below: dozens are made for each record, and these are made five times quicker.

    A changed copy is made by `msgspec.structs.replace`.
    """

    code: str
    value: str


class MarcField(msgspec.Struct, frozen=True, gc=False):
    """One field. A control field has `data` and no subfields; a data field has two indicators and subfields."""

    tag: str
    indicators: str = "  "
    subfields: tuple[Subfield, ...] = ()
    data: str | None = None

    def all(self, codes: str) -> list[str]:
        """Values of the named subfields, in the order they were typed."""
        return [s.value for s in self.subfields if s.code in codes]

    def first(self, codes: str) -> str:
        """The first value among the named subfields, or an empty string."""
        for subfield in self.subfields:
            if subfield.code in codes:
                return subfield.value
        return ""


class MarcRecord(msgspec.Struct, frozen=True, gc=False):
    """A decoded MARC record of any dialect: ISO 2709 structure, Unicode text (ISO 2709:2008)."""

    leader: str
    fields: tuple[MarcField, ...]

    def all(self, *tags: str) -> Iterator[MarcField]:
        return (f for f in self.fields if f.tag in tags)

    def first(self, *tags: str) -> MarcField | None:
        return next(self.all(*tags), None)

    def control(self, tag: str) -> str:
        """Text of a control field; МАРК-SQL types it as subfield $0 of a data field, which counts too."""
        found = self.first(tag)
        if found is None:
            return ""
        return found.data if found.data is not None else found.first("0")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of bytes of an export: one record, or junk between records. Pieces tile the file without a gap."""

    number: int  # 1-based, in file order
    offset: int  # bytes from the start of the file
    data: bytes
    fault: str = ""  # why this piece can't be a record ("" = it can)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One record of one source, kept verbatim. (source, local_id) is its name, until its source numbers it anew."""

    source: str
    local_id: str
    data: bytes
    digest: bytes  # of `data` without the day it was last touched (marc.fingerprint)
    dialect: Dialect
    encoding: str
    deleted: bool = False
    warnings: tuple[str, ...] = ()
    offset: int = field(default=0, compare=False)  # bytes, in the file it came in; not kept

    @property
    def key(self) -> RecordKey:
        return RecordKey(self.source, self.local_id)


class RecordKey(msgspec.Struct, frozen=True, order=True, gc=False):
    """Identity of a source record: never 001 alone, prefixes repeat across installations.

    No dataclass, because matching hashes and orders millions of keys, which a dataclass does in Python.
    """

    source: str
    local_id: str

    def __str__(self) -> str:
        return f"{self.source}:{self.local_id}"

    @classmethod
    def parse(cls, text: str) -> RecordKey:
        """Read `SOURCE:ID`; raises ValueError where there is no colon or an empty side."""
        source, colon, local_id = text.partition(":")
        if not (source and colon and local_id):
            raise ValueError(f"expected SOURCE:ID, came {text!r}")
        return cls(source, local_id)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A piece that could not be read: kept with the reason, shown to the school, never lost."""

    source: str
    number: int  # of the piece in its file, later of the record in its run; from 1
    offset: int  # in its file, bytes
    data: bytes
    reason: str
    file: str = ""  # as the run named it
