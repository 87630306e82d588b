"""The API under /api/v1: statistics, catalogue, registry, reports, and its own description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response

from catalog_sync.query import Catalogue
from catalog_sync.settings import Settings
from web.api import access, catalogue, openapi, problems, statistics
from web.api.operations import Operation

PREFIX = "/api/v1"
REFUSED_METHODS = ["POST", "PUT", "PATCH", "DELETE", "TRACE"]
OPERATIONS: tuple[Operation, ...] = (*statistics.OPERATIONS, *catalogue.OPERATIONS)
SCHEMAS: dict[str, Any] = {**statistics.SCHEMAS, **catalogue.SCHEMAS}


def blueprint(_: Catalogue, settings: Settings) -> Blueprint:
    """The blueprint; the catalogue and the database come from the application's services."""
    made = Blueprint("api", __name__, url_prefix=PREFIX)
    problems.set_up(made)
    made.before_request(access.read_token)
    for operation in OPERATIONS:
        made.add_url_rule(operation.rule, operation.name, _view(operation), methods=["GET"])
        made.add_url_rule(operation.rule, f"{operation.name}-refused", _not_this_method, methods=REFUSED_METHODS)
    description = openapi.document(OPERATIONS, PREFIX, settings.district.name, SCHEMAS)

    @made.get("/openapi.json")
    def describe() -> Response:
        return access.answered(description)

    @made.route("/", defaults={"path": ""})
    @made.route("/<path:path>")
    def unknown(path: str) -> Response:
        return problems.response(404, f"адреса {PREFIX}/{path} нет; описание — {PREFIX}/openapi.json")

    return made


def _not_this_method(**_: Any) -> Response:
    """Flask answers a wrong method before a blueprint is known, so the problem has to be a view."""
    made = problems.response(405, "здесь только читают: GET, HEAD или OPTIONS")
    made.headers["Allow"] = "GET, HEAD, OPTIONS"
    return made


def _view(operation: Operation) -> Callable[..., Any]:
    def view(**path: Any) -> Any:
        return operation.view(operation.arguments(), **path)

    return view
