"""Two records: the same edition or not, and why. Symmetric; reads nothing but the two features."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from catalog_sync.matching import evidence, monographs
from catalog_sync.matching import verdict as v
from catalog_sync.matching.contradictions import first_veto, vetoed
from catalog_sync.matching.evidence import Finding
from catalog_sync.matching.features import Features
from catalog_sync.matching.monographs import Monograph
from catalog_sync.matching.subjects import is_subject
from catalog_sync.matching.values import shown
from catalog_sync.model import Comparison, Reason, RecordKey, Verdict

__all__ = ["Judgement", "compare", "explain", "first_veto", "judge", "vetoed"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a comparison came to, compactly: what the store keeps per pair. `findings` are in order of reading."""

    verdict: Verdict
    score: float
    findings: tuple[Finding, ...]


def judge(a: Features, b: Features) -> Judgement:
    """The verdict with all evidence; the first veto ends the reading."""
    veto = first_veto(a, b)
    return Judgement(Verdict.DIFFERENT, 0.0, ((veto, 0.0),)) if veto else weigh(a, b)


def weigh(a: Features, b: Features) -> Judgement:
    """The verdict on two records that no veto parts: agreements against disagreements."""
    if a.monograph and b.monograph:
        return _judge_monographs(a.monograph, b.monograph)
    findings = tuple(evidence.findings(a, b))
    score = round(sum([points for _, points in findings]), 2)
    if score > v.UNSETTLED and _is_unsettled(a, b, {code for code, _ in findings}):
        score = v.UNSETTLED
    if score >= v.SAME:
        return Judgement(Verdict.SAME, score, findings)
    return Judgement(Verdict.UNSURE if score >= v.UNSURE else Verdict.DIFFERENT, score, findings)


# What tells the textbooks of one subject, class and year apart.
_HELD_BY = {v.P_AUTHOR, v.P_SURNAME, v.P_COMPILER, v.P_HOUSE, v.P_ISBN, v.P_PAGES, v.P_SERIES}


def _is_unsettled(a: Features, b: Features, codes: set[int]) -> bool:
    """What tells the editions of one title apart and is said on one side alone is bridged by the book in hand only:
    year, class and kind by ISBN or extent, the part by the extent, for parts often carry the ISBN of their set.

    An edition number without a year, and quite another extent, nothing settles.
    """
    if codes & {v.N_EDITION, v.N_PAGES_OTHER}:
        return True
    if v.N_PART in codes and v.P_PAGES not in codes and not {v.P_PAGES_NEAR, v.P_ISBN} <= codes:
        return True
    if codes.isdisjoint(_HELD_BY) and is_subject(a.title) and is_subject(b.title):
        return True  # a dozen authors write «Окружающий мир. 1 класс. Ч. 1» in one year
    if v.N_PARTS_UNSAID in codes and not codes & {v.P_PAGES, v.P_PAGES_NEAR}:
        return True
    if codes & {v.P_ISBN, v.P_PAGES}:
        return False
    # «учебник» is left out by every second hand
    return bool(codes & {v.N_YEAR, v.N_GRADE}) or (v.N_KIND in codes and "textbook" not in (a.kind, b.kind))


def _judge_monographs(a: Monograph, b: Monograph) -> Judgement:
    """Log-odds above nought say one edition; the score is set so that SAME stands at nought."""
    weights = monographs.weights()
    names = ("base", *monographs.agreements(a, b))
    findings = tuple((v.WEIGHED[name], weights[name].points) for name in names if name in weights)
    odds = sum(points for _, points in findings)
    if odds >= 0:
        return Judgement(Verdict.SAME, round(v.SAME + odds, 2), findings)
    score = round(max(v.UNSETTLED + odds, 0.0), 2)  # below what attaches: a librarian decides
    return Judgement(Verdict.UNSURE if odds >= v.MONOGRAPH_UNSURE else Verdict.DIFFERENT, score, findings)


def compare(left: RecordKey, a: Features, right: RecordKey, b: Features) -> Comparison:
    """The comparison with its reasons in Russian."""
    return explain(left, a, right, b, judge(a, b))


def explain(left: RecordKey, a: Features, right: RecordKey, b: Features, judgement: Judgement) -> Comparison:
    """A judgement, made now or stored, in words; the lesser key is always on the left."""
    if right < left:
        left, a, right, b = right, b, left, a
    reasons = tuple(
        Reason(kind.feature, shown(a, kind.feature), shown(b, kind.feature), points, kind.text, kind.veto)
        for kind, points in ((v.KINDS[code], points) for code, points in judgement.findings)
    )
    return Comparison(left, right, judgement.verdict, judgement.score, reasons)


# What two descriptions both say, differently, and the points alone weigh.
_DISAGREEMENTS = {v.N_PAGES_OTHER, v.N_SERIES, v.N_SUBTITLE, v.N_AUTHORS_CROSS, v.N_HOUSE}


def disagree(a: Features, b: Features) -> bool:
    """Whether two that no veto parts are no look-alikes, and not only because one is silent where the other speaks."""
    judgement = weigh(a, b)
    differ = any(code in _DISAGREEMENTS and points < 0 for code, points in judgement.findings)
    return differ and judgement.verdict is not Verdict.SAME


_TELLING: tuple[Callable[[Features], Iterable[object]], ...] = (  # what tells reprints, classes and parts apart
    lambda f: f.years,
    lambda f: f.isbns + f.shared_isbns,
    lambda f: (f.edition,) if f.edition else (),
    lambda f: (f.grade,) if f.grade else (),
    lambda f: (True,) if f.parts else (),  # who fits and names a part names the same
)


def confirmed(mine: Iterable[Features], theirs: Iterable[Features]) -> frozenset[int]:
    """Numbers of the telling features that both sides say and in which they agree; -1: extents near, -2: equal, too."""
    left, right = list(mine), list(theirs)
    found = {
        number
        for number, read in enumerate(_TELLING)
        if {value for f in left for value in read(f)} & {value for f in right for value in read(f)}
    }
    pages = {f.pages for f in right if f.pages}
    if any(
        f.pages and pages & set(range(f.pages - v.PAGES_NEAR_LIMIT, f.pages + v.PAGES_NEAR_LIMIT + 1)) for f in left
    ):
        found.add(-1)
    if any(f.pages in pages for f in left):
        found.add(-2)
    return frozenset(found)
