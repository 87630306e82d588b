"""What must hold for any records: folding and comparing are symmetric and stable, clusters don't depend on order."""

from __future__ import annotations

from functools import cache
from itertools import combinations, pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalog_sync import clustering
from catalog_sync.clusterer import Clusterer
from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.matching.compare import compare, disagree, first_veto, judge
from catalog_sync.matching.features import Features, extract
from catalog_sync.matching.keys import keys
from catalog_sync.matching.titles import likeness
from catalog_sync.matching.verdict import ATTACH
from catalog_sync.model import Dialect, RecordKey, Source, SourceRecord, Verdict
from catalog_sync.text import fold, repair_homoglyphs, words
from tests.generators.district import records
from tests.generators.ways import scramble, some_decisions
from tests.matching import cards

LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяABCEHKMOPTXaceopxyIVX№«»\"'—-–.,:;()[] 0123456789éñй"
TEXTS = st.text(LETTERS, max_size=40) | st.text(max_size=20)


@given(TEXTS)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert repair_homoglyphs(repair_homoglyphs(text)) == repair_homoglyphs(text)


@given(TEXTS)
def test_case_and_yo_never_matter(text: str) -> None:
    assert words(text.lower()) == words(fold(text.lower()))
    assert fold(text.replace("ё", "е").replace("Ё", "Е")) == fold(text)


def test_the_number_sign_survives_nfkc_and_short_i_stays() -> None:
    assert words("№5 Йод") == ("№", "5", "йод")


@cache
def district(seed: int = 7, families: int = 55) -> dict[RecordKey, Features]:
    """Features of a small generated district, read through the real reader."""
    found: dict[RecordKey, Features] = {}
    for h, _, data, *_ in records(seed, families, 12):
        source = Source(h.code, h.code, dialect=Dialect(h.dialect), encoding=h.encoding)
        for record in read_export(data, source):
            assert isinstance(record, SourceRecord)
            found[record.key] = extract(to_bib(record))
    return found


TYPED = "мир мира мир. ми ч. ча часть тет тетр. тетрадь рабочая раб. история исторя истории лит-ра литература я"
TITLES = st.lists(st.sampled_from(TYPED.split(" ")), max_size=5).map(tuple)


@given(TITLES, TITLES)
@example(("ч.", "тетрадь"), ("тетрадь",))
@example(("окружающий", "мир.", "ч."), ("окружающий", "мир", "ча"))
@settings(max_examples=500)
def test_titles_are_as_like_one_way_as_the_other(a: tuple[str, ...], b: tuple[str, ...]) -> None:
    assert likeness(a, b) == likeness(b, a)
    assert likeness(a, a) == 1


PAIRS = st.tuples(st.integers(0, 10**9), st.integers(0, 10**9))


@given(PAIRS)
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_a_comparison_has_no_direction(numbers: tuple[int, int]) -> None:
    pool = sorted(district())
    a, b = (pool[n % len(pool)] for n in numbers)
    left, right = district()[a], district()[b]
    assert first_veto(left, right) == first_veto(right, left)
    assert judge(left, right) == judge(right, left)
    assert compare(a, left, b, right) == compare(b, right, a, left)


def test_neighbours_on_the_shelf_compare_alike_both_ways() -> None:
    """Random pairs seldom meet; records that share a blocking key are the ones that matter."""
    blocks: dict[str, list[Features]] = {}
    for features in district().values():
        for key in keys(features):
            blocks.setdefault(key, []).append(features)
    compared = 0
    for block in blocks.values():
        for a, b in pairwise(block):
            compared += 1
            assert judge(a, b) == judge(b, a)
    assert compared > 1000


def test_features_survive_packing() -> None:
    for features in district().values():
        assert Features.unpack(features.pack()) == features
    with pytest.raises(ValueError, match="version 0"):
        Features.unpack(b"[0]")


def test_no_merge_crosses_a_visible_contradiction() -> None:
    """Where part, year, class, kind, form or level is visible on both sides and differs, never one cluster."""
    clusterer = Clusterer()
    clusterer.update(district())
    for cluster in clusterer.clusters():
        members = [district()[key] for key in sorted(cluster)]
        for n, a in enumerate(members):
            for b in members[n + 1 :]:
                assert not (a.years and b.years) or set(a.years) & set(b.years)
                assert not (a.grade and b.grade) or a.grade == b.grade
                assert not (a.kind and b.kind) or a.kind == b.kind
                assert not (a.level and b.level) or a.level == b.level
                assert {a.form or "print", b.form or "print"} != {"print", "electronic"}


def test_the_clusters_are_a_function_of_the_set() -> None:
    features = district()
    decisions = some_decisions(features)
    digests = {scramble(features, seed, decisions) for seed in range(6)}
    assert len(digests) == 1


@pytest.mark.slow
def test_twenty_ways_to_ten_thousand_records_end_in_the_same_clusters() -> None:
    features = dict(sorted(district(11, 520).items())[:10_000])
    assert len(features) == 10_000
    decisions = some_decisions(features)
    digests = {scramble(features, seed, decisions) for seed in range(20)}
    assert len(digests) == 1


def test_decisions_of_librarians_are_obeyed() -> None:
    features = district()
    decisions = some_decisions(features)
    clusterer = Clusterer()
    clusterer.update(features)
    clusterer.decide(decisions)
    home = {key: n for n, cluster in enumerate(clusterer.clusters()) for key in cluster}
    for d in decisions:
        assert (home[d.left] == home[d.right]) is d.same


def test_every_edge_has_its_reasons() -> None:
    clusterer = Clusterer()
    clusterer.update(district())
    edges = clusterer.edges()
    assert len(edges) > 500
    for (a, b), judgement in list(edges.items())[:300]:
        comparison = compare(a, district()[a], b, district()[b])
        assert comparison.verdict is judgement.verdict is not Verdict.DIFFERENT
        assert comparison.reasons
        assert all(reason.text for reason in comparison.reasons)


@pytest.mark.parametrize("damaged", ["x " + "а" * 300_000, "х " + "x" * 300_000, "х " + "a1" * 50_000])
def test_a_word_without_end_is_looked_through_once(damaged: str) -> None:
    """Looked through from each of its letters it would take a quarter of an hour."""
    assert repair_homoglyphs(damaged)[2:] == damaged[2:]


@pytest.mark.parametrize(
    ("typed", "repaired"),
    [("5Aлгебра", "5Алгебра"), ("aлгебра2б", "алгебра2б"), ("o5л", "о5л"), ("z5л", "z5л"), ("ХI век", "XI век")],
)
def test_words_typed_in_two_alphabets_are_repaired_beside_digits_too(typed: str, repaired: str) -> None:
    assert repair_homoglyphs(typed) == repaired


def test_groups_that_disagreed_are_not_compared_again_for_each_look_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty sketches in three series, each a look-alike of all others: 1,770 pairs."""
    sketches = cards.features("\n".join(
        f"={n:02} rusmarc\n200 1 $aМуму$eрассказ\n225   $aСерия {'абв'[n % 3]}\n610   $aслово{n}" for n in range(60)
    ))  # fmt: skip
    known = {RecordKey("s", name): one for name, one in sketches.items()}
    asked = list[tuple[Features, Features]]()

    def counted(a: Features, b: Features) -> bool:
        asked.append((a, b))
        return disagree(a, b)

    monkeypatch.setattr(clustering, "disagree", counted)
    found = clustering.resolve(known, dict.fromkeys(combinations(sorted(known), 2), ATTACH))
    assert sorted(map(len, found.clusters)) == [20, 20, 20]
    within = 3 * 20 * 19 // 2
    assert within <= len(asked) < within + 2 * len(known)
