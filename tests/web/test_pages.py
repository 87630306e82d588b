"""What readers and staff find on the pages."""

from __future__ import annotations

import gzip
import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html
from werkzeug.datastructures import MultiDict

from catalog_sync.marc.framing import pieces
from catalog_sync.search.brief import part_number
from catalog_sync.store.database import reading
from catalog_sync.system import System
from tests.web import routes
from tests.web.conftest import application, first_hit, log_in, places, token
from web.feeds import short_name
from web.opac import exports, search
from web.opac.state import SearchState, read_state

PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)


def text_of(page: str) -> str:
    return " ".join(html.fromstring(page).text_content().split())


@pytest.fixture(scope="session")
def known(district: System, held: int) -> dict[str, str]:
    return places(district, application(district).test_client(), held)


def test_every_reader_page_opens_without_cookies_and_sets_none(app: Flask, known: dict[str, str]) -> None:
    client = app.test_client()
    for path in routes.addresses(app, known, staff=False):
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        assert "Set-Cookie" not in answer.headers or path == "/staff/login", path
        if not path.endswith("/embed"):
            assert len(html.fromstring(answer.text).xpath("//h1")) == 1, path


def test_every_staff_page_opens_for_the_administrator(
    app: Flask, administrator: FlaskClient, known: dict[str, str]
) -> None:
    for path in routes.addresses(app, known, staff=True):
        assert administrator.get(path).status_code == 200, path


@given(
    q=PRINTABLE,
    kind=st.lists(PRINTABLE, max_size=3, unique=True),
    year=st.integers(1000, 2999) | st.none(),
    page=st.integers(1, 500),
    mine=st.booleans(),
)
def test_a_search_page_is_a_permanent_link(q: str, kind: list[str], year: int | None, page: int, mine: bool) -> None:
    state = SearchState(q=q, filters={"kind": tuple(kind)} if kind else {}, year_from=year, page=page, mine=mine)
    assert read_state(MultiDict(state.pairs())) == state


@given(
    chosen=st.lists(
        st.tuples(st.sampled_from(["kind", "grade", "library", "bbk"]), PRINTABLE), max_size=4, unique=True
    ),
    facet=st.sampled_from(["kind", "grade", "language"]),
    value=PRINTABLE,
    q=PRINTABLE,
    mine=st.booleans(),
)
def test_the_quick_address_of_a_facet_is_the_true_one(
    chosen: list[tuple[str, str]], facet: str, value: str, q: str, mine: bool
) -> None:
    filters: dict[str, tuple[str, ...]] = {}
    for name, text in chosen:
        filters[name] = (*filters.get(name, ()), text)
    state = SearchState(q=q, filters=filters, mine=mine, page=3)
    assert state.toggles()(facet, value) == state.toggled(facet, value).query_string()


def test_a_hit_names_part_class_kind_year_and_where_it_is(client: FlaskClient) -> None:
    hit = text_of(client.get("/search?q=алгебра+7+класс").text)
    for words in ("Алгебра", "7 класс", "Учебник", "Просвещение", "Школа № 1"):
        assert words in hit


def test_facets_count_add_up_and_can_be_taken_away(client: FlaskClient) -> None:
    page = html.fromstring(client.get("/search?q=алгебра").text)
    link = page.xpath("//aside//details[1]//li[1]/a")[0]
    count = int(link.xpath(".//span[@class='count']/text()")[0])
    narrowed = html.fromstring(client.get(link.get("href")).text)
    assert str(count) in narrowed.xpath("string(//h1)")
    assert narrowed.xpath("//ul[@class='chips']//a")
    assert len(narrowed.xpath("//aside//details[1]//li")) == len(page.xpath("//aside//details[1]//li")), (
        "the facet in use still shows what could be added"
    )


def test_two_values_of_a_facet_find_both(client: FlaskClient) -> None:
    one = client.get("/search.json?q=алгебра&grade=7").json["total"]
    two = client.get("/search.json?q=алгебра&grade=8").json["total"]
    both = client.get("/search.json?q=алгебра&grade=7&grade=8").json["total"]
    assert one
    assert two
    assert both == one + two


def test_my_school_is_chosen_once_and_comes_first(app: Flask) -> None:
    client = app.test_client()
    assert client.post("/settings", data={"library": "school-02"}).status_code == 303
    page = client.get("/search?q=алгебра").text
    assert "Есть в моей школе" in page
    for hit in client.get("/search.json?q=алгебра&mine=1").json["hits"]:
        assert hit["holdings"][0]["library"] == "school-02"


def test_an_unknown_choice_is_not_kept(client: FlaskClient) -> None:
    assert client.post("/settings", data={"library": "nowhere"}).status_code == 400
    assert client.post("/settings", data={"theme": "<script>"}).status_code == 400


def test_a_typing_error_finds_what_was_meant_and_says_so(client: FlaskClient) -> None:
    page = text_of(client.get("/search?q=алгнбра").text)
    assert "По запросу «алгнбра» ничего не нашлось" in page
    assert "Показано найденное по запросу: алгебра" in page
    assert "Найдено" in page
    twin = client.get("/search.json?q=алгнбра").json
    assert twin["suggestion"] == "алгебра"
    assert twin["total"] == client.get("/search.json?q=алгебра").json["total"] > 0


@pytest.mark.parametrize("narrowed", ["library=school-01", "grade=7", "mine=1&my=school-01", "kind=учебник&from=2000"])
def test_a_typing_error_is_mended_under_any_conditions_and_they_stay(client: FlaskClient, narrowed: str) -> None:
    twin = client.get(f"/search.json?q=алгнбра&{narrowed}").json
    assert twin["suggestion"] == "алгебра"
    assert twin["total"] == client.get(f"/search.json?q=алгебра&{narrowed}").json["total"] > 0


def test_a_typing_error_is_mended_in_the_childs_view(app: Flask) -> None:
    client = app.test_client()
    client.post("/settings", data={"child": "on"})
    assert client.get("/search.json?q=алгнбра").json["suggestion"] == "алгебра"


def test_a_typing_error_in_a_field_of_the_form_is_mended(client: FlaskClient) -> None:
    page = client.get("/search?t_title=алгнбра&grade=7").text
    assert "По запросу «алгнбра» ничего не нашлось" in text_of(page)
    chips = html.fromstring(page).xpath("//ul[@class='chips']//a/text()")
    assert [text.strip() for text in chips if text.strip()] == ["7 класс"]
    meant = client.get("/search.json?t_title=алгебра&grade=7").json["total"]
    assert client.get("/search.json?t_title=алгнбра&grade=7").json["total"] == meant > 0


def test_what_was_meant_is_offered_without_conditions_where_it_is_found_only_so(client: FlaskClient) -> None:
    tree = html.fromstring(client.get("/search?q=алгнбра&grade=1").text)
    [offered] = tree.xpath("//p[@class='did-you-mean']/a/@href")
    assert client.get(offered.replace("/search?", "/search.json?")).json["total"]


def test_a_small_or_between_words_nobody_has_together_is_taken_for_the_operator(client: FlaskClient) -> None:
    page = text_of(client.get("/search?q=алгебра или химия").text)
    assert "Показано найденное по запросу: алгебра ИЛИ химия" in page
    either = client.get("/search.json?q=алгебра ИЛИ химия").json["total"]
    assert client.get("/search.json?q=алгебра или химия").json["total"] == either > 0


def test_an_empty_answer_says_what_to_do(client: FlaskClient) -> None:
    page = text_of(client.get("/search?q=щщщщщщ&kind=учебник").text)
    assert "Ничего не нашлось" in page
    assert "снимите все условия" in page


def test_an_empty_answer_offers_what_is_found_without_one_word(client: FlaskClient) -> None:
    asked = "/search?q=алгебра щщщщщщ 7 класс&kind=учебник"
    found = client.get("/search.json?q=алгебра 7 класс&kind=учебник").json["total"]
    assert found
    [offered] = html.fromstring(client.get(asked).text).xpath("//div[@class='empty']//li[starts-with(., 'без')]")
    assert offered.text_content() == f"без «щщщщщщ»: {found}"
    assert client.get(offered.xpath("a/@href")[0].replace("/search?", "/search.json?")).json["total"] == found
    assert "without “щщщщщщ”: " in text_of(client.get(f"{asked}&lang=en").text)
    assert "без «" not in client.get("/search?q=щщщщщщ&kind=учебник").text


def test_a_page_past_the_end_leads_to_the_last(client: FlaskClient) -> None:
    pages = client.get("/search.json?q=учебник").json["pages"]
    assert pages > 1
    sent_on = client.get(f"/search?q=учебник&sort=title&lang=en&page={pages + 1}")
    assert sent_on.status_code == 302
    assert dict(parse_qsl(urlsplit(sent_on.location).query)) == {
        "q": "учебник", "sort": "title", "lang": "en", "page": str(pages),
    }  # fmt: skip
    assert html.fromstring(client.get(sent_on.location).text).xpath("//ol[@class='hits']/li")
    nothing = client.get("/search?q=нетакогослова&page=3")
    assert nothing.status_code == 302
    assert "Попробуйте так" in client.get(nothing.location).text


def test_suggestions_name_titles_and_authors(client: FlaskClient) -> None:
    found = client.get("/suggest?q=берёз").json
    assert [s for s in found if s["kind"] == "автор" and "Берёзкин" in s["text"]]
    assert client.get("/suggest?q=б").json == []


def test_a_card_offers_every_format_and_each_can_be_read(client: FlaskClient) -> None:
    card = first_hit(client, "лесные сказки")
    assert "Лесные сказки" in client.get(f"/record/{card}").text
    assert [p for p in pieces(client.get(f"/record/{card}.mrc").data) if not p.fault]
    assert etree.fromstring(client.get(f"/record/{card}.xml").data).tag.endswith("collection")
    assert "TY  - BOOK" in client.get(f"/record/{card}.ris").text
    assert client.get(f"/record/{card}.bib").text.startswith("@book")
    assert "Лесные сказки" in client.get(f"/record/{card}.json").json["citation"]
    structured = html.fromstring(client.get(f"/record/{card}").text).xpath(
        "//script[@type='application/ld+json']/text()"
    )
    assert json.loads(structured[0])["@type"] == "Book"


def test_a_file_of_the_first_hits_says_that_there_are_more(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = client.get("/search.json?q=учебник").json["total"]
    assert "первые" not in client.get("/search.csv?q=учебник").text
    assert 'filename="search.csv"' in client.get("/search.csv?q=учебник").headers["Content-Disposition"]
    monkeypatch.setattr(search, "MOST_SAVED", 3)
    monkeypatch.setattr(exports, "MOST_SAVED", 3)
    said = f"первые 3 из {total}"
    assert f"BIB ({said})" in text_of(client.get("/search?q=учебник").text)
    assert f"first 3 of {total}" in client.get("/search.csv?q=учебник&lang=en").text
    rows = client.get("/search.csv?q=учебник").text.splitlines()
    assert rows[-1] == said
    assert len(rows) == 1 + 3 + 1
    records = etree.fromstring(client.get("/search.xml?q=учебник").data)
    assert len(records) == 3
    assert [comment.text.strip() for comment in records.itersiblings(preceding=True)] == [said]
    assert client.get("/search.bib?q=учебник").text.startswith(f"% {said}\n\n@")
    ris = client.get("/search.ris?q=учебник")
    assert ris.text.startswith("TY  - ")
    assert f'filename="search 1-3 of {total}.ris"' in ris.headers["Content-Disposition"]


def test_a_record_in_cp1251_for_an_old_system_is_in_cp1251(client: FlaskClient) -> None:
    data = client.get(f"/record/{first_hit(client, 'лесные сказки')}.mrc?dialect=marcsql&encoding=cp1251").data
    assert "Лесные сказки".encode("cp1251") in data


def test_an_unknown_age_is_said_to_be_unknown(client: FlaskClient) -> None:
    assert "знак не указан" in client.get(f"/record/{first_hit(client, 'лесные сказки')}").text


def test_a_source_record_has_a_permanent_link(client: FlaskClient) -> None:
    answer = client.get("/source-record/tales-1/t1")
    assert answer.status_code == 302
    assert "/records" in answer.location
    assert client.get("/source-record/tales-1/never").status_code == 404


def test_a_never_seen_edition_is_not_found(client: FlaskClient) -> None:
    assert client.get("/record/nonsense").status_code == 404


def test_the_first_and_the_search_page_are_light(client: FlaskClient) -> None:
    files = sum(
        len(gzip.compress(client.get(path).data))
        for path in ("/static/site.css", "/static/site.js", "/static/icons.svg", "/static/icon.svg")
    )
    assert files + len(gzip.compress(client.get("/").data)) < 50_000
    assert files + len(gzip.compress(client.get("/search").data)) < 100_000


def test_my_list_is_kept_in_the_browser_shared_by_link_and_saved_in_word(app: Flask) -> None:
    client = app.test_client()
    card = first_hit(client, "лесные сказки")
    client.post("/basket", data={"id": card})
    assert "Лесные сказки" in client.get("/basket").text
    assert "Лесные сказки" in app.test_client().get(f"/basket?id={card}").text
    assert client.get("/basket.docx").data[:2] == b"PK"
    client.post("/basket", data={"action": "clear"})
    assert "Список пуст" in client.get("/basket").text


def test_a_resource_whose_term_ended_has_no_button_and_says_why(client: FlaskClient) -> None:
    page = html.fromstring(client.get("/e-resources/ended").text)
    assert not page.xpath("//a[@class='button'][contains(@href,'example.com')]")
    assert "Срок доступа закончился 20.11.2025" in page.text_content()
    assert html.fromstring(client.get("/e-resources/open").text).xpath("//a[@class='button']/@href") == [
        "https://example.org/"
    ]


def test_feeds_and_descriptions_are_well_formed(client: FlaskClient) -> None:
    for path in ("/feeds/new.atom", "/feeds/search.rss?q=алгебра", "/opensearch.xml", "/sitemap.xml", "/sitemap-0.xml"):
        answer = client.get(path)
        assert answer.status_code == 200
        etree.fromstring(answer.data)
    assert client.get("/feeds/opds.json").json["metadata"]["title"]
    again = client.get("/feeds/new.atom", headers={"If-None-Match": client.get("/feeds/new.atom").headers["ETag"]})
    assert again.status_code == 304


def test_a_full_list_says_so_and_drops_nothing(app: Flask) -> None:
    client = app.test_client()
    kept = ".".join(f"c{number}" for number in range(60))
    client.set_cookie("basket", kept)
    answer = client.post("/basket", data={"id": "c777"}, follow_redirects=True)
    assert "Список полон: больше 60 изданий" in answer.text
    assert client.get_cookie("basket").value == kept  # type: ignore[union-attr]
    client.post("/basket", data={"id": "c0", "action": "remove"})
    assert "полон" not in client.post("/basket", data={"id": "c777"}, follow_redirects=True).text


def test_a_browser_calls_the_search_by_whole_words(client: FlaskClient) -> None:
    """Not «Заречный район (»."""
    assert etree.fromstring(client.get("/opensearch.xml").data).findtext("{*}ShortName") == "Заречный район"
    assert short_name("Великоустюгский-муниципальный") == "Великоустюгский-"


def test_health_and_metrics_answer(client: FlaskClient) -> None:
    assert client.get("/health").json["status"] == "ok"
    assert "catalog_editions" in client.get("/metrics").text


def test_an_upload_is_shown_before_it_is_taken_and_left_for_the_jobs(librarian: FlaskClient, district: System) -> None:
    import io

    from catalog_sync.store import jobs
    from tests.web.conftest import tale

    form = token(librarian.get("/staff/uploads/"))
    data = {"source": "tales-1", "file": (io.BytesIO(tale("t1") + tale("t9")), "kn.mrc"), "csrf_token": form}
    preview = librarian.post("/staff/uploads/", data=data, follow_redirects=True)
    assert "Лесные сказки" in preview.text
    assert "2" in text_of(preview.text)
    action = html.fromstring(preview.text).xpath("//form[contains(@action,'/take')]/@action")[0]
    librarian.post(action, data={"csrf_token": token(preview)})
    with reading(district.engine) as connection:
        assert next(r.what for r in jobs.latest(connection) if r.asked_by == "bibl") == "import"


def test_copy_home_gives_the_schools_dialect_and_counts_it(librarian: FlaskClient) -> None:
    isbn = next(h["isbn"] for h in librarian.get("/search.json?q=алгебра").json["hits"] if h["isbn"])
    page = librarian.get(f"/staff/copy/?isbn={isbn}&dialect=marcsql&encoding=cp1251")
    assert "245" in page.text
    action = html.fromstring(page.text).xpath("//form[contains(@action,'/staff/copy/')]/@action")[0]
    answer = librarian.post(action, data={"csrf_token": token(page), "dialect": "marcsql", "encoding": "cp1251"})
    assert [p for p in pieces(answer.data) if not p.fault]
    assert "1 запись" in librarian.get("/staff/copy/").text


def test_a_changed_library_is_audited_with_before_and_after(app: Flask) -> None:
    client = app.test_client()
    log_in(client, "admin")
    page = client.get("/staff/libraries/school-03")
    data = {
        "code": "school-03",
        "name": "Дубровская школа имени поэта",
        "kind": "school",
        "settlement": "с. Дубровка",
        "stage": "1",
        "pupils": "180",
        "csrf_token": token(page),
    }
    assert client.post("/staff/libraries/school-03", data=data).status_code == 303
    log = text_of(client.get("/staff/audit").text)
    assert "библиотека school-03" in log
    assert "Название: Дубровская школа → Дубровская школа имени поэта" in log
    assert "Телефон" not in log, "a field that stayed empty says nothing"


def test_the_last_administrator_cannot_be_locked_out(administrator: FlaskClient) -> None:
    page = administrator.get("/staff/users/admin")
    data = {
        "login": "admin",
        "name": "Admin",
        "role": "librarian",
        "library": "school-01",
        "active": "y",
        "csrf_token": token(page),
    }
    assert "последний администратор" in administrator.post("/staff/users/admin", data=data).text


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("Часть 1", "Ч. 1"), ("ч.1", "Ч. 1"), ("Ч. 1", "Ч. 1"), ("Книга II", "Кн. II"), ("т. 3", "Т. 3"),
     ("вып.12", "Вып. 12"), ("Ч. 1, кн. 2", "Ч. 1, кн. 2"), ("Чтение", "Чтение"), ("5 класс", "5 класс")],
)  # fmt: skip
def test_a_part_reads_the_same_however_it_was_typed(typed: str, shown: str) -> None:
    assert part_number(typed) == shown
