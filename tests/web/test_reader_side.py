"""What a reader meets: the federal list, access to electronic editions, libraries elsewhere, lists of hits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from msgspec import structs
from werkzeug.datastructures import MultiDict

from catalog_sync import indexing
from catalog_sync.marc.framing import pieces
from catalog_sync.marc.writing import to_marcxml
from catalog_sync.model import MarcField, MarcRecord
from catalog_sync.query import Access, LibraryHoldings, Or, Relation, Term
from catalog_sync.store import eresources, tabular
from catalog_sync.store.database import writing
from catalog_sync.store.federal_list import FederalList
from catalog_sync.store.provision import Wanted
from catalog_sync.system import System
from tests.exports import import_paths
from tests.web.conftest import NOW, application, build, field, first_hit, log_in, rusmarc
from web.labels import dialled
from web.opac import record
from web.opac.present import places_of
from web.opac.state import read_state, to_query
from web.services import services


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> System:
    """A district of this module's own: it is changed."""
    return build(tmp_path_factory.mktemp("own"))


def listed(system: System, *rows: dict[str, str]) -> list[dict[str, object]]:
    """Put these rows into the federal list, index, and ask for «только учебники из ФПУ»."""
    with writing(system.engine) as connection:
        tabular.import_fpu(connection, rows, "приказ № 1")
    indexing.drain(system)
    return list(application(system).test_client().get("/search.json?fpu=1").json["hits"])


def test_only_textbooks_of_the_federal_list_and_only_while_it_admits_them(own: System) -> None:
    client = application(own).test_client()
    assert "ФПУ" not in client.get("/search?q=алгебра").text, "nothing to choose while no list is known"
    row = {"number": "1.1.2.4.1.1.1", "title": "Алгебра", "authors": "Дубровин И. А.", "grade": "7"}
    found = listed(own, row)
    assert found
    assert {hit["title"] for hit in found} == {"Алгебра"}
    assert all(hit["kind"] == "учебник" and hit["grades"] == [7] for hit in found)
    page = client.get("/search?q=алгебра").text
    assert "Только учебники из ФПУ" in page
    assert "fpu=1" in page
    assert client.get("/search?q=алгебра&fpu=1").text.count('class="hit"') == len(found)
    assert listed(own, {**row, "valid_until": f"{NOW.date() - timedelta(days=1):%d.%m.%Y}"}) == []


def test_the_list_tells_a_textbook_by_isbn_or_by_class_author_and_title(own: System) -> None:
    catalogue = application(own).extensions["catalog-sync"].catalogue
    client = application(own).test_client()
    bib = catalogue.record(first_hit(client, "алгебра 7 класс учебник")).bib
    isbn = next(i.normal for i in bib.isbns if i.normal)
    author = bib.agents[0].name
    assert FederalList([Wanted("Совсем другое", isbn=isbn)]).admits(bib)
    assert FederalList([Wanted("Алгебра", author, "7")]).admits(bib)
    assert not FederalList([Wanted("Алгебра", author, "8")]).admits(bib)
    assert not FederalList([Wanted("Алгебра", "Другой А. А.", "7")]).admits(bib)
    assert not FederalList([Wanted("Алгебра", author, "7")]).admits(structs.replace(bib, subtitle="рабочая тетрадь"))
    assert not FederalList([]).admits(bib)


def test_the_registry_decides_whether_an_edition_opens(own: System) -> None:
    client = application(own).test_client()
    edition = first_hit(client, "лесные сказки")
    resource = eresources.EResource(
        "tales", "Электронная полка", "edition", "https://example.org/tales", "contract", cluster=edition,
        ends=NOW.date(),
    )  # fmt: skip
    with writing(own.engine) as connection:
        eresources.save(connection, resource)
    card = html.fromstring(client.get(f"/record/{edition}").text)
    assert card.xpath("//section[@class='holdings']//a[@class='button']/@href") == ["https://example.org/tales"]
    with writing(own.engine) as connection:
        eresources.save(connection, replace(resource, ends=date(2025, 1, 1)))
    page = client.get(f"/record/{edition}").text
    assert "Срок доступа закончился 01.01.2025." in page
    assert "https://example.org/tales" not in page


def test_a_resource_is_tied_to_an_edition_by_the_address_of_its_card(own: System) -> None:
    client = application(own).test_client()
    log_in(client, "metod")
    edition = first_hit(client, "лесные сказки")
    page = html.fromstring(client.get("/staff/e-resources/new").text)
    form = next(form for form in page.forms if "search_url" in form.fields)
    values = {
        **dict(form.form_values()), "code": "tied", "title": "Полка", "kind": "edition", "basis": "open_licence",
        "url": "https://example.org/t",
    }  # fmt: skip
    answer = client.post("/staff/e-resources/new", data={**values, "cluster": "http://x.example/record/nosuch"})
    assert "Такого издания в каталоге нет" in answer.text
    address = f"http://x.example/record/{edition}?lang=en"
    assert client.post("/staff/e-resources/new", data={**values, "cluster": address}).status_code == 303
    assert "https://example.org/t" in client.get(f"/record/{edition}").text


def test_libraries_elsewhere_have_cards_and_take_the_words_with_them(own: System) -> None:
    page = html.fromstring(application(own).test_client().get("/e-resources/?q=капитанская дочка").text)
    homes = page.xpath("//ul[@class='doors']//a/@href")
    for home in ("https://rusneb.ru/", "https://www.prlib.ru/", "https://arch.rgdb.ru/", "https://biblioschool.ru/"):
        assert home in homes
    assert any("rusneb.ru/search" in link and "%D0%BA%D0%B0%D0%BF%D0%B8%D1%82" in link for link in homes)
    plain = html.fromstring(application(own).test_client().get("/e-resources/").text)
    assert not [link for link in plain.xpath("//ul[@class='doors']//a/@href") if "search" in link]


def test_the_form_asks_for_call_numbers_and_for_issn_beside_isbn(own: System) -> None:
    client = application(own).test_client()
    card = client.get("/search.json?t_call=22.1я71").json
    assert card["total"]
    shelf_marks = {call for hit in card["hits"] for place in hit["holdings"] for call in place["call_numbers"]}
    assert any(call.startswith("22.1я71") for call in shelf_marks)
    state = read_state(MultiDict({"t_isbn": "0131-6397"}))
    assert to_query(state, None, {}, "") == Or(
        Term("0131-6397", Access.ISBN, Relation.EQUAL), Term("0131-6397", Access.ISSN, Relation.EQUAL)
    )


def test_the_other_half_of_a_textbook_comes_first_among_its_relatives(own: System) -> None:
    client = application(own).test_client()
    halves = [client.get(f"/search.json?q=математика 2 класс ч. {n}").json["hits"] for n in (1, 2)]
    pairs = [(one, other) for one in halves[0] for other in halves[1] if one["year"] == other["year"]]
    assert pairs
    for one, other in pairs:
        page = html.fromstring(client.get(f"/record/{one['id']}").text)
        [first, *_] = page.xpath("//section[@aria-labelledby='parts']//ul/li//a/@href")
        assert first.startswith(f"/record/{other['id']}")


def test_a_question_without_a_word_is_told_so_in_the_readers_words(own: System) -> None:
    page = application(own).test_client().get("/search?q=!!!").text
    assert "В запросе нет ни одного слова, которое можно искать: «!!!»." in page


def test_an_empty_field_of_marks_is_not_shown(own: System, tmp_path: Path) -> None:
    hits = application(own).test_client().get("/search").text
    assert '<p class="sub">/</p>' not in hits


def test_a_hit_names_the_publishing_house_and_not_its_legal_form(own: System) -> None:
    page = application(own).test_client().get("/search?q=геометрия").text
    assert "Просвещение, 20" in page
    assert "Изд-во «Просвещение»" not in page


def test_every_link_of_a_card_finds_the_card(own: System) -> None:
    """A house typed «Дрофа-Плюс» or «Изд-во «Просвещение»» is known by one name."""
    client = application(own).test_client()
    found: dict[str, str] = {}
    for edition in {hit["id"] for page in range(1, 6) for hit in client.get(f"/search.json?page={page}").json["hits"]}:
        tree = html.fromstring(client.get(f"/record/{edition}").text)
        for link in tree.xpath("//article//dl//a[starts-with(@href, '/search?')]/@href"):
            if link not in found:
                found[link] = client.get(link.replace("/search?", "/search.csv?")).text
            assert f"/record/{edition}" in found[link], link
    assert any("publisher=" in link for link in found)


def test_a_reader_is_told_why_it_is_one_edition_without_the_courts_numbers(own: System) -> None:
    client = application(own).test_client()
    hits = client.get("/search.json?q=алгебра").json["hits"]
    pages = [client.get(f"/record/{hit['id']}/records").text for hit in hits]
    told = [page for page in pages if "Почему то же издание:" in page]
    assert told
    assert all("(+" not in html.fromstring(page).xpath("string(//p[@class='reason'])") for page in told)
    assert all("MARCSQL" not in page for page in pages)


@pytest.mark.parametrize(
    ("phone", "number"),
    [("8 (4832) 12-34-56", "84832123456"), ("+7 900 000-00-00, доб. 5", "+79000000000"), ("2-12-34, 2-12-35", "21234")],
)
def test_a_telephone_can_be_dialled(phone: str, number: str) -> None:
    assert dialled(phone) == number


def test_a_record_too_long_for_iso2709_keeps_no_other_from_being_saved(own: System, tmp_path: Path) -> None:
    long = MarcRecord("00000nam0 2200000   450 ", (
        MarcField("001", data="long"), field("200", f"aДлинный зверинец {'слово ' * 2000}", indicators="1 "),
    ))  # fmt: skip
    short = MarcRecord("00000nam0 2200000   450 ", (
        MarcField("001", data="short"), field("200", "aКороткий зверинец", indicators="1 "),
    ))  # fmt: skip
    export = tmp_path / "long.xml"
    inside = "".join(to_marcxml(record).decode() for record in (long, short))
    export.write_text(f'<collection xmlns="http://www.loc.gov/MARC21/slim">{inside}</collection>', encoding="utf-8")
    import_paths(own, "odd", [export], incremental=True)
    client = application(own).test_client()
    saved = client.get("/search.mrc?q=зверинец")
    assert len([p for p in pieces(saved.data) if not p.fault]) == 1
    assert "without 1 too long.mrc" in saved.headers["Content-Disposition"]
    card = first_hit(client, "длинный зверинец")
    refused = client.get(f"/record/{card}.mrc")
    assert refused.status_code == 409
    assert "не помещается в ISO 2709" in refused.text
    assert client.get(f"/record/{card}.xml").status_code == 200


def test_the_childs_view_hides_it_on_every_page(own: System, tmp_path: Path) -> None:
    export = tmp_path / "grown.mrc"
    export.write_bytes(rusmarc("grown", field("200", "aЗрелые новеллы", indicators="1 "), field("333", "a18+")))
    import_paths(own, "odd", [export], incremental=True)
    client = application(own).test_client()
    card, other = first_hit(client, "зрелые новеллы"), first_hit(client, "лесные сказки")
    client.post("/settings", data={"child": "on"})
    for rest in ("", "/records", "/card", ".json", ".ris", "/report"):
        said = client.get(f"/record/{card}{rest}").text
        assert "Это издание для взрослых" in said
        assert "Зрелые новеллы" not in said, rest
    assert "Зрелые" not in client.get(f"/basket?id={card}&id={other}").text
    assert "Лесные сказки" in client.get(f"/basket?id={card}&id={other}").text
    assert client.get("/suggest?q=зрел").json == client.get("/suggest?q=новелл").json == []
    assert client.get("/suggest?q=лесные").json
    index = client.get("/browse/titles?from=зрел").text
    assert "Зрелые" not in index
    assert "Лесные" in client.get("/browse/titles?from=лес").text
    shown = client.get("/search.json").json["total"]
    assert f"{shown} изд" in client.get("/").text
    assert client.get("/search.json?library=school-01").json["total"] == listed_by(client, "school-01")


def listed_by(client: FlaskClient, library: str) -> int:
    tree = html.fromstring(client.get(f"/libraries/{library}").text)
    [count] = tree.xpath("//dl//a[contains(@href, '/search')]/text()")
    return int(count.split()[0])


def test_the_childs_view_hides_what_is_for_adults_and_says_so(own: System, tmp_path: Path) -> None:
    export = tmp_path / "adult.mrc"
    export.write_bytes(rusmarc("adult", field("200", "aТереза Ракен", indicators="1 "), field("333", "a18+")))
    import_paths(own, "odd", [export], incremental=True)
    client = application(own).test_client()
    card = first_hit(client, "тереза ракен")
    assert "детский режим" not in client.get("/search?q=тереза ракен").text
    client.post("/settings", data={"child": "on"})
    hidden = client.get("/search?q=тереза ракен").text
    assert "Ничего не нашлось" in hidden
    assert "Включён детский режим" in hidden
    assert "Это издание для взрослых" in client.get(f"/record/{card}").text


def test_the_lore_shelf_shows_the_books_marked_as_local_lore(own: System, tmp_path: Path) -> None:
    export = tmp_path / "lore.mrc"
    marked = {"heading": field("606", "aКраеведение"), "class": field("686", "a26.891(2)", "2rubbk")}
    titles = {name: field("200", f"aРодной край {name}", indicators="1 ") for name in marked}
    export.write_bytes(b"".join(rusmarc(name, titles[name], mark) for name, mark in marked.items()))
    import_paths(own, "odd", [export], incremental=True)
    shelf = application(own).test_client().get("/lore/").text
    assert "Родной край heading" in shelf
    assert "Родной край class" in shelf


def test_a_resource_with_a_search_of_its_own_is_offered_whatever_is_sought(own: System) -> None:
    with writing(own.engine) as connection:
        for code, search in (("with", "https://lib.example/?q={query}"), ("without", "")):
            eresources.save(
                connection,
                eresources.EResource(
                    code, f"Ресурс {code}", "site", "https://lib.example/", "open_licence", search_url=search
                ),
            )
    page = application(own).test_client().get("/e-resources/?q=пушкин").text
    assert "Ресурс with" in page
    assert "Ресурс without" not in page


def test_a_librarian_who_logs_in_sees_the_books_of_her_own_school_first(app: Flask) -> None:
    own = app.test_client()
    log_in(own, "bibl")
    assert "Есть в моей школе" in own.get("/search?q=математика").text
    other = app.test_client()
    other.set_cookie("library", "school-01")  # what was chosen stays
    answer = log_in(other, "bibl")
    assert not any(said.startswith("library=") for said in answer.headers.getlist("Set-Cookie"))


def test_of_many_libraries_the_first_are_shown_and_the_rest_open_at_one_click(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "MOST_PLACES", 1)
    hits = [hit for page in range(1, 40) for hit in client.get(f"/search.json?page={page}").json["hits"]]
    held = max(hits, key=lambda hit: len(hit["holdings"]))
    page = html.fromstring(client.get(f"/record/{held['id']}").text)
    first, rest = (page.xpath(f"//section[@class='holdings']//{where}/tbody/tr/th/a/text()") for where in
                   ("div[@class='scroll']/table", "details[@class='rest']/table"))  # fmt: skip
    names = [place["name"] for place in held["holdings"]]
    assert (first, rest) == (names[:1], names[1:])
    assert rest


def test_libraries_of_a_card_stand_in_the_order_of_the_directory(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """«Школа № 2» before «Школа № 10», as in the list of hits."""
    with client.application.test_request_context():
        order = {"b": (0, "Школа № 2"), "a": (1, "Школа № 10")}
        monkeypatch.setattr(services().directory, "order", lambda: order)
        held = [LibraryHoldings(code, name, 1) for code, (_, name) in (*order.items(), ("c", (2, "Без места")))]
        assert [place.code for place in places_of(reversed(held), "")] == ["b", "a", "c"]
        assert [place.code for place in places_of(held, "a")] == ["a", "b", "c"]


def test_a_topic_typed_into_two_fields_is_shown_once(client: FlaskClient) -> None:
    hits = client.get("/search.json?q=математика").json["hits"]
    pages = [html.fromstring(client.get(f"/record/{hit['id']}").text) for hit in hits[:10]]
    topics = [page.xpath("//dt[text()='Темы']/following-sibling::dd[1]/a/text()") for page in pages]
    assert any(topics)
    assert all(len(set(found)) == len(found) for found in topics)


@pytest.mark.parametrize("noise", ["zzzz", "hhh", "qqqqqq"])
def test_letters_that_mean_nothing_find_nothing(client: FlaskClient, noise: str) -> None:
    assert client.get("/search.json", query_string={"q": noise}).json["total"] == 0
