from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from catalog_sync.marc.framing import LONGEST, pieces, record_bytes

from .samples import book, iso


def kept(data: bytes) -> list[bytes]:
    return [record_bytes(p.data) for p in pieces(data) if not p.fault]


def test_records_in_a_row_are_one_piece_each() -> None:
    records = [iso(book(n)) for n in range(10)]
    assert kept(b"".join(records)) == records


def test_a_stray_newline_after_record_ten_loses_nothing() -> None:
    records = [iso(book(n)) for n in range(30)]
    data = b"".join(records[:10]) + b"\r\n" + b"".join(records[10:])
    assert kept(data) == records


def test_every_record_may_have_its_own_newline_and_the_file_its_byte_order_mark() -> None:
    records = [iso(book(n)) for n in range(5)]
    data = b"\xef\xbb\xbf" + b"".join(r + b"\n" for r in records) + b"\x1a"
    found = list(pieces(data))
    assert b"".join(p.data for p in found) == data
    assert kept(data) == records
    assert len(found) == 5


def test_a_wrong_length_costs_neither_this_record_nor_the_next() -> None:
    first, second = iso(book(1)), iso(book(2))
    for wrong in (b"00030", b"00100", b"99999", b"     ", b"abcde"):
        assert kept(wrong + first[5:] + second) == [wrong + first[5:], second], wrong


def test_a_length_that_lands_on_a_later_terminator_is_not_believed() -> None:
    first, second = iso(book(1)), iso(book(2))
    liar = b"%05d" % (len(first) + len(second)) + first[5:]
    assert kept(liar + second) == [liar, second]


def test_a_record_cut_in_the_middle_is_told_from_the_whole_one_that_follows() -> None:
    first, second = iso(book(1)), iso(book(2))
    found = list(pieces(first[:60] + second))
    assert [bool(p.fault) for p in found] == [True, False]
    assert "обрывается" in found[0].fault
    assert found[1].data == second


def test_a_file_cut_in_the_middle_says_how_many_bytes_are_missing() -> None:
    data = iso(book(1), book(2))[:-20]
    fault = list(pieces(data))[-1].fault
    assert "обещает" in fault
    assert "пришло" in fault


def test_a_last_record_without_its_terminator_is_whole() -> None:
    data = iso(book(1), book(2))
    assert kept(data[:-1]) == [iso(book(1)), iso(book(2))[:-1]]


def test_records_without_any_terminator_are_told_apart_by_their_leaders() -> None:
    records = [iso(book(n))[:-1] for n in range(3000)]
    assert kept(b"\n".join(records)) == records


def test_junk_before_and_between_records_is_kept_as_a_piece() -> None:
    first, second = iso(book(1)), iso(book(2))
    data = b"<html>Error</html>" + first + b"lost text" + second
    found = list(pieces(data))
    assert b"".join(p.data for p in found) == data
    assert [p.data for p in found if not p.fault] == [first, second]
    assert [p.data for p in found if p.fault] == [b"<html>Error</html>", b"lost text"]


def test_a_record_terminator_inside_a_field_is_data_where_the_directory_says_so() -> None:
    typed = iso(book(1)).replace("учебник".encode(), b"\x1d" + "чебник".encode() + b"!")
    assert kept(typed + iso(book(2))) == [typed, iso(book(2))]


@given(st.lists(st.sampled_from([b"\x1d", b"\x1e", b"\x1f", b"\n", b"00026", iso(book(1)), b"nam  22", b"\xff", b"7"])))
def test_pieces_tile_any_mixture_of_records_and_junk(parts: list[bytes]) -> None:
    check_tiling(b"".join(parts))


@given(st.binary(max_size=400))
def test_pieces_tile_any_bytes(data: bytes) -> None:
    check_tiling(data)


def check_tiling(data: bytes) -> None:
    found = list(pieces(data))
    assert b"".join(p.data for p in found) == data
    offset = 0
    for number, piece in enumerate(found, 1):
        assert (piece.number, piece.offset) == (number, offset)
        assert piece.data
        offset += len(piece.data)


def test_the_number_of_pieces_does_not_make_framing_slow() -> None:
    data = b"x" * 200_000 + b"\x1d" * 50_000 + iso(book(1))
    assert kept(data) == [iso(book(1))]


def test_junk_without_an_end_is_cut_into_pieces_that_memory_can_hold() -> None:
    first, last = iso(book(1)), iso(book(2))
    for junk in (b"x" * (3 * LONGEST + 100), b"\0" * (2 * LONGEST + 7), b"x" * (LONGEST - 10)):
        found = list(pieces(first + junk + last))
        assert b"".join(p.data for p in found) == first + junk + last
        assert max(len(p.data) for p in found) <= LONGEST + len(last)
        assert [record_bytes(p.data) for p in found if not p.fault] == [first, last]


def test_many_records_whose_terminators_are_all_missing_are_kept() -> None:
    records = [iso(book(n)) for n in range(8000)]
    data = b"".join(r[:-1] for r in records)
    assert len(data) > LONGEST
    assert kept(data) == [r[:-1] for r in records]


def test_a_record_behind_a_torn_one_is_kept_whatever_its_leader_looks_like() -> None:
    torn, good, last = iso(book(1))[:90], iso(book(2)), iso(book(3))
    shapes = {
        "no entry map": good[:17] + b"       " + good[24:],
        "no counts of indicators": good[:10] + b"  " + good[12:],
        "no base address": good[:12] + b"     " + good[17:],
        "no length": b"     " + good[5:],
    }
    for shape, second in shapes.items():
        found = list(pieces(torn + second + last))
        assert [p.data for p in found if not p.fault] == [second, last], shape
        assert [p.data for p in found if p.fault] == [torn], shape
