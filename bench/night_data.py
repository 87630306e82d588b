"""Exports of a district of any size: textbooks that every school has, fiction that few share, their own habits."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

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
TEXTBOOKS = 1_400  # editions of textbooks in a district (DOMAIN §6)
FICTION_PER_RECORD = 0.16  # unique fiction editions per record of the district
YEARS = (2008, 2024)


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


def export(owned: list[Edition], number: int, changed: frozenset[int] = frozenset()) -> Iterator[bytes]:
    """ISO 2709 of one school; records in `changed` (positions) have another number of copies and a new date."""
    encoding = ("cp1251", "cp1251", "cp1251", "cp866", "utf-8")[number % 5]
    for position, e in enumerate(owned):
        yield to_iso2709(record(e, number, position, position in changed), encoding)


def record(e: Edition, school_number: int, position: int, changed: bool) -> MarcRecord:
    surname, initials = e.author.split(" ", 1)
    copies = (25 if e.textbook else 1) + (2 if changed else 0)
    typed = e.title.upper() if school_number % 7 == 3 else e.title
    fields = [
        MarcField("001", data=f"RU/SCH{school_number}/{position}"),
        MarcField("005", data="20260901120000.0" if changed else "20200101120000.0"),
        *([MarcField("010", "  ", (Subfield("a", e.isbn),))] if e.isbn else []),
        MarcField("200", "1 ", (Subfield("a", typed), Subfield("e", e.subtitle), Subfield("f", e.author))),
        MarcField("210", "  ", (Subfield("a", "Москва"), Subfield("c", e.house), Subfield("d", str(e.year)))),
        MarcField("215", "  ", (Subfield("a", f"{100 + e.number % 300} с."),)),
        MarcField("700", " 1", (Subfield("a", surname), Subfield("b", initials))),
        MarcField("910", "  ", (Subfield("a", "U"), Subfield("c", "20190901"), Subfield("1", str(copies)))),
    ]
    return MarcRecord("     nam0 22     3i 450 ", tuple(fields))
