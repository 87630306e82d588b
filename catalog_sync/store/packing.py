"""Values as bytes: MessagePack of our dataclasses, and zstd for the bytes of source records."""

from __future__ import annotations

import struct
import threading
from hashlib import blake2b
from operator import attrgetter
from typing import Any, NamedTuple, get_type_hints

import msgspec
import zstandard

from catalog_sync.errors import StopEverything
from catalog_sync.marc.reading import READING_VERSION
from catalog_sync.model import BibRecord, Holdings, RecordKey, UnionRecord
from catalog_sync.shipped import TABLES

LEVEL = 3  # zstd's own default
# Dictionaries below 32,768 are reserved for a registrar (RFC 8878, 3.1.1.1.3). Records of schools shrink to 46 %
# with it, to 74 % without. Frames name their dictionary: a shipped one is never changed, a new one gets a new number.
DICTIONARY = TABLES / "records-32769.zdict"


class _Zstd(threading.local):
    """A compressor is not safe between threads (the web and Z39.50 servers have many): one per thread."""

    def __init__(self) -> None:
        trained = zstandard.ZstdCompressionDict(DICTIONARY.read_bytes())
        trained.precompute_compress(level=LEVEL)
        self.compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=trained)
        self.decompressor = zstandard.ZstdDecompressor(dict_data=trained)


_zstd = _Zstd()


def compress(data: bytes) -> bytes:
    return _zstd.compressor.compress(data)


DAMAGED = (
    "сохранённое в базе повреждено и не читается; что именно, скажет catalog-sync check. "
    "Вычисленное поправит catalog-sync rebuild, исходные записи – копия: catalog-sync restore"
)


def decompress(data: bytes) -> bytes:
    """Raises StopEverything where it is not what `compress` made: only a broken disk or a hand writes such."""
    try:
        return _zstd.decompressor.decompress(data)
    except zstandard.ZstdError as error:
        raise StopEverything(DAMAGED) from error


_encoder = msgspec.msgpack.Encoder()
_holdings = msgspec.msgpack.Decoder(Holdings)
_union = msgspec.msgpack.Decoder(UnionRecord)


def pack_holdings(holdings: Holdings) -> bytes:
    return _encoder.encode(holdings)


def unpack_holdings(data: bytes) -> Holdings:
    """Raises StopEverything as `decompress` does."""
    try:
        return _holdings.decode(data)
    except msgspec.DecodeError as error:
        raise StopEverything(DAMAGED) from error


def pack_union(record: UnionRecord) -> bytes:
    return compress(_encoder.encode(record))


def unpack_union(data: bytes) -> UnionRecord:
    """Raises StopEverything as `decompress` does."""
    try:
        return _union.decode(decompress(data))
    except msgspec.DecodeError as error:
        raise StopEverything(DAMAGED) from error


# A description is packed as rows of values: with their names it would be twice as long. The first byte tells which
# names they were, so that a description packed by another version is read from the record again. What is said of the
# edition is packed apart from what is the record's own: schools copy records, and in copies it is the same bytes.
_HINTS = get_type_hints(BibRecord)
_OWN = ("key", "holdings", "changed", "warnings")  # first and last of the fields
_SAID = tuple(name for name in _HINTS if name not in _OWN)
_values, _own_values = attrgetter(*_SAID), attrgetter(*_OWN)
_said: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(tuple[tuple(_HINTS[n] for n in _SAID)])  # type: ignore[misc]
_own: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(tuple[tuple(_HINTS[n] for n in _OWN)])  # type: ignore[misc]
_bare: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(  # what libraries have is passed over
    tuple[tuple(msgspec.Raw if n == "holdings" else _HINTS[n] for n in _OWN)]  # type: ignore[misc]
)
_NONE = Holdings()
_SHAPE = blake2b(repr((READING_VERSION, _HINTS, _OWN)).encode(), digest_size=1).digest()
_HEAD = struct.Struct("<cI")  # the shape, and how long what is said of the edition is


class PackedBib(NamedTuple):
    """A description as it is kept: what it says of the edition, the same bytes in every copy, and what is its own."""

    said: bytes
    own: bytes

    def own_values(self) -> tuple[RecordKey, Holdings, str, tuple[str, ...]]:
        """What is the record's own: its key, its holdings, the day it was changed on and what is wrong with it."""
        values: tuple[RecordKey, Holdings, str, tuple[str, ...]] = _own.decode(self.own)
        return values

    def bib(self, alike: dict[bytes, Any] | None = None, *, bare: bool = False) -> BibRecord:
        """The description; `bare` is without holdings. `alike` keeps what is said, unpacked, for the copies of it.

        Raises as `decompress` does.
        """
        said = alike.get(self.said) if alike else None
        try:
            if said is None:
                said = _said.decode(decompress(self.said))
                if alike is not None:
                    alike[self.said] = said
            key, holdings, *rest = (_bare if bare else _own).decode(self.own)
        except msgspec.DecodeError as error:
            raise StopEverything(DAMAGED) from error
        return BibRecord(key, *said, *((_NONE if bare else holdings), *rest))

    @classmethod
    def of(cls, bib: BibRecord) -> PackedBib:
        return cls(compress(_encoder.encode(_values(bib))), _encoder.encode(_own_values(bib)))

    def dump(self) -> bytes:
        """As the store keeps it; `unpack_bib` gives it back."""
        return b"".join((_HEAD.pack(_SHAPE, len(self.said)), self.said, self.own))


def pack_own(key: RecordKey, holdings: Holdings, changed: str, warnings: tuple[str, ...]) -> bytes:
    """What is a record's own in its description."""
    return _encoder.encode((key, holdings, changed, warnings))


def unpack_bib(data: bytes) -> PackedBib | None:
    """None where another version of the program packed it."""
    if data[:1] != _SHAPE or len(data) < _HEAD.size:
        return None
    end = _HEAD.size + _HEAD.unpack_from(data)[1]
    return PackedBib(data[_HEAD.size : end], data[end:])
