"""A clock that was wrong for a while and is set right: what it dated meanwhile is behind everybody, not before them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from catalog_sync.errors import Refused
from catalog_sync.settings import Settings
from catalog_sync.store import jobs, staff, unions
from catalog_sync.store.database import reading, writing
from catalog_sync.system import open_system
from tests.exports import shelf
from tests.pipeline.conftest import Clock, District

DAY, YEAR = timedelta(days=1), timedelta(days=365)


@pytest.fixture
def district(tmp_path: Path) -> Iterator[District]:
    clock = Clock()
    system = open_system(Settings(home=tmp_path / "home"), now=clock)
    yield District(system, clock)
    system.engine.dispose()


def dates(district: District, since: datetime | None = None) -> dict[str, datetime]:
    with reading(district.system.engine) as connection:
        found = unions.changes(connection, after=0, since=since, until=None, oai_set="", limit=100)
    return {change.cluster: change.when for change in found}


def test_who_asks_from_the_last_date_he_heard_of_hears_what_came_after_the_clock_was_set_back(
    district: District,
) -> None:
    district.source("s1")
    district.load("s1", shelf(10))
    known = dates(district)
    district.clock.now -= DAY
    district.load("s1", shelf(12))
    new = set(district.clusters().values()) - known.keys()
    assert len(new) == 2
    assert new <= dates(district, since=max(known.values())).keys()


def test_a_wait_after_wrong_passwords_ends_though_the_clock_was_set_back(district: District) -> None:
    engine = district.system.engine
    with writing(engine) as connection:
        person = staff.User("ivanova", "И", "administrator", None, active=True, stamp="")
        staff.save_user(connection, person, "a long password", district.clock())
    for _ in range(staff.LOGIN_TRIES + 1):
        with suppress(Refused):
            staff.log_in(engine, "ivanova", "wrong", "10.0.0.1", district.clock())
    with pytest.raises(Refused, match="слишком много"):
        staff.log_in(engine, "ivanova", "a long password", "10.0.0.1", district.clock())
    assert staff.log_in(engine, "ivanova", "a long password", "10.0.0.1", district.clock() - YEAR) is not None


def test_a_source_dated_next_year_by_a_wrong_clock_is_missed_again_after_its_next_export(district: District) -> None:
    district.source("s1")
    district.clock.now += YEAR
    district.load("s1", shelf(10))
    district.clock.now -= YEAR
    district.load("s1", shelf(10))
    with reading(district.system.engine) as connection:
        assert jobs.last_data(connection)["s1"] <= district.clock()
