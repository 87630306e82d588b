"""Records typed alike: what is read once for all copies of a description is what each of them says."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from catalog_sync import copies
from catalog_sync.errors import BadRecord
from catalog_sync.marc.copies import _own_tags
from catalog_sync.marc.reading import detect, marc_record, read_export, to_bib
from catalog_sync.marc.writing import to_iso2709
from catalog_sync.model import BibRecord, Dialect, Holdings, MarcField, MarcRecord, Source, SourceRecord, Subfield
from catalog_sync.settings import SAMPLE_CONFIG
from catalog_sync.store.packing import unpack_bib

LEFT_OUT = _own_tags()
TELLING = "Часть 2. 5 класс, 12+. ISBN 978-5-901202-50-0. Вид. 22.1я72. http://site.example/book.pdf 2019"


def records(data: bytes, dialect: Dialect, encoding: str = "") -> Iterator[SourceRecord]:
    found = read_export(data, Source("s", "s", dialect=dialect, encoding=encoding))
    return (one for one in found if isinstance(one, SourceRecord))


def is_titled(record: SourceRecord) -> bool:
    try:
        bib = to_bib(record)
    except BadRecord:
        return False
    return bib.title != "" and bib.dialect is record.dialect


@cache
def sample(dialect: Dialect, most: int = 40) -> tuple[SourceRecord, ...]:
    """Titled records of the sample district, from every export that this dialect or its kin can read."""
    found: list[SourceRecord] = []
    for path in sorted((SAMPLE_CONFIG.parent / "exports").glob("*.mrc")):
        data = path.read_bytes()[:60_000]
        if detect(data).dialect.is_unimarc_family == dialect.is_unimarc_family:
            titled = [one for one in records(data, dialect) if is_titled(one)]
            found += titled[::4]
    return tuple(found[:most])


def said(bib: BibRecord) -> BibRecord:
    return structs.replace(bib, holdings=Holdings(), changed="", warnings=())


def with_fields(
    record: SourceRecord, fields: Sequence[MarcField], without: frozenset[str] = frozenset()
) -> SourceRecord:  # fmt: skip
    """The record with these fields before its own, which lose those named `without`."""
    marc = marc_record(record)
    own = tuple(field for field in marc.fields if field.tag not in without)
    data = to_iso2709(MarcRecord(marc.leader, (*fields, *own)), "utf-8")
    return replace(record, data=data, encoding="utf-8", warnings=())


def telling(tag: str) -> MarcField:
    if tag < "010":
        return MarcField(tag, data=TELLING)
    return MarcField(tag, "10", tuple(Subfield(code, TELLING) for code in string.ascii_lowercase + string.digits))


@pytest.mark.parametrize("dialect", Dialect)
def test_what_copies_may_differ_in_says_nothing_of_the_edition(dialect: Dialect) -> None:
    assert sample(dialect)
    heard = set[str]()
    for record in sample(dialect, 3):
        plain = said(to_bib(with_fields(record, ())))
        for tag in map("{:03}".format, range(1, 1000)):
            if said(to_bib(with_fields(record, [telling(tag)]))) != plain:
                heard.add(tag)
        assert said(to_bib(with_fields(record, (), LEFT_OUT))) == plain
    assert not heard & LEFT_OUT
    assert len(heard) > 30  # the fields that do speak of the edition


@pytest.mark.parametrize("dialect", Dialect)
def test_a_copy_is_read_as_it_would_be_by_itself(dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> None:
    known, asked = copies.Copies(), list[SourceRecord]()

    def asking(record: SourceRecord, profile: str) -> BibRecord:
        asked.append(record)
        return to_bib(record, profile)

    for record in sample(dialect):
        assert known.read(record, "").packed.bib() == to_bib(record)
    monkeypatch.setattr(copies, "to_bib", asking)
    for record in sample(dialect):
        copy = replace(record, source="other", warnings=("нет номера записи (001)",))
        assert known.read(copy, "").packed.bib() == to_bib(copy)
    assert len(asked) < len(sample(dialect)) / 2


def test_of_more_descriptions_than_there_is_room_for_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "REMEMBERED", 2)
    known, asked = copies.Copies(), list[str]()

    def asking(record: SourceRecord, profile: str) -> BibRecord:
        asked.append(record.local_id)
        return to_bib(record, profile)

    monkeypatch.setattr(copies, "to_bib", asking)
    notes = [MarcField("300", "  ", (Subfield("a", f"Примечание {n}"),)) for n in range(3)]
    three = [with_fields(sample(Dialect.RUSMARC)[0], [note]) for note in notes]
    for record in [*three, *reversed(three)]:
        assert known.read(record, "").packed.bib() == to_bib(record)
    assert len(asked) == 4  # three that are new, and the first of them, forgotten meanwhile
    known.forget()
    known.read(three[2], "")
    assert len(asked) == 5


values = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12) | st.sampled_from(
    [TELLING, "20190901", "05.09.2019", "12", "0", "6", "э\N{COMBINING BREVE}", "\ufffd", "10 / 2 / 8"]
)
own_fields = st.builds(
    lambda tag, pairs: MarcField(tag, "  ", tuple(Subfield(code, value) for code, value in pairs))
    if tag > "009"
    else MarcField(tag, data=pairs[0][1]),
    st.sampled_from(sorted(tag for tag in LEFT_OUT if tag.isdigit())),
    st.lists(st.tuples(st.sampled_from(string.ascii_lowercase + string.digits), values), min_size=1, max_size=4),
)


@pytest.mark.parametrize("dialect", Dialect)
@settings(max_examples=50)
@given(data=st.data(), fields=st.lists(own_fields, max_size=4), emptied=st.booleans())
def test_whatever_a_copy_has_of_its_own(
    dialect: Dialect, data: st.DataObject, fields: list[MarcField], emptied: bool
) -> None:
    record = with_fields(data.draw(st.sampled_from(sample(dialect))), ())
    profile = data.draw(st.sampled_from(["", "irbis", "koha"]))
    known = copies.Copies()
    assert known.read(record, profile).packed.bib() == to_bib(record, profile)
    copy = with_fields(record, fields, LEFT_OUT if emptied else frozenset())
    found = known.read(copy, profile)
    assert found.packed.bib() == to_bib(copy, profile)
    assert unpack_bib(found.packed.dump()) == found.packed
