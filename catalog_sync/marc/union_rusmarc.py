"""BibRecord → a clean RUSMARC record (RUSMARC 2019; UNIMARC is the same less its Russian fields)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalog_sync.marc.codes import country_for, relator_for
from catalog_sync.marc.union_common import (
    BY_TAG,
    Plan,
    changed_of,
    clean,
    coded,
    control_field,
    copies_note,
    data_field,
    is_electronic,
    language_codes,
    language_of,
    media_code,
    record_level,
    record_type,
    year_of,
)
from catalog_sync.model import Agent, Dialect, Host, MarcField, MarcRecord, Subfield

RUSMARC = Dialect.RUSMARC
AUDIENCE = "abcdekmu"
ENTRY = {"person": ("700", "701", "702"), "body": ("710", "711", "712"), "meeting": ("710", "711", "712")}
AUTHOR_ROLES = frozenset({"", "070"})


def build(plan: Plan) -> MarcRecord:
    """Fields in tag order; leader/08 says whether the record is a part of a set (2) or stands alone (0)."""
    fields = sorted(
        (field for area in (_identity, _codes, _description, _notes, _links, _access, _source) for field in area(plan)),
        key=BY_TAG,
    )
    level = record_level(plan, RUSMARC)
    hierarchy = "2" if any(h.tag in ("461", "462") for h in plan.bib.hosts) and level == "m" else " "
    return MarcRecord(f"00000n{record_type(plan, RUSMARC)}{level}{hierarchy} 2200000   450 ", tuple(fields))


def _identity(plan: Plan) -> Iterator[MarcField]:
    bib = plan.bib
    yield from control_field("001", plan.number)
    yield from control_field("005", changed_of(bib))
    for number, isbn in enumerate(i for i in bib.isbns if not i.of_host):
        price = bib.price if number == 0 else ""
        yield from data_field(
            "010", "  ", ("z" if isbn.erroneous else "a", isbn.typed), ("b", isbn.qualifier), ("d", price)
        )
    if bib.price and all(i.of_host for i in bib.isbns):
        yield from data_field("010", "  ", ("d", bib.price))
    for issn in bib.issns:
        yield from data_field("011", "  ", ("a", issn))


def _codes(plan: Plan) -> Iterator[MarcField]:
    bib = plan.bib
    yield from data_field("101", "1 " if bib.original_languages else "0 ", *(
        [("a", c) for c in language_codes(bib.languages)] + [("c", c) for c in language_codes(bib.original_languages)]
    ))
    yield MarcField("100", "  ", (Subfield("a", processing_data(plan)),))
    yield from data_field("102", "  ", ("a", country_for(RUSMARC, bib.country)))
    forms = coded("contents", bib.coded_form, 4, " ", bib.dialect, RUSMARC)
    if bib.dialect.is_unimarc_family and "j" in bib.coded_form:
        forms = ("j" + forms.replace("j", ""))[:4].ljust(4)  # textbook: a code MARC 21 does not have
    literary = coded("literary", bib.literary_form, 1, "|", bib.dialect, RUSMARC)
    if forms.strip() or literary != "|":
        yield MarcField("105", "  ", (Subfield("a", f"||||{forms}|||{literary}|"),))
    if is_electronic(plan):
        yield from data_field("106", "  ", ("a", "s"))
    yield from data_field("182", "  ", ("a", media_code(plan, RUSMARC)))


def processing_data(plan: Plan) -> str:
    """100$a, 36 characters: date entered, type of date, two dates, audience … 26-29 = 50, ISO 10646 (Unicode)."""
    bib = plan.bib
    entered = changed_of(bib)[:8] or "||||||||"
    audience = coded("audience", bib.audience if len(bib.audience) <= 3 else "", 3, " ", bib.dialect, RUSMARC)
    year = year_of(bib)
    script = "ca" if language_of(bib) in ("rus", "ukr", "bel", "bul", "tat", "kaz", "|||") else "ba"
    return f"{entered}{'d' if year else 'u'}{year or '    '}    {audience}y0rusy50      {script}"


def _description(plan: Plan) -> Iterator[MarcField]:
    bib = plan.bib
    head, *rest = (bib.responsibility.split(" ; ") if bib.responsibility else [""])
    parts = [pair for p in bib.parts for pair in (("h", p.number), ("i", p.title))]
    yield from data_field(
        "200", "1 ", ("a", bib.title), ("b", bib.carrier.gmd.strip("[] ")), *(("d", t) for t in bib.parallel_titles),
        *(("e", part) for part in bib.subtitle.split(" : ")), ("f", head), *(("g", more) for more in rest), *parts,
    )
    for title in bib.other_titles:
        yield from data_field("517", "1 ", ("a", title))
    yield from data_field("205", "  ", ("a", bib.edition))
    yield from data_field("210", "  ", *imprint(plan))
    yield from data_field(
        "215", "  ", ("a", bib.extent), ("c", bib.illustrations), ("d", bib.size), ("e", bib.accompanying)
    )
    for series in bib.series:
        yield from data_field("225", "1 ", ("a", series.title), ("v", series.number), ("x", series.issn))


def imprint(plan: Plan) -> list[tuple[str, str]]:
    """Places and publishers in turn (place, its publisher, the next place …), then the date."""
    bib = plan.bib
    pairs = [
        (code, texts[n])
        for n in range(max(len(bib.places), len(bib.publishers)))
        for code, texts in (("a", bib.places), ("c", bib.publishers))
        if n < len(texts)
    ]
    return [*pairs, ("d", bib.year_text or year_of(bib))]


def _notes(plan: Plan) -> Iterator[MarcField]:
    bib = plan.bib
    for note in bib.notes:
        yield from data_field("300", "  ", ("a", note))
    for content in bib.contents:
        yield from data_field("327", "1 ", ("a", content))
    yield from data_field("330", "  ", ("a", bib.abstract))
    yield from data_field("333", "  ", ("a", bib.audience if len(bib.audience) > 3 else ""))
    yield from data_field("333", "  ", ("a", age_note(plan)))


def age_note(plan: Plan) -> str:
    mark = plan.bib.age_mark or (plan.classified.age_mark if plan.classified else "")
    return f"{mark}. Знак информационной продукции" if mark else ""


def _links(plan: Plan) -> Iterator[MarcField]:
    for host in plan.bib.hosts:
        yield from embedded(host)
    for link in plan.bib.links:
        yield from data_field("856", "4 " if link.of_work else "42", ("u", link.url), ("z", link.note))


def embedded(host: Host) -> Iterable[MarcField]:
    """46x by the embedded-fields technique: each field is $1 + tag + indicators, then its own subfields."""
    pairs: list[tuple[str, str]] = []
    if host.record_id:
        pairs.append(("1", "001" + clean(host.record_id)))
    for tag, code, value in (("010", "a", host.isbn), ("011", "a", host.issn)):
        if value:
            pairs += [("1", tag + "  "), (code, value)]
    if host.title:
        pairs += [("1", "2001 "), ("a", host.title), ("f", host.responsibility), ("v", host.volume)]
    if host.year:
        pairs += [("1", "210  "), ("d", host.year)]
    tag = host.tag if host.tag in ("461", "462", "463", "464") else "461"
    kept = tuple(Subfield(c, v if c == "1" else clean(v)) for c, v in pairs if v)
    if kept:
        yield MarcField(tag, " 0" if tag != "463" else " 1", kept)


def _access(plan: Plan) -> Iterator[MarcField]:
    bib = plan.bib
    for subject in bib.subjects:
        yield from data_field("606", "  ", *subject_pairs(subject))
    for genre in bib.genres:
        yield from data_field("608", "  ", ("a", genre))
    for word in bib.keywords:
        yield from data_field("610", "0 ", ("a", word))
    for index in bib.udc:
        yield from data_field("675", "  ", ("a", index))
    for index in bib.bbk:
        yield from data_field("686", "  ", ("a", index), ("2", "rubbk"))
    first_is_free = True
    for agent in bib.agents:
        yield from responsible(agent, first_is_free)
        first_is_free = first_is_free and not agent.main


def subject_pairs(subject: str) -> list[tuple[str, str]]:
    """«Математика -- Учебники» as heading and subheadings, as Russian authority files punctuate them."""
    head, *rest = subject.split(" -- ")
    return [("a", head), *(("x", more) for more in rest)]


def responsible(agent: Agent, first_is_free: bool) -> Iterable[MarcField]:
    """700 once for the heading, 701 for its equals, 702 for everybody else (editors, translators, artists)."""
    code = relator_for(RUSMARC, agent.role)
    first, equal, other = ENTRY[agent.kind]
    tag = first if agent.main and first_is_free else equal if code in AUTHOR_ROLES and not agent.role else other
    if code == "070" and tag == other:
        tag = equal
    role = ("4", code or ("070" if agent.main and not agent.role else ""))
    if agent.kind == "person":
        entry, comma, rest = agent.name.partition(",")
        return data_field(
            tag, " 1" if comma else " 0", ("a", entry), ("b", initials(rest)), ("f", agent.dates),
            ("g", agent.expansion or (rest if "." not in rest else "")), role,
        )
    return data_field(tag, "12" if agent.kind == "meeting" else "02", ("a", agent.name), ("f", agent.dates), role)


def initials(forenames: str) -> str:
    """«Иван Иванович» → «И. И.» (RUSMARC 700$b takes initials, $g the full forenames); initials stay as typed."""
    words = forenames.strip().split()
    if not words or "." in forenames or any(w[0].islower() or not w[0].isalpha() for w in words):
        return forenames.strip()
    return " ".join(f"{word[0]}." for word in words)


def _source(plan: Plan) -> Iterator[MarcField]:
    day = changed_of(plan.bib)[:8]
    yield from data_field("801", " 0", ("a", "RU"), ("b", plan.agency), ("c", day), ("g", "RCR"), ("2", "rusmarc"))
    for held in plan.holdings:
        yield from data_field(
            "899", "  ", ("a", held.library_name or held.library), ("b", "; ".join(held.siglas)),
            *(("j", call) for call in held.call_numbers), ("z", copies_note(held)), ("9", held.library),
        )


