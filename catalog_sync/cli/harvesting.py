"""harvest, runs, approve, reject, rollback, difference: what comes in by itself, and what is decided about it."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

import click
from sqlalchemy import Connection

from catalog_sync import confirming, pipeline, previewing
from catalog_sync.cli.root import (
    Context,
    answer,
    begin_long_work,
    end_progress,
    example,
    local,
    progress_line,
    root,
    with_context,
)
from catalog_sync.errors import CatalogSyncError
from catalog_sync.model import HarvestRun, RunState
from catalog_sync.runlog import as_state
from catalog_sync.staging import WARNINGS_KEPT
from catalog_sync.store import leases, registry, runs
from catalog_sync.store.database import reading
from catalog_sync.system import System, operator

FILES_SHOWN = 20
MINUTE = 60
HELD, FAILED = 3, 1  # exit codes; 2 is a mistyped command


def say(run: HarvestRun) -> None:
    """One line on what became of a run; exits 3 when it is held and 1 when it failed."""
    c = run.counts
    click.echo(
        f"сеанс № {run.number}, {run.source}: {as_state(run.state)}; прочитано {c.read}, новых {c.new}, "
        f"изменено {c.changed}, без изменений {c.unchanged}, исчезло {c.gone}, отложено {c.set_aside}"
    )
    if run.message and run.state in (RunState.HELD, RunState.FAILED):  # of others it tells what was, not what is
        click.echo(f"  причина: {run.message}", err=True)
    if run.state is RunState.PUBLISHED and not any((c.read, c.new, c.changed, c.gone)):
        click.echo("  нового источник не отдал, каталог прежний")
    _say_remarks(run)
    if run.state is RunState.HELD:
        click.echo(f"  решите: catalog-sync approve {run.number} или catalog-sync reject {run.number}", err=True)
    if code := _code_of(run):
        raise click.exceptions.Exit(code)


def _code_of(end: HarvestRun | Exception) -> int:
    """The exit code that says how a run ended."""
    if not isinstance(end, HarvestRun):
        return FAILED
    return {RunState.HELD: HELD, RunState.FAILED: FAILED}.get(end.state, 0)


def _say_remarks(run: HarvestRun) -> None:
    """One line on what was noticed: the remark itself where it is alone, else how many there are and where."""
    remarks = [warning for warning in run.warnings if warning not in run.message]  # not what is the reason already
    if len(remarks) == 1:
        click.echo(f"  замечание: {remarks[0]}")
    elif remarks:
        more = " или больше" if len(run.warnings) >= WARNINGS_KEPT else ""
        click.echo(f"  замечаний: {len(remarks)}{more}, подробности: catalog-sync runs {run.number}")


@root.command(epilog=example("catalog-sync harvest school-07"))
@click.argument("codes", nargs=-1)
@click.option("--due", is_flag=True, help="Только те, чей срок подошёл.")
@with_context
def harvest(context: Context, codes: tuple[str, ...], due: bool) -> None:
    """Собрать источники сейчас: названные, просроченные или все действующие."""
    begin_long_work()
    system = context.system()
    wanted = pipeline.sources_to_harvest(system, codes, due=due)
    if not wanted:
        click.echo("собирать нечего")
    ends: set[int] = set()
    pipeline.harvest_together(
        system, wanted, lambda code, end: ends.add(_ended(code, end)), asked_by=operator(), progress=progress_line
    )
    if worst := ends & {FAILED, HELD}:
        raise click.exceptions.Exit(min(worst))


def _ended(code: str, end: HarvestRun | Exception) -> int:
    """Say how a source's run ended; the others of the night go on whatever happened. Returns an exit code."""
    if not isinstance(end, HarvestRun | CatalogSyncError):
        raise end
    with suppress(OSError, click.exceptions.Exit):  # nobody reads what is said, or the disk it goes to is full
        end_progress()
        if isinstance(end, HarvestRun):
            say(end)
        else:
            said = str(end)
            click.echo(said if said.startswith(f"{code}:") else f"{code}: {said}", err=True)
    return _code_of(end)


@root.command(name="runs", epilog=example("catalog-sync runs --source school-07"))
@click.argument("number", required=False, type=int)
@click.option("--json", "as_json", is_flag=True, help="Ответ в JSON.")
@click.option("--source", help="Только этого источника.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="Сколько последних.")
@with_context
def runs_(context: Context, number: int | None, as_json: bool, source: str | None, limit: int) -> None:
    """Показать последние сеансы сбора или, по номеру, один со всеми числами, замечаниями и журналом."""
    system = context.system()
    with reading(system.engine) as connection:
        if source:
            registry.get_source(connection, source)
        one = [runs.get(connection, number)] if number is not None else []
        found = one or runs.latest(connection, source=source, limit=limit)
        more = runs.details(connection, [run.number for run in found])
        states = {run.number: _state(connection, run) for run in found}
    if as_json:
        click.echo(json.dumps([as_dict(run, more[run.number]) for run in found], ensure_ascii=False, indent=2))
        return
    if one:
        _show_run(system, found[0], more[found[0].number], states[found[0].number])
        return
    for run in found:
        c = run.counts
        click.echo(
            f"{run.number:>6}  {local(system, run.started)}  {run.source:<20} {states[run.number]:<12} "
            f"+{c.new} ~{c.changed} ={c.unchanged} −{c.gone} !{c.set_aside}"
            + (f"  {said}" if (said := run.message or more[run.number].progress) else "")
            + (f"  замечаний: {len(run.warnings)}" if run.warnings else "")
        )
    if not found:
        click.echo("сеансов ещё не было")


def _state(connection: Connection, run: HarvestRun) -> str:
    """What a run is, and of one that was killed that it is no more: the next harvest of its source begins anew."""
    if run.state is RunState.RUNNING and leases.is_orphaned(connection, f"source:{run.source}"):
        return "прерван"
    return as_state(run.state)


def _show_run(system: System, run: HarvestRun, more: runs.Details, state: str) -> None:
    c = run.counts
    ended = f" – {local(system, run.finished)}" if run.finished else ""
    rows = [
        ("состояние", f"{state}{f': {more.progress}' if more.progress else ''}"),
        ("причина", run.message),
        ("начат – закончен", f"{local(system, run.started)}{ended}"),
        ("длился", lasted(more.seconds) if more.seconds else ""),
        ("поручил", more.asked_by),
        ("решил", more.decided_by),
        ("кодировка", run.encoding),
        ("прочитано", f"{c.read}: новых {c.new}, изменено {c.changed}, без изменений {c.unchanged}, "
                      f"исчезло {c.gone}, отложено {c.set_aside}"),
        ("кластеров затронуто", str(c.clusters_touched)),
        ("экземпляров", f"+{c.copies_added} −{c.copies_removed}"),
        *(("файл", f"{file['name']}, {file['bytes']} байт") for file in more.files[:FILES_SHOWN]),
        *(("замечание", text) for text in run.warnings),
    ]  # fmt: skip
    click.echo(f"сеанс № {run.number}, {run.source}")
    for name, value in rows:
        if value:
            click.echo(f"  {name:<20} {value}")
    if more.log:
        click.echo("\n" + more.log)


def lasted(seconds: float) -> str:
    """How long a run took, in words short enough for a column."""
    if seconds < MINUTE:
        return f"{seconds:.1f} с".replace(".", ",")
    minutes, rest = divmod(round(seconds), MINUTE)
    return f"{minutes} мин {rest} с" if minutes < MINUTE else f"{minutes // MINUTE} ч {minutes % MINUTE} мин"


def as_dict(run: HarvestRun, more: runs.Details) -> dict[str, Any]:
    """A run as JSON shows it; times in UTC, ISO 8601."""
    counts = {name: getattr(run.counts, name) for name in run.counts.__dataclass_fields__}
    return {
        "number": run.number, "source": run.source, "state": run.state.value, "started": run.started.isoformat(),
        "finished": run.finished.isoformat() if run.finished else None, "incremental": run.incremental,
        "encoding": run.encoding, "message": run.message, "bookmark": run.bookmark, "warnings": list(run.warnings),
        "seconds": round(more.seconds, 3), "progress": more.progress, "asked_by": more.asked_by,
        "decided_by": more.decided_by, **counts,
    }  # fmt: skip


@root.command(epilog=example("catalog-sync approve 42"))
@click.argument("run", type=int)
@with_context
def approve(context: Context, run: int) -> None:
    """Опубликовать удержанный сеанс."""
    say(pipeline.approve(context.system(), run, who=operator()))


@root.command(epilog=example("catalog-sync reject 42"))
@click.argument("run", type=int)
@with_context
def reject(context: Context, run: int) -> None:
    """Отклонить удержанный сеанс; каталог не меняется."""
    say(pipeline.reject(context.system(), run, who=operator()))


@root.command(epilog=example("catalog-sync rollback 42"))
@click.argument("run", type=int)
@click.option("--yes", is_flag=True, help="Не спрашивать.")
@with_context
def rollback(context: Context, run: int, yes: bool) -> None:
    """Отменить последний опубликованный сеанс источника: вернуть всё, как было до него.

    На терминале сначала показывает, что исчезнет, и спрашивает.
    """
    system = context.system()
    if not yes and sys.stdin.isatty():  # scripts roll back without a word, as they always could
        _show_undone(system, run)
        answer(f"Отменить сеанс № {run}?", yes=False)
    say(pipeline.roll_back(system, run, who=operator()))


UNDONE = (
    ("new", "новых записей исчезнет"), ("changed", "изменённых вернётся к прежнему виду"),
    ("gone", "исчезнувших появится снова"), ("copies_added", "прибывших экземпляров будет снято"),
    ("copies_removed", "убывших экземпляров вернётся"),
)  # fmt: skip


def _show_undone(system: System, number: int) -> None:
    """What a roll-back takes back, as the page of the site shows it."""
    with reading(system.engine) as connection:
        run = confirming.expect_last(connection, number)
        before = runs.published_before(connection, run)
    click.echo(f"сеанс № {number}, {run.source}, {local(system, run.finished or run.started)}")
    for name, text in UNDONE:
        if count := getattr(run.counts, name):
            click.echo(f"  {text}: {count}")
    if before:
        click.echo(f"последним станет сеанс № {before.number} от {local(system, before.finished or before.started)}")
    else:
        click.echo("раньше этот источник не публиковался: его записей в каталоге не останется")


@root.command(epilog=example("catalog-sync difference 42"))
@click.argument("run", type=int)
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1), help="Сколько примеров каждого вида.")
@with_context
def difference(context: Context, run: int, limit: int) -> None:
    """Показать, что изменил бы удержанный сеанс: числа и примеры."""
    system = context.system()
    with reading(system.engine) as connection:
        found = runs.get(connection, run)
    c = found.counts
    click.echo(
        f"сеанс № {run}, {found.source}: {as_state(found.state)}" + (f": {found.message}" if found.message else "")
    )
    examples = previewing.difference_examples(system.engine, run, limit)
    for action, title, count in (
        ("new", "новых", c.new),
        ("changed", "изменено", c.changed),
        ("gone", "исчезло", c.gone),
    ):
        click.echo(f"{title}: {count}")
        for one in examples[action]:
            arrow = f"{one.before} → {one.after}" if action == "changed" else one.before or one.after
            click.echo(f"    {one.local_id}: {arrow}")
