"""Procedures named in the column «how» of the crosswalk: one source field → target fields and what they took of it.

Every procedure works both ways; `rule.forward` says which: from the left column of the table to the right one.
"""

from __future__ import annotations

import re

from catalog_sync.marc.codes import country_for, relator_word, translate
from catalog_sync.marc.conversion_links import host
from catalog_sync.marc.conversion_names import body, person, person_subject, subject
from catalog_sync.marc.crosswalk import (
    FINAL_POINT,
    Facts,
    Outcome,
    Procedure,
    Rule,
    everything,
    field_of,
    mapped,
    told_once,
    without_isbd,
)
from catalog_sync.model import Dialect, MarcField, Subfield

RUSMARC, MARC21 = Dialect.RUSMARC, Dialect.MARC21


def control(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    return [MarcField(rule.target, data=source.data)] if source.data else [], set()


def copy(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    found, used = mapped(rule, source)
    return field_of(rule, found), used


def isbd(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """Copy; read from punctuated MARC 21, values lose the marks of the next area."""
    found, used = mapped(rule, source)
    if not rule.forward:
        last = len(found) - 1
        found = [Subfield(s.code, without_isbd(s.value, facts, name=n == last)) for n, s in enumerate(found)]
    return field_of(rule, found), used


def uri(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """RUSMARC 003 is the permanent URI of the record: MARC 21 024 7_ $2 uri."""
    if rule.forward:
        value = source.data or ""
        return field_of(rule, [Subfield("a", value), Subfield("2", "uri")]) if "://" in value else [], set()
    values, used = told_once(source, "a2")
    return [MarcField("003", data=values["a"])] if values["a"] else [], used


# --- codes -----------------------------------------------------------------------------------------------------------


def languages(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """A single language of an original needs no 041: 008/35-37 says it."""
    found, used = mapped(rule, source)
    if not rule.forward:
        return field_of(rule, found, {"1": "1 "}.get(source.indicators[0], "0 ")), used
    if found == [Subfield("a", facts.language)]:
        return [], used
    return field_of(rule, found, {"1": "1 ", "2": "1 "}.get(source.indicators[0], "0 ")), used


def country(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    target = MARC21 if rule.forward else RUSMARC
    found: list[Subfield] = []
    used: set[int] = set()
    for number, subfield in enumerate(source.subfields):
        code = country_for(target, subfield.value) if subfield.code == "a" else subfield.value
        if code and rule.code_for(subfield.code):
            found.append(Subfield(rule.code_for(subfield.code), code))
            used.add(number)
    return field_of(rule, found), used


def rda(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """ISBD codes of RUSMARC 181 and 182 ⇄ RDA codes of MARC 21 336 and 337; words are made from nothing."""
    code_list = {"181": "content_form", "182": "media"}[rule.source if rule.forward else rule.target]
    made: list[MarcField] = []
    used: set[int] = set()
    for number, s in enumerate(source.subfields):
        if s.code != ("a" if rule.forward else "b"):
            continue
        if rule.forward:
            code = translate(code_list, s.value[:1], RUSMARC, MARC21)
            scheme_name = "rdacontent" if code_list == "content_form" else "rdamedia"
            written = [Subfield("b", code), Subfield("2", scheme_name)]
        else:
            code = translate(code_list, s.value, MARC21, RUSMARC)
            written = [Subfield("a", code + ("#" if code_list == "content_form" else ""))]
        if code:
            made += field_of(rule, written)
            used.add(number)
    if used:  # the name of the code list, and in MARC 21 the word beside the code, say nothing more
        used |= {n for n, s in enumerate(source.subfields) if s.code in ("2" if rule.forward else "a2")}
    return made, used


def words203(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """203 in words: each content form with what qualifies it → 336$a, each media type → 337$a.

    The record has no 181 and 182 for them otherwise.
    """
    forms: list[str] = []
    media: list[str] = []
    for s in source.subfields:
        value = s.value.strip()
        if s.code == "c" and value:
            media.append(value)
        elif s.code == "b" and value and forms:
            forms[-1] += f", {value}"
        elif s.code in "ab" and value:
            forms.append(value)
    found = [MarcField("336", "  ", (Subfield("a", form),)) for form in forms]
    found += [MarcField("337", "  ", (Subfield("a", word),)) for word in media]
    return found, {n for n, s in enumerate(source.subfields) if s.code in "abc"}


def electronic(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """RUSMARC 135$a/1-12 are MARC 21 007/01 and 03-13 of electronic resources; 135$a/0 has no place."""
    if rule.forward:
        values, used = told_once(source, "a")
        value = values["a"].ljust(13)
        return [MarcField("007", data=f"c{value[1]} {value[2:13]}")], used
    data = (source.data or "").ljust(14)
    if data[0] != "c":
        return [], set()
    return [MarcField("135", "  ", (Subfield("a", f"|{data[1]}{data[3:14]}"),))], everything(source)


# --- description -----------------------------------------------------------------------------------------------------


def title(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    return (_title_to_245 if rule.forward else _title_to_200)(source, facts)


def _title_to_245(source: MarcField, facts: Facts) -> Outcome:
    """200 → 245: $e and parallel titles into $b with their marks, $f and $g into $c, further works after the first."""
    first: list[Subfield] = []
    other, responsible = "", ""
    used: set[int] = set()
    for number, s in enumerate(source.subfields):
        if s.code == "a" and not first:
            first.append(Subfield("a", s.value))
        elif s.code in "eda" or (s.code == "c" and not responsible):
            other += {"e": " : ", "d": " = ", "a": " ; ", "c": ". "}[s.code] + s.value
        elif s.code in "fgc":
            responsible += {"f": " / " if responsible else "", "g": " ; ", "c": ". "}[s.code] + s.value
        elif s.code in "hibj":
            code = {"h": "n", "i": "p", "b": "h", "j": "f"}[s.code]
            first.append(Subfield(code, f"[{s.value.strip('[] ')}]" if code == "h" else s.value))
        else:
            continue
        used.add(number)
    first.append(Subfield("b", other.removeprefix(" : ").strip()))
    first.append(Subfield("c", responsible.removeprefix(" ; ").strip()))
    kept = tuple(s for s in first if s.value)
    return [MarcField("245", "00", kept)] if kept else [], used


def _title_to_200(source: MarcField, facts: Facts) -> Outcome:
    found: list[Subfield] = []
    used: set[int] = set()
    parallel = False  # «$aТитул =$bTitle»: the mark of the next area ends this one
    for number, s in enumerate(source.subfields):
        if s.code not in "abchnpf":
            continue
        used.add(number)
        value = s.value if s.code == "c" else without_isbd(s.value, facts, name=s.code in "ab")
        if s.code == "b":
            found += _other_title(value, parallel)
        elif s.code == "c":
            found += _responsibility(FINAL_POINT.sub("", value.strip()) if facts.punctuated else value.strip())
        elif s.code == "h":
            found.append(Subfield("b", value.strip("[] ")))
        else:
            name = value.rstrip(" ,.") if s.code == "n" and facts.punctuated else value
            found.append(Subfield({"a": "a", "n": "h", "p": "i", "f": "j"}[s.code], name))
        parallel = s.value.rstrip().endswith("=")
    kept = tuple(s for s in found if s.value.strip())
    return [MarcField("200", "1 ", kept)] if kept else [], used


def _other_title(value: str, parallel: bool) -> list[Subfield]:
    """245$b with marks inside → 200 $e, $d and further $a."""
    pieces = re.split(r"\s([:=;])\s", f" {'=' if parallel else ':'} {value}" if value[:1] not in "=;" else f" {value}")
    codes = {":": "e", "=": "d", ";": "a"}
    return [Subfield(codes[mark], text.strip()) for mark, text in zip(pieces[1::2], pieces[2::2], strict=True)]


def _responsibility(value: str) -> list[Subfield]:
    first, *rest = re.split(r"\s;\s", value)
    return [Subfield("f", first), *(Subfield("g", more) for more in rest)]


def imprint264(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """264: second indicator 3 is manufacture, 4 a copyright date, else publication."""
    codes = {"a": "e", "b": "g", "c": "h"} if source.indicators[1] == "3" else {"a": "a", "b": "c", "c": "d"}
    found = [
        Subfield(codes[s.code], without_isbd(s.value, facts, name=s.code == "c")) for s in source.subfields
        if s.code in codes
    ]
    return field_of(rule, found), {n for n, s in enumerate(source.subfields) if s.code in codes}


def series(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """225: other title information, parts and responsibility go into 490$a with their marks, and come back from it."""
    if not rule.forward:
        return _series_back(source, rule, facts)
    title_, rest, used = "", [], set()
    for number, s in enumerate(source.subfields):
        mark = {"a": " ; ", "e": " : ", "d": " = ", "f": " / ", "h": ". ", "i": ". "}.get(s.code)
        if mark is not None:
            title_ += (mark if title_ else "") + s.value
        elif s.code in "vx":
            rest.append(Subfield(s.code, s.value))
        else:
            continue
        used.add(number)
    return field_of(rule, [Subfield("a", title_), *rest]), used


def _series_back(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    if rule.source == "830" and facts.written & {"225"}:
        return [], set()  # the controlled form of a series that 490 has told already
    found: list[Subfield] = []
    used: set[int] = set()
    for number, s in enumerate(source.subfields):
        code = {"a": "a", "v": "v", "x": "x", "n": "h", "p": "i"}.get(s.code)
        if code is None:
            continue
        used.add(number)
        value = without_isbd(s.value, facts)
        if code == "a":
            pieces = re.split(r"\s([:=/])\s", value)
            found.append(Subfield("a", pieces[0]))
            codes = {":": "e", "=": "d", "/": "f"}
            found += [Subfield(codes[m], t) for m, t in zip(pieces[1::2], pieces[2::2], strict=True)]
        else:
            found.append(Subfield(code, value))
    return field_of(rule, found), used


def contents(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """327 repeats $a, 505 is one text with « -- » between the parts."""
    texts = [s.value.strip() for s in source.subfields if s.code in ("a" if rule.forward else "agrt")]
    used = {n for n, s in enumerate(source.subfields) if s.code in ("a" if rule.forward else "agrt")}
    if rule.forward:
        return field_of(rule, [Subfield("a", " -- ".join(texts))]), used
    pieces = re.split(r"\s+--\s+", " ".join(texts))
    return field_of(rule, [Subfield("a", piece.strip(" -")) for piece in pieces]), used


# --- source, links, foreign fields -----------------------------------------------------------------------------------


def agency(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """801: the second indicator says what the agency did; 040 has a subfield for each."""
    if not rule.forward:
        return _agencies(source)
    code = {"0": "a", "1": "c", "2": "d"}.get(source.indicators[1], "a")
    values, used = told_once(source, "bg")
    # The country and the name of the format are the same for all and are written again on the way back.
    used |= {n for n, s in enumerate(source.subfields) if s.code in "a2"}
    return field_of(rule, [Subfield(code, values["b"]), Subfield("e", values["g"])]), used


def _agencies(source: MarcField) -> Outcome:
    """040 → an 801 for each agency; the rules of description go to the first of them."""
    made: list[MarcField] = []
    values, used = told_once(source, "e")
    for number, s in enumerate(source.subfields):
        if s.code in "acd":
            rules_ = (Subfield("g", values["e"]),) if values["e"] and not made else ()
            head = Subfield("a", "RU"), Subfield("b", s.value)
            made.append(MarcField("801", f" {'acd'.index(s.code)}", (*head, *rules_, Subfield("2", "rusmarc"))))
            used.add(number)
        elif s.code == "b":
            used.add(number)  # the language of cataloguing stands in 100$a/22-24
    return made, used if made else set()


def link(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """856: RUSMARC's second indicator 1 and 2 are a cover and contents, MARC 21's 2 a related resource."""
    found, used = mapped(rule, source)
    table = {"1": "2", "2": "2", "0": "0"} if rule.forward else {"2": "2", "0": "0", "1": "0"}
    return field_of(rule, found, source.indicators[0] + table.get(source.indicators[1], " ")), used


def foreign(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """886 of a record that came from the target's own format gives the field back; any other 886 stays one."""
    here = MARC21 if rule.forward else RUSMARC
    if source.first("2").lower() != here.value or len(source.first("a")) != 3:
        return [MarcField("886", source.indicators, source.subfields)], everything(source)
    tag, indicators = source.first("a"), source.first("b").ljust(2)[:2]
    if source.indicators[0] == "0":
        return [MarcField(tag, data=source.first("b"))], everything(source)
    rest = list(source.subfields)
    for code in "2ab":
        rest.pop(next(n for n, s in enumerate(rest) if s.code == code))
    return [MarcField(tag, indicators, tuple(rest))] if rest else [], everything(source)


# --- МАРК-SQL --------------------------------------------------------------------------------------------------------


def isbn_with_qualifier(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """МАРК-SQL has no $q: the qualifier stands in brackets after the number, and is found there again."""
    found, used = mapped(rule, source)
    if rule.forward:
        qualifiers = [s.value.strip("() ") for s in source.subfields if s.code == "q"]
        if qualifiers and found and found[0].code == "a":
            found[0] = Subfield("a", f"{found[0].value} ({', '.join(qualifiers)})")
            used |= {n for n, s in enumerate(source.subfields) if s.code == "q"}
        return field_of(rule, found), used
    split: list[Subfield] = []
    for s in found:
        match = re.fullmatch(r"([\dXxХх -]+)\s+\((.+)\)\s*", s.value) if s.code == "a" else None
        split += [Subfield("a", match[1]), Subfield("q", match[2])] if match else [s]
    return field_of(rule, split), used


def role_word(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """МАРК-SQL knows roles as words in $e; a code becomes its word."""
    found, used = mapped(rule, source)
    if rule.forward:
        words = {s.value.strip().lower() for s in found if s.code == "e"}
        for number, s in enumerate(source.subfields):
            if s.code == "4" and (word := relator_word(s.value)):
                used.add(number)
                if word not in words and s.value != "aut":
                    found.append(Subfield("e", word))
    return field_of(rule, found, source.indicators), used


def scheme(name: str) -> Procedure:
    """A classification that MARC 21 names in $2 and МАРК-SQL by the subfield it stands in."""

    def convert(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
        found, used = mapped(rule, source)
        if rule.forward:
            return field_of(rule, found), used | {n for n, s in enumerate(source.subfields) if s.code == "2"}
        return [f for s in found for f in field_of(rule, [s, Subfield("2", name)])], used

    return convert


def series_once(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """The controlled form of a series, where no 490 has told it already."""
    return ([], set()) if rule.target in facts.written else copy(source, rule, facts)


def heading_of_person(source: MarcField, rule: Rule, facts: Facts) -> Outcome:
    """998 of МАРК-SQL holds whole headings of persons written about, dates included."""
    if not rule.forward:
        found, used = mapped(rule, source)
        return field_of(rule, found), used
    values, used = told_once(source, "ad")
    heading = ", ".join(filter(None, (values["a"].rstrip(" ,"), values["d"])))
    return field_of(rule, [Subfield("a", heading)]), used


PROCEDURES: dict[str, Procedure] = {
    "control": control, "copy": copy, "isbd": isbd, "uri": uri, "languages": languages, "country": country, "rda": rda,
    "words203": words203, "electronic": electronic, "title": title, "imprint264": imprint264, "series": series,
    "contents": contents, "host": host, "person": person, "body": body, "person subject": person_subject,
    "subject": subject, "agency": agency, "link": link, "foreign": foreign,
    "isbn with qualifier": isbn_with_qualifier, "role word": role_word, "rubbk": scheme("rubbk"),
    "heading of person": heading_of_person, "series once": series_once, "scheme tbk": scheme("tbk"),
    "scheme grnti": scheme("rugasnti"),
}
