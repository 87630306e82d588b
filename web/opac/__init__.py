"""The reader's side: search, records, browsing, lists and electronic resources."""

from __future__ import annotations

from flask import Flask


def mount(app: Flask) -> None:
    """Register every reader's page; those kept in the database only where there is one."""
    from web.opac import basket, browse, exports, links, pages, record, search

    for module in (search, record, exports, browse, basket, pages):
        app.register_blueprint(module.blueprint)
    links.set_up(app)
    if app.extensions["catalog-sync"].engine is not None:
        from web.opac import eresources, lists, lore

        for kept in (eresources, lists, lore):
            app.register_blueprint(kept.blueprint)
