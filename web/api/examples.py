"""One answer of each operation as the description shows it: short, real in shape, invented in content."""

from __future__ import annotations

from typing import Any

_LIBRARY = {
    "code": "school-01", "name": "Школа № 1", "kind": "school", "settlement": "Заречье", "address": "ул. Школьная, 1",
    "email": "bibl@school-01.example", "phone": "", "stage": 1, "pupils": 640, "coordinates": "53.214, 55.302",
}  # fmt: skip
_SOURCE = {
    "code": "school-01-uch", "library": "school-01", "name": "Школа № 1, база «Учебники»", "harvester": "files",
    "dialect": "marcsql", "base": "Учебники", "incremental": False, "active": True,
}  # fmt: skip
_RUN = {
    "number": 17, "source": "school-01-uch", "started": "2026-09-28T02:30:00+00:00",
    "finished": "2026-09-28T02:30:04+00:00", "incremental": False, "encoding": "cp1251", "state": "published",
    "counts": {"read": 171, "new": 3, "changed": 2, "unchanged": 166, "gone": 0, "set_aside": 0,
               "clusters_touched": 5, "copies_added": 40, "copies_removed": 0},
}  # fmt: skip
_RECORD = {
    "id": "c2hdlit7wr3", "members": ["school-01-uch:RU/SCHOOL-01-UCH/00012", "school-02:RU/SCHOOL-02/00044"],
    "classified": {"category": "textbook", "category_reason": "база «Учебники»", "carrier": "print",
                   "carrier_reason": "признаков другого носителя нет", "ekind": "", "ekind_reason": "", "age_mark": ""},
    "description": {"title": "Алгебра", "subtitle": "для 9 класса : учебник", "publishers": ["Просвещение"],
                    "year_text": "2023"},
}  # fmt: skip
_ROW = {
    "library": "school-01", "record": "school-01-uch:RU/SCHOOL-01-UCH/00012", "cluster": "c2hdlit7wr3", "copies": 25,
    "day": "2025-08-20", "category": "textbook", "carrier": "print", "ekind": "none", "kind": "acquired",
    "basis": "990$f", "document": "", "reason": "", "inventory": "", "kopecks": None, "number": 352, "run": 17,
    "title": "Алгебра : для 9 класса", "responsibility": "И. А. Дубровин", "year": "2023",
    "rule": "база «Учебники»; признаков другого носителя нет",
}  # fmt: skip
_SNAPSHOT = {
    "number": 1, "name": "2026Q3", "start": "2026-07-01", "end": "2026-09-30", "made": "2026-10-10T04:00:00+00:00",
    "who": "по расписанию", "digest": "0f" * 32, "signature": "7a" * 32, "previous": "",
}  # fmt: skip

EXAMPLES: dict[str, Any] = {
    "statisticsRows": {"total": 25, "rows": [_ROW], "next": None},
    "statisticsLists": {
        "title": "Записи школ в сводном каталоге", "total": 171,
        "entries": [{"library": "school-01", "what": "Алгебра", "amount": 1, "day": None, "why": "",
                     "record": "school-01-uch:RU/SCHOOL-01-UCH/00012", "cluster": "c2hdlit7wr3", "rows": None}],
        "next": None,
    },
    "statisticsCoverage": {
        "period": "2026Q3",
        "libraries": [{"code": "school-01", "name": "Школа № 1", "kind": "school", "first": "2024-02-02",
                       "last": "2026-09-28", "covers": True}],
    },
    "snapshots": {"snapshots": [_SNAPSHOT]},
    "snapshot": {
        **_SNAPSHOT,
        "data": {"copies": {"school-01|textbook|print|": [6000, 0, 1179, 0, 0]}},
        "corrections": [{"library": "school-01", "unit": "copies", "column": "acquired", "amount": 1,
                         "cause": "сеанс 21: внесено позже среза", "recorded": "2026-10-20", "document": ""}],
    },
    "records": {"total": 1, "records": [_RECORD], "next": None},
    "record": {
        **_RECORD,
        "holdings": [{"library": "school-01", "name": "Школа № 1", "copies": 15}],
        "provenance": {"title": "school-01-uch:RU/SCHOOL-01-UCH/00012"},
    },
    "libraries": {"libraries": [_LIBRARY]},
    "library": {**_LIBRARY, "sources": [_SOURCE]},
    "sources": {"sources": [_SOURCE]},
    "runs": {"runs": [_RUN], "next": 17},
    "run": _RUN,
    "reports": {"reports": [{"name": "oo2", "title": "Форма ОО-2, подразделы 2.6 и 2.7"}]},
    "report": {
        "name": "oo2", "title": "Сведения для формы ОО-2, подразделы 2.6 и 2.7", "period": "за 2025 год",
        "start": "2025-01-01", "end": "2025-12-31", "library": "school-01", "facts": {"01.3": 1192, "01.4": 166},
    },
}  # fmt: skip
