"""The staff side: the duplicates court, runs, uploads, forms and the audit log; every page needs a login."""

from __future__ import annotations

from flask import Flask


def mount(app: Flask) -> None:
    """Register every staff page and the login that guards them."""
    from web.staff import access, board, copying, court, editing, elsewhere, entering, packages, quality, sourcing
    from web.staff import uploads as uploading

    access.set_up(app)
    for module in (entering, board, sourcing, court, uploading, packages, editing, copying, elsewhere, quality):
        app.register_blueprint(module.blueprint)
