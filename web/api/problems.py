"""Errors of the API as application/problem+json (RFC 9457), in the words of the error and nothing of our insides."""

from __future__ import annotations

import json
import logging
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from catalog_sync.errors import Refused, Unholdable
from catalog_sync.failures import note, sentence
from catalog_sync.query import Unsupported

log = logging.getLogger(__name__)
TITLES = {
    400: "Запрос не понят", 401: "Нужен ключ доступа", 403: "Нет доступа", 404: "Не найдено", 405: "Метод не поддержан",
    406: "Такого формата нет", 409: "Сделать нельзя", 410: "Удалено", 422: "Значение не подходит",
    500: "Ошибка на сервере", 503: "Каталог сейчас недоступен",
}  # fmt: skip


class Problem(Exception):
    """Answer with this status and sentence; `errors` name the parameters at fault."""

    def __init__(self, status: int, detail: str, errors: tuple[dict[str, str], ...] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors


def response(status: int, detail: str, errors: tuple[dict[str, str], ...] = ()) -> Response:
    body: dict[str, Any] = {"type": "about:blank", "title": TITLES.get(status, "Ошибка"), "status": status}
    body |= {"detail": detail, "instance": request.path}
    if errors:
        body["errors"] = list(errors)
    made = Response(json.dumps(body, ensure_ascii=False), status, mimetype="application/problem+json")
    made.headers["Cache-Control"] = "no-store"
    if status == 401:
        made.headers["WWW-Authenticate"] = 'Bearer realm="catalog-sync"'
    return made


def set_up(blueprint: Blueprint) -> None:
    """Make every failure of the blueprint's views a problem."""

    @blueprint.errorhandler(Problem)
    def problem(error: Problem) -> Response:
        return response(error.status, error.detail, error.errors)

    @blueprint.errorhandler(Refused)
    def refused(error: Refused) -> Response:
        return response(422, str(error))

    @blueprint.errorhandler(Unsupported)
    def unsupported(error: Unsupported) -> Response:
        return response(422, f"каталог не понимает: {error}")

    @blueprint.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        made = response(error.code or 500, TITLES.get(error.code or 500, error.name))
        if error.code == 405 and getattr(error, "valid_methods", None):
            made.headers["Allow"] = ", ".join(sorted(error.valid_methods))  # type: ignore[attr-defined]
        return made

    @blueprint.errorhandler(Unholdable)
    def unholdable(error: Unholdable) -> Response:
        return response(404, str(error))

    @blueprint.errorhandler(DBAPIError)
    def without_database(error: DBAPIError) -> Response:
        if not sentence(error):
            return unexpected(error)
        note(log, f"API {request.path}", error)
        return response(503, "База данных не отвечает или занята, повторите позже")

    @blueprint.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.exception("API %s", request.path, exc_info=error)
        return response(500, "Внутренняя ошибка, она записана в журнал")
