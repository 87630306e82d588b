"""serve: the web catalogue, the Z39.50 server and the jobs, each in its own process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click

from catalog_sync.cli.catalogue import opened
from catalog_sync.cli.root import Context, example, root, with_context
from catalog_sync.settings import Settings

PARTS = ("web", "z3950", "jobs")
GRACE_SECONDS = 15  # to finish what is being answered before a part is killed
RESTART_SECONDS = 3  # between a part's death and its next start
CONFIG_VARIABLE = "CATALOG_SYNC_CONFIG"  # how granian's worker processes learn which settings file


@root.command(epilog=example("catalog-sync serve"))
@click.argument("part", required=False, type=click.Choice(PARTS))
@with_context
def serve(context: Context, part: str | None) -> None:
    """Открыть каталог: сайт, сервер Z39.50 и задания по расписанию; одно из них — по имени."""
    if part is None:
        _serve_all(context)
        return
    context.system().engine.dispose()  # the database exists and is upgraded before anything forks
    {"web": _serve_web, "z3950": _serve_z3950, "jobs": _serve_jobs}[part](context)


def _serve_web(context: Context) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    web = context.settings.web
    os.environ["CATALOG_SYNC_HOME"] = str(context.settings.home)
    if context.config:
        os.environ[CONFIG_VARIABLE] = str(context.config.resolve())
    click.echo(f"каталог: http://{web.host}:{web.port}", err=True)
    Granian(
        "web.wsgi:make", factory=True, interface=Interfaces.WSGI, address=web.host, port=web.port, workers=web.workers,
        log_enabled=False, workers_kill_timeout=GRACE_SECONDS,
    ).serve()  # fmt: skip


def _serve_z3950(context: Context) -> None:
    from web.z3950.server import serve as serve_z3950
    from web.z3950.settings import from_settings

    system = context.system()
    ours = context.settings.z3950
    click.echo(f"Z39.50: {ours.host}:{ours.port}", err=True)
    serve_z3950(lambda: opened(system), from_settings(system))


def _serve_jobs(context: Context) -> None:
    from catalog_sync import jobs

    click.echo("задания: сбор по расписанию", err=True)
    jobs.serve(context.system())


def _serve_all(context: Context) -> None:
    """Run the three parts as children; a part that dies is started again, the signal to stop reaches all."""
    context.system().engine.dispose()
    _upgrade_index(context.settings)
    children = {part: _start(part, context) for part in PARTS}
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    died: dict[str, float] = {}
    while not stopping:
        time.sleep(0.2)
        for part, child in children.items():
            if child.poll() is None:
                continue
            if part not in died:
                click.echo(
                    f"catalog-sync: часть {part} остановилась с кодом {child.returncode}, запускаю снова", err=True
                )
                died[part] = time.monotonic()
            elif time.monotonic() - died[part] > RESTART_SECONDS:
                children[part] = _start(part, context)
                del died[part]
    _stop(list(children.values()))


def _upgrade_index(settings: Settings) -> None:
    """Catch up with what a crash left unindexed; an index of another version is built anew before readers open it."""
    from catalog_sync import indexing
    from catalog_sync.system import open_system

    system = open_system(settings)
    indexing.drain(system)
    system.engine.dispose()


def _start(part: str, context: Context) -> subprocess.Popen[bytes]:
    config = ["--config", str(context.config)] if context.config else []
    command = [sys.executable, "-m", "catalog_sync", *config, "serve", part]
    return subprocess.Popen(  # noqa: S603 (our own interpreter and our own words)
        command, env={**os.environ, "CATALOG_SYNC_HOME": str(context.settings.home)}, cwd=Path.cwd()
    )


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    until = time.monotonic() + GRACE_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
