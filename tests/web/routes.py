"""Every address of the site, in one table: which are pages (walked over by the tests of accessibility, valid HTML and
narrow screens), which are answers for programs, and who may open what. A page added later is missed by a test."""

from __future__ import annotations

import re

from flask import Flask
from werkzeug.routing import Rule

from catalog_sync.reports.registry import REPORTS

PROGRAMS = re.compile(
    r"/api/v1/|/static/|/feeds/|/sru|/oai$|/health$|/metrics$|/suggest$|/robots\.txt$|/sitemap"
    r"|\.json$|\.xml$|\.csv$|\.docx$|\.svg$|:ending>$|/set-aside/|/reports/kept/"
)
# What stands for the parts of an address; found in the district of tests/web/conftest.py. `{…}` is asked of it.
PAGES: dict[str, tuple[str, ...]] = {
    "/": ("/",),
    "/search": ("/search", "/search?q=алгебра", "/search?q=нетакогослова", "/search?q=script"),
    "/advanced": ("/advanced",),
    "/basket": ("/basket", "/basket?id={card}"),
    "/browse/": ("/browse/",),
    "/browse/<any(authors, subjects, titles):kind>": ("/browse/authors", "/browse/subjects", "/browse/titles"),
    "/browse/bbk": ("/browse/bbk",),
    "/browse/classes": ("/browse/classes",),
    "/browse/udc": ("/browse/udc",),
    "/new": ("/new",),
    "/libraries/": ("/libraries/",),
    "/libraries/<path:code>": ("/libraries/school-01",),
    "/settings": ("/settings",),
    "/help": ("/help",),
    "/lists/": ("/lists/",),
    "/lists/<slug>": ("/lists/leto",),
    "/lists/<slug>/embed": ("/lists/leto/embed",),
    "/e-resources/": ("/e-resources/",),
    "/e-resources/<code>": ("/e-resources/open", "/e-resources/ended"),
    "/lore/": ("/lore/",),
    "/lore/<slug>": ("/lore/berezkin",),
    "/record/<cluster>": ("/record/{card}", "/record/{evil}", "/record/{tale}"),
    "/record/<cluster>/records": ("/record/{card}/records", "/record/{evil}/records"),
    "/record/<cluster>/card": ("/record/{card}/card", "/record/{evil}/card"),
    "/record/<cluster>/report": ("/record/{card}/report",),
    "/source-record/<path:key>": ("/source-record/tales-1/t1",),
    "/reports/": ("/reports/",),
    "/reports/<name>": (),  # see `reports`
    "/reports/indicators": ("/reports/indicators",),
    "/reports/rows": ("/reports/rows", "/reports/rows?library=school-01"),
    "/reports/snapshots": ("/reports/snapshots",),
    "/reports/snapshots/<int:number>": ("/reports/snapshots/{snapshot}",),
    "/reports/desk": ("/reports/desk",),
    "/reports/desk/act": ("/reports/desk/act",),
    "/reports/desk/act/<int:number>": ("/reports/desk/act/{act}",),
    "/reports/desk/licence/<int:number>": ("/reports/desk/licence/{licence}",),
    "/reports/desk/needs": ("/reports/desk/needs",),
    "/reports/desk/classification": ("/reports/desk/classification?source=tales-1&local_id=t1",),
    "/reports/desk/figures": ("/reports/desk/figures",),
    "/reports/desk/import": ("/reports/desk/import",),
    "/reports/desk/key": ("/reports/desk/key",),
    "/reports/desk/licence": ("/reports/desk/licence",),
    "/reports/desk/snapshot-now": ("/reports/desk/snapshot-now",),
    "/staff/": ("/staff/",),
    "/staff/audit": ("/staff/audit",),
    "/staff/copy/": ("/staff/copy/", "/staff/copy/?isbn=1", "/staff/copy/?isbn={isbn}"),
    "/staff/court/": ("/staff/court/", "/staff/court/?skip=999"),
    "/staff/court/case": ("/staff/court/case?left=tales-1:t1&right=tales-2:t2",),
    "/staff/court/history": ("/staff/court/history",),
    "/staff/e-resources": ("/staff/e-resources",),
    "/staff/e-resources/<code>": ("/staff/e-resources/open",),
    "/staff/e-resources/new": ("/staff/e-resources/new",),
    "/staff/libraries": ("/staff/libraries",),
    "/staff/libraries/<code>": ("/staff/libraries/school-01",),
    "/staff/libraries/new": ("/staff/libraries/new",),
    "/staff/lists": ("/staff/lists",),
    "/staff/lists/<slug>": ("/staff/lists/leto",),
    "/staff/lists/new": ("/staff/lists/new",),
    "/staff/login": ("/staff/login",),
    "/staff/lore": ("/staff/lore",),
    "/staff/lore/<slug>": ("/staff/lore/berezkin",),
    "/staff/lore/new": ("/staff/lore/new",),
    "/staff/packages/": ("/staff/packages/",),
    "/staff/packages/new": ("/staff/packages/new",),
    "/staff/password": ("/staff/password",),
    "/staff/quality/": ("/staff/quality/", "/staff/quality/?library=school-02"),
    "/staff/reports-of-errors": ("/staff/reports-of-errors",),
    "/staff/runs": ("/staff/runs", "/staff/runs?source=school-02"),
    "/staff/runs/<int:number>": ("/staff/runs/{held}", "/staff/runs/1"),
    "/staff/runs/<int:number>/rollback": ("/staff/runs/1/rollback",),
    "/staff/sources": ("/staff/sources",),
    "/staff/sources/<code>/close": ("/staff/sources/school-02/close",),
    "/staff/sources/<code>/edit": ("/staff/sources/school-02/edit",),
    "/staff/sources/<code>/schedule": ("/staff/sources/school-02/schedule",),
    "/staff/sources/new": ("/staff/sources/new",),
    "/staff/uploads/": ("/staff/uploads/",),
    "/staff/uploads/<int:number>": ("/staff/uploads/{upload}",),
    "/staff/users": ("/staff/users",),
    "/staff/users/<login>": ("/staff/users/bibl",),
    "/staff/users/new": ("/staff/users/new",),
}
# Who opens what: the least role, for every method of the rule. What is not here is open to everybody.
LIBRARIAN = (
    "/reports/desk",
    "/reports/desk/act",
    "/reports/desk/act/<int:number>",
    "/reports/desk/needs",
    "/reports/desk/classification",
    "/reports/desk/figures",
    "/reports/desk/import",
    "/reports/kept/<int:number>",
    "/staff/",
    "/staff/copy/",
    "/staff/copy/<cluster>",
    "/staff/copy/elsewhere/",
    "/staff/copy/elsewhere/take",
    "/staff/court/",
    "/staff/court/case",
    "/staff/court/decide",
    "/staff/court/history",
    "/staff/court/undo/<int:number>",
    "/staff/e-resources",
    "/staff/lists",
    "/staff/lists/<slug>",
    "/staff/lists/new",
    "/staff/lore",
    "/staff/lore/<slug>",
    "/staff/lore/new",
    "/staff/password",
    "/staff/quality/",
    "/staff/reports-of-errors",
    "/staff/reports-of-errors/<int:number>",
    "/staff/runs",
    "/staff/runs/<int:number>",
    "/staff/runs/<int:number>/set-aside/<int:piece>",
    "/staff/sources",
    "/staff/sources/<code>/<any(harvest, pause, resume):action>",
    "/staff/sources/<code>/test",
    "/staff/uploads/",
    "/staff/uploads/<int:number>",
    "/staff/uploads/<int:number>/<any(take, drop):action>",
    "/staff/uploads/<int:number>/columns",
)
METHODOLOGIST = (
    "/reports/desk/licence",
    "/reports/desk/licence/<int:number>",
    "/reports/desk/snapshot-now",
    "/staff/audit",
    "/staff/e-resources/<code>",
    "/staff/e-resources/new",
    "/staff/libraries",
    "/staff/libraries/<code>",
    "/staff/libraries/new",
    "/staff/packages/",
    "/staff/packages/new",
    "/staff/runs/<int:number>/<any(approve, reject, rollback):action>",
    "/staff/runs/<int:number>/rollback",
    "/staff/sources/<code>/schedule",
)
ADMINISTRATOR = (
    "/reports/desk/key",
    "/staff/sources/<code>/close",
    "/staff/sources/<code>/edit",
    "/staff/sources/new",
    "/staff/users",
    "/staff/users/<login>",
    "/staff/users/new",
)
NEEDS = {
    **dict.fromkeys(LIBRARIAN, "librarian"),
    **dict.fromkeys(METHODOLOGIST, "methodologist"),
    **dict.fromkeys(ADMINISTRATOR, "administrator"),
}
ENTERING = ("/staff/login", "/staff/logout")  # under /staff/, but before and after the login
PLACE = re.compile(r"<(?:(?P<kind>\w+)(?:\((?P<of>[^)]*)\))?:)?(?P<name>\w+)>")
UNKNOWN = "999999"  # no run, list, record or person has this name


def rules(app: Flask) -> list[Rule]:
    return sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)


def page_rules(app: Flask) -> list[str]:
    """Rules that answer a reader's GET with a page."""
    return sorted({r.rule for r in rules(app) if "GET" in (r.methods or ()) and not PROGRAMS.search(r.rule)})


def addresses(app: Flask, values: dict[str, str], *, staff: bool) -> list[str]:
    """Addresses of every page; `staff`: of those behind the login, else of those anybody opens."""
    found = [path for rule in page_rules(app) if (rule in NEEDS) is staff for path in PAGES[rule]]
    return [*(path.format(**values) for path in found), *reports(staff)]


def reports(staff: bool) -> list[str]:
    """Every report of a library; the staff's beside those that are public."""
    asked = [f"/reports/{name}?library=school-01" for name, entry in REPORTS.items() if entry.public is not staff]
    return [*asked, "/reports/ksu"] if staff else asked


def harmless(rule: str) -> str:
    """An address of the rule that names nothing there is."""
    return PLACE.sub(lambda m: (m["of"] or "").split(",")[0].strip() or UNKNOWN, rule)
