"""The staff's side of the reports: classes corrected, acts, licences, figures typed, lists imported, snapshots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from catalog_sync import unifying
from catalog_sync.errors import Refused
from catalog_sync.model import Carrier, Category, EKind, RecordKey
from catalog_sync.reports import period as periods
from catalog_sync.reports.render import media_type
from catalog_sync.reports.scheduled import signing_key
from catalog_sync.store import audit, hand, kept, licences, manual, snapshots, tabular, tokens
from catalog_sync.store.database import reading, writing
from web.i18n import N_, _
from web.reports.rows import CARRIERS, CATEGORIES, EKINDS
from web.services import services
from web.staff.access import me, needs, refuse_foreign_library

Answer = str | Response


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. kind: text | number | date | select | file."""

    name: str
    label: str
    kind: str = "text"
    choices: Sequence[tuple[str, str]] = ()
    required: bool = False
    value: str = ""


def mount(made: Blueprint) -> None:
    """Add the staff's pages to the blueprint of the reports."""
    made.add_url_rule("/desk", "desk", desk)
    for name, view in (("classification", classification), ("act", act), ("licence", licence), ("figures", figures),
                       ("import", import_list), ("snapshot-now", snapshot_now), ("key", key)):  # fmt: skip
        made.add_url_rule(f"/desk/{name}", name, view, methods=["GET", "POST"])
    made.add_url_rule("/kept/<int:number>", "kept", kept_file)


@needs("librarian")
def desk() -> str:
    with reading(services().store) as connection:
        found = kept.listed(connection)
        register = licences.register(connection)
    return render_template("reports/desk.html", kept=found, licences=register)


@needs("librarian")
def kept_file(number: int) -> Response:
    with reading(services().store) as connection:
        found = kept.file(connection, number)
    if found is None:
        abort(404)
    head, data = found
    made = FlaskResponse(data, content_type=media_type(head.format))
    made.headers["Content-Disposition"] = f'attachment; filename="{head.name}_{number}.{head.format}"'
    return made


def _form(title: str, fields: Sequence[Field], save: Callable[[], str], about: str = "") -> Answer:
    """Show a form, or save it: what is refused comes back with the sentence and what was typed."""
    complaint = ""
    if request.method == "POST":
        try:
            flash(save())
            return redirect(url_for("reports.desk"))
        except Refused as error:
            complaint = str(error)
    values = {field.name: request.values.get(field.name, field.value) for field in fields}
    return render_template(
        "reports/form.html", title=title, fields=fields, values=values, complaint=complaint, about=about
    )


def _typed(name: str, label: str, required: bool = True) -> str:
    value = request.form.get(name, "").strip()
    if required and not value:
        raise Refused(f"{label}: не заполнено")
    return value


def _number(name: str, label: str, default: int | None = None) -> int:
    value = _typed(name, label, default is None)
    if not value and default is not None:
        return default
    try:
        return int(value.replace(" ", ""))
    except ValueError:
        raise Refused(f"{label}: ожидалось целое число, пришло {value!r}") from None


def _day(name: str, label: str) -> date:
    value = _typed(name, label)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Refused(f"{label}: ожидалась дата, пришло {value!r}") from None


def _libraries() -> list[tuple[str, str]]:
    user = me()
    every = [(one.code, one.name) for one in services().directory.all().values()]
    return every if user.may("methodologist") else [pair for pair in every if pair[0] == user.library]


def _note(connection: Any, what: str, after: dict[str, Any]) -> None:
    audit.note(connection, me().login, what, services().now(), None, {k: str(v) for k, v in after.items()})


# --- The forms -------------------------------------------------------------------------------------------------------


@needs("librarian")
def classification() -> Answer:
    record = RecordKey(request.values.get("source", ""), request.values.get("local_id", ""))
    with reading(services().store) as connection:
        library, current = hand.library_of(connection, record), hand.class_now(connection, record)
    if current is None:
        abort(404)
    refuse_foreign_library(library)

    def choices(names: dict[str, str]) -> list[tuple[str, str]]:
        return [("", _("как по правилам")), *((value, _(name)) for value, name in names.items())]

    fields = (
        Field("category", N_("Категория"), "select", choices(CATEGORIES)),
        Field("carrier", N_("Носитель"), "select", choices(CARRIERS)),
        Field("ekind", N_("Вид электронного издания"), "select", choices(EKINDS)),
        Field("why", N_("Причина"), required=True),
    )

    def save() -> str:
        category, carrier, ekind = (request.form.get(name, "") for name in ("category", "carrier", "ekind"))
        system = services()
        with writing(system.store) as connection:
            edition = hand.reclassify(
                connection, record, category=Category(category) if category else None,
                carrier=Carrier(carrier) if carrier else None,
                ekind=EKind("" if ekind == "none" else ekind) if ekind else None,
                why=_typed("why", "Причина"), who=me().login, now=system.now(), today=system.today(),
            )  # fmt: skip
            if edition:
                unifying.unite(connection, [edition], [], system.now())
            _note(connection, f"вид издания {record}: исправлен", {"category": category, "carrier": carrier})
        return _("Исправлено: показатели пересчитаны.")

    ekind_word = EKINDS[current.ekind.value or "none"]
    about = f"{record}: {CATEGORIES[current.category.value]}, {CARRIERS[current.carrier.value]}, {ekind_word}"
    return _form(_("Исправить вид издания"), fields, save, about)


@needs("librarian")
def act() -> Answer:
    fields = (
        Field("library", N_("Библиотека"), "select", _libraries(), True),
        Field("record", N_("Запись (источник:номер)"), required=True),
        Field("direction", N_("Что случилось"), "select", [("in", _("поступило")), ("out", _("выбыло"))], True),
        Field("copies", N_("Экземпляров"), "number", required=True),
        Field("day", N_("Дата акта"), "date", required=True),
        Field("document", N_("Номер документа"), required=True),
        Field("reason", N_("Причина выбытия")),
    )

    def save() -> str:
        code = _typed("library", "Библиотека")
        refuse_foreign_library(code)
        copies = _number("copies", "Экземпляров") * (-1 if request.form.get("direction") == "out" else 1)
        try:
            record = RecordKey.parse(_typed("record", "Запись"))
        except ValueError as error:
            raise Refused(f"Запись: ожидалось ИСТОЧНИК:НОМЕР ({error})") from None
        with writing(services().store) as connection:
            number = hand.enter_act(
                connection, code, record, copies=copies, day=_day("day", "Дата акта"),
                document=_typed("document", "Номер документа"), reason=request.form.get("reason", ""),
                today=services().today(), who=me().login,
            )  # fmt: skip
            _note(connection, f"акт: строка журнала {number}", {"record": record, "copies": copies})
        return _("Акт записан в журнал движения фонда.")

    about = _("Для школ, которые не выгружают каталог: у остальных движение приходит из их программы.")
    return _form(_("Записать акт"), fields, save, about)


@needs("methodologist")
def licence() -> Answer:
    kinds = [("package", _("пакет изданий")), ("database", _("база данных"))]
    fields = (
        Field("library", N_("Библиотека"), "select", _libraries(), True),
        Field("name", N_("Ресурс"), required=True),
        Field("kind", N_("Вид"), "select", kinds, True),
        Field("platform", N_("Платформа")), Field("contract", N_("Договор")),
        Field("starts", N_("Доступ с"), "date", required=True),
        Field("ends", N_("по (последний день)"), "date", required=True),
        Field("titles", N_("Названий"), "number"), Field("copies", N_("Экземпляров (доступов)"), "number"),
        Field("rubles", N_("Стоимость, руб."), "number"),
        Field("category", N_("Категория"), "select", [(v, _(n)) for v, n in CATEGORIES.items()], value="other"),
        Field("source", N_("Источник с записями пакета (если есть)")),
    )  # fmt: skip

    def save() -> str:
        rubles = _number("rubles", "Стоимость", 0)
        value = licences.Licence(
            library=_typed("library", "Библиотека"), name=_typed("name", "Ресурс"), starts=_day("starts", "Доступ с"),
            ends=_day("ends", "по"), kind=request.form.get("kind", "package"),
            platform=request.form.get("platform", ""), contract=request.form.get("contract", ""),
            titles=_number("titles", "Названий", 0), copies=_number("copies", "Экземпляров", 0),
            kopecks=rubles * 100 or None, category=Category(request.form.get("category", "other")).value,
            source=request.form.get("source", ""),
        )  # fmt: skip
        with writing(services().store) as connection:
            number = licences.add(connection, value, today=services().today(), who=me().login)
            _note(connection, f"лицензия {number}: записана", {"name": value.name, "ends": value.ends})
        return _("Договор записан в реестр.")

    return _form(_("Договор на электронный ресурс"), fields, save)


@needs("librarian")
def figures() -> Answer:
    fields = (
        Field("library", N_("Библиотека"), "select", _libraries(), True),
        Field("day", N_("На какую дату"), "date", required=True, value=f"{services().today().year - 1}-12-31"),
        *(Field(name, label.capitalize(), "number") for name, label in manual.NAMES.items()),
    )

    def save() -> str:
        code = _typed("library", "Библиотека")
        refuse_foreign_library(code)
        given = {name: float(_number(name, label)) for name, label in manual.NAMES.items() if request.form.get(name)}
        if not given:
            raise Refused("показатели: не заполнен ни один")
        with writing(services().store) as connection:
            day = _day("day", "На какую дату")
            manual.keep(connection, code, given, day=day, who=me().login, when=services().now())
            _note(connection, f"показатели {code} на {day}", given)
        return _("Показатели сохранены.")

    return _form(_("Показатели, которых нет в выгрузках"), fields, save)


@needs("librarian")
def import_list() -> Answer:
    kinds = [("needs", _("потребность в учебниках")), ("ais", _("АИС «Учебник»")), ("fpu", _("федеральный перечень"))]
    fields = (
        Field("kind", N_("Что загружается"), "select", kinds, True),
        Field("library", N_("Библиотека"), "select", [("", "—"), *_libraries()]),
        Field("year", N_("Учебный год начинается в"), "number", value=str(services().today().year)),
        Field("mapping", N_("Имя сохранённого соответствия столбцов")),
        Field("file", N_("Таблица (.xlsx или .csv)"), "file", required=True),
    )

    def save() -> str:
        kind = _typed("kind", "Что загружается")
        if kind not in tabular.FIELDS:
            raise Refused(f"Что загружается: ожидалось {', '.join(tabular.FIELDS)}")
        if kind == "fpu" and not me().may("methodologist"):
            raise Refused("федеральный перечень загружает методист")
        code = "" if kind == "fpu" else _typed("library", "Библиотека")
        if code:
            refuse_foreign_library(code)
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            raise Refused("Таблица: файл не выбран")
        name = request.form.get("mapping", "").strip() or kind
        with writing(services().store) as connection:
            count = _import(connection, kind, code, sent.read(), name)
            _note(connection, f"загружен список {kind}", {"library": code, "rows": count})
        return _("Загружено строк: %(count)s.", count=count)

    return _form(_("Загрузить список"), fields, save)


def _import(connection: Any, kind: str, code: str, data: bytes, name: str) -> int:
    """Read by the saved mapping where its headings are there, else by a guessed one; keep what worked."""
    mapping = tabular.saved(connection, name)
    try:
        mapping, rows = tabular.read(kind, data, mapping)
    except Refused:
        if mapping is None:
            raise
        mapping, rows = tabular.read(kind, data)
    tabular.save(connection, name, mapping)
    if kind == "fpu":
        return tabular.import_fpu(connection, rows, name)
    if kind == "ais":
        return tabular.import_ais(connection, code, rows, services().now())
    return tabular.import_needs(connection, code, _number("year", "Учебный год", services().today().year), rows)


@needs("methodologist")
def snapshot_now() -> Answer:
    last = periods.quarter_of(services().today()).previous.code
    fields = (Field("period", N_("Период (законченный)"), required=True, value=last),)

    def save() -> str:
        system = services()
        asked = periods.parse(_typed("period", "Период"), system.today())
        with writing(system.store) as connection:
            head = snapshots.freeze(
                connection, asked.code, asked.start, asked.end, now=system.now(), today=system.today(), who=me().login,
                key=signing_key(system.settings.home),
            )  # fmt: skip
            _note(connection, f"срез {head.number}: заморожен", {"name": head.name, "digest": head.digest})
        return _("Срез № %(number)s заморожен.", number=head.number)

    return _form(_("Заморозить показатели периода"), fields, save)


@needs("administrator")
def key() -> Answer:
    fields = (Field("name", N_("Кому выдаётся"), required=True),)

    def save() -> str:
        with writing(services().store) as connection:
            token = tokens.issue(connection, _typed("name", "Кому выдаётся"), now=services().now())
            _note(connection, "ключ API выдан", {"name": request.form.get("name", "")})
        return _("Ключ (больше не будет показан): %(token)s", token=token)

    return _form(_("Ключ доступа к API"), fields, save)
