"""/statistics: figures, the rows behind them, and who has data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from flask import Response

from catalog_sync.reports import behind, statistics
from catalog_sync.reports import period as periods
from catalog_sync.reports.model import Entry
from catalog_sync.reports.render import json_file
from catalog_sync.reports.statistics import DIMENSIONS, VALUES, Answer, Line, Question, balance_dict
from catalog_sync.store import coverage, drill, snapshots
from catalog_sync.store.database import reading
from catalog_sync.store.figures import Selection
from catalog_sync.store.rollups import DISTRICT
from web.api.access import OPEN_LIMIT, TOKEN_LIMIT, answered, as_csv, has_token, limit_of, wants_csv
from web.api.operations import Operation, Param, PathParam
from web.api.problems import Problem
from web.reports import listing
from web.reports.rows import registered
from web.services import services

PERIOD_PATTERN = r"[12]\d{3}([QH-][0-9]{1,2}|/[12]\d{3})?|[12]\d{3}-\d\d-\d\d:[12]\d{3}-\d\d-\d\d"
CODE = r"[0-9A-Za-zА-Яа-яЁё._\-]{1,64}"
EDITION = r"[0-9A-Za-z._:\-]{1,64}"
PERIOD_WORDS = periods.EXPECTED.removeprefix("ожидалось ").partition(" или словами")[0]  # words are for the pages
PERIOD = Param("period", f"{PERIOD_WORDS}; без него — текущий год", longest=32, pattern=PERIOD_PATTERN,
               example="2026Q3", words=PERIOD_WORDS)  # fmt: skip
FILTERS = (
    Param(
        "library", "коды библиотек через запятую; без него — все школы района", "choices", pattern=CODE,
        longest=20_000, words="коды библиотек, например school-01",
    ),
    *(Param(name, "только эти значения, через запятую", "choices", VALUES[name]) for name in VALUES),
)
FORMAT = Param("format", "json или csv (или заголовок Accept)", "choice", ("json", "csv"))
USUAL_LIMIT = 50
LIMIT = Param("limit", f"строк на странице: до {OPEN_LIMIT}, с ключом до {TOKEN_LIMIT}", "integer", default=USUAL_LIMIT,
              least=1, most=TOKEN_LIMIT)  # fmt: skip
LINES = replace(LIMIT, text=f"{LIMIT.text}; без него {USUAL_LIMIT}, а в CSV все", default=None)
CURSOR = Param("cursor", "отметка следующей страницы из поля next", longest=400)
OFFSET = Param("cursor", "отметка следующей страницы из поля next", "integer", least=0, most=1_000_000)

BALANCE = {
    "type": "object",
    "required": ["opening", "initial", "acquired", "withdrawn", "expired", "closing", "growth"],
    "properties": {
        **{name: {"type": "integer"} for name in ("opening", "initial", "acquired", "withdrawn", "expired", "closing")},
        "growth": {"type": ["number", "null"]},
    },
}
LINE = {
    "type": "object",
    "required": ["period", "start", "end", "copies", "titles", "share", "rows"],
    "properties": {
        "period": {"type": "string"},
        "start": {"type": "string", "format": "date"},
        "end": {"type": "string", "format": "date"},
        **{name: {"type": "string"} for name in DIMENSIONS},
        "copies": {"$ref": "#/components/schemas/Balance"},
        "titles": {"oneOf": [{"$ref": "#/components/schemas/Balance"}, {"type": "null"}]},
        "share": {"type": ["number", "null"]},
        "rows": {"type": "string"},
    },
}
ANSWER = {
    "type": "object",
    "required": ["period", "coverage", "total", "lines", "next"],
    "properties": {
        "period": {"type": "string"},
        "coverage": {
            "type": "object",
            "required": ["covered", "of", "missing"],
            "properties": {
                "covered": {"type": "integer"},
                "of": {"type": "integer"},
                "missing": {
                    "type": "array", "items": {"type": "string"},
                    "description": "библиотеки без свежих данных: здесь они с последними известными числами, в суммы "
                                   "отчётов района не входят",
                },
            },
        },
        "total": {"$ref": "#/components/schemas/Line"},
        "lines": {"type": "array", "items": {"$ref": "#/components/schemas/Line"}},
        "next": {"type": ["integer", "null"]},
    },
}


def question(args: dict[str, Any], today: date) -> Question:
    """The question of parsed parameters; `none` stands for no kind of e-edition."""
    ekinds = tuple("" if kind == "none" else kind for kind in args["ekind"] or ())
    return Question(
        period=periods.parse(args["period"] or "", today), grain=args.get("grain") or "", by=args.get("by") or (),
        libraries=args["library"] or (), categories=args["category"] or (), carriers=args["carrier"] or (),
        ekinds=ekinds, partners=bool(args.get("partners")),
    )  # fmt: skip


def show(args: dict[str, Any]) -> Response:
    today = services().today()
    asked = question(args, today)
    with reading(services().store) as connection:
        found = statistics.answer(connection, asked, today)
    csv, offset = wants_csv(args["format"]), args["cursor"] or 0
    limit = limit_of(args["limit"]) if args["limit"] else len(found.lines) if csv else USUAL_LIMIT
    page = found.lines[offset : offset + limit]
    more = offset + limit if offset + limit < len(found.lines) else None
    if csv:
        return as_csv(_head(), map(_flat, page), f"statistics_{asked.period.code.replace(':', '_')}", more)
    return answered(_body(found, page, more))


def _body(found: Answer, page: tuple[Line, ...], more: int | None) -> dict[str, Any]:
    return {
        "period": found.period.code,
        "coverage": {"covered": found.covered, "of": found.of, "missing": found.missing},
        "total": line_dict(found.total),
        "lines": [line_dict(line) for line in page],
        "next": more,
    }


def line_dict(line: Line) -> dict[str, Any]:
    return {
        "period": line.period.code,
        "start": line.period.start,
        "end": line.period.end,
        **{name: value or ("none" if name == "ekind" else "") for name, value in line.key},
        "copies": balance_dict(line.copies),
        "titles": balance_dict(line.titles) if line.titles is not None else None,
        "share": None if line.share is None else round(line.share, 6),
        "rows": f"/api/v1/statistics/rows?{line.rows}",
    }


_MEASURES = ("opening", "initial", "acquired", "withdrawn", "expired", "closing")


def _head() -> list[str]:
    return ["period", "start", "end", *DIMENSIONS, *(f"copies_{m}" for m in _MEASURES), "growth", "share",
            *(f"titles_{m}" for m in _MEASURES)]  # fmt: skip


def _flat(line: Line) -> list[Any]:
    key = dict(line.key)
    titles = [getattr(line.titles, m) for m in _MEASURES] if line.titles is not None else [None] * len(_MEASURES)
    return [line.period.code, line.period.start, line.period.end, *(key.get(name) for name in DIMENSIONS),
            *(getattr(line.copies, m) for m in _MEASURES), line.copies.growth, line.share, *titles]  # fmt: skip


# --- Rows ------------------------------------------------------------------------------------------------------------

ROW = {
    "type": "object",
    "required": ["library", "record", "cluster", "copies", "day", "category", "carrier", "ekind", "title", "rule"],
    "properties": {
        name: {"type": "string"}
        for name in ("library", "cluster", "category", "carrier", "ekind", "kind", "basis", "document", "reason",
                     "inventory", "title", "responsibility", "year", "rule")
    }
    | {"record": {"type": ["string", "null"]}, "day": {"type": ["string", "null"]}, "copies": {"type": "integer"},
       "number": {"type": "integer"}, "run": {"type": ["integer", "null"]}, "kopecks": {"type": ["integer", "null"]}},
}  # fmt: skip
ROWS = {
    "type": "object",
    "required": ["total", "rows", "next"],
    "properties": {
        "total": {"type": "integer", "description": "сам показатель: сумма copies всех строк всех страниц"},
        "rows": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}},
        "next": {"type": ["string", "null"]},
    },
}


def drill_question(args: dict[str, Any], today: date) -> drill.Question:
    asked = question(args, today)
    scopes = registered(asked.libraries) or (DISTRICT,)
    selection = Selection(scopes, asked.categories, asked.carriers, asked.ekinds)
    return drill.Question(
        selection, args["measure"], args["unit"], asked.period.start, asked.period.end, args["cluster"] or (),
        args["basis"] or "", args["document"] or "", args["before"] or 0,
    )  # fmt: skip


def rows(args: dict[str, Any]) -> Response:
    limit = limit_of(args["limit"])
    with reading(services().store) as connection:
        asked = drill_question(args, services().today())
        page = drill.page(connection, asked, cursor=args["cursor"] or "", limit=limit)
        total = drill.total(connection, asked)
    if wants_csv(args["format"]):
        lines = [row_dict(row) for row in page.rows]
        head = list(lines[0]) if lines else ["library"]
        return as_csv(head, ([line[name] for name in head] for line in lines), "rows", page.next)
    return answered({"total": total, "rows": [row_dict(row) for row in page.rows], "next": page.next or None})


def row_dict(row: drill.Counted) -> dict[str, Any]:
    found = asdict(row)
    found["record"] = str(row.record) if row.record else None
    found["ekind"] = row.ekind or "none"
    if not has_token():  # who keeps which copy where is the school's own accounting
        found["inventory"] = found["document"] = ""
        found["kopecks"] = None
    return found


# --- Lists -----------------------------------------------------------------------------------------------------------

LISTING = {
    "type": "object",
    "required": ["title", "total", "entries", "next"],
    "properties": {
        "title": {"type": "string"},
        "total": {"type": "number", "description": "сам показатель: сумма amount всех строк всех страниц"},
        "entries": {"type": "array", "items": {
            "type": "object",
            "required": ["library", "what", "amount", "day", "why", "record", "cluster", "rows"],
            "properties": {
                **{name: {"type": "string"} for name in ("library", "what", "why", "cluster")},
                **{name: {"type": ["string", "null"]} for name in ("day", "record", "rows")},
                "amount": {"type": "number"},
            },
        }},
        "next": {"type": ["string", "null"]},
    },
}  # fmt: skip


def show_list(args: dict[str, Any]) -> Response:
    today = services().today()
    period = periods.parse(args["period"] or "", today)
    plain = {name: args[name] or "" for name in listing.PLAIN}
    asked = behind.Asked(args["of"], registered(args["library"] or ()), period.start, period.end, today, **plain)
    kind = behind.kind_of(asked)
    if kind.is_for_staff(asked) and not has_token():
        raise Problem(404, f"список {asked.of}: только с ключом")
    with reading(services().store) as connection:
        found = behind.page(connection, asked, args["cursor"] or "", limit_of(args["limit"]))
    found = found if has_token() else behind.without_details(found, asked)
    entries = [entry_dict(entry) for entry in found.entries]
    if wants_csv(args["format"]):
        head = list(LISTING["properties"]["entries"]["items"]["properties"])  # type: ignore[index]
        return as_csv(head, ([entry[name] for name in head] for entry in entries), "list", found.next)
    body = {"title": listing.title(asked), "total": found.total, "entries": entries, "next": found.next or None}
    return answered(body)


def entry_dict(entry: Entry) -> dict[str, Any]:
    found = asdict(entry)
    found["record"] = str(entry.record) if entry.record else None
    found["rows"] = json_file.address(entry.rows) if entry.rows else None
    return found


# --- Coverage and snapshots ------------------------------------------------------------------------------------------


def show_coverage(args: dict[str, Any]) -> Response:
    today = services().today()
    asked = periods.parse(args["period"] or "", today)
    with reading(services().store) as connection:
        fresh = coverage.freshness(connection)
    return answered({"period": asked.code, "libraries": list(_fresh(fresh, asked.end, today))})


def _fresh(fresh: list[coverage.Freshness], end: date, today: date) -> Iterator[dict[str, Any]]:
    for one in fresh:
        yield {
            "code": one.library.code, "name": one.library.name, "kind": one.library.kind, "first": one.first,
            "last": one.last, "covers": one.covers(end, today),
        }  # fmt: skip


def list_snapshots(args: dict[str, Any]) -> Response:
    with reading(services().store) as connection:
        found = snapshots.listed(connection)
    return answered({"snapshots": [asdict(one) for one in found]})


def show_snapshot(args: dict[str, Any], number: int) -> Response:
    with reading(services().store) as connection:
        found = snapshots.find(connection, number)
        if found is None:
            raise Problem(404, f"среза № {number} нет")
        changes = snapshots.corrections(connection, found) if args["corrections"] else None
    body = {**asdict(found.head), "data": found.data}
    if changes is not None:
        body["corrections"] = [asdict(change) for change in changes]
    return answered(body)


def _rows_of(name: str) -> dict[str, Any]:
    item = {"type": "array", "items": {"type": "object"}}
    return {"type": "object", "required": [name], "properties": {name: item}}


OPERATIONS = (
    Operation(
        "/statistics", "statistics", "Показатели фондов: состояние, движение, прирост, доли", show, "statistics",
        {"$ref": "#/components/schemas/Statistics"},
        (
            PERIOD, *FILTERS,
            Param("grain", "шаг; без него — весь период разом", "choice", periods.GRAINS),
            Param("by", "признаки, по которым разложить", "choices", DIMENSIONS, example="library,category"),
            Param("partners", "вместе с библиотеками-партнёрами и музеями", "boolean"),
            LINES, OFFSET, FORMAT,
        ),
        csv=True,
        example={
            "period": "2026Q3", "coverage": {"covered": 18, "of": 20, "missing": ["school-07", "school-13"]},
            "total": {
                "period": "2026Q3", "start": "2026-07-01", "end": "2026-09-30",
                "copies": {"opening": 8000, "initial": 0, "acquired": 1192, "withdrawn": 166, "expired": 0,
                           "closing": 9026, "growth": 0.12825},
                "titles": None, "share": None, "rows": "/api/v1/statistics/rows?period=2026-07-01:2026-09-30",
            },
            "lines": [], "next": None,
        },
    ),
    Operation(
        "/statistics/rows", "statisticsRows", "Число → книги: строки журнала, которые считает показатель", rows,
        "statistics", {"$ref": "#/components/schemas/Rows"},
        (
            PERIOD, *FILTERS,
            Param("measure", "состояние на конец периода или движение за период", "choice",
                  drill.MEASURES, default="state"),
            Param("unit", "экземпляры, названия или (для состояния) названия без повторов", "choice",
                  ("copies", "titles", "editions"), default="copies"),
            Param("cluster", "только эти издания или договоры (licence:НОМЕР), через запятую", "choices",
                  pattern=EDITION, longest=4_000),
            Param("basis", "только экземпляры с датой отсюда: run — день загрузки, 990$f, INV.REGDATE, акт, договор",
                  longest=32),
            Param("document", "только по этому документу", longest=200),
            Param("before", "только издания, вышедшие до этого года", "integer", least=1, most=3000),
            LIMIT, CURSOR, FORMAT,
        ),
        csv=True,
    ),
    Operation(
        "/statistics/lists", "statisticsLists", "Число → книги: то, чего в журнале нет — записи, школы, потребность",
        show_list, "statistics", {"$ref": "#/components/schemas/Listing"},
        (
            Param("of", "какой список", "choice", tuple(behind.LISTS), default="records"), PERIOD, FILTERS[0],
            *(Param(name, text, longest=200) for name, text in (
                ("name", "показатель или состояние, зависит от списка"),
                ("measure", "движение (ksu) или latest (typed)"),
                ("part", "база, фонд, этап или номер договора, зависит от списка"),
                ("document", "только по этому документу"), ("reason", "только по этой причине"),
            )),
            LIMIT, CURSOR, FORMAT,
        ),
        csv=True, errors=(400, 404, 422),
    ),
    Operation(
        "/statistics/coverage", "statisticsCoverage", "У каких библиотек свежие данные", show_coverage, "statistics",
        _rows_of("libraries"), (PERIOD,),
    ),
    Operation(
        "/statistics/snapshots", "snapshots", "Замороженные квартальные срезы", list_snapshots, "statistics",
        _rows_of("snapshots"), (), errors=(400,),
    ),
    Operation(
        "/statistics/snapshots/{number}", "snapshot", "Срез и, по желанию, исправления после него", show_snapshot,
        "statistics", {"type": "object"},
        (Param("corrections", "перечислить исправления, внесённые после среза", "boolean"),),
        (PathParam("number", "номер среза", kind="integer", example=1),), errors=(400, 404),
    ),
)  # fmt: skip
SCHEMAS = {"Balance": BALANCE, "Line": LINE, "Statistics": ANSWER, "Row": ROW, "Rows": ROWS, "Listing": LISTING}
