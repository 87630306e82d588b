"""Repairable faults of one record, in the words of the letter to its school: what is wrong, where, what to change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from catalog_sync.matching.discriminators import take_grade, take_parts
from catalog_sync.model import BibRecord
from catalog_sync.text import fold, has_homoglyphs, repair_homoglyphs, repair_year

EARLIEST_YEAR = 1700  # school libraries hold no older books; an earlier year is a slip
YEARS_AHEAD = 1  # publishers date autumn books with the coming year


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` groups faults in the letter; `field` is the MARC field of the record's dialect; the rest is Russian."""

    kind: str
    field: str
    found: str
    advice: str
    target: str = ""  # the field it belongs to, where it only stands in the wrong one

    def __str__(self) -> str:
        return f"поле {self.field}: «{self.found}» — {self.advice}"


def faults(bib: BibRecord, this_year: int) -> list[Fault]:
    """Faults of one record, in the order of its fields; `this_year` says which years lie ahead."""
    return [*_isbn(bib), *_title(bib), *_discriminators(bib), *_years(bib, this_year), *_names(bib)]


def _field(bib: BibRecord, unimarc: str, marc21: str) -> str:
    return unimarc if bib.dialect.is_unimarc_family else marc21


def _isbn(bib: BibRecord) -> Iterator[Fault]:
    where = _field(bib, "010$a", "020$a")
    for isbn in bib.isbns:
        digits = re.sub(r"[^\dXxХх]", "", isbn.typed)
        if isbn.normal or isbn.of_host or isbn.cancelled or not isbn.typed.strip():
            continue
        if re.search(r"руб|р\.|коп|\d[.,-]\d\d\s*$", isbn.typed.lower()) and len(digits) < 9:
            to = _field(bib, "010$d", "020$c")
            yield Fault("isbn-price", where, isbn.typed, f"это цена; перенесите её в {to}", to)
        elif len(digits) in (10, 13):
            yield Fault("isbn-check", where, isbn.typed, "контрольная цифра ISBN не сходится; сверьте с книгой")
        else:
            yield Fault(
                "isbn-length", where, isbn.typed, f"в ISBN 10 или 13 цифр, здесь {len(digits)}; сверьте с книгой"
            )


def _title(bib: BibRecord) -> Iterator[Fault]:
    where = _field(bib, "200$a", "245$a")
    if not bib.title.strip():
        yield Fault("title-missing", where, "", "заглавие не заполнено; перенесите его с титульного листа")
    for name, text in ((where, bib.title), (_field(bib, "200$e", "245$b"), bib.subtitle)):
        if has_homoglyphs(text):
            right = repair_homoglyphs(text)
            yield Fault("homoglyphs", name, text, f"латинские буквы среди русских; наберите по-русски: «{right}»")


def _discriminators(bib: BibRecord) -> Iterator[Fault]:
    """Class and part typed into the title proper, where search and statistics of other systems don't find them."""
    title = fold(bib.title)
    grade, rest = take_grade(title)
    if grade and any(c.isalpha() for c in rest) and not take_grade(fold(bib.subtitle))[0]:
        to = _field(bib, "200$e", "245$b")
        yield Fault(
            "grade-in-title",
            _field(bib, "200$a", "245$a"),
            bib.title,
            f"класс указан только в заглавии; перенесите его в {to} (сведения, относящиеся к заглавию)",
            to,
        )
    found, rest = take_parts(title)
    if found and any(c.isalpha() for c in rest) and not bib.parts:
        to = _field(bib, "200$h", "245$n")
        yield Fault(
            "part-in-title",
            _field(bib, "200$a", "245$a"),
            bib.title,
            f"номер части указан в заглавии; перенесите его в {to}",
            to,
        )


def _years(bib: BibRecord, this_year: int) -> Iterator[Fault]:
    where, coded = _field(bib, "210$d", "260$c"), _field(bib, "100$a/9–12", "008/7–10")
    typed = repair_year(bib.year_text)
    if typed != bib.year_text:
        yield Fault("year-letter", where, bib.year_text, f"вместо цифры набрана буква; наберите цифрами: «{typed}»")
    found = re.search(r"(?<!\d)\d{4}(?!\d)", typed)
    if not found and not re.fullmatch(r"\d{4}", bib.year_coded):
        yield Fault(
            "year-missing",
            where,
            bib.year_text,
            "год издания не указан; перенесите его с титульного листа или из выходных данных",
        )
    for name, text in ((where, found[0] if found else ""), (coded, bib.year_coded)):
        if re.fullmatch(r"\d{4}", text) and not EARLIEST_YEAR <= int(text) <= this_year + YEARS_AHEAD:
            yield Fault("year-range", name, text, "такого года издания быть не может; сверьте с книгой")
            return  # that the other year differs is the same slip
    if found and re.fullmatch(r"\d{4}", bib.year_coded) and found[0] != bib.year_coded:
        yield Fault(
            "year-differs", where, f"{found[0]} и {bib.year_coded}", f"год здесь и в {coded} разный; сверьте с книгой"
        )


def _names(bib: BibRecord) -> Iterator[Fault]:
    where = _field(bib, "700$a", "100$a")
    for agent in bib.agents:
        if agent.kind == "person" and has_homoglyphs(agent.name):
            yield Fault(
                "homoglyphs",
                where,
                agent.name,
                f"латинские буквы среди русских; наберите по-русски: «{repair_homoglyphs(agent.name)}»",
            )
