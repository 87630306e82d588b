"""Foreign catalogues for the copying tests: real SRU and Z39.50 servers of ours on loopback, and a silent one."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.fakes import sample_catalogue
from tests.sru.live import serving
from tests.z3950.conftest import Start, start

__all__ = ["Start", "start"]


@pytest.fixture(scope="session")
def sru_url() -> Iterator[str]:
    with serving(sample_catalogue()) as base:
        yield f"{base}/sru"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])
