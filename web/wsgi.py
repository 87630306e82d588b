"""What granian's workers call: settings of the environment in, the application out."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import threading
from multiprocessing.process import BaseProcess
from pathlib import Path

from flask import Flask

from catalog_sync.logs import open_log
from catalog_sync.settings import load
from web.app import create_app
from web.turns import Crowd, FairWorker

# Collections per allocations: a page makes thousands of short-lived objects and no circles, the collector's defaults
# cost a fifth of its time.
COLLECT_AFTER = (50_000, 20, 100)
FIRST_PAGES = ("/", "/search?q=математика+5+класс")


def make() -> FairWorker:
    """The application of one worker; database and index are opened here, after the fork.

    Until granian listens to signals here, the handler it was forked with only notes them: who stopped the site while a
    worker was getting ready waited until that worker was killed.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    named = os.environ.get("CATALOG_SYNC_CONFIG")
    settings = load(Path(named) if named else None)
    if not hasattr(os, "fork"):
        begin_anew(settings.home)
    app = create_app(settings)
    warm_up(app)
    several = settings.web.workers > 1 and hasattr(os, "fork")
    return FairWorker(app, Crowd(settings.home / "web-workers", settings.web.workers) if several else None)


def begin_anew(home: Path) -> None:
    """On Windows a worker is begun anew, not forked: it has no log, and would outlive who started it, with its port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        open_log(home, "web", logging.WARNING)
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def warm_up(app: Flask) -> None:
    """Load dictionaries, tables and templates before the first reader comes, and keep them from the collector."""
    client = app.test_client(use_cookies=False)
    for path in FIRST_PAGES:
        client.get(path, headers={"User-Agent": "warm-up-bot"})  # a robot: the report of use counts people
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
