"""A worker of the site, from its fork to the first page."""

from __future__ import annotations

import signal
import subprocess
import sys

# granian's own process notes the signal before it forks; the stop comes while the worker reads its settings.
WORKER = """
import os, signal
from web import wsgi
signal.signal(signal.SIGTERM, lambda *_: None)
wsgi.load = lambda _named: os.kill(os.getpid(), signal.SIGTERM)
wsgi.make()
"""


def test_a_worker_that_gets_ready_ends_when_the_site_is_stopped() -> None:
    ended = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (-signal.SIGTERM, "")
