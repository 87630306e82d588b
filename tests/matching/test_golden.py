"""Every trap of matching has a folder: records as typed, the clusters they must fall into, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_sync.clusterer import Clusterer
from catalog_sync.matching.compare import compare
from catalog_sync.matching.features import extract
from tests.matching.cards import load

FOLDERS = sorted((Path(__file__).parents[1] / "golden").glob("matching-*"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name.removeprefix("matching-"))
def test_records_fall_into_the_clusters_a_librarian_would_make(folder: Path) -> None:
    bibs = load(folder)
    features = {bib.key: extract(bib) for bib in bibs.values()}
    clusterer = Clusterer()
    clusterer.update(features)
    expected, reasons = [], []
    for line in (folder / "expected.txt").read_text(encoding="utf-8").splitlines():
        if " : " in line:
            reasons.append(line)
        else:
            expected.append(sorted(line.split()))
    found = [sorted(key.local_id for key in cluster) for cluster in clusterer.clusters()]
    assert sorted(found) == sorted(expected), (folder / "why.txt").read_text(encoding="utf-8")
    for line in reasons:
        pair, _, text = line.partition(" : ")
        left, sign, right = pair.split()
        comparison = compare(bibs[left].key, features[bibs[left].key], bibs[right].key, features[bibs[right].key])
        given = [r.text for r in comparison.reasons if r.veto == (sign == "-")]
        assert any(text in reason for reason in given), f"{line}: came {given}"


def test_there_are_eighteen_trap_pairs_and_more() -> None:
    traps = [folder for folder in FOLDERS if folder.name.startswith("matching-trap-")]
    assert len(traps) == 18
    assert all((folder / "why.txt").read_text(encoding="utf-8").strip() for folder in FOLDERS)
