"""The API: figures, rows behind them, errors that say what was expected."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from flask import Flask
from jsonschema_rs import Draft202012Validator

from catalog_sync.model import BibRecord, Dialect, RecordKey, UnionRecord
from catalog_sync.query import Hits, LibraryHoldings
from catalog_sync.settings import Settings
from catalog_sync.store import tokens
from tests.reports.sample import TODAY, build
from web import api
from web.services import Services

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC)


class OneBook:
    """A catalogue with one book in it."""

    union = UnionRecord(
        "c-1", BibRecord(RecordKey("s", "1"), Dialect.RUSMARC, title="Алгебра"), (RecordKey("s", "1"),), {}, None
    )

    def search(self, query, **kwargs) -> Hits:
        return Hits(1, ("c-1",)[kwargs.get("offset", 0) :])

    def records(self, clusters: Sequence[str]) -> list[UnionRecord]:
        return [self.union for cluster in clusters if cluster == "c-1"]

    def record(self, cluster: str) -> UnionRecord | None:
        return self.union if cluster == "c-1" else None

    def redirect(self, cluster: str) -> str:
        return "c-1" if cluster == "c-0" else ""

    def holdings(self, cluster: str) -> list[LibraryHoldings]:
        return [LibraryHoldings("school-01", "Школа", 3)]


@pytest.fixture(scope="module")
def engine():
    return build(schools=6, records=24)


@pytest.fixture(scope="module")
def app(engine, tmp_path_factory):
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    app = Flask(__name__)
    app.config.update(TESTING=False, TIME_ZONE=settings.time_zone)
    app.extensions["catalog-sync"] = Services(OneBook(), settings, engine, lambda: NOW)
    app.register_blueprint(api.blueprint(OneBook(), settings))
    return app


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture(scope="module")
def token(engine):
    with engine.begin() as connection:
        return tokens.issue(connection, "регион", now=NOW)


def test_figures_by_category_add_up_to_the_whole(client):
    body = client.get("/api/v1/statistics?period=2026Q3&by=category").json
    assert sum(line["copies"]["closing"] for line in body["lines"]) == body["total"]["copies"]["closing"]
    assert sum(line["titles"]["closing"] for line in body["lines"]) == body["total"]["titles"]["closing"]
    assert sum(line["share"] for line in body["lines"]) == pytest.approx(1, abs=1e-4)
    assert body["coverage"]["of"] == 6


def test_quarters_follow_each_other(client):
    lines = client.get("/api/v1/statistics?period=2025&grain=quarter").json["lines"]
    assert [line["period"] for line in lines] == ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]
    for before, after in pairwise(lines):
        assert before["copies"]["closing"] == after["copies"]["opening"]


def test_libraries_are_named_and_their_titles_counted_apart(client):
    body = client.get("/api/v1/statistics?period=2026&by=library").json
    assert len(body["lines"]) == 6
    district = client.get("/api/v1/statistics?period=2026").json["total"]
    assert sum(line["copies"]["closing"] for line in body["lines"]) == district["copies"]["closing"]
    assert sum(line["titles"]["closing"] for line in body["lines"]) > district["titles"]["closing"]
    assert body["total"]["titles"] is None


@pytest.mark.parametrize("measure", ["state", "acquired", "withdrawn", "initial", "expired"])
@pytest.mark.parametrize("unit", ["copies", "titles"])
@pytest.mark.parametrize("filters", ["", "&category=fiction", "&carrier=electronic", "&library=school-01"])
def test_every_figure_opens_exactly_the_rows_it_counts(client, measure, unit, filters):
    total = client.get(f"/api/v1/statistics?period=2026{filters}").json["total"][unit]
    counted, cursor, pages = 0, "", 0
    while cursor is not None:
        page = client.get(
            f"/api/v1/statistics/rows?period=2026&measure={measure}&unit={unit}{filters}&limit=7&cursor={cursor}"
        ).json
        counted += sum(row["copies"] for row in page["rows"])
        cursor, pages = page["next"], pages + 1
        assert pages < 500
    expected = {"state": "closing"}.get(measure, measure)
    assert abs(counted) == total[expected]


@pytest.mark.parametrize("path", [
    "statistics?period=2026&by=library", "statistics/rows?period=2026", "statistics/lists?of=pupils&period=2026",
])
def test_csv_by_pages_put_together_is_the_whole(client, path):
    def lines(response):
        return response.get_data(as_text=True).lstrip("\ufeff").splitlines()

    whole, address, found = lines(client.get(f"/api/v1/{path}&format=csv")), f"/api/v1/{path}&format=csv&limit=3", []
    while address:
        response = client.get(address)
        page = lines(response)
        assert len(page) <= 4
        found += page if not found else page[1:]
        address = response.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert found[: len(whole)] == whole
    assert len(whole) > 4


def test_csv_opens_in_a_spreadsheet_and_says_the_same(client):
    response = client.get("/api/v1/statistics?period=2026&by=library&format=csv")
    assert response.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(response.get_data(as_text=True).lstrip("\ufeff"))))
    lines = client.get("/api/v1/statistics?period=2026&by=library").json["lines"]
    assert [int(row["copies_closing"]) for row in rows] == [line["copies"]["closing"] for line in lines]
    accept = client.get("/api/v1/statistics?period=2026", headers={"Accept": "text/csv"})
    assert accept.mimetype == "text/csv"


def test_an_unchanged_answer_is_not_sent_twice(client):
    first = client.get("/api/v1/statistics?period=2026")
    assert "max-age" in first.headers["Cache-Control"]
    again = client.get("/api/v1/statistics?period=2026", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")


@pytest.mark.parametrize(
    ("address", "status", "word"),
    [
        ("/statistics?period=soon", 400, "ожидалось"),
        ("/statistics?period=2026Q7", 422, "ожидалось 2026"),
        ("/statistics?library=", 400, "library"),
        ("/statistics?category=novels", 400, "fiction"),
        ("/statistics?colour=red", 400, "такого параметра нет"),
        ("/statistics?library=nowhere", 422, "nowhere"),
        ("/statistics?period=2026&period=2025", 400, "ожидалось одно"),
        ("/statistics?period=2000-01-01:2026-01-01&grain=day", 422, "не больше 400"),
        ("/statistics/rows?cursor=xyz", 422, "такой отметки нет"),
        ("/statistics/rows?limit=500", 422, "без ключа"),
        ("/statistics/snapshots/99", 404, "99"),
        ("/records/c-9", 404, "c-9"),
        ("/runs/77777", 404, "77777"),
        ("/nothing", 404, "openapi.json"),
    ],
)
def test_a_refusal_is_a_problem_that_says_what_was_expected(client, address, status, word):
    response = client.get(f"/api/v1{address}")
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    assert word in response.json["detail"]


def test_a_wrong_method_is_a_problem_too(client):
    response = client.post("/api/v1/statistics")
    assert (response.status_code, response.mimetype) == (405, "application/problem+json")


def test_a_key_opens_longer_pages_and_the_schools_own_books(client, token):
    headers = {"Authorization": f"Bearer {token}"}
    rows = client.get("/api/v1/statistics/rows?period=2026&measure=acquired&limit=500", headers=headers).json["rows"]
    assert any(row["document"] for row in rows)
    assert not any(
        row["document"] for row in client.get("/api/v1/statistics/rows?period=2026&measure=acquired").json["rows"]
    )
    assert client.get("/api/v1/libraries", headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_a_revoked_key_is_refused(client, engine):
    with engine.begin() as connection:
        key = tokens.issue(connection, "на день", now=NOW)
        number = tokens.holder(connection, key, now=NOW)[0]
        tokens.revoke(connection, number, now=NOW)
    assert client.get("/api/v1/libraries", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_the_catalogue_is_under_the_same_api(client):
    assert client.get("/api/v1/records?q=алгебра").json["records"][0]["description"]["title"] == "Алгебра"
    assert client.get("/api/v1/records/c-1").json["holdings"][0]["copies"] == 3
    moved = client.get("/api/v1/records/c-0")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/api/v1/records/c-1")
    assert len(client.get("/api/v1/libraries").json["libraries"]) == 7
    assert client.get("/api/v1/sources?library=school-01").json["sources"][0]["dialect"] == "marcsql"
    assert client.get("/api/v1/runs?limit=2").json["next"]
    assert client.get("/api/v1/reports/oo2?period=2025&library=school-01").json["facts"]["01.5"] > 0
    assert client.get("/api/v1/reports/memo?period=2026Q3&format=docx").get_data()[:2] == b"PK"


def test_the_description_names_every_operation_and_resolves(client, app):
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"] == "3.1.0"
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")}
    assert len(document["paths"]) == len(rules - {"/api/v1/openapi.json", "/api/v1/", "/api/v1/<anything:path>"})
    names = set(document["components"]["schemas"])
    assert {ref.rsplit("/", 1)[1] for ref in _refs(document)} <= names


def _refs(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        for inner in value.values():
            yield from _refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _refs(inner)


def test_every_operation_shows_an_example_of_its_answer_that_fits_its_schema(client):
    document = client.get("/api/v1/openapi.json").get_json()
    for path, operations in document["paths"].items():
        answer = operations["get"]["responses"]["200"]["content"]["application/json"]
        schema = {**answer["schema"], "components": document["components"]}
        errors = [error.message for error in Draft202012Validator(schema).iter_errors(answer["example"])]
        assert errors == [], path


def test_a_wrong_period_is_answered_in_words_and_not_in_a_pattern(client):
    answer = client.get("/api/v1/statistics?period=2025X").get_json()
    assert "ожидалось 2026, 2026Q3, 2026H1" in answer["detail"]


@pytest.mark.parametrize("rest", ["statistics/snapshots/%0Ax", "%0A", "nothing/%0A/there"])
def test_an_address_with_a_line_feed_is_answered_with_a_problem(client, rest):
    answer = client.get(f"/api/v1/{rest}")
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


def test_whoever_follows_the_pages_of_a_search_comes_to_an_end_and_to_no_refusal(client, monkeypatch):
    monkeypatch.setattr(OneBook, "search", lambda *_, **__: Hits(50_000, ("c-1",)))
    address = "/api/v1/records?limit=100&offset="
    assert client.get(f"{address}8900").json["next"] == 9000
    assert client.get(f"{address}9000").json["next"] is None


@pytest.mark.parametrize(
    "path", ["/api/v1/statistics?", "/api/v1/statistics/rows?", "/api/v1/statistics/lists?of=records&"]
)
def test_a_library_there_is_none_of_has_no_figures_and_not_the_figure_nought(client, path):
    answer = client.get(f"{path}library=nosuch")
    assert answer.status_code == 422
    assert "библиотеки" in answer.get_data(as_text=True)
