"""What a record says, whatever the dialect: description, agents, parts, items.

Structs, as what is written: made, compared and unpacked many times quicker than dataclasses. `msgspec.structs.replace`
makes a changed copy.
"""

from __future__ import annotations

from datetime import date

import msgspec

from catalog_sync.model.written import Dialect, RecordKey


class Isbn(msgspec.Struct, frozen=True, gc=False):
    """An ISBN as typed and as understood (ISO 2108). `normal` is 13 digits, or "" where nothing valid was found."""

    typed: str
    normal: str
    qualifier: str = ""  # "(общ.)", "ч. 1", "(в пер.)" …
    erroneous: bool = False  # came from $z, or its check digit is wrong
    of_host: bool = False  # came from 461/463/773: belongs to the set, not to this part
    cancelled: bool = False  # came from $z: the cataloguer knows that the book bears a wrong number


class Agent(msgspec.Struct, frozen=True, gc=False):
    """A person or body responsible for the work. `name` is the heading: «Иванов, Иван Иванович» or «Иванов, И. И.»."""

    name: str
    role: str = ""  # relator code or word as typed ("070", "aut", "сост.")
    dates: str = ""
    kind: str = "person"  # person | body | meeting
    main: bool = False  # 700 / 100: the heading of the description
    expansion: str = ""  # full forenames where the record has them (RUSMARC 700$g)


class PartName(msgspec.Struct, frozen=True, gc=False):
    """Designation of a part: «Ч. 2», «Т. 3, кн. 1», and its own title (200$h$i, 245$n$p, 461$v)."""

    number: str = ""
    title: str = ""


class Host(msgspec.Struct, frozen=True, gc=False):
    """The set, series issue or journal a record belongs to (461–463, 773)."""

    tag: str
    title: str = ""
    volume: str = ""  # 461$v, 773$g as typed
    isbn: str = ""
    issn: str = ""
    record_id: str = ""  # 001 of the host inside the same source, where given
    responsibility: str = ""
    year: str = ""


class Link(msgspec.Struct, frozen=True, gc=False):
    """An 856 (or МАРК-SQL 900$a). `of_work` is false for covers and tables of contents (RUSMARC 856 ind2 1 or 2)."""

    url: str
    note: str = ""
    of_work: bool = True


class Series(msgspec.Struct, frozen=True, gc=False):
    title: str
    number: str = ""
    issn: str = ""


class Item(msgspec.Struct, frozen=True, gc=False):
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


class Holdings(msgspec.Struct, frozen=True, gc=False):
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


class CarrierSigns(msgspec.Struct, frozen=True, gc=False):
    """Everything a record says about its carrier, uninterpreted; matching and classify decide."""

    leader_type: str = ""  # leader/06
    leader_level: str = ""  # leader/07
    media: str = ""  # RUSMARC 182$a, MARC 21 337$b / 007/00
    gmd: str = ""  # 200$b, 245$h: «[Электронный ресурс]»
    form: str = ""  # RUSMARC 106$a, MARC 21 008/23
    content: str = ""  # RUSMARC 181$a, MARC 21 336$b
    physical: str = ""  # extent and 340 as typed: «1 CD-ROM»
    access: str = ""  # 203$c / 337$a: «непосредственный», «электронный»


class BibRecord(msgspec.Struct, frozen=True, gc=False):
    """What one source record says, in the terms of every dialect. Texts are as typed (NFC), never folded."""

    key: RecordKey
    dialect: Dialect
    title: str = ""
    article: str = ""  # what sorting passes over at the beginning of the title, with the blank behind it: «The », «L'»
    parallel_titles: tuple[str, ...] = ()
    other_titles: tuple[str, ...] = ()  # of the cover, the spine, an earlier one, a uniform one: to be found by
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
