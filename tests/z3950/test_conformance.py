"""The Z39.50 harvester keeps the promises every harvester makes."""

from __future__ import annotations

import pytest

from catalog_sync.model import Source
from tests.fakes import sample_catalogue
from tests.harvesters.conformance import HarvesterConformance, World
from tests.z3950.conftest import Start
from tests.zebra import free_port


class TestZ3950(HarvesterConformance):
    @pytest.fixture
    def world(self, start: Start) -> World:  # type: ignore[override]
        catalogue = sample_catalogue()
        settings = {"host": "127.0.0.1", "port": str(start(catalogue)), "page_records": "4", "answer_seconds": "5"}
        return World(
            Source("school-07", "s7", harvester="z3950", settings=settings),
            [f"c{number}" for number in range(1, 11)],
            {"port": str(free_port())},
            lambda: [record.cluster for record in catalogue.records([f"c{n}" for n in range(1, 11)])],
        )
