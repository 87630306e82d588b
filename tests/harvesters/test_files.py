from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_sync.errors import SourceUnavailable
from catalog_sync.model import Source
from harvesters import limits
from harvesters.files import FilesHarvester, FilesSettings
from harvesters.surroundings import Surroundings
from harvesters.unpack import cut_warning, unpack
from tests.harvesters.conformance import HarvesterConformance, World, built, last_bookmark
from tests.harvesters.hostile import bomb
from tests.harvesters.samples import export, local_ids, marcxml


def zipped(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name.replace("__", "."), data)
    return out.getvalue()


def climbing(start: bytes) -> bytes:
    """An archive whose only name begins so; Python's own zipfile would tidy some of them up while packing."""
    return zipped(xxxa__mrc=export([1])).replace(b"xxx", start)


def contents(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


class TestDropFolder(HarvesterConformance):
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        folder = tmp_path / "drop"
        folder.mkdir()
        (folder / "books.mrc").write_bytes(export(range(3), "cp1251"))
        (folder / "textbooks.zip").write_bytes(zipped(a__iso=export(range(3, 5)), b__xml=marcxml("x5").encode()))
        (folder / "notes.txt").write_text("не выгрузка")
        source = Source("school-07", "s7", harvester="files", settings={"folder": str(folder)})
        expected = [f"RU/SCH/{n}" for n in range(5)] + ["x5"]
        return World(source, expected, {"folder": str(tmp_path / "gone")}, lambda: contents(folder))


def school(drop: Path, **settings: str) -> Source:
    return Source("school-07", "s7", harvester="files", settings={"folder": str(drop), **settings})


def test_a_file_is_archived_only_when_the_next_bookmark_proves_it_was_published(drop: Path, home: Path) -> None:
    (drop / "books.mrc").write_bytes(export(range(3)))
    first = list(built(school(drop), home).fetch(""))
    assert (drop / "books.mrc").exists()
    assert list(built(school(drop), home).fetch(""))  # held or crashed: it comes again
    assert (drop / "books.mrc").exists()
    assert list(built(school(drop), home).fetch(last_bookmark(first))) == []
    archived = list((drop / "archive").rglob("books.mrc"))
    assert [p.read_bytes() for p in archived] == [export(range(3))]
    assert not (drop / "books.mrc").exists()


def test_an_archive_never_overwrites_a_namesake(drop: Path, home: Path) -> None:
    mark = ""
    for night in range(3):
        (drop / "books.mrc").write_bytes(export(range(night + 1)))
        mark = last_bookmark(list(built(school(drop), home).fetch(mark)))
        assert list(built(school(drop), home).fetch(mark)) == []
    assert {len(p.read_bytes()) for p in (drop / "archive").rglob("*.mrc")} == {
        len(export(range(n))) for n in (1, 2, 3)
    }  # fmt: skip


def test_a_file_replaced_after_it_was_read_is_not_archived_but_read(drop: Path, home: Path) -> None:
    (drop / "books.mrc").write_bytes(export(range(3)))
    mark = last_bookmark(list(built(school(drop), home).fetch("")))
    (drop / "books.mrc").write_bytes(export(range(7)))
    assert len(local_ids(built(school(drop), home).fetch(mark))) == 7


def test_a_growing_file_is_left_to_grow(drop: Path, home: Path) -> None:
    path = drop / "books.mrc"
    path.write_bytes(export(range(3)))

    def grow(_seconds: float) -> None:
        path.write_bytes(path.read_bytes() + export([9]))

    harvester = FilesHarvester("school-07", FilesSettings(drop), True, Surroundings(home, pause=grow))
    with pytest.raises(SourceUnavailable, match=r"books\.mrc ещё копируется"):
        list(harvester.fetch(""))


def test_a_file_from_the_future_is_watched_but_read(drop: Path, home: Path) -> None:
    path = drop / "books.mrc"
    path.write_bytes(export(range(3)))
    os.utime(path, (4e9, 4e9))
    assert len(local_ids(built(school(drop), home).fetch(""))) == 3


def test_an_untouched_file_is_not_watched_for_long(drop: Path, home: Path) -> None:
    (drop / "books.mrc").write_bytes(export(range(3)))
    pauses: list[float] = []
    later = Surroundings(home, now=lambda: datetime(2100, 1, 1, tzinfo=UTC), pause=pauses.append)
    list(FilesHarvester("s", FilesSettings(drop), True, later).fetch(""))
    assert pauses == []


def test_of_two_nights_exports_the_later_is_the_state(drop: Path, home: Path) -> None:
    (drop / "books_2026-09-02.mrc").write_bytes(export(range(4)))
    (drop / "books_2026-09-01.mrc").write_bytes(export(range(9)))  # copied later, but older by its name
    (drop / "textbooks_02.09.2026.mrc").write_bytes(export(range(20, 22)))
    files = list(built(school(drop), home).fetch(""))
    assert sorted(local_ids(files)) == sorted(f"RU/SCH/{n}" for n in [0, 1, 2, 3, 20, 21])
    list(built(school(drop), home).fetch(last_bookmark(files)))
    assert [p.name for p in drop.iterdir() if p.is_file()] == []


def test_a_full_source_left_in_place_gives_all_parts_again_when_one_changes(drop: Path, home: Path) -> None:
    source = school(drop, archive="no")
    (drop / "a.mrc").write_bytes(export(range(3)))
    (drop / "b.mrc").write_bytes(export(range(3, 6)))
    mark = last_bookmark(list(built(source, home).fetch("")))
    assert list(built(source, home).fetch(mark)) == []
    (drop / "b.mrc").write_bytes(export(range(3, 8)))
    assert len(local_ids(built(source, home).fetch(mark))) == 8


def test_an_incremental_source_gives_each_new_file_once_in_order(drop: Path, home: Path) -> None:
    source = replace(school(drop, archive="no"), incremental=True)
    (drop / "1.mrc").write_bytes(export([1]))
    os.utime(drop / "1.mrc", (1000, 1000))
    mark = last_bookmark(list(built(source, home).fetch("")))
    (drop / "3.mrc").write_bytes(export([3]))
    (drop / "2.mrc").write_bytes(export([2]))
    os.utime(drop / "2.mrc", (2000, 2000))
    files = list(built(source, home).fetch(mark))
    assert local_ids(files) == ["RU/SCH/2", "RU/SCH/3"]
    assert not any(f.complete for f in files)
    assert list(built(source, home).fetch(last_bookmark(files))) == []


def test_what_explorer_leaves_in_a_folder_is_no_remark(drop: Path, home: Path) -> None:
    for name in ("Thumbs.db", "desktop.ini"):
        (drop / name).write_bytes(b"\0")
    (drop / "books.mrc").write_bytes(export([1]))
    [file] = built(school(drop), home).fetch("")
    assert file.warnings == ()


def test_links_pipes_folders_and_other_files_are_left_lying_and_named(drop: Path, home: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mrc"
    secret.write_bytes(export([1]))
    (drop / "link.mrc").symlink_to(secret)
    os.mkfifo(drop / "pipe.mrc")
    (drop / "year.mrc").mkdir()
    (drop / "a.txt").write_text("выгрузка")
    (drop / "books.mrc.part").write_bytes(export([2]))
    (drop / "~$books.mrc").write_bytes(b"x")
    (drop / ".hidden.mrc").write_bytes(export([3]))
    (drop / "archive").mkdir()
    [told] = built(school(drop, extensions=".mrc, .iso"), home).fetch("")
    assert (told.name, told.data, told.complete) == ("", b"", False)
    assert told.warnings == (
        "в папке есть a.txt, link.mrc (ссылка), pipe.mrc (не файл), year.mrc (папка): такие файлы не берутся "
        "(берутся .mrc, .iso)",
    )
    (drop / "books.mrc").write_bytes(export([2]))
    files = list(built(school(drop), home).fetch(""))
    assert [f.name for f in files] == ["books.mrc"]
    assert "year.mrc (папка)" in files[0].warnings[0]


def test_of_many_files_left_lying_the_first_are_named(drop: Path, home: Path) -> None:
    for number in range(30):
        (drop / f"{number:02}.txt").write_text("x")
    [told] = built(school(drop), home).fetch("")
    assert "09.txt и ещё 20: такие" in told.warnings[0]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf \r\n\x1a"])
def test_an_empty_file_empties_no_catalogue(drop: Path, home: Path, data: bytes) -> None:
    (drop / "books.mrc").write_bytes(data)
    with pytest.raises(SourceUnavailable, match=r"books\.mrc: файл пуст"):
        list(built(school(drop), home).fetch(""))


def test_an_empty_file_of_changes_is_a_night_without_changes(drop: Path, home: Path) -> None:
    (drop / "books.mrc").write_bytes(b"")
    [file] = built(replace(school(drop), incremental=True), home).fetch("")
    assert (file.data, file.complete, file.warnings) == (b"", False, ())


def test_beside_an_export_an_empty_file_is_a_remark_and_nothing_is_gone(drop: Path, home: Path) -> None:
    (drop / "books.mrc").write_bytes(export(range(3)))
    (drop / "textbooks.mrc").write_bytes(b"")
    files = list(built(school(drop), home).fetch(""))
    assert len(local_ids(files)) == 3
    assert not all(f.complete for f in files)
    assert [w for f in files for w in f.warnings] == ["textbooks.mrc: файл пуст"]


PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 9


def test_a_photo_beside_an_export_is_passed_over_named_and_archived(drop: Path, home: Path) -> None:
    (drop / "books.mrc").write_bytes(export(range(3)))
    (drop / "photo.mrc").write_bytes(PHOTO)
    files = list(built(school(drop), home).fetch(""))
    assert len(local_ids(files)) == 3
    assert all(f.complete for f in files)
    assert [w for f in files for w in f.warnings] == ["photo.mrc: ожидался MARC, пришло другое: фотография JPEG"]
    list(built(school(drop), home).fetch(last_bookmark(files)))
    assert {p.name for p in (drop / "archive").rglob("*.mrc")} == {"books.mrc", "photo.mrc"}


def test_a_photo_alone_is_refused(drop: Path, home: Path) -> None:
    (drop / "photo.mrc").write_bytes(PHOTO)
    with pytest.raises(SourceUnavailable, match=r"photo\.mrc: ожидался MARC, пришло другое: фотография JPEG"):
        list(built(school(drop), home).fetch(""))


def test_in_an_archive_photos_documents_and_notes_are_passed_over_and_named(drop: Path, home: Path) -> None:
    letter = zipped(**{"word/document__xml": b"<w/>"})
    data = zipped(
        export__mrc=export(range(3)), readme__txt=b"Hello", act__pdf=b"%PDF-1.4" + bytes(99), letter__docx=letter,
        photo__jpg=PHOTO, base__001=export([7]),
    )  # fmt: skip
    (drop / "books.zip").write_bytes(data)
    files = list(built(school(drop), home).fetch(""))
    assert len(local_ids(files)) == 4
    [warning] = [w for f in files for w in f.warnings]
    assert warning == (
        "books.zip: в архиве пропущены readme.txt (записей MARC нет), act.pdf (документ PDF), "
        "letter.docx (документ Word, Excel или OpenDocument), photo.jpg (фотография JPEG)"
    )


def test_of_many_files_that_are_no_exports_the_first_are_named(drop: Path, home: Path) -> None:
    (drop / "photos.zip").write_bytes(zipped(**{f"{n:02}__jpg": PHOTO for n in range(30)}))
    with pytest.raises(SourceUnavailable, match=r"в архиве нет выгрузки: 00\.jpg .*09\.jpg .* и ещё 20$"):
        list(built(school(drop), home).fetch(""))


def test_a_file_cut_in_the_middle_comes_with_a_warning(drop: Path, home: Path) -> None:
    (drop / "books.mrc").write_bytes(export(range(30))[:-40])
    [file] = built(school(drop), home).fetch("")
    assert "оборван" in file.warnings[0]


def test_without_a_folder_of_its_own_a_source_gets_one(home: Path) -> None:
    harvester = built(Source("школа/7", "s7", harvester="files"), home)
    assert list(harvester.fetch("")) == []
    assert (home / "drop").is_dir()


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("bomb.gz", bomb(16), "бомб"),
        ("bomb.zip", zipped(a__mrc=b"\x00" * (16 << 20)), "бомб"),
        ("nested.zip", zipped(a__gz=gzip.compress(gzip.compress(gzip.compress(export([1]))))), "глубже"),
        ("broken.zip", zipped(a__mrc=export([1]))[:-30], "повреждён"),
        ("broken.gz", gzip.compress(export(range(99)))[:-20], "повреждён|до конца"),
        ("page.mrc", b"<!DOCTYPE html><html><title>\xd0\x92\xd1\x85\xd0\xbe\xd0\xb4</title>", "веб-страница.*Вход"),
        ("many.zip", zipped(**{f"{n}__mrc": b"" for n in range(limits.MAX_ARCHIVE_ENTRIES + 1)}), "файлов 1001"),
        ("empty.zip", zipped(), "пуст"),
        ("climb.zip", climbing(b"../"), "ведёт из папки наружу"),
        ("root.zip", climbing(b"/e/"), "ведёт из папки наружу"),
        ("disk.zip", climbing(b"C:\\"), "ведёт из папки наружу"),
    ],
)
def test_a_bad_archive_is_named_and_refused(drop: Path, home: Path, name: str, data: bytes, word: str) -> None:
    (drop / name).write_bytes(data)
    with pytest.raises(SourceUnavailable, match=word) as refusal:
        list(built(school(drop), home).fetch(""))
    assert name in str(refusal.value)


def test_an_encrypted_zip_is_called_encrypted() -> None:
    data = bytearray(zipped(a__mrc=export([1])))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1  # general purpose bit 0
    with pytest.raises(SourceUnavailable, match="зашифрован"):
        unpack("a.zip", bytes(data))


def test_russian_names_packed_by_windows_are_read() -> None:
    # Same length in CP866 and in ASCII, so the bytes can be put in place of a harmless name.
    data = zipped(Uchebnik__mrc=export([1])).replace(b"Uchebnik", "Учебники".encode("cp866"))
    assert [p.name for p in unpack("a.zip", data)] == ["a.zip/Учебники.mrc"]


def test_russian_names_packed_by_macos_are_read() -> None:
    data = zipped(Uchebnik__mrc=export([1])).replace(b"Uchebnik", "Книг".encode())  # UTF-8 without bit 11
    assert [p.name for p in unpack("a.zip", data)] == ["a.zip/Книг.mrc"]


def test_a_drop_folder_that_cannot_be_written_is_read_all_the_same(
    drop: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "read-only share")

    (drop / "books.mrc").write_bytes(export(range(3)))
    mark = last_bookmark(list(built(school(drop), home).fetch("")))
    monkeypatch.setattr(Path, "rename", refuse)
    assert list(built(school(drop), home).fetch(mark)) == []
    (drop / "more.mrc").write_bytes(export(range(3, 5)))
    files = list(built(school(drop), home).fetch(mark))
    assert len(local_ids(files)) == 5
    assert list(built(school(drop), home).fetch(last_bookmark(files))) == []


def test_why_a_file_cannot_be_read_is_said_in_russian(
    drop: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    (drop / "books.mrc").write_bytes(export([1]))
    monkeypatch.setattr("harvesters.files.os.open", refuse)
    with pytest.raises(SourceUnavailable, match=r"файл books\.mrc не читается: нет прав"):
        list(built(school(drop), home).fetch(""))


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("выгрузка.mrc".encode("cp1251"), "выгрузка.mrc"),
        (b"bad\xff.mrc", "badя.mrc"),
        (b"no\x98.mrc", "no\\x98.mrc"),  # a byte cp1251 has no letter for
    ],
)
def test_a_name_that_is_no_utf8_is_read_kept_readable_and_archived(
    drop: Path, home: Path, raw: bytes, name: str
) -> None:
    (drop / os.fsdecode(raw)).write_bytes(export(range(3)))
    files = list(built(school(drop), home).fetch(""))
    assert [f.name for f in files] == [name]
    mark = last_bookmark(files)
    mark.encode()
    assert list(built(school(drop), home).fetch(mark)) == []
    assert [p.name for p in (drop / "archive").rglob("*.mrc")] == [name]
    assert not any(p.is_file() for p in drop.iterdir())


def test_two_names_that_read_alike_are_both_read(drop: Path, home: Path) -> None:
    (drop / "школа.mrc").write_bytes(export(range(3)))
    (drop / os.fsdecode("школа.mrc".encode("cp1251"))).write_bytes(export(range(3, 8)))
    files = list(built(school(drop), home).fetch(""))
    assert len(local_ids(files)) == 8
    list(built(school(drop), home).fetch(last_bookmark(files)))
    assert len(list((drop / "archive").rglob("*.mrc"))) == 2


@given(st.binary(max_size=200))
def test_no_bytes_whatever_break_the_unpacking(data: bytes) -> None:
    try:
        parts = unpack("x", data, 10_000)
    except SourceUnavailable:
        return
    assert all(len(p.data) <= 10_000 or p.data == data for p in parts)
    assert all(isinstance(cut_warning(p.name, p.data, p.format), str) for p in parts)


def test_a_file_saved_again_is_taken_alone_and_told(drop: Path, home: Path) -> None:
    (drop / "export.mrc").write_bytes(export(range(3)))
    (drop / "export (1).mrc").write_bytes(export(range(5)))
    os.utime(drop / "export.mrc", (1e9, 1e9))
    [file] = list(built(school(drop), home).fetch(""))
    assert (file.name, len(local_ids([file]))) == ("export (1).mrc", 5)
    assert file.warnings == (
        "export (1).mrc – та же выгрузка, сохранённая ещё раз: из таких файлов взят последний",
    )  # fmt: skip
