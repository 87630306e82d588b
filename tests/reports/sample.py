"""A district of twenty schools with five years of movements, made of random numbers with a fixed seed."""

from __future__ import annotations

import random
from datetime import date, timedelta

from sqlalchemy import Connection, Engine

from catalog_sync.model import (
    BibRecord,
    Carrier,
    Category,
    Classified,
    Dialect,
    EKind,
    Holdings,
    Isbn,
    RecordKey,
    UnionRecord,
)
from catalog_sync.store import licences, provision, tabular, unions
from tests.ledger.district import District, holds, item, klass, new_engine

BBK = (("84(2Рос)6",), ("22.1",), ("74.2",), ("63.3",), ("Ч411",), ())
TODAY = date(2026, 10, 10)
CLASSES = [
    ("textbook", "print", ""), ("textbook", "print", ""), ("textbook", "print", ""), ("study_aid", "print", ""),
    ("fiction", "print", ""), ("fiction", "print", ""), ("reference", "print", ""), ("other", "print", ""),
    ("other", "audiovisual", ""), ("other", "electronic", "physical"), ("textbook", "electronic", "local"),
    ("other", "electronic", "open_link"),
]  # fmt: skip


def build(schools: int = 20, records: int = 60, seed: int = 5, url: str = "") -> Engine:
    engine = new_engine(url)
    dice = random.Random(seed)
    with engine.begin() as connection:
        district = District(engine)
        for number in range(1, schools + 1):
            _school(connection, district, f"school-{number:02d}", number, records, dice, silent=number in (7, 13))
        district.add_library(connection, "mlb", "partner")
        if schools:
            contract = licences.Licence(
                "school-01", "ЛитРес: Школа", date(2026, 1, 1), date(2026, 12, 31), titles=340, copies=340,
                contract="12/2026", platform="ЛитРес", category="fiction", kopecks=3_400_000,
            )  # fmt: skip
            licences.add(connection, contract, today=date(2026, 1, 15), who="методист")
            _needs(connection, min(schools, 6), dice)
    return engine


def _needs(connection: Connection, schools: int, dice: random.Random) -> None:
    """The first schools say what their classes need; the books of CLASSES[0] are the textbooks."""
    for number in range(1, schools + 1):
        rows = [
            {"grade": str(at % 11 + 1), "subject": f"Предмет {at}", "title": f"Книга e{at:03d}",
             "isbn": provision.isbn13(f"978500000{at:04d}") or f"978500000{at:04d}", "authors": "Иванова",
             "pupils": str(dice.randint(3, 60)), "fpu": f"1.1.{at}"}
            for at in (1, 2, 13, 14)
        ]  # fmt: skip
        tabular.import_needs(connection, f"school-{number:02d}", 2026, rows)


def _school(connection: Connection, district: District, code: str, number: int, records: int, dice, silent: bool):
    stage = 1 if number <= 3 else 2 if number <= 12 else 3
    district.add_library(connection, code, stage=stage, pupils=dice.randint(60, 900), settlement="Заречье")
    loaded = date(2025, 2, 1) if silent else date(2026, 9, 28)
    exports = {}
    for at in range(records):
        local_id = f"e{at:03d}" if at % 3 else f"{code}-{at:03d}"
        category, carrier, ekind = CLASSES[at % len(CLASSES)]
        exports[local_id] = (_held(dice, ekind), klass(category, carrier, ekind))
    clusters = {local_id: f"c-{local_id}" for local_id in exports}
    district.publish(connection, code, loaded, exports, clusters)
    unions.save(connection, [_union(code, local_id, at) for at, local_id in enumerate(exports)])


def _union(code: str, local_id: str, at: int) -> UnionRecord:
    key = RecordKey(code, local_id)
    category, carrier, ekind = CLASSES[at % len(CLASSES)]
    grade = at % 11 + 1
    bib = BibRecord(
        key, Dialect.MARCSQL, title=f"Книга {local_id}", subtitle=f"учебник для {grade} класса", bbk=BBK[at % len(BBK)],
        responsibility="А. А. Иванова", year_text="2021", audience="b" if grade < 3 else "e",
        isbns=(Isbn("", f"978500000{at:04d}"),),
    )  # fmt: skip
    why = Classified(Category(category), "слово «учебник» в заглавии", Carrier(carrier), "нет признаков", EKind(ekind))
    return UnionRecord(f"c-{local_id}", bib, (key,), {}, why)


def _held(dice: random.Random, ekind: str) -> Holdings:
    if ekind in ("local", "open_link"):
        return Holdings()
    copies = []
    for number in range(dice.randint(1, 6)):
        came = date(2022, 1, 10) + timedelta(dice.randint(0, 1700)) if dice.random() < 0.93 else None
        went = came + timedelta(dice.randint(30, 1500)) if came and dice.random() < 0.15 else None
        went = went if went and went < date(2026, 9, 28) else None
        size = dice.choice([1, 1, 5, 25])
        copies.append(item(str(number) if size == 1 else "", copies=size, came=came, went=went, price="350.00",
                           ksu_number=f"{came.year}/{dice.randint(1, 9)}" if came else "",
                           withdrawal_act="3" if went else "",
                           withdrawal_reason="ветхость" if went else ""))  # fmt: skip
    return holds(*copies)
