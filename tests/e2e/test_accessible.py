"""Every kind of page: WCAG 2.1 AA by axe-core, valid HTML by vnu, 320 px wide, nothing asked of another host."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, Response, ViewportSize

from tests.e2e.conftest import Site, log_in, tool
from tests.peers import need

pytestmark = [pytest.mark.peer, pytest.mark.slow]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
# Only what is wrong is described; nothing is loaded again, as our pages have one style sheet of their own host.
RUN_AXE = """rules => axe.run(document,
  {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations'], preload: false})"""
RUN_CONTRAST = """_ => axe.run(document,
  {runOnly: ['color-contrast'], resultTypes: ['violations'], preload: false})"""  # the dark theme changes colours only
# What moved without the reader's doing while the page was loaded, as Core Web Vitals count it.
LAYOUT_SHIFTS = """() => new Promise(done => {
  const seen = [];
  const watcher = new PerformanceObserver(list => seen.push(...list.getEntries()));
  watcher.observe({type: 'layout-shift', buffered: true});
  const told = e => [e.value, ...e.sources.map(s => s.node?.outerHTML?.slice(0, 120))];
  requestAnimationFrame(() => requestAnimationFrame(() => {
    watcher.disconnect();
    done(seen.filter(e => !e.hadRecentInput).map(told));
  }));
})"""
JUMP = 0.01  # a tenth of what Core Web Vitals call good
WIDE, NARROW = ViewportSize(width=1280, height=800), ViewportSize(width=320, height=640)
# Wider than the window: what sticks out, boxes that scroll by themselves apart ("?" when nothing can be named).
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
  ["?", ...[...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .filter(e => !e.closest('.scroll, .tools, .main-nav, .staff-nav'))
    .slice(0, 3).map(e => e.outerHTML.slice(0, 120))]"""


Visit = Callable[[Page], object]


@dataclass
class Walked:
    """What was seen on a walk over the whole site, every page opened once: faults by kind, pages as they were sent."""

    axe: list[object] = field(default_factory=list)
    dark: list[object] = field(default_factory=list)
    wide: list[object] = field(default_factory=list)
    jumps: list[object] = field(default_factory=list)
    strange: list[object] = field(default_factory=list)
    html: dict[str, bytes] = field(default_factory=dict)

    def look(self, page: Page, path: str, response: Response | None) -> None:
        """All that is asked of a page: in a window, in the dark theme, on the narrowest telephone."""
        assert response is not None
        self.html[path] = response.body()
        shifts = page.evaluate(LAYOUT_SHIFTS)
        if sum(value for value, *_ in shifts) > JUMP:
            self.jumps.append((path, shifts))
        page.evaluate(axe())
        self.axe += violations(page, path, RUN_AXE)
        page.emulate_media(color_scheme="dark")
        self.dark += violations(page, path, RUN_CONTRAST)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(NARROW)
        self.wide += [(path, stick) for stick in page.evaluate(TOO_WIDE)]
        page.set_viewport_size(WIDE)

    def watch(self, page: Page, base: str) -> None:
        """Whatever asks another host or breaks the policy of the pages."""

        def request(asked: Request) -> None:
            if not asked.url.startswith((base, "data:")):
                self.strange.append(asked.url)

        def console(told: ConsoleMessage) -> None:
            if told.type == "error" and "status of 4" not in told.text:
                self.strange.append(told.text)

        def dialog(opened: Dialog) -> None:
            self.strange.append(opened.message)
            opened.dismiss()

        page.on("request", request)
        page.on("console", console)
        page.on("dialog", dialog)


@cache
def axe() -> str:
    return tool("axe-core/axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, path: str, run: str) -> list[object]:
    told = page.evaluate(run, RULES)["violations"]
    return [(path, v["id"], [n["html"][:140] for n in v["nodes"][:2]]) for v in told]


@pytest.fixture(scope="module")
def walked(browser: Browser, site: Site) -> Walked:
    """What a reader sees, then what the staff sees, then the pages that only a form brings."""
    found = Walked()
    reader = browser.new_page(viewport=WIDE)
    found.watch(reader, site.base)
    for path in (*site.addresses(staff=False), "/nope"):
        found.look(reader, path, reader.goto(site.base + path))
    reader.context.close()
    staff = browser.new_page(viewport=WIDE)
    found.watch(staff, site.base)
    log_in(staff, site.base, "admin")
    for path in (*site.addresses(staff=True), "/search?q=инв:2541"):
        found.look(staff, path, staff.goto(site.base + path))
    for path, act in answers():
        staff.goto(site.base + path)
        with staff.expect_navigation() as answer:
            act(staff)
        found.look(staff, f"{path} (sent)", answer.value)
    staff.context.close()
    return found


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
        typed = {
            "code": "x",
            "name": "x",
            "starts": "2026-09-01",
            "ends": "2027-08-31",
            "address": "https://x.example/",
        }
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


def test_axe_finds_nothing_on_any_kind_of_page(walked: Walked) -> None:
    assert not walked.axe, "\n".join(map(str, walked.axe))


def test_contrast_holds_in_the_dark_theme_too(walked: Walked) -> None:
    assert not walked.dark, "\n".join(map(str, walked.dark))


def test_nothing_sticks_out_at_320_pixels(walked: Walked) -> None:
    assert walked.wide == []


def test_nothing_jumps_while_a_page_loads(walked: Walked) -> None:
    assert walked.jumps == []


def test_no_page_asks_another_host_or_breaks_its_policy(walked: Walked) -> None:
    assert walked.strange == []


def test_every_colour_scheme_and_size_keeps_its_contrast(browser: Browser, site: Site) -> None:
    found: list[object] = []
    for colours in ("black-white", "white-black", "blue", "beige"):
        context = browser.new_context(viewport=WIDE)
        cookies = {"colours": colours, "size": "huge", "spacing": "wide"}
        context.add_cookies([{"name": k, "value": v, "url": site.base} for k, v in cookies.items()])
        page = context.new_page()
        for path in ("/", "/search?q=алгебра&kind=учебник", "/settings", "/e-resources/ended"):
            page.goto(site.base + path)
            page.evaluate(axe())
            found += violations(page, f"{colours} {path}", RUN_AXE)
            page.set_viewport_size(NARROW)
            if (width := page.evaluate("document.documentElement.scrollWidth")) > NARROW["width"]:
                found.append(f"{path} is {width} pixels wide")
            page.set_viewport_size(WIDE)
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


def test_every_kind_of_page_is_valid_html(walked: Walked, tmp_path: Path) -> None:
    need("java")
    jar = tool("vnu-jar/build/dist/vnu.jar")
    names = {f"{number}.html": path for number, path in enumerate(walked.html)}
    for name, path in names.items():
        (tmp_path / name).write_bytes(walked.html[path])
    command = ["java", "-jar", str(jar), "--format", "json", *map(str, sorted(tmp_path.glob("*.html")))]
    told = subprocess.run(command, capture_output=True, timeout=180, check=False).stderr
    messages = [m for m in json.loads(told)["messages"] if m["type"] == "error"]
    found = [(names[Path(m["url"]).name], m["message"], m.get("extract")) for m in messages]
    assert not found, "\n".join(map(str, found))
