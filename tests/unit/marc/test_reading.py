from __future__ import annotations

import contextlib
import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_128_digest

from catalog_sync.errors import BadRecord
from catalog_sync.marc.reading import Export, marc_record, read_export, to_bib
from catalog_sync.marc.writing import to_marcxml
from catalog_sync.model import Dialect, SetAside, SourceRecord

from .samples import book, iso, record, school


def read(data: bytes, format: str = "") -> tuple[Export, list[SourceRecord], list[SetAside]]:
    export = read_export(data, school(), format=format)
    found = list(export)
    assert export.counts.pieces == len(found) == export.counts.kept + export.counts.set_aside
    kept = [f for f in found if isinstance(f, SourceRecord)]
    return export, kept, [f for f in found if isinstance(f, SetAside)]


def test_a_record_is_kept_as_it_came_with_its_digest() -> None:
    data = iso(book(7))
    _, (kept,), _ = read(b"\n" + data + b"\r\n")
    assert kept.data == data
    assert kept.digest == xxh3_128_digest(data)
    assert str(kept.key) == "school:B7"


def test_a_record_without_001_is_named_by_its_content() -> None:
    data = iso(record("200 1_$aБез номера"))
    export, (kept,), _ = read(data)
    assert kept.local_id == "sha-" + sha256(data).hexdigest()[:16]
    assert export.warnings == (f"нет номера записи (001): 1 (№ 1 {kept.local_id})",)


def test_a_second_record_of_the_same_number_gets_an_identity_of_its_own_and_is_reported() -> None:
    other = record("001 B1", "200 1_$aДругая книга")
    export, kept, aside = read(iso(book(1), other, book(2)))
    assert [r.local_id for r in kept] == ["B1", "sha-" + sha256(iso(other)).hexdigest()[:16], "B2"]
    assert not aside
    assert "уже встречался" in export.warnings[0]


def test_the_same_record_twice_is_kept_once_and_said_so() -> None:
    _, kept, aside = read(iso(book(1), book(1)))
    assert len(kept) == 1
    assert "слово в слово" in aside[0].reason


def test_a_cyrillic_number_is_read_in_the_encoding_of_the_file() -> None:
    data = iso(record("001 RU/УОНБ/EK/1", "200 1_$aРабота школьной библиотеки"), encoding="cp1251")
    assert read(data)[1][0].local_id == "RU/УОНБ/EK/1"


def test_the_number_may_be_typed_as_a_subfield_as_marcsql_does() -> None:
    typed = iso(record("001 __$0МК-15", "245 00$aКнига о лесе и поле"), encoding="cp1251")
    assert read(typed)[1][0].local_id == "МК-15"


def test_the_number_is_found_wherever_the_directory_puts_it() -> None:
    assert read(iso(record("200 1_$aКнига", "001 Z9")))[1][0].local_id == "Z9"


def test_a_record_marked_deleted_is_a_tombstone() -> None:
    gone = record("001 B1", "200 1_$aКнига", leader="00000dam0 2200000   450 ")
    assert [r.deleted for r in read(iso(gone, book(2)))[1]] == [True, False]


def test_an_empty_export_has_no_pieces() -> None:
    for data in (b"", b"[]", b"<collection/>"):
        assert read(data)[0].counts.pieces == 0, data


def test_a_page_of_html_is_set_aside_whole() -> None:
    export, kept, (aside,) = read(b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>")
    assert not kept
    assert aside.data.startswith(b"<!DOCTYPE")
    assert "это не MARCXML" in aside.reason
    assert export.format == "marcxml"


def test_a_0x1e_inside_a_field_is_data_where_the_directory_tiles() -> None:
    spoilt = iso(record("001 B1", "200 1_$aПервая? вторая", "210 __$aМосква")).replace(b"?", b"\x1e")
    _, (kept,), _ = read(spoilt)
    assert to_bib(kept).title == "Первая  вторая"
    assert to_bib(kept).places == ("Москва",)
    assert not to_bib(kept).warnings


def test_a_directory_that_lies_is_overruled_by_the_terminators_and_flagged() -> None:
    data = bytearray(iso(book(1)))
    data[24 + 12 + 3 : 24 + 12 + 7] = b"0009"
    _, (kept,), _ = read(bytes(data))
    assert to_bib(kept).title == "Алгебра 1"


def test_lengths_counted_in_letters_instead_of_bytes_cost_nothing() -> None:
    """Leader and directory written by a program that measured the text before encoding it."""
    fields = ["B1", "1 \x1faАлгебра\x1feучебник", "  \x1faМосква\x1fcПросвещение"]
    at, directory = 0, ""
    for tag, text in zip(("001", "200", "210"), fields, strict=True):
        directory += f"{tag}{len(text) + 1:04}{at:05}"
        at += len(text) + 1
    body = "".join(text + "\x1e" for text in fields)
    base = 25 + len(directory)
    data = f"{base + at + 1:05}nam0a22{base:05}   450 {directory}\x1e{body}\x1d".encode()
    _, kept, aside = read(data + data.replace(b"B1", b"B2"))
    assert not aside
    assert [(to_bib(r).title, to_bib(r).places) for r in kept] == [("Алгебра", ("Москва",))] * 2
    assert [w.split(":")[0] for w in to_bib(kept[0]).warnings] == ["длина записи неверна"]


def test_a_directory_in_any_order_gives_each_field_its_own_text() -> None:
    data = iso(book(1))
    first, second = data[24:36], data[36:48]
    _, (kept,), _ = read(data[:24] + second + first + data[48:])
    assert to_bib(kept).title == "Алгебра 1"
    assert kept.local_id == "B1"


def test_a_wrong_length_and_base_address_are_told() -> None:
    data = b"00400" + iso(book(1))[5:12] + b"00050" + iso(book(1))[17:]
    _, (kept,), _ = read(data)
    bib = to_bib(kept)
    assert bib.title == "Алгебра 1"
    assert [w.split(":")[0] for w in bib.warnings] == ["длина записи неверна", "начало данных неверно"]


def test_an_authority_record_describes_no_edition() -> None:
    data = iso(record("001 A1", "200 _1$aПушкин$bА. С.", leader="00000nz   2200000   450 "))
    _, (kept,), _ = read(data)
    with pytest.raises(BadRecord, match="school:A1: ожидалась библиографическая запись, пришла авторитетная запись"):
        to_bib(kept)


def test_reading_twice_gives_the_same() -> None:
    data = iso(book(1), book(1, "Другая"), record("200 1_$aБез номера")) + b"junk"
    export = read_export(data, school())
    assert (list(export), export.counts, export.warnings) == (list(export), export.counts, export.warnings)
    assert list(read_export(data, school())) == list(read_export(data, school()))


@given(st.binary(max_size=300), st.sampled_from(["", "iso2709", "marcxml", "json", "marcsql-rows"]))
def test_random_bytes_raise_nothing_but_bad_record(data: bytes, format: str) -> None:
    survive(data, format)


@given(st.data())
def test_spoilt_records_raise_nothing_but_bad_record(data: st.DataObject) -> None:
    whole = bytearray(iso(book(1), book(2), encoding="cp1251"))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    survive(bytes(whole), "")


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["fields", "leader", "subfields", "001", "245", "item", "inv", "a"]), inner)
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["json", "marcsql-rows"]))
def test_any_json_raises_nothing_but_bad_record(value: object, format: str) -> None:
    survive(json.dumps(value).encode(), format)


TAGS = ["<record>", "</record>", "<leader>", "<controlfield tag='001'>B1</controlfield>", "&x;"]


@given(st.lists(st.sampled_from(TAGS)))
def test_any_mixture_of_tags_raises_nothing_but_bad_record(parts: list[str]) -> None:
    survive("".join(parts).encode(), "marcxml")


def survive(data: bytes, format: str) -> None:
    for dialect in Dialect:
        export = read_export(data, school(dialect), format=format)
        for found in export:
            if isinstance(found, SourceRecord):
                with contextlib.suppress(BadRecord):
                    assert marc_record(found).fields
                    assert to_bib(found).key == found.key
        assert export.counts.pieces == export.counts.kept + export.counts.set_aside


def test_a_file_cut_short_is_told_in_any_format() -> None:
    iso2709 = iso(book(1), book(2))
    xml = b"<collection>" + to_marcxml(book(1)) + to_marcxml(book(2)) + b"</collection>"
    rows = b'[{"fields": [{"001": "1"}]}, {"fields": [{"001": "2"}]}]'
    for whole, cuts in ((iso2709, (30, 5)), (xml, (3, 12, 40)), (rows, (1, 4))):
        assert read(whole)[0].warnings == ()
        for cut in cuts:
            assert read(whole[:-cut])[0].warnings[0].startswith("файл оборван"), (whole, cut)


# --- a record of another dialect than its file's ----------------------------------------------------------------------

COPIED = "запись в формате {}, хотя источник в {}"


@pytest.mark.parametrize(
    ("ours", "lines", "own"),
    [
        (Dialect.RUSMARC, ("245 10$aАлгебра :$b7 класс", "260 __$aМосква$bДрофа$c2015"), Dialect.MARC21),
        (Dialect.RUSMARC, ("245 10$aАлгебра :$b7 класс", "090 __$e1001", "260 __$bДрофа$c2015"), Dialect.MARCSQL),
        (Dialect.MARC21, ("200 1_$aАлгебра$e7 класс", "210 __$cДрофа$d2015", "899 __$aШБ"), Dialect.RUSMARC),
        (Dialect.MARCSQL, ("200 1_$aАлгебра$e7 класс", "210 __$cДрофа$d2015"), Dialect.UNIMARC),
    ],
)
def test_a_copied_record_is_read_by_its_own_dialect_and_the_school_is_told(
    ours: Dialect, lines: tuple[str, ...], own: Dialect
) -> None:
    (kept,) = read_export(iso(record("001 1", *lines)), school(ours))
    assert isinstance(kept, SourceRecord)
    bib = to_bib(kept, ours.value)
    assert (bib.dialect, bib.title, bib.subtitle) == (own, "Алгебра", "7 класс")
    assert (bib.publishers, bib.year_text) == (("Дрофа",), "2015")
    assert bib.warnings == (COPIED.format(own.label, ours.label),)
    assert kept.dialect is ours


@pytest.mark.parametrize(
    "lines",
    [
        ("245 XX$aне заглавие", "300 __$aпримечание"),  # no indicators of a title
        ("245 10$bбез заглавия",),
        ("200 1_$aАлгебра", "245 10$aдругое"),  # a title in the source's own dialect
    ],
)
def test_a_record_that_does_not_speak_plainly_is_read_as_its_file(lines: tuple[str, ...]) -> None:
    (kept,) = read_export(iso(record("001 1", *lines)), school())
    assert isinstance(kept, SourceRecord)
    bib = to_bib(kept)
    assert (bib.dialect, bib.warnings) == (Dialect.RUSMARC, ())


@pytest.mark.parametrize("tail", [b"01", b"00931nam  ", b"<html><body>500 Server Error</body></html>"])
def test_a_file_cut_within_a_leader_or_ending_in_an_error_page_is_said_to_be_cut(tail: bytes) -> None:
    export, kept, aside = read(iso(book(1), book(2)) + tail)
    assert (len(kept), len(aside)) == (2, 1)
    assert export.warnings[0].startswith("файл оборван на записи № 3")


@pytest.mark.parametrize("tail", ["Всего записей: 2".encode("cp1251"), b"\x1a\x1a", b"\r\n\r\n"])
def test_a_line_of_words_behind_the_last_record_is_no_cut(tail: bytes) -> None:
    export, kept, _ = read(iso(book(1), book(2)) + tail)
    assert len(kept) == 2
    assert not any("оборван" in warning for warning in export.warnings)


def test_one_broken_letter_does_not_turn_a_record_in_utf8_into_another_encoding() -> None:
    whole = iso(*map(book, range(5)), record("001 B9", "200 1_$aРусский язык"))
    at = whole.index("язык".encode())
    kept = read(whole[:at] + b"?" + whole[at + 1 :])[1]
    bib = to_bib(kept[-1])
    assert kept[-1].encoding == "utf-8"
    assert bib.title.startswith("Русский ?")
    assert bib.title.endswith("зык")
    assert any("показаны как" in warning for warning in bib.warnings)


@pytest.mark.parametrize("start", [b"88888", b"00000"])
def test_a_wrong_place_in_the_directory_moves_no_field(start: bytes) -> None:
    data = iso(record("001 B1", "200 1_$aАлгебра", "210 __$aМосква$cДрофа", "215 __$a96 с."))
    at = data.index(b"210", 24) + 7
    broken = data[:at] + start + data[at + 5 :]
    (found,) = read(broken)[1]
    bib = to_bib(found)
    assert (bib.title, bib.publishers, bib.extent) == ("Алгебра", ("Дрофа",), "96 с.")
    assert any("места полей в справочнике неверны" in warning for warning in bib.warnings)


def test_a_number_with_letters_in_a_record_of_marc_8_is_read() -> None:
    data = iso(record("001 №1", "200 1_$aCafXe"), encoding="cp1251").replace(b"X", b"\xe2")  # an accent
    [found] = read_export(data, school(Dialect.MARC21))
    assert isinstance(found, SourceRecord)
    assert (found.encoding, found.local_id[-1]) == ("marc-8", "1")


def test_a_record_is_known_by_its_number_whatever_its_leader_says_of_places() -> None:
    for typed in (b"00000", b"     ", b"00072"):
        records = [iso(book(n)) for n in (1, 2)]
        data = b"".join(r[:12] + typed + r[17:] for r in records)
        kept = [found for found in read_export(data, school()) if isinstance(found, SourceRecord)]
        assert [found.local_id for found in kept] == ["B1", "B2"]


def test_marks_of_what_is_not_sorted_are_not_text() -> None:
    for first, last in (("\x88", "\x89"), ("\x98", "\x9c")):
        typed = record("001 B1", f"200 1_$a{first}The {last}Hobbit$f{first}von{last} Tolkien")
        for data in (iso(typed), to_marcxml(typed)):
            (found,) = read_export(data, school())
            assert isinstance(found, SourceRecord)
            bib = to_bib(found)
            assert (bib.title, bib.article, bib.responsibility) == ("The Hobbit", "The ", "von Tolkien")


def test_the_article_keeps_the_blank_behind_it_wherever_the_mark_stands() -> None:
    typed = {"\x98Der\x9c Einfluss": "Der ", "\x88L'\x89altra faccia": "L'", "Der \x98Einfluss\x9c": ""}
    for title, article in typed.items():
        (found,) = read_export(iso(record("001 B1", f"200 1_$a{title}")), school())
        assert isinstance(found, SourceRecord)
        assert to_bib(found).article == article


def test_accents_are_with_their_letters_in_every_format() -> None:
    typed = record("001 B1", "200 1_$aЗаи\u0306ка\u0301", "210 __$c\u0301Росмэн")
    mij = {"leader": typed.leader, "fields": [{"200": {"subfields": [{"a": "Заи\u0306ка\u0301"}]}}]}
    for data in (iso(typed), to_marcxml(typed), json.dumps(mij).encode()):
        (found,) = read_export(data, school())
        assert isinstance(found, SourceRecord)
        assert to_bib(found).title == "Зайка\u0301"
    (found,) = read_export(iso(typed), school())
    assert isinstance(found, SourceRecord)
    assert to_bib(found).publishers == ("\u0301Росмэн",)  # the accent is not the code's
