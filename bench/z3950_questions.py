"""Generated questions with known kinds: for the load (with at least ten hits) and for the comparison with Zebra."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catalog_sync.model import UnionRecord
from tests.fakes import words


def queries(records: Sequence[UnionRecord], count: int, seed: int = 3, least: int = 10) -> list[str]:
    """Queries with at least `least` hits: title words, title pairs, authors, subjects, any, years, and, or, not."""
    chance = random.Random(seed)
    titles: Counter[str] = Counter()
    authors: Counter[str] = Counter()
    subjects: Counter[str] = Counter()
    years: Counter[str] = Counter()
    for record in records:
        titles.update(set(words(record.bib.title)))
        authors.update({words(record.bib.agents[0].name)[0]})
        subjects.update({words(s)[0] for s in record.bib.subjects})
        years.update({record.bib.year_coded or record.bib.year_text})
    pick = {name: [w for w, n in found.items() if n >= least]
            for name, found in (("t", titles), ("a", authors), ("s", subjects), ("y", years))}  # fmt: skip
    common = [w for w, n in titles.most_common(40)]

    def one() -> str:
        t, a, s, y = (chance.choice(pick[k] or [""]) for k in "tasy")
        made = {
            "title": f"@attr 1=4 {t}", "author": f"@attr 1=1003 {a}", "subject": f"@attr 1=21 {s}",
            "any": f"@attr 1=1016 {t}", "year": f"@attr 1=31 {y}", "or": f"@or @attr 1=4 {t} @attr 1=1003 {a}",
            "not": f"@not @attr 1=4 {t} @attr 1=31 {y}",
            "and": f"@and @attr 1=4 {chance.choice(common)} @attr 1=4 {chance.choice(common)}",
            "right truncation": f"@attr 1=4 @attr 5=1 {t[:4]}",
        }  # fmt: skip
        return made[chance.choice([kind for kind in made if kind != "subject" or s])]

    return [one() for _ in range(count)]


@dataclass(frozen=True)
class Question:
    """The same question in RPN and in CQL; `cql` is empty where CQL has no word for it."""

    kind: str
    rpn: str
    cql: str = ""


def questions(records: Sequence[UnionRecord], count: int, seed: int = 11) -> list[Question]:
    """Questions of every kind in turn, about records that are there (and now and then about one that isn't)."""
    chance = random.Random(seed)
    makers = list(_MAKERS.items())
    return [
        Question(kind, *make(chance.choice(records), chance.choice(records), chance))
        for kind, make in (makers[n % len(makers)] for n in range(count))
    ]


def _title(record: UnionRecord) -> list[str]:
    return words(record.bib.title)


def _surname(record: UnionRecord) -> str:
    return words(record.bib.agents[0].name)[0]


def _phrase(a: UnionRecord, b: UnionRecord, chance: random.Random) -> tuple[str, str]:
    at = chance.randrange(len(_title(a)) - 1)
    two = " ".join(_title(a)[at : at + 2])
    return f'@attr 1=4 @attr 4=1 "{two}"', f'title adj "{two}"'


def _word_list(a: UnionRecord, b: UnionRecord, chance: random.Random) -> tuple[str, str]:
    two = " ".join(chance.sample(_title(a), 2))
    return f'@attr 1=4 @attr 4=6 "{two}"', f'title all "{two}"'


def _any_word(a: UnionRecord, b: UnionRecord, chance: random.Random) -> tuple[str, str]:
    two = f"{chance.choice(_title(a))} {chance.choice(_title(b))}"
    return f'@attr 1=4 @attr 4=105 "{two}"', f'title any "{two}"'


def _word(a: UnionRecord, chance: random.Random) -> str:
    return chance.choice(_title(a))


_MAKERS: dict[str, Callable[[UnionRecord, UnionRecord, random.Random], tuple[str, str]]] = {
    "title word": lambda a, b, c: (f"@attr 1=4 {(w := _word(a, c))}", f"title={w}"),
    "title phrase": _phrase,
    "title word list": _word_list,
    "title any of two words": _any_word,
    "title, first in field": lambda a, b, c: (f"@attr 1=4 @attr 3=1 {(w := _word(a, c))}", f'title="^{w}"'),
    "title, complete field": lambda a, b, c: (
        f'@attr 1=4 @attr 6=3 "{(t := " ".join(_title(a)))}"', f'title=="{t}"'
    ),
    "truncated right": lambda a, b, c: (f"@attr 1=4 @attr 5=1 {(w := _word(a, c)[:4])}", f"title={w}*"),
    "truncated left": lambda a, b, c: (f"@attr 1=4 @attr 5=2 {(w := _word(a, c)[-3:])}", f"title=*{w}"),
    "truncated both": lambda a, b, c: (f"@attr 1=4 @attr 5=3 {(w := _word(a, c)[1:4])}", f"title=*{w}*"),
    "masked (Z39.58)": lambda a, b, c: (f"@attr 1=4 @attr 5=104 {(w := _word(a, c))[:2]}?", f"title={w[:2]}*"),
    "author": lambda a, b, c: (f"@attr 1=1003 {(w := _surname(a))}", f"author={w}"),
    "author with initials": lambda a, b, c: (f'@attr 1=1003 "{(w := a.bib.agents[0].name)}"', f'author="{w}"'),
    "subject": lambda a, b, c: (f"@attr 1=21 {(w := words((a.bib.subjects or b.bib.subjects or ('нет',))[0])[0])}",
                                f"subject={w}"),
    "any": lambda a, b, c: (f"@attr 1=1016 {(w := _word(a, c))}", f"cql.anywhere={w}"),
    "ISBN": lambda a, b, c: (f"@attr 1=7 {(w := a.bib.isbns[0].normal)}", f"bath.isbn={w}"),
    "year": lambda a, b, c: (f"@attr 1=31 {(w := a.bib.year_coded)}", f"date={w}"),
    "year from": lambda a, b, c: (f"@attr 1=31 @attr 2=4 @attr 4=4 {(w := a.bib.year_coded)}", f"date>={w}"),
    "year before": lambda a, b, c: (f"@attr 1=31 @attr 2=1 @attr 4=4 {(w := a.bib.year_coded)}", f"date<{w}"),
    "publisher": lambda a, b, c: (f"@attr 1=1018 {(w := words(a.bib.publishers[0])[0])}", f"publisher={w}"),
    "place": lambda a, b, c: (f"@attr 1=59 {words(a.bib.places[0])[0]}", ""),
    "and": lambda a, b, c: (f"@and @attr 1=4 {(w := _word(a, c))} @attr 1=31 {a.bib.year_coded}",
                            f"title={w} and date={a.bib.year_coded}"),
    "or": lambda a, b, c: (f"@or @attr 1=4 {(w := _word(a, c))} @attr 1=1003 {_surname(b)}",
                           f"title={w} or author={_surname(b)}"),
    "not": lambda a, b, c: (f"@not @attr 1=4 {(w := _word(a, c))} @attr 1=31 {b.bib.year_coded}",
                            f"title={w} not date={b.bib.year_coded}"),
    "nothing": lambda a, b, c: ("@attr 1=4 нетникогда", "title=нетникогда"),
}  # fmt: skip
