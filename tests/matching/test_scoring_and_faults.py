"""The scorer's figures on a case small enough to count by hand, and the faults a school is told of."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_sync.errors import Refused
from catalog_sync.matching.faults import faults
from catalog_sync.matching.features import extract
from catalog_sync.model import RecordKey
from catalog_sync.scoring import Label, read_labels, score, score_files
from tests.matching.cards import read


def key(name: str) -> RecordKey:
    return RecordKey("s", name)


def test_figures_of_a_small_clustering() -> None:
    labels = {key(n): Label(e) for n, e in zip("abcde", ("E1", "E1", "E1", "E2", "E2"), strict=True)}
    labels[key("x")] = Label("E1", counted=False, ambiguous=True)
    found = {key("a"): "1", key("b"): "1", key("c"): "2", key("d"): "2", key("x"): "3", key("e"): "4"}
    figures = score(found, labels, {"E1": {"grade": 5, "kind": "textbook"}, "E2": {"grade": 6, "kind": "textbook"}})
    assert (figures.precision, figures.recall) == (0.5, 0.25)
    assert figures.impure_share == 0.25
    assert figures.false_merges == {"grade": 1}
    assert figures.false_splits == {"textbook": 3}
    assert (figures.ambiguous, figures.ambiguous_foreign) == (1, 0)
    assert figures.b_cubed_precision == pytest.approx((1 + 1 + 0.5 + 0.5 + 1) / 5)


def test_lost_records_count_and_foreign_ambiguous_ones_are_told() -> None:
    labels = {key("a"): Label("E1"), key("b"): Label("E1"), key("x"): Label("E2", counted=False, ambiguous=True)}
    figures = score({key("a"): "1", key("x"): "1"}, labels)
    assert (figures.missing, figures.recall, figures.ambiguous_foreign) == (1, 0.0, 1)


def test_a_truth_file_without_editions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("source,id\ns,1\n", encoding="utf-8")
    with pytest.raises(Refused, match="edition"):
        read_labels(tmp_path / "truth.csv")


def test_files_are_scored_with_and_without_optional_columns(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("source,local_id,edition\ns,a,E1\ns,b,E1\n", encoding="utf-8")
    (tmp_path / "clusters.csv").write_text("source,local_id,cluster\ns,a,1\ns,b,1\n", encoding="utf-8")
    figures = score_files(tmp_path / "clusters.csv", tmp_path / "truth.csv")
    assert (figures.f1, figures.records) == (1.0, 2)
    assert any("F1 1.00000" in line for line in figures.lines())


FAULTY = """
=a rusmarc
010   $a978-5-09-010101-7
200 1 $aAлгебрa. 7 класс. Ч. 1$fА. Г. Мордкович
210   $aМосква$cМнемозина$d2091
=b marc21
020   $a350 руб.
245 10$aГеометрия :$b8 класс
260   $aМосква$bПросвещение$c2016
"""


def test_repairable_faults_are_told_with_field_and_advice() -> None:
    records = read(FAULTY)
    found = {fault.kind: fault for fault in faults(records["a"], this_year=2026)}
    assert found.keys() >= {"isbn-check", "homoglyphs", "grade-in-title", "part-in-title", "year-range"}
    assert found["homoglyphs"].field == "200$a"
    assert "Алгебра" in found["homoglyphs"].advice
    assert "2091" in str(found["year-range"])
    assert [fault.kind for fault in faults(records["b"], this_year=2026)] == ["isbn-price"]


def test_a_letter_in_the_year_is_told_and_the_year_is_meant_all_the_same() -> None:
    slip = read("=a rusmarc\n200 1 $aАлгебра$e7 класс\n210   $aМосква$cМнемозина$d2О19\n")["a"]
    [fault] = faults(slip, this_year=2026)
    assert (fault.kind, fault.field) == ("year-letter", "210$d")
    assert "«2019»" in fault.advice
    assert extract(slip).years == (2019,)


def test_a_sound_record_has_no_faults() -> None:
    sound = read(
        "=a rusmarc\n200 1 $aАлгебра$e7 класс$hЧ. 1\n210   $aМосква$cМнемозина$d2014\n700  1$aМордкович$bА. Г.\n"
    )
    assert faults(sound["a"], this_year=2026) == []
