"""The log of one run: what came when, and how it ended; kept in the run's row for whoever looks at it tomorrow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from catalog_sync.model import FetchedFile, HarvestRun, RunState
from harvesters.secrets import redact

STATES = {
    RunState.WAITING: "ждёт",
    RunState.RUNNING: "идёт",
    RunState.STAGED: "подготовлен",
    RunState.HELD: "удержан",
    RunState.PUBLISHED: "опубликован",
    RunState.REJECTED: "отклонён",
    RunState.FAILED: "не удался",
    RunState.ROLLED_BACK: "отменён",
}
MOST_LINES = 400  # a thousand OAI pages say no more than the first hundreds and the end


class RunLog:
    """Lines with the district's time."""

    def __init__(self, now: Callable[[], datetime], zone: ZoneInfo) -> None:
        self._now = now
        self._zone = zone
        self._lines: list[str] = []
        self._left_out = 0

    def say(self, text: str) -> None:
        if len(self._lines) >= MOST_LINES:
            self._left_out += 1
            return
        self._lines.append(self._line(text))

    def _line(self, text: str) -> str:
        return f"{self._now().astimezone(self._zone):%H:%M:%S} {redact(text)}"

    def told(self, files: Iterable[FetchedFile]) -> Iterator[FetchedFile]:
        """The files, each noted as it comes."""
        self.say("сбор начат")
        try:
            for file in files:
                if file.name:
                    self.say(described(file))
                for warning in file.warnings:
                    self.say(f"  внимание: {warning}")
                yield file
            self.say("источник отдал всё")
        finally:
            close = getattr(files, "close", None)
            if close is not None:
                close()

    def text(self, ending: str) -> str:
        left_out = [f"… ещё строк: {self._left_out}"] if self._left_out else []
        return "\n".join([*self._lines, *left_out, self._line(ending)])


def as_state(state: RunState) -> str:
    """A run's state in the operator's language."""
    return STATES[state]


def described(file: FetchedFile) -> str:
    whole = "вся база" if file.complete else "часть"
    gone = f", удалено {len(file.deleted)}" if file.deleted else ""
    return f"получено {file.name}: {len(file.data)} байт, {file.format or 'формат по содержанию'}, {whole}{gone}"


def ending(run: HarvestRun) -> str:
    c = run.counts
    return (
        f"{as_state(run.state)}: прочитано {c.read}, новых {c.new}, изменено {c.changed}, без изменений {c.unchanged}, "
        f"исчезло {c.gone}, отложено {c.set_aside}" + (f"; {run.message}" if run.message else "")
    )
