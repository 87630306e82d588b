"""Addresses of the reports' pages: typed wrongly, in English, with a stranger's fields."""

from __future__ import annotations

import pytest
from lxml import html

from catalog_sync.model import Library
from catalog_sync.store import registry as registered
from tests.reports.conftest import log_in, token


@pytest.mark.parametrize("address", ["/reports/rows?measure=all", "/reports/oo2?period=soon", "/reports/oo2?library=x"])
def test_a_wrong_address_is_explained(client, address):
    response = client.get(address)
    assert response.status_code == 422
    assert "ожидалось" in response.get_data(as_text=True) or "такой нет" in response.get_data(as_text=True)


def test_a_file_of_a_library_whose_code_is_russian_can_be_named_in_a_header(client, engine):
    with engine.begin() as connection:
        registered.save_libraries(connection, [Library("школа-1", "Школа № 1", "museum")])
    answer = client.get("/reports/oo2.csv?library=школа-1&period=2026")
    assert answer.headers["Content-Disposition"].isascii()


@pytest.mark.parametrize("name", ["endpoint", "_scheme", "_external", "_anchor", "name"])
def test_an_address_with_an_empty_field_and_a_stranger_s_one_leads_where_it_led(client, name):
    answer = client.get(f"/reports/oo2?{name}=x&library=")
    assert (answer.status_code, answer.location) == (302, f"/reports/oo2?{name}=x")
    page = client.get(answer.location)
    assert page.status_code == 200
    assert f'href="/reports/oo2?{name}=x&amp;lang=en"' in page.get_data(as_text=True)
    assert client.get("/reports/oo2?lang=en&library=").location == "/reports/oo2?lang=en"


@pytest.mark.parametrize("page", ["replenishment", "ksu", "snapshots/1"])
def test_an_english_report_stays_english_when_its_form_is_sent(client, app, page):
    tree = html.fromstring(log_in(app, "boss").get(f"/reports/{page}?lang=en").text)
    forms = [form for form in tree.forms if form.method == "GET"]
    assert forms or page.startswith("snapshots")
    assert [form.fields.get("lang") for form in forms] == ["en"] * len(forms)


def test_rows_behind_an_english_figure_open_english_cards(client):
    cards = html.fromstring(client.get("/reports/rows?lang=en").text).xpath("//td/../th/a/@href")
    assert cards
    assert all(card.endswith("?lang=en") for card in cards)


def test_what_is_no_value_of_a_list_is_refused_in_words(app):
    client = log_in(app, "boss")
    address = "/reports/desk/classification?source=school-02&local_id=e004"
    data = {"csrf_token": token(client.get(address).text), "category": "сказки", "why": "-"}
    answer = client.post(address, data=data)
    assert answer.status_code == 200
    assert "Категория: ожидалось значение из списка, пришло" in answer.text


@pytest.mark.parametrize("path", ["rows?", "rows.csv?", "rows?of=records&", "rows.csv?of=records&", "replenishment?"])
def test_a_library_there_is_none_of_has_no_figures_and_not_the_figure_nought(client, path):
    answer = client.get(f"/reports/{path}library=nosuch")
    assert answer.status_code == 422
    assert "nosuch" in answer.text
