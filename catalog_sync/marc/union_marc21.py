"""BibRecord → a clean MARC 21 record, or the МАРК-SQL dialect of it.

MARC 21 is written the way Russian national libraries do: leader/18 «c», ISBD punctuation omitted, so that a program
never has to strip it. МАРК-SQL is USMARC with local fields (082 and 084 become 091, 852 becomes 090, 856 becomes 900).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalog_sync.marc.codes import country_for, relator_for, relator_word
from catalog_sync.marc.union_common import (
    BY_TAG,
    Plan,
    changed_of,
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
from catalog_sync.model import Agent, Dialect, Host, MarcField, MarcRecord

MARC21 = Dialect.MARC21
MEDIA_WORDS = {"n": "неопосредованный", "c": "электронный", "s": "аудио", "v": "видео", "h": "микроформа"}
HEADINGS = {"person": ("100", "700"), "body": ("110", "710"), "meeting": ("111", "711")}


def build(plan: Plan, target: Dialect) -> MarcRecord:
    """Fields in tag order; leader/09 «a» (Unicode) for MARC 21, blank for МАРК-SQL, which is written in CP1251."""
    local = target is Dialect.MARCSQL
    areas = (_control, _numbers, _local_codes if local else _codes, _description, _notes, _access,
             _local_holdings if local else _holdings)
    found = [field for area in areas for field in area(plan)] + list(_series(plan, "440" if local else "490"))
    fields = sorted(found, key=BY_TAG)
    kind, level = record_type(plan, MARC21), record_level(plan, MARC21)
    part = "c" if any(h.tag in ("461", "462", "773") for h in plan.bib.hosts) and level == "m" else " "
    charset, punctuation = (" ", " ") if local else ("a", "c")
    return MarcRecord(f"00000n{kind}{level} {charset}2200000 {punctuation}{part}4500", tuple(fields))


def _control(plan: Plan) -> Iterator[MarcField]:
    yield from control_field("001", plan.number)
    yield from control_field("003", plan.agency)
    yield from control_field("005", changed_of(plan.bib))
    yield from control_field("008", fixed_data(plan))


def fixed_data(plan: Plan) -> str:
    """008, 40 characters, books layout: dates, country, audience, form, contents, literary form, language."""
    bib = plan.bib
    year = year_of(bib)
    entered = changed_of(bib)[2:8] or "||||||"
    country = (country_for(MARC21, bib.country) or "xx").ljust(3)
    audience = coded("audience", bib.audience if len(bib.audience) <= 3 else "", 1, " ", bib.dialect, MARC21)
    form = "s" if is_electronic(plan) else coded("form", bib.carrier.form[:1], 1, " ", bib.dialect, MARC21)
    contents = coded("contents", bib.coded_form, 4, " ", bib.dialect, MARC21)
    literary = coded("literary", bib.literary_form, 1, "|", bib.dialect, MARC21)
    return (
        f"{entered}{'s' if year else 'n'}{year or 'uuuu'}    {country}||||{audience}{form}{contents}"
        f"|||| {literary}|{language_of(bib)}| "
    )


def _numbers(plan: Plan) -> Iterator[MarcField]:
    bib = plan.bib
    own = [i for i in bib.isbns if not i.of_host]
    for number, isbn in enumerate(own):
        price = bib.price if number == 0 else ""
        code = "z" if isbn.erroneous else "a"
        yield from data_field("020", "  ", (code, isbn.typed), ("q", isbn.qualifier), ("c", price))
    if bib.price and not own:
        yield from data_field("020", "  ", ("c", bib.price))
    for issn in bib.issns:
        yield from data_field("022", "  ", ("a", issn))
    codes = [("a", c) for c in language_codes(bib.languages)]
    codes += [("h", c) for c in language_codes(bib.original_languages)]
    if len(codes) > 1:
        yield from data_field("041", "1 " if bib.original_languages else "0 ", *codes)
    for index in bib.udc:
        yield from data_field("080", "  ", ("a", index))


def _codes(plan: Plan) -> Iterator[MarcField]:
    yield from data_field("040", "  ", ("a", plan.agency), ("b", "rus"), ("e", "rcr"))
    yield from data_field("044", "  ", ("a", country_for(MARC21, plan.bib.country)))
    for index in plan.bib.bbk:
        yield from data_field("084", "  ", ("a", index), ("2", "rubbk"))
    media = media_code(plan, MARC21)
    yield from data_field("337", "  ", *_media_pairs(media))


def _media_pairs(media: str) -> list[tuple[str, str]]:
    return [("a", MEDIA_WORDS.get(media, "")), ("b", media), ("2", "rdamedia")] if media else []


def _local_codes(plan: Plan) -> Iterator[MarcField]:
    for index in plan.bib.bbk:
        yield from data_field("091", "  ", ("a", index))
    yield from data_field("091", "  ", ("i", _age(plan)))


def _age(plan: Plan) -> str:
    return plan.bib.age_mark or (plan.classified.age_mark if plan.classified else "")


def _description(plan: Plan) -> Iterator[MarcField]:
    bib = plan.bib
    added = "1" if any(a.main for a in bib.agents) else "0"
    parts = [pair for p in bib.parts for pair in (("n", p.number), ("p", p.title))]
    gmd = bib.carrier.gmd.strip("[] ")
    yield from data_field(
        "245", f"{added}{_passed_over(bib.article)}", ("a", bib.title), *parts, ("h", f"[{gmd}]" if gmd else ""),
        ("b", bib.subtitle), ("c", bib.responsibility),
    )
    for title in bib.parallel_titles:
        yield from data_field("246", "31", ("a", title))
    for title in bib.other_titles:
        yield from data_field("246", "3 ", ("a", title))
    yield from data_field("250", "  ", ("a", bib.edition))
    yield from data_field("260", "  ", *_imprint(plan))
    yield from data_field(
        "300", "  ", ("a", bib.extent), ("b", bib.illustrations), ("c", bib.size), ("e", bib.accompanying)
    )


def _passed_over(article: str) -> int:
    """245's second indicator: how many characters sorting passes over; one digit."""
    return len(article) if len(article) < 10 else 0


def _imprint(plan: Plan) -> list[tuple[str, str]]:
    """Places and publishers in turn, then the date, as in RUSMARC 210."""
    bib = plan.bib
    longest = max(len(bib.places), len(bib.publishers))
    turns = [(c, t[n]) for n in range(longest) for c, t in (("a", bib.places), ("b", bib.publishers)) if n < len(t)]
    return [*turns, ("c", bib.year_text or year_of(bib))]


def _series(plan: Plan, tag: str) -> Iterator[MarcField]:
    indicators = " 0" if tag == "440" else "0 "
    for series in plan.bib.series:
        yield from data_field(tag, indicators, ("a", series.title), ("v", series.number), ("x", series.issn))


def _notes(plan: Plan) -> Iterator[MarcField]:
    bib = plan.bib
    for note in bib.notes:
        yield from data_field("500", "  ", ("a", note))
    for content in bib.contents:
        yield from data_field("505", "0 ", ("a", content))
    yield from data_field("520", "  ", ("a", bib.abstract))
    yield from data_field("521", "  ", ("a", bib.audience if len(bib.audience) > 3 else ""))
    yield from data_field("521", "8 ", ("a", _age(plan)))
    for host in bib.hosts:
        yield from linked(host)


def linked(host: Host) -> Iterable[MarcField]:
    """773, host item: title, volume, its numbers and the id of its record (76X-78X linking entries)."""
    return data_field(
        "773", "0 ", ("a", host.responsibility), ("t", host.title), ("g", host.volume), ("d", host.year),
        ("x", host.issn), ("z", host.isbn), ("w", host.record_id),
    )


def _access(plan: Plan) -> Iterator[MarcField]:
    bib = plan.bib
    for subject in bib.subjects:
        head, *rest = subject.split(" -- ")
        yield from data_field("650", " 4", ("a", head), *(("x", more) for more in rest))
    for word in bib.keywords:
        yield from data_field("653", "  ", ("a", word))
    for genre in bib.genres:
        yield from data_field("655", " 4", ("a", genre))
    main_is_free = True
    for agent in bib.agents:
        yield from responsible(agent, agent.main and main_is_free)
        main_is_free = main_is_free and not agent.main


def responsible(agent: Agent, heading: bool) -> Iterable[MarcField]:
    """1xx once for the heading, 7xx for everybody else; the full forenames where the record has them."""
    main, added = HEADINGS[agent.kind]
    first = ("1" if "," in agent.name else "0") if agent.kind == "person" else "2"
    code = relator_for(MARC21, agent.role) or ("aut" if heading and not agent.role else "")
    word = relator_word(agent.role) if agent.role and code != "aut" else ""
    return data_field(
        main if heading else added, f"{first} ", ("a", agent.name),
        ("q", agent.expansion if agent.expansion not in agent.name else ""), ("d", agent.dates), ("e", word),
        ("4", code),
    )


def _holdings(plan: Plan) -> Iterator[MarcField]:
    for link in plan.bib.links:
        yield from data_field("856", "40" if link.of_work else "42", ("u", link.url), ("z", link.note))
    for held in plan.holdings:
        yield from data_field(
            "852", "  ", ("a", held.library_name or held.library), ("b", "; ".join(held.siglas)),
            *(("j", call) for call in held.call_numbers), ("z", copies_note(held)), ("9", held.library),
        )


def _local_holdings(plan: Plan) -> Iterator[MarcField]:
    """МАРК-SQL keeps the author mark and the shelf mark in 090; inventory numbers are each school's own affair."""
    shelf = next((call for held in plan.holdings for call in held.call_numbers), "")
    yield from data_field("090", "  ", ("a", shelf or next(iter(plan.bib.bbk), "")), ("x", plan.bib.author_mark))
    for link in plan.bib.links:
        if link.of_work:  # 900 has no place to say of a cover that it is one
            yield from data_field("900", "  ", ("a", link.url))
