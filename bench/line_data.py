"""MARC 21 records of 1–1.5 kB as a full cataloguer exports them: the editions of `night_data`, fully described."""

from __future__ import annotations

import random
from collections.abc import Iterator

from bench import night_data
from bench.night_data import ADJECTIVES, NOUNS, SUBJECTS, Edition
from catalog_sync.marc.writing import to_iso2709
from catalog_sync.model import MarcField, MarcRecord, Subfield

LEADER = "     nam a22     4i 4500"
WORDS = (*NOUNS, *ADJECTIVES, *(word for subject in SUBJECTS for word in subject.lower().split("_")))


def field(tag: str, indicators: str, **subfields: str | tuple[str, ...]) -> MarcField:
    """One field; a subfield given as a tuple is repeated."""
    found = []
    for code, value in subfields.items():
        values = (value,) if isinstance(value, str) else value
        found += [Subfield(code.lstrip("_"), one) for one in values]
    return MarcField(tag, indicators, tuple(found))


def record(e: Edition, school: int, position: int, *, edited: bool = False) -> MarcRecord:
    """How one school describes an edition: what is said of the book is everybody's, the copies are its own."""
    book, copies = random.Random(e.number), random.Random(school * 1_000_003 + position)
    surname, initials = e.author.split(" ", 1)
    subject, form = (e.title, "учебная литература") if e.textbook else ("Русская литература", e.subtitle or "проза")
    stamp = "20261101120000.0" if edited else "20200101120000.0"
    words = [book.choice(WORDS) for _ in range(book.randrange(20, 45))]
    fields = [
        MarcField("001", data=f"SCH{school}-{position:06}"),
        MarcField("005", data=stamp),
        MarcField("008", data=f"200101s{e.year}    ru a   g      000 {'0' if e.textbook else '1'} rus d"),
        *([field("020", "  ", a=e.isbn, c=f"{book.randrange(90, 700)} р.")] if e.isbn else []),
        field("040", "  ", a=f"SCH{school}", b="rus", e="rcr"),
        field("041", "0 ", a="rus"),
        field("080", "  ", a="373.167.1" if e.textbook else "821.161.1"),
        field("084", "  ", a="22.1я72" if e.textbook else "84(2Рос=Рус)6", _2="rubbk"),
        field("100", "1 ", a=f"{surname}, {initials}", e="автор"),
        field("245", "10", a=e.title, b=e.subtitle, c=e.author) if e.subtitle else field("245", "10", a=e.title),
        field("250", "  ", a=f"{book.randrange(2, 12)}-е изд., перераб. и доп." if e.textbook else "2-е изд."),
        field("260", "  ", a="Москва", b=e.house, c=str(e.year)),
        field("300", "  ", a=f"{100 + e.number % 300 + edited} с.", b="ил.", c="22 см"),
        field("490", "0 ", a="Школьная библиотека", v=str(book.randrange(1, 90))),
        field("520", "  ", a=" ".join(words).capitalize() + "."),
        field("521", "  ", a="12+"),
        field("650", " 4", a=subject, x=form),
        field("650", " 4", a=f"{book.choice(NOUNS)} – {book.choice(ADJECTIVES)}".capitalize()),
        field("653", "  ", a=tuple(book.choice(WORDS) for _ in range(4))),
        field("700", "1 ", a=f"{book.choice(night_data.SURNAMES)}, {initials}", e="редактор"),
        *(
            field("876", "  ", a=str(copies.randrange(10_000, 99_999)), p=f"{school:02}{position:06}{n}",
                  c=f"{copies.randrange(90, 700)}.00", d=f"20{copies.randrange(15, 26)}0901")
            for n in range(copies.randrange(1, 4))
        ),
    ]  # fmt: skip
    return MarcRecord(LEADER, tuple(fields))


def exports(records: int, sources: int, edited: float = 0.0) -> Iterator[bytes]:
    """The export of every school in UTF-8; `edited` is the share of records whose description was mended since."""
    pool = night_data.editions(records)
    for school, size in enumerate(night_data.sizes(sources, records)):
        owned = night_data.school(pool, size, school)
        mended = set(random.Random(school).sample(range(size), round(size * edited)))
        yield b"".join(to_iso2709(record(e, school, n, edited=n in mended), "utf-8") for n, e in enumerate(owned))
