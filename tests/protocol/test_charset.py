from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_sync.protocol import charset
from catalog_sync.protocol.apdu import CharsetChoice, CharsetProposal


@given(st.text(), st.sampled_from(sorted(charset.CODECS)))
def test_any_text_can_be_written_in_any_charset(text: str, name: str) -> None:
    clean = text.encode("utf-8", "ignore").decode()
    assert isinstance(charset.encode(clean, name), bytes)


def test_what_a_charset_lacks_is_written_plainer() -> None:
    assert charset.encode("№ 5 – «Ёлка» é", "koi8-r").decode("koi8-r") == 'N 5 - "Ёлка" e'
    assert charset.encode("№ 5 – «Ёлка» é", "windows-1251").decode("cp1251") == "№ 5 – «Ёлка» e"


@pytest.mark.parametrize("name", ["UTF-8", "utf8", "Windows-1251", "CP1251", "win1251", "koi8_r", "KOI8-R"])
def test_usual_spellings_of_charsets_are_known(name: str) -> None:
    assert charset.codec(name)


def test_an_unknown_charset_is_named_in_the_complaint() -> None:
    with pytest.raises(charset.UnknownCharset, match="ebcdic"):
        charset.codec("ebcdic")


def test_the_first_known_proposal_is_chosen_and_the_records_flag_is_echoed() -> None:
    assert charset.choose(CharsetProposal(("x-own", "cp1251", "utf-8"), True)) == CharsetChoice("windows-1251", True)
    assert charset.choose(CharsetProposal(("x-own",))) == CharsetChoice("", False)


def test_a_query_is_decoded_strictly_and_utf8_is_recognised_where_nothing_was_negotiated() -> None:
    cyrillic = "алгебра"
    for name in ("windows-1251", "koi8-r", "cp866"):
        assert charset.decode_term(cyrillic.encode(charset.codec(name)), name, negotiated=False) == cyrillic
        assert charset.decode_term(cyrillic.encode(), name, negotiated=False) == cyrillic
    with pytest.raises(UnicodeDecodeError):
        charset.decode_term(cyrillic.encode("cp1251"), "utf-8", negotiated=False)


@given(st.text(alphabet="абвгдежзийклмнопрстуфхцчшщъыьэюя -", min_size=1))  # «пё» alone is «У» of KOI8-R: no word
def test_no_russian_text_in_an_8_bit_charset_is_taken_for_utf8(text: str) -> None:
    for name in ("windows-1251", "koi8-r", "cp866"):
        try:
            data = text.encode(charset.codec(name))
        except UnicodeEncodeError:
            continue
        assert charset.decode_term(data, name, negotiated=False) == text
