"""Facets of SRU over a real index: what is counted is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalog_sync.query import Hits
from catalog_sync.search.engine import Engine
from catalog_sync.search.reader import Reader
from tests.fakes import MemoryCatalogue
from tests.search.shelf import book, documents
from tests.sru.live import application
from tests.sru.test_sru import FR, number, search


class Shelf(MemoryCatalogue):
    """Searched in a real index."""

    def __init__(self, reader: Reader) -> None:
        super().__init__([])
        self._reader = reader

    def search(self, *asked: Any, **how: Any) -> Hits:
        return self._reader.search(*asked, **how)


@pytest.mark.parametrize("index", ["cs.bbk", "cs.bbkDivision"])
def test_a_division_finds_as_many_as_its_facet_counted(tmp_path: Path, index: str) -> None:
    """A record of mathematics that has a bare «84», too, is no work of literature."""
    engine = Engine.create(tmp_path / "index")
    engine.write(documents([book("1", "Задачи", bbk=("22.1", "84")), book("2", "Сказки", bbk=("84(2Рос=Рус)6",))]))
    client = application(Shelf(engine.reader())).test_client()
    answer = search(client, "2.0", "*", maximumRecords="0", facetLimit=f"10:{index}")
    found = {t.findtext(f"{FR}actualTerm"): t for t in answer.iter(f"{FR}term")}
    assert set(found) == {"2", "22", "22.1", "8", "84"}
    assert found["84"].findtext(f"{FR}count") == "1"
    assert number(search(client, "2.0", str(found["84"].findtext(f"{FR}query")), maximumRecords="0")) == 1
