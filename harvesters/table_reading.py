"""Spreadsheets and CSV as schools keep them → rows of plain text. What a program did to a value is undone here."""

from __future__ import annotations

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

import xlrd
from lxml.etree import XMLSyntaxError

from catalog_sync import opendocument
from catalog_sync.errors import SourceUnavailable
from catalog_sync.marc import encodings
from catalog_sync.workbooks import too_large
from harvesters import limits
from harvesters.later import later

if TYPE_CHECKING:
    import openpyxl
else:
    openpyxl = later("openpyxl")

XLS_MAGIC = b"\xd0\xcf\x11\xe0"
MAX_ROWS = 200_000  # an inventory book of the largest school has 40,000
MAX_COLUMNS = 100
EMPTY_ROWS_END = 1_000  # Excel sheets often claim a million formatted but empty rows
SNIFF_LINES = 60
DELIMITERS = ";\t,|"
FEWEST_COLUMNS = 3  # with fewer, a line of a note with one comma in it looks like a row
EXCEL_DAY_ZERO = date(1899, 12, 30)  # day number 0 of Excel's 1900 calendar, its false leap day included
YEAR_NUMBERS = range(1900, 2101)
# Of a broken file; openpyxl reads a sheet row by row, so any of them may come late.
UNREADABLE_XLSX = (
    zipfile.BadZipFile, zlib.error, ParseError, XMLSyntaxError, EOFError, LookupError, ValueError, OSError, TypeError,
    AttributeError,
)  # fmt: skip
UNREADABLE_XLS = (xlrd.XLRDError, IndexError, ValueError, AssertionError, struct.error, KeyError, TypeError)
SAVE_AGAIN = "откройте его и сохраните заново как книгу Excel (.xlsx)"
SAVE_AS_ODS = "откройте её и сохраните заново как таблицу .ods или .xlsx"
ZEROS = re.compile(r"^0{2,}$")
GUARDED = re.compile(r"=\"([^\"]*)\"|'(\d[\d/.-]*)")
NUMBER_ALONE = re.compile(r"\D{0,5}\d{1,8}(?:[/.]\d{1,6})?\w?[,;]?")  # a line that is one inventory number


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rows` of text cells up to the last value of each, "" where empty. `encoding` and `delimiter` of a text only."""

    rows: tuple[tuple[str, ...], ...]
    encoding: str = ""
    delimiter: str = ""


def read_sheet(name: str, data: bytes, *, sheet: str = "", encoding: str = "", delimiter: str = "") -> Sheet:
    """The named sheet (else the first), by content: .xlsx, .xls, .ods, or text. Raises SourceUnavailable."""
    if opendocument.is_flat(data):
        raise SourceUnavailable(f"{name}: таблица в виде одного XML (.fods) не читается; {SAVE_AS_ODS}")
    if opendocument.is_package(name, data):
        return Sheet(bounded(name, ods_rows(name, data, sheet)))
    if data.startswith(b"PK"):
        return Sheet(bounded(name, xlsx_rows(name, data, sheet)))
    if data.startswith(XLS_MAGIC):
        return Sheet(bounded(name, xls_rows(name, data, sheet)))
    return read_text(name, data, encoding, delimiter)


def bounded(name: str, rows: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """The rows without the empty ones; a long empty stretch is the end of the sheet. Raises SourceUnavailable for more
    rows than any list has: the books of those left out would be taken for gone.

    Excel gives a sheet the width of its widest formatting: each row ends with its last value here.
    """
    kept: list[tuple[str, ...]] = []
    empty = 0
    for number, row in enumerate(rows):
        if number == MAX_ROWS:
            raise SourceUnavailable(f"{name}: строк больше {MAX_ROWS}: разделите список")
        cells = row[:MAX_COLUMNS]
        while cells and not cells[-1]:
            cells = cells[:-1]
        empty = 0 if cells else empty + 1
        if cells:
            kept.append(cells)
        if empty >= EMPTY_ROWS_END:
            break
    return tuple(kept)


def sheet_names(name: str, data: bytes) -> tuple[str, ...]:
    """Sheets of a file in its order; none for text, and for a file `read_sheet` would refuse."""
    try:
        if opendocument.is_package(name, data):
            return opendocument.sheet_names(data, limits.MAX_FILE_BYTES)
        if data.startswith(b"PK"):
            return tuple(openpyxl.load_workbook(io.BytesIO(data), read_only=True).sheetnames)
        if data.startswith(XLS_MAGIC):
            return tuple(xls_book(data).sheet_names())
    except (*UNREADABLE_XLSX, *UNREADABLE_XLS):  # ValueError among them: of OpenDocument too
        pass
    return ()


def ods_rows(name: str, data: bytes, sheet: str) -> Iterator[tuple[str, ...]]:
    most = limits.MAX_FILE_BYTES
    try:
        page = chosen(name, list(opendocument.sheet_names(data, most)), sheet)
        yield from opendocument.rows(data, page, cell_text, most)
    except opendocument.Unreadable as error:
        raise SourceUnavailable(f"{name}: таблица OpenDocument не читается: {error}; {SAVE_AS_ODS}") from None


def xlsx_rows(name: str, data: bytes, sheet: str) -> Iterator[tuple[str, ...]]:
    try:
        if why := too_large(data):
            raise SourceUnavailable(f"{name}: {why}")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        page = book[chosen(name, [p.title for p in book.worksheets], sheet)]
        page.reset_dimensions()  # several programs claim that a sheet of any size is the one cell A1
        for row in page.iter_rows(max_col=MAX_COLUMNS):
            yield tuple(xlsx_text(cell) for cell in row)
    except UNREADABLE_XLSX as error:
        raise SourceUnavailable(f"{name}: файл Excel не читается: {fault_of(error)}; {SAVE_AGAIN}") from None


def fault_of(error: Exception) -> str:
    """What openpyxl or xlrd stumbled over, in words of those who keep the list."""
    said = str(error).lower()
    if "encrypted" in said:
        return "книга защищена паролем: снимите его"
    if "can't find workbook" in said:
        return "в файле нет книги Excel: это другой документ или книга с паролем"
    if isinstance(error, KeyError | TypeError | AttributeError):
        return "внутри нет того, что пишет Excel"
    return "файл оборван или повреждён"


def xlsx_text(cell: Any) -> str:
    """A formula that failed («#ССЫЛКА!») says nothing of the book."""
    return "" if cell.data_type == "e" else cell_text(cell.value, getattr(cell, "number_format", ""))


def xls_rows(name: str, data: bytes, sheet: str) -> Iterator[tuple[str, ...]]:
    try:
        book, page = xls_page(name, data, sheet)
    except UNREADABLE_XLS as error:
        raise SourceUnavailable(f"{name}: файл Excel 97–2003 не читается: {fault_of(error)}; {SAVE_AGAIN}") from None
    for number in range(page.nrows):
        yield tuple(cell_text(xls_value(c, book.datemode), xls_format(book, c)) for c in page.row(number))


def xls_page(name: str, data: bytes, sheet: str) -> tuple[xlrd.Book, Any]:
    """The file and the sheet with their formats; without them where only they are broken: programs of others write them
    carelessly."""

    def opened(*, formats: bool) -> tuple[xlrd.Book, Any]:
        book = xls_book(data, formats=formats)
        return book, book.sheet_by_name(chosen(name, book.sheet_names(), sheet))

    try:
        return opened(formats=True)
    except UNREADABLE_XLS:
        return opened(formats=False)


def xls_book(data: bytes, *, formats: bool = False) -> xlrd.Book:
    """What xlrd has to say of careless files it would write to our standard output."""
    return xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), on_demand=True, formatting_info=formats)


def xls_format(book: xlrd.Book, cell: Any) -> str:
    """How a number is shown: «00000» keeps the zeros that the number itself has not."""
    if cell.ctype != xlrd.XL_CELL_NUMBER or cell.xf_index is None:
        return ""
    return str(book.format_map[book.xf_list[cell.xf_index].format_key].format_str)


def xls_value(cell: Any, datemode: int) -> Any:
    if cell.ctype == xlrd.XL_CELL_DATE and cell.value >= 1:
        try:
            return xlrd.xldate_as_datetime(cell.value, datemode)
        except (ValueError, OverflowError):
            return cell.value
    return cell.value if cell.ctype in (xlrd.XL_CELL_TEXT, xlrd.XL_CELL_NUMBER) else None


def chosen(name: str, sheets: list[str], wanted: str) -> str:
    if not sheets or (wanted and wanted not in sheets):
        raise SourceUnavailable(f"{name}: ожидался лист «{wanted}», есть: {', '.join(sheets) or 'ни одного'}")
    return wanted or sheets[0]


def cell_text(value: Any, number_format: str = "") -> str:
    """A cell as a person sees it: 2019.0 is 2019, 9.785E12 is all its digits, a moment at midnight is a date."""
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        return number_text(value, number_format)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return one_line(str(value).replace("_x000D_", "\n"))


def one_line(text: str) -> str:
    """A cell on one line. Numbers typed under each other (Alt+Enter) stay apart, as with commas between them."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    apart = len(lines) > 1 and all(NUMBER_ALONE.fullmatch(line) for line in lines)
    return ("; " if apart else " ").join(lines)


def number_text(value: float, number_format: str) -> str:
    if isinstance(value, float) and not value.is_integer():
        return repr(value)
    whole = str(int(value))
    return whole.zfill(len(number_format)) if ZEROS.match(number_format) else whole  # 00123 kept as number 123


def year_text(cell: str) -> str:
    """A year as typed, or the one a date format turned into a day of 1905 («2019» shown as 11.07.1905)."""
    try:
        day = date.fromisoformat(cell[:10])
    except ValueError:
        return cell
    number = (day - EXCEL_DAY_ZERO).days
    return str(number) if number in YEAR_NUMBERS else str(day.year)


def day_of_number(cell: str) -> str:
    """An ISO date for a bare Excel day number (43709), else the cell as it is."""
    if len(cell) == 5 and cell.isdecimal() and 20_000 <= int(cell) <= 73_000:
        return (EXCEL_DAY_ZERO + timedelta(days=int(cell))).isoformat()
    return cell


def read_text(name: str, data: bytes, encoding: str, delimiter: str) -> Sheet:
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceUnavailable(f"{name}: ожидалась таблица Excel, OpenDocument или CSV, пришли двоичные данные")
    codec = encoding or text_encoding(data)
    text = data.decode(codec, "replace").lstrip("\ufeff")
    csv.field_size_limit(limits.MEGABYTE)
    try:
        found = delimiter.replace("\\t", "\t") or likely_delimiter(text)
        rows = (tuple(one_line(unguarded(cell)) for cell in row) for row in csv_rows(text, found))
        return Sheet(bounded(name, rows), codec, found)
    except csv.Error as error:
        long = "limit" in str(error)
        why = "значение длиннее мегабайта: закройте кавычку" if long else "в строках есть знаки, которых в тексте нет"
        raise SourceUnavailable(f"{name}: таблица CSV не читается: {why}") from None


def unguarded(cell: str) -> str:
    """A value without what programs put around it so that Excel leaves its zeros alone: «="00123"», «'00123»."""
    found = GUARDED.fullmatch(cell.strip())
    return (found[1] or found[2] or "") if found else cell


def csv_rows(text: str, delimiter: str) -> list[list[str]]:
    """Rows of a CSV, one more than any list has at most. A quote that nobody closed would swallow the rows behind it:
    then every line is a row."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    rows = list(islice(reader, MAX_ROWS + 1))
    width = max(map(len, rows[:SNIFF_LINES]), default=0)
    if width < FEWEST_COLUMNS or not any(_holds_a_row(cell, delimiter, width) for row in rows for cell in row):
        return rows
    lines = io.StringIO(text, newline=None)  # splitlines() would end a line at U+001E and U+0085 too
    alone = (row for line in lines for row in csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    return list(islice(alone, MAX_ROWS + 1))


def _holds_a_row(cell: str, delimiter: str, width: int) -> bool:
    """Whether a line inside a cell has as many delimiters as a row."""
    return "\n" in cell and any(line.count(delimiter) >= width - 1 for line in cell.split("\n")[1:])


def text_encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if encodings.is_utf8(data):  # of a long file the next line looks at parts, which may begin inside a letter
        return "utf-8"
    found = encodings.of_file(data)[0]
    return "cp1251" if found == encodings.MARC8 else found


def likely_delimiter(text: str) -> str:
    """The character that cuts the first lines into the most columns the most evenly."""
    lines = list(islice(io.StringIO(text, newline=""), SNIFF_LINES))

    def evenness(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        common = max(set(widths), key=lambda w: (widths.count(w) * (w > 1), w), default=1)
        return (widths.count(common) if common > 1 else 0, common)

    return max(DELIMITERS, key=evenness)
