"""What a person sees who opens an address of the SRU server, and what each client accepts."""

from __future__ import annotations

from flask.testing import FlaskClient
from lxml import etree


def test_a_person_sees_a_page_with_styles_from_our_own_host_only(client: FlaskClient) -> None:
    answer = client.get("/sru?query=алгебра&facetLimit=3")
    assert b'href="/sru/style.xsl"' in answer.data
    style = client.get("/sru/style.xsl")
    assert style.content_type.startswith("application/xslt+xml")
    transform = etree.XSLT(etree.fromstring(style.data))
    html = str(transform(etree.fromstring(answer.data)))
    assert "Найдено записей" in html
    assert 'href="/record/c1"' in html
    assert "<script" not in html
    assert client.get("/sru/style.css").content_type.startswith("text/css")
    for path in ("/sru", "/sru?scanClause=title=а", "/sru?query=(("):
        assert "Сводный каталог" in str(transform(etree.fromstring(client.get(path).data)))


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def test_a_browser_gets_the_page_made_here_because_browsers_drop_xslt(client: FlaskClient) -> None:
    page = client.get("/sru?query=алгебра", headers={"Accept": BROWSER})
    assert page.content_type == "text/html; charset=utf-8"
    assert page.headers["Vary"] == "Accept"
    assert "Найдено записей" in page.text
    assert 'style="' not in page.text
    assert client.get("/sru?query=a&renderedBy=server").content_type.startswith("text/html")
    asked = client.get("/sru?query=a&httpAccept=text/xml", headers={"Accept": BROWSER})
    assert asked.content_type.startswith("text/xml")
    for accept in ("", "*/*", "text/xml", "application/xml, text/html;q=0.5, text/xml"):
        assert client.get("/sru?query=a", headers={"Accept": accept}).content_type.startswith("text/xml")


def test_the_content_type_follows_what_the_client_accepts(client: FlaskClient) -> None:
    assert client.get("/sru?query=a").content_type == "text/xml; charset=utf-8"
    sru = client.get("/sru?query=a", headers={"Accept": "application/sru+xml"})
    assert sru.content_type == "application/sru+xml; charset=utf-8"
    assert sru.headers["Access-Control-Allow-Origin"] == "*"
