"""Make the sample district's exports: python data/sample/make.py. The same bytes every time (seeded by school code).

Each school has its own library system, encoding and habits of typing; each owns a share of the district's editions.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from dialects import marc21, marcsql, rusmarc, unimarc
from encoding import exported, hole, lines_between, page_of_an_error, wrong_lengths
from more_works import more_editions
from slips import spoiled
from works import Edition, editions

from catalog_sync.model import MarcRecord

OUT = Path(__file__).resolve().parent / "exports"


@dataclass(frozen=True)
class School:
    code: str
    dialect: str
    form: str  # encoding of its ISO 2709, or another form of file
    share: float  # of the district's editions that it owns
    wanted: Callable[[Edition], bool]
    habit: int  # which of the typing habits
    damage: Callable[[bytes], bytes] = bytes  # what happened to the file on its way
    barcodes: bool = False
    more: float = 0.0  # share of the editions that only the larger district has


DIALECTS = {"marcsql": marcsql, "rusmarc": rusmarc, "unimarc": unimarc, "marc21": marc21}


def textbooks(e: Edition) -> bool:
    return e.category in ("textbook", "aid")


def books(e: Edition) -> bool:
    return not textbooks(e)


def everything(e: Edition) -> bool:
    return True


def primary(e: Edition) -> bool:
    """A school of four classes."""
    return e.grade in ("", "1", "2", "3", "4") and e.age not in ("16+", "18+")


def local(e: Edition) -> bool:
    return "Заречн" in e.title or e.place != "Москва"


SCHOOLS = [
    School("school-01-uch", "marcsql", "cp1251", 0.7, textbooks, 0, more=0.5),
    School("school-01-kn", "marcsql", "cp1251", 0.8, books, 0, more=0.5),
    School("school-02", "marcsql", "cp1251", 0.45, everything, 1, more=0.3),
    School("school-03", "rusmarc", "cp866", 0.4, everything, 2, more=0.2),
    School("school-04", "rusmarc", "utf-8", 0.5, everything, 3, more=0.2),
    School("school-05", "marc21", "utf-8", 0.3, everything, 0, more=0.3),
    School("school-06", "marcsql", "cp1251", 0.3, everything, 2, damage=lines_between, more=0.3),
    School("school-07", "marcsql", "cp1251", 0.25, everything, 3, barcodes=True, more=0.3),
    School("school-08", "marcsql", "cp866", 0.2, everything, 1, damage=wrong_lengths, more=0.2),
    School("school-09", "marcsql", "utf-8", 0.35, everything, 0, barcodes=True, more=0.35),
    School("school-10", "unimarc", "utf-8", 0.25, everything, 2, more=0.25),
    School("school-11", "unimarc", "koi8-r", 0.2, everything, 3, more=0.2),
    School("school-12", "marc21", "marc-8", 0.2, everything, 0, more=0.2),
    School("school-13", "rusmarc", "koi8-r", 0.2, everything, 1, damage=hole, more=0.2),
    School("school-14", "rusmarc", "cp1251", 0.3, everything, 0, more=0.3),
    School("school-15", "marcsql", "zip", 0.2, everything, 2, more=0.2),
    School("school-16", "marc21", "unflagged", 0.2, everything, 3, more=0.25),
    School("school-17", "marcsql", "cp1251", 0.3, everything, 1, damage=page_of_an_error, more=0.25),
    School("school-18", "rusmarc", "xml.gz", 0.25, everything, 2, more=0.2),
    School("school-19", "marc21", "json", 0.15, primary, 1, more=0.3),
    School("school-20", "marcsql", "cp1251", 0.35, primary, 3, more=0.4),
    School("mezhpos", "rusmarc", "utf-8", 0.8, books, 0, more=0.7),
    School("muzei", "marc21", "xml", 0.9, local, 0, more=0.9),
]


def records_of(school: School) -> list[MarcRecord]:
    """The first list was typed before the second, so that numbers and copies of the older books stay what they are."""
    rng = random.Random(school.code)  # noqa: S311 (the same bytes every time)
    made: list[MarcRecord] = []
    for all_editions, share in ((editions(), school.share), (more_editions(), school.more)):
        owned = [e for e in all_editions if school.wanted(e) and rng.random() < share]
        made += [DIALECTS[school.dialect](e, school, n, rng) for n, e in enumerate(owned, len(made) + 1)]
    return spoiled(made, school.code)


def file_of(school: School) -> tuple[str, bytes]:
    """Name and bytes of a school's export."""
    extension, data = exported(records_of(school), school.form)
    return f"{school.code}.{extension}", school.damage(data)


def main() -> None:
    files = dict(map(file_of, SCHOOLS))
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    for name, data in files.items():
        (OUT / name).write_bytes(data)
        print(f"{name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
