"""What tells last night's record from tonight's: a digest of its bytes without the day it was last touched.

Many systems write a new 005 into every record of every export; that alone changes nothing a reader or a report sees.
"""

from __future__ import annotations

import re
from hashlib import sha256

from catalog_sync.marc.framing import entry_of

_XML = re.compile(rb"<(?:\w+:)?controlfield\s[^>]*\btag\s*=\s*[\"']005[\"'][^>]*>[^<]*<")
_JSON = re.compile(rb'"005"\s*:\s*"[^"]*"')


def digest(record: bytes) -> bytes:
    """SHA-256 of one record of any format without the text of its field 005 (ISO 2709: found by the directory)."""
    head = record[:1]
    if head == b"<":
        return sha256(_XML.sub(b"", record)).digest()
    if head == b"{":
        return sha256(_JSON.sub(b"", record)).digest()
    start, end = _touched(record)
    return sha256(record[:start] + record[end:]).digest() if start else sha256(record).digest()


def _touched(record: bytes) -> tuple[int, int]:
    """Where the text of 005 is; (0, 0) where there is none, or where the directory doesn't lead to it."""
    at = 36 if record[36:39] == b"005" else entry_of(record, b"005")
    numbers = record[at + 3 : at + 12] + record[12:17]
    if not at or not numbers.isdigit() or len(numbers) != 14:
        return 0, 0
    start = int(numbers[9:]) + int(numbers[4:9])
    end = start + int(numbers[:4]) - 1
    if start >= end or record[end : end + 1] != b"\x1e" or record[start - 1 : start] != b"\x1e":
        return 0, 0
    return (0, 0) if record.find(b"\x1e", start, end) >= 0 else (start, end)
