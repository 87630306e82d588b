"""From a search document to what tantivy keeps: the same folding and lemmas that queries go through."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from catalog_sync.search import schema
from catalog_sync.search.document import Document
from catalog_sync.text_ru import fold, lemmas, skeleton, words

MAX_HEADING = 200  # characters of a heading kept as one term: longer «titles» are abstracts in the wrong field
MAX_SORT_KEY = 80

_SPACES = re.compile(r"\s+")


@lru_cache(maxsize=300_000)
def _lemma_text(word: str) -> str:
    return " ".join(lemmas(word))


def lemma_text(folded: list[str]) -> str:
    """All lemmas of all words, joined for the whitespace tokenizer."""
    return " ".join(map(_lemma_text, folded))


def skeleton_text(folded: Iterable[str]) -> str:
    """Skeletons of the words and of their lemmas: «pushkin» finds «Пушкина»."""
    found: dict[str, None] = {}
    for word in folded:
        found[skeleton(word)] = None
        for lemma in lemmas(word):
            found[skeleton(lemma)] = None
    return " ".join(found)


def heading(text: str) -> str:
    """A heading as one term: its folded words, cut at MAX_HEADING characters."""
    return fold(text)[:MAX_HEADING].rstrip()


def code(text: str) -> str:
    """A classification index, a code or an identifier as compared: no spaces, lower case."""
    return _SPACES.sub("", text).lower()


def shown(text: str) -> str:
    """A heading as displayed in scan and suggestions: one line, no closing ISBD mark."""
    return _SPACES.sub(" ", text).strip(" ,;:/=")[:MAX_HEADING]


class Builder:
    """Collects the fields of one tantivy document."""

    def __init__(self) -> None:
        self.fields: dict[str, list[Any]] = {}
        self.everything: list[str] = []

    def add(self, name: str, *values: Any) -> None:
        """Values for a field, blanks left out."""
        kept = [v for v in values if v != ""]
        if kept:
            self.fields.setdefault(name, []).extend(kept)

    def text(self, name: str, texts: Iterable[str], *, headings: Iterable[str] = ()) -> None:
        """An access point searched by words; `headings` are those of its values that are whole entries."""
        for text in texts:
            folded = words(text)
            self.everything.extend(folded)
            self.add(f"{name}_x", " ".join(folded))
            self.add(f"{name}_l", lemma_text(folded))
            if name in schema.TRANSLITERATED:
                self.add(f"{name}_t", skeleton_text(folded))
        for text in headings:
            folded_heading = heading(text)
            self.add(f"{name}_h", folded_heading)
            if folded_heading and name in schema.HEADED:
                self.add(f"{name}_s", folded_heading + schema.SEPARATOR + shown(text))


def index_fields(document: Document) -> dict[str, list[Any]]:
    """The fields of a search document as the index takes them: every access point, facet and sort key."""
    builder = Builder()
    builder.add("id", document.cluster)
    builder.add("label", shown(document.titles[0]) if document.titles else "")
    _texts(builder, document)
    _codes(builder, document)
    _facets(builder, document)
    _any(builder, document)
    for name in ("year", "age"):
        value = getattr(document, name)
        if value is not None:
            builder.add(name, value)
    builder.add("changed", document.changed)
    builder.add("added", document.added)
    builder.add("copies", document.copies)
    return builder.fields


def _texts(builder: Builder, document: Document) -> None:
    main, *others = document.titles or ("",)
    # Title and subtitle are one text, so that a phrase may run from one into the other.
    whole = " ".join((main, *document.title_words))
    full_heading = " ".join((main, *document.title_words[:1]))
    builder.text("title", (whole, *others), headings=(main, *others))
    builder.add("title_h", heading(full_heading) if full_heading != main else "")
    builder.text("series", document.series, headings=document.series)
    builder.text("uniform", document.uniform_titles, headings=document.uniform_titles)
    builder.text("author", (*document.authors, *document.corporate, *document.author_words), headings=document.authors)
    builder.text("corporate", document.corporate, headings=document.corporate)
    builder.text("subject", document.subjects, headings=document.subjects)
    builder.text("publisher", document.publishers, headings=document.publishers)
    builder.text("place", document.places, headings=document.places)
    builder.text("note", document.notes, headings=document.notes)
    builder.text("abstract", (document.abstract,), headings=(document.abstract,))
    builder.text("contents", document.contents, headings=document.contents)
    builder.add("sort_title", heading(main)[:MAX_SORT_KEY])
    first_author = (*document.authors, *document.corporate)[:1]
    builder.add("sort_author", *(heading(a)[:MAX_SORT_KEY] for a in first_author))


def _codes(builder: Builder, document: Document) -> None:
    builder.add("isbn", *document.isbns)
    builder.add("issn", *document.issns)
    builder.add("local", *document.local_ids)
    builder.add("language", *dict.fromkeys((*map(code, document.language_codes), *map(code, document.languages))))
    builder.add("udc", *dict.fromkeys(c for u in document.udc for c in udc_entries(u)))
    builder.add("bbk", *dict.fromkeys((*map(code, document.bbk), *document.bbk_path)))
    builder.add("kind", document.kind)
    builder.add("grade", *map(str, document.grades))
    builder.add("carrier", document.carrier)
    builder.add("category", document.category)
    builder.add("school_subject", *document.school_subjects)
    builder.add("library", *document.libraries)
    builder.add("source", *document.sources)
    builder.add("country", code(document.country))
    builder.add("access", *document.access)


def udc_entries(index: str) -> tuple[str, ...]:
    """A УДК index whole and by its parts: «373.167.1:51» is found under «51» as well."""
    whole = code(index)
    return tuple(dict.fromkeys((whole, *(p for p in re.split(r"[:+]", whole) if p))))


def _facets(builder: Builder, document: Document) -> None:
    builder.add("f_language", *document.languages)
    builder.add("f_author", *dict.fromkeys(map(shown, document.authors)))
    builder.add("f_publisher", *dict.fromkeys(map(shown, document.publishers)))
    builder.add("f_bbk", *document.bbk_path)
    builder.add("f_subject", *dict.fromkeys(map(shown, document.subjects)))


def _any(builder: Builder, document: Document) -> None:
    codes = [*document.isbns, *document.issns, str(document.year or "")]
    everything = [*builder.everything, *(c.lower() for c in codes if c)]
    builder.fields["any_x"] = [" ".join(everything)]
    unique = list(dict.fromkeys(everything))
    builder.add("any_l", lemma_text(unique))
    builder.add("any_t", skeleton_text(unique))
