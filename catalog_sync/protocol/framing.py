"""Where one PDU ends and the next begins in a stream of bytes, without decoding and without reading a byte twice."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_sync.protocol.ber import MAX_INDEFINITE_DEPTH, UNIVERSAL, BerError, TooLong, read_header

MAX_PDU = 1 << 20  # bytes: a search of 60 operators takes 4 kB, so a megabyte is no honest request


class Framer:
    """Cuts PDUs out of what arrives. `feed` raises TooLong as soon as a length *promises* more than `limit`.

    Most PDUs have a definite length; for the indefinite form the walk through the contents is kept between calls, so
    that a slow sender can't make us start over with each byte.
    """

    def __init__(self, limit: int = MAX_PDU) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._position = 0  # how far the walk has come
        self._open = 0  # indefinite lengths not yet closed
        self._end = -1  # end of the PDU once known

    @property
    def waiting(self) -> bool:
        """Whether a PDU has begun and not ended."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The PDUs that are whole now."""
        if not self._buffer and 1 < len(data) == _definite_size(data) <= self._limit:
            yield data  # the usual case: one request, all of it
            return
        self._buffer += data
        while self._walk():
            yield bytes(self._buffer[: self._end])
            del self._buffer[: self._end]
            self._position, self._open, self._end = 0, 0, -1

    def _walk(self) -> bool:
        """Go on until the PDU's end is known and here."""
        while self._end < 0:
            if not self._step():
                return False
        self._check(self._end)
        return len(self._buffer) >= self._end

    def _step(self) -> bool:
        """Take one header; False where more bytes are needed."""
        head = bytes(self._buffer[self._position : self._position + 16])
        try:
            tag, constructed, length, start = read_header(head, 0, len(head))
        except IndexError:
            self._check(len(self._buffer))
            return False
        self._position += start
        if length < 0:
            self._open_another(constructed)
        elif tag == UNIVERSAL and length == 0 and self._open:
            self._open -= 1
        else:
            self._position += length
        self._check(self._position)
        if not self._open:
            self._end = self._position
        return True

    def _open_another(self, constructed: bool) -> None:
        self._open += 1
        if not constructed or self._open > MAX_INDEFINITE_DEPTH:
            raise BerError("an indefinite length where none can be")

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise TooLong(f"a PDU of at most {self._limit} bytes was expected, {size} are promised")


def _definite_size(data: bytes) -> int:
    """Size of the element at the start, where its header says it plainly; else 0."""
    try:
        _, _, length, start = read_header(data, 0, len(data))
    except (BerError, IndexError):
        return 0
    return start + length if length >= 0 else 0
