from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_sync.protocol import ber
from catalog_sync.protocol.ber import BerError, TooLong
from catalog_sync.protocol.framing import Framer


def whole(data: bytes) -> ber.Node:
    node, after = ber.read_node(data, 0, len(data))
    assert after == len(data)
    return node


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_comes_back(value: int) -> None:
    data = ber.write_integer(value)
    assert ber.integer(data, whole(data)) == value


@given(st.integers(0, ber.MAX_TAG), st.booleans())
def test_a_context_tag_of_any_number_comes_back(tag: int, constructed: bool) -> None:
    data = ber.constructed(tag) if constructed else ber.primitive(tag, b"")
    node = whole(data)
    assert (node.tag, node.constructed) == (tag, constructed)


@given(st.lists(st.integers(0, 2**30), min_size=1, max_size=8))
def test_an_object_identifier_comes_back(arcs: list[int]) -> None:
    text = ".".join(map(str, [1, 2, *arcs]))
    data = ber.write_oid(text)
    assert ber.oid(data, whole(data)) == text


@given(st.frozensets(st.integers(0, 60)))
def test_a_bit_string_comes_back(numbers: frozenset[int]) -> None:
    data = ber.write_bits(numbers, 4)
    assert ber.bits(data, whole(data)) == numbers


def test_a_string_in_pieces_is_joined() -> None:
    inner = ber.constructed(4, ber.primitive(ber.OCTET_STRING, b"ab"), ber.primitive(ber.OCTET_STRING, b"cd"))
    data = ber.constructed(17, inner, ber.primitive(ber.OCTET_STRING, b"e"))
    assert ber.octets(data, whole(data)) == b"abcde"


def test_an_indefinite_length_ends_at_its_end_of_contents() -> None:
    data = b"\xb6\x80" + ber.write_integer(5) + b"\x30\x80\x00\x00" + b"\x00\x00"
    node = whole(data)
    assert [child.tag for child in ber.children(data, node)] == [ber.INTEGER, ber.SEQUENCE]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x02", "cut after the tag"),
        (b"\x02\x05\x01", "cut contents"),
        (b"\x02\x89\x01\x01\x01\x01\x01\x01\x01\x01\x01", "a length of nine bytes"),
        (b"\x1f\xff\xff\xff\xff\x7f\x00", "a tag beyond 24 bits"),
        (b"\x30\x80\x02\x01\x01", "no end of contents"),
        (b"\x04\x80\x00\x00", "an indefinite primitive"),
        (b"\x30\x80" * 2000 + b"\x00\x00" * 2000, "a tower of indefinite lengths"),
    ],
)
def test_damaged_elements_are_refused(data: bytes, why: str) -> None:
    with pytest.raises(BerError):
        ber.read_node(data, 0, len(data))


def test_a_huge_integer_is_refused_before_it_is_computed() -> None:
    data = ber.primitive(ber.INTEGER, b"\x7f" * 100_000)
    with pytest.raises(BerError):
        ber.integer(data, whole(data))


def test_a_sequence_of_a_hundred_thousand_elements_is_refused() -> None:
    data = ber.constructed(ber.SEQUENCE, b"\x05\x00" * 100_000)
    with pytest.raises(BerError):
        ber.children(data, whole(data))


# --- framing ---------------------------------------------------------------------------------------------------------

PDUS = [ber.constructed(22, ber.write_integer(7)), b"\xb4\x80\x02\x01\x01\x30\x80\x02\x01\x02\x00\x00\x00\x00",
        ber.constructed(24, ber.primitive(45, b"x" * 1000))]  # fmt: skip


@given(st.lists(st.sampled_from(PDUS), max_size=6), st.lists(st.integers(1, 40), min_size=1, max_size=200))
def test_pdus_are_cut_out_however_the_bytes_arrive(pdus: list[bytes], sizes: list[int]) -> None:
    stream, framer, found, at = b"".join(pdus), Framer(), [], 0
    for number in range(10_000):
        if at >= len(stream):
            break
        size = sizes[number % len(sizes)]
        found += framer.feed(stream[at : at + size])
        at += size
    assert found == pdus
    assert not framer.waiting


def test_a_pdu_that_promises_two_gigabytes_is_refused_at_its_header() -> None:
    with pytest.raises(TooLong):
        list(Framer().feed(b"\xb6\x84\x7f\xff\xff\xff\x00"))


def test_an_endless_indefinite_pdu_is_refused_at_the_limit() -> None:
    framer = Framer(limit=10_000)
    chunks = [b"\xb6\x80"] + [b"\x04\x40" + bytes(64)] * 500
    with pytest.raises(TooLong):
        [list(framer.feed(chunk)) for chunk in chunks]


def test_a_tower_of_indefinite_lengths_is_refused() -> None:
    with pytest.raises(BerError):
        list(Framer().feed(b"\xb6\x80" * 1000))
