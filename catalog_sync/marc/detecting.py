"""What a new source speaks, told from its bytes, with the reasons in Russian: for onboarding."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from catalog_sync.errors import BadRecord, shown
from catalog_sync.marc import encodings
from catalog_sync.marc.decoding import decode
from catalog_sync.marc.exports import cut, format_of
from catalog_sync.marc.holdings import holdings_of, profiles
from catalog_sync.marc.jsonreading import from_json
from catalog_sync.marc.parts import Fields
from catalog_sync.marc.xmlreading import from_marcxml
from catalog_sync.model import Dialect, Holdings, MarcRecord

_SAMPLE = 300  # records looked at
_LOCAL_SHARE = 0.2  # of records with МАРК-SQL's own fields, from which on it is МАРК-SQL
_NUMBERS = re.compile(r"\s*\d+")
_MARC21_TITLE = "245", re.compile(r"[01 ][\d ]")
_UNIMARC_TITLE = "200", re.compile(r"[01 ] ")


@dataclass(frozen=True, slots=True)
class Detected:
    """How to read a source: format and encoding of the file, dialect, holdings profile, and why."""

    dialect: Dialect
    encoding: str
    holdings_profile: str
    format: str
    reasons: tuple[str, ...] = ()


def detect(data: bytes) -> Detected:
    """Look at the first records of an export. Raises BadRecord where none can be read."""
    format = format_of(data)
    encoding, why = encodings.of_file(data) if format == "iso2709" else ("utf-8", format)
    records, fault = _records(data, format, encoding)
    if not records:
        raise BadRecord(fault or f"ожидалась хотя бы одна запись MARC, пришло {shown(data[:40])}")
    dialect, dialect_why = _dialect(records, format)
    profile, profile_why = _profile(records, dialect)
    reasons = (f"формат {format}", f"кодировка {encoding}: {why}", dialect_why, profile_why)
    return Detected(dialect, encoding, profile, format, reasons)


def _records(data: bytes, format: str, encoding: str) -> tuple[list[MarcRecord], str]:
    """The first records that can be read, and why the first of the others can't be."""
    found, fault = [], ""
    for piece in islice(cut(data, format), _SAMPLE):
        try:
            if piece.fault:
                raise BadRecord(piece.fault)
            if piece.deleted:
                continue
            if format == "iso2709":
                found.append(decode(piece.record, encoding))
            else:
                found.append(from_marcxml(piece.record) if format == "marcxml" else from_json(piece.record))
        except BadRecord as error:
            fault = fault or str(error)
    return found, fault


def _dialect(records: list[MarcRecord], format: str) -> tuple[Dialect, str]:
    tags = Counter(tag for r in records for tag in {f.tag for f in r.fields})
    of = f"из {len(records)}"
    if format == "marcsql-rows":
        return Dialect.MARCSQL, "МАРК-SQL: строки базы данных"
    if tags["200"] > tags["245"]:
        if any(_is_russian(r) for r in records):
            return Dialect.RUSMARC, f"RUSMARC: поле 200 в {tags['200']} записях {of}, ББК, 899 или страна RU"
        return Dialect.UNIMARC, f"UNIMARC: поле 200 в {tags['200']} записях {of}, без российских полей"
    local = sum(_is_marcsql(r) for r in records)
    if local >= _LOCAL_SHARE * len(records):
        return Dialect.MARCSQL, f"МАРК-SQL: местные поля 090, 091, 097 или 990 в {local} записях {of}"
    return Dialect.MARC21, f"MARC 21: поле 245 в {tags['245']} записях {of}"


def speaks(record: MarcRecord, expected: Dialect) -> Dialect:
    """The dialect of a record without a title in the expected one: a copied record keeps the tags it was made with.

    Only a title with the indicators of its format is plain speech: 200 of RUSMARC says whether it is significant (0, 1)
    and nothing else, 245 of MARC 21 whether it has an added entry (0, 1) and how many characters sorting skips (0–9).
    """
    title = _MARC21_TITLE if expected.is_unimarc_family else _UNIMARC_TITLE
    tag, indicators = title
    if not any(f.tag == tag and indicators.fullmatch(f.indicators) and f.first("a").strip() for f in record.fields):
        return expected
    if not expected.is_unimarc_family:
        return Dialect.RUSMARC if _is_russian(record) else Dialect.UNIMARC
    return Dialect.MARCSQL if _is_marcsql(record) else Dialect.MARC21


def _is_russian(record: MarcRecord) -> bool:
    return any(
        f.tag == "899"
        or (f.tag == "686" and "bbk" in f.first("2"))
        or (f.tag in ("102", "801") and f.first("a").strip().upper() == "RU")
        or (f.tag == "101" and f.first("a").strip().lower() in ("rus", "рус"))
        for f in record.fields
    )


def _is_marcsql(record: MarcRecord) -> bool:
    """МАРК-SQL's own: 001 typed as $0, 090 $e $f $x, ББК in 091, counters in 990, the operator in 097."""
    return any(
        (f.tag == "001" and f.data is None)
        or (f.tag == "090" and bool(f.first("efx")))
        or (f.tag == "091" and bool(f.first("ai")))
        or (f.tag == "097" and bool(f.first("b")))
        or (f.tag == "990" and _NUMBERS.match(f.first("ekvw")) is not None)
        for f in record.fields
    )


def _profile(records: list[MarcRecord], dialect: Dialect) -> tuple[str, str]:
    """The profile that understands most items; of equals the first, which is the dialect's own."""
    fields = [Fields.of(r) for r in records]
    fitting = [p for p in profiles().values() if dialect.value in p.dialects]
    understood = {p.name: sum(_numbered(holdings_of(f, p.name, dialect)) for f in fields) for p in fitting}
    best = max(fitting, key=lambda p: understood[p.name])
    return best.name, f"наличие: {best.title}; экземпляров с номерами: {understood[best.name]}"


def _numbered(holdings: Holdings) -> int:
    return sum(1 for i in holdings.items if i.inventory_number or i.barcode or i.copies > 1)
