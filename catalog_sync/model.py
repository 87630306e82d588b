"""The nouns of catalog-sync: frozen values that cross module borders. Standard library only.

Russian names of every noun are in docs/glossary.md. Dates are plain `date`s of the district's calendar; moments are
timezone-aware UTC `datetime`s.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime


class Dialect(enum.StrEnum):
    """The MARC dialect a source speaks: decides which field means what (crosswalk: data/tables/crosswalk.tsv)."""

    RUSMARC = "rusmarc"
    UNIMARC = "unimarc"
    MARC21 = "marc21"
    MARCSQL = "marcsql"

    @property
    def is_unimarc_family(self) -> bool:
        """Whether titles live in 200 and authors in 7xx (RUSMARC is the Russian UNIMARC)."""
        return self in (Dialect.RUSMARC, Dialect.UNIMARC)


# --- MARC as it is written -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subfield:
    code: str
    value: str


@dataclass(frozen=True, slots=True)
class MarcField:
    """One field. A control field has `data` and no subfields; a data field has two indicators and subfields."""

    tag: str
    indicators: str = "  "
    subfields: tuple[Subfield, ...] = ()
    data: str | None = None

    def all(self, codes: str) -> Iterator[str]:
        """Values of the named subfields, in the order they were typed."""
        return (s.value for s in self.subfields if s.code in codes)

    def first(self, codes: str) -> str:
        """The first value among the named subfields, or an empty string."""
        for subfield in self.subfields:
            if subfield.code in codes:
                return subfield.value
        return ""


@dataclass(frozen=True, slots=True)
class MarcRecord:
    """A decoded MARC record of any dialect: ISO 2709 structure, Unicode text (ISO 2709:2008)."""

    leader: str
    fields: tuple[MarcField, ...]

    def all(self, *tags: str) -> Iterator[MarcField]:
        return (f for f in self.fields if f.tag in tags)

    def first(self, *tags: str) -> MarcField | None:
        return next(self.all(*tags), None)

    def control(self, tag: str) -> str:
        """Text of a control field; МАРК-SQL types it as subfield $0 of a data field, which counts too."""
        found = self.first(tag)
        if found is None:
            return ""
        return found.data if found.data is not None else found.first("0")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of bytes of an export: one record, or junk between records. Pieces tile the file without a gap."""

    number: int  # 1-based, in file order
    offset: int  # bytes from the start of the file
    data: bytes
    fault: str = ""  # why this piece can't be a record ("" = it can)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One record of one source, kept verbatim. (source, local_id) is its identity for ever."""

    source: str
    local_id: str
    data: bytes
    digest: bytes  # sha256 of `data`
    dialect: Dialect
    encoding: str
    deleted: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def key(self) -> RecordKey:
        return RecordKey(self.source, self.local_id)


@dataclass(frozen=True, slots=True, order=True)
class RecordKey:
    """Identity of a source record: never 001 alone, prefixes repeat across installations."""

    source: str
    local_id: str

    def __str__(self) -> str:
        return f"{self.source}:{self.local_id}"

    @classmethod
    def parse(cls, text: str) -> RecordKey:
        """Read `SOURCE:ID`; raises ValueError where there is no colon or an empty side."""
        source, colon, local_id = text.partition(":")
        if not (source and colon and local_id):
            raise ValueError(f"expected SOURCE:ID, came {text!r}")
        return cls(source, local_id)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A piece that could not be read: kept with the reason, shown to the school, never lost."""

    source: str
    number: int
    offset: int
    data: bytes
    reason: str


# --- What a record says ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Isbn:
    """An ISBN as typed and as understood (ISO 2108). `normal` is 13 digits, or "" where nothing valid was found."""

    typed: str
    normal: str
    qualifier: str = ""  # "(общ.)", "ч. 1", "(в пер.)" …
    erroneous: bool = False  # came from $z, or its check digit is wrong
    of_host: bool = False  # came from 461/463/773: belongs to the set, not to this part


@dataclass(frozen=True, slots=True)
class Agent:
    """A person or body responsible for the work. `name` is the heading: «Иванов, Иван Иванович» or «Иванов, И. И.»."""

    name: str
    role: str = ""  # relator code or word as typed ("070", "aut", "сост.")
    dates: str = ""
    kind: str = "person"  # person | body | meeting
    main: bool = False  # 700 / 100: the heading of the description
    expansion: str = ""  # full forenames where the record has them (RUSMARC 700$g)


@dataclass(frozen=True, slots=True)
class PartName:
    """Designation of a part: «Ч. 2», «Т. 3, кн. 1», and its own title (200$h$i, 245$n$p, 461$v)."""

    number: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """The set, series issue or journal a record belongs to (461–463, 773)."""

    tag: str
    title: str = ""
    volume: str = ""  # 461$v, 773$g as typed
    isbn: str = ""
    issn: str = ""
    record_id: str = ""  # 001 of the host inside the same source, where given
    responsibility: str = ""
    year: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An 856 (or МАРК-SQL 900$a). `of_work` is false for covers and tables of contents (RUSMARC 856 ind2 1 or 2)."""

    url: str
    note: str = ""
    of_work: bool = True


@dataclass(frozen=True, slots=True)
class Series:
    title: str
    number: str = ""
    issn: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """An экземпляр, or a group of them kept without inventory numbers (безынвентарный учёт: `copies` > 1)."""

    inventory_number: str = ""
    barcode: str = ""
    sigla: str = ""
    call_number: str = ""
    price: str = ""
    ksu_number: str = ""  # № записи в КСУ
    copies: int = 1
    registered: date | None = None
    withdrawn: date | None = None
    withdrawal_reason: str = ""
    withdrawal_act: str = ""
    individual: bool = True  # И/У (by inventory number) or Б/У (by card)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What one library has of one record. `complete` is false where the source gives only counters or nothing."""

    items: tuple[Item, ...] = ()
    received: int | None = None  # counters of МАРК-SQL 990, where the export has them
    withdrawn: int | None = None
    sigla: str = ""
    call_number: str = ""
    basis: str = ""  # which fields said so: "899", "990", "INV", …

    @property
    def copies(self) -> int:
        """Copies present now (экземпляров состоит)."""
        return sum(i.copies for i in self.items if i.withdrawn is None)


@dataclass(frozen=True, slots=True)
class CarrierSigns:
    """Everything a record says about its carrier, uninterpreted; matching and classify decide."""

    leader_type: str = ""  # leader/06
    leader_level: str = ""  # leader/07
    media: str = ""  # RUSMARC 182$a, MARC 21 337$b / 007/00
    gmd: str = ""  # 200$b, 245$h: «[Электронный ресурс]»
    form: str = ""  # RUSMARC 106$a, MARC 21 008/23
    content: str = ""  # RUSMARC 181$a, MARC 21 336$b
    physical: str = ""  # extent and 340 as typed: «1 CD-ROM»
    access: str = ""  # 203$c / 337$a: «непосредственный», «электронный»


@dataclass(frozen=True, slots=True)
class BibRecord:
    """What one source record says, in the terms of every dialect. Texts are as typed (NFC), never folded."""

    key: RecordKey
    dialect: Dialect
    title: str = ""
    parallel_titles: tuple[str, ...] = ()
    subtitle: str = ""  # сведения, относящиеся к заглавию; several joined by " : "
    parts: tuple[PartName, ...] = ()
    responsibility: str = ""
    edition: str = ""
    places: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    year_text: str = ""
    year_coded: str = ""  # 100$a/9–12, 008/07–10: four characters as typed
    extent: str = ""
    illustrations: str = ""
    size: str = ""
    accompanying: str = ""
    series: tuple[Series, ...] = ()
    isbns: tuple[Isbn, ...] = ()
    issns: tuple[str, ...] = ()
    price: str = ""
    agents: tuple[Agent, ...] = ()
    subjects: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    udc: tuple[str, ...] = ()
    bbk: tuple[str, ...] = ()
    author_mark: str = ""
    languages: tuple[str, ...] = ()
    original_languages: tuple[str, ...] = ()
    country: str = ""
    notes: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()
    abstract: str = ""
    audience: str = ""  # coded (100$a/17–19, 008/22) or typed (521$a, 333$a)
    age_mark: str = ""  # «12+» where the record says so, else "" (unknown, which is not 0+)
    coded_form: str = ""  # 105$a/4–7, 008/24–27
    literary_form: str = ""  # 105$a/11, 008/33
    carrier: CarrierSigns = CarrierSigns()
    links: tuple[Link, ...] = ()
    hosts: tuple[Host, ...] = ()
    holdings: Holdings = Holdings()
    changed: str = ""  # 005 as typed
    warnings: tuple[str, ...] = ()


# --- Same edition or not ---------------------------------------------------------------------------------------------


class Verdict(enum.StrEnum):
    SAME = "same"
    UNSURE = "unsure"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence of evidence: which feature, what both sides say, and how much it weighs (a veto has `veto`)."""

    feature: str
    left: str
    right: str
    weight: float
    text: str = ""
    veto: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """Evidence between two records and the verdict it leads to. `left` < `right`: a comparison has no direction."""

    left: RecordKey
    right: RecordKey
    verdict: Verdict
    score: float
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A librarian's word about two records; outlives every harvest and rebuild (keyed by source and id)."""

    number: int
    left: RecordKey
    right: RecordKey
    same: bool
    who: str
    when: datetime
    why: str
    undone: datetime | None = None
    undone_by: str = ""


# --- Union and stock -------------------------------------------------------------------------------------------------


class Category(enum.StrEnum):
    """Rows 02–05 of form ОО-2, 2.6; `other` is counted in row 01 only."""

    TEXTBOOK = "textbook"
    STUDY_AID = "study_aid"
    FICTION = "fiction"
    REFERENCE = "reference"
    OTHER = "other"


class Carrier(enum.StrEnum):
    """Rows 06–09 of form ОО-2, 2.6: exactly one per record, so that 01 = 06 + 07 + 08 + 09."""

    PRINT = "print"
    AUDIOVISUAL = "audiovisual"
    MICROFORM = "microform"
    ELECTRONIC = "electronic"


class EKind(enum.StrEnum):
    """Kind of an electronic edition (item 5.4 of the roadmap). `open_link` is shown, but is not stock."""

    NONE = ""
    PHYSICAL = "physical"
    LOCAL = "local"
    LICENSED = "licensed"
    OPEN_LINK = "open_link"


@dataclass(frozen=True, slots=True)
class Classified:
    """Fund category, carrier and kind of e-edition of a record, each with the rule that decided."""

    category: Category
    category_reason: str
    carrier: Carrier
    carrier_reason: str
    ekind: EKind = EKind.NONE
    ekind_reason: str = ""
    age_mark: str = ""


@dataclass(frozen=True, slots=True)
class UnionRecord:
    """The record readers see: `bib` is computed field by field, `provenance` names who gave each field."""

    cluster: str
    bib: BibRecord
    members: tuple[RecordKey, ...]
    provenance: Mapping[str, RecordKey] = field(default_factory=dict)
    classified: Classified | None = None


class MovementKind(enum.StrEnum):
    INITIAL = "initial"  # первичное отражение: retro-loading is not growth
    ACQUIRED = "acquired"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"  # licence ran out
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class StockMovement:
    """One line of the append-only ledger. `copies` is signed: what the stock of `library` grew or shrank by."""

    library: str
    record: RecordKey
    day: date
    kind: MovementKind
    copies: int
    category: Category
    carrier: Carrier
    ekind: EKind
    basis: str  # where the date comes from: "INV.REGDATE", "990$f", "run"
    run: int | None = None
    document: str = ""
    corrects: int | None = None
    of: MovementKind | None = None  # a correction says which column of the reports it moves
    reason: str = ""  # why withdrawn or corrected, as the act or the librarian says
    inventory: str = ""  # inventory numbers of the copies, joined by ", ", where the source names them
    kopecks: int | None = None  # signed value of the copies; None where a price is missing

    @property
    def column(self) -> MovementKind:
        """The column it moves: a correction moves the one it corrects (an acquisition where it does not say)."""
        if self.kind is not MovementKind.CORRECTION:
            return self.kind
        return self.of or MovementKind.ACQUIRED


# --- Libraries, sources and runs -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Library:
    code: str
    name: str
    kind: str = "school"  # school | partner | museum; only schools count in school statistics
    settlement: str = ""
    address: str = ""
    email: str = ""
    phone: str = ""
    stage: int = 0  # roll-out stage 1, 2, 3 (roadmap 3.4–3.6); 0 = not planned
    pupils: int = 0
    coordinates: str = ""  # «55.7558, 37.6176» as a map gives them: the radar of exchange asks who is nearest


@dataclass(frozen=True, slots=True)
class Source:
    """One base of one library, and how to read it. `settings` are the harvester's own (URL, folder, schedule …)."""

    code: str
    library: str
    name: str = ""
    harvester: str = "manual"  # export given by hand; else a kind of harvesters.registry
    dialect: Dialect = Dialect.RUSMARC
    encoding: str = ""  # "" = decide per file
    holdings_profile: str = ""  # "" = by dialect (data/tables/holdings_profiles.toml)
    base: str = ""  # «Учебники», «Книги»: classify reads it
    incremental: bool = False
    schedule: str = ""
    active: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExternalTarget:
    """A foreign catalogue asked when a school copies a record. `settings` are its protocol's own (host, url …)."""

    code: str
    name: str = ""
    protocol: str = "sru"  # sru | z3950
    dialect: Dialect = Dialect.MARC21
    encoding: str = ""  # "" = decide per record
    active: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)


class RunState(enum.StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    STAGED = "staged"
    HELD = "held"
    PUBLISHED = "published"
    REJECTED = "rejected"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class RunCounts:
    """Counts of one run. `read` pieces = kept + set aside, asserted in every run."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    set_aside: int = 0
    clusters_touched: int = 0
    copies_added: int = 0
    copies_removed: int = 0


@dataclass(frozen=True, slots=True)
class HarvestRun:
    number: int
    source: str
    state: RunState
    started: datetime
    finished: datetime | None = None
    counts: RunCounts = RunCounts()
    incremental: bool = False
    encoding: str = ""
    message: str = ""  # why it is held or failed, in Russian
    bookmark: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """What a harvester hands over: bytes that hold MARC, where they came from, and the bookmark to keep once published.

    `deleted` lists local ids the source says are gone (OAI-PMH); `complete` is true where the whole base came.
    """

    name: str
    data: bytes
    format: str = "iso2709"  # iso2709 | marcxml | json | marcsql-rows
    complete: bool = True
    bookmark: str = ""
    deleted: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()  # what the harvester noticed, in Russian: belongs into the run's warnings
    encoding: str = ""  # a codec, where the protocol settled it (Z39.50); "" = the source's, or by the bytes
