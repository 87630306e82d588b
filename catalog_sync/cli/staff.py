"""user …, token …: who may log in to the staff pages, and which systems may ask the API."""

from __future__ import annotations

import secrets
import sys
from dataclasses import replace
from datetime import UTC, datetime

import click

from catalog_sync.cli.root import Context, example, local, root, with_context
from catalog_sync.errors import Refused
from catalog_sync.store import audit, registry, staff, tokens
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System, operator

ROLES = {"librarian": "библиотекарь", "methodologist": "методист", "administrator": "администратор"}
GENERATED_BYTES = 12  # 16 letters: longer than anybody guesses, short enough to be copied from paper


@root.group(epilog=example("catalog-sync user list"))
def user() -> None:
    """Сотрудники: кто входит на служебные страницы."""


@user.command(name="list", epilog=example("catalog-sync user list"))
@with_context
def list_(context: Context) -> None:
    """Все сотрудники, их роли и библиотеки."""
    with reading(context.system().engine) as connection:
        found = staff.users(connection)
    for one in found:
        blocked = "" if one.active else "  [закрыт]"
        click.echo(f"{one.login:<20} {ROLES[one.role]:<14} {one.library or '—':<16} {one.name}{blocked}")
    if not found:
        click.echo("сотрудников ещё нет: catalog-sync user add ИМЯ --role administrator")


@user.command(epilog=example("catalog-sync user add ivanova --role administrator --name 'Иванова М. П.'"))
@click.argument("login")
@click.option("--role", type=click.Choice(list(ROLES)), required=True, help="Что может: каждый следующий — больше.")
@click.option("--name", default="", help="Как подписывать решения.")
@click.option("--library", help="Код библиотеки школьного библиотекаря.")
@click.option("--generate", is_flag=True, help="Придумать пароль и показать его один раз.")
@with_context
def add(context: Context, login: str, role: str, name: str, library: str | None, generate: bool) -> None:
    """Завести сотрудника. Пароль спрашивается и на экране не виден."""
    staff.refuse_login(login)
    system = context.system()
    with reading(system.engine) as connection:
        if staff.find_user(connection, login):
            raise Refused(f"сотрудник {login} уже есть; новый пароль: catalog-sync user password {login}")
        if library and registry.find_library(connection, library) is None:
            raise Refused(f"нет библиотеки {library!r}")
    person = staff.User(login, name or login, role, library, active=True, stamp="")
    _save(system, person, _password(generate), "заведён")
    click.echo(f"сотрудник {login} ({ROLES[role]}) заведён; вход: {system.settings.web.base_url}/staff/")


@user.command(epilog=example("catalog-sync user password ivanova --generate"))
@click.argument("login")
@click.option("--generate", is_flag=True, help="Придумать пароль и показать его один раз.")
@with_context
def password(context: Context, login: str, generate: bool) -> None:
    """Задать сотруднику новый пароль; открытые им страницы попросят войти снова."""
    system = context.system()
    person = _known(system, login)
    _save(system, replace(person, active=True), _password(generate), "новый пароль")
    click.echo(f"пароль сотрудника {login} изменён")


@user.command(epilog=example("catalog-sync user block ivanova"))
@click.argument("login")
@with_context
def block(context: Context, login: str) -> None:
    """Закрыть вход сотруднику; сделанное им остаётся в истории."""
    system = context.system()
    _save(system, replace(_known(system, login), active=False), None, "закрыт")
    click.echo(f"вход сотруднику {login} закрыт; открыть: catalog-sync user password {login}")


user.add_command(block, "disable")  # the other word people try


def _known(system: System, login: str) -> staff.User:
    with reading(system.engine) as connection:
        found = staff.find_user(connection, login)
    if found is None:
        raise Refused(f"нет сотрудника {login!r}: catalog-sync user list")
    return found


def _save(system: System, person: staff.User, password: str | None, what: str) -> None:
    now = system.now()
    with writing(system.engine) as connection:
        staff.save_user(connection, person, password, now)
        audit.note(connection, operator(), f"сотрудник {person.login}: {what}", now)


def _password(generate: bool) -> str:
    if generate:
        made = secrets.token_urlsafe(GENERATED_BYTES)
        click.echo(f"пароль (больше не покажется): {made}")
        return made
    if not sys.stdin.isatty():
        return _piped()
    typed: str = click.prompt("пароль", hide_input=True, confirmation_prompt="ещё раз")
    return typed


def _piped() -> str:
    """A script's two lines. A hidden prompt would not read them: it asks the keyboard of the terminal, and waits."""
    typed, again = (sys.stdin.readline().rstrip("\r\n") for _ in range(2))
    if not typed:
        raise Refused("пароль ввести некому: добавьте --generate")
    if typed != again:
        raise Refused("пароль подают двумя одинаковыми строками, а строки разные")
    return typed


@root.group(epilog=example("catalog-sync token issue 'Регион'"))
def token() -> None:
    """Ключи API для других систем."""


@token.command(epilog=example("catalog-sync token issue 'Региональный портал' --until 2027-09-01"))
@click.argument("name")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="До какого дня действует; без него — бессрочно.")
@with_context
def issue(context: Context, name: str, until: datetime | None) -> None:
    """Выдать ключ; он показывается один раз."""
    system = context.system()
    now = system.now()
    if until and until.date() <= now.astimezone(system.settings.time_zone).date():
        raise Refused(f"--until: ожидался день, который ещё не наступил, а указан {until:%d.%m.%Y}")
    end = until.replace(tzinfo=system.settings.time_zone).astimezone(UTC) if until else None
    with writing(system.engine) as connection:
        made = tokens.issue(connection, name, now=now, until=end)
        audit.note(connection, operator(), f"ключ API: выдан «{name}»", now)
    click.echo(made)
    click.echo("ключ больше не покажется: передайте его владельцу", err=True)


@token.command(epilog=example("catalog-sync token revoke 2"))
@click.argument("number", type=int)
@with_context
def revoke(context: Context, number: int) -> None:
    """Отобрать ключ по его номеру."""
    system = context.system()
    now = system.now()
    with writing(system.engine) as connection:
        tokens.revoke(connection, number, now=now)
        audit.note(connection, operator(), f"ключ API № {number}: отобран", now)
    click.echo(f"ключ № {number} больше не действует")


@token.command(name="list", epilog=example("catalog-sync token list"))
@with_context
def tokens_(context: Context) -> None:
    """Выданные ключи: номер, кому, до какого дня. Самих ключей в базе нет."""
    system = context.system()
    with reading(system.engine) as connection:
        found = tokens.issued(connection)
    for row in found:
        end = "отобран" if row.revoked else f"до {local(system, row.until)}" if row.until else "бессрочно"
        click.echo(f"{row.number:>4}  {row.name:<32} выдан {local(system, row.created)}  {end}")
    if not found:
        click.echo("ключей ещё не выдавали")
