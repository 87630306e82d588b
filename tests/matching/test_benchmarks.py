"""Measured quality: on our second generator always, on the shared benchmark and real records where they are there."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from bench.matching import read_folder
from catalog_sync.clusterer import Clusterer
from catalog_sync.marc import marc21
from catalog_sync.marc.jsonreading import from_json
from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.matching.compare import judge
from catalog_sync.matching.features import extract
from catalog_sync.model import Dialect, RecordKey, Source, SourceRecord, Verdict
from catalog_sync.scoring import Score, read_editions, read_labels, score
from tests.generators.district import write


def figures(folder: Path) -> Score:
    clusterer = Clusterer()
    clusterer.update({key: extract(bib) for key, bib in read_folder(folder / "iso2709").items()})
    clusters = {key: str(n) for n, cluster in enumerate(clusterer.clusters()) for key in cluster}
    return score(clusters, read_labels(folder / "truth.csv"), read_editions(folder / "editions.jsonl"))


def test_a_district_of_other_habits_is_matched(tmp_path: Path) -> None:
    write(tmp_path, seed=21, families=150)
    found = figures(tmp_path)
    assert found.precision >= 0.998, found.false_merges
    assert found.recall >= 0.93, found.false_splits
    assert found.impure_share <= 0.005


@pytest.mark.slow
def test_the_shared_benchmark_is_matched(shared: Path) -> None:
    found = figures(shared / "dedup")
    assert found.missing == 0
    assert found.precision >= 0.999, found.false_merges
    assert found.recall >= 0.970, found.false_splits
    assert found.impure_share <= 0.005


@pytest.mark.slow
def test_english_monographs_without_identifiers(shared: Path) -> None:
    features = {}
    with gzip.open(shared / "dedup" / "cdl" / "val.json.gz", "rb") as file:
        for line in file:
            marc = from_json(line)
            name = marc.control("001")
            features[name] = extract(marc21.to_bib(RecordKey("cdl", name), marc, "", Dialect.MARC21))
    with (shared / "dedup" / "cdl" / "val_labels.csv").open() as file:
        pairs = [(r["id1"], r["id2"], r["label"] == "1") for r in csv.DictReader(file)]
    found = [(judge(features[a], features[b]).verdict is Verdict.SAME, same) for a, b, same in pairs]
    right = sum(said and same for said, same in found)
    f1 = 2 * right / (sum(said for said, _ in found) + sum(same for _, same in found))
    assert f1 >= 0.97


def test_one_book_in_three_descriptions_is_one_cluster(shared: Path) -> None:
    folder = shared / "corpus" / "ndlrf-rnd+neb-catalog/src/formats/marc/__tests__/data/ISBN-978-5-901202-50-0"
    clusterer = Clusterer()
    for path in sorted(folder.iterdir()):
        rusmarc = (path.suffix == ".mrc" and path.name.startswith("NLR")) or path.suffix == ".iso"
        source = Source(path.name, "x", dialect=Dialect.RUSMARC if rusmarc else Dialect.MARC21)
        for record in read_export(path.read_bytes(), source):
            assert isinstance(record, SourceRecord)
            clusterer.update({record.key: extract(to_bib(record))})
    assert [len(cluster) for cluster in clusterer.clusters()] == [3]
