"""What is alike by its sort key: volumes stand in their order, an author's books by title."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from msgspec.structs import replace

from catalog_sync.model import PartName
from catalog_sync.query import Access, Everything, Relation, Sort, Term
from catalog_sync.search.document import part_numbers
from catalog_sync.search.engine import Engine
from catalog_sync.search.reader import Reader
from tests.search.shelf import book, documents

# As they should stand: (title, part, subtitle, year).
VOLUMES = (
    ("Математика", "", "5 класс", "2021"), ("Математика", "Ч. 1", "5 класс", "2023"),
    ("Математика", "ч.1", "5 класс", "2019"), ("Математика", "Часть вторая", "5 класс", "2023"),
    ("Математика", "Ч. III", "5 класс", "2019"), ("Математика", "Ч. 10", "5 класс", "2019"),
    ("Математика", "Ч. 1", "6 класс", "2023"), ("Математика", "", "10 класс", "2023"),
    ("Математика", "", "", "2024"), ("Математика", "", "", ""), ("Математика в школе", "", "1 класс", "2025"),
)  # fmt: skip


def mixed(path: Path, authors: tuple[str, ...]) -> Reader:
    """The volumes by each author, in three commits and no order."""
    books = [
        book(str(number), title, author, parts=(PartName(part),) if part else (), subtitle=subtitle, year_text=year)
        for number, (author, (title, part, subtitle, year)) in enumerate(
            ((author, volume) for author in authors for volume in VOLUMES), 1
        )
    ]
    random.Random(3).shuffle(books)
    engine = Engine.create(path / "index")
    for start in range(0, len(books), 8):
        engine.write(documents(books[start : start + 8]), [], 1)
    return engine.reader()


def numbers(reader: Reader, sort: Sort | tuple[Sort, ...], *, page: int = 4) -> list[int]:
    """Numbers of all books in this order, turned over page by page."""
    found = [reader.search(Everything(), sort=sort, offset=at, limit=page).clusters for at in range(0, 40, page)]
    return [int(cluster.removeprefix("c")) for cluster in sum(found, ())]


def test_volumes_of_a_title_stand_by_class_part_and_latest_year(tmp_path: Path) -> None:
    reader = mixed(tmp_path, ("Иванов, И. И.",))
    assert numbers(reader, Sort.TITLE) == list(range(1, len(VOLUMES) + 1))
    assert numbers(reader, Sort.TITLE_DOWN) == list(range(len(VOLUMES), 0, -1))


def test_a_record_without_a_date_of_change_stands_behind_the_others_and_is_not_of_the_year_0(tmp_path: Path) -> None:
    engine = Engine.create(tmp_path / "index")
    books = [book("1", "А", changed="20200101120000.0"), book("2", "Б"), book("3", "В", changed="20210101120000.0")]
    engine.write(documents(books), [], 1)
    reader = engine.reader()
    assert reader.search(Everything(), sort=Sort.CHANGED).clusters == ("c1", "c3", "c2")
    assert reader.search(Everything(), sort=Sort.CHANGED_DOWN).clusters == ("c3", "c1", "c2")
    assert reader.search(Everything(), sort=(Sort.CHANGED, Sort.TITLE)).clusters == ("c1", "c3", "c2")
    assert reader.search(Term("2020", Access.CHANGED, Relation.LESS_EQUAL)).clusters == ("c1",)
    assert reader.search(Term("2020-01-01T12:00:00Z", Access.CHANGED, Relation.GREATER)).clusters == ("c1", "c3")
    assert reader.search(Term("2020-01-01T11:00:00+05:00", Access.CHANGED, Relation.LESS)).clusters == ("c1",)
    assert reader.search(Term("20200101120000.0", Access.CHANGED, Relation.EQUAL)).clusters == ("c1",)
    span = Term("2020-01-01T09:00:00Z 2020-12-31T09:00:00Z", Access.CHANGED, Relation.WITHIN)
    assert reader.search(span).clusters == ("c1",)
    assert [term.term for term in reader.scan(Access.CHANGED, "", 0, 5)] == ["20200101", "20210101"]


def test_books_of_an_author_stand_by_title(tmp_path: Path) -> None:
    reader = mixed(tmp_path, ("Антонов, И. И.", "Борисов, И. И."))
    assert numbers(reader, Sort.AUTHOR) == list(range(1, 2 * len(VOLUMES) + 1))


def test_a_second_key_that_is_asked_for_comes_before_class_and_part(tmp_path: Path) -> None:
    reader = mixed(tmp_path, ("Иванов, И. И.",))
    years = [int(VOLUMES[n - 1][3] or 9999) for n in numbers(reader, (Sort.TITLE, Sort.YEAR_UP)) if n != len(VOLUMES)]
    assert years == sorted(years)


@pytest.mark.parametrize(
    ("designated", "found"),
    [
        (("Ч. 2",), (2,)), (("часть вторая",), (2,)), (("Т. IV",), (4,)), (("Т. 3", "кн. 1"), (3, 1)),
        (("Т. 3, кн. 1, ч. 2",), (3, 1)), (("А-К",), ()), ((), ()), (("№ 12",), (12,)),
    ],
)  # fmt: skip
def test_a_part_is_numbered_however_it_is_designated(designated: tuple[str, ...], found: tuple[int, ...]) -> None:
    assert part_numbers(designated) == found


def test_where_no_hit_weighs_more_the_wished_for_and_the_latest_come_first(tmp_path: Path) -> None:
    engine = Engine.create(tmp_path / "index")
    shelf = [
        book(f"{number}", f"Книга {number}", subtitle=f"{kind} : 7 класс", year_text=year)
        for number, (kind, year) in enumerate(
            (("учебник", "2015"), ("рабочая тетрадь", "2024"), ("учебник", "2023"), ("рабочая тетрадь", ""),
             ("учебник", "2019"), ("рабочая тетрадь", "2020")), 1
        )
    ]  # fmt: skip
    mine = {"c4", "c5"}
    made = [replace(d, libraries=("school",) if d.cluster in mine else ("other",)) for d in documents(shelf)]
    engine.write(made, [], 1)
    reader = engine.reader()
    seventh = Term("7", Access.GRADE)
    assert reader.search(seventh).clusters == ("c3", "c5", "c1", "c2", "c6", "c4")
    assert reader.search(seventh, prefer="school").clusters == ("c5", "c4", "c3", "c1", "c2", "c6")
    pages = [reader.search(seventh, prefer="school", offset=at, limit=2) for at in range(0, 8, 2)]
    assert sum((page.clusters for page in pages), ()) == ("c5", "c4", "c3", "c1", "c2", "c6")
    assert {page.total for page in pages} == {6}
    assert reader.search(Term("2020", Access.YEAR, Relation.GREATER_EQUAL)).clusters == ("c2", "c3", "c6")


def test_of_hits_that_weigh_the_same_the_latest_comes_first(tmp_path: Path) -> None:
    engine = Engine.create(tmp_path / "index")
    shelf = [book(f"{n}", "Алгебра", "Дубровин, И. А.", year_text=y) for n, y in enumerate(("2015", "2023", "2019"))]
    engine.write(documents(shelf), [], 1)
    reader = engine.reader()
    assert reader.search(Term("алгебра")).clusters == ("c1", "c2", "c0")
    pages = [reader.search(Term("алгебра"), offset=at, limit=1).clusters for at in range(4)]
    assert sorted(sum(pages, ())) == ["c0", "c1", "c2"]


def test_an_article_is_passed_over_and_other_titles_are_found(tmp_path: Path) -> None:
    engine = Engine.create(tmp_path / "index")
    shelf = [
        book("1", "The hobbit", article="The "),
        book("2", "Ivanhoe"),
        book("3", "Hamlet", other_titles=("The tragedy of the prince of Denmark",)),
    ]
    engine.write(documents(shelf), [], 1)
    reader = engine.reader()
    assert reader.search(Everything(), sort=Sort.TITLE).clusters == ("c3", "c1", "c2")
    assert reader.search(Term("the hobbit", Access.TITLE)).clusters == ("c1",)
    assert reader.search(Term("prince of denmark", Access.TITLE)).clusters == ("c3",)


def test_a_record_keeps_its_place_however_the_pages_are_cut(tmp_path: Path) -> None:
    """A client that shows ten and then takes the fifth alone takes the book it has shown."""
    books = [
        book(str(n), "Алгебра" if n % 3 else "Алгебра. Алгебра", year_text=str(1990 + n * 7 % 35)) for n in range(260)
    ]
    engine = Engine.create(tmp_path / "index")
    for start in range(0, len(books), 60):
        engine.write(documents(books[start : start + 60]), [], 1)
    reader, asked = engine.reader(), Term("алгебра")
    whole = reader.search(asked, limit=260).clusters
    assert len(set(whole)) == 260
    for size in (1, 7, 20, 100, 150):
        pages = [reader.search(asked, offset=at, limit=size).clusters for at in range(0, 260, size)]
        assert sum(pages, ()) == whole, size
