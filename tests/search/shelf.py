"""A small shelf of books for the tests of search, and short ways to make and ask an index."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from catalog_sync.model import Agent, BibRecord, Dialect, Isbn, Link, RecordKey, Series, UnionRecord
from catalog_sync.query import Query, Unsupported
from catalog_sync.search.document import Document, make
from catalog_sync.search.engine import Engine
from catalog_sync.search.reader import Reader


def book(number: str, title: str, *authors: str, **more: Any) -> BibRecord:
    agents = tuple(Agent(name, main=not place) for place, name in enumerate(authors))
    return BibRecord(RecordKey("s1", number), Dialect.RUSMARC, title=title, agents=agents, **more)


BOOKS = (
    book("1", "Математика", "Виленкин, Наум Яковлевич", subtitle="5 класс : учебник", year_text="2019",
         isbns=(Isbn("978-5-346-00001-3", "9785346000013"),), publishers=("Мнемозина",), places=("Москва",),
         languages=("rus",), bbk=("22.1я721",), udc=("373.167.1:51",), age_mark="12+"),
    book("2", "Евгений Онегин", "Пушкин, Александр Сергеевич", subtitle="роман в стихах", year_text="1987",
         bbk=("84(2Рос=Рус)1",), languages=("rus",), publishers=("Детская литература",), keywords=("поэзия",),
         notes=("Для среднего школьного возраста",)),
    book("3", "Война и мир", "Толстой, Лев Николаевич", year_text="1978", bbk=("84Р1",), languages=("rus",),
         publishers=("Художественная литература",), abstract="О войне 1812 года", age_mark="16+"),
    book("4", "Математика", subtitle="рабочая тетрадь для 5–6 кл.", year_text="2020", publishers=("Мнемозина",),
         languages=("rus",)),
    book("5", "Ёлка у Ивановых", "Введенский, Александр Иванович", year_text="2003", languages=("rus",),
         series=(Series("Школьная библиотека"),), contents=("Ёлка у Ивановых", "Потец"), bbk=("84(2Рос=Рус)6",)),
    book("6", "Harry Potter and the Philosopher's Stone", "Rowling, Joanne", year_text="1997", languages=("eng",)),
    book("7", "Занимательная физика", "Перельман, Яков Исидорович", year_text="2001", bbk=("22.3",),
         links=(Link("https://example.org/fizika"),), languages=("rus",)),
)  # fmt: skip


def documents(books: Iterable[BibRecord] = BOOKS) -> list[Document]:
    """Book n is c-n, held by sch1 always and by sch2 when n is odd, at «22.n К», added on the n-th of January 2026."""
    found = []
    for bib in books:
        number = int(bib.key.local_id)
        held = ("sch1", "sch2") if number % 2 else ("sch1",)
        record = UnionRecord(f"c{number}", bib, (bib.key,))
        found.append(make(record, held, added=date(2026, 1, 1 + number % 28), copies=number,
                          call_numbers=(f"22.{number} К",)))  # fmt: skip
    return found


def shelf(path: Path, books: Iterable[BibRecord] = BOOKS) -> Reader:
    """A reader of a fresh index with these books."""
    engine = Engine.create(path)
    engine.write(documents(books), [], 1)
    return engine.reader()


def refusal(reader: Reader, query: Query) -> str:
    """Which part of a query the index can't answer; "" where it answers."""
    try:
        reader.search(query, limit=1)
    except Unsupported as refused:
        return refused.part
    return ""


def found(reader: Reader, query: Query, **more: Any) -> set[str]:
    """Numbers of the books a query finds."""
    return {c.removeprefix("c") for c in reader.search(query, limit=1000, **more).clusters}
