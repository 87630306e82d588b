"""Reads the project's own tables (data/tables/*.tsv): codes and crosswalks are data that a librarian can check."""

from __future__ import annotations

import csv

from catalog_sync.shipped import TABLES


def rows(name: str) -> list[dict[str, str]]:
    """Lines of a tab-separated table with a heading; lines that start with # are comments. Blank cells are ""."""
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        kept = (line for line in file if line.strip() and not line.startswith("#"))
        return [{k: (v or "").strip() for k, v in row.items() if k} for row in csv.DictReader(kept, delimiter="\t")]
