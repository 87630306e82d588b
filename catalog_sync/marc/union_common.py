"""What both builders of clean MARC records share: fields from pairs, years, languages, roles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from catalog_sync.marc.codes import translate
from catalog_sync.model import BibRecord, Carrier, Classified, Dialect, MarcField, Subfield
from catalog_sync.query import LibraryHoldings
from catalog_sync.text import repair_year

YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d)(?!\d)")
TIMESTAMP = re.compile(r"\d{14}\.\d")
LANGUAGE = re.compile(r"[a-z]{3}")
BY_TAG = attrgetter("tag")
FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a builder is given: the description, its permanent id, who holds it, who publishes the record."""

    bib: BibRecord
    number: str  # control number: the cluster's id
    holdings: Sequence[LibraryHoldings] = ()
    classified: Classified | None = None
    agency: str = "catalog-sync"


def data_field(tag: str, indicators: str, *pairs: tuple[str, str]) -> Iterable[MarcField]:
    """One field of the pairs that say something; nothing where none does (an empty field is not MARC)."""
    # Most pairs of a plan are empty, and what is printable needs no `clean`: asking first makes a full harvest quick.
    kept = []
    for code, value in pairs:
        if value:
            cleaned = value.strip() if value.isprintable() else clean(value)
            if cleaned:
                kept.append(Subfield(code, cleaned))
    return (MarcField(tag, indicators, tuple(kept)),) if kept else ()


def control_field(tag: str, data: str) -> Iterable[MarcField]:
    return (MarcField(tag, data=data),) if data else ()


def clean(value: str) -> str:
    """Text without the bytes that ISO 2709 and XML 1.0 keep for themselves, and without outer spaces."""
    # Nearly every value is printable, and asking is ten times cheaper than substituting.
    return (value if value.isprintable() else FORBIDDEN.sub(" ", value)).strip()


def year_of(bib: BibRecord) -> str:
    """Four digits: coded (100$a/9-12, 008/07-10) where they are a year, else the first year typed; "" = unknown."""
    found = YEAR.fullmatch(bib.year_coded) or YEAR.search(repair_year(bib.year_text))
    return found.group(1) if found else ""


def language_of(bib: BibRecord) -> str:
    return next(iter(language_codes(bib.languages)), "|||")  # no attempt to code


def language_codes(typed: Sequence[str]) -> list[str]:
    """Those that are codes: words and slips of the keyboard stay in the sources."""
    return [code for code in typed if LANGUAGE.fullmatch(code)]


def changed_of(bib: BibRecord) -> str:
    """005 in its only legal form, YYYYMMDDhhmmss.f (RUSMARC and MARC 21 agree); "" where the record has none."""
    return bib.changed if TIMESTAMP.fullmatch(bib.changed) else ""


def record_type(plan: Plan, target: Dialect) -> str:
    """Leader/06. The carrier decided by `classify` outweighs a leader that only copies its template."""
    bib, told = plan.bib, plan.classified
    code = translate("type", bib.carrier.leader_type, bib.dialect, target, "a")
    sounds = code in "ij"
    if told is None:
        return code
    if told.carrier is Carrier.AUDIOVISUAL and code not in "gij":
        return "i" if "звук" in bib.carrier.physical.lower() or "аудио" in bib.carrier.gmd.lower() else "g"
    if told.carrier is Carrier.PRINT and (sounds or code in "gm" or (code == "l" and target.is_unimarc_family)):
        return "a"
    return code


def record_level(plan: Plan, target: Dialect) -> str:
    return translate("level", plan.bib.carrier.leader_level, plan.bib.dialect, target, "m")


def is_electronic(plan: Plan) -> bool:
    return plan.classified is not None and plan.classified.carrier is Carrier.ELECTRONIC


def media_code(plan: Plan, target: Dialect) -> str:
    """Type of media (RUSMARC 182$a, MARC 21 337$b)."""
    if plan.classified is None:
        return translate("media", plan.bib.carrier.media, plan.bib.dialect, target)
    rusmarc = {Carrier.PRINT: "n", Carrier.ELECTRONIC: "b", Carrier.MICROFORM: "c"}.get(plan.classified.carrier, "")
    if not rusmarc:
        rusmarc = "a" if record_type(plan, Dialect.RUSMARC) in "ij" else "g"
    return translate("media", rusmarc, Dialect.RUSMARC, target)


@lru_cache(maxsize=4096)
def coded(code_list: str, codes: str, length: int, blank: str, source: Dialect, target: Dialect) -> str:
    """A run of code positions in the target's alphabet, padded with `blank`."""
    known = [translate(code_list, c, source, target) for c in codes if c.strip("|#^ ")]
    return "".join(c for c in known if c)[:length].ljust(length, blank)


def copies_note(held: LibraryHoldings) -> str:
    return f"Экземпляров: {held.copies}"
