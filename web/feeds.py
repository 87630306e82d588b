"""Feeds of new arrivals and saved searches, OpenSearch, sitemap, robots, OPDS 2."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from lxml import etree
from lxml.builder import ElementMaker

from catalog_sync.query import Sort, Unsupported
from catalog_sync.store.database import reading
from catalog_sync.store.unions import created
from web.i18n import _
from web.opac import describe
from web.opac.present import Card, cards
from web.opac.search import chips, query_of
from web.opac.state import SearchState, read_state
from web.services import services

blueprint = Blueprint("feeds", __name__)
ENTRIES = 50
SITEMAP_URLS = 10_000  # the protocol allows 50,000; smaller files are kinder to an old machine
ATOM = "http://www.w3.org/2005/Atom"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
OPDS = "application/opds+json"


def found_for_feed() -> tuple[SearchState, list[Card]]:
    """The newest of a search; a feed without a question is that of all new arrivals."""
    state = read_state(request.args)
    try:
        hits = services().catalogue.search(query_of(state), limit=ENTRIES, sort=Sort.NEWEST)
    except Unsupported:
        abort(400)
    return state, cards(services().catalogue, hits.clusters, "")


def added(found: Sequence[Card]) -> dict[str, datetime]:
    """Cluster → when it came into the union."""
    engine = services().engine
    if engine is None:
        return {}
    with reading(engine) as connection:
        return created(connection, [card.id for card in found])


def title_of(state: SearchState) -> str:
    name = services().settings.district.name
    words = ", ".join([*filter(None, [state.q]), *(said for said, _address in chips(state))])
    return f"{name}: {words}" if words else _("%(name)s: новые поступления", name=name)


@blueprint.get("/feeds/new.atom")
@blueprint.get("/feeds/search.atom", endpoint="search_atom")
def atom() -> Response:
    """Atom (RFC 4287)."""
    state, found = found_for_feed()
    times = added(found)
    newest = max(times.values(), default=services().now())
    make = ElementMaker(namespace=ATOM, nsmap={None: ATOM})
    own = services().absolute(request.full_path.rstrip("?"))
    page = services().absolute("/search?" + state.query_string())
    feed = make.feed(
        make.title(xml(title_of(state))), make.id(own), make.updated(newest.isoformat()),
        make.link(rel="self", href=own), make.link(rel="alternate", href=page, type="text/html"),
        make.author(make.name(xml(services().settings.district.name))),
    )  # fmt: skip
    for card in found:
        address = services().absolute(url_for("record.show", cluster=card.id, lang=None))
        entry = make.entry(
            make.title(xml(card.heading)), make.id(address), make.link(rel="alternate", href=address, type="text/html"),
            make.updated(times.get(card.id, newest).isoformat()), make.summary(xml(describe.gost(card.record))),
        )  # fmt: skip
        for agent in card.authors:
            entry.append(make.author(make.name(xml(agent.name))))
        feed.append(entry)
    return as_xml(feed, "application/atom+xml")


@blueprint.get("/feeds/new.rss")
@blueprint.get("/feeds/search.rss", endpoint="search_rss")
def rss() -> Response:
    """RSS 2.0, for school sites whose widgets know nothing newer."""
    state, found = found_for_feed()
    times = added(found)
    make = ElementMaker()
    channel = make.channel(
        make.title(xml(title_of(state))), make.link(services().absolute("/search?" + state.query_string())),
        make.description(xml(_("Новые поступления школьных библиотек"))),
    )  # fmt: skip
    for card in found:
        address = services().absolute(url_for("record.show", cluster=card.id, lang=None))
        when = times.get(card.id, services().now())
        channel.append(make.item(
            make.title(xml(card.heading)), make.link(address), make.guid(address, isPermaLink="true"),
            make.pubDate(format_datetime(when)), make.description(xml(describe.gost(card.record))),
        ))  # fmt: skip
    return as_xml(make.rss(channel, version="2.0"), "application/rss+xml")


@blueprint.get("/opensearch.xml")
def opensearch() -> Response:
    """The description that lets a browser search here from its address line (OpenSearch 1.1)."""
    make = ElementMaker(namespace=OPENSEARCH, nsmap={None: OPENSEARCH})
    document = make.OpenSearchDescription(
        make.ShortName(short_name(xml(services().settings.district.name))),
        make.Description(xml(_("Каталог школьных библиотек"))),
        make.Url(type="text/html", template=services().absolute("/search?q={searchTerms}")),
        make.Url(type="application/json", template=services().absolute("/search.json?q={searchTerms}")),
        make.Url(type="application/atom+xml", template=services().absolute("/feeds/search.atom?q={searchTerms}")),
        make.InputEncoding("UTF-8"), make.Language("ru"),
    )  # fmt: skip
    return as_xml(document, "application/opensearchdescription+xml")


def short_name(name: str) -> str:
    """What a browser calls the search: at most 16 characters (OpenSearch 1.1), of whole words where they are short."""
    return textwrap.shorten(name, 16, placeholder="") or name[:16]


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Robots read cards and lists; endless combinations of facets are not for them."""
    lines = ["User-agent: *", "Disallow: /staff/", "Disallow: /search", "Disallow: /basket", "Disallow: /suggest",
             "Disallow: /settings", f"Sitemap: {services().absolute('/sitemap.xml')}"]  # fmt: skip
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/sitemap.xml")
def sitemap_index() -> Response:
    """As many sitemaps as the catalogue needs, by number of change."""
    make = ElementMaker(namespace=SITEMAP, nsmap={None: SITEMAP})
    root = make.sitemapindex()
    after = 0
    while True:
        root.append(make.sitemap(make.loc(services().absolute(url_for("feeds.sitemap", after=after, lang=None)))))
        found = services().catalogue.changes(after=after, limit=SITEMAP_URLS)
        if len(found) < SITEMAP_URLS:
            return as_xml(root, "application/xml")
        after = found[-1].number


@blueprint.get("/sitemap-<int:after>.xml")
def sitemap(after: int) -> Response:
    make = ElementMaker(namespace=SITEMAP, nsmap={None: SITEMAP})
    root = make.urlset()
    for change in services().catalogue.changes(after=after, limit=SITEMAP_URLS):
        if not change.deleted:
            address = services().absolute(f"/record/{change.cluster}")
            root.append(make.url(make.loc(address), make.lastmod(change.when.date().isoformat())))
    return as_xml(root, "application/xml")


@blueprint.get("/feeds/opds.json")
def opds() -> Response:
    """OPDS 2.0 catalogue of e-editions whose text opens by a link."""
    state = read_state(request.args)
    state = replace(state, filters={**state.filters, "carrier": ("electronic",)})
    hits = services().catalogue.search(query_of(state), limit=ENTRIES, offset=(state.page - 1) * ENTRIES,
                                       sort=Sort.NEWEST)  # fmt: skip
    found = cards(services().catalogue, hits.clusters, "")
    own = services().absolute(request.full_path.rstrip("?"))
    links: list[dict[str, Any]] = [
        {"rel": "self", "href": own, "type": OPDS},
        {"rel": "search", "href": services().absolute("/feeds/opds.json{?q}"), "type": OPDS, "templated": True},
    ]
    if hits.total > state.page * ENTRIES:
        following = services().absolute(f"/feeds/opds.json?{state.query_string(page=state.page + 1)}")
        links.append({"rel": "next", "href": following, "type": OPDS})
    metadata = {"title": _("Электронные издания"), "numberOfItems": hits.total, "itemsPerPage": ENTRIES}
    publications = [publication(card) for card in found if card.reading]
    response = describe.json_response({"metadata": metadata, "links": links, "publications": publications})
    response.mimetype = OPDS
    return response


def publication(card: Card) -> dict[str, Any]:
    address = services().absolute(url_for("record.show", cluster=card.id, lang=None))
    metadata: dict[str, Any] = {
        "@type": "http://schema.org/Book", "title": card.heading, "identifier": address,
        "author": [agent.name for agent in card.authors], "language": list(card.bib.languages),
        "publisher": "; ".join(card.bib.publishers), "published": card.year,
    }  # fmt: skip
    return {
        "metadata": {name: value for name, value in metadata.items() if value},
        "links": [{"rel": "http://opds-spec.org/acquisition/open-access", "href": card.reading, "type": "text/html"},
                  {"rel": "alternate", "href": address, "type": "text/html"}],
    }  # fmt: skip


def xml(text: str) -> str:
    """Text an XML document may hold: a record's stray control characters are dropped."""
    return describe.clean_xml(text)


def as_xml(root: Any, media: str) -> Response:
    data = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    response = Response(data, content_type=f"{media}; charset=utf-8")
    response.set_etag(hashlib.sha256(data).hexdigest()[:32])
    response.make_conditional(request)
    return response
