"""Counting what the catalogue is asked, for the quarterly monitoring (8.1): a number a day, nobody's words or address.

A question is counted once: its first page, answered; further pages of its hits and robots that say so are not.
"""

from __future__ import annotations

import atexit
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date

from flask import Flask, Response, request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from catalog_sync.store import usage
from catalog_sync.store.database import writing
from web.services import services

log = logging.getLogger(__name__)
EXTENSION = "usage"
FLUSH_SECONDS = 30.0  # how old the counts of the database may be
ROBOT = re.compile(r"bot|crawl|spider|slurp|monitor|preview", re.IGNORECASE)
PAGES = {"search.search": "search", "record.show": "record", "api.records": "api", "sru.union": "sru", "sru.one": "sru"}
FURTHER = ("page", "offset", "startRecord")  # parameters that ask for more of the same answer


class Counters:
    """Counts of one process since its last writing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._counts: Counter[tuple[date, str]] = Counter()
        self._written = time.monotonic()
        self._busy = False

    def note(self, day: date, what: str) -> None:
        """One more. What was gathered is written beside the requests: none of them waits for the database."""
        with self._lock:
            self._counts[day, what] += 1
            late = not self._busy and time.monotonic() - self._written > FLUSH_SECONDS
            self._busy = self._busy or late
        if late:
            threading.Thread(target=self.flush, name=EXTENSION, daemon=True).start()

    def flush(self) -> None:
        """Add the counts to the database; where it can't be written now they stay for the next time."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        try:
            if taken:
                with writing(self._engine) as connection:
                    usage.add(connection, taken)
        except (OSError, SQLAlchemyError) as error:
            log.warning("счётчики посещений сейчас не записать: %s", error)
            with self._lock:
                self._counts.update(taken)
        finally:
            with self._lock:
                self._written, self._busy = time.monotonic(), False


def watch(app: Flask) -> None:
    """Count the questions the application answers from now on."""
    counters = app.extensions[EXTENSION] = Counters(app.extensions["catalog-sync"].store)
    flush: Callable[[], None] = counters.flush
    atexit.register(flush)

    @app.after_request
    def count(response: Response) -> Response:
        what = counted_as()
        if what and response.status_code == 200:
            counters.note(services().today(), what)
        return response


def counted_as() -> str:
    """What this request counts as, "" where it is no question of its own."""
    what = PAGES.get(request.endpoint or "", "")
    if not what or request.method == "HEAD" or ROBOT.search(request.user_agent.string or ""):
        return ""
    asked = request.values
    if what == "sru" and not asked.get("query"):
        return ""  # explain and scan look nothing up
    return "" if any(asked.get(name, "") not in ("", "0", "1") for name in FURTHER) else what
