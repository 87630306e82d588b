"""The union record as MARC of each dialect."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.marc.union_marc import from_bib, from_union
from catalog_sync.marc.union_xml import mods
from catalog_sync.marc.writing import to_iso2709
from catalog_sync.model import (
    Agent,
    BibRecord,
    CarrierSigns,
    Dialect,
    Host,
    Isbn,
    Link,
    PartName,
    RecordKey,
    Series,
    Source,
    SourceRecord,
    UnionRecord,
)
from catalog_sync.query import LibraryHoldings
from tests.fake_records import generated_records, sample_records

KEY = RecordKey("school-07", "RU/SCH/77")
ALGEBRA = BibRecord(
    key=KEY,
    dialect=Dialect.RUSMARC,
    title="Алгебра",
    other_titles=("Мордкович. Алгебра",),
    subtitle="учебник для 7 класса : в 2 ч.",
    parts=(PartName("Ч. 1", "Теория"),),
    responsibility="А. Г. Мордкович ; под ред. И. Иванова",
    edition="15-е изд., стер.",
    places=("Москва",),
    publishers=("Мнемозина",),
    year_text="2015",
    year_coded="2015",
    extent="175 с.",
    illustrations="ил.",
    size="22 см",
    series=(Series("ФГОС", "3"),),
    isbns=(Isbn("978-5-346-03198-7", "9785346031987", "ч. 1"),),
    price="250 р.",
    agents=(
        Agent("Мордкович, А. Г.", "070", main=True, expansion="Александр Григорьевич"),
        Agent("Иванов, Иван Петрович", "ред."),
        Agent("Министерство просвещения", kind="body"),
    ),
    subjects=("Алгебра -- Учебники",),
    keywords=("уравнения",),
    bbk=("22.14я72",),
    udc=("512(075)",),
    languages=("rus",),
    country="RU",
    notes=("Библиогр.: с. 170",),
    contents=("Гл. 1",),
    abstract="Учебник.",
    audience="dd",
    age_mark="12+",
    coded_form="j",
    literary_form="y",
    carrier=CarrierSigns(leader_type="a", leader_level="m", gmd="Текст"),
    links=(Link("https://example.org/cover.jpg", of_work=False), Link("https://example.org/algebra.pdf")),
    hosts=(Host("461", "Алгебра. 7 класс", "Ч. 1", isbn="978-5-346-00001-1"),),
    changed="20200525191048.0",
)
UNION = UnionRecord("c000000017", ALGEBRA, (KEY,))
HOLDINGS = (LibraryHoldings("school-07", "Школа № 7", 3, ("22.14 М79",), ("чз",)),)
DIALECTS = (Dialect.RUSMARC, Dialect.UNIMARC, Dialect.MARC21, Dialect.MARCSQL)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_leader_has_24_characters_and_zero_lengths_whatever_the_dialect(dialect: Dialect) -> None:
    leader = from_union(UNION, dialect).leader
    assert len(leader) == 24
    assert leader[:5] == leader[12:17] == "00000"
    assert leader[10:12] == "22"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_fields_are_in_tag_order_and_none_is_empty(dialect: Dialect) -> None:
    record = from_union(UNION, dialect, HOLDINGS)
    tags = [f.tag for f in record.fields]
    assert tags == sorted(tags)
    assert all(f.data or f.subfields for f in record.fields)
    assert all(s.value for f in record.fields for s in f.subfields)


def test_the_cluster_is_the_control_number() -> None:
    assert {from_union(UNION, d).control("001") for d in DIALECTS} == {"c000000017"}
    assert from_bib(ALGEBRA, Dialect.MARC21).control("001") == "RU/SCH/77"


def test_coded_data_have_the_length_their_format_prescribes() -> None:
    rusmarc, marc21 = from_union(UNION, Dialect.RUSMARC), from_union(UNION, Dialect.MARC21)
    processing, text = rusmarc.first("100"), rusmarc.first("105")
    assert processing is not None
    assert text is not None
    assert processing.first("a") == "20200525d2015    dd y0rusy50      ca"
    assert len(processing.first("a")) == 36
    assert text.first("a") == "||||j   |||y|"
    fixed = marc21.control("008")
    assert len(fixed) == 40
    assert (fixed[:6], fixed[6:11], fixed[15:18], fixed[22], fixed[33], fixed[35:38]) == (
        "200525", "s2015", "ru ", "c", "0", "rus",
    )


def test_a_part_of_a_set_says_so_in_the_leader_and_keeps_the_set_embedded() -> None:
    record = from_union(UNION, Dialect.RUSMARC)
    host = record.first("461")
    assert record.leader[8] == "2"
    assert host is not None
    assert [(s.code, s.value) for s in host.subfields] == [
        ("1", "010  "), ("a", "978-5-346-00001-1"), ("1", "2001 "), ("a", "Алгебра. 7 класс"), ("v", "Ч. 1"),
    ]
    linked = from_union(UNION, Dialect.MARC21).first("773")
    assert linked is not None
    assert (linked.first("t"), linked.first("g"), linked.first("z")) == (
        "Алгебра. 7 класс", "Ч. 1", "978-5-346-00001-1",
    )


def test_people_are_split_in_rusmarc_and_whole_in_marc21() -> None:
    rusmarc, marc21 = from_union(UNION, Dialect.RUSMARC), from_union(UNION, Dialect.MARC21)
    assert [(f.tag, f.first("a"), f.first("b"), f.first("g"), f.first("4")) for f in rusmarc.all("700", "702")] == [
        ("700", "Мордкович", "А. Г.", "Александр Григорьевич", "070"),
        ("702", "Иванов", "И. П.", "Иван Петрович", "340"),
    ]
    assert [(f.tag, f.first("a"), f.first("q"), f.first("4")) for f in marc21.all("100", "700")] == [
        ("100", "Мордкович, А. Г.", "Александр Григорьевич", "aut"), ("700", "Иванов, Иван Петрович", "", "edt"),
    ]


def test_who_holds_it_is_said_in_the_field_of_the_dialect() -> None:
    held = from_union(UNION, Dialect.RUSMARC, HOLDINGS).first("899")
    assert held is not None
    assert (held.first("a"), held.first("j"), held.first("z")) == ("Школа № 7", "22.14 М79", "Экземпляров: 3")
    held = from_union(UNION, Dialect.MARC21, HOLDINGS).first("852")
    assert held is not None
    assert held.first("9") == "school-07"


def test_marcsql_has_its_own_fields_for_bbk_series_and_links() -> None:
    record = from_union(UNION, Dialect.MARCSQL, HOLDINGS)
    tags = {f.tag for f in record.fields}
    assert {"090", "091", "440"} <= tags
    assert [f.first("a") for f in record.all("900")] == ["https://example.org/algebra.pdf"]  # a cover would pass for it
    assert not tags & {"084", "490", "852", "856", "040", "337"}


def test_a_cover_is_marked_as_not_the_work_itself() -> None:
    links = [next(from_union(UNION, d).all("856")).indicators for d in (Dialect.RUSMARC, Dialect.MARC21)]
    assert links == ["42", "42"]


READ_BACK = ("title", "subtitle", "parts", "responsibility", "edition", "places", "publishers", "year_text", "extent",
             "illustrations", "size", "subjects", "keywords", "bbk", "udc", "languages", "notes", "contents",
             "abstract", "age_mark", "series", "price", "other_titles", "original_languages", "issns")


@pytest.mark.parametrize("dialect", [Dialect.RUSMARC, Dialect.MARC21, Dialect.MARCSQL])
@pytest.mark.parametrize("union", [UNION, *sample_records(), *generated_records(40, 3)], ids=lambda u: u.cluster)
def test_what_we_hand_out_is_read_back_as_what_we_meant(union: UnionRecord, dialect: Dialect) -> None:
    data = to_iso2709(from_union(union, dialect))
    found = next(iter(read_export(data, Source("s", "l", dialect=dialect, encoding="utf-8"))))
    assert isinstance(found, SourceRecord)
    back = to_bib(found)
    for name in READ_BACK:
        assert getattr(back, name) == getattr(union.bib, name), name
    assert {i.normal for i in back.isbns if not i.of_host} == {i.normal for i in union.bib.isbns}
    assert [h.title for h in back.hosts] == [h.title for h in union.bib.hosts]
    assert {a.name.split(",")[0] for a in back.agents} == {a.name.split(",")[0] for a in union.bib.agents}


def test_an_article_is_handed_out_where_the_format_has_a_place_for_it() -> None:
    hobbit = replace(ALGEBRA, title="The Hobbit", article="The ")
    marc21, rusmarc = from_bib(hobbit, Dialect.MARC21), from_bib(hobbit, Dialect.RUSMARC)
    assert [(f.indicators, f.first("a")) for f in (*marc21.all("245"), *rusmarc.all("200"))] == [
        ("14", "The Hobbit"), ("1 ", "The Hobbit"),
    ]  # fmt: skip
    assert "<nonSort>The</nonSort><title>Hobbit</title>" in mods(UnionRecord("c1", hobbit, (KEY,)), "")


def test_a_language_that_is_no_code_is_not_handed_out() -> None:
    typed = replace(ALGEBRA, languages=("рус", "9crs"), original_languages=("английский",))
    rusmarc, marc21 = from_bib(typed, Dialect.RUSMARC), from_bib(typed, Dialect.MARC21)
    assert rusmarc.first("101") is None
    assert marc21.first("041") is None
    assert marc21.control("008")[35:38] == "|||"


def test_bytes_that_iso2709_keeps_for_itself_never_get_into_a_value() -> None:
    dirty = replace(ALGEBRA, title="Алгебра\x1fa\x1e\x1d", notes=("\x00",))
    for dialect in DIALECTS:
        record = from_bib(dirty, dialect)
        texts = [s.value for f in record.fields for s in f.subfields] + [f.data or "" for f in record.fields]
        assert not any(c in t for t in texts for c in "\x00\x1d\x1e\x1f")
