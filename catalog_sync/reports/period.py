"""Periods as people name them: 2026, 2026Q3, 2026H1, 2026-05, 2026-01-01:2026-06-30, 2025/2026 (a school year)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from catalog_sync.errors import Refused
from catalog_sync.reports.russian import ROMAN, short_day

MONTH_NAMES = ("январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь",
               "декабрь")  # fmt: skip
FIRST_YEAR, LAST_YEAR = 1800, 2999  # reports look a period back and a day on: the calendar must have room for both
EXPECTED = "ожидалось 2026, 2026Q3, 2026H1, 2026-05, 2025/2026, 2026-01-01:2026-06-30 или словами: «III квартал 2026»"


@dataclass(frozen=True, slots=True)
class Period:
    start: date
    end: date
    code: str
    words: str  # accusative, after «за»: «III квартал 2026 года»

    @property
    def previous(self) -> Period:
        """The period of the same kind just before."""
        if re.fullmatch(r"\d{4}-\d\d-\d\d:.*", self.code):
            days = (self.end - self.start).days + 1
            return between(self.start - timedelta(days), self.start - timedelta(1))
        return parse(_previous_code(self.code), self.start)

    @property
    def year_before(self) -> Period:
        """The same days a year before: textbooks come in August, a quarter is told by the same quarter."""
        if re.fullmatch(r"\d{4}-\d\d-\d\d:.*", self.code):
            return between(_a_year_before(self.start), _a_year_before(self.end))
        return parse(re.sub(r"\d{4}", lambda year: str(int(year[0]) - 1), self.code), self.start)

    def contains(self, day: date) -> bool:
        return self.start <= day <= self.end


class _Misnamed(ValueError):
    """Days that are there and make no period; the text is for people."""


def parse(text: str, today: date) -> Period:
    """A period by its name; empty means the current year. Raises Refused that says what was expected."""
    text = text.strip() or str(today.year)
    code = _said(text)
    for pattern, make in _FORMS:
        found = re.fullmatch(pattern, code, re.IGNORECASE)
        if found:
            try:
                made = make(*found.groups())
            except ValueError as error:
                why = error if isinstance(error, _Misnamed) else "таких дней в календаре нет"
                raise Refused(f"период {text!r}: {why}; {EXPECTED}") from error
            if not FIRST_YEAR <= made.start.year <= made.end.year <= LAST_YEAR:
                raise Refused(f"период {text!r}: годы бывают от {FIRST_YEAR} до {LAST_YEAR}; {EXPECTED}")
            return made
    raise Refused(f"период {text!r}: {EXPECTED}")


_PART = r"(i{1,3}|iv|[1-4])(?:-?(?:й|е|ое|ый))?"
_SPOKEN: tuple[tuple[str, Callable[..., str]], ...] = (
    (rf"{_PART}\s?кв(?:артал)? (\d{{4}})", lambda part, year: f"{year}Q{_number(part)}"),
    (rf"(\d{{4}}),? {_PART}\s?кв(?:артал)?", lambda year, part: f"{year}Q{_number(part)}"),
    (rf"{_PART} (?:полугодие|п/г) (\d{{4}})", lambda part, year: f"{year}H{_number(part)}"),
    (rf"({'|'.join(MONTH_NAMES)}) (\d{{4}})", lambda name, year: f"{year}-{MONTH_NAMES.index(name) + 1:02d}"),
    (r"(\d{4})[/–—-](\d{4})(?: уч(?:ебный)?)?", lambda first, second: f"{first}/{second}"),
    (r"(?:период )?с?\s?(\d\d)\.(\d\d)\.(\d{4})(?: по |\s?[–—-]\s?)(\d\d)\.(\d\d)\.(\d{4})",
     lambda d, m, y, day, month, year: f"{y}-{m}-{d}:{year}-{month}-{day}"),
)  # fmt: skip


def _said(text: str) -> str:
    """«III квартал 2026 года» → «2026Q3»: a period in words as its code, a code as it is."""
    plain = " ".join(re.sub(r"(?<=[а-я])\.", " ", text.lower()).split())
    plain = re.sub(r"^весь | (?:года?|г)$", "", plain)
    for pattern, code in _SPOKEN:
        if found := re.fullmatch(pattern, plain):
            return code(*found.groups())
    return plain if plain.isdigit() else text


def _number(part: str) -> str:
    return str(ROMAN.index(part.upper()) + 1) if part.upper() in ROMAN else part


def _year(year: str) -> Period:
    return Period(date(int(year), 1, 1), date(int(year), 12, 31), year, f"{year} год")


def _quarter(year: str, quarter: str) -> Period:
    first = int(quarter) * 3 - 2
    return Period(
        date(int(year), first, 1),
        _month_end(int(year), first + 2),
        f"{year}Q{quarter}",
        f"{ROMAN[int(quarter) - 1]} квартал {year} года",
    )


def _half(year: str, half: str) -> Period:
    first = 1 if half == "1" else 7
    words = f"{ROMAN[int(half) - 1]} полугодие {year} года"
    return Period(date(int(year), first, 1), _month_end(int(year), first + 5), f"{year}H{half}", words)


def _month(year: str, month: str) -> Period:
    name = MONTH_NAMES[int(month) - 1] if 1 <= int(month) <= 12 else ""
    return Period(
        date(int(year), int(month), 1), _month_end(int(year), int(month)), f"{year}-{month}", f"{name} {year} года"
    )


def _school_year(first: str, second: str) -> Period:
    if int(second) != int(first) + 1:
        raise _Misnamed("учебный год — это два года подряд")
    code = f"{first}/{second}"
    return Period(date(int(first), 9, 1), date(int(second), 8, 31), code, f"{code} учебный год")


def _between(start: str, end: str) -> Period:
    return between(date.fromisoformat(start), date.fromisoformat(end))


def between(start: date, end: date) -> Period:
    """Any period by its first and last day."""
    if end < start:
        raise _Misnamed("конец раньше начала")
    return Period(start, end, f"{start}:{end}", f"период с {short_day(start)} по {short_day(end)}")


_FORMS: tuple[tuple[str, Callable[..., Period]], ...] = (
    (r"(\d{4})", _year),
    (r"(\d{4})-?[QКкK]([1-4])", _quarter),
    (r"(\d{4})-?H([12])", _half),
    (r"(\d{4})-(\d\d)", _month),
    (r"(\d{4})/(\d{4})", _school_year),
    (r"(\d{4}-\d\d-\d\d):(\d{4}-\d\d-\d\d)", _between),
)


def _a_year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _month_end(year: int, month: int) -> date:
    return date(year + (month == 12), month % 12 + 1, 1) - timedelta(1)


def _previous_code(code: str) -> str:
    year = int(code[:4])
    kind, part = code[4:5], code[5:]
    if not kind:
        return str(year - 1)
    if kind == "/":
        return f"{year - 1}/{year}"
    last = {"Q": 4, "H": 2, "-": 12}[kind]
    number = int(part) - 1 or last
    shown = f"{number:02d}" if kind == "-" else str(number)
    return f"{year - (int(part) == 1)}{kind}{shown}"


def quarter_of(day: date) -> Period:
    return _quarter(str(day.year), str((day.month - 1) // 3 + 1))


def steps(period: Period, grain: str) -> list[Period]:
    """The days, months, quarters, half-years or years of a period; the first and last may be cut short by it."""
    found: list[Period] = []
    at = period.start
    while at <= period.end:
        step = _STEPS[grain](at)
        start, end = max(step.start, period.start), min(step.end, period.end)
        found.append(step if (start, end) == (step.start, step.end) else between(start, end))
        at = step.end + timedelta(1)
    return found


_STEPS: dict[str, Callable[[date], Period]] = {
    "day": lambda day: between(day, day),
    "month": lambda day: _month(str(day.year), f"{day.month:02d}"),
    "quarter": quarter_of,
    "half": lambda day: _half(str(day.year), "1" if day.month < 7 else "2"),
    "year": lambda day: _year(str(day.year)),
}
GRAINS = tuple(_STEPS)


def named(period: Period) -> Period:
    """The same days by their name, where they are a year, half-year, quarter or month."""
    for grain in ("year", "half", "quarter", "month"):
        found = _STEPS[grain](period.start)
        if (found.start, found.end) == (period.start, period.end):
            return found
    return period
