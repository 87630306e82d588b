"""The crosswalk tables as rules: data/tables/crosswalk.tsv (RUSMARC, MARC 21) and crosswalk_marcsql.tsv."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from catalog_sync.model import MarcField, Subfield
from catalog_sync.tables import rows

ISBD_END = re.compile(r"\s*[:;/=,+]\s*$|\s+\.\s*$")
FINAL_POINT = re.compile(r"(?<=[^\s.][^\s.]{3})\.$")  # a short word before the point is an abbreviation
Outcome = tuple[list[MarcField], set[int]]  # target fields, and the positions of the subfields they took


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a table, turned to the direction it is used in: `pairs` lists (source code, target code)."""

    name: str
    source: str  # tag
    target: str  # tag
    when: tuple[tuple[str, str], ...]
    indicators: str  # of the target
    pairs: tuple[tuple[str, str], ...]
    how: str
    forward: bool  # from the left column to the right one

    def code_for(self, code: str) -> str:
        return next((target for source, target in self.pairs if source == code), "")

    @property
    def is_shared(self) -> bool:
        """Whether other rules may take what this one leaves of a field (091 of МАРК-SQL: ББК, ТБК, age …)."""
        return any(name == "has" for name, _ in self.when)


@dataclass(slots=True)
class Facts:
    """What rules need to know of the record besides the field: leader/07, and what was written so far."""

    level: str = "m"
    language: str = ""  # what 008/35-37 of the target will say
    punctuated: bool = False  # the source ends areas with ISBD marks (MARC 21, leader/18 other than c)
    has_main_entry: bool = False
    written: set[str] = field(default_factory=set)  # tags of the target record


@cache
def rules(table: str, forward: bool) -> dict[str, tuple[Rule, ...]]:
    """Source tag → its rules in the order of the table."""
    found: dict[str, list[Rule]] = {}
    for row in rows(table):
        if row["direction"] in ("<>", ">" if forward else "<"):
            rule = _rule(row, forward)
            found.setdefault(rule.source, []).append(rule)
    return {tag: tuple(listed) for tag, listed in found.items()}


def _rule(row: dict[str, str], forward: bool) -> Rule:
    here, there = ("left", "right") if forward else ("right", "left")
    pairs = [tuple(p.split("=")) for p in row["subfields"].split()]
    return Rule(
        row["rule"], row[here], row[there], tuple(_condition(c) for c in row[f"when_{here}"].split()),
        row[f"indicators_{there}"].replace("_", " ") or "  ",
        tuple((a, b) if forward else (b, a) for a, b in pairs), row["how"], forward,
    )


def _condition(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def fits(rule: Rule, source: MarcField, facts: Facts) -> bool:
    """Whether the conditions of a rule hold for a field of the record."""
    return all(_holds(name, value, source, facts) for name, value in rule.when)


def _holds(name: str, value: str, source: MarcField, facts: Facts) -> bool:
    if name in ("i1", "i2"):
        return source.indicators[int(name[1]) - 1] == value
    if name == "level":
        return facts.level in value
    if name == "has":
        return bool(source.first(value))
    if name == "author":
        roles = [s.value.strip(" .,").lower() for s in source.subfields if s.code in "4e"]
        return not roles or any(r in ("aut", "070", "автор", "авт", "author") for r in roles)
    return source.first(name).strip().lower() == value


def mapped(rule: Rule, source: MarcField) -> tuple[list[Subfield], set[int]]:
    """Subfields in the target's codes, in the order they were typed, and the positions they came from."""
    found: list[Subfield] = []
    used: set[int] = set()
    for number, subfield in enumerate(source.subfields):
        code = rule.code_for(subfield.code)
        if code:
            found.append(Subfield(code, subfield.value))
            used.add(number)
    return found, used


def told_once(source: MarcField, codes: str) -> tuple[dict[str, str], set[int]]:
    """Of each code the first value that says something ("" where none does), and the positions of those values.

    For what the target holds once. A repetition is not taken, and so it is listed as a loss.
    """
    values = dict.fromkeys(codes, "")
    used: set[int] = set()
    for number, s in enumerate(source.subfields):
        if values.get(s.code) == "" and s.value.strip():
            values[s.code] = s.value
            used.add(number)
    return values, used


Procedure = Callable[[MarcField, Rule, Facts], Outcome]


def everything(source: MarcField) -> set[int]:
    return set(range(len(source.subfields)))


def field_of(rule: Rule, subfields: list[Subfield], indicators: str = "") -> list[MarcField]:
    """One field of the subfields that say something; no field where none does."""
    kept = tuple(s for s in subfields if s.value.strip())
    return [MarcField(rule.target, indicators or rule.indicators, kept)] if kept else []


def without_isbd(value: str, facts: Facts, *, name: bool = False) -> str:
    """A value without the mark that introduces the next area; RUSMARC has codes instead of marks."""
    if not facts.punctuated:
        return value.strip()
    value = ISBD_END.sub("", value).strip()
    return FINAL_POINT.sub("", value) if name else value
