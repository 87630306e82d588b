"""import, harvest, runs, approve, reject, rollback, source: what comes in."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from catalog_sync import pipeline, staging
from catalog_sync.cli.root import Context, end_progress, example, progress_line, root, with_context
from catalog_sync.errors import Refused, SourceUnavailable
from catalog_sync.model import Dialect, HarvestRun, Library, RunState, Source
from catalog_sync.store import registry, runs
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System, operator

STATES = {
    RunState.WAITING: "ожидает",
    RunState.RUNNING: "идёт",
    RunState.STAGED: "подготовлен",
    RunState.HELD: "удержан",
    RunState.PUBLISHED: "опубликован",
    RunState.REJECTED: "отклонён",
    RunState.FAILED: "не удался",
    RunState.ROLLED_BACK: "отменён",
}


@root.command(name="import", epilog=example("catalog-sync import uchebniki.iso --source school-07 --dialect marcsql"))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--source", "code", required=True, help="Код источника; новый будет заведён после вопроса.")
@click.option(
    "--dialect", type=click.Choice([d.value for d in Dialect]), help="Формат записей (только новый источник)."
)
@click.option("--encoding", help="Кодировка записей; без неё определяется по файлу.")
@click.option("--incremental", is_flag=True, help="В файле только изменения: чего в нём нет, то не исчезло.")
@click.option("--yes", is_flag=True, help="Ответить «да» на вопросы. Удержанный сеанс это не публикует.")
@with_context
def import_(
    context: Context, files: tuple[Path, ...], code: str, dialect: str | None, encoding: str | None, incremental: bool,
    yes: bool,
) -> None:  # fmt: skip
    """Загрузить выгрузку библиотечной системы из файлов."""
    system = context.system()
    _make_source(system, code, dialect, encoding, files, yes)
    run = pipeline.import_paths(
        system, code, files, incremental=incremental, asked_by=operator(), progress=progress_line(code)
    )
    end_progress()
    _say(run)


def _make_source(
    system: System, code: str, dialect: str | None, encoding: str | None, files: tuple[Path, ...], yes: bool
) -> None:
    with reading(system.engine) as connection:
        found = registry.find_source(connection, code)
    if found is not None:
        _refuse_other(found, dialect, encoding)
        return
    seen = pipeline.detect(files[0])
    source = Source(
        code=code, library=code, name=code, dialect=Dialect(dialect) if dialect else seen.dialect,
        encoding=encoding or "", holdings_profile=seen.holdings_profile,
    )  # fmt: skip
    if not yes:
        click.confirm(
            f"Источника {code} ещё нет. Завести его и библиотеку с этим кодом (формат {source.dialect.value}, "
            f"кодировка {source.encoding or seen.encoding})?",
            abort=True,
        )
    with writing(system.engine) as connection:
        if registry.find_library(connection, code) is None:
            registry.save_libraries(connection, [Library(code=code, name=code)])
        registry.save_sources(connection, [source])


def _refuse_other(found: Source, dialect: str | None, encoding: str | None) -> None:
    if dialect and found.dialect.value != dialect:
        raise Refused(f"источник {found.code} заведён в формате {found.dialect.value}, а указан {dialect}")
    if encoding and found.encoding and found.encoding != encoding:
        raise Refused(f"источник {found.code} заведён в кодировке {found.encoding}, а указана {encoding}")


def _say(run: HarvestRun) -> None:
    """One line on what became of a run; exits 3 when it is held and 1 when it failed."""
    c = run.counts
    click.echo(
        f"сеанс № {run.number}, {run.source}: {STATES[run.state]}; прочитано {c.read}, новых {c.new}, "
        f"изменено {c.changed}, без изменений {c.unchanged}, исчезло {c.gone}, отложено {c.set_aside}"
    )
    if run.message:
        click.echo(f"  причина: {run.message}", err=True)
    if run.state is RunState.HELD:
        click.echo(f"  решите: catalog-sync approve {run.number} или catalog-sync reject {run.number}", err=True)
        raise click.exceptions.Exit(3)
    if run.state is RunState.FAILED:
        raise click.exceptions.Exit(1)


@root.command(epilog=example("catalog-sync harvest school-07"))
@click.argument("codes", nargs=-1)
@click.option("--due", is_flag=True, help="Только те, чей срок подошёл.")
@with_context
def harvest(context: Context, codes: tuple[str, ...], due: bool) -> None:
    """Собрать источники сейчас: названные, просроченные или все действующие."""
    system = context.system()
    wanted = pipeline.sources_to_harvest(system, codes, due=due)
    failed = []
    for code in wanted:
        try:
            run = pipeline.harvest(system, code, asked_by=operator(), progress=progress_line(code))
        except SourceUnavailable as error:
            failed.append(code)
            click.echo(f"{code}: {error}", err=True)
            continue
        finally:
            end_progress()
        try:
            _say(run)
        except click.exceptions.Exit:
            failed.append(code)
    if not wanted:
        click.echo("собирать нечего")
    if failed:
        raise click.exceptions.Exit(1)


@root.command(name="runs", epilog=example("catalog-sync runs --source school-07"))
@click.option("--json", "as_json", is_flag=True, help="Ответ в JSON.")
@click.option("--source", help="Только этого источника.")
@click.option("--limit", default=20, show_default=True, help="Сколько последних.")
@with_context
def runs_(context: Context, as_json: bool, source: str | None, limit: int) -> None:
    """Показать последние сеансы сбора."""
    system = context.system()
    with reading(system.engine) as connection:
        found = runs.latest(connection, source=source, limit=limit)
    if as_json:
        click.echo(json.dumps([as_dict(run) for run in found], ensure_ascii=False, indent=2))
        return
    for run in found:
        c = run.counts
        click.echo(
            f"{run.number:>6}  {_local(system, run.started)}  {run.source:<20} {STATES[run.state]:<12} "
            f"+{c.new} ~{c.changed} ={c.unchanged} −{c.gone} !{c.set_aside}"
            + (f"  {run.message}" if run.message else "")
        )
    if not found:
        click.echo("сеансов ещё не было")


def as_dict(run: HarvestRun) -> dict[str, Any]:
    """A run as JSON shows it; times in UTC, ISO 8601."""
    counts = {name: getattr(run.counts, name) for name in run.counts.__dataclass_fields__}
    return {
        "number": run.number, "source": run.source, "state": run.state.value, "started": run.started.isoformat(),
        "finished": run.finished.isoformat() if run.finished else None, "incremental": run.incremental,
        "encoding": run.encoding, "message": run.message, "bookmark": run.bookmark, "warnings": list(run.warnings),
        **counts,
    }  # fmt: skip


def _local(system: System, moment: datetime) -> str:
    return f"{moment.astimezone(system.settings.time_zone):%d.%m.%Y %H:%M}"


@root.command(epilog=example("catalog-sync approve 42"))
@click.argument("run", type=int)
@with_context
def approve(context: Context, run: int) -> None:
    """Опубликовать удержанный сеанс."""
    _say(pipeline.approve(context.system(), run, who=operator()))


@root.command(epilog=example("catalog-sync reject 42"))
@click.argument("run", type=int)
@with_context
def reject(context: Context, run: int) -> None:
    """Отклонить удержанный сеанс; каталог не меняется."""
    _say(pipeline.reject(context.system(), run, who=operator()))


@root.command(epilog=example("catalog-sync rollback 42"))
@click.argument("run", type=int)
@with_context
def rollback(context: Context, run: int) -> None:
    """Отменить последний опубликованный сеанс источника: вернуть всё, как было до него."""
    _say(pipeline.roll_back(context.system(), run, who=operator()))


@root.command(epilog=example("catalog-sync difference 42"))
@click.argument("run", type=int)
@click.option("--limit", default=10, show_default=True, help="Сколько примеров каждого вида.")
@with_context
def difference(context: Context, run: int, limit: int) -> None:
    """Показать, что изменил бы удержанный сеанс: числа и примеры."""
    system = context.system()
    with reading(system.engine) as connection:
        found = runs.get(connection, run)
    c = found.counts
    click.echo(
        f"сеанс № {run}, {found.source}: {STATES[found.state]}" + (f": {found.message}" if found.message else "")
    )
    examples = staging.difference_examples(system.engine, run, limit)
    for action, title, count in (
        ("new", "новых", c.new),
        ("changed", "изменено", c.changed),
        ("gone", "исчезло", c.gone),
    ):
        click.echo(f"{title}: {count}")
        for one in examples[action]:
            arrow = f"{one.before} → {one.after}" if action == "changed" else one.before or one.after
            click.echo(f"    {one.local_id}: {arrow}")
