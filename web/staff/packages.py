"""Packages of licensed e-books: a publisher's list of titles becomes records with a term, and a line of the register.

One package is one source of its library, so the next list replaces the last one, and the end of the contract takes away
exactly what it brought (store.licences).
"""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Connection
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from catalog_sync.errors import Refused, SourceUnavailable, StopEverything
from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.model import BibRecord, SetAside, Source
from catalog_sync.store import audit, licences, registry, uploads
from catalog_sync.store.database import reading, writing
from catalog_sync.store.licences import Licence
from catalog_sync.store.uploads import Upload, path_of
from harvesters.package import Package, Terms, read_package
from web.i18n import _
from web.services import services
from web.staff import fields
from web.staff.access import me, needs
from web.staff.board import order
from web.staff.uploads import contents

blueprint = Blueprint("packages", __name__, url_prefix="/staff/packages")
BASE = "пакет"  # the base of a package's source: tells it from a school's export
SHOWN = 10
KEPT_SECONDS = 12 * 3600  # a file shown in the morning may be taken until the evening


@blueprint.get("/")
@needs("methodologist")
def index() -> str:
    """Packages with their terms, the one that ends first on top."""
    today = services().today()
    with reading(services().store) as connection:
        found = [one for one in licences.register(connection) if one.source]
        held = {one.number: licences.catalogued_counts(connection, one)[0] for one in found}
    found.sort(key=lambda one: (one.closed is not None, one.ends))
    return render_template("staff/packages.html", packages=found, held=held, today=today)


@blueprint.route("/new", methods=["GET", "POST"])
@needs("methodologist")
def new() -> str | Response:
    """The contract and the file; then what would be taken; then, after «Загрузить», the same without a second choice
    of the file."""
    form = fields.PackageForm(data={"code": request.args.get("code", ""), "copies": 1} | prolonged())
    form.library.choices = fields.choices((x.code, x.name) for x in services().directory.all().values())
    if not form.validate_on_submit():
        return shown(form)
    try:
        name, data, kept = the_file()
        package = read_package(name, data, terms(form))
        if request.form.get("action") != "take":
            return shown(form, preview=package, kept=kept)
        with writing(services().store) as connection:
            take(connection, form, package, name)
    except (Refused, StopEverything, SourceUnavailable) as error:
        return shown(form, str(error))
    services().directory.forget()
    flash(_("Пакет поставлен в очередь; договор записан в реестр."))
    return redirect(url_for("staff.sources") + "#orders", 303)


def prolonged() -> dict[str, Any]:
    """What the form begins with for a package that is already here: a new list, or a longer term."""
    code = request.args.get("code", "")
    with reading(services().store) as connection:
        found = [one for one in licences.register(connection) if code and one.source == code]
    names = ("library", "name", "platform", "contract", "starts", "ends")
    return {name: getattr(found[-1], name) for name in names} if found else {}


def shown(form: Any, complaint: str = "", preview: Package | None = None, kept: str = "") -> str:
    return render_template(
        "staff/package.html", title=_("Пакет лицензионных изданий"), form=form, back=url_for("packages.index"),
        complaint=complaint, preview=preview, kept=kept, examples=examples(preview) if preview else (),
    )  # fmt: skip


def examples(package: Package) -> list[BibRecord]:
    """The first titles as the catalogue will understand them."""
    first = Package(package.dialect, package.records[:SHOWN], ()).as_export()
    export = read_export(first, Source("package", "", dialect=package.dialect), format="marcxml")
    return [to_bib(piece) for piece in export if not isinstance(piece, SetAside)]


def terms(form: Any) -> Terms:
    today: date = services().today()
    if form.starts.data > today:
        raise Refused(f"доступ начнётся {form.starts.data:%d.%m.%Y}: загрузите пакет в этот день, иначе в каталоге "
                      "появится то, чего читатель ещё не может открыть")  # fmt: skip
    if form.ends.data < today:
        raise Refused(f"доступ кончился {form.ends.data:%d.%m.%Y}: такие издания в каталог не загружают")
    return Terms(form.starts.data, form.ends.data, (form.contract.data or "").strip(), form.address.data.strip(), today,
                 form.copies.data)  # fmt: skip


def serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="package")


def the_file() -> tuple[str, bytes, str]:
    """(name, bytes, token): the file chosen now, kept under its digest, or the one shown before."""
    file = request.files.get("file")
    if file is not None and file.filename:
        return brought(file)
    token = request.form.get("kept", "")
    if not token:
        raise Refused(_("Выберите файл."))
    try:
        name, digest = serializer().loads(token, max_age=KEPT_SECONDS)
        return name, where(bytes.fromhex(digest)).read_bytes(), token
    except (BadSignature, OSError):
        raise Refused(_("Файл уже убран: выберите его ещё раз.")) from None


def brought(file: FileStorage) -> tuple[str, bytes, str]:
    name, data = contents(file)
    name = name[-200:]
    digest = hashlib.sha256(data).digest()
    where(digest).parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # names of staff are inside
    where(digest).write_bytes(data)
    return name, data, str(serializer().dumps([name, digest.hex()]))


def where(digest: bytes) -> Path:
    return path_of(services().settings.home, digest)


def take(connection: Connection, form: Any, package: Package, name: str) -> None:
    """Source, licence and the order to import, in one transaction; the records come when the jobs have done it."""
    code, who, now = form.code.data.strip(), me().login, services().now()
    before = registry.find_source(connection, code)
    if before is not None and (before.base != BASE or before.library != form.library.data):
        raise Refused(f"код {code!r} занят другим источником")
    title = form.name.data.strip()
    source = Source(code, form.library.data, title, dialect=package.dialect, encoding="utf-8", base=BASE)
    registry.save_sources(connection, [source])
    license_it(connection, form, code)
    data = package.as_export()
    digest = hashlib.sha256(data).digest()
    where(digest).write_bytes(data)
    number = uploads.keep(connection, Upload(code, name, digest, len(data), False, who, now, "asked"))
    order(connection, "import", str(number))
    note = {"library": source.library, "name": title, "ends": str(form.ends.data), "titles": str(len(package.records))}
    audit.note(connection, who, f"пакет {code}: загружен", now, None, note)


def license_it(connection: Connection, form: Any, code: str) -> None:
    """The contract in the register: a new line, or a longer term of the one that is still open."""
    today, who = services().today(), me().login
    opened = [one for one in licences.register(connection) if one.source == code and one.closed is None]
    if opened:
        licences.extend(connection, opened[-1].number, form.ends.data, today=today, who=who)
        return
    value = Licence(
        library=form.library.data, name=form.name.data.strip(), starts=form.starts.data, ends=form.ends.data,
        platform=(form.platform.data or "").strip(), contract=(form.contract.data or "").strip(),
        kopecks=fields.kopecks_of(form.rubles.data or "0") or None, source=code,
    )  # fmt: skip
    licences.add(connection, value, today=today, who=who)
