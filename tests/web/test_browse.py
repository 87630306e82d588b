"""The alphabetical indexes: what a line promises is found, and turning their pages comes to an end."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from lxml import html

from tests.exports import import_paths
from tests.web.conftest import application, build, field, rusmarc

ALIKE = "Примерные программы учебных предметов, курсов, дисциплин и модулей"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A district where an author is known with forenames and without, and forty titles begin alike."""
    home = tmp_path_factory.mktemp("own")
    system = build(home)
    books = [
        rusmarc(f"n{number}", field("200", f"a{ALIKE}. Выпуск {number:02}", indicators="1 "),
                field("700", "aЗюзин", "bЗ. З.", *(["gЗахар Захарович"] if number % 2 else []), indicators=" 1"))
        for number in range(40)
    ]  # fmt: skip
    export = Path(home) / "alike.mrc"
    export.write_bytes(b"".join(books))
    import_paths(system, "odd", [export], incremental=True)
    return application(system).test_client()


@pytest.mark.parametrize("kind", ["authors", "subjects", "titles"])
def test_every_line_finds_what_it_promises_and_every_page_is_another(own: FlaskClient, kind: str) -> None:
    page, seen = f"/browse/{kind}", list[str]()
    while page:
        tree = html.fromstring(own.get(page).text)
        for line in tree.xpath("//ul[@class='tree index']/li"):
            [link], [promised] = line.xpath("a"), line.xpath("span/text()")
            found = own.get(link.get("href").replace("/search?", "/search.json?")).json["total"]
            assert found >= int(promised) if kind == "titles" else found == int(promised), link.text
            seen.append(link.text)
        page = next(iter(tree.xpath("//a[@rel='next']/@href")), "")
        assert len(seen) < 500
    assert len(seen) == len(set(seen)) > 1


def test_an_author_without_forenames_is_the_one_with_them(own: FlaskClient) -> None:
    tree = html.fromstring(own.get("/browse/authors?from=зюзин").text)
    [line, *_] = tree.xpath("//ul[@class='tree index']/li")
    assert line.text_content().split() == ["Зюзин,", "З.", "З.", "40"]
