"""The desk of a person says first whether the exports come, and names those that do not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from catalog_sync.model import RunState
from catalog_sync.store import registry, runs
from catalog_sync.store.database import reading, writing
from catalog_sync.store.staff import User
from catalog_sync.system import System
from tests.web.conftest import NOW, application, build, log_in
from web.staff.gathering import gathering


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> System:
    """A district in which «muzei» fell silent, «school-02» failed tonight and «odd» never came."""
    system = build(tmp_path_factory.mktemp("desk"))
    with writing(system.engine) as connection:
        for code, run in runs.latest_of_each(connection).items():
            if code == "muzei":
                runs.save(connection, run.number, started=NOW - timedelta(days=9))
            if code == "odd":
                runs.save(connection, run.number, state=RunState.REJECTED)
        failed = runs.start(connection, "school-02", NOW, incremental=False)
        runs.save(connection, failed, state=RunState.FAILED, message="папка недоступна")
    return system


def desk(system: System, login: str) -> str:
    client = application(system).test_client()
    log_in(client, login)
    return client.get("/staff/").text


def test_a_methodologist_sees_how_many_sources_are_fresh_and_which_are_not(own: System) -> None:
    page = desk(own, "metod")
    assert "Свежие данные: 4 из 6 источников." in page
    assert "Не собрались в последний раз" in page
    assert "папка недоступна" in page
    assert "Нет новых данных больше 7 дней" in page
    assert "11 нояб. 2026" in page
    assert "Ещё ничего не присылали" in page
    assert "Всё сделано" not in page
    assert "Программа заданий не запущена" in page


def test_a_librarian_sees_the_exports_of_her_own_school_alone(own: System) -> None:
    page = desk(own, "bibl")
    assert "прочитана 1 запись" in page
    assert "папка недоступна" not in page
    assert "Свежие данные" not in page
    assert "Программа заданий" not in page


def test_a_source_that_failed_and_came_since_is_no_failure_any_more(own: System) -> None:
    methodologist = User("metod", "", "methodologist", None, True, "")
    with writing(own.engine) as connection:
        again = runs.start(connection, "school-02", NOW, incremental=False)
        runs.save(connection, again, state=RunState.PUBLISHED)
    with reading(own.engine) as connection:
        found = gathering(connection, registry.sources(connection), methodologist, NOW, 7)
    assert found.failing == ()
    assert [(source.code, moment) for source, moment in found.late] == [("muzei", NOW - timedelta(days=9))]
    assert [source.code for source in found.awaited] == ["odd"]
