"""A list in Excel or CSV from a school without a library system: a drop folder, a saved mapping, and a preview."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from xml.sax.saxutils import escape, quoteattr

from catalog_sync.model import Dialect, FetchedFile, MarcField, MarcRecord, Source
from harvesters import xml_pages
from harvesters.files import FilesHarvester, FilesSettings
from harvesters.options import option
from harvesters.surroundings import Surroundings
from harvesters.table_mapping import Columns, columns_of
from harvesters.table_reading import read_sheet
from harvesters.table_records import Table, records_of

KIND = "table"
EXTENSIONS = ".xlsx, .xlsm, .xls, .csv, .tsv, .txt"
PREVIEW_RECORDS = 10
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class TableSettings(FilesSettings):
    extensions: str = option("Расширения файлов через запятую", EXTENSIONS)
    columns: str = option("Что в каком столбце: «Автор=author; Название=title; C=year»; пусто – угадать", "")
    sheet: str = option("Лист книги Excel; пусто – первый", "")
    text_encoding: str = option("Кодировка CSV; пусто – определить", "")
    delimiter: str = option("Разделитель CSV; пусто – определить", "")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the preview shows it: heading, the field it becomes ("" = not used), first values."""

    heading: str
    field: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be understood of a list. `mapping` is the text to save as the setting `columns`."""

    columns: tuple[Column, ...]
    records: tuple[MarcRecord, ...]
    total: int
    warnings: tuple[str, ...]
    mapping: str
    encoding: str = ""
    delimiter: str = ""


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
        for name, data, mark in self._files.raw(bookmark):
            table, _ = understood(name, data, self._settings, self._dialect, self._where)
            yield file_of(name, table, self._complete, mark)


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


def as_records(name: str, data: bytes, settings: TableSettings, source: Source) -> FetchedFile:
    """A list brought by hand as an export of the source's dialect. Raises like `TableHarvester.fetch`."""
    table, _ = understood(name, data, settings, source.dialect, source.code)
    return file_of(name, table, not source.incremental, "")


def preview(name: str, data: bytes, settings: TableSettings, dialect: Dialect, where: str = "таблица") -> Preview:
    """What the mapping page or command shows before anything is harvested. Raises like `TableHarvester.fetch`."""
    sheet = read_sheet(
        name, data, sheet=settings.sheet, encoding=settings.text_encoding, delimiter=settings.delimiter
    )  # fmt: skip
    columns = columns_of(sheet, settings.columns, where)
    table = records_of(sheet, columns, dialect)
    body = sheet.rows[columns.heading_row + 1 :]
    shown = tuple(
        Column(heading, field, tuple(r[i] for r in body[:50] if i < len(r) and r[i])[:EXAMPLES])
        for i, (heading, field) in enumerate(zip(columns.headings, columns.fields, strict=False))
    )
    mapping = "; ".join(f"{c.heading}={c.field}" for c in shown if c.field)
    return Preview(
        shown, table.records[:PREVIEW_RECORDS], len(table.records), table.warnings, mapping, sheet.encoding,
        sheet.delimiter,
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
