from __future__ import annotations

import pytest

from catalog_sync.search.reader import Reader
from tests.search.shelf import shelf


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """The books of tests.search.shelf; nobody writes to this index."""
    return shelf(tmp_path_factory.mktemp("search") / "index")
