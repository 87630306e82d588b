"""The schema: every table of the catalogue, in the order of the line (source record → cluster → union → figures).

Source records and librarians' words are the truth; everything marked *derived* can be rebuilt from them.
Keys carry the library's source or the cluster first, so that a region can partition by them later.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.engine import Dialect

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by INTEGER PRIMARY KEY only; a region's PostgreSQL needs more than 2^31 of some.
BigId = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """A timezone-aware moment, kept as UTC: SQLite has no time zones and PostgreSQL should not guess ours."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone, came {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


meta = Table("meta", metadata, Column("key", String(64), primary_key=True), Column("value", Text, nullable=False))

library = Table(
    "library",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False, default="school"),
    Column("settlement", Text, nullable=False, default=""),
    Column("address", Text, nullable=False, default=""),
    Column("email", Text, nullable=False, default=""),
    Column("phone", Text, nullable=False, default=""),
    Column("stage", Integer, nullable=False, default=0),
    Column("pupils", Integer, nullable=False, default=0),
    Column("coordinates", Text, nullable=False, default="", server_default=""),
)

source = Table(
    "source",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("library", ForeignKey("library.code"), nullable=False, index=True),
    Column("name", Text, nullable=False, default=""),
    Column("harvester", String(32), nullable=False, default="manual"),
    Column("dialect", String(16), nullable=False),
    Column("encoding", String(16), nullable=False, default=""),
    Column("holdings_profile", String(32), nullable=False, default=""),
    Column("base", Text, nullable=False, default=""),
    Column("incremental", Boolean, nullable=False, default=False),
    Column("schedule", Text, nullable=False, default=""),
    Column("active", Boolean, nullable=False, default=True),
    Column("settings", JSON, nullable=False, default=dict),
    Column("bookmark", Text, nullable=False, default=""),  # moves only when a run is published
    Column("published_run", Integer),
)

run = Table(
    "run",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("source", ForeignKey("source.code"), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("started", Moment, nullable=False),
    Column("finished", Moment),
    Column("published", Moment),
    Column("incremental", Boolean, nullable=False, default=False),
    Column("encoding", String(16), nullable=False, default=""),
    Column("message", Text, nullable=False, default=""),
    Column("bookmark", Text, nullable=False, default=""),
    Column("bookmark_before", Text, nullable=False, default=""),
    Column("read", Integer, nullable=False, default=0),
    Column("new", Integer, nullable=False, default=0),
    Column("changed", Integer, nullable=False, default=0),
    Column("unchanged", Integer, nullable=False, default=0),
    Column("gone", Integer, nullable=False, default=0),
    Column("set_aside", Integer, nullable=False, default=0),
    Column("clusters_touched", Integer, nullable=False, default=0),
    Column("copies_added", Integer, nullable=False, default=0),
    Column("copies_removed", Integer, nullable=False, default=0),
    Column("warnings", JSON, nullable=False, default=list),
    Column("files", JSON, nullable=False, default=list),  # [{"name", "xxh3", "bytes"}]
    Column("log", Text, nullable=False, default=""),
    Column("progress", Text, nullable=False, default=""),  # what it is doing now, for the status board
    Column("heartbeat", Moment),  # a running row whose heart stopped belongs to a dead process
    Column("asked_by", Text, nullable=False, default=""),
    Column("decided_by", Text, nullable=False, default=""),
    Column("seconds", Float, nullable=False, default=0.0),
    Index("ix_run_source_number", "source", "number"),
)

record = Table(
    "record",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("source", ForeignKey("source.code"), nullable=False),
    Column("local_id", Text, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("data", LargeBinary, nullable=False),  # the bytes as they came, compressed
    Column("dialect", String(16), nullable=False),
    Column("encoding", String(16), nullable=False),
    Column("deleted", Boolean, nullable=False, default=False),  # a tombstone keeps the last bytes
    Column("warnings", JSON, nullable=False, default=list),
    Column("first_run", Integer, nullable=False),
    Column("last_run", Integer, nullable=False),
    Column("first_seen", Moment, nullable=False),
    Column("changed", Moment, nullable=False),
    UniqueConstraint("source", "local_id"),
)

# Derived: digests and local ids of a source's live records, packed (store/digests.py).
source_digests = Table(
    "source_digests",
    metadata,
    Column("source", ForeignKey("source.code"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

stage = Table(
    "stage",
    metadata,
    Column("run", ForeignKey("run.number", ondelete="CASCADE"), primary_key=True),
    Column("local_id", Text, primary_key=True),
    Column("action", String(8), nullable=False),  # new | changed | renamed | reread | gone
    Column("former", Text),  # of a renamed one the local id that its record is published under
    Column("digest", LargeBinary(32)),
    Column("data", LargeBinary),
    Column("dialect", String(16)),
    Column("encoding", String(16)),
    Column("warnings", JSON),
    Column("described", LargeBinary),  # what the record says, as it will stand in `described`
)

record_change = Table(
    "record_change",
    metadata,
    Column("run", ForeignKey("run.number"), primary_key=True),
    Column("record", ForeignKey("record.id"), primary_key=True),
    Column("action", String(8), nullable=False),
    # What stood before: a roll-back puts it back. Empty for a record that was new.
    Column("digest", LargeBinary(32)),
    Column("data", LargeBinary),
    Column("dialect", String(16)),
    Column("encoding", String(16)),
    Column("deleted", Boolean),
    Column("warnings", JSON),
    Index("ix_record_change_record", "record"),
)

# The local id of a record before a run that changed it.
former_number = Table(
    "former_number",
    metadata,
    Column("run", ForeignKey("run.number"), primary_key=True),
    Column("record", ForeignKey("record.id"), primary_key=True),
    Column("local_id", Text, nullable=False, index=True),
)

set_aside = Table(
    "set_aside",
    metadata,
    Column("run", ForeignKey("run.number"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("offset", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("file", Text, nullable=False, server_default=""),
)

# Derived: what a live record says, so that nobody has to read its bytes again when its edition is united.
described = Table(
    "described",
    metadata,
    Column("record", ForeignKey("record.id"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# Derived: what matching sees. Records that are typed alike share one portrait: blocks and edges are between portraits.
# Numbers are not given twice (`meta`): what is packed in `apart` names portraits that may be gone.
portrait = Table(
    "portrait",
    metadata,
    Column("number", BigId, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("data", LargeBinary, nullable=False),  # matching.features.Features, packed
)

# Derived: the portrait of a live record.
feature = Table(
    "feature",
    metadata,
    Column("record", ForeignKey("record.id"), primary_key=True),
    Column("portrait", ForeignKey("portrait.number"), nullable=False, index=True),
)

# Derived: portraits that share a match key.
match_block = Table(
    "match_block",
    metadata,
    Column("key", BigId, primary_key=True, autoincrement=False),  # 64 bits of its hash
    Column("members", LargeBinary, nullable=False),  # numbers of portraits (store.blocks.pack)
)

# Derived: portraits that may be one edition (unsure and same), with their evidence and what became of them. A portrait
# with itself stands for any two records that have it.
edge = Table(
    "edge",
    metadata,
    Column("left", BigId, primary_key=True),
    Column("right", BigId, primary_key=True),
    Column("same", Boolean, nullable=False),  # else unsure
    Column("score", Float, nullable=False),
    Column("findings", LargeBinary, nullable=False),  # matching.compare.Judgement.findings, packed
    Column("refused", String(8), nullable=False, default=""),  # veto | torn | decision | weak: looked alike, kept apart
    Index("ix_edge_right", "right"),
    sqlite_with_rowid=False,
)

# Derived: the portraits that one was compared with and differs from. The pairs are millions and only `explain` asks for
# them: packed, each at one of its two (store.edges.pack_refused).
apart = Table(
    "apart",
    metadata,
    Column("portrait", BigId, primary_key=True, autoincrement=False),
    Column("others", LargeBinary, nullable=False),  # with the codes of what decided: matching.verdict.KINDS
)

cluster = Table(
    "cluster",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("created", Moment, nullable=False),
    Column("size", Integer, nullable=False),  # 0: gone, its page says so or redirects
    Column("redirect", String(20), nullable=False, default=""),
)

member = Table(
    "member",
    metadata,
    Column("record", ForeignKey("record.id"), primary_key=True),
    Column("cluster", ForeignKey("cluster.id"), nullable=False, index=True),
)

cluster_event = Table(
    "cluster_event",
    metadata,
    Column("number", BigId, primary_key=True),
    Column("cluster", String(20), nullable=False, index=True),
    Column("when", Moment, nullable=False),
    Column("event", String(16), nullable=False),  # created | joined | left | merged | split | gone | restored
    Column("record", BigId),
    Column("other", String(20), nullable=False, default=""),
    Column("run", Integer),
    Column("decision", Integer),
)

decision = Table(
    "decision",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("left_source", String(64), nullable=False),
    Column("left_id", Text, nullable=False),
    Column("right_source", String(64), nullable=False),
    Column("right_id", Text, nullable=False),
    Column("same", Boolean, nullable=False),
    Column("who", Text, nullable=False),
    Column("when", Moment, nullable=False),
    Column("why", Text, nullable=False),
    Column("undone", Moment),
    Column("undone_by", Text, nullable=False, default=""),
    Column("part_of", Integer),  # the decision that was said of two editions; this pair only follows from it
    Index("ix_decision_left", "left_source", "left_id"),
    Index("ix_decision_right", "right_source", "right_id"),
)

# Derived: blocks too full to compare everybody in them with everybody; within, only finer look-alikes were compared.
not_compared = Table(
    "not_compared",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("label", Text, nullable=False),
    Column("pairs", BigInteger, nullable=False),  # left out
)

# Derived: the union record readers see, and the outbox for the index, OAI-PMH and feeds.
union_record = Table(
    "union_record",
    metadata,
    Column("cluster", ForeignKey("cluster.id"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("year", Integer),  # of publication; empty where the records name none
    Index("ix_union_record_year", "cluster", "year"),
)

cluster_change = Table(
    "cluster_change",
    metadata,
    Column("cluster", String(20), primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("when", Moment, nullable=False, index=True),
    Column("deleted", Boolean, nullable=False),
    Column("sets", JSON, nullable=False, default=list),
    # Sets it once was in and is no longer: who harvests one of them has to hear that it went.
    Column("left_sets", JSON, nullable=False, default=list, server_default="[]"),
)

# Derived: what one library has of one record now.
holding = Table(
    "holding",
    metadata,
    Column("record", ForeignKey("record.id"), primary_key=True),
    Column("library", String(64), nullable=False, index=True),
    Column("copies", Integer, nullable=False),
    Column("category", String(16), nullable=False),
    Column("carrier", String(16), nullable=False),
    Column("ekind", String(16), nullable=False, default=""),
    Column("data", LargeBinary, nullable=False),  # model.Holdings, packed
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(96), primary_key=True),  # "source:CODE", "indexer"
    Column("holder", Text, nullable=False),
    Column("until", Moment, nullable=False),
)

job_request = Table(
    "job_request",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("what", String(32), nullable=False),  # harvest | approve | reject | rollback | report …
    Column("argument", Text, nullable=False, default=""),
    Column("asked_by", Text, nullable=False, default=""),
    Column("asked", Moment, nullable=False),
    Column("taken", Moment),
    Column("finished", Moment),
    Column("answer", Text, nullable=False, default=""),
)

audit = Table(
    "audit",
    metadata,
    Column("number", BigId, primary_key=True),
    Column("when", Moment, nullable=False, index=True),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("before", JSON),
    Column("after", JSON),
)
