"""What a list of hits shows of an edition: made once when it is indexed, kept in the index beside its search terms.

A page of twenty hits then asks the database nothing, and shows what was searched and counted: one commit of one index.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

import msgspec

from catalog_sync import facets
from catalog_sync.marc.dates import day_of
from catalog_sync.model import Agent, BibRecord, UnionRecord
from catalog_sync.query import LibraryHoldings
from catalog_sync.search.document import house_names

LONGEST = 300  # characters of one line: an abstract typed into the field of the title is no heading
NAMED = 3  # authors of a hit where none is the heading of the record

# «Часть 1», «ч.1», «Ч. 1» are one thing to a reader; ГОСТ Р 7.0.12-2011 shortens these words so.
_PART = re.compile(r"^(часть|ч|том|т|книга|кн|выпуск|вып)\b\.?\s*(?:№\s*)?(\d+|[IVXLC]+)\W*$", re.IGNORECASE)
_SHORT = {"часть": "Ч.", "ч": "Ч.", "том": "Т.", "т": "Т.", "книга": "Кн.", "кн": "Кн.", "выпуск": "Вып.",
          "вып": "Вып."}  # fmt: skip
_TERM = re.compile(r"договор.*\bпо (\d\d\.\d\d\.\d{4})")
_MARKS = " /:;,="  # ISBD marks left at the ends of a field


class Held(msgspec.Struct, frozen=True, array_like=True):
    """What one library has of an edition: its code, copies, and the first call number."""

    library: str
    copies: int
    call_number: str = ""


class Brief(msgspec.Struct, frozen=True, array_like=True):
    """One edition in a list. Texts are as recorded, raw: the pages escape them; `title` is "" where there is none."""

    cluster: str
    title: str  # with its part
    subtitle: str
    by: str
    imprint: str  # «Просвещение, 2020»: what tells two printings apart
    kind: str  # of document_kinds.tsv
    grades: tuple[int, ...]
    carrier: str
    age: str
    links: tuple[str, ...]  # where the work itself may open, as recorded
    held: tuple[Held, ...]
    ends: str = ""  # ISO date: the last day on which a link may be followed, "" where no contract says


_decoder = msgspec.msgpack.Decoder(Brief)


def of(record: UnionRecord, holdings: Iterable[LibraryHoldings]) -> Brief:
    """The brief of an edition held so."""
    bib, known = record.bib, record.classified
    return Brief(
        cluster=record.cluster,
        title=heading(bib)[:LONGEST],
        subtitle=bib.subtitle.strip(_MARKS)[:LONGEST],
        by=by(bib)[:LONGEST],
        imprint=imprint(bib)[:LONGEST],
        kind=facets.document_kind(bib),
        grades=facets.school_grades(bib),
        carrier=known.carrier.value if known else "print",
        age=(known.age_mark if known else "") or bib.age_mark,
        links=tuple(link.url for link in bib.links if link.of_work),
        held=tuple(Held(h.library, h.copies, next(iter(h.call_numbers), "")) for h in holdings),
        ends=last.isoformat() if (last := access_ends(bib)) else "",
    )


def pack(brief: Brief) -> bytes:
    return msgspec.msgpack.encode(brief)


def unpack(data: bytes) -> Brief:
    """Raises msgspec.DecodeError for what another version packed; the index's number of the schema keeps that away."""
    return _decoder.decode(data)


def access_ends(bib: BibRecord) -> date | None:
    """The last day of access where every link to the work names the term of its contract; the latest of them."""
    days = [term_of(link.note) for link in bib.links if link.of_work]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def term_of(note: str) -> date | None:
    """The last day in «Доступ по договору № 5 с 01.09.2026 по 31.08.2027», as packages write it."""
    found = _TERM.search(note)
    return day_of(found[1]) if found else None


def heading(bib: BibRecord) -> str:
    """Title with its part: what names the edition in one line; "" where the record has no title."""
    parts = [". ".join(filter(None, (part_number(p.number), p.title))) for p in bib.parts]
    return ". ".join(filter(None, (bib.title.rstrip(". /:;,="), *parts)))


def part_number(text: str) -> str:
    """A part's number in one form, «Ч. 1», however it was typed; what is no plain number stays as typed."""
    found = _PART.match(text.strip())
    return f"{_SHORT[found[1].lower()]} {found[2]}" if found else text


def authors(bib: BibRecord) -> tuple[Agent, ...]:
    """People and bodies of the heading, else the first named ones."""
    main = tuple(a for a in bib.agents if a.main)
    return main or tuple(a for a in bib.agents if a.kind == "person")[:NAMED]


def by(bib: BibRecord) -> str:
    """Who made it: headings, else the statement of responsibility."""
    return "; ".join(a.name for a in authors(bib)) or bib.responsibility


def imprint(bib: BibRecord) -> str:
    """Publisher and year; houses by one name, however typed. The place is on the card."""
    names = dict.fromkeys(name for typed in bib.publishers for name in house_names(typed))
    return ", ".join(filter(None, ("; ".join(names), year(bib))))


def year(bib: BibRecord) -> str:
    return bib.year_text or bib.year_coded
