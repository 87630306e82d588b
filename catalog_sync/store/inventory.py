"""A book in the hand, known by its inventory number: the copy, its edition, and whether it is still there.

Numbers are looked for in the ledger, in the lines of a library: 16,000 of them take 20 ms, two million of a region half
a second, and no night keeps an index for it. What is told of a copy comes from the record as its school sent it last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from catalog_sync.model import Item, RecordKey
from catalog_sync.store import described, ledger
from catalog_sync.store.database import plain_rows
from catalog_sync.store.ledger_tables import stock_movement
from catalog_sync.store.tables import record as record_table
from catalog_sync.text import as_cyrillic

LONGEST = 30  # characters of a number that is asked for
_REST = r"[\w/.–-]*(?:\s\d[\w/.–-]*)?"
_NUMBER = rf"(?:[^\W\d_]{{1,3}}\s)?(?=\S*\d)[^\W_]{_REST}"  # «12345», «УЧ-Б/1201», «2020/17», «12 345», «Б 5»
_PLAIN_NUMBER = rf"(?:[^\W\d_]{{1,3}}[\s.-]?)?\d{_REST}"
_ASKED = re.compile(
    r"(?:инв(?:ентарн\w*)?|inv(?:entory)?)(?!\w)[\s.:]*(?:(?:номер|ном|number|no)(?!\w)[\s.:]*)?(?:№[\s.:]*)?"
    rf"(?P<number>{_NUMBER})",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?:№\s*)?(?P<number>{_PLAIN_NUMBER})")
_DIGITS = re.compile(r"\d+")
_DROPPED = re.compile(r"[\s№]+")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy with the number. `item` is what its record tells of it now; `left` the day it left, None while it is
    there, and `why` then the act or the reason."""

    library: str
    record: RecordKey
    cluster: str
    number: str
    item: Item
    left: date | None = None
    why: str = ""


def as_dict(copy: Copy) -> dict[str, Any]:
    """What the terminal and the site's search tell of a copy in JSON."""
    return {
        "number": copy.number, "library": copy.library, "record": str(copy.record), "cluster": copy.cluster,
        "call_number": copy.item.call_number, "left": copy.left.isoformat() if copy.left else None, "why": copy.why,
    }  # fmt: skip


def asked_for(text: str) -> str:
    """The number of «инв:12345», «инв. № 12345», «инвентарный номер Б-17»; "" for any other question."""
    return _number(_ASKED, text)


def alone(text: str) -> str:
    """The number where nothing but one is asked for: «12345», «№ Б-1201»."""
    return _number(_BARE, text)


def _number(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.fullmatch(text.strip())
    return found["number"].rstrip(".–-") if found and len(found["number"]) <= LONGEST else ""


def find(connection: Connection, number: str, libraries: Iterable[str] | None = None) -> list[Copy]:
    """Copies with this number, of these libraries or of all, those that are there before those that left.

    A library with «00123» is asked for by «123» too, unless it has a «123». Once a copy is there under a number, those
    that had it before are not told: a book that moved to another card is one book.
    """
    lines = _lines(connection, number, None if libraries is None else list(libraries))
    best: dict[str, int] = {}
    for library, _, typed in lines:
        best[library] = max(best.get(library, 0), _likeness(number, typed))
    named = {key: rows for key, rows in lines.items() if _likeness(number, key[2]) == best[key[0]]}
    found = _copies(connection, named)
    there = {copy.library for copy in found if copy.left is None}
    told = [copy for copy in found if copy.left is None or copy.library not in there]
    return sorted(told, key=lambda copy: (copy.left is not None, copy.library, str(copy.record)))


def _lines(
    connection: Connection, number: str, libraries: Sequence[str] | None
) -> dict[tuple[str, int, str], list[Any]]:
    """Lines of the ledger that name such a number, in their order, by library, record and the number as it is typed."""
    c = stock_movement.c
    digits = max(_DIGITS.findall(number), key=len).lstrip("0") or "0"
    query = select(c.library, c.record, c.day, c.copies, c.document, c.reason, c.inventory)
    query = query.where(c.inventory.contains(digits, autoescape=True), c.record > 0).order_by(c.number)
    if libraries is not None:
        query = query.where(c.library.in_(libraries))
    found: dict[tuple[str, int, str], list[Any]] = {}
    for row in connection.execute(query):
        for typed in row.inventory.split(", "):
            if digits in typed and _likeness(number, typed):
                found.setdefault((row.library, row.record, typed), []).append(row)
    return found


def _likeness(asked: str, typed: str) -> int:
    """2 for the same number, 1 for the same but for the zeros before it, else 0."""
    one, other = _folded(asked), _folded(typed)
    if one == other:
        return 2
    return int(one.lstrip("0") == other.lstrip("0"))


def _folded(number: str) -> str:
    """Without blanks and «№»; «A» is «А»: on a school's keyboard they are one letter."""
    return as_cyrillic(_DROPPED.sub("", number)).casefold()


def _copies(connection: Connection, named: dict[tuple[str, int, str], list[Any]]) -> list[Copy]:
    ids = {record for _, record, _ in named}
    keys, editions = ledger.keys_of(connection, ids), ledger.editions(connection, ids)
    bibs = described.load(connection, ids)
    c = record_table.c
    live = {id_ for id_, deleted in plain_rows(connection, select(c.id, c.deleted), c.id, ids) if not deleted}
    found = []
    for (library, record, typed), rows in named.items():
        items = [i for i in bibs[record].holdings.items if i.inventory_number == typed] if record in bibs else []
        there = next((i for i in items if i.withdrawn is None), None)
        last, unread = rows[-1], record in live and record not in bibs
        left, why = None, ""
        if there is None and not (unread and last.copies > 0):
            gone = next(iter(items), Item())
            left, why = gone.withdrawn or last.day, gone.withdrawal_act or last.document or last.reason
        item = there or next(iter(items), Item(inventory_number=typed))
        found.append(Copy(library, keys[record], editions.get(record, ""), typed, item, left, why))
    return found
