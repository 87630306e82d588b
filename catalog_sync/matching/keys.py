"""Who might be the same: blocking keys of one record, and the rule that keeps popular blocks bounded.

A key starts with its role: `=` meets every record with the same key; `?` (the record lacks something, say its year)
meets `?` and `!`; `!` (the record has it) meets `?` only. So gaps are bridged without all pairs of the complete ones.
"""

from __future__ import annotations

from catalog_sync.matching.features import Features
from catalog_sync.matching.titles import title_key

MAX_PAIRS = 45_000  # of a block (300 records): some tenths of a second; fuller blocks are cut by `finer`
MAX_AUTHORS = 4  # descriptions name at most four in the heading and its added entries (ГОСТ Р 7.0.100, 5.2.6)
SURNAME = 4  # letters: a slip usually comes later, and case endings always do


def keys(f: Features) -> frozenset[str]:
    """Blocking keys: ISBN, ISSN with issue, title with author, title with class, author with class, volume of a set."""
    found = {f"=i{isbn}" for isbn in f.isbns + f.shared_isbns}
    grade = f"{f.grade[0]}-{f.grade[1]}" if f.grade else ""
    people = [a[0][:SURNAME] for a in (f.authors or f.compilers)[:MAX_AUTHORS]]
    titles = {title_key(t) for t in (f.title, f.host) if t}
    if f.subtitle and not people and 0 < len(f.title) < 3:  # another hand typed both into the title
        titles.add(title_key(f.title + f.subtitle))
    if not titles and f.numbers:
        titles = {f.numbers[0]}
    for title in titles:
        for person in people:
            found |= _with_year(f"t{title}|{person}", f)
        found |= _with_year(f"g{title}|{grade}", f, gaps=not people or bool(f.isbns))
        if f.years:
            found.add(f"{'!' if grade else '?'}y{title}|{f.years[0]}")
    for person in people:
        found |= _with_year(f"p{person}|{grade}", f, gaps=False)
    # «Энциклопедия для детей. Т. 2. Биология»: the volume's own title stands in the title or behind the number.
    found |= {
        f"=v{title_key(f.title[:2])}|{first}|{year}" for label, first, _ in f.parts for year in f.years if label == "т"
    }
    return frozenset(found)


def _with_year(stem: str, f: Features, gaps: bool = True) -> set[str]:
    if len(f.years) == 1:
        dated = f"={stem}|{f.years[0]}"
        return {dated, f"!{stem}"} if gaps else {dated}
    found = {f"={stem}|{year}" for year in f.years}
    if gaps:
        found.add(f"!{stem}" if f.years else f"?{stem}")
    return found


def meets(key: str) -> tuple[str, ...]:
    """The keys whose records a record with this one meets."""
    stem = key[1:]
    return {"=": (key,), "?": (f"?{stem}", f"!{stem}"), "!": (f"?{stem}",)}[key[0]]


def finer(key: str, f: Features) -> str:
    """The key a record has within an overfull block: everything visible that tells editions apart."""
    part = ",".join(f"{label}{first}" for label, first, _ in f.parts)
    author = f.authors[0][0][:SURNAME] if f.authors else ""
    house = f.houses[0][:8] if f.houses else ""
    return f"{key}\t{'.'.join(map(str, f.years))}|{f.grade or ''}|{part}|{f.kind}|{author}|{house}|{title_key(f.title)}"
