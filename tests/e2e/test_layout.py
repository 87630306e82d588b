"""What a telephone and a sheet of paper show of the pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import Site

pytestmark = [pytest.mark.peer, pytest.mark.slow]
SHEET, TELEPHONE = {"width": 794, "height": 1123}, {"width": 360, "height": 740}  # A4 at 96 dots an inch
TURNED = {"width": 1047, "height": 718}  # the same on its side, within margins of a centimetre


def test_a_printed_list_has_editions_and_nothing_to_press(browser: Browser, site: Site) -> None:
    page = browser.new_page(viewport=SHEET)  # type: ignore[arg-type]
    page.goto(f"{site.base}/search?q=алгебра&kind=учебник")
    assert page.locator("a.button:visible, button:visible").count() > 1
    page.emulate_media(media="print")
    assert page.locator("a.button:visible, button:visible, select:visible").count() == 0
    expect(page.locator(".hits")).to_be_visible()
    page.close()


def test_a_call_number_stands_on_one_line_of_a_telephone(browser: Browser, site: Site) -> None:
    page = browser.new_page(viewport=TELEPHONE)  # type: ignore[arg-type]
    page.goto(f"{site.base}/search?q=алгебра&my=school-01")
    lines = "marks => marks.map(m => m.offsetHeight / parseFloat(getComputedStyle(m).lineHeight))"
    assert 0 < max(page.eval_on_selector_all(".hits .mark", lines)) < 1.5
    page.goto(f"{site.base}/record/{site.known['card']}")
    assert 0 < max(page.eval_on_selector_all(".holdings .mark", lines)) < 1.5
    page.close()


def test_a_menu_that_goes_on_is_shaded_where_it_does(browser: Browser, site: Site) -> None:
    page = browser.new_page(viewport=TELEPHONE)  # type: ignore[arg-type]
    page.goto(site.base)
    menu = page.locator(".main-nav")
    assert menu.evaluate("menu => menu.scrollWidth > menu.clientWidth")
    assert "local" in menu.evaluate("menu => getComputedStyle(menu).backgroundAttachment")
    page.close()


@pytest.mark.parametrize("name", ["replenishment", "libraries", "cataloguing", "oo2"])
def test_a_printed_report_loses_no_column_at_the_edge_of_the_sheet(browser: Browser, site: Site, name: str) -> None:
    """A table of 28 columns was cut at the twelfth; now it is on a turned sheet, in letters that fit."""
    page = browser.new_page(viewport=TURNED)  # type: ignore[arg-type]
    page.goto(f"{site.base}/reports/{name}?period=2026")
    page.emulate_media(media="print")
    beyond = "tables => tables.map(t => t.getBoundingClientRect().right - window.innerWidth)"
    found = page.eval_on_selector_all("table.report", beyond)
    assert found
    assert max(found) <= 0
    page.close()
