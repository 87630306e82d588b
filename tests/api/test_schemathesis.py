"""schemathesis reads our own description, asks everything it allows and much that it does not, and finds no fault."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from tests.api.test_api import app, engine  # noqa: F401 - fixtures

CONFIG = Path(__file__).with_name("schemathesis.toml")
EXAMPLES = 40  # per operation; a nightly run may take more


@pytest.mark.slow
def test_schemathesis_finds_no_fault(app, tmp_path):  # noqa: F811
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        program = Path(sys.executable).with_name("schemathesis")
        address = f"http://127.0.0.1:{server.port}/api/v1/openapi.json"
        command = [str(program), "--config-file", str(CONFIG), "run", address, "--max-examples", str(EXAMPLES)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=tmp_path)
    finally:
        server.shutdown()
        thread.join()
    assert done.returncode == 0, done.stdout[-6000:]
