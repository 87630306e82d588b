"""Days in the letter to a school are days of the district."""

from __future__ import annotations

from datetime import UTC, date, datetime

from catalog_sync import school_letters
from catalog_sync.store.database import reading
from tests.exports import shelf
from tests.pipeline.conftest import District


def test_an_export_of_the_late_evening_in_greenwich_came_on_the_next_day_in_moscow(sqlite_district: District) -> None:
    sqlite_district.clock.now = datetime(2026, 9, 30, 22, tzinfo=UTC)
    sqlite_district.source("s1")
    sqlite_district.load("s1", shelf(3))
    with reading(sqlite_district.system.engine) as connection:
        told = school_letters.letter(
            connection, "s1", today=date(2026, 10, 1), district=sqlite_district.system.settings.district
        )
    assert "выгрузка от 01.10.2026" in told
    assert "30.09.2026" not in told
