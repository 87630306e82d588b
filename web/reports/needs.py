"""The needs of a school for textbooks: seen, typed one by one, taken out; long lists come from Excel."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for

from catalog_sync.errors import Refused
from catalog_sync.store import tabular
from catalog_sync.store.database import reading, writing
from catalog_sync.store.provision import isbn13
from web.i18n import N_, _
from web.reports.forms import Answer, Field, libraries, note, typed, typed_number
from web.services import services
from web.staff.access import needs, refuse_foreign_library

FIELDS = (
    Field("grade", N_("Класс"), "number", required=True),
    Field("subject", N_("Предмет"), required=True),
    Field("pupils", N_("Обучающихся"), "number", required=True),
    Field("title", N_("Учебник (наименование)")),
    Field("authors", N_("Авторы")),
    Field("isbn", N_("ISBN")),
    Field("fpu", N_("№ в федеральном перечне")),
    Field("publisher", N_("Издатель")),
    Field("per_pupil", N_("Норма на обучающегося"), value="1"),
    Field("ordered", N_("Заказано"), "number"),
)


@needs("librarian")
def textbook_needs() -> Answer:
    """Show the needs of a library and a school year; a POST adds one, or takes one out."""
    known = libraries()
    code = request.values.get("library", "") or (known[0][0] if known else "")
    refuse_foreign_library(code)
    complaint = ""
    year = services().today().year
    try:
        year = int(request.values.get("year", year))
        if request.method == "POST":
            flash(_remove(code, year) if "remove" in request.form else _add(code, year))
            return redirect(url_for("reports.needs", library=code, year=year))
    except ValueError:
        complaint = _("Учебный год: ожидалось целое число.")
    except Refused as error:
        complaint = str(error)
    with reading(services().store) as connection:
        found = tabular.needs_of(connection, code, year)
    values = {field.name: request.form.get(field.name, field.value) for field in FIELDS}
    return render_template(
        "reports/needs.html", needs=found, libraries=known, library=code, year=year, fields=FIELDS, values=values,
        complaint=complaint,
    )  # fmt: skip


def _add(code: str, year: int) -> str:
    row = {field.name: typed(field.name, field.label, field.required) for field in FIELDS}
    if row["isbn"] and not isbn13(row["isbn"]):
        raise Refused(f"ISBN: контрольная цифра не сходится или знаков не 10 и не 13, пришло {row['isbn']!r}")
    with writing(services().store) as connection:
        tabular.import_needs(connection, code, year, [row])
        note(connection, f"потребность {code}, {year}: записана", row)
    return _("Потребность записана.")


def _remove(code: str, year: int) -> str:
    grade, subject, fpu = typed_number("grade", "Класс"), request.form.get("subject", ""), request.form.get("fpu", "")
    with writing(services().store) as connection:
        if not tabular.remove_need(connection, code, year, grade, subject, fpu):
            raise Refused(f"потребность: {grade} класс, {subject} — такой строки уже нет")
        note(connection, f"потребность {code}, {year}: убрана", {"grade": grade, "subject": subject, "fpu": fpu})
    return _("Строка убрана.")
