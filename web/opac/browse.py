"""Browsing without a question: ББК and УДК, authors, subjects, classes × subjects, new arrivals, libraries."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, current_app, render_template, request
from werkzeug.exceptions import NotFound

from catalog_sync.facets import bbk_tree
from catalog_sync.query import Access, Everything, Query, ScanTerm, Sort, Unsupported
from web.i18n import N_, _
from web.labels import CATEGORIES, LIBRARY_KINDS, SCHOOL_SUBJECTS
from web.opac.present import Card, cards
from web.opac.search import address, answer, query_of
from web.opac.state import FIELDS, MAX_TEXT, SearchState, hide_adult, literal
from web.reader import reader
from web.services import services

blueprint = Blueprint("browse", __name__)
GRID_SECONDS = 600  # classes × subjects: eleven counted searches, and new textbooks come once a night
INDEX_LINES = 30
ALPHABET = "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЭЮЯ"
# Index → its access point and how a line is asked: whole headings as they are counted («Толстой, Л. Н.» is a heading of
# records with his forenames, too), titles by their words, which find parts and other printings as well.
INDEXES = {"authors": (Access.AUTHOR, "author"), "subjects": (Access.SUBJECT, "subject"),
           "titles": (Access.TITLE, "t_title")}  # fmt: skip
# УДК, main classes (ГОСТ Р 7.0.90; class 4 is vacant).
UDC = (
    ("0", N_("Общий отдел. Наука и знание")), ("1", N_("Философия. Психология")), ("2", N_("Религия")),
    ("3", N_("Общественные науки. Образование")), ("5", N_("Математика. Естественные науки")),
    ("6", N_("Прикладные науки. Медицина. Техника")), ("7", N_("Искусство. Спорт")),
    ("8", N_("Язык. Языкознание. Литература")), ("9", N_("География. Биографии. История")),
)  # fmt: skip


@dataclass(frozen=True)
class Branch:
    """A division of a classification: its index, name, number of editions, and what is below it."""

    index: str
    name: str
    count: int
    below: tuple[Branch, ...] = ()

    @property
    def url(self) -> str:
        return address(SearchState(filters={"bbk": (self.index,)}))


@blueprint.get("/browse/")
def start() -> str:
    return render_template("opac/browse.html", subjects=taught(), address=address, State=SearchState)


def taught() -> list[str]:
    """School subjects that at least one edition is for."""
    try:
        hits = services().catalogue.search(
            query_of(SearchState()), limit=0, facets=["school_subject"], facet_limit=len(SCHOOL_SUBJECTS)
        )
    except Unsupported:
        return list(SCHOOL_SUBJECTS)
    found = {value.value for value in hits.facets["school_subject"]}
    return [name for name in SCHOOL_SUBJECTS if name in found]


@blueprint.get("/browse/bbk")
def bbk() -> str:
    return render_template("opac/bbk.html", branches=branches(""))


def branches(parent: str) -> tuple[Branch, ...]:
    """The divisions under `parent` that hold at least one edition."""
    counts = bbk_counts()
    made = (Branch(index, name, counts.get(index, 0), branches(index))
            for index, above, name in bbk_tree() if above == parent)  # fmt: skip
    return tuple(branch for branch in made if branch.count)


def bbk_counts() -> dict[str, int]:
    try:
        hits = services().catalogue.search(query_of(SearchState()), limit=0, facets=["bbk"], facet_limit=200)
    except Unsupported:
        return {}
    return {value.value: value.count for value in hits.facets.get("bbk", ())}


@blueprint.get("/browse/udc")
def udc() -> str:
    rows = [(index, _(name), address(SearchState(words={"t_udc": index}))) for index, name in UDC]
    return render_template("opac/udc.html", rows=rows)


@blueprint.get("/browse/<any(authors, subjects, titles):kind>")
def index(kind: str) -> str:
    """An alphabetical index, a page at a time, from any letters on."""
    access, parameter = INDEXES[kind]
    start_at = request.args.get("from", "")[:MAX_TEXT].strip()  # a whole heading: many may begin alike
    try:
        terms = services().catalogue.scan(access, start_at, before=0, after=INDEX_LINES + 1, **shown_to_all())
    except Unsupported:
        terms = []
    lines = [(t, address(asked_for(parameter, t.term))) for t in terms[:INDEX_LINES]]
    return render_template(
        "opac/index.html", kind=kind, lines=lines, start=start_at, alphabet=ALPHABET,
        following=terms[INDEX_LINES].term if len(terms) > INDEX_LINES else "", previous=previous(access, start_at),
    )  # fmt: skip


def asked_for(parameter: str, term: str) -> SearchState:
    if parameter in FIELDS:
        return SearchState(words={parameter: literal(term)})
    return SearchState(filters={parameter: (term,)})


def shown_to_all() -> dict[str, Any]:
    """In the child's view an index lists nothing for adults."""
    return {"within": hide_adult(Everything())} if reader().child else {}


def previous(access: Access, start_at: str) -> str:
    """Where the page before this one begins; "" on the first."""
    if not start_at:
        return ""
    try:
        before: list[ScanTerm] = services().catalogue.scan(
            access, start_at, before=INDEX_LINES, after=0, **shown_to_all()
        )
    except Unsupported:
        return ""
    return before[0].term if before else ""


@blueprint.get("/browse/classes")
def classes() -> str:
    """Classes × school subjects: how many editions each cell holds."""
    found = grid()
    subjects = [name for name in SCHOOL_SUBJECTS if any(name in row for row in found.values())]
    return render_template("opac/classes.html", grid=found, subjects=subjects, address=address, State=SearchState)


def grid() -> dict[str, dict[str, int]]:
    """class → subject → editions, kept for a while: it changes once a night."""
    kept = current_app.extensions.setdefault("classes-grid", {})
    key = reader().child
    if key not in kept or kept[key][0] < time.monotonic():
        kept[key] = (time.monotonic() + GRID_SECONDS, {str(n): grade_row(str(n)) for n in range(1, 12)})
    found: dict[str, dict[str, int]] = kept[key][1]
    return found


def grade_row(grade: str) -> dict[str, int]:
    state = SearchState(filters={"grade": (grade,)})
    try:
        hits = services().catalogue.search(query_of(state), limit=0, facets=["school_subject"], facet_limit=60)
    except Unsupported:
        return {}
    return {value.value: value.count for value in hits.facets.get("school_subject", ())}


@blueprint.get("/new")
def new() -> str:
    """New arrivals, of the whole district, of one library, of one kind."""
    filters = {name: tuple(request.args.getlist(name)[:5]) for name in ("library", "category")}
    state = SearchState(filters={k: v for k, v in filters.items() if any(v)}, sort=Sort.NEWEST)
    found = answer(state, with_facets=False)
    return render_template("opac/new.html", answer=found, state=state, categories=CATEGORIES, address=address,
                           feed=replace(state, page=1).query_string())  # fmt: skip


@blueprint.get("/libraries/")
def libraries() -> str:
    """Those that are open: a school that was closed has its page, for old links, and nothing to lend."""
    open_ones = services().directory.settlements(only_open=True)
    return render_template("opac/libraries.html", settlements=open_ones, kinds=LIBRARY_KINDS)


@blueprint.get("/libraries/<path:code>")
def library(code: str) -> str:
    found = services().directory.get(code)
    if found is None:
        raise NotFound()
    state = SearchState(filters={"library": (code,)}, sort=Sort.NEWEST)
    return render_template(
        "opac/library.html", library=found, kinds=LIBRARY_KINDS, newest=newest(6, code), all_url=address(state),
        total=count(code), closed=services().directory.is_closed(code),
    )  # fmt: skip


def held_by(code: str) -> Query:
    """What a library has, or all of them, as far as this reader is shown it."""
    return query_of(SearchState(filters={"library": (code,)} if code else {}))


def newest(number: int, code: str = "") -> Sequence[Card]:
    """The latest arrivals, of one library or of all."""
    hits = services().catalogue.search(held_by(code), limit=number, sort=Sort.NEWEST)
    return cards(services().catalogue, hits.clusters, reader().library)


def count(code: str = "") -> int:
    return services().catalogue.search(held_by(code), limit=0).total
