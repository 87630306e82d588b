"""The first half of a run: read what a harvester brought, compare it with what is published, stage the difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection, Engine

from catalog_sync.copies import Copies, read
from catalog_sync.errors import BadRecord
from catalog_sync.guard import Difference
from catalog_sync.marc import encodings, fingerprint
from catalog_sync.marc.reading import Export, read_export, to_bib
from catalog_sync.model import BibRecord, FetchedFile, RecordKey, RunCounts, SetAside, Source, SourceRecord
from catalog_sync.second_source import Elsewhere, same_books_elsewhere
from catalog_sync.store import derived, described, digests, records, registry, runs
from catalog_sync.store.database import chunks, reading, writing
from catalog_sync.store.packing import PackedBib, unpack_bib
from catalog_sync.title_words import share_a_word

BATCH_BYTES = 16 << 20  # or so many of them: what can't be read comes in large pieces
BATCH = 500  # records staged in one short transaction: readers and other sources never wait long
PUBLISHING = "публикуется"  # what a run is doing when all is read; the largest part of a first load
SAMPLE = 200  # changed records looked into to see whether they are other books now
WARNINGS_KEPT = 50  # of one run; the letter to the school is made from the records, not from these

Progress = Callable[[str, int], None]
Understood = tuple[SourceRecord, PackedBib]
Numbered = tuple[int, SourceRecord | SetAside]


@dataclass(slots=True)
class Tally:
    """What a run has met so far."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    set_aside: int = 0
    untitled: int = 0  # new or changed, without a title in the format of their source
    fault: str = ""  # why the first of them was
    nameless: int = 0  # set aside so broken that not even the identity could be read
    seen: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)  # those of `seen` that were passed over as unchanged
    told_gone: set[str] = field(default_factory=set)
    changes: bool = False  # exports of changes: what comes later is the source's last word
    told: dict[str, str] = field(default_factory=dict)  # of changes: what a record that was read counts as
    outdated: list[str] = field(default_factory=list)  # staged, and then something later came
    encodings: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    files: list[dict[str, object]] = field(default_factory=list)
    complete: bool = True
    bookmark: str = ""

    def counts(self, gone: int) -> RunCounts:
        return RunCounts(self.read, self.new, self.changed, self.unchanged, gone, self.set_aside)

    def encoding(self) -> str:
        """The encoding of most of what had any letters beyond ASCII."""
        return self.encodings.most_common(1)[0][0] if self.encodings else ""


def stage_files(
    engine: Engine, run: int, source: Source, files: Iterable[FetchedFile], *, now: Callable[[], datetime],
    progress: Progress, incremental: bool, copies: Copies | None = None,
) -> Difference:  # fmt: skip
    """Read every file and stage what differs. Returns the difference for the guard; nothing published is touched.

    `copies`: what other sources of the same night say.
    """
    copies = copies or Copies()
    with reading(engine) as connection:
        published = digests.load(connection, source.code)
        before = runs.last_published(connection, source.code)
        bookmark = registry.bookmark(connection, source.code)
    live = {local_id for alike in published for local_id in alike.local_ids}
    tally = Tally(changes=incremental)
    same = _read_alike(source, published)
    for file in files:
        if not file.name:  # brings nothing but what the harvester noticed
            tally.warnings += file.warnings
            continue
        _read_file(engine, run, source, file, same, tally, copies, now=now, progress=progress)
    for alike in published:
        tally.encodings += Counter({alike.encoding: len(tally.unread.intersection(alike.local_ids))})
    if not tally.files:
        tally.complete = False  # nothing new since the bookmark (an unchanged file), which isn't an empty export
    encoding = tally.encoding() or (before.encoding if before and not tally.files else "")
    gone = _gone(tally, live, incremental)
    if gone or tally.outdated:
        with writing(engine) as connection:
            records.unstage(connection, run, tally.outdated)
            records.stage_gone(connection, run, sorted(gone))
    replaced, sampled = _replaced(engine, run, source) if tally.changed else (0, 0)
    pairs, same_copies = _renumbered(engine, run, source, tally, live, gone, replaced) if gone or replaced else (0, 0)
    with writing(engine) as connection:
        runs.save(
            connection, run, counts=tally.counts(len(gone)), encoding=encoding, bookmark=tally.bookmark or bookmark,
            warnings=tally.warnings[:WARNINGS_KEPT], files=tally.files, heartbeat=now(), progress=PUBLISHING,
        )  # fmt: skip
    replaced, sampled = _replaced(engine, run, source) if pairs and replaced else (replaced, sampled)
    elsewhere = same_books_elsewhere(engine, run, source) if tally.new and not live else Elsewhere()
    return Difference(
        before=len(live), counts=tally.counts(len(gone)), incremental=incremental or not tally.complete,
        renumbered=pairs, same_copies=same_copies, replaced=replaced, sampled=sampled, encoding=encoding,
        encoding_before=before.encoding if before else "", fault=tally.fault, untitled=tally.untitled,
        truncated=next((w for w in tally.warnings if "оборван" in w), ""),
        elsewhere=elsewhere.source, same_there=elsewhere.found, looked=elsewhere.looked,
    )  # fmt: skip


def _renumbered(
    engine: Engine, run: int, source: Source, tally: Tally, live: set[str], gone: set[str], replaced: int
) -> tuple[int, int]:
    """How many records stood under other numbers, and with the same copies: changed they are, and not new or `gone`."""
    from catalog_sync.new_numbers import new_numbers  # only here: most nights need none of it
    found = new_numbers(engine, run, source, live=live, gone=gone, are_replaced=replaced > 0)
    gone -= {before for before, _ in found.pairs}
    tally.warnings += found.warnings(len(live))
    tally.new, tally.changed = tally.new - found.were_new, tally.changed + found.were_new
    return len(found.pairs), found.same_copies


def _read_alike(source: Source, published: Iterable[digests.Alike]) -> dict[bytes, str]:
    """Digest → local id of the published records that the source's settings read as they were read."""
    return {
        digest: local_id
        for alike in published
        if alike.dialect == source.dialect.value and source.encoding in ("", alike.encoding)
        for digest, local_id in zip(alike.digests, alike.local_ids, strict=True)
    }


def _gone(tally: Tally, live: set[str], incremental: bool) -> set[str]:
    """A full export makes what is missing a tombstone; an incremental one only what the source says is deleted."""
    told = (tally.told_gone & live) - tally.seen  # what is there is there, whatever else the export says of it
    if incremental or not tally.complete:
        return told
    missing = live - tally.seen - told
    if missing and len(missing) <= tally.nameless:
        # As many records are missing as came unreadable: most likely the same ones. A book is not lost to a bad byte.
        tally.warnings.append(
            f"не нашлось записей: {len(missing)}, и столько же или больше не удалось прочесть; они оставлены как были"
        )
        return told
    return missing | told


def _read_file(
    engine: Engine, run: int, source: Source, file: FetchedFile, same: dict[bytes, str], tally: Tally,
    copies: Copies, *, now: Callable[[], datetime], progress: Progress,
) -> None:  # fmt: skip
    digest = file.digest or fingerprint.of_file(file.data)
    tally.files.append({"name": file.name, "xxh3": digest, "bytes": len(file.data)})
    tally.complete &= file.complete
    tally.bookmark = file.bookmark or tally.bookmark
    for local_id in file.deleted:
        _tell_gone(local_id, tally, {})
    tally.warnings += file.warnings
    told = replace(source, encoding=file.encoding) if file.encoding else source
    export = read_export(file.data, told, format=file.format, known={} if file.encoding else same)
    before = tally.read
    for batch in _batches(export, BATCH, before):
        published = _published(engine, source, (value for _, value in batch))
        changed, bad = _sort_out(source, file.name, batch, published, tally, copies)
        for local_id, known in published.items():  # of a number that is taken last night's is not to be met any more
            if local_id in changed or local_id in tally.told_gone:
                same.pop(known.digest, None)
        with writing(engine) as connection:
            records.unstage(connection, run, tally.outdated)
            records.stage(connection, run, [*changed.values()], published)
            runs.keep_set_aside(connection, run, bad)
            runs.save(connection, run, heartbeat=now(), progress=f"прочитано {tally.read}")
        tally.outdated.clear()
        progress(file.name, tally.read)
    tally.read = before + export.counts.pieces
    tally.unchanged += len(export.unchanged)
    tally.seen.update(export.unchanged)
    tally.unread.update(export.unchanged)
    if export.counts.pieces != export.counts.kept + export.counts.set_aside:
        raise AssertionError(f"{file.name}: {export.counts}: pieces were lost")
    tally.warnings += [f"{file.name}: {warning}" for warning in export.warnings]


def _published(engine: Engine, source: Source, values: Iterable[SourceRecord | SetAside]) -> dict[str, records.Known]:
    """What is published under the numbers of these records."""
    with reading(engine) as connection:
        return records.known(connection, source.code, (v.local_id for v in values if isinstance(v, SourceRecord)))


def _batches(export: Export, size: int, before: int) -> Iterator[list[Numbered]]:
    """What an export yields, each with its number in the run; `before` is how many were read before it."""
    batch: list[Numbered] = []
    held = 0
    for value in export:
        batch.append((before + export.counts.pieces, value))
        held += len(value.data)
        if len(batch) == size or held > BATCH_BYTES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _sort_out(
    source: Source, file: str, batch: list[Numbered], published: Mapping[str, records.Known], tally: Tally,
    copies: Copies,
) -> tuple[dict[str, Understood], list[SetAside]]:  # fmt: skip
    changed: dict[str, Understood] = {}
    bad: list[SetAside] = []
    for number, value in batch:
        tally.read = number
        if isinstance(value, SetAside):
            tally.nameless += not value.reason.startswith("повтор")
        else:
            fault = _take(source, value, published, tally, copies, changed)
            if not fault:
                continue
            value = SetAside(source.code, tally.read, value.offset, value.data, fault)
        tally.fault = tally.fault or f"{file}, запись {number}, с байта {value.offset}: {value.reason}"
        bad.append(replace(value, number=tally.read, file=file))
        tally.set_aside += 1
    return changed, bad


def _take(
    source: Source, record: SourceRecord, published: Mapping[str, records.Known], tally: Tally, copies: Copies,
    changed: dict[str, Understood],
) -> str:  # fmt: skip
    """Count one record and keep it if it differs; returns why it can't be understood, or ""."""
    known = published.get(record.local_id)
    if record.deleted:
        _tell_gone(record.local_id, tally, changed)
        return ""
    if record.local_id in tally.seen and not tally.changes:
        return f"повтор: запись {record.local_id} уже пришла в этом сеансе"
    if not record.data.isascii():
        tally.encodings[record.encoding] += 1
    if known and known.has(record) and not _reads_otherwise(source, record, known):
        _count(record.local_id, "unchanged", tally, changed)
        return ""
    try:
        found = copies.read(record, source.holdings_profile)
    except BadRecord as error:
        # What stood under this id yesterday stays: a record we can't read today is not a book that is gone.
        tally.seen.add(record.local_id)
        return str(error)
    _count(record.local_id, "changed" if known else "new", tally, changed)
    changed[record.local_id] = record, found.packed
    tally.untitled += found.untitled
    return ""


def _count(local_id: str, told: str, tally: Tally, changed: dict[str, Understood]) -> None:
    if tally.changes:
        _forget(local_id, tally, changed)
        tally.told[local_id] = told
    tally.seen.add(local_id)
    setattr(tally, told, getattr(tally, told) + 1)


def _tell_gone(local_id: str, tally: Tally, changed: dict[str, Understood]) -> None:
    if tally.changes:
        _forget(local_id, tally, changed)
    tally.told_gone.add(local_id)


def _forget(local_id: str, tally: Tally, changed: dict[str, Understood]) -> None:
    """What earlier exports of changes said under a number: of two in one night the later one counts."""
    tally.told_gone.discard(local_id)
    tally.seen.discard(local_id)
    told = "unchanged" if local_id in tally.unread else tally.told.pop(local_id, "")
    tally.unread.discard(local_id)
    if told:
        setattr(tally, told, getattr(tally, told) - 1)
    if told in ("new", "changed") and changed.pop(local_id, None) is None:
        tally.outdated.append(local_id)


def _reads_otherwise(source: Source, record: SourceRecord, known: records.Known) -> bool:
    """Whether the same bytes would be read in another way than they were published.

    An encoding counts only where somebody named it: a guess that came out otherwise tonight changes no record.
    """
    if record.dialect.value != known.dialect:
        return True
    return bool(source.encoding) and record.encoding != known.encoding and not record.data.isascii()


# --- reading kept bytes anew ------------------------------------------------------------------------------------------


def stage_reread(
    engine: Engine, run: int, source: Source, *, now: Callable[[], datetime], progress: Progress
) -> Difference:
    """Stage every published record of a source that its settings now read otherwise. Nothing is fetched."""
    with reading(engine) as connection:
        live = records.live_ids(connection, source.code)
        bookmark = registry.bookmark(connection, source.code)
        source = replace(source, encoding=source.encoding or _mistaken(connection, live))
    tally = Tally()
    for ids in chunks(live, BATCH):
        with reading(engine) as connection:
            loaded, held = list(records.load(connection, ids)), derived.held(connection, ids)
            published = records.known(connection, source.code, [record.local_id for _, record in loaded])
        changed, bad = _sort_out_anew(source, loaded, held, tally)
        with writing(engine) as connection:
            records.stage(connection, run, changed, published)
            runs.keep_set_aside(connection, run, bad)
            runs.save(connection, run, heartbeat=now(), progress=f"прочитано по-новому {tally.changed}")
        progress(source.code, tally.changed + tally.unchanged)
    with writing(engine) as connection:
        runs.save(connection, run, counts=tally.counts(0), encoding=tally.encoding(), bookmark=bookmark)
    return Difference(before=0, counts=tally.counts(0), incremental=True, untitled=tally.untitled)


def _mistaken(connection: Connection, live: Sequence[int]) -> str:
    """The encoding of the kept bytes as the program sees it, where most of them were read in another; "" where not.

    So an encoding that was named by mistake is undone by naming none.
    """
    sample = [record for _, record in records.load(connection, live[:: len(live) // SAMPLE + 1]) if _in_letters(record)]
    if not sample:
        return ""
    meant, _ = encodings.of_file(b"".join(record.data for record in sample))
    read, count = Counter(record.encoding for record in sample).most_common(1)[0]
    cyrillic = {meant, read} <= {*encodings.CYRILLIC}
    return meant if cyrillic and meant != read and count * 2 > len(sample) else ""


def _in_letters(record: SourceRecord) -> bool:
    """Whether the bytes leave it open what letters they are; MARCXML and JSON say that themselves."""
    return record.data[:1] not in (b"<", b"{") and not record.data.isascii()


def _sort_out_anew(
    source: Source, loaded: Iterable[tuple[int, SourceRecord]], held: Mapping[int, derived.Held], tally: Tally
) -> tuple[list[Understood], list[SetAside]]:
    changed: list[Understood] = []
    bad: list[SetAside] = []
    for id_, record in loaded:
        anew = _read_by(source, record)
        try:
            bib = to_bib(anew, source.holdings_profile)
        except BadRecord as error:
            tally.set_aside += 1
            bad.append(SetAside(source.code, tally.set_aside, 0, record.data, str(error)))
            continue
        if not record.data.isascii():
            tally.encodings[anew.encoding] += 1
        if anew == record and id_ in held and held[id_].holdings == bib.holdings:
            tally.unchanged += 1
            continue
        tally.changed += 1
        found = read(anew, bib)
        tally.untitled += found.untitled
        changed.append((anew, found.packed))
    return changed, bad


def _read_by(source: Source, record: SourceRecord) -> SourceRecord:
    """The record as the source's settings read it."""
    encoding = record.encoding
    if source.encoding and _in_letters(record):
        codec = encodings.known(source.encoding)
        encoding = encodings.of_record(record.data, codec, codec)
    return replace(record, dialect=source.dialect, encoding=encoding)


# --- the difference ---------------------------------------------------------------------------------------------------


def _replaced(engine: Engine, run: int, source: Source) -> tuple[int, int]:
    """(how many, of how many sampled) changed records share no word of their title with what stood there before."""
    with reading(engine) as connection:
        rows = records.staged(connection, run, "changed", limit=SAMPLE)
        ids = records.ids_of(connection, (RecordKey(source.code, row.local_id) for row in rows))
        before = _said_before(connection, source, ids.values())
    pairs = []
    for row in rows:
        staged = unpack_bib(row.described)
        was = before.get(ids[RecordKey(source.code, row.local_id)])
        if staged is not None and was is not None:  # else nothing can be compared, so it raises no alarm
            pairs.append((was.title, staged.bib(bare=True).title))
    return sum(was != now and not share_a_word(was, now) for was, now in pairs), len(pairs)


def _said_before(connection: Connection, source: Source, ids: Collection[int]) -> dict[int, BibRecord]:
    """What live records say; read from the bytes of those whose description another version of the program packed."""
    found = described.load(connection, ids, bare=True)
    for id_, record in records.load(connection, [id_ for id_ in ids if id_ not in found]):
        with suppress(BadRecord):
            if not record.deleted:
                found[id_] = to_bib(record, source.holdings_profile)
    return found
