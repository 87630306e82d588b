"""From a search document to what tantivy keeps: the same folding and lemmas that queries go through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from catalog_sync.citation.names import inverted
from catalog_sync.model import Agent
from catalog_sync.remembering import LONGEST
from catalog_sync.search import order, schema
from catalog_sync.search.document import Document
from catalog_sync.tables import rows
from catalog_sync.text_ru import fold, lemmas, skeleton, surname_forms, words

MAX_HEADING = 200  # characters of a heading kept as one term: longer «titles» are abstracts in the wrong field
LONGEST_SHOWN = 280  # characters of such a heading with its signs, as displayed: the address of a search takes 300
MAX_NOTE = 80  # the same of a note, an abstract or contents: enough for «starts with», not a copy of the text
MAX_TEXTS = 1 << 13  # texts of each kind whose analysis is kept, the latest: some 3 MB each
MAX_REMEMBERED = 300_000  # words whose lemmas are kept: 60 MB in the indexing process


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


def heading(text: str) -> str:
    """A heading as one term: its folded words, cut at MAX_HEADING characters."""
    return fold(text)[:MAX_HEADING].rstrip()


@lru_cache(maxsize=1 << 14)
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
    return "".join(text.split()).lower()


def shown(text: str) -> str:
    """A heading as displayed in scan, facets and suggestions: one line, no closing ISBD mark.

    A long one goes as far as `heading` does, to the end of a word: asked for, it must find what it was listed for.
    """
    line = " ".join(text.split()).strip(" ,;:/=")
    if len(line) <= MAX_HEADING:
        return line
    ends = (MAX_HEADING + gap.start() for gap in re.finditer(r" |$", line[MAX_HEADING:LONGEST_SHOWN]))
    return next((line[:end] for end in ends if len(fold(line[:end])) >= MAX_HEADING), line[:LONGEST_SHOWN])


# --- Texts that repeat from record to record: an author, a publisher, a subject is analysed once ----------------------


def _searched(text: str) -> tuple[str, str]:
    """Folded words and their lemmas; "" and "" where there are none."""
    return _short(text) if len(text) <= LONGEST else _long(text)


def _analysed(text: str) -> tuple[str, str]:
    folded = words(text)
    return " ".join(folded), lemma_text(folded)


_short = lru_cache(maxsize=MAX_TEXTS)(_analysed)
_long = lru_cache(maxsize=16)(_analysed)  # an abstract is hardly met again, but asked for twice: as words and heading


@lru_cache(maxsize=MAX_TEXTS)
def _transliterated(text: str) -> str:
    return skeleton_text(words(text))


class _Counted(NamedTuple):
    """A numbered heading: as one term, as listed by scan, and what it is counted by (its label, the label's number)."""

    folded: str
    listed: str
    label: str
    number: int


@lru_cache(maxsize=MAX_TEXTS)
def _counted(field: str, text: str) -> _Counted:
    folded, displayed = heading(text), shown(text)
    label = facet_label(field, displayed)
    return _Counted(folded, folded + schema.SEPARATOR + displayed, label, heading_number(heading(label)))


@lru_cache(maxsize=MAX_TEXTS)
def _author_heading(name: str) -> str:
    """«Толстой, Л. Н.» of a full name: so it finds the records with full forenames as well."""
    return heading(facet_label("author_n", name))


@lru_cache(maxsize=MAX_TEXTS)
def _forms_of_surname(name: str) -> str:
    return " ".join(f for part in words(name.partition(",")[0]) for f in surname_forms(part))


@lru_cache(maxsize=MAX_TEXTS)
def udc_entries(index: str) -> tuple[str, ...]:
    """A УДК index whole and by its parts: «373.167.1:51» is found under «51» as well."""
    whole = code(index)
    return tuple(dict.fromkeys((whole, *(p for p in re.split(r"[:+]", whole) if p))))


# --- The document -----------------------------------------------------------------------------------------------------


class _Names(NamedTuple):
    """The index fields of one access point; "" where it has no such field."""

    exact: str
    lemma: str
    skeleton: str
    heading: str
    listed: str
    number: str


_NAMES = {
    name: _Names(
        f"{name}_x", f"{name}_l", f"{name}_t" if name in schema.TRANSLITERATED else "", f"{name}_h",
        f"{name}_s" if name in schema.HEADED else "", f"{name}_n" if f"{name}_n" in schema.NUMBERED else "",
    )
    for name in schema.TEXT.values()
}  # fmt: skip


class Builder:
    """Collects the fields of one tantivy document."""

    def __init__(self) -> None:
        self.fields: dict[str, list[Any]] = {}
        self.every_word: list[str] = []
        self.every_lemma: list[str] = []
        self.displayed: dict[str, None] = {}

    def one(self, name: str, value: str | int) -> None:
        """A value for a field; a blank is none."""
        if value != "":
            self.fields.setdefault(name, []).append(value)

    def all(self, name: str, values: Iterable[str]) -> None:
        """The values of a field that has none yet, blanks left out."""
        kept = [value for value in values if value]
        if kept:
            self.fields[name] = kept

    def surnames(self, names: Iterable[str]) -> None:
        """Forms of surnames that their lemmas miss, as more lemmas of the author."""
        for name in names:
            forms = _forms_of_surname(name)
            if forms:
                self.one("author_l", forms)
                self.every_lemma.append(forms)

    def once(self, name: str, value: int | str) -> None:
        """A value once: a heading repeated in a record is counted once."""
        if value not in self.fields.get(name, ()):
            self.one(name, value)

    def text(self, name: str, texts: Sequence[str], *, headings: Sequence[str] = ()) -> None:
        """An access point searched by words, told once; `headings` are those of its values that are whole entries."""
        if texts:
            self._words(_NAMES[name], texts)
        if headings:
            self._headings(_NAMES[name], headings)

    def _words(self, names: _Names, texts: Sequence[str]) -> None:
        found, exact, lemmatised = [], [], []
        for text in texts:
            folded, lemma = _searched(text)
            if folded:
                found.append(text)
                exact.append(folded)
                lemmatised.append(lemma)
        if found:
            self.every_word += exact
            self.every_lemma += lemmatised
            self.fields[names.exact], self.fields[names.lemma] = exact, lemmatised
            if names.skeleton:
                self.fields[names.skeleton] = [_transliterated(text) for text in found]

    def _headings(self, names: _Names, headings: Sequence[str]) -> None:
        """Whole entries: compared, listed by scan, counted in facets, as far as their access point is."""
        if names.number:
            entries = [entry for text in headings if (entry := _counted(names.number, text)).folded]
            if entries:
                folded, listed, labels, numbers = zip(*entries, strict=True)
                self.fields[names.heading], self.fields[names.listed] = list(folded), list(listed)
                self.fields[names.number] = list(dict.fromkeys(numbers))
                self.displayed.update(dict.fromkeys(labels))
            return
        for text in headings:
            if whole := _searched(text)[0][: MAX_HEADING if names.listed else MAX_NOTE].rstrip():
                self.one(names.heading, whole)
                if names.listed:
                    self.one(names.listed, whole + schema.SEPARATOR + shown(text))


def index_fields(document: Document) -> dict[str, list[Any]]:
    """The fields of a search document as the index takes them: every access point, facet and sort key."""
    builder = Builder()
    fields = builder.fields
    fields["id"] = [document.cluster]
    builder.one("label", shown(document.titles[0]) if document.titles else "")
    _texts(builder, document)
    _codes(builder, document)
    builder.all("f_language", document.languages)
    builder.all("f_bbk", document.bbk_path)
    _any(builder, document)
    if document.year is not None:
        fields["year"] = [document.year]
    if document.age is not None:
        fields["age"] = [document.age]
    fields["headings"] = [pack_headings(builder.displayed)]
    if document.changed:
        fields["changed"] = [document.changed]
    fields["added"], fields["copies"] = [document.added], [document.copies]
    return fields


def _texts(builder: Builder, document: Document) -> None:
    main, *others = document.titles or ("",)
    # Title and subtitle are one text, so that a phrase may run from one into the other.
    whole = " ".join((main, *document.title_words))
    full_heading = " ".join((main, *document.title_words[:1]))
    builder.text("title", (whole, *others), headings=(main, *others))
    builder.one("title_h", heading(full_heading) if full_heading != main else "")
    builder.text("series", document.series, headings=document.series)
    builder.text("uniform", document.uniform_titles, headings=document.uniform_titles)
    builder.text("author", (*document.authors, *document.corporate, *document.author_words), headings=document.authors)
    builder.surnames(document.authors)
    for name in document.authors:
        builder.once("author_h", _author_heading(name))
    builder.text("corporate", document.corporate, headings=document.corporate)
    builder.text("subject", document.subjects, headings=document.subjects)
    builder.text("publisher", (*document.publishers, *document.publisher_words), headings=document.publishers)
    builder.text("place", (*document.places, *document.place_words), headings=document.places)
    builder.text("note", document.notes, headings=document.notes)
    builder.text("abstract", (document.abstract,), headings=(document.abstract,))
    builder.text("contents", document.contents, headings=document.contents)
    title_key = order.by_title(document)
    builder.one("sort_title", title_key)
    builder.one("sort_author", order.by_author(document, title_key))


def _codes(builder: Builder, document: Document) -> None:
    builder.all("isbn", document.isbns)
    builder.all("issn", document.issns)
    builder.all("local", document.local_ids)
    builder.all("language", dict.fromkeys(map(code, (*document.language_codes, *document.languages))))
    builder.all("udc", dict.fromkeys([entry for index in document.udc for entry in udc_entries(index)]))
    builder.all("bbk", dict.fromkeys((*map(code, document.bbk), *document.bbk_path)))
    builder.all("call_number", dict.fromkeys(map(code, document.call_numbers)))
    builder.one("kind", document.kind)
    builder.all("grade", map(str, document.grades))
    builder.one("carrier", document.carrier)
    builder.one("category", document.category)
    builder.all("school_subject", document.school_subjects)
    builder.all("library", document.libraries)
    builder.all("source", document.sources)
    builder.one("country", code(document.country))
    builder.all("access", document.access)
    builder.one("record_type", code(document.record_type))
    builder.one("bib_level", code(document.bib_level))


@cache
def _kind_lemmas(kind: str) -> tuple[str, ...]:
    """What a reader calls a document, whatever its cataloguer typed: «учеб.» is an «учебник».

    Only the kinds that the words of a record name: «литература» is a school subject, not what every novel is called.
    """
    return (lemma_text(words(kind)),) if kind in {row["kind"] for row in rows("document_kinds.tsv")} else ()


def _any(builder: Builder, document: Document) -> None:
    codes = [*document.isbns, *document.issns, str(document.year or "")]
    builder.fields["any_x"] = [" ".join(builder.every_word)]
    kind = _kind_lemmas(document.kind)
    builder.fields["any_l"] = [" ".join((*builder.every_lemma, *kind, *(c.lower() for c in codes if c)))]
