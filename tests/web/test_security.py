"""Records, forms, addresses and files are hostile until proven otherwise (issue 4, «Security»; docs/security.md)."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from catalog_sync.errors import Refused
from catalog_sync.store import staff
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System
from tests.web.conftest import EVIL, NOW, PASSWORD, first_hit, log_in, token
from web.security import attachment, file_name, local_target, policy, safe_url

PAGES = (
    "/",
    "/search?q=script",
    "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
    "/browse/authors",
    "/new",
    "/nope%3Cscript%3E",
)


def evil_card(client: FlaskClient) -> str:
    return first_hit(client, "script alert onload")


def inline_code(page: str) -> list[Any]:
    """Scripts with a body, event handlers, styles and javascript: links of a page."""
    tree = html.fromstring(page)
    scripts = [s for s in tree.xpath("//script") if s.text and s.get("type") != "application/ld+json"]
    handlers = tree.xpath("//@*[starts-with(name(), 'on')]") + tree.xpath("//@style") + tree.xpath("//style")
    links = [
        u for u in tree.xpath("//@href | //@src | //@action") if "".join(u.split()).lower().startswith("javascript")
    ]
    return scripts + handlers + links


def test_markup_and_templates_typed_into_marc_fields_are_shown_as_text(client: FlaskClient) -> None:
    card = evil_card(client)
    for path in (f"/record/{card}", f"/record/{card}/records", f"/record/{card}/card", "/search?q=script"):
        page = client.get(path).text
        assert inline_code(page) == [], path
        assert "{{7*7}}" in html.fromstring(page).text_content(), f"{path}: the template syntax of a record was run"
        assert "<script>alert(1)" not in page, path


def test_a_javascript_link_of_a_record_is_never_a_link(client: FlaskClient) -> None:
    page = html.fromstring(client.get(f"/record/{evil_card(client)}").text)
    assert not [u for u in page.xpath("//a/@href") if "script:" in u.lower()]
    assert "https://example.org/x" in page.xpath("//a/@href")
    assert "javascript:alert(document.cookie)" in page.text_content()


def test_structured_data_cannot_end_its_script_element(client: FlaskClient) -> None:
    page = client.get(f"/record/{evil_card(client)}").text
    data = page.split('<script type="application/ld+json">')[1].split("</script>")[0]
    assert "<" not in data
    assert "\\u003cscript\\u003e" in data


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_a_strict_policy_and_no_inline_code(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    rules = response.headers["Content-Security-Policy"]
    assert "unsafe" not in rules
    assert "object-src 'none'" in rules
    assert "frame-ancestors 'none'" in rules
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    assert inline_code(response.text) == []


def test_only_a_list_may_be_framed_by_another_site(client: FlaskClient) -> None:
    embedded = client.get("/lists/leto/embed")
    assert "frame-ancestors *" in embedded.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in embedded.headers
    assert not html.fromstring(embedded.text).xpath("//form")
    assert policy().count("*") == 0


def test_feeds_and_exports_of_a_hostile_record_stay_well_formed(client: FlaskClient) -> None:
    card = evil_card(client)
    for path in (
        "/feeds/search.atom?q=script",
        "/feeds/search.rss?q=script",
        f"/record/{card}.xml",
        "/search.xml?q=script",
    ):
        etree.fromstring(client.get(path).data)
    assert client.get(f"/record/{card}.json").json["title"].startswith(EVIL[:20])


def test_a_formula_in_a_record_is_text_in_the_table(client: FlaskClient) -> None:
    table = client.get(f"/record/{evil_card(client)}.csv").text
    cells = [cell.strip('"') for line in table.splitlines() for cell in line.split(";")]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_a_record_cannot_add_a_header_through_a_file_name(client: FlaskClient) -> None:
    response = client.get(f"/record/{evil_card(client)}.ris")
    assert "Set-Cookie" not in response.headers
    disposition = response.headers["Content-Disposition"]
    assert not set("\r\n<>") & set(disposition)


@given(st.text(max_size=200))
def test_file_names_hold_no_separator_control_or_quote(text: str) -> None:
    name = file_name(text, "mrc")
    assert name.endswith(".mrc")
    assert not set('/\\"\r\n\0:*?<>|') & set(name)
    assert not name.startswith(".")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "//evil.example",
        "/local",
        "http:///nohost",
        "ftp://x/",
        "http://[bad",
        "",
    ],
)
def test_only_web_addresses_with_a_host_are_links(address: str) -> None:
    assert safe_url(address) == ""


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/a\r\nb",
        "\\\\evil",
        "",
        None,
        "/\t/evil.example",
    ],
)
def test_nobody_is_sent_to_another_site(target: str | None) -> None:
    assert local_target(target, "/home") == "/home"


def test_login_settings_and_list_forms_send_readers_to_this_site_only(client: FlaskClient) -> None:
    for path, data in (("/settings", {"theme": "dark"}), ("/basket", {"id": "c1"})):
        assert client.post(path, data={**data, "next": "https://evil.example/"}).location.startswith("/")
    form = client.get("/staff/login?next=//evil.example/")
    data = {"login": "bibl", "password": PASSWORD, "csrf_token": token(form), "next": "//evil.example/"}
    assert client.post("/staff/login", data=data).location == "/staff/"


def test_a_form_without_its_token_changes_nothing(librarian: FlaskClient, app: Flask) -> None:
    for path in (
        "/staff/court/decide",
        "/staff/lists/new",
        "/staff/sources/school-01-uch/harvest",
        "/staff/logout",
        "/staff/login",
        "/staff/password",
        "/staff/uploads/",
    ):
        assert librarian.post(path, data={"word": "same"}).status_code == 400, path
    assert librarian.get("/staff/").status_code == 200


def test_a_login_without_cookies_says_what_is_missing(client: FlaskClient, librarian: FlaskClient) -> None:
    stranger = client.application.test_client(use_cookies=False)
    form = {"login": "bibl", "password": PASSWORD, "csrf_token": token(stranger.get("/staff/login"))}
    refused = stranger.post("/staff/login", data=form)
    assert refused.status_code == 400
    assert "Разрешите cookie" in refused.text
    assert "Страница устарела" in librarian.post("/staff/password", data=form | {"csrf_token": "old"}).text


def test_a_reader_form_sent_from_another_site_is_refused(client: FlaskClient) -> None:
    data = {"theme": "dark"}
    assert client.post("/settings", data=data, headers={"Origin": "https://evil.example"}).status_code == 403
    assert client.post("/settings", data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/settings", data=data, headers={"Origin": "http://localhost"}).status_code == 303


def test_a_session_given_before_login_does_not_survive_it(app: Flask) -> None:
    client = app.test_client()
    with client.session_transaction() as planted:
        planted["planted"] = "by somebody else"
    log_in(client, "bibl")
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"].endswith(":bibl")


def test_session_cookies_are_out_of_reach_of_scripts_and_other_sites(app: Flask) -> None:
    cookie = log_in(app.test_client(), "bibl").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_new_password_ends_the_sessions_opened_before(district: System, app: Flask, librarian: FlaskClient) -> None:
    with writing(district.engine) as connection:
        user = staff.find_user(connection, "bibl")
        assert user is not None
        staff.save_user(connection, user, PASSWORD, NOW)
    assert librarian.get("/staff/").status_code == 302


def test_guessing_a_password_is_stopped_and_time_lets_one_try_again(district: System) -> None:
    def attempt(password: str, minutes: int) -> staff.User | None:
        return staff.log_in(district.engine, "metod", password, "192.0.2.1", NOW + timedelta(minutes=minutes))

    for _ in range(staff.LOGIN_TRIES):
        assert attempt("wrong", 0) is None
    with pytest.raises(Refused, match="слишком много"):
        attempt(PASSWORD, 1)
    assert attempt(PASSWORD, 20) is not None


def test_one_address_may_not_try_many_names(district: System) -> None:
    for number in range(staff.ADDRESS_TRIES):
        staff.log_in(district.engine, f"nobody-{number}", "x", "192.0.2.2", NOW + timedelta(hours=1))
    with pytest.raises(Refused):
        staff.log_in(district.engine, "nobody", "x", "192.0.2.2", NOW + timedelta(hours=1))


def test_the_login_page_says_when_it_was_tried_too_often(app: Flask, district: System) -> None:
    client = app.test_client()
    for _ in range(staff.LOGIN_TRIES):
        assert log_in(client, "guessed", "wrong").status_code == 403
    answer = log_in(client, "guessed", "wrong")
    assert answer.status_code == 429
    assert "слишком много" in answer.text


def test_passwords_are_kept_as_argon2id_only(district: System) -> None:
    from sqlalchemy import select

    from catalog_sync.store.staff_tables import staff_user

    with reading(district.engine) as connection:
        kept = connection.execute(select(staff_user.c.password)).scalars().all()
    assert all(text.startswith("$argon2id$") for text in kept)


@pytest.mark.parametrize("path", ["/staff/users", "/staff/users/new", "/staff/users/admin"])
def test_only_an_administrator_sees_accounts(methodologist: FlaskClient, client: FlaskClient, path: str) -> None:
    assert methodologist.get(path).status_code == 403
    assert client.get(path).status_code == 302


@pytest.mark.parametrize("path", ["/staff/libraries", "/staff/audit", "/staff/e-resources/new"])
def test_a_librarian_may_not_do_the_methodologists_work(librarian: FlaskClient, path: str) -> None:
    assert librarian.get(path).status_code == 403


def test_every_staff_page_asks_for_a_login(app: Flask) -> None:
    client = app.test_client()
    rules = [r for r in app.url_map.iter_rules() if r.rule.startswith("/staff/") and "GET" in (r.methods or ())]
    assert len(rules) > 20
    for rule in rules:
        path = rule.rule
        for name in rule.arguments:
            path = path.replace(next(p for p in path.split("/") if name in p), "1")
        if path != "/staff/login":
            answer = client.get(path)
            assert answer.status_code in (302, 404), path
            assert answer.status_code == 404 or "/staff/login" in answer.location, path


def test_a_librarian_brings_exports_of_her_own_school_only(librarian: FlaskClient) -> None:
    form = token(librarian.get("/staff/uploads/"))
    data = {"source": "school-02", "file": (io.BytesIO(b"x"), "a.mrc"), "csrf_token": form}
    assert librarian.post("/staff/uploads/", data=data).status_code == 409


def test_a_file_larger_than_the_limit_is_refused_before_it_is_read(librarian: FlaskClient) -> None:
    answer = librarian.post("/staff/uploads/", headers={"Content-Length": str(10**9)}, data=b"x")
    assert answer.status_code in (400, 413)


def test_a_resource_with_a_script_for_an_address_is_not_saved(methodologist: FlaskClient) -> None:
    form = token(methodologist.get("/staff/e-resources/new"))
    data = {
        "code": "evil",
        "title": "x",
        "kind": "site",
        "basis": "external",
        "url": "javascript:alert(1)",
        "age": "",
        "csrf_token": form,
    }
    answer = methodologist.post("/staff/e-resources/new", data=data)
    assert answer.status_code == 200
    assert "http://" in answer.text
    assert methodologist.get("/staff/e-resources/evil").status_code == 404


def test_a_list_takes_no_script_address(librarian: FlaskClient) -> None:
    form = token(librarian.get("/staff/lists/new"))
    data = {"slug": "evil", "title": "x", "about": "", "entries": "javascript:alert(1) | x", "csrf_token": form}
    assert "Непонятная строка" in librarian.post("/staff/lists/new", data=data).text


def test_the_names_of_staff_in_a_record_are_shown_to_nobody(client: FlaskClient) -> None:
    page = client.get(f"/record/{first_hit(client, 'алгебра')}/records").text
    tags = html.fromstring(page).xpath("//table[contains(@class,'marc')]//th/text()")
    assert tags
    assert "097" not in tags


def test_an_error_page_tells_nothing_of_the_inside(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from web.opac import pages

    def broken() -> int:
        raise RuntimeError("secret path /var/lib")

    monkeypatch.setattr(pages, "count", broken)
    answer = app.test_client().get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_word_about_an_error_needs_no_account_but_floods_are_stopped(client: FlaskClient) -> None:
    card = first_hit(client, "алгебра")
    codes = [client.post(f"/record/{card}/report", data={"text": f"опечатка {n}"}).status_code for n in range(12)]
    assert codes[0] == 303
    assert codes[-1] == 429


@pytest.mark.parametrize(("page", "name"), [
    ("lists", "slug"), ("lore", "slug"), ("e-resources", "code"), ("libraries", "code"), ("users", "login"),
    ("sources", "code"), ("packages", "code"),
])  # fmt: skip
def test_nothing_takes_the_name_of_an_empty_form(administrator: FlaskClient, page: str, name: str) -> None:
    """«Новинки» under /lists/new could be read, and never be changed again."""
    address = f"/staff/{page}/new"
    form = token(administrator.get(address))
    said = administrator.post(address, data={"csrf_token": form, name: "new", "title": "Новинки", "name": "Новинки"})
    assert "Это имя занято самим каталогом" in said.text


@pytest.mark.parametrize(
    ("name", "latin"),
    [("c7 Математика.mrc", "c7.mrc"), ("Мой список.docx", "catalog.docx"), ("oo2 «район» 2026.xlsx", "oo2 2026.xlsx")],
)
def test_the_name_of_a_file_for_old_browsers_has_no_gaps_where_russian_letters_were(name: str, latin: str) -> None:
    said = attachment(Response(), name).headers["Content-Disposition"]
    assert f'filename="{latin}"' in said
    assert f"filename*=UTF-8''{quote(name)}" in said


def test_what_is_no_library_and_no_encoding_is_refused_in_words(administrator: FlaskClient) -> None:
    forms = {"/staff/users/bibl": {"name": "Б", "role": "librarian", "library": " "},
             "/staff/sources/school-02/edit": {"library": "school-02", "encoding": "a\x00b"}}  # fmt: skip
    for page, values in forms.items():
        data = {"csrf_token": token(administrator.get(page)), **values}
        answer = administrator.post(page, data=data)
        assert answer.status_code == 200, page
        assert html.fromstring(answer.text).xpath("//*[contains(@class, 'error')] | //*[@role='alert']"), page
