"""Where one ISO 2709 record ends and the next begins, in a file nobody promised to be right.

The pieces tile the file: joined in order they are the file, byte for byte. The record length of the leader
(ISO 2709:2008, 4.3.1) is trusted only where it lands on the first record terminator; else the next terminator
ends the piece, and a leader inside it tells a cut record (or junk) from the whole one that follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from catalog_sync.errors import shown
from catalog_sync.model import Piece

RECORD_END = 0x1D
FIELD_END = 0x1E
LEADER_LENGTH = 24
LONGEST = 1 << 20  # bytes: a record of 99,999 is the longest its leader can name, and real ones seldom overrun it
ENTRY_LENGTH = 12

# What exporters leave between records: line ends, blanks, NULs, DOS end-of-file, a second record terminator, and a byte
# order mark before the first.
_STRAY = b" \t\r\n\v\f\x00\x1a\x1d"
_PADDING = re.compile(rb"[\s\x00\x1a\x1d]*(?:\xef\xbb\xbf)?[\s\x00\x1a\x1d]*")
# Length, status, type, level, two codes, coding; "22" at 10–11; base address; entry map "45" at 20–21.
_LEADER = re.compile(rb"[^\x1d\x1e\x1f]{5}[a-z #|-][a-z #|-].{3}22[0-9 ]{5}.{3}45", re.DOTALL | re.IGNORECASE)
# The same in any other shape: length, status, letters of type and level, the rest, the first entry of a directory.
_ANY_LEADER = re.compile(rb"[0-9]{5}[^\x1d\x1e\x1f][A-Za-z]{2}[^\x1d\x1e\x1f]{16}[0-9A-Za-z]{3}[0-9]{9}")


def shows_records(head: bytes) -> bool:
    """Whether the beginning of a file has the end of a record in it, or a leader behind the first one's.

    Where a megabyte has neither, no file has records.
    """
    return RECORD_END in head or _LEADER.search(head, 1) is not None


PassOver = Callable[[bytes, int], tuple[int, int]]


def pieces(data: bytes, pass_over: PassOver | None = None) -> Iterator[Piece]:
    """Cut a file into records and junk. Stray bytes between records stay at the front of the piece they precede.

    `record_bytes` gives a piece without them. A piece that can't be a record carries its fault in Russian.
    `pass_over(data, offset)` says how many records from there on need not be cut out, and where they end; they have
    their numbers.
    """
    number, offset, size, terminator = 0, 0, len(data), -1
    while offset < size:
        if pass_over:
            passed, end = pass_over(data, offset)
            if passed:
                number, offset = number + passed, _with_trailing_padding(data, end)
                if offset == size:
                    return
        start = offset if data[offset] in _DIGITS else _start(data, offset)
        if start - offset == LONGEST:
            number += 1
            yield Piece(number, offset, data[offset:start], _EMPTY)
            offset = start
            continue
        if terminator < start:  # looked for once for all the pieces before it: a file may lack terminators
            terminator = data.find(b"\x1d", start)
            terminator = size if terminator < 0 else terminator
        number += 1
        end, fault = _next_piece(data, offset, start, terminator + 1)
        yield Piece(number, offset, data[offset:end], fault)
        offset = end


def record_bytes(data: bytes) -> bytes:
    """The record inside a piece: without the stray line ends, blanks and byte order mark around it."""
    if data[0] in _DIGITS and data[-2:] == b"\x1e\x1d":
        return data
    start = _start(data, 0)
    end = max(start, len(data.rstrip(_STRAY)))
    terminator = data.find(b"\x1d", end)
    return data[start : terminator + 1 if terminator >= 0 else end]


_DIGITS = frozenset(b"0123456789")
_EMPTY = "пустое место без записи"


def _next_piece(data: bytes, offset: int, start: int, end: int) -> tuple[int, str]:
    """Where the piece at `offset` ends, and its fault. `end` is behind the first terminator, or behind the file."""
    length = _promised(data, start)
    if length == end - start and end <= len(data):
        return _with_trailing_padding(data, end), ""
    if length and _is_whole(data, start, length):  # a record terminator typed inside a field
        return _with_trailing_padding(data, start + length), ""
    return _resynchronised(data, start, end)


def _start(data: bytes, offset: int) -> int:
    """Where the padding ends; blanks may be the record's length, not padding."""
    start = _PADDING.match(data, offset, offset + LONGEST).end()  # type: ignore[union-attr]
    blanks = max(offset, start - 5)
    return blanks if data[blanks:start].strip(b" ") == b"" and _LEADER.match(data, blanks) else start


def _with_trailing_padding(data: bytes, end: int) -> int:
    """At the end of the file the padding has no next record to belong to."""
    size = len(data)
    if end < size and size - end < 4096 and _PADDING.fullmatch(data, end):
        return size
    return end


def _promised(data: bytes, start: int) -> int:
    digits = data[start : start + 5]
    return int(digits) if len(digits) == 5 and digits.isdigit() else 0


def _is_whole(data: bytes, start: int, length: int) -> bool:
    """Whether length, base address and directory agree to the byte: then a 0x1D inside is data."""
    end = start + length
    if end > len(data) or data[end - 2 : end] != b"\x1e\x1d":
        return False
    return directory_tiles(data[start:end])


def entry_of(record: bytes, tag: bytes) -> int:
    """Where the directory has its first entry of a tag, in bytes from the start of the record; 0 without one."""
    for at in range(LEADER_LENGTH, record.find(b"\x1e") - ENTRY_LENGTH + 1, ENTRY_LENGTH):
        if record[at : at + 3] == tag:
            return at
    return 0


def directory_tiles(record: bytes) -> bool:
    """Whether the directory's entries cover the body without gap or overlap, each ending on 0x1E."""
    base = record[12:17]
    if not base.isdigit():
        return False
    at = int(base)
    if at > len(record) or (at - 25) % ENTRY_LENGTH or record[at - 1] != FIELD_END:
        return False
    numbers = [record[i + 3 : i + 12] for i in range(LEADER_LENGTH, at - 1, ENTRY_LENGTH)]
    if not all(n.isdigit() for n in numbers):
        return False
    expected = 0
    for start, length in sorted((int(n[4:]), int(n[:4])) for n in numbers):
        expected += length
        if start != expected - length or length < 1 or at + expected > len(record):
            return False
        if record[at + expected - 1] != FIELD_END:
            return False
    return at + expected + 1 == len(record)


def _resynchronised(data: bytes, start: int, end: int) -> tuple[int, str]:
    """The leader's length is wrong or there is no leader: cut at the next terminator, or at a leader before it.

    Where neither comes for long, what is there is cut all the same: whoever keeps a piece needs memory for it.
    """
    stop = min(end, len(data), start + LONGEST)
    inner = _inner_leader(data, start, stop)
    if inner > start:
        return inner, "" if _only_terminator_missing(data, start, inner) else _fault(data, start, inner)
    if stop == end and _LEADER.match(data, start, stop):
        return _with_trailing_padding(data, end), ""
    if stop == len(data) < end and _only_terminator_missing(data, start, stop):
        return stop, ""
    return _with_trailing_padding(data, stop), _fault(data, start, stop)


def _inner_leader(data: bytes, start: int, stop: int) -> int:
    cut_off = stop - start == LONGEST  # a leader that begins before may end behind
    found = _LEADER.search(data, start + 1, stop + LEADER_LENGTH - 1 if cut_off else stop)
    return found.start() if found else _whole_behind(data, start, stop)


def _whole_behind(data: bytes, start: int, stop: int) -> int:
    """Where inside a piece a record begins whose length is true to the byte, however its leader goes on; 0 without."""
    places = _ANY_LEADER.finditer(data, start + 1, stop)
    return next((at.start() for at in places if at.start() + int(at[0][:5]) == stop), 0)


def _only_terminator_missing(data: bytes, start: int, stop: int) -> bool:
    tail = data[start:stop].rstrip(_STRAY) + b"\x1d"
    return _promised(data, start) == len(tail) and directory_tiles(tail)


def _fault(data: bytes, start: int, stop: int) -> str:
    came = stop - start
    if came <= 0:
        return _EMPTY
    if promised := _LEADER.match(data, start, stop) and _promised(data, start):
        return f"запись обрывается: маркер обещает {promised} байт, пришло {came}"
    return f"это не запись MARC: ожидался маркер из 24 знаков, пришло {shown(data[start : start + 24])}"
