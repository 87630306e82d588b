"""The papers of the sample district, which no export holds: needs, the federal list, figures of schools, contracts."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

from sqlalchemy import Connection

from catalog_sync.settings import SAMPLE_CONFIG
from catalog_sync.store import licences, manual, tabular
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System

PAPERS = SAMPLE_CONFIG.parent / "papers"
WHO = "учебный район"


def load(system: System) -> bool:
    """Put the papers in once; whether it was done. Dates move with the year in which the sample is tried."""
    now = system.now()
    today = now.astimezone(system.settings.time_zone).date()
    with reading(system.engine) as connection:
        if licences.register(connection):
            return False
    with writing(system.engine) as connection:
        tabular.import_fpu(connection, _rows("fpu", "fpu.csv"), "учебный перечень")
        _needs(connection, today)
        tabular.import_ais(connection, "school-01", _rows("ais", "ais_school-01.csv"), now)
        for code, values in _figures().items():
            manual.keep(connection, code, values, day=date(today.year - 1, 12, 31), who=WHO, when=now)
        for contract in _contracts(today.year):
            licences.add(connection, contract, today=today, who=WHO)
    return True


def _rows(kind: str, name: str) -> list[dict[str, str]]:
    return tabular.read(kind, (PAPERS / name).read_bytes())[1]


def _needs(connection: Connection, today: date) -> None:
    by_school: dict[str, list[dict[str, str]]] = defaultdict(list)
    for code, row in zip(_first_column(PAPERS / "needs.csv"), _rows("needs", "needs.csv"), strict=True):
        by_school[code].append(row)
    for code, rows in by_school.items():
        tabular.import_needs(connection, code, today.year, rows)


def _first_column(path: Path) -> list[str]:
    return [row[0] for row in tabular.cells(path.read_bytes())[1:]]


def _figures() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for code, name, value in tabular.cells((PAPERS / "figures.csv").read_bytes())[1:]:
        found[code][name] = float(value)
    return found


def _contracts(year: int) -> list[licences.Licence]:
    """A package that ends with the year, so that its forecast and its letter can be seen, and a database."""
    starts, ends = date(year, 1, 1), date(year, 12, 31)
    return [
        licences.Licence(
            library="school-01", name="Школьная полка", platform="Учебная ЭБС", contract="14/ЭБС", titles=340,
            copies=340, category="fiction", kopecks=3_400_000, conditions="по логину, 340 доступов", starts=starts,
            ends=ends,
        ),
        licences.Licence(
            library="school-05", name="Справочная правовая система", kind="database", platform="Учебная СПС",
            contract="7", kopecks=1_800_000, conditions="с компьютеров библиотеки", starts=starts, ends=ends,
        ),
    ]  # fmt: skip
