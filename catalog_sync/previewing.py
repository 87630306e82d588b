"""What a run would change or changed, by examples: the preview of a held run, and of what was read anew."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from catalog_sync import wording
from catalog_sync.errors import BadRecord
from catalog_sync.marc.reading import to_bib
from catalog_sync.model import RecordKey, SourceRecord
from catalog_sync.store import records, runs
from catalog_sync.store.database import reading


@dataclass(frozen=True, slots=True)
class Example:
    """One record of a difference: what was there and what would be; "" on the side where there is nothing."""

    local_id: str
    before: str
    after: str


def difference_examples(engine: Engine, run: int, limit: int = 10) -> dict[str, list[Example]]:
    """For the preview of a held run: action (new, changed, gone) → a few examples, titles before and after."""
    with reading(engine) as connection:
        source = runs.get(connection, run).source
        found = {
            action: [_example(connection, source, row) for row in records.staged(connection, run, action, limit=limit)]
            for action in ("new", "changed", "renamed", "reread", "gone")
        }
        found["changed"] = (found.pop("renamed") + found["changed"] + found.pop("reread"))[:limit]
        return found


def reread_examples(engine: Engine, run: int, limit: int) -> list[Example]:
    """Titles before and after of some records that a published run read anew."""
    with reading(engine) as connection:
        found = records.reread(connection, run, limit)
    return [Example(after.local_id, _headline(before), _headline(after)) for before, after in found]


def _example(connection: Connection, source: str, row: Any) -> Example:
    found = records.find(connection, RecordKey(source, row.former or row.local_id))
    before = found[1] if found and row.action != "new" else None
    after = records.staged_record(source, row) if row.action != "gone" else None
    was, now = _headline(before), _headline(after)
    if row.former:
        return Example(f"{row.former} → {row.local_id}", was, now)
    if before and after and was == now:
        now = f"{now} ({_what_differs(before, after)})"
    return Example(row.local_id, was, now)


def _what_differs(before: SourceRecord, after: SourceRecord) -> str:
    """Of two records with one headline, what is said otherwise now."""
    with suppress(BadRecord):
        was, now = to_bib(before), to_bib(after)
        names = {**wording.FIELDS, "holdings": "экземпляры"}
        differing = [word for name, word in names.items() if getattr(was, name) != getattr(now, name)]
        return f"изменилось: {', '.join(differing)}" if differing else "описание то же, другие лишь байты записи"
    return "не читается"


def _headline(record: SourceRecord | None) -> str:
    """Title, part and year: what a librarian recognises a book by."""
    if record is None:
        return ""
    try:
        bib = to_bib(record)
    except BadRecord as error:
        return f"не читается: {error}"
    parts = " ".join(f"{part.number} {part.title}".strip() for part in bib.parts)
    return ", ".join(filter(None, (f"{bib.title}. {parts}" if parts else bib.title, bib.year_text)))
