"""Uses of the catalogue, links that work, old editions: what the monitoring tells beside the ledger."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from catalog_sync.model import BibRecord, Dialect, RecordKey, UnionRecord
from catalog_sync.reports import exchange, registry
from catalog_sync.reports.model import Text
from catalog_sync.settings import Settings
from catalog_sync.store import eresources, hand, licences, unions, usage
from catalog_sync.store.eresources import EResource
from tests.api.test_api import OneBook
from tests.ledger.district import District, holds, item, klass, new_engine
from tests.reports.sample import TODAY, build
from web.app import create_app
from web.usage import EXTENSION

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC)
BROWSER = {"User-Agent": "Mozilla/5.0"}


@pytest.fixture
def connection():
    with new_engine().begin() as connection:
        yield connection


def facts(connection) -> dict[str, object]:
    return dict(registry.make_in(connection, "quarterly", asked_period="2026Q4", today=TODAY).facts)


def test_a_question_counts_once_and_neither_its_further_pages_nor_robots_do(tmp_path):
    engine = build(schools=1, records=6)
    app = create_app(Settings(home=tmp_path), OneBook(), engine, now=lambda: NOW, SECRET_KEY="tests")
    client = app.test_client()
    for address in ("/search?q=алгебра", "/search?q=алгебра&page=2", "/search?q=физика", "/api/v1/records?q=химия",
                    "/record/c-1", "/record/нет", "/reports/"):  # fmt: skip
        client.get(address, headers=BROWSER)
    client.get("/search?q=алгебра", headers={"User-Agent": "Mozilla/5.0 (compatible; YandexBot/3.0)"})
    app.extensions[EXTENSION].flush()
    client.get("/search?q=химия", headers=BROWSER)
    app.extensions[EXTENSION].flush()
    with engine.connect() as connection:
        assert usage.counted(connection, TODAY, TODAY) == {"search": 3, "api": 1, "record": 1}
        found = facts(connection)
    assert found["Запросов к каталогу"] == 4
    assert found["Открыто карточек изданий"] == 1


def test_a_period_in_which_nobody_counted_is_no_zero(connection):
    District(connection.engine).add_library(connection, "a")
    assert facts(connection)["Запросов к каталогу"] == "нет данных"
    usage.add(connection, {(date(2026, 10, 2), "search"): 5})
    usage.add(connection, {(date(2026, 10, 2), "search"): 2, (date(2026, 9, 30), "search"): 9})
    assert facts(connection)["Запросов к каталогу"] == 7


def test_counts_that_could_not_be_written_are_not_lost(tmp_path):
    engine = build(schools=1, records=3)
    app = create_app(Settings(home=tmp_path), OneBook(), engine, now=lambda: NOW, SECRET_KEY="tests")
    app.test_client().get("/search?q=алгебра", headers=BROWSER)
    counters = app.extensions[EXTENSION]
    good, counters._engine = counters._engine, build(schools=0).execution_options()
    with counters._engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE usage")
    counters.flush()
    counters._engine = good
    counters.flush()
    with engine.connect() as connection:
        assert usage.counted(connection, TODAY, TODAY) == {"search": 1}


def test_an_open_resource_counts_as_working_when_its_address_answered_last_night(connection):
    District(connection.engine).add_library(connection, "a")
    for code, basis, checked, fault in (("works", "open_licence", NOW, ""), ("broken", "external", NOW, "ответ 404"),
                                        ("new", "public_domain", None, ""), ("paid", "contract", NOW, "")):  # fmt: skip
        eresources.save(connection, EResource(code, code, "site", "https://x.example/", basis, checked=checked,
                                              check_fault=fault))  # fmt: skip
    report = registry.make_in(connection, "quarterly", asked_period="2026Q4", today=TODAY)
    row = next(row for row in report.tables[0].rows if row.cells[0].value == "Открытых ЭОР реестра с рабочей ссылкой")
    assert row.cells[2].value == 1
    assert row.cells[4].value == "из 3 открытых; проверено 10.10.2026; на день составления"


def test_an_edition_is_old_when_its_year_is_more_than_ten_before_and_one_without_a_year_is_left_out(connection):
    district = District(connection.engine)
    district.add_library(connection, "a")
    books = {"old": (6, "2015"), "edge": (3, "2016"), "new": (1, "2024"), "dateless": (90, "")}
    exports = {name: (holds(item(copies=n, came=date(2025, 3, 1))), klass("fiction")) for name, (n, _) in books.items()}
    district.publish(connection, "a", date(2026, 10, 1), exports, {name: f"c-{name}" for name in books})
    for name, (_, year) in books.items():
        bib = BibRecord(RecordKey("a", name), Dialect.MARCSQL, title=name, year_text=year)
        unions.save(connection, [UnionRecord(f"c-{name}", bib, (RecordKey("a", name),), {}, None)])
    report = registry.make_in(connection, "libraries", asked_period="2026", today=TODAY)
    table = report.tables[0]
    row = dict(zip((column.title for column in table.columns), table.rows[0].cells, strict=True))
    assert row["старше 10 лет"].value == 6
    assert row["Доля изданий старше 10 лет"].value == pytest.approx(0.6)


def test_an_act_of_any_age_is_found_by_the_number_of_its_line():
    engine = build(schools=1, records=3)
    with engine.begin() as connection:
        key = RecordKey("school-01", "e001")
        numbers = [
            hand.enter_act(connection, "school-01", key, copies=1, day=date(2026, 10, 1), document=f"акт {n}",
                           today=TODAY, who="boss")
            for n in range(3)
        ]  # fmt: skip
        assert [one.number for one in hand.entered_acts(connection, limit=2)] == numbers[:0:-1]
        assert hand.entered_act(connection, numbers[0]).document == "акт 0"
        assert hand.entered_act(connection, 1) is None  # a line of an export
        hand.take_back(connection, numbers[0], why="не та книга", today=TODAY, who="boss")
        assert hand.entered_act(connection, numbers[0]).taken_back


def test_an_act_of_transfer_has_the_price_the_records_name_and_leaves_a_doubtful_one_blank(connection):
    assert exchange._price({35_000}) == 350.0
    assert exchange._price(set()) is None
    assert exchange._price({35_000, 36_050}) is None
    engine = build(schools=8, records=36)
    report = registry.make(engine, "exchange", period="2026", today=TODAY)
    act = next(table for table in report.tables if "→" in table.title)
    copies, price, cost = act.rows[0].cells[-3:]
    assert (price.value, cost.value) == (350.0, 350.0 * copies.value)


def test_an_address_inside_the_school_is_known_in_both_ways_it_is_told():
    assert all(eresources.within(address, ["10.1.0.0/16"]) for address in ("10.1.2.3", "::ffff:10.1.2.3"))
    assert not any(eresources.within(address, ["10.1.0.0/16"]) for address in ("10.2.2.3", "::1", "дома"))


def test_what_a_partner_loses_is_no_loss_of_the_schools(connection):
    district = District(connection.engine)
    for code, kind in (("a", "school"), ("mlb", "partner")):
        district.add_library(connection, code, kind)
        contract = licences.Licence(code, f"ЭБС {code}", date(2026, 1, 1), date(2026, 12, 31), titles=5, copies=5)
        licences.add(connection, contract, today=TODAY, who="boss")
    district.publish(connection, "a", TODAY, {"r": (holds(item("1")), klass())})
    found = [registry.make_in(connection, "forecast", library=code, asked_period="2026", today=TODAY).facts["contracts"]
             for code in ("", "a", "mlb")]  # fmt: skip
    assert found == [1, 1, 1]
    memo = registry.make_in(connection, "memo", asked_period="2026", today=TODAY)
    told = " ".join(" ".join((one.text, *one.items)) for one in memo.sections if isinstance(one, Text))
    assert "ЭБС a" in told
    assert "ЭБС mlb" not in told
