"""Which files of a drop folder or an SFTP directory make up tonight's export. Pure: listings in, choice out."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Any

HALF_WRITTEN = (".part", ".partial", ".tmp", ".filepart", ".crdownload", ".lock", "~")
SYSTEMS_OWN = ("thumbs.db", "desktop.ini")  # Explorer leaves them in folders that somebody looked into
# A date typed into a file's name: 20260901, 2026-09-01, 01.09.2026, 010926 is too vague to be one.
DATE_IN_NAME = re.compile(
    r"(?<!\d)(?:(?P<y>20\d\d)[-_. ]?(?P<m>[01]\d)[-_. ]?(?P<d>[0-3]\d)|"
    r"(?P<d2>[0-3]\d)[-_. ]?(?P<m2>[01]\d)[-_. ]?(?P<y2>20\d\d))(?!\d)"
)
# What is put before the ending when a file is saved a second time: «export (1).mrc», «export — копия (2).mrc».
SAVED_AGAIN = re.compile(
    r"(?: ?\(\d{1,2}\)|[ _]?(?:[-–—] ?)?(?:копия|copy)(?: ?\(?\d{1,2}\)?)?)(?=(?:\.\w{1,5}){1,2}$)"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as a listing shows it. `modified` is in seconds since the epoch, of the clock of whoever keeps it."""

    name: str
    size: int
    modified: float


@dataclass(frozen=True, slots=True)
class Taken:
    """A file a published run has read: enough to know it again."""

    name: str
    size: int
    modified: float
    digest: str

    def is_of(self, seen: Seen) -> bool:
        return (self.name, self.size, self.modified) == (seen.name, seen.size, seen.modified)


def wanted(seen: Iterable[Seen], extensions: Sequence[str]) -> list[Seen]:
    """Exports among what lies there: known extensions, nothing hidden, nothing half-written. In order of arrival."""
    found = [s for s in seen if is_named_so(s.name, extensions) and not is_temporary(s.name)]
    return sorted(found, key=lambda s: (s.modified, s.name))


def is_named_so(name: str, extensions: Sequence[str]) -> bool:
    return name.lower().endswith(tuple(e if e.startswith(".") else f".{e}" for e in extensions))


def kind_of(mode: int) -> str:
    """What lies under a name, in words behind it; "" for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    return " (папка)" if stat.S_ISDIR(mode) else " (ссылка)" if stat.S_ISLNK(mode) else " (не файл)"


def is_temporary(name: str) -> bool:
    """Nobody's export: hidden, half-written, or put there by the system itself."""
    plain = PurePath(name).name.lower()
    return plain in SYSTEMS_OWN or plain.startswith((".", "~$", "~")) or plain.endswith(HALF_WRITTEN)


def still_growing(before: Iterable[Seen], after: Iterable[Seen]) -> list[Seen]:
    """Files that appeared, grew or were touched between two listings, and empty ones that have only been created."""
    settled = set(before)
    return [s for s in after if s not in settled]


def export_of(files: Sequence[Seen], taken: Sequence[Taken], *, complete: bool, take: str) -> list[Seen]:
    """Files to read tonight, in order; [] where nothing is new.

    An incremental source gives each new file once. A full one gives all its parts as soon as any is new; of files that
    differ only in the date in their name, or are one file saved several times, the latest is the state and the others
    are history.
    """
    known = {(t.name, t.size, t.modified) for t in taken}
    fresh = [s for s in files if (s.name, s.size, s.modified) not in known]
    if not complete or not fresh:
        return fresh
    state = [files[-1]] if take == "newest" else latest_versions(files)
    return state if any(s in fresh for s in state) else []


def latest_versions(files: Sequence[Seen]) -> list[Seen]:
    latest: dict[str, Seen] = {}
    originals = originals_of(s.name for s in files)
    for seen in sorted(files, key=lambda s: (date_in(s.name) or date.min, s.modified, s.name)):
        latest[originals[seen.name]] = seen
    chosen = set(latest.values())
    return [s for s in files if s in chosen]


def originals_of(names: Iterable[str]) -> dict[str, str]:
    """Name → what it is a version of, the date left out. «export (1).mrc» is one of «export.mrc» where that lies there
    too: so browsers and Windows name what is saved again. Alone, «книги (1).mrc» may be a part."""
    undated = {name: DATE_IN_NAME.sub("#", name.lower()) for name in names}
    there = set(undated.values())

    def original(base: str) -> str:
        found = base
        while (earlier := SAVED_AGAIN.sub("", base)) != base:  # a copy may be copied: «export — копия — копия.mrc»
            base = earlier
            found = base if base in there else found
        return found

    return {name: original(base) for name, base in undated.items()}


def saved_again(names: Iterable[str]) -> list[str]:
    """Names of files that are others saved once more."""
    originals = originals_of(names)
    return sorted(n for n, original in originals.items() if original != DATE_IN_NAME.sub("#", n.lower()))


def date_in(name: str) -> date | None:
    found = DATE_IN_NAME.search(name)
    if not found:
        return None
    part = found.groupdict()
    try:
        return date(int(part["y"] or part["y2"]), int(part["m"] or part["m2"]), int(part["d"] or part["d2"]))
    except ValueError:
        return None


def remembered(mark: Mapping[str, Any]) -> list[Taken]:
    """The list of a bookmark; damaged rows are forgotten, which only means reading a file again."""
    rows = mark.get("taken", [])
    good = [r for r in rows if isinstance(r, list) and len(r) == 4 and isinstance(r[0], str) and isinstance(r[3], str)]
    return [Taken(r[0], r[1], r[2], r[3]) for r in good]


def as_rows(taken: Iterable[Taken]) -> list[list[Any]]:
    return [[t.name, t.size, t.modified, t.digest] for t in taken]
