"""The files that come with the program: tables, forms and the sample district."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent
# `data/` of a clone lies beside the packages; an installed package has it inside.
DATA = _HERE / "data" if (_HERE / "data").is_dir() else _HERE.parent / "data"
TABLES = DATA / "tables"
