"""Figures no export holds: seats, readers, loans, pupils by class. Typed or imported by people, kept with their day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from catalog_sync.errors import Refused
from catalog_sync.store.database import upsert
from catalog_sync.store.ledger_tables import manual_figure
from catalog_sync.store.tables import library

# name → what it is, for forms of input and imports
NAMES = {
    "seats": "посадочных мест",
    "seats_with_computers": "мест с компьютером",
    "seats_with_internet": "мест с доступом к Интернету",
    "readers": "зарегистрированных пользователей",
    "visits": "посещений за год",
    "loans": "выдано за год",
    "computers": "персональных компьютеров",
    "printer": "есть принтер (1 или 0)",
    "scanner": "есть сканер (1 или 0)",
    "copier": "есть ксерокс (1 или 0)",
    "board": "есть интерактивная доска (1 или 0)",
    "mfp": "есть МФУ (1 или 0)",
    "staff": "библиотечных работников",
    "trained": "обучено сотрудников за период",
    "events": "мероприятий за период",
    "requests": "тематических запросов выполнено",
    "ksu_stock": "состоит по КСУ, экз.",
    "ksu_acquired": "поступило по КСУ за год, экз.",
    "ksu_withdrawn": "выбыло по КСУ за год, экз.",
    "ksu_textbooks_stock": "состоит по КСУ учебного фонда, экз.",
    "ksu_textbooks_acquired": "поступило по КСУ учебного фонда за год, экз.",
    "ksu_textbooks_withdrawn": "выбыло по КСУ учебного фонда за год, экз.",
}


def keep(
    connection: Connection, code: str, values: Mapping[str, float], *, day: date, who: str, when: datetime
) -> None:
    """Remember figures of a library for a day (the end of a year). Raises Refused for an unknown name or library."""
    unknown = sorted(set(values) - set(NAMES))
    if unknown:
        raise Refused(f"показатель {unknown[0]!r}: такого нет; есть {', '.join(NAMES)}")
    if connection.execute(select(library.c.code).where(library.c.code == code)).first() is None:
        raise Refused(f"библиотека {code!r}: такой нет")
    negative = [name for name, value in values.items() if value < 0]
    if negative:
        raise Refused(f"{NAMES[negative[0]]}: ожидалось число от нуля, пришло {values[negative[0]]:g}")
    rows = [
        {"library": code, "name": name, "day": day, "value": value, "who": who, "when": when}
        for name, value in values.items()
    ]
    upsert(connection, manual_figure, rows)


def at(
    connection: Connection, libraries: Iterable[str], day: date, since: date | None = None
) -> dict[str, dict[str, float]]:
    """The latest figures of each library up to a day (not older than `since`): library → name → value."""
    found: dict[str, dict[str, float]] = {}
    for row in typed(connection, libraries, day, since):
        found.setdefault(row.library, {})[row.name] = row.value
    return found


def typed(
    connection: Connection, libraries: Iterable[str], day: date, since: date | None = None, name: str = ""
) -> Sequence[Any]:
    """The rows `at` reads, of one figure or of all: library, name, day, value, who."""
    columns = manual_figure.c
    latest = (
        select(columns.library, columns.name, func.max(columns.day).label("day"))
        .where(columns.library.in_(list(libraries)), columns.day <= day)
        .group_by(columns.library, columns.name)
    )
    if since is not None:
        latest = latest.where(columns.day >= since)
    if name:
        latest = latest.where(columns.name == name)
    newest = latest.subquery()
    query = select(manual_figure).join(
        newest,
        (columns.library == newest.c.library) & (columns.name == newest.c.name) & (columns.day == newest.c.day),
    )
    return connection.execute(query.order_by(columns.library, columns.name)).all()
