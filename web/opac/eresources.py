"""Electronic resources: what there is, on what basis, and a button only where it may be pressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus

from flask import Blueprint, abort, render_template, request

from catalog_sync.store import eresources
from catalog_sync.store.database import reading
from catalog_sync.store.eresources import EResource
from web.i18n import N_, _
from web.opac.elsewhere import LIBRARIES, SERVICES, There, search_address
from web.reader import reader
from web.security import safe_url
from web.services import services

blueprint = Blueprint("eresources", __name__)
SENTENCES = {
    eresources.ENDED: N_("Срок доступа закончился %(ends)s."),
    eresources.NOT_STARTED: N_("Доступ откроется %(starts)s."),
    eresources.NOT_YOUR_LIBRARY: N_(
        "Доступ есть у читателей других библиотек. Выберите свою школу или спросите в ней."
    ),
    eresources.NOT_HERE: N_("Открывается только в помещении библиотеки: такого условия требует правообладатель."),
    eresources.SWITCHED_OFF: N_("Ресурс сейчас отключён."),
    eresources.ADULT: N_("Включён детский режим, а ресурс предназначен для взрослых."),
}


@blueprint.get("/e-resources/")
def index() -> str:
    text = request.args.get("q", "").strip()[:200]
    with reading(services().store) as connection:
        found = eresources.every(connection, active_only=True)
    words = text.casefold()
    # What has a search of its own may hold the book whatever its description says.
    wanted = [r for r in found if r.search_url or words in f"{r.title} {r.description} {r.provider}".casefold()]
    return render_template(
        "opac/eresources.html", resources=[(r, why_not(r)) for r in wanted], text=text,
        libraries=with_search(LIBRARIES, text), services_there=with_search(SERVICES, text),
    )  # fmt: skip


def with_search(found: Sequence[There], words: str) -> list[tuple[There, str]]:
    return [(there, search_address(there, words)) for there in found]


@dataclass(frozen=True)
class Way:
    """How one registered resource opens an edition: `url` where it may be opened, else `why_not`."""

    resource: EResource
    url: str
    why_not: str


def ways(cluster: str) -> list[Way]:
    """The registered resources that hold this edition: what they allow counts, not the link in somebody's record."""
    engine = services().engine
    if engine is None:
        return []
    with reading(engine) as connection:
        found = eresources.of_edition(connection, cluster)
    made = [(resource, why_not(resource)) for resource in found]
    return [Way(resource, "" if refused else safe_url(resource.url), refused) for resource, refused in made]


def closed(clusters: Sequence[str]) -> frozenset[str]:
    """Of these editions, those that registered resources hold and none of them opens to this reader."""
    engine = services().engine
    if engine is None:
        return frozenset()
    with reading(engine) as connection:
        found = eresources.of_editions(connection, clusters)
    return frozenset(r.cluster for r in found) - {r.cluster for r in found if not why_not(r)}


@blueprint.get("/e-resources/<code>")
def show(code: str) -> str:
    with reading(services().store) as connection:
        found = eresources.find(connection, code)
    if found is None or not found.active:
        abort(404)
    words = request.args.get("q", "").strip()[:200]
    return render_template(
        "opac/eresource.html",
        resource=found,
        why_not=why_not(found),
        url=safe_url(found.url),
        search=search_url(found, words),
        words=words,
    )


def why_not(resource: EResource) -> str:
    """The sentence that says why the reader may not open it, "" where she may."""
    reason = eresources.refusal(
        resource,
        today=services().today(),
        library=reader().library,
        address=request.remote_addr or "",
        child=reader().child,
    )
    if not reason and not safe_url(resource.url):
        return _("Адрес ресурса записан с ошибкой.")
    values = {
        "ends": f"{resource.ends:%d.%m.%Y}" if resource.ends else "",
        "starts": f"{resource.starts:%d.%m.%Y}" if resource.starts else "",
    }
    return _(SENTENCES[reason], **values) if reason else ""


def search_url(resource: EResource, words: str) -> str:
    """The address of the resource's own search with the reader's words, "" where it has none."""
    if not words or "{query}" not in resource.search_url:
        return ""
    return safe_url(resource.search_url.replace("{query}", quote_plus(words)))
