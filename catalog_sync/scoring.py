"""How good a clustering is against labels: pairwise and B-cubed figures, impure clusters, errors by attribute.

Labels are `truth.csv` (source, local_id, edition[, ambiguous, corrupt]); records marked ambiguous or corrupt stay out
of the figures, and ambiguous ones are counted apart: how many ended among records of a foreign edition.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from catalog_sync.errors import Refused
from catalog_sync.model import RecordKey

ATTRIBUTES = (
    "tgroup",
    "team",
    "kind",
    "form",
    "grade",
    "part",
    "is_set",
    "vol",
    "level",
    "pub",
    "year",
    "edno",
    "issue",
    "translator",
    "subtitle",
)


@dataclass(frozen=True, slots=True)
class Label:
    edition: str
    counted: bool = True
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """Shares are 0..1. `missing` labelled records were in no cluster and count as clusters of their own."""

    records: int
    missing: int
    true_clusters: int
    found_clusters: int
    precision: float
    recall: float
    b_cubed_precision: float
    b_cubed_recall: float
    impure_share: float  # clusters with counted records of more than one edition, of all clusters found
    ambiguous: int
    ambiguous_foreign: int  # ambiguous records in a cluster that has counted records, none of their edition
    false_merges: Mapping[str, int] = field(default_factory=dict)  # attributes the merged editions differ in → pairs
    false_splits: Mapping[str, int] = field(default_factory=dict)  # category of the split edition → lost pairs

    @property
    def f1(self) -> float:
        return _harmonic(self.precision, self.recall)

    @property
    def b_cubed(self) -> float:
        return _harmonic(self.b_cubed_precision, self.b_cubed_recall)

    @property
    def ambiguous_foreign_share(self) -> float:
        return self.ambiguous_foreign / self.ambiguous if self.ambiguous else 0.0

    def lines(self) -> list[str]:
        """The figures as text, one a line."""
        return [
            f"records {self.records} missing {self.missing} true clusters {self.true_clusters} found"
            f" {self.found_clusters}",
            f"pairwise precision {self.precision:.5f} recall {self.recall:.5f} F1 {self.f1:.5f}",
            f"B-cubed precision {self.b_cubed_precision:.5f} recall {self.b_cubed_recall:.5f} F {self.b_cubed:.5f}",
            f"impure clusters {self.impure_share:.4%}",
            f"ambiguous records in a foreign edition {self.ambiguous_foreign} of {self.ambiguous}"
            f" ({self.ambiguous_foreign_share:.2%})",
            *(f"false merges, differ in {what}: {n}" for what, n in self.false_merges.items()),
            *(f"false splits of {what}: {n}" for what, n in self.false_splits.items()),
        ]


def _harmonic(a: float, b: float) -> float:
    return 2 * a * b / (a + b) if a + b else 0.0


def read_labels(path: Path) -> dict[RecordKey, Label]:
    """Labels of a truth file; raises Refused where a column is missing."""
    with _readable(path), path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        lacking = {"source", "local_id", "edition"} - set(reader.fieldnames or ())
        if lacking:
            raise Refused(f"{path}: ожидались колонки source, local_id, edition; нет: {', '.join(sorted(lacking))}")
        labels = {}
        for row in reader:
            ambiguous, corrupt = row.get("ambiguous") == "1", row.get("corrupt") == "1"
            key = RecordKey(row["source"], row["local_id"])
            labels[key] = Label(row["edition"], not (ambiguous or corrupt), ambiguous)
        return labels


def read_clusters(path: Path) -> dict[RecordKey, str]:
    """What `catalog-sync clusters --format csv` prints: source,local_id,cluster."""
    with _readable(path), path.open(encoding="utf-8", newline="") as file:
        return {RecordKey(r["source"], r["local_id"]): r["cluster"] for r in csv.DictReader(file)}


def read_editions(path: Path) -> dict[str, dict[str, object]]:
    """True attributes of editions, one JSON object a line with `eid`, `id` or `edition`."""
    found = {}
    with _readable(path):
        for line in path.read_text(encoding="utf-8").splitlines():
            edition = json.loads(line)
            found[str(edition.get("eid") or edition.get("id") or edition.get("edition"))] = edition
    return found


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Raises Refused for a file that is none of these."""
    try:
        yield
    except (ValueError, AttributeError, KeyError, csv.Error) as error:
        raise Refused(f"{path}: это не тот файл: ожидались строки в UTF-8, как в подсказке команды") from error


def score_files(clusters: Path, truth: Path, editions: Path | None = None) -> Score:
    """`score` over files; `editions` defaults to editions.jsonl beside the truth, where it is there."""
    beside = editions or truth.with_name("editions.jsonl")
    known = read_editions(beside) if beside.exists() else None
    return score(read_clusters(clusters), read_labels(truth), known)


def score(
    clusters: Mapping[RecordKey, str],
    labels: Mapping[RecordKey, Label],
    editions: Mapping[str, Mapping[str, object]] | None = None,
) -> Score:
    """Figures of a clustering (record → cluster) against labels."""
    truth = {key: label.edition for key, label in labels.items() if label.counted}
    found = dict(clusters)
    missing = [key for key in truth if key not in found]
    for n, key in enumerate(missing):
        found[key] = f"missing {n}"
    true_sizes, found_sizes = Counter(truth.values()), Counter(found[k] for k in truth)
    both = Counter((edition, found[key]) for key, edition in truth.items())
    right = _pairs(both.values())
    inside: dict[str, Counter[str]] = defaultdict(Counter)
    for (edition, cluster), n in both.items():
        inside[cluster][edition] += n
    ambiguous = [key for key, label in labels.items() if label.ambiguous]
    foreign = sum(
        1 for key in ambiguous if (others := inside.get(found.get(key, ""))) and labels[key].edition not in others
    )
    total = max(len(truth), 1)
    return Score(
        len(truth),
        len(missing),
        len(true_sizes),
        len(found_sizes),
        right / max(_pairs(found_sizes.values()), 1) if _pairs(found_sizes.values()) else 1.0,
        right / _pairs(true_sizes.values()) if _pairs(true_sizes.values()) else 1.0,
        sum(n * n / found_sizes[c] for (_, c), n in both.items()) / total,
        sum(n * n / true_sizes[e] for (e, _), n in both.items()) / total,
        sum(len(editions_in) > 1 for editions_in in inside.values()) / max(len(set(found.values())), 1),
        len(ambiguous),
        foreign,
        _false_merges(inside.values(), editions or {}),
        _false_splits(both, true_sizes, editions or {}),
    )


def _pairs(sizes: Iterable[int]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes)


def _false_merges(clusters: Iterable[Counter[str]], editions: Mapping[str, Mapping[str, object]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for inside in clusters:
        for a, b in combinations(sorted(inside), 2):
            one, other = editions.get(a, {}), editions.get(b, {})
            differing = [name for name in ATTRIBUTES if one.get(name) != other.get(name)]
            found["+".join(differing) or "unknown"] += inside[a] * inside[b]
    return dict(found.most_common())


def _false_splits(
    both: Mapping[tuple[str, str], int], sizes: Mapping[str, int], editions: Mapping[str, Mapping[str, object]]
) -> dict[str, int]:
    kept: Counter[str] = Counter()
    for (edition, _), n in both.items():
        kept[edition] += n * (n - 1) // 2
    lost: Counter[str] = Counter()
    for edition, n in sizes.items():
        what = editions.get(edition, {})
        lost[str(what.get("category") or what.get("kind") or "unknown")] += n * (n - 1) // 2 - kept[edition]
    return {what: n for what, n in lost.most_common() if n}
