"""What tells last night's record from tonight's: a digest of its bytes without the day it was last touched.

Many systems write a new 005 into every record of every export; that alone changes nothing a reader or a report sees.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256

from catalog_sync.marc.framing import ENTRY_LENGTH, FIELD_END, entry_of

_XML = re.compile(rb"<(?:\w+:)?controlfield\s[^>]*\btag\s*=\s*[\"']005[\"'][^>]*>[^<]*<")
_JSON = re.compile(rb'"005"\s*:\s*"[^"]*"')
_IN_TEXT = {b"<": _XML, b"{": _JSON}


def digest(record: bytes) -> bytes:
    """SHA-256 of one record of any format without the text of its field 005 (ISO 2709: found by the directory)."""
    touched = _IN_TEXT.get(record[:1])
    if touched:
        return sha256(touched.sub(b"", record)).digest()
    at = 36 if record[36:39] == b"005" else entry_of(record, b"005")
    start, end = _text_at(record[at : at + ENTRY_LENGTH] + record[12:17])
    # Believed only where the directory leads to a whole field.
    if at and start < end and record.find(b"\x1e", start) == end and record[start - 1] == FIELD_END:
        return sha256(record[:start] + record[end:]).digest()
    return sha256(record).digest()


@lru_cache(maxsize=1024)
def _text_at(entry_and_base: bytes) -> tuple[int, int]:
    """Where a field begins and its terminator stands, by its entry (tag, length, start) and the base address.

    (0, 0) where they are no numbers. A source has a handful of them: its 001 and 005 are of one length.
    """
    numbers = entry_and_base[3:]
    if len(numbers) != 14 or not numbers.isdigit():
        return 0, 0
    start = int(numbers[9:]) + int(numbers[4:9])
    return start, start + int(numbers[:4]) - 1
