"""Golden folders about reading: the folder's name is the sentence it proves, why.txt says where the case comes from.

`input.*` is an export, `source.json` says how it is harvested, `expected.json` what must come out of it: counts,
reasons and warnings, and of each record the fields named there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.model import Dialect, SetAside, Source, SourceRecord

GOLDEN = Path(__file__).parents[2] / "golden"
FOLDERS = sorted(GOLDEN.glob("reading-*"))


def described(record: SourceRecord, wanted: dict[str, Any]) -> dict[str, Any]:
    """The fields of the record that the expectation names, as JSON would write them."""
    said: dict[str, Any] = {"local_id": record.local_id, "deleted": record.deleted, "encoding": record.encoding}
    if wanted.keys() - said.keys():
        bib = to_bib(record)
        said |= msgspec.to_builtins(bib) | {"copies": bib.holdings.copies}
    return json.loads(json.dumps({name: said[name] for name in wanted}, default=str))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_golden(folder: Path) -> None:
    (data,) = (path.read_bytes() for path in folder.glob("input.*"))
    settings = json.loads((folder / "source.json").read_text("utf-8"))
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    export = read_export(data, Source("s", "s", dialect=Dialect(settings["dialect"]), encoding=settings["encoding"]))
    found = list(export)
    kept = [r for r in found if isinstance(r, SourceRecord)]
    assert {
        "format": export.format,
        "encoding": export.encoding,
        "set_aside": [a.reason for a in found if isinstance(a, SetAside)],
        "warnings": list(export.warnings),
        "records": [described(r, w) for r, w in zip(kept, expected["records"], strict=True)],
    } == expected
    assert (folder / "why.txt").read_text("utf-8").strip()


def test_there_are_golden_folders() -> None:
    assert len(FOLDERS) >= 15
