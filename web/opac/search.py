"""Search: one box, facets, hits, and the same answer as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape as escape_anew
from typing import Any, NamedTuple

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from catalog_sync.query import FacetValue, Hits, Query, Sort, Unsupported
from catalog_sync.search import brief, description
from catalog_sync.search.brief import Brief
from catalog_sync.search.document import ACCESS_TEXTBOOK_LIST
from catalog_sync.search.fewer import Fewer, fewer_words
from catalog_sync.search.parse import alternatives_meant
from web.i18n import N_, _, asked_language, grouped
from web.labels import CARRIERS, FACETS, FIELD_WORDS, KINDS, SORTS, facet_word, unanswered
from web.opac import box
from web.opac import copies as in_the_hand
from web.opac.elsewhere import search_there
from web.opac.hits import escape
from web.opac.places import place_counts
from web.opac.present import Card, cards
from web.opac.state import MAX_PAGE, PAGE_SIZE, SearchState, hide_adult, read_state, to_query
from web.reader import reader
from web.services import services

blueprint = Blueprint("search", __name__)
FACET_LIMIT = 100  # values of one facet, most of them under «ещё»; only libraries are all there, however many
MOST_SAVED = 2000  # records of one file: more is what `catalog-sync export`, OAI-PMH and SRU are for
SHOWN = 6  # values before «ещё»
CLASSES = tuple(map(str, range(1, 12)))


class Value(NamedTuple):
    """One line of a facet, with the address it leads to."""

    text: str
    number: int | None
    url: str
    chosen: bool


@dataclass(frozen=True)
class Facet:
    name: str
    title: str
    values: tuple[Value, ...]

    @property
    def first(self) -> tuple[Value, ...]:
        """What is shown at once: the chosen values and the most frequent ones."""
        return self.values[: max(SHOWN, sum(v.chosen for v in self.values))]

    @property
    def more(self) -> tuple[Value, ...]:
        return self.values[len(self.first) :]


def lines(values: Sequence[Value]) -> Markup:
    """Lines of a facet as HTML: sixty on a page, each written without a macro."""
    made = []
    for value in values:
        count = f' <span class="count">{grouped(value.number)}</span>' if value.number is not None else ""
        chosen = ' class="chosen" aria-current="true"' if value.chosen else ""
        made.append(f'<li><a href="{escape_anew(value.url)}"{chosen}><span>{escape(value.text)}</span>{count}</a></li>')
    return Markup("".join(made))  # noqa: S704 (every value is escaped above)


@dataclass(frozen=True)
class Answer:
    """What a search page shows."""

    state: SearchState
    total: int
    clusters: tuple[str, ...]
    briefs: Sequence[Brief]
    facets: tuple[Facet, ...]
    suggestion: str
    complaint: str = ""
    listed: int = 0  # of the hits, textbooks of the federal list
    asked: str = ""  # what was typed, where it found nothing and `state` is what was probably meant
    copies: in_the_hand.Copies | None = None  # where an inventory number is asked for; the hits are their editions

    @property
    def pages(self) -> int:
        """Pages that can be turned to."""
        return min(max(1, -(-self.total // PAGE_SIZE)), MAX_PAGE)


@blueprint.get("/search")
def search() -> str | AnyResponse:
    state = read_state(request.args)
    found = answer(state)
    if found.copies:
        return render_template("opac/copies.html", answer=found, copies=found.copies)
    if found.state.page > found.pages:  # an old link, or editions that went since: the end of the list, not «nothing»
        return redirect(address(state, page=found.pages))
    return render_template(
        "opac/search.html",
        answer=found,
        sorts=SORTS,
        chips=chips(found.state),
        lines=lines,
        cut_short=cut_short(found.total),
        url=address,
        fewer=fewer(found.state) if not (found.total or found.complaint) else (),
        numbered=bool(state.words.get("t_isbn") or re.search(r"\d{3}", state.q)),
        elsewhere=search_there(" ".join((state.q, *state.words.values()))) if not found.total else (),
    )


@blueprint.get("/search.json")
def search_json() -> Response:
    state = read_state(request.args)
    found = answer(state)
    hits = cards(services().catalogue, found.clusters, reader().library)
    return jsonify(
        total=found.total,
        page=state.page,
        pages=found.pages,
        suggestion=found.suggestion,
        hits=[as_json(card) for card in hits],
        facets={f.name: [{"value": v.text, "count": v.number} for v in f.values] for f in found.facets},
        **({"copies": in_the_hand.as_json(found.copies)} if found.copies else {}),
    )


@blueprint.get("/advanced")
def advanced() -> str:
    state = read_state(request.args)
    return render_template("opac/advanced.html", state=state, kinds=KINDS, carriers=CARRIERS, classes=CLASSES)


@blueprint.get("/suggest")
def suggest() -> Response:
    """Titles, authors and subjects that begin like what is typed: `[{text, kind, url}]`."""
    text = request.args.get("q", "")[:100].strip()
    found = box.suggestions(services().catalogue, text) if len(text) > 1 else []
    made = [{"text": s.text, "kind": _(s.label), "url": address(s.state)} for s in found]
    response = jsonify(made)
    response.headers["Cache-Control"] = "private, max-age=60"
    return response


def address(state: SearchState, **changes: Any) -> str:
    """The permanent link of a state; built without url_for, a search page has two hundred of them."""
    text = state.query_string(**changes)
    lang = asked_language()
    if lang:
        text += f"&lang={lang}" if text else f"lang={lang}"
    return f"{request.script_root}/search" + (f"?{text}" if text else "")


def query_of(state: SearchState) -> Query:
    query = to_query(state, box.read(state.q), places(), reader().library)
    return hide_adult(query) if reader().child else query


def places() -> dict[str, tuple[str, ...]]:
    """Library codes of each settlement."""
    return {name: tuple(x.code for x in group) for name, group in services().directory.settlements().items()}


def answer(state: SearchState, *, with_facets: bool = True) -> Answer:
    """Ask the catalogue. What it can't answer becomes a sentence on the page, never a silent zero."""
    if copies := in_the_hand.asked(state):
        return of_copies(state, copies)
    if state.is_empty and state.sort is Sort.RELEVANCE:
        state = replace(state, sort=Sort.NEWEST)
    names = facet_names() if with_facets else []
    try:
        hits = services().catalogue.search(
            query_of(state),
            offset=state.offset,
            limit=PAGE_SIZE,
            sort=state.sort,
            facets=names,
            facet_limit=facet_limit(),
            **preference(),
        )
    except Unsupported as error:
        return Answer(state, 0, (), (), (), "", unanswered(error))
    if not hits.total and (copies := in_the_hand.guessed(state)):
        return of_copies(state, copies)
    suggestion = "" if hits.total else words_meant(state)
    for other in () if hits.total else meant(state, suggestion):
        found = answer(other, with_facets=with_facets)
        if found.total:
            return replace(found, asked=" ".join((state.q, *state.words.values())).strip(), suggestion=other.q)
    counted: dict[str, Sequence[FacetValue]] = {**hits.facets, **open_facets(state, names)}
    listed = next((v.count for v in hits.facets.get("access", ()) if v.value == ACCESS_TEXTBOOK_LIST), 0)
    others = [v for v in counted.get("access", ()) if v.value != ACCESS_TEXTBOOK_LIST]  # which has a switch of its own
    counted["access"] = others
    if "library" in hits.facets:
        counted["place"] = open_places(state, hits.facets["library"])
    made = make_facets(state, counted)
    return Answer(state, hits.total, hits.clusters, briefs(hits), made, suggestion, listed=listed)


def of_copies(state: SearchState, copies: in_the_hand.Copies) -> Answer:
    """The editions of copies found by their number. A copy that left may have taken its edition along."""
    found = cards(services().catalogue, copies.clusters, reader().library, all_ages=True)
    clusters = tuple(card.id for card in found)
    return Answer(state, len(found), clusters, [card.brief for card in found], (), "", copies=copies)


def words_meant(state: SearchState) -> str:
    """What was typed without its typing errors, "" where it has none. Of the typed words alone: the conditions of a
    page (libraries, classes, the child's view) are no words, and stay where they are."""
    if not (state.q or state.words):
        return ""
    typed = to_query(SearchState(words=state.words), box.read(state.q), {}, "")
    return services().catalogue.search(typed, limit=0, suggest=True).suggestion


def meant(state: SearchState, suggestion: str) -> Iterator[SearchState]:
    """The same search as it was probably meant: the book a line of a list describes, words that exist, or a small
    «или» as the operator."""
    for less in description.readings(state.q):
        yield replace(state, q=less, page=1)
    if suggestion and suggestion != state.q:
        yield replace(state, q=suggestion, words={}, page=1)
    if either := alternatives_meant(state.q):
        yield replace(state, q=either, page=1)


def fewer(state: SearchState) -> tuple[Fewer, ...]:
    """The same search with a word of its box left out, where that finds something."""
    catalogue = services().catalogue
    return fewer_words(state.q, lambda text: catalogue.search(query_of(replace(state, q=text)), limit=0).total)


def cut_short(total: int) -> str:
    """What a file of so many hits leaves out, in words; "" where it has them all."""
    if total <= MOST_SAVED:
        return ""
    return _("первые %(saved)s из %(total)s", saved=grouped(MOST_SAVED), total=grouped(total))


def briefs(hits: Hits) -> list[Brief]:
    """What the list shows: kept in the index, else made of the records (where the catalogue is of another make)."""
    packed = [card.brief for card in hits.cards]
    if packed and all(packed):
        return [brief.unpack(one) for one in packed]
    return [card.brief for card in cards(services().catalogue, hits.clusters, reader().library)]


def preference() -> dict[str, Any]:
    """What the reader's own library holds comes first, where the catalogue can do that."""
    able = hasattr(services().catalogue, "suggest")
    return {"prefer": reader().library} if able and reader().library else {}


def facet_names() -> list[str]:
    """The facets this catalogue can count (a small one may lack some)."""
    able = getattr(services().catalogue, "facets", None)
    return [name for name in FACETS if able is None or name in able]


def facet_limit() -> int:
    """Values counted of each facet, in one walk for all of them."""
    return max(FACET_LIMIT, len(services().directory.all()))


def open_facets(state: SearchState, names: Sequence[str]) -> dict[str, tuple[FacetValue, ...]]:
    """Counts of the facets in use, taken without their own values: a second value can be added to the first."""
    found: dict[str, tuple[FacetValue, ...]] = {}
    for name in state.filters:
        if name in names:
            hits: Hits = services().catalogue.search(
                query_of(state.without_filter(name)), limit=0, facets=[name], facet_limit=facet_limit()
            )
            found.update(hits.facets)
    return found


def open_places(state: SearchState, held: Sequence[FacetValue]) -> Sequence[FacetValue]:
    """Hits of each settlement, taken without the settlements chosen; `held` are those of each library."""
    known, catalogue, rest = places(), services().catalogue, state.without_filter("place")
    if len(known) < 2:
        return ()
    if rest.filters != state.filters:
        hits: Hits = catalogue.search(query_of(rest), limit=0, facets=["library"], facet_limit=facet_limit())
        held = hits.facets["library"]

    def count(name: str) -> int:
        return catalogue.search(query_of(rest.toggled("place", name)), limit=0).total

    return place_counts(known, {v.value: v.count for v in held}, count)


def make_facets(state: SearchState, counted: Mapping[str, Sequence[FacetValue]]) -> tuple[Facet, ...]:
    toggle, suffix = state.toggles(), address(SearchState()).partition("?")[2]
    root = f"{request.script_root}/search?"

    def url(name: str, value: str) -> str:
        text = toggle(name, value)
        return root + (f"{text}&{suffix}" if suffix and text else text or suffix)

    titles = {**FACETS, "place": N_("Населённый пункт")}
    made = (Facet(name, _(title), values_of(state, name, counted.get(name, ()), url)) for name, title in titles.items())
    return tuple(facet for facet in made if facet.values)


def values_of(
    state: SearchState, name: str, counted: Sequence[FacetValue], url: Callable[[str, str], str]
) -> tuple[Value, ...]:
    """Lines of one facet: chosen values first (even without hits, so that they can be taken away)."""
    counts = {v.value: v.count for v in (counted if name == "library" else counted[:FACET_LIMIT])}
    chosen = list(state.filters.get(name, ()))
    rest = [v for v in counts if v not in chosen]
    if name == "grade":
        rest.sort(key=lambda v: int(v) if v.isdigit() else 99)
    if name == "library" and reader().library in rest:
        rest.remove(reader().library)
        rest.insert(0, reader().library)
    made = (Value(value_word(name, v), counts.get(v), url(name, v), v in chosen) for v in [*chosen, *rest])
    return tuple(made)


def value_word(name: str, value: str) -> str:
    return services().directory.name(value) if name == "library" else facet_word(name, value)


def chips(state: SearchState) -> list[tuple[str, str]]:
    """What narrows the answer, as (words, address without it): each can be taken away alone."""
    found = [(value_word(n, v), address(state.toggled(n, v))) for n, vs in state.filters.items() for v in vs]
    found += [
        (f"{_(FIELD_WORDS[n])}: {v}", address(state, words={k: w for k, w in state.words.items() if k != n}, page=1))
        for n, v in state.words.items()
    ]
    found += [
        (f"+ {text}", address(state, also=tuple(t for t in state.also if t != text), page=1)) for text in state.also
    ]
    if state.without:
        found.append((f"− {state.without}", address(state, without="", page=1)))
    if state.year_from is not None or state.year_to is not None:
        span = f"{state.year_from or '…'}–{state.year_to or '…'}"
        found.append((span, address(state, year_from=None, year_to=None, page=1)))
    if state.mine and reader().library:
        found.append((_("Есть в моей библиотеке"), address(state, mine=False, page=1)))
    if state.fpu:
        found.append((_("Учебники из ФПУ"), address(state, fpu=False, page=1)))
    return found


def as_json(card: Card) -> dict[str, Any]:
    """A hit for programs: the same facts as on the page."""
    return {
        "id": card.id,
        "url": services().absolute(url_for("record.show", cluster=card.id)),
        "title": card.heading,
        "subtitle": card.bib.subtitle,
        "authors": [agent.name for agent in card.authors],
        "publishers": list(card.bib.publishers),
        "year": card.year,
        "isbn": card.isbn,
        "kind": card.kind,
        "carrier": card.carrier,
        "grades": list(card.grades),
        "age_mark": card.age or None,
        "holdings": [
            {"library": p.code, "name": p.name, "copies": p.copies, "call_numbers": list(p.call_numbers)}
            for p in card.places
        ],
    }
