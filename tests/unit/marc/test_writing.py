from __future__ import annotations

import io

import pymarc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from catalog_sync.errors import BadRecord
from catalog_sync.marc.decoding import decode, faults
from catalog_sync.marc.privacy import public
from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.marc.union_xml import oai_dc
from catalog_sync.marc.writing import from_marcxml, to_iso2709, to_marcxml
from catalog_sync.model import MarcField, MarcRecord, SourceRecord, Subfield, UnionRecord

from .samples import book, iso, record, school

# U+FFFE and U+FFFF stand in no XML (XML 1.0, production 2): they are written as blanks there.
NOWHERE = "\x1d\x1e\x1f\ufffe\uffff"
TEXT = st.text(st.characters(codec="utf-8", exclude_characters=NOWHERE, exclude_categories=("Cs", "Cc")))
NFC_TEXT = TEXT.map(lambda t: __import__("unicodedata").normalize("NFC", t))
SUBFIELDS = st.lists(st.builds(Subfield, st.sampled_from("abcdefgh123"), NFC_TEXT), min_size=1, max_size=4)
DATA_FIELDS = st.builds(
    lambda tag, subfields: MarcField(f"{tag:03}", "1 ", tuple(subfields)), st.integers(10, 999), SUBFIELDS
)
CONTROL_FIELDS = st.builds(lambda data: MarcField("001", data=data), NFC_TEXT)
RECORDS = st.builds(
    lambda control, fields: MarcRecord("00000nam a2200000   4500", (control, *fields)),
    CONTROL_FIELDS,
    st.lists(DATA_FIELDS, min_size=1, max_size=6),
)


@given(RECORDS)
def test_what_is_written_as_iso2709_is_read_back(typed: MarcRecord) -> None:
    data = to_iso2709(typed)
    assert decode(data, "utf-8").fields == typed.fields
    assert faults(data, "utf-8") == ()


@given(RECORDS)
def test_what_is_written_as_marcxml_is_read_back(typed: MarcRecord) -> None:
    assert from_marcxml(to_marcxml(typed)) == typed


def test_another_reader_of_marc_understands_what_we_write() -> None:
    data = iso(book(1), book(2))
    titles = [r["200"]["a"] for r in pymarc.MARCReader(io.BytesIO(data)) if r is not None]
    assert titles == ["Алгебра 1", "Алгебра 2"]


def test_leader_and_100_say_the_encoding_written() -> None:
    typed = record("100 __$a20190101d2019    m  y0rusy50      ca", "200 1_$aКнига")
    assert to_iso2709(typed)[9:10] == b"a"
    for codec, declared in (("cp1251", "0189"), ("cp866", "0179"), ("utf-8", "50  ")):
        data = to_iso2709(typed, codec)
        assert decode(data, codec).fields[0].first("a")[26:30] == declared
    assert to_iso2709(typed, "cp1251")[9:10] == b" "


def test_a_letter_the_encoding_lacks_loses_its_accent_not_its_record() -> None:
    data = to_iso2709(record("200 1_$aUniversité 日"), "cp1251")
    assert decode(data, "cp1251").fields[0].first("a") == "Universite ?"


def test_a_record_or_field_too_long_for_the_format_is_bad() -> None:
    with pytest.raises(BadRecord, match="поле 330: ожидалось не более 9999 байт, пришло 10005"):
        to_iso2709(record("330 __$a" + "x" * 10_000))
    with pytest.raises(BadRecord, match="запись: ожидалось не более 99999 байт"):
        to_iso2709(record(*["330 __$a" + "x" * 9_000] * 12))


@pytest.mark.parametrize("stray", ["\x1d", "\x1e", "\x1f", "\x1fa", "\x1e\x1f"])
def test_a_delimiter_inside_a_value_becomes_a_space_and_no_field_is_cut(stray: str) -> None:
    typed = MarcRecord("", (
        MarcField("001", data=f"1{stray}"), MarcField("200", "1 ", (Subfield("a", f"Ал{stray}гебра"),)),
        MarcField("300", "  ", (Subfield("a", "ё"),)),
    ))  # fmt: skip
    read = decode(to_iso2709(typed), "utf-8").fields
    clean = stray.translate(dict.fromkeys((0x1D, 0x1E, 0x1F), " "))
    assert [f.data or f.first("a") for f in read] == [f"1{clean}", f"Ал{clean}гебра", "ё"]


def test_an_unknown_encoding_is_bad() -> None:
    with pytest.raises(BadRecord, match="кодировка"):
        to_iso2709(book(1), "klingon")


def test_names_of_staff_are_not_public() -> None:
    typed = record(
        "040 __$aMAIN$eОК/Иванова",
        "097 __$bПетрова",
        "245 00$aКнига",
        "907 __$bСидорова",
        "990 __$aЗаказала Козлова$v5",
        "040 __$aX$erda",
    )
    left = public(typed)
    assert [f.tag for f in left.fields] == ["040", "245", "990", "040"]
    assert left.fields[2].subfields == (Subfield("v", "5"),)
    assert left.fields[3].first("e") == "rda"
    written = (to_iso2709(left) + to_marcxml(left)).decode()
    assert not any(name in written for name in ("Иванова", "Петрова", "Сидорова", "Козлова"))


def test_dublin_core_says_what_the_record_says() -> None:
    data = iso(
        record(
            "001 B1",
            "010 __$a978-5-09-071740-3",
            "200 1_$aАлгебра$eучебник$hЧ. 2",
            "210 __$cПросвещение$d2019",
            "225 1_$aШкольная серия$v7",
            "700 _1$aМакарычев$bЮ. Н.",
            "701 _1$aМиндюк$bН. Г.",
            "101 0_$arus",
        )
    )
    (found,) = [r for r in read_export(data, school()) if isinstance(r, SourceRecord)]
    bib = to_bib(found)
    root = etree.fromstring(oai_dc(UnionRecord("c1", bib, (bib.key,)), "http://catalogue.example/record/c1"))
    said = [(etree.QName(e).localname, e.text) for e in root]
    assert said == [
        ("title", "Алгебра : учебник. Ч. 2"),
        ("creator", "Макарычев, Ю. Н."),
        ("publisher", "Просвещение"),
        ("contributor", "Миндюк, Н. Г."),
        ("date", "2019"),
        ("identifier", "http://catalogue.example/record/c1"),
        ("identifier", "URN:ISBN:9785090717403"),
        ("language", "rus"),
        ("relation", "Школьная серия ; 7"),
    ]
