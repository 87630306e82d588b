"""What one library has of a record, by profile (data/tables/holdings_profiles.toml): which field holds what."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from catalog_sync.errors import StopEverything
from catalog_sync.marc.amounts import amount
from catalog_sync.marc.counters import counted
from catalog_sync.marc.dates import day_of
from catalog_sync.marc.parts import Fields
from catalog_sync.model import Dialect, Holdings, Item, MarcField
from catalog_sync.shipped import TABLES

_COPIES = re.compile(r"(\d+)(?:[.,]0+)?\s*(?:экз|шт)?\.?", re.IGNORECASE)
_CODES = string.digits + string.ascii_letters
_KEYS = ("number", "barcode", "sigla", "call", "price", "ksu", "copies", "registered", "withdrawn", "act", "reason")


@dataclass(frozen=True, slots=True)
class Rule:
    """How one system writes its items: tags, and subfield codes by meaning."""

    tags: tuple[str, ...]
    codes: dict[str, str]
    when: tuple[tuple[str, re.Pattern[str]], ...] = ()
    also: str = ""
    beside: str = ""
    there: tuple[tuple[str, str], ...] = ()
    counters: str = ""
    gone: tuple[str, str] = ("", "")
    absent: tuple[str, str] = ("", "")
    grouped: tuple[str, str] = ("", "")
    known: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the same codes by subfield: what each one means

    def meanings(self, code: str) -> tuple[str, ...]:
        return tuple(key for key, codes in self.codes.items() if code in codes)


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    title: str
    dialects: tuple[str, ...]
    rules: tuple[Rule, ...]


@cache
def profiles() -> dict[str, Profile]:
    """Every profile by name. Raises StopEverything where the table names an unknown rule."""
    table = tomllib.loads((TABLES / "holdings_profiles.toml").read_text("utf-8"))
    rules = {name: _rule(raw) for name, raw in table.pop("rule").items()}
    try:
        return {
            name: Profile(name, raw["title"], tuple(raw["dialects"]), tuple(rules[r] for r in raw["rules"]))
            for name, raw in table.items()
        }
    except KeyError as e:
        raise StopEverything(f"holdings_profiles.toml: ожидалось имя правила, пришло {e}") from e


def _rule(raw: dict[str, object]) -> Rule:
    when, there = raw.get("when", {}), raw.get("there", {})
    assert isinstance(when, dict)
    assert isinstance(there, dict)
    codes = {key: str(raw[key]) for key in _KEYS if key in raw}
    return Rule(
        tuple(str(raw["field"]).split()),
        codes,
        tuple((code, re.compile(pattern)) for code, pattern in when.items()),
        str(raw.get("also", "")),
        str(raw.get("with", "")),
        tuple(there.items()),
        str(raw.get("counters", "")),
        _status(raw, "gone"),
        _status(raw, "absent"),
        _status(raw, "grouped"),
        {code: tuple(key for key in codes if code in codes[key]) for code in _CODES},
    )


def _status(raw: dict[str, object], key: str) -> tuple[str, str]:
    code, _, values = str(raw.get(key, "")).partition(":")
    return code, values


@cache
def profile_named(name: str, dialect: Dialect) -> Profile:
    """The named profile, or the dialect's own where no name is given. Raises StopEverything for an unknown name."""
    known = profiles()
    if name and name not in known:
        raise StopEverything(f"профиль наличия: ожидался один из {', '.join(known)}, пришло {name!r}")
    return known[name] if name else next(p for p in known.values() if dialect.value in p.dialects)


def holdings_of(fields: Fields, profile: str, dialect: Dialect) -> Holdings:
    """Items, counters, sigla and call number of a record; the first rule that finds numbered or counted items wins."""
    weaker: Holdings | None = None
    for rule in profile_named(profile, dialect).rules:
        for tag in rule.tags:
            if not (tag in fields or rule.also in fields or rule.counters in fields):
                continue
            found = _by_rule(rule, tag, fields)
            if found and (found.received is not None or any(_is_telling(i) for i in found.items)):
                return found
            weaker = weaker or found
    return weaker or Holdings()


def _is_telling(item: Item) -> bool:
    return item.inventory_number != "" or item.barcode != "" or item.copies != 1


def _by_rule(rule: Rule, tag: str, fields: Fields) -> Holdings | None:
    own = fields.get(tag, [])
    if rule.when:
        own = [f for f in own if _meets(rule, f)]
    beside = fields.get(rule.beside, []) if rule.beside else []
    items = [item for i, f in enumerate(own) if (item := _item(rule, f, beside[i : i + 1]))]
    if rule.also:
        items += [item for f in fields.get(rule.also, ()) if (item := _item(rule, f, (), gone=True))]
    counters = fields.one(rule.counters) if rule.counters else None
    if counters is None:
        return _holdings(items, tag) if items else None
    return counted(_holdings([i for i in items if _is_telling(i)], tag), items[:1], counters)


def _holdings(items: Sequence[Item], basis: str) -> Holdings:
    sigla = call = ""
    for item in items:
        sigla, call = sigla or item.sigla, call or item.call_number
    return Holdings(tuple(items), sigla=sigla, call_number=call, basis=basis)


def _meets(rule: Rule, field: MarcField) -> bool:
    return all(pattern.search(field.first(code).strip()) for code, pattern in rule.when)


def _item(rule: Rule, field: MarcField, beside: Sequence[MarcField], gone: bool = False) -> Item | None:
    """None for an item that never arrived, and for one written off nobody says when: it is simply not there."""
    if rule.absent[0] and _has(field, rule.absent):
        return None
    said = _said(rule, field)
    call = _joined(field, rule.codes["call"]) if said.get("call") is not None else ""
    for other in beside:
        for key, codes in rule.there:
            said[key] = said.get(key) or other.first(codes).strip()
        call = call or _joined(other, dict(rule.there).get("call", ""))
    get = said.get
    copies = _count(get("copies", ""))
    if not copies and not get("number") and not get("barcode"):
        return None  # a group of which none is left; of numbered items several systems fill in nothing
    withdrawn = day_of(typed) if (typed := get("withdrawn", "")) else None
    if withdrawn is None and (gone or (rule.gone[0] and _has(field, rule.gone))):
        return None
    return Item(
        get("number", ""),
        get("barcode", ""),
        get("sigla", ""),
        call,
        get("price", ""),
        get("ksu", ""),
        copies or 1,
        day_of(typed) if (typed := get("registered", "")) else None,
        withdrawn,
        get("reason", "") if withdrawn else "",
        get("act", "") if withdrawn else "",
        not (rule.grouped[0] and _has(field, rule.grouped)),
    )


def _said(rule: Rule, field: MarcField) -> dict[str, str]:
    """What the field's subfields say by meaning; the first one with a meaning counts, even an empty one."""
    said: dict[str, str] = {}
    known = rule.known
    for subfield in field.subfields:
        keys = known.get(subfield.code)
        for key in rule.meanings(subfield.code) if keys is None else keys:
            if key not in said:
                said[key] = subfield.value.strip()
    return said


def _joined(field: MarcField, codes: str) -> str:
    return " ".join([v for c in codes if (v := field.first(c).strip())])


def _has(field: MarcField, status: tuple[str, str]) -> bool:
    code, values = status
    said = field.first(code).strip()[:1]
    return said != "" and said in values


def _count(typed: str) -> int:
    """Copies of a group: «25», «25.0», «25 экз.»; 1 where something else is typed, as a price in the wrong place."""
    found = _COPIES.fullmatch(typed)
    counted = amount(found[1]) if found else None
    return 1 if counted is None else counted
