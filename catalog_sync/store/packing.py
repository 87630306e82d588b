"""Values as bytes: MessagePack of our dataclasses, and zstd for the bytes of source records."""

from __future__ import annotations

import threading

import msgspec
import zstandard

from catalog_sync.model import Holdings, UnionRecord

LEVEL = 3  # zstd's own default


class _Zstd(threading.local):
    """A compressor is not safe between threads (the web and Z39.50 servers have many): one per thread."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()


def compress(data: bytes) -> bytes:
    return _zstd.compressor.compress(data)


def decompress(data: bytes) -> bytes:
    return _zstd.decompressor.decompress(data)


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
    return _union.decode(decompress(data))
