"""Tables of the web side: staff, electronic resources, thematic lists, local lore, uploads, readers' words."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from catalog_sync.store.tables import BigId, Moment, metadata

staff_user = Table(
    "staff_user",
    metadata,
    Column("login", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),  # librarian | methodologist | administrator
    Column("library", ForeignKey("library.code")),  # a librarian's own
    Column("password", Text, nullable=False),  # argon2id, with its parameters
    Column("active", Boolean, nullable=False, default=True),
    Column("created", Moment, nullable=False),
    Column("stamp", String(32), nullable=False),  # changes with the password: old sessions end
)

# Failed logins only; a successful one clears them. Counted over all workers, so they live here.
login_failure = Table(
    "login_failure",
    metadata,
    Column("number", BigId, primary_key=True),
    Column("login", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("when", Moment, nullable=False),
    Index("ix_login_failure_when", "when"),
)

# How often the catalogue was asked, by day and kind: numbers alone, nobody's words and nobody's address.
usage = Table(
    "usage",
    metadata,
    Column("day", Date, primary_key=True),
    Column("what", String(16), primary_key=True),  # of store.usage.KINDS
    Column("count", Integer, nullable=False),
)

eresource = Table(
    "eresource",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("kind", String(16), nullable=False),  # site | library | database | platform | edition | lesson
    Column("url", Text, nullable=False),
    Column("search_url", Text, nullable=False, default=""),  # with {query}: «искать там»
    Column("description", Text, nullable=False, default=""),
    Column("how_to", Text, nullable=False, default=""),
    Column("provider", Text, nullable=False, default=""),
    Column("basis", String(16), nullable=False),  # open_licence | public_domain | contract | premises | external
    Column("licence", Text, nullable=False, default=""),
    Column("contract", Text, nullable=False, default=""),
    Column("starts", Date),
    Column("ends", Date),
    Column("seats", Integer),
    Column("libraries", JSON, nullable=False, default=list),  # codes that may open it; empty = all
    Column("networks", JSON, nullable=False, default=list),  # CIDR of the premises
    Column("age", String(4), nullable=False, default=""),
    Column("subjects", JSON, nullable=False, default=list),
    Column("cluster", String(20), nullable=False, default=""),
    Column("active", Boolean, nullable=False, default=True),
    Column("checked", Moment),
    Column("check_fault", Text, nullable=False, default=""),  # "" = answered
)

reading_list = Table(
    "reading_list",
    metadata,
    Column("slug", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("about", Text, nullable=False, default=""),
    Column("library", ForeignKey("library.code")),
    Column("published", Boolean, nullable=False, default=False),
    Column("who", Text, nullable=False),
    Column("changed", Moment, nullable=False),
)

reading_list_item = Table(
    "reading_list_item",
    metadata,
    Column("slug", ForeignKey("reading_list.slug", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("cluster", String(20), nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    Column("url", Text, nullable=False, default=""),  # a museum card, a site: an item that is not an edition
    Column("title", Text, nullable=False, default=""),
    Index("ix_reading_list_item_cluster", "cluster"),
)

lore_person = Table(
    "lore_person",
    metadata,
    Column("slug", String(64), primary_key=True),
    Column("name", Text, nullable=False),  # the heading: «Иванов, Иван Иванович»
    Column("dates", Text, nullable=False, default=""),
    Column("about", Text, nullable=False, default=""),
    Column("links", JSON, nullable=False, default=list),  # [{"url", "title"}]
    Column("published", Boolean, nullable=False, default=False),
)

upload = Table(
    "upload",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("source", ForeignKey("source.code"), nullable=False),
    Column("name", Text, nullable=False),  # as the sender called it; never a path of ours
    Column("sha256", LargeBinary(32), nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("incremental", Boolean, nullable=False, default=False),
    Column("who", Text, nullable=False),
    Column("when", Moment, nullable=False),
    Column("state", String(16), nullable=False, default="new"),  # new | asked | dropped
)

error_report = Table(
    "error_report",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("cluster", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("when", Moment, nullable=False),
    Column("done", Moment),
    Column("done_by", Text, nullable=False, default=""),
)

# «Запись домой»: what a school took instead of typing it (roadmap 6.1 counts it).
borrowed = Table(
    "borrowed",
    metadata,
    Column("number", BigId, primary_key=True),
    Column("library", String(64), nullable=False, index=True),
    Column("origin", Text, nullable=False),  # cluster id, or TARGET:ISBN
    Column("dialect", String(16), nullable=False),
    Column("who", Text, nullable=False),
    Column("when", Moment, nullable=False),
)
