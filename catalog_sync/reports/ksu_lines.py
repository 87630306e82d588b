"""The lines one figure of КСУ counts: of an act, of a quarter or of a state, in one of its columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from catalog_sync.errors import Refused
from catalog_sync.reports.facts import MAIN_STOCK, TEXTBOOKS
from catalog_sync.reports.model import Entry
from catalog_sync.store import acts, ledger
from catalog_sync.store.acts import Counted, Filter

EXITS = ("withdrawn", "expired")
MEASURES = {
    "acquired": ("acquired",), "initial": ("initial",), "withdrawn": ("withdrawn",), "expired": ("expired",),
    "left": EXITS, "state": ("initial", "acquired", *EXITS),
}  # fmt: skip
BOOKS = {"main": MAIN_STOCK.categories, "textbooks": TEXTBOOKS.categories}
COLUMNS = ("", "rubles", "print", "audiovisual", "electronic", *acts.GROUPS,
           *(f"grade:{level}" for level in ("1–4", "5–9", "10–11", "")))  # fmt: skip
EMPTY = "-"  # in an address: the act without a document, or without a reason
FIRST_DAY = date(1, 1, 1)


def read(
    connection: Connection, libraries: Sequence[str], start: date, end: date, *, measure: str, column: str, book: str,
    document: str, reason: str,
) -> list[Entry]:  # fmt: skip
    """The lines of one figure. Raises Refused for a measure, a column or a book that is none."""
    if measure not in MEASURES or column not in COLUMNS or book not in BOOKS or len(libraries) != 1:
        raise Refused(
            f"ksu: ожидались library — одна, measure — {', '.join(MEASURES)}, part — {', '.join(BOOKS)}, "
            f"name — графа; пришло {','.join(libraries)!r}, {measure!r}, {book!r}, {column!r}"
        )
    asked = Filter(
        MEASURES[measure], FIRST_DAY if measure == "state" else start, end, BOOKS[book],
        "" if column == "rubles" else column, _exact(document), _exact(reason),
    )  # fmt: skip
    found = acts.lines(connection, libraries[0], asked)
    return _entries(connection, _by_record(found) if measure == "state" else found, column)


def late(connection: Connection, libraries: Sequence[str], start: date, end: date) -> list[Entry]:
    """What the ledger learnt of a period after its end: signed."""
    return _entries(connection, acts.late(connection, libraries, start, end), "")


def _exact(text: str) -> str | None:
    """"" asks for any document, EMPTY for the lines that have none."""
    return None if not text else "" if text == EMPTY else text


def _by_record(lines: Sequence[Counted]) -> list[Counted]:
    """What is there of each record now: its lines together."""
    sums: dict[int, list[Counted]] = defaultdict(list)
    for line in lines:
        sums[line.record].append(line)
    return [
        replace(
            some[0], copies=sum(line.copies for line in some), document="", reason="",
            kopecks=sum(line.kopecks or 0 for line in some),
        )
        for some in sums.values()
    ]  # fmt: skip


def _entries(connection: Connection, lines: Sequence[Counted], column: str) -> list[Entry]:
    keys = ledger.keys_of(connection, {line.record for line in lines})
    found = []
    for line in lines:
        amount = (line.kopecks or 0) / 100 if column == "rubles" else line.copies
        if amount:
            key = keys.get(line.record)
            why = ", ".join(part for part in (line.document, line.reason) if part)
            found.append(Entry(line.library, str(key or line.record), amount, line.day, why, key))
    return found
