"""A list in a table from a school without a library system: a drop folder, a saved mapping, and a preview."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from xml.sax.saxutils import escape, quoteattr

from catalog_sync.model import Dialect, FetchedFile, MarcField, MarcRecord
from harvesters import xml_pages
from harvesters.contents import is_empty
from harvesters.files import FilesHarvester, FilesSettings, empty, something_in
from harvesters.options import listed, option
from harvesters.surroundings import Surroundings
from harvesters.table_mapping import Columns, as_saved, columns_of, letter_of
from harvesters.table_reading import read_sheet, sheet_names
from harvesters.table_records import Table, records_of

KIND = "table"
EXTENSIONS = ".xlsx, .xlsm, .xls, .ods, .csv, .tsv, .txt"
PREVIEW_RECORDS = 10
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class TableSettings(FilesSettings):
    extensions: str = option("Расширения файлов через запятую", EXTENSIONS)
    columns: str = option("Что в каком столбце: «Автор=author; Название=title; C=year»; пусто – угадать", "")
    sheet: str = option("Лист книги; пусто – первый", "")
    text_encoding: str = option("Кодировка CSV; пусто – определить", "")
    delimiter: str = option("Разделитель CSV; пусто – определить", "")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the preview shows it: place in the sheet («C»), heading, its field ("" = not used), first values."""

    letter: str
    heading: str
    field: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be understood of a list; columns without heading and values are left out.

    `mapping` is the text to save as the setting `columns`; `sheets` the names to choose from, none for text; `file` the
    first records as a harvest hands them over, `total` how many there are in all.
    """

    columns: tuple[Column, ...]
    records: tuple[MarcRecord, ...]
    file: FetchedFile
    total: int
    warnings: tuple[str, ...]
    mapping: str
    encoding: str = ""
    delimiter: str = ""
    sheets: tuple[str, ...] = ()

    @property
    def knows_title(self) -> bool:
        """Whether any column is the title: without one there are no records."""
        return any(column.field == "title" for column in self.columns)


class TableHarvester:
    """The rows of the list become MARCXML records of the source's dialect."""

    def __init__(
        self, code: str, settings: TableSettings, complete: bool, surroundings: Surroundings, dialect: Dialect
    ) -> None:
        self._where = code
        self._settings = settings
        self._complete = complete
        self._dialect = dialect
        self._files = FilesHarvester(code, settings, complete, surroundings)
        self.folder = self._files.folder

    def fetch(self, bookmark: str) -> Iterator[FetchedFile]:
        """One file of records per list. Raises SourceUnavailable for what is no table, StopEverything for a mapping
        that names no column of it."""
        return self._files.telling(something_in(self._lists(bookmark)))

    def _lists(self, bookmark: str) -> Iterator[FetchedFile]:
        for file, data, mark in self._files.raw(bookmark):
            if is_empty(data):
                yield empty(file.name, mark, self._complete)
                continue
            table, _ = understood(file.name, data, self._settings, self._dialect, self._where)
            yield file_of(file.name, table, self._complete, mark)


def understood(
    name: str, data: bytes, settings: TableSettings, dialect: Dialect, where: str
) -> tuple[Table, Columns]:  # fmt: skip
    sheet = read_sheet(
        name, data, sheet=settings.sheet, encoding=settings.text_encoding, delimiter=settings.delimiter
    )  # fmt: skip
    columns = columns_of(sheet, settings.columns, where)
    return records_of(sheet, columns, dialect), columns


def file_of(name: str, table: Table, complete: bool, mark: str) -> FetchedFile:
    records = [marcxml(r).encode() for r in table.records]
    return FetchedFile(f"{name}.xml", xml_pages.collection(records), "marcxml", complete, mark, (), table.warnings)


def is_list(file: FetchedFile) -> bool:
    """Whether these records were made of a list: their dialect is the source's because we wrote them so."""
    return file.format == "marcxml" and file.name.lower().endswith(tuple(f"{e}.xml" for e in listed(EXTENSIONS)))


def preview(name: str, data: bytes, settings: TableSettings, dialect: Dialect, where: str = "таблица") -> Preview:
    """What the mapping page or command shows before anything is harvested. Raises like `TableHarvester.fetch`."""
    sheet = read_sheet(
        name, data, sheet=settings.sheet, encoding=settings.text_encoding, delimiter=settings.delimiter
    )  # fmt: skip
    columns = columns_of(sheet, settings.columns, where)
    table = records_of(sheet, columns, dialect)
    body = sheet.rows[columns.heading_row + 1 :]
    shown = [
        Column(letter_of(i), heading, field, tuple(r[i] for r in body if i < len(r) and r[i])[:EXAMPLES])
        for i, (heading, field) in enumerate(zip(columns.headings, columns.fields, strict=True))
    ]
    mapping = as_saved([c.heading for c in shown], [c.field for c in shown], [c.letter for c in shown])
    first = Table(table.records[:PREVIEW_RECORDS], ())
    return Preview(
        tuple(c for c in shown if c.heading or c.examples), first.records, file_of(name, first, True, ""),
        len(table.records), table.warnings, mapping, sheet.encoding, sheet.delimiter, sheet_names(name, data),
    )  # fmt: skip


def marcxml(record: MarcRecord) -> str:
    """One MARC21slim record element."""
    inner = "".join(field_xml(f) for f in record.fields)
    return f"<record><leader>{escape(record.leader)}</leader>{inner}</record>"


def field_xml(one: MarcField) -> str:
    if one.data is not None:
        return f"<controlfield tag={quoteattr(one.tag)}>{clean(one.data)}</controlfield>"
    ind1, ind2 = (quoteattr(i) for i in one.indicators.ljust(2)[:2])
    subfields = "".join(f"<subfield code={quoteattr(s.code)}>{clean(s.value)}</subfield>" for s in one.subfields)
    return f"<datafield tag={quoteattr(one.tag)} ind1={ind1} ind2={ind2}>{subfields}</datafield>"


def clean(value: str) -> str:
    return escape(xml_pages.FORBIDDEN.sub("", value))


def mapping_fields() -> tuple[str, ...]:
    """Names of TableSettings that describe the list itself (not the folder): what the mapping page saves."""
    return tuple(f.name for f in fields(TableSettings) if f.name not in {g.name for g in fields(FilesSettings)})
