"""serve: the web catalogue, the Z39.50 server and the jobs, each in its own process."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading

import click

from catalog_sync import indexing, publishing, source_check, upkeep
from catalog_sync.cli import failing
from catalog_sync.cli.catalogue import opened
from catalog_sync.cli.parts import (
    AS_A_PART,
    BY_SIGNALS,
    GRACE_SECONDS,
    TICK_SECONDS,
    Part,
    Wakeful,
    stop_all,
    stop_with_starter,
)
from catalog_sync.cli.root import Context, begin_long_work, example, root, warn, with_context
from catalog_sync.errors import Refused
from catalog_sync.logs import open_log
from catalog_sync.settings import Settings, reached
from catalog_sync.store import registry
from catalog_sync.store.database import reading
from catalog_sync.system import open_system

PARTS = ("web", "z3950", "jobs")
BLOCKING_THREADS = 64  # of one worker, made when needed: requests wait for their turn in them (web/turns.py)
CONFIG_VARIABLE = "CATALOG_SYNC_CONFIG"  # how granian's worker processes learn which settings file


@root.command(epilog=example("catalog-sync serve"))
@click.argument("part", required=False, type=click.Choice(PARTS))
@with_context
def serve(context: Context, part: str | None) -> None:
    """Открыть каталог: сайт, сервер Z39.50 и задания по расписанию; одно из них — по имени."""
    _refuse_wrong(context.settings)
    if part is None:
        _serve_all(context)
        return
    if AS_A_PART not in os.environ and part in (addresses := _addresses(context.settings)):
        _refuse_taken(part, *addresses[part])  # else two sites share the port, and answer in turn
    open_log(context.settings.home, part, logging.INFO if part == "jobs" else logging.WARNING)
    system = context.system(patient=False)
    if part != "jobs":
        # Better a start that takes minutes than a server that answers every question with an error.
        indexing.mend(system, warn)
    system.engine.dispose()  # the database exists and is upgraded before anything forks
    stop_with_starter()
    if AS_A_PART not in os.environ:
        click.echo(_places(context.settings)[part], err=True)
    {"web": _serve_web, "z3950": _serve_z3950, "jobs": _serve_jobs}[part](context)


def _serve_web(context: Context) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces

    web = context.settings.web
    os.environ["CATALOG_SYNC_HOME"] = str(context.settings.home)
    if context.config:
        os.environ[CONFIG_VARIABLE] = str(context.config.resolve())
    server = Granian(
        "web.wsgi:make", factory=True, interface=Interfaces.WSGI, address=web.host, port=web.port,
        workers=web.workers if hasattr(os, "fork") else 1,  # granian has one on Windows
        blocking_threads=BLOCKING_THREADS, log_enabled=False, workers_kill_timeout=GRACE_SECONDS,
        respawn_failed_workers=True,  # the others go on meanwhile
        http=HTTPModes.http1,  # where HTTP/2 is possible granian waits for the first byte for ever
    )  # fmt: skip
    if not BY_SIGNALS:
        server.main_loop_interrupt = Wakeful()
    server.serve()
    _close_database(context)


def _close_database(context: Context) -> None:
    """The workers end without closing theirs: the last one who does puts SQLite's WAL into the database's one file."""
    engine = context.system().engine
    with reading(engine) as connection:
        registry.libraries(connection)
    engine.dispose()


def _serve_z3950(context: Context) -> None:
    from web.z3950.server import serve as serve_z3950
    from web.z3950.settings import from_settings

    system = context.system(patient=False)
    serve_z3950(lambda: opened(system), from_settings(context.settings))


def _serve_jobs(context: Context) -> None:
    from catalog_sync import jobs

    begin_long_work()
    jobs.serve(context.system(patient=False))


def _serve_all(context: Context) -> None:
    """Run the three parts as children; a part that dies is started again, the signal to stop reaches all."""
    for name, (host, port) in _addresses(context.settings).items():
        _refuse_taken(name, host, port)
    context.system(patient=False).engine.dispose()
    _catch_up(context.settings)
    stopping = threading.Event()
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK"):  # no SIGHUP on Windows, and SIGBREAK only there
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stopping.set())
    parts = [Part(name, _command(name, context), _environment(context)) for name in PARTS]
    web, named = context.settings.web, False
    try:
        while not stopping.wait(TICK_SECONDS):
            for part in parts:
                part.look_after()
            if not named and _answers(web.host, web.port):
                click.echo("\n".join(_places(context.settings).values()), err=True)
                named = True
    finally:
        stop_all(parts)
    click.echo("остановлено", err=True)


def _answers(host: str, port: int) -> bool:
    """Whether the catalogue can be clicked at: on a busy machine it opens seconds after its process starts.

    Asked from here: a process that has a thread of its own must not fork workers.
    """
    try:
        socket.create_connection((reached(host), port), timeout=1).close()
    except OSError:
        return False
    return True


def _places(settings: Settings) -> dict[str, str]:
    """Where each part is found, as it is told on the terminal."""
    web, z3950 = settings.web, settings.z3950
    return {
        "web": f"каталог: http://{reached(web.host)}:{web.port}", "z3950": f"Z39.50: {z3950.host}:{z3950.port}",
        "jobs": "задания: сбор по расписанию",
    }  # fmt: skip


def _addresses(settings: Settings) -> dict[str, tuple[str, int]]:
    return {"web": (settings.web.host, settings.web.port), "z3950": (settings.z3950.host, settings.z3950.port)}


def _refuse_wrong(settings: Settings) -> None:
    """Settings that only one part reads: told once and at once, instead of by a part that dies again and again."""
    from web.app import secret_key
    from web.z3950.settings import from_settings

    source_check.check_schedule(settings)
    from_settings(settings)
    secret_key(settings)


def _refuse_taken(part: str, host: str, port: int) -> None:
    """Better said once, before anything is started, than by a part that dies again and again."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        what = {"web": "каталог", "z3950": "Z39.50"}[part]
        raise Refused(
            f"{what}: адрес {host}:{port} не открывается ({failing.sentence(error)}). Каталог уже запущен? "
            f"Другой адрес или порт: [{part}] host, port в catalog-sync.toml"
        ) from error


def _catch_up(settings: Settings) -> None:
    """What a new version of the program or a crash has left undone, before readers open the catalogue.

    Other rules of matching: everything is computed anew. An index of another version: built anew.
    """
    system = open_system(settings)
    if publishing.outdated(system):
        click.echo("программа обновилась, каталог вычисляется заново: подождите, записи и решения на месте", err=True)
        upkeep.rebuild(system)
    # Better a start that takes minutes than a server that answers every question with an error.
    indexing.mend(system, warn)
    indexing.drain(system)
    system.engine.dispose()


def _command(name: str, context: Context) -> list[str]:
    config = ["--config", str(context.config)] if context.config else []
    return [sys.executable, "-m", "catalog_sync", *config, "serve", name]


def _environment(context: Context) -> dict[str, str]:
    return {**os.environ, "CATALOG_SYNC_HOME": str(context.settings.home), AS_A_PART: "1"}
