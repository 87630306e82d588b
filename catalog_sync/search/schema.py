"""The fields of the index and how each access point is asked of them.

Two kinds of text field stand side by side: `*_l` holds all lemmas (word searches), `*_x` holds the words as folded
(phrases, prefixes, typing errors). `*_h` holds whole folded headings (exact search, truncation of a heading, start of
field) and `*_s` the same with the displayed form behind a separator, which makes the index its own list of headings:
`Searcher.terms_with_prefix` enumerates it, so scan and suggestions need no table beside the index that could disagree.
"""

from __future__ import annotations

import json
from typing import Any

import tantivy

from catalog_sync.query import Access

SCHEMA_VERSION = 11  # grows with every change here: an index of another version is rebuilt, never guessed at
SEPARATOR = "\x01"  # between a folded heading and its displayed form; below every letter, so it sorts first
META_FILE = "meta.json"  # tantivy's: the writer replaces it with every commit
STATE = "state"  # the one value of field `meta`: the document that remembers the last applied outbox number

WORDS = "words"  # our own analysis joins words by spaces; Python tokens would index six times slower
RAW = "raw"

# Access points searched by words.
TEXT: dict[Access, str] = {
    Access.ANY: "any",
    Access.TITLE: "title",
    Access.TITLE_SERIES: "series",
    Access.TITLE_UNIFORM: "uniform",
    Access.AUTHOR: "author",
    Access.CORPORATE: "corporate",
    Access.SUBJECT: "subject",
    Access.PUBLISHER: "publisher",
    Access.PLACE: "place",
    Access.NOTE: "note",
    Access.ABSTRACT: "abstract",
    Access.CONTENTS: "contents",
}
# Those whose values are headings, listed by scan with the form a reader sees.
HEADED = ("title", "series", "uniform", "author", "corporate", "subject", "publisher", "place")
TRANSLITERATED = ("title", "author")

# Access points compared as codes, and the field each is kept in.
CODED: dict[Access, str] = {
    Access.ISBN: "isbn",
    Access.ISSN: "issn",
    Access.LOCAL_ID: "local",
    Access.LANGUAGE: "language",
    Access.UDC: "udc",
    Access.BBK: "bbk",
    Access.BBK_DIVISION: "f_bbk",  # made with the facets
    Access.CALL_NUMBER: "call_number",
    Access.KIND: "kind",
    Access.GRADE: "grade",
    Access.CARRIER: "carrier",
    Access.CATEGORY: "category",
    Access.SUBJECT_AREA: "school_subject",
    Access.LIBRARY: "library",
    Access.SOURCE: "source",
    Access.COUNTRY: "country",
    Access.AVAILABILITY: "access",
    Access.RECORD_TYPE: "record_type",
    Access.BIB_LEVEL: "bib_level",
}
# Access points compared as numbers. Dates are YYYYMMDD.
NUMBERS: dict[Access, str] = {Access.YEAR: "year", Access.AGE: "age", Access.CHANGED: "changed",
                              Access.ADDED: "added"}  # fmt: skip

# Facet name → fast field it is counted in.
FACETS: dict[str, str] = {
    "kind": "kind", "category": "category", "carrier": "carrier", "library": "library", "grade": "grade",
    "school_subject": "school_subject", "language": "f_language", "year": "year", "author": "author_n",
    "publisher": "publisher_n", "bbk": "f_bbk", "age": "age", "access": "access", "source": "source",
    "subject": "subject_n",
}  # fmt: skip
# Facets of headings: counted by a number of the folded heading, shown by one of its displayed forms.
NUMBERED = ("author_n", "publisher_n", "subject_n")
_FAST_CODED = {"kind", "category", "carrier", "library", "grade", "school_subject", "access", "source"}
_FACET_ONLY = ("f_language", "f_bbk")
SORT_FIELDS = ("sort_title", "sort_author")


def build() -> Any:
    """The tantivy schema. Every name used elsewhere is made here."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", tokenizer_name=RAW, index_option="basic")
    builder.add_text_field("label", stored=True, tokenizer_name=RAW, index_option="basic")
    builder.add_text_field("meta", tokenizer_name=RAW, index_option="basic")
    builder.add_text_field("payload", stored=True, tokenizer_name=RAW, index_option="basic")
    builder.add_bytes_field("headings", stored=True, indexed=False)  # displayed forms of the numbered ones
    for name in TEXT.values():
        builder.add_text_field(f"{name}_l", tokenizer_name=WORDS, index_option="freq")
        builder.add_text_field(f"{name}_x", tokenizer_name=WORDS, index_option="position")
        if name != "any":
            builder.add_text_field(f"{name}_h", tokenizer_name=RAW, index_option="basic")
    for name in HEADED:
        builder.add_text_field(f"{name}_s", tokenizer_name=RAW, index_option="basic")
    for name in TRANSLITERATED:
        builder.add_text_field(f"{name}_t", tokenizer_name=WORDS, index_option="basic")
    for name in (name for name in CODED.values() if name not in _FACET_ONLY):
        builder.add_text_field(name, tokenizer_name=RAW, index_option="basic", fast=name in _FAST_CODED)
    for name in _FACET_ONLY:
        builder.add_text_field(name, tokenizer_name=RAW, index_option="basic", fast=True)
    for name in SORT_FIELDS:
        builder.add_text_field(name, tokenizer_name=RAW, index_option="basic", fast=True)
    for name in (*NUMBERS.values(), *NUMBERED, "copies"):
        builder.add_unsigned_field(name, indexed=True, fast=True)
    builder.add_unsigned_field("card", fast=True)  # its place among the cards (search.cards)
    return builder.build()


def register(index: Any) -> None:
    """Tokenizers are not kept in the index: they are registered again at every opening."""
    index.register_tokenizer(WORDS, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())


def read_state(searcher: Any, index_schema: Any) -> dict[str, Any]:
    """What the writer left in the index: {"number": …, "alphabet": …}, or {} in an empty one."""
    query = tantivy.Query.term_query(index_schema, "meta", STATE, index_option="basic")
    hits = searcher.search(query, 1).hits
    return dict(json.loads(searcher.doc(hits[0][1])["payload"][0])) if hits else {}
