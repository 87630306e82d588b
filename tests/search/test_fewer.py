"""Which word of a query that finds nothing is offered to be left out."""

from __future__ import annotations

import pytest

from catalog_sync.query import Unsupported
from catalog_sync.search.fewer import MOST_OFFERED, MOST_TRIED, fewer_words
from catalog_sync.search.parse import search_box
from catalog_sync.search.reader import Reader


def left(text: str) -> list[str]:
    """What stays of a query, each piece left out in turn (the index would find something in all of them)."""
    return [one.text for one in fewer_words(text, lambda _: 1)]


@pytest.mark.parametrize(
    ("typed", "tried"),
    [
        ("пушкин сказки", ["сказки", "пушкин"]),
        ("математика 5-го класса", ["5-го класса", "математика"]),
        ('"война и мир" автор:"Толстой Лев"', ['автор:"Толстой Лев"', '"война и мир"']),
        ("алгебра ИЛИ геометрия учебник", ["геометрия учебник", "алгебра учебник", "алгебра ИЛИ геометрия"]),
        ("(алгебра ИЛИ геометрия) учебник", ["учебник", "(алгебра ИЛИ геометрия)"]),
        ("пушкин -сказки", ["пушкин"]),
        ("пушкин НЕ сказки", ["пушкин"]),
        ("пушкин лирика -сказки", ["лирика -сказки", "пушкин -сказки", "пушкин лирика"]),
        ("пушкин -5 класс", ["пушкин"]),
        ("пушкин !!!", []),
        ("пушкин", []),
        ("", []),
    ],
)  # fmt: skip
def test_one_piece_is_left_out_and_the_rest_is_a_query(typed: str, tried: list[str]) -> None:
    assert left(typed) == tried


def test_at_most_eight_questions_are_asked_about_the_longest_words() -> None:
    asked: list[str] = []
    typed = "мне очень нужен новый учебник по математике для моего пятиклассника в школе"
    found = fewer_words(typed, lambda text: asked.append(text) or len(text))  # type: ignore[func-returns-value]
    assert len(asked) == MOST_TRIED
    assert all({"мне", "по", "для", "в"} <= set(text.split()) for text in asked)
    assert len(found) == MOST_OFFERED
    assert [one.count for one in found] == sorted((len(text) for text in asked), reverse=True)[:MOST_OFFERED]


def test_what_finds_nothing_or_cannot_be_asked_is_not_offered() -> None:
    def count(text: str) -> int:
        if text == "б":
            raise Unsupported("term", text)
        return 0

    assert fewer_words("а б", count) == ()


def test_the_count_is_what_the_shorter_query_finds(reader: Reader) -> None:
    def count(text: str) -> int:
        return reader.search(search_box(text), limit=0).total

    assert count("математика виленкин щука") == 0
    [one] = fewer_words("математика виленкин щука", count)
    assert (one.text, one.without, one.count) == ("математика виленкин", "щука", 1)
