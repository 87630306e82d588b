"""Editions that were merged and records under other numbers: old links go on, and lists in a browser or sent."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from catalog_sync.model import RecordKey
from catalog_sync.store import renamed
from tests.web.conftest import first_hit

OLD = "cmergedaway1"


@pytest.fixture
def moved(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> str:
    """The edition that OLD was merged into."""
    edition = first_hit(client, "лесные сказки")
    catalogue = app.extensions["catalog-sync"].catalogue
    monkeypatch.setattr(catalogue, "redirect", {OLD: edition}.get)
    return edition


@pytest.mark.parametrize(
    "rest", ["", ".mrc?dialect=marc21&encoding=cp1251", ".json", "?lang=en", "/card?lang=en&my=school-01", ".csv"]
)
def test_an_old_address_leads_to_the_same_of_the_edition_it_was_merged_into(
    client: FlaskClient, moved: str, rest: str
) -> None:
    answer = client.get(f"/record/{OLD}{rest}")
    assert (answer.status_code, answer.location) == (301, f"/record/{moved}{rest}")


def test_a_list_keeps_an_edition_that_was_merged_and_lets_it_be_taken_away(app: Flask, moved: str) -> None:
    client = app.test_client()
    other = first_hit(client, "алгебра")
    client.set_cookie("basket", f"{OLD}.{other}")
    assert "Лесные сказки" in client.get("/basket").text
    assert f"/record/{moved}" in client.get("/basket.csv").text
    client.post("/basket", data={"id": moved, "action": "remove"})
    assert client.get_cookie("basket").value == other
    assert "Лесные сказки" in client.get(f"/basket?id={OLD}&id={other}").text, "a list that was sent"


def test_of_a_list_that_was_sent_a_reader_takes_what_she_likes(app: Flask) -> None:
    client = app.test_client()
    ids = [first_hit(client, text) for text in ("лесные сказки", "алгебра")]
    client.post("/basket", data={"id": ids[1]})
    address = f"/basket?id={ids[0]}&id={ids[1]}"
    tree = html.fromstring(client.get(address).text)
    forms = {form.fields["id"]: form for form in tree.forms if form.fields.get("id")}
    assert forms[ids[0]].fields.get("action", "add") == "add"
    assert forms[ids[1]].fields["action"] == "remove"
    client.post("/basket", data=dict(forms[ids[0]].form_values()))
    assert client.get("/basket").text.count('class="hit"') == 2


def test_the_permanent_link_of_a_source_record_outlives_its_number(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = {RecordKey("tales-1", "before/it"): RecordKey("tales-1", "t1")}
    monkeypatch.setattr(renamed, "now", lambda _connection, key: named.get(key))
    now = client.get("/source-record/tales-1/t1").location
    assert client.get("/source-record/tales-1/before/it").location == now
    assert client.get("/source-record/tales-1/never").status_code == 404


def test_an_address_of_thousands_of_slashes_is_no_thousands_of_questions(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[RecordKey] = []
    monkeypatch.setattr(renamed, "now", lambda _connection, key: asked.append(key))
    assert client.get("/source-record/" + "a/" * 5000 + "b").status_code == 404
    assert 0 < len(asked) <= 64
