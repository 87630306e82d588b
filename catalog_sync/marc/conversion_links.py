"""Linking fields: the embedded fields of RUSMARC 4xx (461$1 200 1 $a …) ⇄ the subfields of MARC 21 76X–78X.

RUSMARC packs whole fields into a link: $1 holds the tag and indicators (or, for a control field, tag and data), the
subfields follow until the next $1. MARC 21 has one subfield for each thing worth saying of a host (773 $a $t $g …).
Old UNIMARC files use plain subfields instead (461 $t $v); those are read too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from catalog_sync.marc.crosswalk import Facts, Rule
from catalog_sync.model import MarcField, Subfield

Outcome = tuple[list[MarcField], set[int]]
# What of an embedded field goes where: (tag, code) → 773 code. 200 and 210 are written as text, see below.
SIMPLE = {
    ("010", "a"): "z", ("011", "a"): "x", ("205", "a"): "b", ("215", "a"): "h", ("225", "a"): "k", ("300", "a"): "n",
    ("200", "v"): "g", ("856", "u"): "o",
}
BACK = {"z": "010", "x": "011", "b": "205", "h": "215", "k": "225", "n": "300"}
PLAIN = {"t": "t", "a": "a", "v": "g", "x": "x", "y": "z", "0": "w", "3": "w", "d": "d", "p": "h", "e": "b", "g": "g"}
TITLE_MARKS = {"a": " ; ", "e": " : ", "h": ". ", "i": ". ", "d": " = ", "f": " / ", "g": " ; "}
ORDER = "atbdkgxzwhno"
IMPRINT = re.compile(r"^(?P<place>[^:]+?)(?: : (?P<name>.+?))?(?:, (?P<year>[^,]+))?$")


@dataclass(frozen=True, slots=True)
class Embedded:
    """A field inside a link, with the positions of its subfields there ($1 first)."""

    tag: str
    indicators: str
    data: str
    subfields: tuple[Subfield, ...]
    positions: tuple[int, ...]


def embedded_fields(source: MarcField) -> list[Embedded]:
    """Fields packed into a 4xx field, in order; empty where it is written with plain subfields."""
    found: list[Embedded] = []
    for number, s in enumerate(source.subfields):
        if s.code == "1" and s.value[:3].isdigit():
            tag, rest = s.value[:3], s.value[3:]
            control = tag < "010"
            found.append(Embedded(tag, "" if control else rest[:2], rest if control else "", (), (number,)))
        elif found:
            last = found[-1]
            found[-1] = Embedded(last.tag, last.indicators, last.data, (*last.subfields, s), (*last.positions, number))
    return found


def host(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    if not rule.forward:
        return _to_embedded(source, rule)
    inner = embedded_fields(source)
    return _from_embedded(inner, rule) if inner else _from_plain(source, rule)


def _from_plain(source: MarcField, rule: Rule) -> Outcome:
    found = [Subfield(PLAIN[s.code], s.value) for s in source.subfields if s.code in PLAIN]
    used = {n for n, s in enumerate(source.subfields) if s.code in PLAIN}
    return _written(rule, found), used


def _from_embedded(inner: list[Embedded], rule: Rule) -> Outcome:
    """Each embedded field's part of the 76X–78X field; what is not taken is left over, and so a loss."""
    found: list[Subfield] = []
    used: set[int] = set()
    for item in inner:
        subfields, taken = _part(item)
        found += subfields
        if subfields or taken:
            used |= {item.positions[0], *taken}
    return _written(rule, found), used


def _part(item: Embedded) -> tuple[list[Subfield], set[int]]:
    positions = item.positions[1:]
    if item.tag == "001":
        return [Subfield("w", item.data.strip())], set()
    if item.tag == "200":
        return _title(item)
    if item.tag == "210":
        kept = [(n, s) for n, s in zip(positions, item.subfields, strict=True) if s.code in "acd"]
        return [Subfield("d", _imprint([s for _, s in kept]))] if kept else [], {n for n, _ in kept}
    if item.tag in ("700", "701", "710"):
        values = [s.value.strip() for s in item.subfields if s.code in "ab"]
        taken = {n for n, s in zip(positions, item.subfields, strict=True) if s.code in "ab"}
        joined = (", " if item.indicators[1:] != "0" and item.tag != "710" else " ").join(values)
        return [Subfield("a", joined)] if joined else [], taken
    found, used = [], set()
    for number, s in zip(positions, item.subfields, strict=True):
        if (item.tag, s.code) in SIMPLE:
            found.append(Subfield(SIMPLE[item.tag, s.code], s.value))
            used.add(number)
    return found, used


def _title(item: Embedded) -> tuple[list[Subfield], set[int]]:
    """Embedded 200 → $t with ISBD marks, its volume → $g."""
    text, found, used = "", [], set()
    for number, s in zip(item.positions[1:], item.subfields, strict=True):
        if s.code in TITLE_MARKS:
            text += (TITLE_MARKS[s.code] if text else "") + s.value
        elif s.code == "v":
            found.append(Subfield("g", s.value))
        else:
            continue
        used.add(number)
    return ([Subfield("t", text)] if text else []) + found, used


def _imprint(subfields: list[Subfield]) -> str:
    text = ""
    for s in subfields:
        text += ({"a": " ; ", "c": " : ", "d": ", "}[s.code] if text else "") + s.value
    return text


def _written(rule: Rule, found: list[Subfield]) -> list[MarcField]:
    kept = [s for s in found if s.value.strip()]
    kept.sort(key=lambda s: ORDER.find(s.code))
    return [MarcField(rule.target, rule.indicators, tuple(kept))] if kept else []


# --- MARC 21 → RUSMARC ---------------------------------------------------------------------------------------------


def _to_embedded(source: MarcField, rule: Rule) -> Outcome:
    """76X–78X → 4xx with embedded fields in tag order: 001, 010, 011, 200, 205, 210, 215, 225, 300, 700, 856."""
    parts: list[tuple[str, list[Subfield]]] = []
    used: set[int] = set()
    title: list[Subfield] = []
    for number, s in enumerate(source.subfields):
        value = s.value.strip()
        part = _packed(s.code, value)
        if s.code == "t":
            title = _split_title(value) + title
        elif s.code == "g":
            title.append(Subfield("v", value))
        elif part:
            parts.append(part)
        elif s.code != "7":
            continue
        used.add(number)
    if title:
        parts.append(("2001 ", title))
    parts.sort(key=lambda part: part[0][:3])
    packed = tuple(s for head, inner in parts for s in (Subfield("1", head), *inner))
    return [MarcField(rule.target, rule.indicators, packed)] if packed else [], used


def _packed(code: str, value: str) -> tuple[str, list[Subfield]] | None:
    """One embedded field of one subfield; the title is put together elsewhere."""
    if code == "w":
        return f"001{value}", []
    if code in BACK:
        return f"{BACK[code]}  ", [Subfield("a", value)]
    if code == "d":
        return "210  ", _split_imprint(value)
    if code == "a":
        entry, comma, rest = value.rstrip(" ,").partition(", ")
        return f"700 {1 if comma else 0}", [Subfield("a", entry), *([Subfield("b", rest)] if rest else [])]
    if code == "o" and "://" in value:
        return "8564 ", [Subfield("u", value)]
    return None


def _split_title(value: str) -> list[Subfield]:
    pieces = re.split(r"\s([:=/;])\s", value)
    found = [Subfield("a", pieces[0])]
    responsible = False
    for mark, text in zip(pieces[1::2], pieces[2::2], strict=True):
        responsible = responsible or mark == "/"
        code = {":": "e", "=": "d", "/": "f", ";": "g" if responsible else "a"}[mark]
        found.append(Subfield(code, text.strip()))
    return found


def _split_imprint(value: str) -> list[Subfield]:
    found = IMPRINT.match(value)
    if found is None or not (found["name"] or found["year"]):
        return [Subfield("d" if value[-4:].isdigit() and len(value) < 9 else "a", value)]
    return [Subfield(c, t) for c, t in (("a", found["place"]), ("c", found["name"]), ("d", found["year"])) if t]
