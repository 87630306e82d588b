"""How each kind of library system writes one and the same edition: МАРК-SQL, RUSMARC, UNIMARC and MARC 21."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Protocol

from works import Edition

from catalog_sync.model import MarcField, MarcRecord, Subfield

Pairs = list[tuple[str, str]]


class School(Protocol):
    code: str
    habit: int  # which of the typing habits
    barcodes: bool  # МАРК-SQL with 876 beside 090


def field(tag: str, pairs: Pairs, indicators: str = "  ") -> MarcField:
    return MarcField(tag, indicators, tuple(Subfield(c, v) for c, v in pairs if v))


def control(tag: str, data: str) -> MarcField:
    return MarcField(tag, data=data)


def initials(name: str) -> str:
    """«Пушкин, Александр Сергеевич» → «А. С. Пушкин»."""
    surname, _, rest = name.partition(", ")
    return " ".join([*(f"{word[0]}." for word in rest.split()), surname])


def grade_words(e: Edition, habit: int) -> str:
    if not e.grade:
        return ""
    return (f"{e.grade} класс", f"{e.grade} кл.", f"для {e.grade} класса", f"{e.grade}-й класс")[habit % 4]


def subtitle(e: Edition, habit: int) -> str:
    kind = {"учебник": ("учебник", "учеб. для общеобразоват. учреждений", "учебник для ОО", "учеб.")}.get(e.kind)
    words = [grade_words(e, habit), kind[habit % 4] if kind else e.kind, e.subtitle]
    if e.part and e.set_isbn:
        words.append(("в 2 частях", "в 2 ч.", "в двух частях", "в 2-х ч.")[habit % 4])
    return " : ".join(w for w in words if w)


def part(e: Edition, habit: int) -> str:
    if not e.part:
        return ""
    if not e.part.isdigit():
        return e.part.replace("том", "Т.") if habit % 2 else e.part.capitalize()
    return (f"Ч. {e.part}", f"Часть {e.part}", f"ч.{e.part}", f"Ч. {e.part}")[habit % 4]


def edition_words(e: Edition, habit: int) -> str:
    number, comma, rest = e.edition.partition(",")
    swapped = f"Изд. {number.split('-')[0]}-е{comma}{rest}" if number else ""
    return swapped if habit == 1 else e.edition


def publisher(e: Edition, habit: int) -> str:
    return (e.publisher, f"Изд-во «{e.publisher}»", f'"{e.publisher}"', e.publisher)[habit % 4]


def price(rng: random.Random) -> str:
    return f"{rng.randrange(90, 900)}.00"


def authors_of(e: Edition, habit: int) -> list[str]:
    if habit == 1:
        return [f"{n.split(', ')[0]} {initials(n).rsplit(' ', 1)[0].replace(' ', '')}" for n in e.authors]
    return list(e.authors)


# --- dialects --------------------------------------------------------------------------------------------------------


def marcsql(e: Edition, s: School, number: int, rng: random.Random) -> MarcRecord:
    """МАРК-SQL: USMARC with local fields; textbooks by card (Б/У), books by inventory number (И/У)."""
    by_card = e.category == "textbook"
    copies = 0 if e.carrier == "online" else rng.randrange(15, 90) if by_card else rng.randrange(1, 6)
    arrived = f"{rng.randrange(1, 28):02d}.08.{rng.randrange(max(e.year, 2016), 2026)}"
    received, present, ksu = "wkh" if by_card else "evt"
    stock = [(received, str(copies)), (present, str(copies)), ("j", str(copies)), ("f", arrived),
             (ksu, f"{rng.randrange(1, 60)}")]  # fmt: skip
    shelf = [("a", e.bbk), ("x", (e.authors or (e.title,))[0][:1])]
    numbers = range(0 if by_card else copies)
    first = field("100", [("a", authors_of(e, s.habit)[0])], "1 ") if e.authors else None
    fields = [
        control("001", f"RU/{s.code.upper()}/{number:05d}"),
        control("005", f"2026{rng.randrange(1, 10):02d}{rng.randrange(1, 28):02d}120000.0"),
        field("020", [("a", e.isbn), ("c", price(rng))]),
        field("022", [("a", e.issn)]),
        field("040", [("a", s.code)]),
        field("080", [("a", e.udc)]),
        *(field("090", [*shelf, ("e", f"{1000 + 10 * number + n}"), ("f", "АБ")]) for n in numbers),
        None if numbers or not copies else field("090", shelf),
        field("091", [("a", e.bbk), ("i", e.age)]),
        first,
        field("245", [("a", e.title), ("b", subtitle(e, s.habit)), ("n", part(e, s.habit)), ("h", _gmd(e)),
                      ("c", "; ".join(initials(a) for a in e.authors))], "10"),
        field("250", [("a", edition_words(e, s.habit))]),
        field("260", [("a", e.place.replace("Москва", "М.")), ("b", publisher(e, s.habit)), ("c", str(e.year))]),
        field("300", [("a", extent(e)), ("b", "ил." if e.pages else "")]),
        field("440", [("a", e.series)]),
        *(field("505", [("a", c)]) for c in e.contents),
        *(field("653", [("a", x)]) for x in e.subjects),
        *(field("700", [("a", a)], "1 ") for a in authors_of(e, s.habit)[1:]),
        *(field("876", [("c", price(rng)), ("p", f"2{number:06d}{n:03d}")]) for n in numbers if s.barcodes),
        field("900", [("a", e.url)]),
        field("990", stock) if copies else None,
        field("998", [("a", e.about)]),
    ]  # fmt: skip
    return _record(f"00000na{level(e)}  2200000   450 ", fields)


def level(e: Edition) -> str:
    """Leader/07: numbers of a magazine are described under their serial."""
    return "s" if e.category == "serial" else "m"


def extent(e: Edition) -> str:
    if e.carrier == "disc":
        return "1 электрон. опт. диск (CD-ROM)"
    return f"{e.pages} с." if e.pages else "1 электронный ресурс"


def leader_type(e: Edition) -> str:
    """Leader/06 in RUSMARC and MARC 21 of a careful system: i = speech recorded, l and m = electronic."""
    return {"disc": "i", "online": "l"}.get(e.carrier, "a")


def _copies(e: Edition, rng: random.Random, below: int) -> range:
    """Copies on the shelf; what lives behind a link has none."""
    copies = rng.randrange(1, below)
    return range(0 if e.carrier == "online" else copies)


def _gmd(e: Edition) -> str:
    return {"online": "[Электронный ресурс]", "disc": "[Звукозапись]"}.get(e.carrier, "")


# What RUSMARC and UNIMARC write alike.


def _title_area(e: Edition, s: School, translated: str) -> list[MarcField]:
    return [
        field("200", [("a", e.title), ("b", _gmd(e).strip("[]")), ("e", subtitle(e, s.habit)), ("h", part(e, s.habit)),
                      ("f", ", ".join(initials(a) for a in e.authors)),
                      ("g", f"{translated} {e.translator}" if e.translator else "")], "1 "),
        field("205", [("a", edition_words(e, s.habit))]),
        field("210", [("a", e.place), ("c", publisher(e, s.habit)), ("d", str(e.year))]),
    ]  # fmt: skip


def _subject_area(e: Edition) -> list[MarcField]:
    return [
        field("327", [("a", c) for c in e.contents], "1 "),
        field("333", [("a", e.age)]),
        *(field("606", [("a", x)]) for x in e.subjects),
        field("675", [("a", e.udc)]),
        field("686", [("a", e.bbk), ("2", "rubbk")]),
    ]


def _names(e: Edition, s: School, *role: tuple[str, str]) -> list[MarcField]:
    return [
        field("701" if n else "700", [("a", a.split(", ")[0]), ("b", a.partition(", ")[2]), *role], " 1")
        for n, a in enumerate(authors_of(e, s.habit))
    ]


def rusmarc(e: Edition, s: School, number: int, rng: random.Random) -> MarcRecord:
    """RUSMARC with copies in 899; the leader says what the carrier is, and 182 or 106 repeats it."""
    form = "j" if e.kind == "учебник" else {"словарь": "e", "энциклопедия": "f", "справочник": "g"}.get(e.kind, "y")
    fields = [
        control("001", f"RU\\{s.code}\\{number:06d}"),
        control("005", f"2026{rng.randrange(1, 10):02d}{rng.randrange(1, 28):02d}093000.0"),
        field("010", [("a", e.isbn), ("d", price(rng))]),
        field("010", [("a", e.set_isbn), ("b", "общ.")]),
        field("011", [("a", e.issn)]),
        field("100", [("a", f"20260901d{e.year}    u  y0rusy50      ca")]),
        field("101", [("a", e.language)], "0 "),
        field("102", [("a", "RU")]),
        field("105", [("a", f"a   {form}   000{'a' if e.category == 'fiction' else 'y'}y")]),
        field("106", [("a", {"print": "r", "online": "s"}.get(e.carrier, "z"))]),
        *_title_area(e, s, "пер."),
        field("215", [("a", extent(e)), *([("c", "ил."), ("d", "22 см")] if e.carrier == "print" else [])]),
        field("225", [("a", e.series)], "1 "),
        *_subject_area(e),
        *_names(e, s),
        field("856", [("u", e.url)], "4 "),
        *(field("899", [("a", s.code), ("j", e.bbk), ("p", f"{number * 10 + n}")]) for n in _copies(e, rng, 5)),
    ]  # fmt: skip
    return _record(f"00000n{leader_type(e)}{level(e)}0 2200000 i 450 ", fields)


def unimarc(e: Edition, s: School, number: int, rng: random.Random) -> MarcRecord:
    """UNIMARC of a free system: names with their role, items in 995 with barcode, price and the day they came."""
    code = s.code.replace("-", "")
    fields = [
        control("001", f"{number}"),
        control("005", f"2026{rng.randrange(1, 10):02d}{rng.randrange(1, 28):02d}154500.0"),
        field("010", [("a", e.isbn), ("d", price(rng))]),
        field("011", [("a", e.issn)]),
        field("100", [("a", f"20260901d{e.year}    u  y0rusy50      ca")]),
        field("101", [("a", e.language)], "0 "),
        field("102", [("a", "RU")]),
        *_title_area(e, s, "перевод"),
        field("215", [("a", extent(e))]),
        field("225", [("a", e.series)], "2 "),
        *_subject_area(e),
        *_names(e, s, ("4", "070")),
        field("856", [("u", e.url)], "4 "),
        *(field("995", [("b", code), ("f", f"{code[-2:]}{number:05d}{n:03d}"), ("k", e.bbk), ("p", price(rng)),
                        ("5", f"{rng.randrange(max(e.year, 2016), 2026)}-09-0{rng.randrange(1, 10)}")])
          for n in _copies(e, rng, 7)),
    ]  # fmt: skip
    return _record(f"00000n{leader_type(e)}{level(e)}0 2200000   450 ", fields)


def marc21(e: Edition, s: School, number: int, rng: random.Random) -> MarcRecord:
    """MARC 21 with ISBD punctuation and 852 holdings, as a system bought abroad writes it."""
    statement = ", ".join(initials(a) for a in e.authors)
    more = subtitle(e, 0)
    title = [("a", f"{e.title} :" if more else e.title), ("b", f"{more} /" if statement else more),
             ("n", part(e, 0)), ("c", statement)]  # fmt: skip
    form = "o" if e.carrier == "online" else " "
    fields = [
        control("001", f"m21{number:07d}"),
        control("003", s.code),
        control("005", f"2026{rng.randrange(1, 10):02d}{rng.randrange(1, 28):02d}101500.0"),
        control("008", f"260901s{e.year}    ru a   {form}      000 {'1' if e.category == 'fiction' else '0'} rus d"),
        field("020", [("a", e.isbn.replace("-", ""))]),
        field("022", [("a", e.issn)]),
        field("080", [("a", e.udc)]),
        field("084", [("a", e.bbk), ("2", "rubbk")]),
        *(field("100", [("a", a)], "1 ") for a in e.authors[:1]),
        field("245", title, "10"),
        field("250", [("a", e.edition)]),
        field("264", [("a", f"{e.place} :"), ("b", f"{e.publisher},"), ("c", f"{e.year}.")], " 1"),
        field("300", [("a", extent(e))]),
        field("490", [("a", e.series)], "0 "),
        field("521", [("a", e.age)]),
        *(field("650", [("a", x)], " 4") for x in e.subjects),
        *(field("700", [("a", a)], "1 ") for a in e.authors[1:]),
        field("856", [("u", e.url)], "40"),
        *(field("852", [("b", s.code), ("h", e.bbk), ("p", f"{number * 10 + n}")]) for n in _copies(e, rng, 4)),
    ]  # fmt: skip
    return _record(f"00000n{leader_type(e).replace('l', 'm')}{level(e)} a2200000 i 4500", fields)


def _record(leader: str, fields: Iterable[MarcField | None]) -> MarcRecord:
    return MarcRecord(leader, tuple(f for f in fields if f is not None and (f.data or f.subfields)))
