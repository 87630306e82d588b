"""What came last night and comes again costs nothing and changes nothing."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import select, update

from catalog_sync import pipeline, upkeep
from catalog_sync.marc.writing import to_marcxml
from catalog_sync.model import FetchedFile, MarcField, MarcRecord, RunState
from catalog_sync.store import digests, records
from catalog_sync.store import tables as t
from catalog_sync.store.database import reading, writing
from tests.exports import book, mrc, shelf
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


def kept(district: District, code: str = "s") -> tuple[list[digests.Alike], list[digests.Alike]]:
    """The digests that are kept of a source, and those its records give."""
    with reading(district.system.engine) as connection:
        return digests.load(connection, code), digests.computed(connection, code)


def test_what_is_kept_of_a_source_follows_every_run_and_its_roll_back(district: District) -> None:
    district.source("s")
    books = [*map(dated, shelf(12))]
    district.load("s", books[:10])
    district.load("s", [*books[1:9], book("R0000", "Другая книга"), *books[10:]])  # one other, one gone, two new
    found, true = kept(district)
    assert found == true
    assert len(found[0].local_ids) == 11
    last = district.load("s", books[1:])
    assert kept(district)[0] == kept(district)[1]
    pipeline.roll_back(district.system, last.number, who="методист")
    assert kept(district)[0] == true
    assert upkeep.check(district.system) == []


def test_check_names_a_source_whose_kept_digests_are_not_those_of_its_records(district: District) -> None:
    district.source("s")
    district.load("s", shelf(12))
    with writing(district.system.engine) as connection:
        connection.execute(update(t.record).where(t.record.c.local_id == "R0003").values(digest=b"x" * 32))
    assert "дайджесты хранятся не те у источников: s" in upkeep.check(district.system)


def test_rebuild_makes_the_kept_digests_anew(district: District) -> None:
    district.source("s")
    district.load("s", shelf(12))
    with writing(district.system.engine) as connection:
        connection.execute(update(t.source_digests).values(data=b"\x90"))  # an empty list
    assert upkeep.check(district.system) != []
    upkeep.rebuild(district.system)
    assert upkeep.check(district.system) == []
    with reading(district.system.engine) as connection:
        assert len(connection.execute(select(t.source_digests.c.data)).scalar_one()) > 12 * 16


def test_digests_of_an_earlier_version_are_known_and_made_anew(district: District) -> None:
    district.source("s")
    data = mrc(map(dated, shelf(12)))
    district.load_bytes("s", data)
    with writing(district.system.engine) as connection:
        for id_, record in records.load(connection, records.live_ids(connection, "s")):
            undated = record.data.replace(OLD.encode(), b"")
            old = sha256(undated if id_ % 2 else record.data).digest()
            connection.execute(update(t.record).where(t.record.c.id == id_).values(digest=old))
        connection.execute(update(t.record).where(t.record.c.local_id == "R0003").values(digest=b"x" * 32))
        digests.renew(connection)
    assert kept(district)[0] == kept(district)[1]
    counts = district.load_bytes("s", data).counts
    assert (counts.unchanged, counts.changed) == (11, 1)  # the changed one is the damaged one
    assert upkeep.check(district.system) == ["прежние байты (их вернул бы откат) повреждены у записей: s:R0003"]
    district.load_bytes("s", data)  # from now on no roll-back leads there
    upkeep.rebuild(district.system)
    assert upkeep.check(district.system) == []
    assert {len(digest) for one in kept(district)[1] for digest in one.digests} == {16}


def test_a_number_taken_by_another_record_loses_neither(district: District) -> None:
    district.source("s")
    books = [*map(dated, shelf(12))]
    district.load("s", books)
    thief = dated(book(books[5].fields[0].data or "", "Совсем другая книга"))
    data = mrc([*books[:3], thief, *books[3:]])
    for again in (False, True):
        run = district.load_bytes("s", data)
        assert (run.counts.read, run.counts.gone, run.counts.set_aside) == (13, 0, 0)
        assert (run.counts.new, run.counts.changed) == ((0, 0) if again else (1, 1))
        with reading(district.system.engine) as connection:
            assert records.live_count(connection, "s") == 13
            assert upkeep.check(district.system) == []


def test_last_nights_record_in_a_second_file_is_a_repetition_where_the_first_has_another_under_its_number(
    district: District,
) -> None:
    district.source("s")
    books = [*map(dated, shelf(12))]
    district.load("s", books)
    mended = dated(book(books[5].fields[0].data or "", "Обломов, исправленный"))
    files = [FetchedFile("a.mrc", mrc([mended, *books[:5]])), FetchedFile("b.mrc", mrc(books[5:]))]
    counts = pipeline.run_source(district.system, "s", files).counts
    assert (counts.read, counts.changed, counts.unchanged, counts.set_aside) == (13, 1, 11, 1)


def test_unchanged_marcxml_is_passed_over_whatever_its_005_says(district: District) -> None:
    district.source("s")
    data = b"<collection>%s</collection>" % b"".join(to_marcxml(dated(one)) for one in shelf(12))
    district.load_bytes("s", data)
    counts = district.load_bytes("s", data.replace(OLD.encode(), NEW.encode())).counts
    assert (counts.read, counts.unchanged) == (12, 12)


def test_a_source_of_records_in_two_encodings_is_counted_by_the_one_of_most(district: District) -> None:
    district.source("s")
    books = [*map(dated, shelf(12))]
    data = mrc(books[:9], "cp1251") + mrc(books[9:], "utf-8")
    district.load_bytes("s", data)
    assert {one.encoding for one in kept(district)[0]} == {"cp1251", "utf-8"}
    run = district.load_bytes("s", data.replace(OLD.encode(), NEW.encode()))
    assert (run.encoding, run.counts.unchanged) == ("cp1251", 12)
