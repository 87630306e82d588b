"""Small exports for tests: books in RUSMARC, as a school would export them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from catalog_sync import pipeline
from catalog_sync.marc.writing import to_iso2709
from catalog_sync.model import FetchedFile, HarvestRun, MarcField, MarcRecord, Subfield
from catalog_sync.system import System


def field(tag: str, *pairs: tuple[str, str], indicators: str = "  ") -> MarcField:
    return MarcField(tag, indicators, tuple(Subfield(code, value) for code, value in pairs if value))


def book(
    number: str, title: str = "Капитанская дочка", *, author: tuple[str, str] = ("Пушкин", "А. С."), year: str = "2019",
    isbn: str = "", part: str = "", subtitle: str = "", publisher: str = "Детская литература", pages: str = "128",
    copies: int = 1, note: str = "",
) -> MarcRecord:  # fmt: skip
    """One book with `copies` inventory numbers."""
    fields = [
        MarcField("001", data=number),
        field("010", ("a", isbn)),
        field("100", ("a", f"20200101d{year}    m  y0rusy50      ca")),
        field("200", ("a", title), ("e", subtitle), ("h", part), ("f", f"{author[1]} {author[0]}" if author[0] else ""),
              indicators="1 "),
        field("210", ("a", "Москва"), ("c", publisher), ("d", year)),
        field("215", ("a", f"{pages} с.")),
        field("300", ("a", note)),
        field("700", ("a", author[0]), ("b", author[1]), indicators=" 1"),
        *(field("899", ("a", "ШБ"), ("p", f"{number}-{n}")) for n in range(copies)),
    ]  # fmt: skip
    return MarcRecord("00000nam0 2200000   450 ", tuple(f for f in fields if f.data or f.subfields))


def mrc(records: Iterable[MarcRecord], encoding: str = "utf-8") -> bytes:
    return b"".join(to_iso2709(record, encoding) for record in records)


TITLES = (
    "Алые паруса", "Белый Бим", "Вечера на хуторе", "Гранатовый браслет", "Дубровский", "Евгений Онегин",
    "Жизнь Арсеньева", "Золотой ключик", "Ионыч", "Кавказский пленник", "Левша", "Муму", "Недоросль",
    "Обломов", "Полтава", "Ревизор", "Станционный смотритель", "Тарас Бульба", "Укрощение строптивой",
    "Фрегат Паллада", "Хаджи-Мурат", "Царь рыба", "Чайка", "Школа дураков", "Эмма", "Юность",
    "Ярмарка тщеславия",
)  # fmt: skip
AUTHORS = (("Грин", "А. С."), ("Гоголь", "Н. В."), ("Чехов", "А. П."), ("Бунин", "И. А."), ("Куприн", "А. И."))


def shelf(count: int, *, prefix: str = "R", start: int = 0) -> list[MarcRecord]:
    """`count` different books with the ids R0000, R0001 …"""
    return [
        book(
            f"{prefix}{n:04d}", TITLES[n % len(TITLES)], author=AUTHORS[n % len(AUTHORS)],
            year=str(1990 + n // len(TITLES)), pages=str(100 + n),
        )
        for n in range(start, start + count)
    ]  # fmt: skip


def import_paths(system: System, code: str, paths: Sequence[Path], *, incremental: bool = False) -> HarvestRun:
    """Import these files, unpacked ones, as one run of a source."""
    files = (FetchedFile(path.name, path.read_bytes(), format="") for path in paths)
    return pipeline.run_source(system, code, files, incremental=incremental)
