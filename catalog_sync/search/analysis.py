"""From a search document to what tantivy keeps: the same folding and lemmas that queries go through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

from catalog_sync.citation.names import inverted
from catalog_sync.model import Agent
from catalog_sync.search import schema
from catalog_sync.search.document import Document
from catalog_sync.text_ru import fold, lemmas, skeleton, surname_forms, words

MAX_HEADING = 200  # characters of a heading kept as one term: longer «titles» are abstracts in the wrong field
MAX_NOTE = 80  # the same of a note, an abstract or contents: enough for «starts with», not a copy of the text
MAX_SORT_KEY = 80
MAX_REMEMBERED = 300_000  # words whose lemmas are kept: 60 MB in the indexing process

_SPACES = re.compile(r"\s+")


class _Memo(dict[str, str]):
    """Word → text computed once: looked up at the speed of a dictionary, a hundred words to a document."""

    def __init__(self, compute: Callable[[str], str]) -> None:
        super().__init__()
        self.compute = compute

    def __missing__(self, word: str) -> str:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        text = self[word] = self.compute(word)
        return text


def _skeletons(word: str) -> str:
    return " ".join(dict.fromkeys((skeleton(word), *map(skeleton, lemmas(word)))))


_LEMMAS = _Memo(lambda word: " ".join(lemmas(word)))
_SKELETONS = _Memo(_skeletons)


def lemma_text(folded: Iterable[str]) -> str:
    """All lemmas of all words, joined for the whitespace tokenizer."""
    return " ".join(map(_LEMMAS.__getitem__, folded))


def skeleton_text(folded: Iterable[str]) -> str:
    """Skeletons of the words and of their lemmas: «pushkin» finds «Пушкина»."""
    return " ".join(map(_SKELETONS.__getitem__, folded))


def heading(text: str, longest: int = MAX_HEADING) -> str:
    """A heading as one term: its folded words, cut at `longest` characters."""
    return fold(text)[:longest].rstrip()


@lru_cache(maxsize=100_000)
def heading_number(folded: str) -> int:
    """A number for a folded heading, to count it by: 52 bits, so that no floating point on the way rounds it."""
    return int.from_bytes(blake2b(folded.encode(), digest_size=8).digest(), "big") >> 12


def pack_headings(displayed: Iterable[str]) -> bytes:
    """Displayed forms of a document's numbered headings, for `facets.learn`."""
    return msgspec.msgpack.encode(list(displayed))


def unpack_headings(data: bytes) -> list[str]:
    return msgspec.msgpack.decode(data, type=list[str])


def facet_label(field: str, displayed: str) -> str:
    """How a heading is shown and counted in facets: authors by initials, since half of the records have no more."""
    return inverted(Agent(displayed)) if field == "author_n" else displayed


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
        self.every_word: list[str] = []
        self.every_lemma: list[str] = []
        self.displayed: dict[str, None] = {}

    def one(self, name: str, value: Any) -> None:
        """A value for a field; a blank is none."""
        if value not in ("", b""):
            self.fields.setdefault(name, []).append(value)

    def add(self, name: str, *values: Any) -> None:
        """Values for a field, blanks left out."""
        for value in values:
            self.one(name, value)

    def surnames(self, names: Iterable[str]) -> None:
        """Forms of surnames that their lemmas miss, as more lemmas of the author."""
        for name in names:
            forms = " ".join(f for part in words(name.partition(",")[0]) for f in surname_forms(part))
            if forms:
                self.one("author_l", forms)
                self.every_lemma.append(forms)

    def once(self, name: str, value: int | str) -> None:
        """A value once: a heading repeated in a record is counted once."""
        if value not in self.fields.get(name, ()):
            self.one(name, value)

    def text(self, name: str, texts: Iterable[str], *, headings: Iterable[str] = ()) -> None:
        """An access point searched by words; `headings` are those of its values that are whole entries."""
        for text in texts:
            folded = words(text)
            if folded:
                exact, lemmatised = " ".join(folded), lemma_text(folded)
                self.every_word.append(exact)
                self.every_lemma.append(lemmatised)
                self.one(f"{name}_x", exact)
                self.one(f"{name}_l", lemmatised)
                if name in schema.TRANSLITERATED:
                    self.one(f"{name}_t", skeleton_text(folded))
        longest = MAX_HEADING if name in schema.HEADED else MAX_NOTE
        for text in headings:
            folded_heading = heading(text, longest)
            if folded_heading:
                self.one(f"{name}_h", folded_heading)
                if name in schema.HEADED:
                    self.one(f"{name}_s", folded_heading + schema.SEPARATOR + shown(text))
                if f"{name}_n" in schema.NUMBERED:
                    label = facet_label(f"{name}_n", shown(text))
                    self.displayed[label] = None
                    self.once(f"{name}_n", heading_number(heading(label)))


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
    builder.add("headings", pack_headings(builder.displayed))
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
    builder.surnames(document.authors)
    for name in document.authors:  # «Толстой, Л. Н.» finds the records with full forenames as well
        builder.once("author_h", heading(facet_label("author_n", name)))
    builder.text("corporate", document.corporate, headings=document.corporate)
    builder.text("subject", document.subjects, headings=document.subjects)
    builder.text("publisher", (*document.publishers, *document.publisher_words), headings=document.publishers)
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
    builder.one("record_type", code(document.record_type))
    builder.one("bib_level", code(document.bib_level))


def udc_entries(index: str) -> tuple[str, ...]:
    """A УДК index whole and by its parts: «373.167.1:51» is found under «51» as well."""
    whole = code(index)
    return tuple(dict.fromkeys((whole, *(p for p in re.split(r"[:+]", whole) if p))))


def _facets(builder: Builder, document: Document) -> None:
    builder.add("f_language", *document.languages)
    builder.add("f_bbk", *document.bbk_path)


def _any(builder: Builder, document: Document) -> None:
    codes = [*document.isbns, *document.issns, str(document.year or "")]
    builder.fields["any_x"] = [" ".join(builder.every_word)]
    builder.fields["any_l"] = [" ".join((*builder.every_lemma, *(c.lower() for c in codes if c)))]
