"""Coded data, position by position: leader, RUSMARC 100 101 102 105 106, MARC 21 008 (crosswalk_codes.tsv)."""

from __future__ import annotations

from collections.abc import Iterable

from catalog_sync.marc.codes import country_for, translate
from catalog_sync.model import Dialect, MarcField, MarcRecord, Subfield

RUSMARC, MARC21 = Dialect.RUSMARC, Dialect.MARC21
RUSMARC_TAGS = frozenset({"100", "105", "106"})
MARC21_TAGS = frozenset({"008", "006"})
Dropped = list[tuple[str, str, str]]  # (tag, code, value): what had no place
BLANK = " |#^-"  # how files say «no code» at a position


def _a(record: MarcRecord, tag: str) -> str:
    """The first $a of the first field with that tag that says something."""
    return next((s.value for f in record.all(tag) for s in f.subfields if s.code == "a" and s.value.strip()), "")


def language_of(record: MarcRecord) -> str:
    """What 008/35-37 says of a RUSMARC record."""
    return _a(record, "101")[:3].ljust(3) if _a(record, "101") else "und"


def _text(codes: Iterable[str], length: int, blank: str = " ") -> str:
    return "".join(c for c in codes if c)[:length].ljust(length, blank)


# --- RUSMARC → MARC 21 -----------------------------------------------------------------------------------------------


def to_marc21(record: MarcRecord, made: list[MarcField]) -> tuple[str, list[MarcField], Dropped]:
    """Leader, 008 and the genre of a textbook; `made` holds the fields converted so far."""
    processing = _a(record, "100").ljust(36)
    text = _a(record, "105").ljust(13)
    kind, level = _type(record, RUSMARC, MARC21), _level(record, RUSMARC, MARC21)
    part = "c" if record.leader[8:9] == "2" else "a" if record.leader[8:9] == "1" else " "
    leader = f"00000{_status(record)}{kind}{level} a2200000{_encoding(record)}c{part}4500"
    fixed = _fixed(record, processing, text)
    more = [MarcField("008", data=fixed)]
    if "j" in text[4:8] and not any(f.tag == "655" and _is_textbook(f) for f in made):
        more.append(MarcField("655", " 4", (Subfield("a", "Учебники"),)))
    return leader, more, _dropped_by_008(record, processing, text)


def _fixed(record: MarcRecord, processing: str, text: str) -> str:
    entered = processing[2:8] if processing[:8].isdigit() else "||||||"
    date_type = translate("date_type", processing[8], RUSMARC, MARC21, "|")
    country = country_for(MARC21, _a(record, "102")).ljust(3) if _a(record, "102") else "xx "
    audience = next((t for c in processing[17:20] if (t := translate("audience", c, RUSMARC, MARC21))), " ")
    form = translate("form", _a(record, "106")[:1], RUSMARC, MARC21, " ")
    contents = _text((translate("contents", c, RUSMARC, MARC21) for c in text[4:8]), 4)
    pictures = _text((translate("illustration", c, RUSMARC, MARC21) for c in text[:4]), 4)
    government = translate("government", processing[20], RUSMARC, MARC21, " ")
    literary = translate("literary", text[11], RUSMARC, MARC21, "|")
    life = translate("biography", text[12], RUSMARC, MARC21, " ")
    return (
        f"{entered}{date_type}{processing[9:17]}{country}{pictures}{audience}{form}{contents}{government}"
        f"{''.join(map(_flag, text[8:11]))} {literary}{life}{language_of(record)}| "
    ).replace("#", " ")


def _flag(code: str) -> str:
    return code if code in "01" else "|"


def _dropped_by_008(record: MarcRecord, processing: str, text: str) -> Dropped:
    """Positions of 100, 105 and 106 that 008 has no room for, as «105$a/0-3»."""
    found: Dropped = []
    for tag, value, start, end, untold in (
        ("100", processing, 25, 26, "y"), ("105", text, 0, 4, "yabcdefghijklmo"),
        ("105", text, 4, 8, "yjabcdefgiklmnpqrz"),
        ("135", _a(record, "135"), 0, 1, "u"),
    ):
        part = value[start:end]
        if part.strip(BLANK + untold):
            found.append((tag, "a", f"{part} (positions {start}-{end - 1})"))
    audience = [c for c in processing[17:20] if c.strip(BLANK + "u")]
    if len(audience) > 1:
        found.append(("100", "a", f"{''.join(audience[1:])} (audience, positions 18-19)"))
    if (form := _a(record, "106")) and not translate("form", form[:1], RUSMARC, MARC21):
        found.append(("106", "a", form))
    # 008 has one of each: a second 100, 105 or 106, or a second $a there, can't be told.
    for tag in ("100", "105", "106"):
        values = [(tag, s.code, s.value) for f in record.all(tag) for s in f.subfields if s.value.strip()]
        if told := _a(record, tag):
            values.remove((tag, "a", told))
        found += values
    return found


# --- MARC 21 → RUSMARC -----------------------------------------------------------------------------------------------


def to_rusmarc(record: MarcRecord, made: list[MarcField]) -> tuple[str, list[MarcField], Dropped]:
    """Leader, 100, 105, 106 and what of 101 and 102 only 008 says."""
    fixed = record.control("008").ljust(40)
    kind, level = _type(record, MARC21, RUSMARC), _level(record, MARC21, RUSMARC)
    hierarchy = {"a": "1", "b": "2", "c": "2"}.get(record.leader[19:20], " ")
    if hierarchy == " " and level == "m" and any(f.tag == "461" for f in made):
        hierarchy = "2"
    leader = f"00000{_status(record)}{kind}{level}{hierarchy} 2200000{_encoding(record)}  450 "
    more = [MarcField("100", "  ", (Subfield("a", _processing(fixed)),))]
    is_text = kind in "ab" and level in "ma"
    if is_text:
        more += _text_codes(fixed, any(_is_textbook(f) for f in record.all("655")))
    tags = {f.tag for f in made}
    language, country = fixed[35:38], country_for(RUSMARC, fixed[15:18])
    if "101" not in tags and language.isalpha() and language != "und":
        more.append(MarcField("101", "0 ", (Subfield("a", language),)))
    if "102" not in tags and country and country != "XX":
        more.append(MarcField("102", "  ", (Subfield("a", country),)))
    return leader, more, _dropped_by_100(record, fixed, is_text)


def _is_textbook(genre: MarcField) -> bool:
    return genre.first("a").lower().startswith("учебник")


def _processing(fixed: str) -> str:
    """100$a of 36 characters; 26-29 say Unicode, which is what we write."""
    year = int(fixed[:2]) if fixed[:2].isdigit() else -1
    entered = f"{'19' if year > 68 else '20'}{fixed[:6]}" if fixed[:6].isdigit() else "||||||||"
    date_type = translate("date_type", fixed[6], MARC21, RUSMARC, "u")
    dates = fixed[7:15].replace("u", " ").replace("|", " ")
    audience = translate("audience", fixed[22], MARC21, RUSMARC, " ")
    script = "ca" if fixed[35:38] in ("rus", "ukr", "bel", "bul", "und", "   ") else "ba"
    government = translate("government", fixed[28], MARC21, RUSMARC, "y")
    return f"{entered}{date_type}{dates}{audience}  {government}0rusy50      {script}"


def _text_codes(fixed: str, textbook: bool) -> list[MarcField]:
    codes = ["j"] if textbook else []
    codes += [translate("contents", c, MARC21, RUSMARC) for c in fixed[24:28]]
    literary = translate("literary", fixed[33], MARC21, RUSMARC, "|")
    contents = _text(codes, 4)
    pictures = _text((translate("illustration", c, MARC21, RUSMARC) for c in fixed[18:22]), 4)
    found = []
    if contents.strip() or pictures.strip() or literary != "|":
        flags = "".join(map(_flag, fixed[29:32]))
        value = f"{pictures}{contents}{flags}{literary}{translate('biography', fixed[34], MARC21, RUSMARC, '|')}"
        found.append(MarcField("105", "  ", (Subfield("a", value),)))
    form = translate("form", fixed[23], MARC21, RUSMARC)
    if form:
        found.append(MarcField("106", "  ", (Subfield("a", form),)))
    return found


def _dropped_by_100(record: MarcRecord, fixed: str, is_text: bool) -> Dropped:
    found: Dropped = [("006", "", data) for f in record.all("006") if (data := f.data or "").strip(BLANK)]
    spans = ((38, 40, "d"),) if is_text else ((18, 35, "0"), (38, 40, "d"))
    for start, end, untold in spans:
        part = fixed[start:end]
        if part.strip(BLANK + untold):
            found.append(("008", "", f"{part} (positions {start}-{end - 1})"))
    return found


# --- leader ----------------------------------------------------------------------------------------------------------


def _status(record: MarcRecord) -> str:
    code = record.leader[5:6]
    return code if code in "acdnp" and code else "n"


def _encoding(record: MarcRecord) -> str:
    """Leader/17, encoding level: the codes that both formats share are kept, others are «full»."""
    code = record.leader[17:18]
    return code if code in "13" and code else " "


def _type(record: MarcRecord, source: Dialect, target: Dialect) -> str:
    return translate("type", record.leader[6:7], source, target, "a")


def _level(record: MarcRecord, source: Dialect, target: Dialect) -> str:
    return translate("level", record.leader[7:8], source, target, "m")


def marcsql_leader(leader: str, target: Dialect) -> str:
    """МАРК-SQL is USMARC written in CP1251: leader/09 is blank there and «a» (Unicode) in what we write as MARC 21."""
    base = leader.ljust(24)
    return f"00000{base[5:9]}{' ' if target is Dialect.MARCSQL else 'a'}2200000{base[17:20]}4500"
