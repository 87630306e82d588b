"""What every command shares: the settings file, the opened system, a progress line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from catalog_sync import __version__, settings
from catalog_sync.system import System, open_system

Progress = Callable[[str, int], None]


@dataclass(slots=True)
class Context:
    """Settings are read at once, the database only when a command asks for it."""

    settings: settings.Settings
    config: Path | None = None

    def system(self) -> System:
        return open_system(self.settings)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="catalog-sync", message="%(prog)s %(version)s")
@click.option("--config", type=click.Path(path_type=Path), help="Файл настроек вместо HOME/catalog-sync.toml.")
@click.pass_context
def root(context: click.Context, config: Path | None) -> None:
    """Сводный каталог школьных библиотек района: сбор, поиск, обмен, отчёты.

    Папка данных: переменная CATALOG_SYNC_HOME (по умолчанию data/var).
    """
    context.obj = Context(settings.load(config), config)


with_context = click.make_pass_decorator(Context)


def progress_line(title: str) -> Progress:
    """A line that is rewritten in place on a terminal, and nothing in a log file."""
    if not sys.stderr.isatty():
        return lambda name, count: None

    def show(name: str, count: int) -> None:
        click.echo(f"\r\033[K{title}: {name} — {count}", nl=False, err=True)

    return show


def end_progress() -> None:
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)


def example(text: str) -> str:
    """The example at the end of a command's help."""
    return f"Пример:\n\n    {text}"
