"""Days as library systems write them."""

from __future__ import annotations

import re
from datetime import date, timedelta

from catalog_sync.remembering import remembering

_OLE_EPOCH = date(1899, 12, 30)  # day 0 of Delphi's TDateTime and of OLE automation dates
_OLE_FIRST, _OLE_LAST = 7000, 73051  # 1919 to 2100: smaller numbers are years or counts, not days
_OLE = re.compile(r"(\d{4,5})(?:[.,]\d*)?")
_PATTERNS = (
    (re.compile(r"(?<!\d)(\d{4})-(\d\d?)-(\d\d?)(?!\d)"), (1, 2, 3)),
    (re.compile(r"(?<!\d)(\d\d?)[./](\d\d?)[./](\d{4})(?!\d)"), (3, 2, 1)),
    (re.compile(r"(?<!\d)(\d\d?)\.(\d\d?)\.(\d\d)(?!\d)"), (3, 2, 1)),
    (re.compile(r"(?<!\d)(\d{4})(\d\d)(\d\d)(?!\d)"), (1, 2, 3)),
)


@remembering
def day_of(typed: str) -> date | None:
    """The day in a text: 41518.5 (days since 1899-12-30), 2013-09-01, 01.09.2013, 01.09.13, 20130901. Else None."""
    typed = typed.strip()
    if not typed:
        return None
    if found := _OLE.fullmatch(typed):
        days = int(found[1])
        return _OLE_EPOCH + timedelta(days) if _OLE_FIRST <= days <= _OLE_LAST else None
    for pattern, (year, month, day) in _PATTERNS:
        if found := pattern.search(typed):
            return _day(int(found[year]), int(found[month]), int(found[day]))
    return None


def _day(year: int, month: int, day: int) -> date | None:
    if year < 100:  # two digits: catalogues began to be typed after 1950
        year += 1900 if year > 50 else 2000
    try:
        return date(year, month, day) if 1900 <= year <= 2100 else None
    except ValueError:
        return None
