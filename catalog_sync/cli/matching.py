"""decide, undo, review, score, letter: the same edition or not."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from catalog_sync import court, school_letters, scoring, upkeep
from catalog_sync.cli.root import Context, example, record_key, root, with_context
from catalog_sync.errors import Refused
from catalog_sync.store import clusters, decisions
from catalog_sync.store.database import reading
from catalog_sync.system import System, operator

ANSWERS = ("о", "р", "п", "в")  # одно, разные, пропустить, выход


@root.command(
    epilog=example('catalog-sync decide same school-01:77 school-02:131 --why "одно издание, сверено с книгой"')
)
@click.argument("verdict", type=click.Choice(["same", "different"]))
@click.argument("left")
@click.argument("right")
@click.option("--why", required=True, help="Основание: его увидят в истории.")
@with_context
def decide(context: Context, verdict: str, left: str, right: str, why: str) -> None:
    """Решить, одно ли издание описывают две записи. Решение переживает все сборы и перестройки."""
    pair = record_key(left), record_key(right)
    number = upkeep.decide(context.system(), *pair, same=verdict == "same", who=operator(), why=why)
    click.echo(f"решение № {number} записано; отменить: catalog-sync undo {number}")


@root.command(epilog=example("catalog-sync undo 12"))
@click.argument("decision", type=int)
@with_context
def undo(context: Context, decision: int) -> None:
    """Отменить решение; в истории оно остаётся."""
    upkeep.undo(context.system(), decision, who=operator())
    click.echo(f"решение № {decision} отменено")


@root.command(name="decisions", epilog=example("catalog-sync decisions"))
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="Сколько последних.")
@with_context
def decisions_(context: Context, limit: int) -> None:
    """История решений библиотекарей."""
    system = context.system()
    with reading(system.engine) as connection:
        found = decisions.history(connection, limit)
    for one in found:
        word = "одно издание" if one.same else "разные издания"
        undone = (
            f" (отменено {one.undone.astimezone(system.settings.time_zone):%d.%m.%Y}, {one.undone_by})"
            if one.undone
            else ""
        )
        when = one.when.astimezone(system.settings.time_zone)
        click.echo(
            f"{one.number:>5}  {when:%d.%m.%Y %H:%M}  {one.left} и {one.right}: {word}{undone} — {one.why} ({one.who})"
        )
    if not found:
        click.echo("решений ещё не было")


@root.command(epilog=example("catalog-sync review --limit 5"))
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="Сколько пар показать.")
@click.option("--json", "as_json", is_flag=True, help="Ответ в JSON.")
@click.option("--ask", is_flag=True, help="Решать тут же: о — одно, р — разные, п — пропустить, в — выход.")
@with_context
def review(context: Context, limit: int, as_json: bool, ask: bool) -> None:
    """Сомнительные пары: сверху те, чьё решение затронет больше экземпляров.

    «Одно» сводит оба издания со всеми их записями, «разные» — слово о двух показанных записях.
    """
    system = context.system()
    with reading(system.engine) as connection:
        total = court.queue_length(connection)
        cases = court.queue(connection, limit=limit) if as_json or not ask else []
        left_out = court.left_out(connection)
    if as_json:
        answer = {"total": total, "left_out": left_out, "pairs": [court.as_dict(case) for case in cases]}
        click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return
    click.echo(f"сомнительных пар: {total}")
    if left_out:
        click.echo(left_out)
    for case in cases:
        click.echo("\n" + court.as_text(case))
    if ask:
        _hold_court(system, limit)


def _hold_court(system: System, limit: int) -> None:
    """Up to `limit` questions. Each is looked up anew: an answer about whole editions may settle those behind it."""
    passed = 0
    for _ in range(limit):
        with reading(system.engine) as connection:
            waiting = court.queue(connection, limit=1, offset=passed)
        if not waiting:
            click.echo("решать нечего" if not passed else "дальше пар нет")
            return
        click.echo("\n" + court.as_text(waiting[0]))
        answer = _answer()
        if answer == "в":
            return
        if answer == "п" or not _decide(system, waiting[0], same=answer == "о"):
            passed += 1


def _answer() -> str:
    """One letter of ANSWERS."""
    answer = click.prompt("  одно издание, разные, пропустить или выход? [о/р/п/в]", default="п", show_default=False)
    while (letter := answer.strip().lower()[:1]) not in ANSWERS:
        answer = click.prompt("  нужна одна буква: о, р, п или в", default="п", show_default=False)
    return letter


def _decide(system: System, case: court.Case, *, same: bool) -> bool:
    """Keep the word as the page does: «одно» is about whole editions. False where earlier words contradict it."""
    why = click.prompt("  основание", default="по описаниям")
    try:
        number = upkeep.decide(
            system, case.comparison.left, case.comparison.right, same=same, who=operator(), why=why, whole=same
        )
    except Refused as error:  # the other questions can still be answered
        click.echo(f"  не записано: {error}", err=True)
        return False
    click.echo(f"  решение № {number} записано; отменить: catalog-sync undo {number}")
    return True


@root.command(name="history", epilog=example("catalog-sync history c4k7m2x9pq1"))
@click.argument("cluster")
@with_context
def history(context: Context, cluster: str) -> None:
    """История кластера: что в него вошло, что вышло, почему."""
    system = context.system()
    with reading(system.engine) as connection:
        events = clusters.history(connection, cluster)
        if not events:
            raise Refused(f"нет кластера {cluster!r}")
    for event in events:
        click.echo(f"{event.when.astimezone(system.settings.time_zone):%d.%m.%Y %H:%M}  {event.sentence()}")


@root.command(epilog=example("catalog-sync score truth.csv"))
@click.argument("truth", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--clusters", "clusters_csv", type=click.Path(path_type=Path, exists=True), help="Оценить этот CSV, а не каталог."
)
@click.option("--editions", type=click.Path(path_type=Path, exists=True), help="Свойства изданий (JSON lines).")
@click.option("--json", "as_json", is_flag=True, help="Ответ в JSON.")
@with_context
def score(context: Context, truth: Path, clusters_csv: Path | None, editions: Path | None, as_json: bool) -> None:
    """Оценить кластеры по размеченной выборке: точность, полнота, F1, B-cubed, ошибки по признакам.

    TRUTH.csv: source,local_id,edition[,ambiguous,corrupt].
    """
    if clusters_csv is None:
        system = context.system()
        with reading(system.engine) as connection:
            found = dict(clusters.membership(connection))
    else:
        found = scoring.read_clusters(clusters_csv)
    beside = editions or truth.with_name("editions.jsonl")
    known = scoring.read_editions(beside) if beside.exists() else None
    labels = scoring.read_labels(truth)
    if labels and not labels.keys() & found.keys():
        raise Refused(f"{truth}: записей {len(labels)}, и ни одной из них в каталоге нет: сначала загрузите их")
    result = scoring.score(found, labels, known)
    if result.missing:
        click.echo(f"размеченных записей нет в каталоге: {result.missing}, они считаются ненайденными", err=True)
    if as_json:
        click.echo(json.dumps(_figures(result), ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(result.lines()))


def _figures(result: scoring.Score) -> dict[str, Any]:
    return {
        **asdict(result), "f1": result.f1, "b_cubed": result.b_cubed,
        "ambiguous_foreign_share": result.ambiguous_foreign_share,
    }  # fmt: skip


@root.command(name="letter", epilog=example("catalog-sync letter school-07 > pismo.txt"))
@click.argument("source")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1), help="Записей в каждом пункте.")
@with_context
def letter(context: Context, source: str, limit: int) -> None:
    """Письмо школе: дублеты внутри её базы и исправимые ошибки, с номерами записей и что поправить."""
    system = context.system()
    today = system.now().astimezone(system.settings.time_zone).date()
    with reading(system.engine) as connection:
        click.echo(
            school_letters.letter(connection, source, today=today, district=system.settings.district, limit=limit)
        )
