"""init, backup, restore, check, rebuild: making and keeping the catalogue."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from catalog_sync import pipeline
from catalog_sync.cli.root import Context, end_progress, example, progress_line, root, with_context
from catalog_sync.errors import StopEverything
from catalog_sync.settings import SAMPLE_CONFIG, load
from catalog_sync.store import maintenance, registry
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System


@root.command(epilog=example("catalog-sync init --sample"))
@click.option("--sample", is_flag=True, help="Завести учебный район и загрузить его выгрузки.")
@with_context
def init(context: Context, sample: bool) -> None:
    """Завести библиотеки и источники из catalog-sync.toml."""
    if sample and not context.settings.sources:
        found = load(context.config or SAMPLE_CONFIG)
        context.settings = replace(found, home=context.settings.home)
    system = context.system()
    with writing(system.engine) as connection:
        registry.save_libraries(connection, system.settings.libraries)
        registry.save_sources(connection, system.settings.sources)
    click.echo(
        f"библиотек: {len(system.settings.libraries)}, источников: {len(system.settings.sources)}; "
        f"папка данных {system.settings.home}"
    )
    if sample:
        _load_sample(system)


def _load_sample(system: System) -> None:
    folder = SAMPLE_CONFIG.parent
    for source in system.settings.sources:
        with reading(system.engine) as connection:
            if registry.published_run(connection, source.code):
                continue
        files = sorted((folder / "exports").glob(f"{source.code}.*"))
        if not files:
            raise StopEverything(f"{folder / 'exports'}: нет выгрузки источника {source.code}")
        run = pipeline.import_paths(
            system, source.code, files, asked_by="init --sample", progress=progress_line(source.code)
        )
        end_progress()
        click.echo(f"  {source.code}: {run.state.value}, записей {run.counts.new}")


@root.command(epilog=example("catalog-sync rebuild"))
@with_context
def rebuild(context: Context) -> None:
    """Вычислить всё заново из хранимых записей и решений: кластеры, сводные записи, индекс."""
    system = context.system()
    digest = pipeline.rebuild(system, progress_line("перестройка"))
    end_progress()
    click.echo(f"готово, отпечаток кластеров {digest}")


@root.command(epilog=example("catalog-sync check --json"))
@click.option("--json", "as_json", is_flag=True, help="Ответ в JSON.")
@with_context
def check(context: Context, as_json: bool) -> None:
    """Проверить, что всё вычисленное равно вычисляемому; код выхода 1, если найдены расхождения."""
    system = context.system()
    found = pipeline.check(system)
    if as_json:
        click.echo(json.dumps({"ok": not found, "problems": found}, ensure_ascii=False, indent=2))
    else:
        for problem in found:
            click.echo(problem)
        click.echo("расхождений нет" if not found else f"расхождений: {len(found)}")
    if found:
        raise click.exceptions.Exit(1)


@root.command(epilog=example("catalog-sync backup katalog-2026-09-01.zip"))
@click.argument("file", type=click.Path(path_type=Path))
@with_context
def backup(context: Context, file: Path) -> None:
    """Снять копию каталога в один файл; работать в это время можно."""
    system = context.system()
    size = maintenance.backup(system.engine, system.settings.home, file, system.now())
    click.echo(f"{file}: {size / 1e6:.1f} МБ")


@root.command(epilog=example("catalog-sync restore katalog-2026-09-01.zip"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Не спрашивать.")
@with_context
def restore(context: Context, file: Path, yes: bool) -> None:
    """Вернуть каталог из копии. Прежние файлы остаются рядом с пометкой времени."""
    if not yes:
        click.confirm(f"Заменить каталог в {context.settings.home} копией {file}?", abort=True)
    kept = maintenance.restore(context.settings.home, context.settings.database_url, file)
    system = context.system()
    pipeline.drain_index(system, from_scratch=True)
    click.echo(f"восстановлено из {file}" + (f"; прежний каталог сохранён в {kept}" if kept else ""))
