"""A line of a reading list in the search box: «Толстой Л. Н. Детство. – М. : АСТ, 2010. – 120 с.»

All its words stand in no record. What is asked instead: that edition, then any edition of the book.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog_sync.facets import grades_in
from catalog_sync.marc.parts import without_gmd
from catalog_sync.search.habits import PART
from catalog_sync.text_ru import words

_YEAR = r"(?:1[89]|20)\d\d"
_CITY = r"(?:М|Л|СПб|Москва|Ленинград|Санкт-Петербург)\.?\s?:"
_IS_ONE = re.compile(rf"\s//?\s|\.\s?[–—]\s|\.\s-\s|\d\s?с\.|:\s?[^:,;]+,\s*{_YEAR}")
_NUMBER_IN_LIST = re.compile(r"^\s*\d{1,3}[.)]\s+")
_HEAD_ENDS = re.compile(rf"\s*(?:\s//?\s|\.?\s[–—-]\s|\.[–—]|[.,]?\s+{_CITY})")
_SURNAME = r"(?P<surname>[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?)"
_HEADING = re.compile(rf"{_SURNAME},?\s+(?:[А-ЯЁ]\.[\s,]*){{1,3}}")
_RESPONSIBLE = re.compile(rf"\s/\s(?:[А-ЯЁ]\.\s?){{1,3}}{_SURNAME}")
_ISBN = re.compile(r"(?<!\d)(?:97[89][-–‐ ]?)?(?:\d[-–‐ ]?){9}[\dXХ](?!\d)")


def readings(text: str) -> list[str]:
    """Queries that ask less than the line does, the strictest first; [] for what is no description.

    None is a description itself: who reads the readings again comes to an end.
    """
    if not _IS_ONE.search(text):
        return []
    asked = _readings(without_gmd(_NUMBER_IN_LIST.sub("", text))[0])
    return [less for less in dict.fromkeys(asked) if not _IS_ONE.search(less)]


def _readings(line: str) -> Iterator[str]:
    yield from _ISBN.findall(line)[:1]
    end = _HEAD_ENDS.search(line)
    head, rest = (line[: end.start()], line[end.start() :]) if end else (line, "")
    years = re.findall(_YEAR, rest)
    told = [asked for asked in (head, _book(head, rest)) if words(asked)]  # a year alone asks for half the catalogue
    if years:
        yield from (f"{asked} {years[-1]}" for asked in told)
    yield from told


def _book(head: str, rest: str) -> str:
    """Surname of the first author, title, class and part: what a book is asked for by."""
    heading = _HEADING.match(head)
    author = heading or _RESPONSIBLE.match(rest)
    title = re.split(r"\s?:|\s?;", head[heading.end() if heading else 0 :])[0].strip(" .,")
    said = [author["surname"] if author else "", title]
    grades, part = grades_in(head), PART.search(head)
    if grades and not grades_in(title):
        said.append(f"{grades[0]}-{grades[-1]} класс" if len(grades) > 1 else f"{grades[0]} класс")
    if part and part[0] not in title:
        said.append(part[0])
    return " ".join(filter(None, said))
