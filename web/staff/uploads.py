"""An export brought by hand: looked at before anything happens, then left for the jobs.

Of a list in a table the page shows what each column was taken for; what a person corrects stays with the source.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import islice

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from catalog_sync import citation
from catalog_sync.errors import BadRecord, Refused, SourceUnavailable, StopEverything
from catalog_sync.marc.detecting import Detected, detect
from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.model import BibRecord, SetAside, Source
from catalog_sync.store import audit, registry, uploads
from catalog_sync.store.database import reading, writing
from catalog_sync.store.uploads import Upload
from harvesters import by_hand, limits, table
from harvesters.table_mapping import as_saved, captions
from harvesters.unpack import unpack
from web.i18n import _
from web.security import UPLOAD_BYTES
from web.services import services
from web.staff.access import me, needs, refuse_foreign
from web.staff.board import order

blueprint = Blueprint("uploads", __name__, url_prefix="/staff/uploads")
EXPORTS = (
    ".mrc", ".iso", ".txt", ".xml", ".json", ".dat", ".unm", ".csv", ".tsv", ".xlsx", ".xlsm", ".xls", ".ods",
)  # fmt: skip
ENDINGS = (*EXPORTS, ".zip", ".gz")
MAPPING = ("columns", "sheet")  # the settings of a source that the page of columns writes
SHOWN = 10


@dataclass(frozen=True)
class Preview:
    """What the file seems to be, before it is taken."""

    detected: Detected | None
    records: int
    set_aside: int
    examples: tuple[BibRecord, ...]
    warnings: tuple[str, ...]
    fault: str = ""
    table: table.Preview | None = None  # of a list: its columns

    @property
    def can_be_taken(self) -> bool:
        return not self.fault and (self.table is None or self.table.knows_title)


@blueprint.get("/")
@needs("librarian")
def form() -> str:
    return render_template("staff/upload.html", sources=own_sources(), chosen=request.args.get("source", ""),
                           endings=ENDINGS)  # fmt: skip


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
    name, data = contents(file)
    made = Upload(
        source=source.code,
        name=name[-200:],
        sha256=hashlib.sha256(data).digest(),
        bytes=len(data),
        incremental=request.form.get("incremental") == "1",
        who=me().login,
        when=services().now(),
    )
    path = made.path(services().settings.home)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # names of staff are inside
    path.write_bytes(data)
    with writing(services().store) as connection:
        number = uploads.keep(connection, made)
    return redirect(url_for("uploads.preview", number=number), 303)


def contents(file: FileStorage) -> tuple[str, bytes]:
    """Name and bytes of the export, taken out of an archive. Refused where the type or what is packed is not ours."""
    name = file.filename or ""
    if not name.lower().endswith(ENDINGS):
        raise Refused(f"файл {name!r}: ожидалось {', '.join(ENDINGS)}")
    data = file.stream.read(UPLOAD_BYTES + 1)
    if len(data) > UPLOAD_BYTES:
        raise Refused(f"файл больше {limits.spelled(UPLOAD_BYTES)}: разделите выгрузку")
    if not data:
        raise Refused("файл пуст")
    try:
        parts = unpack(name, data, UPLOAD_BYTES)
    except SourceUnavailable as error:
        raise Refused(str(error)) from error
    inside = [part for part in parts if part.name.lower().endswith(EXPORTS)] or parts  # beside a readme, or «export.gz»
    if len(inside) != 1:
        raise Refused(f"архив: ожидался один файл выгрузки, в нём {len(inside)}")
    return inside[0].name.rpartition("/")[2], inside[0].data


@blueprint.get("/<int:number>")
@needs("librarian")
def preview(number: int) -> str:
    upload, source = found(number)
    data = upload.path(services().settings.home).read_bytes()
    seen = look(upload.name, data, source)
    return render_template("staff/upload_preview.html", upload=upload, source=source, preview=seen,
                           captions=captions(), gost=citation.gost, may_map=by_hand.keeps_mapping(source))  # fmt: skip


def found(number: int) -> tuple[Upload, Source]:
    """The upload and its source; Refused for an unknown one, 404 where its file is gone."""
    with reading(services().store) as connection:
        upload = uploads.get(connection, number)
        source = registry.get_source(connection, upload.source)
    refuse_foreign(source)
    if not upload.path(services().settings.home).exists():
        abort(404)
    return upload, source


def look(name: str, data: bytes, source: Source) -> Preview:
    """Read it as the harvest would, and show the first records."""
    if by_hand.is_table(name, data):
        return look_at_list(name, data, source)
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


def look_at_list(name: str, data: bytes, source: Source) -> Preview:
    try:
        seen = table.preview(name, data, by_hand.table_settings(source), source.dialect, source.code)
    except (SourceUnavailable, StopEverything, Refused) as error:
        return Preview(None, 0, 0, (), (), str(error))
    pieces = read_export(seen.file.data, source, format=seen.file.format)
    examples = [bib for piece in pieces for bib in readable(piece, source)]
    return Preview(None, seen.total, 0, tuple(examples), seen.warnings, table=seen)


@blueprint.post("/<int:number>/columns")
@needs("librarian")
def columns(number: int) -> Response:
    """Keep with the source what each column of its list is; «guess» forgets what was kept."""
    upload, source = found(number)
    by_hand.refuse_mapping(source)
    settings = {name: value for name, value in source.settings.items() if name not in MAPPING}
    if "guess" not in request.form:
        settings |= mapping_of(upload, source)
    after = replace(source, settings=settings)
    if after != source:
        with writing(services().store) as connection:
            registry.save_sources(connection, [after])
            was, now = ({name: one.settings.get(name, "") for name in MAPPING} for one in (source, after))
            audit.note(connection, me().login, f"источник {source.code}: столбцы списка", services().now(), was, now)
    return redirect(url_for("uploads.preview", number=number), 303)


def mapping_of(upload: Upload, source: Source) -> dict[str, str]:
    """Settings out of the form: another sheet is guessed anew, of the same sheet each column is what was chosen."""
    data = upload.path(services().settings.home).read_bytes()
    seen = table.preview(upload.name, data, by_hand.table_settings(source), source.dialect, source.code)
    sheet = request.form.get("sheet", "")
    if sheet and sheet != (source.settings.get("sheet") or seen.sheets[0]):
        return {"sheet": sheet}
    chosen = {c.letter: request.form.get(f"column-{c.letter}", "") for c in seen.columns}
    saved = as_saved([c.heading for c in seen.columns], list(chosen.values()), list(chosen))
    return {name: value for name, value in (("columns", saved), ("sheet", source.settings.get("sheet", ""))) if value}


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
        verb = "поставлена в очередь" if action == "take" else "отложена"
        audit.note(connection, me().login, f"выгрузка {number} ({source.code}): {verb}", now)
    flash(_("Выгрузка поставлена в очередь.") if action == "take" else _("Файл отложен и загружен не будет."))
    return redirect(url_for("staff.sources"), 303)
