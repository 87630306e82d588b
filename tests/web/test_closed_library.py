"""A school that was closed: readers no longer choose it, and old links to it still answer."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from lxml import html

from catalog_sync import pipeline, upkeep
from catalog_sync.model import Library, Source
from catalog_sync.store import registry
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System
from tests.web.conftest import application, build


@pytest.fixture(scope="module")
def district(tmp_path_factory: pytest.TempPathFactory) -> System:
    """School 2 with two bases, and a library that has sent nothing yet and is paused till it does."""
    system = build(tmp_path_factory.mktemp("closed"))
    with writing(system.engine) as connection:
        registry.save_libraries(connection, [Library("new", "Новая школа")])
        registry.save_sources(connection, [Source("new", "new", active=False)])
    return system


def offered(client: FlaskClient, path: str) -> list[str]:
    """Codes of the libraries a page offers, by link or to choose from."""
    page = html.fromstring(client.get(path).text)
    links = [href.rpartition("/")[2] for href in page.xpath("//main//a[contains(@href, '/libraries/')]/@href")]
    return [code for code in (*links, *page.xpath("//select[@name='library']//option/@value")) if code]


def close(system: System, *codes: str) -> None:
    for code in codes:
        assert upkeep.close_source(system, code, who="boss").state.value == "published"


def reader_of(system: System) -> FlaskClient:
    """A reader who comes when the site has looked who takes part (it does every half a minute)."""
    app = application(system)
    app.extensions["catalog-sync"].directory.forget()
    return app.test_client()


LISTS = ("/libraries/", "/settings", "/new", "/advanced")


def test_a_closed_school_is_not_offered_and_its_page_says_so(district: System) -> None:
    close(district, "school-02", "tales-2")
    client = reader_of(district)
    assert [path for path in LISTS if "school-02" not in offered(client, path)] == [], "one base is still open"
    close(district, "odd")
    client = reader_of(district)
    for path in LISTS:
        assert "school-02" not in offered(client, path)
        assert {"school-01", "new"} <= set(offered(client, path))
    old = client.get("/libraries/school-02")
    assert old.status_code == 200
    assert "Школа № 2" in old.text
    assert "Библиотека закрыта" in old.text
    assert "Это моя библиотека" not in old.text
    assert "Библиотека закрыта" not in client.get("/libraries/school-01").text

    with reading(district.engine) as connection:
        run = registry.published_run(connection, "odd")
    assert run is not None
    pipeline.roll_back(district, run, who="boss")
    assert "school-02" in offered(reader_of(district), "/libraries/"), "what was closed by mistake is there again"
