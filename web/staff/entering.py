"""Logging in and out."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask_login import login_user, logout_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import PasswordField, StringField
from wtforms.validators import InputRequired, Length

from catalog_sync.errors import Refused
from catalog_sync.store import audit, staff
from catalog_sync.store.database import reading, writing
from web.i18n import N_, _
from web.reader import reader, remember
from web.security import local_target
from web.services import services
from web.staff.access import Session, me, me_or_none, needs

blueprint = Blueprint("entering", __name__, url_prefix="/staff")


class LoginForm(FlaskForm):  # type: ignore[misc]
    login = StringField(N_("Имя"), [InputRequired(), Length(max=64)], render_kw={"autocomplete": "username"})
    password = PasswordField(
        N_("Пароль"), [InputRequired(), Length(max=200)], render_kw={"autocomplete": "current-password"}
    )


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> str | Response | tuple[str, int]:
    """A wrong name and a wrong password look the same, cost the same, and are counted."""
    target = local_target(request.values.get("next"), url_for("staff.home"))
    if me_or_none() is not None:
        return redirect(target)
    form = LoginForm()
    if not form.validate_on_submit():
        return render_template("staff/login.html", form=form, target=target, complaint="", first=nobody_yet())
    name = form.login.data.strip()
    try:
        found = staff.log_in(services().store, name, form.password.data, request.remote_addr or "", services().now())
    except Refused as error:
        return render_template("staff/login.html", form=form, target=target, complaint=str(error)), 429
    if found is None:
        complaint = _("Имя или пароль не подходят.")
        return render_template("staff/login.html", form=form, target=target, complaint=complaint), 403
    session.clear()  # nothing of the visitor's session goes into the staff's one
    session.permanent = True
    login_user(Session(found))
    response = make_response(redirect(target, 303))
    if found.library and not reader().library:
        remember(response, "library", found.library)  # a librarian's own school, as if she had chosen it
    return response


def nobody_yet() -> bool:
    """A fresh installation has no accounts: the page then says how the first one is made."""
    with reading(services().store) as connection:
        return not staff.users(connection)


@blueprint.post("/logout")
def logout() -> Response:
    logout_user()
    session.clear()
    return redirect(url_for("opac.home"), 303)


@blueprint.route("/password", methods=["GET", "POST"])
@needs("librarian")
def password() -> str | Response:
    """One's own password; the old one is asked again."""
    user = me()
    if request.method == "GET":
        return render_template("staff/password.html", complaint="")
    old, new = request.form.get("old", ""), request.form.get("new", "")
    now = services().now()
    try:
        if staff.log_in(services().store, user.login, old, request.remote_addr or "", now) is None:
            raise Refused(_("Старый пароль не подходит."))
        with writing(services().store) as connection:
            staff.save_user(connection, user, new, now)
            audit.note(connection, user.login, f"сотрудник {user.login}: новый пароль", now)
    except Refused as error:
        return render_template("staff/password.html", complaint=str(error))
    with reading(services().store) as connection:
        fresh = staff.find_user(connection, user.login)
    if fresh is not None:
        login_user(Session(fresh))
    flash(_("Пароль изменён; другие сеансы завершены."))
    return redirect(url_for("staff.home"), 303)
