"""Tables of the stock ledger and of the reports, on the shared metadata.

`stock_movement` and `title_movement` are append-only and are the truth of every figure; `stock_rollup` and
`stock_position` are projections of them, kept in the same transaction (`figures.check` proves them equal).
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from catalog_sync.store.tables import BigId, Moment, metadata


def _class_columns(key: bool = False) -> list[Column[str]]:
    return [Column(name, String(16), nullable=False, primary_key=key) for name in ("category", "carrier", "ekind")]


stock_movement = Table(
    "stock_movement",
    metadata,
    Column("number", BigId, primary_key=True, autoincrement=False),  # grows by one: a snapshot remembers the last
    Column("library", String(64), nullable=False),
    Column("record", BigInteger, nullable=False),  # record.id; below zero: the licence of that number
    Column("day", Date, nullable=False),  # when it happened
    Column("recorded", Date, nullable=False),  # when the ledger learnt of it
    Column("kind", String(10), nullable=False),
    Column("column", String(10), nullable=False),  # the column it moves: kind, or what a correction corrects
    Column("copies", Integer, nullable=False),
    *_class_columns(),
    Column("basis", String(32), nullable=False),
    Column("run", Integer, index=True),
    Column("document", Text, nullable=False, default=""),
    Column("corrects", BigInteger),
    Column("reason", Text, nullable=False, default=""),
    Column("inventory", Text, nullable=False, default=""),
    Column("kopecks", BigInteger),
    Column("who", Text, nullable=False, default=""),
    Index("ix_stock_movement_record", "record", "day"),
    Index("ix_stock_movement_library", "library", "day", "number"),
    Index("ix_stock_movement_cell", "category", "carrier", "ekind", "day", "number"),
)

title_movement = Table(
    "title_movement",
    metadata,
    Column("number", BigId, primary_key=True, autoincrement=False),
    Column("scope", String(64), nullable=False),  # a library, or "*" for the schools of the district
    Column("cluster", String(20), nullable=False),
    Column("day", Date, nullable=False),
    Column("recorded", Date, nullable=False),
    Column("column", String(10), nullable=False),
    Column("titles", Integer, nullable=False),
    *_class_columns(),
    Column("cause", String(16), nullable=False),  # stock | merge | split | correction | rollback
    Column("run", Integer),
    Index("ix_title_movement_cluster", "cluster"),
    Index("ix_title_movement_scope", "scope", "category", "carrier", "ekind", "cluster", "day"),
)

# The edition each record stands for in the ledger. `member` forgets a record that is gone; past figures must not.
ledger_member = Table(
    "ledger_member",
    metadata,
    Column("record", BigInteger, primary_key=True, autoincrement=False),
    Column("cluster", String(20), nullable=False, index=True),
)

# Derived. grain T: all time, Y, Q, D: the period that begins on `start`. scope as above.
stock_rollup = Table(
    "stock_rollup",
    metadata,
    Column("grain", String(1), primary_key=True),
    Column("scope", String(64), primary_key=True),
    Column("start", Date, primary_key=True),
    *_class_columns(key=True),
    Column("initial", Integer, nullable=False, default=0),
    Column("acquired", Integer, nullable=False, default=0),
    Column("withdrawn", Integer, nullable=False, default=0),
    Column("expired", Integer, nullable=False, default=0),
    Column("titles_initial", Integer, nullable=False, default=0),
    Column("titles_acquired", Integer, nullable=False, default=0),
    Column("titles_withdrawn", Integer, nullable=False, default=0),
    Column("titles_expired", Integer, nullable=False, default=0),
    sqlite_with_rowid=False,
)

# Derived: every record that ever had copies of a class, with the copies it has now.
stock_position = Table(
    "stock_position",
    metadata,
    *_class_columns(key=True),
    Column("library", String(64), primary_key=True),
    Column("record", BigInteger, primary_key=True, autoincrement=False),
    Column("copies", Integer, nullable=False),
    Index("ix_stock_position_cell", "category", "carrier", "ekind", "record"),
    Index("ix_stock_position_record", "record"),
    sqlite_with_rowid=False,
)

# A librarian's word about a class: keyed by source and id, so it survives every harvest and rebuild.
class_override = Table(
    "class_override",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("source", String(64), nullable=False),
    Column("local_id", Text, nullable=False),
    *[Column(name, String(16)) for name in ("category", "carrier", "ekind")],  # empty: as the rules say
    Column("who", Text, nullable=False),
    Column("when", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Column("undone", Moment),
    Column("undone_by", Text, nullable=False, default=""),
    Index("ix_class_override_key", "source", "local_id"),
)

# The register of network documents (реестр суммарного учёта, Порядок 1077): one row per contract and package.
licence = Table(
    "licence",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("library", ForeignKey("library.code"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False, default="package"),  # package | database
    Column("platform", Text, nullable=False, default=""),
    Column("contract", Text, nullable=False, default=""),
    Column("signed", Date),
    Column("starts", Date, nullable=False),
    Column("ends", Date, nullable=False),  # the last day of access
    Column("titles", Integer, nullable=False, default=0),
    Column("copies", Integer, nullable=False, default=0),  # accesses by the contract
    Column("kopecks", BigInteger),
    Column("category", String(16), nullable=False, default="other"),
    Column("source", String(64), nullable=False, default=""),  # the source whose records are this package's titles
    Column("conditions", Text, nullable=False, default=""),
    Column("recorded", Date, nullable=False),
    Column("who", Text, nullable=False, default=""),
    Column("closed", Date),  # expired or dissolved: the day its titles left
    Column("closed_why", Text, nullable=False, default=""),
)

# Figures no MARC export holds (ОО-2 2.7, readers, loans, pupils by class): typed or imported, never computed.
manual_figure = Table(
    "manual_figure",
    metadata,
    Column("library", ForeignKey("library.code"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("day", Date, primary_key=True),  # the day the figure is true for, usually the end of a year
    Column("value", Float, nullable=False),
    Column("who", Text, nullable=False, default=""),
    Column("when", Moment, nullable=False),
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", String(32), nullable=False),  # "2026Q3"
    Column("start", Date, nullable=False),
    Column("end", Date, nullable=False),
    Column("made", Moment, nullable=False),
    Column("who", Text, nullable=False, default=""),
    Column("movement", BigInteger, nullable=False),  # the last line of each ledger it knew
    Column("title_movement", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),  # canonical JSON, compressed
    Column("digest", String(64), nullable=False),  # sha256 of the JSON
    Column("signature", String(64), nullable=False, default=""),  # HMAC-SHA256 of the digest with the district's key
    Column("previous", String(64), nullable=False, default=""),  # digest of the snapshot before: a chain
    Index("ix_snapshot_name", "name"),
)

kept_report = Table(
    "kept_report",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("name", String(64), nullable=False),
    Column("library", String(64), nullable=False, default=""),
    Column("period", String(32), nullable=False),
    Column("due", Date),
    Column("schedule", String(64), nullable=False, default=""),
    Column("made", Moment, nullable=False),
    Column("snapshot", Integer),
    Column("format", String(8), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("missing", JSON, nullable=False, default=list),  # codes of schools without fresh data on that day
    Column("mailed", Moment),
    Index("ix_kept_report_name", "name", "period"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),  # sha256 of the token: the token itself is not kept
    Column("name", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("until", Moment),
    Column("revoked", Moment),
    Column("used", Moment),
)

# Textbook provision: what classes need, what the federal list admits, what АИС «Учебник» says.
textbook_need = Table(
    "textbook_need",
    metadata,
    Column("library", ForeignKey("library.code"), primary_key=True),
    Column("year", Integer, primary_key=True),  # the school year begins in this year
    Column("grade", Integer, primary_key=True),
    Column("subject", String(128), primary_key=True),
    Column("fpu", String(32), primary_key=True, default=""),  # № in the federal list
    Column("title", Text, nullable=False, default=""),
    Column("authors", Text, nullable=False, default=""),
    Column("publisher", Text, nullable=False, default=""),
    Column("isbn", String(13), nullable=False, default=""),
    Column("pupils", Integer, nullable=False),
    Column("per_pupil", Float, nullable=False, default=1.0),
    Column("ordered", Integer, nullable=False, default=0),
)

fpu_entry = Table(
    "fpu_entry",
    metadata,
    Column("number", String(32), primary_key=True),
    Column("title", Text, nullable=False),
    Column("authors", Text, nullable=False, default=""),
    Column("subject", Text, nullable=False, default=""),
    Column("grade", String(16), nullable=False, default=""),
    Column("publisher", Text, nullable=False, default=""),
    Column("isbn", String(13), nullable=False, default=""),
    Column("valid_until", Date),  # the last day of use (Приложение 2: предельный срок); empty: in force
    Column("list", Text, nullable=False, default=""),  # the order it comes from
)

ais_row = Table(
    "ais_row",
    metadata,
    Column("library", ForeignKey("library.code"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("fpu", String(32), nullable=False, default=""),
    Column("title", Text, nullable=False),
    Column("authors", Text, nullable=False, default=""),
    Column("grade", String(16), nullable=False, default=""),
    Column("isbn", String(13), nullable=False, default=""),
    Column("year", String(4), nullable=False, default=""),
    Column("copies", Integer, nullable=False),
    Column("imported", Moment, nullable=False),
)

column_mapping = Table(
    "column_mapping",
    metadata,
    Column("name", String(64), primary_key=True),  # "fpu", "ais", "pupils" or a librarian's own
    Column("columns", JSON, nullable=False),  # {"title": "Наименование учебника", …}
    Column("header_row", Integer, nullable=False, default=1),
    Column("active", Boolean, nullable=False, default=True),
)
