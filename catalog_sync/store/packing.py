"""Values as bytes: MessagePack of our dataclasses, and zstd for the bytes of source records."""

from __future__ import annotations

import threading
from hashlib import blake2b
from operator import attrgetter
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import zstandard

from catalog_sync.errors import StopEverything
from catalog_sync.marc.reading import READING_VERSION
from catalog_sync.model import BibRecord, Holdings, UnionRecord

LEVEL = 3  # zstd's own default
# Dictionaries below 32,768 are reserved for a registrar (RFC 8878, 3.1.1.1.3). Records of schools shrink to 46 %
# with it, to 74 % without. Frames name their dictionary: a shipped one is never changed, a new one gets a new number.
DICTIONARY = Path(__file__).resolve().parents[2] / "data" / "tables" / "records-32769.zdict"


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
    return _holdings.decode(data)


def pack_union(record: UnionRecord) -> bytes:
    return compress(_encoder.encode(record))


def unpack_union(data: bytes) -> UnionRecord:
    """Raises StopEverything as `decompress` does."""
    try:
        return _union.decode(decompress(data))
    except msgspec.DecodeError as error:
        raise StopEverything(DAMAGED) from error


# A description is packed as the row of its values: with their names it would be twice as long. The first byte tells
# which names they were, so that a description packed by another version is read from the record again.
_HINTS = get_type_hints(BibRecord)
_values = attrgetter(*_HINTS)
_bib: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(tuple[tuple(_HINTS.values())])  # type: ignore[misc]
_SHAPE = blake2b(repr((READING_VERSION, _HINTS)).encode(), digest_size=1).digest()


def pack_bib(bib: BibRecord) -> bytes:
    return _SHAPE + compress(_encoder.encode(_values(bib)))


def unpack_bib(data: bytes) -> BibRecord | None:
    """None where another version of the program packed it."""
    return BibRecord(*_bib.decode(decompress(data[1:]))) if data[:1] == _SHAPE else None
