"""The state of the catalogue itself, beside its stock: open links, dates known, records, editions and exports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, String, case, cast, func, select

from catalog_sync.store.coverage import zone_of
from catalog_sync.store.ledger_tables import stock_movement
from catalog_sync.store.rollups import DISTRICT
from catalog_sync.store.tables import holding, library, member, record, run, set_aside, source
from catalog_sync.text import in_order


@dataclass(frozen=True, slots=True)
class SourceState:
    """One base of one library, as the control of centralised cataloguing (6.1) sees it."""

    library: str
    source: str
    name: str
    harvester: str
    dialect: str
    encoding: str
    last: date | None  # of the district's calendar: a night's run is of the day before in UTC
    records: int
    set_aside: int
    with_warnings: int
    inner_duplicates: int  # records that share an edition with another record of the same library
    shared: int  # records whose edition other libraries have too: borrowed or lendable descriptions


def open_links(connection: Connection) -> dict[str, int]:
    """Open resources in the catalogue now, by library and for the schools together: shown, never counted as stock."""
    query = (
        select(holding.c.library, member.c.cluster, library.c.kind)
        .join_from(holding, member, member.c.record == holding.c.record)
        .join(library, library.c.code == holding.c.library)
        .where(holding.c.ekind == "open_link")
        .distinct()
    )
    found: dict[str, set[str]] = {}
    for code, edition, kind in connection.execute(query):
        for scope in (code, DISTRICT) if kind == "school" else (code,):
            found.setdefault(scope, set()).add(edition)
    return {scope: len(editions) for scope, editions in found.items()}


def dated_share(connection: Connection) -> dict[str, float]:
    """Share of the copies that came whose date is from the data and not the day of a run, by library."""
    move = stock_movement.c
    dated = func.sum(case((move.basis != "run", move.copies), else_=0))
    query = (
        select(move.library, dated, func.sum(move.copies))
        .where(move.column.in_(("initial", "acquired")))
        .group_by(move.library)
    )
    return {code: int(some or 0) / int(all_) for code, some, all_ in connection.execute(query) if all_}


def catalogue_totals(connection: Connection) -> tuple[int, int]:
    """Live records of the schools, and the editions they describe."""
    query = (
        select(func.count(), func.count(func.distinct(member.c.cluster)))
        .select_from(member)
        .join(record, record.c.id == member.c.record)
        .join(source, source.c.code == record.c.source)
        .join(library, library.c.code == source.c.library)
        .where(library.c.kind == "school")
    )
    records, editions = connection.execute(query).one()
    return int(records), int(editions)


def sources(connection: Connection) -> list[SourceState]:
    """Every active source with its counts, in the order of libraries and codes."""
    live = _by_source(connection, select(record.c.source, func.count()).where(record.c.deleted.is_(False)))
    warned = _by_source(
        connection, select(record.c.source, func.count()).where(record.c.deleted.is_(False), has_warnings())
    )
    doubles, shared = _doubles(connection), _shared(connection)
    last = {row.source: row for row in connection.execute(last_runs())}
    aside = {
        number: int(count)
        for number, count in connection.execute(select(set_aside.c.run, func.count()).group_by(set_aside.c.run))
    }
    found, zone = [], zone_of(connection)
    for row in connection.execute(select(source).where(source.c.active)):
        run_ = last.get(row.code)
        found.append(
            SourceState(
                library=row.library, source=row.code, name=row.name or row.base, harvester=row.harvester,
                dialect=row.dialect, encoding=run_.encoding if run_ else "",
                last=run_.published.astimezone(zone).date() if run_ else None,
                records=live.get(row.code, 0), set_aside=aside.get(run_.number, 0) if run_ else 0,
                with_warnings=warned.get(row.code, 0), inner_duplicates=doubles.get(row.code, 0),
                shared=shared.get(row.code, 0),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (in_order(one.library), in_order(one.source)))


def _by_source(connection: Connection, query: Any) -> dict[str, int]:
    return {code: int(count) for code, count in connection.execute(query.group_by(record.c.source))}


def has_warnings() -> Any:
    return cast(record.c.warnings, String) != "[]"


def last_runs() -> Any:
    newest = (
        select(func.max(run.c.number).label("number")).where(run.c.state == "published").group_by(run.c.source)
    ).subquery()
    return select(run.c.source, run.c.number, run.c.published, run.c.encoding).join(
        newest, newest.c.number == run.c.number
    )


def _doubles(connection: Connection) -> dict[str, int]:
    """Records whose edition its own library has described once more."""
    return _by_source(connection, _members().where(twin(elsewhere=False)))


def twin(elsewhere: bool) -> Any:
    """Whether another record of the edition stands in the same library, or in another."""
    other = member.alias()
    theirs, its = record.alias(), source.alias()
    found = (
        select(other.c.record)
        .join(theirs, theirs.c.id == other.c.record)
        .join(its, its.c.code == theirs.c.source)
        .where(other.c.cluster == member.c.cluster, other.c.record != member.c.record)
        .where(its.c.library != source.c.library if elsewhere else its.c.library == source.c.library)
    )
    return found.exists()


def _shared(connection: Connection) -> dict[str, int]:
    """Records whose edition another library has too: its description could have been taken ready-made."""
    return _by_source(connection, _members().where(twin(elsewhere=True)))


def _members() -> Any:
    return (
        select(record.c.source, func.count())
        .select_from(member)
        .join(record, record.c.id == member.c.record)
        .join(source, source.c.code == record.c.source)
    )
