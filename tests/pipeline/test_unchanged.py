"""What came last night and comes again costs nothing and changes nothing."""

from __future__ import annotations

from catalog_sync.model import MarcField, MarcRecord, RunState
from tests.exports import mrc, shelf
from tests.pipeline.conftest import District

OLD, NEW = "20200101120000.0", "20261128030000.0"


def dated(record: MarcRecord, day: str = OLD) -> MarcRecord:
    head, *rest = record.fields
    return MarcRecord(record.leader, (head, MarcField("005", data=day), *rest))


def test_an_export_with_every_005_rewritten_changes_nothing(district: District) -> None:
    district.source("s")
    data = mrc(map(dated, shelf(30)), "cp1251")
    district.load_bytes("s", data)
    before = district.digest()
    run = district.load_bytes("s", data.replace(OLD.encode(), NEW.encode()))
    assert (run.state, run.counts.read, run.counts.unchanged) == (RunState.PUBLISHED, 30, 30)
    assert (run.counts.changed, run.counts.gone, run.encoding) == (0, 0, "cp1251")
    assert district.digest() == before


def test_among_unchanged_records_every_other_is_counted_once(district: District) -> None:
    district.source("s")
    books = [*map(dated, shelf(12))]
    district.load("s", books)
    broken = b"00100" + b"x" * 40 + b"\x1d"
    data = mrc(books[:4]) + broken + mrc([books[2], *books[5:], dated(shelf(1, start=20)[0])]) + b"\r\n\x1a"
    run = district.load_bytes("s", data)
    counts = run.counts
    assert (counts.read, counts.unchanged, counts.new, counts.set_aside) == (14, 11, 1, 2)
    assert counts.gone == 0  # one is missing and one piece could not be read: most likely the same


def test_a_record_marked_deleted_is_gone_though_nothing_else_changed(district: District) -> None:
    district.source("s")
    books = [*map(dated, shelf(12))]
    district.load("s", books)
    last = MarcRecord("00000dam0 2200000   450 ", books[-1].fields)
    assert district.load("s", [*books[:-1], last]).counts.gone == 1
    back = district.load("s", books).counts
    assert (back.changed, back.unchanged) == (1, 11)
