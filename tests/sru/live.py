"""A live HTTP server over the fake catalogue, on loopback, for real clients."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.serving import make_server

from catalog_sync.query import Catalogue
from catalog_sync.settings import Settings, Web
from web import oai_pmh, sru


def application(catalogue: Catalogue, base_url: str = "http://127.0.0.1:8000") -> Flask:
    settings = Settings(home=Path("/nonexistent"), web=Web(base_url=base_url, secret="only for tests"))
    app = Flask(__name__)
    app.register_blueprint(sru.blueprint(catalogue, settings))
    app.register_blueprint(oai_pmh.blueprint(lambda: catalogue, settings))
    return app


@contextmanager
def serving(catalogue: Catalogue) -> Iterator[str]:
    """The base URL of a server that lives as long as the block."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    holder = make_server("127.0.0.1", 0, Flask("placeholder"), threaded=True)
    base = f"http://127.0.0.1:{holder.server_port}"
    holder.app = application(catalogue, base)
    thread = threading.Thread(target=holder.serve_forever, daemon=True)
    thread.start()
    try:
        yield base
    finally:
        holder.shutdown()
        thread.join(5)
        holder.server_close()
