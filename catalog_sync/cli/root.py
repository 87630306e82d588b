"""What every command shares: the settings file, the opened system, a progress line."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path

import click

from catalog_sync import __version__, settings
from catalog_sync.cli.helping import RussianHelp, WholeSentences
from catalog_sync.errors import Refused
from catalog_sync.model import RecordKey
from catalog_sync.system import System, open_system

Progress = Callable[[str, int], None]

UNBOUNDED = 10_000
YES, NO = ("да", "д", "yes", "y"), ("нет", "н", "no", "n")


@dataclass
class Context:
    """Settings and database are read when a command asks for them: help and what needs neither work without."""

    config: Path | None = None

    @cached_property
    def settings(self) -> settings.Settings:
        return settings.load(self.config)

    def system(self, *, anew: bool = False, patient: bool = True, to_read: bool = False) -> System:
        """Closed with the command. `anew`: it may begin with an empty database where another was lost; `to_read`: it
        writes nothing, and root may do it for any user.

        `patient`: it waits for a harvest that is being written, and says so, instead of giving up.
        """
        system = open_system(self.settings, anew=anew, to_read=to_read)
        if patient:
            system.engine.update_execution_options(patient=True, waiting=say_waiting)
        click.get_current_context().find_root().call_on_close(system.engine.dispose)
        return system


MODULES = {
    "setup": ("init", "rebuild", "check", "backup", "restore"),
    "importing": ("import",),
    "harvesting": ("harvest", "runs", "approve", "reject", "rollback", "difference"),
    "set_aside": ("set-aside",),
    "sources": ("source",),
    "mapping": ("source",),
    "catalogue": ("search", "explain", "clusters", "export"),
    "copying": ("lookup", "convert"),
    "matching": ("decide", "undo", "decisions", "review", "history", "score", "letter"),
    "reporting": ("report",),
    "staff": ("user", "token"),
    "serving": ("serve",),
}  # module of cli → its commands


click.Context.formatter_class = RussianHelp


class Commands(WholeSentences):
    """Commands whose modules are read when they are asked for: all of them together take seconds to read."""

    group_class = WholeSentences

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        load_commands(cmd_name)
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        load_commands()
        return super().list_commands(ctx)


def load_commands(command: str = "") -> None:
    """Make a command known to `root`; "" is all of them."""
    for name, commands in MODULES.items():
        if not command or command in commands:
            import_module(f"catalog_sync.cli.{name}")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="catalog-sync", message="%(prog)s %(version)s")
@click.option("--config", type=click.Path(path_type=Path), help="Файл настроек вместо HOME/catalog-sync.toml.")
@click.pass_context
def root(context: click.Context, config: Path | None) -> None:
    """Сводный каталог школьных библиотек района: сбор, поиск, обмен, отчёты.

    Папка данных: переменная CATALOG_SYNC_HOME (по умолчанию data/var).
    """
    context.obj = Context(config)


with_context = click.make_pass_decorator(Context)


PROGRAM = "catalog-sync"
AFTER_READERS = 10  # niceness: an import gets a tenth of a processor that a page wants, and all of it otherwise


warn = partial(click.echo, err=True)


def say_waiting() -> None:
    warn("каталог сейчас записывает другая программа: жду её (прервать: Ctrl+C)")


def begin_long_work() -> None:
    """Let readers' pages go before this process: a harvest may take all night, a page may not take a second.

    Only where the process is this command's own (a test that calls a command keeps its place).
    """
    if click.get_current_context().find_root().info_name != PROGRAM:
        return
    gc.freeze()  # what modules are made of stays: nothing is gained by looking through it for cycles
    if hasattr(os, "setpriority"):  # not on Windows
        os.setpriority(os.PRIO_PROCESS, 0, max(AFTER_READERS, os.getpriority(os.PRIO_PROCESS, 0)))


def progress_line(title: str) -> Progress:
    """A line that is rewritten in place on a terminal, and nothing in a log file."""
    if not sys.stderr.isatty():
        return lambda name, count: None

    def show(name: str, count: int) -> None:
        click.echo(f"\r\033[K{fitted(f'{title}: {name}', f' — {count}')}", nl=False, err=True)

    return show


def screen_width() -> int:
    """Columns of the terminal; of a file or a pipe as many as anybody writes."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() or sys.stderr.isatty() else UNBOUNDED


def fitted(text: str, end: str) -> str:
    """Text and end in one line of the terminal: a longer line would wrap and could not be rewritten in place."""
    room = max(0, screen_width() - 1 - len(end))
    return (text if len(text) <= room else text[: max(0, room - 1)] + "…") + end


def end_progress() -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)


def local(system: System, moment: datetime) -> str:
    """A moment by the district's clock."""
    return f"{moment.astimezone(system.settings.time_zone):%d.%m.%Y %H:%M}"


def answer(question: str, *, yes: bool) -> None:
    """Ask before going on; `yes` has answered already. Refused where nobody is there to answer, Abort on «нет»."""
    if yes:
        return
    try:
        said = click.prompt(f"{question} [да/нет]", default="нет", show_default=False).strip().lower()
        while said not in YES + NO:
            said = click.prompt("да или нет?", default="нет", show_default=False).strip().lower()
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise Refused(f"{question} Ответить некому: если да, добавьте --yes") from None
    if said in NO:
        raise click.Abort


def record_key(text: str) -> RecordKey:
    """A record as people name it: ИСТОЧНИК:НОМЕР. Raises Refused."""
    try:
        return RecordKey.parse(text)
    except ValueError as error:
        raise Refused(f"нужно ИСТОЧНИК:НОМЕР, а указано {text!r}") from error


def example(text: str) -> str:
    """The example at the end of a command's help."""
    return f"Пример:\n\n    {text}"
