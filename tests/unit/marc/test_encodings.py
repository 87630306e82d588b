from __future__ import annotations

import pytest

from catalog_sync.errors import StopEverything
from catalog_sync.marc.encodings import MARC8, by_statistics, guess, is_utf8
from catalog_sync.marc.marc8 import to_unicode
from catalog_sync.marc.reading import marc_record, read_export, to_bib
from catalog_sync.model import SourceRecord

from .samples import book, iso, record, school

TEXTS = (
    "Математика. 5 класс : учебник для общеобразовательных организаций",
    "Сказки",
    "КАПИТАНСКАЯ ДОЧКА",
    "Прописи № 3 «Школа России»",
)


def titles(data: bytes, encoding: str = "") -> list[str]:
    found = [r for r in read_export(data, school(encoding=encoding)) if isinstance(r, SourceRecord)]
    return [next(marc_record(r).all("200")).first("a") for r in found]


@pytest.mark.parametrize("codec", ["cp1251", "cp866", "koi8-r", "utf-8"])
@pytest.mark.parametrize("text", TEXTS)
def test_one_title_is_enough_to_tell_the_encoding(codec: str, text: str) -> None:
    if codec == "koi8-r":
        text = text.replace("«", "").replace("»", "").replace("№", "")
    if codec == "cp866":
        text = text.replace("«", "").replace("»", "")
    assert guess(text.encode(codec))[0] == codec


@pytest.mark.parametrize("codec", ["cp1251", "cp866", "koi8-r", "utf-8"])
def test_an_export_in_any_encoding_gives_the_same_titles(codec: str) -> None:
    assert titles(iso(book(1), book(2), encoding=codec)) == ["Алгебра 1", "Алгебра 2"]


def test_one_utf8_record_among_cp1251_is_read_and_reported() -> None:
    data = iso(book(1), book(2), encoding="cp1251") + iso(book(3)) + iso(book(4), encoding="cp1251")
    export = read_export(data, school())
    found = [marc_record(r) for r in export if isinstance(r, SourceRecord)]
    assert [next(r.all("200")).first("a") for r in found] == [f"Алгебра {n}" for n in (1, 2, 3, 4)]
    assert export.encoding == "cp1251"
    assert export.warnings == ("запись в utf-8, хотя файл в cp1251: 1 (№ 3 B3)",)


def test_one_cp1251_record_among_utf8_is_read_and_reported() -> None:
    data = iso(book(1), book(2), book(3)) + iso(book(4), encoding="cp1251")
    export = read_export(data, school())
    assert [r.encoding for r in export if isinstance(r, SourceRecord)] == ["utf-8", "utf-8", "utf-8", "cp1251"]
    assert export.warnings == ("запись в cp1251, хотя файл в utf-8: 1 (№ 4 B4)",)


@pytest.mark.parametrize("stranger", ["cp866", "koi8-r"])
def test_a_record_copied_from_another_old_system_is_read_in_its_own_encoding(stranger: str) -> None:
    data = iso(*[book(n) for n in range(6)], encoding="cp1251") + iso(book(7, "Окружающий мир"), encoding=stranger)
    export = read_export(data, school())
    last = [r for r in export if isinstance(r, SourceRecord)][-1]
    assert next(marc_record(last).all("200")).first("a") == "Окружающий мир 7"
    assert export.warnings == (f"запись в {stranger}, хотя файл в cp1251: 1 (№ 7 B7)",)


def test_a_record_in_capitals_is_not_taken_for_another_encoding() -> None:
    shouted = record("001 C1", "200 1_$aОКРУЖАЮЩИЙ МИР В КАРТИНКАХ", "210 __$aМОСКВА$cПРОСВЕЩЕНИЕ")
    data = iso(*[book(n) for n in range(6)], shouted, encoding="cp1251")
    assert titles(data)[-1] == "ОКРУЖАЮЩИЙ МИР В КАРТИНКАХ"


def test_settings_may_name_a_codec_as_people_do_but_not_invent_one() -> None:
    data = iso(book(1), encoding="cp1251")
    assert titles(data, "windows-1251") == titles(data, "CP1251") == ["Алгебра 1"]
    with pytest.raises(StopEverything, match="источник school: ожидалось имя кодировки"):
        read_export(data, school(encoding="klingon"))


def test_the_settings_win_over_statistics_but_not_over_valid_utf8() -> None:
    assert guess("Сказки".encode("cp1251"), "cp866")[0] == "cp866"
    assert guess("Сказки".encode(), "cp866")[0] == "utf-8"


def test_escape_sequences_are_marc8_and_cyrillic_comes_out() -> None:
    data = b"\x1b(NnOWAQ\x1b(B"  # basic Cyrillic set designated to G0 (MARC-8, part 2)
    assert guess(data)[0] == MARC8
    assert to_unicode(data) == "Новая"


def test_extended_cyrillic_of_marc8_is_read_in_either_half_of_the_table() -> None:
    in_g0, in_g1 = b"\x1b(NbER\x1b(QD\x1b(NZKIN", b"\x1b(NbER\x1b)Q\xc4ZKIN"
    assert to_unicode(in_g0) == to_unicode(in_g1) == "Берёзкин"


def test_a_letter_that_marc8_lacks_is_shown_and_flagged() -> None:
    export = read_export(iso(record("001 B1", "200 1_$aX")).replace(b"X", b"\xff"), school(encoding=MARC8))
    (found,) = export
    assert isinstance(found, SourceRecord)
    bib = to_bib(found)
    assert bib.title == "\ufffd"
    assert any("показаны как" in warning for warning in bib.warnings)


def test_accents_of_marc8_come_before_their_letter() -> None:
    assert to_unicode(b"Universit\xe2e") == "Université"
    assert guess(b"Universit\xe2e de Li\xe1ege")[0] == MARC8


def test_declared_charset_decides_only_between_the_likely() -> None:
    declaring = b"\x1e  \x1fa20200101d2020    m  y0rusy0189    ca\x1e"
    assert by_statistics("Сказки".encode("koi8-r") + declaring)[0] == "koi8-r"


def test_a_byte_the_codec_lacks_is_shown_and_flagged() -> None:
    data = iso(record("001 X", "200 1_$aКнига о лесе и о поле", "300 __$aплохой знак ?"), encoding="cp1251")
    spoilt = data.replace(b"?", b"\x98")
    (found,) = [r for r in read_export(spoilt, school()) if isinstance(r, SourceRecord)]
    bib = to_bib(found)
    assert bib.notes == ("плохой знак \ufffd",)
    assert any("нет в cp1251" in w for w in bib.warnings)


@pytest.mark.parametrize("at", range(4))
def test_a_letter_between_two_pieces_of_a_long_file_is_one_letter(at: int) -> None:
    long = ("a" * at + "я€😀" * 30_000).encode()
    assert is_utf8(long)
    assert not is_utf8(long[:-1])
    assert not is_utf8(long[:150_000] + b"\xff" + long[150_000:])
