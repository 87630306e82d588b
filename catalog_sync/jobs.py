"""The jobs process: when, never what. Nightly harvests, their repetitions, what people ask for, alarms, the digest.

Any number of these processes may be started; one of them leads (a lease row), the others take over when it dies.
Whatever is missed while none runs is caught up at the next start.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from catalog_sync import alarms, indexing, letters, link_check, pipeline, scheduling
from catalog_sync.answering import carry_out, outcome
from catalog_sync.errors import CatalogSyncError, Refused, SourceUnavailable, StopEverything
from catalog_sync.failures import note, sentence
from catalog_sync.harvesting import Harvests, Stopping
from catalog_sync.letters import deliver
from catalog_sync.model import HarvestRun, RunState, Source
from catalog_sync.reports import scheduled
from catalog_sync.store import jobs as store
from catalog_sync.store import leases, registry, runs
from catalog_sync.store.database import patient, reading, writing
from catalog_sync.system import System
from harvesters.secrets import Secrets

LEAD_SECONDS = 60.0  # a leader that is silent this long is followed by another
FINISH_SECONDS = 10.0  # after a signal to stop; who started us waits 15
STEP_SECONDS = 1.0  # how soon a request is noticed
INDEX_SECONDS = 5.0  # how soon what was published is found; sources that finish together are indexed together
RECONCILE_SECONDS = 30.0  # how soon a changed schedule is
WATCH_SECONDS = 300.0  # how often overdue sources and the digest are looked at
MAX_THREADS = 64  # harvests that may wait for their sources at once; each costs a thread, not a working place
BUSY_AGAIN = timedelta(seconds=pipeline.LEASE_SECONDS + 30)  # a dead process frees its source after this
KINDS = ("harvest", "import", "pause", "resume", "approve", "reject", "rollback", "test", "reread", "close")
log = logging.getLogger(__name__)
_process: list[Process] = []  # job rows name functions of this module; they find their process here


def serve(system: System) -> None:
    """Run until SIGTERM or SIGINT, then finish what can be finished and leave."""
    process = Process(system, Secrets.of_process())

    def stop(_signal: int, _frame: FrameType | None) -> None:
        process.stop.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    process.run()
    if process.harvests.under_way():
        process.harvests.abandon()
        logging.shutdown()
        os._exit(0)  # the interpreter would wait for threads that wait for sources that don't answer


def nightly(code: str) -> None:
    """Job: the scheduled harvest of a source."""
    _process[0].scheduled(code, "расписание", 1)


def again(code: str, attempt: int) -> None:
    """Job: attempt number `attempt` of a harvest that failed."""
    _process[0].scheduled(code, f"попытка {attempt}", attempt)


def requested(number: int) -> None:
    """Job: what a person asked for."""
    _process[0].answer(number)


def index() -> None:
    """Job: what was published becomes findable."""
    _process[0].harvests.index()


class Process:
    """One jobs process: leads or stands by."""

    def __init__(self, system: System, secrets: Secrets) -> None:
        self.system = system
        self.settings = system.settings.jobs
        self.zone = system.settings.time_zone
        self.secrets = secrets
        self.me = leases.process()
        self.harvests = Harvests(system, secrets, self.settings.parallel)
        self.stop = self.harvests.stop
        self.complaints: set[str] = set()
        self.scheduler: BackgroundScheduler | None = None
        self.leads = False

    # --- leading ---

    def run(self) -> None:
        while not self.stop.is_set():
            if self._lead(was=False):
                self._led()
            else:
                self.stop.wait(STEP_SECONDS)

    def _lead(self, *, was: bool) -> bool:
        """Claim or renew the lead. A database too busy to answer takes it from nobody: sources have claims of their
        own, so two leaders for a minute harvest nothing twice."""
        try:
            with writing(self.system.engine) as connection:
                self._free_dead(connection)
                return leases.acquire(connection, store.LEAD, self.me, self.system.now(), LEAD_SECONDS)
        except Exception as error:
            note(log, "база данных не отвечает, задания ждут", error)
            return was

    def _free_dead(self, connection: Connection) -> None:
        """Claims of processes of this machine that are gone: their sources need not wait for the lease to run out."""
        dead = [h for h in store.holders(connection).values() if leases.has_died(h)]
        for name in store.drop_claims(connection, dead) if dead else ():
            run = store.running(connection, name.removeprefix("source:"))
            if run is not None:
                runs.save(connection, run.number, heartbeat=self.system.now() - 2 * runs.HEART_STOPPED_AFTER)
        runs.bury_dead(connection, self.system.now(), spare=True)

    def _led(self) -> None:
        """Lead until asked to stop or until the lead is lost."""
        _process[:] = [self]
        with writing(patient(self.system.engine)) as connection:
            store.give_back(connection, KINDS)
        self.scheduler = self._scheduler()
        try:
            self.scheduler.start(paused=True)
            self._reconcile(catch_up=True)
            self.scheduler.resume()
            self._loop()
        finally:
            self.scheduler.shutdown(wait=False)
            self._let_finish()
            with writing(self.system.engine) as connection:
                leases.release(connection, store.LEAD, self.me)

    def _let_finish(self) -> None:
        """Harvests stop at their next step; one whose source keeps silent is not waited for longer than this."""
        deadline = time.monotonic() + FINISH_SECONDS
        while self.harvests.under_way() and time.monotonic() < deadline:
            time.sleep(0.1)

    def _loop(self) -> None:
        tasks = [
            (LEAD_SECONDS / 4, self._renew), (STEP_SECONDS, self._take_requests),
            (RECONCILE_SECONDS, self._reconcile), (WATCH_SECONDS, self._watch), (INDEX_SECONDS, self._index_soon),
        ]  # fmt: skip
        last = [float("-inf")] * len(tasks)
        self.leads = True
        while self.leads and not self.stop.wait(STEP_SECONDS):
            for number, (seconds, task) in enumerate(tasks):
                if time.monotonic() - last[number] >= seconds:
                    last[number] = time.monotonic()
                    self._guarded(task)

    def _index_soon(self) -> None:
        """Bring the search up to date in a thread of its own: after a first load that takes minutes."""
        if self.harvests.wants_index():
            self._once("index", index, [], self.system.now())

    def _renew(self) -> None:
        self.leads = self._lead(was=True)

    def _guarded(self, task: Callable[[], None]) -> None:
        """What goes wrong in one round is logged; the next round tries again."""
        try:
            task()
        except Exception as error:
            note(log, f"задания: {getattr(task, '__name__', task)} не удалось", error)

    def _scheduler(self) -> BackgroundScheduler:
        if self.system.engine.dialect.name == "sqlite":
            # A file of its own: the scheduler must not wait while a school is being published.
            jobs = SQLAlchemyJobStore(url=f"sqlite:///{self.system.settings.home / 'jobs.sqlite'}")
        else:
            jobs = SQLAlchemyJobStore(engine=self.system.engine, tablename="apscheduler_jobs")
        return BackgroundScheduler(
            jobstores={"default": jobs}, executors={"default": ThreadPoolExecutor(MAX_THREADS)}, timezone=self.zone,
            # A missed time is caught up however late it is, but once.
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )  # fmt: skip

    # --- schedule ---

    def _reconcile(self, *, catch_up: bool = False) -> None:
        """Job rows as the sources say now. `catch_up` starts what was missed while no jobs process ran."""
        scheduler = self._running()
        with reading(self.system.engine) as connection:
            sources = registry.sources(connection)
        wanted: dict[str, tuple[Source, scheduling.Spread]] = {}
        for source in sources:
            trigger = self._trigger(source)
            if trigger is not None:
                wanted[f"harvest:{source.code}"] = (source, trigger)
        now = self.system.now()
        known = {job.id: job for job in scheduler.get_jobs()}
        for job_id in known.keys() - wanted.keys():
            if job_id.startswith("harvest:"):
                scheduler.remove_job(job_id)
        for job_id, (source, trigger) in wanted.items():
            job = known.get(job_id)
            if job is None or str(job.trigger) != str(trigger) or job.next_run_time > trigger.next_after(now):
                # The last case: the clock was set back, and the next night would be waited for too long.
                scheduler.add_job(nightly, trigger, [source.code], id=job_id, replace_existing=True)
                job = None
            pending = job is not None and job.next_run_time <= now  # the scheduler itself catches this one up
            if catch_up and not pending and f"again:{source.code}" not in known:
                self._catch_up(source.code, trigger)
        scheduler.wakeup()  # it sleeps as long as the clock said when it lay down: the clock may have been set since

    def _catch_up(self, code: str, trigger: scheduling.Spread) -> None:
        """Start now what came to nothing at its last scheduled time: no run, or one that a stop or a crash ended."""
        with reading(self.system.engine) as connection:
            ended = runs.latest(connection, source=code, states=alarms.FINISHED, limit=1)
        now = self.system.now()
        if scheduling.is_missed(trigger, ended[0].started if ended else None, now):
            self._once(f"again:{code}", again, [code, 1], now)

    def _trigger(self, source: Source) -> scheduling.Spread | None:
        try:
            return scheduling.trigger_of(source, self.settings, self.zone)
        except StopEverything as error:
            if str(error) not in self.complaints:
                self.complaints.add(str(error))
                log.error("%s", error)
            return None

    def _once(self, job_id: str, function: Callable[..., None], arguments: list[Any], when: datetime) -> None:
        self._running().add_job(function, "date", arguments, id=job_id, run_date=when, replace_existing=True)

    def _running(self) -> BackgroundScheduler:
        if self.scheduler is None:
            raise AssertionError("only a leading process schedules")
        return self.scheduler

    # --- harvesting ---

    def harvest(self, code: str, asked_by: str, attempt: int) -> str:
        """Harvest and do what follows: repeat later, alarm. Returns what became of it, in Russian. Raises Stopping."""
        try:
            run = self.harvests.run(code, asked_by)
        except SourceUnavailable as error:
            return self._later(code, attempt, error)
        except OperationalError as error:
            # A full disk, a database locked by a backup: nothing of the source's, and it may pass.
            return self._later(code, attempt, SourceUnavailable(f"{code}: {sentence(error) or error.orig}"))
        except Refused as error:
            return str(error)
        except Exception as error:
            # Settings, or a fault of ours: repeating won't help, people must look.
            log.error("%s: %s", code, error, exc_info=not isinstance(error, CatalogSyncError))
            self._guarded(lambda: self._alarm_failing(code))
            return f"не удалось: {error}" if isinstance(error, CatalogSyncError) else "не удалось: ошибка программы"
        with contextlib.suppress(JobLookupError):
            self._running().remove_job(f"again:{code}")
        self._guarded(lambda: self._alarm_held(run))
        return outcome(run)

    def scheduled(self, code: str, asked_by: str, attempt: int) -> None:
        """A harvest nobody asked for: not of a paused source, and later where another process is at it."""
        source = self._source(code)
        if source is None or not source.active:
            return
        with reading(self.system.engine) as connection:
            busy = leases.holder_of(connection, f"source:{code}", self.system.now())
        if busy:
            self._once(f"again:{code}", again, [code, attempt], self.system.now() + BUSY_AGAIN)
            return
        with contextlib.suppress(Stopping):
            self.harvest(code, asked_by, attempt)

    def _later(self, code: str, attempt: int, error: SourceUnavailable) -> str:
        when = scheduling.retry_at(attempt, self.settings, self.system.now())
        log.warning("%s", error)
        self._guarded(lambda: self._alarm_failing(code))
        if when is None:
            return f"{error}; повторы исчерпаны, ждём следующего срока"
        self._once(f"again:{code}", again, [code, attempt + 1], when)
        return f"{error}; повтор в {when.astimezone(self.zone):%H:%M}"

    # --- requests ---

    def _take_requests(self) -> None:
        with reading(self.system.engine) as connection:
            if not store.is_waiting(connection, KINDS):
                return
        with writing(self.system.engine) as connection:
            taken = store.take(connection, self.system.now(), KINDS)
        for request in taken:
            self._once(f"request:{request.number}", requested, [request.number], self.system.now())

    def answer(self, number: int) -> None:
        with reading(self.system.engine) as connection:
            request = store.find(connection, number)
        if request is None or request.finished is not None:
            return
        try:
            said = self._do(request)
        except Stopping:
            return  # taken, not finished: the next leader gives it back
        except CatalogSyncError as error:
            said = str(error)
        except Exception as error:
            log.exception("просьба № %s", number)
            said = f"не удалось: {sentence(error) or type(error).__name__}"
        with writing(patient(self.system.engine)) as connection:  # else what was done would be done again
            store.finish(connection, number, said, self.system.now())

    def _do(self, request: store.Request) -> str:
        if request.what == "harvest":
            return self.harvest(request.argument, request.asked_by or "по просьбе", 1)
        done = carry_out(request, self.system, self.harvests)
        self._guarded(self._reconcile if isinstance(done, str) else lambda: self._alarm_held(done))
        return done if isinstance(done, str) else outcome(done)

    # --- alarms ---

    def _source(self, code: str) -> Source | None:
        with reading(self.system.engine) as connection:
            return registry.find_source(connection, code)

    def _alarm_held(self, run: HarvestRun) -> None:
        if run.state is RunState.HELD:
            self._tell(alarms.held(run, self._source(run.source)))

    def _alarm_failing(self, code: str) -> None:
        with reading(self.system.engine) as connection:
            latest = runs.latest(connection, source=code, limit=50)
        self._tell(alarms.failing(self._source(code), latest, self.settings.fail_nights, self.zone))

    def _watch(self) -> None:
        """Overdue sources, the morning digest, and an index that fell behind."""
        now = self.system.now()
        with reading(self.system.engine) as connection:
            last = store.last_data(connection)
            sources = {s.code: s for s in registry.sources(connection, active_only=True)}
        late = {
            code: alarm for code, source in sources.items()
            if (alarm := alarms.overdue(source, last.get(code), self.settings.overdue_days, now, self.zone))
        }  # fmt: skip
        for alarm in late.values():
            self._tell(alarm)
        self._digest(sources, sorted(late), now)
        link_check.start_due(self.system)
        indexing.drain(self.system)
        self._reports(now)  # last: a report that can't be made keeps nothing else from being done

    def _digest(self, sources: dict[str, Source], late: list[str], now: datetime) -> None:
        local = now.astimezone(self.zone)
        harvested = any(source.harvester not in ("", "manual") for source in sources.values())
        if local.hour < self.settings.digest_hour or not harvested:
            return
        if not self._untold(f"digest {local.date()}"):
            return
        yesterday = now - timedelta(days=1)
        with reading(self.system.engine) as connection:
            night = alarms.night_of(store.since(connection, yesterday))
        expected = scheduling.due_between(sources.values(), self.settings, self.zone, yesterday, now)
        self._tell(alarms.digest(night, sources, late, local.date(), expected))

    def _reports(self, now: datetime) -> None:
        """Licences, quarterly snapshots and the reports of the roadmaps' dates; the methodologist is told."""
        engine, whole = self.system.engine, self.system.settings
        scheduled.run_due(engine, now, self.zone, whole.district.organisation, whole.home)
        for one in scheduled.unmailed(engine, now):
            if self._tell(alarms.Alarm(f"report {one.title} {one.due}", one.title, one.letter, one.files)):
                scheduled.mark_mailed(engine, [one], now)
        for told in scheduled.warnings(engine, now.astimezone(self.zone).date()):
            self._tell(alarms.Alarm(told.about, told.subject, told.text, told.files))

    def _tell(self, alarm: alarms.Alarm | None) -> bool:
        """Deliver an alarm once; False where nobody took it, so that the next round tries again."""
        if alarm is None:
            return False
        now = self.system.now()
        for way, about in self._untold(alarm.about):
            if deliver(way, self.system.settings, alarm, now, self.secrets):
                with writing(self.system.engine) as connection:
                    store.tell(connection, about, now)
        return not self._untold(alarm.about)

    def _untold(self, about: str) -> list[tuple[str, str]]:
        """The ways an alarm has not gone yet, and the name it is remembered by for each."""
        names = [(way, letters.remembered(way, about)) for way in letters.ways(self.system.settings)]
        with reading(self.system.engine) as connection:
            return [(way, name) for way, name in names if not store.is_told(connection, name)]
