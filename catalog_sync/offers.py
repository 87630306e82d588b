"""Copy-cataloguing without a network: what foreign catalogues answered, put together and held against our clusters.

The same edition from two catalogues is one offer; an edition we have is marked with our cluster («уже есть в сводном»),
because the district's own record, with its holdings, comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalog_sync.matching.compare import judge
from catalog_sync.matching.features import Features, extract
from catalog_sync.model import BibRecord, Dialect, MarcRecord, Verdict
from catalog_sync.query import Access, And, Catalogue, Or, Query, Relation, Term, Unsupported

LOOKED_AT = 10  # our records compared with one candidate: an ISBN of a set may be on many
# Areas a school's catalogue needs; the fuller description of the same edition stands for the offer.
WANTED = ("title", "responsibility", "agents", "places", "publishers", "year_text", "extent", "isbns", "subjects",
          "bbk", "udc", "abstract", "series", "languages")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record as a foreign catalogue gave it, with what it says."""

    target: str
    target_name: str
    dialect: Dialect
    marc: MarcRecord
    bib: BibRecord


@dataclass(frozen=True, slots=True)
class Offer:
    """One edition: the fullest record first. `cluster` is ours where we have it; `unsure` where it only may be."""

    candidates: tuple[Candidate, ...]
    cluster: str = ""
    unsure: tuple[str, ...] = ()

    @property
    def best(self) -> Candidate:
        return self.candidates[0]


def question(isbn: str = "", title: str = "", author: str = "") -> Query | None:
    """What to ask for: an ISBN alone, else the words of the title and the author; None where nothing was typed."""
    digits = "".join(c for c in isbn.upper().replace("Х", "X") if c.isdigit() or c == "X")
    if digits:
        return Term(digits, Access.ISBN, Relation.EQUAL)
    terms: list[Query] = [
        Term(text.strip(), access) for text, access in ((title, Access.TITLE), (author, Access.AUTHOR)) if text.strip()
    ]
    if not terms:
        return None
    return terms[0] if len(terms) == 1 else And(terms[0], terms[1])


def offers(candidates: Iterable[Candidate], catalogue: Catalogue | None = None) -> list[Offer]:
    """Candidates grouped by edition, fullest description first, each group held against the union catalogue."""
    groups: list[list[tuple[Candidate, Features]]] = []
    for candidate in sorted(candidates, key=lambda c: (-fullness(c.bib), c.target, c.bib.key)):
        features = extract(candidate.bib)
        same = next((g for g in groups if judge(g[0][1], features).verdict is Verdict.SAME), None)
        if same is None:
            groups.append([(candidate, features)])
        else:
            same.append((candidate, features))
    return [_offer(group, catalogue) for group in groups]


def fullness(bib: BibRecord) -> int:
    """How many of the wanted areas a description has."""
    return sum(bool(getattr(bib, area)) for area in WANTED)


def _offer(group: Sequence[tuple[Candidate, Features]], catalogue: Catalogue | None) -> Offer:
    found = tuple(candidate for candidate, _ in group)
    best, features = group[0]
    cluster, unsure = _ours(best.bib, features, catalogue) if catalogue is not None else ("", ())
    return Offer(found, cluster, unsure)


def _ours(bib: BibRecord, features: Features, catalogue: Catalogue) -> tuple[str, tuple[str, ...]]:
    """Our cluster of the same edition, or those that may be it."""
    unsure: list[str] = []
    for union in catalogue.records(_near(bib, catalogue)):
        verdict = judge(extract(union.bib), features).verdict
        if verdict is Verdict.SAME:
            return union.cluster, ()
        if verdict is Verdict.UNSURE:
            unsure.append(union.cluster)
    return "", tuple(unsure)


def _near(bib: BibRecord, catalogue: Catalogue) -> list[str]:
    """Clusters that share an ISBN with a description, or the words of its title where it has none of ours."""
    numbers = list(dict.fromkeys(i.normal for i in bib.isbns if i.normal and not i.of_host))
    found: list[str] = []
    if numbers:
        query: Query = Term(numbers[0], Access.ISBN, Relation.EQUAL)
        for number in numbers[1:]:
            query = Or(query, Term(number, Access.ISBN, Relation.EQUAL))
        found = _asked(query, catalogue)
    if not found and bib.title:
        found = _asked(Term(bib.title, Access.TITLE), catalogue)
    return found


def _asked(query: Query, catalogue: Catalogue) -> list[str]:
    try:
        return list(catalogue.search(query, limit=LOOKED_AT).clusters)
    except Unsupported:  # a title of signs alone asks nothing
        return []
