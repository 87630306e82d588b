"""The second half of a run: make the stage the published state and recompute everything that hangs on it, in one
transaction. Also what else changes the published state: roll-back, librarians' decisions, rebuild.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo

from sqlalchemy import Connection

from catalog_sync import deriving, reclustering, unifying
from catalog_sync.clustering import contradiction
from catalog_sync.confirming import expect_last, mark_published, take_back_held
from catalog_sync.errors import Refused
from catalog_sync.handing_over import HandingOver
from catalog_sync.ledger import posting
from catalog_sync.model import Decision, HarvestRun, RecordKey, RunState, StockMovement
from catalog_sync.reclustering import Concerned
from catalog_sync.restocking import Restocked
from catalog_sync.store import (
    audit,
    clusters,
    decisions,
    derived,
    digests,
    hand,
    leases,
    ledger_check,
    outbox,
    records,
    registry,
    rules,
    runs,
    transfers,
)
from catalog_sync.store import ledger as stock
from catalog_sync.store.database import chunks, reading, writing
from catalog_sync.system import System

log = logging.getLogger(__name__)

MOST_PAIRS = 1000  # of records that one word about two editions joins or parts: a school each of the largest district
BATCH = 1000  # records derived at a time: memory stays bounded on a first load of 300,000
Progress = Callable[[str, int], None]


def publish(system: System, numbers: Sequence[int], *, who: str = "") -> list[HarvestRun]:
    """Publish staged runs in one transaction: records, matching, union, ledger, outbox and bookmarks together.

    Runs of several sources at once: what they share is grouped and united once, and not once for each of them.
    """
    with writing(system.engine) as connection:
        now = system.now()  # not before our turn came: who harvests us meanwhile would miss what is dated earlier
        today = _today(system, now)
        _alone(system, connection, now)
        brought = [_brought(connection, number, now) for number in numbers]
        run_of = {id_: one.run for one in brought for id_ in one.touched}
        found = derive(connection, brought, today)
        change = reclustering.regroup(
            connection, found.concerned, run_of.keys() - found.restocked.keys(), now=now, runs=run_of
        )
        change = replace(change, restocked=_restocked_clusters(connection, found.restocked, change.live))
        change = _with_quiet(connection, change, run_of.keys() - found.same_copies)
        unite(connection, change, now, today=today, run=numbers[-1], cause="stock")
        due = {*change.live, *change.gone, *change.restocked}
        for one in brought:
            if len(numbers) > 1:
                due = set(clusters.clusters_of(connection, one.touched).values())
            mark_published(
                connection, one.staged, now, system.now(), touched=len(due), added=one.copies["added"],
                removed=one.copies["removed"], who=who,
            )  # fmt: skip
        return [runs.get(connection, number) for number in numbers]


@dataclass(slots=True)
class Brought:
    """What a run brought: ids of the records it touched, of those whose bytes are as they were (`reread`), of those of
    which only copies changed, and of those that stood under other numbers (`renamed`)."""

    staged: HarvestRun
    touched: Sequence[int]
    first_load: bool
    reread: Collection[int] = ()
    restocked: Mapping[int, Restocked] = field(default_factory=dict)
    renamed: Collection[int] = ()
    copies: Counter[str] = field(default_factory=Counter)  # added and removed

    @property
    def run(self) -> int:
        return self.staged.number


def _brought(connection: Connection, number: int, now: datetime) -> Brought:
    """Make the stage of a run the published records."""
    run = runs.get(connection, number)
    first = registry.published_run(connection, run.source) is None
    touched, restocked, renamed = records.publish_stage(connection, number, run.source, now)
    reread = records.reread_by(connection, number) if touched else ()
    return Brought(run, touched, first, reread, restocked, renamed)


def _today(system: System, now: datetime) -> date:
    return now.astimezone(system.settings.time_zone).date()


# --- deriving ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Derived:
    """What deriving records came to: what is due to be grouped again.

    The clusters of `restocked` ones are not: nothing changed there but copies. Of `same_copies` the library has what it
    had.
    """

    concerned: Concerned = field(default_factory=Concerned)
    restocked: dict[int, Restocked] = field(default_factory=dict)
    same_copies: set[int] = field(default_factory=set)


def derive(connection: Connection, brought: Sequence[Brought], today: date) -> Derived:
    """Features, edges and holdings of what runs brought, and what their holdings mean for the ledger."""
    told = Derived()
    by = {id_: one for one in brought for id_ in one.touched}
    comparing, alike = reclustering.Comparing(connection), deriving.Alike()
    first, renumbered = {one.run for one in brought if one.first_load}, {one.run: len(one.renamed) for one in brought}
    news = HandingOver(connection, [one.staged for one in brought], first, renumbered)
    for ids in chunks(sorted(by), BATCH):
        before = derived.held(connection, ids)
        restocked = {id_: by[id_].restocked[id_] for id_ in ids if id_ in by[id_].restocked}
        found = deriving.understand(connection, ids, restocked, alike=alike)
        known = (id_ for id_ in found.keys if id_ in before or not by[id_].first_load)  # others may have been away
        posted = stock.posted_to(connection, {id_: found.keys[id_] for id_ in known})
        movements: list[StockMovement] = []
        for id_, key in found.keys.items():
            old, new, one = before.get(id_), found.held.get(id_), by[id_]
            change = (new[1].copies if new else 0) - (old.holdings.copies if old else 0)
            one.copies["added" if change > 0 else "removed"] += abs(change)
            if id_ in restocked and old and new and old.is_classified(new[2]):
                told.restocked[id_] = restocked[id_]
            if new and _is_held_so(old, new):
                told.same_copies.add(id_)
            lines = posting.movements(
                found.libraries[id_], key, old.holdings if old else None, new[1] if new else None,
                old.classified() if old else None, new[2] if new else None,
                first_load=one.first_load, run=one.run, day=today, posted=posted.get(key, ()),
            )  # fmt: skip
            lines = posting.always_there(lines) if id_ in one.reread else lines
            movements += news.take(key, lines, posted, was_there=old is not None, is_there=new is not None)
        stock.append(connection, movements, recorded=today)
        comparing.take(deriving.save(connection, found))
    news.settle(today)
    told.concerned = comparing.finish()
    told.concerned.records.update(*(one.renamed for one in brought))  # of equals the number decides
    return told


def _restocked_clusters(
    connection: Connection, members: Mapping[int, Restocked], live: Collection[str]
) -> dict[str, list[Restocked]]:
    """Clusters in which nothing changed but copies; `live` ones are made anew as it is."""
    found: dict[str, list[Restocked]] = {}
    for id_, cluster in clusters.clusters_of(connection, members).items():
        if cluster not in live:
            found.setdefault(cluster, []).append(members[id_])
    return found


def _with_quiet(connection: Connection, change: clusters.Change, other_copies: Collection[int]) -> clusters.Change:
    """Which clusters have the members and copies they had; `other_copies`: records whose copies are others now."""
    stirred = change.moved.union(clusters.clusters_of(connection, other_copies).values())
    return replace(change, quiet=change.live.union(change.restocked) - stirred)


def _derive_again(connection: Connection, touched: Sequence[int]) -> Concerned:
    """Features, edges and holdings as the records now say; the ledger is left alone."""
    comparing = reclustering.Comparing(connection)
    for ids in chunks(touched, BATCH):
        comparing.take(deriving.save(connection, deriving.understand(connection, ids)))
    return comparing.finish()


def unite(
    connection: Connection, change: clusters.Change, now: datetime, *, today: date, run: int | None = None, cause: str
) -> None:
    """Union records, outbox and titles after clusters changed."""
    unifying.unite(connection, change, now)
    stock.titles_changed(connection, [*change.moved, *change.gone], cause=cause, run=run, recorded=today)


# --- roll-back --------------------------------------------------------------------------------------------------------


def roll_back(system: System, number: int, *, who: str) -> HarvestRun:
    """Undo a published run. Refused unless it is the last published one of its source."""
    now = system.now()
    today = _today(system, now)
    with writing(system.engine) as connection:
        _alone(system, connection, now)
        run = expect_last(connection, number)
        take_back_held(connection, run, now)
        touched, renamed = records.roll_back(connection, number, now)
        stock.reverse_run(connection, number, by_run=None, recorded=today, why=who)
        before = derived.held(connection, touched, damaged=set())  # they are made anew
        concerned = _derive_again(connection, touched)
        concerned.records |= renamed
        after = derived.held(connection, touched)
        change = reclustering.regroup(connection, concerned, touched, now=now)
        change = _with_quiet(connection, change, [id_ for id_ in touched if before.get(id_) != after.get(id_)])
        unite(connection, change, now, today=today, cause="rollback")
        previous, mark = runs.published_before(connection, run), runs.bookmark_before(connection, number)
        registry.set_published(connection, run.source, previous.number if previous else None, mark)
        runs.save(
            connection, number, state=RunState.ROLLED_BACK, decided_by=who,
            message=f"отменён {now.astimezone(system.settings.time_zone):%d.%m.%Y %H:%M}, {who}",
        )  # fmt: skip
        return runs.get(connection, number)


# --- decisions --------------------------------------------------------------------------------------------------------


def decide(
    system: System, left: RecordKey, right: RecordKey, *, same: bool, who: str, why: str, whole: bool = False
) -> int:
    """Keep a librarian's word and recompute what it touches. Refused where it contradicts earlier words.

    `whole`: the word is about the editions, not about two records alone. «Same» then joins all records of both, and
    «different» takes `right` out of the edition and leaves the others together.
    """
    if left == right:
        raise Refused(f"{left}: запись нельзя сравнить с самой собой")
    if not why.strip():
        raise Refused("нужно основание решения: его увидят те, кто будет спорить")
    now = system.now()
    with writing(system.engine) as connection:
        _alone(system, connection, now)
        ids = records.ids_of(connection, [left, right])
        for key in (left, right):
            if key not in ids:
                raise Refused(f"нет записи {key}")
        standing, first = decisions.standing(connection), 0
        more = _the_rest(connection, ids[left], ids[right], same) if whole else []
        if not more and (said := _said_before(standing, left, right, same)):
            raise Refused(f"это уже сказано: решение № {said.number} ({said.who}) — {said.why}")
        for a, b in [(left, right), *more]:
            chain = contradiction(standing, Decision(0, min(a, b), max(a, b), same, who, now, why))
            if chain:
                raise Refused(_explain_chain(a, b, same, chain, system.settings.time_zone))
            of = first or None
            made = decisions.keep(connection, a, b, same=same, who=who, when=now, why=why.strip(), part_of=of)
            first, standing = first or made.number, [*standing, made]
        touched = records.ids_of(connection, {k for d in standing if d.when == now for k in (d.left, d.right)})
        change = reclustering.regroup(connection, Concerned(set(touched.values())), (), now=now, decision=first)
        unite(connection, change, now, today=_today(system, now), cause="merge" if same else "split")
        audit.note(connection, who, f"решение {first}: {left} и {right} — {'same' if same else 'different'}", now)
        return first


def _said_before(standing: Sequence[Decision], left: RecordKey, right: RecordKey, same: bool) -> Decision | None:
    """The standing word that says just this: a second one like it would outlive the undoing of the first."""
    two = {left, right}
    return next((d for d in standing if d.part_of is None and d.same is same and {d.left, d.right} == two), None)


def _the_rest(connection: Connection, left: int, right: int, same: bool) -> list[tuple[RecordKey, RecordKey]]:
    """The other pairs a word about whole editions is said of; none where they are too many to be meant.

    Of a record that is gone nothing stands in an edition: the word is about the two alone, until it comes back.
    """
    of = clusters.clusters_of(connection, [left, right])
    if len(of) < 2:
        return []
    members = clusters.members_of(connection, set(of.values()))
    if (of[left] == of[right]) is same:
        return []
    ours, theirs = members[of[left]], members[of[right]] if same else {right}
    pairs = {(a, b) for a in ours for b in theirs if a != b} - {(left, right)}
    keys = records.keys_of(connection, ours | theirs)
    return sorted((keys[a], keys[b]) for a, b in pairs) if len(pairs) <= MOST_PAIRS else []


def _explain_chain(left: RecordKey, right: RecordKey, same: bool, chain: Sequence[Decision], zone: tzinfo) -> str:
    word = "одно издание" if same else "разные издания"
    steps = "; ".join(
        f"№ {d.number}: {d.left} и {d.right} — {'одно' if d.same else 'разные'}"
        f" ({d.who}, {d.when.astimezone(zone):%d.%m.%Y})"
        for d in chain
    )
    return f"решение «{left} и {right} — {word}» противоречит прежним: {steps}. Отмените одно из них (undo)"


def undo(system: System, number: int, *, who: str) -> None:
    """Take a decision back and recompute what it touched."""
    now = system.now()
    with writing(system.engine) as connection:
        _alone(system, connection, now)
        gone = decisions.undo(connection, number, who=who, when=now)
        ids = records.ids_of(connection, {key for one in gone for key in (one.left, one.right)})
        change = reclustering.regroup(connection, Concerned(set(ids.values())), (), now=now, decision=number)
        unite(connection, change, now, today=_today(system, now), cause="split" if gone[0].same else "merge")
        audit.note(connection, who, f"решение {number}: отменено", now)


def settle_again(system: System, code: str) -> None:
    """Classes and library of a source's records, in their editions and in the books, as its settings now say."""
    now = system.now()
    today = _today(system, now)
    with writing(system.engine) as connection:
        _alone(system, connection, now)
        ids = records.live_ids(connection, code)
        library = registry.get_source(connection, code).library
        elsewhere = False
        for some in chunks(ids, BATCH):
            elsewhere |= any(there != library for there, _ in derived.counted(connection, some).values())
            deriving.save(connection, deriving.understand(connection, some))
        transfers.follow_libraries(connection, code, recorded=today)
        hand.align_classes(connection, why="источник прочитан по-новому", today=today)
        touched = frozenset(clusters.clusters_of(connection, ids).values())
        quiet = frozenset[str]() if elsewhere else touched
        unite(connection, clusters.Change(live=touched, quiet=quiet), now, today=today, cause="correction")


# --- rebuild ---------------------------------------------------------------------------------------------------------


def rebuild(system: System, progress: Progress) -> str:
    """Everything derived, anew from source records, decisions and the ledger, in one transaction."""
    now = system.now()
    with writing(system.engine) as connection:
        leases.one_publisher(connection)
        _compute_anew(connection, now, _today(system, now), progress)
        return clusters.digest(connection)


def outdated(system: System) -> bool:
    """Whether an earlier version of the program, with other rules of matching, computed what is stored."""
    with reading(system.engine) as connection:
        return rules.outdated(connection)


def _alone(system: System, connection: Connection, now: datetime) -> None:
    """Begin a publication: nobody else publishes, and what it builds on is of this version's rules."""
    leases.one_publisher(connection)
    if rules.outdated(connection):
        log.warning("правила сопоставления в этой версии другие: каталог пересчитывается целиком")
        _compute_anew(connection, now, _today(system, now), lambda _what, _done: None)


def _compute_anew(connection: Connection, now: datetime, today: date, progress: Progress) -> None:
    derived.clear(connection)
    records.renew_digests(connection)
    digests.renew(connection)
    done, comparing, alike = 0, reclustering.Comparing(connection), deriving.Alike()
    other_copies = set[int]()
    for batch in records.live(connection, batch=BATCH):
        ids = [id_ for id_, _ in batch]
        before = derived.held(connection, ids, damaged=set())  # of these the ledger is believed
        found = deriving.understand(connection, ids, alike=alike)
        other_copies |= {id_ for id_, held in found.held.items() if not _is_held_so(before.get(id_), held)}
        stock.append(connection, _read_otherwise(connection, before, found, today), recorded=today)
        comparing.take(deriving.save(connection, found))
        done += len(batch)
        progress("записей", done)
    comparing.finish()
    change = reclustering.regroup_everything(connection, now=now)
    progress("кластеров", len(change.live))
    transfers.follow_libraries(connection, recorded=today)
    # All titles are counted anew, whether or not anything moved: this also mends what was wrong.
    change = _with_quiet(connection, change, other_copies)
    unite(connection, replace(change, moved=change.live), now, today=today, cause="merge")
    outbox.announce(connection, *unifying.untold(connection), now)
    hand.align_classes(connection, why="каталог перестроен по новым правилам", today=today)
    ledger_check.rebuild(connection)


def _is_held_so(before: derived.Held | None, now: deriving.Held) -> bool:
    return before is not None and (before.library, before.holdings) == now[:2]


def _read_otherwise(
    connection: Connection, before: Mapping[int, derived.Held], found: deriving.Understood, today: date
) -> list[StockMovement]:
    """What the ledger must be told where new rules find other copies in the same bytes; classes move afterwards."""
    others = [id_ for id_, held in before.items() if id_ in found.held and held.holdings != found.held[id_][1]]
    posted = stock.posted_to(connection, {id_: found.keys[id_] for id_ in others})
    lines: list[StockMovement] = []
    for id_ in others:
        key, was = found.keys[id_], before[id_].classified()
        lines += posting.movements(
            found.libraries[id_], key, before[id_].holdings, found.held[id_][1], was, was,
            first_load=False, run=None, day=today, posted=posted[key],
        )  # fmt: skip
    return posting.always_there(lines)
