"""The plain forms of the reports' desk: fields, what was typed, and one way to save or to say what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from catalog_sync.errors import Refused
from catalog_sync.store import audit
from catalog_sync.store.tabular import LARGEST
from web.i18n import _
from web.services import services
from web.staff.access import me
from web.staff.fields import kopecks_of

Answer = str | Response


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. kind: text | number | date | select | file."""

    name: str
    label: str
    kind: str = "text"
    choices: Sequence[tuple[str, str]] = ()
    required: bool = False
    value: str = ""


def form(title: str, fields: Sequence[Field], save: Callable[[], str], about: str = "") -> Answer:
    """Show a form, or save it: what is refused comes back with the sentence and what was typed."""
    complaint = ""
    if request.method == "POST":
        try:
            refuse_unlisted(fields)
            flash(save())
            return redirect(url_for("reports.desk"))
        except Refused as error:
            complaint = str(error)
    values = {field.name: request.values.get(field.name, field.value) for field in fields}
    return render_template(
        "reports/form.html", title=title, fields=fields, values=values, complaint=complaint, about=about
    )


def refuse_unlisted(fields: Sequence[Field]) -> None:
    """What is chosen from a list is one of the list, whoever made the request."""
    for field in fields:
        chosen = request.form.get(field.name)
        if field.kind == "select" and chosen is not None and chosen not in {value for value, _text in field.choices}:
            raise Refused(f"{_(field.label)}: ожидалось значение из списка, пришло {chosen[:60]!r}")


def typed(name: str, label: str, required: bool = True) -> str:
    value = request.form.get(name, "").strip()
    if required and not value:
        raise Refused(f"{label}: не заполнено")
    return value


def typed_number(name: str, label: str, default: int | None = None) -> int:
    value = typed(name, label, default is None)
    if not value and default is not None:
        return default
    try:
        number = int("".join(value.split()))  # a number copied from a report has spaces that do not break
    except ValueError:
        raise Refused(f"{label}: ожидалось целое число, пришло {value!r}") from None
    if number < 0:  # «выбыло: −5» would have come in: the direction is a field of its own
        raise Refused(f"{label}: ожидалось число от нуля, пришло {value!r}")
    if number > LARGEST:
        raise Refused(f"{label}: число слишком велико: {number}")
    return number


def typed_kopecks(name: str, label: str) -> int:
    """A sum in rubles as kopecks; 0 where none is typed."""
    value = typed(name, label, required=False)
    try:
        return kopecks_of(value or "0")
    except ValueError:
        raise Refused(f"{label}: ожидалась сумма в рублях, например 1234,50, пришло {value!r}") from None


def typed_day(name: str, label: str) -> date:
    value = typed(name, label)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Refused(f"{label}: ожидалась дата, пришло {value!r}") from None


def libraries() -> list[tuple[str, str]]:
    user = me()
    every = [(one.code, one.name) for one in services().directory.all().values()]
    return every if user.may("methodologist") else [pair for pair in every if pair[0] == user.library]


def note(connection: Any, what: str, after: dict[str, Any]) -> None:
    audit.note(connection, me().login, what, services().now(), None, {k: str(v) for k, v in after.items()})
