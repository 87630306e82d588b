"""Rows of a school's list → MARC records with their copies. Rows that describe one edition become one record."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from catalog_sync import text
from catalog_sync.model import Dialect, MarcField, MarcRecord, Subfield
from harvesters.table_mapping import Columns
from harvesters.table_reading import Sheet, day_of_number, year_text

# What makes two rows one edition; everything else may differ from copy to copy.
IDENTITY = ("id", "author", "title", "subtitle", "part", "grade", "line", "edition", "publisher", "year", "isbn")
YEARS = range(1950, 2050)
FAR_FROM_A_YEAR = 100  # copies: no school gets as many of one book in one line without saying how many
YEAR_OR_RANGE = (
    "номер с годом («2020-2345») принят за один экземпляр; если это промежуток номеров, добавьте столбец с количеством"
)
MAX_RANGE = 1_000  # «1–1000» may be a range of inventory numbers, «1–99999» is a typing error
LOST_NUMBER = re.compile(r"^\d+(?:[.,]\d+)?[eE]\+?\d+$")  # Excel saved 9785090713675 as 9,78509E+12
RANGE = re.compile(r"^(\D*)(\d{1,18})\s*[-–—]\s*(?:\1)?(\d{1,18})$")  # «1201–1215», «Б1201–Б1215»
WHOLE = re.compile(r"(\d+)\.0")  # a number that a program took for a fraction: «12345.0»
YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
TOTALS = re.compile(r"^(итого|всего|итог)\b", re.IGNORECASE)
FEW_EXAMPLES = 3
NUMBERED_COLUMNS = 3  # «1 2 3» in a row this long numbers the columns
# Field of the list → tag and subfield, per family. 910 is where ИРБИС keeps copies: the reader knows it (irbis rule).
RUSMARC_TAGS: dict[str, str] = {
    "isbn": "010a", "language": "101a", "title": "200a", "subtitle": "200e", "responsibility": "200f", "part": "200h",
    "edition": "205a", "place": "210a", "publisher": "210c", "year": "210d", "pages": "215a", "series": "225a",
    "note": "300a", "annotation": "330a", "age": "333a", "subject": "606a", "keywords": "610a", "udc": "675a",
    "bbk": "686a", "author": "700a", "url": "856u",
}  # fmt: skip
MARC21_TAGS: dict[str, str] = {
    "isbn": "020a", "language": "041a", "udc": "080a", "bbk": "084a", "author": "100a", "title": "245a",
    "subtitle": "245b", "responsibility": "245c", "part": "245n", "edition": "250a", "place": "260a",
    "publisher": "260b", "year": "260c", "pages": "300a", "series": "490a", "note": "500a", "annotation": "520a",
    "age": "521a", "subject": "650a", "keywords": "653a", "url": "856u",
}  # fmt: skip
MARCSQL_TAGS = MARC21_TAGS | {"bbk": "091a", "series": "440a", "url": "900a"}
CLASSIFICATION = {"686": ("2", "rubbk"), "084": ("2", "rubbk")}
ITEM_CODES = {"inventory": "b", "registered": "c", "sigla": "d", "price": "e", "call_number": "r", "ksu": "u"}
MARCSQL_ITEM_CODES = {"inventory": "e", "sigla": "f", "price": "c", "ksu": "t", "registered": "d"}


@dataclass
class Edition:
    """Rows of one edition: cells of the first, and the copies of all."""

    cells: dict[str, str]
    items: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Table:
    """What a list says. `warnings` in Russian, with row numbers as counted in the sheet without empty rows."""

    records: tuple[MarcRecord, ...]
    warnings: tuple[str, ...]
    rows: int = 0


def records_of(sheet: Sheet, columns: Columns, dialect: Dialect) -> Table:
    """Records of all rows behind the headings. Rows without a title are counted and named, never guessed at."""
    faults: dict[str, list[int]] = {}
    editions: dict[str, Edition] = {}
    rows = sheet.rows[columns.heading_row + 1 :]
    for number, row in enumerate(rows, columns.heading_row + 2):
        if is_no_book(row, columns.headings):
            continue
        cells = cells_of(row, columns, number, faults)
        if not cells.get("title"):
            if not any(TOTALS.match(c) for c in row):
                faults.setdefault("нет заглавия", []).append(number)
            continue
        items = list(items_of(cells, number, faults))
        editions.setdefault(place_of(cells, editions, number, faults), Edition(cells)).items.extend(items)
    records = tuple(marc(number, edition, dialect) for number, edition in editions.items())
    return Table(records, tuple(complaint(t, n) for t, n in faults.items()), len(rows))


def is_no_book(row: tuple[str, ...], headings: tuple[str, ...]) -> bool:
    """Headings repeated at the top of every printed page, and the row «1 2 3 …» that numbers the columns of a form."""
    if row == headings[: len(row)]:
        return True
    return len(row) >= NUMBERED_COLUMNS and row == tuple(str(n) for n in range(1, len(row) + 1))


def complaint(fault: str, rows: list[int]) -> str:
    shown = ", ".join(map(str, rows[:FEW_EXAMPLES])) + (" …" if len(rows) > FEW_EXAMPLES else "")
    return f"{fault}: строк {len(rows)} ({shown})"


def cells_of(row: tuple[str, ...], columns: Columns, number: int, faults: dict[str, list[int]]) -> dict[str, str]:
    cells = {f: c for f, c in zip(columns.fields, row, strict=False) if f and c and c not in ("-", "–", "—")}
    if LOST_NUMBER.match(cells.get("isbn", "")):
        faults.setdefault("ISBN испорчен Excel (вид 9,78E+12), не взят", []).append(number)
        del cells["isbn"]
    if "isbn" in cells:
        cells["isbn"] = isbn_text(cells["isbn"])
    if "year" in cells:
        year = YEAR.search(year_text(cells["year"]))
        if not year:
            faults.setdefault("год не понят", []).append(number)
        cells["year"] = year[0] if year else cells["year"]
    if "registered" in cells:
        cells["registered"] = day_of_number(cells["registered"])
    return with_grade(cells)


def isbn_text(cell: str) -> str:
    """An ISBN-10 that lost its leading zero by being a number gets it back, where the check digit agrees (ISO 2108)."""
    if re.fullmatch(r"\d{8}[\dXxХх]", cell):
        digits = [10 if d in "XxХх" else int(d) for d in f"0{cell}"]
        if sum((10 - i) * d for i, d in enumerate(digits)) % 11 == 0:
            return f"0{cell}"
    return cell


def with_grade(cells: dict[str, str]) -> dict[str, str]:
    """Class and textbook line go into the subtitle, where every reader of the record looks for them."""
    said = text.fold(f"{cells.get('title', '')} {cells.get('subtitle', '')}")
    extra = []
    grade = cells.get("grade", "")
    if grade and "класс" not in said:
        extra.append(grade if "кл" in grade.lower() else f"{grade} класс")
    if cells.get("line") and text.fold(cells["line"]) not in said:
        extra.append(cells["line"])
    if extra:
        cells["subtitle"] = " : ".join([*([cells["subtitle"]] if cells.get("subtitle") else []), *extra])
    return cells


def identity(cells: Mapping[str, str]) -> str:
    """001: the list's own id, else a digest of what describes the edition. The number of copies may change."""
    return cells.get("id") or described(cells)


def place_of(
    cells: Mapping[str, str], editions: Mapping[str, Edition], number: int, faults: dict[str, list[int]]
) -> str:
    """The edition a row belongs to. A number that stands before two titles names neither: the second book is known by
    its description, else it would be lost in the first."""
    there = editions.get(identity(cells))
    if there is None or text.fold(there.cells["title"]) == text.fold(cells["title"]):
        return identity(cells)
    faults.setdefault("номер карточки уже стоит у другой книги", []).append(number)
    return described(cells)


def described(cells: Mapping[str, str]) -> str:
    typed = "\x1f".join(text.fold(cells.get(f, "")) for f in IDENTITY)
    return "T" + hashlib.blake2b(typed.encode(), digest_size=8).hexdigest()


def items_of(cells: Mapping[str, str], number: int, faults: dict[str, list[int]]) -> Iterator[dict[str, str]]:
    """One item per inventory number (ranges «1201–1215» are counted out), else one group of `copies`."""
    common = {f: cells[f] for f in ("registered", "price", "ksu", "sigla", "call_number") if cells.get(f)}
    copies = re.match(r"\d+", cells.get("copies", ""))
    count = int(copies[0]) if copies else 1
    numbers = numbers_of(cells.get("inventory", ""), count if copies else 0)
    if not copies and any(map(with_a_year, numbers)):
        faults.setdefault(YEAR_OR_RANGE, []).append(number)
    if numbers and copies and count != len(numbers):
        faults.setdefault("инвентарных номеров не столько, сколько экземпляров", []).append(number)
    if numbers and (not copies or count <= len(numbers)):
        yield from ({**common, "inventory": n} for n in numbers)
    elif count:
        yield {**common, "copies": str(count), **({"inventory": numbers[0]} if count == len(numbers) == 1 else {})}


def numbers_of(cell: str, copies: int) -> list[str]:
    """Inventory numbers of a cell. «2020-2345» may be one number or 326, «1201 1202» one or two: the number of copies
    tells, where it is known (else 0); where it doesn't, a number with a year is one."""
    spaced = cell.split() if cell.replace(" ", "").isdigit() else []
    parts = typed_apart(cell)
    for way in (list(inventory_numbers(cell)), parts, spaced):
        if way and len(way) == copies:
            return way
    return [n for part in parts for n in ([part] if with_a_year(part) else inventory_numbers(part))]


def inventory_numbers(cell: str) -> Iterator[str]:
    for part in typed_apart(cell):
        found = RANGE.match(part)
        if found and 0 < int(found[3]) - int(found[2]) < MAX_RANGE:
            yield from (found[1] + str(n).zfill(len(found[2])) for n in range(int(found[2]), int(found[3]) + 1))
        else:
            yield part


def with_a_year(part: str) -> bool:
    """Whether one of two numbers is a year and the other is far from it: «2020-2345», «1021-2020»."""
    found = RANGE.match(part)
    if not found or found[1]:
        return False
    first, last = int(found[2]), int(found[3])
    return FAR_FROM_A_YEAR <= last - first < MAX_RANGE and (first in YEARS) != (last in YEARS)


def typed_apart(cell: str) -> list[str]:
    parts = [part.strip() for part in re.split(r"[,;]\s*", cell) if part.strip()]
    return [whole[1] if (whole := WHOLE.fullmatch(part)) else part for part in parts]


def marc(number: str, edition: Edition, dialect: Dialect) -> MarcRecord:
    """A record of the source's dialect; fields in order of their tags."""
    tags = {Dialect.MARC21: MARC21_TAGS, Dialect.MARCSQL: MARCSQL_TAGS}.get(dialect, RUSMARC_TAGS)
    by_tag: dict[str, list[Subfield]] = {}
    for name, place in tags.items():
        if value := edition.cells.get(name):
            by_tag.setdefault(place[:3], []).append(Subfield(place[3], value))
    for tag, (code, value) in CLASSIFICATION.items():
        if tag in by_tag:
            by_tag[tag].append(Subfield(code, value))
    fields = [MarcField("001", data=number), *(MarcField(t, indicators(t), tuple(s)) for t, s in by_tag.items())]
    fields += [item_field(i, dialect) for i in edition.items]
    leader = "     nam a22     7a 4500" if dialect in (Dialect.MARC21, Dialect.MARCSQL) else "     nam0 22     3i 450 "
    return MarcRecord(leader, tuple(sorted(fields, key=lambda f: f.tag)))


def indicators(tag: str) -> str:
    return {"200": "1 ", "245": "10", "100": "1 ", "700": " 1", "856": "4 "}.get(tag, "  ")


def item_field(item: Mapping[str, str], dialect: Dialect) -> MarcField:
    if dialect is Dialect.MARCSQL:
        codes = [Subfield(c, item[f]) for f, c in MARCSQL_ITEM_CODES.items() if f in item]
        mode = Subfield("m", "И/У" if "inventory" in item else "Б/У")
        return MarcField("INV", "  ", (*codes, Subfield("j", item.get("copies", "1")), mode))
    status = Subfield("a", "0" if "inventory" in item else "U")  # U: a group kept without numbers (безынвентарный учёт)
    rest = [Subfield(c, item[f]) for f, c in ITEM_CODES.items() if f in item]
    return MarcField("910", "  ", (status, *rest, Subfield("1", item.get("copies", "1"))))
