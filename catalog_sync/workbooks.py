"""Whether an Excel file would fill the memory of whoever opens it: its parts are packed, some hundredfold and more."""

from __future__ import annotations

import io
import zipfile

MEGABYTE = 1 << 20
MAX_BYTES = 200 * MEGABYTE  # of all parts: 200,000 rows of twenty columns
READ_BY_ROWS = ("xl/worksheets/", "xl/sharedstrings.xml")
MAX_PACKING_RATIO = 150  # of what is read by rows; real rows pack 10–20 times
RATIO_GRACE_BYTES = 4 * MEGABYTE  # below this size a high ratio harms nobody
# openpyxl takes all other parts apart whole, a hundredfold of their size; 65,000 styles, Excel's limit, are 8 MB.
MAX_WHOLE_PART = 10 * MEGABYTE


def too_large(data: bytes) -> str:
    """Why a book is not opened, in Russian; "" where it may be. Raises zipfile.BadZipFile for what is none.

    zipfile never reads more of a part than the directory claims, so the claims are true limits.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = archive.infolist()
    if sum(part.file_size for part in parts) > MAX_BYTES:
        return f"таблица в распакованном виде больше {MAX_BYTES // MEGABYTE} МБ"
    for part in parts:
        if _fills_memory(part):
            return (
                f"внутри таблицы {part.filename} на {part.file_size // MEGABYTE} МБ: "
                "скопируйте значения в новую книгу, без оформления"
            )
    return ""


def _fills_memory(part: zipfile.ZipInfo) -> bool:
    name = part.filename.lower()
    if name.startswith(READ_BY_ROWS):
        return part.file_size > max(RATIO_GRACE_BYTES, MAX_PACKING_RATIO * part.compress_size)
    return name.endswith((".xml", ".rels")) and part.file_size > MAX_WHOLE_PART
