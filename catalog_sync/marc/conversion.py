"""RUSMARC ⇄ MARC 21 ⇄ МАРК-SQL by the crosswalk tables, with an account of everything that has no place in the target.

    converted = convert(record, Dialect.RUSMARC, Dialect.MARC21)
    converted.record, converted.losses

What a rule does not take is a loss, so nothing disappears in silence; `keep=True` carries the lost fields in 886
(foreign MARC information field), from where the way back restores them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catalog_sync.marc import conversion_coded as coded
from catalog_sync.marc.conversion_rules import PROCEDURES
from catalog_sync.marc.crosswalk import Facts, Rule, fits, rules
from catalog_sync.marc.readable import readable
from catalog_sync.model import Dialect, MarcField, MarcRecord, Subfield

# Names of staff and readers never leave the school (040$e, 097, 990$a), nor do its orders and states of copies.
PRIVATE = {Dialect.MARCSQL: {"040": "e", "097": "", "990": "a"}}
CODED = {Dialect.RUSMARC: coded.RUSMARC_TAGS, Dialect.MARC21: coded.MARC21_TAGS}
NO_RULE, NO_PLACE, PRIVACY = "no rule", "no place in the target", "names of people stay in the school"


@dataclass(frozen=True, slots=True)
class Loss:
    """What the target has no place for: a whole field (`code` is "") or one subfield of it, and why."""

    dialect: Dialect
    tag: str
    code: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Converted:
    record: MarcRecord
    losses: tuple[Loss, ...] = ()


def convert(record: MarcRecord, source: Dialect, target: Dialect, *, keep: bool = False) -> Converted:
    """The record in another dialect. UNIMARC is read as RUSMARC. Never raises: what can't be read is a loss."""
    source, target = _base(source), _base(target)
    if source is target:
        return Converted(record)
    record, article = readable(record)
    if Dialect.MARC21 not in (source, target):
        first = convert(record, source, Dialect.MARC21, keep=keep)
        second = convert(first.record, Dialect.MARC21, target, keep=keep)
        return Converted(second.record, first.losses + second.losses)
    made = _step(record, source, target, keep)
    return Converted(_passing_over(article, made.record), made.losses) if article else made


def _passing_over(article: str, record: MarcRecord) -> MarcRecord:
    """245 second indicator: how many characters of the title sorting passes over."""
    fields = tuple(
        MarcField("245", f.indicators[0] + str(len(article)), f.subfields)
        if f.tag == "245" and f.first("a").startswith(article) and len(article) < 10 else f
        for f in record.fields
    )  # fmt: skip
    return MarcRecord(record.leader, fields)


def _base(dialect: Dialect) -> Dialect:
    return Dialect.RUSMARC if dialect is Dialect.UNIMARC else dialect


def _step(record: MarcRecord, source: Dialect, target: Dialect, keep: bool) -> Converted:
    local = Dialect.MARCSQL in (source, target)
    table = "crosswalk_marcsql.tsv" if local else "crosswalk.tsv"
    forward = target is Dialect.MARCSQL if local else source is Dialect.RUSMARC
    record, losses = _without_people(_with_control_fields(record), source)
    language = coded.language_of(record) if source is Dialect.RUSMARC else ""
    facts = Facts(level=record.leader[7:8] or "m", language=language, punctuated=_is_punctuated(record, source))
    found: list[MarcField] = []
    skipped = frozenset() if local else CODED[source]
    for item in record.fields:
        if item.tag not in skipped or (item.tag == "008" and item.data is None):
            made, lost = _field(item, rules(table, forward).get(item.tag, ()), facts, source, keep)
            found += made
            losses += lost
    leader = record.leader
    if local:
        leader = coded.marcsql_leader(record.leader, target)
    else:
        step = coded.to_marc21 if forward else coded.to_rusmarc
        leader, more, dropped = step(record, found)
        found += more
        losses += [Loss(source, tag, code, value, NO_PLACE) for tag, code, value in dropped]
        found = _with_added_entry(found)
    return Converted(MarcRecord(leader, tuple(sorted(found, key=lambda f: f.tag))), tuple(losses))


def _with_added_entry(fields: list[MarcField]) -> list[MarcField]:
    """245 first indicator: 1 where the description has a heading (100–130), the title being an added entry then."""
    if not any(f.tag in ("100", "110", "111", "130") for f in fields):
        return fields
    return [MarcField("245", "1" + f.indicators[1], f.subfields) if f.tag == "245" else f for f in fields]


def _with_control_fields(record: MarcRecord) -> MarcRecord:
    """МАРК-SQL types control fields as $0 of a data field; both are one thing here. Every field has two indicators, and
    every subfield a code of one character, as they will be written."""
    return MarcRecord(record.leader, tuple(_regular(f) for f in record.fields))


def _regular(item: MarcField) -> MarcField:
    if item.data is not None:
        return item
    if item.tag.startswith("00") and len(item.subfields) == 1 and item.subfields[0].code in "0a":
        return MarcField(item.tag, data=item.subfields[0].value)
    subfields = item.subfields
    if any(len(s.code) != 1 for s in subfields):
        subfields = tuple(Subfield(s.code[:1] or " ", s.value) for s in subfields)
    return MarcField(item.tag, item.indicators.ljust(2)[:2], subfields)


def _without_people(record: MarcRecord, source: Dialect) -> tuple[MarcRecord, list[Loss]]:
    private = PRIVATE.get(source, {})
    kept: list[MarcField] = []
    losses: list[Loss] = []
    for item in record.fields:
        codes = private.get(item.tag)
        if codes is None:
            kept.append(item)
            continue
        rest = tuple(s for s in item.subfields if codes and s.code not in codes)
        losses += [Loss(source, item.tag, s.code, "", PRIVACY) for s in item.subfields if s not in rest]
        if rest:
            kept.append(MarcField(item.tag, item.indicators, rest))
    return MarcRecord(record.leader, tuple(kept)), losses


def _is_punctuated(record: MarcRecord, source: Dialect) -> bool:
    """Whether areas end in ISBD marks: MARC 21 unless leader/18 says they are omitted, and МАРК-SQL always may."""
    return not source.is_unimarc_family and record.leader[18:19] not in ("c", "n")


def _field(
    item: MarcField, listed: Iterable[Rule], facts: Facts, source: Dialect, keep: bool
) -> tuple[list[MarcField], list[Loss]]:
    """Target fields of one field, and what of it was left over."""
    made: list[MarcField] = []
    used: set[int] = set()
    fitting = [rule for rule in listed if fits(rule, item, facts)]
    for rule in fitting:
        if rule.is_shared or not used:
            fields, taken = PROCEDURES[rule.how](item, rule, facts)
            made += [MarcField(f.tag, item.indicators, f.subfields) if f.indicators == "==" else f for f in fields]
            used |= taken
            facts.written |= {f.tag for f in fields}
        if used and not rule.is_shared:
            break
    if item.data is not None:
        return made, [] if made else _whole(item, source, keep, made)
    if not made and not used:
        return made, _whole(item, source, keep, made)
    left = [s for n, s in enumerate(item.subfields) if n not in used and s.value.strip()]
    if left and keep:
        made.append(_foreign(MarcField(item.tag, item.indicators, tuple(left)), source))
    return made, [Loss(source, item.tag, s.code, s.value, NO_PLACE) for s in left]


def _whole(item: MarcField, source: Dialect, keep: bool, made: list[MarcField]) -> list[Loss]:
    """A field without a rule: one loss for each of its values."""
    if keep:
        made.append(_foreign(item, source))
    if item.data is not None:
        return [Loss(source, item.tag, "", item.data, NO_RULE)] if item.data.strip() else []
    return [Loss(source, item.tag, s.code, s.value, NO_RULE) for s in item.subfields if s.value.strip()]


def _foreign(item: MarcField, source: Dialect) -> MarcField:
    """886: $2 format, $a tag, $b indicators, then the subfields as they were (MARC 21 and RUSMARC agree)."""
    head = (Subfield("2", source.value), Subfield("a", item.tag))
    if item.data is not None:
        return MarcField("886", "0 ", (*head, Subfield("b", item.data)))
    return MarcField("886", "2 ", (*head, Subfield("b", item.indicators), *item.subfields))
