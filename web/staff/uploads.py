"""An export brought by hand: looked at before anything happens, then left for the jobs."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from itertools import islice

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from catalog_sync.errors import BadRecord, Refused
from catalog_sync.marc.detecting import Detected, detect
from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.model import BibRecord, SetAside, Source
from catalog_sync.store import audit, registry, uploads
from catalog_sync.store.database import reading, writing
from catalog_sync.store.uploads import Upload
from web.i18n import _
from web.security import UPLOAD_BYTES
from web.services import services
from web.staff.access import me, needs, refuse_foreign
from web.staff.board import order

blueprint = Blueprint("uploads", __name__, url_prefix="/staff/uploads")
ENDINGS = (".mrc", ".iso", ".txt", ".xml", ".json", ".zip", ".dat", ".unm", ".csv", ".xlsx")
SHOWN = 10
ZIP_FILES = 20
ZIP_RATIO = 200  # MARC packs to a tenth; two hundred to one is a bomb


@dataclass(frozen=True)
class Preview:
    """What the file seems to be, before it is taken."""

    detected: Detected | None
    records: int
    set_aside: int
    examples: tuple[BibRecord, ...]
    warnings: tuple[str, ...]
    fault: str = ""


@blueprint.get("/")
@needs("librarian")
def form() -> str:
    return render_template("staff/upload.html", sources=own_sources(), chosen=request.args.get("source", ""))


def own_sources() -> list[Source]:
    with reading(services().store) as connection:
        found = registry.sources(connection)
    user = me()
    return [s for s in found if user.may("methodologist") or s.library == user.library]


@blueprint.post("/")
@needs("librarian")
def receive() -> Response:
    """Keep the file under a name of ours; its own name is only shown."""
    file = request.files.get("file")
    with reading(services().store) as connection:
        source = registry.get_source(connection, request.form.get("source", ""))
    refuse_foreign(source)
    if file is None or not file.filename:
        raise Refused(_("Выберите файл."))
    data = contents(file)
    made = Upload(
        source=source.code,
        name=file.filename[:200],
        sha256=hashlib.sha256(data).digest(),
        bytes=len(data),
        incremental=request.form.get("incremental") == "1",
        who=me().login,
        when=services().now(),
    )
    path = made.path(services().settings.home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    with writing(services().store) as connection:
        number = uploads.keep(connection, made)
    return redirect(url_for("uploads.preview", number=number), 303)


def contents(file: FileStorage) -> bytes:
    """The bytes of the export, taken out of a ZIP when they came in one. Refused where the type is not ours."""
    name = (file.filename or "").lower()
    if not name.endswith(ENDINGS):
        raise Refused(f"файл {file.filename!r}: ожидалось {', '.join(ENDINGS)}")
    data = file.stream.read(UPLOAD_BYTES + 1)
    if len(data) > UPLOAD_BYTES:
        raise Refused(f"файл больше {UPLOAD_BYTES // 2**20} МБ: разделите выгрузку")
    if not data:
        raise Refused("файл пуст")
    return unzipped(data) if name.endswith(".zip") else data


def unzipped(data: bytes) -> bytes:
    """The one export inside a ZIP; sizes are checked before anything is unpacked, names inside are never used."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [i for i in archive.infolist() if not i.is_dir() and i.filename.lower().endswith(ENDINGS[:-3])]
            if len(archive.infolist()) > ZIP_FILES or len(inside) != 1:
                raise Refused(f"архив: ожидался один файл выгрузки, в нём {len(inside)}")
            size = inside[0].file_size
            if size > UPLOAD_BYTES or size > ZIP_RATIO * max(1, inside[0].compress_size):
                raise Refused("архив: файл внутри подозрительно велик")
            with archive.open(inside[0]) as file:
                return file.read(UPLOAD_BYTES)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise Refused(f"архив не читается: {error}") from error


@blueprint.get("/<int:number>")
@needs("librarian")
def preview(number: int) -> str:
    upload, source = found(number)
    data = upload.path(services().settings.home).read_bytes()
    return render_template("staff/upload_preview.html", upload=upload, source=source, preview=look(data, source))


def found(number: int) -> tuple[Upload, Source]:
    """The upload and its source; Refused for an unknown one, 404 where its file is gone."""
    with reading(services().store) as connection:
        upload = uploads.get(connection, number)
        source = registry.get_source(connection, upload.source)
    refuse_foreign(source)
    if not upload.path(services().settings.home).exists():
        abort(404)
    return upload, source


def look(data: bytes, source: Source) -> Preview:
    """Read it as the harvest would, and show the first records."""
    try:
        detected = detect(data)
        export = read_export(data, source)
        records = 0
        aside = 0
        examples: list[BibRecord] = []
        for piece in export:
            if isinstance(piece, SetAside):
                aside += 1
                continue
            records += 1
            if len(examples) < SHOWN:
                examples += readable(piece, source)
    except BadRecord as error:
        return Preview(None, 0, 0, (), (), str(error))
    return Preview(detected, records, aside, tuple(examples), tuple(islice(export.warnings, SHOWN)))


def readable(record: object, source: Source) -> list[BibRecord]:
    try:
        return [to_bib(record, source.holdings_profile)]  # type: ignore[arg-type]
    except BadRecord:
        return []


@blueprint.post("/<int:number>/<any(take, drop):action>")
@needs("librarian")
def settle(number: int, action: str) -> Response:
    """Leave the import to the jobs, or forget the file."""
    source = found(number)[1]
    now = services().now()
    with writing(services().store) as connection:
        if action == "take":
            order(connection, "import", str(number))
        state = "asked" if action == "take" else "dropped"
        uploads.set_state(connection, number, state)
        audit.note(connection, me().login, f"выгрузка {number} ({source.code}): {state}", now)
    flash(_("Выгрузка поставлена в очередь.") if action == "take" else _("Файл отложен и загружен не будет."))
    return redirect(url_for("staff.sources"), 303)
