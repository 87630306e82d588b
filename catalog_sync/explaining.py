"""The whole line for one record, in words: bytes → fields → stock → features → comparisons → cluster → union record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from catalog_sync import citation, facets, wording
from catalog_sync.classify import classify
from catalog_sync.clustering import blocking
from catalog_sync.court import WORDS, reason_line
from catalog_sync.errors import BadRecord, Refused
from catalog_sync.ledger.items import RUN
from catalog_sync.marc.reading import marc_record, to_bib
from catalog_sync.matching.compare import explain
from catalog_sync.matching.features import Features
from catalog_sync.matching.keys import keys
from catalog_sync.matching.values import shown
from catalog_sync.matching.verdict import KINDS, SAME
from catalog_sync.model import BibRecord, MarcField, RecordKey, Source, SourceRecord, StockMovement, Verdict
from catalog_sync.query import LibraryHoldings
from catalog_sync.store import (
    clusters,
    decisions,
    edges,
    ledger,
    overrides,
    portraits,
    records,
    registry,
    renamed,
    unions,
)

PRIVATE = {("040", "e"), ("097", ""), ("990", "a")}  # names of staff: never shown (152-ФЗ)
EXAMPLES = 3  # records named per reason of refusal
SHOWN = 30  # comparisons printed, and lines of the ledger; a textbook owned by 200 schools has 199 of the former


def lines(connection: Connection, key: RecordKey) -> Iterator[str]:
    """Explain a record. Refused where there is none."""
    found = records.find(connection, key)
    if found is None:
        now = renamed.now(connection, key)
        raise Refused(f"нет записи {key}" + (f": теперь это {now}" if now else ""))
    id_, record = found
    source = registry.get_source(connection, key.source)
    yield from _origin(record, source)
    try:
        marc = marc_record(record)
        bib = to_bib(record, source.holdings_profile)
    except BadRecord as error:
        yield f"не читается: {error}"
        return
    yield "\nПоля"
    yield from (f"  {line}" for field in marc.fields for line in _field(field))
    yield from _bib(connection, bib, source, bib.warnings[len(record.warnings) :])
    yield from _stock(connection, key)
    if record.deleted:
        yield "\nЗапись исчезла из источника: она ни в каком кластере."
        return
    yield from _matching(connection, id_, key)
    yield from _kept_apart(connection, id_)
    cluster = clusters.clusters_of(connection, [id_]).get(id_)
    if cluster is not None:
        yield ""
        yield from edition(connection, cluster)


def edition(connection: Connection, cluster: str) -> Iterator[str]:
    """A live cluster: its records, the record readers see, whose each field of that is, who has copies."""
    union = unions.load(connection, [cluster])[0]
    yield f"Кластер {cluster}: записей {len(union.members)}"
    yield from (f"  {member}" for member in union.members)
    yield "\nСводная запись"
    yield f"  {citation.gost(union.bib, today=None)}"
    yield f"  отбор в поиске: {_narrowed_by(facets.facets(union.bib))}"
    yield from (f"  {wording.FIELDS[name]}: из {member}" for name, member in sorted(union.provenance.items()))
    for held in unions.holdings(connection, [cluster]).get(cluster, []):
        yield f"  {at_library(held)}"


def _narrowed_by(found: facets.DocumentFacets) -> str:
    """The facets under which readers find an edition."""
    grades, subjects = ", ".join(map(str, found.grades)), ", ".join(found.subjects)
    told = (("вид", found.kind), ("класс", grades), ("предмет", subjects), ("раздел ББК", found.bbk))
    return "; ".join(f"{name} – {value}" for name, value in told if value)


def at_library(held: LibraryHoldings) -> str:
    """What a library has of an edition, in a line. An electronic edition has a link and no copies."""
    copies = f": {held.copies} экз." if held.copies else ": экземпляров не числится"
    return held.library_name + copies + (f", {held.call_numbers[0]}" if held.call_numbers else "")


def _origin(record: SourceRecord, source: Source) -> Iterator[str]:
    yield f"Исходная запись {record.key}: {len(record.data)} байт, отпечаток {record.digest.hex()[:16]}…"
    yield f"  источник «{source.name or source.code}», формат {record.dialect.value}, кодировка {record.encoding}"
    yield from (f"  замечание: {warning}" for warning in record.warnings)


def _field(field: MarcField) -> Iterator[str]:
    if (field.tag, "") in PRIVATE:
        return
    if field.data is not None:
        yield f"{field.tag}     {field.data}"
        return
    text = " ".join(f"${s.code} {s.value}" for s in field.subfields if (field.tag, s.code) not in PRIVATE)
    yield f"{field.tag} {field.indicators.replace(' ', '#')}  {text}"


def _bib(connection: Connection, bib: BibRecord, source: Source, warnings: tuple[str, ...]) -> Iterator[str]:
    """`warnings`: what was noticed beyond cutting the export, as the record was read."""
    yield "\nПонято как"
    yield from (f"  замечание: {warning}" for warning in warnings)
    yield f"  {citation.gost(bib, today=None)}"
    forced = overrides.corrections(connection, [bib.key]).get(bib.key)
    found = overrides.corrected(classify(bib, base=source.base), forced)
    yield f"  вид фонда – {wording.CATEGORIES[found.category]}: {found.category_reason}"
    yield f"  носитель – {wording.CARRIERS[found.carrier]}: {found.carrier_reason}"
    yield f"  экземпляров {bib.holdings.copies} (по {bib.holdings.basis or 'записи: сведений о наличии нет'})"


def _stock(connection: Connection, key: RecordKey) -> Iterator[str]:
    """Its lines of the ledger: figures and reports are sums of these."""
    posted = ledger.posted(connection, [key])[key]
    if posted:
        yield "\nДвижение фонда"
        yield from (f"  {_movement(line)}" for line in posted[:SHOWN])
    if len(posted) > SHOWN:
        yield f"  … и ещё {len(posted) - SHOWN}"


def _movement(line: StockMovement) -> str:
    dated = "дата – день загрузки" if line.basis == RUN else f"дата по {line.basis}"
    came = f"; сеанс № {line.run}" if line.run else ""
    paper = f"; документ {line.document}" if line.document else ""
    reason = f"; {line.reason}" if line.reason else ""
    return f"{line.day:%d.%m.%Y}  {wording.MOVEMENTS[line.kind]}, экз. {line.copies:+d}: {dated}{came}{paper}{reason}"


def _matching(connection: Connection, id_: int, key: RecordKey) -> Iterator[str]:
    portrait = portraits.of_records(connection, [id_]).get(id_)
    if portrait is None:
        return
    mine = portraits.features(connection, [portrait])[portrait]
    yield "\nПризнаки"
    told = ((name, shown(mine, name) or wording.plain(getattr(mine, name))) for name in wording.FEATURES)
    yield from (f"  {wording.FEATURES[name]}: {value}" for name, value in told if getattr(mine, name))
    yield "\nКлючи сопоставления: " + ", ".join(sorted(keys(mine)))
    yield "\nСравнения"
    yield from _comparisons(connection, portrait, key, mine)


def _comparisons(connection: Connection, portrait: int, key: RecordKey, mine: Features) -> Iterator[str]:
    judged = edges.judgements(connection, portrait)
    features = portraits.features(connection, judged)
    compared = [
        explain(key, mine, other, features[number], judged[number])
        for number, others in _keys_by_portrait(connection, judged).items()
        for other in others
        if other != key
    ]
    order = {Verdict.SAME: 0, Verdict.UNSURE: 1, Verdict.DIFFERENT: 2}
    compared.sort(key=lambda c: (order[c.verdict], -c.score, c.left, c.right))
    for comparison in compared[:SHOWN]:
        other = comparison.right if comparison.left == key else comparison.left
        yield f"  {other}: {WORDS[comparison.verdict]}, {comparison.score:g}"
        yield from (f"      {reason_line(reason)}" for reason in comparison.reasons)
    if len(compared) > SHOWN:
        yield f"  … и ещё {len(compared) - SHOWN}"
    yield from _refused(connection, portrait, alone=not compared)
    for decision in decisions.about(connection, [key]):
        word = "одно издание" if decision.same else "разные издания"
        yield (
            f"  решение № {decision.number}{' (отменено)' if decision.undone else ''}: {decision.left} и "
            f"{decision.right} — {word}: {decision.why}"
        )


def _keys_by_portrait(connection: Connection, numbers: Iterable[int]) -> dict[int, list[RecordKey]]:
    held = portraits.records(connection, numbers)
    names = records.keys_of(connection, (id_ for ids in held.values() for id_ in ids))
    return {number: [names[id_] for id_ in ids] for number, ids in held.items()}


def _refused(connection: Connection, portrait: int, *, alone: bool) -> Iterator[str]:
    """The compared records that are other editions, by what decided."""
    refused = edges.refusals(connection, portrait)
    if alone and not refused:
        yield "  сравнивать было не с чем: ни у кого нет общих ключей"
    by_reason: dict[int, list[RecordKey]] = defaultdict(list)
    for number, others in _keys_by_portrait(connection, refused).items():
        by_reason[refused[number]] += others
    for code, keys_ in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        some = ", ".join(map(str, sorted(keys_)[:EXAMPLES])) + (" …" if len(keys_) > EXAMPLES else "")
        yield f"  другое издание, решило «{KINDS[code].text}»: {len(keys_)} ({some})"


def _kept_apart(connection: Connection, id_: int) -> Iterator[str]:
    """Other clusters with a look-alike of this record, and the pair whose contradiction forbids the union."""
    of = portraits.of_records(connection, [id_])
    near = edges.neighbours(connection, of.values())
    alike = {number for left, right, score in near if score >= SAME for number in (left, right)}
    others = {other for ids in portraits.records(connection, alike).values() for other in ids}
    own = clusters.clusters_of(connection, [id_]).get(id_)
    apart = set(clusters.clusters_of(connection, others).values()) - {own}
    if own is None or not apart:
        return
    yield "\nПохожие записи в других кластерах"
    members = clusters.members_of(connection, [own, *apart])
    mine = _features_by_key(connection, members[own])
    for cluster in sorted(apart):
        pairs = blocking(mine, _features_by_key(connection, members[cluster]))
        if not pairs:
            yield f"  кластер {cluster}: противоречий нет; разделило решение библиотекаря или сходство с третьим"
            continue
        (left, right), veto = pairs[0]
        more = f" (и ещё таких пар: {len(pairs) - 1})" if len(pairs) > 1 else ""
        yield f"  кластер {cluster}: объединить мешает пара {left} и {right} — {KINDS[veto].text}{more}"


def _features_by_key(connection: Connection, ids: set[int]) -> dict[RecordKey, Features]:
    names = records.keys_of(connection, ids)
    return {names[n]: found for n, found in portraits.features_of(connection, ids).items()}
