"""A line of a reading list in the search box: the book it describes, or nothing, and never the whole catalogue."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize("line", ["ыъыщ 321 с.", "ыъыщ : жщжщ, 2010", "ыъыщ / А. Жщжщ. – М. : Ъъ, 2010. – 120 с."])
def test_a_line_that_describes_no_book_finds_nothing(client: FlaskClient, line: str) -> None:
    answer = client.get("/search.json", query_string={"q": line})
    assert (answer.status_code, answer.json["total"]) == (200, 0)


def test_a_line_without_a_title_is_not_a_question_for_everything(client: FlaskClient) -> None:
    assert client.get("/search.json", query_string={"q": ". – Жщ : Ъъ, 2010. – 120 с."}).json["total"] == 0
