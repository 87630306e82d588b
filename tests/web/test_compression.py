"""Pages travel compressed to who asks for it, and to nobody else."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient

PACKED = {"Accept-Encoding": "gzip, deflate, br"}


@pytest.mark.parametrize("path", ["/", "/search?q=алгебра", "/static/site.css", "/feeds/new.atom"])
def test_a_packed_answer_is_the_same_answer(client: FlaskClient, path: str) -> None:
    plain, packed = client.get(path), client.get(path, headers=PACKED)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert "Accept-Encoding" in plain.headers["Vary"]


def test_a_packed_file_is_not_sent_twice_to_who_has_it(client: FlaskClient) -> None:
    tag = client.get("/static/site.css", headers=PACKED).headers["ETag"]
    assert client.get("/static/site.css", headers={**PACKED, "If-None-Match": tag}).status_code == 304


def test_a_part_of_a_file_is_sent_as_it_is(client: FlaskClient) -> None:
    part = client.get("/static/site.css", headers={**PACKED, "Range": "bytes=0-9"})
    assert (part.status_code, len(part.data)) == (206, 10)


def test_pages_with_secrets_are_not_packed(client: FlaskClient, librarian: FlaskClient) -> None:
    assert "Content-Encoding" not in client.get("/staff/login", headers=PACKED).headers
    assert "Content-Encoding" not in librarian.get("/search?q=алгебра", headers=PACKED).headers


def test_the_first_page_and_a_page_of_hits_are_light(client: FlaskClient) -> None:
    """The first page with its style, script and icons under 50 kB, a page of hits under 100 kB."""
    files = ("/static/site.css", "/static/site.js", "/static/icons.svg", "/static/icon.svg")
    assert sum(len(client.get(path, headers=PACKED).data) for path in ("/", *files)) < 50_000
    assert sum(len(client.get(path, headers=PACKED).data) for path in ("/search?q=", *files)) < 100_000


@pytest.mark.parametrize("path", ["/static/site.css", "/api/v1/libraries"])
def test_what_is_the_same_for_everybody_does_not_vary_by_cookie(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.cache_control.public
    assert "Cookie" not in answer.vary
    assert "Cookie" in client.get("/").vary
