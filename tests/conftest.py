"""Fixtures every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The team's folder of real records beside the checkout; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "corpus" / "MANIFEST.tsv").exists():
        pytest.skip("the shared corpus is not beside this checkout (../shared)")
    return folder
