"""«Число → книги»: every number of every report that opens rows opens rows that add up to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from catalog_sync.reports import registry
from catalog_sync.reports.model import Table, Text
from catalog_sync.reports.render import html_page
from catalog_sync.store import drill
from tests.reports.sample import TODAY, build
from web.reports.rows import read


@pytest.fixture(scope="module")
def engine():
    return build(schools=8, records=36)  # school-07 is silent: the district is the sum of seven


@pytest.mark.parametrize("name", registry.REPORTS)
def test_the_rows_behind_every_number_add_up_to_it(engine, name):
    library = "school-02" if registry.entry(name).needs_library else ""
    report = registry.make(engine, name, library=library, period="2026", today=TODAY)
    wrong = []
    with engine.connect() as connection:
        for where, value, query in numbers(report):
            args = {key: values[0] for key, values in parse_qs(query).items()}
            total = drill.total(connection, read(args, TODAY).question)
            if total != value:
                wrong.append((where, value, total, query))
    assert wrong == []


def numbers(report) -> Iterator[tuple[object, int, str]]:
    """Every number with a query: of the tables, and of the sentences («340 экземпляров»)."""
    for section in report.sections:
        if isinstance(section, Text):
            for words, query in section.figures:
                if query:
                    yield words, int(re.sub(r"\D", "", words)), query
        elif isinstance(section, Table):
            for row in section.rows:
                for column, cell in zip(section.columns, row.cells, strict=True):
                    if cell.rows and isinstance(cell.value, int):
                        yield (section.name, row.cells[0].value, column.title), cell.value, cell.rows


def test_the_sentences_of_the_memo_are_links_to_their_books(engine):
    report = registry.make(engine, "memo", period="2026", today=TODAY)
    page = html_page.body(report, "/reports/rows")
    assert len(re.findall(r"<p><?[^<]*<a href=./reports/rows", page)) >= 3
    assert "<a" not in html_page.body(report).partition("<table")[0]
