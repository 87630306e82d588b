"""What tells last night's record from tonight's: a digest of its bytes without the day it was last touched.

Many systems write a new 005 into every record of every export; that alone changes nothing a reader or a report sees.
"""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256

from xxhash import xxh3_128_digest, xxh3_128_hexdigest

from catalog_sync.marc.framing import ENTRY_LENGTH, FIELD_END, entry_of

LENGTH = 16  # bytes
_XML = re.compile(rb"<(?:\w+:)?controlfield\s[^<>]*\btag\s*=\s*[\"']005[\"'][^<>]*>[^<]*<")
_JSON = re.compile(rb'"005"\s*:\s*"[^"]*"')
_IN_TEXT = {b"<": _XML, b"{": _JSON}


def digest(record: bytes) -> bytes:
    """XXH3, 128 bits, of one record of any format without the text of its field 005.

    It tells what changed and what is damaged, among records of one source; it is no proof against a forger. SHA-256
    takes ten times as long, and a night with nothing new does little else.
    """
    return xxh3_128_digest(_undated(record))


def identity(record: bytes) -> str:
    """Local id of a record without a usable 001: the same content has the same id in every export."""
    return "sha-" + sha256(_undated(record)).hexdigest()[:16]


def is_of(digest_: bytes, record: bytes) -> bool:
    """Whether a digest that is kept is of this record. An earlier version kept SHA-256, and once of all the bytes."""
    if len(digest_) == LENGTH:
        return digest_ == digest(record)
    return digest_ in (sha256(_undated(record)).digest(), sha256(record).digest())


def of_file(data: bytes) -> str:
    """The digest of a whole export as it came, in hex."""
    return xxh3_128_hexdigest(data)


def is_of_file(digest_: str, data: bytes) -> bool:
    """Whether a digest that a bookmark keeps is of these bytes. An earlier version kept SHA-256."""
    return digest_ == (of_file(data) if len(digest_) == 2 * LENGTH else sha256(data).hexdigest())


def _undated(record: bytes) -> bytes:
    """The record without the text of 005 (ISO 2709: found by the directory)."""
    entry = record[36:48]  # where 001 comes first and 005 next, as nearly everywhere
    if entry[:3] != b"005":
        if touched := _IN_TEXT.get(record[:1]):
            return touched.sub(b"", record)
        at = entry_of(record, b"005")
        entry = record[at : at + ENTRY_LENGTH] if at else b""
    start, end = _text_at(entry + record[12:17])
    # Believed only where the directory leads to a whole field.
    if start < end and record.find(b"\x1e", start) == end and record[start - 1] == FIELD_END:
        return record[:start] + record[end:]
    return record


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
