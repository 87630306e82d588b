"""Exports of a district of any size: textbooks that every school has, fiction that few share, their own habits."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from catalog_sync.marc.writing import to_iso2709
from catalog_sync.model import MarcField, MarcRecord, Subfield

TYPED_SUBJECTS = """Алгебра Геометрия Физика Химия Биология География История Обществознание Литература Информатика
Музыка Технология Математика Окружающий_мир Русский_язык Английский_язык Немецкий_язык Чтение Черчение"""
KINDS = ("учебник", "рабочая тетрадь", "сборник задач", "методическое пособие", "контрольные работы")
HOUSES = ("Просвещение", "Дрофа", "Вентана-Граф", "Русское слово", "БИНОМ", "Академкнига", "Мнемозина", "Экзамен")
TYPED_SURNAMES = """Иванов Петров Сидоров Макарычев Атанасян Мордкович Перышкин Габриелян Пасечник Ладыженская Коровина
Виленкин Никольский Мерзляк Рудзитис Сонин Загладин Боголюбов Босова Верещагина Афанасьева Тишкова Климанова"""
TYPED_NOUNS = """дом лес река дорога остров звезда сад книга город море степь ветер берег огонь камень песня сказка
память тень солнце зима весна осень лето мальчик девочка капитан учитель солдат старик птица волк конь корабль окно"""
TYPED_ADJECTIVES = """старый новый тихий далёкий белый чёрный зелёный последний первый северный добрый злой малый"""
SUBJECTS, SURNAMES = TYPED_SUBJECTS.split(), TYPED_SURNAMES.split()
NOUNS, ADJECTIVES = TYPED_NOUNS.split(), TYPED_ADJECTIVES.split()
TEXTBOOKS = 1_400  # editions of textbooks; a district of twenty schools has 1,000 to 1,500
FICTION_PER_RECORD = 0.16  # unique fiction editions per record of the district
YEARS = (2008, 2024)
# What one night brings, as shares of a school's records: books come and go more often than descriptions are mended.
RECOUNTED, EDITED, NEW, GONE = 0.03, 0.01, 0.005, 0.005
EDITS = ("subject", "subtitle", "extent", "isbn")  # what a librarian mends; the last only where there is none
LATELY = 2025  # no edition of `editions` is of this year


@dataclass(frozen=True)
class Edition:
    number: int
    title: str
    subtitle: str
    author: str
    house: str
    year: int
    isbn: str
    textbook: bool


@dataclass(frozen=True)
class Changes:
    """What became of a school's records since yesterday, by their positions in its export."""

    recounted: frozenset[int] = frozenset()  # another number of copies, and a new date
    edited: Mapping[int, str] = field(default_factory=dict)  # the description was mended: what was done to it
    gone: frozenset[int] = frozenset()
    new: Sequence[Edition] = ()

    def __len__(self) -> int:
        return len(self.recounted) + len(self.edited) + len(self.gone) + len(self.new)


def isbn13(number: int) -> str:
    digits = f"9785{number:08d}"
    check = -sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(digits)) % 10
    return f"{digits[:3]}-5-{digits[4:8]}-{digits[8:12]}-{check}"


def editions(records: int, seed: int = 1) -> list[Edition]:
    """Editions a district with so many records describes, textbooks first."""
    rng = random.Random(seed)
    return [edition(n, rng, n < TEXTBOOKS) for n in range(TEXTBOOKS + int(records * FICTION_PER_RECORD))]


def edition(number: int, rng: random.Random, textbook: bool) -> Edition:
    author = f"{rng.choice(SURNAMES)} {rng.choice('АБВГДЕИКЛМНОПРСТ')}. {rng.choice('АВГЕИМНПС')}."
    if textbook:
        title, subtitle = rng.choice(SUBJECTS).replace("_", " "), f"{rng.randint(1, 11)} класс : {rng.choice(KINDS)}"
    else:
        pair = [f"{rng.choice(ADJECTIVES)} {rng.choice(NOUNS)}" for _ in range(2)]
        title = " и ".join(pair).capitalize()
        subtitle = rng.choice(("повесть", "рассказы", "роман", "стихи", ""))
    isbn = isbn13(number) if rng.random() < 0.8 else ""
    return Edition(number, title, subtitle, author, rng.choice(HOUSES), rng.randint(*YEARS), isbn, textbook)


def school(pool: list[Edition], size: int, number: int) -> list[Edition]:
    """What one school owns: most textbooks, and its own choice of fiction."""
    rng = random.Random(1_000 + number)
    owned = rng.sample(pool[:TEXTBOOKS], min(TEXTBOOKS, size // 3))
    return owned + rng.sample(pool[TEXTBOOKS:], min(len(pool) - TEXTBOOKS, size - len(owned)))


def sizes(sources: int, records: int) -> list[int]:
    """Three large, seven middle, ten small of every twenty, as in the pilot; the sum is `records`."""
    weights = [(9.0, 6.5, 3.75)[0 if n % 20 < 3 else 1 if n % 20 < 10 else 2] for n in range(sources)]
    found = [int(records * w / sum(weights)) for w in weights]
    found[0] += records - sum(found)
    return found


def changes(pool: list[Edition], owned: list[Edition], number: int, shares: Sequence[float]) -> Changes:
    """One night of a school; `shares` of its records are recounted, edited, new and gone. The same whenever asked.

    Half of what is new is of editions other schools have, half is new to the district; nothing is changed twice.
    """
    rng = random.Random(number)
    recounted, edited, new, gone = (round(len(owned) * share) for share in shares)
    picked = rng.sample(range(len(owned)), recounted + edited + gone)
    mended = {n: rng.choice(EDITS[: 3 if owned[n].isbn else 4]) for n in picked[recounted : recounted + edited]}
    known = rng.sample(sorted(set(pool) - set(owned), key=lambda e: e.number), new // 2)
    fresh = [
        replace(edition(len(pool) + 1_000 * number + n, rng, textbook=n % 2 == 0), year=LATELY)
        for n in range(new - new // 2)
    ]
    return Changes(frozenset(picked[:recounted]), mended, frozenset(picked[recounted + edited :]), (*known, *fresh))


def export(owned: list[Edition], number: int, changed: Changes | None = None) -> Iterator[bytes]:
    """ISO 2709 of one school, tonight."""
    encoding = ("cp1251", "cp1251", "cp1251", "cp866", "utf-8")[number % 5]
    night = changed or Changes()
    for position, e in enumerate((*owned, *night.new)):
        if position not in night.gone:
            yield to_iso2709(record(e, number, position, night), encoding)


def record(e: Edition, school_number: int, position: int, night: Changes) -> MarcRecord:
    surname, initials = e.author.split(" ", 1)
    edit = night.edited.get(position, "")
    recounted = position in night.recounted
    copies = (25 if e.textbook else 1) + (2 if recounted else 0)
    typed = e.title.upper() if school_number % 7 == 3 else e.title
    subtitle = f"{e.subtitle} : для школьников" if edit == "subtitle" else e.subtitle
    isbn = isbn13(e.number) if edit == "isbn" else e.isbn
    extent = f"{100 + e.number % 300 + (edit == 'extent')} с."
    fields = [
        MarcField("001", data=f"RU/SCH{school_number}/{position}"),
        MarcField("005", data="20260901120000.0" if recounted or edit else "20200101120000.0"),
        *([MarcField("010", "  ", (Subfield("a", isbn),))] if isbn else []),
        MarcField("200", "1 ", (Subfield("a", typed), Subfield("e", subtitle), Subfield("f", e.author))),
        MarcField("210", "  ", (Subfield("a", "Москва"), Subfield("c", e.house), Subfield("d", str(e.year)))),
        MarcField("215", "  ", (Subfield("a", extent),)),
        *([MarcField("606", " 1", (Subfield("a", "Школьное чтение"),))] if edit == "subject" else []),
        MarcField("700", " 1", (Subfield("a", surname), Subfield("b", initials))),
        MarcField("910", "  ", (Subfield("a", "U"), Subfield("c", "20190901"), Subfield("1", str(copies)))),
    ]
    return MarcRecord("     nam0 22     3i 450 ", tuple(fields))
