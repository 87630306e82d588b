"""What people write into the ledger themselves: acts with a document number, and corrections of a record's class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, func, or_, select, update

from catalog_sync.errors import Refused
from catalog_sync.ledger.items import BY_HAND
from catalog_sync.ledger.posting import movements, reversal
from catalog_sync.model import Carrier, Category, Classified, EKind, MovementKind, RecordKey, StockMovement
from catalog_sync.store import leases, ledger
from catalog_sync.store.ledger_tables import class_override, ledger_member, stock_movement, stock_position
from catalog_sync.store.overrides import REASON, corrected
from catalog_sync.store.packing import unpack_holdings
from catalog_sync.store.tables import holding, record, source


def enter_act(
    connection: Connection, code: str, key: RecordKey, *, copies: int, day: date, document: str, reason: str = "",
    kopecks: int | None = None, today: date, who: str,
) -> int:  # fmt: skip
    """An act typed by hand: `copies` came (above zero) or were written off (below). Returns the line's number.

    Raises Refused without a document, for a day in the future, for a record of another library, or for more copies
    than there are or were since that day.
    """
    if not document.strip():
        raise Refused("акт: ожидался номер документа")
    if day > today:
        raise Refused(f"акт {document}: дата {day} ещё не наступила")
    if copies == 0:
        raise Refused(f"акт {document}: ожидалось число экземпляров, пришёл ноль")
    held = _held(connection, key)
    if held is None or held.library != code:
        raise Refused(f"акт {document}: записи {key} у библиотеки {code!r} нет")
    there = select(func.sum(stock_position.c.copies)).where(stock_position.c.record == held.record)
    present = int(connection.execute(there).scalar() or 0)
    if copies < 0 and present + copies < 0:
        raise Refused(f"акт {document}: списывается {-copies}, а состоит {present}")
    least = _fewest_since(connection, held.record, day)
    if copies < 0 and least + copies < 0:
        raise Refused(f"акт {document}: списывается {-copies}, а {day:%d.%m.%Y} или позже состояло {least}")
    line = StockMovement(
        library=code, record=key, day=day, copies=copies, basis=BY_HAND, document=document.strip(), reason=reason,
        kind=MovementKind.ACQUIRED if copies > 0 else MovementKind.WITHDRAWN, kopecks=kopecks,
        category=Category(held.category), carrier=Carrier(held.carrier), ekind=EKind(held.ekind),
    )  # fmt: skip
    (number,) = ledger.append(connection, [line], recorded=today, who=who)
    ledger.titles_changed(connection, recorded=today)
    return number


def _fewest_since(connection: Connection, record_id: int, day: date) -> int:
    """The fewest copies of a record at the end of a day or of any day after it: no act may leave less than none."""
    move = stock_movement.c
    query = select(move.day, func.sum(move.copies)).where(move.record == record_id).group_by(move.day)
    moved = {when: int(copies) for when, copies in connection.execute(query)}
    copies = sum(some for when, some in moved.items() if when <= day)
    return min(accumulate((moved[when] for when in sorted(moved) if when > day), initial=copies))


def take_back(connection: Connection, number: int, *, why: str, today: date, who: str) -> int:
    """An act typed wrongly: a correcting line on its own day; the act itself stays. Returns the correction's number.

    Raises Refused without a reason, for a line no hand has written, for one already taken back, and where what it
    brought has left since.
    """
    if not why.strip():
        raise Refused("исправление акта: ожидалась причина")
    row = _act_row(connection, number)
    if row is None:
        raise Refused(f"строка журнала {number}: акта, внесённого вручную, под этим номером нет")
    if number in _taken_back(connection, [row]):
        raise Refused(f"акт {row.document}: уже исправлен")
    if row.copies > 0 and _fewest_since(connection, row.record, row.day) < row.copies:
        raise Refused(f"акт {row.document}: эти экземпляры уже выбыли; исправьте сначала акт выбытия")
    (key,) = ledger.keys_of(connection, {row.record}).values()
    line = reversal(ledger.as_movement(row, key), run=None, reason=f"акт внесён ошибочно: {why.strip()}", number=number)
    (made,) = ledger.append(connection, [line], recorded=today, who=who)
    ledger.titles_changed(connection, cause="correction", recorded=today)
    return made


@dataclass(frozen=True, slots=True)
class EnteredAct:
    """An act somebody typed; `taken_back`: a correcting line names it."""

    number: int
    library: str
    record: RecordKey
    day: date
    copies: int
    document: str
    reason: str
    who: str
    taken_back: bool


def entered_acts(connection: Connection, library: str = "", limit: int = 50) -> list[EnteredAct]:
    """Acts typed by hand, newest first; of one library, or of all."""
    move = stock_movement.c
    query = (
        select(stock_movement)
        .where(move.run.is_(None), move.basis == BY_HAND, move.corrects.is_(None))  # run is indexed, basis is not
        .order_by(move.number.desc())
        .limit(limit)
    )
    return _entered(connection, connection.execute(query.where(move.library == library) if library else query).all())


def entered_act(connection: Connection, number: int) -> EnteredAct | None:
    """The act of a line of the ledger, however old; None where no hand has written that line."""
    row = _act_row(connection, number)
    return None if row is None else _entered(connection, [row])[0]


def _act_row(connection: Connection, number: int) -> Any:
    move = stock_movement.c
    by_hand = (move.basis == BY_HAND, move.corrects.is_(None))
    return connection.execute(select(stock_movement).where(move.number == number, *by_hand)).first()


def _entered(connection: Connection, rows: Sequence[Any]) -> list[EnteredAct]:
    keys, undone = ledger.keys_of(connection, {row.record for row in rows}), _taken_back(connection, rows)
    return [
        EnteredAct(
            row.number, row.library, keys[row.record], row.day, row.copies, row.document, row.reason, row.who,
            row.number in undone,
        )
        for row in rows
    ]  # fmt: skip


def _taken_back(connection: Connection, rows: Sequence[Any]) -> set[int]:
    """Numbers of the lines some later line corrects."""
    move = stock_movement.c
    query = select(move.corrects).where(
        move.record.in_({row.record for row in rows}), move.corrects.in_({row.number for row in rows})
    )
    return set(connection.execute(query).scalars())


def reclassify(
    connection: Connection, key: RecordKey, *, category: Category | None, carrier: Carrier | None,
    ekind: EKind | None, why: str, who: str, now: datetime, today: date,
) -> str:  # fmt: skip
    """A librarian's word about the class of a record; its figures move at once, all its history with them.

    Returns the record's edition, whose union record the caller makes anew. None leaves a part to the rules.
    """
    if not why.strip():
        raise Refused("исправление вида: ожидалась причина")
    if category is None and carrier is None and ekind is None:
        raise Refused("исправление вида: ожидались категория, носитель или вид электронного издания")
    held = _held(connection, key)
    if held is None:
        raise Refused(f"записи {key} в фонде нет")
    was = Classified(Category(held.category), "", Carrier(held.carrier), "", EKind(held.ekind))
    now_is = corrected(was, (category, carrier, ekind))
    number = leases.next_number(connection, class_override)
    values = {"number": number, "source": key.source, "local_id": key.local_id, "who": who, "when": now, "why": why}
    values |= {"category": category, "carrier": carrier, "ekind": ekind}
    connection.execute(class_override.insert().values(**values))
    _move(connection, key, held, was, now_is, why, who, today)
    edition = select(ledger_member.c.cluster).where(ledger_member.c.record == held.record)
    return str(connection.execute(edition).scalar() or "")


def align_classes(connection: Connection, *, why: str, today: date, who: str = "") -> int:
    """Move the books of every record whose class now differs from the one they stand in; returns how many.

    The rules of classify change with a version, and a rebuild derives every class anew: this brings the ledger after
    them, by corrections that say why.
    """
    move = stock_movement.c  # and not the positions: what has all been written off stands in past years
    differs = or_(*(move[name] != holding.c[name] for name in ("category", "carrier", "ekind")))
    query = (
        select(record.c.source, record.c.local_id)
        .join_from(stock_movement, holding, holding.c.record == move.record)
        .join(record, record.c.id == move.record)
        .where(differs)
        .group_by(record.c.source, record.c.local_id, move.day, move.column, move.category, move.carrier, move.ekind)
        .having(func.sum(move.copies) != 0)
    )
    keys = sorted({RecordKey(source_, local_id) for source_, local_id in connection.execute(query)})
    for key in keys:
        held = _held(connection, key)
        now_is = Classified(Category(held.category), "", Carrier(held.carrier), "", EKind(held.ekind))
        _move(connection, key, held, now_is, now_is, why, who, today, titles=False)
    ledger.titles_changed(connection, cause="correction", recorded=today)
    return len(keys)


def corrections_of(connection: Connection, key: RecordKey) -> list[Any]:
    """What librarians said of a record's class, newest first."""
    columns = class_override.c
    query = select(class_override).where(columns.source == key.source, columns.local_id == key.local_id)
    return list(connection.execute(query.order_by(columns.number.desc())))


def class_now(connection: Connection, key: RecordKey) -> Classified | None:
    """The class a record is counted in now."""
    held = _held(connection, key)
    if held is None:
        return None
    return Classified(Category(held.category), REASON, Carrier(held.carrier), REASON, EKind(held.ekind))


def _held(connection: Connection, key: RecordKey) -> Any:
    query = (
        select(holding, record.c.id)
        .join(record, record.c.id == holding.c.record)
        .where(record.c.source == key.source, record.c.local_id == key.local_id)
    )
    return connection.execute(query).first()


def _move(
    connection: Connection, key: RecordKey, held: Any, was: Classified, now_is: Classified, why: str, who: str,
    today: date, titles: bool = True,
) -> None:  # fmt: skip
    books = unpack_holdings(held.data)
    posted = ledger.posted(connection, [key])[key]
    lines = movements(
        held.library, key, books, books, was, now_is, first_load=False, run=None, day=today, posted=posted
    )
    ledger.append(
        connection, [replace(line, reason=f"{line.reason}; {why}") for line in lines], recorded=today, who=who
    )
    values = {"category": now_is.category.value, "carrier": now_is.carrier.value, "ekind": now_is.ekind.value}
    connection.execute(update(holding).where(holding.c.record == held.record).values(**values))
    if titles:
        ledger.titles_changed(connection, cause="correction", recorded=today)


def library_of(connection: Connection, key: RecordKey) -> str:
    """Code of the library whose source a record belongs to; "" for an unknown source."""
    query = select(source.c.library).where(source.c.code == key.source)
    return str(connection.execute(query).scalar() or "")
