"""Official forms as versioned data (data/tables/forms): their rows differ by year, the code does not."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from catalog_sync.reports.facts import ALL, Kinds
from catalog_sync.shipped import TABLES

FOLDER = TABLES / "forms"


@dataclass(frozen=True, slots=True)
class FormRow:
    number: str
    name: str
    kinds: Kinds = ALL
    sum_of: tuple[str, ...] = ()
    value: str = ""  # name of the manual figure
    computed: bool = False  # the product knows it itself


@dataclass(frozen=True, slots=True)
class Part:
    number: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[FormRow, ...]


@dataclass(frozen=True, slots=True)
class Form:
    code: str
    edition: str
    valid_from: date
    order: str
    parts: dict[str, Part]


@cache
def forms() -> tuple[Form, ...]:
    """Every edition of every form, oldest first."""
    found = [_form(tomllib.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.toml"))]
    return tuple(sorted((form for form in found if form), key=lambda form: form.valid_from))


def form_at(code: str, day: date) -> Form:
    """The edition of a form in force on a day; before the first one, the first."""
    editions = [form for form in forms() if form.code == code]
    if not editions:
        raise LookupError(f"expected a definition of form {code!r} in {FOLDER}, there is none")
    return next((form for form in reversed(editions) if form.valid_from <= day), editions[0])


def _form(raw: dict[str, Any]) -> Form:
    parts = {name: _part(value) for name, value in raw.items() if isinstance(value, dict)}
    return Form(raw["code"], raw["edition"], raw["from"], raw.get("order", ""), parts)


def _part(raw: dict[str, Any]) -> Part:
    rows = tuple(_row(row) for row in raw.get("row", []))
    return Part(raw.get("number", ""), raw.get("title", ""), tuple(raw.get("columns", [])), rows)


def _row(raw: dict[str, Any]) -> FormRow:
    kinds = Kinds(*(tuple(raw.get(name, ())) for name in ("categories", "carriers", "ekinds")))
    sum_of = tuple(raw.get("sum_of", ()))
    return FormRow(raw["number"], raw["name"], kinds, sum_of, raw.get("value", ""), raw.get("computed", False))
