"""Spreadsheets of LibreOffice, Р7 and МойОфис (.ods, OpenDocument 1.2 and 1.3 part 3) → rows of text, as a stream.

A cell is known by its value, not by how it is shown, but for the zeros a format puts before a number («00123»). Notes,
drawings and what a merged cell covers are not its text. Nothing is kept of a file but the row that is read.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import repeat
from typing import Any

from lxml import etree

MOST_COLUMNS = 200  # of a row; programs write all 16,384 where a row has a colour
MOST_EMPTY = 1_000  # rows in a stretch: behind its last row a sheet has a million
CHUNK_BYTES = 1 << 16
ZIP = b"PK"
NAME_AT = 30  # where a ZIP names its first entry
EXCEL = "[Content_Types].xml"  # every package of Office Open XML has it (ECMA-376, part 2)
MIMETYPE = b"mimetypeapplication/vnd.oasis.opendocument"  # the first entry, not compressed (part 2, 3.3)
FLAT = b"application/vnd.oasis.opendocument.spreadsheet"
ENCRYPTED = b"encryption-data"  # element of META-INF/manifest.xml (part 2, 4.4)
UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, etree.XMLSyntaxError,
)  # fmt: skip
_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _TABLE, _TEXT = (f"{{{_OASIS}{name}:1.0}}" for name in ("office", "table", "text"))
_DRAWINGS = (f"{{{_OASIS}drawing:1.0}}", f"{{{_OASIS}dr3d:1.0}}")
_ERROR = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_PARAGRAPHS = (f"{_TEXT}p", f"{_TEXT}h")
_SIGNS = {f"{_TEXT}s": " ", f"{_TEXT}tab": " ", f"{_TEXT}line-break": "\n"}
# What stands inside a cell or beside the sheets and has paragraphs or tables of its own.
_NOT_TEXT = {
    f"{_OFFICE}annotation", f"{_TEXT}note", f"{_TEXT}ruby-text", f"{_TABLE}shapes", f"{_TABLE}tracked-changes",
    f"{_TABLE}dde-links",
}  # fmt: skip
_ELSEWHERE = "'#$"  # in the name of a hidden sheet that keeps what formulas took from another file
_SPACES = str.maketrans("\t\r\n", "   ")  # line ends of the markup are no line ends of the text (part 3, 6.1.2)

Value = str | float | datetime | None


class Unreadable(ValueError):
    """The file is no spreadsheet, or a closed or broken one; the text says why in the words of those who keep it."""


def is_package(name: str, data: bytes) -> bool:
    """Whether this is a document of OpenDocument by content, or by name where it is a ZIP of neither office."""
    if not data.startswith(ZIP) or data.startswith(MIMETYPE, NAME_AT):
        return data.startswith(ZIP)
    named = name.lower().endswith(".ods")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except UNREADABLE:
        return named
    return EXCEL not in names and (named or "content.xml" in names)


def is_flat(data: bytes) -> bool:
    """Whether this is a spreadsheet as one XML (.fods)."""
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and FLAT in data[:20_000]


def sheet_names(data: bytes, most_bytes: int) -> tuple[str, ...]:
    """Sheets in their order. Raises Unreadable."""
    reader = _Reader("", lambda value: "")
    for _ in _fed(reader, data, most_bytes):
        pass
    if not reader.is_spreadsheet:
        raise Unreadable("это другой документ, а не таблица")
    return tuple(reader.names)


def rows(data: bytes, sheet: str, text: Callable[[Value], str], most_bytes: int) -> Iterator[tuple[str, ...]]:
    """Rows of a sheet, each cell made text by `text`: once, however often the file repeats it. Raises Unreadable."""
    reader = _Reader(sheet, text)
    for _ in _fed(reader, data, most_bytes):
        for row, times in reader.taken():
            yield from repeat(row, times if any(row) else min(times, MOST_EMPTY))


def _fed(reader: _Reader, data: bytes, most_bytes: int) -> Iterator[None]:
    """Gives the content to the reader piece by piece."""
    target: Any = reader  # the stubs want `str | bytes` of every method; names and text come as str
    parser = etree.XMLParser(target=target, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        for chunk in _content(data, most_bytes):
            parser.feed(chunk)
            yield
        parser.close()
    except UNREADABLE:
        raise Unreadable("файл оборван или повреждён") from None


def _content(data: bytes, most_bytes: int) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        # zipfile never reads more of an entry than its directory claims, so the sum is a true limit.
        if sum(entry.file_size for entry in archive.infolist()) > most_bytes:
            raise Unreadable(f"в распакованном виде больше {most_bytes >> 20} МБ")
        names = archive.namelist()
        manifest = archive.read("META-INF/manifest.xml") if "META-INF/manifest.xml" in names else b""
        if ENCRYPTED in manifest:
            raise Unreadable("защищена паролем: снимите его")
        if "content.xml" not in names:
            raise Unreadable("внутри нет таблицы OpenDocument")
        with archive.open("content.xml") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


class _Reader:
    """The target of the parser: finished rows of the wanted sheet gather in it until they are taken."""

    def __init__(self, sheet: str, text: Callable[[Value], str]) -> None:
        self.names: list[str] = []
        self.is_spreadsheet = False
        self._sheet = sheet
        self._text = text
        self._finished: list[tuple[tuple[str, ...], int]] = []
        self._skipped = 0  # depth inside an element that is skipped
        self._row: list[str] | None = None
        self._lines: list[str] = []
        self._line: list[str] | None = None
        self._attributes: list[Mapping[str, str]] = []  # of the row and the cell that are open

    def taken(self) -> list[tuple[tuple[str, ...], int]]:
        """The rows finished since the last time, and how often each stands there."""
        finished, self._finished = self._finished, []
        return finished

    def doctype(self, *_: object) -> None:
        raise Unreadable("объявлены сущности XML: такие файлы не читаем")

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._skipped or self._is_foreign(tag, attributes):
            self._skipped += 1
        elif tag == f"{_OFFICE}spreadsheet":
            self.is_spreadsheet = True
        elif tag == f"{_TABLE}table-row":
            self._row = []
            self._attributes.append(dict(attributes))
        elif tag in _CELLS and self._row is not None:
            self._lines = []
            self._attributes.append(dict(attributes))
        elif tag in _PARAGRAPHS:
            self._line = []
        elif tag in _SIGNS:
            self.data(_SIGNS[tag], kept=True)

    def _is_foreign(self, tag: str, attributes: Mapping[str, str]) -> bool:
        if tag != f"{_TABLE}table":
            return tag in _NOT_TEXT or tag.startswith(_DRAWINGS)
        name = attributes.get(f"{_TABLE}name", "")
        if not self.is_spreadsheet or self._row is not None or _ELSEWHERE in name:
            return True
        self.names.append(name)
        return name != self._sheet

    def data(self, text: str, *, kept: bool = False) -> None:
        if self._line is not None and not self._skipped:
            self._line.append(text if kept else text.translate(_SPACES))

    def end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
        elif tag in _PARAGRAPHS:
            self._lines.append("".join(self._line or ()))
            self._line = None
        elif tag in _CELLS and self._row is not None:
            attributes = self._attributes.pop()
            text = self._text(value_of(attributes, "\n".join(self._lines))) if tag == _CELLS[0] else ""
            room = MOST_COLUMNS - len(self._row)
            self._row += [text] * min(room, _times(attributes, "columns"))
        elif tag == f"{_TABLE}table-row" and self._row is not None:
            self._finished.append((tuple(self._row), _times(self._attributes.pop(), "rows")))
            self._row = None

    def close(self) -> None:
        """Part of the parser's protocol."""


def _times(attributes: Mapping[str, str], what: str) -> int:
    """How often a row or a cell is repeated (part 3, 19.675 and 19.677)."""
    said = attributes.get(f"{_TABLE}number-{what}-repeated", "")
    return int(said) if said.isdecimal() and len(said) < 10 else 1


def value_of(attributes: Mapping[str, str], shown: str) -> Value:
    """The value of a cell by its type (part 3, 19.387). A truth value and a formula that failed say nothing of a book;
    a value that is not what its type says is what is shown."""
    kind = attributes.get(f"{_OFFICE}value-type")
    if kind == "boolean" or attributes.get(_ERROR) == "error":
        return None
    try:
        if kind == "date":
            return datetime.fromisoformat(attributes[f"{_OFFICE}date-value"])
        if kind in ("float", "currency", "percentage"):
            return number_of(float(attributes[f"{_OFFICE}value"]), shown)
    except (KeyError, ValueError):
        return shown
    return shown or attributes.get(f"{_OFFICE}string-value", "")


def number_of(number: float, shown: str) -> Value:
    """The number, or what is shown where that is the number behind zeros."""
    padded = shown[:1] == "0" and len(shown) > 1 and shown.isdecimal() and int(shown) == number
    return shown if padded or not math.isfinite(number) else number
