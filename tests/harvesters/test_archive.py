"""Where taken exports are put."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.harvesters.conformance import built, last_bookmark
from tests.harvesters.samples import export
from tests.harvesters.test_files import school


@pytest.mark.parametrize("held", [False, True])
def test_an_archive_may_lie_on_another_disk(
    drop: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    (drop / "books.mrc").write_bytes(export(range(3)))
    os.utime(drop / "books.mrc", (1_800_000_000, 1_800_000_000))
    source, archive, unlink = school(drop, archive_folder=str(tmp_path / "disk D")), tmp_path / "disk D", Path.unlink

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    def refuse_original(path: Path, missing_ok: bool = False) -> None:
        if held and path.parent == drop:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "rename", refuse)
    monkeypatch.setattr(Path, "unlink", refuse_original)
    mark = last_bookmark(list(built(source, home).fetch("")))
    for _ in range(2):
        assert list(built(source, home).fetch(mark)) == []
    kept = list(archive.rglob("*.mrc")) or [drop / "books.mrc"]  # one of them, never both
    assert [(p.read_bytes(), p.stat().st_mtime) for p in kept] == [(export(range(3)), 1_800_000_000)]
    assert (drop / "books.mrc").exists() is held
