"""The log of changes in the words of the forms: what a field is called there, and how its value reads."""

from __future__ import annotations

from typing import Any

from catalog_sync.store.audit import Entry
from web import labels
from web.i18n import _
from web.services import services
from web.staff import fields

FORMS = {
    "сотрудник": fields.UserForm,
    "библиотека": fields.LibraryForm,
    "источник": fields.SourceForm,
    "электронный ресурс": fields.ResourceForm,
    "подборка": fields.ListForm,
    "персона": fields.PersonForm,
    "пакет": fields.PackageForm,
}
WORDS = {
    "role": (labels.ROLES,),
    "basis": (labels.BASES,),
    "kind": (labels.LIBRARY_KINDS, labels.RESOURCE_KINDS),
    "harvester": (labels.HARVESTERS,),
    "dialect": (labels.DIALECTS,),
}
EMPTY: tuple[object, ...] = (None, "", [], {})


def changes(entry: Entry) -> list[tuple[str, str, str]]:
    """(field, was, became) of what is different; a field that was empty and stayed so says nothing."""
    names = field_names(entry.what)
    return [
        (names.get(name, name), worded(name, was), worded(name, became))
        for name, was, became in entry.changes
        if was not in EMPTY or became not in EMPTY
    ]


def field_names(what: str) -> dict[str, str]:
    """Field → its label in the form that the entry speaks of, without the hint in brackets."""
    form = next((form for begins, form in FORMS.items() if what.startswith(begins)), None)
    made = vars(form).items() if form else ()
    return {name: _(field.args[0]).split(" (")[0] for name, field in made if hasattr(field, "field_class")}


def worded(name: str, value: Any) -> str:
    if value in EMPTY:
        return "—"
    if isinstance(value, bool):
        return _("да") if value else _("нет")
    if isinstance(value, list):
        return ", ".join(worded(name, one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {worded(key, one)}" for key, one in value.items() if one not in EMPTY)
    if name in ("library", "libraries"):
        library = services().directory.all().get(str(value))
        return library.name if library else str(value)
    return next((_(table[value]) for table in WORDS.get(name, ()) if value in table), str(value))
