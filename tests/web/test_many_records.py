"""An edition of which hundreds of records tell: its page says who sent what, and stays a page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import Engine, event

from catalog_sync.marc.writing import to_iso2709
from catalog_sync.model import Dialect, MarcField, MarcRecord, Source
from catalog_sync.store import registry
from catalog_sync.store.database import writing
from catalog_sync.system import System
from tests.exports import import_paths
from tests.web.conftest import build, field
from web.app import create_app
from web.opac.record import MOST_MEMBERS


def card_of_a_copy(number: int) -> bytes:
    """A card for each copy of one textbook, as some bases have them; what matching sees of them differs."""
    fields = (
        MarcField("001", data=f"c{number:04d}"), field("010", "a978-5-09-071654-3"),
        field("200", "aВсе наши слова", "e3 класс", f"fА. Б. Ковалёв, {chr(0x0410 + number % 30)}. Петров",
              indicators="1 "),
        field("210", "aМосква", "cПросвещение", "d2019"), field("215", f"a{128 + number % 3} с."),
        field("700", "aКовалёв", "bА. Б.", indicators=" 1"), field("899", f"p{number}"),
    )  # fmt: skip
    return to_iso2709(MarcRecord("00000nam0 2200000   450 ", fields))


def with_cards(home: Path, many: int) -> tuple[FlaskClient, System]:
    system = build(home)
    with writing(system.engine) as connection:
        registry.save_sources(connection, [Source("copies", "school-01", "copies", dialect=Dialect.RUSMARC)])
    path = home / "copies.mrc"
    path.write_bytes(b"".join(map(card_of_a_copy, range(many))))
    import_paths(system, "copies", [path])
    return create_app(system.settings, engine=system.engine, now=system.now, TESTING=True).test_client(), system


def page_of_records(client: FlaskClient) -> str:
    found = client.get("/search.json?q=Все наши слова").json["hits"]
    return f"/record/{found[0]['id']}/records"


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_the_reasons_of_many_records_are_asked_for_at_once(tmp_path: Path) -> None:
    asked = []
    for many in (5, 50):
        (tmp_path / str(many)).mkdir()
        client, system = with_cards(tmp_path / str(many), many)
        address = page_of_records(client)
        client.get(address)
        with counted(system.engine) as statements:
            tree = html.fromstring(client.get(address).text)
        assert len(tree.xpath("//p[@class='reason']")) == many - 1
        asked.append(len(statements))
    assert asked[0] == asked[1], "each record should not ask the database anew"


def test_of_more_records_than_a_page_holds_the_first_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    client, _system = with_cards(tmp_path, MOST_MEMBERS + 20)
    tree = html.fromstring(client.get(page_of_records(client)).text)
    assert len(tree.xpath("//section[@class='member']")) == MOST_MEMBERS
    said = " ".join(tree.text_content().split())
    assert f"собрана из {MOST_MEMBERS + 20} записей. Показаны первые {MOST_MEMBERS}." in said
