"""Words that nothing marks, as they may be meant: «лев толстой» is Толстой, Л. Н., «мерзляк 6» is for the sixth class,
«книги о войне» need not have the word «книга».

The words as typed are always asked as well: «Василий Тёркин» is a title, «5 вечеров» too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import NamedTuple

from catalog_sync.query import Access, And, Or, Query, Relation, Term, Truncation
from catalog_sync.search.textual import STOP
from catalog_sync.text_ru import asked_lemmas, forename, is_patronymic, words

MOST_FORENAMES = 3  # of one query: each costs a look into the index of authors
_CLASS = re.compile(r"(1[01]|[1-9])[абвг]?")  # «5а» is the fifth class, too
# What is said around a book, and stands in no record; a title may have it all the same.
_AROUND = {
    "книга", "книги", "книгу", "книг", "книжка", "книжки", "книжку", "книжек", "почитать", "читать", "прочитать",
    "скачать", "онлайн", "бесплатно", "нужна", "нужен", "нужно", "найти", "братья", "бр", "ооо", "оао", "зао", "ао",
}  # fmt: skip


def asked(text: str) -> Query:
    """The words, or what they say of an author or a class, or those of them that say something."""
    typed = words(text)
    found = _of_class(text, typed)
    telling = [word for word in typed if word not in _AROUND]
    if len(telling) == len(typed) or says_nothing(telling):
        return found
    return Or(found, _of_class(" ".join(telling), telling))


def says_nothing(typed: Sequence[str]) -> bool:
    """Whether there are only words around a book, and prepositions."""
    return all(word in _AROUND or word in STOP for word in typed)


def _of_class(text: str, typed: Sequence[str]) -> Query:
    found = _by_author(text, typed)
    numbers = [n for n, word in enumerate(typed) if _CLASS.fullmatch(word)]
    if len(numbers) != 1:
        return found
    of_class = Term(typed[numbers[0]].rstrip("абвг"), Access.GRADE)
    rest = _without(typed, numbers[0], numbers[0] + 1)
    return Or(found, And(_by_author(" ".join(rest), rest), of_class) if rest else of_class)


def _by_author(text: str, typed: Sequence[str]) -> Query:
    """The words, or the rest of them and the author they name in full: most records have «Верн, Ж.»."""
    ways: list[Query] = [Term(text)]
    for name in _names(typed):
        rest = _without(typed, name.start, name.end)
        ways.append(And(Term(" ".join(rest)), reduce(Or, name.headings())))
    return reduce(Or, ways)


def _without(typed: Sequence[str], start: int, end: int) -> list[str]:
    return [*typed[:start], *typed[end:]]


class _Name(NamedTuple):
    """Forenames or initials at `start:end` of a query, and the words beside them, one of which may be the surname."""

    start: int
    end: int
    initials: tuple[str, ...]
    beside: tuple[str, ...]

    def headings(self) -> Iterator[Query]:
        """Headings of the author, surname first. Of two initials, a record may have the first only."""
        for word in self.beside:
            surnames = dict.fromkeys((*asked_lemmas(word), *((word[:-1],) if word.endswith("а") else ())))
            for surname in surnames:
                heading = " ".join((surname, *self.initials))
                yield Term(heading, Access.AUTHOR, Relation.EXACT, Truncation.RIGHT)
                if len(self.initials) > 1:
                    yield Term(f"{surname} {self.initials[0]}", Access.AUTHOR, Relation.EXACT)


def _names(typed: Sequence[str]) -> list[_Name]:
    found, at = list[_Name](), 0
    while at < len(typed) and len(found) < MOST_FORENAMES:
        initials = _initials(typed[at : at + 2]) or _initials(typed[at : at + 1])
        end = at + max(len(initials), 1)
        beside = tuple(w for w in (*typed[max(at - 1, 0) : at], *typed[end : end + 1]) if len(w) > 1)
        if initials and beside:
            found.append(_Name(at, end, initials, beside))
        at = end
    return found


def _initials(said: Sequence[str]) -> tuple[str, ...]:
    """«льва николаевича», «л н», «лев» → initials; () for what names nobody: a single letter is a preposition."""
    if len(said) > 1 and all(len(word) == 1 and word.isalpha() for word in said):
        return tuple(said)
    first = forename(said[0])[:1]
    if len(said) > 1:
        return (first, said[1][0]) if first and is_patronymic(said[1]) else ()
    return (first,) if first else ()
