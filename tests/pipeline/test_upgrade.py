"""A new version of the program reads records by other rules: nothing of the old ones may stay in the catalogue."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import select, update

from catalog_sync import publishing, upkeep
from catalog_sync.errors import Refused
from catalog_sync.explaining import lines
from catalog_sync.model import RecordKey
from catalog_sync.store import migrations
from catalog_sync.store import tables as t
from catalog_sync.store.database import reading, writing
from tests.exports import book, shelf
from tests.pipeline.conftest import District


def grow_old(district: District) -> None:
    """Make stored features those of an earlier version."""
    with writing(district.system.engine) as connection:
        connection.execute(update(t.portrait).values(data=b'[1,["old"]]'))


def test_a_catalogue_of_an_earlier_version_is_computed_anew_by_the_next_publication(district: District) -> None:
    district.source("s1")
    district.source("s2")
    district.load("s1", [*shelf(15), book("A", isbn="978-5-08-005000-5")])
    digest = district.digest()
    grow_old(district)
    assert publishing.outdated(district.system)
    with reading(district.system.engine) as connection, pytest.raises(Refused, match="catalog-sync rebuild"):
        list(lines(connection, RecordKey("s1", "A")))
    district.load("s2", [*shelf(15, prefix="s2"), book("B", isbn="978-5-08-005000-5")])
    assert district.together("s1:A", "s2:B")
    assert upkeep.check(district.system) == []
    assert not publishing.outdated(district.system)
    with reading(district.system.engine) as connection:
        assert b"old" not in b"".join(connection.execute(select(t.portrait.c.data)).scalars())
    assert district.digest() != digest


def test_a_catalogue_from_before_portraits_is_computed_anew_by_the_next_publication(district: District) -> None:
    district.source("s1")
    district.source("s2")
    district.load("s1", [*shelf(15), book("A", isbn="978-5-08-005000-5")])
    digest = district.digest()
    with writing(district.system.engine) as connection:
        command.downgrade(migrations.config(connection), "0007")
        command.upgrade(migrations.config(connection), "head")
    assert publishing.outdated(district.system)
    assert district.digest() == digest
    district.load("s2", [*shelf(15, prefix="s2"), book("B", isbn="978-5-08-005000-5")])
    assert district.together("s1:A", "s2:B")
    assert not publishing.outdated(district.system)
    assert upkeep.check(district.system) == []


def test_an_empty_catalogue_is_of_no_version(district: District) -> None:
    assert not publishing.outdated(district.system)
