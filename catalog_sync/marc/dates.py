"""Days as library systems write them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from catalog_sync.remembering import remembering

_OLE_EPOCH = date(1899, 12, 30)  # day 0 of Delphi's TDateTime and of OLE automation dates
_OLE_FIRST, _OLE_LAST = 7000, 73051  # 1919 to 2100: smaller numbers are years or counts, not days
_OLE = re.compile(r"(\d{4,5})(?:[.,]\d*)?")
_MONTHS = ("янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
_PATTERNS = tuple(
    re.compile(rf"(?<!\d){pattern}(?!\d)")
    for pattern in (
        r"(?P<year>\d{4})(?P<mark>[-./])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?)",
        r"(?P<day>\d\d?)(?P<mark>[-./,])\s?(?P<month>\d\d?)(?P=mark)\s?(?P<year>\d{4})",
        r"(?P<day>\d\d?)(?P<mark>[./])(?P<month>\d\d?)(?P=mark)(?P<year>\d\d)",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:\d{6})?",
        rf"(?P<day>\d\d?)\s+(?P<word>{'|'.join(_MONTHS)})[а-я]*\.?\s+(?P<year>\d{{4}})",
    )
)


@remembering
def day_of(typed: str) -> date | None:
    """The day in a text: 41518.5 (days since 1899-12-30), 2013-09-01, 2013/09/01, 01.09.2013, 01-09-2013, 01.09.13,
    01/09/13, 20130901, 20130901120000, «1 сентября 2013 г.». Else None."""
    typed = typed.strip().lower()
    if not typed:
        return None
    if found := _OLE.fullmatch(typed):
        days = int(found[1])
        return _OLE_EPOCH + timedelta(days) if _OLE_FIRST <= days <= _OLE_LAST else None
    for pattern in _PATTERNS:
        if found := pattern.search(typed):
            said = found.groupdict()
            month = int(said["month"]) if "month" in said else _MONTHS.index(said["word"]) + 1
            return _day(int(said["year"]), month, int(said["day"]))
    return None


def _day(year: int, month: int, day: int) -> date | None:
    if year < 100:  # two digits: catalogues began to be typed after 1950
        year += 1900 if year > 50 else 2000
    try:
        return date(year, month, day) if 1900 <= year <= 2100 else None
    except ValueError:
        return None
