"""A package of licensed titles: a publisher's list (LitRes-like XML, a table, MARC) → records with their licence.

Every record says that it is electronic, where it opens, and until when by which contract; its one group of copies came
on the first day of access. So classify counts it as «сетевой удалённый лицензионный», and the end of the licence
(store.licences) takes exactly these records out of the stock.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from lxml import etree

from catalog_sync.errors import BadRecord, Refused
from catalog_sync.marc.dates import day_of
from catalog_sync.marc.detecting import detect
from catalog_sync.marc.exports import format_of
from catalog_sync.marc.reading import marc_record, read_export
from catalog_sync.marc.xmlreading import fault_of
from catalog_sync.model import Dialect, MarcField, MarcRecord, SetAside, Source, SourceRecord, Subfield
from harvesters import xml_pages
from harvesters.table import TableSettings, marcxml, understood
from harvesters.table_records import Edition, identity, item_field, marc

TABLES = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".tsv")
HOLDINGS = frozenset({"852", "876", "899", "910", "995"})  # a platform's own copies are nobody's in the district
GMD = "Электронный ресурс"
LANGUAGES = {"ru": "rus", "en": "eng", "de": "ger", "fr": "fre"}
AGES = ("0", "6", "12", "16", "18")  # 436-ФЗ; LitRes writes the number alone into `adult`
FEW = 3
MOST_TITLES = 100_000

Titles = Iterable[tuple[MarcRecord, date | None]]  # with the end of the rights to it, where it is its own
Reasons = dict[str, list[str]]  # why titles are left out → which


@dataclass(frozen=True, slots=True)
class Terms:
    """What the contract says. `address` opens a title that names no address; `{id}` in it is the title's number."""

    starts: date
    ends: date
    contract: str
    address: str
    today: date
    copies: int = 1  # accesses to each title

    def note(self, ends: date | None = None) -> str:
        """What a reader is told beside the link. `ends` where the rights to this title end before the contract."""
        contract = f" {self.contract}" if self.contract else ""
        return f"Доступ по договору{contract} с {self.starts:%d.%m.%Y} по {ends or self.ends:%d.%m.%Y}"


@dataclass(frozen=True, slots=True)
class Package:
    """Records of the licensed titles; `left_out` tells how many titles were not taken and why, in Russian."""

    dialect: Dialect
    records: tuple[MarcRecord, ...]
    left_out: tuple[str, ...]

    def as_export(self) -> bytes:
        """The records as one MARCXML export, for the import of a source of this dialect."""
        return xml_pages.collection([marcxml(record).encode() for record in self.records])


def read_package(name: str, data: bytes, terms: Terms) -> Package:
    """The titles of a file. Raises Refused for a file that is no list of titles; a bad title is left out and told."""
    reasons: Reasons = {}
    dialect, found = _titles(name, data, terms, reasons)
    records: dict[str, MarcRecord] = {}
    for record, ends in found:
        number = record.control("001")
        if number in records:
            reasons.setdefault("номер уже был в этом файле", []).append(number)
        else:
            records[number] = licensed(record, dialect, terms, ends)
    told = tuple(_told(reasons))
    if not records:
        raise Refused(f"{name}: в пакете не нашлось ни одного доступного издания. {'; '.join(told)}".rstrip(" ."))
    if len(records) > MOST_TITLES:
        raise Refused(f"{name}: ожидалось не больше {MOST_TITLES} названий, пришло {len(records)}; разделите пакет")
    return Package(dialect, tuple(records.values()), told)


def _told(reasons: Mapping[str, list[str]]) -> Iterator[str]:
    for why, names in reasons.items():
        shown = ", ".join(names[:FEW]) + (" …" if len(names) > FEW else "")
        yield f"{why}: {len(names)} ({shown})" if names else why


def _titles(name: str, data: bytes, terms: Terms, reasons: Reasons) -> tuple[Dialect, Titles]:
    if name.lower().endswith(TABLES):
        return Dialect.RUSMARC, _table(name, data, reasons)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" and (root := _xml(name, data)) is not None:
        return Dialect.RUSMARC, _feed(root, terms, reasons)
    return _marc(name, data, reasons)


# --- Tables ----------------------------------------------------------------------------------------------------------


def _table(name: str, data: bytes, reasons: Reasons) -> Titles:
    table, columns = understood(name, data, TableSettings(), Dialect.RUSMARC, name)
    if "title" not in columns.fields:
        raise Refused(f"{name}: нет столбца с заглавием; есть: {'; '.join(filter(None, columns.headings))}")
    reasons |= {warning: [] for warning in table.warnings}
    return [(record, None) for record in table.records]


# --- LitRes-like XML: <updated-book id available adult contract_ends …> around FictionBook's title-info ---------------


def _xml(name: str, data: bytes) -> etree._Element | None:
    """The root of a feed of titles, None for MARCXML."""
    try:
        root = etree.fromstring(data, xml_pages.parser())
    except etree.XMLSyntaxError as error:
        raise Refused(f"{name}: ожидался XML, но файл не читается: {fault_of(error)}") from error
    names = {_local(one) for one in (root, *root)}
    return None if names & {"collection", "record"} else root


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _feed(root: etree._Element, terms: Terms, reasons: Reasons) -> Iterator[tuple[MarcRecord, date | None]]:
    books = [b for b in root.iter() if _local(b) not in ("title-info", "removed-book") and _child(b, "title-info")]
    for book in (b for b in books if b.get("id") or b.get("external_id")):
        cells, ends = _cells(book), _ends(book)
        if why := _why_not(book, cells, ends, terms):
            reasons.setdefault(why, []).append(cells.get("title") or cells["id"])
            continue
        yield marc(identity(cells), Edition(cells), Dialect.RUSMARC), ends if ends and ends < terms.ends else None


def _ends(book: etree._Element) -> date | None:
    """When the publisher's own rights end."""
    days = [day for name in ("contract_ends", "valid_till") if (day := day_of(book.get(name, "")))]
    return min(days, default=None)


def _child(book: etree._Element, name: str) -> bool:
    return any(_local(one) == name for one in book)


def _why_not(book: etree._Element, cells: Mapping[str, str], ends: date | None, terms: Terms) -> str:
    """Why a title of the feed is not ours to offer, "" where it is."""
    if not cells.get("title"):
        return "нет заглавия"
    if book.get("available", "1") == "0":
        return "издание снято издателем"
    return f"права издателя кончились до {terms.today:%d.%m.%Y}" if ends and ends < terms.today else ""


def _cells(book: etree._Element) -> dict[str, str]:
    """Fields of harvesters.table_records by their names."""
    isbn = book.get("litres_isbn") or _text(book, "isbn")
    age = book.get("adult", "").strip().rstrip("+")
    authors = [_person(one) for one in book.iter() if _local(one) == "author" and not _inside(one, "document-info")]
    cells = {
        "id": book.get("id") or book.get("external_id") or "",
        "title": _text(book, "book-title"),
        "author": authors[0] if authors else "",
        "responsibility": ", ".join(authors),
        "isbn": isbn,
        "publisher": _text(book, "publisher"),
        "place": _text(book, "city"),
        "year": _year(_text(book, "year") or _text(book, "date")),
        "language": LANGUAGES.get(book.get("lang") or _text(book, "lang"), ""),
        "annotation": _text(book, "annotation")[:2000],
        "age": f"{age}+" if age in AGES else "",
        "url": book.get("url", ""),
    }  # fmt: skip
    return {name: value for name, value in cells.items() if value}


def _text(book: etree._Element, name: str) -> str:
    found = next((one for one in book.iter() if _local(one) == name), None)
    return " ".join("".join(map(str, found.itertext())).split()) if found is not None else ""


def _inside(element: etree._Element, name: str) -> bool:
    return any(_local(one) == name for one in element.iterancestors())


def _person(author: etree._Element) -> str:
    """«Фамилия, Имя Отчество», as headings of a catalogue are."""
    said = {_local(one): " ".join((one.text or "").split()) for one in author}
    given = " ".join(filter(None, (said.get("first-name"), said.get("middle-name"))))
    return ", ".join(filter(None, (said.get("last-name"), given))) or _text(author, "nickname")


def _year(text: str) -> str:
    found = re.search(r"(1[5-9]|20)\d\d", text)
    return found[0] if found else ""


# --- MARC ------------------------------------------------------------------------------------------------------------


def _marc(name: str, data: bytes, reasons: Reasons) -> tuple[Dialect, Titles]:
    try:
        found = detect(data)
    except BadRecord as error:
        raise Refused(f"{name}: ожидался список изданий (XML, CSV, XLSX, ODS или MARC): {error}") from error
    if found.dialect is Dialect.MARCSQL:
        raise Refused(f"{name}: это выгрузка школьной программы МАРК-SQL, а не пакет издательства")
    source = Source("package", "", dialect=found.dialect, encoding=found.encoding)
    return found.dialect, _readable(read_export(data, source, format=format_of(data)), reasons)


def _readable(export: Iterable[SourceRecord | SetAside], reasons: Reasons) -> Iterator[tuple[MarcRecord, date | None]]:
    for piece in export:
        if isinstance(piece, SetAside):
            reasons.setdefault(piece.reason, []).append(f"№ {piece.number}")
            continue
        try:
            record = marc_record(piece)
        except BadRecord as error:
            reasons.setdefault(str(error), [])
            continue
        number = MarcField("001", data=piece.key.local_id)
        yield MarcRecord(record.leader, (number, *(f for f in record.fields if f.tag != "001"))), None


# --- The licence -----------------------------------------------------------------------------------------------------


def licensed(record: MarcRecord, dialect: Dialect, terms: Terms, ends: date | None = None) -> MarcRecord:
    """The record as the district holds it: electronic, opening at an address, with the contract and its accesses."""
    kept = [f for f in record.fields if f.tag not in HOLDINGS and not _opens(f)]
    address = next((f.first("u") for f in record.fields if _opens(f)), "")
    address = address or terms.address.replace("{id}", record.control("001"))
    opening = MarcField("856", "40", (Subfield("u", address), Subfield("z", terms.note(ends))))
    item = {"registered": terms.starts.isoformat(), "ksu": terms.contract, "copies": str(terms.copies)}
    made = [*(_electronic(f, dialect) for f in kept), opening, item_field(item, dialect)]
    return MarcRecord(record.leader, tuple(sorted(made, key=lambda f: f.tag)))


def _opens(field: MarcField) -> bool:
    """An 856 of the work itself: RUSMARC's second indicator 1 or 2 is a cover or the contents."""
    return field.tag == "856" and bool(field.first("u")) and field.indicators[1:2] not in ("1", "2")


def _electronic(field: MarcField, dialect: Dialect) -> MarcField:
    """The title proper with its general material designation."""
    tag, code = ("200", "b") if dialect.is_unimarc_family else ("245", "h")
    if field.tag != tag or field.first(code):
        return field
    return MarcField(tag, field.indicators, (*field.subfields[:1], Subfield(code, GMD), *field.subfields[1:]))
