"""What is shown of an edition in a list and sent of it to another system: cards, made once when it is indexed.

They stand in one file beside the index, and the index knows each by its place there (field `card`): ten hits cost one
look into a column and ten slices of mapped memory, where ten stored documents would be unpacked block by block.
The file only grows. A place once given therefore stays true for whoever has the file open, whatever is written
meanwhile; cards that were replaced are dropped when the index is built anew, which `WORN` makes happen.
"""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

FILE = "cards.bin"
MAGIC = b"cards 3\n"  # another arrangement of the bytes below gets another number
WORN = 3  # cards written for each that is still in use: a year's nights of a district write its catalogue once or twice
FEWEST_WORN = 100_000  # below so many (200 MB) nobody minds

# Where the parts of a card end, counted from its place: this head, the cluster id, the brief, the record. Before them
# the checksum of all that follows it: whoever searches does not count it, `check` does.
_SUM = struct.Struct("<I")
_ENDS = struct.Struct("<4xIIII")


class Card:
    """One edition's card, read from the file as its parts are asked for."""

    __slots__ = ("_data", "_ends", "_place", "cluster")

    def __init__(self, data: mmap.mmap, place: int) -> None:
        ends = _ENDS.unpack_from(data, place)
        self.cluster = data[place + ends[0] : place + ends[1]].decode()
        self._data, self._place, self._ends = data, place, ends

    @property
    def brief(self) -> bytes:
        """What a list of hits shows (search.brief)."""
        return self._part(1)

    @property
    def record(self) -> bytes:
        """The record as it stands in a response of Z39.50 (search.sendable); empty where the format can't say it."""
        return self._part(2)

    def _part(self, number: int) -> bytes:
        place, ends = self._place, self._ends
        return self._data[place + ends[number] : place + ends[number + 1]]


class CardFile:
    """The file open for reading, as long as it was when opened."""

    def __init__(self, folder: Path) -> None:
        with (folder / FILE).open("rb") as file:
            self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def read(self, places: Iterable[int]) -> tuple[Card, ...]:
        data = self._data
        return tuple([Card(data, place) for place in places])

    def is_sound(self, place: int) -> bool:
        """Whether the card's bytes are those that were written."""
        try:
            [promised], end = _SUM.unpack_from(self._data, place), _ENDS.unpack_from(self._data, place)[-1]
        except struct.error:
            return False
        return bool(zlib.crc32(self._data[place + _SUM.size : place + end]) == promised)


class CardWriter:
    """The file open for appending. What is written is on disk when the `with` block ends without an exception."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def __enter__(self) -> CardWriter:
        self._file: BinaryIO = self._path.open("ab")
        self._at = self._file.seek(0, os.SEEK_END)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        with self._file:
            if error is None:
                self._file.flush()
                os.fsync(self._file.fileno())

    @property
    def size(self) -> int:
        """Bytes of the file with what was added."""
        return self._at

    def add(self, cluster: str, brief: bytes, record: bytes) -> int:
        """The card's place."""
        parts = (cluster.encode(), brief, record)
        ends = tuple(accumulate(map(len, parts), initial=_ENDS.size))
        card = b"".join((_ENDS.pack(*ends)[_SUM.size :], *parts))
        self._file.write(_SUM.pack(zlib.crc32(card)) + card)
        place, self._at = self._at, self._at + ends[-1]
        return place


def make_empty(folder: Path) -> None:
    (folder / FILE).write_bytes(MAGIC)


def are_whole(folder: Path) -> bool:
    """Whether there is such a file as this program writes."""
    try:
        with (folder / FILE).open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except FileNotFoundError:
        return False


def size(folder: Path) -> int:
    return (folder / FILE).stat().st_size
