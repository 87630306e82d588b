"""Records for the in-memory catalogue: a hand-made district, and the same shape at any size."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

from catalog_sync.model import (
    Agent,
    BibRecord,
    Carrier,
    CarrierSigns,
    Category,
    Classified,
    Dialect,
    Holdings,
    Isbn,
    Item,
    RecordKey,
    UnionRecord,
)


def isbn13(number: int) -> str:
    digits = f"978{number:09d}"
    check = -sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(digits)) % 10
    return f"{digits}{check}"


def union_record(
    cluster: str,
    title: str,
    author: str = "",
    *,
    subtitle: str = "",
    year: str = "2020",
    publisher: str = "Просвещение",
    place: str = "Москва",
    isbn: str = "",
    subjects: Sequence[str] = (),
    sources: Sequence[str] = ("school-01/books",),
    category: Category = Category.OTHER,
    language: str = "rus",
    age: str = "",
) -> UnionRecord:
    """One union record with one member per source; `author` is «Иванов, И. И.»."""
    local = f"RU/{cluster}"
    members = tuple(RecordKey(source, local) for source in sources)
    bib = BibRecord(
        members[0],
        Dialect.RUSMARC,
        title=title,
        subtitle=subtitle,
        responsibility=author,
        places=(place,),
        publishers=(publisher,),
        year_text=year,
        year_coded=year,
        extent="96 с.",
        isbns=(Isbn(isbn, isbn),) if isbn else (),
        agents=(Agent(author, "070", main=True),) if author else (),
        subjects=tuple(subjects),
        bbk=("74.26",),
        languages=(language,),
        country="RU",
        age_mark=age,
        carrier=CarrierSigns(leader_type="a", leader_level="m"),
        holdings=Holdings((Item(inventory_number=f"И-{cluster}"),), basis="899"),
        changed="20260101120000.0",
    )
    made = Classified(category, "образец", Carrier.PRINT, "образец", age_mark=age)
    return UnionRecord(cluster, bib, members, {"title": members[0]}, made)


def sample_records() -> list[UnionRecord]:
    one, two, both = ("school-01/books",), ("school-02/textbooks",), ("school-01/books", "school-02/textbooks")
    text, fiction = Category.TEXTBOOK, Category.FICTION
    return [
        union_record("c1", "Алгебра", "Макарычев, Ю. Н.", subtitle="учебник для 7 класса", year="2019",
                     isbn=isbn13(509071001), subjects=("Математика", "Алгебра"), sources=both, category=text),
        union_record("c2", "Алгебра", "Макарычев, Ю. Н.", subtitle="учебник для 8 класса", year="2021",
                     isbn=isbn13(509071002), subjects=("Математика", "Алгебра"), sources=two, category=text),
        union_record("c3", "Алгебра и начала анализа", "Алимов, Ш. А.", year="2018", isbn=isbn13(509071003),
                     subjects=("Математика",), sources=both, category=text),
        union_record("c4", "Геометрия", "Атанасян, Л. С.", subtitle="учебник для 7–9 классов", year="2020",
                     subjects=("Математика", "Геометрия"), sources=one, category=text),
        union_record("c5", "Капитанская дочка", "Пушкин, А. С.", subtitle="повесть", year="2015", publisher="Эксмо",
                     subjects=("Русская литература",), sources=both, category=fiction, age="12+"),
        union_record("c6", "Евгений Онегин", "Пушкин, А. С.", subtitle="роман в стихах", year="1999",
                     publisher="Детская литература", sources=("museum/books",), category=fiction),
        union_record("c7", "Ёжик в тумане", "Козлов, С. Г.", subtitle="сказки", year="2010", publisher="Азбука",
                     place="Санкт-Петербург", sources=one, category=fiction, age="0+"),
        union_record("c8", "История Отечества", "", year="2001", subjects=("История России",), sources=two),
        union_record("c9", "Harry Potter and the Philosopher's Stone", "Rowling, J. K.", year="1997",
                     publisher="Bloomsbury", place="London", language="eng", sources=one, category=fiction),
        union_record("c10", "Рабочая тетрадь по алгебре", "Миндюк, Н. Г.", subtitle="7 класс", year="2019",
                     subjects=("Алгебра",), sources=two, category=Category.STUDY_AID),
    ]


def generated_records(count: int, seed: int = 7) -> Iterator[UnionRecord]:
    """Russian-looking records, the same for the same seed: titles of 2–6 words from a skewed vocabulary."""
    chance = random.Random(seed)
    syllables = re.findall("..", "каломиратенуповисаребагодижезолиманароту")
    vocabulary = ["".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(3000)]
    weights = [1 / (rank + 5) for rank in range(len(vocabulary))]
    surnames = [v.capitalize() + "ов" for v in vocabulary[::6]]
    subjects = [v.capitalize() for v in vocabulary[::30]]
    publishers = ["Просвещение", "Дрофа", "Эксмо", "АСТ", "Вентана-Граф", "Русское слово"]
    sources = ["school-01/books", "school-02/textbooks", "museum/books"]
    for number in range(count):
        title = " ".join(chance.choices(vocabulary, weights, k=chance.randint(2, 6))).capitalize()
        yield union_record(
            f"g{number:06d}", title, f"{chance.choice(surnames)}, {chance.choice('АБВГД')}. {chance.choice('ЕИКЛМ')}.",
            year=str(chance.randint(1960, 2026)), publisher=chance.choice(publishers), isbn=isbn13(500000000 + number),
            subjects=chance.sample(subjects, k=chance.randint(0, 3)), category=chance.choice(list(Category)),
            sources=chance.sample(sources, k=chance.randint(1, 3)),
        )
