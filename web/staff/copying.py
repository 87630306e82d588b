"""«Запись домой»: an ISBN in, the district's best record out, in the dialect and encoding of the school's system."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Blueprint, Response, abort, render_template, request

from catalog_sync.errors import BadRecord
from catalog_sync.marc import writing
from catalog_sync.marc.union_marc import from_union
from catalog_sync.model import Dialect, MarcRecord
from catalog_sync.query import Access, Term, Unsupported
from catalog_sync.store import staff
from catalog_sync.store.database import reading
from catalog_sync.store.database import writing as transaction
from web.opac.present import Card, cards
from web.security import attachment, file_name
from web.services import services
from web.staff.access import me, needs

blueprint = Blueprint("copying", __name__, url_prefix="/staff/copy")
FOUND = 5
DIALECTS = {d.value: d.label for d in (Dialect.MARCSQL, Dialect.RUSMARC, Dialect.MARC21)}
ENCODINGS = ("cp1251", "utf-8", "cp866")
ENOUGH = {"title": 25, "agents": 15, "publishers": 10, "year_text": 10, "isbns": 10, "extent": 10, "bbk": 10,
          "subjects": 10}  # points of the quality score, 100 together  # fmt: skip


@dataclass(frozen=True)
class Found:
    card: Card
    score: int
    marc: MarcRecord


@blueprint.get("/")
@needs("librarian")
def form() -> str:
    """The best records of an ISBN first, each as it would arrive in the school's system."""
    typed = request.args.get("isbn", "").strip()[:40]
    dialect, encoding = wanted()
    found = look_up(typed, dialect) if typed else []
    with reading(services().store) as connection:
        borrowed = staff.borrowed_by_library(connection)
    return render_template("staff/copy.html", typed=typed, found=found, dialect=dialect, encoding=encoding,
                           dialects=DIALECTS, encodings=ENCODINGS,
                           has_targets=any(t.active for t in services().settings.targets),
                           borrowed=borrowed.get(me().library or "", 0))  # fmt: skip


def wanted() -> tuple[Dialect, str]:
    dialect, encoding = request.values.get("dialect", "marcsql"), request.values.get("encoding", "cp1251")
    if dialect not in DIALECTS or encoding not in ENCODINGS:
        abort(400)
    return Dialect(dialect), encoding


def look_up(typed: str, dialect: Dialect) -> list[Found]:
    digits = re.sub(r"[^0-9Xx]", "", typed)
    if not digits:
        return []
    try:
        hits = services().catalogue.search(Term(digits, Access.ISBN), limit=FOUND)
    except Unsupported:
        return []
    made = [Found(card, quality(card), from_union(card.record, dialect)) for card in
            cards(services().catalogue, hits.clusters, me().library or "", all_ages=True)]  # fmt: skip
    return sorted(made, key=lambda found: -found.score)


def quality(card: Card) -> int:
    """How complete a description is, 0 to 100, by the areas a school's catalogue needs."""
    return sum(points for name, points in ENOUGH.items() if getattr(card.bib, name))


@blueprint.post("/<cluster>")
@needs("librarian")
def take(cluster: str) -> Response:
    """The record as a file; what was borrowed is counted for the school."""
    record = services().catalogue.record(cluster)
    if record is None:
        abort(404)
    dialect, encoding = wanted()
    try:
        data = writing.to_iso2709(from_union(record, dialect), encoding)
    except BadRecord:
        abort(422)
    with transaction(services().store) as connection:
        staff.note_borrowed(connection, me().library or "", cluster, dialect.value, me().login, services().now())
    response = Response(data, content_type="application/marc")
    return attachment(response, file_name(f"{dialect.value}-{cluster}", "mrc"))
