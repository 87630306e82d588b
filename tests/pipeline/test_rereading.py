"""A source was read in the wrong encoding or format and the mistake is corrected: the kept bytes are read anew."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Table

from catalog_sync import pipeline, upkeep
from catalog_sync.errors import Refused
from catalog_sync.model import Dialect, MovementKind, RecordKey, RunState
from catalog_sync.store import clusters, ledger, registry, unions
from catalog_sync.store import tables as t
from catalog_sync.store.database import reading, writing
from tests.exports import book, mrc, shelf
from tests.pipeline.conftest import District

WRONG = {"encoding": "koi8-r"}
RIGHT = {"encoding": "cp866"}


def _corrected(district: District, code: str, **settings: object) -> None:
    with writing(district.system.engine) as connection:
        found = registry.get_source(connection, code)
        registry.save_sources(connection, [replace(found, **settings)])  # type: ignore[arg-type]


def _lines(district: District, code: str) -> list[tuple[MovementKind, int]]:
    with reading(district.system.engine) as connection:
        posted = ledger.posted(connection, [RecordKey(code, f"R{n:04d}") for n in range(30)])
    return sorted((line.kind, line.copies) for lines in posted.values() for line in lines)


def test_a_corrected_encoding_gives_the_same_catalogue_as_if_it_had_never_been_wrong(district: District) -> None:
    for code, settings in (("right", RIGHT), ("wrong", WRONG)):
        district.source(code, **settings)
        district.load_bytes(code, mrc(shelf(30), "cp866"))
    assert not district.together("right:R0001", "wrong:R0001")
    _corrected(district, "wrong", **RIGHT)
    run = pipeline.reread(district.system, "wrong", asked_by="тест")
    assert (run.state, run.counts.changed, run.counts.read, run.encoding) == (RunState.PUBLISHED, 30, 0, "cp866")
    assert district.together("right:R0001", "wrong:R0001")
    assert _lines(district, "wrong") == _lines(district, "right")
    assert upkeep.check(district.system) == []
    tonight = district.load_bytes("wrong", mrc(shelf(30), "cp866"))
    assert (tonight.state, tonight.counts.unchanged) == (RunState.PUBLISHED, 30)


def test_naming_no_encoding_undoes_a_wrong_one(district: District) -> None:
    for code in ("left", "named"):
        district.source(code)
        district.load_bytes(code, mrc(shelf(30), "cp866"))
    _corrected(district, "named", **WRONG)
    assert pipeline.reread(district.system, "named").counts.changed == 30
    _corrected(district, "named", encoding="")
    run = pipeline.reread(district.system, "named")
    assert (run.counts.changed, run.encoding) == (30, "cp866")
    assert district.together("left:R0001", "named:R0001")
    assert pipeline.reread(district.system, "named").counts.unchanged == 30
    assert upkeep.check(district.system) == []


def test_copies_found_only_by_the_right_profile_were_there_all_the_time(district: District) -> None:
    district.source("s1", holdings_profile="koha_unimarc")
    assert district.load("s1", shelf(30)).counts.copies_added == 0
    _corrected(district, "s1", holdings_profile="")
    run = pipeline.reread(district.system, "s1")
    assert run.counts.copies_added == 30
    columns = {kind for kind, _ in _lines(district, "s1")}
    assert not columns & {MovementKind.ACQUIRED, MovementKind.WITHDRAWN}
    assert sum(copies for _, copies in _lines(district, "s1")) == 30
    assert upkeep.check(district.system) == []


def test_an_export_read_by_changed_settings_is_not_taken_for_unchanged(district: District) -> None:
    district.source("s1", **WRONG)
    district.load_bytes("s1", mrc(shelf(30), "cp866"))
    _corrected(district, "s1", **RIGHT)
    tonight = district.load_bytes("s1", mrc(shelf(30), "cp866"))
    assert (tonight.counts.changed, tonight.counts.unchanged) == (30, 0)
    assert tonight.state is RunState.HELD  # a whole base that reads otherwise is a person's matter
    pipeline.approve(district.system, tonight.number, who="тест")
    assert pipeline.reread(district.system, "s1").counts.unchanged == 30


def test_settings_that_make_nothing_of_the_records_leave_them_as_they_were(district: District) -> None:
    district.source("s1")
    district.load("s1", shelf(30))
    before = district.digest()
    _corrected(district, "s1", dialect=Dialect.MARC21)
    with pytest.raises(Refused, match="не нашлось заглавия"):
        pipeline.reread(district.system, "s1")
    assert district.digest() == before


def test_what_was_read_anew_can_be_rolled_back(district: District) -> None:
    district.source("s1", **RIGHT)
    district.load_bytes("s1", mrc(shelf(30), "cp866"))
    clusters, lines = district.clusters(), _lines(district, "s1")
    _corrected(district, "s1", **WRONG)
    run = pipeline.reread(district.system, "s1")
    assert run.counts.changed == 30
    _corrected(district, "s1", **RIGHT)
    pipeline.roll_back(district.system, run.number, who="тест")
    assert (district.clusters(), _lines(district, "s1")) == (clusters, lines)
    assert upkeep.check(district.system) == []


def _classes(district: District) -> dict[str, str]:
    """Classes of editions by the sources that have them."""
    with reading(district.system.engine) as connection:
        found = unions.load(connection, sorted(clusters.live(connection)))
    return {"+".join(k.source for k in u.members): u.classified.category.value for u in found if u.classified}


def test_another_name_of_the_base_classifies_what_is_loaded(district: District) -> None:
    for code in ("s1", "s2"):
        district.source(code)
        district.load(code, [book("R1", "Физика", year="2019", copies=3)])
    before = _classes(district)
    _corrected(district, "s1", base="Учебники")
    run = pipeline.reread(district.system, "s1")
    assert (run.state, run.counts.changed) == (RunState.PUBLISHED, 0)
    assert before == {"s1+s2": "other"}
    assert _classes(district) == {"s1+s2": "textbook"}
    assert upkeep.check(district.system) == []
    _corrected(district, "s1", base="")
    pipeline.reread(district.system, "s1")
    assert _classes(district) == before
    assert upkeep.check(district.system) == []
    told = {table: _rows(district, table) for table in (t.holding, t.union_record, t.member)}
    upkeep.rebuild(district.system)
    assert {table: _rows(district, table) for table in told} == told


def _rows(district: District, table: Table) -> list[tuple[object, ...]]:
    with reading(district.system.engine) as connection:
        return sorted(map(tuple, connection.execute(table.select())), key=repr)
