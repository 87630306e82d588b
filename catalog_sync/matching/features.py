"""What one record says that tells editions apart: a small value, computed from the record alone and stored with it."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from catalog_sync.matching import monographs
from catalog_sync.matching.discriminators import Grade
from catalog_sync.matching.extents import disc, pages, size
from catalog_sync.matching.kinds import served
from catalog_sync.matching.monographs import Monograph
from catalog_sync.matching.names import Name
from catalog_sync.matching.version import FEATURES_VERSION, is_current
from catalog_sync.matching.zone import YEAR, Zone
from catalog_sync.model import BibRecord, Isbn
from catalog_sync.text import fold, repair_year


class Features(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Discriminators of one description. Empty (or 0, None) always means «not said», never «no».

    A struct for the same reason as what is read: a night unpacks a hundred for every description that changed.

    Texts are folded; `title` and `subtitle` are without the words that became kind, grade, part, level, form.
    """

    title: tuple[str, ...] = ()  # words; an abbreviated one keeps its point: ("рус.", "язык")
    subtitle: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()  # numbers left in title: «ОГЭ-2018» → ("2018",)
    subtitle_numbers: tuple[str, ...] = ()
    alternative: tuple[str, ...] = ()  # «…, или Туда и обратно», not part of `title`
    host: tuple[str, ...] = ()  # title of the set or journal this is a part of
    authors: tuple[Name, ...] = ()
    and_others: bool = False
    compilers: tuple[Name, ...] = ()
    translators: tuple[Name, ...] = ()
    kind: str = ""
    form: str = ""
    grade: Grade | None = None
    parts: tuple[tuple[str, int, int], ...] = ()  # (label, first, last), sorted
    parts_total: int = 0  # «в 2 ч.»
    is_set: bool = False  # describes all parts at once
    level: str = ""
    houses: tuple[str, ...] = ()
    years: tuple[int, ...] = ()  # usually one; more where two were typed or the coded one is another
    edition: int = 0
    revision: str = ""
    pages: int = 0
    size: int = 0
    isbns: tuple[str, ...] = ()  # ISBN-13 that may be this very book's
    shared_isbns: tuple[str, ...] = ()  # of the set: from 461, or marked (общ.)
    issns: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    analytic: bool = False  # an article or other part described apart
    serial: bool = False
    monograph: Monograph | None = None  # a description in Latin letters without ISBN is compared by other rules
    serves: tuple[str, ...] = ()  # authors of the textbook it goes with: «к учебнику Н. Я. Виленкина»

    def pack(self) -> bytes:
        """The value as bytes for the store; `unpack` gives it back equal."""
        values = list(msgspec.structs.astuple(self))
        while values and values[-1] in _EMPTY:
            values.pop()
        return msgspec.json.encode((FEATURES_VERSION, values))

    @classmethod
    def unpack(cls, data: bytes) -> Features:
        """Raises ValueError where the bytes are of another FEATURES_VERSION."""
        if not is_current(data):
            raise ValueError(f"features of version {data[1:9].split(b',')[0].decode()}, expected {FEATURES_VERSION}")
        return _decoder.decode(data)[1]


_EMPTY: tuple[object, ...] = ((), "", 0, False, None)
_decoder = msgspec.json.Decoder(tuple[int, Features])


# --- Extraction ------------------------------------------------------------------------------------------------------

_SHARED = re.compile(r"общ|set|компл|в\s?\d\s?ч")
_SERIAL_LEVELS = "si"
_ANALYTIC_LEVELS = "ab"
_FORM_BY_TYPE = {"i": "audio", "j": "audio", "g": "video"}


def extract(bib: BibRecord) -> Features:
    """Features of one record: a function of the record alone."""
    own, shared = _isbns(bib.isbns)
    zone = Zone(bib, (own, shared))
    level = bib.carrier.leader_level or " "
    return Features(
        title=zone.title,
        subtitle=zone.subtitle,
        numbers=zone.numbers,
        subtitle_numbers=zone.subtitle_numbers,
        alternative=zone.alternative,
        host=zone.host,
        authors=zone.authors,
        and_others=zone.and_others,
        compilers=zone.compilers,
        translators=zone.translators,
        kind=zone.kind,
        form=zone.form or _form_of_carrier(bib),
        grade=zone.grade,
        parts=zone.parts,
        parts_total=zone.parts_total,
        is_set=zone.is_set,
        level=zone.level,
        houses=zone.houses,
        years=_years(bib.year_text, bib.year_coded),
        edition=zone.edition,
        revision=zone.revision,
        pages=pages(bib.extent),
        size=size(bib.size or bib.extent),
        isbns=own,
        shared_isbns=shared,
        issns=_issns(bib.issns) if bib.issns else (),
        languages=_languages(bib.languages),
        series=zone.series,
        analytic=level in _ANALYTIC_LEVELS,
        serial=level in _SERIAL_LEVELS,
        monograph=monographs.read(bib),
        serves=served(f"{bib.title} : {bib.subtitle}"),
    )


@lru_cache(maxsize=1 << 13)
def _years(typed: str, coded: str) -> tuple[int, ...]:
    """The year typed in 210$d / 260$c, both of «2009-2010», and the coded one."""
    found = {*YEAR.findall(repair_year(typed))[:2], *YEAR.findall(coded)}
    return tuple(sorted(map(int, found)))


def _issns(typed: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(filter(None, (re.sub(r"[^\dXx]", "", i) for i in typed)))))


@lru_cache(maxsize=1 << 12)
def _languages(coded: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({code.lower()[:3] for code in coded if len(code) == 3}))


def _isbns(isbns: tuple[Isbn, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(own, shared): an ISBN marked (общ.) or taken from 461 belongs to the set; a wrong check digit is no ISBN."""
    if not isbns:
        return (), ()
    shared = {i.normal for i in isbns if i.normal and (i.of_host or _SHARED.search(fold(i.qualifier)))}
    own = {i.normal for i in isbns if i.normal and not i.erroneous} - shared
    return tuple(sorted(own)), tuple(sorted(shared))


def _form_of_carrier(bib: BibRecord) -> str:
    """Form by coded values (leader/06, 182$a, 106$a, 008/23) where the title area doesn't say it.

    A link (856) is no sign: on a description of a printed book it leads to a scan.
    """
    signs = bib.carrier
    if signs.leader_type in _FORM_BY_TYPE:
        return _FORM_BY_TYPE[signs.leader_type]
    if carried := disc(bib.extent):
        return carried
    if signs.access or signs.content or signs.media:
        described = fold(f"{signs.access} {signs.content} {signs.media}")
        if "тактил" in described:
            return "braille"
        if "электрон" in described:
            return "electronic"
    russian = bib.dialect.is_unimarc_family
    if signs.leader_type == ("l" if russian else "m") or signs.form in ("s", "o", "q") or signs.media in ("b", "c"):
        if signs.media == "c" and russian:
            return "micro"
        return "electronic"
    if signs.form == "f":
        return "braille"
    return {"d": "large"}.get(signs.form, "")
