"""The command line as an operator meets it: what it printed where, and the exit code."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from catalog_sync.cli import main
from catalog_sync.marc.writing import to_marcxml
from catalog_sync.model import MarcRecord
from tests.exports import book, field, mrc, shelf


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def line(self) -> str:
        """What went wrong: exactly one line, never a traceback."""
        lines = self.err.strip().splitlines()
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


Cli = Callable[..., Ended]
Export = Callable[..., Path]


def call(*words: object, typed: str = "") -> Ended:
    """Run the program in this process: arguments, what is typed, and what it answered."""
    argv, sys.argv = sys.argv, ["catalog-sync", *map(str, words)]
    try:
        with CliRunner().isolation(input=typed) as (out, err, _):
            code: int | str | None = 0
            try:
                main()
            except SystemExit as end:
                code = end.code
            sys.stdout.flush()
            assert not isinstance(code, str), code
            return Ended(code or 0, out.getvalue().decode(), err.getvalue().decode())
    finally:
        sys.argv = argv


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CATALOG_SYNC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def cli(home: Path) -> Cli:
    """The command line over a data folder in which there is nothing yet."""
    return call


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """A file with records: `export("a.mrc", shelf(3))`, or MARCXML for those too long for ISO 2709 (`xml=`)."""

    def write(
        name: str = "export.mrc", records: list[MarcRecord] | None = None, encoding: str = "utf-8",
        xml: list[MarcRecord] | None = None,
    ) -> Path:  # fmt: skip
        path = tmp_path / name
        if xml is not None:
            path.write_text(f"<collection>{''.join(to_marcxml(record).decode() for record in xml)}</collection>")
        else:
            path.write_bytes(mrc(shelf(8) if records is None else records, encoding))
        return path

    return write


# --- catalogues that many tests begin with: made once, copied for each ------------------------------------------------


def made_once(factory: pytest.TempPathFactory, name: str, bases: dict[str, list[MarcRecord]]) -> Path:
    home = factory.mktemp(name) / "home"
    before = os.environ.get("CATALOG_SYNC_HOME")
    os.environ["CATALOG_SYNC_HOME"] = str(home)
    try:
        for code, records in bases.items():
            path = home.parent / f"{code}.mrc"
            path.write_bytes(mrc(records))
            assert call("import", path, "--source", code, "--yes").code == 0
    finally:
        if before is None:
            del os.environ["CATALOG_SYNC_HOME"]
        else:
            os.environ["CATALOG_SYNC_HOME"] = before
    return home


@pytest.fixture(scope="session")
def one_school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "school", {"school-1": shelf(8)})


@pytest.fixture(scope="session")
def two_schools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    second = [*shelf(8, prefix="Q"), book("Q9", "Слово")]
    return made_once(tmp_path_factory, "district", {"school-1": shelf(8), "school-2": second})


@pytest.fixture(scope="session")
def two_doubts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    author = ("Карпова", "Л. Н.")
    grades = [
        book(f"G{n}", "Математика", subtitle=f"{n} класс", part="Ч. 1", author=author, copies=n) for n in (2, 3)
    ]
    return made_once(tmp_path_factory, "doubts", {"school-1": grades, "school-2": [meagre("M1", author)]})


def meagre(number: str, author: tuple[str, str]) -> MarcRecord:
    """Author, title, part and year: too little to be sure, enough to ask."""
    full = book(number, "Математика", author=author)
    fields = [f for f in full.fields if f.tag in ("001", "100", "215", "700", "899")]
    title = field("200", ("a", "Математика"), ("h", "Ч. 1"), indicators="1 ")
    return replace(full, fields=(*fields, title, field("210", ("d", "2019"))))


@pytest.fixture
def school(cli: Cli, home: Path, one_school: Path) -> Cli:
    """A school of eight books in the catalogue."""
    shutil.copytree(one_school, home)
    return cli


@pytest.fixture
def district(cli: Cli, home: Path, two_schools: Path) -> Cli:
    """Two schools that share eight books; the second has one more."""
    shutil.copytree(two_schools, home)
    return cli


@pytest.fixture
def doubtful(cli: Cli, home: Path, two_doubts: Path) -> Cli:
    """Classes 2 and 3 of one textbook, and a record that doesn't say which class it is."""
    shutil.copytree(two_doubts, home)
    return cli
