"""report: the forms and papers the district owes."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from catalog_sync.cli.output import whole_file
from catalog_sync.cli.root import Context, example, root, with_context
from catalog_sync.errors import Refused
from catalog_sync.file_names import readable
from catalog_sync.reports import registry, render


@root.command(epilog=example("catalog-sync report oo2 --period 2026 --format xlsx --output oo2.xlsx"))
@click.argument("name", required=False)
@click.option("--library", default="", help="Код библиотеки; без него — весь район.")
@click.option("--period", default="", help="2026Q3, 2026 или 2026-01-01:2026-06-30; без него — текущий год.")
@click.option("--format", "format_", type=click.Choice(["json", "csv", "xlsx", "docx", "html"]), default="json")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Файл вместо вывода.")
@with_context
def report(context: Context, name: str | None, library: str, period: str, format_: str, output: Path | None) -> None:
    """Составить отчёт. Без имени — список отчётов."""
    if name is None:
        for code, title in registry.names():
            click.echo(f"{code:<24} {title}")
        return
    system = context.system()
    today = system.now().astimezone(system.settings.time_zone).date()
    made = registry.make(
        system.engine, name, library=library, period=period, today=today,
        organisation=system.settings.district.organisation,
    )  # fmt: skip
    data = render.render(made, format_)
    if output is not None:
        with whole_file(output) as file:
            file.write(data)
        click.echo(f"{readable(str(output))}: {len(data)} байт")
    elif format_ in ("xlsx", "docx") and sys.stdout.isatty():
        raise Refused(f"{format_} не печатается на терминал: добавьте --output отчёт.{format_}")
    else:
        sys.stdout.buffer.write(data)
