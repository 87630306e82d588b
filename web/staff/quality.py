"""The quality report of a school: what its own export lacks, with records to open."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from sqlalchemy import func, select

from catalog_sync.store import registry
from catalog_sync.store import tables as t
from catalog_sync.store.database import reading
from web.i18n import _
from web.services import services
from web.staff.access import me, needs, refuse_foreign_library

blueprint = Blueprint("quality", __name__, url_prefix="/staff/quality")
EXAMPLES = 20


@dataclass(frozen=True)
class Fault:
    text: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class SourceQuality:
    """One source: records, those without copies, those twice in the same school, and the readers' complaints."""

    code: str
    name: str
    records: int
    without_copies: int
    doubled: int
    set_aside: int
    faults: tuple[Fault, ...]


@blueprint.get("/")
@needs("librarian")
def report() -> str:
    library = request.args.get("library") or me().library or first_school()
    refuse_foreign_library(library)
    return render_template("staff/quality.html", sources=of_library(library), library=library)


def first_school() -> str:
    """Where a methodologist begins: schools before museums and partners."""
    every = sorted(services().directory.all().values(), key=lambda one: one.kind != "school")
    return every[0].code if every else ""


def of_library(library: str) -> list[SourceQuality]:
    with reading(services().store) as connection:
        found = [s for s in registry.sources(connection) if s.library == library]
        return [of_source(connection, s.code, s.name or s.code) for s in found]


def of_source(connection: object, code: str, name: str) -> SourceQuality:
    ask = connection.execute  # type: ignore[attr-defined]
    live = (t.record.c.source == code, ~t.record.c.deleted)
    records = ask(select(func.count()).select_from(t.record).where(*live)).scalar() or 0
    empty = (
        select(t.record.c.local_id)
        .outerjoin(t.holding, t.holding.c.record == t.record.c.id)
        .where(*live, func.coalesce(t.holding.c.copies, 0) == 0)
        .order_by(t.record.c.local_id)
    )
    twice = (
        select(t.member.c.cluster).join(t.record, t.record.c.id == t.member.c.record)
        .where(*live).group_by(t.member.c.cluster).having(func.count() > 1)
    )  # fmt: skip
    doubled = (
        select(t.record.c.local_id).join(t.member, t.member.c.record == t.record.c.id)
        .where(*live, t.member.c.cluster.in_(twice)).order_by(t.member.c.cluster, t.record.c.local_id)
    )  # fmt: skip
    without, several = (list(ask(query).scalars()) for query in (empty, doubled))
    last = ask(select(t.run.c.set_aside).where(t.run.c.source == code, t.run.c.state == "published")
               .order_by(t.run.c.number.desc()).limit(1)).scalar() or 0  # fmt: skip
    rows = ask(select(t.record.c.local_id, t.record.c.warnings).where(*live)).all()
    editions = ask(select(func.count()).select_from(twice.subquery())).scalar() or 0
    told = (
        fault(code, _("записи без экземпляров"), without),
        fault(code, _("записи дважды описанных изданий"), several),
    )
    return SourceQuality(code, name, records, len(without), editions, last,
                         (*filter(None, told), *faults(code, rows)))  # fmt: skip


def fault(code: str, text: str, ids: list[str]) -> Fault | None:
    return Fault(text, len(ids), tuple(f"{code}/{i}" for i in ids[:EXAMPLES])) if ids else None


def faults(code: str, rows: list[tuple[str, list[str]]]) -> tuple[Fault, ...]:
    """Warnings of the reader by kind, the most frequent first, with ids to open."""
    by_text: dict[str, list[str]] = {}
    for local_id, warnings in rows:
        for text in warnings or ():
            by_text.setdefault(text, []).append(local_id)
    ordered = sorted(by_text.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return tuple(Fault(text, len(ids), tuple(f"{code}/{i}" for i in ids[:EXAMPLES])) for text, ids in ordered)
