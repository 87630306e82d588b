"""init, backup, restore, check, rebuild: making and keeping the catalogue."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click
from sqlalchemy import Connection

from catalog_sync import onboarding, pipeline, source_check, upkeep
from catalog_sync.cli import sample_papers, sample_shelves
from catalog_sync.cli.root import (
    Context,
    answer,
    begin_long_work,
    end_progress,
    example,
    progress_line,
    root,
    warn,
    with_context,
)
from catalog_sync.cli.sources import difference, read_anew
from catalog_sync.errors import Refused, StopEverything
from catalog_sync.file_names import readable
from catalog_sync.model import HarvestRun, Source
from catalog_sync.runlog import as_state
from catalog_sync.settings import SAMPLE_CONFIG, Settings, load
from catalog_sync.store import maintenance, outbox, registry
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System, lacks_file, refuse_root

SETTINGS_FILE = "catalog-sync.toml"


@root.command(epilog=example("catalog-sync init --sample"))
@click.option("--sample", is_flag=True, help="Завести учебный район и загрузить его выгрузки.")
@with_context
def init(context: Context, sample: bool) -> None:
    """Завести библиотеки и источники из catalog-sync.toml."""
    sampling = sample and not context.settings.sources
    if sampling:
        context.settings = _sample_settings(context)
    source_check.check_schedule(context.settings)
    for source in context.settings.sources:
        source_check.refuse_unused(source)
        source_check.check(source, context.settings)
    system = context.system(anew=True)
    settings = system.settings
    with writing(system.engine) as connection:
        today = system.now().astimezone(settings.time_zone).date()
        told = outbox.last_number(connection)
        _refuse_new_codes(connection, settings)
        registry.save_libraries(connection, settings.libraries, today=today, now=system.now())
        renamed = outbox.last_number(connection) > told
        known = {source.code: source for source in registry.sources(connection)}
        sources = [_kept(known.get(source.code), source) for source in settings.sources]
        registry.save_sources(connection, sources)
    if renamed:  # what they hold says their name
        upkeep.drain_index(system)
    counts = f"библиотек: {len(settings.libraries)}, источников: {len(settings.sources)}"
    click.echo(f"{counts}; папка данных {settings.home}")
    if not settings.sources:
        click.echo(
            "источников в настройках нет: опишите их в catalog-sync.toml, заведите командой source add "
            "или посмотрите учебный район: catalog-sync init --sample"
        )
    for source in sources:
        if changed := difference(known.get(source.code, source), source):
            click.echo(f"источник {source.code}: {changed}")
            read_anew(system, source.code)
    if sampling or (sample and _is_sample(settings)):
        _load_sample(system)
    elif sample:
        click.echo("свои источники уже описаны: учебный район не загружается")


def _refuse_new_codes(connection: Connection, settings: Settings) -> None:
    """Codes of libraries and sources that are not there yet; what an earlier version took stays."""
    there = {one.code for one in registry.libraries(connection)}
    for library in settings.libraries:
        if library.code not in there:
            registry.refuse_code(library.code, registry.OF_LIBRARY)
    there = {one.code for one in registry.sources(connection)}
    for source in settings.sources:
        if source.code not in there:
            registry.refuse_code(source.code)


def _sample_settings(context: Context) -> Settings:
    """The sample's settings, copied into the data folder too: what is served later has the same name and clock."""
    home = context.settings.home
    if context.config is None and not (home / SETTINGS_FILE).exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / SETTINGS_FILE).write_bytes(SAMPLE_CONFIG.read_bytes())
    found = load(SAMPLE_CONFIG)
    return replace(context.settings, district=found.district, libraries=found.libraries, sources=found.sources)


def _is_sample(settings: Settings) -> bool:
    sample = {source.code for source in load(SAMPLE_CONFIG).sources}
    return {source.code for source in settings.sources} == sample


def _kept(known: Source | None, written: Source) -> Source:
    """A source of the file; where the file is silent, what was found or set by command stays (a pause too)."""
    if known is None:
        return written
    silent = {
        name: getattr(known, name)
        for name in ("encoding", "holdings_profile", "base", "schedule", "active")
        if getattr(written, name) == Source.__dataclass_fields__[name].default
    }
    return replace(written, **silent, settings={**known.settings, **written.settings})


def _load_sample(system: System) -> None:
    """Every export that is not published yet, then the papers. The index is written once, after the last of them."""
    with reading(system.engine) as connection:
        waiting = [s for s in system.settings.sources if not registry.published_run(connection, s.code)]
    names = {source.code: source.name for source in waiting}

    def told(code: str, run: HarvestRun | Exception) -> None:
        end_progress()
        if not isinstance(run, HarvestRun):
            raise run
        aside = f", отложено {run.counts.set_aside}" if run.counts.set_aside else ""
        click.echo(f"  {names[code]}: {as_state(run.state)}, записей {run.counts.new}{aside}")

    exports = [(source.code, onboarding.brought(_sample_files(source), source)) for source in waiting]
    if exports:
        pipeline.run_together(system, exports, told, asked_by="init --sample", progress=progress_line)
    if sample_papers.load(system):
        click.echo("  потребность в учебниках, федеральный перечень, показатели школ и договоры: записаны")
    if sample_shelves.load(system):
        click.echo("  подборки и краеведческая полка: заполнены")


def _sample_files(source: Source) -> list[Path]:
    folder = SAMPLE_CONFIG.parent / "exports"
    files = sorted(folder.glob(f"{source.code}.*"))
    if not files:
        raise StopEverything(f"{folder}: нет выгрузки источника {source.code}")
    return files


@root.command(epilog=example("catalog-sync rebuild"))
@with_context
def rebuild(context: Context) -> None:
    """Вычислить всё заново из хранимых записей и решений: кластеры, сводные записи, индекс."""
    begin_long_work()
    system = context.system(anew=True)
    digest = upkeep.rebuild(system, progress_line("перестройка"))
    end_progress()
    click.echo(f"готово, отпечаток кластеров {digest}")


@root.command(epilog=example("catalog-sync check --json"))
@click.option("--json", "as_json", is_flag=True, help="Ответ в JSON.")
@with_context
def check(context: Context, as_json: bool) -> None:
    """Проверить, что всё вычисленное равно вычисляемому; код выхода 1, если найдены расхождения."""
    system = context.system()
    found = upkeep.check(system, tell=warn)
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
    settings = context.settings
    # An empty copy would take the place of a good one. Where only the base is gone, opening says what to do.
    if lacks_file(settings.database_url) and not settings.index_path.exists():
        raise Refused(
            f"{settings.home}: каталога здесь нет, копировать нечего. Команду дают в папке программы "
            "(в Планировщике заданий это «рабочая папка»), или назовите папку данных в CATALOG_SYNC_HOME"
        )
    system = context.system(to_read=True)  # a copy may be taken by root, who alone may write to the disk for copies
    size = maintenance.backup(system.engine, system.settings.home, file, system.now())
    click.echo(f"{readable(str(file))}: {size / 1e6:.1f} МБ")


@root.command(epilog=example("catalog-sync restore katalog-2026-09-01.zip"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--yes", is_flag=True, help="Не спрашивать.")
@with_context
def restore(context: Context, file: Path, yes: bool) -> None:
    """Вернуть каталог из копии. Прежняя база остаётся рядом: catalog.sqlite.before-restore-1."""
    home = context.settings.home
    refuse_root(home)
    question = f"Заменить каталог в {home} копией {readable(str(file))}?"
    kept = maintenance.restore(home, context.settings.database_url, file, confirm=lambda: answer(question, yes=yes))
    upkeep.drain_index(context.system(), from_scratch=True)
    click.echo(f"восстановлено из {readable(str(file))}" + (f"; прежний каталог сохранён в {kept}" if kept else ""))
