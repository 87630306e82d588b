"""What the staff write into the ledger: a record's class, acts and their correction, licences and their terms."""

from __future__ import annotations

from flask import abort, request

from catalog_sync import unifying
from catalog_sync.errors import Refused
from catalog_sync.model import Carrier, Category, EKind, RecordKey
from catalog_sync.store import hand, licences
from catalog_sync.store.clusters import Change
from catalog_sync.store.database import reading, writing
from web.i18n import N_, _
from web.reports.forms import (
    Answer,
    Field,
    form,
    libraries,
    note,
    typed,
    typed_day,
    typed_kopecks,
    typed_number,
)
from web.reports.rows import CARRIERS, CATEGORIES, EKINDS
from web.services import services
from web.staff.access import me, needs, refuse_foreign_library

LISTED = 200  # acts shown on the desk; an older one is found by the number of its line


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
                why=typed("why", "Причина"), who=me().login, now=system.now(), today=system.today(),
            )  # fmt: skip
            if edition:
                unifying.unite(connection, Change(live=frozenset((edition,))), system.now())
            note(connection, f"вид издания {record}: исправлен", {"category": category, "carrier": carrier})
        return _("Исправлено: показатели пересчитаны.")

    ekind_word = EKINDS[current.ekind.value or "none"]
    about = f"{record}: {CATEGORIES[current.category.value]}, {CARRIERS[current.carrier.value]}, {ekind_word}"
    return form(_("Исправить вид издания"), fields, save, about)


@needs("librarian")
def act() -> Answer:
    fields = (
        Field("library", N_("Библиотека"), "select", libraries(), True),
        Field("record", N_("Запись (источник:номер)"), required=True),
        Field("direction", N_("Что случилось"), "select", [("in", _("поступило")), ("out", _("выбыло"))], True),
        Field("copies", N_("Экземпляров"), "number", required=True),
        Field("day", N_("Дата акта"), "date", required=True),
        Field("document", N_("Номер документа"), required=True),
        Field("rubles", N_("На сумму, руб.")),
        Field("reason", N_("Причина выбытия")),
    )

    def save() -> str:
        code = typed("library", "Библиотека")
        refuse_foreign_library(code)
        sign = -1 if request.form.get("direction") == "out" else 1
        copies, kopecks = sign * typed_number("copies", "Экземпляров"), sign * typed_kopecks("rubles", "На сумму")
        named = typed("record", "Запись")
        try:
            record = RecordKey.parse(named)
        except ValueError:
            raise Refused(f"Запись: ожидалось ИСТОЧНИК:НОМЕР, пришло {named!r}") from None
        with writing(services().store) as connection:
            number = hand.enter_act(
                connection, code, record, copies=copies, day=typed_day("day", "Дата акта"),
                document=typed("document", "Номер документа"), reason=request.form.get("reason", ""),
                kopecks=kopecks or None, today=services().today(), who=me().login,
            )  # fmt: skip
            note(connection, f"акт: строка журнала {number}", {"record": record, "copies": copies})
        return _("Акт записан в журнал движения фонда.")

    about = _(
        "Для школ, которые не выгружают каталог: у остальных движение приходит из их программы. Номер записи — на её "
        "странице в каталоге, мелким шрифтом."
    )
    return form(_("Записать акт"), fields, save, about)


@needs("librarian")
def act_taken_back(number: int) -> Answer:
    """An act typed wrongly is taken back by a correcting line; nothing is erased."""
    with reading(services().store) as connection:
        found = hand.entered_act(connection, number)
    if found is None:
        abort(404)
    refuse_foreign_library(found.library)

    def save() -> str:
        with writing(services().store) as connection:
            made = hand.take_back(
                connection, number, why=typed("why", "Причина"), today=services().today(), who=me().login
            )
            note(connection, f"акт: строка {number} исправлена строкой {made}", {"document": found.document})
        return _("Исправительная запись внесена: показатели пересчитаны.")

    about = f"{found.document}, {found.day:%d.%m.%Y}, {found.record}: {found.copies:+d}"
    return form(_("Исправить акт"), (Field("why", N_("Причина"), required=True),), save, about)


@needs("methodologist")
def licence() -> Answer:
    kinds = [("package", _("пакет изданий")), ("database", _("база данных"))]
    fields = (
        Field("library", N_("Библиотека"), "select", libraries(), True),
        Field("name", N_("Ресурс"), required=True),
        Field("kind", N_("Вид"), "select", kinds, True),
        Field("platform", N_("Платформа")), Field("contract", N_("Договор")),
        Field("starts", N_("Доступ с"), "date", required=True),
        Field("ends", N_("по (последний день)"), "date", required=True),
        Field("titles", N_("Названий"), "number"), Field("copies", N_("Экземпляров (доступов)"), "number"),
        Field("rubles", N_("Стоимость, руб.")),
        Field("category", N_("Категория"), "select", [(v, _(n)) for v, n in CATEGORIES.items()], value="other"),
        Field("source", N_("Источник с записями пакета (если есть)")),
    )  # fmt: skip

    def save() -> str:
        value = licences.Licence(
            library=typed("library", "Библиотека"), name=typed("name", "Ресурс"),
            starts=typed_day("starts", "Доступ с"), ends=typed_day("ends", "по"),
            kind=request.form.get("kind", "package"), platform=request.form.get("platform", ""),
            contract=request.form.get("contract", ""),
            titles=typed_number("titles", "Названий", 0), copies=typed_number("copies", "Экземпляров", 0),
            kopecks=typed_kopecks("rubles", "Стоимость") or None,
            category=Category(request.form.get("category", "other")).value, source=request.form.get("source", ""),
        )  # fmt: skip
        with writing(services().store) as connection:
            number = licences.add(connection, value, today=services().today(), who=me().login)
            note(connection, f"лицензия {number}: записана", {"name": value.name, "ends": value.ends})
        return _("Договор записан в реестр.")

    return form(_("Договор на электронный ресурс"), fields, save)


@needs("methodologist")
def licence_term(number: int) -> Answer:
    """A contract prolonged, or dissolved before its end."""
    with reading(services().store) as connection:
        found = licences.get(connection, number)
    actions = [("extend", _("продлён до дня")), ("close", _("расторгнут в день"))]
    fields = (
        Field("action", N_("Что случилось с договором"), "select", actions, True),
        Field("day", N_("День"), "date", required=True, value=str(found.ends)),
        Field("why", N_("Причина расторжения")),
    )

    def save() -> str:
        when, today = typed_day("day", "День"), services().today()
        with writing(services().store) as connection:
            if request.form.get("action") == "close":
                why = typed("why", "Причина расторжения")
                licences.close(connection, number, day=when, why=why, today=today, who=me().login)
                note(connection, f"лицензия {number}: расторгнута", {"day": when, "why": why})
                return _("Договор закрыт: его названия выбыли из фонда.")
            licences.extend(connection, number, when, today=today, who=me().login)
            note(connection, f"лицензия {number}: продлена", {"ends": when})
        return _("Договор продлён.")

    about = f"№ {number}, {found.name}: {found.starts:%d.%m.%Y} — {found.ends:%d.%m.%Y}"
    return form(_("Срок договора"), fields, save, about)
