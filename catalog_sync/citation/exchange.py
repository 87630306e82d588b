"""Citations for programs: RIS, BibTeX, CSL-JSON (Zotero, Mendeley), COinS (Z39.88) and schema.org."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count
from typing import Any
from urllib.parse import urlencode

from catalog_sync.citation.gost import full_city
from catalog_sync.citation.names import (
    authors,
    editors,
    surname_and_forenames,
    surname_and_initials,
    title_without_author,
)
from catalog_sync.classify import classify
from catalog_sync.facets import school_grades, year
from catalog_sync.model import Agent, BibRecord, Carrier, EKind
from catalog_sync.text_ru import skeleton, words

_SPACES = re.compile(r"\s+")


def _one_line(text: str) -> str:
    """Records are hostile text: a line feed inside a value would forge a field of the file."""
    return _SPACES.sub(" ", "".join(c if c.isprintable() else " " for c in text)).strip()


def _full_name(agent: Agent) -> str:
    """«Пушкин, Александр Сергеевич»: the fullest form, programs make initials themselves."""
    surname, forenames = surname_and_forenames(agent.name) if agent.kind == "person" else (agent.name, "")
    forenames = agent.expansion or forenames
    return _one_line(f"{surname}, {forenames}" if forenames and agent.kind == "person" else surname)


def _title(bib: BibRecord) -> str:
    parts = ". ".join(_one_line(t) for p in bib.parts for t in (p.number, p.title) if t)
    title = _one_line(title_without_author(bib))
    whole = f"{title}. {parts}" if parts else title
    return f"{whole} : {_one_line(bib.subtitle)}" if bib.subtitle else whole


def _is_article(bib: BibRecord) -> bool:
    return bib.carrier.leader_level.lower() in ("a", "b") and any(h.title for h in bib.hosts)


def _host_title(bib: BibRecord) -> str:
    return next((_one_line(h.title) for h in bib.hosts if h.title), "")


def _url(bib: BibRecord) -> str:
    """The first web address of the work itself; other schemes («javascript:») are not passed on."""
    return next((u for x in bib.links if x.of_work and (u := _one_line(x.url)).lower().startswith(("http://", "https://"))),
                "")  # fmt: skip


def _isbns(bib: BibRecord) -> list[str]:
    return list(dict.fromkeys(i.normal for i in bib.isbns if i.normal and not i.of_host))


# --- RIS -------------------------------------------------------------------------------------------------------------


def ris(bib: BibRecord) -> str:
    """One RIS record with CRLF line ends, as reference managers write it."""
    lines: list[tuple[str, str]] = [("TY", _ris_type(bib))]
    lines += [("AU", _full_name(a)) for a in authors(bib)]
    lines += [("A2", _full_name(a)) for a in editors(bib)]
    lines += [("TI", _title(bib)), ("T2", _host_title(bib) if _is_article(bib) else "")]
    lines += [("T3", _one_line(s.title)) for s in bib.series]
    lines += [("ET", _one_line(bib.edition)), ("CY", "; ".join(filter(None, map(full_city, bib.places))))]
    lines += [("PB", "; ".join(map(_one_line, bib.publishers))), ("PY", str(year(bib) or ""))]
    lines += [("SP", _one_line(bib.extent)), *(("SN", i) for i in (*_isbns(bib), *bib.issns))]
    lines += [("LA", "; ".join(bib.languages)), *(("KW", _one_line(k)) for k in (*bib.subjects, *bib.keywords))]
    lines += [("AB", _one_line(bib.abstract)), ("UR", _url(bib))]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in lines if value) + "ER  - \r\n"


def _ris_type(bib: BibRecord) -> str:
    carrier = classify(bib).carrier
    if _is_article(bib):
        return "JOUR" if bib.issns or any(h.issn for h in bib.hosts) else "CHAP"
    if carrier is Carrier.ELECTRONIC:
        return "EBOOK"
    if carrier is Carrier.AUDIOVISUAL:
        return "VIDEO" if bib.carrier.leader_type == "g" else "SOUND"
    return "MAP" if bib.carrier.leader_type in ("e", "f") else "BOOK"


# --- BibTeX ----------------------------------------------------------------------------------------------------------

_TEX = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}  # fmt: skip


def _tex(text: str) -> str:
    return "".join(_TEX.get(c, c) for c in _one_line(text))


# The address is taken as it stands by every reader of the format: \_ in it would be another address.
_VERBATIM = {"\\": "%5C", "{": "%7B", "}": "%7D", " ": "%20"}


def _verbatim(address: str) -> str:
    return "".join(_VERBATIM.get(c, c) for c in address)


def bibliography(bibs: Iterable[BibRecord]) -> str:
    """A .bib file: where the keys of entries would be alike they get a number, for BibTeX drops all but the first."""
    entries: list[str] = []
    used: set[str] = set()
    for bib in bibs:
        name = _bibtex_key(bib)
        key = next(key for n in count(1) if (key := name if n == 1 else f"{name}-{n}") not in used)
        used.add(key)
        entries.append(bibtex(bib, key))
    return "\n".join(entries)


def bibtex(bib: BibRecord, key: str = "") -> str:
    """One BibTeX entry in Unicode; its key, unless given, is made of the first author (or title) and the year."""
    kind = "incollection" if _is_article(bib) else "book"
    fields = {
        "author": " and ".join(_tex(_full_name(a)) for a in authors(bib)),
        "editor": " and ".join(_tex(_full_name(a)) for a in editors(bib)),
        "title": _tex(_title(bib)),
        "booktitle": _tex(_host_title(bib)) if kind == "incollection" else "",
        "series": _tex(bib.series[0].title) if bib.series else "",
        "edition": _tex(bib.edition),
        "address": _tex("; ".join(filter(None, map(full_city, bib.places)))),
        "publisher": _tex("; ".join(bib.publishers)),
        "year": str(year(bib) or ""),
        "isbn": ", ".join(_isbns(bib)),
        "language": _tex(bib.languages[0]) if bib.languages else "",
        "url": _verbatim(_url(bib)),
    }
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{kind}{{{key or _bibtex_key(bib)},\n{body}}}\n"


def _bibtex_key(bib: BibRecord) -> str:
    found = authors(bib)
    name = next(iter(words(surname_and_initials(found[0])[0] if found else bib.title)), "record")
    return (re.sub(r"[^a-z0-9]", "", skeleton(name)) or "record") + str(year(bib) or "")


# --- CSL-JSON --------------------------------------------------------------------------------------------------------


def csl_json(bib: BibRecord, identifier: str = "") -> dict[str, Any]:
    """One item of CSL-JSON 1.0.2; `identifier` is its id, by default the record's key."""
    published = year(bib)
    item = {
        "id": identifier or str(bib.key),
        "type": "chapter" if _is_article(bib) else "book",
        "title": _title(bib),
        "author": [_csl_name(a) for a in authors(bib)],
        "editor": [_csl_name(a) for a in editors(bib)],
        "container-title": _host_title(bib) if _is_article(bib) else "",
        "collection-title": _one_line(bib.series[0].title) if bib.series else "",
        "edition": _one_line(bib.edition),
        "publisher": "; ".join(map(_one_line, bib.publishers)),
        "publisher-place": "; ".join(filter(None, map(full_city, bib.places))),
        "issued": {"date-parts": [[published]]} if published else None,
        "ISBN": _isbns(bib)[0] if _isbns(bib) else "",
        "ISSN": bib.issns[0] if bib.issns else "",
        "language": bib.languages[0] if bib.languages else "",
        "number-of-pages": _pages(bib.extent),
        "URL": _url(bib),
        "abstract": _one_line(bib.abstract),
    }
    return {name: value for name, value in item.items() if value}


def _csl_name(agent: Agent) -> dict[str, str]:
    family, _, given = _full_name(agent).partition(", ")
    return {"family": family, "given": given} if given else {"literal": family}


def _pages(extent: str) -> str:
    found = re.search(r"(?<!\d)(\d+)(?:,\s*\[\d+\])?\s*с", extent)
    return found[1] if found else ""


# --- COinS -----------------------------------------------------------------------------------------------------------


def coins(bib: BibRecord) -> str:
    """The ContextObject (ANSI/NISO Z39.88-2004, book format) for the title attribute of a span; not HTML-escaped."""
    found = authors(bib)
    pairs = [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:book"),
        ("rft.genre", "bookitem" if _is_article(bib) else "book"),
        ("rft.atitle" if _is_article(bib) else "rft.btitle", _title(bib)),
        ("rft.btitle", _host_title(bib) if _is_article(bib) else ""),
        ("rft.aulast", surname_and_initials(found[0])[0] if found else ""),
        ("rft.aufirst", _full_name(found[0]).partition(", ")[2] if found else ""),
        *(("rft.au", _full_name(a)) for a in found),
        ("rft.edition", _one_line(bib.edition)),
        ("rft.place", "; ".join(filter(None, map(full_city, bib.places)))),
        ("rft.pub", "; ".join(map(_one_line, bib.publishers))),
        ("rft.date", str(year(bib) or "")),
        *(("rft.isbn", i) for i in _isbns(bib)),
        *(("rft.issn", i) for i in bib.issns),
        ("rft_id", _url(bib)),
    ]
    return urlencode([(name, value) for name, value in pairs if value])


# --- schema.org ------------------------------------------------------------------------------------------------------


def json_ld(bib: BibRecord, url: str = "") -> dict[str, Any]:
    """schema.org Book (or Article) as a JSON-LD object; `url` is the page of the record."""
    classified = classify(bib)
    published = year(bib)
    grades = school_grades(bib)
    item = {
        "@context": "https://schema.org",
        "@type": "Article" if _is_article(bib) else "Book",
        "@id": url,
        "name": _title(bib),
        "author": [_schema_agent(a) for a in authors(bib)],
        "editor": [_schema_agent(a) for a in editors(bib)],
        "isbn": _isbns(bib)[0] if _isbns(bib) else "",
        "bookEdition": _one_line(bib.edition),
        "datePublished": str(published or ""),
        "publisher": [{"@type": "Organization", "name": _one_line(p)} for p in bib.publishers],
        "inLanguage": list(bib.languages),
        "numberOfPages": int(_pages(bib.extent)) if _pages(bib.extent) else None,
        "bookFormat": "https://schema.org/EBook" if classified.carrier is Carrier.ELECTRONIC else "",
        "isAccessibleForFree": True if classified.ekind is EKind.OPEN_LINK else None,
        "typicalAgeRange": f"{classified.age_mark[:-1]}-" if classified.age_mark else "",
        "educationalLevel": [f"{g} класс" for g in grades],
        "about": [_one_line(s) for s in bib.subjects],
        "keywords": ", ".join(map(_one_line, bib.keywords)),
        "abstract": _one_line(bib.abstract),
        "url": url,
    }
    return {name: value for name, value in item.items() if value}


def _schema_agent(agent: Agent) -> dict[str, str]:
    kind = "Person" if agent.kind == "person" else "Organization"
    return {"@type": kind, "name": _one_line(agent.name)}
