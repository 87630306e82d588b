"""MARC 21 → BibRecord (docs/crosswalk.md). 880 holds the other script of a field and is not a second title."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog_sync.marc.holdings import holdings_of
from catalog_sync.marc.imprint import imprint
from catalog_sync.marc.languages import languages_in
from catalog_sync.marc.parts import (
    Fields,
    age_mark_of,
    balanced,
    distinct,
    gmd_in,
    indexes_in,
    isbns_in,
    leads_to_work,
    looks_bbk,
    named,
    other_than,
    proper_and_more,
    series_title,
    split_gmd,
    split_title,
    trimmed,
    volume_of,
    without_full_stop,
    without_gmd,
)
from catalog_sync.model import (
    Agent,
    BibRecord,
    CarrierSigns,
    Dialect,
    Host,
    Isbn,
    Link,
    MarcField,
    MarcRecord,
    PartName,
    RecordKey,
    Series,
)

# Without 530, 533, 547 and 580: they tell of other editions, a scan or a microfilm, not of the one described.
_NOTES = "500 501 502 504 506 508 511 513 515 516 518 534 538 545 546 550 586"
_SUBJECTS = "600 610 611 630 650 651"
_HEADS = {"610": "abt", "611": "at", "630": "anp"}  # parts of a name, between points
_OTHER_TITLES = "130 240 247"
_NAMES = {"100": "person", "700": "person", "110": "body", "710": "body", "111": "meeting", "711": "meeting"}
_ANALYTIC = "700 710 711 730 740"  # second indicator 2: a work inside this one
_END_OF_NAME = re.compile(r"(?<=[^\W\d_]{4})\.$")  # the point of the field, not of an initial or «мл.»
_COLLAPSED = 38  # characters of 008: where blanks were lost on the way, nothing behind the dates stands in its place


def to_bib(
    key: RecordKey, record: MarcRecord, profile: str, dialect: Dialect, warnings: tuple[str, ...] = ()
) -> BibRecord:
    return described(key, record.leader, Fields.of(record), profile, dialect, warnings)


def described(
    key: RecordKey, leader: str, fields: Fields, profile: str, dialect: Dialect, warnings: tuple[str, ...]
) -> BibRecord:
    coded = _positions(fields.control("008"))
    title = fields.one("245") or fields.one("240") or MarcField("245")
    places, publishers, year = _imprint(fields)
    proper, subtitle, parallel, responsibility = _title(title)
    hosts = tuple(_hosts(fields))
    parts = _parts(title) or _volumes(leader, hosts, proper)
    if (volume := volume_of(proper, hosts)) and leader[7:8] not in "ab":
        proper, parts = volume[0], (volume[1], *_parts(title))
    notes = fields.texts(_NOTES)
    udc, bbk = _classes(fields)
    return BibRecord(
        key,
        dialect,
        title=proper,
        article=_article(title, proper),
        parallel_titles=distinct((*parallel, *_parallel(fields))),
        other_titles=other_than(proper, _other_titles(fields), "np"),
        subtitle=subtitle,
        parts=parts,
        responsibility=responsibility,
        edition=" / ".join(distinct([trimmed(v) for v in fields.texts("250", "ab")])),
        places=places,
        publishers=publishers,
        year_text=year,
        year_coded=_coded(coded[7:11]),
        extent=trimmed(fields.text("300", "a")),
        illustrations=trimmed(fields.text("300", "b")),
        size=trimmed(fields.text("300", "c")),
        accompanying=trimmed(fields.text("300", "e")),
        series=_series(fields),
        isbns=_isbns(fields, hosts),
        issns=fields.texts("022"),
        price=fields.text("020", "c"),
        agents=tuple(_agents(fields)),
        subjects=tuple(_subjects(fields)),
        keywords=distinct([word.strip() for v in fields.texts("653") for word in v.split(";")]),
        genres=distinct([trimmed(v).rstrip(".") for v in fields.texts("655")]),
        udc=udc,
        bbk=bbk,
        author_mark=fields.text("084", "b"),
        languages=_languages(coded, fields),
        original_languages=languages_in(fields.texts("041", "h")),
        country=_coded(coded[15:18]),
        notes=notes,
        contents=_contents(fields),
        abstract="\n".join(fields.texts("520")),
        audience=fields.text("521") or _coded(coded[22]),
        age_mark=age_mark_of(title.first("a"), subtitle, (*fields.texts("521"), *fields.texts("091", "i")), notes),
        coded_form=_coded(coded[24:28]) if _is_book(leader) else "",
        literary_form=_coded(coded[33]) if _is_book(leader) else "",
        carrier=_carrier(leader, coded, fields, title),
        links=tuple(_links(fields)),
        hosts=hosts,
        holdings=holdings_of(fields, profile, dialect),
        changed=fields.control("005").strip(),
        warnings=warnings,
    )


def _positions(coded: str) -> str:
    """008, forty characters wide; of one that lost its blanks only what stands before the place."""
    return coded.ljust(40) if len(coded) >= _COLLAPSED or not coded[15:].strip() else coded[:15].ljust(40)


def _coded(value: str) -> str:
    return value.strip(" |#")


def _is_book(leader: str) -> bool:
    """008/18–34 means this only for books: leader/06 a or t with leader/07 a, c, d or m."""
    return leader[6:7] in "at" and leader[7:8] not in "bis"


def _imprint(fields: Fields) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """260 (typed in pieces by some systems), or the publication among 264 (second indicator 1), or any 264."""
    rda = fields.get("264", [])
    used = fields.get("260") or [f for f in rda if f.indicators[1:2] == "1"] or rda
    places, publishers, years = [], [], []
    for subfield in [s for f in used for s in f.subfields]:
        code, value = subfield.code, subfield.value
        if not value.strip():
            continue
        if code in "a":
            places.append(value.strip())
        if code in "b":
            publishers.append(value)
        if code in "c":
            years.append(value)
    year = balanced(trimmed(years[0]).rstrip(".")) if years else ""
    return imprint(tuple(places), tuple(publishers), year)


def _title(field: MarcField) -> tuple[str, str, tuple[str, ...], str]:
    """Title proper, subtitle, parallel titles, responsibility."""
    typed = field.first("a") or field.first("kp")
    proper, after_colon, after_slash = split_title(without_gmd(typed)[0] if "[" in typed else typed)
    subtitle, parallel = _subtitle(field)
    parts = (after_colon, split_gmd(field.first("h"))[1], subtitle)
    stated = _END_OF_NAME.sub("", trimmed(field.first("c"))) or after_slash
    return proper, named(" : ".join([p for p in parts if p])), parallel, stated


def _subtitle(title: MarcField) -> tuple[str, tuple[str, ...]]:
    """$b without parallel titles: what follows « = » is the title in another language."""
    subtitles: list[str] = []
    parallel: list[str] = []
    after_equals = title.first("a").rstrip().endswith("=")
    for value in title.all("b"):
        if "[" in value:
            value, _ = without_gmd(value)
        own, _, other = ("", "", value) if after_equals else f" {value} ".partition(" = ")
        subtitles.append(trimmed(own))
        parallel.append(trimmed(other))
        after_equals = value.rstrip().endswith("=")
    return " : ".join([v for v in subtitles if v]), distinct(parallel)


def _article(title: MarcField, proper: str) -> str:
    """What 245's second indicator passes over, where that many characters are whole words or end on an apostrophe."""
    count = title.indicators[1:2]
    passed = title.first("a")[: int(count)] if count.isdecimal() else ""
    return passed if passed and passed[-1] in " '’-" and proper.startswith(passed) and proper != passed else ""


def _parallel(fields: Fields) -> list[str]:
    return [trimmed(f.first("a")) for f in fields.get("246", ()) if f.indicators[1:2] == "1"]


def _other_titles(fields: Fields) -> list[MarcField]:
    """Titles of the cover, the spine and so on (246), uniform and earlier ones, the title in its own script (880)."""
    found = fields.every(_OTHER_TITLES)
    if "246" in fields:
        found = [*(f for f in fields["246"] if f.indicators[1:2] != "1"), *found]
    if "880" in fields:
        found += [f for f in fields["880"] if f.first("6").startswith("245")]
    return found


def _contents(fields: Fields) -> tuple[str, ...]:
    """505, and the works that have entries of their own: ministries count works, not books."""
    told = [" ".join([v.strip() for v in f.all("agrt")]) for f in fields.get("505", ())]
    told += [_work(f) for f in fields.every(_ANALYTIC) if f.indicators[1:2] == "2"]
    return distinct(told) if told else ()


def _work(entry: MarcField) -> str:
    """«Три сестры / Чехов, Антон Павлович» of an analytical added entry; "" where it names no work."""
    if entry.tag in ("730", "740"):
        return trimmed(entry.first("a")).removesuffix(".")
    title, author = trimmed(entry.first("t")).removesuffix("."), trimmed(entry.first("a")).rstrip(".")
    return f"{title} / {author}" if title and author else title


def _parts(title: MarcField) -> tuple[PartName, ...]:
    parts: list[PartName] = []
    for subfield in title.subfields:
        value = named(subfield.value) if subfield.code in "np" else ""
        if value and subfield.code == "n":
            parts.append(PartName(value))
        elif value and parts and not parts[-1].title:
            parts[-1] = PartName(parts[-1].number, value)
        elif value:
            parts.append(PartName("", value))
    return tuple(parts)


def _volumes(leader: str, hosts: tuple[Host, ...], proper: str) -> tuple[PartName, ...]:
    """A volume described with its set in 773: $g is its number. Of an article $g is where it stands."""
    return tuple([PartName(h.volume) for h in hosts if h.volume not in ("", proper)]) if leader[7:8] == "m" else ()


def _hosts(fields: Fields) -> Iterator[Host]:
    for field in fields.get("773", ()):
        if field.first("tagwzx"):
            yield Host(
                "773",
                proper_and_more(field.first("t")),
                trimmed(field.first("g")),
                field.first("z").strip(),
                field.first("x").strip(),
                re.sub(r"^\([^)]*\)", "", field.first("w")).strip(),
                trimmed(field.first("a")),
                trimmed(field.first("d")),
            )


def _series(fields: Fields) -> tuple[Series, ...]:
    typed = fields.every("490 440") or fields.every("830 800 810")
    return tuple([Series(title, trimmed(f.first("v")), f.first("x").strip())
                  for f in typed if (title := _series_title(f))])  # fmt: skip


def _series_title(field: MarcField) -> str:
    """Of an added entry under a name (800, 810) the title is $t."""
    return series_title(field, "np") if field.tag not in ("800", "810") else trimmed(field.first("t"))


def _isbns(fields: Fields, hosts: tuple[Host, ...]) -> tuple[Isbn, ...]:
    own = [
        isbn
        for f in fields.get("020", ())
        for s in f.subfields
        if s.code in "az"
        for isbn in isbns_in(s.value, erroneous=s.code == "z", qualifier=trimmed(f.first("q")).strip("()"))
    ]
    return (*own, *[i for h in hosts for i in isbns_in(h.isbn, of_host=True)])


def _agents(fields: Fields) -> Iterator[Agent]:
    for tag, kind in _NAMES.items():
        for field in fields.get(tag, ()):
            codes = "ab" if kind != "meeting" else "a"
            if kind == "person":
                name = _END_OF_NAME.sub("", " ".join([trimmed(v) for v in field.all(codes)]))
            else:
                name = ". ".join([trimmed(v).rstrip(".") for v in field.all(codes)])
            if name.strip() and not field.first("t"):  # $t: a work named inside, not a person of this one
                role = field.first("4").strip() or trimmed(field.first("e"))
                main = tag[0] == "1"
                expansion = trimmed(field.first("q")).strip("()")
                yield Agent(name.strip(), role, _dates(field, kind), kind, main, expansion)


def _dates(field: MarcField, kind: str) -> str:
    """Years of a person's life. $d of a body or meeting is the day it met."""
    return trimmed(field.first("d")).rstrip(".,") if kind == "person" else ""


def _subjects(fields: Fields) -> Iterator[str]:
    for field in fields.every(_SUBJECTS):
        parts = [_head(field), *[trimmed(v) for v in field.all("vxyz")]]
        if heading := " -- ".join([p for p in parts if p]):
            yield without_full_stop(heading)


def _head(field: MarcField) -> str:
    """What the heading begins with: «Екатерина II», «Россия. Министерство просвещения», «Библия. Новый Завет»."""
    if field.tag == "600":
        name = " ".join([trimmed(v) for v in field.all("ab") if v.strip()])
        work = trimmed(field.first("t"))
        return f"{name.rstrip('.')}. {work}" if name and work else name or work
    codes = _HEADS.get(field.tag)
    if codes:
        return ". ".join([trimmed(v).rstrip(".") for v in field.all(codes) if v.strip()])
    return " -- ".join([trimmed(v) for v in field.all("ab") if v.strip()])


def _classes(fields: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """УДК and ББК: 080 and 084 with $2 rubbk, or with no scheme and a shape ББК has. A name typed before an index tells
    more than the field it stands in."""
    udc: list[str] = []
    bbk: list[str] = []
    for name, index in indexes_in(fields.texts("080")):
        (bbk if name == "ббк" else udc).append(index)
    for field in fields.get("084", ()):
        scheme = field.first("2").strip().lower()
        known = "bbk" in scheme or "ббк" in scheme
        for name, index in indexes_in(field.all("a")) if known or not scheme else ():
            if name == "удк":
                udc.append(index)
            elif known or name or looks_bbk(index):
                bbk.append(index)
    return distinct(udc), distinct(bbk)


def _languages(coded: str, fields: Fields) -> tuple[str, ...]:
    return languages_in(fields.texts("041")) or languages_in([coded[35:38]])


def _carrier(leader: str, coded: str, fields: Fields, title: MarcField) -> CarrierSigns:
    form = 29 if leader[6:7] in "efgkor" else 23
    return CarrierSigns(
        leader_type=leader[6:7].strip(),
        leader_level=leader[7:8].strip(),
        media=fields.text("337", "b") or fields.control("007")[:1],
        gmd=split_gmd(title.first("h"))[0] or gmd_in(title, "ab"),
        form=_coded(coded[form]),
        content=fields.text("336", "b"),
        physical=" ; ".join([trimmed(v) for v in (*fields.texts("300", "ab"), *fields.texts("340"))]),
        access=" ; ".join((*fields.texts("337"), *fields.texts("338"))),
    )


def _links(fields: Fields) -> Iterator[Link]:
    """856: second indicator 2 is a related resource; contents and covers say so in $3."""
    for field in fields.get("856", ()):
        note = " ".join([v.strip() for v in field.all("3zy")]).strip()
        for url in field.all("u"):
            if url.strip():
                yield Link(url.strip(), note, field.indicators[1:2] != "2" and leads_to_work(url.strip(), note))
