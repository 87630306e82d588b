"""Addresses the templates need again and again, made without Flask's url_for: a page of hits has a hundred of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from flask import Flask, request

from web.opac.basket import kept
from web.opac.search import address
from web.opac.state import SearchState


def _language() -> str:
    asked = request.args.get("lang", "")
    return f"?lang={asked}" if asked in ("ru", "en") else ""


def record_paths() -> Callable[[str], str]:
    """How an edition's permanent link is made on this page; asked once, used for every hit."""
    root, language = f"{request.script_root}/record/", _language()
    return lambda cluster: f"{root}{quote(cluster, safe='')}{language}"


def search_path(**asked: str) -> str:
    """A search by one field (`t_author=…`) or one facet (`publisher=…`)."""
    words = {name: value for name, value in asked.items() if name.startswith("t_")}
    filters = {name: (value,) for name, value in asked.items() if not name.startswith("t_")}
    return address(SearchState(words=words, filters=filters))


def for_templates() -> dict[str, Any]:
    """Read once per page: macros ask for them in a loop."""
    return {
        "record_path": record_paths(),
        "search_path": search_path,
        "basket_path": f"{request.script_root}/basket",
        "basket_ids": frozenset(kept()),
        "this_path": request.full_path.rstrip("?") if request.method == "GET" else "/",
    }


def set_up(app: Flask) -> None:
    app.context_processor(for_templates)
