"""Forms of what the staff keeps: people, libraries, electronic resources, lists, the local-lore shelf. All audited."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from catalog_sync.errors import Refused
from catalog_sync.model import Library
from catalog_sync.store import audit, eresources, lists, registry, staff
from catalog_sync.store.database import reading, writing
from catalog_sync.store.eresources import EResource
from catalog_sync.store.lists import Entry, Person, ReadingList
from catalog_sync.store.staff import User
from web.i18n import _
from web.services import services
from web.staff import fields
from web.staff.access import me, needs, refuse_foreign_library

blueprint = Blueprint("editing", __name__, url_prefix="/staff")
Answer = str | Response


def kept(what: str, before: Any, after: Any, save: Any) -> None:
    """Save and write down who changed what, in one transaction."""
    with writing(services().store) as connection:
        save(connection, after)
        audit.note(connection, me().login, what, services().now(), asdict(before) if before else None, asdict(after))
    services().directory.forget()
    flash(_("Сохранено."))


def shown(title: str, form: Any, back: str, complaint: str = "") -> str:
    return render_template("staff/form.html", title=title, form=form, back=url_for(back), complaint=complaint)


# --- people -----------------------------------------------------------------------------------------------------------


@blueprint.get("/users")
@needs("administrator")
def users() -> str:
    with reading(services().store) as connection:
        found = staff.users(connection)
    return render_template("staff/users.html", users=found)


@blueprint.route("/users/new", methods=["GET", "POST"])
@blueprint.route("/users/<login>", methods=["GET", "POST"])
@needs("administrator")
def user(login: str = "") -> Answer:
    with reading(services().store) as connection:
        before = staff.find_user(connection, login) if login else None
    if login and before is None:
        abort(404)
    form = fields.UserForm(obj=before)
    libraries = services().directory.all().values()
    form.library.choices = fields.choices([("", _("нет")), *((x.code, x.name) for x in libraries)])
    title = before.name if before else _("Новый сотрудник")
    if before is not None:
        form.login.render_kw = {"readonly": True}
    if not form.validate_on_submit():
        return shown(title, form, "editing.users")
    name = before.login if before else form.login.data.strip()
    after = User(name, form.name.data.strip(), form.role.data, form.library.data or None, form.active.data, "")
    try:
        refuse_taken(before is None, name)
        kept(f"сотрудник {name}", before, after,
             lambda c, value: staff.save_user(c, value, form.password.data or None, services().now()))  # fmt: skip
    except Refused as error:
        return shown(title, form, "editing.users", str(error))
    return redirect(url_for("editing.users"), 303)


def refuse_taken(new: bool, login: str) -> None:
    with reading(services().store) as connection:
        if new and staff.find_user(connection, login) is not None:
            raise Refused(f"имя {login!r} уже занято")


# --- libraries --------------------------------------------------------------------------------------------------------


@blueprint.get("/libraries")
@needs("methodologist")
def libraries() -> str:
    with reading(services().store) as connection:
        found = registry.libraries(connection)
    return render_template("staff/libraries.html", libraries=found)


@blueprint.route("/libraries/new", methods=["GET", "POST"])
@blueprint.route("/libraries/<code>", methods=["GET", "POST"])
@needs("methodologist")
def library(code: str = "") -> Answer:
    with reading(services().store) as connection:
        before = registry.find_library(connection, code) if code else None
    if code and before is None:
        abort(404)
    form = fields.LibraryForm(obj=before)
    title = before.name if before else _("Новая библиотека")
    if before is not None:
        form.code.render_kw = {"readonly": True}
    if not form.validate_on_submit():
        return shown(title, form, "editing.libraries")
    values = {name: form.data[name] for name in Library.__dataclass_fields__}
    values = {k: (v.strip() if isinstance(v, str) else v) for k, v in values.items()}
    values["stage"], values["pupils"] = int(values["stage"] or 0), int(values["pupils"] or 0)
    after = Library(**values | ({"code": before.code} if before else {}))
    kept(f"библиотека {after.code}", before, after,
         lambda c, value: registry.save_libraries(c, [value], today=services().today(), now=services().now()))
    return redirect(url_for("editing.libraries"), 303)


# --- electronic resources ---------------------------------------------------------------------------------------------


@blueprint.get("/e-resources")
@needs("librarian")
def resources() -> str:
    with reading(services().store) as connection:
        found = eresources.every(connection)
        ending = eresources.expiring(connection, services().today())
    return render_template("staff/eresources.html", resources=found, ending=ending, today=services().today())


@blueprint.route("/e-resources/new", methods=["GET", "POST"])
@blueprint.route("/e-resources/<code>", methods=["GET", "POST"])
@needs("methodologist")
def resource(code: str = "") -> Answer:
    with reading(services().store) as connection:
        before = eresources.find(connection, code) if code else None
    if code and before is None:
        abort(404)
    form = fields.ResourceForm(data=fields.resource_data(before) if before else None)
    title = before.title if before else _("Новый электронный ресурс")
    if before is not None:
        form.code.render_kw = {"readonly": True}
    if not form.validate_on_submit():
        return shown(title, form, "editing.resources")
    after = EResource(**fields.resource_values(form, before))
    kept(f"электронный ресурс {after.code}", before, after, eresources.save)
    return redirect(url_for("editing.resources"), 303)


# --- lists ------------------------------------------------------------------------------------------------------------


@blueprint.get("/lists")
@needs("librarian")
def reading_lists() -> str:
    with reading(services().store) as connection:
        found = lists.every(connection)
    return render_template("staff/lists.html", lists=found)


@blueprint.route("/lists/new", methods=["GET", "POST"])
@blueprint.route("/lists/<slug>", methods=["GET", "POST"])
@needs("librarian")
def reading_list(slug: str = "") -> Answer:
    with reading(services().store) as connection:
        before = lists.find(connection, slug) if slug else None
    if slug and before is None:
        abort(404)
    if before is not None:
        refuse_foreign_library(before.library)
    form = fields.ListForm(data=fields.list_data(before, request.args.getlist("id")))
    title = before.title if before else _("Новая подборка")
    if before is not None:
        form.slug.render_kw = {"readonly": True}
    if not form.validate_on_submit():
        return shown(title, form, "editing.reading_lists")
    after = ReadingList(
        slug=before.slug if before else form.slug.data.strip(), title=form.title.data.strip(),
        about=form.about.data.strip(), library=before.library if before else me().library,
        published=form.published.data, who=me().login, changed=services().now(), entries=entries(form.entries.data),
    )  # fmt: skip
    if before is None:
        with reading(services().store) as connection:
            if lists.find(connection, after.slug) is not None:
                return shown(title, form, "editing.reading_lists", f"адрес {after.slug!r} уже занят")
    kept(f"подборка {after.slug}", before, after, lists.save)
    return redirect(url_for("editing.reading_lists"), 303)


def entries(text: str) -> tuple[Entry, ...]:
    """One line each: `ID | note` or `https://… | title | note`."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        first, *rest = [cell.strip() for cell in line.split("|")]
        cluster = fields.cluster_of(first)
        if cluster:
            found.append(Entry(cluster=cluster, note=" ".join(rest)))
        else:
            found.append(Entry(url=first, title=rest[0] if rest else "", note=" ".join(rest[1:])))
    return tuple(found)


# --- local lore -------------------------------------------------------------------------------------------------------


@blueprint.get("/lore")
@needs("librarian")
def people() -> str:
    with reading(services().store) as connection:
        found = lists.people(connection, all_of_them=True)
    return render_template("staff/lore.html", people=found)


@blueprint.route("/lore/new", methods=["GET", "POST"])
@blueprint.route("/lore/<slug>", methods=["GET", "POST"])
@needs("librarian")
def person(slug: str = "") -> Answer:
    with reading(services().store) as connection:
        before = lists.person(connection, slug) if slug else None
    if slug and before is None:
        abort(404)
    form = fields.PersonForm(data=fields.person_data(before) if before else None)
    title = before.name if before else _("Новый человек")
    if before is not None:
        form.slug.render_kw = {"readonly": True}
    if not form.validate_on_submit():
        return shown(title, form, "editing.people")
    links = [{"url": e.url, "title": e.title} for e in entries(form.links.data) if e.url]
    after = Person(form.slug.data.strip(), form.name.data.strip(), form.dates.data.strip(), form.about.data.strip(),
                   links, form.published.data)  # fmt: skip
    after = replace(after, slug=before.slug) if before else after
    kept(f"краеведение {after.slug}", before, after, lists.save_person)
    return redirect(url_for("editing.people"), 303)
