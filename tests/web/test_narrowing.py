"""What narrows an answer: facets promise what following them finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree, html

from catalog_sync.query import Everything, FacetValue
from catalog_sync.store.catalogue import open_catalogue
from catalog_sync.system import System
from web import feeds
from web.labels import FACETS
from web.opac import search, state
from web.opac.places import place_counts


def promises(page: str, *, of_facets_in_use: bool = False) -> Iterator[tuple[str, int]]:
    """(address, count) of every value that is not chosen yet, of facets in use or of those not in use."""
    for facet in html.fromstring(page).xpath("//details[@class='facet']"):
        if bool(facet.xpath(".//a[@aria-current]")) is of_facets_in_use:
            for link in facet.xpath(".//li/a[not(@aria-current)][span[@class='count']]"):
                yield link.get("href"), number(link.xpath("string(span[@class='count'])"))


def number(text: str) -> int:
    """«10 437» with its no-break space."""
    return int("".join(re.findall(r"\d", text)))


def total(client: FlaskClient, address: str) -> int:
    return int(client.get(address.replace("/search?", "/search.json?", 1)).json["total"])


@pytest.mark.parametrize(
    "asked",
    [
        "", "q=5 класс", "q=электронный учебник", "q=математика", "q=сказки", "q=учебник&kind=учебник",
        "bbk=8", "library=school-02&language=русский", "q=учебник&from=2015&to=2019",
    ],
)  # fmt: skip
def test_a_facet_finds_as_many_as_it_promises(client: FlaskClient, asked: str) -> None:
    shown = list(promises(client.get(f"/search?{asked}").text))
    assert len(shown) > 5
    assert dict(shown) == {address: total(client, address) for address, _ in shown}


def test_the_switch_of_the_federal_list_promises_what_is_left_of_the_answer(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "ACCESS_TEXTBOOK_LIST", "print")  # the small district has no federal list
    monkeypatch.setattr(state, "ACCESS_TEXTBOOK_LIST", "print")

    def promised(asked: str) -> list[int]:
        switches = html.fromstring(client.get(f"/search?{asked}").text).xpath("//a[contains(@class,'switch')]/span")
        return [number(switch.text) for switch in switches]

    assert promised("q=учебник") == [total(client, "/search?q=учебник&fpu=1")]
    others = [value["value"] for value in client.get("/search.json").json["facets"]["access"]]
    assert others
    assert promised(f"access={others[0]}") == []  # it would find nothing


def test_the_facets_of_the_childs_view_promise_what_it_finds(client: FlaskClient) -> None:
    client.set_cookie("child", "on")
    shown = list(promises(client.get("/search?q=учебник").text))
    assert shown
    assert all(total(client, address) == count for address, count in shown)


def test_under_more_are_all_values_and_all_libraries(
    client: FlaskClient, district: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = open_catalogue(district.settings, district.engine)
    counted = catalogue.search(Everything(), facets=tuple(FACETS), facet_limit=1000)

    def shown() -> dict[str, int]:
        facets = client.get("/search.json").json["facets"]
        return {name: len(values) for name, values in facets.items() if name != "place"}

    there = {name: len(values) for name, values in counted.facets.items() if values}
    assert there["school_subject"] > 12
    assert shown() == {name: min(number, search.FACET_LIMIT) for name, number in there.items()}
    monkeypatch.setattr(search, "FACET_LIMIT", 2)
    assert shown() == {name: number if name == "library" else min(number, 2) for name, number in there.items()}


def test_only_settlements_that_hold_something_are_offered(client: FlaskClient, district: System) -> None:
    assert len({library.settlement for library in district.settings.libraries}) > 5

    def offered(asked: str) -> dict[str, int]:
        return {value["value"]: value["count"] for value in client.get(f"/search.json?{asked}").json["facets"]["place"]}

    everywhere = offered("")
    assert everywhere == {place: total(client, f"/search?place={place}") for place in everywhere}
    assert list(everywhere) == ["Заречье"]  # where the three libraries of the small district are
    assert offered("place=д. Каменка&q=учебник") == {"д. Каменка": None, "Заречье": total(client, "/search?q=учебник")}
    assert "place" not in client.get("/search.json?q=нетакогослова").json["facets"]


def test_an_edition_in_two_libraries_of_a_settlement_is_counted_once() -> None:
    places = {"Заречье": ("a", "b"), "с. Луговое": ("c",), "д. Каменка": ("d",), "": ("e",)}
    asked: list[str] = []

    def count(name: str) -> int:
        asked.append(name)
        return 7

    found = place_counts(places, {"a": 5, "b": 4, "c": 8, "e": 3}, count)
    assert [(value.value, value.count) for value in found] == [("с. Луговое", 8), ("Заречье", 7)]
    assert asked == ["Заречье"]
    assert place_counts(places, {"b": 4}, count) == [FacetValue("Заречье", 4)]
    assert asked == ["Заречье"]


def test_a_second_value_adds_what_it_promises_and_nothing_else(client: FlaskClient) -> None:
    asked = "/search?bbk=84&grade=5&kind=учебник"
    before, shown = total(client, asked), list(promises(client.get(asked).text, of_facets_in_use=True))
    assert shown
    for address, count in shown:
        assert count <= total(client, address) <= before + count, parse_qs(urlsplit(address).query)


@pytest.mark.parametrize("more", ["7 класс", "год:2015-2025", "-задачник", '"рабочая тетрадь"', "учеб*"])
def test_what_is_sought_in_found_is_understood_as_in_the_box(client: FlaskClient, more: str) -> None:
    within = client.get("/search.json", query_string={"q": "алгебра", "also": more}).json["total"]
    assert within == client.get("/search.json", query_string={"q": f"алгебра {more}"}).json["total"] > 0


def test_a_feed_is_called_by_the_words_of_what_it_was_asked(client: FlaskClient) -> None:
    words = "алгебра, 7 класс, Школа № 2, Печатное издание, 22 Физико-математические науки, 2010–2020"
    asked = "q=алгебра&library=school-02&grade=7&carrier=print&from=2010&to=2020&bbk=22"
    for ending, title in (("atom", "{http://www.w3.org/2005/Atom}title"), ("rss", "channel/title")):
        said = str(etree.fromstring(client.get(f"/feeds/search.{ending}?{asked}").data).findtext(title))
        assert said.endswith(f": {words}")


def test_the_feed_of_what_is_in_my_school_knows_the_school_without_cookies(app: Flask) -> None:
    """A program that reads feeds keeps no cookies: it was given the whole district."""
    own = app.test_client()
    own.set_cookie("library", "school-02")
    page = html.fromstring(own.get("/search?q=алгебра&mine=1").text)
    [link] = page.xpath("//p[@class='save']//a[contains(@href,'atom')]")
    found = etree.fromstring(app.test_client().get(link.get("href")).data)
    assert len(found.findall("{*}entry")) == own.get("/search.json?q=алгебра&mine=1").json["total"]
    assert len(found.findall("{*}entry")) < own.get("/search.json?q=алгебра").json["total"]


def test_the_next_page_of_an_opds_catalogue_is_of_the_same_question(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "ENTRIES", 1)
    first = client.get("/feeds/opds.json?q=учебник&to=2030").json
    [following] = [link["href"] for link in first["links"] if link["rel"] == "next"]
    second = client.get(following[following.index("/feeds") :]).json
    assert second["metadata"]["numberOfItems"] == first["metadata"]["numberOfItems"]
    assert first["metadata"]["numberOfItems"] < client.get("/feeds/opds.json").json["metadata"]["numberOfItems"]
    assert not client.get("/feeds/opds.json?q=учебник&to=1900").json["metadata"]["numberOfItems"]


def test_a_schools_own_link_chooses_the_school_for_the_pages_that_follow(app: Flask) -> None:
    client = app.test_client()
    page = html.fromstring(client.get("/search?q=сказки&my=school-02").text)
    [mine, *_] = page.xpath("//a[contains(@class, 'switch')]/@href")
    found = client.get(mine.replace("/search?", "/search.json?")).json
    assert found["total"] == client.get("/search.json?q=сказки&library=school-02").json["total"]
    assert client.get(mine.replace("/search?", "/search.json?").replace("mine=1", "")).json["total"] > found["total"]
    client.get("/?my=school-01")
    assert client.get_cookie("library").value == "school-02", "what a reader has chosen stays"
    stranger = app.test_client()
    stranger.get("/?my=nowhere")
    assert stranger.get_cookie("library") is None


def test_a_division_of_bbk_is_without_its_neighbours_an_unlisted_index_a_beginning(client: FlaskClient) -> None:
    letters, art = total(client, "/search?bbk=8"), total(client, "/search?bbk=85")
    assert art
    assert total(client, "/search?bbk=8&bbk=85") == letters + art
    assert total(client, "/search?bbk=84(") > 0
