"""Who may do what: sessions of staff, roles, and tokens against forged forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from flask import Flask, abort, redirect, render_template, request, session, url_for
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.wrappers import Response

from catalog_sync.errors import Refused
from catalog_sync.model import Source
from catalog_sync.store import staff
from catalog_sync.store.database import reading
from catalog_sync.store.staff import User
from web.i18n import _
from web.services import services

csrf = CSRFProtect()


class Session:
    """What Flask-Login keeps of a person: the name and the stamp that a new password changes."""

    is_active = is_authenticated = True
    is_anonymous = False

    def __init__(self, user: User) -> None:
        self.user = user

    def get_id(self) -> str:
        return f"{self.user.stamp}:{self.user.login}"


def set_up(app: Flask) -> None:
    """Logins, and a token for every form sent by somebody who is logged in (the readers' forms have no session)."""
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf.init_app(app)
    manager = LoginManager(app, add_context_processor=False)  # `me` is asked where it is needed, not on every page
    manager.session_protection = "strong"
    manager.user_loader(load)
    manager.unauthorized_handler(to_login)

    @app.before_request
    def refuse_forged_forms() -> None:
        if request.method in ("POST", "PUT", "PATCH", "DELETE") and guarded():
            csrf.protect()

    @app.errorhandler(CSRFError)
    def forged(_error: CSRFError) -> tuple[str, int]:
        """What a person can do about it: most often a browser without cookies, or a page left open overnight."""
        if app.config["SESSION_COOKIE_NAME"] not in request.cookies:
            title, text = _("Браузер не сохранил cookie"), _(
                "Служебным страницам без них не узнать, кто вы. Разрешите cookie для этого сайта и войдите снова."
            )  # fmt: skip
        else:
            title, text = _("Страница устарела"), _("Вернитесь назад, обновите страницу и отправьте форму ещё раз.")
        return render_template("error.html", title=title, text=text, code=400), 400

    app.jinja_env.globals["me"] = me_or_none


def guarded() -> bool:
    """Staff pages always; other pages as soon as the browser has a staff session (never a program's API call)."""
    return request.path.startswith("/staff/") or bool(session.get("_user_id"))


def load(key: str) -> Session | None:
    """The person of a session; None where the account is gone, switched off, or its password has changed since."""
    stamp, _, login = key.partition(":")
    with reading(services().store) as connection:
        found = staff.find_user(connection, login)
    return Session(found) if found and found.active and found.stamp == stamp else None


def to_login() -> Response:
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("entering.login", next=target))


def me_or_none() -> User | None:
    return cast(Session, current_user).user if current_user and current_user.is_authenticated else None


def me() -> User:
    """The person at work; only behind `needs`."""
    found = me_or_none()
    if found is None:
        abort(401)
    return found


def needs(role: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Only people with the rights of `role`: others log in, or are told that they may not."""

    def wrap(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def guarded_view(*args: Any, **kwargs: Any) -> Any:
            user = me_or_none()
            if user is None:
                return to_login()
            if not user.may(role):
                abort(403)
            return view(*args, **kwargs)

        return guarded_view

    return wrap


def refuse_foreign(source: Source) -> None:
    """A librarian works on the sources of her own library only."""
    user = me()
    if not user.may("methodologist") and source.library != user.library:
        raise Refused(f"источник {source.code} принадлежит другой библиотеке")


def refuse_foreign_library(code: str | None) -> None:
    user = me()
    if not user.may("methodologist") and code != user.library:
        raise Refused("это дело другой библиотеки")
