"""A served district and Debian's Chromium. Node's axe-core and the HTML checker are looked for outside the repository:
NODE_TOOLS (default ~/.cache/catalog-sync-tools), see docs/security.md and .ci/run.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from catalog_sync.model import ExternalTarget
from catalog_sync.system import System
from tests.copying.conftest import sru_url  # noqa: F401 (a fixture)
from tests.peers import need, unavailable
from tests.web import routes
from tests.web.conftest import PASSWORD, application, build, furnish, hold, places

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TOOLS = Path(os.environ.get("NODE_TOOLS", "~/.cache/catalog-sync-tools")).expanduser() / "node_modules"
ROOT = Path(__file__).resolve().parents[2]


class Site:
    """A district served on loopback."""

    def __init__(self, system: System, app: Flask, base: str, held: int) -> None:
        self.system, self.app, self.base, self.held = system, app, base, held
        self.known = places(system, app.test_client(), held)

    def addresses(self, *, staff: bool) -> list[str]:
        """Of every page the application has."""
        return routes.addresses(self.app, self.known, staff=staff)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sru_url: str) -> Iterator[Site]:  # noqa: F811
    home = tmp_path_factory.mktemp("served")
    system = build(home)
    targets = [("rgb", "РГБ", sru_url), ("dead", "Молчащий", "http://127.0.0.1:9/")]
    asked = tuple(ExternalTarget(code, name, settings={"url": url}) for code, name, url in targets)
    app = application(system, replace(system.settings, targets=asked))
    hits = app.test_client().get("/search.json?q=алгебра").json["hits"]
    furnish(system, [hit["id"] for hit in hits[:3]])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(system, app, f"http://127.0.0.1:{server.server_port}", hold(system, home))
    server.shutdown()
    thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    need("chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield found
        found.close()


def tool(path: str) -> Path:
    found = TOOLS / path
    if not found.exists():
        unavailable(f"{found} is missing: npm install --prefix {TOOLS.parent} axe-core vnu-jar")
    return found


def log_in(page: Page, base: str, login: str) -> None:
    page.goto(f"{base}/staff/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
