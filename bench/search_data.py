"""Generated union records for measuring search: a district's mix of textbooks, fiction and general books.

Words and surnames are drawn from the dictionary of pymorphy3 by Zipf's law and put in random cases, so that the index
gets a vocabulary of the size and shape of a real catalogue's. Deterministic by `seed`.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import pymorphy3

from catalog_sync.model import Agent, BibRecord, Dialect, Isbn, RecordKey, Series, UnionRecord
from catalog_sync.search.document import Document, make

SUBJECTS = {
    "Математика": "22.1я72", "Русский язык": "81.2Рус-92", "Литература": "83.3(2Рос=Рус)я72", "Физика": "22.3я72",
    "Химия": "24я72", "Биология": "28я72", "География": "26.8я72", "История России": "63.3(2)я72",
    "Обществознание": "60я72", "Английский язык": "81.2Англ-92", "Информатика": "32.97я72", "Технология": "30я72",
    "Окружающий мир": "20я71", "Литературное чтение": "83.3я71", "Музыка": "85.31я72", "Алгебра": "22.14я72",
    "Геометрия": "22.151я72",
}  # fmt: skip
KINDS = ("учебник", "рабочая тетрадь", "учебное пособие", "контрольные работы", "методическое пособие", "хрестоматия")
PUBLISHERS = ("Просвещение", "Дрофа", "Вентана-Граф", "Мнемозина", "Русское слово", "Баласс", "АСТ", "Эксмо",
              "Детская литература", "Росмэн", "Махаон", "Наука", "Азбука", "Самовар", "Экзамен", "Легион")  # fmt: skip
PLACES = ("Москва", "Санкт-Петербург", "Ростов-на-Дону", "Екатеринбург", "Казань")
FORENAMES = ("Александр", "Мария", "Иван", "Елена", "Николай", "Ольга", "Сергей", "Татьяна", "Лев", "Анна")
PATRONYMICS = ("Иванович", "Петровна", "Сергеевич", "Николаевна", "Александрович", "Васильевна")
FICTION = ("роман", "повесть", "рассказы", "стихи", "сказки", "роман в стихах", "пьеса")
LIBRARIES = tuple(f"sch{n:02d}" for n in range(1, 21))


@cache
def _vocabulary() -> tuple[list[str], list[str]]:
    """(common words with all their forms, surnames): sorted, so that a seed always draws the same."""
    morph = pymorphy3.MorphAnalyzer()
    chooser = random.Random(1)
    words: list[str] = []
    surnames: list[str] = []
    dictionary = morph.dictionary
    letters = "абвгдежзийклмнопрстуфхцчшщэюяо"
    for start in sorted({"".join(chooser.choices(letters, k=3)) for _ in range(1_500)}):
        known = sorted(dictionary.words.iteritems(start))
        for word, form in chooser.sample(known, min(800, len(known))):
            tag = dictionary.build_tag_info(*form)
            if {"Surn", "nomn", "sing", "masc"} <= tag.grammemes:
                surnames.append(word)
            elif tag.POS == "NOUN" and not {"Surn", "Name", "Patr"} & tag.grammemes:
                words.append(word)
    chooser.shuffle(words)
    chooser.shuffle(surnames)
    return words, surnames


def records(count: int, seed: int = 7) -> Iterator[UnionRecord]:
    """`count` union records of one member each."""
    chooser = random.Random(seed)
    for number in range(count):
        bib = _textbook(chooser, number) if chooser.random() < 0.35 else _book(chooser, number)
        yield UnionRecord(f"c{number:07d}", bib, (bib.key,))


def documents(count: int, seed: int = 7) -> Iterator[Document]:
    """The same as search documents, held by one to twenty libraries and added over five years."""
    chooser = random.Random(seed + 1)
    for record in records(count, seed):
        held = chooser.sample(LIBRARIES, min(20, 1 + int(chooser.expovariate(0.5))))
        added = date(2021, 9, 1) + timedelta(days=chooser.randrange(1800))
        yield make(record, held, added=added, copies=chooser.randrange(1, 60))


def _zipf(chooser: random.Random, items: list[str]) -> str:
    return items[min(int(chooser.paretovariate(0.35)) - 1, chooser.randrange(len(items)))]


def _author(chooser: random.Random) -> str:
    surname = _zipf(chooser, _vocabulary()[1]).capitalize()
    return f"{surname}, {chooser.choice(FORENAMES)} {chooser.choice(PATRONYMICS)}"


def _textbook(chooser: random.Random, number: int) -> BibRecord:
    subject = chooser.choice(tuple(SUBJECTS))
    grade = chooser.randrange(1, 12)
    kind = chooser.choices(KINDS, (5, 3, 2, 2, 1, 1))[0]
    return _bib(chooser, number, subject, f"{grade} класс : {kind}", SUBJECTS[subject], ("373.167.1",), "")


def _book(chooser: random.Random, number: int) -> BibRecord:
    words, _ = _vocabulary()
    title = " ".join(_zipf(chooser, words) for _ in range(chooser.randrange(1, 6))).capitalize()
    fiction = chooser.random() < 0.7
    bbk = "84(2Рос=Рус)6" if fiction else chooser.choice(("63.3(2)", "28.6", "85.1", "74.2", "65", "39.1", "75.5"))
    return _bib(chooser, number, title, chooser.choice(FICTION) if fiction else "", bbk, (), "a" if fiction else "")


def _bib(
    chooser: random.Random, number: int, title: str, subtitle: str, bbk: str, udc: tuple[str, ...], form: str
) -> BibRecord:
    words, _ = _vocabulary()
    authors = tuple(Agent(_author(chooser), main=not i) for i in range(chooser.choice((1, 1, 1, 2, 3))))
    isbn = f"9785{number:08d}"
    return BibRecord(
        key=RecordKey("bench", str(number)), dialect=Dialect.RUSMARC, title=title, subtitle=subtitle,
        responsibility=", ".join(a.name for a in authors), places=(chooser.choice(PLACES),),
        publishers=(_zipf(chooser, list(PUBLISHERS)),), year_text=str(2024 - int(chooser.expovariate(0.08)) % 80),
        extent=f"{chooser.randrange(16, 700)} с.", series=(Series("Школьная библиотека"),) * (chooser.random() < 0.3),
        isbns=(Isbn(isbn, isbn + str(number % 10)),), agents=authors,
        keywords=tuple(_zipf(chooser, words) for _ in range(chooser.randrange(0, 5))), udc=udc, bbk=(bbk,),
        languages=("rus",) if chooser.random() < 0.95 else ("eng",), literary_form=form,
        age_mark=chooser.choice(("", "", "6+", "12+", "0+", "16+")),
        abstract=" ".join(_zipf(chooser, words) for _ in range(30)) if chooser.random() < 0.2 else "",
    )  # fmt: skip
