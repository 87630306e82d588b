"""Records typed alike are judged once, and their clusters are those that weighing each by itself would give."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from catalog_sync.clusterer import Clusterer
from catalog_sync.matching.features import Features
from catalog_sync.model import Decision, RecordKey
from tests.matching.cards import features

NOW = datetime(2026, 9, 1, tzinfo=UTC)
TYPED = """
=full rusmarc
200 1 $aАлгебра$e7 класс : учебник$fА. Г. Мордкович
210   $aМосква$cМнемозина$d2014
215   $a160 с.
700  1$aМордкович$bА. Г.

=other rusmarc
200 1 $aАлгебра$e7 класс : учебник$fА. Г. Мордкович
210   $aМосква$cМнемозина$d2019
215   $a160 с.
700  1$aМордкович$bА. Г.

=thin rusmarc
200 1 $aСказки
"""
CARDS = features(TYPED)


def keys(count: int, prefix: str = "r") -> list[RecordKey]:
    return [RecordKey(f"s{n}", f"{prefix}{n}") for n in range(count)]


def said(number: int, left: RecordKey, right: RecordKey, *, same: bool) -> Decision:
    return Decision(number, left, right, same, "методист", NOW, "видела обе книги")


def whole(*cards: tuple[str, list[RecordKey]]) -> Clusterer:
    clusterer = Clusterer()
    clusterer.update({key: CARDS[name] for name, some in cards for key in some})
    return clusterer


def test_a_thousand_records_typed_alike_are_one_edition_after_one_comparison() -> None:
    clusterer = Clusterer()
    changes = clusterer.update(dict.fromkeys(keys(1000), CARDS["full"]))
    assert changes.compared == 1
    assert [len(cluster) for cluster in clusterer.clusters()] == [1000]
    assert changes.not_compared == {}


def test_records_that_say_too_little_are_not_one_edition_because_they_say_the_same() -> None:
    assert [len(cluster) for cluster in whole(("thin", keys(3))).clusters()] == [1, 1, 1]


def test_another_year_on_many_cards_is_another_edition_on_all_of_them() -> None:
    clusterer = whole(("full", keys(30)), ("other", keys(20, "o")))
    assert sorted(len(cluster) for cluster in clusterer.clusters()) == [20, 30]


def test_one_record_parted_from_another_leaves_those_typed_like_it_together() -> None:
    records = keys(400)
    clusterer = whole(("full", records))
    clusterer.decide([said(1, records[0], records[7], same=False)])
    assert sorted(map(len, clusterer.clusters())) == [1, 1, 398]  # the others fit both, and join neither
    clusterer.decide([])
    assert [len(cluster) for cluster in clusterer.clusters()] == [400]


def test_one_record_parted_from_all_others_leaves_them_together() -> None:
    records = keys(400)
    clusterer = whole(("full", records))
    clusterer.decide([said(n, records[7], other, same=False) for n, other in enumerate(records) if n != 7])
    assert sorted(map(len, clusterer.clusters())) == [1, 399]


def test_a_word_about_one_record_joins_all_that_are_typed_like_it() -> None:
    full, other = keys(5), keys(4, "o")
    clusterer = whole(("full", full), ("other", other))
    clusterer.decide([said(1, full[2], other[3], same=True)])
    assert [len(cluster) for cluster in clusterer.clusters()] == [9]


def test_a_word_about_two_that_say_too_little_joins_those_two_alone() -> None:
    records = keys(4)
    clusterer = whole(("thin", records))
    clusterer.decide([said(1, records[1], records[3], same=True)])
    assert {frozenset({records[1], records[3]}), frozenset({records[0]}), frozenset({records[2]})} == set(
        clusterer.clusters()
    )


def test_the_last_to_leave_takes_the_portrait_along_and_who_comes_back_is_compared_again() -> None:
    records = keys(3)
    clusterer = whole(("full", records), ("other", keys(1, "o")))
    before = clusterer.digest()
    clusterer.update(dict.fromkeys(records, CARDS["thin"]))
    assert len(clusterer.portraits()) == 2
    clusterer.update({}, records)
    assert len(clusterer.portraits()) == 1
    assert clusterer.edges() == {}
    clusterer.update(dict.fromkeys(records, CARDS["full"]))
    assert clusterer.digest() == before
    assert clusterer.edge(records[0], records[2]) is not None


def test_many_cards_with_the_same_slip_are_weighed_as_many() -> None:
    """Of twelve that agree a single card with another extent is a slip; twelve such cards are another edition."""

    def pages(count: int) -> Features:
        return replace(CARDS["full"], pages=count, isbns=())

    def grouped(wrong: int) -> set[int]:
        clusterer = Clusterer()
        right = dict.fromkeys(keys(12), pages(160))
        clusterer.update(right | dict.fromkeys(keys(wrong, "w"), pages(80)))
        return {len(cluster) for cluster in clusterer.clusters()}

    assert grouped(12) == {12}
