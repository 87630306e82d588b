"""Operations of the API, declared once: the same declaration parses parameters, answers and writes the OpenAPI."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request

from web.api.problems import Problem

Schema = Mapping[str, Any]
LARGEST = 2_000_000_000  # numbers of rows fit in 31 bits
NO_CONTROLS = r"^[^\x00-\x1f]*$"


LONGEST_LIST = 20_000  # characters: a thousand codes of libraries; the schema of a list promises no other limit


@dataclass(frozen=True, slots=True)
class Param:
    """A query parameter. kind: string | integer | date | boolean | choice | choices (comma-separated)."""

    name: str
    text: str
    kind: str = "string"
    choices: tuple[str, ...] = ()
    default: Any = None
    least: int = 0
    most: int = 0
    pattern: str = ""
    example: Any = None
    longest: int = 200
    words: str = ""  # what the pattern means, for people

    def parse(self, given: str | None) -> Any:
        """The value, or the default where nothing came. Raises Problem naming the parameter and what was expected."""
        if given is None or (given == "" and self.kind == "string" and not self.pattern):
            return self.default
        longest = max(self.longest, LONGEST_LIST if self.kind == "choices" else 1)
        if len(given) > longest or any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in given):
            raise self._wrong(given, f"текст до {longest} знаков")
        return _PARSERS[self.kind](self, given)

    def _wrong(self, given: str, expected: str) -> Problem:
        shown = given if len(given) <= 60 else given[:60] + "…"
        message = f"{self.name}: ожидалось {expected}, пришло «{shown}»"
        return Problem(400, message, ({"parameter": self.name, "expected": expected},))

    def _string(self, given: str) -> str:
        if self.pattern and not re.fullmatch(self.pattern, given):
            raise self._wrong(given, self.words or self.pattern)
        return given

    def _integer(self, given: str) -> int:
        expected = f"целое число от {self.least} до {self.most}"
        if not re.fullmatch(r"\d{1,12}", given):
            raise self._wrong(given, expected)
        value = int(given)
        if not self.least <= value <= self.most:
            raise self._wrong(given, expected)
        return value

    def _date(self, given: str) -> date:
        try:
            return date.fromisoformat(given)
        except ValueError:
            raise self._wrong(given, "дата вида 2026-11-20") from None

    def _boolean(self, given: str) -> bool:
        if given not in ("true", "false", "1", "0"):
            raise self._wrong(given, "true или false")
        return given in ("true", "1")

    def _choice(self, given: str) -> str:
        if given not in self.choices:
            raise self._wrong(given, f"одно из: {', '.join(self.choices)}")
        return given

    def _choices(self, given: str) -> tuple[str, ...]:
        values = tuple(dict.fromkeys(given.split(",")))
        for value in values:
            if self.choices and value not in self.choices:
                raise self._wrong(given, f"через запятую из: {', '.join(self.choices)}")
            if not self.choices and not re.fullmatch(self.pattern or ".+", value):
                raise self._wrong(given, f"через запятую: {self.words or self.pattern}")
        return values

    def schema(self) -> dict[str, Any]:
        """The parameter's JSON Schema."""
        found: dict[str, Any] = {"type": {"integer": "integer", "boolean": "boolean"}.get(self.kind, "string")}
        if self.kind == "integer":
            found |= {"minimum": self.least, "maximum": self.most}
        elif self.kind == "date":
            found["format"] = "date"
        elif self.kind == "choice":
            found["enum"] = list(self.choices)
        elif self.kind == "choices":
            item: dict[str, Any] = {"type": "string"}
            item |= {"enum": list(self.choices)} if self.choices else {"pattern": f"^{self.pattern or '.+'}$"}
            return {"type": "array", "items": item, "minItems": 1}
        elif self.kind == "string":
            found |= {"maxLength": self.longest, "pattern": f"^({self.pattern})$" if self.pattern else NO_CONTROLS}
        if self.default is not None:
            found["default"] = self.default
        return found

    def openapi(self) -> dict[str, Any]:
        found: dict[str, Any] = {"name": self.name, "in": "query", "description": self.text, "schema": self.schema()}
        if self.kind == "choices":
            found |= {"style": "form", "explode": False}
        if self.example is not None:
            found["example"] = self.example
        return found


_PARSERS: dict[str, Callable[[Param, str], Any]] = {
    "string": Param._string,
    "integer": Param._integer,
    "date": Param._date,
    "boolean": Param._boolean,
    "choice": Param._choice,
    "choices": Param._choices,
}


@dataclass(frozen=True, slots=True)
class PathParam:
    name: str
    text: str
    pattern: str = ".+"
    kind: str = "string"
    example: Any = None

    def openapi(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": self.kind}
        schema |= {"minimum": 1, "maximum": LARGEST} if self.kind == "integer" else {"pattern": f"^({self.pattern})$"}
        found: dict[str, Any] = {"name": self.name, "in": "path", "required": True, "description": self.text}
        return found | {"schema": schema} | ({"example": self.example} if self.example is not None else {})


@dataclass(frozen=True, slots=True)
class Operation:
    """One GET of the API."""

    path: str  # "/runs/{number}"
    name: str
    summary: str
    view: Callable[..., Any]
    tag: str
    answer: Schema
    params: tuple[Param, ...] = ()
    path_params: tuple[PathParam, ...] = ()
    errors: tuple[int, ...] = (400, 422)
    example: Any = None
    csv: bool = False
    media: tuple[str, ...] = ()  # besides JSON
    token: bool = False  # only with a token

    @property
    def rule(self) -> str:
        """The path as Flask writes it."""
        found = self.path
        for param in self.path_params:
            kind = "int:" if param.kind == "integer" else ""
            found = found.replace("{" + param.name + "}", f"<{kind}{param.name}>")
        return found

    def arguments(self) -> dict[str, Any]:
        """The query of this request, parsed; a parameter nobody knows is refused with those that are known."""
        known = {param.name for param in self.params}
        for name in request.args:
            if name not in known:
                expected = ", ".join(sorted(known)) or "без параметров"
                raise Problem(400, f"{name}: такого параметра нет; есть: {expected}", ({"parameter": name},))
        for name, values in request.args.lists():
            if len(values) > 1:
                raise Problem(400, f"{name}: дано значений {len(values)}, ожидалось одно", ({"parameter": name},))
        return {param.name: param.parse(request.args.get(param.name)) for param in self.params}
