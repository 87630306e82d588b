"""What goes wrong at a cataloguer's desk, put into a few records of the sample: real exports have each of these slips.

The letter to the school (`catalog-sync letter`) names them; `catalog-sync review` asks about the meagre records.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from catalog_sync.model import MarcField, MarcRecord, Subfield

Slip = Callable[[MarcRecord], MarcRecord]
LATIN = str.maketrans("аеосхАЕОСМТ", "aeocxAEOCMT")  # the twins on the other layout
TITLE, SUBTITLE, ISBN, YEAR = ("200", "245"), "eb", ("010", "020"), ("210", "260", "264")


def _change(record: MarcRecord, tags: tuple[str, ...], codes: str, how: Callable[[str], str]) -> MarcRecord:
    """The first field of the tags with its subfields of these codes changed; an empty value drops the subfield."""
    fields, done = [], False
    for field in record.fields:
        if field.tag in tags and not done:
            done = True
            pairs = [(s.code, how(s.value) if s.code in codes else s.value) for s in field.subfields]
            field = replace(field, subfields=tuple(Subfield(c, v) for c, v in pairs if v))
        fields.append(field)
    return replace(record, fields=tuple(f for f in fields if f.data or f.subfields))


def latin_letters(record: MarcRecord) -> MarcRecord:
    """The first letters typed before the layout was switched."""
    return _change(record, TITLE, "a", lambda text: text[:2].translate(LATIN) + text[2:])


def wrong_isbn(record: MarcRecord) -> MarcRecord:
    """The last digit misread."""
    return _change(record, ISBN, "a", lambda text: text[:-1] + str((int(text[-1]) + 1) % 10))


def price_for_isbn(record: MarcRecord) -> MarcRecord:
    """The price in the neighbouring box of the form."""
    return _change(record, ISBN, "a", lambda text: "345.00 р.")


def grade_in_title(record: MarcRecord) -> MarcRecord:
    """The whole cover typed into one box."""
    subtitle = next((f.first(SUBTITLE) for f in record.fields if f.tag in TITLE), "")
    bare = _change(record, TITLE, SUBTITLE, lambda text: "")
    return _change(bare, TITLE, "a", lambda text: f"{text.rstrip(' :')}. {subtitle.split(' : ')[0].rstrip(' /')}")


def no_year(record: MarcRecord) -> MarcRecord:
    """Neither in the description nor in the coded data."""
    return _coded_year(_change(record, YEAR, _year_code(record), _none), "    ")


def year_ahead(record: MarcRecord) -> MarcRecord:
    """2019 typed as 2109."""
    return _change(record, YEAR, _year_code(record), lambda text: "2109")


def _year_code(record: MarcRecord) -> str:
    return "d" if any(f.tag == "210" for f in record.fields) else "c"


def _none(text: str) -> str:
    return ""


def _coded_year(record: MarcRecord, year: str) -> MarcRecord:
    return _change(record, ("100",), "a", lambda text: text[:9] + year + text[13:] if text[:2].isdigit() else text)


def no_number(record: MarcRecord) -> MarcRecord:
    """Exported from the inventory book instead of the catalogue: without 001."""
    return replace(record, fields=tuple(f for f in record.fields if f.tag != "001"))


def numbered(record: MarcRecord, number: str) -> MarcRecord:
    return replace(record, fields=tuple(MarcField("001", data=number) if f.tag == "001" else f for f in record.fields))


def meagre(record: MarcRecord) -> MarcRecord:
    """Typed in a hurry: author, title, year and the copies, nothing of class, publisher or ISBN."""
    kept = ("001", "005", "008", "100", "200", "245", "210", "260", "700", "090", "899", "990", "852")
    short = replace(record, fields=tuple(f for f in record.fields if f.tag in kept))
    imprint = "ac" if any(f.tag == "210" for f in record.fields) else "ab"
    return _change(_change(short, TITLE, SUBTITLE + "cf", _none), YEAR, imprint, _none)


# Place in the school's export → what happened to that record.
SLIPS: dict[str, dict[int, Slip]] = {
    "school-01-uch": {3: wrong_isbn, 7: latin_letters, 77: grade_in_title},
    "school-02": {
        5: latin_letters, 11: wrong_isbn, 23: price_for_isbn, 31: grade_in_title, 47: grade_in_title,
        60: meagre, 140: latin_letters,
    },
    "school-03": {8: year_ahead, 19: no_year, 33: no_number, 60: wrong_isbn, 100: meagre},
    "school-04": {14: latin_letters, 52: price_for_isbn, 90: no_year, 60: meagre, 125: meagre},
    "mezhpos": {20: wrong_isbn},
}  # fmt: skip
# Places whose book was entered a second time: the new copies came, the old record was not found.
ENTERED_AGAIN: dict[str, tuple[int, ...]] = {"school-02": (17, 133), "school-03": (41,), "school-04": (12, 75, 130)}


def spoiled(records: list[MarcRecord], school: str) -> list[MarcRecord]:
    """The export with its slips, in the same order; records entered again come at the end, as they were typed last."""
    slips = SLIPS.get(school, {})
    found = [slips[place](record) if place in slips else record for place, record in enumerate(records, start=1)]
    for extra, place in enumerate(ENTERED_AGAIN.get(school, ()), start=1):
        again = records[place - 1]
        found.append(_other_copies(numbered(again, again.control("001")[:-4] + f"{9000 + extra}")))
    return found


def _other_copies(record: MarcRecord) -> MarcRecord:
    """New inventory numbers: it was the new copies that made somebody type the book again."""
    fields = [
        replace(f, subfields=tuple(Subfield(s.code, f"9{s.value}" if s.code in "pe" else s.value) for s in f.subfields))
        if f.tag in ("899", "852", "090")
        else f
        for f in record.fields
    ]
    return replace(record, fields=tuple(fields))
