"""Librarians' decisions and permanent ids: pure parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from catalog_sync.clusterer import Clusterer
from catalog_sync.clustering import blocking, contradiction, in_force
from catalog_sync.matching.verdict import V_EDITION
from catalog_sync.model import Decision, RecordKey
from catalog_sync.store.clusters import carry_ids
from tests.matching.cards import features

NOW = datetime(2026, 9, 1, tzinfo=UTC)


def key(name: str) -> RecordKey:
    return RecordKey("test", name)


def decided(number: int, left: str, right: str, same: bool) -> Decision:
    return Decision(number, key(left), key(right), same, "методист", NOW, "видела обе книги")


def test_a_chain_of_same_rules_a_different_out() -> None:
    standing = [decided(1, "a", "b", True), decided(2, "b", "c", True)]
    chain = contradiction(standing, decided(3, "a", "c", False))
    assert chain is not None
    assert [d.number for d in chain] == [1, 2]


def test_same_over_a_different_is_refused_with_the_shortest_chain() -> None:
    standing = [decided(1, "a", "b", True), decided(2, "b", "c", False), decided(3, "c", "d", True)]
    chain = contradiction(standing, decided(4, "a", "d", True))
    assert chain is not None
    assert [d.number for d in chain] == [1, 2, 3]


def test_what_fits_is_not_refused_and_undone_words_rule_nothing_out() -> None:
    undone = replace(decided(1, "a", "b", False), undone=NOW)
    assert contradiction([undone], decided(2, "a", "b", True)) is None
    assert contradiction([decided(1, "a", "b", True)], decided(2, "c", "d", False)) is None
    assert in_force([undone, decided(2, "b", "a", True)]) == ([(key("a"), key("b"))], [])


SHELF = """
=a rusmarc
200 1 $aАлгебра$e7 класс$fА. Г. Мордкович
210   $aМосква$cМнемозина$d2014
=b rusmarc
200 1 $aАлгебра$e7 класс$fА. Г. Мордкович
210   $aМосква$cМнемозина$d2014
=c rusmarc
200 1 $aГеометрия$e8 класс$fЛ. С. Атанасян
210   $aМосква$cПросвещение$d2011
"""


def clusters(clusterer: Clusterer) -> list[list[str]]:
    return [sorted(k.local_id for k in cluster) for cluster in clusterer.clusters()]


def test_decisions_outweigh_evidence_survive_changes_and_can_be_undone() -> None:
    shelf = {key(name): f for name, f in features(SHELF).items()}
    clusterer = Clusterer()
    clusterer.update(shelf)
    assert clusters(clusterer) == [["a", "b"], ["c"]]
    words = [decided(1, "a", "b", False), decided(2, "a", "c", True)]
    clusterer.decide(words)
    assert clusters(clusterer) == [["a", "c"], ["b"]]
    clusterer.update({}, list(shelf))
    clusterer.update(shelf)
    assert clusters(clusterer) == [["a", "c"], ["b"]]
    clusterer.decide([replace(d, undone=NOW) for d in words])
    assert clusters(clusterer) == [["a", "b"], ["c"]]


def test_a_word_about_a_sketch_does_not_open_its_edition_to_what_it_contradicts() -> None:
    """M says no class and was said to be the book of class 3: the book of class 2, which fits M alone, stays out."""
    book = "200 1 $aМатематика$e{}$fЛ. Н. Карпова$hЧ. 1\n210   $aМосква$cДрофа$d2019\n215   $a128 с.\n"
    kinds = (("two", "2 класс"), ("three", "3 класс"), ("m", "учебник"))
    shelf = features("".join(f"={name} rusmarc\n{book.format(said)}" for name, said in kinds))
    clusterer = Clusterer()
    clusterer.update({key(name): f for name, f in shelf.items()})
    clusterer.decide([decided(1, "m", "three", True)])
    assert clusters(clusterer) == [["m", "three"], ["two"]]


def test_a_card_with_one_of_two_years_that_a_librarian_joined_fits() -> None:
    book = "200 1 $aЛесная газета$fВ. В. Бианки\n210   $aМосква$cДрофа$d{}\n215   $a130 с.\n"
    shelf = features("".join(f"={n} rusmarc\n{book.format(y)}" for n, y in (("a", 2015), ("b", 2020), ("c", 2020))))
    clusterer = Clusterer()
    clusterer.update({key(name): f for name, f in shelf.items()})
    clusterer.decide([decided(1, "a", "b", True)])
    assert clusters(clusterer) == [["a", "b", "c"]]


def test_the_pair_that_keeps_two_clusters_apart_is_named_from_either_side() -> None:
    book = "200 1 $aАлгебра$e8 класс$eучебник$fЮ. Н. Макарычев\n210   $aМ.$cПросвещение$d2011\n215   $a271 с.\n"
    found = features(f"=a rusmarc\n{book}=b rusmarc\n{book}205   $a2-е изд.\n=c rusmarc\n{book}205   $a3-е изд.")
    one = {key("a"): found["a"], key("b"): found["b"]}
    other = {key("c"): found["c"]}
    assert blocking(one, other) == blocking(other, one) == [((key("b"), key("c")), V_EDITION)]
    assert blocking({key("a"): found["a"]}, other) == []


def test_an_id_stays_with_most_of_its_records_then_the_older_id_wins() -> None:
    keys = {n: key(letter) for n, letter in enumerate("abcd")}
    born = {"old": datetime(2026, 1, 1, tzinfo=UTC), "new": datetime(2026, 2, 1, tzinfo=UTC)}
    assert carry_ids({"old": {0, 1, 2}}, [{0}, {1, 2}], keys, born) == ["", "old"]
    assert carry_ids({"new": {0}, "old": {1}}, [{0, 1}], keys, born) == ["old"]
    assert carry_ids({"old": {0, 1}, "new": {2, 3}}, [{0, 3}, {1, 2}], keys, born) == ["old", "new"]
