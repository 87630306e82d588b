"""The sample district as an operator has it: `init --sample`, `serve web` and `serve z3950`, real processes."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from sickle import Sickle

from tests.zebra import free_port, server

OAI_PAGE = 40  # of 300 records: a harvest is eight pages
START_SECONDS = 60  # on a busy machine


@dataclass(frozen=True)
class District:
    web: int
    z3950: int
    home: Path

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.web}"

    @property
    def z(self) -> str:
        return f"127.0.0.1:{self.z3950}"

    @cached_property
    def titles(self) -> dict[str, str]:
        """Cluster → title and remainder of title, as harvested by OAI-PMH: what the other answers must agree with."""
        found = {}
        for record in Sickle(f"{self.base}/oai").ListRecords(metadataPrefix="marcxml"):
            path = './/*[@tag="245"]/*[@code="a" or @code="b"]/text()'
            found[record.header.identifier.rsplit(":", 1)[1]] = " ".join(record.xml.xpath(path))
        return found

    def with_word(self, word: str) -> set[str]:
        return {cluster for cluster, title in self.titles.items() if word in re.findall(r"\w+", title.lower())}


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    home = tmp_path_factory.mktemp("served")
    environment = {**os.environ, "CATALOG_SYNC_HOME": str(home)}
    command = [sys.executable, "-m", "catalog_sync"]
    subprocess.run([*command, "init", "--sample"], env=environment, cwd=home, check=True, capture_output=True)
    web, z3950 = free_port(), free_port()
    with (home / "catalog-sync.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[web]\nport = {web}\nworkers = 1\nbase_url = "http://127.0.0.1:{web}"\noai_page = {OAI_PAGE}\n'
                     f"[z3950]\nport = {z3950}\nworkers = 2\n")
    with contextlib.ExitStack() as stack:
        for name, port in (("web", web), ("z3950", z3950)):
            stack.enter_context(server([*command, "serve", name], port, home, environment, START_SECONDS))
        yield District(web, z3950, home)


def until_written(path: Path, word: str, seconds: float = 15) -> str:
    """The text of a file of the servers, once it says `word`: counters and logs are written every few seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if word in text:
            return text
        time.sleep(0.2)
    raise AssertionError(f"{path.name} never said {word}")
