from __future__ import annotations

import json
from datetime import date

import pytest

from catalog_sync.errors import StopEverything
from catalog_sync.marc.dates import day_of
from catalog_sync.marc.holdings import profiles
from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.model import Dialect, Holdings, Item, SourceRecord

from .samples import iso, record, school


def holdings(*lines: str, dialect: Dialect = Dialect.RUSMARC, profile: str = "") -> Holdings:
    (found,) = read_export(iso(record("001 B1", *lines)), school(dialect))
    assert isinstance(found, SourceRecord)
    return to_bib(found, profile).holdings


def row(**columns: object) -> Holdings:
    item = "24500\x1faКнига\x1e"
    data = json.dumps({"doc_id": 7, "rectype": "a", "biblevel": "m", "item": item, **columns}).encode()
    (found,) = read_export(data, school(Dialect.MARCSQL))
    assert isinstance(found, SourceRecord)
    assert found.local_id == "7"
    return to_bib(found).holdings


def test_every_899_is_an_item() -> None:
    found = holdings("899 __$aШК1$bУЧ$j22.14$p1001$t0001", "899 __$aШК1$bУЧ$j22.14$p1002")
    assert [(i.inventory_number, i.barcode, i.sigla, i.call_number) for i in found.items] == [
        ("1001", "0001", "ШК1", "22.14"),
        ("1002", "", "ШК1", "22.14"),
    ]
    assert (found.copies, found.basis, found.call_number) == (2, "899", "22.14")


@pytest.mark.parametrize("tag", ["910", "995", "899", "852"])
def test_items_of_irbis_are_read_in_whatever_field_an_export_puts_them(tag: str) -> None:
    found = holdings(f"{tag} __$a0$b1001$c20130901$dАБ$e350$hRF01$u2013/5", f"{tag} __$aU$b2013/6$c20130901$dУЧ$125")
    first, group = found.items
    assert first == Item("1001", "RF01", "АБ", "", "350", "2013/5", 1, date(2013, 9, 1))
    assert (group.copies, group.individual, found.copies) == (25, False, 26)


def test_items_of_irbis_that_are_written_off_or_never_came_are_not_there() -> None:
    found = holdings("910 __$a6$b1001$c20130901$dАБ", "910 __$a2$b1002$dАБ", "910 __$a1$b1003$dАБ")
    assert [i.inventory_number for i in found.items] == ["1003"]


def test_marc21_joins_the_barcode_of_876_with_the_place_of_852() -> None:
    found = holdings(
        "245 00$aКнига",
        "852 __$aШК1$bУЧ$h22.14$iМ 15",
        "876 __$a1001$p0001$c350$d20130901",
        dialect=Dialect.MARC21,
    )
    assert found.items == (Item("1001", "0001", "ШК1", "22.14 М 15", "350", "", 1, date(2013, 9, 1)),)


def test_marcsql_numbers_and_barcodes_go_together() -> None:
    found = holdings(
        "090 __$a84$xП 91$fАБ$e1001",
        "090 __$a84$xП 91$fАБ$e1002",
        "876 __$p0001$c350",
        "876 __$p0002$c350",
        "990 __$e2$v2$z0$f01.09.2013$t15",
        dialect=Dialect.MARCSQL,
    )
    assert found.items == (
        Item("1001", "0001", "АБ", "84 П 91", "350", "", 1, date(2013, 9, 1)),
        Item("1002", "0002", "АБ", "84 П 91", "350", "", 1, date(2013, 9, 1)),
    )
    assert (found.received, found.withdrawn, found.copies, found.basis) == (2, 0, 2, "090+990")


def test_textbooks_kept_by_card_are_a_group_of_the_number_present() -> None:
    found = holdings("090 __$a22$fУЧ", "990 __$w60$k50$z10$h7$f01.09.2013", dialect=Dialect.MARCSQL)
    assert found.items == (Item("", "", "УЧ", "22", "", "7", 50, date(2013, 9, 1), individual=False),)
    assert (found.received, found.withdrawn, found.copies) == (60, 10, 50)


def test_days_of_arrival_with_counts_split_the_group() -> None:
    found = holdings("990 __$w60$k60$f01.09.2013 (25), 01.09.2014 (35)", dialect=Dialect.MARCSQL)
    assert [(i.copies, i.registered) for i in found.items] == [(25, date(2013, 9, 1)), (35, date(2014, 9, 1))]


def test_rows_of_the_database_give_days_and_reasons() -> None:
    found = row(
        inv=[
            {"INV_ID": 1, "T090e": "1001", "T090f": "АБ", "T876p": "0001", "REGDATE": 41518.0, "INVMODE": "И/У"},
            {"INV_ID": 2, "T090e": None, "T090f": "УЧ", "REGDATE": 41518.5, "CNT": 25, "INVMODE": "Б/У", "T990t": "15"},
        ],
        invoff=[
            {"T090e": "999", "REGDATE": 40000.0, "OFFDATE": 41000.0, "NOTES": "ветхость", "WROFFACT": "3", "CNT": 1},
            {"T090e": "998", "REGDATE": 40000.0, "OFFDATE": None, "CNT": 1},
        ],
    )
    numbered, group, gone = found.items
    assert numbered == Item("1001", "0001", "АБ", registered=date(2013, 9, 1))
    assert (group.copies, group.individual, group.ksu_number, group.registered) == (25, False, "15", date(2013, 9, 1))
    assert (gone.withdrawn, gone.withdrawal_reason, gone.withdrawal_act) == (date(2012, 4, 1), "ветхость", "3")
    assert (found.copies, found.basis) == (26, "INV")


def test_a_record_without_holdings_has_none() -> None:
    assert holdings("200 1_$aКнига") == Holdings()


def test_an_unknown_profile_stops_everything() -> None:
    with pytest.raises(StopEverything, match="профиль наличия"):
        holdings("200 1_$aКнига", profile="нет такого")


def test_every_dialect_has_a_profile() -> None:
    for dialect in Dialect:
        assert any(dialect.value in p.dialects for p in profiles().values())


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("41518", date(2013, 9, 1)),
        ("41518.75", date(2013, 9, 1)),
        ("2013-09-01 00:00:00", date(2013, 9, 1)),
        ("01.09.2013", date(2013, 9, 1)),
        ("1.9.13", date(2013, 9, 1)),
        ("20130901", date(2013, 9, 1)),
        ("2013", None),
        ("31.02.2013", None),
        ("1013-09-01", None),
        ("", None),
    ],
)
def test_days_are_read_as_systems_write_them(typed: str, day: date | None) -> None:
    assert day_of(typed) == day


@pytest.mark.parametrize("typed", ["4607012345678", "9" * 4500, "²", "0"])
def test_a_barcode_typed_where_copies_are_counted_counts_nothing(typed: str) -> None:
    assert holdings(f"910 __$aU$b1001$1{typed}").copies == 1
    assert holdings(f"990 __$k{typed}$f01.09.2013", dialect=Dialect.MARCSQL).copies == 0


@pytest.mark.parametrize(
    ("typed", "copies"), [("25", 25), ("25 экз.", 25), ("25 шт", 25), ("25.0", 25), ("12.50", 1), ("много", 1)]
)
def test_a_group_is_as_large_as_is_typed(typed: str, copies: int) -> None:
    assert holdings(f"910 __$aU$dУЧ$1{typed}", "910 __$aU$dХР$12").copies == copies + 2


def test_a_group_of_which_none_is_left_is_no_copy() -> None:
    assert holdings("910 __$aU$dУЧ$10", "910 __$aU$dХР$12").copies == 2
    gone = {"t990t": "12", "cnt": 25, "invmode": "Б/У", "offdate": 45000}
    found = row(inv=[{"t990t": "12", "cnt": 0, "invmode": "Б/У"}], invoff=[gone])
    assert (found.copies, len(found.items)) == (0, 1)


def test_a_numbered_item_is_there_whatever_its_count_says() -> None:
    assert row(inv=[{"t090e": "1001", "cnt": 0, "invmode": "И/У"}]).copies == 1


@pytest.mark.parametrize(
    "typed",
    ["01-09-2013", "2013/09/01", "2013.09.01", "01/09/13", "01. 09. 2013", "01,09,2013", "20130901120000",
     "1 сентября 2013 г.", "1 Сент. 2013", "поступило 01-09-2013"],
)  # fmt: skip
def test_days_are_read_as_people_write_them(typed: str) -> None:
    assert day_of(typed) == date(2013, 9, 1)


@pytest.mark.parametrize("typed", ["1 мая 2013", "1 май 2013"])
def test_may_is_no_march(typed: str) -> None:
    assert day_of(typed) == date(2013, 5, 1)


@pytest.mark.parametrize("typed", ["12-2013", "2013-2014", "1-09/2013", "акт 17-05", "31-02-2013", "сентябрь 2013"])
def test_what_names_no_day_is_none(typed: str) -> None:
    assert day_of(typed) is None
