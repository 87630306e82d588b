"""Licences come and go by their terms; what is frozen stays, and what came later is named."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from catalog_sync.errors import Refused
from catalog_sync.model import Carrier, Category, EKind, Holdings, RecordKey
from catalog_sync.store import hand, ledger, licences, overrides, snapshots
from catalog_sync.store.figures import Selection, balances
from catalog_sync.store.ledger_check import check
from catalog_sync.store.ledger_tables import snapshot
from catalog_sync.store.tables import holding
from tests.ledger.district import District, holds, item, klass

NOW = datetime(2026, 7, 5, 9, tzinfo=UTC)
YEAR = date(2026, 1, 1), date(2026, 12, 31)
ELECTRONIC = Selection(carriers=("electronic",))


@pytest.fixture
def district(connection):
    district = District(connection.engine)
    for code in ("a", "b"):
        district.add_library(connection, code)
    return district


def package(**more) -> licences.Licence:
    values = {"library": "a", "name": "Пакет", "starts": date(2026, 2, 1), "ends": date(2026, 6, 30), "titles": 340}
    return licences.Licence(**{**values, "copies": 500, "contract": "12", **more})


def test_a_package_counts_what_its_contract_names_until_its_last_day(connection, district):
    licences.add(connection, package(), today=date(2026, 2, 3), who="методист")
    copies, titles = balances(connection, ELECTRONIC, *YEAR).total()
    assert (copies.acquired, titles.acquired) == (500, 340)
    assert licences.expire(connection, date(2026, 6, 30)) == []
    assert [one.number for one in licences.expire(connection, date(2026, 7, 1))] == [1]
    assert licences.expire(connection, date(2026, 7, 2)) == []
    copies, titles = balances(connection, ELECTRONIC, *YEAR).total()
    assert (copies.expired, copies.closing, titles.expired, titles.closing) == (500, 0, 340, 0)
    in_june, _ = balances(connection, ELECTRONIC, date(2026, 6, 1), date(2026, 6, 30)).total()
    assert in_june.closing == 500
    assert check(connection) == []


def test_a_database_is_one_database_and_no_books(connection, district):
    licences.add(connection, package(kind="database", titles=0, copies=0), today=date(2026, 2, 3), who="методист")
    assert balances(connection, ELECTRONIC, *YEAR).total()[0].closing == 0


def test_the_end_of_a_catalogued_package_takes_its_records_once(connection, district):
    licensed = klass("fiction", "electronic", "licensed")
    books = {f"e{n}": (Holdings(), licensed) for n in range(3)}
    district.publish(connection, "b", date(2026, 2, 10), books)
    licences.add(connection, package(library="b", source="b", titles=0, copies=0), today=date(2026, 2, 11), who="м")
    licences.expire(connection, date(2026, 7, 1))
    copies, _ = balances(connection, ELECTRONIC, *YEAR).total()
    assert (copies.initial, copies.expired, copies.closing) == (3, 3, 0)
    district.publish(connection, "b", date(2026, 7, 2), {"e0": books["e0"]})  # the records vanish from the export
    copies, _ = balances(connection, ELECTRONIC, *YEAR).total()
    assert (copies.withdrawn, copies.closing) == (0, 0)
    assert check(connection) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [({"ends": date(2025, 1, 1)}, "раньше"), ({"library": "z"}, "'z'"), ({"kind": "book"}, "package"),
     ({"titles": 0}, "от 1")],
)  # fmt: skip
def test_a_contract_that_can_not_be_is_refused(connection, district, change, word):
    with pytest.raises(Refused, match=word):
        licences.add(connection, package(**change), today=date(2026, 2, 3), who="м")


def test_a_prolonged_contract_does_not_end_on_the_old_day(connection, district):
    number = licences.add(connection, package(), today=date(2026, 2, 3), who="м")
    licences.extend(connection, number, date(2027, 6, 30), today=date(2026, 5, 1), who="м")
    assert licences.expire(connection, date(2026, 7, 1)) == []


# --- Snapshots -------------------------------------------------------------------------------------------------------


def freeze(connection, name="2026Q2", key=b""):
    return snapshots.freeze(
        connection, name, date(2026, 4, 1), date(2026, 6, 30), now=NOW, today=NOW.date(), who="м", key=key
    )


def test_a_snapshot_stays_and_later_corrections_are_named(connection, district):
    district.publish(connection, "a", date(2026, 6, 1), {"r": (holds(item("1", came=date(2026, 5, 5))), klass())})
    district.publish(connection, "b", date(2026, 6, 1), {"q": (holds(item("1", came=date(2026, 5, 5))), klass())})
    frozen = snapshots.find(connection, freeze(connection).number)
    late = holds(item("1", came=date(2026, 5, 5)), item("2", came=date(2026, 6, 20)))
    run = district.publish(connection, "a", date(2026, 7, 20), {"r": (late, klass())})
    district.merge(connection, "c-r", "c-q", date(2026, 7, 21))
    again = snapshots.find(connection, frozen.head.number)
    assert again == frozen
    changes = snapshots.corrections(connection, frozen)
    copies = [one for one in changes if one.unit == "copies"]
    assert [(one.library, one.column, one.amount) for one in copies] == [("a", "acquired", 1)]
    assert f"сеанс {run}" in copies[0].cause
    district_titles = [one for one in changes if (one.unit, one.library) == ("titles", "*")]
    assert [(one.amount, one.cause) for one in district_titles] == [(-1, "объединение изданий")]
    then, now = (
        snapshots.frozen_balance(frozen, "copies", "*"),
        balances(connection, Selection(), date(2026, 4, 1), date(2026, 6, 30)).total()[0],
    )
    assert now.closing == then.closing + sum(one.amount for one in copies)


def test_the_chain_and_the_signature_betray_a_changed_snapshot(connection, district):
    district.publish(connection, "a", date(2026, 6, 1), {"r": (holds(item("1")), klass())})
    first, second = freeze(connection, key=b"district"), freeze(connection, "2026Q2-2", key=b"district")
    assert (second.previous, second.number) == (first.digest, first.number + 1)
    assert first.signature
    assert snapshots.verify(connection, b"district") == []
    assert len(snapshots.verify(connection, b"somebody else")) == 2
    other = snapshots.compress(snapshots.canonical({"name": "2026Q2", "copies": {}}))
    connection.execute(snapshot.update().where(snapshot.c.number == 1).values(data=other))
    assert any("не сходятся" in sentence for sentence in snapshots.verify(connection))


def test_a_quarter_that_still_runs_is_not_frozen(connection, district):
    with pytest.raises(Refused, match="законченный"):
        snapshots.freeze(connection, "2026Q3", date(2026, 7, 1), date(2026, 9, 30), now=NOW, today=NOW.date(), who="м")


# --- By hand ---------------------------------------------------------------------------------------------------------


def test_a_corrected_class_moves_the_past_and_survives_the_next_export(connection, district):
    came = date(2024, 9, 1)
    books = {"r": (holds(item("1", came=came), item("2", came=came)), klass("fiction"))}
    district.publish(connection, "a", date(2026, 6, 1), books)
    key = RecordKey("a", "r")
    edition = hand.reclassify(
        connection, key, category=Category.REFERENCE, carrier=None, ekind=None, why="энциклопедия", who="м", now=NOW,
        today=NOW.date(),
    )  # fmt: skip
    assert edition == "c-r"
    past = date(2024, 1, 1), date(2024, 12, 31)
    assert balances(connection, Selection(categories=("reference",)), *past).total()[0].acquired == 2
    assert balances(connection, Selection(categories=("fiction",)), *past).total()[0].acquired == 0
    assert hand.corrections_of(connection, key)[0].why == "энциклопедия"
    assert check(connection) == []


def test_books_follow_when_the_rules_of_classes_change(connection, district):
    came = date(2024, 9, 1)
    books = {"r": (holds(item("1", came=came), item("2", came=came)), klass("other"))}
    district.publish(connection, "a", date(2026, 6, 1), books)
    connection.execute(holding.update().values(category="fiction"))  # what a rebuild with new rules does
    assert hand.align_classes(connection, why="новые правила", today=NOW.date()) == 1
    assert hand.align_classes(connection, why="новые правила", today=NOW.date()) == 0
    assert balances(connection, Selection(categories=("fiction",)), *YEAR).total()[0].closing == 2
    assert balances(connection, Selection(categories=("other",)), *YEAR).total()[0].closing == 0
    assert check(connection) == []


@pytest.mark.parametrize(
    ("values", "word"),
    [({"document": " "}, "номер документа"), ({"day": date(2027, 1, 1)}, "не наступила"), ({"copies": 0}, "ноль"),
     ({"copies": -9}, "состоит 1"), ({"code": "b"}, "нет")],
)  # fmt: skip
def test_an_act_that_can_not_be_is_refused(connection, district, values, word):
    district.publish(connection, "a", date(2026, 6, 1), {"r": (holds(item("1")), klass())})
    act = {"code": "a", "copies": 1, "day": date(2026, 6, 2), "document": "5", **values}
    with pytest.raises(Refused, match=word):
        hand.enter_act(connection, act.pop("code"), RecordKey("a", "r"), today=NOW.date(), who="м", **act)


def test_a_reversed_run_leaves_the_licences_alone(connection, district):
    licences.add(connection, package(), today=date(2026, 2, 3), who="м")
    run = district.publish(connection, "a", date(2026, 3, 1), {"r": (holds(item("1")), klass())})
    ledger.reverse_run(connection, run, by_run=None, recorded=date(2026, 3, 2), why="ошибка")
    ledger.titles_changed(connection, cause="rollback", recorded=date(2026, 3, 2))
    assert balances(connection, Selection(), *YEAR).total()[0].closing == 500


def test_an_act_takes_no_more_than_there_was_on_its_day_and_ever_since(connection, district):
    district.publish(connection, "a", date(2026, 5, 1), {"r": (holds(item("1", came=date(2026, 4, 1))), klass())})

    def act(copies: int, day: date) -> int:
        return hand.enter_act(
            connection, "a", RecordKey("a", "r"), copies=copies, day=day, document=f"{copies}", today=NOW.date(),
            who="м",
        )  # fmt: skip

    with pytest.raises(Refused, match=r"31\.03\.2026 или позже состояло 0"):  # the quarter would close below nothing
        act(-1, date(2026, 3, 31))
    came = act(4, date(2026, 5, 2))
    act(-5, date(2026, 6, 1))
    with pytest.raises(Refused, match="состоит 0"):
        act(-1, date(2026, 5, 3))
    with pytest.raises(Refused, match="исправьте сначала акт выбытия"):
        hand.take_back(connection, came, why="не те книги", today=NOW.date(), who="м")
    act(2, date(2026, 6, 10))
    with pytest.raises(Refused, match="или позже состояло 0"):
        act(-1, date(2026, 5, 3))
    act(-2, date(2026, 6, 10))
    assert check(connection) == []


def test_a_contract_is_not_dissolved_before_it_began(connection, district):
    number = licences.add(connection, package(), today=date(2026, 2, 3), who="методист")
    with pytest.raises(Refused, match="доступ открыт с 2026-02-01"):
        licences.close(connection, number, day=date(2025, 2, 10), why="год набран неверно", today=NOW.date(), who="м")
    licences.close(connection, number, day=date(2026, 2, 1), why="не открыли", today=NOW.date(), who="м")
    copies, titles = balances(connection, ELECTRONIC, *YEAR).total()
    assert (copies.closing, titles.closing) == (0, 0)


def test_an_open_link_that_is_said_to_be_a_book_becomes_stock(connection, district):
    link = klass("other", "electronic", "open_link")
    district.publish(connection, "a", date(2026, 3, 1), {"r": (holds(item("1", came=date(2026, 2, 1))), link)})
    key = RecordKey("a", "r")
    hand.reclassify(
        connection, key, category=None, carrier=Carrier.PRINT, ekind=None, why="книга, адрес – издательства", who="м",
        now=NOW, today=NOW.date(),
    )  # fmt: skip
    assert balances(connection, Selection(), *YEAR).total()[0].closing == 1
    assert hand.class_now(connection, key).ekind is EKind.NONE
    forced = overrides.corrections(connection, [key])[key]
    assert overrides.corrected(link, forced).ekind is EKind.NONE  # as every later night has it


@pytest.mark.parametrize(("source", "word"), [("опечатка", "источника 'опечатка' нет"), ("b", "библиотеки 'b'")])
def test_the_records_of_a_package_are_of_a_source_of_the_library_that_has_the_contract(
    connection, district, source, word
):
    with pytest.raises(Refused, match=word):
        licences.add(connection, package(source=source), today=date(2026, 2, 3), who="методист")
    assert licences.register(connection) == []
    assert licences.add(connection, package(source="a"), today=date(2026, 2, 3), who="методист") == 1
