"""A small district in memory for the tests: libraries, sources, records, clusters, and publishing as promised."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime

from sqlalchemy import Connection, Engine, create_engine, delete, func, select
from sqlalchemy.pool import StaticPool

import catalog_sync.store.ledger_tables  # noqa: F401 - registers its tables on the metadata
from catalog_sync.ledger.posting import movements
from catalog_sync.model import Carrier, Category, Classified, EKind, Holdings, Item, RecordKey
from catalog_sync.store import derived, ledger
from catalog_sync.store.database import open_engine, upsert
from catalog_sync.store.packing import compress
from catalog_sync.store.tables import cluster, library, member, metadata, record, run, source

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def klass(category: str = "fiction", carrier: str = "print", ekind: str = "") -> Classified:
    return Classified(Category(category), "тест", Carrier(carrier), "тест", EKind(ekind))


def item(number: str = "", *, copies: int = 1, came: date | None = None, went: date | None = None, **more) -> Item:
    return Item(inventory_number=number, copies=copies, registered=came, withdrawn=went, **more)


def holds(*items: Item, basis: str = "INV") -> Holdings:
    return Holdings(items=items, basis=basis)


def marc(local_id: str, supplier: str = "") -> bytes:
    """A small МАРК-SQL record: 001, 245 and 901."""
    fields = [("001", f"{local_id}\x1e"), ("245", f"00\x1faКнига {local_id}\x1e")]
    fields += [("901", f"  \x1fa{supplier}\x1e")] if supplier else []
    body, directory = b"", ""
    for tag, text in fields:
        data = text.encode()
        directory += f"{tag}{len(data):04d}{len(body):05d}"
        body += data
    base = 24 + len(directory) + 1
    leader = f"{base + len(body) + 1:05d}nam a22{base:05d}   4500"
    return leader.encode() + directory.encode() + b"\x1e" + body + b"\x1d"


class District:
    """What the pipeline does to the ledger, without the pipeline."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.now: dict[RecordKey, tuple[Holdings, Classified]] = {}
        self.runs = 0

    def add_library(self, connection: Connection, code: str, kind: str = "school", **more: object) -> None:
        connection.execute(library.insert().values(code=code, name=f"Школа {code}", kind=kind, **more))
        connection.execute(source.insert().values(code=code, library=code, dialect="marcsql"))

    def put(self, connection: Connection, key: RecordKey, cluster_id: str | None = None) -> int:
        found = connection.execute(
            select(record.c.id).where(record.c.source == key.source, record.c.local_id == key.local_id)
        ).scalar()
        if found is None:
            number = (connection.execute(select(func.max(record.c.id))).scalar() or 0) + 1
            values = {
                "source": key.source,
                "local_id": key.local_id,
                "digest": b"0" * 32,
                "data": compress(marc(key.local_id)),
                "dialect": "marcsql",
            }
            values |= {"encoding": "utf-8", "first_run": 1, "last_run": 1, "first_seen": MOMENT, "changed": MOMENT}
            connection.execute(record.insert().values(id=number, **values))
            found = number
        if cluster_id:
            self.join(connection, found, cluster_id)
        return found

    def join(self, connection: Connection, number: int, cluster_id: str) -> None:
        upsert(connection, cluster, [{"id": cluster_id, "created": MOMENT, "size": 1, "redirect": ""}])
        upsert(connection, member, [{"record": number, "cluster": cluster_id}])

    def publish(
        self,
        connection: Connection,
        code: str,
        day: date,
        records: dict[str, tuple[Holdings, Classified] | None],
        clusters: dict[str, str] | None = None,
        full: bool = True,
    ) -> int:
        """One run: `records` by local id; in a full export, what is missing is gone."""
        self.runs += 1
        number = self.runs
        moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        values = {"number": number, "source": code, "state": "published", "started": moment, "published": moment}
        connection.execute(run.insert().values(**values))
        touched = {RecordKey(code, local_id): value for local_id, value in records.items()}
        if full:
            touched |= {key: None for key in self.now if key.source == code and key not in touched}
        first = ledger.is_first_load(connection, code)
        for key in touched:
            self.put(connection, key, (clusters or {}).get(key.local_id, f"c-{key.local_id}"))
        known = ledger.posted(connection, list(touched))
        lines = []
        for key, value in touched.items():
            before, after = self.now.get(key, (None, None)), value or (None, None)
            lines += movements(
                code, key, before[0], after[0], before[1], after[1],
                first_load=first, run=number, day=day, posted=known[key],
            )  # fmt: skip
        ledger.append(connection, lines, recorded=day)
        for key, value in touched.items():
            number_ = self.put(connection, key)
            derived.forget_holdings(connection, [number_])
            if value is not None:
                derived.save_holdings(connection, {number_: (code, *value)})
            if value is None:
                self.now.pop(key, None)
                connection.execute(delete(member).where(member.c.record == number_))
            else:
                self.now[key] = value
        ledger.titles_changed(connection, run=number, recorded=day)
        return number

    def merge(self, connection: Connection, into: str, other: str, day: date) -> None:
        upsert(connection, cluster, [{"id": into, "created": MOMENT, "size": 1, "redirect": ""}])
        rows = connection.execute(select(member.c.record).where(member.c.cluster == other)).scalars().all()
        upsert(connection, member, [{"record": number, "cluster": into} for number in rows])
        upsert(connection, cluster, [{"id": other, "created": MOMENT, "size": 0, "redirect": into}])
        ledger.titles_changed(connection, [into, other], cause="merge", recorded=day)


def new_engine(url: str = "") -> Engine:
    """An engine with all tables: the database at `url`, else one in memory."""
    if url:
        engine = open_engine(url)
    else:
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    metadata.create_all(engine)
    return engine


def copies_of(values: Iterable[tuple[Holdings, Classified]]) -> int:
    return sum(holdings.copies for holdings, _ in values)
