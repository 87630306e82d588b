"""What the methodologist has to hear of, and the morning digest. Pure: facts in, Russian sentences out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from catalog_sync.model import HarvestRun, RunState, Source
from catalog_sync.reports.russian import COPY, DAY, RECORD, Word, counted, plural

NIGHT = Word("ночь", "ночи", "ночей", "ночи", "ночи", "ночах")
SOURCE = Word("источник", "источника", "источников", "источника", "источнике", "источниках")
SESSION = Word("сеанс", "сеанса", "сеансов", "сеанса", "сеансе", "сеансах")
FINISHED = (RunState.PUBLISHED, RunState.HELD, RunState.REJECTED, RunState.ROLLED_BACK)
EARLIER = timedelta(hours=2)  # than the night before a night may begin: the hour was changed, or summer time
OVERDUE_REPEATS = timedelta(days=7)  # how often an overdue source is told again


@dataclass(frozen=True, slots=True)
class Alarm:
    """`about` is the same for the same event, so that it is told once. `subject` and `text` in Russian."""

    about: str
    subject: str
    text: str
    files: tuple[tuple[str, bytes], ...] = ()  # attached to the letter: name, content


def name_of(source: Source | None, code: str) -> str:
    return f"«{source.name}» ({code})" if source and source.name else f"«{code}»"


def without_code(run: HarvestRun) -> str:
    """The reason of a run behind the name of its source: the code in front of it would say it twice."""
    return run.message.removeprefix(f"{run.source}: ")


def held(run: HarvestRun, source: Source | None) -> Alarm:
    name = name_of(source, run.source)
    week = "{}-{}".format(*run.started.isocalendar())
    return Alarm(
        f"held {run.source} {week} {run.message}",  # the same export held again tomorrow is no news
        f"Выгрузка удержана: {name}",
        f"Сеанс № {run.number} источника {name} не опубликован: {run.message}.\n"
        f"Читатели видят прежний каталог. Посмотрите разницу и решите: опубликовать или отклонить.",
    )


def failing(source: Source | None, runs: Sequence[HarvestRun], nights: int, zone: ZoneInfo) -> Alarm | None:
    """The source failed on each of its last `nights` nights. `runs`: newest first. Several tries are one night, past
    midnight too: nights are counted from the first failure on.
    """
    row = list(takewhile(lambda run: run.state not in FINISHED, runs))
    failed = [run for run in row if run.state is RunState.FAILED]
    if not failed:
        return None
    code, message = failed[0].source, next(filter(None, map(without_code, failed)), "")
    count = len({(run.started - failed[-1].started + EARLIER) // timedelta(days=1) for run in failed})
    if count < max(1, nights):
        return None
    name = name_of(source, code)
    since = failed[-1].started.astimezone(zone).date()
    return Alarm(
        f"failing {code} {since}",  # a later failure of the same row of nights is the same event
        f"Не собирается: {name}",
        f"Источник {name} не удаётся собрать {counted(count, NIGHT)} подряд, с {since:%d.%m.%Y}.\n"
        f"Последняя причина: {message or 'не названа'}.\nВ каталоге остаются прежние сведения.",
    )


def overdue(source: Source, last: datetime | None, days: int, now: datetime, zone: ZoneInfo) -> Alarm | None:
    """No export with records for `days` days; None for a source that never had one (it is being set up)."""
    if last is None or now - last < timedelta(days=days):
        return None
    ago = (now.astimezone(zone).date() - last.astimezone(zone).date()).days
    name = name_of(source, source.code)
    period = (now - last) // OVERDUE_REPEATS
    return Alarm(
        f"overdue {source.code} {last.date()} {period}",
        f"Нет свежей выгрузки: {name}",
        f"От источника {name} нет новой выгрузки {counted(ago, DAY)}: последняя была "
        f"{last.astimezone(zone):%d.%m.%Y}. В отчётах это «нет данных», а не ноль.",
    )


@dataclass(frozen=True, slots=True)
class Night:
    """The latest run of each source since the last digest, and how many runs there were."""

    runs: tuple[HarvestRun, ...]
    sessions: int

    def in_state(self, *states: RunState) -> list[HarvestRun]:
        return [r for r in self.runs if r.state in states]


def night_of(runs: Iterable[HarvestRun]) -> Night:
    """`runs` oldest first."""
    every = list(runs)
    latest = {run.source: run for run in every}
    return Night(tuple(latest[code] for code in sorted(latest)), len(every))


def digest(
    night: Night, sources: Mapping[str, Source], overdue_codes: Sequence[str], day: date, expected: Sequence[str] = ()
) -> Alarm:
    """The morning letter: what came, what waits for a word, what failed, who of those `expected` is silent."""
    published = night.in_state(RunState.PUBLISHED)
    waiting, failed = night.in_state(RunState.HELD), night.in_state(RunState.FAILED)
    going = night.in_state(RunState.RUNNING, RunState.STAGED, RunState.WAITING)
    lines = [f"Сбор к утру {day:%d.%m.%Y}: {counted(night.sessions, SESSION)}, {counted(len(night.runs), SOURCE)}.", ""]
    lines += [*published_lines(published), ""]
    sections: list[tuple[str, list[HarvestRun]]] = [
        ("Ждут вашего решения (каталог прежний)", waiting),
        ("Не собрались", failed),
        ("Ещё собираются", going),
    ]
    for title, runs in sections:
        if runs:
            lines += [f"{title}: {counted(len(runs), SOURCE)}", *(run_line(r, sources) for r in runs), ""]
    if overdue_codes:
        names = ", ".join(name_of(sources.get(c), c) for c in overdue_codes)
        lines += [f"Давно нет новых выгрузок: {names}", ""]
    silent = sorted(set(expected) - {run.source for run in night.runs})
    if silent:
        lines += [f"Не запускались: {', '.join(name_of(sources.get(c), c) for c in silent)}", ""]
    return Alarm(f"digest {day}", subject(day, waiting, failed), "\n".join(lines).rstrip() + "\n")


def subject(day: date, waiting: Sequence[HarvestRun], failed: Sequence[HarvestRun]) -> str:
    parts = [f"ждут решения: {len(waiting)}"] if waiting else []
    parts += [f"не собрались: {len(failed)}"] if failed else []
    return f"Каталог, утро {day:%d.%m.%Y}: {', '.join(parts) or 'всё в порядке'}"


def published_lines(runs: Sequence[HarvestRun]) -> list[str]:
    if not runs:
        return ["Опубликованных выгрузок нет."]
    changed = [r for r in runs if r.counts.new or r.counts.changed or r.counts.gone]
    totals = {n: sum(getattr(r.counts, n) for r in runs) for n in COUNTED}
    lines = [
        f"Опубликовано: {counted(len(runs), SOURCE)}, с изменениями – {len(changed)}.",
        f"Прочитано {counted(totals['read'], RECORD)}: новых {totals['new']}, изменено {totals['changed']}, "
        f"исчезло {totals['gone']}, отложено {totals['set_aside']}.",
    ]
    added, removed = totals["copies_added"], totals["copies_removed"]
    if added or removed:
        lines.append(f"Экземпляры: поступило {counted(added, COPY)}, выбыло {removed} {plural(removed, COPY)}.")
    return lines


COUNTED = ("read", "new", "changed", "gone", "set_aside", "copies_added", "copies_removed")


def run_line(run: HarvestRun, sources: Mapping[str, Source]) -> str:
    return f"  – {name_of(sources.get(run.source), run.source)}, сеанс № {run.number}: {without_code(run) or 'идёт'}"
