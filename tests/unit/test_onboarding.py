from __future__ import annotations

from catalog_sync.model import FetchedFile, Source
from catalog_sync.onboarding import look
from tests.exports import book, mrc


def test_a_trial_reads_the_letters_the_server_told_as_the_harvest_will() -> None:
    """Three letters are too few to tell by themselves; a Z39.50 server says what they are."""
    data = mrc([book("1", "АЭС", author=("", ""), publisher="", pages="5", copies=0)], "koi8-r")
    data = data.replace("Москва".encode("koi8-r"), b"Moskva").replace(" с.".encode("koi8-r"), b" s.")
    file = FetchedFile("records-1.mrc", data, "iso2709", encoding="koi8-r")
    [card] = look([file], Source("s1", "s1")).cards
    assert "АЭС" in card.description
