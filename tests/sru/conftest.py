"""Fixtures of the SRU tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.fakes import MemoryCatalogue, sample_catalogue
from tests.sru.live import application

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def yaz_cql() -> Path:
    """Folder `test` of YAZ's source (cql2xcqlsample and cql/): YAZ_TEST_FOLDER, or ../shared/yaz/test."""
    for folder in (os.environ.get("YAZ_TEST_FOLDER", ""), str(ROOT.parent / "shared" / "yaz" / "test")):
        if folder and (Path(folder) / "cql2xcqlsample").exists():
            return Path(folder)
    pytest.skip("YAZ's CQL corpus is not here: set YAZ_TEST_FOLDER to the folder `test` of YAZ's source")


@pytest.fixture(scope="module")
def catalogue() -> MemoryCatalogue:
    return sample_catalogue()


@pytest.fixture(scope="module")
def client(catalogue: MemoryCatalogue) -> FlaskClient:
    return application(catalogue).test_client()
