"""Place, publisher and year find their places, however many were typed into one subfield."""

from __future__ import annotations

import pytest

from catalog_sync.marc.imprint import imprint

TYPED = (
    (("Москва : Вече, 1993",), (), "", "Москва", "Вече", "1993"),
    ((), ("М.: Дрофа, cop. 2015",), "", "М.", "Дрофа", "cop. 2015"),
    ((), ("Смоленск: [2021]",), "", "Смоленск", "", "[2021]"),
    ((), ("Ростов н/Д: Легион",), "2012", "Ростов н/Д", "Легион", "2012"),
    (("Самовар, [2012]",), (), "", "Самовар", "", "[2012]"),
    (("М.",), ("Дрофа, 2015 г.",), "", "М.", "Дрофа", "2015"),
    ((), ("2013",), "", "", "", "2013"),
    ((), ("Drofa, 2015 god",), "", "", "Drofa", "2015"),
    ((), ("2012 g.",), "", "", "", "2012"),
)
LEFT_ALONE = (
    (("М.",), ("Школа 2000",), ""),
    (("М.",), ("Школа 2100",), "2010"),
    ((), ("АСТ : Астрель",), "2015"),
    (("Москва",), ("Смоленск",), "2009"),
    (("М.", "СПб."), (), "1999"),
)


@pytest.mark.parametrize(("places", "publishers", "year", "place", "house", "read"), TYPED)
def test_one_subfield_is_put_in_order(
    places: tuple[str, ...], publishers: tuple[str, ...], year: str, place: str, house: str, read: str
) -> None:
    found = imprint(places, publishers, year)
    assert ("".join(found[0]), "".join(found[1]), found[2]) == (place, house, read)


@pytest.mark.parametrize("typed", LEFT_ALONE)
def test_what_stands_where_it_belongs_stays(typed: tuple[tuple[str, ...], tuple[str, ...], str]) -> None:
    assert imprint(*typed) == typed


def test_nobody_is_no_publisher_and_nowhere_no_place() -> None:
    assert imprint(("[Б. м.]",), ("Б. и.",), "2020") == ((), (), "2020")
    assert imprint(("S. l.", "М."), ("[s.n.]", "Дрофа"), "2020") == (("М.",), ("Дрофа",), "2020")


def test_two_places_in_one_subfield_are_two() -> None:
    assert imprint(("М. ; СПб.",), ("Питер",), "2020") == (("М.", "СПб."), ("Питер",), "2020")
