"""What people ask of the jobs besides a harvest, and how the answer is said."""

from __future__ import annotations

from catalog_sync import onboarding, pipeline, upkeep
from catalog_sync.errors import Refused
from catalog_sync.harvesting import Harvests
from catalog_sync.model import HarvestRun, RunState
from catalog_sync.store import jobs as store
from catalog_sync.store import registry
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System

TRIED_CARDS = 3  # descriptions of a trial: enough to see how the export is read
WORDS = {
    RunState.PUBLISHED: "опубликовано",
    RunState.HELD: "удержано",
    RunState.REJECTED: "отклонено",
    RunState.ROLLED_BACK: "отменено",
}


def carry_out(request: store.Request, system: System, harvests: Harvests) -> str | HarvestRun:
    """Do it: the run it made or decided, or in Russian what became of it. Raises Refused, and what the deed raises."""
    who = request.asked_by or "по просьбе"
    if request.what == "import":
        return harvests.run_upload(number_in(request.argument))
    if request.what in ("pause", "resume"):
        with writing(system.engine) as connection:
            registry.get_source(connection, request.argument)
            registry.set_active(connection, request.argument, request.what == "resume")
        return "приостановлен" if request.what == "pause" else "возобновлён"
    if request.what == "reread":
        return pipeline.reread(system, request.argument, asked_by=who)
    if request.what == "close":
        return upkeep.close_source(system, request.argument, who=who)
    if request.what == "test":
        return tried(system, request.argument)
    verbs = {"approve": pipeline.approve, "reject": pipeline.reject, "rollback": pipeline.roll_back}
    return verbs[request.what](system, number_in(request.argument), who=who)


def tried(system: System, code: str) -> str:
    """What a source brings now and how it is understood; the catalogue does not change."""
    with reading(system.engine) as connection:
        source = registry.get_source(connection, code)
    seen = onboarding.look(onboarding.fetched(source, system.settings.home), source, cards=TRIED_CARDS)
    lines = [
        "файлы: " + ", ".join(seen.files[:TRIED_CARDS]),
        *seen.detected.reasons,
        f"просмотрено записей: {seen.seen}, не прочитано: {seen.set_aside}; с экземплярами: {seen.with_copies}, "
        f"экземпляров: {seen.copies}",
        *(f"не прочитано: {fault}" for fault in seen.faults[:TRIED_CARDS]),
        *(card.description for card in seen.cards),
    ]
    found = onboarding.settled(source, seen)
    for name in ("dialect", "encoding", "holdings_profile"):
        if getattr(found, name) != getattr(source, name):
            lines.append(f"в настройках иначе: {name} {getattr(source, name) or '—'}, а пришло {getattr(found, name)}")
    return "\n".join(lines)


def number_in(argument: str) -> int:
    if not argument.isdigit():
        raise Refused(f"ожидался номер, пришло «{argument}»")
    return int(argument)


def outcome(run: HarvestRun) -> str:
    c = run.counts
    said = f"сеанс № {run.number}: {WORDS.get(run.state, run.state.value)}; новых {c.new}, изменено {c.changed}, "
    return said + f"исчезло {c.gone}" + (f"; {run.message}" if run.message else "")
