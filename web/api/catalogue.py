"""/records, /libraries, /sources, /runs and /reports: the rest of what a region's system may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec
from flask import Response, redirect

from catalog_sync.model import HarvestRun, Library, RunState, Source, UnionRecord
from catalog_sync.query import Access, And, Everything, LibraryHoldings, Query, Sort, Term
from catalog_sync.reports import registry as reports
from catalog_sync.reports.render import FORMATS, json_file, media_type, render
from catalog_sync.store import registry, runs
from catalog_sync.store.database import reading
from web.api.access import TOKEN_LIMIT, answered, cached, has_token, limit_of
from web.api.operations import Operation, Param, PathParam
from web.api.problems import Problem
from web.api.statistics import CODE, LIMIT, PERIOD
from web.services import services

DEEPEST = 10_000  # further pages of a search nobody reads; a harvest goes through OAI-PMH
FURTHEST = DEEPEST - TOKEN_LIMIT  # where a page may begin

_FIELDS = {
    "title": (Access.TITLE, "слова заглавия"),
    "author": (Access.AUTHOR, "фамилия автора"),
    "isbn": (Access.ISBN, "ISBN, с дефисами или без"),
    "subject": (Access.SUBJECT, "рубрика или ключевое слово"),
    "year": (Access.YEAR, "год издания"),
    "kind": (Access.KIND, "вид: учебник, рабочая тетрадь …"),
    "grade": (Access.GRADE, "класс, 1–11"),
    "category": (Access.CATEGORY, "категория фонда"),
    "carrier": (Access.CARRIER, "носитель"),
}
_PRIVATE = ("warnings",)  # what the parser thought of the record is the staff's business


def search(args: dict[str, Any]) -> Response:
    limit, offset = limit_of(args["limit"]), args["offset"]
    catalogue = services().catalogue
    hits = catalogue.search(
        _query(args), offset=offset, limit=limit, sort=Sort(args["sort"]), library=args["library"] or ""
    )
    found = catalogue.records(hits.clusters)
    more = offset + limit if offset + limit < hits.total and offset + limit <= FURTHEST else None
    return answered({"total": hits.total, "records": [record_dict(one) for one in found], "next": more})


def _query(args: Mapping[str, Any]) -> Query:
    terms: list[Query] = [Term(args["q"])] if args["q"] else []
    terms += [Term(args[name], access) for name, (access, _) in _FIELDS.items() if args[name]]
    if not terms:
        return Everything()
    query = terms[0]
    for term in terms[1:]:
        query = And(query, term)
    return query


def show_record(args: dict[str, Any], cluster: str) -> Response | Any:
    catalogue = services().catalogue
    found = catalogue.record(cluster)
    if found is None:
        moved = catalogue.redirect(cluster)
        if moved:
            return redirect(f"/api/v1/records/{moved}", 301)
        raise Problem(404, f"издания {cluster!r} нет")
    body = record_dict(found)
    body["holdings"] = [_holding(one) for one in catalogue.holdings(cluster)]
    body["provenance"] = {name: str(key) for name, key in found.provenance.items()}
    return answered(body)


def record_dict(union: UnionRecord) -> dict[str, Any]:
    """A union record as plain values; empty fields are left out, nothing of the library's own books is in it."""
    bib = msgspec.to_builtins(union.bib)
    body = {k: v for k, v in bib.items() if v not in ("", [], {}, None) and k not in (*_PRIVATE, "holdings", "key")}
    classified = msgspec.to_builtins(union.classified) if union.classified else None
    members = [str(key) for key in union.members]
    return {"id": union.cluster, "members": members, "classified": classified, "description": body}


def _holding(one: LibraryHoldings) -> dict[str, Any]:
    return {"library": one.library, "name": one.library_name, "copies": one.copies, "call_numbers": one.call_numbers}


def list_libraries(args: dict[str, Any]) -> Response:
    with reading(services().store) as connection:
        found = registry.libraries(connection)
    return answered({"libraries": [_library(one) for one in found]})


def show_library(args: dict[str, Any], code: str) -> Response:
    with reading(services().store) as connection:
        found = registry.find_library(connection, code)
        sources = [one for one in registry.sources(connection) if one.library == code]
    if found is None:
        raise Problem(404, f"библиотеки {code!r} нет")
    return answered({**_library(found), "sources": [_source(one) for one in sources]})


def _library(one: Library) -> dict[str, Any]:
    return asdict(one)


def list_sources(args: dict[str, Any]) -> Response:
    with reading(services().store) as connection:
        found = registry.sources(connection)
    return answered({"sources": [_source(one) for one in found if args["library"] in (None, one.library)]})


def _source(one: Source) -> dict[str, Any]:
    """A source without its settings: addresses and names of accounts stay inside."""
    names = ("code", "library", "name", "harvester", "dialect", "base", "incremental", "active")
    return {name: getattr(one, name) for name in names}


def list_runs(args: dict[str, Any]) -> Response:
    limit = limit_of(args["limit"])
    states = [RunState(args["state"])] if args["state"] else []
    with reading(services().store) as connection:
        found = runs.latest(connection, source=args["source"], states=states, limit=limit + 1, before=args["before"])
    page = found[:limit]
    return answered({"runs": [_run(one) for one in page], "next": page[-1].number if len(found) > limit else None})


def show_run(args: dict[str, Any], number: int) -> Response:
    with reading(services().store) as connection:
        found = runs.find(connection, number)
    if found is None:
        raise Problem(404, f"сеанса № {number} нет")
    return answered(_run(found))


def _run(one: HarvestRun) -> dict[str, Any]:
    names = ("number", "source", "started", "finished", "incremental", "encoding")
    body = {name: getattr(one, name) for name in names} | {"state": one.state.value, "counts": asdict(one.counts)}
    if has_token():
        body |= {"message": one.message, "warnings": list(one.warnings)}
    return body


def list_reports(args: dict[str, Any]) -> Response:
    entries = [{"name": name, "title": title} for name, title in reports.names() if reports.entry(name).public]
    return answered({"reports": entries})


def show_report(args: dict[str, Any], name: str) -> Response:
    if name not in reports.REPORTS or not (reports.entry(name).public or has_token()):
        raise Problem(404, f"отчёта {name!r} нет; есть: {', '.join(reports.REPORTS)}")
    system = services()
    made = reports.make(
        system.store, name, library=args["library"] or "", period=args["period"] or "", today=system.today(),
        organisation=system.settings.district.organisation,
    )  # fmt: skip
    if args["format"] == "json":
        return answered(json_file.as_dict(made))
    return cached(Response(render(made, args["format"]), content_type=media_type(args["format"])))


def _listing(name: str, item: dict[str, Any], more: bool = False) -> dict[str, Any]:
    properties: dict[str, Any] = {name: {"type": "array", "items": item}}
    if more:
        properties["next"] = {"type": ["integer", "null"]}
    return {"type": "object", "required": list(properties), "properties": properties}


RECORD = {
    "type": "object",
    "required": ["id", "members", "classified", "description"],
    "properties": {
        "id": {"type": "string"},
        "members": {"type": "array", "items": {"type": "string"}},
        "classified": {"type": ["object", "null"]},
        "description": {"type": "object"},
        "holdings": {"type": "array", "items": {"type": "object"}},
        "provenance": {"type": "object"},
    },
}
RECORDS = _listing("records", {"$ref": "#/components/schemas/Record"}, more=True)
RECORDS["properties"]["total"] = {"type": "integer"}
OBJECT = {"type": "object"}
OPERATIONS = (
    Operation(
        "/records", "records", "Поиск в сводном каталоге", search, "catalogue", RECORDS,
        (
            Param("q", "слова в любом поле", example="алгебра 7 класс"),
            *(Param(name, text) for name, (_, text) in _FIELDS.items()),
            Param("library", "только то, что есть в этой библиотеке", pattern=CODE),
            Param("sort", "порядок", "choice", tuple(sort.value for sort in Sort), default=Sort.RELEVANCE.value),
            LIMIT,
            Param("offset", "сколько пропустить", "integer", default=0, most=FURTHEST),
        ),
    ),
    Operation(
        "/records/{cluster}", "record", "Издание: описание, откуда каждое поле, где есть", show_record, "catalogue",
        {"$ref": "#/components/schemas/Record"}, (),
        (PathParam("cluster", "постоянный номер издания", r"[0-9A-Za-z._\-]{1,40}"),), errors=(400, 404),
    ),
    Operation("/libraries", "libraries", "Библиотеки", list_libraries, "registry",
              _listing("libraries", OBJECT), errors=(400,)),
    Operation("/libraries/{code}", "library", "Библиотека и её источники", show_library, "registry", OBJECT, (),
              (PathParam("code", "код библиотеки", r"[0-9A-Za-z._\-]{1,64}", example="school-01"),), errors=(400, 404)),
    Operation("/sources", "sources", "Источники", list_sources, "registry", _listing("sources", OBJECT),
              (Param("library", "только этой библиотеки", pattern=CODE),), errors=(400,)),
    Operation(
        "/runs", "runs", "Сеансы сбора, новые сверху", list_runs, "registry", _listing("runs", OBJECT, more=True),
        (
            Param("source", "только этого источника", pattern=CODE),
            Param("state", "только в этом состоянии", "choice", tuple(state.value for state in RunState)),
            Param("before", "отметка следующей страницы из поля next", "integer", most=2_000_000_000),
            LIMIT,
        ),
    ),
    Operation("/runs/{number}", "run", "Сеанс сбора", show_run, "registry", OBJECT, (),
              (PathParam("number", "номер сеанса", kind="integer", example=1),), errors=(400, 404)),
    Operation("/reports", "reports", "Какие отчёты есть", list_reports, "reports", _listing("reports", OBJECT),
              errors=(400,)),
    Operation(
        "/reports/{name}", "report", "Отчёт", show_report, "reports", OBJECT,
        (
            PERIOD, Param("library", "код библиотеки; без него — район", pattern=CODE),
            Param("format", "формат", "choice", ("json", "csv", "xlsx", "docx", "html"), default="json"),
        ),
        (PathParam("name", "имя отчёта", r"[a-z0-9\-]{1,40}", example="oo2"),),
        errors=(400, 404, 422), media=tuple(m.split(";")[0] for _, m in FORMATS.values() if "json" not in m),
    ),
)  # fmt: skip
SCHEMAS = {"Record": RECORD}
