"""A language asked in the address stays while a reader goes on, and gives way to one chosen in the settings."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from tests.web.conftest import first_hit


@pytest.mark.parametrize(
    "page", ["/", "/search?q=алгебра", "/advanced", "/new", "/browse/authors", "/e-resources/", "/help"]
)
def test_every_form_of_an_english_page_asks_for_an_english_one(client: FlaskClient, page: str) -> None:
    tree = html.fromstring(client.get(f"{page}{'&' if '?' in page else '?'}lang=en").text)
    forms = [form for form in tree.forms if form.method == "GET"]
    assert forms or page == "/"
    assert [form.fields.get("lang") for form in forms] == ["en"] * len(forms)
    assert all(input_.get("data-suggest") == "/suggest?lang=en" for input_ in tree.xpath("//input[@data-suggest]"))
    assert all(shelf.get("data-history") == "/search?lang=en" for shelf in tree.xpath("//*[@data-history]"))


def test_a_form_of_a_page_in_the_readers_own_language_says_none(client: FlaskClient) -> None:
    assert 'name="lang"' not in client.get("/search?q=алгебра").text


def test_an_english_card_can_be_saved_in_every_format(client: FlaskClient) -> None:
    tree = html.fromstring(client.get(f"/record/{first_hit(client, 'алгебра')}?lang=en").text)
    files = [*tree.xpath("//ul[@class='downloads']//a"), *tree.xpath("//link[@rel='alternate' and @type]")]
    assert len(files) > 10
    for link in files:
        assert "text/html" not in client.get(link.get("href")).content_type, link.get("href")


def test_a_language_chosen_in_the_settings_is_that_of_the_page_one_comes_back_to(app: Flask) -> None:
    client = app.test_client()
    target = "/search?q=algebra&lang=en&page=2"
    answer = client.post("/settings", data={"lang": "ru", "next": target})
    assert answer.location == "/search?q=algebra&page=2"
    kept = client.post("/settings", data={"theme": "dark", "next": target})
    assert kept.location == target, "no language was chosen"


@pytest.mark.parametrize("name", ["endpoint", "_scheme", "_anchor", "_method", "_external", "self", "values"])
def test_a_page_opens_whatever_parameters_its_address_has(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/search?q=алгебра&{name}=x&{name}=y")
    assert answer.status_code == 200
    [other] = html.fromstring(answer.text).xpath("//nav[@class='tools']/a[@hreflang='en']/@href")
    assert other.startswith("/search?q=")
    assert other.endswith(f"&{name}=x&{name}=y&lang=en")
