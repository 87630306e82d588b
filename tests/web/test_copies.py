"""A book in the hand: a librarian asks by its inventory number and is told whose it is and what edition."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from lxml import html

from catalog_sync.model import Dialect, Source
from catalog_sync.store import inventory, registry
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System
from tests.exports import import_paths
from tests.web.conftest import application, build, field, log_in, rusmarc


def book(local_id: str, title: str, *numbers: str) -> bytes:
    return rusmarc(
        local_id,
        field("200", f"a{title}", indicators="1 "),
        field("210", "aМосква", "cДетская литература", "d2015"),
        *(field("899", "jБ 48", f"p{number}") for number in numbers),
    )


BOOKS = (book("b1", "Тихий овраг", "770001", "770002"), book("b2", "Громкий овраг", "Б-77/15", "000123"))


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> System:
    """School 1 keeps 770001 and 770002 on one card; 880001 is of school 2, and 770003 was of school 1 for a night."""
    home: Path = tmp_path_factory.mktemp("copies")
    system = build(home)
    with writing(system.engine) as connection:
        schools = (("hand-1", "school-01"), ("hand-2", "school-02"))
        registry.save_sources(connection, [Source(*one, dialect=Dialect.RUSMARC) for one in schools])
    other = book("b3", "Дальний овраг", "880001", "770001")
    leaving = book("b4", "Прежний овраг", "770003"), book("b5", "Ещё овраг", "5")
    night = home / "night.mrc"
    for source, *exports in (("hand-1", (*BOOKS, *leaving), (*BOOKS, leaving[1])), ("hand-2", (other,))):
        for records in exports:
            night.write_bytes(b"".join(records))
            run = import_paths(system, source, [night])
            assert run.state.value == "published", run.message
    return system


def asked(system: System, login: str, question: str) -> tuple[str, list[str]]:
    """The page of a person, and the cells of its table of copies."""
    client: FlaskClient = application(system).test_client()
    if login:
        log_in(client, login)
    page = client.get("/search", query_string={"q": question}).text
    cells = html.fromstring(page).xpath("//table//tbody//tr/*")
    return page, [" ".join(cell.text_content().split()) for cell in cells]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("инв:12345", "12345"), ("инв. № 12345", "12345"), ("Инв.№Б-1201", "Б-1201"), ("ИНВ 2020/17.", "2020/17"),
        ("инв. УЧ-Б/1201", "УЧ-Б/1201"), ("инв. № Б 5", "Б 5"), ("инвентарный номер 12 345", "12 345"),
        ("inv. no. 5", "5"), ("инвентарная книга 2019", ""),
        ("инвентаризация 5", ""), ("инв:", ""), ("инв:5 пушкин", ""), ("12345", ""), (f"инв:{'1' * 40}", ""),
    ],
)  # fmt: skip
def test_an_inventory_number_is_told_from_other_questions(typed: str, number: str) -> None:
    assert inventory.asked_for(typed) == number


@pytest.mark.parametrize("question", ["инв. № 770002", "инв:0770002", "770002"])
def test_a_librarian_finds_the_copy_in_her_library(district: System, question: str) -> None:
    page, cells = asked(district, "bibl", question)
    assert cells[:4] == ["770002", "Тихий овраг", "в фонде", "Школа № 1"]
    assert len(cells) == 6
    assert 'class="hit"' in page


@pytest.mark.parametrize(
    ("question", "number"), [("инв:б-77/15", "Б-77/15"), ("инв. № 123", "000123"), ("инв:000123", "000123")]
)
def test_letters_and_zeros_may_be_typed_otherwise(district: System, question: str, number: str) -> None:
    assert asked(district, "bibl", question)[1][:2] == [number, "Громкий овраг"]


def test_one_s_own_library_comes_first_and_others_where_it_has_none(district: System) -> None:
    assert asked(district, "bibl", "инв:770001")[1][1::6] == ["Тихий овраг"]
    page, cells = asked(district, "bibl", "инв:880001")
    assert cells[:4] == ["880001", "Дальний овраг", "в фонде", "Школа № 2"]
    assert "В вашей библиотеке такого номера нет" in page
    assert asked(district, "metod", "инв:770001")[1][1::6] == ["Тихий овраг", "Дальний овраг"]


def test_a_copy_that_left_says_when(district: System) -> None:
    _, cells = asked(district, "bibl", "инв:770003")
    assert cells[0] == "770003"
    assert cells[2].startswith("выбыл 20 ноября 2026")


def test_a_number_nobody_has_is_no_silent_zero(district: System) -> None:
    page, cells = asked(district, "bibl", "инв:990099")
    assert "Экземпляра с этим номером нет" in page
    assert not cells


def test_a_number_that_finds_books_otherwise_is_a_question_about_books(district: System) -> None:
    page, cells = asked(district, "bibl", "2015")
    assert "Тихий овраг" in page
    assert not cells


def test_readers_are_told_no_inventory_numbers(district: System) -> None:
    page, cells = asked(district, "", "инв:770002")
    assert "/staff/login?next=" in page
    assert not cells
    assert "Тихий овраг" not in page
    assert "Тихий овраг" not in asked(district, "", "770002")[0]
    told = application(district).test_client().get("/search.json?q=инв:770002").json
    assert (told["total"], told["hits"], told["copies"]) == (0, [], [])


def test_programs_of_the_staff_are_told_the_copies(district: System) -> None:
    client = application(district).test_client()
    log_in(client, "bibl")
    told = client.get("/search.json?q=инв:770002").json
    assert [copy["record"] for copy in told["copies"]] == ["hand-1:b1"]
    assert [hit["title"] for hit in told["hits"]] == ["Тихий овраг"]


def test_a_number_is_not_part_of_another(district: System) -> None:
    with reading(district.engine) as connection:
        assert [copy.number for copy in inventory.find(connection, "5", ["school-01"])] == ["5"]
        assert inventory.find(connection, "77000", ["school-01"]) == []
