"""A package of licensed e-books: shown, taken with its term, imported by the jobs, gone when the contract has ended."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from catalog_sync import indexing
from catalog_sync.model import RunState
from catalog_sync.store import eresources, jobs, licences, outbox, uploads
from catalog_sync.store.database import reading, writing
from catalog_sync.system import System
from tests.exports import import_paths
from tests.web.conftest import application, build, first_hit, token

PAGE = "/staff/packages/new"
FEED = """<?xml version="1.0" encoding="utf-8"?>
<fb-updates>
 <updated-book id="101" available="1" adult="12" contract_ends="2027-03-01" litres_isbn="978-5-00777-227-3" lang="ru">
  <title-info><author><first-name>Пётр</first-name><last-name>Соловьёв</last-name></author>
   <book-title>Северное сияние</book-title><annotation><p>О полярниках.</p></annotation></title-info>
  <publish-info><publisher>Заря</publisher><city>Москва</city><year>2019</year></publish-info>
 </updated-book>
 <updated-book id="102"><title-info><book-title>Ледовый поход</book-title></title-info></updated-book>
 <updated-book id="103" available="0"><title-info><book-title>Снятая книга</book-title></title-info></updated-book>
 <updated-book id="104" valid_till="2026-01-01">
  <title-info><book-title>Чужое право</book-title></title-info></updated-book>
 <removed-book id="7"/>
</fb-updates>"""
CSV = "Автор;Название;Год;Ссылка\nСоловьёв П.;Северное сияние;2019;https://lib.example/one\n;;;\n"


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> System:
    return build(tmp_path_factory.mktemp("packages"))


def form(
    client: FlaskClient, data: bytes = FEED.encode(), name: str = "fresh.xml", **changes: str
) -> dict[str, object]:  # fmt: skip
    typed = {
        "library": "school-01", "code": "litres-2026", "name": "Северная полка", "platform": "ЛитРес",
        "contract": "№ 5 от 25.08.2026", "starts": "2026-09-01", "ends": "2027-08-31", "copies": "30", "rubles": "",
        "address": "https://lib.example/{id}", "csrf_token": token(client.get(PAGE)), **changes,
    }  # fmt: skip
    return {**typed, **({"file": (io.BytesIO(data), name)} if data else {})}


def kept(page: str) -> str:
    found = re.search(r'name="kept" value="([^"]+)"', page)
    assert found
    return unescape(found[1])


def imported(system: System) -> None:
    """One turn of the jobs process."""
    with writing(system.engine) as connection:
        asked = jobs.take(connection, system.now(), ["import"])[0]
        upload = uploads.get(connection, int(asked.argument))
        jobs.finish(connection, asked.number, "", system.now())
    run = import_paths(system, upload.source, [upload.path(system.settings.home)])
    assert run.state is RunState.PUBLISHED, run.message


def taken(client: FlaskClient, system: System, **changes: str) -> None:
    page = client.post(PAGE, data=form(client, **changes)).text
    answer = client.post(PAGE, data=form(client, b"", kept=kept(page), action="take", **changes))
    assert answer.status_code == 303, answer.text
    imported(system)


def test_a_package_is_shown_before_it_is_taken_and_says_what_it_leaves_out(
    methodologist_here: FlaskClient, own: System
) -> None:
    page = methodologist_here.post(PAGE, data=form(methodologist_here)).text
    assert "В пакете 2 издания" in page
    assert "Северное сияние / Соловьёв, Пётр, 2019" in page
    assert "https://lib.example/101" in page
    assert "с 01.09.2026 по 01.03.2027" in page, "the publisher's rights end before the contract"
    assert "издание снято издателем: 1 (Снятая книга)" in page
    assert "права издателя кончились до 20.11.2026: 1 (Чужое право)" in page
    with reading(own.engine) as connection:
        assert licences.register(connection) == []


def test_a_taken_package_is_found_by_readers_registered_and_written_off_when_its_term_ends(
    methodologist_here: FlaskClient, own: System
) -> None:
    taken(methodologist_here, own)
    card = first_hit(methodologist_here, "Северное сияние")
    page = methodologist_here.get(f"/record/{card}").text
    assert "https://lib.example/101" in page
    assert "Доступ по договору № 5 от 25.08.2026" in page
    with reading(own.engine) as connection:
        one = licences.register(connection)[0]
        assert (one.source, one.library, one.ends) == ("litres-2026", "school-01", date(2027, 8, 31))
        assert licences.catalogued_counts(connection, one) == (2, 60)
    assert "Северная полка" in methodologist_here.get("/staff/packages/").text
    with writing(own.engine) as connection:
        assert [x.source for x in licences.expire(connection, one.ends + timedelta(1))] == ["litres-2026"]
    with reading(own.engine) as connection:
        assert licences.catalogued_counts(connection, one) == (0, 0)


def test_a_new_list_of_a_package_replaces_the_last_one_and_prolongs_its_term(
    methodologist_here: FlaskClient, own: System
) -> None:
    taken(methodologist_here, own)
    assert "Северная полка" in methodologist_here.get(f"{PAGE}?code=litres-2026").text
    taken(methodologist_here, own, ends="2028-08-31")
    with reading(own.engine) as connection:
        found = licences.register(connection)
    assert [one.ends for one in found] == [date(2028, 8, 31)]


def after(system: System) -> System:
    """The same on the day after the contract's last."""
    return replace(system, now=lambda: datetime(2027, 9, 1, 12, tzinfo=UTC))


def digital(system: System, card: str) -> None:
    """A record that brings a link alone, without copies: of a package the accesses are counted as such."""
    with writing(system.engine) as connection:
        connection.exec_driver_sql("DELETE FROM holding")
        outbox.announce(connection, {card: []}, [], system.now())
    indexing.drain(system)


def test_a_list_of_hits_offers_a_link_until_the_contract_ends_and_where_the_register_allows_it(
    methodologist_here: FlaskClient, own: System
) -> None:
    taken(methodologist_here, own)
    card = first_hit(methodologist_here, "Ледовый поход")
    digital(own, card)
    page = "/search?q=Ледовый+поход"
    assert "Доступно по ссылке" in methodologist_here.get(page).text
    assert "Доступно по ссылке" not in application(after(own)).test_client().get(page).text
    refused = eresources.EResource("x", "База", "database", "https://lib.example/", "contract", cluster=card,
                                   ends=date(2026, 1, 1))  # fmt: skip
    with writing(own.engine) as connection:
        eresources.save(connection, refused)
    assert "Доступно по ссылке" not in methodologist_here.get(page).text
    with writing(own.engine) as connection:
        eresources.save(connection, replace(refused, code="y", ends=None))
    assert "Доступно по ссылке" in methodologist_here.get(page).text


def test_after_the_last_day_a_card_says_so_instead_of_offering_to_read(
    methodologist_here: FlaskClient, own: System
) -> None:
    taken(methodologist_here, own)
    card = first_hit(methodologist_here, "Ледовый поход")
    assert "Читать онлайн" in methodologist_here.get(f"/record/{card}").text
    assert "https://lib.example/" in methodologist_here.get("/feeds/opds.json?q=Ледовый+поход").text
    client = application(after(own)).test_client()
    page = client.get(f"/record/{card}").text
    assert "Срок доступа закончился 31 августа 2027" in page
    assert 'href="https://lib.example/' not in page
    assert "https://lib.example/" not in client.get("/feeds/opds.json?q=Ледовый+поход").text
    assert "Читать онлайн" not in page


@pytest.mark.parametrize(
    ("changes", "data", "name", "complaint"),
    [
        ({}, b"", "", "Выберите файл"),
        ({}, b"<a><b></a>", "x.xml", "не читается"),
        ({}, b"<list/>", "x.xml", "не нашлось ни одного"),
        ({}, b"just words", "x.mrc", "ожидался список изданий"),
        ({}, "Автор;Год\nПушкин;1999\n".encode(), "x.csv", "нет столбца с заглавием"),
        ({"starts": "2027-01-01"}, FEED.encode(), "x.xml", "доступ начнётся"),
        ({"starts": "2020-01-01", "ends": "2021-01-01"}, FEED.encode(), "x.xml", "доступ кончился"),
        ({"ends": "2026-08-01"}, FEED.encode(), "x.xml", "Срок кончается раньше"),
        ({"address": "javascript:alert(1)"}, FEED.encode(), "x.xml", "http://"),
        ({"copies": "0"}, FEED.encode(), "x.xml", "field-error"),
        ({"kept": "forged"}, b"", "", "Файл уже убран"),
        ({"code": "school-02", "action": "take"}, FEED.encode(), "x.xml", "занят другим источником"),
    ],
)
def test_what_a_package_cannot_be_is_said_on_its_page(
    methodologist: FlaskClient, changes: dict[str, str], data: bytes, name: str, complaint: str
) -> None:
    answer = methodologist.post(PAGE, data=form(methodologist, data, name, **changes))
    assert answer.status_code == 200
    assert complaint in answer.text


def test_a_table_in_cp1251_is_a_package_too(methodologist: FlaskClient) -> None:
    page = methodologist.post(PAGE, data=form(methodologist, CSV.encode("cp1251"), "list.csv")).text
    assert "В пакете 1 издание" in page
    assert "https://lib.example/one" in page


def test_an_entity_of_a_hostile_feed_is_not_read(methodologist: FlaskClient) -> None:
    feed = FEED.replace("<fb-updates>", '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><fb-updates>', 1)
    page = methodologist.post(PAGE, data=form(methodologist, feed.replace("О полярниках.", "&e;").encode())).text
    assert "root:" not in page


def test_the_export_of_a_school_is_no_package(methodologist: FlaskClient, district: System) -> None:
    from catalog_sync.settings import SAMPLE_CONFIG

    data = next((SAMPLE_CONFIG.parent / "exports").glob("school-02.*")).read_bytes()
    assert "МАРК-SQL" in methodologist.post(PAGE, data=form(methodologist, data, "x.mrc")).text
