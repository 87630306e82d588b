"""Scan: the terms of an access point in order around a place (Z39.50 scan, SRU scan, «обзор по алфавиту»)."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Any

import tantivy

from catalog_sync.query import Access, ScanTerm, Unsupported
from catalog_sync.search import schema
from catalog_sync.search.analysis import code, heading
from catalog_sync.search.codes import digits
from catalog_sync.search.terms import Dictionary
from catalog_sync.text_ru import fold

TQ = tantivy.Query
MUST = tantivy.Occur.Must
# Terms on each side: a scan for 2^31-1 terms killed an established server. 200 are answered; one more on either side
# tells whether the list goes on, another takes the place of the term asked for where the answer begins behind it.
HIGHEST_SCAN = 202
MOST_DIGITS = 9  # of a date, and one more
_CODE_LETTERS = string.printable + "".join(chr(c) for c in range(0x410, 0x450)) + "Ёё"


class Scanner:
    """Scans of one snapshot of the index. `only` is the query that limits it to a library, or None."""

    def __init__(self, searcher: Any, index_schema: Any, alphabet: str, only: Any = None) -> None:
        self.searcher = searcher
        self.schema = index_schema
        self.alphabet = alphabet
        self.only = only

    def scan(self, access: Access, term: str, before: int, after: int) -> list[ScanTerm]:
        """`before` terms below `term`, then `after` from it on, each with the number of records it finds."""
        before, after = (max(0, min(n, HIGHEST_SCAN)) for n in (before, after))
        if access in schema.NUMBERS:
            return self._numbers(schema.NUMBERS[access], term, before, after)
        if access in schema.CODED:
            start = digits(term) if access in (Access.ISBN, Access.ISSN) else _code_start(access, term)
            return self._codes(schema.CODED[access], start, before, after)
        if access in schema.TEXT:
            name = schema.TEXT[access]
            return self._headings(name, term, before, after) if name in schema.HEADED else self._words(
                name, term, before, after
            )
        raise Unsupported("access", access.value)

    def _headings(self, name: str, term: str, before: int, after: int) -> list[ScanTerm]:
        terms = Dictionary(self.searcher, f"{name}_s", _with(self.alphabet, schema.SEPARATOR + " "), self.only)
        start = heading(term)
        below = self._shown(f"{name}_h", terms.downwards(start)) if start else iter(())
        above = self._shown(f"{name}_h", terms.upwards(start))
        return [*reversed(list(islice(below, before))), *islice(above, after)]

    def _shown(self, field: str, terms: Iterator[str]) -> Iterator[ScanTerm]:
        """Displayed headings: those folded alike are one, in the form most records have."""
        for folded, group in groupby(terms, key=lambda t: t.partition(schema.SEPARATOR)[0]):
            count = self._count(field, folded)
            if count:
                forms = list(group)
                best = forms[0] if len(forms) == 1 else max(forms, key=lambda f: (self._frequency(field, f), f))
                yield ScanTerm(best.partition(schema.SEPARATOR)[2], count)

    def _frequency(self, field: str, term: str) -> int:
        return int(self.searcher.doc_freq(field.removesuffix("_h") + "_s", term))

    def _words(self, name: str, term: str, before: int, after: int) -> list[ScanTerm]:
        return self._plain(f"{name}_x", Dictionary(self.searcher, f"{name}_x", self.alphabet, self.only), fold(term),
                           before, after)  # fmt: skip

    def _codes(self, field: str, start: str, before: int, after: int) -> list[ScanTerm]:
        terms = Dictionary(self.searcher, field, _with(self.alphabet, _CODE_LETTERS), self.only)
        return self._plain(field, terms, start, before, after)

    def _plain(self, field: str, terms: Dictionary, start: str, before: int, after: int) -> list[ScanTerm]:
        below = self._counted(field, terms.downwards(start)) if start else iter(())
        above = self._counted(field, terms.upwards(start))
        return [*reversed(list(islice(below, before))), *islice(above, after)]

    def _counted(self, field: str, terms: Iterable[str]) -> Iterator[ScanTerm]:
        for term in terms:
            count = self._count(field, term)
            if count:
                yield ScanTerm(term, count)

    def _count(self, field: str, value: str | int) -> int:
        query = TQ.term_query(self.schema, field, value, index_option="basic")
        if self.only is not None:
            query = TQ.boolean_query([(MUST, query), (MUST, self.only)])
        return int(self.searcher.search(query, 1).count)

    def _numbers(self, field: str, term: str, before: int, after: int) -> list[ScanTerm]:
        """Years, ages and dates: few enough to count all."""
        query = self.only if self.only is not None else TQ.all_query()
        request = {"values": {"terms": {"field": field, "size": 65000, "segment_size": 65000}}}
        buckets = self.searcher.aggregate(query, request)["values"]["buckets"]
        found = sorted((int(b["key"]), b["doc_count"]) for b in buckets)
        typed = "".join(re.findall(r"[0-9]", term))[:MOST_DIGITS]
        start = int(typed) if typed else 0
        place = next((i for i, (value, _) in enumerate(found) if value >= start), len(found))
        return [ScanTerm(str(v), n) for v, n in found[max(0, place - before) : place + after]]


def _code_start(access: Access, term: str) -> str:
    typed = (Access.KIND, Access.SUBJECT_AREA, Access.LIBRARY, Access.SOURCE, Access.LOCAL_ID)
    return term.strip() if access in typed else code(term)


def is_same(term: str, asked: str) -> bool:
    """Whether a term of the list is the one asked for, however that was typed («978-5…», «Алёнушка»)."""
    return fold(term).replace(" ", "") == fold(asked).replace(" ", "")


def _with(alphabet: str, letters: str) -> str:
    return "".join(sorted(set(alphabet) | set(letters)))
