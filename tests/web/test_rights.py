"""Every address against every person: nothing of the staff's is open to a reader, nothing of a role's to one below."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from catalog_sync.reports.registry import REPORTS
from catalog_sync.store import lists, staff
from catalog_sync.store.database import writing
from catalog_sync.store.staff import ROLES
from catalog_sync.system import System
from tests.web import routes
from tests.web.conftest import NOW, PASSWORD, application, build, log_in, token

LOGINS = {"librarian": "bibl", "methodologist": "metod", "administrator": "admin"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> System:
    """Forms are really sent here: not in the district others look at."""
    return build(tmp_path_factory.mktemp("rights"))


@pytest.fixture(scope="module")
def site(own: System) -> Flask:
    return application(own)


def test_every_rule_is_a_page_or_an_answer_for_programs_and_no_page_is_forgotten(site: Flask) -> None:
    assert sorted(routes.PAGES) == routes.page_rules(site), "give the new page an address in tests/web/routes.py"


def test_every_rule_of_the_staff_has_a_role(site: Flask) -> None:
    known = {rule.rule for rule in routes.rules(site)}
    private = {rule for rule in known if rule.startswith(("/staff/", "/reports/desk", "/reports/kept"))}
    assert private - set(routes.ENTERING) == set(routes.NEEDS)


def send(client: FlaskClient, rule: str, method: str, form: str) -> TestResponse:
    data = {"csrf_token": form} if method != "GET" else None
    return client.open(routes.harmless(rule), method=method, data=data)


def calls(site: Flask) -> list[tuple[str, str]]:
    """(rule, method) of everything behind the login."""
    return [
        (rule.rule, method)
        for rule in routes.rules(site)
        for method in METHODS
        if rule.rule in routes.NEEDS and method in (rule.methods or ())
    ]


def test_a_stranger_is_led_to_the_login_from_everything_that_is_not_the_readers(site: Flask) -> None:
    client = site.test_client()
    form = token(client.get("/staff/login"))
    asked = calls(site)
    assert len(asked) > 60
    for rule, method in asked:
        answer = send(client, rule, method, form)
        assert answer.status_code == 302, (method, rule)
        assert "/staff/login" in answer.location, (method, rule)


@pytest.mark.parametrize("role", ROLES)
def test_a_person_does_what_her_role_may_and_nothing_above(site: Flask, role: str) -> None:
    client = site.test_client()
    log_in(client, LOGINS[role])
    form = token(client.get("/staff/lists/new"))
    for rule, method in calls(site):
        may = ROLES.index(role) >= ROLES.index(routes.NEEDS[rule])
        answer = send(client, rule, method, form)
        assert (answer.status_code == 403) is not may, (role, method, rule, answer.status_code)
        assert answer.status_code < 500, (role, method, rule)
        assert "/staff/login" not in (answer.location or ""), (role, method, rule)


def test_what_is_the_readers_asks_nobody_for_a_login(site: Flask) -> None:
    client = site.test_client()
    for rule in routes.rules(site):
        if rule.rule not in routes.NEEDS and "GET" in (rule.methods or ()):
            answer = client.get(routes.harmless(rule.rule))
            assert "/staff/login" not in (answer.location or ""), rule.rule


@pytest.mark.parametrize("login", ["bibl", ""])
def test_reports_that_are_not_public_are_the_staffs(site: Flask, login: str) -> None:
    client = site.test_client()
    if login:
        log_in(client, login)
    for name, entry in REPORTS.items():
        for path in (f"/reports/{name}", f"/reports/{name}.json"):
            closed = client.get(path).status_code == 404
            assert closed == (not entry.public and not login), path


@pytest.mark.parametrize("role", sorted(LOGINS))
@pytest.mark.parametrize("library", ["school-01", "school-02"])
def test_no_link_of_a_staff_page_leads_to_a_refusal(own: System, site: Flask, role: str, library: str) -> None:
    """Of another library's list, source or upload she may see what she may open."""
    with writing(own.engine) as connection:
        staff.save_user(connection, staff.User("links", "", role, library, True, ""), PASSWORD, NOW)
        lists.save(connection, lists.ReadingList("svoya", "Своя", "", "school-01", False, "bibl", NOW, ()))
        lists.save(connection, lists.ReadingList("obshchaya", "Общая", "", "school-01", True, "bibl", NOW, ()))
    client = site.test_client()
    log_in(client, "links")
    refused = {}
    for page in ("", "lists", "lore", "sources", "runs", "uploads/", "e-resources", "quality/", "court/", "libraries"):
        found = client.get(f"/staff/{page}")
        if found.status_code == 200:
            for link in html.fromstring(found.text).xpath("//main//a[starts-with(@href, '/')]/@href"):
                refused[link] = client.get(link).status_code
    assert len(refused) > 5
    assert {link: code for link, code in refused.items() if code >= 400} == {}
