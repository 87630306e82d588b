"""What the index knows about one union record: a validated value, so that no unknown field is taken in silence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from itertools import islice

import msgspec

from catalog_sync import classify
from catalog_sync.citation.gost import full_city
from catalog_sync.citation.names import established
from catalog_sync.facets import bbk_path
from catalog_sync.matching.numerals import number
from catalog_sync.matching.publishers import houses
from catalog_sync.model import Carrier, Category, EKind, UnionRecord
from catalog_sync.tables import rows
from catalog_sync.text import fold

MOST_PARTS = 2  # «Т. 3, кн. 1»
LONGEST_ACRONYM = 3  # letters of a publisher's name written in capitals: АСТ, БХВ

# Values of the facet "access": how a reader gets the document.
ACCESS_PRINT = "print"
ACCESS_DISC = "disc"
ACCESS_OPEN = "open"
ACCESS_LICENSED = "licensed"
ACCESS_LOCAL = "local"
ACCESS_AUDIOVISUAL = "audiovisual"
ACCESS_MICROFORM = "microform"
ACCESS_TEXTBOOK_LIST = "fpu"  # «только учебники из ФПУ», where data says so


class Document(msgspec.Struct, frozen=True, gc=False):
    """One cluster as it is searched. Texts are as displayed; search.analysis folds them.

    `headings` of titles and the like are whole; `added` is the day the cluster came into the union. Raises ValueError
    for a value the index could not hold (tantivy would panic in another thread, or take it silently).
    """

    cluster: str
    titles: tuple[str, ...] = ()  # main title first; every one is an index entry of its own
    article: str = ""  # what sorting passes over in the main title
    title_words: tuple[str, ...] = ()  # everything else that counts as title: subtitle, parts, hosts
    series: tuple[str, ...] = ()
    uniform_titles: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    author_words: tuple[str, ...] = ()  # statements of responsibility, full forenames
    corporate: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()  # one name for a house, however typed
    publisher_words: tuple[str, ...] = ()  # as typed
    places: tuple[str, ...] = ()  # «Москва», though «М.» was typed
    place_words: tuple[str, ...] = ()  # as typed
    notes: tuple[str, ...] = ()
    abstract: str = ""
    contents: tuple[str, ...] = ()
    isbns: tuple[str, ...] = ()
    issns: tuple[str, ...] = ()
    local_ids: tuple[str, ...] = ()
    udc: tuple[str, ...] = ()
    bbk: tuple[str, ...] = ()
    bbk_path: tuple[str, ...] = ()
    call_numbers: tuple[str, ...] = ()
    language_codes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    country: str = ""
    kind: str = ""
    grades: tuple[int, ...] = ()
    school_subjects: tuple[str, ...] = ()
    category: str = ""
    carrier: str = ""
    record_type: str = ""  # leader/06 and 07 as the record has them
    bib_level: str = ""
    age: int | None = None
    access: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    parts: tuple[int, ...] = ()  # numbers of the part, «Т. 3, кн. 1» → (3, 1): its place among the volumes
    year: int | None = None
    changed: int = 0  # YYYYMMDD; 0 = the record does not say
    added: int = 0  # YYYYMMDD
    copies: int = 0
    brief: bytes = b""  # what a list of hits shows (search.brief), kept as it is
    sendable: bytes = b""  # what other systems are sent (search.sendable), kept as it is

    def __post_init__(self) -> None:
        if not self.cluster:
            raise ValueError("a document needs the id of its cluster")
        for name in ("year", "age", "changed", "added", "copies"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 0):
                raise ValueError(f"{self.cluster}: {name} must be a number from 0 up, came {value!r}")
        for grade in self.grades:
            if not 1 <= grade <= 11:
                raise ValueError(f"{self.cluster}: class must be 1 to 11, came {grade!r}")
        if self.category:
            Category(self.category)
        if self.carrier:
            Carrier(self.carrier)


def make(
    record: UnionRecord,
    libraries: Sequence[str],
    *,
    added: date,
    copies: int,
    call_numbers: Iterable[str] = (),
    access: Sequence[str] = (),
    school_subjects: Sequence[str] = (),
    listed: bool = False,
    brief: bytes = b"",
    sendable: bytes = b"",
) -> Document:
    """The search document of a union record held by `libraries`.

    `access` overrides what the record alone says about access (the e-resource registry knows terms and seats);
    `school_subjects` adds to what is found in the record; `listed`: the federal list
    of textbooks admits it; `brief` is what a list of hits shows of it, `sendable` what other systems are sent.
    """
    bib = record.bib
    known = classify.facets(bib)
    classified = record.classified or classify.classify(bib)
    return Document(
        cluster=record.cluster,
        titles=_unique((bib.title, *bib.parallel_titles, *bib.other_titles, *(p.title for p in bib.parts))),
        article=bib.article,
        title_words=_unique((bib.subtitle, *(p.number for p in bib.parts), *(h.title for h in bib.hosts), bib.edition)),
        series=_unique(s.title for s in bib.series),
        authors=_unique(established(a) for a in bib.agents if a.kind == "person"),
        author_words=_unique((bib.responsibility, *(a.expansion for a in bib.agents))),
        corporate=_unique(a.name for a in bib.agents if a.kind != "person"),
        subjects=_unique((*bib.subjects, *bib.keywords, *bib.genres)),
        publishers=_unique(name for typed in bib.publishers for name in house_names(typed)),
        publisher_words=_unique(bib.publishers),
        places=_unique(full_city(typed) or typed for typed in bib.places),
        place_words=_unique(bib.places),
        notes=_unique((*bib.notes, bib.audience if len(bib.audience) > 3 else "")),  # codes are not words
        abstract=bib.abstract,
        contents=_unique(bib.contents),
        isbns=_unique(i.normal or _digits(i.typed) for i in bib.isbns),
        issns=_unique(_digits(i) for i in bib.issns),
        local_ids=_unique((record.cluster, *(str(m) for m in record.members))),
        udc=_unique(u.strip() for u in bib.udc),
        bbk=_unique(b.strip() for b in bib.bbk),
        bbk_path=bbk_path(known.bbk),
        call_numbers=_unique(call_numbers),
        language_codes=_unique(c.strip().lower() for c in bib.languages),
        languages=known.languages,
        country=bib.country.strip(),
        kind=known.kind,
        grades=known.grades,
        school_subjects=_unique((*known.subjects, *school_subjects)),
        category=classified.category.value,
        carrier=classified.carrier.value,
        record_type=bib.carrier.leader_type.strip(),
        bib_level=bib.carrier.leader_level.strip(),
        age=int(classified.age_mark.rstrip("+")) if classified.age_mark else None,
        access=(*(access or _access(classified.carrier, classified.ekind)), *([ACCESS_TEXTBOOK_LIST] * listed)),
        libraries=_unique(libraries),
        sources=_unique(m.source for m in record.members),
        parts=part_numbers(p.number for p in bib.parts),
        year=known.year,
        changed=_day_number(bib.changed),
        added=added.year * 10000 + added.month * 100 + added.day,
        copies=max(copies, 0),
        brief=brief,
        sendable=sendable,
    )


@cache
def _houses() -> dict[str, str]:
    """House → its name as shown: the first alias of publishers.tsv, «аст» → «АСТ», «вентана-граф» → «Вентана-Граф»."""
    firsts = {row["id"]: row["aliases"].split(";")[0].strip() for row in rows("publishers.tsv") if row["id"]}
    return {house: alias.upper() if len(alias) <= LONGEST_ACRONYM else _capitalised(alias)
            for house, alias in firsts.items()}  # fmt: skip


def _capitalised(alias: str) -> str:
    return "-".join(part[:1].upper() + part[1:] for part in alias.split("-"))


def house_names(typed: str) -> tuple[str, ...]:
    """Publishers named in one field, each under one name: «АО "Издательство "Просвещение"» → («Просвещение»,).

    A house the table does not know keeps its typed name, so that nothing is invented for it.
    """
    found = houses(typed)
    known = _houses()
    return tuple(known[house] for house in found) if found and all(h in known for h in found) else (typed,)


_ACCESS = {
    EKind.PHYSICAL: ACCESS_DISC, EKind.LOCAL: ACCESS_LOCAL, EKind.LICENSED: ACCESS_LICENSED,
    EKind.OPEN_LINK: ACCESS_OPEN,
}  # fmt: skip


def _access(carrier: Carrier, ekind: EKind) -> tuple[str, ...]:
    if carrier is Carrier.ELECTRONIC:
        return (_ACCESS.get(ekind, ACCESS_DISC),)
    return ({Carrier.AUDIOVISUAL: ACCESS_AUDIOVISUAL, Carrier.MICROFORM: ACCESS_MICROFORM}.get(carrier, ACCESS_PRINT),)


def part_numbers(designations: Iterable[str]) -> tuple[int, ...]:
    """Numbers of a part as it is designated: «Т. II», «Кн. 1» → (2, 1)."""
    found = (word for text in designations for word in re.findall(r"\w+", fold(text)))
    return tuple(islice(filter(None, map(number, found)), MOST_PARTS))


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(t for t in texts if t))


def _digits(text: str) -> str:
    return "".join(c for c in text.upper() if c.isdigit() or c == "X")


def _day_number(typed: str) -> int:
    """005 «20190324120000.0» → 20190324; 0 where it is not a date."""
    digits = typed.strip()[:8]
    return int(digits) if len(digits) == 8 and digits.isdigit() else 0
