"""Decisions about runs: what a roll-back would undo is shown before it is asked of the jobs."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from lxml import html

from catalog_sync import court, pipeline
from catalog_sync.errors import SourceUnavailable
from catalog_sync.model import RunState
from catalog_sync.settings import SAMPLE_CONFIG
from catalog_sync.store import jobs, leases, runs
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System
from tests.exports import import_paths
from tests.web.conftest import build, token
from web.i18n import ngettext
from web.staff.board import PIECES


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> System:
    return build(tmp_path_factory.mktemp("runs"))


def numbers(page: str) -> dict[str, str]:
    found = html.fromstring(page).xpath("//ul[@class='numbers']/li")
    return {item.xpath("string(text())").strip(): item.findtext("b") for item in found}


def test_a_run_is_undone_only_after_a_page_that_says_what_goes(own: System, methodologist_here: FlaskClient) -> None:
    with reading(own.engine) as connection:
        run = runs.last_published(connection, "school-02")
    assert run is not None
    [link] = html.fromstring(methodologist_here.get(f"/staff/runs/{run.number}").text).xpath(
        "//a[@class='button danger']"
    )
    asks = methodologist_here.get(link.get("href"))
    assert "Школа № 2" in asks.text
    assert f"Отменить сеанс № {run.number}?" in asks.text
    new, added = run.counts.new, run.counts.copies_added
    assert numbers(asks.text)[ngettext("новая запись исчезнет", "новых записей исчезнет", new)] == str(new)
    copies = ngettext("прибывший экземпляр будет снят", "прибывших экземпляров будет снято", added)
    assert numbers(asks.text)[copies] == str(added)
    assert "его записей в каталоге не останется" in asks.text
    with reading(own.engine) as connection:
        assert jobs.latest(connection) == []
    [form] = [f for f in html.fromstring(asks.text).forms if f.action.endswith("/rollback")]
    methodologist_here.post(form.action, data={"csrf_token": token(asks)})
    with reading(own.engine) as connection:
        [order] = jobs.latest(connection)
    assert (order.what, order.asked_by) == ("rollback", "metod")
    pipeline.roll_back(own, int(order.argument), who=order.asked_by)
    with reading(own.engine) as connection:
        assert runs.get(connection, run.number).state is RunState.ROLLED_BACK


def told_of_nobody(page: str) -> bool:
    return "программа заданий не запущена" in html.fromstring(page).xpath("string(//main)")


def test_an_order_that_nobody_carries_out_says_what_to_start(own: System, methodologist_here: FlaskClient) -> None:
    assert not told_of_nobody(methodologist_here.get("/staff/sources").text), "nothing waits"
    form = {"csrf_token": token(methodologist_here.get("/staff/sources"))}
    board = methodologist_here.post("/staff/sources/tales-1/pause", data=form, follow_redirects=True).text
    assert told_of_nobody(board)
    assert "catalog-sync serve jobs" in board
    lead = {"name": jobs.LEAD, "holder": "elsewhere:1", "seconds": 60.0}
    with writing(own.engine) as connection:
        assert leases.acquire(connection, now=own.now(), **lead)
    assert not told_of_nobody(methodologist_here.get("/staff/sources").text), "a jobs process is there"
    with writing(own.engine) as connection:
        [order] = jobs.take(connection, own.now(), ["pause"])
        leases.release(connection, jobs.LEAD, "elsewhere:1")
    board = methodologist_here.get("/staff/sources").text
    assert told_of_nobody(board), "it died at work"
    assert html.fromstring(board).xpath("string(//h2[@id='orders']/following::tbody//td[last()])") == "ждёт"
    with writing(own.engine) as connection:
        jobs.finish(connection, order.number, "", own.now())
    assert not told_of_nobody(methodologist_here.get("/staff/sources").text), "all is done"


def test_a_decision_about_a_run_that_nobody_carries_out_says_so_too(
    own: System, methodologist_here: FlaskClient
) -> None:
    with reading(own.engine) as connection:
        run = runs.last_published(connection, "school-02")
    assert run is not None
    form = {"csrf_token": token(methodologist_here.get(f"/staff/runs/{run.number}/rollback"))}
    page = methodologist_here.post(f"/staff/runs/{run.number}/rollback", data=form, follow_redirects=True).text
    assert "будет отменён" in page
    assert told_of_nobody(page)


def test_only_the_last_published_run_of_a_source_is_offered_for_it(
    own: System, methodologist_here: FlaskClient
) -> None:
    with reading(own.engine) as connection:
        first = runs.last_published(connection, "school-02")
    assert first is not None
    files = sorted((SAMPLE_CONFIG.parent / "exports").glob("school-02.*"))
    second = import_paths(own, "school-02", files)
    assert (
        f"Последним станет сеанс № {first.number} от"
        in methodologist_here.get(f"/staff/runs/{second.number}/rollback").text
    )
    refused = methodologist_here.get(f"/staff/runs/{first.number}/rollback")
    assert refused.status_code == 409
    assert f"отменить можно только № {second.number}" in refused.text
    form = {"csrf_token": token(methodologist_here.get(f"/staff/runs/{second.number}/rollback"))}
    assert methodologist_here.post(f"/staff/runs/{first.number}/rollback", data=form).status_code == 409


def test_the_list_of_runs_names_the_bases_and_not_their_codes(own: System, methodologist_here: FlaskClient) -> None:
    page = html.fromstring(methodologist_here.get("/staff/runs").text)
    named = {cell.text_content() for cell in page.xpath("//tbody//th")}
    assert "Школа № 2" in named
    assert not {"school-02"} & named
    heading = html.fromstring(methodologist_here.get("/staff/runs?source=school-02").text).xpath("//h1")[0]
    assert heading.text_content() == "Сеансы сбора: Школа № 2"


def test_the_court_counts_as_russian_papers_do_and_sees_no_difference_in_how_a_part_is_typed(
    own: System, methodologist_here: FlaskClient
) -> None:
    page = html.fromstring(methodologist_here.get("/staff/court/").text)
    said = [line.text_content() for line in page.xpath("//main//ul/li")]
    points = [line.rpartition("(")[2] for line in said if "(" in line]
    assert any("," in one for one in points)
    assert not any("." in one or "-" in one for one in points)
    parts = [row for row in page.xpath("//tbody/tr") if row.findtext("th") == "Часть"]
    assert [(row[1].text, row[2].text, row[1].get("class")) for row in parts] == [("Ч. 2", "Ч. 2", None)]


def test_the_court_says_why_it_asks(own: System, methodologist_here: FlaskClient) -> None:
    told = html.fromstring(methodologist_here.get("/staff/court/").text).xpath("//main//p[@class='notice']")[0]
    assert any(told.text_content().startswith(sentence) for sentence in court.ASKED.values())
    in_english = html.fromstring(methodologist_here.get("/staff/court/?lang=en").text)
    assert "edition" in in_english.xpath("//main//p[@class='notice']")[0].text_content()


def test_of_a_file_that_could_not_be_read_at_all_a_page_fetches_no_more_than_it_shows(
    own: System, methodologist_here: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own.settings.home / "junk.mrc"
    path.write_bytes(b"".join(b"%05d no record at all\x1d" % n for n in range(PIECES + 50)))
    with pytest.raises(SourceUnavailable):
        import_paths(own, "school-02", [path])
    with reading(own.engine) as connection:
        [run] = runs.latest(connection, source="school-02", limit=1)
    asked: list[dict[str, int | None]] = []
    of_store = runs.set_aside
    monkeypatch.setattr(runs, "set_aside", lambda *words, **limits: asked.append(limits) or of_store(*words, **limits))
    page = methodologist_here.get(f"/staff/runs/{run.number}").text
    assert page.count("/set-aside/") == PIECES
    with reading(own.engine) as connection:
        [one] = runs.set_aside(connection, run.number, piece=PIECES + 30)
    assert methodologist_here.get(f"/staff/runs/{run.number}/set-aside/{PIECES + 30}").data == one.data
    assert one.data.startswith(b"%05d no" % (PIECES + 29))
    assert {"limit": PIECES} in asked, "the page asks for what it shows"
    assert {} not in asked, "nobody asks for all"
    assert methodologist_here.get(f"/staff/runs/{run.number}/set-aside/{PIECES + 51}").status_code == 404
