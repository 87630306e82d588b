"""OpenAPI 3.1 written from the operations: nothing is described that is not declared in code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from web.api.examples import EXAMPLES
from web.api.operations import Operation

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
WORDS = {
    304: "Не изменилось с прошлого ответа (ETag)", 400: "Параметр не понят", 401: "Ключ доступа не подходит",
    404: "Такого нет", 410: "Удалено", 422: "Значение не подходит",
}  # fmt: skip


def document(operations: Sequence[Operation], base: str, title: str, schemas: dict[str, Any]) -> dict[str, Any]:
    """The whole description. `base` is the address the paths are under."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{title}: сводный каталог и статистика фондов",
            "version": "1",
            "description": "Экземпляры складываются по библиотекам, названия — нет. Ответы JSON и CSV; ошибки — "
            "application/problem+json. Без ключа — до 100 строк на страницу, с ключом — до 1000.",
        },
        "servers": [{"url": base}],
        "paths": {operation.path: {"get": _operation(operation)} for operation in operations},
        "components": {
            "schemas": {**schemas, "Problem": PROBLEM},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": operation.answer}}
    content |= {media: {"schema": {"type": "string", "format": "binary"}} for media in operation.media}
    content["application/json"]["example"] = operation.example or EXAMPLES[operation.name]
    if operation.csv:
        content["text/csv"] = {"schema": {"type": "string"}}
    answers: dict[str, Any] = {"200": {"description": "Ответ", "content": content}, "304": {"description": WORDS[304]}}
    for status in sorted({*operation.errors, 401}):
        problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        answers[str(status)] = {"description": WORDS[status], "content": problem}
    parameters = [p.openapi() for p in operation.path_params] + [p.openapi() for p in operation.params]
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": parameters,
        "responses": answers,
        "security": [{"token": []}] if operation.token else [{}, {"token": []}],
    }
