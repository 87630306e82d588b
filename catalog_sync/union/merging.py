"""The record readers see: computed field by field from the members of a cluster, with who gave each field.

Pure and independent of the order in which members come. Holdings are not merged: they belong to libraries, not to the
edition, and the store keeps them by source record.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from operator import attrgetter, itemgetter
from typing import Any

from msgspec.structs import fields, replace

from catalog_sync import classify
from catalog_sync.citation.gost import full_city
from catalog_sync.citation.names import title_without_author
from catalog_sync.matching.publishers import all_houses
from catalog_sync.model import Agent, BibRecord, Holdings, Isbn, RecordKey, UnionRecord
from catalog_sync.text import fold, skeleton
from catalog_sync.union.agents import as_heading, fuller, is_same_agent
from catalog_sync.union.quality import TEXTS, TIDY, is_damaged, is_own, quality, untidiness


def merge(cluster: str, members: Sequence[BibRecord], *, base: str = "") -> UnionRecord:
    """The union record of a cluster, classified; `base` is what the bases of its sources are all called, if they are.

    Raises ValueError for a cluster without members.
    """
    if not members:
        raise ValueError(f"cluster {cluster} has no members")
    told = list(map(_values, members))
    if told.count(told[0]) == len(told):
        ranked = Ranked(sorted(members, key=_BY_KEY))  # equally well described
        bib, provenance, contributors = _agreed(ranked)
    else:
        ranked = rank(members)
        bib, provenance, contributors = _merged(ranked)
    keys = tuple([m.key for m in ranked])
    return UnionRecord(cluster, bib, keys, provenance, classify.classify(bib, base=base), contributors)


class Ranked(list[BibRecord]):
    """Members, best described first."""

    @cached_property
    def title(self) -> _Chosen | None:
        """The title chosen: what stands beside it is asked for it again."""
        return _tidy_title(self, "title")

    @cached_property
    def of_that_title(self) -> Ranked:
        """The members with the chosen title itself; all where there is none."""
        chosen = self.title
        if chosen is None:
            return self
        return Ranked(m for m in self if skeleton(m.title) == skeleton(chosen.value))


def rank(members: Iterable[BibRecord]) -> Ranked:
    """Members, best described first; equal ones by their keys, so that the order they came in does not matter."""
    found: list[tuple[float, RecordKey, BibRecord]] = []
    told: list[tuple[tuple[Any, ...], float]] = []  # most members say what another has said
    for member in members:
        values = _values(member)
        points = next((known for said, known in told if said == values), None)
        if points is None:
            points = quality(member)
            told.append((values, points))
        found.append((-points, member.key, member))
    return Ranked([member for _, _, member in sorted(found, key=_BY_RANK)])


# --- Field by field --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Chosen:
    value: Any
    giver: RecordKey
    others: Sequence[RecordKey] = ()  # who added to what the giver has, or whose votes settled it


_Rule = Callable[[Ranked, str], "_Chosen | None"]
_Merged = tuple[BibRecord, dict[str, RecordKey], tuple[RecordKey, ...]]  # with who gave each field, and all who gave


def _agreed(ranked: Ranked) -> _Merged:
    """Of members that all say the same, or of one: what `_merged` would make of them."""
    best = ranked[0]
    provenance = {name: best.key for name, value in zip(_FIELDS, _values(best), strict=True) if value}
    values: dict[str, Any] = {}
    if len(ranked) == 1:
        values["agents"] = tuple(map(as_heading, best.agents))
    else:
        alone = Ranked([best])  # a list is tidied as its one speaker has it; a list of one is tidy
        values = {name: chosen.value for name in _LISTS if len(getattr(best, name)) > 1
                  and (chosen := _RULES[name](alone, name))}  # fmt: skip
        if agents := _agents(ranked, "agents"):
            values["agents"] = agents.value
    if best.changed:
        provenance["changed"] = best.key
    return replace(best, holdings=Holdings(), **values), provenance, (best.key,)


def _merged(ranked: Ranked) -> _Merged:
    best, many = ranked[0], len(ranked)
    values: dict[str, Any] = {}
    provenance: dict[str, RecordKey] = {}
    gave, giver = set[RecordKey](), None
    for name, told in zip(_FIELDS, zip(*map(_values, ranked), strict=True), strict=True):
        if not any(told):
            continue
        rule = _RULES.get(name, _from_best)
        chosen: _Chosen | None
        if rule in _OF_ITSELF and told.count(told[0]) == many:
            chosen = _Chosen(told[0], best.key)  # whoever is asked
        else:
            chosen = rule(ranked, name)
        if chosen is not None:
            values[name], provenance[name] = chosen.value, chosen.giver
            if name == "warnings":
                continue
            if chosen.giver is not giver:
                giver = chosen.giver  # one gives field after field
                gave.add(giver)
            gave.update(chosen.others)
    contributors = [m for m in ranked if m.key in gave] or [best]
    last = max(contributors, key=_CHANGED)  # what another mends changes nothing that anybody sees
    values["changed"] = last.changed
    if last.changed:
        provenance["changed"] = last.key
    return replace(best, holdings=Holdings(), **values), provenance, tuple([m.key for m in contributors])


def _from_best(ranked: list[BibRecord], name: str) -> _Chosen | None:
    """The best member that has the field at all."""
    return next((_Chosen(v, m.key) for m in ranked if (v := getattr(m, name))), None)


def _elected(
    ranked: list[BibRecord], name: str, key: Callable[[Any], Hashable], order: Callable[[Any], Any]
) -> _Chosen | None:
    """What most members say, compared by `key`; among equal votes the better described; the first form by `order`."""
    votes: dict[Hashable, list[BibRecord]] = defaultdict(list)
    for member in ranked:
        value = getattr(member, name)
        if value:
            votes[key(value)].append(member)
    if not votes:
        return None
    winners = max(votes.values(), key=len)  # the first of equals: dictionaries keep the order of rank
    giver = min(winners, key=lambda m: order(getattr(m, name)))
    return _Chosen(getattr(giver, name), giver.key, _decisive(winners, votes))


def _voted(ranked: list[BibRecord], name: str) -> _Chosen | None:
    """Compared folded; in the tidiest spelling."""
    return _elected(ranked, name, _vote_key, untidiness)


def _decisive(winners: Sequence[BibRecord], votes: Mapping[Hashable, object]) -> list[RecordKey]:
    """Whose votes settled what was disputed: without them the record might say otherwise."""
    return [m.key for m in winners] if len(votes) > 1 else []


def _publishers(ranked: list[BibRecord], name: str) -> _Chosen | None:
    """The houses most members name, in the shortest tidy form: «Просвещение», not «АО "Издательство "Просвещение"»."""
    return _elected(ranked, name, all_houses, lambda houses: (untidiness(houses), *_ornaments(houses)))


def _places(ranked: list[BibRecord], name: str) -> _Chosen | None:
    """The places most members name, «М.» and «Москва» being one, in the fullest tidy form."""
    return _elected(ranked, name, _cities, lambda cities: (untidiness(cities), -sum(map(len, cities))))


@lru_cache(maxsize=TEXTS)
def _cities(places: tuple[str, ...]) -> Hashable:
    return tuple([skeleton(full_city(typed) or typed) for typed in places])


def _ornaments(names: tuple[str, ...]) -> tuple[int, int]:
    """Quotes, points and legal forms first, then length: an abbreviation («Просвещ.») is not tidier than the name."""
    text = " ".join(names)
    return sum(c in "\"«»“”„.:()" for c in text) + len(_LEGAL_FORM.findall(text)), len(text)


_LEGAL_FORM = re.compile(r"(?i)\b(?:ооо|оао|зао|ао|пао|изд-во|издательство|изд\w*)\b")


def _carrier(ranked: list[BibRecord], name: str) -> _Chosen | None:
    """Signs of the carrier most members are on, so that one scan among printed copies makes no electronic edition."""
    best = ranked[0]
    if all(m.carrier == best.carrier and m.extent == best.extent and m.dialect is best.dialect for m in ranked):
        return _Chosen(best.carrier, best.key)
    family = best.dialect.is_unimarc_family
    same = [m for m in ranked if m.dialect.is_unimarc_family == family]
    carriers = [classify.carrier_of(m)[0] for m in same]
    common = max(carriers, key=carriers.count)
    return _from_best([m for m, c in zip(same, carriers, strict=True) if c is common], name)


def _vote_key(value: Any) -> Hashable:
    return skeleton(value) if isinstance(value, str) else tuple(skeleton(v) for v in value)


def _tidy_title(ranked: list[BibRecord], name: str) -> _Chosen | None:
    """The voted title; a shouted or damaged one, or one with the author typed in, gives way to any other."""
    tidy = [m for m in ranked if m.title and untidiness(m.title) == TIDY]
    if tidy and all(m.title == tidy[0].title for m in tidy) and title_without_author(tidy[0]) == tidy[0].title:
        return _Chosen(tidy[0].title, tidy[0].key)  # as the vote below would have it
    proper = [m for m in tidy if title_without_author(m) == m.title]
    return _voted(proper or tidy or ranked, name)


def _title(ranked: Ranked, name: str) -> _Chosen | None:
    return ranked.title


def _beside_title(ranked: Ranked, name: str) -> _Chosen | None:
    """What stands beside the chosen title, from members with that very title.

    Another hand may have typed subtitle and part into the title; taking them from both would say everything twice.
    """
    return _from_best(ranked.of_that_title, name)


def _longest(ranked: list[BibRecord], name: str) -> _Chosen | None:
    """The fullest text, of the best of those equally long."""
    having = [m for m in ranked if getattr(m, name)]
    if not having:
        return None
    giver = max(having, key=lambda m: (not is_damaged(str(getattr(m, name))), len(str(getattr(m, name)))))
    return _Chosen(getattr(giver, name), giver.key)


def _all_of(ranked: list[BibRecord], name: str) -> _Chosen | None:
    """Every value any member has, those of better members first, each once (compared folded)."""
    found: dict[Hashable, Any] = {}
    seen, gave = list[Sequence[Any]](), list[RecordKey]()  # of few: to compare is cheaper than to take hashes
    for member in ranked:
        values = getattr(member, name)
        if not values or values in seen:
            continue
        seen.append(values)
        before = len(found)
        for value in values:
            found.setdefault(_identity(value), value)
        if len(found) > before:
            gave.append(member.key)
    return _Chosen(tuple(found.values()), gave[0], gave[1:]) if gave else None


def _other_titles(ranked: Ranked, name: str) -> _Chosen | None:
    """Every one but the title chosen: what one calls the cover's another describes the book under."""
    found = _all_of(ranked, name)
    if found is None or ranked.title is None:
        return found
    known = skeleton(ranked.title.value)
    kept = tuple([title for title in found.value if skeleton(title) != known])
    return _Chosen(kept, found.giver, found.others) if kept else None


def _identity(value: Any) -> Hashable:
    if isinstance(value, str):
        return skeleton(value) or value
    return tuple(fold(v) if isinstance(v, str) else v for v in (getattr(value, f.name) for f in fields(value)))


def _isbns(ranked: list[BibRecord], name: str) -> _Chosen | None:
    """Every ISBN once: valid ones of this part first, by how many members have them; invalid ones for want of valid."""
    count: dict[str, int] = defaultdict(int)
    first: dict[str, tuple[int, Isbn, RecordKey]] = {}
    for place, member in enumerate(ranked):
        for isbn in member.isbns:
            key = isbn.normal or skeleton(isbn.typed)
            count[key] += 1
            if key not in first or (is_own(isbn) and not is_own(first[key][1])):
                first[key] = (place, isbn, member.key)
            elif _is_hyphenated(isbn) and not _is_hyphenated(first[key][1]) and is_own(isbn) == is_own(first[key][1]):
                first[key] = (first[key][0], isbn, member.key)  # as it is printed in the book
    own = [k for k, (_, isbn, _) in first.items() if isbn.normal]
    order = sorted(own or first, key=lambda k: (not is_own(first[k][1]), -count[k], first[k][0], k))
    gave = [first[k][2] for k in order]
    return _Chosen(tuple(first[k][1] for k in order), gave[0], gave[1:]) if order else None


def _is_hyphenated(isbn: Isbn) -> bool:
    return isbn.typed.count("-") >= 3


def _strictest(ranked: list[BibRecord], name: str) -> _Chosen | None:
    """The highest age mark any member has: showing 6+ for a book marked 12+ would break 436-ФЗ."""
    having = [m for m in ranked if m.age_mark]
    giver = max(having, key=lambda m: int(re.sub(r"\D", "", m.age_mark) or 0), default=None)
    return None if giver is None else _Chosen(giver.age_mark, giver.key)


def _same_dialect(ranked: list[BibRecord], name: str) -> _Chosen | None:
    """Codes mean something in their own format only: taken from members of the best member's family."""
    family = ranked[0].dialect.is_unimarc_family
    return _from_best([m for m in ranked if m.dialect.is_unimarc_family == family], name)


# --- Agents ----------------------------------------------------------------------------------------------------------


def _agents(ranked: list[BibRecord], name: str) -> _Chosen | None:
    """The best list, each person in the fullest form any member has, then those only others name."""
    merged: list[Agent] = []
    gave: list[RecordKey] = []
    settled: tuple[Agent, ...] = ()  # a list that adds nothing to what is merged, or of which nobody was known yet
    for member in ranked:
        if member.agents == settled:
            continue
        before = merged.copy()
        for typed in member.agents:
            agent = as_heading(typed)
            place = next((i for i, known in enumerate(merged) if is_same_agent(known, agent)), None)
            if place is None:
                merged.append(replace(agent, main=agent.main and not any(a.main for a in merged)))
            else:
                merged[place] = fuller(merged[place], agent)
        if merged != before:
            gave.append(member.key)
        added = len(merged) - len(before)
        settled = member.agents if merged == before or added == len(member.agents) else ()
    return _Chosen(tuple(merged), gave[0], gave[1:]) if gave else None


_RULES: dict[str, _Rule] = {
    "title": _title,
    "subtitle": _beside_title,
    "parts": _beside_title,
    "article": _beside_title,
    "parallel_titles": _beside_title,
    "other_titles": _other_titles,
    "responsibility": _voted,
    "year_text": _voted,
    "year_coded": _voted,
    "extent": _voted,
    "publishers": _publishers,
    "places": _places,
    "languages": _voted,
    "country": _voted,
    "isbns": _isbns,
    "issns": _all_of,
    "agents": _agents,
    "subjects": _all_of,
    "keywords": _all_of,
    "genres": _all_of,
    "udc": _all_of,
    "bbk": _all_of,
    "notes": _all_of,
    "links": _all_of,
    "contents": _longest,
    "abstract": _longest,
    "age_mark": _strictest,
    "coded_form": _same_dialect,
    "literary_form": _same_dialect,
    "carrier": _carrier,
    "audience": _same_dialect,
    "warnings": _all_of,
}
# Rules that ask nothing beside the field and give back what all say.
_OF_ITSELF = frozenset({_from_best, _voted, _publishers, _places, _longest, _strictest, _same_dialect})
# Lists that are tidied even where all have the same.
_LISTS = tuple(name for name, rule in _RULES.items() if rule in (_isbns, _all_of, _other_titles))
# Not merged: who the record is, its dialect (the codes above are in it) and what one library has; its day follows.
_FIELDS = tuple(f.name for f in fields(BibRecord) if f.name not in ("key", "dialect", "holdings", "changed"))
_values = attrgetter(*_FIELDS)
_BY_KEY = attrgetter("key")
_BY_RANK = itemgetter(0, 1)
_CHANGED = attrgetter("changed")
