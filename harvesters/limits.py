"""Limits every harvester keeps, in one place: a source may be broken or hostile, the night must end all the same."""

from __future__ import annotations

MEGABYTE = 1 << 20

MAX_FILE_BYTES = 200 * MEGABYTE  # one file, unpacked: a school's whole base is 5–60 MB, a region's partner 150
MAX_BROUGHT_BYTES = 1_000 * MEGABYTE  # one file brought by hand: it is read whole into memory
MAX_ARCHIVE_ENTRIES = 1_000  # a zip of an export has a handful
MAX_PACKING_RATIO = 150  # MARC text packs 5–20 times, deflate's theoretical best is 1,032: a bomb shows early
RATIO_GRACE_BYTES = 4 * MEGABYTE  # below this size a high ratio harms nobody
MAX_ARCHIVE_DEPTH = 2  # .gz inside .zip happens, deeper nesting is a trick
MAX_PAGE_BYTES = 32 * MEGABYTE  # one OAI or SRU answer
MAX_PAGES = 20_000  # of one list: 2 million records in pages of 100
MAX_RECORDS = 2_000_000  # of one source
MAX_EMPTY_PAGES = 3  # pages in a row that bring nothing new: the list goes round in circles
MAX_RESTARTS = 2  # of a list whose resumption token expired
MAX_REDIRECTS = 5

CONNECT_SECONDS = 15.0
READ_SECONDS = 60.0  # silence on an open connection
REQUEST_SECONDS = 900.0  # one request from first byte sent to last byte read: ends a slow drip
RUN_SECONDS = 4 * 3600.0  # one source's whole fetch: the night is about eight hours
MAX_RETRY_AFTER_SECONDS = 600.0  # longer than this and we come back by schedule instead of sleeping
ATTEMPTS = 4  # of one request, with growing pauses
FIRST_PAUSE_SECONDS = 2.0
RECORDS_PER_FILE = 500  # rows or records handed over at once by sources that stream


def spelled(size: int) -> str:
    """A limit in bytes as a sentence names it."""
    return f"{size / MEGABYTE:.0f} МБ" if size >= MEGABYTE else f"{size} байт"
