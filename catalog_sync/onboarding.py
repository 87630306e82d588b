"""A new source: what its export is, how it was understood, and what to write down so that it is read so every night.

Joins harvesters (bytes in), marc (what they say) and nothing of the store: the caller keeps what is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from catalog_sync import citation
from catalog_sync.errors import BadRecord, Refused, SourceUnavailable
from catalog_sync.file_names import readable
from catalog_sync.marc.encodings import known as known_encoding
from catalog_sync.marc.reading import Detected, detect, read_export, to_bib
from catalog_sync.model import BibRecord, FetchedFile, Holdings, SetAside, Source
from harvesters import by_hand, limits, table
from harvesters.registry import KINDS, make
from harvesters.secrets import Secrets

SAMPLE = 500  # records looked at: enough for every habit of one cataloguer to show
CARDS = 5
NUMBERS_SHOWN = 4  # inventory numbers of one card


@dataclass(frozen=True, slots=True)
class Card:
    """One record as it was understood, in a librarian's words."""

    local_id: str
    description: str
    copies: int
    where: str  # which fields told of the copies
    numbers: tuple[str, ...]  # inventory numbers, the first few


@dataclass(frozen=True, slots=True)
class Look:
    """What an export looks like. `seen` records of at most SAMPLE; `set_aside` of them could not be read."""

    files: tuple[str, ...]
    detected: Detected
    seen: int
    set_aside: int
    with_copies: int
    copies: int
    cards: tuple[Card, ...]
    faults: tuple[str, ...]  # why pieces could not be read, each once


def kinds() -> list[tuple[str, str]]:
    """(name, Russian title) of every way to collect."""
    return [(kind.name, kind.title) for kind in KINDS.values()]


# --- files given by hand ----------------------------------------------------------------------------------------------


def brought(paths: Sequence[Path], source: Source, *, complete: bool = True) -> Iterator[FetchedFile]:
    """Files given by hand, as a harvester would bring them: archives opened, lists turned into records.

    Raises Refused naming the file for what is neither MARC nor a list, OSError where it can't be read.
    """
    for path in paths:
        name = readable(path.name)
        if path.stat().st_size > limits.MAX_BROUGHT_BYTES:
            raise Refused(f"{name}: файл больше {limits.spelled(limits.MAX_BROUGHT_BYTES)}: разделите выгрузку")
        try:
            with path.open("rb") as file:
                head = file.read(limits.MEGABYTE)
                by_hand.check_head(name, head)
                file.seek(0)
                data = file.read()
            if not data.strip():
                raise Refused(f"{name}: файл пуст")
            yield from by_hand.opened(name, data, source, complete=complete)
        except SourceUnavailable as error:
            raise Refused(str(error)) from error


# --- looking ----------------------------------------------------------------------------------------------------------


def fetched(source: Source, home: Path) -> Iterator[FetchedFile]:
    """What the source's own harvester brings now, from the beginning. Raises SourceUnavailable, StopEverything."""
    if source.harvester in ("", "manual"):
        raise Refused(
            f"источник {source.code} загружается вручную: назовите файл (catalog-sync source test {source.code} ФАЙЛ)"
        )
    return make(source, Secrets.of_process(), home).fetch("")


def look(files: Iterable[FetchedFile], source: Source, *, cards: int = CARDS) -> Look:
    """Read up to SAMPLE records and say what they are. Raises Refused where no record can be read."""
    names: list[str] = []
    found: Detected | None = None
    bibs: list[BibRecord] = []
    faults: dict[str, None] = {}
    seen = bad = 0
    for file in files:
        names += [file.name] if file.name else [*file.warnings]
        if not file.data.strip():
            continue
        found = found or _detected(file, source)
        reader = replace(source, dialect=found.dialect, encoding=file.encoding or source.encoding)  # as a harvest does
        for one in islice(read_export(file.data, reader, format=file.format), SAMPLE - seen):
            seen += 1
            try:
                if isinstance(one, SetAside):
                    raise BadRecord(one.reason)
                bibs.append(to_bib(one, source.holdings_profile or found.holdings_profile))
            except BadRecord as error:
                bad += 1
                faults[str(error)] = None
        if seen >= SAMPLE:
            break
    if found is None:
        raise Refused(f"источник {source.code}: не пришло ни одной записи{_why_none(names, source)}")
    return Look(
        tuple(names), found, seen, bad, sum(bib.holdings.copies > 0 for bib in bibs),
        sum(bib.holdings.copies for bib in bibs), tuple(_card(bib) for bib in _telling(bibs, cards)), tuple(faults),
    )  # fmt: skip


def _why_none(names: Sequence[str], source: Source) -> str:
    """What to look at where nothing came: a question in a wrong charset finds nothing and no server says so."""
    if source.harvester == "z3950":
        return ": сервер ничего не нашёл; проверьте query, а если в нём русские буквы – query_charset или negotiate"
    if source.harvester == "sru":
        return ": сервер ничего не нашёл; проверьте query и имя базы в адресе"
    return f" ({', '.join(names) or 'файлов нет'})"


def _detected(file: FetchedFile, source: Source) -> Detected:
    if table.is_list(file):
        told = ("список: что в каком столбце, показывает catalog-sync source mapping",)
        return Detected(source.dialect, "utf-8", source.holdings_profile or source.dialect, file.format, told)
    try:
        found = detect(file.data)
    except BadRecord as error:
        raise Refused(f"{file.name}: это не MARC и не список: {error}") from error
    if source.encoding and known_encoding(source.encoding) != found.encoding:
        why = f"кодировка задана настройкой: {source.encoding} (по файлу — {found.encoding})"
        found = replace(found, reasons=(*found.reasons, why))
    return found


def _telling(bibs: Sequence[BibRecord], count: int) -> list[BibRecord]:
    """Cards spread over the file, those with copies first: the first five of a base are often trials."""
    ordered = sorted(bibs, key=lambda bib: bib.holdings.copies == 0)
    step = max(1, len(ordered) // max(count, 1))
    return ordered[::step][:count]


def _card(bib: BibRecord) -> Card:
    return Card(
        bib.key.local_id, citation.gost(bib, today=None), bib.holdings.copies, bib.holdings.basis,
        _numbers(bib.holdings),
    )  # fmt: skip


def _numbers(holdings: Holdings) -> tuple[str, ...]:
    named = [item.inventory_number or item.barcode for item in holdings.items]
    return tuple(filter(None, named))[:NUMBERS_SHOWN]


def settled(source: Source, look_: Look) -> Source:
    """The source with what was found written into it; an encoding is written only where bytes alone may mislead.

    UTF-8 proves itself in every file; a one-byte encoding is a statistical guess and is better kept.
    """
    encoding = source.encoding
    if not encoding and look_.detected.format == "iso2709" and look_.detected.encoding != "utf-8":
        encoding = look_.detected.encoding
    dialect, profile = look_.detected.dialect, look_.detected.holdings_profile
    # The dialect's own profile needs no writing down: it goes along when the dialect is corrected later.
    return replace(source, dialect=dialect, encoding=encoding, holdings_profile="" if profile == dialect else profile)

