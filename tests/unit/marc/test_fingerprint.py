"""A digest that a rewritten day of the last change doesn't move, and any other byte does."""

from __future__ import annotations

import random
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_sync.marc.fingerprint import digest, identity, is_of
from catalog_sync.marc.writing import to_iso2709, to_marcxml
from catalog_sync.model import MarcField, MarcRecord, Subfield


def record(changed: str, title: str = "Алгебра", *, first: bool = False) -> MarcRecord:
    day = MarcField("005", data=changed)
    rest = [MarcField("001", data="RU/1"), MarcField("200", "1 ", (Subfield("a", title), Subfield("e", "005")))]
    return MarcRecord("00000nam0 2200000   450 ", tuple([day, *rest] if first else [rest[0], day, *rest[1:]]))


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("written", [lambda r: to_iso2709(r, "cp1251"), to_marcxml])
def test_only_the_day_of_the_last_change_does_not_count(written, first) -> None:  # type: ignore[no-untyped-def]
    old, new = (written(record(day, first=first)) for day in ("20200101120000.0", "20261128030000.0"))
    assert old != new
    assert digest(old) == digest(new)
    assert digest(old) != digest(written(record("20200101120000.0", "Геометрия", first=first)))


def test_a_day_in_a_json_record_does_not_count_either() -> None:
    assert digest(b'{"005": "1", "200": "x"}') == digest(b'{"005": "2", "200": "x"}')
    assert digest(b'{"005": "1", "200": "x"}') != digest(b'{"005": "1", "200": "y"}')


def test_every_byte_outside_the_day_counts() -> None:
    data = to_iso2709(record("20200101120000.0"), "cp1251")
    day = range(data.index(b"20200101"), data.index(b"20200101") + 16)
    for place in random.Random(1).sample([n for n in range(len(data)) if n not in day], 60):
        other = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        assert digest(other) != digest(data), place


@given(st.binary(max_size=200))
def test_any_bytes_have_a_digest(data: bytes) -> None:
    assert len(digest(data)) == len(digest(b"00031nam  2200037   4500" + data)) == 16


def test_digests_of_earlier_versions_are_known_again() -> None:
    data, other = (to_iso2709(record("20200101120000.0", title), "cp1251") for title in ("Алгебра", "Геометрия"))
    undated = data.replace(b"20200101120000.0", b"")
    for kept in (digest(data), sha256(undated).digest(), sha256(data).digest()):
        assert is_of(kept, data)
        assert not is_of(kept, other)


def test_an_identity_by_content_is_what_it_was_before_digests_changed() -> None:
    data = to_iso2709(record("20200101120000.0"), "cp1251")
    undated = data.replace(b"20200101120000.0", b"")
    assert identity(data) == "sha-" + sha256(undated).hexdigest()[:16]
