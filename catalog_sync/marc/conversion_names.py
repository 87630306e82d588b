"""Names and headings of the crosswalk: persons, bodies, subjects and their roles, both ways."""

from __future__ import annotations

from catalog_sync.marc.codes import relator_for
from catalog_sync.marc.crosswalk import Facts, Outcome, Rule, field_of, mapped, told_once, without_isbd
from catalog_sync.marc.union_rusmarc import initials
from catalog_sync.model import Dialect, MarcField, Subfield

RUSMARC, MARC21 = Dialect.RUSMARC, Dialect.MARC21


def person(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    if rule.forward:
        # The first 700 is the heading; a second one is a cataloguer's slip for 701.
        second = rule.target == "100" and facts.has_main_entry
        facts.has_main_entry = facts.has_main_entry or rule.target == "100"
        return _person_to_marc21(source, rule, "700" if second else rule.target)
    return _person_to_rusmarc(source, rule)


def _person_to_marc21(source: MarcField, rule: Rule, tag: str) -> Outcome:
    """$a and $b become one name, with the forenames in full where $g expands the initials; $d is the numeration."""
    found, used = mapped(rule, source)
    values, told = told_once(source, "abdg")
    used |= told
    inverted = source.indicators[1] != "0"
    given, full = values["b"].strip(), values["g"].strip()
    if full and initials(full) == given:
        given, full = full, ""
    name = (", " if inverted else " ").join(filter(None, (values["a"].rstrip(" ,"), given)))
    head = [Subfield("a", name), Subfield("b", values["d"])]
    fuller = [Subfield("q", full)] if full and full != given else []
    roles, taken = _roles_to_marc21(source)
    indicator = "1" if inverted and values["b"] else "0" if not inverted else "1"
    kept = tuple(s for s in (*head, *fuller, *found, *roles) if s.value.strip())
    return ([MarcField(tag, f"{indicator} ", kept)], used | taken) if name else ([], set())


def _roles_to_marc21(source: MarcField) -> tuple[list[Subfield], set[int]]:
    found, used = [], set()
    for number, s in enumerate(source.subfields):
        if s.code == "4":
            code = relator_for(MARC21, s.value)
            found.append(Subfield("4", code) if code else Subfield("e", s.value))
            used.add(number)
    return found, used


def _person_to_rusmarc(source: MarcField, rule: Rule) -> Outcome:
    found, used = mapped(rule, source)
    values, told = told_once(source, "abq")
    used |= told
    name = values["a"].strip().rstrip(",").strip()
    entry, comma, rest = name.partition(",")
    inverted = source.indicators[0] != "0" and bool(comma)
    if not inverted:
        entry, rest = name, ""
    given, full = rest.strip(), values["q"].strip("() ,")
    if not full and initials(given) != given:
        given, full = initials(given), given
    head = [Subfield("a", entry), Subfield("b", given), Subfield("d", values["b"]), Subfield("g", full)]
    found = [Subfield(s.code, s.value.strip().rstrip(",") if s.code in "fc" else s.value) for s in found]
    roles, taken = _roles_to_rusmarc(source)
    kept = tuple(s for s in (*head, *found, *roles) if s.value.strip())
    return ([MarcField(rule.target, f" {1 if inverted else 0}", kept)], used | taken) if name else ([], set())


def _roles_to_rusmarc(source: MarcField) -> tuple[list[Subfield], set[int]]:
    """$4 and $e that say the same are one $4; a word the table does not know stays as it is in $4."""
    codes: dict[str, None] = {}
    used = set()
    for number, s in enumerate(source.subfields):
        if s.code in "4e" and s.value.strip():
            codes[relator_for(RUSMARC, s.value.rstrip(" ,")) or s.value.strip(" ,")] = None
            used.add(number)
    return [Subfield("4", code) for code in codes], used


def body(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    found, used = mapped(rule, source)
    tag = rule.target
    if rule.forward:
        if tag in ("110", "111") and facts.has_main_entry:
            tag = {"110": "710", "111": "711"}[tag]
        facts.has_main_entry = facts.has_main_entry or tag in ("110", "111")
    else:
        found = [Subfield(s.code, s.value.strip().rstrip(",")) for s in found]
    roles, taken = (_roles_to_marc21 if rule.forward else _roles_to_rusmarc)(source)
    kept = tuple(s for s in (*found, *roles) if s.value.strip())
    return [MarcField(tag, rule.indicators, kept)] if kept else [], used | taken


def person_subject(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """A person as subject: the name as in 700, the subdivisions as in 606."""
    step = _person_to_marc21(source, rule, rule.target) if rule.forward else _person_to_rusmarc(source, rule)
    fields, used = step
    if not fields or not rule.forward:
        return fields, used
    scheme = "7" if source.first("2") else "4"
    return [MarcField(f.tag, f.indicators[0] + scheme, f.subfields) for f in fields], used


def subject(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """MARC 21 says in the second indicator whose heading it is: 7 where $2 names the list, 4 where nobody does."""
    found, used = mapped(rule, source)
    if not rule.forward:
        return field_of(rule, [Subfield(s.code, without_isbd(s.value, facts, name=True)) for s in found]), used
    return field_of(rule, found, rule.indicators[0] + ("7" if source.first("2") else "4")), used
