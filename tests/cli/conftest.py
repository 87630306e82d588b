"""The command line as an operator meets it: what it printed where, and the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog_sync.cli import main
from catalog_sync.model import MarcRecord
from tests.exports import mrc, shelf


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


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CATALOG_SYNC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def cli(home: Path) -> Iterator[Cli]:
    """Call the program in this process: arguments, what is typed (`typed`), and what it answered."""

    def call(*words: object, typed: str = "") -> Ended:
        argv, sys.argv = sys.argv, ["catalog-sync", *map(str, words)]
        try:
            with CliRunner().isolation(input=typed) as (out, err, _):
                try:
                    main()
                    code: object = 0
                except SystemExit as end:
                    code = end.code
                sys.stdout.flush()
                return Ended(int(code or 0) if not isinstance(code, str) else 1, _text(out), _text(err))  # type: ignore[call-overload]
        finally:
            sys.argv = argv

    yield call


def _text(stream: object) -> str:
    return stream.getvalue().decode()  # type: ignore[attr-defined,no-any-return]


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Path]:
    """A file with records: `export("a.mrc", shelf(3))`."""

    def write(name: str = "export.mrc", records: list[MarcRecord] | None = None, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(mrc(shelf(8) if records is None else records, encoding))
        return path

    return write


@pytest.fixture
def school(cli: Cli, export: Callable[..., Path]) -> Cli:
    """The same command line, with a school of eight books in the catalogue."""
    assert cli("import", export(), "--source", "school-1", "--yes").code == 0
    return cli
