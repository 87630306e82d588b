"""Addresses the templates need again and again, made without Flask's url_for: a page of hits has a hundred of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from urllib.parse import quote

from flask import Flask, current_app, request

from catalog_sync.search.document import house_names
from web.i18n import asked_language
from web.opac.basket import own
from web.opac.eresources import closed
from web.opac.hits import Shelf
from web.opac.search import address
from web.opac.state import SearchState, literal
from web.reader import reader
from web.services import services


def _language() -> str:
    asked = asked_language()
    return f"?lang={asked}" if asked else ""


def record_paths() -> Callable[[str], str]:
    """How an edition's permanent link is made on this page; asked once, used for every hit."""
    root, language = f"{request.script_root}/record/", _language()
    return lambda cluster: f"{root}{quote(cluster, safe='')}{language}"


def record_file(cluster: str, ending: str) -> str:
    """The edition as a file: in no language, so without that of the page."""
    return f"{request.script_root}/record/{quote(cluster, safe='')}.{ending}"


def search_path(**asked: str) -> str:
    """A search by one field (`t_author=…`) or one facet (`publisher=…`)."""
    words = {name: literal(value) for name, value in asked.items() if name.startswith("t_")}
    filters = {name: (value,) for name, value in asked.items() if not name.startswith("t_")}
    return address(SearchState(words=words, filters=filters))


def publisher_path(typed: str) -> str:
    """A search by publisher: the index knows a house by one name, however the record has it typed."""
    return address(SearchState(filters={"publisher": house_names(typed)}))


def for_templates() -> dict[str, Any]:
    """Read once per page: macros ask for them in a loop."""
    path, basket, ids = record_paths(), f"{request.script_root}/basket", frozenset(own())
    asset: Callable[[str], str] = cast(Any, current_app.jinja_env.globals["asset"])
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return {
        "record_path": path, "record_file": record_file, "search_path": search_path,
        "publisher_path": publisher_path, "basket_path": basket, "basket_ids": ids, "this_path": here,
        "shelf": Shelf(
            asset("icons.svg"), path, basket, ids, here, services().directory.order(), reader().library,
            services().today(), closed,
        ),
    }  # fmt: skip


def set_up(app: Flask) -> None:
    app.context_processor(for_templates)
