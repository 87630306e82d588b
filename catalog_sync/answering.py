"""What people ask of the jobs besides a harvest, and how the answer is said."""

from __future__ import annotations

from catalog_sync import pipeline
from catalog_sync.errors import Refused
from catalog_sync.harvesting import Harvests
from catalog_sync.model import HarvestRun, RunState
from catalog_sync.store import jobs as store
from catalog_sync.store import registry
from catalog_sync.store.database import writing
from catalog_sync.system import System

WORDS = {
    RunState.PUBLISHED: "опубликовано",
    RunState.HELD: "удержано",
    RunState.REJECTED: "отклонено",
    RunState.ROLLED_BACK: "отменено",
}


def carry_out(request: store.Request, system: System, harvests: Harvests) -> str:
    """Do it and say what became of it, in Russian. Raises Refused, and what the deed itself raises."""
    who = request.asked_by or "по просьбе"
    if request.what == "import":
        return outcome(harvests.run_upload(number_in(request.argument)))
    if request.what in ("pause", "resume"):
        with writing(system.engine) as connection:
            registry.get_source(connection, request.argument)
            registry.set_active(connection, request.argument, request.what == "resume")
        return "приостановлен" if request.what == "pause" else "возобновлён"
    verbs = {"approve": pipeline.approve, "reject": pipeline.reject, "rollback": pipeline.roll_back}
    return outcome(verbs[request.what](system, number_in(request.argument), who=who))


def number_in(argument: str) -> int:
    if not argument.isdigit():
        raise Refused(f"ожидался номер, пришло «{argument}»")
    return int(argument)


def outcome(run: HarvestRun) -> str:
    c = run.counts
    said = f"сеанс № {run.number}: {WORDS.get(run.state, run.state.value)}; новых {c.new}, изменено {c.changed}, "
    return said + f"исчезло {c.gone}" + (f"; {run.message}" if run.message else "")
