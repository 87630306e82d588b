"""An export → its records, each kept as it came, and what could not be one. Nothing is decoded until asked for.

    export = read_export(data, source)
    for found in export:            # SourceRecord | SetAside, in file order
        ...                         # compare found.digest with last time's here
    export.encoding, export.warnings

`marc_record` and `to_bib` do the understanding, for the records that changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from msgspec.structs import replace

from catalog_sync.errors import BadRecord, StopEverything, shown
from catalog_sync.marc import encodings, fingerprint, marc8, marc21, marcsql, rusmarc, xmlreading
from catalog_sync.marc.decoding import decode, faults
from catalog_sync.marc.detecting import Detected, detect, speaks
from catalog_sync.marc.exports import Cut, cut, format_of, is_cut_off, missing_end
from catalog_sync.marc.jsonreading import from_json
from catalog_sync.marc.readable import has_unseen, readable
from catalog_sync.model import BibRecord, Dialect, MarcRecord, SetAside, Source, SourceRecord

__all__ = ["Counts", "Detected", "Export", "detect", "marc_record", "read_export", "to_bib"]

_HOLDINGS = "запись об экземплярах"
_EITHER = "запись об экземплярах или авторитетная"  # x and y: holdings in MARC 21, authorities in UNIMARC
_NOT_BIBLIOGRAPHIC = {
    "q": "запись об организации", "u": _HOLDINGS, "v": _HOLDINGS, "w": "запись классификации",
    "x": _EITHER, "y": _EITHER, "z": "авторитетная запись",
}  # leader/06  # fmt: skip
_LONGEST_ID = 200  # characters: a longer 001 is a misplaced field
READING_VERSION = 9  # raise with every change of what `to_bib` gives: kept descriptions are then read anew
READ_LATELY = 2_000  # records remembered, 4 KB each: a run asks more than once what a changed record says
# Of one description. More come from a broken export, and each is compared with each: 50,000 would take minutes.
MOST_NAMED = 300
_COMPARED = attrgetter("agents", "parts", "publishers", "hosts")
_EXAMPLES = 5  # record numbers named in a warning before «и ещё N»
_TO_BIB = {
    Dialect.RUSMARC: rusmarc.to_bib,
    Dialect.UNIMARC: rusmarc.to_bib,
    Dialect.MARC21: marc21.to_bib,
    Dialect.MARCSQL: marcsql.to_bib,
}


@dataclass(frozen=True, slots=True)
class Counts:
    """`pieces` = `kept` + `set_aside`, always."""

    pieces: int = 0
    kept: int = 0
    set_aside: int = 0


class Export:
    """A lazily read export. `counts` and `warnings` are complete when the iteration is."""

    def __init__(self, data: bytes, source: Source, format: str, known: dict[bytes, str]) -> None:
        self._known = known
        self.format = format or format_of(data)
        self._configured = _codec(source)
        self.encoding, self.encoding_reason = "utf-8", self.format
        if self.format == "iso2709":
            self.encoding, self.encoding_reason = encodings.of_file(data, self._configured)
        self._data, self._source = data, source
        self._forget()

    def _forget(self) -> None:
        self._cut_short = ""
        self._seen: dict[str, bytes] = {}
        self._faults: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = {}
        self._counts = [0, 0, 0]
        self.unchanged: list[str] = []

    @property
    def counts(self) -> Counts:
        pieces, kept, set_aside = self._counts
        return Counts(pieces + len(self.unchanged), kept + len(self.unchanged), set_aside)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the school should know of the file as a whole, in Russian; most frequent first."""
        counted = (f"{text}: {n} ({self._named(text, n)})" for text, n in self._faults.most_common())
        return (*((self._cut_short,) if self._cut_short else ()), *counted)

    def __iter__(self) -> Iterator[SourceRecord | SetAside]:
        self._forget()
        for piece in cut(self._data, self.format, self._pass_over if self._known else None):
            if self._known and self.format != "iso2709" and not piece.fault and self._is_known(piece.record):
                continue
            self._counts[0] += 1
            record = piece.fault or self._record(piece)
            if isinstance(record, str):
                self._counts[2] += 1
                if piece.offset + len(piece.data) == len(self._data) and (
                    "обрывается" in record or (self.format == "iso2709" and is_cut_off(piece.data))
                ):
                    self._cut_short = f"файл оборван на записи № {piece.number}: {record}"
                yield SetAside(self._source.code, piece.number, piece.offset, piece.data, record)
            else:
                self._counts[1] += 1
                yield record
        if not self._cut_short and (missing := missing_end(self._data, self.format)):
            self._cut_short = f"файл оборван: ожидалось {missing} в конце, пришло {shown(self._data[-20:])}"

    def _is_known(self, data: bytes) -> bool:
        """Whether this very record is published; a second one like it is not known any more."""
        digest = fingerprint.digest(data)
        local_id = self._known.pop(digest, None)
        if local_id is None or local_id in self._seen:  # the first record with a number keeps it
            return False
        self.unchanged.append(local_id)
        self._seen[local_id] = digest
        return True

    def _pass_over(self, data: bytes, start: int) -> tuple[int, int]:
        """How many known records follow each other from `start` on, and where they end.

        What is known was cut out once: where the same bytes stand, a record ends where its length says.
        """
        before = len(self.unchanged)
        while (length := data[start : start + 5]).isdigit():
            end = start + int(length)
            if not self._is_known(data[start:end]):
                break
            start = end
        return len(self.unchanged) - before, start

    def _record(self, piece: Cut) -> SourceRecord | str:
        data, local_id = piece.record, piece.local_id
        digest = fingerprint.digest(data)
        warnings: tuple[str, ...] = ()
        encoding = self.encoding
        if self.format == "iso2709" and not data.isascii():
            encoding, warnings = self._verified(data)
        if not local_id.isascii() and self.format == "iso2709":
            local_id = _number(local_id.encode("latin-1"), encoding)
        local_id = local_id.replace("\0", "")
        if len(local_id) > _LONGEST_ID:
            warnings += (f"номер записи (001) длиннее {_LONGEST_ID} знаков",)
            local_id = fingerprint.identity(data)
        elif not local_id:
            warnings += ("нет номера записи (001)",)
            local_id = fingerprint.identity(data)
        if local_id in self._seen and not piece.deleted:
            if self._seen[local_id] == digest:
                return f"повтор: запись {local_id} уже есть в файле, слово в слово"
            warnings += ("номер записи (001) уже встречался в этом файле",)
            local_id = fingerprint.identity(data)
            if local_id in self._seen:
                return f"повтор: запись {local_id} уже есть в файле, слово в слово"
        if not piece.deleted:  # a record under the number of a deleted one is that one again
            self._seen[local_id] = digest
        for text in warnings:
            self._note(text, piece.number, local_id)
        return SourceRecord(
            self._source.code, local_id, data, digest, self._source.dialect, encoding, piece.deleted, warnings,
            piece.offset,
        )

    def _verified(self, data: bytes) -> tuple[str, tuple[str, ...]]:
        """The file's encoding, unless this record's bytes say otherwise."""
        encoding = encodings.of_record(data, self.encoding, self._configured)
        if encoding == self.encoding:
            return encoding, ()
        return encoding, (f"запись в {encoding}, хотя файл в {self.encoding}",)

    def _note(self, text: str, number: int, local_id: str) -> None:
        self._faults[text] += 1
        examples = self._examples.setdefault(text, [])
        if len(examples) < _EXAMPLES:
            examples.append(f"№ {number} {local_id}")

    def _named(self, text: str, count: int) -> str:
        named = ", ".join(self._examples[text])
        return named if count <= _EXAMPLES else f"{named} и ещё {count - _EXAMPLES}"


def read_export(
    data: bytes, source: Source, *, format: str = "", known: dict[bytes, str] | None = None
) -> Export:
    """Frame an export of a source. Formats: iso2709, marcxml, json, marcsql-rows; "" looks at the bytes.

    Identity is 001; a missing or repeated one is replaced by the content's digest, and warned about. A second record
    like it is set aside as a repetition. Raises StopEverything where the settings name no known encoding.

    `known`: digest → local id of what need not be read again: such records are not yielded but named in
    `export.unchanged`, and leave the dictionary.
    """
    return Export(data, source, format, {} if known is None else known)


def _number(typed: bytes, encoding: str) -> str:
    """A 001 with letters in it."""
    return marc8.to_unicode(typed) if encoding == encodings.MARC8 else typed.decode(encoding, "replace")


def _codec(source: Source) -> str:
    try:
        return encodings.known(source.encoding) if source.encoding else ""
    except LookupError as e:
        raise StopEverything(
            f"источник {source.code}: ожидалось имя кодировки (cp1251, utf-8 …), пришло {source.encoding!r}"
        ) from e


def marc_record(record: SourceRecord) -> MarcRecord:
    """The record's fields. Raises BadRecord naming the record."""
    try:
        head = record.data[:1]
        if head == b"<":
            return xmlreading.from_marcxml(record.data)
        if head == b"{":
            return from_json(record.data)
        return decode(record.data, record.encoding)
    except BadRecord as e:
        raise BadRecord(f"{record.key}: {e}") from e


def to_bib(record: SourceRecord, profile: str = "") -> BibRecord:
    """What the record says. `profile` names a row of holdings_profiles.toml ("" = by dialect).

    A record without a title in its source's dialect that plainly speaks another is read by that one, with a warning.
    Raises BadRecord, also for an authority or holdings record: it describes no edition.
    """
    return _to_bib(record, profile)


@lru_cache(maxsize=READ_LATELY)
def _to_bib(record: SourceRecord, profile: str) -> BibRecord:
    marc = marc_record(record)
    if marc.leader[6:7] in _NOT_BIBLIOGRAPHIC:
        kind = marc.leader[6:7]
        came = _NOT_BIBLIOGRAPHIC[kind]
        raise BadRecord(f"{record.key}: ожидалась библиографическая запись, пришла {came} (маркер/06 = {kind})")
    warnings = record.warnings
    if record.data[:1] not in (b"<", b"{"):
        warnings += faults(record.data, record.encoding)
    elif record.data[:1] == b"<":
        warnings += xmlreading.faults(record.data)
    article = ""
    if has_unseen(record):
        marc, article = readable(marc)
    bib = _TO_BIB[record.dialect](record.key, marc, profile, record.dialect, warnings)
    if not bib.title and (own := speaks(marc, record.dialect)) is not record.dialect:
        warnings += (f"запись в формате {own.label}, хотя источник в {record.dialect.label}",)
        bib = _TO_BIB[own](record.key, marc, "", own, warnings)  # the source's profile is for its own dialect
    if max(map(len, _COMPARED(bib))) > MOST_NAMED:
        bib = _bounded(bib)
    return replace(bib, article=article) if article and bib.title.startswith(article) else bib


def _bounded(bib: BibRecord) -> BibRecord:
    agents, parts, publishers, hosts = (named[:MOST_NAMED] for named in _COMPARED(bib))
    told = f"имён, частей, издательств или источников больше {MOST_NAMED}: остальные не читаются"
    return replace(bib, agents=agents, parts=parts, publishers=publishers, hosts=hosts, warnings=(*bib.warnings, told))
