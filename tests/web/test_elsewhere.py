"""«Искать в других каталогах»: asked behind a button, told per catalogue, taken as a file, counted."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from flask.testing import FlaskClient

from catalog_sync.marc.decoding import decode
from catalog_sync.model import ExternalTarget
from catalog_sync.store import staff
from catalog_sync.store.database import reading
from catalog_sync.system import System
from tests.copying.conftest import sru_url  # noqa: F401 (a fixture)
from tests.web.conftest import application, build, log_in, token

PAGE = "/staff/copy/elsewhere/"


def target(code: str, name: str, url: str) -> ExternalTarget:
    return ExternalTarget(code, name, settings={"url": url})


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> System:
    """What is borrowed here is counted here, not in the district others look at."""
    return build(tmp_path_factory.mktemp("borrowing"))


@pytest.fixture
def asking(own: System, sru_url: str) -> FlaskClient:  # noqa: F811
    dead = target("dead", "Молчащий", "http://127.0.0.1:9/")
    settings = replace(own.settings, targets=(target("rgb", "РГБ", sru_url), dead))
    client = application(own, settings).test_client()
    log_in(client, "bibl")
    return client


def words(client: FlaskClient, **typed: str) -> dict[str, str]:
    return {"csrf_token": token(client.get("/staff/copy/")), "dialect": "marcsql", "encoding": "cp1251", **typed}


def test_a_record_is_found_elsewhere_shown_taken_and_counted(asking: FlaskClient, own: System) -> None:
    assert "Искать в других каталогах" in asking.get("/staff/copy/?isbn=9785000000000").text
    page = asking.post(PAGE, data=words(asking, title="алгебра", author="Макарычев")).text
    assert "РГБ: найдено" in page
    assert re.search(r'class="field-error">[^<]*Молчащий', page)
    record = re.search(r'name="record" value="([^"]+)"', page)
    assert record
    with reading(own.engine) as connection:
        before = staff.borrowed_by_library(connection).get("school-01", 0)
    answer = asking.post(PAGE + "take", data=words(asking, record=unescape(record[1])))
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    made = decode(answer.data, "cp1251")
    assert "Алгебра" in " ".join(sub.value for field in made.fields for sub in field.subfields)
    with reading(own.engine) as connection:
        assert staff.borrowed_by_library(connection)["school-01"] == before + 1


def test_a_record_we_did_not_offer_is_not_taken(asking: FlaskClient) -> None:
    assert asking.post(PAGE + "take", data=words(asking, record="forged.x.y")).status_code == 400


def test_an_empty_question_is_refused_and_guests_ask_nothing(asking: FlaskClient, client: FlaskClient) -> None:
    assert asking.post(PAGE, data=words(asking)).status_code == 409
    assert client.post(PAGE, data={"isbn": "9785000000000"}).status_code in (302, 400)


def test_without_catalogues_in_the_settings_there_is_no_button(librarian: FlaskClient) -> None:
    assert "Искать в других каталогах" not in librarian.get("/staff/copy/?isbn=9785000000000").text
