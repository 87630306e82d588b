"""source mapping: what each column of a school's list in a table is, seen before anything is loaded."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path

import click

from catalog_sync import onboarding
from catalog_sync.cli.root import Context, example, screen_width, with_context
from catalog_sync.cli.sources import EXISTING, save, show_card, source
from catalog_sync.errors import Refused
from catalog_sync.file_names import readable
from catalog_sync.store import registry
from catalog_sync.store.database import reading, writing
from harvesters import by_hand, table
from harvesters.table_mapping import captions

LONGEST_HEADING = 30  # shown of a heading
CARDS = 3
TAB = "\t"


@source.command(epilog=example("catalog-sync source mapping school-09 spisok.xlsx --write"))
@click.argument("code")
@click.argument("file", type=EXISTING)
@click.option("--columns", default="", help="Что в каком столбце: «Автор=author; Книга=title; F=year».")
@click.option("--sheet", default="", help="Лист книги; без него — первый.")
@click.option("--write", is_flag=True, help="Сохранить соответствие столбцов в настройках источника.")
@with_context
def mapping(context: Context, code: str, file: Path, columns: str, sheet: str, write: bool) -> None:
    """Показать, как понят список в Excel, LibreOffice или CSV, и сохранить соответствие столбцов."""
    system = context.system()
    with reading(system.engine) as connection:
        found = registry.get_source(connection, code)
    by_hand.refuse_mapping(found)
    settings = by_hand.table_settings(found)
    settings = replace(settings, columns=columns or settings.columns, sheet=sheet or settings.sheet)
    seen = table.preview(readable(file.name), file.read_bytes(), settings, found.dialect, f"источник {code}")
    _show_table(seen, settings.sheet)
    if seen.total and seen.knows_title:
        for card in onboarding.look([seen.file], found, cards=CARDS).cards:
            show_card(card)
        click.echo()
    if not write:
        click.echo("сохранить это соответствие: добавьте --write; изменить: --columns 'Заголовок=поле; C=поле; …'")
        return
    if not seen.knows_title:
        raise Refused("столбец с названием книги не узнан, сохранять нечего: назовите его в --columns (…=title)")
    extra = {name: value for name, value in (("columns", seen.mapping), ("sheet", sheet)) if value}
    after = replace(found, settings={**found.settings, **extra})
    with writing(system.engine) as connection:
        save(connection, system, found, after)
    click.echo(f"сохранено; загрузить список: catalog-sync import {readable(str(file))} --source {code}")


def _show_table(seen: table.Preview, sheet: str) -> None:
    if len(seen.sheets) > 1:
        click.echo(f"лист «{sheet or seen.sheets[0]}»; есть: {', '.join(seen.sheets)} (взять другой: --sheet)")
    if seen.encoding:
        click.echo(f"кодировка {seen.encoding}, разделитель {'табуляция' if seen.delimiter == TAB else seen.delimiter}")
    width = min(LONGEST_HEADING, max((len(column.heading) for column in seen.columns), default=0))
    for column in seen.columns:
        field = f"{column.field} ({captions()[column.field]})" if column.field else "не используется"
        line = f"{column.letter:>2} {column.heading[:width]:<{width}}  {field:<31}  " + "; ".join(column.examples)
        click.echo(line[: screen_width()].rstrip())
    used = {column.field for column in seen.columns}
    free = ", ".join(f"{field} ({caption})" for field, caption in captions().items() if field not in used)
    click.echo("\n" + textwrap.fill(f"ещё есть поля: {free}", min(screen_width(), 100), break_long_words=False))
    click.echo(f"\nзаписей: {seen.total}")
    for warning in seen.warnings:
        click.echo(f"  {warning}")


@source.command(name="forget-mapping", epilog=example("catalog-sync source forget-mapping school-09"))
@click.argument("code")
@with_context
def forget_mapping(context: Context, code: str) -> None:
    """Забыть сохранённое соответствие столбцов: оно снова будет угадываться по заголовкам."""
    system = context.system()
    with writing(system.engine) as connection:
        found = registry.get_source(connection, code)
        names = [name for name in table.mapping_fields() if name in found.settings]
        if not names:
            raise Refused(f"у источника {code} нет сохранённого соответствия столбцов")
        kept = {name: value for name, value in found.settings.items() if name not in names}
        save(connection, system, found, replace(found, settings=kept))
    click.echo(f"соответствие столбцов источника {code} забыто")
