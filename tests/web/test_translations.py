"""Russian and English are complete: what a page says, both languages can say, and count."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html

from web.i18n import ngettext, translations
from web.translations.make import KEYWORDS, catalogue, extracted, python_sentences, untranslated

WEB = Path(__file__).resolve().parents[2] / "web"
CYRILLIC = re.compile(r"[А-Яа-яЁё]{2,}")


def test_every_sentence_has_an_english_translation() -> None:
    assert untranslated(catalogue("en")) == []
    known = {m.id for m in catalogue("en")}
    assert [m.id for m in extracted() if m.id not in known] == [], "run: python -m web.translations.make"


def test_a_sentence_inside_an_f_string_is_translated_too() -> None:
    module = """f'<p>{_("Доступно по ссылке")}</p>{ngettext("%(num)s книга", "%(num)s книг", 2)}'; _(name); f("")"""
    found = list(python_sentences(io.BytesIO(module.encode()), KEYWORDS, (), {}))
    assert [(name, texts) for _line, name, texts, _notes in found if texts[0]] == [
        ("_", ["Доступно по ссылке"]), ("ngettext", ["%(num)s книга", "%(num)s книг", None]),
    ]  # fmt: skip


def test_what_a_hit_says_of_its_copies_is_english_on_an_english_page(client: FlaskClient) -> None:
    tree = html.fromstring(client.get("/search?q=учебник&sort=title&lang=en&my=school-01").text)
    said = [" ".join(line.text_content().split()) for line in tree.xpath("//p[contains(@class,'where')]")]
    assert any(", call number " in line for line in said)
    assert all(line.startswith(("In my school", "Also held by:", "Held by:", "No copies")) for line in said), said


def test_the_reasons_of_an_edition_are_english_on_an_english_page(client: FlaskClient) -> None:
    def reasons(address: str) -> list[str]:
        return html.fromstring(client.get(address).text).xpath("//p[@class='reason']/text()")

    hits = client.get("/search.json?q=учебник").json["hits"]
    page, russian = next((page, said) for hit in hits if (said := reasons(page := f"/record/{hit['id']}/records")))
    assert "Почему то же издание: одинаковый ISBN: 978" in russian[0]
    english = reasons(f"{page}?lang=en")
    assert "Why it is the same edition: same ISBN: 978" in english[0]
    assert len(english) == len(russian)


def test_every_russian_plural_has_three_forms() -> None:
    plurals = [m for m in catalogue("ru") if isinstance(m.id, tuple)]
    assert plurals
    assert all(len(m.string) == 3 and all(m.string) for m in plurals)


def test_the_word_on_a_tile_agrees_with_the_number_above_it(client: FlaskClient) -> None:
    """«141 запись», «142 записи», «145 записей»; a tile of one form for all numbers says «141 записей»."""
    tiles = re.compile(r"<li><b>(.*?)</b>(.*?)</li>", re.DOTALL)
    lines = [tile for path in (WEB / "templates").rglob("*.html") for tile in tiles.findall(path.read_text("utf-8"))]
    said = [re.sub(r"<small>.*", "", text) for _, text in lines]
    counted = [sentence for text in said for sentence in re.findall(r"\{\{ _\('(.*?)'\) \}\}", text)]
    nouns = re.compile(r"записей|экземпляров|изданий|книг|библиотек|пар\b|сообщений")
    assert lines
    assert [sentence for sentence in counted if nouns.search(sentence)] == ["без экземпляров"]


def test_translations_keep_the_names_of_their_values() -> None:
    for message in catalogue("en"):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = set(re.findall(r"%\((\w+)\)s", " ".join(ids)))
        for text in strings:
            assert set(re.findall(r"%\((\w+)\)s", text)) == wanted, ids


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_compiled_catalogue_is_the_one_people_edit(language: str) -> None:
    for message in catalogue(language):
        if isinstance(message.id, str) and message.id and message.string:
            assert translations(language).gettext(message.id) == message.string


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "1 экземпляр"),
        (2, "2 экземпляра"),
        (5, "5 экземпляров"),
        (11, "11 экземпляров"),
        (21, "21 экземпляр"),
        (112, "112 экземпляров"),
        (0, "0 экземпляров"),
    ],
)
def test_copies_are_counted_as_russians_count(app: Flask, number: int, words: str) -> None:
    with app.test_request_context():
        assert ngettext("%(num)s экземпляр", "%(num)s экземпляров", number) == words


def test_no_russian_sentence_stands_in_a_template_outside_translation() -> None:
    """Examples of queries and the languages' own names are the only Russian words an English page may have."""
    allowed = {"математика 5 класс", "Пушкин Капитанская дочка", "атлас география"}
    for path in WEB.glob("templates/**/*.html"):
        if path.parent.name == "reports":
            continue
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for phrase in allowed:
            text = text.replace(phrase, " ")
        assert not CYRILLIC.search(text), f"{path.name}: {CYRILLIC.search(text)}"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/search?q=qjwqjw00",
        "/advanced",
        "/browse/",
        "/browse/udc",
        "/settings",
        "/help",
        "/basket",
        "/nope",
        "/staff/login",
    ],
)
def test_an_english_page_has_no_russian_interface_words(client: FlaskClient, path: str) -> None:
    address = path + ("&" if "?" in path else "?") + "lang=en"
    tree = html.fromstring(client.get(address).text)
    for element in tree.xpath(
        "//*[@lang='ru'] | //optgroup | //option | //header//a[contains(@class,'brand')] | //title"
        " | //footer//p | //ul[@class='tiles'] | //section[@aria-labelledby='lists']/ul | //p[@class='examples']/a"
    ):
        element.drop_tree()  # names of libraries, books and the district are data
    text = re.sub(r"«[^»]*»", "", tree.text_content())
    assert not CYRILLIC.findall(text), CYRILLIC.findall(text)[:5]


def test_english_goes_on_in_the_links_when_cookies_are_off(client: FlaskClient) -> None:
    tree = html.fromstring(client.get("/search?q=%D0%B0%D0%BB%D0%B3%D0%B5%D0%B1%D1%80%D0%B0&lang=en").text)
    hits = tree.xpath("//ol[@class='hits']//h2/a/@href")
    assert hits
    assert all("lang=en" in link for link in hits)
