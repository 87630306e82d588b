"""Files that commands write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from catalog_sync.errors import Refused
from catalog_sync.file_names import readable
from catalog_sync.held_files import patiently
from catalog_sync.marc.encodings import MARC8
from catalog_sync.source_check import checked_encoding


@contextmanager
def whole_file(output: Path) -> Iterator[BinaryIO]:
    """A file to write. Nothing appears under its name until it is whole: half an export looks like an export.

    A link goes on to what it names, and what is no file (a pipe, /dev/null) is written as it is, not replaced by one.
    Raises Refused where there is no folder for it.
    """
    output = output.resolve()
    if not output.parent.is_dir():
        raise Refused(f"{readable(str(output.parent))}: нет такой папки")
    if output.exists() and not output.is_file():
        with output.open("wb") as file:
            yield file
        return
    beside = output.with_name(output.name + ".part")
    try:
        with beside.open("wb") as file:
            yield file
        patiently(lambda: beside.replace(output))
    finally:
        beside.unlink(missing_ok=True)


def export_encoding(encoding: str, format_: str) -> str:
    """A codec's own name. Raises Refused for one in which records of the format are not written."""
    if format_ != "iso2709" and encoding.lower().replace("-", "") != "utf8":
        raise Refused(f"кодировка выбирается только для iso2709; {format_} всегда в UTF-8")
    codec = checked_encoding(encoding)
    # Tags, lengths and delimiters of ISO 2709 are ASCII: only an encoding that leaves them alone will do.
    if codec == MARC8 or "\x1f0aZ".encode(codec) != b"\x1f0aZ":
        raise Refused(f"в кодировке {encoding} записи не выгружаются; есть utf-8, cp1251, cp866, koi8-r")
    return codec
