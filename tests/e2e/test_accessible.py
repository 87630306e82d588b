"""Every kind of page: WCAG 2.1 AA by axe-core, valid HTML by vnu, 320 px wide, nothing asked of another host."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.conftest import Site, log_in, tool
from tests.peers import need
from tests.web.test_pages import READER_PAGES, STAFF_PAGES

pytestmark = [pytest.mark.peer, pytest.mark.slow]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
RUN_AXE = "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})"
RUN_CONTRAST = "_ => axe.run(document, {runOnly: ['color-contrast']})"  # the dark theme changes colours only
# Wider than the window: what sticks out, boxes that scroll by themselves apart ("?" when nothing can be named).
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  ["?", ...[...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .filter(e => !e.closest('.scroll, .tools, .main-nav, .staff-nav'))
    .slice(0, 3).map(e => e.outerHTML.slice(0, 120))]"""


def paths(site: Site, page: Page) -> list[str]:
    """Every kind of page, with cards of an ordinary and of a hostile record."""
    cards = []
    for words in ("алгебра", "script onload", "лесные сказки"):
        hits = page.request.get(f"{site.base}/search.json", params={"q": words}).json()["hits"]
        cards += [f"/record/{hits[0]['id']}{end}" for end in ("", "/records", "/card", "/report")]
    return [
        *READER_PAGES,
        *cards,
        "/nope",
        "/lists/leto/embed",
        "/search?q=script",
        f"/basket?id={cards[0].split('/')[2]}",
        "/staff/login",
        "/source-record/tales-1/t1",
    ]


def staff_paths(site: Site) -> list[str]:
    return [*STAFF_PAGES, f"/staff/runs/{site.held}", "/staff/runs/1", "/staff/court/?skip=999", "/staff/copy/?isbn=1"]


def contexts(browser: Browser, site: Site, **options: Any) -> list[tuple[BrowserContext, list[str]]]:
    reader = browser.new_context(bypass_csp=True, **options)
    page = reader.new_page()
    staff = browser.new_context(bypass_csp=True, **options)
    log_in(staff.new_page(), site.base, "admin")
    return [(reader, paths(site, page)), (staff, staff_paths(site))]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_kind_of_page(browser: Browser, site: Site, scheme: str) -> None:
    script = tool("axe-core/axe.min.js").read_text(encoding="utf-8")
    found = []
    for context, addresses in contexts(browser, site, color_scheme=scheme):
        page = context.pages[0]
        for path in addresses:
            page.goto(site.base + path)
            page.evaluate(script)
            for violation in page.evaluate(RUN_AXE if scheme == "light" else RUN_CONTRAST, RULES)["violations"]:
                found.append((path, violation["id"], [n["html"][:140] for n in violation["nodes"][:2]]))
        context.close()
    assert not found, "\n".join(map(str, found))


def test_nothing_sticks_out_at_320_pixels(browser: Browser, site: Site) -> None:
    found = []
    for context, addresses in contexts(browser, site, viewport={"width": 320, "height": 640}):
        page = context.pages[0]
        for path in addresses:
            page.goto(site.base + path)
            wide = page.evaluate(TOO_WIDE)
            if wide:
                found.append((path, wide))
        context.close()
    assert found == []


def test_no_page_asks_another_host_or_breaks_its_policy(browser: Browser, site: Site) -> None:
    strange: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.on("request", lambda r: r.url.startswith((site.base, "data:")) or strange.append(r.url))
    page.on("console", lambda m: m.type == "error" and "status of 404" not in m.text and strange.append(m.text))
    page.on("dialog", lambda d: (strange.append(d.message), d.dismiss()))
    for path in paths(site, page):
        page.goto(site.base + path)
    context.close()
    assert strange == []


def test_every_colour_scheme_and_size_keeps_its_contrast(browser: Browser, site: Site) -> None:
    script = tool("axe-core/axe.min.js").read_text(encoding="utf-8")
    found = []
    for colours in ("black-white", "white-black", "blue", "beige"):
        context = browser.new_context(bypass_csp=True, viewport={"width": 1280, "height": 800})
        cookies = {"colours": colours, "size": "huge", "spacing": "wide"}
        context.add_cookies([{"name": k, "value": v, "url": site.base} for k, v in cookies.items()])
        page = context.new_page()
        for path in ("/", "/search?q=алгебра&kind=учебник", "/settings", "/e-resources/ended"):
            page.goto(site.base + path)
            page.evaluate(script)
            found += [
                (colours, path, v["id"], v["nodes"][0]["html"][:140])
                for v in page.evaluate(RUN_AXE, RULES)["violations"]
            ]
        context.close()
    assert not found, "\n".join(map(str, found))


def test_the_keyboard_alone_reaches_everything(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    page.goto(f"{site.base}/search?q=алгебра")
    wanted = page.locator(
        "a[href]:visible, button:visible, input:visible:not([type=hidden]), select:visible, summary:visible"
    ).count()
    reached = set()
    for _ in range(wanted + 20):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "() => { const all = [...document.querySelectorAll('*')]; return all.indexOf(document.activeElement); }"
            )
        )
    assert len(reached) >= wanted
    page.close()


def test_every_kind_of_page_is_valid_html(browser: Browser, site: Site, tmp_path: Path) -> None:
    need("java")
    jar = tool("vnu-jar/build/dist/vnu.jar")
    names = {}
    for context, addresses in contexts(browser, site):
        for number, path in enumerate(addresses):
            file = tmp_path / f"{len(names)}-{number}.html"
            file.write_bytes(context.request.get(site.base + path).body())
            names[file.name] = path
        context.close()
    command = ["java", "-jar", str(jar), "--format", "json", *map(str, sorted(tmp_path.glob("*.html")))]
    told = subprocess.run(command, capture_output=True, timeout=180, check=False).stderr
    messages = [m for m in json.loads(told)["messages"] if m["type"] == "error"]
    found = [(names[Path(m["url"]).name], m["message"], m.get("extract")) for m in messages]
    assert not found, "\n".join(map(str, found))
