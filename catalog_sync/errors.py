"""Exceptions named by what happens next; each message says where, what was expected, what came."""

from __future__ import annotations

import codecs
import re

INTERRUPTED = 130  # exit code: 128 + SIGINT, as shells expect


class CatalogSyncError(Exception):
    """Base of ours: the command line shows its text as one line and exits non-zero."""


class BadRecord(CatalogSyncError):
    """Set this record aside and go on."""


class SourceUnavailable(CatalogSyncError):
    """End this source's run, keep the bookmark, try again later."""


class StopEverything(CatalogSyncError):
    """Our fault or the settings': stop the process."""


class Refused(CatalogSyncError):
    """A person asked for something that can't be done; tell them why and change nothing."""


class Unholdable(CatalogSyncError):
    """A value no database can hold, so that nothing is found by it and nothing is kept of it."""


CYRILLIC = re.compile(rb"[\t\r\n\x20-\x7e\x96\x97\xa8\xab\xb8\xb9\xbb\xc0-\xff]*")  # what a text in cp1251 is made of


def shown(data: bytes) -> str:
    """Bytes as a sentence quotes them: what can be read in UTF-8 or cp1251 stays, all else is a dot for each byte."""
    try:
        found = codecs.getincrementaldecoder("utf-8")().decode(data)  # the last letter may be cut
    except UnicodeDecodeError:
        found = data.decode("cp1251" if CYRILLIC.fullmatch(data) else "ascii", "replace")
    return "«" + "".join(sign if sign.isprintable() and sign != "\ufffd" else "·" for sign in found) + "»"
