"""The API under /api/v1: statistics, catalogue, registry, reports, and its own description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response
from werkzeug.routing import PathConverter

from catalog_sync.query import Catalogue
from catalog_sync.settings import Settings
from web.api import access, catalogue, openapi, problems, statistics
from web.api.operations import LARGEST, Operation

PREFIX = "/api/v1"
ALLOWED = "GET, HEAD, OPTIONS"
REFUSED_METHODS = ["POST", "PUT", "PATCH", "DELETE", "TRACE"]
OPERATIONS: tuple[Operation, ...] = (*statistics.OPERATIONS, *catalogue.OPERATIONS)
SCHEMAS: dict[str, Any] = {**statistics.SCHEMAS, **catalogue.SCHEMAS}


def blueprint(_: Catalogue, settings: Settings) -> Blueprint:
    """The blueprint; the catalogue and the database come from the application's services."""
    made = Blueprint("api", __name__, url_prefix=PREFIX)
    problems.set_up(made)
    made.record_once(lambda state: state.app.url_map.converters.update(anything=_AnyPath))
    made.before_request(access.read_token)
    for operation in OPERATIONS:
        rule, name = operation.rule, operation.name
        made.add_url_rule(rule, name, _view(operation), methods=["GET"], provide_automatic_options=False)
        for shown, view, methods in (("refused", _refuse, REFUSED_METHODS), ("options", _options, ["OPTIONS"])):
            made.add_url_rule(rule, f"{name}-{shown}", view, methods=methods, provide_automatic_options=False)
    description = openapi.document(OPERATIONS, PREFIX, settings.district.name, SCHEMAS)

    @made.get("/openapi.json")
    def describe() -> Response:
        return access.answered(description)

    @made.route("/", defaults={"path": ""})
    @made.route("/<anything:path>")
    def unknown(path: str) -> Response:
        return problems.response(404, f"адреса {PREFIX}/{path} нет; описание — {PREFIX}/openapi.json")

    return made


class _AnyPath(PathConverter):
    """A rest of an address with whatever letters, a line feed among them: that, too, is answered with a problem."""

    regex = "(?s:[^/].*?)"


def _options(**_: Any) -> Response:
    return Response(status=204, headers={"Allow": ALLOWED})


def _refuse(**_: Any) -> Response:
    """Flask answers a wrong method before a blueprint is known, so the problem has to be a view."""
    made = problems.response(405, "здесь только читают: GET, HEAD или OPTIONS")
    made.headers["Allow"] = ALLOWED
    return made


def _view(operation: Operation) -> Callable[..., Any]:
    def view(**path: Any) -> Any:
        for name, value in path.items():
            if isinstance(value, int) and not 1 <= value <= LARGEST:
                raise problems.Problem(404, f"{name}: {value} — такого номера нет")
        return operation.view(operation.arguments(), **path)

    return view
