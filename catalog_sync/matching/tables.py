"""Curated tables of data/tables that matching reads once: publishers and kinds of school books."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

TABLES = Path(__file__).resolve().parents[2] / "data" / "tables"


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """Lines of a tab-separated table with a heading; lines that start with # are comments, blank cells are ""."""
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        kept = (line for line in file if line.strip() and not line.startswith("#"))
        reader = csv.DictReader(kept, delimiter="\t", quoting=csv.QUOTE_NONE)
        return tuple({k: (v or "").strip() for k, v in row.items() if k} for row in reader)
