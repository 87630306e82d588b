"""A school's list in Excel brought by hand: what each column was taken for is seen, corrected, and remembered."""

from __future__ import annotations

import io

import openpyxl
import pytest
from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from catalog_sync.model import Source
from catalog_sync.store import jobs, registry
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System
from tests.opendocument import cell, ods, table
from tests.opendocument import row as sheet_row
from tests.web.conftest import application, build, log_in, token

ROWS = [["Кто написал", "Что за книга", "Год изд."], ["Пушкин А. С.", "Капитанская дочка", 2015]]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> System:
    system = build(tmp_path_factory.mktemp("own"))
    with writing(system.engine) as connection:
        by_hand, by_net = Source("list-1", "school-01"), Source("net-1", "school-01", harvester="files")
        registry.save_sources(connection, [by_hand, by_net])
    return system


@pytest.fixture
def librarian(own: System) -> FlaskClient:
    client = application(own).test_client()
    log_in(client, "bibl")
    return client


def excel() -> bytes:
    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(row)
    other = book.create_sheet("Учебники")
    other.append(["Автор", "Название"])
    other.append(["Макарычев Ю. Н.", "Алгебра"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def brought(client: FlaskClient, source: str, name: str = "Список.xlsx", content: bytes | None = None) -> TestResponse:
    form = token(client.get("/staff/uploads/"))
    data = {"source": source, "file": (io.BytesIO(content or excel()), name), "csrf_token": form}
    return client.post("/staff/uploads/", data=data, follow_redirects=True)


def action(page: TestResponse, word: str) -> str:
    return str(html.fromstring(page.text).xpath(f"//form[contains(@action,'/{word}')]/@action")[0])


def posted(client: FlaskClient, page: TestResponse, **fields: str) -> TestResponse:
    form = {"csrf_token": token(page), **fields}
    return client.post(action(page, "columns"), data=form, follow_redirects=True)


def test_a_list_of_libreoffice_is_brought_like_one_of_excel(librarian: FlaskClient) -> None:
    form = librarian.get("/staff/uploads/").text
    assert ".ods" in html.fromstring(form).xpath("//input[@type='file']/@accept")[0].split(",")
    book = sheet_row("Гоголь Н. В.", "Вий", cell("00123", "float", "123"))
    books = table(sheet_row("Автор", "Название", "Инв. №"), book)
    page = brought(librarian, "list-1", "Список.ods", ods(books))
    assert "Гоголь, Н. В. Вий" in page.text
    assert "00123" in page.text
    assert "/take" in page.text


def test_columns_are_shown_corrected_remembered_and_forgotten(librarian: FlaskClient, own: System) -> None:
    page = brought(librarian, "list-1")
    assert "Столбец с названием книги не узнан" in page.text
    assert "/take" not in page.text
    chosen = {"column-A": "author", "column-B": "title", "column-C": "year"}
    page = posted(librarian, page, **chosen, sheet="Sheet")
    assert "Пушкин, А. С. Капитанская дочка" in page.text
    with reading(own.engine) as connection:
        settings = registry.get_source(connection, "list-1").settings
    assert settings == {"columns": "Кто написал=author; Что за книга=title; Год изд.=year"}
    librarian.post(action(page, "take"), data={"csrf_token": token(page)})
    with reading(own.engine) as connection:
        assert jobs.latest(connection)[0].what == "import"
    page = posted(librarian, page, guess="1")
    assert "Столбец с названием книги не узнан" in page.text
    with reading(own.engine) as connection:
        assert registry.get_source(connection, "list-1").settings == {}


def test_another_sheet_is_guessed_anew(librarian: FlaskClient, own: System) -> None:
    page = posted(librarian, brought(librarian, "list-1"), sheet="Учебники", **{"column-A": "author"})
    assert "Макарычев, Ю. Н. Алгебра" in page.text
    with reading(own.engine) as connection:
        assert registry.get_source(connection, "list-1").settings == {"sheet": "Учебники"}
    posted(librarian, page, guess="1")


def test_one_field_in_two_columns_is_refused_in_words(librarian: FlaskClient) -> None:
    page = posted(librarian, brought(librarian, "list-1"), **{"column-A": "title", "column-B": "title"}, sheet="Sheet")
    assert "уже есть в другом столбце" in page.text


def test_a_source_that_sends_no_lists_keeps_no_columns(librarian: FlaskClient) -> None:
    page = brought(librarian, "net-1")
    assert "столбцы узнаются по заголовкам" in page.text
    assert not html.fromstring(page.text).xpath("//select[starts-with(@name,'column-')]")
    assert "столбцов у него нет" in posted(librarian, page, **{"column-B": "title"}).text
