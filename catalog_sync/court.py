"""The duplicates' court: pairs of clusters that may be one edition, those that matter most first, evidence beside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product, zip_longest
from textwrap import wrap
from typing import Any

from sqlalchemy import Connection, func, select

from catalog_sync import citation
from catalog_sync.clustering import blocking
from catalog_sync.marc.reading import to_bib
from catalog_sync.matching.compare import compare
from catalog_sync.matching.verdict import KINDS, SAME
from catalog_sync.model import BibRecord, Comparison, Reason, RecordKey, Verdict
from catalog_sync.store import clusters, decisions, edges, portraits, records, registry
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks

COLUMN = 28  # characters of a value on the terminal: both sides, the points and the reason fit into 110
Home = tuple[int, str]  # a record and its cluster
AT_ONCE = 25  # waiting pairs whose editions are looked through together
MOST_RIVALS = 3  # third editions named beside a question
# Why a question is asked, for who has to answer it.
ASKED = {
    "against": "Похожи сами карточки, но в их изданиях есть записи, которые исключают друг друга (чем, сказано внизу)."
    " Чаще всего это разные издания.",
    "rivals": "Карточки совпадают, но одна из них подходит и другому изданию, которое исключает это. Решите, к какому"
    " она относится; если не видно, оставьте вопрос.",
    "differs": "Похоже на одно издание, но карточки говорят разное:",
    "silent": "Похоже на одно издание, но не сказано то, чем издания различаются:",
    "little": "Совпадает слишком мало, чтобы объединить без человека.",
}
MOST_MEETINGS = 400  # clusters beside clusters that one judgement asks about
# Judgements that may leave a question: records typed alike that say enough are one edition, unless a word parts them.
_OPEN = (t.edge.c.left != t.edge.c.right) | (t.edge.c.score < SAME) | (t.edge.c.refused != "")
WORDS = {Verdict.SAME: "одно издание", Verdict.UNSURE: "неясно", Verdict.DIFFERENT: "разные издания"}


@dataclass(frozen=True, slots=True)
class Side:
    """One record of a case: its cluster, how many records and copies follow it, and its description."""

    key: RecordKey
    cluster: str
    records: int
    copies: int
    library: str
    bib: BibRecord
    description: str


@dataclass(frozen=True, slots=True)
class Case:
    """Two clusters that may be one edition, shown by their best pair. `copies`: holdings a decision would move.

    `against`: two other records of theirs and what visibly parts them, in Russian. `rivals`: records of other editions
    that wait for a word about one of the two.
    """

    left: Side
    right: Side
    comparison: Comparison
    copies: int
    against: tuple[RecordKey, RecordKey, str] | None = None
    rivals: tuple[Side, ...] = ()

    @property
    def asked(self) -> str:
        """Why the question is asked, a key of ASKED; "" of two that a veto parts: nobody asks about them."""
        reasons = self.comparison.reasons
        if any(r.veto for r in reasons):
            return ""
        if self.against:
            return "against"
        if self.comparison.score >= SAME:
            return "rivals"
        return "differs" if any(map(_differs, reasons)) else "silent" if self.missing else "little"

    @property
    def missing(self) -> tuple[Reason, ...]:
        """What speaks against one edition: what both say differently or, where nothing, what is left unsaid."""
        against = [r for r in self.comparison.reasons if r.weight < 0]
        return tuple([r for r in against if _differs(r)] or against)


def _differs(reason: Reason) -> bool:
    return reason.weight < 0 and bool(reason.left and reason.right)


@dataclass(frozen=True, slots=True)
class _Pair:
    left: int
    right: int
    left_cluster: str
    right_cluster: str
    score: float


def left_out(connection: Connection) -> str:
    """What was not compared with what, in a sentence; "" where everything was."""
    crowds = [*edges.crowds(connection).values(), *edges.crowds_alike(connection)]
    found = sorted(crowds, key=lambda crowd: (-crowd.pairs, crowd.label))
    if not found:
        return ""
    examples = ", ".join(f"«{crowd.label[1:].split('|')[0]}» ({crowd.pairs})" for crowd in found[:3])
    total = sum(crowd.pairs for crowd in found)
    return (
        f"не сравнивалось пар: {total}, слишком полных групп похожих записей: {len(found)} ({examples}…); "
        "в них сверялись только записи с равными годом, классом, частью, автором и издательством"
    )


def queue_length(connection: Connection) -> int:
    """How many pairs of clusters wait for a word."""
    return len(_waiting(connection))


def queue(connection: Connection, *, limit: int = 20, offset: int = 0) -> list[Case]:
    """Waiting cases: most copies involved first, then the likelier ones, then by key.

    Last come those whose editions contradict each other in other records: a sketch in the edition of class 6 resembles
    one in that of class 10, and whatever is said of the two, hardly anything will move.
    """
    pairs = _waiting(connection)
    sizes = _sizes(connection, {c for p in pairs for c in (p.left_cluster, p.right_cluster)})
    ordered = sorted(pairs, key=lambda p: (-_copies(p, sizes), -p.score, p.left, p.right))
    return _cases(connection, _fitting_first(connection, ordered, offset + limit)[offset:], sizes, ordered)


def _fitting_first(connection: Connection, ordered: Sequence[_Pair], wanted: int) -> list[_Pair]:
    fitting: list[_Pair] = []
    contradicting: list[_Pair] = []
    rest = iter(ordered)
    while len(fitting) < wanted and (some := list(islice(rest, AT_ONCE))):
        against = _against(connection, some)
        fitting += [p for p in some if p not in against]
        contradicting += [p for p in some if p in against]
    return (fitting + contradicting)[:wanted]


def _against(connection: Connection, pairs: Sequence[_Pair]) -> dict[_Pair, tuple[RecordKey, RecordKey, str]]:
    """Of pairs whose clusters contradict each other in other records: which two, and in what."""
    members = clusters.members_of(connection, {c for p in pairs for c in (p.left_cluster, p.right_cluster)})
    portrait = portraits.of_records(connection, {id_ for ids in members.values() for id_ in ids})
    features = portraits.features(connection, set(portrait.values()))
    # Of records typed alike the first speaks for all.
    first = {c: {portrait[id_]: id_ for id_ in sorted(ids, reverse=True)} for c, ids in members.items()}
    keys = records.keys_of(connection, {id_ for ids in first.values() for id_ in ids.values()})
    said = {c: {keys[id_]: features[number] for number, id_ in ids.items()} for c, ids in first.items()}
    found = {}
    for p in pairs:
        for (a, b), veto in blocking(said[p.left_cluster], said[p.right_cluster])[:1]:
            if KINDS[veto].veto:
                found[p] = a, b, KINDS[veto].text
    return found


def case(connection: Connection, left: RecordKey, right: RecordKey) -> Case | None:
    """The case of two records, waiting or not; None where one of them is not live."""
    ids = records.ids_of(connection, [left, right])
    if len(ids) < 2:
        return None
    rows = connection.execute(select(t.member).where(t.member.c.record.in_(ids.values())))
    cluster = {row.record: row.cluster for row in rows}
    if len(cluster) < 2:
        return None
    a, b = ids[min(left, right)], ids[max(left, right)]
    sizes = _sizes(connection, cluster.values())
    return _cases(connection, [_Pair(a, b, cluster[a], cluster[b], 0.0)], sizes)[0]


def _copies(pair: _Pair, sizes: Mapping[str, tuple[int, int]]) -> int:
    return sizes[pair.left_cluster][1] + sizes[pair.right_cluster][1]


def _waiting(connection: Connection) -> list[_Pair]:
    """The best unsure pair of each two clusters about which nobody has said anything yet."""
    homes = _homes(connection)
    decided = _decided(connection)
    best: dict[tuple[str, str], _Pair] = {}
    for left, right, score in connection.execute(select(t.edge.c.left, t.edge.c.right, t.edge.c.score).where(_OPEN)):
        for (a, of_a), (b, of_b) in _meetings(homes.get(left, ()), homes.get(right, ()), left == right):
            if of_a == of_b:
                continue
            two = (min(of_a, of_b), max(of_a, of_b))
            pair = _Pair(a, b, of_a, of_b, score) if a < b else _Pair(b, a, of_b, of_a, score)
            if two not in decided and (two not in best or _rank(pair) < _rank(best[two])):
                best[two] = pair
    return list(best.values())


def _homes(connection: Connection) -> dict[int, list[Home]]:
    """Portrait with a look-alike → its first record in each cluster that has some."""
    named = select(t.edge.c.left).where(_OPEN).union(select(t.edge.c.right).where(_OPEN))
    query = (
        select(t.feature.c.portrait, func.min(t.member.c.record), t.member.c.cluster)
        .join(t.member, t.member.c.record == t.feature.c.record)
        .where(t.feature.c.portrait.in_(named))
        .group_by(t.feature.c.portrait, t.member.c.cluster)
    )
    found: dict[int, list[Home]] = defaultdict(list)
    for portrait, record, cluster in connection.execute(query):
        found[portrait].append((record, cluster))
    return {portrait: sorted(some) for portrait, some in found.items()}


def _meetings(left: Sequence[Home], right: Sequence[Home], alike: bool) -> Iterator[tuple[Home, Home]]:
    """Who is shown beside whom: each beside each.

    Where hundreds are seen the same, the first stands for all: a queue is for people.
    """
    if len(left) * len(right) <= MOST_MEETINGS:
        yield from combinations(left, 2) if alike else product(left, right)
    else:
        yield from ((left[0], other) for other in (right[1:] if alike else right[:1]))


def _rank(pair: _Pair) -> tuple[float, int, int]:
    return -pair.score, pair.left, pair.right


def _decided(connection: Connection) -> set[tuple[str, str]]:
    """Pairs of clusters that a standing decision names."""
    standing = decisions.standing(connection)
    ids = records.ids_of(connection, {key for d in standing for key in (d.left, d.right)})
    cluster: dict[int, str] = {}
    for some in chunks(sorted(ids.values())):
        rows = connection.execute(select(t.member).where(t.member.c.record.in_(some)))
        cluster |= {row.record: row.cluster for row in rows}
    found = set()
    for decision in standing:
        two = [cluster.get(ids.get(key, 0), "") for key in (decision.left, decision.right)]
        found.add((min(two), max(two)))
    return found


def evidence(connection: Connection, first: RecordKey, others: Sequence[RecordKey]) -> dict[RecordKey, Comparison]:
    """What speaks for counting each of these records with the first one; nothing of one that is not live."""
    ids = records.ids_of(connection, [first, *others])
    features = portraits.features_of(connection, ids.values())
    said = {key: features[id_] for key, id_ in ids.items() if id_ in features}
    if first not in said:
        return {}
    return {key: compare(first, said[first], key, said[key]) for key in others if key in said}


def _sizes(connection: Connection, clusters: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Cluster → (records, copies)."""
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for some in chunks(sorted(set(clusters))):
        rows = connection.execute(
            select(t.member.c.cluster, func.count(), func.coalesce(func.sum(t.holding.c.copies), 0))
            .outerjoin_from(t.member, t.holding, t.holding.c.record == t.member.c.record)
            .where(t.member.c.cluster.in_(some))
            .group_by(t.member.c.cluster)
        )
        found.update({cluster: (count, int(copies)) for cluster, count, copies in rows})
    return found


def _cases(
    connection: Connection,
    pairs: Sequence[_Pair],
    sizes: Mapping[str, tuple[int, int]],
    waiting: Sequence[_Pair] = (),
) -> list[Case]:
    rivals = {p: _rivals(p, waiting) for p in pairs}
    third = {record: cluster for some in rivals.values() for cluster, record in some.items()}
    own = {p.left: p.left_cluster for p in pairs} | {p.right: p.right_cluster for p in pairs}
    sides = _sides(connection, third | own, {**_sizes(connection, set(third.values()) - set(sizes)), **sizes})
    features = portraits.features_of(connection, sides)
    against = _against(connection, pairs)
    found = []
    for p in pairs:
        left, right = sides[p.left], sides[p.right]
        comparison = compare(left.key, features[p.left], right.key, features[p.right])
        if right.key < left.key:
            left, right = right, left
        parted = any(reason.veto for reason in comparison.reasons)  # the two shown say it themselves
        others = tuple(sides[record] for record in rivals[p].values())
        found.append(Case(left, right, comparison, _copies(p, sizes), None if parted else against.get(p), others))
    return found


def _rivals(two: _Pair, waiting: Sequence[_Pair]) -> dict[str, int]:
    """Third editions that wait for a word about one of the two, the likeliest first, and a record of each."""
    own = {two.left_cluster, two.right_cluster}
    found: dict[str, int] = {}
    for p in sorted((p for p in waiting if len(own & {p.left_cluster, p.right_cluster}) == 1), key=_rank):
        sides = {p.left_cluster: p.left, p.right_cluster: p.right}
        found |= {cluster: record for cluster, record in sides.items() if cluster not in own and cluster not in found}
    return dict(islice(found.items(), MOST_RIVALS))


def _sides(
    connection: Connection, cluster_of: Mapping[int, str], sizes: Mapping[str, tuple[int, int]]
) -> dict[int, Side]:
    sources = {source.code: source for source in registry.sources(connection)}
    names = {library.code: library.name for library in registry.libraries(connection)}
    found = {}
    for id_, record in records.load(connection, cluster_of):
        source = sources[record.source]
        bib = to_bib(record, source.holdings_profile)
        cluster = cluster_of[id_]
        library = names.get(source.library, source.library)
        found[id_] = Side(record.key, cluster, *sizes[cluster], library, bib, citation.gost(bib, today=None))
    return found


# --- shown ------------------------------------------------------------------------------------------------------------


def as_text(case: Case) -> str:
    """A case for the terminal: both descriptions, then side by side what speaks for and against."""
    score, enough = in_russian(case.comparison.score), in_russian(SAME)
    lines = [f"экземпляров: {case.copies}; балл {score}, одно издание — от {enough}"]
    if asked := why_asked(case):
        lines += wrap(f"  {asked}", 2 * COLUMN + 50, subsequent_indent="  ")
    for name, side in (("слева", case.left), ("справа", case.right)):
        lines.append(f"  {name}: {side.key} ({side.library}; записей {side.records}, экз. {side.copies})")
        lines.append(f"    {side.description}")
    lines += [f"  подходит и: {rival.key} ({rival.library}) {rival.description}" for rival in case.rivals]
    lines += _row("слева", "справа", "балл", "")
    for r in case.comparison.reasons:
        lines += _row(r.left or "—", r.right or "—", _points(r), r.text)
    if case.against:
        lines.append(f"    {against_line(case)}")
    return "\n".join(lines)


def why_asked(case: Case) -> str:
    """Why a librarian is asked, in a sentence or two; "" where nobody is."""
    told = ASKED.get(case.asked, "")
    if case.asked in ("differs", "silent"):
        told += " " + "; ".join(dict.fromkeys(r.text for r in case.missing)) + "."
    return told


def against_line(case: Case) -> str:
    """«в тех же изданиях: разные классы — school-01:77 и school-02:131»; "" where nothing contradicts."""
    if case.against is None:
        return ""
    left, right, what = case.against
    return f"в тех же изданиях: {what} — {left} и {right}"


def _row(left: str, right: str, points: str, text: str) -> list[str]:
    """One piece of evidence in columns; long titles go on below."""
    cells = zip_longest(wrap(left, COLUMN), wrap(right, COLUMN), [points], wrap(text, COLUMN + 10), fillvalue="")
    return [f"    {a:<{COLUMN}}  {b:<{COLUMN}}  {c:>6}  {d}".rstrip() for a, b, c, d in cells]


def reason_line(reason: Any) -> str:
    """«год: 2019 и 2020 — разные годы (запрет)»."""
    both = f"{reason.left or '—'} и {reason.right or '—'}" if reason.left != reason.right else reason.left
    return f"{reason.text}: {both} ({_points(reason)})"


def _points(reason: Any) -> str:
    return "запрет" if reason.veto else in_russian(reason.weight, "+")


def in_russian(value: float, sign: str = "") -> str:
    """2.5 → «2,5», -0.4 → «−0,4»."""
    return f"{value:{sign}g}".replace(".", ",").replace("-", "−")


def as_dict(case: Case) -> dict[str, Any]:
    """A case as JSON."""
    return {
        "copies": case.copies, "score": case.comparison.score, "verdict": case.comparison.verdict.value,
        "against": against_line(case),
        "asked": why_asked(case),
        "rivals": [str(rival.key) for rival in case.rivals],
        "records": [_side_dict(side) for side in (case.left, case.right)],
        "reasons": [
            {"feature": r.feature, "left": r.left, "right": r.right, "weight": r.weight, "text": r.text, "veto": r.veto}
            for r in case.comparison.reasons
        ],
    }  # fmt: skip


def _side_dict(side: Side) -> dict[str, Any]:
    return {
        "record": str(side.key), "cluster": side.cluster, "library": side.library, "records": side.records,
        "copies": side.copies, "description": side.description,
    }  # fmt: skip
