"""Sources from the staff pages: schedules, new sources, and a trial left for the jobs."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from catalog_sync import upkeep
from catalog_sync.answering import tried
from catalog_sync.model import Dialect
from catalog_sync.settings import SAMPLE_CONFIG
from catalog_sync.store import audit, jobs, registry
from catalog_sync.store.database import reading
from catalog_sync.system import System
from tests.web.conftest import application, build, log_in, token

NEW = "/staff/sources/new"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> System:
    return build(tmp_path_factory.mktemp("own"))


@pytest.fixture
def administrator(own: System) -> FlaskClient:
    client = application(own).test_client()
    log_in(client, "admin")
    return client


def source_form(client: FlaskClient, folder: Path, **changes: str) -> dict[str, str]:
    return {"csrf_token": token(client.get(NEW)), "code": "new-1", "name": "Новая", "library": "school-01",
            "harvester": "files", "options": f"folder = {folder}", "dialect": "rusmarc", **changes}  # fmt: skip


def test_a_new_source_is_made_scheduled_and_tried(administrator: FlaskClient, own: System, tmp_path: Path) -> None:
    export = next((SAMPLE_CONFIG.parent / "exports").glob("school-02.*"))
    (tmp_path / export.name).write_bytes(export.read_bytes())
    answer = administrator.post(NEW, data=source_form(administrator, tmp_path), follow_redirects=True)
    assert "Теперь проверьте источник" in answer.text
    form = {"csrf_token": token(administrator.get("/staff/sources/new-1/schedule")), "schedule": "30 2 * * 1-5",
            "active": "y"}  # fmt: skip
    answer = administrator.post("/staff/sources/new-1/schedule", data=form, follow_redirects=True)
    assert "Следующий сбор" in answer.text
    administrator.post("/staff/sources/new-1/test", data=form)
    with reading(own.engine) as connection:
        source = registry.get_source(connection, "new-1")
        asked = jobs.latest(connection)[0]
        lines = [entry.what for entry in audit.latest(connection)[:3]]
    assert (source.schedule, source.dialect, source.settings) == (
        "30 2 * * 1-5",
        Dialect.RUSMARC,
        {"folder": str(tmp_path)},
    )
    assert (asked.what, asked.argument) == ("test", "new-1")
    assert all("new-1" in line for line in lines)
    said = tried(own, "new-1")
    assert "просмотрено записей" in said
    assert export.name in said


def test_a_source_entered_under_another_library_is_read_anew(administrator: FlaskClient, own: System) -> None:
    page = "/staff/sources/tales-1/edit"
    with reading(own.engine) as connection:
        source = registry.get_source(connection, "tales-1")
    form = {"csrf_token": token(administrator.get(page)), "code": source.code, "name": source.name, "base": source.base,
            "dialect": source.dialect.value, "encoding": source.encoding, "harvester": "manual", "options": "",
            "library": "school-02"}  # fmt: skip
    answer = administrator.post(page, data=form, follow_redirects=True)
    assert "прочитаны по-новому" in answer.text
    with reading(own.engine) as connection:
        asked = jobs.latest(connection)[0]
    assert (asked.what, asked.argument) == ("reread", source.code)


def test_a_source_is_closed_only_after_a_page_that_says_what_goes(administrator: FlaskClient, own: System) -> None:
    [link] = html.fromstring(administrator.get("/staff/sources/muzei/edit").text).xpath("//a[@class='button danger']")
    asks = administrator.get(link.get("href"))
    gone, copies = (item.findtext("b") for item in html.fromstring(asks.text).xpath("//ul[@class='numbers']/li"))
    assert (gone, int(copies) > 0) == ("15", True)
    [form] = [f for f in html.fromstring(asks.text).forms if f.action.endswith("/close")]
    assert administrator.post(form.action, data={"csrf_token": token(asks)}).status_code == 303
    with reading(own.engine) as connection:
        request = jobs.latest(connection)[0]
    assert (request.what, request.argument, request.asked_by) == ("close", "muzei", "admin")
    run = upkeep.close_source(own, request.argument, who=request.asked_by)
    assert run.counts.gone == 15
    assert "Записей этого источника в каталоге нет" in administrator.get(link.get("href")).text


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"options": "foldr = /x"}, "неизвестная настройка"),
        ({"harvester": "oai_pmh", "options": ""}, "не хватает настройки"),
        ({"options": "nonsense"}, "Непонятная строка"),
        ({"encoding": "cp9999"}, "Нет такой кодировки"),
        ({"code": "../../etc"}, "Только строчные латинские"),
        ({"code": "odd"}, "уже есть"),
        ({"harvester": "sftp", "options": "host = x\npath = /\nlogin = a\npassword = secret"}, "password"),
    ],
)
def test_what_a_source_cannot_be_is_said_beside_the_form(
    administrator: FlaskClient, tmp_path: Path, changes: dict[str, str], complaint: str
) -> None:
    answer = administrator.post(NEW, data=source_form(administrator, tmp_path, **changes))
    assert answer.status_code == 200
    assert complaint in answer.text


@pytest.mark.parametrize("schedule", ["каждую ночь", "99 2 * * *", "* * *"])
def test_a_schedule_that_means_nothing_is_refused(administrator: FlaskClient, schedule: str) -> None:
    page = "/staff/sources/school-02/edit"
    form = {"csrf_token": token(administrator.get(page)), "schedule": schedule, "active": "y"}
    source = {**form, "code": "school-02", "name": "x", "library": "school-02", "harvester": "oai_pmh",
              "dialect": "rusmarc", "options": "url = http://x.example/oai"}  # fmt: skip
    saved = administrator.post(page, data=source)
    assert saved.status_code == 303, saved.text
    answer = administrator.post("/staff/sources/school-02/schedule", data=form)
    assert "пять полей cron" in answer.text
    assert 'role="alert"' in answer.text


def test_only_people_with_the_rights_reach_the_forms(app: Flask, librarian: FlaskClient) -> None:
    assert librarian.get(NEW).status_code == 403
    assert librarian.get("/staff/sources/school-02/schedule").status_code == 403
    assert librarian.post("/staff/sources/school-02/test").status_code == 400
    client = app.test_client()
    log_in(client, "metod")
    assert client.get("/staff/sources/school-02/edit").status_code == 403
    assert client.get("/staff/sources/school-02/schedule").status_code == 200


def test_the_login_page_of_a_fresh_installation_says_how_to_make_the_first_account(tmp_path: Path) -> None:
    from catalog_sync.settings import Settings
    from catalog_sync.system import open_system

    fresh = open_system(Settings(home=tmp_path))
    from catalog_sync import indexing

    indexing.drain(fresh)
    assert "catalog-sync user add" in application(fresh).test_client().get("/staff/login").text


def test_the_login_page_says_nothing_of_the_kind_later(client: FlaskClient) -> None:
    assert "user add" not in client.get("/staff/login").text
