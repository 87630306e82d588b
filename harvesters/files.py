"""The drop folder: a school copies its export there by network share, FTP, or from a USB stick.

Originals are never deleted. A file is moved into the archive by the fetch *after* the one that read it, once the
bookmark proves that its run was published: a crash, a hold or a rejection leaves it where the school put it.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from catalog_sync.errors import SourceUnavailable
from catalog_sync.failures import reason
from catalog_sync.file_names import by_readable_name
from catalog_sync.marc import fingerprint
from catalog_sync.model import FetchedFile
from harvesters import bookmarks, drops, limits
from harvesters.contents import EMPTY, contents, few, is_empty, none_of, not_marc
from harvesters.drops import Seen, Taken
from harvesters.options import listed, option
from harvesters.surroundings import Surroundings
from harvesters.unpack import MARC_EXTENSIONS, check_records, cut_warning

KIND = "files"
READ_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
QUIET_SECONDS = 60.0  # a copy over a slow line writes something at least every few seconds
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FilesSettings:
    folder: Path = option("Папка, куда школа кладёт выгрузку; пусто – папка данных/drop/КОД", Path())
    archive: str = option(
        "Что делать с принятым файлом: move – перенести в archive, no – оставить", "move", choices=("move", "no")
    )
    archive_folder: Path = option("Папка архива; пусто – archive внутри папки обмена", Path())
    take: str = option(
        "Что считать выгрузкой: parts – все файлы папки, newest – только самый новый", "parts",
        choices=("parts", "newest"),
    )  # fmt: skip
    extensions: str = option("Расширения файлов через запятую", ", ".join(MARC_EXTENSIONS))
    settle_seconds: float = option("Сколько секунд файл не должен меняться, чтобы считаться дописанным", 5.0)
    max_bytes: int = option("Предел размера файла в распакованном виде", limits.MAX_FILE_BYTES)


class FilesHarvester:
    """Reads what lies in one folder (not below it)."""

    def __init__(self, code: str, settings: FilesSettings, complete: bool, surroundings: Surroundings) -> None:
        self._where = code
        self._settings = settings
        self._complete = complete
        self._surroundings = surroundings
        default = surroundings.home / "drop" / code
        self.folder = settings.folder if settings.folder != Path() else default
        self._archive = settings.archive_folder if settings.archive_folder != Path() else self.folder / "archive"
        if settings.folder == Path():
            default.mkdir(parents=True, exist_ok=True)

    def fetch(self, bookmark: str) -> Iterator[FetchedFile]:
        """Parts of the export, in order. Raises SourceUnavailable while a file is still being copied."""
        return self.telling(something_in(self._files(bookmark)))

    def _files(self, bookmark: str) -> Iterator[FetchedFile]:
        for file, data, mark in self.raw(bookmark):
            yield from fetched(file.name, data, mark, self._complete, self._settings.max_bytes, file.digest)

    def raw(self, bookmark: str) -> Iterator[tuple[Taken, bytes, str]]:
        """(file, bytes, bookmark) of the files that make up the export; only the last has a bookmark."""
        taken = drops.remembered(bookmarks.read(bookmark, KIND))
        if self._settings.archive == "move":
            self._archive_published(taken)
        present = self._settled(taken)
        export = drops.export_of(present, taken, complete=self._complete, take=self._settings.take)
        kept = [t for t in taken if any(t.is_of(s) for s in present if s not in export)]
        skipped = [Taken(s.name, s.size, s.modified, "") for s in present if s not in export]
        history = [t for t in skipped if not any(k.name == t.name for k in kept)]
        for number, seen in enumerate(export, 1):
            data = self._read(self._path(seen.name), seen)
            kept.append(Taken(seen.name, seen.size, seen.modified, fingerprint.of_file(data)))
            mark = bookmarks.written(KIND, taken=drops.as_rows([*kept, *history])) if number == len(export) else ""
            yield kept[-1], data, mark

    def _settled(self, taken: list[Taken]) -> list[Seen]:
        """Exports in the folder, none of which changed while we watched. Old acquaintances need no watching."""
        before = self._wanted()
        if all(any(t.is_of(s) for t in taken) or self._has_been_quiet(s) for s in before):
            return before
        self._surroundings.pause(self._settings.settle_seconds)
        after = self._wanted()
        if growing := drops.still_growing(before, after):
            raise SourceUnavailable(f"{self._where}: файл {growing[0].name} ещё копируется, подождём")
        return after

    def _has_been_quiet(self, seen: Seen) -> bool:
        """Untouched for a minute by both of its times: a copy that keeps old dates still moves the inode's time."""
        try:
            touched = max(seen.modified, self._path(seen.name).lstat().st_ctime)
        except OSError:
            return False
        return self._surroundings.now().timestamp() - touched > QUIET_SECONDS

    def _wanted(self) -> list[Seen]:
        regular = [Seen(n, s.st_size, s.st_mtime) for n, s in self._listing() if stat.S_ISREG(s.st_mode)]
        return drops.wanted(regular, listed(self._settings.extensions))

    def _listing(self) -> list[tuple[str, os.stat_result]]:
        """Readable names of all that lies in the folder."""
        try:
            with os.scandir(self.folder) as entries:
                found = {e.name: e.stat(follow_symlinks=False) for e in entries}
        except OSError as error:
            raise SourceUnavailable(f"{self._where}: папка {self.folder} недоступна: {reason(error)}") from None
        return [(name, found[real]) for name, real in by_readable_name([*found]).items()]

    def telling(self, files: Iterator[FetchedFile]) -> Iterator[FetchedFile]:
        """The files, the first of which also tells what is left lying; where none comes, a file without a name does."""
        told = self._left_lying()
        first = next(files, None)
        if first is not None:
            yield replace(first, warnings=(*told, *first.warnings))
            yield from files
        elif told:
            yield FetchedFile("", b"", complete=False, warnings=told)

    def _left_lying(self) -> tuple[str, ...]:
        """The remark on what lies in the folder and is not taken, hidden and half-written files apart."""
        ends = listed(self._settings.extensions)
        names = []
        for name, status in sorted(self._listing(), key=lambda entry: entry[0]):
            kind = drops.kind_of(status.st_mode)
            if not drops.is_temporary(name) and self.folder / name != self._archive:
                names += [] if not kind and drops.is_named_so(name, ends) else [f"{name}{kind}"]
        told = [f"в папке есть {few(names)}: такие файлы не берутся (берутся {', '.join(ends)})"] if names else []
        if self._complete and (again := drops.saved_again(s.name for s in self._wanted())):
            told.append(f"{few(again)} – та же выгрузка, сохранённая ещё раз: из таких файлов взят последний")
        return tuple(told)

    def _read(self, path: Path, seen: Seen) -> bytes:
        """Bytes of a regular file that is still the one we listed (no links: a share is not ours to trust)."""
        try:
            descriptor = os.open(path, READ_FLAGS)
            with os.fdopen(descriptor, "rb") as file:
                data = file.read(min(self._settings.max_bytes, seen.size) + 1)  # one more: it may have grown
                now = os.fstat(file.fileno())
        except OSError as error:
            raise SourceUnavailable(f"{self._where}: файл {seen.name} не читается: {reason(error)}") from None
        if len(data) > self._settings.max_bytes:
            limit = limits.spelled(self._settings.max_bytes)
            raise SourceUnavailable(f"{self._where}: файл {seen.name} больше {limit}")
        if (now.st_size, now.st_mtime) != (seen.size, seen.modified) or len(data) != seen.size:
            raise SourceUnavailable(f"{self._where}: файл {seen.name} изменился, пока его читали")
        return data

    def _path(self, name: str) -> Path:
        """The file of a readable name."""
        path = self.folder / name
        if os.path.lexists(path) or not self.folder.is_dir():
            return path
        return self.folder / by_readable_name(os.listdir(self.folder)).get(name, name)

    def _archive_published(self, taken: list[Taken]) -> None:
        paths = [self._path(one.name) for one in taken]  # before any is moved: of two that read alike one is renamed
        for one, path in zip(taken, paths, strict=True):
            try:
                status = path.lstat()
                if stat.S_ISREG(status.st_mode) and one.is_of(Seen(one.name, status.st_size, status.st_mtime)):
                    self._move_away(path, one)
            except FileNotFoundError:
                continue
            except OSError as error:
                # A read-only share: the bookmark keeps the file from being read twice all the same.
                log.warning("%s: %s остаётся в папке: %s", self._where, one.name, reason(error))

    def _move_away(self, path: Path, one: Taken) -> None:
        """Move into archive/DATE/, beside a namesake if there is one. Content that isn't what was read stays."""
        data = self._read(path, Seen(one.name, one.size, one.modified)) if one.digest else b""
        if one.digest and not fingerprint.is_of_file(one.digest, data):
            return
        folder = self._archive / self._surroundings.now().date().isoformat()
        folder.mkdir(parents=True, exist_ok=True)
        move(path, free_name(folder, one.name))


def move(path: Path, target: Path) -> None:
    """Move a file to a name nobody has, on another disk too. Raises OSError; then it is only where it was."""
    try:
        path.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        try:
            shutil.copy2(path, target, follow_symlinks=False)
            path.unlink()
        except OSError:
            target.unlink(missing_ok=True)
            raise


def free_name(folder: Path, name: str) -> Path:
    """`name` in `folder`, or `name (2)` and so on: an archive never overwrites."""
    target, number = folder / name, 1
    while target.exists():
        number += 1
        target = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
    return target


def fetched(
    name: str, data: bytes, bookmark: str, complete: bool, max_bytes: int, digest: str = ""
) -> Iterator[FetchedFile]:
    """Files inside one transported file; only the last carries the bookmark.

    Where it holds no export a file without data says why: `something_in` decides whether that matters.
    """
    if is_empty(data):
        yield empty(name, bookmark, complete)
        return
    found = contents(name, data, max_bytes, not_marc)
    told = (found.skipped,) if found.skipped else ()
    for number, part in enumerate(found.parts, 1):
        mark = bookmark if number == len(found.parts) else ""
        check_records(part.name, part.data, part.format)
        warning = cut_warning(part.name, part.data, part.format)
        warnings = (*told, warning) if warning else told
        own = digest if part.data is data else ""
        whole = complete and not found.lacks_some
        yield FetchedFile(part.name, part.data, part.format, whole, mark, (), warnings, digest=own)
        told = ()
    if not found.parts:
        yield FetchedFile(name, b"", "iso2709", complete, bookmark, warnings=(found.why_none,))


def empty(name: str, bookmark: str, complete: bool) -> FetchedFile:
    """An empty file: of changes a night without any, of a whole base a fault, and then nothing is taken for gone."""
    return FetchedFile(name, b"", "iso2709", False, bookmark, warnings=(none_of(name, EMPTY),) if complete else ())


def something_in(files: Iterable[FetchedFile]) -> Iterator[FetchedFile]:
    """The files. Raises SourceUnavailable behind the last where none of them is an export.

    A school never means to empty its catalogue by an empty file; beside an export an empty one or a photo is a remark,
    and of an empty one's records none is taken for gone.
    """
    why_none, something = "", False
    for file in files:
        something = something or bool(file.data)
        why_none = why_none or ("" if file.data else "".join(file.warnings))
        yield file
    if why_none and not something:
        raise SourceUnavailable(why_none)
