"""Files a person brings, by a command or a form: archives opened, lists in tables turned into records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from catalog_sync import opendocument
from catalog_sync.errors import CatalogSyncError, Refused, SourceUnavailable
from catalog_sync.model import FetchedFile, Source
from harvesters import limits, options, table
from harvesters.contents import UTF16, Contents, contents, foreign, none_of, not_marc
from harvesters.registry import ALIASES, BY_HAND
from harvesters.secrets import NamedSecrets
from harvesters.table_reading import XLS_MAGIC
from harvesters.unpack import SHEETS, check_records, format_of, is_packed

TABLE_SUFFIXES = (*SHEETS, ".csv", ".tsv", ".txt")


def opened(name: str, data: bytes, source: Source, *, complete: bool) -> Iterator[FetchedFile]:
    """What is in a file: itself, or the files of an archive.

    Raises SourceUnavailable for what can't be opened, Refused for a list whose column of titles is not known.
    """
    if is_table(name, data):
        yield _list(name, data, source, complete)
        return
    found = sorted_out(name, data, source)
    complete = complete and not found.lacks_some
    told = (found.skipped,) if found.skipped else ()
    for part in found.parts:
        if is_table(part.name, part.data):
            made = _list(part.name, part.data, source, complete)
            yield replace(made, warnings=(*told, *made.warnings))
        else:
            check_records(part.name, part.data, part.format)
            yield FetchedFile(part.name, part.data, format="", complete=complete, warnings=told)
        told = ()


def sorted_out(name: str, data: bytes, source: Source) -> Contents:
    """Exports and lists of a file. Raises SourceUnavailable where there is none."""

    def why_not(inner: str, content: bytes) -> str:
        is_list = is_table(inner, content) and (not is_note(inner) or _is_list_of_books(inner, content, source))
        return "" if is_list else not_marc(inner, content)

    found = contents(name, data, limits.MAX_FILE_BYTES, why_not)
    if not found.parts:
        raise SourceUnavailable(found.why_none)
    return found


def check_head(name: str, head: bytes) -> None:
    """Raises SourceUnavailable where the first megabyte of a file shows that it is no export."""
    if is_packed(head) or is_table(name, head):
        return
    if why := foreign(head):
        raise SourceUnavailable(none_of(name, why))
    check_records(name, head, format_of(name, head))


def is_note(name: str) -> bool:
    """Whether a text in an archive may as well be a letter to us."""
    return name.lower().endswith(".txt")


def is_table(name: str, data: bytes) -> bool:
    """Whether this is a list (a spreadsheet, CSV) and not MARC: by content, and by name where content says nothing."""
    if data.startswith(XLS_MAGIC) or opendocument.is_flat(data):
        return True
    if data.startswith(b"PK"):
        return name.lower().endswith(SHEETS)
    head = data[:20_000]
    if data.startswith(UTF16):  # Excel's «Текст Юникод»: half of a capital «О» is 0x1E
        head = head.decode("utf-16", "ignore").encode()
    return name.lower().endswith(TABLE_SUFFIXES) and b"\x1e" not in head and head.lstrip()[:1] not in b"<{["


def keeps_mapping(source: Source) -> bool:
    """Whether a mapping of columns can be saved with this source: it sends lists, or what is brought by hand."""
    return source.harvester in BY_HAND or ALIASES.get(source.harvester, source.harvester) == table.KIND


def refuse_mapping(source: Source) -> None:
    """Raises Refused where the source's kind of harvest has no columns: the next night would stumble over them."""
    if not keeps_mapping(source):
        raise Refused(
            f"источник {source.code} собирается способом {source.harvester}, столбцов у него нет; "
            f"для списков: catalog-sync source set {source.code} harvester=table"
        )


def table_settings(source: Source) -> table.TableSettings:
    """The mapping saved with a source, or an empty one (columns are then guessed)."""
    saved = {name: source.settings[name] for name in table.mapping_fields() if name in source.settings}
    return options.parse(table.TableSettings, saved, NamedSecrets({}), f"источник {source.code}")


def _is_list_of_books(name: str, data: bytes, source: Source) -> bool:
    try:
        _, columns = table.understood(name, data, table_settings(source), source.dialect, source.code)
    except CatalogSyncError:
        return False
    return "title" in columns.fields


def _list(name: str, data: bytes, source: Source, complete: bool) -> FetchedFile:
    found, columns = table.understood(name, data, table_settings(source), source.dialect, source.code)
    if "title" not in columns.fields:
        headings = ", ".join(f"«{h}»" for h in columns.headings if h) or "без заголовков"
        folder, _, plain = name.rpartition("/")
        unpacked = "распакуйте архив и назовите его" if folder else "назовите его"
        raise Refused(
            f"{name}: это список, но столбец с названием книги не узнан ({headings}); "
            f"{unpacked}: catalog-sync source mapping {source.code} {plain} --columns 'Заголовок=title; …'"
        )
    return table.file_of(name, found, complete, "")
