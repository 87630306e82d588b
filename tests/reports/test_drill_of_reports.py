"""«Число → книги»: every number of every report opens rows that add up to it, or says how it is counted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from urllib.parse import parse_qs

import pytest

from catalog_sync.reports import behind, registry
from catalog_sync.reports.model import Table, Text
from catalog_sync.reports.render import html_page, json_file
from catalog_sync.store import drill, eresources, licences, manual, staff, usage
from catalog_sync.store.eresources import EResource
from catalog_sync.store.tables import record
from tests.reports.sample import TODAY, build
from web.reports import listing
from web.reports.rows import read

NOW = datetime(2026, 10, 10, 9, tzinfo=UTC)
CASES = [(name, "") for name in registry.REPORTS if not registry.entry(name).needs_library]
CASES += [(name, "school-02") for name, entry in registry.REPORTS.items() if not entry.of_district]


@pytest.fixture(scope="module")
def engine():
    engine = build(schools=8, records=36)  # school-07 is silent: the district is the sum of seven
    with engine.begin() as connection:
        typed(connection)
    return engine


def typed(connection) -> None:
    """What people enter beside the exports, so that no column of a report is empty."""
    for code, readers in (("school-01", 200), ("school-02", 100)):
        values = {"readers": readers, "visits": 900, "loans": 1500, "seats": 8, "computers": 2, "requests": 3,
                  "events": 2, "ksu_stock": 150, "ksu_acquired": 40, "ksu_withdrawn": 1}  # fmt: skip
        manual.keep(connection, code, values, day=date(2026, 6, 30), who="boss", when=NOW)
    usage.add(connection, {(date(2026, 9, 1), "search"): 40, (date(2026, 9, 2), "sru"): 2, (TODAY, "record"): 7})
    staff.note_borrowed(connection, "school-02", "c-e001", "marcsql", "ivanova", NOW)
    for code, fault in (("neb", ""), ("gone", "ответ 404")):
        eresources.save(connection, EResource(code, code.upper(), "library", f"https://{code}.example/", "open_licence",
                                              checked=NOW, check_fault=fault))  # fmt: skip
    base = licences.Licence("school-02", "Энциклопедия", date(2026, 2, 1), date(2026, 11, 30), kind="database",
                            contract="7", kopecks=500_000)  # fmt: skip
    licences.add(connection, base, today=date(2026, 2, 1), who="методист")


@pytest.fixture(scope="module", params=CASES, ids=lambda case: "-".join(filter(None, case)))
def report(engine, request):
    name, library = request.param
    return registry.make(engine, name, library=library, period="2026", today=TODAY)


def test_the_rows_behind_every_number_add_up_to_it(engine, report):
    wrong = []
    with engine.connect() as connection:
        for where, value, query in numbers(report):
            total = total_of(connection, query)
            if total != pytest.approx(value, abs=0.005):
                wrong.append((where, value, total, query))
    assert wrong == []


def test_the_pages_of_a_list_add_up_to_its_figure(engine, report):
    """Lists of records are counted by another statement than they are read by: the two have to agree."""
    with engine.connect() as connection:
        for _, value, query in numbers(report):
            asked = listing_of(query) if query.startswith("of=") else None
            if asked and behind.kind_of(asked).records:
                assert sum(entry.amount for entry in entries(connection, asked)) == pytest.approx(value, abs=0.005)


def test_every_number_opens_its_rows_or_tells_its_rule(report):
    """A figure without rows is counted from its neighbours or typed: its column, or the cell itself, says how."""
    silent = [
        (table.name or table.title, row.cells[0].value, column.title, cell.value)
        for table in report.tables
        for row in table.rows
        for column, cell in zip(table.columns, row.cells, strict=True)
        if is_figure(cell.value, column) and not (cell.rows or cell.note or column.rule)
        and not is_act(table)
    ]  # fmt: skip
    assert silent == []


def is_figure(value: object, column) -> bool:
    return column.is_figure and isinstance(value, int | float) and value != 0


def is_act(table: Table) -> bool:
    """A form to be signed: its numbers are those of the table of transfers above it."""
    return "→" in table.title


def numbers(report) -> Iterator[tuple[object, float, str]]:
    """Every number with a query: of the tables, and of the sentences («340 экземпляров»)."""
    for section in report.sections:
        if isinstance(section, Text):
            for words, query in section.figures:
                if query and re.search(r"\d", words):
                    yield words, int(re.sub(r"\D", "", words)), query
        elif isinstance(section, Table):
            for row in section.rows:
                for column, cell in zip(section.columns, row.cells, strict=True):
                    if cell.rows and isinstance(cell.value, int | float):
                        yield (section.name, row.cells[0].value, column.title), cell.value, cell.rows


def total_of(connection, query: str) -> float:
    if query.startswith("of="):
        return behind.page(connection, listing_of(query)).total
    return drill.total(connection, read(args_of(query), TODAY).question)


def args_of(query: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(query).items()}


def listing_of(query: str) -> behind.Asked:
    args = args_of(query)
    period = args.get("period", "2026-01-01:2026-12-31").split(":")
    start, end = (date.fromisoformat(day) for day in period)
    codes = tuple(code for code in args.get("library", "").split(",") if code)
    return behind.Asked(args["of"], codes, start, end, TODAY, **{name: args.get(name, "") for name in listing.PLAIN})


def entries(connection, asked: behind.Asked) -> Iterator[behind.Entry]:
    cursor = ""
    while True:
        page = behind.page(connection, asked, cursor, limit=7)
        yield from page.entries
        cursor = page.next
        if not cursor:
            return


def test_the_sentences_of_the_memo_are_links_to_their_books(engine):
    report = registry.make(engine, "memo", period="2026", today=TODAY)
    page = html_page.body(report, "/reports/rows")
    assert len(re.findall(r"<p><?[^<]*<a href=./reports/rows", page)) >= 3
    assert "<a" not in html_page.body(report).partition("<table")[0]


def test_the_page_says_below_a_table_how_numbers_without_rows_are_counted(engine):
    report = registry.make(engine, "libraries", period="2026", today=TODAY)
    assert "«Обновляемость» — поступило / состоит" in html_page.body(report)


def test_the_json_twin_points_lists_to_their_own_address(engine):
    data = json_file.as_dict(registry.make(engine, "quarterly", period="2026", today=TODAY))
    ways = [way for section in data["sections"] if section["type"] == "table"
            for row in section["rows"] for way in row["rows"] if way]  # fmt: skip
    assert {way.partition("?")[0] for way in ways} == {"/api/v1/statistics/rows", "/api/v1/statistics/lists"}


def test_a_remark_on_a_record_is_shown_in_the_letters_it_was_written_in():
    engine = build(schools=1, records=3)
    with engine.begin() as connection:
        told = ["запись в формате RUSMARC", "ISBN: «978»"]
        connection.execute(record.update().where(record.c.local_id == "e001").values(warnings=told))
        found = behind.page(connection, listing_of("of=warned&part=school-01"))
    assert [entry.why for entry in found.entries] == ["; ".join(told)]
