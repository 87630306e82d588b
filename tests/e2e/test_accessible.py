"""Every kind of page: WCAG 2.1 AA by axe-core, valid HTML by vnu, 320 px wide, nothing asked of another host."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import Site, log_in, tool
from tests.peers import need

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


Visit = Callable[[Page], object]


def visits(browser: Browser, site: Site, **options: Any) -> Iterator[tuple[Page, str]]:
    """Every page of the site, opened one after the other: what a reader sees, then what the staff sees, then the
    pages that only a form brings."""
    reader = browser.new_context(bypass_csp=True, **options)
    page = reader.new_page()
    for path in (*site.addresses(staff=False), "/nope"):
        page.goto(site.base + path)
        yield page, path
    reader.close()
    staff = browser.new_context(bypass_csp=True, **options)
    page = staff.new_page()
    log_in(page, site.base, "admin")
    for path in site.addresses(staff=True):
        page.goto(site.base + path)
        yield page, path
    for path, act in answers():
        page.goto(site.base + path)
        act(page)
        page.wait_for_load_state()
        yield page, f"{path} (sent)"
    staff.close()


def answers() -> Iterator[tuple[str, Visit]]:
    """Pages that answer a form: what is refused beside its field, and what other catalogues found."""

    def send_empty(page: Page) -> None:
        for box in page.locator("main form.form input:not([type=hidden]), main form.form textarea").all():
            if box.get_attribute("type") not in ("checkbox", "file", "radio") and box.is_editable():
                box.fill("")
        page.evaluate("document.querySelector('main form.form').noValidate = true")
        page.click("main form.form button[type=submit]")

    def search_elsewhere(page: Page) -> None:
        page.fill("main input[name=title]", "алгебра")
        page.get_by_role("button", name="Искать в других каталогах").click()

    def show_package(page: Page) -> None:
        typed = {"code": "x", "name": "x", "starts": "2026-09-01", "ends": "2027-08-31", "address": "https://x.example/"}
        for name, value in typed.items():
            page.fill(f"main input[name={name}]", value)
        file = {"name": "a.csv", "mimeType": "text/csv", "buffer": "Автор;Название;Год\nСоловьёв;Север;2019".encode()}
        page.set_input_files("main input[type=file]", files=file)  # type: ignore[arg-type]
        page.click("main form.form button[type=submit]")

    for path in ("users/new", "libraries/new", "e-resources/new", "lists/new", "lore/new", "sources/new", "password"):
        yield f"/staff/{path}", send_empty
    yield "/staff/uploads/", send_empty
    yield "/staff/packages/new", show_package
    yield "/staff/copy/", search_elsewhere


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_kind_of_page(browser: Browser, site: Site, scheme: str) -> None:
    script = tool("axe-core/axe.min.js").read_text(encoding="utf-8")
    found = []
    for page, path in visits(browser, site, color_scheme=scheme):
        page.evaluate(script)
        for violation in page.evaluate(RUN_AXE if scheme == "light" else RUN_CONTRAST, RULES)["violations"]:
            found.append((path, violation["id"], [n["html"][:140] for n in violation["nodes"][:2]]))
    assert not found, "\n".join(map(str, found))


def test_nothing_sticks_out_at_320_pixels(browser: Browser, site: Site) -> None:
    found = []
    for page, path in visits(browser, site, viewport={"width": 320, "height": 640}):
        wide = page.evaluate(TOO_WIDE)
        if wide:
            found.append((path, wide))
    assert found == []


def test_no_page_asks_another_host_or_breaks_its_policy(browser: Browser, site: Site) -> None:
    strange: list[str] = []
    context = browser.new_context()
    page = context.new_page()
    page.on("request", lambda r: r.url.startswith((site.base, "data:")) or strange.append(r.url))
    page.on("console", lambda m: m.type == "error" and "status of 404" not in m.text and strange.append(m.text))
    page.on("dialog", lambda d: (strange.append(d.message), d.dismiss()))
    for path in site.addresses(staff=False):
        page.goto(site.base + path)
    log_in(page, site.base, "admin")
    for path in site.addresses(staff=True):
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
    for page, path in visits(browser, site, java_script_enabled=False):
        file = tmp_path / f"{len(names)}.html"
        sent = path.endswith("(sent)")  # what a form brought can't be asked for again: as the browser read it
        file.write_bytes(page.content().encode() if sent else page.request.get(page.url).body())
        names[file.name] = path
    command = ["java", "-jar", str(jar), "--format", "json", *map(str, sorted(tmp_path.glob("*.html")))]
    told = subprocess.run(command, capture_output=True, timeout=180, check=False).stderr
    messages = [m for m in json.loads(told)["messages"] if m["type"] == "error"]
    found = [(names[Path(m["url"]).name], m["message"], m.get("extract")) for m in messages]
    assert not found, "\n".join(map(str, found))
