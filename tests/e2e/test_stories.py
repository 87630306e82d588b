"""Three stories in a real browser, with the pictures of the manual."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from catalog_sync import pipeline
from catalog_sync.model import RunState
from catalog_sync.store import jobs, runs
from catalog_sync.store.database import reading, writing
from tests.e2e.conftest import ROOT, Site, log_in

pytestmark = [pytest.mark.peer, pytest.mark.slow]
PICTURES = ROOT / "docs" / "ru" / "pictures"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


def picture(page: Page, name: str) -> None:
    """A picture of the manual, renewed only when asked: `UPDATE_PICTURES=1 pytest tests/e2e/test_stories.py`."""
    if os.environ.get("UPDATE_PICTURES"):
        page.screenshot(path=PICTURES / f"{name}.png")


@pytest.mark.parametrize(
    ("viewport", "scripts"),
    [(WIDE, True), (NARROW, True), (NARROW, False)],
    ids=["wide", "narrow", "narrow-without-scripts"],
)
def test_a_pupil_finds_a_book_in_her_school(
    browser: Browser, site: Site, viewport: dict[str, int], scripts: bool
) -> None:
    context = browser.new_context(viewport=viewport, java_script_enabled=scripts)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(site.base)
    page.get_by_role("link", name="Выбрать свою школу").click()
    page.select_option("select[name=library]", "school-01")
    page.get_by_role("button", name="Сохранить").click()
    page.fill("#q", "алгебра 7 класс")
    page.get_by_role("button", name="Найти").click()
    expect(page.locator("h1")).to_contain_text("Найдено")
    expect(page.locator(".hits")).to_contain_text("Есть в моей школе")
    if viewport is NARROW:
        page.get_by_role("link", name=re.compile("Уточнить")).click()
    elif scripts:
        picture(page, "search")
    page.locator("#facets").get_by_role("link", name=re.compile("^Учебник")).click()
    expect(page.locator(".chips")).to_contain_text("Учебник")
    page.locator(".hits h2 a").first.click()
    expect(page.locator("h1")).to_contain_text("Алгебра")
    expect(page.locator(".holdings tr.mine")).to_contain_text("Школа № 1")
    if viewport is WIDE:
        picture(page, "record")
    context.close()


def test_suggestions_are_chosen_by_keyboard(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    page.goto(site.base)
    page.locator("#q").press_sequentially("Берёзкин, И")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".hits")).to_contain_text("Лесные сказки")
    page.close()


def clusters_of_tales(page: Page, site: Site) -> set[str]:
    answer = page.request.get(f"{site.base}/search.json", params={"q": "Берёзкин лесные сказки"})
    return {hit["id"] for hit in answer.json()["hits"]}


def leaf_to_tales(page: Page) -> None:
    """Put pairs off by keyboard until the tales come."""
    page.locator("h1").click()
    for _ in range(40):
        if "Лесные сказки" in page.locator(".sides").inner_text():
            return
        with page.expect_navigation():
            page.keyboard.press("n")
    pytest.fail("the court never came to the tales")


def test_a_librarian_settles_a_duplicate_and_undoes_it(browser: Browser, site: Site) -> None:
    page = browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
    log_in(page, site.base, "bibl")
    assert len(clusters_of_tales(page, site)) == 2
    page.get_by_role("link", name="Суд дублетов", exact=True).click()
    leaf_to_tales(page)
    picture(page, "court")
    page.keyboard.press("s")
    expect(page.get_by_role("status")).to_contain_text("записано")
    assert len(clusters_of_tales(page, site)) == 1
    page.get_by_role("button", name=re.compile("^Отменить")).first.click()
    expect(page.get_by_role("status")).to_contain_text("отменено")
    assert len(clusters_of_tales(page, site)) == 2
    leaf_to_tales(page)
    page.close()


def do_what_was_asked(site: Site) -> None:
    """One turn of the jobs process."""
    with writing(site.system.engine) as connection:
        for request in jobs.take(connection, site.system.now(), ["approve"]):
            jobs.finish(connection, request.number, "", site.system.now())
            number = int(request.argument)
    pipeline.approve(site.system, number, who="metod")


def test_a_methodologist_approves_a_held_run(browser: Browser, site: Site) -> None:
    page = browser.new_page(viewport=WIDE)  # type: ignore[arg-type]
    log_in(page, site.base, "metod")
    page.get_by_role("link", name=re.compile(f"№ {site.held}")).click()
    expect(page.locator("h1")).to_contain_text("удержан")
    expect(page.locator("main")).to_contain_text("Исчезнут")
    picture(page, "held-run")
    page.get_by_role("button", name="Опубликовать").click()
    expect(page.get_by_role("status")).to_contain_text("будет опубликован")
    do_what_was_asked(site)
    page.reload()
    expect(page.locator("h1")).to_contain_text("опубликован")
    with reading(site.system.engine) as connection:
        assert runs.get(connection, site.held).state is RunState.PUBLISHED
    page.close()
