"""MARC 21 → BibRecord (docs/crosswalk.md). 880 holds the other script of a field and is not a second title."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog_sync.marc.holdings import holdings_of
from catalog_sync.marc.imprint import imprint
from catalog_sync.marc.parts import (
    Fields,
    age_mark_of,
    balanced,
    distinct,
    isbns_in,
    leads_to_work,
    looks_bbk,
    named,
    proper_and_more,
    split_gmd,
    split_title,
    trimmed,
    volume_of,
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

_NOTES = "500 501 502 504 508 511 516 518 534 538 546"
_SUBJECTS = "600 610 611 630 650 651"
_NAMES = {"100": "person", "700": "person", "110": "body", "710": "body", "111": "meeting", "711": "meeting"}


def to_bib(
    key: RecordKey, record: MarcRecord, profile: str, dialect: Dialect, warnings: tuple[str, ...] = ()
) -> BibRecord:
    return described(key, record.leader, Fields.of(record), profile, dialect, warnings)


def described(
    key: RecordKey, leader: str, fields: Fields, profile: str, dialect: Dialect, warnings: tuple[str, ...]
) -> BibRecord:
    coded = fields.control("008").ljust(40)
    title = fields.one("245") or fields.one("240") or MarcField("245")
    places, publishers, year = _imprint(fields)
    proper, subtitle, parallel, responsibility = _title(title)
    hosts = tuple(_hosts(fields))
    parts = _parts(title) or _volumes(leader, hosts, proper)
    if (volume := volume_of(proper, hosts)) is not None and leader[7:8] not in "ab":
        proper, parts = volume[0], (volume[1], *_parts(title))
    notes = fields.texts(_NOTES)
    return BibRecord(
        key,
        dialect,
        title=proper,
        parallel_titles=distinct((*parallel, *_parallel(fields))),
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
        udc=fields.texts("080"),
        bbk=_bbk(fields),
        author_mark=fields.text("084", "b"),
        languages=_languages(coded, fields),
        original_languages=fields.texts("041", "h"),
        country=_coded(coded[15:18]),
        notes=notes,
        contents=tuple([" ".join([v.strip() for v in f.all("agrt")]) for f in fields.get("505", ())]),
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
    proper, after_colon, after_slash = split_title(field.first("a") or field.first("kp"))
    subtitle, parallel = _subtitle(field)
    parts = (after_colon, split_gmd(field.first("h"))[1], subtitle)
    return proper, named(" : ".join([p for p in parts if p])), parallel, trimmed(field.first("c")) or after_slash


def _subtitle(title: MarcField) -> tuple[str, tuple[str, ...]]:
    """$b without parallel titles: what follows « = » is the title in another language."""
    subtitles: list[str] = []
    parallel: list[str] = []
    after_equals = title.first("a").rstrip().endswith("=")
    for value in title.all("b"):
        own, _, other = ("", "", value) if after_equals else f" {value} ".partition(" = ")
        subtitles.append(trimmed(own))
        parallel.append(trimmed(other))
        after_equals = value.rstrip().endswith("=")
    return " : ".join([v for v in subtitles if v]), distinct(parallel)


def _parallel(fields: Fields) -> list[str]:
    return [trimmed(f.first("a")) for f in fields.get("246", ()) if f.indicators[1:2] == "1"]


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
    return tuple(
        [Series(title, trimmed(f.first("v")), f.first("x").strip()) for f in typed if (title := _series_title(f))]
    )


def _series_title(field: MarcField) -> str:
    """490$a without the responsibility typed into it; of an added entry (800, 810) the title is $t."""
    title = field.first("a") if field.tag[0] == "4" or field.tag == "830" else field.first("t")
    return trimmed(title.partition(" / ")[0])


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
                name = " ".join([trimmed(v) for v in field.all(codes)])
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
        if heading := " -- ".join([trimmed(v) for v in field.all("abtxyz") if v.strip()]):
            yield heading.rstrip(".")


def _bbk(fields: Fields) -> tuple[str, ...]:
    """084 with $2 rubbk, or with no scheme and a shape ББК has."""
    found = []
    for field in fields.get("084", ()):
        scheme = field.first("2").strip().lower()
        if "bbk" in scheme or "ббк" in scheme or (not scheme and looks_bbk(field.first("a"))):
            found += [v.strip() for v in field.all("a")]
    return distinct(found)


def _languages(coded: str, fields: Fields) -> tuple[str, ...]:
    split = [v[i : i + 3] for v in fields.texts("041") for i in range(0, len(v), 3)]
    return distinct(split or [_coded(coded[35:38])])


def _carrier(leader: str, coded: str, fields: Fields, title: MarcField) -> CarrierSigns:
    form = 29 if leader[6:7] in "efgkor" else 23
    return CarrierSigns(
        leader_type=leader[6:7].strip(),
        leader_level=leader[7:8].strip(),
        media=fields.text("337", "b") or fields.control("007")[:1],
        gmd=split_gmd(title.first("h"))[0],
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
