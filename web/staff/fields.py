"""The fields of the staff's forms and what each accepts."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    Field,
    IntegerField,
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from catalog_sync.classify import AGE_MARKS
from catalog_sync.distance import point
from catalog_sync.marc.encodings import known as known_encoding
from catalog_sync.store import registry
from catalog_sync.store.eresources import EResource
from catalog_sync.store.lists import Entry, Person, ReadingList
from catalog_sync.store.staff import LOGIN, ROLES, SHORTEST_PASSWORD
from web.i18n import N_, _
from web.labels import BASES, DIALECTS, HARVESTERS, LIBRARY_KINDS, RESOURCE_KINDS
from web.labels import ROLES as ROLE_WORDS
from web.security import safe_url
from web.services import services

_RUBLES = re.compile(r"(\d{1,9})(?:[.,](\d{1,2}))?")


def kopecks_of(typed: str) -> int:
    """A sum as papers write it («34 000», «1 234,50») in kopecks. Raises ValueError for what is none."""
    found = _RUBLES.fullmatch("".join(typed.split()))
    if found is None:
        raise ValueError(_("Ожидалась сумма в рублях, например 1234,50."))
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def check_rubles(_form: FlaskForm, field: Field) -> None:
    try:
        kopecks_of(field.data)
    except ValueError as error:
        raise ValidationError(str(error)) from None


CODE = Regexp(r"^[a-z0-9][a-z0-9-]{0,62}$", message=N_("Только строчные латинские буквы, цифры и дефис."))


def not_new(form: FlaskForm, field: Field) -> None:
    """«new» is the address of an empty form: what was called so could never be opened again."""
    if (field.data or "").strip().lower() == "new":
        raise ValidationError(_("Это имя занято самим каталогом, выберите другое."))


def not_taken(form: FlaskForm, field: Field) -> None:
    """The same of a source: packages without records have keys of their own."""
    not_new(form, field)
    if (field.data or "").strip().lower() in registry.TAKEN:
        raise ValidationError(_("Это имя занято самим каталогом, выберите другое."))


def check_address(form: FlaskForm, field: Field) -> None:
    """A web address with http or https; anything a browser could run is refused."""
    if field.data and not safe_url(field.data):
        raise ValidationError(_("Нужен адрес, который начинается с http:// или https://"))


def check_networks(form: FlaskForm, field: Field) -> None:
    for line in lines_of(field.data):
        try:
            ipaddress.ip_network(line, strict=False)
        except ValueError:
            raise ValidationError(_("Не сеть: %(line)s. Нужно так: 192.168.1.0/24", line=line)) from None


def lines_of(text: str | None) -> list[str]:
    return [line.strip() for line in re.split(r"[\n,]", text or "") if line.strip()]


def choices(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    """(value, text) as options of a list."""
    return [SelectChoice(value, text) for value, text in pairs]


class UserForm(FlaskForm):  # type: ignore[misc]
    login = StringField(N_("Имя для входа"), [InputRequired(), Length(max=64), Regexp(f"^{LOGIN}$"), not_new])
    name = StringField(N_("Как зовут"), [InputRequired(), Length(max=200)])
    role = SelectField(N_("Роль"), choices=choices((role, ROLE_WORDS[role]) for role in ROLES))
    library = SelectField(N_("Библиотека"), choices=[])
    active = BooleanField(N_("Может входить"), default=True)
    password = PasswordField(
        N_("Новый пароль"), [Optional(), Length(min=SHORTEST_PASSWORD, max=200)],
        render_kw={"autocomplete": "new-password"},
    )  # fmt: skip

    def validate_library(self, field: Field) -> None:
        if self.role.data == "librarian" and not field.data:
            raise ValidationError(_("Библиотекарю нужна его библиотека."))


class LibraryForm(FlaskForm):  # type: ignore[misc]
    code = StringField(N_("Код"), [InputRequired(), CODE, not_new])
    name = StringField(N_("Название"), [InputRequired(), Length(max=300)])
    kind = SelectField(N_("Вид"), choices=choices(LIBRARY_KINDS.items()))
    settlement = StringField(N_("Населённый пункт"), [Length(max=200)])
    address = StringField(N_("Адрес"), [Length(max=300)])
    email = StringField(N_("Почта"), [Length(max=200)])
    phone = StringField(N_("Телефон"), [Length(max=100)])
    stage = IntegerField(N_("Этап внедрения (0–3)"), [Optional(), NumberRange(0, 3)], default=0)
    pupils = IntegerField(N_("Учеников"), [Optional(), NumberRange(0, 20_000)], default=0)
    coordinates = StringField(N_("Координаты с карты: широта, долгота (для обмена учебниками)"), [Length(max=60)])

    def validate_coordinates(self, field: Field) -> None:
        try:
            point(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error


class ScheduleForm(FlaskForm):  # type: ignore[misc]
    schedule = StringField(
        N_("Когда собирать: пять полей cron («30 2 * * 1-5» — по будням в 2:30), «вручную» или пусто — как у всех"),
        [Length(max=100)],
    )
    active = BooleanField(N_("Собирать по расписанию"))


class SourceForm(FlaskForm):  # type: ignore[misc]
    code = StringField(N_("Код"), [InputRequired(), CODE, not_taken])
    name = StringField(N_("Название"), [Length(max=300)])
    library = SelectField(N_("Библиотека"))
    base = StringField(N_("База в программе школы («Учебники», «Книги»)"), [Length(max=200)])
    harvester = SelectField(N_("Как собирать"), choices=choices(HARVESTERS.items()))
    options = TextAreaField(
        N_("Настройки сбора: «имя = значение» по одной в строке; пароль — только ссылкой env:ИМЯ или file:/путь"),
        [Length(max=10_000)], render_kw={"rows": 6, "spellcheck": "false"},
    )  # fmt: skip
    dialect = SelectField(N_("Формат записей"), choices=choices(DIALECTS.items()))
    encoding = StringField(N_("Кодировка (пусто — определять по файлу)"), [Length(max=40)])
    incremental = BooleanField(N_("Приходят только изменения: записей, которых нет в выгрузке, не удалять"))

    def validate_encoding(self, field: Field) -> None:
        if field.data:
            try:
                field.data = known_encoding(field.data.strip())
            except (LookupError, ValueError):
                raise ValidationError(_("Нет такой кодировки; обычные: utf-8, cp1251, cp866, koi8-r.")) from None

    def validate_options(self, field: Field) -> None:
        for line in filter(None, (line.strip() for line in (field.data or "").splitlines())):
            if not line.partition("=")[0].strip() or "=" not in line:
                raise ValidationError(_("Непонятная строка: %(line)s", line=line[:80]))


class ResourceForm(FlaskForm):  # type: ignore[misc]
    code = StringField(N_("Код"), [InputRequired(), CODE, not_new])
    title = StringField(N_("Название"), [InputRequired(), Length(max=300)])
    kind = SelectField(N_("Вид"), choices=choices(RESOURCE_KINDS.items()))
    url = StringField(N_("Адрес"), [InputRequired(), Length(max=1000), check_address])
    search_url = StringField(N_("Адрес поиска, {query} — слова читателя"), [Length(max=1000), check_address])
    description = TextAreaField(N_("О ресурсе"), [Length(max=5000)])
    how_to = TextAreaField(N_("Как пользоваться"), [Length(max=5000)])
    provider = StringField(N_("Кто предоставляет"), [Length(max=300)])
    basis = SelectField(N_("Основание доступа"), choices=choices(BASES.items()))
    licence = StringField(N_("Лицензия"), [Length(max=300)])
    contract = StringField(N_("Договор (номер и дата)"), [Length(max=300)])
    starts = DateField(N_("Доступ с"), [Optional()])
    ends = DateField(N_("Доступ по"), [Optional()])
    seats = IntegerField(N_("Одновременных читателей"), [Optional(), NumberRange(1, 1_000_000)])
    libraries = TextAreaField(N_("Каким библиотекам (коды, пусто — всем)"), [Length(max=5000)])
    networks = TextAreaField(N_("Сети помещений (192.168.1.0/24)"), [check_networks])
    age = SelectField(
        N_("Возраст"), choices=choices([("", N_("знак не указан")), *((mark, mark) for mark in AGE_MARKS)])
    )
    subjects = StringField(N_("Предметы (через запятую)"), [Length(max=500)])
    cluster = StringField(
        N_("Издание каталога, которое здесь открывается (адрес его карточки; пусто — ресурс не об одном издании)"),
        [Length(max=300)], filters=[lambda text: (text or "").strip()],
    )  # fmt: skip
    active = BooleanField(N_("Показывать читателям"), default=True)

    def validate_cluster(self, field: Field) -> None:
        found = cluster_of(field.data or "")
        if field.data and (not found or services().catalogue.record(found) is None):
            raise ValidationError(_("Такого издания в каталоге нет: скопируйте адрес его карточки."))
        field.data = found

    def validate_ends(self, field: Field) -> None:
        if field.data and self.starts.data and field.data < self.starts.data:
            raise ValidationError(_("Срок кончается раньше, чем начинается."))
        if self.basis.data == "contract" and not field.data:
            raise ValidationError(_("У договора должен быть срок."))


class PackageForm(FlaskForm):  # type: ignore[misc]
    library = SelectField(N_("Библиотека"))
    code = StringField(N_("Код пакета"), [InputRequired(), CODE, not_taken])
    name = StringField(N_("Название пакета"), [InputRequired(), Length(max=300)])
    platform = StringField(N_("Платформа"), [Length(max=300)])
    contract = StringField(N_("Договор (номер и дата)"), [Length(max=300)])
    starts = DateField(N_("Доступ с"), [InputRequired()])
    ends = DateField(N_("по (последний день)"), [InputRequired()])
    copies = IntegerField(N_("Доступов к каждому изданию"), [InputRequired(), NumberRange(1, 1_000_000)])
    rubles = StringField(N_("Стоимость, руб."), [Optional(), check_rubles])
    address = StringField(
        N_("Адрес издания на платформе, если его нет в файле; {id} — номер издания"),
        [InputRequired(), Length(max=1000), check_address],
    )

    def validate_ends(self, field: Field) -> None:
        if field.data and self.starts.data and field.data < self.starts.data:
            raise ValidationError(_("Срок кончается раньше, чем начинается."))


class ListForm(FlaskForm):  # type: ignore[misc]
    slug = StringField(N_("Адрес латиницей"), [InputRequired(), CODE, not_new])
    title = StringField(N_("Название"), [InputRequired(), Length(max=300)])
    about = TextAreaField(N_("О подборке"), [Length(max=5000)])
    entries = TextAreaField(
        N_("Издания: по одному в строке, «номер издания | примечание» или «адрес | название | примечание»"),
        [Length(max=100_000)], render_kw={"rows": 12},
    )  # fmt: skip
    published = BooleanField(N_("Показывать читателям"))

    def validate_entries(self, field: Field) -> None:
        for line in filter(None, (line.strip() for line in (field.data or "").splitlines())):
            first = line.split("|")[0].strip()
            if not cluster_of(first) and not safe_url(first):
                raise ValidationError(_("Непонятная строка: %(line)s", line=line[:80]))


class PersonForm(FlaskForm):  # type: ignore[misc]
    slug = StringField(N_("Адрес латиницей"), [InputRequired(), CODE, not_new])
    name = StringField(N_("Имя, как в каталоге: «Иванов, Иван Иванович»"), [InputRequired(), Length(max=300)])
    dates = StringField(N_("Годы жизни"), [Length(max=100)])
    about = TextAreaField(N_("О человеке"), [Length(max=20_000)], render_kw={"rows": 10})
    links = TextAreaField(N_("Ссылки: «адрес | название», по одной в строке"), [Length(max=10_000)])
    published = BooleanField(N_("Показывать читателям"))

    def validate_links(self, field: Field) -> None:
        for line in filter(None, (line.strip() for line in (field.data or "").splitlines())):
            if not safe_url(line.split("|")[0].strip()):
                raise ValidationError(_("Непонятная строка: %(line)s", line=line[:80]))


def cluster_of(text: str) -> str:
    """The id in «c1abc» or in a card's whole address; "" where there is none."""
    found = re.search(r"/record/([A-Za-z0-9]{1,20})(?:$|[?#/.])", text)
    if found:
        return found[1]
    return text if re.fullmatch(r"[A-Za-z0-9]{1,20}", text) else ""


def resource_data(value: EResource) -> dict[str, Any]:
    lists_ = {"libraries": "\n".join(value.libraries), "networks": "\n".join(value.networks)}
    return {**asdict(value), **lists_, "subjects": ", ".join(value.subjects)}


def resource_values(form: ResourceForm, before: EResource | None) -> dict[str, Any]:
    kept = asdict(before) if before else {}
    typed = {name: value for name, value in form.data.items() if name in EResource.__dataclass_fields__}
    typed = {k: (v.strip() if isinstance(v, str) else v) for k, v in typed.items()}
    split = {name: lines_of(typed[name]) for name in ("libraries", "networks", "subjects")}
    return {**kept, **typed, **split, **({"code": before.code} if before else {})}


def list_data(value: ReadingList | None, ids: list[str]) -> dict[str, Any] | None:
    """What the form begins with: the list, or a new one with the editions of «мой список»."""
    if value is None:
        return {"entries": "\n".join(i for i in map(cluster_of, ids) if i)} if ids else None
    return {**asdict(value), "entries": "\n".join(map(entry_line, value.entries))}


def entry_line(entry: Entry) -> str:
    cells = (entry.cluster, entry.note) if entry.cluster else (entry.url, entry.title, entry.note)
    return " | ".join(cells).rstrip(" |")


def person_data(value: Person) -> dict[str, Any]:
    return {**asdict(value), "links": "\n".join(f"{link['url']} | {link['title']}" for link in value.links)}
