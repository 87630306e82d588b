"""Names of files as people can read them, whatever bytes the disk keeps: a share or FTP may write them in cp1251."""

from __future__ import annotations

import os
from collections.abc import Sequence


def readable(name: str) -> str:
    """The name, or where its bytes are no UTF-8 (PEP 383's surrogates) what they say in cp1251, else `\\x98` for each.

    Only what this returns may be printed, kept in the database or written as JSON; opening needs the name as it was.
    """
    if not any("\udc80" <= sign <= "\udcff" for sign in name):
        return name
    try:
        found = os.fsencode(name).decode("cp1251")
    except UnicodeDecodeError:
        found = ""
    return found if found.isprintable() and found else _escaped(name)


def by_readable_name(names: Sequence[str]) -> dict[str, str]:
    """Readable name → name as the disk has it, for the files of one folder; two that read alike are told apart."""
    found = {name: name for name in names if readable(name) == name}
    for name in (n for n in names if n not in found):
        said = readable(name)
        found[_escaped(name) if said in found else said] = name
    return found


def _escaped(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")
