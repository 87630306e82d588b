"""While a large export is being written, whoever sends a form is asked to wait a minute; nobody else waits."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from catalog_sync.store import database
from catalog_sync.store.database import reading, writing
from catalog_sync.store.staff import error_reports
from catalog_sync.system import System
from tests.web.conftest import PASSWORD, first_hit, token
from web.opac import pages
from web.turns import AT_ONCE, FairWorker

WORDS = "год <2015>, а на обложке 2016"


@pytest.fixture
def busy(district: System, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """The catalogue is being written; calling the fixture ends that, and returns when it has ended."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0)
    pages._recent.clear()  # what other tests sent from the same address
    begun, over = threading.Event(), threading.Event()

    def write() -> None:
        with writing(district.engine):
            begun.set()
            over.wait(30)

    def end() -> None:
        over.set()
        thread.join()

    thread = threading.Thread(target=write)
    thread.start()
    assert begun.wait(10)
    yield end
    end()


def fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {unescape(name): unescape(value) for name, value in found}


def test_what_was_sent_meanwhile_is_sent_again_by_a_button(
    district: System, client: FlaskClient, busy: Callable[[], None]
) -> None:
    path = f"/record/{first_hit(client, 'сказки')}/report"
    answer = client.post(path, data={"text": WORDS, "website": ""})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Подождите немного" in answer.text
    assert "недоступен" not in answer.text
    assert f'action="{path}"' in answer.text
    for _ in range(pages.REPORTS_AN_HOUR):  # only what was taken counts towards the limit
        assert client.post(path, data=fields(answer.text)).status_code == 503
    busy()
    assert client.post(path, data=fields(answer.text)).status_code == 303
    with reading(district.engine) as connection:
        assert WORDS in [one.text for one in error_reports(connection)]


def test_a_librarians_word_is_asked_for_again_with_its_token(
    librarian: FlaskClient, district: System, busy: Callable[[], None]
) -> None:
    form = librarian.get("/staff/login", follow_redirects=True)
    sent = {"word": "different", "left": "school-02:1", "right": "muzei:1", "csrf_token": token(form)}
    answer = librarian.post("/staff/court/decide", data=sent)
    assert answer.status_code == 503
    assert fields(answer.text) == sent


def test_who_knows_the_password_comes_in(client: FlaskClient, busy: Callable[[], None]) -> None:
    form = client.get("/staff/login")
    sent = {"csrf_token": token(form), "login": "bibl", "password": PASSWORD}
    assert client.post("/staff/login", data=sent).status_code == 303


def test_a_password_is_never_shown(client: FlaskClient, busy: Callable[[], None]) -> None:
    form = client.get("/staff/login")
    sent = {"csrf_token": token(form), "login": "bibl", "password": "not-that-one"}
    answer = client.post("/staff/login", data=sent)
    assert answer.status_code == 503
    assert "Подождите немного" in answer.text
    assert "not-that-one" not in answer.text


def test_forms_that_wait_stop_no_page() -> None:
    over, waiting = threading.Event(), threading.Semaphore(0)

    def application(environ: dict[str, Any], _start: Any) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            waiting.release()
            over.wait(10)
        return [b"page"]

    worker = FairWorker(application, None)
    forms = [threading.Thread(target=worker, args=({"REQUEST_METHOD": "POST"}, None)) for _ in range(2 * AT_ONCE)]
    for form in forms:
        form.start()
    for _ in forms:
        assert waiting.acquire(timeout=5)
    pages: list[object] = []
    page = threading.Thread(target=lambda: pages.append(worker({"REQUEST_METHOD": "GET"}, lambda *_: None)))
    page.start()
    page.join(5)
    assert pages == [[b"page"]]
    over.set()
    for form in forms:
        form.join()
