"""The local-lore shelf: people of the district, their works wherever they are, and links to museum pages."""

from __future__ import annotations

from flask import Blueprint, abort, render_template

from catalog_sync.query import Access, Or, Sort, Term, Truncation
from catalog_sync.store import lists
from catalog_sync.store.database import reading
from web.opac.present import cards
from web.reader import reader
from web.services import services

blueprint = Blueprint("lore", __name__)
WORKS = 60
# Local lore as schools mark it: a heading, the lesson, ББК 26.89 (Краеведение) or УДК 908.
LOCAL = Or(
    Or(Term("краеведение", Access.SUBJECT), Term("Краеведение", Access.SUBJECT_AREA)),
    Or(Term("26.89", Access.BBK, truncation=Truncation.RIGHT), Term("908", Access.UDC, truncation=Truncation.RIGHT)),
)


@blueprint.get("/lore/")
def index() -> str:
    with reading(services().store) as connection:
        people = lists.people(connection)
    found = services().catalogue.search(LOCAL, limit=WORKS, sort=Sort.YEAR_DOWN)
    books = cards(services().catalogue, found.clusters, reader().library)
    return render_template("opac/lore.html", people=people, books=books)


@blueprint.get("/lore/<slug>")
def person(slug: str) -> str:
    with reading(services().store) as connection:
        found = lists.person(connection, slug)
    if found is None or not found.published:
        abort(404)
    works = services().catalogue.search(Term(found.name, Access.AUTHOR), limit=WORKS, sort=Sort.YEAR_DOWN)
    about = services().catalogue.search(
        Or(Term(found.name, Access.SUBJECT), Term(found.name, Access.TITLE)), limit=WORKS, sort=Sort.YEAR_DOWN
    )
    mine = reader().library
    by = cards(services().catalogue, works.clusters, mine)
    own = {card.id for card in by}
    on = [card for card in cards(services().catalogue, about.clusters, mine) if card.id not in own]
    return render_template("opac/lore_person.html", person=found, works=by, about=on)
