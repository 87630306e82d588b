"""What granian's workers call: settings of the environment in, the application out."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask

from catalog_sync.settings import load
from web.app import create_app


def make() -> Flask:
    """The application of one worker; database and index are opened here, after the fork."""
    named = os.environ.get("CATALOG_SYNC_CONFIG")
    return create_app(load(Path(named) if named else None))
