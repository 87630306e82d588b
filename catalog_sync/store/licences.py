"""Licences of network documents: the summary register, what a contract brings and takes, and what will be lost.

A package without records counts the titles and accesses its contract names; a package whose titles are catalogued (a
source of its own) counts its records, and its end takes those that are still there. A database is one database: its
contents are not added to the books (Порядок 1077).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from msgspec import structs
from sqlalchemy import Connection, Subquery, and_, func, select

from catalog_sync.errors import Refused
from catalog_sync.model import Carrier, Category, EKind, MovementKind, RecordKey, StockMovement
from catalog_sync.store import leases, ledger
from catalog_sync.store.ledger_tables import licence, stock_movement, stock_position
from catalog_sync.store.tables import library, record, source

BASIS = "договор"


@dataclass(frozen=True, slots=True)
class Licence:
    """A contract for a package or a database. `ends` is the last day of access."""

    library: str
    name: str
    starts: date
    ends: date
    kind: str = "package"  # package | database
    platform: str = ""
    contract: str = ""
    signed: date | None = None
    titles: int = 0
    copies: int = 0
    kopecks: int | None = None
    category: str = "other"
    source: str = ""
    conditions: str = ""
    number: int = 0
    closed: date | None = None
    closed_why: str = ""

    @property
    def is_database(self) -> bool:
        return self.kind == "database"


def add(connection: Connection, value: Licence, *, today: date, who: str) -> int:
    """Register a contract and what it brings; returns its number. Raises Refused for one that can't be."""
    if value.ends < value.starts:
        raise Refused(f"{value.name}: срок доступа кончается {value.ends} раньше, чем начинается {value.starts}")
    if connection.execute(select(library.c.code).where(library.c.code == value.library)).first() is None:
        raise Refused(f"{value.name}: библиотеки {value.library!r} нет")
    if value.kind not in ("package", "database"):
        raise Refused(f"{value.name}: вид {value.kind!r}, ожидался package или database")
    if value.source:
        _refuse_strange_source(connection, value)
    if not value.is_database and not value.source and (value.titles < 1 or value.copies < 1):
        raise Refused(f"{value.name}: ожидалось число названий и экземпляров (доступов) от 1 по договору")
    number = leases.next_number(connection, licence)
    names = ("library", "name", "kind", "platform", "contract", "signed", "starts", "ends", "titles", "copies",
             "kopecks", "category", "source", "conditions")  # fmt: skip
    values = {name: getattr(value, name) for name in names}
    connection.execute(licence.insert().values(number=number, recorded=today, who=who, **values))
    if not value.is_database and not value.source:
        line = _line(replace(value, number=number), MovementKind.ACQUIRED, value.starts, value.copies)
        ledger.append(connection, [line], recorded=today, who=who)
        ledger.titles_changed(connection, recorded=today)
    return number


def _refuse_strange_source(connection: Connection, value: Licence) -> None:
    """A mistyped code would count nothing, and another library's would take its books away with the contract."""
    owner = connection.execute(select(source.c.library).where(source.c.code == value.source)).scalar()
    if owner is None:
        raise Refused(f"{value.name}: источника {value.source!r} нет")
    if owner != value.library:
        raise Refused(f"{value.name}: источник {value.source!r} – библиотеки {owner!r}, а договор – {value.library!r}")


def expire(connection: Connection, today: date) -> list[Licence]:
    """Write off what contracts that have ended took away; returns them. Done by jobs every day, twice is harmless."""
    ended = [one for one in register(connection) if one.closed is None and one.ends < today]
    for one in ended:
        close(connection, one.number, day=one.ends + timedelta(1), why="истёк срок договора", today=today, who="")
    return ended


def close(connection: Connection, number: int, *, day: date, why: str, today: date, who: str) -> None:
    """A contract has ended or was dissolved on `day`: its titles leave.

    Raises Refused when already closed, and for a day before its first.
    """
    one = get(connection, number)
    if one.closed is not None:
        raise Refused(f"лицензия № {number} уже закрыта {one.closed}: {one.closed_why}")
    if day < one.starts:
        raise Refused(f"лицензия № {number}: доступ открыт с {one.starts}, раньше ({day}) закрыть её нельзя")
    lines = [_line(one, MovementKind.EXPIRED, day, -one.copies)] if not one.is_database and not one.source else []
    lines += [structs.replace(line, day=day) for line in catalogued(connection, one)] if one.source else []
    ledger.append(connection, [structs.replace(line, reason=why) for line in lines], recorded=today, who=who)
    ledger.titles_changed(connection, recorded=today)
    connection.execute(licence.update().where(licence.c.number == number).values(closed=day, closed_why=why))


def extend(connection: Connection, number: int, ends: date, *, today: date, who: str) -> None:
    """A contract was prolonged before it ended. Raises Refused for a closed one: a new contract is a new licence."""
    one = get(connection, number)
    if one.closed is not None:
        raise Refused(f"лицензия № {number} закрыта {one.closed}: новый договор записывается новой лицензией")
    if ends < one.ends:
        raise Refused(f"лицензия № {number}: новый срок {ends} раньше прежнего {one.ends}; досрочно — закройте её")
    connection.execute(licence.update().where(licence.c.number == number).values(ends=ends, who=who, recorded=today))


def register(connection: Connection, libraries: Sequence[str] = ()) -> list[Licence]:
    """The register, in the order of entry."""
    query = select(licence).order_by(licence.c.number)
    if libraries:
        query = query.where(licence.c.library.in_(libraries))
    return [_licence(row) for row in connection.execute(query)]


def get(connection: Connection, number: int) -> Licence:
    row = connection.execute(select(licence).where(licence.c.number == number)).first()
    if row is None:
        raise Refused(f"лицензия № {number}: такой нет")
    return _licence(row)


def catalogued_counts(connection: Connection, one: Licence) -> tuple[int, int]:
    """Titles (records) and copies a package holds: from its records where they are catalogued, else by contract."""
    if one.is_database:
        return 0, 0
    if not one.source:
        return one.titles, one.copies
    lines = catalogued(connection, one)
    return len(lines), -sum(line.copies for line in lines)


def _licence(row: object) -> Licence:
    names = Licence.__dataclass_fields__
    return Licence(**{name: getattr(row, name) for name in names})


def _line(one: Licence, kind: MovementKind, day: date, copies: int) -> StockMovement:
    return StockMovement(
        library=one.library,
        record=RecordKey(ledger.LICENCES, str(one.number)),
        day=day,
        kind=kind,
        copies=copies,
        category=Category(one.category),
        carrier=Carrier.ELECTRONIC,
        ekind=EKind.LICENSED,
        basis=BASIS,
        document=one.contract,
        kopecks=one.kopecks and (one.kopecks if copies > 0 else -one.kopecks),  # what it cost leaves with it
    )


def catalogued(connection: Connection, one: Licence) -> list[StockMovement]:
    """What would take back the records of the package's source that are in stock now."""
    there, worth = stock_position.c, _worth(one.source)
    cell = [there[name] == worth.c[name] for name in ("record", "library", "category", "carrier", "ekind")]
    query = (
        select(there.library, there.category, there.carrier, there.copies, record.c.local_id, worth.c.kopecks)
        .join_from(stock_position, record, record.c.id == there.record)
        .outerjoin(worth, and_(*cell))
        .where(record.c.source == one.source, there.copies > 0, there.ekind == EKind.LICENSED.value)
        .order_by(there.record)
    )
    return [
        StockMovement(
            library=row.library, record=RecordKey(one.source, row.local_id), day=one.ends,
            kind=MovementKind.EXPIRED, copies=-row.copies, category=Category(row.category),
            carrier=Carrier(row.carrier), ekind=EKind.LICENSED, basis=BASIS, document=one.contract,
            kopecks=row.kopecks and -int(row.kopecks),
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def _worth(code: str) -> Subquery:
    """What the copies of a source's records are worth where they stand; null where no price is known."""
    move = stock_movement.c
    names = (move.record, move.library, move.category, move.carrier, move.ekind)
    query = select(*names, func.sum(move.kopecks).label("kopecks")).join(record, record.c.id == move.record)
    return query.where(record.c.source == code).group_by(*names).subquery()
