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
