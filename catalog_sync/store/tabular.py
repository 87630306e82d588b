"""Tables of others: .xlsx, .ods, CSV (ФПУ, АИС «Учебник», pupils by class), read by a saved mapping of columns.

A mapping says which heading holds what; it is guessed from known headings the first time, shown, corrected and saved.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import Connection, delete, select

from catalog_sync import opendocument
from catalog_sync.errors import Refused
from catalog_sync.store.database import upsert
from catalog_sync.store.ledger_tables import ais_row, column_mapping, fpu_entry, textbook_need
from catalog_sync.store.provision import isbn13
from catalog_sync.workbooks import too_large

HEADER_SEARCHED = 30  # official lists begin with titles and notes
MOST_ROWS = 200_000
MOST_BYTES = 200 << 20  # of a spreadsheet, unpacked
LARGEST = 2_000_000_000  # that a column holds on PostgreSQL; anything near it is mistyped


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which heading holds which field, and the line of the headings (1-based)."""

    columns: Mapping[str, str]
    header_row: int


# kind → field → (must be there, words of a heading that means it)
FIELDS: dict[str, dict[str, tuple[bool, tuple[str, ...]]]] = {
    "fpu": {
        "number": (True, ("порядковый номер", "номер учебника", "код", "№ фпу", "n п/п")),
        "title": (True, ("наименование учебника", "наименование", "название")),
        "authors": (False, ("автор",)),
        "subject": (False, ("предмет",)),
        "grade": (False, ("класс",)),
        "publisher": (False, ("издател", "правообладател")),
        "isbn": (False, ("isbn",)),
        "valid_until": (False, ("предельный срок", "срок действия", "срок использования")),
    },
    "ais": {
        "title": (True, ("наименование учебника", "наименование", "название", "учебник")),
        "copies": (True, ("количество", "кол-во", "экземпляр", "в наличии", "имеется")),
        "fpu": (False, ("фпу", "порядковый номер", "код")),
        "authors": (False, ("автор",)),
        "grade": (False, ("класс",)),
        "isbn": (False, ("isbn",)),
        "year": (False, ("год",)),
    },
    "needs": {
        "grade": (True, ("класс", "параллель")),
        "subject": (True, ("предмет",)),
        "pupils": (True, ("обучающихся", "учеников", "учащихся", "контингент")),
        "title": (False, ("наименование", "учебник", "название")),
        "authors": (False, ("автор",)),
        "publisher": (False, ("издател",)),
        "isbn": (False, ("isbn",)),
        "fpu": (False, ("фпу", "порядковый номер")),
        "ordered": (False, ("заказано",)),
        "per_pupil": (False, ("норма",)),
    },
}


def cells(data: bytes) -> list[list[str]]:
    """All cells of the first sheet, or of a CSV, as text. Raises Refused where it is neither."""
    if opendocument.is_flat(data):
        raise Refused("таблица в виде одного XML (.fods): откройте её и сохраните как .ods или .xlsx")
    if opendocument.is_package("", data):
        return list(_ods(data))
    if data[:2] == b"PK":
        return list(_sheet(data))
    if data[:4] == b"\xd0\xcf\x11\xe0":
        raise Refused("файл старого Excel (.xls): откройте его и сохраните как .xlsx")
    return list(_csv(data))


def _sheet(data: bytes) -> Iterator[list[str]]:
    try:
        if why := too_large(data):
            raise Refused(why)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for number, row in enumerate(book.worksheets[0].iter_rows(values_only=True)):
            if number >= MOST_ROWS:
                raise Refused(f"в таблице больше {MOST_ROWS} строк")
            yield [_text(value) for value in row]
    except Refused:
        raise
    except Exception as error:  # whatever openpyxl stumbles over in a file that is damaged, at the start or in a row
        raise Refused("это не таблица Excel, или она повреждена: откройте её и сохраните заново как .xlsx") from error


def _ods(data: bytes) -> Iterator[list[str]]:
    try:
        first = next(iter(opendocument.sheet_names(data, MOST_BYTES)), "")
        for number, row in enumerate(opendocument.rows(data, first, _text, MOST_BYTES)):
            if number >= MOST_ROWS:
                raise Refused(f"в таблице больше {MOST_ROWS} строк")
            yield list(row)
    except opendocument.Unreadable as error:
        raise Refused(f"таблица OpenDocument не читается: {error}") from error


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def _csv(data: bytes) -> Iterator[list[str]]:
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Refused("это не таблица: ожидались .xlsx, .ods или CSV в UTF-8 или Windows-1251")
    sample = text[:4096]
    delimiter = max(";\t,", key=sample.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=None), delimiter=delimiter):  # lines end as on any system
            yield [" ".join(cell.split()) for cell in row]
    except csv.Error as error:
        raise Refused("это не таблица: ожидались .xlsx, .ods или CSV, а файл не делится на строки и столбцы") from error


def guess(kind: str, table: Sequence[Sequence[str]]) -> ColumnMapping:
    """The line that has most known headings. Raises Refused naming the headings that are missing."""
    best: tuple[int, dict[str, str], int] = (0, {}, 0)
    for number, row in enumerate(table[:HEADER_SEARCHED], 1):
        found = _headings(kind, row)
        if len(found) > best[0]:
            best = (len(found), found, number)
    missing = [name for name, (must, _) in FIELDS[kind].items() if must and name not in best[1]]
    if missing:
        words = "; ".join("/".join(FIELDS[kind][name][1][:2]) for name in missing)
        raise Refused(f"в таблице не нашлись столбцы: {words}; укажите соответствие столбцов вручную")
    return ColumnMapping(best[1], best[2])


def _headings(kind: str, row: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, (_, words) in FIELDS[kind].items():
        for word in words:
            heading = next((cell for cell in row if word in cell.casefold() and cell not in found.values()), "")
            if heading:
                found[name] = heading
                break
    return found


def read(kind: str, data: bytes, mapping: ColumnMapping | None = None) -> tuple[ColumnMapping, list[dict[str, str]]]:
    """Rows as field → text, by a mapping or a guessed one. Raises Refused where its headings are not there."""
    table = cells(data)
    mapping = mapping or guess(kind, table)
    if mapping.header_row > len(table):
        raise Refused(f"в таблице строк {len(table)}, а заголовки ожидались в строке {mapping.header_row}")
    if missing := [name for name, (must, _) in FIELDS[kind].items() if must and name not in mapping.columns]:
        words = ", ".join(FIELDS[kind][name][1][0] for name in missing)
        raise Refused(f"соответствие столбцов сохранено для другого списка: в нём не сказано, где {words}")
    header = list(table[mapping.header_row - 1])
    places = {}
    for name, heading in mapping.columns.items():
        if heading not in header:
            raise Refused(f"столбца {heading!r} нет; есть: {', '.join(cell for cell in header if cell)}")
        places[name] = header.index(heading)
    rows = [
        {name: row[at] if at < len(row) else "" for name, at in places.items()} for row in table[mapping.header_row :]
    ]
    return mapping, [row for row in rows if any(row.values())]


def saved(connection: Connection, name: str) -> ColumnMapping | None:
    """A saved mapping by its name."""
    row = connection.execute(select(column_mapping).where(column_mapping.c.name == name)).first()
    return ColumnMapping(row.columns, row.header_row) if row else None


def save(connection: Connection, name: str, mapping: ColumnMapping) -> None:
    """Keep a mapping under a name, for the next list of the same shape."""
    values = {"name": name, "columns": dict(mapping.columns), "header_row": mapping.header_row, "active": True}
    upsert(connection, column_mapping, [values])


def import_fpu(connection: Connection, rows: Sequence[Mapping[str, str]], list_name: str) -> int:
    """Put in the federal list; entries of an older list that are not in it stay with their dates."""
    found = {}
    for row in rows:
        number = row.get("number", "").strip()
        if not re.search(r"\d", number) or len(number) > 32 or not row.get("title"):
            continue  # headings of sections inside the list
        found[number] = {
            "number": number, "title": row["title"], "authors": row.get("authors", ""),
            "subject": row.get("subject", ""), "grade": row.get("grade", "")[:16],
            "publisher": row.get("publisher", ""), "isbn": isbn13(row.get("isbn", "")),
            "valid_until": day(row.get("valid_until", "")), "list": list_name,
        }  # fmt: skip
    upsert(connection, fpu_entry, list(found.values()))
    return len(found)


def import_ais(connection: Connection, library: str, rows: Sequence[Mapping[str, str]], now: datetime) -> int:
    """Replace what АИС «Учебник» says of one library. Raises Refused for a list that says nothing."""
    found = [
        {
            "library": library, "line": line, "fpu": row.get("fpu", "")[:32], "title": row["title"],
            "authors": row.get("authors", ""), "grade": row.get("grade", "")[:16],
            "isbn": isbn13(row.get("isbn", "")), "year": row.get("year", "")[:4],
            "copies": whole(row["copies"], "количество", line), "imported": now,
        }
        for line, row in enumerate(rows, 1)
        if row.get("title") and row.get("copies")
    ]  # fmt: skip
    if not found:
        raise Refused("в таблице нет ни одной строки с наименованием и количеством; прежний список оставлен")
    connection.execute(delete(ais_row).where(ais_row.c.library == library))
    connection.execute(ais_row.insert(), found)
    return len(found)


def import_needs(connection: Connection, library: str, year: int, rows: Sequence[Mapping[str, str]]) -> int:
    """Put in what the classes of a school need in the school year that begins in `year`."""
    found = {}
    for line, row in enumerate(rows, 1):
        if not row.get("pupils"):
            continue
        grade = whole(row["grade"], "класс", line)
        if not 1 <= grade <= 11:
            raise Refused(f"строка {line}: класс — ожидалось от 1 до 11, пришло {row['grade']!r}")
        norm = row.get("per_pupil", "").replace(",", ".") or "1"
        values = {
            "library": library, "year": year, "grade": grade, "subject": row["subject"][:128],
            "fpu": row.get("fpu", "")[:32], "title": row.get("title") or row["subject"],
            "authors": row.get("authors", ""), "publisher": row.get("publisher", ""),
            "isbn": isbn13(row.get("isbn", "")), "pupils": whole(row["pupils"], "обучающихся", line),
            "per_pupil": float(norm) if re.fullmatch(r"\d+(\.\d+)?", norm) else 1.0,
            "ordered": whole(row.get("ordered") or "0", "заказано", line),
        }  # fmt: skip
        found[grade, values["subject"], values["fpu"]] = values
    upsert(connection, textbook_need, list(found.values()))
    return len(found)


def needs_of(connection: Connection, library: str, year: int) -> list[Any]:
    """What the classes of a school need in a school year, in the order of classes."""
    columns = textbook_need.c
    query = select(textbook_need).where(columns.library == library, columns.year == year)
    return list(connection.execute(query.order_by(columns.grade, columns.subject, columns.fpu)))


def remove_need(connection: Connection, library: str, year: int, grade: int, subject: str, fpu: str) -> bool:
    """Take one need out of the list; whether it was there."""
    columns = textbook_need.c
    which = (columns.library == library, columns.year == year, columns.grade == grade, columns.subject == subject,
             columns.fpu == fpu)  # fmt: skip
    return bool(connection.execute(delete(textbook_need).where(*which)).rowcount)


def whole(text: str, name: str, line: int) -> int:
    """A whole number as people type it («1 250», «25 экз.», «25,0»); «25,5» and «10–11» are none."""
    digits = re.match(r"\s*(\d[\d\s]*+)(?:[.,]0+(?!\d))?+(?![-–—.,]\s*\d)", text)
    if not digits:
        raise Refused(f"строка {line}: {name} — ожидалось целое число, пришло {text!r}")
    number = int(re.sub(r"\s", "", digits[1]))
    if number > LARGEST:
        raise Refused(f"строка {line}: {name} — число слишком велико: {number}")
    return number


def day(text: str) -> date | None:
    """A date as lists write it: 2027-08-31, 31.08.2027, 31.08.27, «до 31 августа 2027 года»."""
    if found := re.search(r"(\d{4})-(\d\d)-(\d\d)", text):
        parts = found[1], found[2], found[3]
    elif found := re.search(r"(?<!\d)(\d{1,2})\.(\d{1,2})\.(\d{4}|\d\d)(?!\d)", text):
        parts = f"20{found[3]}"[-4:], found[2], found[1]
    elif found := re.search(r"(\d{1,2})\s+([а-я]{3})[а-я]*\s+(\d{4})", text.casefold()):
        months = ("янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
        if found[2] not in months:
            return None
        parts = found[3], str(months.index(found[2]) + 1), found[1]
    else:
        return None
    try:
        return date(*(int(part) for part in parts))
    except ValueError:
        return None
