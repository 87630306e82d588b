"""Thematic lists (подборки) and the people of the local-lore shelf."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select

from catalog_sync.store.database import reading, upsert
from catalog_sync.store.staff_tables import lore_person, reading_list, reading_list_item


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list: an edition (`cluster`) or a link, with a note of the compiler."""

    cluster: str = ""
    note: str = ""
    url: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class ReadingList:
    slug: str
    title: str
    about: str
    library: str | None
    published: bool
    who: str
    changed: datetime
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """A writer or scholar of the district; `name` is the heading their works are found by."""

    slug: str
    name: str
    dates: str = ""
    about: str = ""
    links: Sequence[dict[str, str]] = field(default_factory=list)
    published: bool = False


def published(engine: Engine) -> list[ReadingList]:
    """Public lists, the latest first, without their entries."""
    with reading(engine) as connection:
        return [found for found in every(connection) if found.published]


def every(connection: Connection) -> list[ReadingList]:
    rows = connection.execute(select(reading_list).order_by(reading_list.c.changed.desc()))
    return [_list(row) for row in rows]


def find(connection: Connection, slug: str) -> ReadingList | None:
    row = connection.execute(select(reading_list).where(reading_list.c.slug == slug)).first()
    return _list(row, tuple(_entries(connection, slug))) if row else None


def _list(row: Any, entries: tuple[Entry, ...] = ()) -> ReadingList:
    return ReadingList(row.slug, row.title, row.about, row.library, row.published, row.who, row.changed, entries)


def _entries(connection: Connection, slug: str) -> Iterator[Entry]:
    items = reading_list_item
    for row in connection.execute(select(items).where(items.c.slug == slug).order_by(items.c.position)):
        yield Entry(row.cluster, row.note, row.url, row.title)


def save(connection: Connection, value: ReadingList) -> None:
    """Keep a list with exactly these entries."""
    row = asdict(value)
    row.pop("entries")
    upsert(connection, reading_list, [row])
    connection.execute(delete(reading_list_item).where(reading_list_item.c.slug == value.slug))
    rows = [{"slug": value.slug, "position": n, **asdict(entry)} for n, entry in enumerate(value.entries)]
    if rows:
        connection.execute(insert(reading_list_item), rows)


def remove(connection: Connection, slug: str) -> None:
    connection.execute(delete(reading_list_item).where(reading_list_item.c.slug == slug))
    connection.execute(delete(reading_list).where(reading_list.c.slug == slug))


def containing(engine: Engine, cluster: str) -> list[tuple[str, str]]:
    """(slug, title) of the public lists an edition is on."""
    query = (
        select(reading_list.c.slug, reading_list.c.title)
        .join(reading_list_item, reading_list_item.c.slug == reading_list.c.slug)
        .where(reading_list_item.c.cluster == cluster, reading_list.c.published)
        .distinct()
        .order_by(reading_list.c.title)
    )
    with reading(engine) as connection:
        return [(row.slug, row.title) for row in connection.execute(query)]


# --- local lore -------------------------------------------------------------------------------------------------------


def people(connection: Connection, *, all_of_them: bool = False) -> list[Person]:
    query = select(lore_person).order_by(lore_person.c.name)
    if not all_of_them:
        query = query.where(lore_person.c.published)
    return [Person(**row) for row in connection.execute(query).mappings()]


def person(connection: Connection, slug: str) -> Person | None:
    row = connection.execute(select(lore_person).where(lore_person.c.slug == slug)).mappings().first()
    return Person(**row) if row else None


def save_person(connection: Connection, value: Person) -> None:
    upsert(connection, lore_person, [asdict(value)])
