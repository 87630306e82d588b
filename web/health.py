"""/health for a watchdog, /metrics for Prometheus: counts only, nothing about readers."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import func, select

from catalog_sync.query import Everything
from catalog_sync.store import tables as t
from catalog_sync.store.database import reading
from web.protocol_log import EXTENSION
from web.services import services

blueprint = Blueprint("health", __name__)
STATES = ("held", "failed", "running", "published")


@blueprint.get("/health")
def health() -> tuple[Response, int]:
    """200 where index and database answer, 503 where one doesn't."""
    found = {"index": answers(index_size), "database": answers(run_counts)}
    fine = all(found.values())
    return jsonify(status="ok" if fine else "broken", **found), 200 if fine else 503


def answers(question: object) -> bool:
    try:
        question()  # type: ignore[operator]
    except Exception:  # whatever is broken, the watchdog needs a word, not a stack
        return False
    return True


def index_size() -> int:
    return services().catalogue.search(Everything(), limit=0).total


def run_counts() -> dict[str, int]:
    """Runs by state; empty where the application has no database."""
    engine = services().engine
    if engine is None:
        return {}
    with reading(engine) as connection:
        rows = connection.execute(select(t.run.c.state, func.count()).group_by(t.run.c.state)).all()
    return {row[0]: row[1] for row in rows}


@blueprint.get("/metrics")
def metrics() -> Response:
    """Text format 0.0.4 of Prometheus."""
    states = run_counts()
    lines = [
        "# HELP catalog_editions Editions in the union catalogue.", "# TYPE catalog_editions gauge",
        f"catalog_editions {index_size()}", "# HELP catalog_libraries Libraries taking part.",
        "# TYPE catalog_libraries gauge", f"catalog_libraries {len(services().directory.open())}",
        "# HELP catalog_runs Harvest runs by state.", "# TYPE catalog_runs gauge",
    ]  # fmt: skip
    lines += [f'catalog_runs{{state="{state}"}} {states.get(state, 0)}' for state in STATES]
    protocols = current_app.extensions[EXTENSION].text()
    return Response("\n".join(lines) + "\n" + protocols, content_type="text/plain; version=0.0.4; charset=utf-8")
