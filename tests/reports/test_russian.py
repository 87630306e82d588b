"""Russian as the reports speak it."""

from __future__ import annotations

import re
from datetime import date

import pytest

from catalog_sync.errors import Refused
from catalog_sync.reports import period, roadmap
from catalog_sync.reports.russian import (
    COPY,
    EDITION,
    NBSP,
    SCHOOL,
    change,
    counted,
    genitive,
    in_words,
    listed,
    number,
    percent,
    rubles_in_words,
    within,
)

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, "0 экземпляров"), (1, "1 экземпляр"), (2, "2 экземпляра"), (5, "5 экземпляров"), (11, "11 экземпляров"),
     (12, "12 экземпляров"), (21, "21 экземпляр"), (111, "111 экземпляров"), (1234, "1234 экземпляра"),
     (12345, "12 345 экземпляров")],
)  # fmt: skip
def test_a_noun_agrees_with_its_numeral(count, expected):
    assert counted(count, COPY).replace(NBSP, " ") == expected


@pytest.mark.parametrize(
    ("count", "expected"), [(1, "в 1 школе"), (9, "в 9 школах"), (11, "в 11 школах"), (21, "в 21 школе")]
)
def test_the_prepositional_case(count, expected):
    assert within(count, SCHOOL).replace(NBSP, " ") == expected


@pytest.mark.parametrize(("count", "expected"), [(1, "1 школы"), (20, "20 школ"), (21, "21 школы"), (2, "2 школ")])
def test_the_genitive_case(count, expected):
    assert genitive(count, SCHOOL).replace(NBSP, " ") == expected


def test_numbers_shares_and_lists():
    assert number(-1234567.5, 1).replace(NBSP, " ") == "−1 234 567,5"
    assert percent(0.45).replace(NBSP, " ") == "45 %"
    assert percent(0.453).replace(NBSP, " ") == "45,3 %"
    assert percent(None) == "—"
    assert percent(2999 / 3000).replace(NBSP, " ") == "99,9 %"  # one book is missing: it is not all
    assert percent(2 / 8695).replace(NBSP, " ") == "0,02 %"  # and two are not nothing
    assert [percent(share).replace(NBSP, " ") for share in (0.0, 1.0, 1.00001)] == ["0 %", "100 %", "100 %"]
    assert change(2.0).replace(NBSP, " ") == "вырос в 3 раза"
    assert change(25.2).replace(NBSP, " ") == "вырос в 26,2 раза"
    assert change(20.0).replace(NBSP, " ") == "вырос в 21 раз"
    assert change(-0.034).replace(NBSP, " ") == "сократился на 3,4 %"
    assert listed(["а", "б", "в"]) == "а, б и в"
    assert counted(12, EDITION).replace(NBSP, " ") == "12 изданий"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "ноль"), (1, "один"), (21, "двадцать один"), (2151, "две тысячи сто пятьдесят один"),
     (1_000_000, "один миллион"), (11_012, "одиннадцать тысяч двенадцать")],
)  # fmt: skip
def test_sums_in_words(value, expected):
    assert in_words(value) == expected
    assert rubles_in_words(215_122) == "две тысячи сто пятьдесят один рубль 22 копейки"


@pytest.mark.parametrize(
    ("text", "start", "end", "words"),
    [("2026", date(2026, 1, 1), date(2026, 12, 31), "2026 год"),
     ("2026Q3", date(2026, 7, 1), date(2026, 9, 30), "III квартал 2026 года"),
     ("2026H2", date(2026, 7, 1), date(2026, 12, 31), "II полугодие 2026 года"),
     ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "февраль 2024 года"),
     ("2025/2026", date(2025, 9, 1), date(2026, 8, 31), "2025/2026 учебный год"),
     ("2026-01-05:2026-02-01", date(2026, 1, 5), date(2026, 2, 1), "период с 05.01.2026 по 01.02.2026")],
)  # fmt: skip
def test_periods_as_people_name_them(text, start, end, words):
    found = period.parse(text, TODAY)
    assert (found.start, found.end, found.words) == (start, end, words)
    assert period.parse(found.code, TODAY) == found
    before = found.previous
    assert (before.end.toordinal() + 1, before.start < before.end) == (start.toordinal(), True)


@pytest.mark.parametrize(
    "text", ["2026Q5", "вчера", "2026-02-30:2026-03-01", "2026-13", "2026-03-01:2026-02-01", "0000", "0001",
             "9999", "9999Q4", "0001-01-01:0001-01-02"]
)  # fmt: skip
def test_a_period_that_is_none_is_refused_with_what_was_expected(text):
    with pytest.raises(Refused, match="ожидалось 2026") as refused:
        period.parse(text, TODAY)
    assert re.search("[a-z]{2,}", str(refused.value)) is None


def test_steps_of_a_period_tile_it():
    year = period.parse("2026", TODAY)
    for grain, count in (("month", 12), ("quarter", 4), ("half", 2), ("year", 1), ("day", 365)):
        parts = period.steps(year, grain)
        assert len(parts) == count
        assert parts[0].start == year.start
        assert parts[-1].end == year.end


def test_a_report_due_on_the_leap_day_is_due_on_the_last_of_february_in_other_years():
    duty = roadmap.Duty("x", "memo", "Проба", ("02-29",), "year")
    assert [*duty.due_days(2027), *duty.due_days(2028)] == [date(2027, 2, 28), date(2028, 2, 29)]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("III квартал 2026 года", "2026Q3"), ("3 кв. 2026", "2026Q3"), ("3кв 2026", "2026Q3"),
        ("2026, 3 квартал", "2026Q3"), ("1-й квартал 2026 г.", "2026Q1"), ("II полугодие 2026", "2026H2"),
        ("1 полугодие 2026 года", "2026H1"), ("ноябрь 2026 года", "2026-11"), ("2026 год", "2026"),
        ("весь 2026 год", "2026"),
        ("2025/2026 учебный год", "2025/2026"), ("2025–2026 уч. год", "2025/2026"),
        ("с 01.01.2026 по 30.06.2026", "2026-01-01:2026-06-30"), ("01.01.2026 – 30.06.2026", "2026-01-01:2026-06-30"),
    ],
)  # fmt: skip
def test_a_period_is_understood_as_it_is_said_in_papers(said: str, code: str) -> None:
    assert period.parse(said, TODAY).code == code


@pytest.mark.parametrize("code", ["2026", "2026Q3", "2026H1", "2026-05", "2025/2026", "2026-01-01:2026-06-30"])
def test_the_words_of_a_period_name_it(code: str) -> None:
    assert period.parse(period.parse(code, TODAY).words, TODAY).code == code


@pytest.mark.parametrize(
    ("code", "before"),
    [
        ("2026", "2025"), ("2026Q3", "2025Q3"), ("2026H1", "2025H1"), ("2026-05", "2025-05"),
        ("2025/2026", "2024/2025"), ("2024-02-29:2024-03-31", "2023-02-28:2023-03-31"),
    ],
)  # fmt: skip
def test_a_period_is_compared_with_the_same_days_a_year_before(code: str, before: str) -> None:
    assert period.parse(code, TODAY).year_before.code == before
