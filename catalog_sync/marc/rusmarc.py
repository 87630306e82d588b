"""RUSMARC and UNIMARC → BibRecord (docs/crosswalk.md; RUSMARC dictionary of 2019-03-24)."""

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
    person_name,
    proper_and_more,
    series_title,
    split_gmd,
    split_title,
    trimmed,
    volume_of,
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
    Subfield,
)

_NOTES = (
    "300 301 302 303 304 305 306 307 308 309 310 311 312 313 314 315 316 317 320 321 322 323 324 325 326 328 334 336"
    " 337"
)
_SUBJECTS = "600 601 602 604 605 606 607"
_HOSTS = "461 462 463"
_OTHER_TITLES = "500 512 513 514 515 516 517 518 520 532 540 541"
_ROLES = {"700": "person", "701": "person", "702": "person", "710": "body", "711": "body", "712": "body"}
_AUDIENCE = re.compile("[a-m]{0,3}")
_CYRILLIC = re.compile("[А-Яа-яЁё]")
_BBK_CODES = ("rubbk", "rubbks", "rubbkn", "rubbkp", "rubbko", "rubbkd", "rubbkm", "bbk", "ббк")


def to_bib(
    key: RecordKey, record: MarcRecord, profile: str, dialect: Dialect, warnings: tuple[str, ...] = ()
) -> BibRecord:
    fields = Fields.of(record)
    coded, text_codes = fields.text("100"), fields.text("105")
    title = fields.one("200") or MarcField("200")
    hosts = tuple([h for f in fields.every(_HOSTS) for h in _host(f)])
    udc, bbk = _classes(fields)
    proper, subtitle, responsibility = _title(title)
    parts = _parts(title, hosts if record.leader[7:8] not in "ab" else ())  # an article isn't a part of a work
    if (volume := volume_of(proper, hosts, dependent=title.indicators[:1] == "0")) is not None:
        proper, parts = volume[0], (volume[1], *_parts(title, ()))
    places, publishers, year = _imprint(fields)
    notes = fields.texts(_NOTES)
    return BibRecord(
        key,
        dialect,
        title=proper,
        parallel_titles=_parallel(fields, title),
        other_titles=other_than(proper, fields.every(_OTHER_TITLES), "hi"),
        subtitle=subtitle,
        parts=parts,
        responsibility=responsibility,
        edition=", ".join(distinct([trimmed(v) for v in fields.texts("205", "ab")])),
        places=places,
        publishers=publishers,
        year_text=year,
        year_coded=coded[9:13].strip(" |#"),
        extent=trimmed(", ".join(fields.texts("215", "a"))),
        illustrations=trimmed(fields.text("215", "c")),
        size=trimmed(fields.text("215", "d")),
        accompanying=trimmed(" ; ".join(fields.texts("215", "e"))),
        series=_series(fields),
        isbns=_isbns(fields, hosts),
        issns=fields.texts("011"),
        price=fields.text("010", "d"),
        agents=tuple(_agents(fields)),
        subjects=tuple(_subjects(fields)),
        keywords=_keywords(fields),
        genres=fields.texts("608"),
        udc=udc,
        bbk=bbk,
        author_mark=fields.text("686", "b") or fields.text("908"),
        languages=languages_in(fields.texts("101", "a")),
        original_languages=languages_in(fields.texts("101", "c")),
        country=fields.text("102"),
        notes=notes,
        contents=_contents(fields),
        abstract="\n".join(fields.texts("330")),
        audience=fields.text("333") or _audience(coded),
        age_mark=age_mark_of(title.first("a"), subtitle, fields.texts("333"), notes),
        coded_form=text_codes[4:8].strip(" |#"),
        literary_form=text_codes[11:12].strip(" |#"),
        carrier=_carrier(record.leader, fields, title),
        links=tuple(_links(fields)),
        hosts=hosts,
        holdings=holdings_of(fields, profile, dialect),
        changed=fields.control("005").strip(),
        warnings=warnings,
    )


def _title(field: MarcField) -> tuple[str, str, str]:
    """Title proper, subtitle, responsibility. Works of one author are joined by « ; », of others ($c) by «. »."""
    proper, from_gmd, told, stated = "", [], [], []
    for part in field.subfields:
        code, value = part.code, part.value.strip()
        if "[" in value and code in "ace":
            value, _ = without_gmd(value)
        if code in "ac" and value:
            proper = f"{trimmed(proper)}{' ; ' if code == 'a' else '. '}{value}" if proper else value
        if code in "b":
            from_gmd.append(split_gmd(value)[1])
        if code in "e":
            told.append(trimmed(value))
        if code in "fg":
            stated.append(trimmed(value))
    proper, after_colon, after_slash = split_title(proper)
    subtitle = " : ".join([v for v in (after_colon, *from_gmd, *told) if v])
    return proper, named(subtitle), " ; ".join(distinct(stated)) or after_slash


def _audience(coded: str) -> str:
    """100$a/17–19; u is unknown, and where blanks were lost on the way other codes stand there."""
    audience = coded[17:20].strip(" |#-u")
    return audience if _AUDIENCE.fullmatch(audience) else ""


def _imprint(fields: Fields) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """210, or what took its place: the publication among 214 (second indicator 0), or any 214."""
    if "214" in fields and "210" not in fields:
        newer = fields["214"]
        fields = Fields({"210": [f for f in newer if f.indicators[1:2] == "0"] or newer})
    places, publishers = fields.texts("210", "a"), fields.texts("210", "c")
    year = balanced(fields.text("210", "d").rstrip("."))
    return imprint(places, publishers, year)


def _contents(fields: Fields) -> tuple[str, ...]:
    """327, and the works published with this one (423): ministries count works, not books."""
    linked = [f for field in fields.every("423 464") for f in embedded(field) if f.tag == "200"]
    return distinct((*fields.texts("327", "ab"), *map(_work, linked)))


def _work(title: MarcField) -> str:
    """«Гроза. Действие 1 : драма / А. Н. Островский» of a 200 inside a link."""
    proper, subtitle, authors = _title(title)
    parts = [said for part in _parts(title, ()) for said in (part.number, part.title) if said]
    told = " : ".join([said for said in (". ".join([proper, *parts]), subtitle) if said])
    return f"{told} / {authors}" if authors else told


def _parallel(fields: Fields, title: MarcField) -> tuple[str, ...]:
    return distinct([trimmed(v) for v in (*title.all("d"), *fields.texts("510"))])


def _parts(title: MarcField, hosts: tuple[Host, ...]) -> tuple[PartName, ...]:
    """Numbers ($h) and names ($i) of parts in the order typed; without any, the volume within the set (46x$v)."""
    parts: list[PartName] = []
    for subfield in title.subfields:
        value = named(subfield.value) if subfield.code in "hiv" else ""
        if value and subfield.code in "hv":  # $v: issue of a periodical, typed so by several systems
            parts.append(PartName(value))
        elif value and parts and not parts[-1].title:
            parts[-1] = PartName(parts[-1].number, value)
        elif value:
            parts.append(PartName("", value))
    return tuple(parts) or tuple([PartName(h.volume) for h in hosts if h.volume and h.tag != "463"])


def _host(field: MarcField) -> Iterator[Host]:
    """46x by embedded fields ($1 + tag + indicators) or by «standard subfields» ($t $v $x $y …)."""
    inner = Fields.of(MarcRecord("", tuple(embedded(field)))) if field.first("1") else None
    if inner is None:
        host = Host(
            field.tag,
            proper_and_more(field.first("t")),
            trimmed(field.first("v")),
            field.first("y").strip(),
            field.first("x").strip(),
            field.first("03").strip(),
            trimmed(field.first("af")),
            field.first("d").strip(),
        )
    else:
        host = Host(
            field.tag,
            proper_and_more(inner.text("200")),
            inner.text("200", "v") or inner.text("225", "v") or inner.text("200", "h"),
            inner.text("010"),
            inner.text("011"),
            inner.control("001").strip(),
            inner.text("200", "f"),
            inner.text("210", "d"),
        )
    if host.title or host.record_id or host.isbn or host.issn or host.volume:
        yield host


def embedded(field: MarcField) -> Iterator[MarcField]:
    """The fields inside a linking field: each $1 begins one with its tag and indicators (RUSMARC, block 4--)."""
    tag, indicators, inside = "", "  ", []
    for subfield in field.subfields:
        if subfield.code != "1":
            inside.append(subfield)
            continue
        if tag:
            yield MarcField(tag, indicators, tuple(inside))
        tag, inside = subfield.value[:3], []
        if tag < "010":
            yield MarcField(tag, data=subfield.value[3:])
            tag = ""
        else:
            indicators = subfield.value[3:5].ljust(2)
    if tag:
        yield MarcField(tag, indicators, tuple(inside))


def _series(fields: Fields) -> tuple[Series, ...]:
    typed = [
        Series(series_title(f, "i"), trimmed(", ".join(f.all("hv"))), f.first("x").strip())
        for f in fields.get("225", ())
        if f.first("a").strip()
    ]
    if typed:
        return tuple(typed)
    linked = [host for f in fields.every("410 411") for host in _host(f)]
    return tuple([Series(h.title, h.volume, h.issn) for h in linked if h.title])


def _isbns(fields: Fields, hosts: tuple[Host, ...]) -> tuple[Isbn, ...]:
    own = [
        isbn
        for f in fields.get("010", ())
        for s in f.subfields
        if s.code in "az"
        for isbn in isbns_in(s.value, erroneous=s.code == "z", qualifier=trimmed(f.first("b")).strip("()"))
    ]
    return (*own, *[i for h in hosts for i in isbns_in(h.isbn, of_host=True)])


def _agents(fields: Fields) -> Iterator[Agent]:
    for tag, kind in _ROLES.items():
        for field in _in_one_script(fields.get(tag, [])):
            if kind == "body":
                name = ". ".join([trimmed(v) for v in field.all("abh")])
                kind_here = "meeting" if field.indicators[:1] == "1" else "body"
            else:
                name, kind_here = person_name(field), "person"
            if name:
                role = field.first("4").strip() or trimmed(field.first("j"))
                main = tag in ("700", "710")
                yield Agent(name, role, field.first("f").strip(), kind_here, main, trimmed(field.first("g")))


def _in_one_script(fields: list[MarcField]) -> list[MarcField]:
    """Without the name of the same person in another script: it has the number ($6) of the field it repeats. One
    without a number repeats none: some write the script ($7) of every name."""
    if len(fields) < 2 or not any(f.first("7") for f in fields):
        return fields
    numbers = {f.first("6") for f in fields if not f.first("7")} - {""}
    return [f for f in fields if not (f.first("7") and f.first("6") in numbers)]


def _subjects(fields: Fields) -> Iterator[str]:
    for field in fields.every(_SUBJECTS):
        head = _head(field)
        parts = [head, *[v.strip() for v in field.all("jtxyz")]]
        if heading := " -- ".join([p for p in parts if p]):
            yield heading


def _head(field: MarcField) -> str:
    """What the heading begins with; of 604 the name and the title of a work: «Некрасов, Н. А. Мороз, Красный нос»."""
    if field.tag in ("600", "602"):
        return person_name(field)
    if field.tag == "601":
        return ". ".join([v.strip() for v in field.all("ab")])
    if field.tag != "604" or not field.first("1"):
        return field.first("a").strip()
    inside = list(embedded(field))
    names = [person_name(f) if f.tag[:2] == "70" else f.first("a").strip() for f in inside if f.tag[:1] == "7"]
    works = [f.first("a").strip() for f in inside if f.tag[:1] in ("2", "5")]
    return " ".join([*(f"{name.rstrip('.')}." for name in names), *works])


def _keywords(fields: Fields) -> tuple[str, ...]:
    return distinct([word.strip() for v in fields.texts("610") for word in v.split(";")])


def _classes(fields: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """УДК and ББК. ББК is typed in 675 and 676 too: its name or a Cyrillic letter (УДК has none) tells it."""
    udc: list[str] = []
    bbk: list[str] = []
    for field in fields.get("686", ()):
        scheme = field.first("2").strip().lower()
        if scheme in _BBK_CODES or not scheme:
            for name, index in indexes_in(field.all("a")):
                if name == "удк":
                    udc.append(index)
                elif scheme or name or looks_bbk(index):
                    bbk.append(index)
    for name, index in indexes_in(fields.texts("675")):
        (bbk if name == "ббк" or (not name and _CYRILLIC.search(index)) else udc).append(index)
    bbk += [i for name, i in indexes_in(fields.texts("676")) if name == "ббк" or _CYRILLIC.search(i)]
    return distinct(udc), distinct(bbk)


def _carrier(leader: str, fields: Fields, title: MarcField) -> CarrierSigns:
    return CarrierSigns(
        leader_type=leader[6:7].strip(),
        leader_level=leader[7:8].strip(),
        media=fields.text("182"),
        gmd=" ; ".join([split_gmd(v)[0] for v in title.all("b")]) or gmd_in(title, "ace"),
        form=(fields.text("106") or (fields.text("135") and f"135:{fields.text('135')}")).strip(" |#"),
        content=fields.text("181"),
        physical=" ; ".join([trimmed(v) for v in (*fields.texts("215", "ac"), *fields.texts("230 337 340"))]),
        access=" ; ".join(fields.texts("203", "abc")),
    )


def _links(fields: Fields) -> Iterator[Link]:
    """856: second indicator 1 or 2 is a thumbnail, a title page or contents, not the work."""
    for field in fields.get("856", ()):
        note = " ".join(v.strip() for v in field.all("23zy")).strip()
        for url in _urls(field.subfields):
            yield Link(url, note, field.indicators[1:2] not in ("1", "2") and leads_to_work(url, note))


def _urls(subfields: tuple[Subfield, ...]) -> Iterator[str]:
    return (s.value.strip() for s in subfields if s.code == "u" and s.value.strip())
