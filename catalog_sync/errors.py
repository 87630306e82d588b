"""Exceptions named by what happens next; each message says where, what was expected, what came."""

from __future__ import annotations


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


def shown(data: bytes) -> str:
    """Bytes as a sentence quotes them: what can be read stays, every other byte is a dot."""
    return "«" + "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in data) + "»"
