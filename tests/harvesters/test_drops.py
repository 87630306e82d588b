"""Which files of a listing are one export, and which of them are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvesters import drops
from harvesters.drops import Seen

names = st.sampled_from(["a.mrc", "b.mrc", "books_2026-01-01.mrc", "books_2026-01-02.mrc", "c.xml"])
listings = st.lists(st.builds(Seen, names, st.integers(0, 9), st.floats(0, 9)), unique_by=lambda s: s.name)


@given(listings, st.booleans(), st.sampled_from(["parts", "newest"]))
def test_what_was_taken_is_not_taken_again_until_something_changes(
    seen: list[Seen], complete: bool, take: str
) -> None:  # fmt: skip
    files = drops.wanted(seen, [".mrc", ".xml"])
    taken = [drops.Taken(s.name, s.size, s.modified, "") for s in files]
    assert drops.export_of(files, taken, complete=complete, take=take) == []


@given(listings)
def test_every_file_of_a_full_export_is_read_or_superseded_by_a_later_version(seen: list[Seen]) -> None:
    files = drops.wanted(seen, [".mrc", ".xml"])
    chosen = drops.export_of(files, [], complete=True, take="parts")
    left = {s.name for s in files} - {s.name for s in chosen}
    assert left <= {"books_2026-01-01.mrc"}
    assert not left or "books_2026-01-02.mrc" in {s.name for s in chosen}


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (("export.mrc", "export (1).mrc"), ["export (1).mrc"]),
        (("export (1).mrc", "export.mrc"), ["export.mrc"]),
        (("export.mrc", "export (1).mrc", "export (2).mrc"), ["export (2).mrc"]),
        (("export.mrc", "export — копия.mrc", "export - Copy (2).mrc"), ["export - Copy (2).mrc"]),
        (("export.mrc", "export — копия.mrc", "export — копия — копия.mrc"), ["export — копия — копия.mrc"]),
        (("export.mrc.gz", "export(1).mrc.gz"), ["export(1).mrc.gz"]),
        (("books_2026-01-01.mrc", "books_2026-01-02 (1).mrc"), ["books_2026-01-02 (1).mrc"]),
        (("книги (1).mrc", "книги (2).mrc"), ["книги (1).mrc", "книги (2).mrc"]),
        (("a.mrc", "b (1).mrc"), ["a.mrc", "b (1).mrc"]),
        (("копия.mrc", "copy 2.mrc"), ["копия.mrc", "copy 2.mrc"]),
    ],
)
def test_a_file_saved_again_is_the_same_export(names: tuple[str, ...], chosen: list[str]) -> None:
    files = [Seen(name, 1, float(at)) for at, name in enumerate(names)]
    assert [s.name for s in drops.export_of(files, [], complete=True, take="parts")] == chosen
    assert drops.export_of(files, [], complete=False, take="parts") == files
