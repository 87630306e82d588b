"""The staff side: the duplicates court, runs, uploads, forms and the audit log; every page needs a login."""

from __future__ import annotations

from flask import Blueprint, Flask

blueprint = Blueprint("staff", __name__, url_prefix="/staff")


@blueprint.get("/")
def home() -> str:
    return ""


def mount(app: Flask) -> None:
    app.register_blueprint(blueprint)
